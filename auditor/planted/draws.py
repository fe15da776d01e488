"""A generator comes in; resampled rows, random runs and the best of many draws go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.stats.blocks import block_length

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

Drawn = TypeVar("Drawn")


def mean_block(base: Array, periods_per_year: float) -> int:
    """Mean periods in a block of a world: the base's own optimal length, or a quarter of a year where that is longer.

    Blocks of a quarter keep the clusters of volatility that the automatic length, made for means, cuts up. At most a
    tenth of the sample, so that a world is made of ten blocks or more.
    """
    own = block_length(base, lengths=(base.size,))
    return max(1, min(max(own, round(periods_per_year / 4)), base.size // 10))


def stationary_rows(n_obs: int, mean: int, rng: np.random.Generator) -> Rows:
    """Rows of one resample of a series: blocks of random length begin anywhere and run round its end: (n_obs,).

    mean  periods in a block on average; lengths are geometric, so that the resample is stationary
    Politis & Romano (1994), section 2.
    """
    begins = rng.random(n_obs) < 1 / mean
    begins[0] = True
    first = np.flatnonzero(begins)
    starts = rng.integers(0, n_obs, first.size)
    block = np.cumsum(begins) - 1
    return np.asarray((starts[block] + np.arange(n_obs) - first[block]) % n_obs, dtype=np.int64)


def in_runs(values: Callable[[int], NDArray[np.float64]], n_obs: int, run: int) -> Array:
    """Values that each last `run` periods: (n_obs,). values(k) draws k of them."""
    return np.repeat(values(n_obs // run + 1), run)[:n_obs]


def ratio(returns: Array) -> float:
    """Mean over standard deviation; minus infinity where returns do not vary, so that no such policy is ever best."""
    risk = float(returns.std())
    return float(returns.mean()) / risk if risk > 0 else -np.inf


def best_of(tries: int, draw: Callable[[], Drawn], score: Callable[[Drawn], float]) -> Drawn:
    """The draw with the highest score; one is held at a time beside the best so far."""
    best = draw()
    highest = score(best)
    for _ in range(tries - 1):
        one = draw()
        reached = score(one)
        if reached > highest:
            best, highest = one, reached
    return best
