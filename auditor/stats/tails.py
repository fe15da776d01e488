"""Two return series on one calendar go in; whether tail risk rose with the Sharpe ratio comes out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.ratios import sharpe_ratio

Array = NDArray[np.float64]

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


NULL = "The tuned policy's returns have the same skew and the same left tail as the base's."


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
            g1 = (cube - 3 * m * square + 2 * m**3) / variance_left(m, square) ** 1.5
            found.append(g1 * np.sqrt(rows * (rows - 1)) / (rows - 2))
        return np.stack(found)

    def shortfalls(means: Array, rows: Array) -> Array:
        # Rockafellar & Uryasev (2000), equation 4: at its minimum in the edge, so the edge may stay when a block goes.
        found = []
        for m, square, _, beyond in (means.T[:4], means.T[4:]):
            found.append((m + beyond / TAIL) / np.sqrt(variance_left(m, square) * rows / (rows - 1)))
        return np.stack(found)

    whole, rows = table.mean(axis=0)[None, :], np.array([float(n)])
    skew, tail = skews(whole, rows)[:, 0], shortfalls(whole, rows)[:, 0]
    skew_se = jackknife(lambda means, left: np.diff(skews(means, left), axis=0)[0], table)
    tail_se = jackknife(lambda means, left: np.diff(shortfalls(means, left), axis=0)[0], table)
    skew_change, tail_change = float(skew[1] - skew[0]), float(tail[1] - tail[0])
    if math.isnan(skew_se):  # and the other too, of the same variances
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


def variance_left(mean: Array, square: Array) -> Array:
    """Variance by means and mean squares of a series in volatilities; NaN where it is zero up to rounding."""
    variance = square - mean**2
    return np.where(variance > 1e-12 * np.maximum(square, 1.0), variance, np.nan)


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


def flat(returns: Array) -> bool:
    """Whether a series is constant up to rounding."""
    return bool(np.ptp(returns) <= 1e-12 * float(np.abs(returns).max()))
