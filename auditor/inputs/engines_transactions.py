"""A table of fills comes in; a draft of the round trips that they make goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from auditor.errors import InputError
from auditor.inputs.engines_fills import Fills, marked_round_trips
from auditor.inputs.engines_formats import ONLY
from auditor.inputs.split import Moment, to_moment
from auditor.inputs.table import Table
from auditor.inputs.trades_columns import NO_TAG, Draft, Net, columns_of, squeezed
from auditor.inputs.trades_values import NAMELESS, Column, coded, names, numbers, refuse_where, sides, times

TRANSACTIONS = ("transactions", (
    ("date", "dt", "datetime", "time", "timestamp"),
    ("symbol", "security", "sid", "instrument", "asset", "ticker"),
    ("amount", "quantity", "qty", "size", "shares"),
    ("price", "fillprice", "px"),
))  # fmt: skip


def transactions_draft(
    table: Table,
    keys: Mapping[str, int],
    *,
    pnl: Net | None,
    date_format: str | None,
    instrument: str | None,
    marks: Mapping[str, float] | None,
    end: Moment | None,
) -> Draft:
    """Turn fills of pyfolio, zipline, backtrader or bt into round trips."""
    name, label = table.name, table.label
    lacking = [one[0] for one in TRANSACTIONS[1] if not any(key in keys for key in one)]
    if instrument is not None and "symbol" in lacking:
        lacking.remove("symbol")
    if lacking:
        raise InputError(f"{name}: no {', no '.join(lacking)} of transactions among the columns {table.columns}.")
    if pnl == "gross":
        raise InputError(f"{name}: transactions have no P&L that could be gross. Leave --pnl out.")
    at = [next((keys[key] for key in one if key in keys), None) for one in TRANSACTIONS[1]]
    fee_at = [keys[key] for key in ("commission", "commissions", "fees", "fee") if key in keys][:1]
    side_at = [keys[key] for key in ("side", "direction", "buysell", "action") if key in keys][:1]
    rest = [
        position
        for position, header in enumerate(table.header)
        if squeezed(header) not in NO_TAG and position not in {*at, *fee_at, *side_at}
    ]
    read = columns_of(table, [*(position for position in at if position is not None), *fee_at, *side_at, *rest])
    when, which, many, price = (None if position is None else read[position] for position in at)
    assert when is not None and many is not None and price is not None  # noqa: S101, PT018  found above
    moments, aware, notes = times(when, name=name, label=label, date_format=date_format)
    instruments: tuple[str, ...] = (instrument or ONLY,)
    codes = np.zeros(table.rows, np.int64)
    if which is not None:
        instruments, codes = names(which, name=name, label=label)
    amount = numbers(many, name=name, label=label)
    refuse_where(
        amount == 0, name=name, label=label, what=f"fills of nothing in {many.header!r}",
        shown=lambda row: f"{amount[row]:g}", fix="Leave them out of the export.",
    )  # fmt: skip
    if side_at:
        refuse_where(
            amount < 0, name=name, label=label, what=f"negative amounts in {many.header!r} beside a side",
            shown=lambda row: f"{amount[row]:g}", fix="Write amounts without a sign, or leave the side column out.",
        )  # fmt: skip
        amount = amount * sides(read[side_at[0]], name=name, label=label)
    lacks_fees = "no commission column"
    if fee_at and set(coded(read[fee_at[0]].values)[1]) <= NAMELESS:  # as pyfolio has it of zipline's fills
        lacks_fees, fee_at = f"no value in column {read[fee_at[0]].header!r}", []
    fee = numbers(read[fee_at[0]], name=name, label=label) if fee_at else np.zeros(table.rows)
    if fee_at and (fee < 0).any() and not (fee > 0).any():
        raise InputError(
            f"{name}: all fees in {read[fee_at[0]].header!r} are negative. Write what was paid as positive."
        )
    fills = Fills(instrument=codes, time=moments, amount=amount, price=numbers(price, name=name, label=label), fee=fee)
    newest_first = len(moments) > 1 and bool((moments[1:] <= moments[:-1]).all()) and moments[0] > moments[-1]
    zone = "UTC" if aware else None
    if not aware and isinstance(end, pd.Timestamp) and end.tz is not None:
        raise InputError(
            f"{name}: the times of the fills have no time zone and the dates of the returns have one. Write an offset "
            "in both or in neither."
        )
    clock_of = pd.DatetimeIndex([moments.max()]).tz_localize(zone)
    last = None if end is None else to_moment(end, clock_of, option="end of the open positions").value
    found, more, warnings = marked_round_trips(fills, instruments, marks, name=name, end=last, backwards=newest_first)
    is_bt = many.header.lower() == "quantity" and which is not None and which.header.lower() == "security"
    whose = "bt transactions" if is_bt else "transactions"
    notes = (f"{name}: recognised as {whose}", *notes, *more)
    if newest_first:
        notes += (f"{name}: the newest fill stands first, so fills of one time are taken from the last row up",)
    if fee_at:
        notes += (f"{name}: P&L is net of {read[fee_at[0]].header!r}",)
    else:
        warnings += (f"{name}: {lacks_fees}: P&L is that of the fill prices, as if nothing else was paid",)

    def column(header: str, values: Any) -> Column:
        return Column(header, pd.Series(values))

    def clock(header: str, values: Any) -> Column:
        return Column(header, pd.Series(pd.DatetimeIndex(values.view("M8[ns]")).tz_localize(zone)))

    return Draft(
        name=name,
        label=lambda row: label(int(found["closed"][row])),
        recognised=whose,
        instrument=Column("symbol", pd.Series(np.array(instruments, object)[found["instrument"]], dtype=object)),
        side=column("side", found["side"]),
        entry=clock("entry_time", found["entry"]),
        exit=clock("exit_time", found["exit"]),
        quantity=column("quantity", found["quantity"]),
        pnl=column("pnl", found["pnl"]),
        fees=(column("fees", found["fees"]),),
        entry_price=column("entry_price", found["entry_price"]),
        exit_price=column("exit_price", found["exit_price"]),
        is_open=column("is_open", found["is_open"]),
        tags=tuple(Column(read[place].header, read[place].values.iloc[found["opened"]]) for place in rest),
        net="net",
        stated=True,
        repeats="allow",  # two fills of one order often make two round trips that are the same
        notes=notes,
        warnings=warnings,
    )
