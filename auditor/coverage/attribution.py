"""Two blotters go in; tuned minus base P&L comes out in lines that add up to it, whole or by any column.

What each line holds is the table at the head of coverage/lines.py. The opportunity is a tuple of columns, by default
instrument and side. Reversed goes before all others, so a tuned trade against the base's position counts as added while
its P&L stands under reversed; then a trade that shares no time is new or dropped as a whole; the stretches of the rest
are told apart by position, not by trade, so that an engine which books one position as several trades gets the same
lines. Positions are compared by instrument within an opportunity, long and short apart, never netted. Where the key
leaves the instrument out, a trade may share its opportunity with trades in other instruments only: the same opportunity
taken otherwise, under resized. A trade without duration holds nothing: its P&L is new or dropped, or resized where the
other policy is there at that instant.

P&L enters in the unit of the blotters, on fixed capital. Sizes that compound must be divided out first (P&L, fees and
quantity by the growth of capital up to the entry), else the growth of the account shows as a large `resized`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from auditor.coverage import segments
from auditor.coverage.exposure import covered_share, exposure, jaccard, opportunity_codes
from auditor.coverage.lines import (
    DROPPED,
    ENTRY,
    EXIT,
    FEES,
    GAP,
    NAMES,
    NEW,
    RESIZED,
    REVERSED,
    UNEXPLAINED,
    Lines,
    lines_of,
)
from auditor.coverage.valuation import PricePath, Value, value_trades
from auditor.errors import InputError

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_FIXED = ("instrument", "side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many trades of each policy, and their P&L net of fees."""

    base_trades: int
    tuned_trades: int
    base_pnl: float
    tuned_pnl: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeAttribution:
    """Where tuned minus base P&L comes from, exactly.

    basis        what a stretch is worth: a price path, the fills, or each trade's P&L in proportion to time
    opportunity  columns that make one;  unit  of every amount
    kept         trades that share time with the other policy's on the same opportunity
    resized      those of them that were ever held in another quantity than the other policy's
    dropped, added  base trades that share no time; tuned trades that share none
    overlap      time that both hold the same opportunity over time that either does; None where neither holds any
    point_value  P&L of one unit of quantity over one unit of price, by instrument; empty on time
    base_parts, tuned_parts  (n, 9) what each trade adds to each line, in the order of NAMES
    """

    basis: Literal["prices", "fills", "time"]
    opportunity: tuple[str, ...]
    unit: Literal["currency", "return"]
    lines: Lines
    base_pnl: float
    tuned_pnl: float
    kept: Counted
    resized: Counted
    dropped: Counted
    added: Counted
    overlap: float | None
    point_value: Mapping[str, float]
    base_parts: Array
    tuned_parts: Array
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """Give the lines in one line."""
        return f"tuned - base P&L {self.lines} (by {self.basis})"


def attribute(
    base: Trades,
    tuned: Trades,
    *,
    opportunity: Sequence[str] = ("instrument", "side"),
    prices: PricePath | None = None,
    point_value: Mapping[str, float] | None = None,
) -> TradeAttribution:
    """Split tuned minus base P&L into lines that add up to it.

    opportunity  columns: "instrument", "side" or tags that both blotters have
    prices       of every instrument traded; None takes the fills, or without fills spreads each trade's P&L over time
    point_value  by instrument; None, or an instrument left out: one, or fitted where one does not give the P&L

    Raises InputError for blotters in different units, a column that is missing, or a trade before its first price.
    Sorting and cumulative sums: n log n for n trades in both.
    """
    if base.unit != tuned.unit:
        raise InputError(f"{base.name} is in {base.unit}, {tuned.name} in {tuned.unit}: give both in the same unit")
    key = tuple(opportunity)
    n = base.pnl.size
    kept, overlap = _sharing(base, tuned, key)
    is_tuned = np.arange(n + tuned.pnl.size) >= n
    long = np.concatenate([base.side, tuned.side]) > 0
    place = np.concatenate(opportunity_codes(base, tuned, (*(c for c in key if c not in _FIXED), "instrument")))
    on = segments.grid(place, *(np.concatenate(pair) for pair in ((base.entry, tuned.entry), (base.exit, tuned.exit))))
    value = value_trades(base, tuned, on, prices, point_value)
    codes = segments.codes(on, tuned=is_tuned, long=long, sided="side" in key)
    parts = np.zeros((is_tuned.size, len(NAMES)), order="F")
    resized = np.zeros(is_tuned.size, dtype=bool)
    quantity = np.concatenate([base.quantity, tuned.quantity])
    for side, code in enumerate(codes):
        own = (long == side) & (on.leaves > on.enters)
        _add_lines(parts, own, kept, is_tuned, value, on, code)
        other_size = segments.sizes_differ(on, tuned=is_tuned, side=long == side, quantity=quantity)
        mine = np.flatnonzero(own & kept)
        resized[mine] = segments.met(on, mine, (other_size & (code <= segments.RESIZED)).astype(np.int64)) > 0
    instant = np.flatnonzero(on.leaves == on.enters)
    parts[instant, np.where(kept, RESIZED, np.where(is_tuned, NEW, DROPPED))[instant]] = value.gross[instant]
    if value.basis != "time":
        parts[:, UNEXPLAINED] = value.gross - parts.sum(axis=1)
    parts[:, FEES] = -np.concatenate([base.fees, tuned.fees])
    parts[:n] *= -1
    pnl = np.concatenate([base.pnl, tuned.pnl])
    return TradeAttribution(
        basis=value.basis,
        opportunity=key,
        unit=base.unit,
        lines=lines_of(parts[:n].sum(axis=0) + parts[n:].sum(axis=0)),
        base_pnl=float(base.pnl.sum()),
        tuned_pnl=float(tuned.pnl.sum()),
        kept=_counted(kept, is_tuned, pnl),
        resized=_counted(resized, is_tuned, pnl),
        dropped=_counted(~kept & ~is_tuned, is_tuned, pnl),
        added=_counted(~kept & is_tuned, is_tuned, pnl),
        overlap=overlap,
        point_value=value.point_value,
        base_parts=parts[:n],
        tuned_parts=parts[n:],
        notes=value.notes,
    )


def grouped(found: TradeAttribution, base_groups: Integers, tuned_groups: Integers, n_groups: int) -> Array:
    """Lines of each group, in the order of NAMES: (n_groups, 9). They add up to the whole over the groups.

    base_groups, tuned_groups  code from 0 to n_groups - 1 of each trade of either policy
    """
    rows = np.zeros((n_groups, len(NAMES)))
    for parts, groups in ((found.base_parts, base_groups), (found.tuned_parts, tuned_groups)):
        for line in range(len(NAMES)):
            rows[:, line] += np.bincount(groups, weights=parts[:, line], minlength=n_groups)
    return rows


def by_column(found: TradeAttribution, base: Trades, tuned: Trades, column: str) -> dict[str, Lines]:
    """Lines by "instrument", "side", "exit_year" or a tag, in the order of the names.

    A tag may be in one blotter only: the other's trades stand under "". Raises InputError for a column in neither.
    """
    if column not in (*_FIXED, "exit_year", *base.tags, *tuned.tags):
        have = ", ".join(dict.fromkeys((*_FIXED, "exit_year", *base.tags, *tuned.tags)))
        raise InputError(f"no column {column!r} in the trades to break the P&L down by. There are: {have}")
    names: NDArray[np.str_] = np.concatenate([_named(base, column), _named(tuned, column)])
    groups, codes = np.unique(names, return_inverse=True)
    rows = grouped(found, codes[: base.pnl.size], codes[base.pnl.size :], groups.size)
    return {str(name): lines_of(row) for name, row in zip(groups, rows, strict=True)}


def _named(trades: Trades, column: str) -> NDArray[np.str_]:
    """Give the column's text of each trade."""
    if column == "instrument":
        return np.array(trades.instruments, dtype=np.str_)[trades.instrument]
    if column == "side":
        return np.where(trades.side > 0, "long", "short").astype(np.str_)
    if column == "exit_year":
        return trades.exit.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.str_)
    return trades.tags.get(column, np.full(trades.pnl.size, "", dtype=np.str_))


def _counted(chosen: Flags, is_tuned: Flags, pnl: Array) -> Counted:
    ours, theirs = chosen & is_tuned, chosen & ~is_tuned
    return Counted(
        base_trades=int(theirs.sum()),
        tuned_trades=int(ours.sum()),
        base_pnl=float(pnl[theirs].sum()),
        tuned_pnl=float(pnl[ours].sum()),
    )


def _sharing(base: Trades, tuned: Trades, key: tuple[str, ...]) -> tuple[Flags, float | None]:
    """Flag the trades, base's then tuned's, that share time with the other policy on one opportunity; the overlap."""
    of_base, of_tuned = opportunity_codes(base, tuned, key)
    theirs, ours = exposure(of_base, base.entry, base.exit), exposure(of_tuned, tuned.entry, tuned.exit)
    share = (
        covered_share(ours, of_base, base.entry, base.exit),
        covered_share(theirs, of_tuned, tuned.entry, tuned.exit),
    )
    return np.concatenate(share) > 0, jaccard(theirs, ours)


def _add_lines(
    parts: Array,
    own: Flags,
    kept: Flags,
    is_tuned: Flags,
    value: Value,
    on: segments.Grid,
    code: NDArray[np.int8],
) -> None:
    """Write into `parts` what the trades of one side, `own` (n,), met in the segments that `code` (m,) tells apart."""
    step = segments.steps(value.clock)
    mine, loose = np.flatnonzero(own & kept), np.flatnonzero(own & ~kept)
    for line, meant in (
        (RESIZED, code <= segments.RESIZED),
        (ENTRY, code == segments.ENTRY),
        (EXIT, code == segments.EXIT),
        (GAP, code == segments.GAP),
        (REVERSED, code == segments.REVERSED),
    ):
        parts[mine, line] = value.worth[mine] * segments.met(on, mine, np.where(meant, step, 0))
    against = code == segments.REVERSED
    parts[loose, REVERSED] = value.worth[loose] * segments.met(on, loose, np.where(against, step, 0))
    alone = value.worth[loose] * segments.met(on, loose, np.where(against, 0, step))
    parts[loose, np.where(is_tuned[loose], NEW, DROPPED)] = alone
