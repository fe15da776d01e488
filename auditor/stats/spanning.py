"""A covered and a new return stream go in; what the new one earns, and its alpha on the covered, come out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.blocks import Draws
from auditor.stats.studentised import Smooth, Studentised, standard_error

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTest:
    """What a stream earns a year, tested by a studentised block bootstrap."""

    null: str
    estimate: float  # return a year
    se: float
    t: float
    ci: tuple[float, float]
    p_value: float  # one-sided, (1 + hits) / (1 + reps)
    n_obs: int
    block: int
    reps: int
    seed: int

    def __str__(self) -> str:
        """Give estimate, t and p on one line."""
        return f"{self.estimate:+.2%} a year, t={self.t:.2f}, p={self.p_value:.3f}"


MEAN_NULL = "The new part earns nothing: its mean is not positive."
ALPHA_NULL = "The new part is the covered part under another name: its alpha on it is not positive."


def cover_moments(covered: Array, total: Array) -> Array:
    """Columns total, covered, total * covered, covered^2, total^2: (T,) twice to (T, 5)."""
    return np.column_stack([total, covered, total * covered, covered**2, total**2])


ALONE = [0, 4]
EARNS = slice(0, 2)
BESIDE = slice(0, 4)
AS_PAIR = [0, 1, 4, 3]
"""Columns of `cover_moments` that Sharpe(total), mean, alpha and Sharpe difference (`pair_moments`) read."""


def _difference_value(means: Array, n: int) -> Array:
    return np.asarray(means[..., 0] - means[..., 1])


def _difference_gradient(means: Array) -> Array:
    return np.stack([np.ones_like(means[..., 0]), -np.ones_like(means[..., 1])], axis=-1)


NEW_MEAN = Smooth(value=_difference_value, gradient=_difference_gradient)
"""Mean of new = total - covered, on columns EARNS."""


def _alpha_value(means: Array, n: int) -> Array:
    y, x, xy, xx = (means[..., i] for i in range(4))
    return np.asarray((y * xx - x * xy) / (xx - x * x))


def _alpha_gradient(means: Array) -> Array:
    y, x, xy, xx = (means[..., i] for i in range(4))
    variance = xx - x * x
    alpha = (y * xx - x * xy) / variance
    return np.stack([xx / variance, (2 * alpha * x - xy) / variance, -x / variance, (y - alpha) / variance], axis=-1)


NEW_ALPHA = Smooth(value=_alpha_value, gradient=_alpha_gradient)
"""Intercept of total on covered, on columns BESIDE; new = total - covered has the same one.

Huberman & Kandel (1987), equation 5, one benchmark stream.
"""


def mean_error(new: Array, lengths: Sequence[int], lost: int) -> float:
    """HAC standard error of the mean of a stream, `lost` degrees of freedom taken off: (T,) to a number."""
    size = float(new.std())
    mean = Smooth(value=lambda means, n: means[..., 0], gradient=np.ones_like)
    return size * standard_error(mean, (new / size)[:, None], lengths, lost=lost)


def alpha_error(covered: Array, total: Array, lengths: Sequence[int], lost: int) -> float:
    """HAC standard error of the alpha of total - covered on covered: (T,) twice to a number."""
    new = total - covered
    size = float(new.std())
    moments = cover_moments(covered / covered.std(), new / size)[:, BESIDE]
    return size * standard_error(NEW_ALPHA, moments, lengths, lost=lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanningRegression:
    """Tuned regressed on streams. H0 of the t: alpha is zero. H0 of the F: alpha is zero and the betas add up to one.

    alpha, alpha_se  return a year; the error is Newey & West's with `lags`
    f, f_p           Huberman & Kandel's F with 2 and n_obs - k - 1 degrees of freedom, under iid errors
    """

    null: str
    alpha: float
    alpha_se: float
    t: float
    betas: tuple[float, ...]
    r_squared: float
    lags: int
    f: float
    f_p: float
    n_obs: int


SPANNING_NULL = "The streams span the tuned policy: its alpha on them is zero (t), and their betas add up to one (F)."


def spanning_regression(
    tuned: Array, streams: Array, *, lags: int | None = None, periods_per_year: float = 1.0
) -> SpanningRegression | None:
    """Regress tuned on streams with Newey-West errors; None where the streams explain it to rounding.

    tuned    (T,) per-period returns
    streams  (T, k), linearly independent
    lags     of the Bartlett kernel; the rule floor(4 (T / 100)^(2/9)) where not given

    The point estimate and its t are what people quote; the rule reads the block bootstrap instead.
    Huberman & Kandel (1987), equations 5 and 9; Newey & West (1987), with the lag rule of Newey & West (1994).
    """
    from statsmodels.regression.linear_model import OLS

    n_obs, k = streams.shape
    if lags is None:
        lags = int(4 * (n_obs / 100) ** (2 / 9))
    # Constraints on the alpha and on the betas have a joint rank to rounding only where the two are of like size.
    scale = float(tuned.std()) or 1.0
    plain = OLS(tuned / scale, np.column_stack([np.ones(n_obs), streams / scale])).fit()
    if 1 - plain.rsquared < 1e-10:
        return None
    robust = plain.get_robustcov_results("HAC", maxlags=lags, use_correction=False, use_t=False)
    spanned = np.zeros((2, k + 1))
    spanned[0, 0], spanned[1, 1:] = 1.0, 1.0
    joint = plain.f_test((spanned, np.array([0.0, 1.0])))
    return SpanningRegression(
        null=SPANNING_NULL,
        alpha=float(plain.params[0]) * scale * periods_per_year,
        alpha_se=float(robust.bse[0]) * scale * periods_per_year,
        t=float(robust.tvalues[0]),
        betas=tuple(float(beta) for beta in plain.params[1:]),
        r_squared=float(plain.rsquared),
        lags=lags,
        f=float(joint.fvalue),
        f_p=float(joint.pvalue),
        n_obs=n_obs,
    )


def stream_test(found: Studentised, null: str, draws: Draws, *, periods_per_year: float, level: float) -> StreamTest:
    """Describe a studentised mean or alpha, per period, as a return a year."""
    low, high = found.interval(level)
    return StreamTest(
        null=null,
        estimate=found.estimate * periods_per_year,
        se=found.se * periods_per_year,
        t=found.estimate / found.se if found.se > 0 else math.copysign(math.inf, found.estimate),
        ci=(low * periods_per_year, high * periods_per_year),
        p_value=found.p_value(),
        n_obs=draws.n_obs,
        block=draws.block,
        reps=draws.reps,
        seed=draws.seed,
    )
