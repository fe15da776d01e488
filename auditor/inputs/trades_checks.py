"""A blotter whose columns are known comes in; its values go out as arrays by field of `Trades`, or a refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs import trades_values as read
from auditor.inputs.trades_columns import CONTRACT, Draft
from auditor.plural import several, verb

SHARE = 0.95  # of the trades with fees, on which gross and net differ, that must speak against the default


def checked(draft: Draft, *, date_format: str | None, instrument: str | None, capital: float | None) -> dict[str, Any]:
    """Give the fields of `Trades` but its fingerprint.

    errors   InputError for a value that is missing, unreadable or out of range, exits before entries, trades that
             stand twice, and P&L that is not what it is said to be
    """
    name, label = draft.name, draft.label
    entry, aware, notes = read.times(draft.entry, name=name, label=label, date_format=date_format)
    exits, exit_aware, more = read.times(draft.exit, name=name, label=label, date_format=date_format)
    if aware != exit_aware:
        one, other = (draft.entry, draft.exit) if aware else (draft.exit, draft.entry)
        raise InputError(
            f"{name}: {one.header!r} has a time zone and {other.header!r} has none (first {label(0)}). Write an offset "
            "in both or in neither."
        )
    read.refuse_where(
        exits < entry, name=name, label=label, what="trades exit before they enter",
        shown=lambda row: f"{read.moment(int(entry[row]))} to {read.moment(int(exits[row]))}",
        fix="Fix the export, or name the columns the right way round.",
    )  # fmt: skip
    instruments, codes, named = _instruments(draft, len(entry), instrument)
    side, quantity, sized, doubts = _sizes(draft, len(entry))
    prices = [
        None if column is None else read.numbers(column, name=name, label=label)
        for column in (draft.entry_price, draft.exit_price)
    ]
    fees, fee_doubts = _fees(draft, len(entry))
    pnl, profit_notes, profit_doubts = _profit(draft, side, quantity, prices[0], prices[1], fees)
    is_open = (
        np.zeros(len(entry), np.bool_) if draft.is_open is None else read.truths(draft.is_open, name=name, label=label)
    )
    repeats = _repeats(draft, pd.DataFrame(
        {"i": codes, "side": side, "entry": entry, "exit": exits, "quantity": quantity, "pnl": pnl}
    ))  # fmt: skip
    unit = draft.unit
    if capital is not None:
        if unit == "return":
            raise InputError(f"{name}: --capital is given and the P&L is in return already. Leave --capital out.")
        pnl, fees, unit = pnl / capital, fees / capital, "return"
        profit_notes += (f"{name}: P&L and fees divided by the capital of {capital:,.15g}",)
    tags = {column.header: values for column in draft.tags if (values := read.texts(column)) is not None}
    wide = [column.header for column in draft.tags if column.header not in tags]
    if wide:
        more += (f"{name}: columns with cells of over {read.TAG_WIDTH} characters left out ({', '.join(wide)})",)
    if is_open.any():
        row = int(np.flatnonzero(is_open)[0])
        doubts += (
            f"{name}: {several(int(is_open.sum()), 'trade')} still open at the end, marked as the export has them or "
            f"at the last price (first {label(row)}: {instruments[codes[row]]})",
        )
    return {
        "name": name, "instruments": instruments, "instrument": codes, "side": side, "entry": entry, "exit": exits,
        "quantity": quantity, "pnl": pnl, "fees": fees, "entry_price": prices[0], "exit_price": prices[1],
        "is_open": is_open, "tags": tags, "unit": unit, "aware": aware, "recognised": draft.recognised,
        "notes": tuple(dict.fromkeys((*draft.notes, *notes, *more, *named, *sized, *profit_notes))),
        "warnings": tuple(dict.fromkeys((*draft.warnings, *doubts, *fee_doubts, *profit_doubts, *repeats))),
    }  # fmt: skip


def _instruments(
    draft: Draft, n: int, wanted: str | None
) -> tuple[tuple[str, ...], NDArray[np.int64], tuple[str, ...]]:
    if isinstance(draft.instrument, str):
        return (draft.instrument,), np.zeros(n, np.int64), ()
    found, codes = read.names(draft.instrument, name=draft.name, label=draft.label)
    if wanted is None or found == (wanted,):
        return found, codes, ()
    if len(found) > 1:
        raise InputError(
            f"{draft.name}: the only instrument is said to be {wanted!r}, and there are {len(found)} "
            f"({', '.join(found[:3])}{', ...' if len(found) > 3 else ''}). Leave the name out."
        )
    return (wanted,), codes, (f"{draft.name}: instrument {found[0]!r} named {wanted!r}, as asked",)


def _sizes(draft: Draft, n: int) -> tuple[NDArray[np.int8], NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Side and positive quantity, with notes and warnings on where they came from."""
    name, label = draft.name, draft.label
    if draft.quantity is None:
        assert draft.side is not None  # noqa: S101  what finds the columns asks for one of the two
        doubt = f"{name}: no quantity: every trade counts as one unit, so a resized trade cannot be told"
        return read.sides(draft.side, name=name, label=label), np.ones(n), (), (doubt,)
    quantity, header = read.numbers(draft.quantity, name=name, label=label), draft.quantity.header
    read.refuse_where(
        quantity == 0, name=name, label=label, what=f"trades have a quantity of zero in {header!r}",
        shown=lambda row: f"{quantity[row]:g}", fix="Leave them out of the export.",
    )  # fmt: skip
    if draft.side is not None:
        read.refuse_where(
            quantity < 0, name=name, label=label, what=f"trades have a negative quantity in {header!r} beside a side",
            shown=lambda row: f"{quantity[row]:g}",
            fix="Write sizes as positive numbers, or leave the side column out and let the sign be the side.",
        )  # fmt: skip
        return read.sides(draft.side, name=name, label=label), quantity, (), ()
    side = np.where(quantity > 0, 1, -1).astype(np.int8)
    note = (f"{name}: no side column, so the sign of {header!r} is the side",)
    if (side > 0).all() and draft.recognised == CONTRACT:
        return side, quantity, note, (f"{name}: no side column and no negative {header!r}: all trades read as long",)
    return side, np.abs(quantity), note, ()


def _fees(draft: Draft, n: int) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    fees = np.zeros(n)
    for column in draft.fees:
        fees = fees + read.numbers(column, name=draft.name, label=draft.label)
    below = np.flatnonzero(fees < 0)
    if not below.size:
        return fees, ()
    row, header = int(below[0]), " + ".join(column.header for column in draft.fees)
    where = f"{draft.name}: {below.size} negative fees in {header!r} (first {draft.label(row)}: {fees[row]:g})"
    if not (fees > 0).any():
        raise InputError(
            f"{where} and no positive one. Write what was paid as positive numbers; if all are rebates, leave the "
            "column out and give net P&L."
        )
    return fees, (f"{where}, read as rebates",)


def _profit(
    draft: Draft,
    side: NDArray[np.int8],
    quantity: NDArray[np.float64],
    entry: NDArray[np.float64] | None,
    leave: NDArray[np.float64] | None,
    fees: NDArray[np.float64],
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Net P&L, with notes on how it was found and doubts about it."""
    name = draft.name
    priced = entry is not None and leave is not None
    move = side * quantity * (leave - entry) if entry is not None and leave is not None else np.zeros(len(side))
    if draft.pnl is None:
        for column in (draft.entry_price, draft.exit_price):
            assert column is not None  # noqa: S101  what finds the columns asks for both
        if np.abs(move).max(initial=0.0) > read.LARGEST:
            raise InputError(f"{name}: prices and quantities give a P&L above {read.LARGEST:g}. Fix the export.")
        less = ", less fees" if draft.fees else "; no fees are given"
        return move - fees, (f"{name}: no P&L column: computed from prices and quantity{less}",), ()
    pnl = read.numbers(draft.pnl, name=name, label=draft.label)
    header = draft.pnl.header
    _refuse_other_side(draft, pnl, move, fees)
    doubts: tuple[str, ...] = ()
    if draft.unit == "return":
        if float(np.median(np.abs(pnl))) > 0.5:
            raise InputError(
                f"{name}: the values in column {header!r} look like percents (median size "
                f"{np.median(np.abs(pnl)):.3g} a trade). Divide them by 100."
            )
        if entry is not None and leave is not None and (entry > 0).all():
            own = side * (leave / entry - 1.0)
            if len(set(quantity.tolist())) > 1 and _near(pnl - own, 0.1 * np.abs(own)):
                doubts = (
                    f"{name}: column {header!r} equals side * (exit / entry - 1), each trade's own return. What it "
                    "adds to the return on capital is needed: leave the column out, and pass --capital",
                )
    elif priced and draft.net == "net" and _looks_gross(pnl, move, fees):
        row = int(np.flatnonzero(fees != 0)[0])
        evidence = (
            f"{name}: column {header!r} looks gross of fees: it equals quantity * (exit - entry) where fees were paid "
            f"(first {draft.label(row)}: P&L {pnl[row]:.6g}, fees {fees[row]:.6g})"
        )
        if not draft.stated:
            raise InputError(f"{evidence}. Pass --pnl gross, or --pnl net if it is net all the same.")
        doubts = (f"{evidence}, and is taken as net",)
    if draft.net == "net":
        return pnl, (), doubts
    if not draft.fees:
        return pnl, (), (*doubts, f"{name}: P&L is gross and no fees are given: taken as if nothing was paid")
    return pnl - fees, (f"{name}: P&L in {header!r} is gross: fees taken off",), doubts


def _refuse_other_side(
    draft: Draft, pnl: NDArray[np.float64], move: NDArray[np.float64], fees: NDArray[np.float64]
) -> None:
    """Refuse P&L that is what the other side would have made: then long and short mean something else in this file."""
    moved = np.abs(move) > 2 * np.abs(fees)
    other = moved & (np.abs(pnl + move) <= 0.01 * np.abs(move) + np.abs(fees))
    if moved.any() and other.sum() >= SHARE * moved.sum():
        row = int(np.flatnonzero(other)[0])
        raise InputError(
            f"{draft.name}: {int(other.sum())} of {len(pnl)} trades have the P&L of the other side (first "
            f"{draft.label(row)}: {pnl[row]:.6g}, and side * quantity * (exit - entry) is {move[row]:.6g}). Long and "
            "short look exchanged: write them as words."
        )


def _looks_gross(pnl: NDArray[np.float64], move: NDArray[np.float64], fees: NDArray[np.float64]) -> bool:
    paid = np.abs(fees) > 1e-6 * np.abs(move)
    if paid.sum() < 3:
        return False
    # exports round to cents, so equality is judged against the fee, which is what the two readings differ by
    return _near((pnl - move)[paid], 0.01 * np.abs(fees[paid]))


def _near(gap: NDArray[np.float64], allowed: NDArray[np.float64]) -> bool:
    return bool(gap.size) and float((np.abs(gap) <= allowed).mean()) >= SHARE


def _repeats(draft: Draft, values: pd.DataFrame) -> tuple[str, ...]:
    if draft.repeats == "allow":
        return ()
    if draft.identity is not None:
        values["id"] = read.coded(draft.identity.values)[0]
    twice = np.flatnonzero(values.duplicated().to_numpy())
    if not twice.size:
        return ()
    row = int(twice[0])
    first = int(np.flatnonzero((values == values.iloc[row]).all(axis=1).to_numpy())[0])
    where = (
        f"{draft.name}: {several(twice.size, 'trade')} {verb(twice.size, 'stand')} twice, the same in instrument, "
        f"side, times, quantity and P&L (first {draft.label(row)}, as {draft.label(first)})"
    )
    if draft.repeats == "warn":
        return (where,)
    raise InputError(f"{where}. Drop the copies, or add a column trade_id that tells them apart.")
