"""Holding times by opportunity go in; stretches held, and how much of each trade lies in them, come out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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


def among(ours: Sequence[Times], theirs: Sequence[Times]) -> NDArray[np.bool_]:
    """Whether each row of our columns, as opportunity, entry and exit, is a row of theirs: (n,) and (m,) to (n,)."""
    n = ours[0].size
    codes = _coded(n + theirs[0].size, (np.concatenate(both) for both in zip(ours, theirs, strict=True)))
    return np.isin(codes[:n], codes[n:])


def _coded(n: int, columns: Iterable[NDArray[Any]]) -> Times:
    """Code of each of n rows of some columns, the same code for the same row: (n,)."""
    codes = np.zeros(n, dtype=np.int64)
    for column in columns:
        own = np.unique(column, return_inverse=True)[1]
        # Dense again after each column, so that many columns cannot overflow.
        codes = np.unique(codes * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1].astype(np.int64)
    return codes


def opportunity_codes(base: Trades, tuned: Trades, key: Sequence[str]) -> tuple[Times, Times]:
    """Code of each trade's opportunity, the same code for the same opportunity in both blotters.

    key  columns that make an opportunity: "instrument", "side", or any tag

    Raises InputError for a column that a blotter lacks.
    """
    n = base.entry.size
    both = (np.concatenate([_column(base, column), _column(tuned, column)]) for column in key)
    codes = _coded(n + tuned.entry.size, both)
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
