"""A file or frame of trades comes in, of any program; a draft whose columns are known goes out, or a refusal."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pandas as pd

from auditor.errors import InputError
from auditor.inputs.engines_draft import format_draft
from auditor.inputs.engines_fills import unfolded
from auditor.inputs.engines_formats import KINDS
from auditor.inputs.engines_json import exported
from auditor.inputs.engines_transactions import TRANSACTIONS, transactions_draft
from auditor.inputs.frames import frame_table
from auditor.inputs.split import Moment
from auditor.inputs.table import Table, open_table
from auditor.inputs.trades_columns import FIELDS, Draft, Net, contract_draft, squeezed

HALF = (
    ("lean", {"profitloss", "totalfees"}, {"side"}),
    ("freqtrade", {"isshort"}, {squeezed(one) for one in FIELDS["side"]}),
    ("freqtrade", {"profitabs"}, {squeezed(one) for one in FIELDS["pnl"]}),
)
"""Columns by which one program writes side or P&L, and ours: without one of these they would be passed over."""

MEANT = {
    "lean": "There a direction of 1 is short and the P&L is gross",
    "freqtrade": "There is_short is the side, and profit_abs the P&L, net of fees",
}


def open_blotter(
    source: object,
    *,
    role: str,
    kind: str | None,
    pnl: Net | None,
    date_format: str | None,
    columns: Mapping[str, str] | None,
    instrument: str | None,
    marks: Mapping[str, float] | None,
    end: Moment | None,
) -> Draft:
    """Open a source, recognise its format by its columns, and say which column is what; as of `read_trades`."""
    known = ("columns", "transactions", *KINDS)
    if kind is not None and kind not in known:
        raise InputError(f"kind of trades is {kind!r}; it must be one of {', '.join(known)}.")
    table = _table(source, role=role)
    keys = {squeezed(header): position for position, header in reversed(list(enumerate(table.header)))}
    if kind is None and not columns:
        kind = next((name for name, form in KINDS.items() if _has(keys, form.needs)), None)
        if kind is None and _is_transactions(keys):
            kind = "transactions"
        if kind is None:
            _refuse_half(keys, table.name)
    if kind is None or kind == "columns":
        if marks:
            raise InputError(f"{table.name}: marks are given, and only a list of transactions leaves positions open.")
        return contract_draft(table, pnl=pnl, columns=columns, instrument=instrument, hint=_nearest(keys))
    if columns:
        raise InputError(f"{table.name}: columns are named by the user or by the format {kind!r}, not by both.")
    if kind == "transactions":
        return transactions_draft(
            table, keys, pnl=pnl, date_format=date_format, instrument=instrument, marks=marks, end=end
        )
    form = KINDS[kind]
    if lacking := [one[0] for one in form.needs if not any(key in keys for key in one)]:
        raise InputError(f"{table.name}: no {', no '.join(lacking)} of {form.name} among the columns {table.columns}.")
    if marks:
        raise InputError(f"{table.name}: marks are given, and {form.name} have P&L of their own. Leave them out.")
    if pnl is not None and pnl != form.net:
        raise InputError(
            f"{table.name}: --pnl {pnl} is asked for, and in {form.name} {form.source}. Leave --pnl out, or rename the "
            "columns to the contract's own."
        )
    return format_draft(table, keys, form, instrument)


def _refuse_half(keys: Mapping[str, int], name: str) -> None:
    """Refuse one program's export that lacks columns, where the side or P&L that it does have would be passed over."""
    for kind, theirs, ours in HALF:
        if theirs.issubset(keys) and ours.isdisjoint(keys):
            lacking = [one[0] for one in KINDS[kind].needs if not any(key in keys for key in one)]
            raise InputError(
                f"{name}: looks like {KINDS[kind].name} without {', '.join(lacking)}. {MEANT[kind]}: export all "
                "columns, or rename them side, pnl and fees."
            )


def _table(source: object, *, role: str) -> Table:
    """Open the source as a table, whatever index or file it comes in."""
    if isinstance(source, pd.Series):
        raise InputError(f"{role}: a Series is no blotter. Give a frame with one trade a row.")
    if isinstance(source, pd.DataFrame):
        return frame_table(_flat(source, role), name=role)
    if isinstance(source, str | os.PathLike) and (found := exported(source, role=role)) is not None:
        return found
    table, named = open_table(source, role=role)
    if named is not None:
        raise InputError(
            f"{table.name}: {named!r} after the colon would name a strategy in a file of freqtrade, which this is not."
        )
    return table


def _flat(frame: pd.DataFrame, role: str) -> pd.DataFrame:
    """Make columns of an index that holds something; unfold the lists of a zipline performance frame."""
    if {"transactions", "orders"} <= {str(column) for column in frame.columns}:
        return unfolded(frame, name=role)
    index = frame.index
    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(level) for level in range(index.nlevels)]
    else:
        levels = [index]
    taken = {str(column) for column in frame.columns}
    out = frame.reset_index(drop=True)
    for position, level in reversed(list(enumerate(levels))):
        dated = isinstance(level, pd.DatetimeIndex)
        header = str(level.name) if level.name is not None else "date" if dated else ""
        if header and header not in taken:
            out.insert(0, header, level.to_series(index=out.index) if dated else pd.Series(list(level)))
            taken.add(header)
        elif isinstance(index, pd.MultiIndex) and not header:
            raise InputError(f"{role}: level {position + 1} of the rows' index has no name. Name it: Date, Security.")
    return out


def _has(keys: Mapping[str, int], needs: tuple[tuple[str, ...], ...]) -> bool:
    return all(any(key in keys for key in one) for one in needs)


def _is_transactions(keys: Mapping[str, int]) -> bool:
    """A list of fills: a time, an instrument, an amount, a price, and nothing of a second time or of P&L."""
    second = ("entry", "exit", "open", "close", "pnl", "profit")
    return _has(keys, TRANSACTIONS[1]) and not any(key.startswith(second) for key in keys)


def _nearest(keys: Mapping[str, int]) -> str:
    """Name the known format of which the most columns are there, and what it lacks."""
    share: dict[str, tuple[float, list[str]]] = {}
    for form in ((one.name, one.needs) for one in KINDS.values()), (TRANSACTIONS,):
        for name, needs in form:
            lacking = [one[0] for one in needs if not any(key in keys for key in one)]
            share[name] = (1 - len(lacking) / len(needs), lacking)
    name, (found, lacking) = max(share.items(), key=lambda item: item[1][0])
    return f"Nearest known format: {name}, which also has {', '.join(lacking)}." if found >= 0.5 and lacking else ""
