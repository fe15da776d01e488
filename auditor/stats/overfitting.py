"""Returns of every trial go in; how often the best in sample falls below the median out of sample comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditor.stats.deflated import NotAssessed, flat_columns

Array = NDArray[np.float64]
Ranks = Literal["paper", "cran"]

MAX_BLOCKS = 20
"""CSCV blocks; 20 make 184,756 splits."""

MIN_ROWS = 2
"""Rows a CSCV block must have."""

TIE = 1e-12
"""Sharpe ratios per period this near are equal: copies of a trial differ by rounding."""

CRAN_CAP = 6.0
"""Logit of the best of N where ranks are over N; the paper's N + 1 needs none."""

CHUNK = 1_000_000
"""Sharpe ratios held at once, splits times trials: memory stays flat in both."""

PBO_NULL = "The best trial in sample is as likely below as above the median trial out of sample: PBO is 1/2."


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOverfitting:
    """Probability of backtest overfitting, and every split that it counts.

    pbo               share of splits with logit <= 0; a logit of 0 (the median) counts as overfit
    loss_probability  share of splits in which the chosen trial has a negative Sharpe ratio out of sample
    slope             of the chosen trial's Sharpe ratio out of sample on that in sample; None where that is constant
    nstar             (splits,) 0-based column chosen in sample; splits in lexicographic order of their blocks
    is_sharpe, os_sharpe   (splits,) its Sharpe ratios per period, in and out of sample
    os_rank           (splits,) its rank out of sample, 1 the worst, ties averaged
    omega, logit      (splits,) relative rank and its logit
    """

    null: str
    pbo: float
    loss_probability: float
    slope: float | None
    nstar: NDArray[np.int64]
    is_sharpe: Array
    os_sharpe: Array
    os_rank: Array
    omega: Array
    logit: Array
    ranks: Ranks
    n_trials: int
    n_blocks: int
    n_obs: int

    def __str__(self) -> str:
        """Give PBO and its counts on one line."""
        return f"PBO={self.pbo:.3f} ({self.n_trials} trials, {self.logit.size} splits)"


def _half_sharpe(inside: Array, counts: Array, sums: Array, squares: Array, level: Array) -> Array:
    """Sharpe ratio of every trial over the blocks `inside`, (splits, S) of 0 and 1; 0 where it never moved."""
    n = (inside @ counts)[:, None]
    total, square = inside @ sums, inside @ squares
    mean = total / n
    spread = square - total * mean
    still = spread <= 1e-12 * square
    spread[still] = 1.0
    ratio = np.asarray((level + mean) / np.sqrt(spread / (n - 1)))
    ratio[still] = 0.0
    return ratio


def _choose(inside: Array, outside: Array) -> tuple[NDArray[np.int64], Array, Array, Array]:
    """Best column in sample, its ratio there and outside, and its rank outside, for each row of two (splits, N)."""
    nstar = np.argmax(inside >= inside.max(axis=1, keepdims=True) - TIE, axis=1)
    rows = np.arange(nstar.size)
    own = outside[rows, nstar]
    above = outside - own[:, None]
    below = np.count_nonzero(above < -TIE, axis=1)
    rank = below + (np.count_nonzero(above <= TIE, axis=1) - below + 1) / 2
    return nstar, inside[rows, nstar], own, rank


def backtest_overfitting(trials: Array, *, n_blocks: int = 16, ranks: Ranks = "paper") -> BacktestOverfitting:
    """Probability of backtest overfitting by combinatorially symmetric cross-validation, the Sharpe ratio the measure.

    trials    (T, N) returns of every trial, no NaN, no column constant
    n_blocks  S, even: every S / 2 of S contiguous blocks are once in sample, the rest out of sample
    ranks     "paper": relative rank is rank / (N + 1). "cran": rank / N, infinite logits capped at 6 (R's pbo 1.3.5)
    errors    NotAssessed for one trial, a constant one, or fewer than two rows a block

    Blocks differ by at most one row where S does not divide T, so no row is lost. Equal ratios share their average
    rank; of equal best ones in sample the first column is chosen. A trial that does not move in a half has ratio 0.
    Bailey, Borwein, Lopez de Prado & Zhu (2017), "The probability of backtest overfitting", section 3.
    """
    n_obs, n = trials.shape
    if n_blocks % 2 or not 2 <= n_blocks <= MAX_BLOCKS:
        raise ValueError(f"n_blocks must be even, from 2 to {MAX_BLOCKS}; got {n_blocks}")
    if n < 2:
        raise NotAssessed(f"{n} trial that varies; ranking needs two")
    if n_obs < MIN_ROWS * n_blocks:
        raise NotAssessed(f"{n_obs} in-sample periods are too few for {n_blocks} blocks of {MIN_ROWS}")
    if (flat := np.flatnonzero(flat_columns(trials))).size:
        raise NotAssessed(f"{flat.size} trials are constant (first column {flat[0]})")
    scale, mean = trials.std(axis=0), trials.mean(axis=0)
    z = (trials - mean) / scale
    edges = np.arange(n_blocks) * n_obs // n_blocks
    counts = np.diff(np.append(edges, n_obs)).astype(np.float64)
    blocks = counts, np.add.reduceat(z, edges), np.add.reduceat(z**2, edges), mean / scale

    # A split and its complement stand at i and -1 - i, so half of the splits give both.
    pairs = math.comb(n_blocks, n_blocks // 2) // 2
    chosen = np.array(list(islice(combinations(range(n_blocks), n_blocks // 2), pairs)))
    inside = np.zeros((pairs, n_blocks))
    inside[np.arange(pairs)[:, None], chosen] = 1.0
    nstar, columns = np.empty(2 * pairs, np.int64), np.empty((3, 2 * pairs))
    step = max(1, CHUNK // n)
    for first in range(0, pairs, step):
        rows = inside[first : first + step]
        one, two = _half_sharpe(rows, *blocks), _half_sharpe(1.0 - rows, *blocks)
        here = np.arange(first, first + len(rows))
        for where, pair in ((here, (one, two)), (-1 - here, (two, one))):
            nstar[where], columns[0, where], columns[1, where], columns[2, where] = _choose(*pair)
    is_sharpe, os_sharpe, os_rank = columns
    omega = os_rank / (n + 1 if ranks == "paper" else n)
    with np.errstate(divide="ignore"):
        logit = np.log(omega / (1 - omega))
    logit[np.isposinf(logit)] = CRAN_CAP
    spread = is_sharpe - is_sharpe.mean()
    moved = float(spread @ spread)
    return BacktestOverfitting(
        null=PBO_NULL,
        pbo=float(np.mean(logit <= TIE)),  # the median's logit is zero up to rounding
        loss_probability=float(np.mean(os_sharpe < 0)),
        slope=float(spread @ os_sharpe) / moved if np.ptp(is_sharpe) > TIE else None,
        nstar=nstar,
        is_sharpe=is_sharpe,
        os_sharpe=os_sharpe,
        os_rank=os_rank,
        omega=omega,
        logit=logit,
        ranks=ranks,
        n_trials=n,
        n_blocks=n_blocks,
        n_obs=n_obs,
    )
