"""Round trips of two policies go in; elementary segments and who holds in them come out.

A *place* is an instrument within one opportunity (the columns of the key, its side left out). Its *boundaries* are the
instants at which anybody enters or leaves there; a *segment* runs from one boundary to the next. All arrays over
segments are indexed by the boundary that opens them, so one cumulative sum serves every trade: what trade i met between
its entry and its exit is total[leaves[i]] - total[enters[i]]. No trade is ever matched with another.

Long and short are separate positions and are not netted: a policy that is long 10 and short 4 holds both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Clock: TypeAlias = Array | Integers

NOTHING, RESIZED, ENTRY, EXIT, GAP, REVERSED = range(6)
"""What a segment can be to the trades of one side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Boundaries of all places, ordered by place and time, and where each trade stands among them.

    place, time     (m,) code of the place; nanoseconds; each pair once
    enters, leaves  (n,) boundary at which a trade begins and ends, equal for a trade without duration
    """

    place: Integers
    time: Integers
    enters: Integers
    leaves: Integers


def grid(place: Integers, entry: Integers, exit: Integers) -> Grid:
    """Order the event times of all trades by place: place, entry, exit (n,), the latter in nanoseconds."""
    places, times = np.concatenate([place, place]), np.concatenate([entry, exit])
    order = np.lexsort((times, places))
    places, times = places[order], times[order]
    first = np.ones(times.size, dtype=bool)
    first[1:] = (places[1:] != places[:-1]) | (times[1:] != times[:-1])
    position = np.empty(times.size, dtype=np.int64)
    position[order] = np.cumsum(first) - 1
    return Grid(place=places[first], time=times[first], enters=position[: entry.size], leaves=position[entry.size :])


def held(on: Grid, chosen: Flags, amount: Array | None = None) -> Array:
    """Count the chosen trades held in each segment, or add up their amounts: chosen (n,), amount (n,) to (m,)."""
    size, weight = on.time.size, None if amount is None else amount[chosen]
    into = np.bincount(on.enters[chosen], weights=weight, minlength=size)
    out = np.bincount(on.leaves[chosen], weights=weight, minlength=size)
    return np.cumsum(into - out, dtype=np.float64)


def met(on: Grid, trades: Integers, step: Clock) -> Array:
    """Add up, for each of the trades (k,), the steps (m,) of the segments that it lived through: (k,).

    Integer sums may wrap around in the middle; their differences do not.
    """
    total = np.zeros(step.size + 1, dtype=step.dtype)
    np.cumsum(step, out=total[1:])
    return (total[on.leaves[trades]] - total[on.enters[trades]]).astype(np.float64)


def per_place(on: Grid, values: Array) -> Array:
    """Give, at each boundary, the power of two just above the largest |value| of its place: (m,) to (m,).

    Sums over all places at once would drown a place of small numbers in the rounding of one with large numbers; divided
    by this they are all of size one, and a division by a power of two rounds nothing.
    """
    opens = np.flatnonzero(np.diff(on.place, prepend=-1))
    if not opens.size:
        return np.ones(0)
    _, exponent = np.frexp(np.maximum.reduceat(np.abs(values), opens))
    return np.repeat(np.ldexp(1.0, exponent), np.diff(opens, append=on.place.size))


def codes(on: Grid, *, tuned: Flags, long: Flags, sided: bool) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Say what each segment is to the short and to the long trades held in it: (m,) twice.

    tuned, long  (n,) whose trade, which side
    sided        the key holds the side: a long and a short trade are two opportunities

    resized: both policies hold the opportunity. Reversed: one policy is long only and the other short only. Otherwise
    one holds alone: before a shared stretch it is entry timing, after one exit timing, between two gap timing.
    """
    ours = tuple(held(on, tuned & (long == side)) > 0 for side in (False, True))
    theirs = tuple(held(on, ~tuned & (long == side)) > 0 for side in (False, True))
    found = []
    for side in (0, 1):
        mine, other = (ours[side], theirs[side]) if sided else (ours[0] | ours[1], theirs[0] | theirs[1])
        code = _runs(mine, other)
        against = ours[side] & ~theirs[side] & theirs[1 - side] & ~ours[1 - side]
        against |= theirs[side] & ~ours[side] & ours[1 - side] & ~theirs[1 - side]
        code[against] = REVERSED
        found.append(code)
    return found[0], found[1]


def _runs(mine: Flags, other: Flags) -> NDArray[np.int8]:
    """Code the maximal runs of segments with the same holders by whether their neighbours are shared."""
    # The last boundary of a place opens no segment: nobody holds there, so no run reaches into the next place.
    state = mine.astype(np.int8) + 2 * other.astype(np.int8)
    opens = np.flatnonzero(np.diff(state, prepend=-1))
    shared = state[opens] == 3
    alone = (state[opens] == 1) | (state[opens] == 2)
    after = alone & np.append(False, shared[:-1])
    before = alone & np.append(shared[1:], False)
    code = np.select([shared, before & after, before, after], [RESIZED, GAP, ENTRY, EXIT], NOTHING).astype(np.int8)
    return np.repeat(code, np.diff(opens, append=state.size))


def sizes_differ(on: Grid, *, tuned: Flags, side: Flags, quantity: Array) -> Flags:
    """Flag the segments in which the two policies hold different quantities on one side: (m,).

    tuned, side  (n,) whose trade; on the side asked for
    Quantities are equal within 1e-9 of the larger, and within 1e-12 of the largest entered in the place.
    """
    entered = np.bincount(on.enters, weights=quantity, minlength=on.time.size).astype(np.float64)
    quantity = quantity / per_place(on, entered)[on.enters]
    ours, theirs = held(on, tuned & side, quantity), held(on, ~tuned & side, quantity)
    return np.asarray(np.abs(ours - theirs) > 1e-9 * np.maximum(ours, theirs) + 1e-12)


def steps(clock: Clock) -> Clock:
    """Give the move of the clock over each segment, (m,) to (m,); the last boundary opens none."""
    move = np.zeros_like(clock)
    move[:-1] = clock[1:] - clock[:-1]
    return move
