"""A base's returns and the rows of one world come in; base and tuned with an overlay of known truth go out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from auditor.planted.catalogue import BOOK_RISK, BOOKS, FILTERS, FRESH, HEDGE, HEDGED_RISK, KEPT_EARNS, Overlay
from auditor.planted.draws import Rows, best_of, in_runs, ratio, stationary_rows

Array = NDArray[np.float64]
Both = tuple[Array, Array]

MOST_LEVERAGE = 4.0


@dataclass(frozen=True)
class Field:
    """What worlds are drawn from.

    base              (T,) the user's returns per period
    in_sample         (n,) rows that the tuning sees
    periods_per_year  of the data
    block             mean periods in a block
    """

    base: Array
    in_sample: Rows
    periods_per_year: float
    block: int

    @cached_property
    def centred(self) -> Array:
        """The base without its mean: (T,)."""
        return np.asarray(self.base - self.base.mean())

    @property
    def run(self) -> int:
        """Periods that a filter or a size lasts: a week of daily data, one period of slower data."""
        return max(1, round(self.periods_per_year / 52))

    @property
    def month(self) -> int:
        """Periods that a timing lasts: a month, a quarter of monthly data."""
        return max(3, round(self.periods_per_year / 12))

    def drawn(self, rng: np.random.Generator) -> Array:
        """One resample of the base, its mean taken off, so that what it truly earns is zero: (T,)."""
        return self.centred[stationary_rows(self.base.size, self.block, rng)]

    def score(self, tuned: Array) -> float:
        """The Sharpe ratio that the tuning sees."""
        return ratio(tuned[self.in_sample])


def plant(overlay: Overlay, field: Field, rows: Rows, rng: np.random.Generator) -> Both:
    """Both policies' returns in one world, (T,) each.

    rows  (T,) of the user's base that make the world's base
    rng   of everything else that the overlay draws
    """
    base = field.base[rows]
    if overlay.sharpe is not None:
        return base, base + book(field, overlay.sharpe, rng)
    if overlay.name in ("dropped setups", "hedged"):
        return in_two(field, base, rng, hedged=overlay.name == "hedged")
    return base, tuned_of(overlay.name, field, base, rng)


def tuned_of(name: str, field: Field, base: Array, rng: np.random.Generator) -> Array:
    """Returns of a null overlay that leaves the base as it is: (T,) to (T,)."""
    n_obs = base.size
    if name == "levered":
        return 1.5 * base
    if name == "volatility-managed":
        return base * managed_weight(base, field.periods_per_year)
    if name == "resized":
        return base * in_runs(lambda k: rng.uniform(0.5, 1.5, k), n_obs, field.run)
    if name == "smoothed":
        return smoothed(base)
    if name in ("lucky filter", "lucky timing"):
        share, run = (0.7, field.run) if name == "lucky filter" else (0.75, field.month)

        def switched() -> Array:
            return base * in_runs(lambda k: (rng.random(k) < share).astype(np.float64), n_obs, run)

        return best_of(FILTERS, switched, field.score)
    if name in ("pointless new trades", "lucky new trades"):
        tries = BOOKS if name == "lucky new trades" else 1
        return best_of(tries, lambda: base + book(field, 0.0, rng), field.score)
    raise ValueError(f"no overlay {name!r}")


def book(field: Field, sharpe: float, rng: np.random.Generator) -> Array:
    """Returns of a book beside the base, of this true Sharpe ratio a year, uncorrelated with the base: (T,).

    Tails and clusters are the base's, since it is a resample of it; only its mean is given.
    """
    risk = float(field.base.std())
    return BOOK_RISK * (field.drawn(rng) + sharpe / math.sqrt(field.periods_per_year) * risk)


def in_two(field: Field, base: Array, rng: np.random.Generator, *, hedged: bool) -> Both:
    """A base of two independent parts, and the tuned policy that holds little or nothing of the second: (T,) twice.

    Returns do not tell a base's setups apart, so that both parts are resamples of the whole: together they have its
    mean and its variance, yet tails a little thinner. Dropped: both parts have half of the variance, the second earns
    little. Hedged: the second is a risk that earns nothing, and the hedge leaves a tenth of it.
    """
    mean = float(field.base.mean())
    kept, other = base - mean, field.drawn(rng)
    if hedged:
        first, second = math.sqrt(1 - HEDGED_RISK) * kept + mean, math.sqrt(HEDGED_RISK) * other
        return first + second, first + (1 - HEDGE) * second
    more = (2 * KEPT_EARNS - 1) * abs(mean)
    first, second = kept * math.sqrt(0.5) + (mean + more) / 2, other * math.sqrt(0.5) + (mean - more) / 2
    return first + second, first


def managed_weight(base: Array, periods_per_year: float) -> Array:
    """Weight in inverse proportion to the volatility of the past, at most four times the usual: (T,) to (T,).

    An exponential mean of squares, half-life half a month (three periods of slower data): not one of the windows that
    the audit itself looks for. Usual is the mean of all squares so far; the first month is held as it is.
    """
    squares = base**2
    first = max(12, round(periods_per_year / 12))
    decay = 0.5 ** (1 / max(3.0, periods_per_year / 24))
    usual = np.cumsum(squares) / np.arange(1, base.size + 1)
    weight = np.ones(base.size)
    level = float(usual[first - 1])
    for t in range(first, base.size):
        floor = max(level, float(usual[t - 1]) / MOST_LEVERAGE**2)
        weight[t] = math.sqrt(usual[t - 1] / floor) if floor > 0 else 1.0
        level = decay * level + (1 - decay) * float(squares[t])
    return weight


def smoothed(base: Array) -> Array:
    """Returns marked a part of a period late, as stale prices do: (T,) to (T,)."""
    late = np.concatenate([base[:1], base[:-1]])
    return FRESH * base + (1 - FRESH) * late
