"""Sharpe ratios and a number of trials go in; the ratio's probability, deflated for the trials, comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from auditor.stats.ratios import sharpe_ratio

Array = NDArray[np.float64]
Form = Literal["estimate", "benchmark"]

PSR_NULL = "The true Sharpe ratio is not above the benchmark (returns independent over time)."
DSR_NULL = "No trial has a Sharpe ratio above zero: the best is the luckiest of them."
DSR_BASE_NULL = "No trial has a Sharpe ratio above the base's in-sample one: the best is the luckiest of them."


class NotAssessed(ValueError):  # noqa: N818 - a reason to report, not a fault
    """Why a statistic does not apply to these inputs."""


def flat_columns(trials: Array) -> NDArray[np.bool_]:
    """Which columns of (T, N) are constant up to rounding."""
    return np.asarray(np.ptp(trials, axis=0) <= 1e-10 * np.abs(trials).max(axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilisticSharpe:
    """Probability that the true Sharpe ratio exceeds a benchmark; every ratio per period.

    probability       1 - p of the null
    variance          where the variance of the estimate is evaluated
    min_track_record  periods at which `probability` would reach 1 - level; None: estimate not above the benchmark
    """

    null: str
    sharpe: float
    benchmark: float
    probability: float
    skew: float
    kurtosis: float
    variance: Form
    min_track_record: float | None
    level: float
    n_obs: int

    def __str__(self) -> str:
        """Give ratio, benchmark and probability on one line."""
        return f"Sharpe {self.sharpe:.4f} against {self.benchmark:.4f} a period, PSR={self.probability:.3f}"


def skew_kurtosis(returns: Array) -> tuple[float, float]:
    """Skewness and kurtosis (3 for the normal) of (T,) returns, moments over T."""
    z = (returns - returns.mean()) / returns.std()
    return float((z**3).mean()), float((z**4).mean())


def _unit_variance(sharpe: float, benchmark: float, skew: float, kurtosis: float, variance: Form) -> float:
    """Variance of a Sharpe estimate times its observations: 1 - g3 SR + (g4 - 1) / 4 SR^2."""
    at = sharpe if variance == "estimate" else benchmark
    found = 1 - skew * at + (kurtosis - 1) / 4 * at * at
    if not found > 0:
        raise NotAssessed(f"skewness {skew:.3g} and kurtosis {kurtosis:.3g} give the Sharpe ratio no variance")
    return found


def min_track_record(
    sharpe: float,
    benchmark: float = 0.0,
    *,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    level: float = 0.05,
    variance: Form = "estimate",
) -> float | None:
    """Periods at which the probabilistic Sharpe ratio reaches 1 - level; None unless sharpe is above the benchmark.

    Bailey & Lopez de Prado (2012), equation 13; with variance="benchmark" the 2025 form, which has no + 1.
    """
    if not sharpe > benchmark:
        return None
    unit = _unit_variance(sharpe, benchmark, skew, kurtosis, variance)
    return float(unit * (ndtri(1 - level) / (sharpe - benchmark)) ** 2) + (1 if variance == "estimate" else 0)


def probabilistic_sharpe(
    sharpe: float,
    benchmark: float = 0.0,
    *,
    n_obs: int,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    level: float = 0.05,
    variance: Form = "estimate",
    null: str = PSR_NULL,
) -> ProbabilisticSharpe:
    """Probabilistic Sharpe ratio: the probability that the true ratio is above the benchmark.

    sharpe, benchmark  per period, over n_obs periods
    skew, kurtosis     of the returns; 0 and 3 for the normal
    variance           "estimate": at the estimate, over n - 1 (2012). "benchmark": at the benchmark, over n (2025)

    Bailey & Lopez de Prado (2012), "The Sharpe ratio efficient frontier", equation 11; Lopez de Prado, Lipton &
    Zoonekynd (2025), "How to use the Sharpe ratio". Both without autocorrelation.
    """
    count = n_obs - 1 if variance == "estimate" else n_obs
    if count < 1:
        raise NotAssessed(f"{n_obs} periods are too few for a Sharpe ratio")
    unit = _unit_variance(sharpe, benchmark, skew, kurtosis, variance)
    return ProbabilisticSharpe(
        null=null,
        sharpe=sharpe,
        benchmark=benchmark,
        probability=float(ndtr((sharpe - benchmark) * math.sqrt(count / unit))),
        skew=skew,
        kurtosis=kurtosis,
        variance=variance,
        min_track_record=min_track_record(
            sharpe, benchmark, skew=skew, kurtosis=kurtosis, level=level, variance=variance
        ),
        level=level,
        n_obs=n_obs,
    )


def expected_max_sharpe(n_trials: int, trial_variance: float) -> float:
    """Expected maximum of the Sharpe ratios of independent trials worth zero, in the units of their variance.

    trial_variance  of the trials' Sharpe ratios

    The False Strategy Theorem, with Euler's constant; Bailey & Lopez de Prado (2014), "The deflated Sharpe ratio",
    equation 1. One trial has expected maximum zero.
    """
    if n_trials < 1:
        raise ValueError(f"n_trials must be at least 1; got {n_trials}")
    if n_trials == 1:
        return 0.0
    # -ndtri(p) is ndtri(1 - p) without its rounding
    standard = -(1 - np.euler_gamma) * ndtri(1 / n_trials) - np.euler_gamma * ndtri(1 / (n_trials * math.e))
    return float(math.sqrt(trial_variance) * standard)


def deflated_sharpe(
    sharpe: float,
    *,
    n_trials: int,
    trial_variance: float,
    n_obs: int,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    centre: float = 0.0,
    level: float = 0.05,
    variance: Form = "estimate",
) -> ProbabilisticSharpe:
    """Deflated Sharpe ratio: the probabilistic one against the expected maximum of n_trials.

    sharpe          of the trial picked, per period
    trial_variance  of the trials' Sharpe ratios per period
    centre          what every trial is worth under the null: 0 as published, or the base's Sharpe ratio

    Bailey & Lopez de Prado (2014), equation 2.
    """
    return probabilistic_sharpe(
        sharpe,
        centre + expected_max_sharpe(n_trials, trial_variance),
        n_obs=n_obs,
        skew=skew,
        kurtosis=kurtosis,
        level=level,
        variance=variance,
        null=DSR_NULL if centre == 0 else DSR_BASE_NULL,
    )


def null_trial_variance(n_obs: int) -> float:
    """Variance of the Sharpe ratios of independent trials worth zero, where only their number is known.

    The sampling variance 1 / (n - 1) of a ratio whose true value is zero, which no skewness or kurtosis changes
    (Lo 2002, equation 9, at zero). Trials that resemble each other vary less, so this deflates at least enough.
    """
    return 1.0 / (n_obs - 1)


def null_difference_variance(base: Array, tuned: Array) -> float:
    """Variance of the Sharpe ratios of trials worth the base and as near to it as tuned is, their number alone known.

    Memmel (2003), equation 6, at equal ratios a: (2 (1 - r) + a^2 (1 - r^2)) / (n - 1).
    """
    a, r = sharpe_ratio(base), float(np.corrcoef(base, tuned)[0, 1])
    return (2 * (1 - r) + a * a * (1 - r * r)) / (base.size - 1)


def effective_trials(trials: Array, n_trials: int | None = None) -> float:
    """Number of independent trials with as much in them: r + (1 - r) N, r the average correlation, at least 0.

    trials    (T, N), no column constant
    n_trials  N, where the matrix holds a part of the trials

    Bailey & Lopez de Prado (2014), appendix 3. An average sees no clusters: ten copies each of ten trials count 91.
    """
    n = trials.shape[1]
    if n == 1:
        return 1.0
    z = (trials - trials.mean(axis=0)) / (trials.std(axis=0) * math.sqrt(trials.shape[0]))
    total = z.sum(axis=1)  # the sum of all correlations is the square of the summed streams
    average = float(np.clip((float(total @ total) - n) / (n * (n - 1)), 0.0, 1.0))
    return average + (1 - average) * (n_trials or n)
