"""Two return series on one calendar go in; what their returns look like, and what shapes the gain, comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.longrun import autocovariance, window_ids
from auditor.stats.ratios import sharpe_without_each
from auditor.stats.tails import BLOCKS, SoldTails, flat, jackknife, sells_tails, variance_left

Array = NDArray[np.float64]

LAGS = (1, 2, 5)
"""Lags of the autocorrelations shown: stale prices, a second day of them, a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period: its return and its row, from 0."""

    value: float
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the returns of one policy look like. None: fewer values than it takes, or returns that do not vary.

    mean, volatility  annualised
    skew, kurtosis    corrected for bias (G1, excess G2), as pandas, Excel and scipy with bias=False have them
    autocorrelations  lag and value; no pair crosses a window's edge
    max_drawdown      largest fall of the sum of returns from its running peak (0 at the start), at least 0
    longest_drawdown  most consecutive periods below the running peak

    Drawdowns are of the sum, that is of fixed capital: so are the Sharpe ratio and the attribution, a return below
    -100 % does no harm, and twice the leverage is twice the drawdown. Windows follow one another without a break.
    """

    mean: float
    volatility: float
    skew: float | None
    kurtosis: float | None
    autocorrelations: tuple[tuple[int, float], ...]
    max_drawdown: float
    longest_drawdown: int
    best: Period
    worst: Period
    n_obs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GainSources:
    """Sharpe gain = mean_part + vol_part, exactly: what more return, and what less volatility at the same bets, bring.

    gain, mean_part, vol_part, vol_part_se  annualised Sharpe ratio; the error by jackknife
    vol_part_range     vol_part if tuned is base plus something else, and if base is tuned plus something else
    mean_change        mean of tuned at the base's bet size over the base's, less 1
    volatility_change  the same of the volatility
    reason             why there is no split; its numbers are then None
    """

    gain: float
    mean_part: float | None
    vol_part: float | None
    vol_part_se: float | None
    vol_part_range: tuple[float, float] | None
    mean_change: float | None
    volatility_change: float | None
    reason: str | None = None

    def __str__(self) -> str:
        """Give both parts on one line."""
        if self.mean_part is None or self.vol_part is None:
            return f"gain {self.gain:+.2f}, not split: {self.reason}"
        return f"gain {self.gain:+.2f} = {self.mean_part:+.2f} return {self.vol_part:+.2f} lower volatility"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPeriod:
    """Annualised gain when one date is left out of both series; None where a series does not vary without it."""

    dropped: Period
    gain: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShape:
    """Shapes of two policies' returns, and of the gain between them."""

    base: Shape
    tuned: Shape
    sources: GainSources
    without_best: WithoutPeriod
    without_worst: WithoutPeriod
    tails: SoldTails


def shape_of_pair(base: Array, tuned: Array, lengths: Sequence[int], periods_per_year: float) -> PairShape:
    """Shapes of both policies, and where the gain sits.

    base, tuned       (T,) simple returns on the same dates, finite, windows one after the other
    lengths           observations in each window
    periods_per_year  annualises means, volatilities and gains

    Raises ValueError where a series does not vary. Linear in T.
    """
    for name, returns in (("base", base), ("tuned", tuned)):
        if flat(returns):
            raise ValueError(f"{name} does not vary: it has no Sharpe ratio")
    best, worst = int(tuned.argmax()), int(tuned.argmin())
    return PairShape(
        base=shape(base, lengths, periods_per_year),
        tuned=shape(tuned, lengths, periods_per_year),
        sources=gain_sources(base, tuned, periods_per_year=periods_per_year),
        without_best=without_period(base, tuned, best, periods_per_year=periods_per_year),
        without_worst=without_period(base, tuned, worst, periods_per_year=periods_per_year),
        tails=sells_tails(base, tuned),
    )


def shape(returns: Array, lengths: Sequence[int], periods_per_year: float) -> Shape:
    """Describe one series of returns: (T,), T > 1, windows one after the other."""
    best, worst = int(returns.argmax()), int(returns.argmin())
    depth, longest = drawdown(returns)
    still = flat(returns)
    skew, kurtosis = (None, None) if still else _skew_kurtosis(returns)
    return Shape(
        mean=float(returns.mean()) * periods_per_year,
        volatility=0.0 if still else float(returns.std(ddof=1)) * math.sqrt(periods_per_year),
        skew=skew,
        kurtosis=kurtosis,
        autocorrelations=() if still else autocorrelations(returns, lengths),
        max_drawdown=depth,
        longest_drawdown=longest,
        best=Period(value=float(returns[best]), index=best),
        worst=Period(value=float(returns[worst]), index=worst),
        n_obs=returns.size,
    )


def drawdown(returns: Array) -> tuple[float, int]:
    """Deepest fall of the sum of returns from its running peak, and the longest time below one: (T,) to two numbers."""
    total = np.cumsum(returns)
    peak = np.maximum(np.maximum.accumulate(total), 0.0)
    fall = peak - total
    # A sum that is back at its peak but for rounding is back.
    at_peak = np.flatnonzero(fall <= 1e-12 * np.abs(returns).sum())
    longest = int(np.diff(at_peak, prepend=-1, append=returns.size).max()) - 1
    return (float(fall.max()) if longest else 0.0), longest


def autocorrelations(returns: Array, lengths: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """Autocorrelation at each lag that a window holds: products inside a window over the sum of squares."""
    values = ((returns - returns.mean()) / returns.std())[:, None]
    windows = window_ids(lengths)
    return tuple((lag, float(autocovariance(values, lag, windows)[0, 0])) for lag in LAGS if lag < max(lengths))


def gain_sources(base: Array, tuned: Array, *, periods_per_year: float) -> GainSources:
    """Split the Sharpe gain into more return and less volatility at the same bets.

    A Sharpe ratio is mean over volatility, and its change has a symmetric (Shapley 1953) split that adds up,
        mean part = (m_t - m_b) (1/s_t + 1/s_b) / 2,   vol part = (m_t + m_b) / 2 (1/s_t - 1/s_b),
    once it is said which multiple of tuned holds bets of the base's size: leverage raises both mean and volatility and
    gains nothing. Here it is the multiple with the base's mean absolute deviation. Where tuned only sizes the base's
    bets, that is the average size, each period weighted by how far it moved. A volatility-managed book whose mean
    moves with its volatility then gains by volatility alone, and a constant added to each return by the mean alone.
    Equal volatility would call every gain return; the regression beta would weigh turbulent periods twice and find
    volatility raised by whoever cuts the bets in them. Swapping the policies flips both signs.

    Beyond pure sizing two series do not tell which bets are the same. If tuned is e base + other things, e is the
    slope of tuned on base; if base is tuned / e + other things, that of base on tuned; taken with the sign of the
    deviation as instrument (Durbin 1954) they lie on either side of the ratio of mean absolute deviations, and give
    `vol_part_range`. Pure sizing closes it.

    base, tuned  (T,) simple returns on the same dates, neither constant
    """
    n = base.size
    year = math.sqrt(periods_per_year)
    x, y = (series / series.std(ddof=1) for series in (base, tuned))
    one, two = float(x.mean()), float(y.mean())
    gain = (two - one) * year
    if one <= 0 or two <= 0:
        who = "both policies lose" if max(one, two) <= 0 else "the base loses" if one <= 0 else "the tuned policy loses"
        return _no_split(gain, f"{who} on average, and less volatility makes a loss look worse, not better")
    sign_x, sign_y = np.sign(x - one), np.sign(y - two)
    size_x, size_y = float(np.abs(x - one).sum()), float(np.abs(y - two).sum())
    forward, backward = float(((y - two) * sign_x).sum()) / size_x, float(((x - one) * sign_y).sum()) / size_y
    if forward <= 0 or backward <= 0:
        return _no_split(gain, "the two policies do not move together: they have no bets in common to hold equal")

    # In unit volatilities the size e of tuned's bets is all there is to choose: mean two / e, volatility 1 / e.
    def vol_part(e: float) -> float:
        return (two / e + one) / 2 * (e - 1) * year

    def vol_part_of(means: Array, rows: Array) -> Array:
        m_x, m_y, xx, yy, sx, sy, xsx, ysy = means.T
        shrink = np.sqrt((rows - 1) / rows)
        sd_x, sd_y = np.sqrt(variance_left(m_x, xx)), np.sqrt(variance_left(m_y, yy))
        e = (ysy - m_y * sy) / (xsx - m_x * sx) * sd_x / sd_y
        return np.asarray((m_y / sd_y / e + m_x / sd_x) / 2 * (e - 1) * shrink * year)

    size = size_y / size_x
    table = np.column_stack([x, y, x * x, y * y, sign_x, sign_y, x * sign_x, y * sign_y])
    error = jackknife(vol_part_of, table) if n >= BLOCKS else math.inf
    return GainSources(
        gain=gain,
        mean_part=(two / size - one) * (size + 1) / 2 * year,
        vol_part=vol_part(size),
        vol_part_se=error if math.isfinite(error) else None,
        vol_part_range=(vol_part(min(forward, size)), vol_part(max(1 / backward, size))),
        mean_change=two / size / one - 1,
        volatility_change=1 / size - 1,
    )


def _no_split(gain: float, reason: str) -> GainSources:
    return GainSources(
        gain=gain,
        mean_part=None,
        vol_part=None,
        vol_part_se=None,
        vol_part_range=None,
        mean_change=None,
        volatility_change=None,
        reason=reason,
    )


def without_period(base: Array, tuned: Array, index: int, *, periods_per_year: float) -> WithoutPeriod:
    """Gain when row `index` is left out of both series: (T,) twice, T > 3."""
    dropped = Period(value=float(tuned[index]), index=index)
    if any(flat(np.delete(returns, index)) for returns in (base, tuned)):
        return WithoutPeriod(dropped=dropped, gain=None)
    gain = float(sharpe_without_each(tuned)[index] - sharpe_without_each(base)[index])
    return WithoutPeriod(dropped=dropped, gain=gain * math.sqrt(periods_per_year))


def _skew_kurtosis(returns: Array) -> tuple[float | None, float | None]:
    n = returns.size
    z = (returns - returns.mean()) / returns.std()
    square = z * z
    skew = float((square * z).mean()) * math.sqrt(n * (n - 1)) / (n - 2) if n > 2 else None
    excess = float((square * square).mean()) - 3
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6) if n > 3 else None
    return skew, kurtosis
