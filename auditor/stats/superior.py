"""Returns of the base and of every trial go in; whether any trial is better, and which, comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.deflated import NotAssessed, flat_columns

Array = NDArray[np.float64]

MIN_PERIODS = 10
"""Periods below which nothing is resampled."""

SPA_NULL = "No trial earns more than the base, every stream scaled to the base's volatility."
STEPM_NULL = "This trial earns no more than the base at the base's volatility (one null a trial, jointly at level)."


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperiorTrials:
    """Trials against the base: is any better (SPA), and which (StepM).

    p_lower, p_consistent, p_upper   Hansen's three, (1 + hits) / (1 + reps); 1 where no trial beats the base
    superior  0-based columns that StepM finds better, all together at `level`
    """

    null: str
    null_stepm: str
    p_lower: float
    p_consistent: float
    p_upper: float
    superior: tuple[int, ...]
    level: float
    n_trials: int
    n_obs: int
    block: int
    reps: int
    seed: int

    def __str__(self) -> str:
        """Give p and the number found on one line."""
        return f"SPA p={self.p_consistent:.3f}, {len(self.superior)} of {self.n_trials} trials better (StepM)"


def stationary_variance(values: Array, block: int) -> Array:
    """Variance of sqrt(T) times the mean of (T, N) values under the stationary bootstrap, by column.

    Autocovariances weighted by k(i) = (1 - i/T) (1 - q)^i + (i/T) (1 - q)^(T - i), q = 1 / block.
    Politis & Romano (1994), lemma 1; Hansen (2005), section 3.
    """
    n_obs = values.shape[0]
    power = np.abs(np.fft.rfft(values - values.mean(axis=0), 2 * n_obs, axis=0)) ** 2
    autocovariance = np.fft.irfft(power, 2 * n_obs, axis=0)[:n_obs] / n_obs
    lag = np.arange(n_obs)
    kept = 1 - 1 / block
    weight = 2 * ((1 - lag / n_obs) * kept**lag + lag / n_obs * kept ** (n_obs - lag))
    weight[0] = 1.0
    return np.asarray(np.maximum(weight @ autocovariance, 0.0))


def superior_trials(
    base: Array, trials: Array, *, block: int, reps: int, seed: int, level: float = 0.05
) -> SuperiorTrials:
    """Test whether any trial is better than the base (SPA), and find which are (StepM).

    base    (T,) returns
    trials  (T, N) returns on the same dates; constant ones and the base itself, levered or not, are never better
    block   mean length of the stationary bootstrap's blocks
    errors  NotAssessed where no trial is left to test

    Every trial is scaled to the base's volatility over these periods, which makes the difference of means that of
    the Sharpe ratios; the scale is taken as known. Losses are minus returns, each difference divided by its long-run
    error here, since arch (to 8.0) uses `studentize` only to discard poor models. A model equal to the base is
    added: it is the zero in Hansen's max(t, 0), and keeps arch's StepM from an empty last step.
    Hansen (2005), "A test for superior predictive ability"; Romano & Wolf (2005), algorithm 4.1.
    """
    n_obs, n = trials.shape
    size = float(base.std())
    if not size > 0:
        raise NotAssessed("the base does not vary")
    if n_obs < MIN_PERIODS:
        raise NotAssessed(f"{n_obs} in-sample periods are too few for a bootstrap")
    moving = np.flatnonzero(~flat_columns(trials))
    difference = trials[:, moving] * (size / trials[:, moving].std(axis=0)) - base[:, None]
    error = np.sqrt(stationary_variance(difference, block)) / size
    tested = error > 1e-6
    if not tested.any():
        raise NotAssessed("no trial varies, or all are the base up to leverage")
    t = difference[:, tested] / (error[tested] * size)
    p: Array = np.ones(3)
    found: tuple[int, ...] = ()
    if float(t.mean(axis=0).max()) > 0:
        p, found = _spa_stepm(t, moving[tested], block=block, reps=reps, seed=seed, level=level)
    return SuperiorTrials(
        null=SPA_NULL,
        null_stepm=STEPM_NULL,
        p_lower=float(p[0]),
        p_consistent=float(p[1]),
        p_upper=float(p[2]),
        superior=found,
        level=level,
        n_trials=n,
        n_obs=n_obs,
        block=block,
        reps=reps,
        seed=seed,
    )


def _spa_stepm(
    gains: Array, columns: NDArray[np.int64], *, block: int, reps: int, seed: int, level: float
) -> tuple[Array, tuple[int, ...]]:
    """Hansen's three p-values and StepM's columns, of (T, k) studentised gains over the base."""
    from arch.bootstrap import StepM

    zero = np.zeros(len(gains))
    test = StepM(zero, np.column_stack([-gains, zero]), size=level, block_size=block, reps=reps, seed=seed)
    test.compute()
    test.spa.compute()  # on all models again, from the same resamples
    hits = np.rint(np.asarray(test.spa.pvalues, dtype=np.float64) * reps)
    return (1 + hits) / (1 + reps), tuple(columns[np.asarray(test.superior_models, dtype=np.int64)].tolist())
