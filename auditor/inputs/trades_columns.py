"""A table of trades comes in; the columns that hold each field of a blotter go out, or a refusal that names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from auditor.errors import InputError
from auditor.inputs.columns import column_named
from auditor.inputs.table import Label, Table
from auditor.inputs.trades_values import Column, refuse_unclosed

Net = Literal["net", "gross"]

CONTRACT = "contract columns"

FIELDS: dict[str, tuple[str, ...]] = {
    "instrument": ("instrument", "symbol", "ticker", "asset", "security", "market", "pair", "contract", "sid",
                   "instrument_id"),
    "side": ("side", "direction", "long_short", "buy_sell", "trade_side", "position_side"),
    "entry_time": ("entry_time", "entry_date", "entry_datetime", "entry_timestamp", "entry_dt", "open_time",
                   "open_date", "open_datetime", "open_timestamp", "open_dt", "opened_at"),
    "exit_time": ("exit_time", "exit_date", "exit_datetime", "exit_timestamp", "exit_dt", "close_time", "close_date",
                  "close_datetime", "close_timestamp", "close_dt", "closed_at"),
    "quantity": ("quantity", "qty", "size", "amount", "units", "shares", "contracts", "volume", "lots"),
    "pnl": ("pnl", "p&l", "pl", "profit", "profit_loss", "profit_and_loss", "realized_pnl", "realised_pnl"),
    "pnl_net": ("net_pnl", "pnl_net", "net_profit", "net_pl"),
    "pnl_gross": ("gross_pnl", "pnl_gross", "gross_profit", "gross_pl"),
    "pnl_return": ("return", "returns", "ret", "pnl_return", "return_contribution", "contribution"),
    "entry_price": ("entry_price", "entry_px", "entry_rate", "open_price", "open_rate", "avg_entry_price"),
    "exit_price": ("exit_price", "exit_px", "exit_rate", "close_price", "close_rate", "avg_exit_price"),
    "fees": ("fees", "fee", "commission", "commissions", "total_fees", "costs"),
    "is_open": ("is_open",),
    "id": ("trade_id", "id", "position_id", "deal_id"),
}  # fmt: skip
"""What each field may be called, the contract's own name first; case, spaces and punctuation do not count."""

EITHER = {"entry": ("entry_time", "entry_price"), "exit": ("exit_time", "exit_price"),
          "open": ("entry_time", "entry_price"), "close": ("exit_time", "exit_price")}  # fmt: skip
"""Names of a time where the column holds dates, and of a price where it holds numbers."""

NO_TAG = ("", "unnamed0", "index", "level0", "indexlevel0")
"""What a frame's own row numbers are called."""

MAY_BE_NAMED = ("instrument", "side", "entry_time", "exit_time", "quantity", "pnl", "entry_price", "exit_price",
                "fees", "is_open")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A blotter whose columns are known and whose values are not checked yet, one round trip a row.

    instrument  its column, or the name of the only one
    side        its column; None: the sign of quantity is the side
    quantity    None: one unit a trade
    pnl         None: from prices and quantity, less fees
    fees        columns that add up to what was paid
    is_open     None: all are closed
    identity    a column that tells trades apart which are otherwise the same
    net         whether pnl is net of fees
    stated      False where net or gross is only the default, so that evidence against it may speak
    others as in Trades
    """

    name: str
    label: Label
    recognised: str
    instrument: Column | str
    side: Column | None
    entry: Column
    exit: Column
    quantity: Column | None
    pnl: Column | None
    fees: tuple[Column, ...] = ()
    entry_price: Column | None = None
    exit_price: Column | None = None
    is_open: Column | None = None
    identity: Column | None = None
    tags: tuple[Column, ...] = ()
    net: Net
    stated: bool
    unit: Literal["currency", "return"] = "currency"
    repeats: Literal["refuse", "warn", "allow"] = "refuse"
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def squeezed(header: str) -> str:
    """A column's name without case, spaces and punctuation; a per cent sign stays, as pct."""
    return re.sub(r"[^a-z0-9]", "", header.lower().replace("%", "pct")) or header.strip().lower()


def columns_of(table: Table, wanted: Iterable[int]) -> dict[int, Column]:
    """Read columns by position, each with its header."""
    positions = sorted(set(wanted))
    return {
        position: Column(table.header[position], values)
        for position, values in zip(positions, table.read(positions), strict=True)
    }


def contract_draft(
    table: Table, *, pnl: Net | None, columns: Mapping[str, str] | None, instrument: str | None, hint: str
) -> Draft:
    """Find the contract's own columns, or what others call them.

    pnl         what the user said of the P&L column
    columns     field -> the column that the user says holds it
    instrument  the user's name of the only instrument
    hint        what to add to the refusal of columns that are none of these: the nearest known format
    """
    at = _positions(table, columns or {})
    at, net, stated, unit, notes, warnings = _profit(table, at, pnl, named="pnl" in (columns or {}))
    missing = [field for field in ("instrument", "entry_time", "exit_time") if field not in at]
    if instrument is not None and "instrument" in missing:
        missing.remove("instrument")
    if "side" not in at and "quantity" not in at:
        missing.append("side (or a signed quantity)")
    if "pnl" not in at and not {"entry_price", "exit_price", "quantity"} <= at.keys():
        missing.append("pnl (or entry_price, exit_price and quantity)")
    if missing:
        hint = f" {hint}" if hint else ""
        alone = " Add it, or pass the name of the only instrument." if missing == ["instrument"] else ""
        raise InputError(f"{table.name}: no {', no '.join(missing)} among the columns {table.columns}.{alone}{hint}")
    used = set(at.values())
    tags = [
        position
        for position in range(len(table.header))
        if position not in used and squeezed(table.header[position]) not in NO_TAG
    ]
    read = columns_of(table, [*used, *tags])
    field = {name: read[position] for name, position in at.items()}
    refuse_unclosed(field["exit_time"], name=table.name, label=table.label)
    if "instrument" not in field:
        notes += (f"{table.name}: instrument named {instrument!r} for every trade, as asked",)
    return Draft(
        name=table.name,
        label=table.label,
        recognised=CONTRACT,
        instrument=field.get("instrument", instrument or ""),
        side=field.get("side"),
        entry=field["entry_time"],
        exit=field["exit_time"],
        quantity=field.get("quantity"),
        pnl=field.get("pnl"),
        fees=(field["fees"],) if "fees" in field else (),
        entry_price=field.get("entry_price"),
        exit_price=field.get("exit_price"),
        is_open=field.get("is_open"),
        identity=field.get("id"),
        tags=tuple(read[position] for position in tags),
        net=net,
        stated=stated,
        unit=unit,
        notes=notes,
        warnings=warnings,
    )


def _positions(table: Table, columns: Mapping[str, str]) -> dict[str, int]:
    """Positions by field: as the user says, by the contract's own name, by the only other name."""
    for field in columns:
        if field not in MAY_BE_NAMED:
            raise InputError(
                f"columns names {field!r}, which is no field of a trade. Fields: {', '.join(MAY_BE_NAMED)}."
            )
    at = {field: column_named(table, column) for field, column in columns.items()}
    said = set(at.values())
    keys = {position: squeezed(header) for position, header in enumerate(table.header) if position not in said}
    for field, known in FIELDS.items():
        if field in at or (field.startswith("pnl") and "pnl" in columns):
            continue
        wanted = [squeezed(one) for one in known]
        found = [position for position, key in keys.items() if key in wanted]
        if not found:
            found = [
                position
                for position, key in keys.items()
                if field in EITHER.get(key, ()) and (table.looks[position] == "number") == field.endswith("price")
            ]
        own = [position for position in found if keys[position] == wanted[0]]
        if len(own) == 1:
            found = own
        if len(found) > 1 and field != "id":
            several = ", ".join(repr(table.header[position]) for position in found)
            raise InputError(
                f"{table.name}: several columns may be the {field.replace('_', ' ')} ({several}). Name one "
                f"{known[0]!r}, or leave the others out."
            )
        if found:
            at[field] = found[0]
    return at


def _profit(
    table: Table, at: dict[str, int], pnl: Net | None, *, named: bool
) -> tuple[dict[str, int], Net, bool, Literal["currency", "return"], tuple[str, ...], tuple[str, ...]]:
    """Choose the one column of P&L, and say what it is: net or gross, in currency or in return."""
    at = dict(at)
    by_name = {what: at.pop(f"pnl_{what}") for what in ("net", "gross", "return") if f"pnl_{what}" in at}
    if "pnl" in at:
        header = table.header[at["pnl"]]
        unit: Literal["currency", "return"] = "currency"
        if named and squeezed(header) in map(squeezed, FIELDS["pnl_return"]):
            unit = "return"
    elif by_name.keys() & {"net", "gross"}:
        net: Net = pnl or ("net" if "net" in by_name else "gross")
        if net not in by_name:
            other = table.header[next(iter(by_name[what] for what in ("net", "gross") if what in by_name))]
            raise InputError(
                f"{table.name}: --pnl {net} is asked for, and the P&L column is {other!r}. Leave --pnl out."
            )
        at["pnl"] = by_name[net]
        note = f"{table.name}: P&L read from column {table.header[at['pnl']]!r}, {net} by its name"
        return at, net, True, "currency", (note,), ()
    elif "return" in by_name:
        at["pnl"], unit = by_name["return"], "return"
    else:
        return at, pnl or "net", pnl is not None, "currency", (), ()
    notes = (f"{table.name}: P&L read as {pnl or 'net'} of fees ({'as asked' if pnl else 'the default'})",)
    warnings: tuple[str, ...] = ()
    if unit == "return":
        warnings = (
            f"{table.name}: column {table.header[at['pnl']]!r} read as what each trade adds to the return on fixed "
            "capital, not as the trade's own return",
        )
    return at, pnl or "net", pnl is not None, unit, notes, warnings
