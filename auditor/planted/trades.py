"""A base's trades and the rows of one world come in; both policies' trades, and the returns they book, go out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.exits import booked, exit_rows
from auditor.errors import InputError
from auditor.inputs.trades import Trades
from auditor.planted.blotters import Blotter, Placed, beside, placed, sized, taken
from auditor.planted.catalogue import BOOK_RISK, BOOKS, FILTERS, HEDGE, HEDGED_RISK, KEPT_EARNS, Overlay
from auditor.planted.draws import Rows, best_of, in_runs, stationary_rows
from auditor.planted.returns import managed_weight, smoothed

Array = NDArray[np.float64]

OWN = " (planted)"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both policies in one world: returns (T,) and the trades that book them."""

    base: Array
    tuned: Array
    base_trades: Trades
    tuned_trades: Trades


def plant(overlay: Overlay, blotter: Blotter, rows: Rows, rng: np.random.Generator) -> World:
    """Both policies' trades in one world, with the returns that they book.

    rows  (T,) of the user's calendar that make the world's base
    rng   of everything else that the overlay draws
    """
    world = placed(blotter, rows)
    base = world.trades
    if overlay.sharpe is not None:
        return in_books(blotter, base, beside(base, elsewhere(book(blotter, overlay.sharpe, rng))))
    if overlay.name == "smoothed":
        return replace(found := in_books(blotter, base, base), tuned=smoothed(found.base))
    if overlay.name == "dropped setups":
        return dropped(blotter, base, rng)
    if overlay.name == "hedged":
        return hedged(blotter, world, rng)
    return in_books(blotter, base, tuned_of(overlay.name, blotter, world, rng))


def in_books(blotter: Blotter, base: Trades, tuned: Trades) -> World:
    """Both blotters with the returns that they book at their exits."""
    return World(base=books(blotter, base), tuned=books(blotter, tuned), base_trades=base, tuned_trades=tuned)


def books(blotter: Blotter, trades: Trades) -> Array:
    """P&L by the calendar row of each exit: (T,)."""
    return booked(trades.pnl, exit_rows(trades, blotter.dates, clock=blotter.clock), blotter.dates.size)


def tuned_of(name: str, blotter: Blotter, world: Placed, rng: np.random.Generator) -> Trades:
    """Trades of a null overlay that leaves the base's own as they are."""
    base, field, n = world.trades, blotter.field, world.trades.pnl.size
    if name == "levered":
        return sized(base, 1.5)
    if name == "volatility-managed":
        weight = managed_weight(books(blotter, base), field.periods_per_year)
        return sized(base, weight[world.entry_row])
    if name == "resized":
        return sized(base, rng.uniform(0.5, 1.5, n))
    if name in ("lucky filter", "lucky timing"):

        def kept() -> NDArray[np.bool_]:
            if name == "lucky filter":
                return rng.random(n) < 0.7
            on = in_runs(lambda k: (rng.random(k) < 0.75).astype(np.float64), field.base.size, field.month)
            return on[world.entry_row] > 0

        best = best_of(FILTERS, kept, lambda one: field.score(booked(base.pnl * one, world.exit_row, field.base.size)))
        return taken(base, best)
    if name == "pointless new trades":
        return beside(base, book(blotter, 0.0, rng))
    if name == "lucky new trades":
        # A book's returns tell which is best; the trades of the best alone are then made, outside the base's own.
        source = booked(blotter.trades.pnl - blotter.trades.pnl.mean(), blotter.exit_row, field.base.size)
        own = books(blotter, base)
        best_rows = best_of(
            BOOKS,
            lambda: stationary_rows(field.base.size, field.block, rng),
            lambda one: field.score(own + BOOK_RISK * source[one]),
        )
        return beside(base, elsewhere(shifted_book(blotter, 0.0, best_rows)))
    raise ValueError(f"no overlay {name!r}")


def book(blotter: Blotter, sharpe: float, rng: np.random.Generator) -> Trades:
    """Trades of a book beside the base, in its instruments at other times, of this true Sharpe ratio a year."""
    return shifted_book(blotter, sharpe, stationary_rows(blotter.field.base.size, blotter.field.block, rng))


def shifted_book(blotter: Blotter, sharpe: float, rows: Rows) -> Trades:
    """The user's trades as another world has them, each with the P&L that gives the book its Sharpe ratio."""
    trades = placed(blotter, rows).trades
    gain = mean_per_trade(blotter, sharpe) - float(blotter.trades.pnl.mean())
    return sized(replace(trades, pnl=trades.pnl + gain), BOOK_RISK)


def mean_per_trade(blotter: Blotter, sharpe: float) -> float:
    """P&L that every trade must earn on average for a book of this Sharpe ratio a year, booked at exits.

    With d the booked deviations, c the trades that exit in a period, m the answer and s the ratio per period:
    m mean(c) = s sd(d + m c), a quadratic in m.

    Raises InputError where no mean gives it: so few trades exit that their coming and going is risk enough.
    """
    n_obs = blotter.field.base.size
    deviation = booked(blotter.trades.pnl - blotter.trades.pnl.mean(), blotter.exit_row, n_obs)
    count = blotter.count.astype(np.float64)
    s = sharpe / math.sqrt(blotter.field.periods_per_year)
    covariance = float(((deviation - deviation.mean()) * (count - count.mean())).mean())
    a = float(count.mean()) ** 2 - s * s * float(count.var())
    b, c = -2 * s * s * covariance, -s * s * float(deviation.var())
    if a <= 0:
        raise InputError(f"{blotter.trades.name}: trades as rare as these cannot book a Sharpe ratio of {sharpe:g}")
    return (-b + math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)


def elsewhere(trades: Trades) -> Trades:
    """The same trades in instruments, and under tags, that the base never holds: nothing of them is covered."""
    return replace(
        trades,
        instruments=tuple(name + OWN for name in trades.instruments),
        tags={name: np.char.add(values, OWN) for name, values in trades.tags.items()},
    )


def dropped(blotter: Blotter, base: Trades, rng: np.random.Generator) -> World:
    """A base of two setups, of which one truly earns less, and the policy that leaves it out."""
    keeps = rng.random(base.pnl.size) < 0.5
    usual = float(blotter.trades.pnl.mean())
    more = (2 * KEPT_EARNS - 1) * abs(usual)
    told = replace(base, pnl=base.pnl + np.where(keeps, more, -more))
    return in_books(blotter, told, taken(told, keeps))


def hedged(blotter: Blotter, world: Placed, rng: np.random.Generator) -> World:
    """A base whose trades all carry an unpriced risk, and the policy that sells most of it as long as it holds them."""
    trades, field = world.trades, blotter.field
    n_obs = field.base.size
    market = field.drawn(rng)
    level = np.concatenate([[0.0], np.cumsum(market)])
    begun = np.minimum(world.entry_row, world.exit_row - 1) + 1
    risk = level[world.exit_row + 1] - level[np.maximum(begun, 0)]
    size = float(booked(risk, world.exit_row, n_obs).std())
    wanted = math.sqrt(HEDGED_RISK / (1 - HEDGED_RISK)) * float(field.base.std())
    risk = risk * (wanted / size if size > 0 else 0.0)
    base = replace(trades, pnl=trades.pnl + risk)
    hedge = replace(
        trades,
        instruments=("hedge" + OWN,),
        instrument=np.zeros(risk.size, dtype=np.int64),
        side=(-trades.side).astype(np.int8),
        pnl=-HEDGE * risk,
        fees=np.zeros(risk.size),
    )
    return in_books(blotter, base, beside(base, hedge))
