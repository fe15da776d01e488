"""Two return series go in; their Sharpe gain over a moving window, with its error at each step, comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from auditor.stats.sharpe import SHARPE_DIFFERENCE, pair_moments

Array = NDArray[np.float64]

SHORTEST = 60
"""Periods of the shortest window: below it a Sharpe ratio has an error of its own size."""

MOST_STEPS = 400
"""Windows that are evaluated at most, evenly spaced: a curve of more points looks the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingGain:
    """Annualised Sharpe gain over the last `window` periods, at some rows of the calendar.

    row        (k,) last row of each window, ascending; the last row of the calendar is among them
    gain       (k,) NaN where a policy does not vary within the window
    low, high  (k,) pointwise normal interval with coverage 1 - level
    block      periods over which dependence is in the error
    """

    window: int
    block: int
    level: float
    row: NDArray[np.int64]
    gain: Array
    low: Array
    high: Array


def window_length(n_obs: int, periods_per_year: float) -> int:
    """Periods in a window: a year, at least 60, at most a quarter of the sample where that holds 60."""
    return min(max(SHORTEST, round(periods_per_year)), max(SHORTEST, n_obs // 4), n_obs)


def rolling_gain(
    base: Array, tuned: Array, *, window: int, block: int, level: float, periods_per_year: float
) -> RollingGain:
    """Sharpe(tuned) - Sharpe(base) over each window, annualised, with a pointwise band.

    base, tuned  (T,) simple returns, T at least `window`
    block        periods in the sums that the error is made of, at most a quarter of the window

    The error is that of Ledoit & Wolf (2008), equation 4, with the covariance of the moments from the overlapping sums
    of `block` periods inside the window, divided as Lo & MacKinlay (1988), equation 12b, so that independent returns
    give the usual one. All windows are differences of the same running sums: the cost does not grow with the window.
    """
    n_obs = base.size
    block = max(1, min(block, window // 4))
    step = max(1, math.ceil((n_obs - window + 1) / MOST_STEPS))
    last = np.arange(n_obs, window - 1, -step)[::-1]
    first = last - window

    moments = pair_moments(base / base.std(), tuned / tuned.std())
    centre = moments.mean(axis=0)
    total = _running(moments - centre)
    means = (total[last] - total[first]) / window
    sums = total[block:] - total[:-block]
    n_sums = window - block + 1
    added = _running(sums)
    in_window = added[first + n_sums] - added[first]
    # Product by product: all sixteen at once take a gigabyte for a million periods and a half.
    products = np.empty((last.size, 4, 4))
    for i in range(4):
        for j in range(i, 4):
            one = _running(sums[:, i] * sums[:, j])
            products[:, i, j] = products[:, j, i] = one[first + n_sums] - one[first]
    cross = block * np.einsum("ti,tj->tij", means, in_window)
    square = (n_sums * block**2) * np.einsum("ti,tj->tij", means, means)
    psi = (products - cross - cross.transpose(0, 2, 1) + square) / (n_sums * block * (1 - block / window))

    at = means + centre
    with np.errstate(all="ignore"):
        gain = SHARPE_DIFFERENCE.value(at, window)
        slope = SHARPE_DIFFERENCE.gradient(at)
        error = np.sqrt(np.maximum(np.einsum("ti,tij,tj->t", slope, psi, slope), 0.0) / window)
        # What is left of a variance that is zero but for rounding makes a ratio of any size.
        flat = (at[:, 2:] - at[:, :2] ** 2 < 1e-12).any(axis=1)
    year = math.sqrt(periods_per_year)
    # Ratios that are equal but for rounding are equal.
    gain = np.where(np.abs(gain) < 1e-9, 0.0, gain)
    gain, error = (np.where(flat, np.nan, one) * year for one in (gain, error))
    half = float(ndtri(1 - level / 2)) * error
    return RollingGain(
        window=window,
        block=block,
        level=level,
        row=(last - 1).astype(np.int64),
        gain=gain,
        low=gain - half,
        high=gain + half,
    )


def _running(values: Array) -> Array:
    """Sum of the rows before each row: (T, ...) to (T + 1, ...)."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
