"""Returns go in; their Sharpe ratio comes out, with a period left out, and with risk measured over longer horizons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonGain:
    """Annualised Sharpe ratios and their gain, with risk measured over `periods` at a time."""

    periods: int
    base: float
    tuned: float
    gain: float


def sharpe_ratio(returns: Array) -> float:
    """Mean over standard deviation (ddof = 1), per period: (T,) to a number."""
    return float(returns.mean() / returns.std(ddof=1))


def sharpe_without_each(returns: Array) -> Array:
    """Sharpe ratio per period with one period left out, for each: (T,) to (T,)."""
    n = returns.size
    centred = returns - returns.mean()
    mean = returns.mean() - centred / (n - 1)
    square = float(centred @ centred) - centred**2 * n / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(mean / np.sqrt(square / (n - 2)))


def horizon_ratio(returns: Array, lengths: Sequence[int], periods: int) -> float:
    """Sharpe ratio per period with risk measured over overlapping sums of `periods` returns.

    Lo & MacKinlay (1988), equations 5 and 12b: the variance of h-period sums about h times the mean, divided by
    h (n - h + 1) (1 - h / n). Sums stay inside a window; windows of `periods` or fewer give none.
    """
    if periods == 1:
        return sharpe_ratio(returns)
    mean = returns.mean()
    square, weight, first = 0.0, 0.0, 0
    for length in lengths:
        if length > periods:
            total = np.concatenate([[0.0], np.cumsum(returns[first : first + length] - mean)])
            square += float(((total[periods:] - total[:-periods]) ** 2).sum())
            weight += length - periods + 1
        first += length
    if square <= 0:
        return math.nan
    n_obs = returns.size
    variance = square / (weight * periods * (1 - periods / n_obs))
    return float(mean / math.sqrt(variance))


def horizon_gains(
    base: Array, tuned: Array, lengths: Sequence[int], horizons: Sequence[int], periods_per_year: float
) -> tuple[HorizonGain, ...]:
    """Gain at each horizon that at least one window can hold."""
    year = math.sqrt(periods_per_year)
    found = []
    for periods in horizons:
        one = horizon_ratio(base, lengths, periods) * year
        two = horizon_ratio(tuned, lengths, periods) * year
        if math.isfinite(one) and math.isfinite(two):
            found.append(HorizonGain(periods=periods, base=one, tuned=two, gain=two - one))
    return tuple(found)
