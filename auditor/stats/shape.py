"""Two return series on one calendar go in; what their returns look like, and what shapes the gain, comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.longrun import autocovariance, window_ids
from auditor.stats.sharpe import sharpe_ratio, sharpe_without_each

Array = NDArray[np.float64]

LAGS = (1, 2, 5)
"""Lags of the autocorrelations shown: stale prices, a second day of them, a week."""

BLOCKS = 40
"""Blocks of the delete-a-block jackknife."""

TAIL = 0.05
"""Share of periods that the expected shortfall averages."""

CALLED = -1.645
"""A fall of the skew, or a rise of the shortfall, is called at 5 %, one-sided."""

SHARP_SKEW = 0.5
SHARP_TAIL = 0.15
"""Least fall of the skew, and least rise of the shortfall in volatilities, worth a warning however significant."""

ONE_LOSS = 1.5
"""Fall of the skew that is flagged whatever its error.

One loss sits in one of 40 blocks, and the jackknife then gives z = -1 however large the loss, so significance alone
would never see the first crash.
"""


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
class SoldTails:
    """Whether the Sharpe ratio rose as tail risk did. H0: base and tuned have the same skew and left tail.

    skew, tail    (base, tuned): skew, and mean less expected shortfall at 5 % in volatilities
    *_se, *_z     of tuned less base, by jackknife; None, with the reason, where it does not apply
    warning       one sentence where flagged
    """

    null: str
    flagged: bool
    sharpe_rose: bool
    skew: tuple[float, float] | None
    skew_se: float | None
    skew_z: float | None
    tail: tuple[float, float] | None
    tail_se: float | None
    tail_z: float | None
    n_obs: int
    warning: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        """Give skews and tails on one line."""
        if self.skew is None or self.tail is None:
            return f"tails not compared: {self.reason}"
        return (
            f"skew {self.skew[0]:.2f} -> {self.skew[1]:.2f}, shortfall {self.tail[0]:.2f} -> {self.tail[1]:.2f} "
            f"volatilities: {'flagged' if self.flagged else 'not flagged'}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShape:
    """Shapes of two policies' returns, and of the gain between them."""

    base: Shape
    tuned: Shape
    sources: GainSources
    without_best: WithoutPeriod
    without_worst: WithoutPeriod
    tails: SoldTails


NULL = "The tuned policy's returns have the same skew and the same left tail as the base's."


def shape_of_pair(base: Array, tuned: Array, lengths: Sequence[int], periods_per_year: float) -> PairShape:
    """Shapes of both policies, and where the gain sits.

    base, tuned       (T,) simple returns on the same dates, finite, windows one after the other
    lengths           observations in each window
    periods_per_year  annualises means, volatilities and gains

    Raises ValueError where a series does not vary. Linear in T.
    """
    for name, returns in (("base", base), ("tuned", tuned)):
        if _flat(returns):
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
    flat = _flat(returns)
    skew, kurtosis = (None, None) if flat else _skew_kurtosis(returns)
    return Shape(
        mean=float(returns.mean()) * periods_per_year,
        volatility=0.0 if flat else float(returns.std(ddof=1)) * math.sqrt(periods_per_year),
        skew=skew,
        kurtosis=kurtosis,
        autocorrelations=() if flat else autocorrelations(returns, lengths),
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
        sd_x, sd_y = np.sqrt(xx - m_x**2), np.sqrt(yy - m_y**2)
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
    if any(_flat(np.delete(returns, index)) for returns in (base, tuned)):
        return WithoutPeriod(dropped=dropped, gain=None)
    gain = float(sharpe_without_each(tuned)[index] - sharpe_without_each(base)[index])
    return WithoutPeriod(dropped=dropped, gain=gain * math.sqrt(periods_per_year))


def sells_tails(base: Array, tuned: Array) -> SoldTails:
    """Flag a Sharpe ratio that rose while the skew fell sharply or the left tail grew.

    Selling options raises the mean and the Sharpe ratio, and pays with rare losses that neither shows
    (Goetzmann, Ingersoll, Spiegel & Welch 2007, section 1). Skew and tail are of returns in volatilities from their
    own mean, so neither leverage nor a higher mean changes them. Flagged where the Sharpe ratio rose and
        the skew fell by at least 0.5 with z < -1.645, or
        the expected shortfall rose by at least 0.15 volatilities with z > 1.645, or
        the skew fell by at least 1.5, since one crash alone is never significant.
    A loss that has not come yet is not in the returns: no flag is no proof.

    base, tuned  (T,) simple returns on the same dates, neither constant
    """
    n = base.size
    rose = sharpe_ratio(tuned) > sharpe_ratio(base)
    if n < BLOCKS:
        return _no_tails(n, rose, f"{n} periods are fewer than the {BLOCKS} blocks of the error")
    columns = []
    for returns in (base, tuned):
        z = (returns - returns.mean()) / returns.std()
        edge = float(np.partition(z, _tail_rank(n))[_tail_rank(n)])
        columns += [z, z * z, z * z * z, np.maximum(edge - z, 0.0) - edge * TAIL]
    table = np.column_stack(columns)

    def skews(means: Array, rows: Array) -> Array:
        found = []
        for m, square, cube in (means.T[:3], means.T[4:7]):
            g1 = (cube - 3 * m * square + 2 * m**3) / (square - m**2) ** 1.5
            found.append(g1 * np.sqrt(rows * (rows - 1)) / (rows - 2))
        return np.stack(found)

    def shortfalls(means: Array, rows: Array) -> Array:
        # Rockafellar & Uryasev (2000), equation 4: at its minimum in the edge, so the edge may stay when a block goes.
        found = []
        for m, square, _, beyond in (means.T[:4], means.T[4:]):
            found.append((m + beyond / TAIL) / np.sqrt((square - m**2) * rows / (rows - 1)))
        return np.stack(found)

    whole, rows = table.mean(axis=0)[None, :], np.array([float(n)])
    skew, tail = skews(whole, rows)[:, 0], shortfalls(whole, rows)[:, 0]
    skew_se = jackknife(lambda means, left: np.diff(skews(means, left), axis=0)[0], table)
    tail_se = jackknife(lambda means, left: np.diff(shortfalls(means, left), axis=0)[0], table)
    skew_change, tail_change = float(skew[1] - skew[0]), float(tail[1] - tail[0])
    if not (math.isfinite(skew_se) and math.isfinite(tail_se)):
        return _no_tails(n, rose, "a series does not vary without one of its 40 blocks")
    skew_z = skew_change / skew_se if skew_se > 1e-9 else 0.0
    tail_z = tail_change / tail_se if tail_se > 1e-9 else 0.0
    flagged = rose and (
        (skew_change <= -SHARP_SKEW and skew_z < CALLED)
        or (tail_change >= SHARP_TAIL and -tail_z < CALLED)
        or skew_change <= -ONE_LOSS
    )
    return SoldTails(
        null=NULL,
        flagged=flagged,
        sharpe_rose=rose,
        skew=(float(skew[0]), float(skew[1])),
        skew_se=skew_se,
        skew_z=skew_z,
        tail=(float(tail[0]), float(tail[1])),
        tail_se=tail_se,
        tail_z=tail_z,
        n_obs=n,
        warning=(
            f"the Sharpe ratio rose while tail risk grew, as when options are sold: "
            f"skew {skew[0]:.2f} -> {skew[1]:.2f} (z={skew_z:.1f}), mean loss in the worst {TAIL:.0%} of periods "
            f"{tail[0]:.2f} -> {tail[1]:.2f} volatilities (z={tail_z:.1f}); a Sharpe ratio does not price rare losses"
        )
        if flagged
        else None,
    )


def _no_tails(n_obs: int, rose: bool, reason: str) -> SoldTails:
    return SoldTails(
        null=NULL,
        flagged=False,
        sharpe_rose=rose,
        skew=None,
        skew_se=None,
        skew_z=None,
        tail=None,
        tail_se=None,
        tail_z=None,
        n_obs=n_obs,
        reason=reason,
    )


def _tail_rank(n_obs: int) -> int:
    return math.ceil(TAIL * n_obs - 1e-9) - 1


def jackknife(statistic: Callable[[Array, Array], Array], table: Array) -> float:
    """Delete-a-block standard error of a function of column means, from 40 blocks of consecutive rows of (T, k).

    statistic  ((40, k) means, (40,) rows left) to (40,). Kunsch (1989), section 2.
    """
    n = table.shape[0]
    edges = np.linspace(0, n, BLOCKS + 1).astype(np.intp)
    left = (n - np.diff(edges)).astype(np.float64)
    sums = np.add.reduceat(table, edges[:-1], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = statistic((sums.sum(axis=0) - sums) / left[:, None], left)
        return math.sqrt((BLOCKS - 1) / BLOCKS * float(((without - without.mean()) ** 2).sum()))


def _skew_kurtosis(returns: Array) -> tuple[float | None, float | None]:
    n = returns.size
    z = (returns - returns.mean()) / returns.std()
    square = z * z
    skew = float((square * z).mean()) * math.sqrt(n * (n - 1)) / (n - 2) if n > 2 else None
    excess = float((square * square).mean()) - 3
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6) if n > 3 else None
    return skew, kurtosis


def _flat(returns: Array) -> bool:
    return bool(np.ptp(returns) <= 1e-12 * float(np.abs(returns).max()))
