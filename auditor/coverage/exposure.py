"""Two blotters go in; how much of each tuned trade the base held too, and the two streams that makes, come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.split import Split, all_covered
from auditor.errors import InputError

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Time held by opportunity, as disjoint stretches in order of key and time.

    key           (m,) opportunity of each stretch
    start, end    (m,) nanoseconds
    before        (m,) time held in all stretches before this one
    """

    key: Times
    start: Times
    end: Times
    before: Times


def exposure(key: Times, entry: Times, exit: Times) -> Exposure:
    """Merge the holding times of trades into stretches, by opportunity.

    key, entry, exit  (n,) code of the opportunity, nanoseconds; entry <= exit

    Sorting and one running maximum: n log n. Stretches that touch are one.
    """
    order = np.lexsort((entry, key))
    key, entry, exit = key[order], entry[order], exit[order]
    if not key.size:
        return Exposure(key=key, start=entry, end=exit, before=entry)
    # Ranks of times fit beside the key in one integer, so the running maximum starts anew at each key by itself.
    times, ranks = np.unique(np.concatenate([entry, exit]), return_inverse=True)
    width = times.size + 1
    first, last = ranks[: key.size] + key * width, ranks[key.size :] + key * width
    reach = np.maximum.accumulate(last)
    opens = np.ones(key.size, dtype=bool)
    opens[1:] = first[1:] > reach[:-1]
    begins = np.flatnonzero(opens)
    ends = np.append(begins[1:], key.size) - 1
    start, end = entry[begins], times[reach[ends] % width]
    length = end - start
    return Exposure(key=key[begins], start=start, end=end, before=np.cumsum(length) - length)


def covered_share(held: Exposure, key: Times, entry: Times, exit: Times) -> Array:
    """Share of each trade's holding time in which the same opportunity was held: (n,) from 0 to 1.

    A trade without duration is covered if it falls into a stretch, its ends included.
    """
    if not held.key.size or not key.size:
        return np.zeros(key.size)
    until_exit, at_exit = _time_held(held, key, exit)
    until_entry, _ = _time_held(held, key, entry)
    lasting = exit > entry
    share = np.where(at_exit, 1.0, 0.0)
    share[lasting] = (until_exit - until_entry)[lasting] / (exit - entry)[lasting]
    return share


def _time_held(held: Exposure, key: Times, at: Times) -> tuple[Times, NDArray[np.bool_]]:
    """Time held up to each moment, over this key's stretches and all earlier keys', and whether one holds it then."""
    times, ranks = np.unique(np.concatenate([held.start, at]), return_inverse=True)
    width = times.size + 1
    starts = ranks[: held.start.size] + held.key * width
    stretch = np.searchsorted(starts, ranks[held.start.size :] + key * width, side="right") - 1
    none = stretch < 0
    stretch = np.maximum(stretch, 0)
    length = held.end[stretch] - held.start[stretch]
    own = (held.key[stretch] == key) & ~none
    inside = np.where(own, np.minimum(at - held.start[stretch], length), length)
    total = np.where(none, 0, held.before[stretch] + inside)
    return total, own & (at <= held.end[stretch])


def widened(entry: Times, exit: Times, dates: Times, tolerance: int) -> tuple[Times, Times]:
    """Holding times lengthened by `tolerance` periods of the calendar at both ends, for engines that fill later.

    dates  (T,) ascending; a moment between two of them moves from the one before (entry) or after (exit) it
    """
    if tolerance == 0:
        return entry, exit
    first = np.searchsorted(dates, entry, side="right") - 1 - tolerance
    last = np.searchsorted(dates, exit, side="left") + tolerance
    early = np.where(first >= 0, dates[np.maximum(first, 0)], np.minimum(entry, dates[0]))
    late = np.where(last < dates.size, dates[np.minimum(last, dates.size - 1)], np.maximum(exit, dates[-1]))
    return early, late


def booked(amount: Array, row: Times, n_obs: int) -> Array:
    """Sum amounts by the calendar row that each is booked on: (n,) to (T,)."""
    return np.bincount(row, weights=amount, minlength=n_obs).astype(np.float64)


def jaccard(one: Exposure, other: Exposure) -> float | None:
    """Time that both hold the same opportunity over time that either does; None where neither holds any."""
    if not one.key.size and not other.key.size:
        return None
    share = covered_share(one, other.key, other.start, other.end)
    both = float((share * (other.end - other.start)).sum())
    # In floating point: ten thousand trades of eleven days overflow nanoseconds in 64 bits.
    lengths = ((held.end - held.start).sum(dtype=np.float64) for held in (one, other))
    either = float(sum(lengths)) - both
    return both / either if either > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The tuned policy's P&L as covered + new, booked on the calendar row of each exit.

    covered, new  (T,) sums per period, in the unit of the blotter
    blind         the base comes and goes on price, and no prices tell what was earned while it held
    share         (n,) covered share of each tuned trade's holding time
    row           (n,) calendar row of its exit
    fresh         (n,) new part of its P&L
    key           what an opportunity is
    """

    covered: Array
    new: Array
    blind: bool
    share: Array
    row: Times
    fresh: Array
    key: tuple[str, ...]


def opportunity_codes(base: Trades, tuned: Trades, key: Sequence[str]) -> tuple[Times, Times]:
    """Code of each trade's opportunity, the same code for the same opportunity in both blotters.

    key  columns that make an opportunity: "instrument", "side", or any tag

    Raises InputError for a column that a blotter lacks.
    """
    n = base.entry.size
    codes = np.zeros(n + tuned.entry.size, dtype=np.int64)
    for column in key:
        both = np.concatenate([_column(base, column), _column(tuned, column)])
        own = np.unique(both, return_inverse=True)[1]
        # Dense again after each column, so that many columns cannot overflow.
        codes = np.unique(codes * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1].astype(np.int64)
    return codes[:n], codes[n:]


def _column(trades: Trades, column: str) -> NDArray[np.str_]:
    if column == "instrument":
        return np.array(trades.instruments, dtype=np.str_)[trades.instrument]
    if column == "side":
        return np.where(trades.side > 0, "long", "short").astype(np.str_)
    if column in trades.tags:
        return trades.tags[column]
    have = ", ".join(["instrument", "side", *trades.tags])
    raise InputError(f"--opportunity {column!r}: {trades.name} has no such column. It has: {have}")


def exit_rows(trades: Trades, dates: Times, *, clock: bool) -> Times:
    """Calendar row on which each trade's P&L is booked: (n,).

    dates  (T,) ascending nanoseconds
    clock  whether dates carry a time of day. If not, an exit belongs to its day: the first date on or after that day

    Raises InputError for exits after the last date or before the first period, which began a usual step earlier.
    """
    day = 86_400 * 10**9
    began = dates[0] - (int(np.median(np.diff(dates))) if dates.size > 1 else day)
    exit = trades.exit if clock else trades.exit - trades.exit % day
    row = np.searchsorted(dates, exit, side="left")
    late, early = exit > dates[-1], exit <= began
    for wrong, what, edge in (
        (late, "after the returns end", dates[-1]),
        (early, "before the returns begin", began),
    ):
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"{trades.name}: {int(wrong.sum())} trades exit {what} ({_day(edge)}); the first is row {first + 1} of "
                f"the trades, on {_day(trades.exit[first])}. "
                "Cut the trades to the dates of the returns, or give longer returns"
            )
    return row.astype(np.int64)


def _day(moment: np.int64) -> str:
    return str(np.datetime64(int(moment), "ns").astype("datetime64[D]"))


def book(
    base: Trades,
    tuned: Trades,
    dates: Times,
    *,
    clock: bool,
    key: Sequence[str],
    tolerance: int = 0,
    valued: Array | None = None,
) -> Booked:
    """Split the tuned policy's P&L into covered and new by the time that the base held the same opportunity.

    dates      (T,) ascending nanoseconds of the returns
    tolerance  periods by which the base's holding times are lengthened at both ends
    valued     (n,) P&L of each tuned trade over the very stretches that the base held too, where prices tell; without
               them a trade's P&L is split by its covered share of time

    Both parts are booked at the exit. By share of time alone, a base that enters on price takes a part of the losses
    that made it enter: a worthless calendar overlay on a dip-buying base passed as a new part that earns in two thirds
    of simulated worlds. Stretches valued at the base's own fills do not have that bias. Without prices, P&L shows
    whether the base comes and goes on price; if so, the new part cannot be told.
    """
    of_base, of_tuned = opportunity_codes(base, tuned, key)
    plain = covered_share(exposure(of_base, base.entry, base.exit), of_tuned, tuned.entry, tuned.exit)
    share = plain
    if tolerance:
        held = exposure(of_base, *widened(base.entry, base.exit, dates, tolerance))
        share = covered_share(held, of_tuned, tuned.entry, tuned.exit)
    covered = tuned.pnl * plain if valued is None else valued
    # What the tolerance adds to the time adds to the P&L in proportion to the time that was left.
    more = np.divide(share - plain, 1 - plain, out=np.zeros_like(plain), where=plain < 1)
    covered = covered + more * (tuned.pnl - covered)
    row = exit_rows(tuned, dates, clock=clock)
    blind = False
    if valued is None:
        held = exposure(of_base, *widened(base.entry, np.maximum(base.entry, base.exit - 1), dates, tolerance))
        begun = covered_share(held, of_tuned, tuned.entry, tuned.entry)
        # The base's own trades in the tuned book say nothing of when the base joins others, and have their own mean.
        other = np.flatnonzero(~np.isin(_moments(of_tuned, tuned), _moments(of_base, base)))
        blind = moves_on_price(tuned.pnl[other], (tuned.exit - tuned.entry)[other], share[other], begun[other] > 0)
    new = np.where(share == 1, 0.0, tuned.pnl - covered)
    return Booked(
        covered=booked(tuned.pnl - new, row, dates.size),
        new=booked(new, row, dates.size),
        blind=blind,
        share=share,
        row=row,
        fresh=new,
        key=tuple(key),
    )


SELECTED = 2.326
"""t beyond which trades that the base joins earn less than chance, or those it leaves more: 1 %, one-sided each."""


def moves_on_price(pnl: Array, time: Times, share: Array, begun: NDArray[np.bool_]) -> bool:
    """Whether the base joins tuned trades that have lost, or leaves those that have gained.

    pnl, time, share  (n,) of the tuned trades;  begun  (n,) whether the base held the opportunity at their entry

    Welch's t on P&L per time: trades joined midway against those never joined, and trades left midway against
    those held to the end. Fewer than ten of the former weigh little; fewer than ten to compare with cannot clear it.
    """
    rate = pnl / np.maximum(time, 1)
    joined = _welch(-rate[~begun & (share > 0)], -rate[~begun & (share == 0)])
    left = _welch(rate[begun & (share < 1)], rate[begun & (share == 1)])
    return joined > SELECTED or left > SELECTED


def _moments(code: Times, trades: Trades) -> Times:
    """One number for the opportunity, entry and exit of each trade."""
    return trades.entry * 1_000_003 + trades.exit * 7 + code * 2_654_435_761


def _welch(one: Array, other: Array) -> float:
    if one.size < 10:
        return 0.0
    if other.size < 10:
        return np.inf
    error = np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
    return float((one.mean() - other.mean()) / error) if error > 0 else 0.0


def carried(streams: Array, weight: Array, entry_row: Times, exit_row: Times) -> Array:
    """What streams earned while each trade was held, times its weight, booked at its exit: (T, k) to (T, k).

    weight               (n,) signed size of the trade, or of the part of it that is asked for
    entry_row, exit_row  (n,) calendar rows; a trade earns from the row after its entry to that of its exit
    """
    level = np.vstack([np.zeros(streams.shape[1]), np.cumsum(streams, axis=0)])
    gained = weight[:, None] * (level[exit_row + 1] - level[np.minimum(entry_row, exit_row) + 1])
    return np.column_stack([booked(column, exit_row, streams.shape[0]) for column in gained.T])


def cover_from_trades(found: Booked, index: Times) -> Split:
    """Covered and new over one span, exact from trades.

    index  (n,) calendar rows of the span
    """
    covered, new = found.covered[index], found.new[index]
    if not new.any():
        return all_covered(covered + new, found.key, "no trade that exits in this span leaves what the base held")
    if found.blind:
        return all_covered(
            covered + new,
            found.key,
            "none that the trades tell, since the base comes and goes on price moves and there are no prices",
        )
    total = covered + new
    return Split(
        covered=covered,
        new=new,
        names=found.key,
        r_squared=float(np.corrcoef(covered, total)[0, 1] ** 2) if covered.std() > 0 and total.std() > 0 else 0.0,
        parameters=1,
        error_factor=1.0,
        nothing_new=None,
        booked=True,
    )
