"""Round trips of two policies go in; elementary segments, who holds in them and what they were worth come out.

A *place* is an instrument within one opportunity (the columns of the key, its side left out). Its *boundaries* are the
instants at which anybody enters or leaves there; a *segment* runs from one boundary to the next. All arrays over
segments are indexed by the boundary that opens them, so one cumulative sum serves every trade: what trade i met between
its entry and its exit is total[leaves[i]] - total[enters[i]]. No trade is ever matched with another.

Long and short are separate positions and are not netted: a policy that is long 10 and short 4 holds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InputError

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Clock: TypeAlias = Array | Integers

NOTHING, RESIZED, ENTRY, EXIT, GAP, REVERSED = range(6)
"""What a segment can be to the trades of one side."""
FITS = 0.1
"""Share of an instrument's P&L that price times quantity may leave before a point value is fitted."""
SPREAD = 0.5
"""Share of all P&L that fills times quantity may leave before P&L is spread over time instead."""
MANY = 10
"""Times all P&L beyond which what is left is not told as a share."""


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
    if not mine.size:
        return np.zeros(0, dtype=np.int8)
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


def fill_prices(on: Grid, *, entry_price: Array, exit_price: Array, quantity: Array) -> Array | None:
    """Price every boundary by the fills there, their quantity-weighted mean: (n,) each to (m,), or None.

    None where a trade that lasts has no finite fill. Trades without duration price nothing: a boundary where nobody
    else trades keeps the price before it, which no sum over segments can see.
    """
    lasting = on.leaves > on.enters
    if not (np.isfinite(entry_price[lasting]).all() and np.isfinite(exit_price[lasting]).all()):
        return None
    size = on.time.size
    weighed, worth = np.zeros(size), np.zeros(size)
    for at, price in ((on.enters, entry_price), (on.leaves, exit_price)):
        weighed += np.bincount(at[lasting], weights=quantity[lasting], minlength=size)
        worth += np.bincount(at[lasting], weights=(quantity * price)[lasting], minlength=size)
    known = weighed > 0
    price = np.divide(worth, weighed, out=np.zeros(size), where=known)
    last = np.maximum.accumulate(np.where(known, np.arange(size), 0))
    return np.where(on.place[last] == on.place, price[last], 0.0)


def path_prices(times: Integers, values: Array, column: Integers, at: Integers) -> tuple[Array, Flags]:
    """Give the last price known at each moment, and whether it is older than that moment: (m,) twice.

    times   (p,) nanoseconds, ascending;  values  (p, k), NaN where there is no price
    column  (m,) which price;             at      (m,) when; NaN comes back where there is no price yet
    """
    seen = np.where(np.isfinite(values), np.arange(times.size)[:, None], -1)
    last = np.maximum.accumulate(seen, axis=0)
    row = np.searchsorted(times, at, side="right") - 1
    source = np.where(row < 0, -1, last[np.maximum(row, 0), column])
    price = np.where(source < 0, np.nan, values[np.maximum(source, 0), column])
    return price, np.asarray((source >= 0) & (times[np.maximum(source, 0)] < at))


def point_values(move: Array, gross: Array, instrument: Integers, n_instruments: int) -> Array:
    """P&L of one unit of quantity over one unit of price, by instrument: (n_instruments,).

    move   (n,) side times quantity times price change of each trade;  gross (n,) its P&L before fees

    One, where that leaves at most a tenth of an instrument's P&L unexplained; else (a futures multiplier, P&L over
    capital) the value with the least sum of |gross - value * move|: the median of gross / move, weighted by |move|.
    """
    size, error = (
        np.bincount(instrument, weights=np.abs(one), minlength=n_instruments) for one in (gross, gross - move)
    )
    value = np.ones(n_instruments)
    with np.errstate(all="ignore"):
        ratio = gross / move
    chosen = np.flatnonzero((error > FITS * size)[instrument] & np.isfinite(ratio) & (move != 0))
    if not chosen.size:
        return value
    chosen = chosen[np.lexsort((ratio[chosen], instrument[chosen]))]
    of, weight = instrument[chosen], np.abs(move[chosen])
    weight = weight / np.bincount(of, weights=weight)[of]
    rank = np.cumsum(np.diff(of, prepend=of[0]) != 0)
    middle = np.flatnonzero(np.cumsum(weight) - rank >= 0.5 - 1e-9)
    _, first = np.unique(rank[middle], return_index=True)
    fitted = ratio[chosen[middle[first]]]
    value[of[middle[first]]] = np.where(fitted > 0, fitted, 1.0)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePath:
    """Prices of instruments: times (p,) ascending nanoseconds; values (p, k), NaN where an instrument has none."""

    times: Integers
    instruments: tuple[str, ...]
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A trade earns its `worth` (n,) times the move of `clock` (m,); `gross` (n,) is its whole P&L before fees."""

    basis: Literal["prices", "fills", "time"]
    clock: Clock
    worth: Array
    gross: Array
    point_value: Mapping[str, float]
    notes: tuple[str, ...]


def value_trades(
    base: Trades, tuned: Trades, on: Grid, prices: PricePath | None, given: Mapping[str, float] | None
) -> Value:
    """Value all trades, base's then tuned's, by the price path, else by the fills, else by time."""
    both = (base, tuned)
    gross = np.concatenate([one.pnl + one.fees for one in both])
    lasting = on.leaves > on.enters
    instruments = tuple(sorted({*base.instruments, *tuned.instruments}))
    code = {name: i for i, name in enumerate(instruments)}
    of = np.concatenate([np.array([code[i] for i in one.instruments], dtype=np.int64)[one.instrument] for one in both])
    size = np.concatenate([one.side * one.quantity for one in both])
    notes: list[str] = []
    clock: Array | None
    if prices is not None:
        clock, notes = _on_path(prices, instruments, of, on, lasting)
        move = clock[on.leaves] - clock[on.enters]
    else:
        entry, exit = _fills(both, "entry_price"), _fills(both, "exit_price")
        clock = fill_prices(on, entry_price=entry, exit_price=exit, quantity=np.abs(size))
        move = exit - entry
    if clock is not None:
        point = point_values((size * move)[lasting], gross[lasting], of[lasting], len(instruments))
        point = np.array([(given or {}).get(name, fitted) for name, fitted in zip(instruments, point, strict=True)])
        left, whole = (float(np.abs(one[lasting]).sum()) for one in (gross - size * move * point[of], gross))
        if left > FITS * whole:
            # Beside P&L of next to nothing any share is as good as endless.
            share = f"{left / whole:.0%} of" if left < MANY * whole else f"over {MANY} times"
            notes.append(f"quantity times price change leaves {share} the trades' P&L unexplained")
        if prices is not None or left <= SPREAD * whole:
            scale = per_place(on, clock)
            return Value(
                basis="fills" if prices is None else "prices",
                clock=clock / scale,
                worth=size * point[of] * scale[on.enters],
                gross=gross,
                point_value=dict(zip(instruments, point.tolist(), strict=True)),
                notes=tuple(notes),
            )
    if clock is None and lasting.any():
        notes.append("no prices, and not every trade has fills")
    notes.append("each trade's P&L is spread evenly over its holding time: timing lines are what it earned on average")
    held = np.where(lasting, on.time[on.leaves] - on.time[on.enters], 1)
    worth = np.where(lasting, gross / held, 0.0)
    return Value(basis="time", clock=on.time, worth=worth, gross=gross, point_value={}, notes=tuple(notes))


def _fills(both: tuple[Trades, Trades], field: Literal["entry_price", "exit_price"]) -> Array:
    """Give the fills of both blotters, NaN where a blotter has none."""
    found = (one.entry_price if field == "entry_price" else one.exit_price for one in both)
    return np.concatenate(
        [np.full(one.pnl.size, np.nan) if fill is None else fill for one, fill in zip(both, found, strict=True)]
    )


def _on_path(
    prices: PricePath, instruments: tuple[str, ...], of: Integers, on: Grid, lasting: Flags
) -> tuple[Array, list[str]]:
    """Price all boundaries by the path: (m,), and what to know of it. Refuse a trade that no price precedes."""
    column = {name: i for i, name in enumerate(prices.instruments)}
    missing = [name for name in instruments if name not in column]
    if missing:
        raise InputError(f"prices: {len(missing)} instruments of the trades are not there, the first {missing[0]!r}")
    at = np.zeros(on.time.size, dtype=np.int64)
    at[on.enters] = np.array([column[name] for name in instruments], dtype=np.int64)[of]
    at[on.leaves] = at[on.enters]
    clock, stale = path_prices(prices.times, prices.values, at, on.time)
    early = np.flatnonzero(lasting & ~np.isfinite(clock[on.enters]))
    if early.size:
        moment = np.datetime64(int(on.time[on.enters[early[0]]]), "ns")
        raise InputError(
            f"prices: {early.size} trades enter before the first price of their instrument, the first in "
            f"{instruments[of[early[0]]]!r} at {moment}. Give prices from the first entry on, or none to use the fills"
        )
    note = f"{int(stale.sum())} of {stale.size} times of a fill are not in the prices: the last price before is used"
    return np.nan_to_num(clock), [note] if stale.any() else []
