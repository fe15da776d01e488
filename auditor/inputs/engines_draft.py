"""A table in a known format of round trips comes in; a draft of a blotter goes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from auditor.errors import InputError
from auditor.inputs.engines_formats import KINDS, ONLY, Format
from auditor.inputs.table import Table
from auditor.inputs.trades_columns import NO_TAG, Draft, columns_of, squeezed
from auditor.inputs.trades_values import Column, numbers, refuse_unclosed


def format_draft(table: Table, keys: Mapping[str, int], form: Format, instrument: str | None) -> Draft:
    """Say which column is what.

    keys        squeezed column name -> position
    instrument  the user's name of the only instrument, for programs that name none
    errors      InputError for trades without an exit, and for money in several currencies
    """
    at = {field: [keys[key] for key in known if key in keys] for field, known in form.fields.items()}
    used = [position for found in at.values() for position in found]
    special = [keys[key] for key in ("feeopen", "feeclose", "commissions") if key in keys and form.name in _FEES]
    tags = [
        position
        for position, header in enumerate(table.header)
        if squeezed(header) not in NO_TAG and position not in {*used, *special}
    ]
    read = columns_of(table, [*used, *special, *tags])

    def first(field: str) -> Column | None:
        if not at.get(field):
            return None
        column = read[at[field][0]]
        turn = form.turn.get(field)
        return column if turn is None else Column(column.header, turn(column.values))

    entry, leave = first("entry_time"), first("exit_time")
    assert entry is not None and leave is not None  # noqa: S101, PT018  both are among the needs
    name = table.name
    notes: tuple[str, ...] = (f"{name}: recognised as {form.name}: {form.source}",)
    warnings: tuple[str, ...] = ()
    named: Column | str | None = first("instrument")
    if named is None:
        named = instrument or ONLY
        notes += (f"{name}: {form.name} name no instrument: every trade is of {named!r}",)
        if instrument is None:
            warnings += (f"{name}: no instrument is named, so it is taken as the same in every blotter without one",)
    draft = Draft(
        name=name,
        label=table.label,
        recognised=form.name,
        instrument=named,
        side=first("side"),
        entry=entry,
        exit=leave,
        quantity=first("quantity"),
        pnl=first("pnl"),
        fees=tuple(read[position] for position in at.get("fees", ())),
        entry_price=first("entry_price"),
        exit_price=first("exit_price"),
        is_open=first("is_open"),
        identity=first("id"),
        tags=tuple(read[position] for position in tags),
        net=form.net,
        stated=True,
        repeats=form.repeats,
        notes=notes,
        warnings=warnings,
    )
    refuse_unclosed(leave, name=name, label=table.label)
    more = _FEES.get(form.name)
    return draft if more is None else more(draft, {key: read[place] for key, place in keys.items() if place in read})


def _freqtrade_fees(draft: Draft, read: Mapping[str, Column]) -> Draft:
    """Fees are rates of the amounts bought and sold."""
    if draft.side is None:
        draft = replace(
            draft,
            side=Column("is_short", pd.Series(["long"] * len(draft.entry.values), dtype=str)),
            notes=(*draft.notes, f"{draft.name}: no is_short column, as before short trades came: all are long"),
        )
    parts = []
    for rate, price in (("feeopen", draft.entry_price), ("feeclose", draft.exit_price)):
        if rate in read and price is not None and draft.quantity is not None:
            rates, prices, amounts = (
                numbers(column, name=draft.name, label=draft.label) for column in (read[rate], price, draft.quantity)
            )
            with np.errstate(over="ignore"):
                parts.append(Column(read[rate].header, pd.Series(rates * prices * amounts)))
    return replace(draft, fees=tuple(parts))


def _nautilus_fees(draft: Draft, read: Mapping[str, Column]) -> Draft:
    """Money stands as text with its currency: one currency is needed, and fees are read where they are in it."""
    assert draft.pnl is not None  # noqa: S101  among the needs
    money = [re.search(r" ([A-Z][A-Z0-9]{2,9})$", str(cell).strip()) for cell in read["realizedpnl"].values]
    currency = ["" if match is None else match[1] for match in money]
    others = sorted(set(currency) - {""})
    if len(others) > 1:
        row = next(place for place, one in enumerate(currency) if one != currency[0])
        raise InputError(
            f"{draft.name}: {draft.pnl.header} is in {len(others)} currencies ({', '.join(others[:5])}; first change "
            f"{draft.label(row)}). Convert them to one before the export."
        )
    if "commissions" not in read:
        return draft
    fees, strange = [], 0
    for cell in read["commissions"].values:
        found = re.findall(r"(-?[\d_,]*\.?\d+) ([A-Z][A-Z0-9]{2,9})", str(cell))
        strange += any(unit != currency[0] for _, unit in found)
        fees.append(sum(float(value.replace("_", "").replace(",", "")) for value, _ in found))
    if strange:
        doubt = f"{draft.name}: commissions of {strange} positions are in another currency: fees not read, P&L is net"
        return replace(draft, warnings=(*draft.warnings, doubt))
    return replace(draft, fees=(Column(read["commissions"].header, pd.Series(fees, dtype=np.float64)),))


_FEES: dict[str, Callable[[Draft, Mapping[str, Column]], Draft]] = {
    KINDS["freqtrade"].name: _freqtrade_fees,
    KINDS["nautilus"].name: _nautilus_fees,
}
