"""Two blotters and their segments go in; what each trade earned comes out, by prices, by fills or by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from auditor.coverage.segments import Array, Clock, Flags, Grid, Integers, per_place
from auditor.errors import InputError
from auditor.plural import several, verb

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

FITS = 0.1
"""Share of an instrument's P&L that price times quantity may leave before a point value is fitted."""
SPREAD = 0.5
"""Share of all P&L that fills times quantity may leave before P&L is spread over time instead."""
MANY = 10
"""Times all P&L beyond which what is left is not told as a share."""


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
        first = instruments[of[early[0]]]
        raise InputError(
            f"prices: {several(early.size, 'trade')} {verb(early.size, 'enter')} before the first price of their "
            f"instrument, the first in {first!r} at {moment}. Give prices from the first entry on, or none to use the "
            "fills"
        )
    note = f"{int(stale.sum())} of {stale.size} times of a fill are not in the prices: the last price before is used"
    return np.nan_to_num(clock), [note] if stale.any() else []
