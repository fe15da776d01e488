"""Returns of both policies go in; which of them is inside the other comes out: tuned is narrower, or wider."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

BLOCKS = 40
"""Blocks of the delete-a-block jackknife."""

ROWS = 512
"""Rows taken at once, so that a matrix of blocks by rows stays in cache."""


DAILY = frozenset({"daily", "intraday"})
"""Frequencies of dates at which returns show, as a rule, which of two policies is inside the other."""


ALL, OUTSIDE, USUAL = "all periods", "the periods out of sample", "all but the 2 % that differ most"

LARGEST = 0.02
"""Share of periods that a direction may not hang on, of each policy's rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Narrower (tuned is a part of base), wider (base is a part of tuned), or neither shown. H0: neither.

    d, z    statistic and its studentised value; None, with the reason, where the test does not apply
    could_see  mean z on surrogates of this pair in which tuned is a part of base: what z would be if it were
    periods    which periods say so: all, those out of sample, or all but those that differ most
    """

    null: str
    verdict: Literal["narrower", "wider", "unclear"]
    d: float | None
    se: float | None
    z: float | None
    could_see: float | None
    n_obs: int
    reason: str | None = None
    periods: str = ALL

    def hidden(self, level: float) -> bool:
        """Whether z is neither that of a wider policy nor shown to be above what a narrower one like this would give.

        Both z and could_see have unit error, so that their difference is held against sqrt(2) critical values.
        """
        if self.z is None or self.could_see is None:
            return False
        edge = float(ndtri(1 - level))
        return abs(self.z) <= edge and self.z - self.could_see <= math.sqrt(2) * edge

    def tells_new(self, frequency: str) -> bool:
        """Whether returns on daily dates, or finer ones, show that the base is a part of the tuned policy.

        What is left then is not the base's. With the gain at 20 % in place of 5 % there, power rises from 35 to 45 %
        and false new edge from 0.6 to 0.8 % on data with tails or clusters (docs/confusion.md); weekly and monthly
        nulls have no room for it.
        """
        return self.verdict == "wider" and frequency in DAILY

    def __str__(self) -> str:
        """Give the verdict and z on one line."""
        return f"{self.verdict}: {self.reason}" if self.z is None else f"{self.verdict}, z={self.z:.2f}"


NULL = "Neither policy is a part of the other: after the common part, what is left of each depends on the other alike."


def asymmetry(base: Array, tuned: Array) -> float:
    """D = corr(|x - r y|, |y|) - corr(|y - r x|, |x|) of the standardised x = base, y = tuned: (T,) twice to a number.

    If tuned = base + something independent, y - r x is independent of x but x - r y is not of y: D > 0.
    The idea of pairwise LiNGAM: Shimizu et al. (2006), Hyvarinen & Smith (2013), on absolute values, so that changing
    exposure and fat tails carry it.
    """
    x = (base - base.mean()) / base.std()
    y = (tuned - tuned.mean()) / tuned.std()
    r = float((x * y).mean())
    return correlation(np.abs(x - r * y), np.abs(y)) - correlation(np.abs(y - r * x), np.abs(x))


def jackknifed(base: Array, tuned: Array) -> tuple[float, float]:
    """D and its delete-a-block jackknife error; not finite where a policy does not vary."""
    edges = np.linspace(0, base.size, BLOCKS + 1).astype(np.intp)
    with np.errstate(divide="ignore", invalid="ignore"):
        d = asymmetry(base, tuned)
        without = without_each(base, tuned, edges)
        return d, math.sqrt((BLOCKS - 1) / BLOCKS * float(((without - without.mean()) ** 2).sum()))


def without_each(base: Array, tuned: Array, edges: NDArray[np.intp]) -> Array:
    """D without each block of rows: (T,) twice and (k + 1,) ascending edges to (k,).

    What is left after a block is described by the sums over all rows less those of the block, so that no series is
    cut and joined k times. Where that subtraction would cost digits, the series are cut and joined.
    """
    x = (base - base.mean()) / base.std()
    y = (tuned - tuned.mean()) / tuned.std()
    left = base.size - np.diff(edges)

    def rest(values: Array) -> Array:
        return np.asarray((values.sum() - np.add.reduceat(values, edges[:-1])) / left)

    mx, my = rest(x), rest(y)
    vx, vy, shared = rest(x * x) - mx * mx, rest(y * y) - my * my, rest(x * y) - mx * my
    if np.diff(edges).min() == 0 or not (min(vx.min(), vy.min()) > 1e-6 and (shared**2 < (1 - 1e-6) * vx * vy).all()):
        return np.array(
            [
                asymmetry(np.concatenate([base[:a], base[b:]]), np.concatenate([tuned[:a], tuned[b:]]))
                for a, b in pairwise(edges)
            ]
        )
    on_tuned, on_base = shared / vy, shared / vx
    return _correlations(x, y, on_tuned, mx - on_tuned * my, my, edges) - _correlations(
        y, x, on_base, my - on_base * mx, mx, edges
    )


def _correlations(
    one: Array, other: Array, slope: Array, shift: Array, centre: Array, edges: NDArray[np.intp]
) -> Array:
    """Correlation of |one - slope other - shift| and |other - centre| outside each block: (T,) twice, (k,) to (k,)."""
    n_obs = one.size
    sums = np.zeros((5, slope.size))
    for first in range(0, n_obs, ROWS):
        rest = one[first : first + ROWS] - slope[:, None] * other[first : first + ROWS]
        rest -= shift[:, None]
        size = other[first : first + ROWS] - centre[:, None]
        np.abs(rest, out=rest)
        np.abs(size, out=size)
        products = (np.einsum("kt,kt->k", a, b) for a, b in ((rest, rest), (size, size), (rest, size)))
        sums += np.stack([rest.sum(axis=1), size.sum(axis=1), *products])
    # Each row once, under the numbers of its own block, is what the sums above hold too much.
    lengths = np.diff(edges)
    rest = np.abs(one - np.repeat(slope, lengths) * other - np.repeat(shift, lengths))
    size = np.abs(other - np.repeat(centre, lengths))
    own = (np.add.reduceat(values, edges[:-1]) for values in (rest, size, rest * rest, size * size, rest * size))
    a, b, aa, bb, ab = (sums - np.stack(list(own))) / (n_obs - lengths)
    return np.asarray((ab - a * b) / np.sqrt((aa - a * a) * (bb - b * b)))


def surrogate_bases(base: Array, tuned: Array) -> list[Array]:
    """Bases in which tuned is a part: what base has beside tuned, moved by a period and so independent of it.

    With x, y standardised and e = x - r y: r y + e a period earlier and later. They keep both parts' tails, clusters
    and correlation. They also keep the storms that both parts share, which outlast a period: two policies that are
    calm and stormy together look alike from either side, so D sees less of them than shifts by years would promise.
    """
    x, y = ((one - one.mean()) / one.std() for one in (base, tuned))
    r = float((x * y).mean())
    return [r * y + np.roll(x - r * y, periods) for periods in (-1, 1)]


def correlation(a: Array, b: Array) -> float:
    """Pearson correlation: (T,) twice to a number."""
    a = a - a.mean()
    b = b - b.mean()
    return float((a @ b) / np.sqrt((a @ a) * (b @ b)))


def direction_throughout(
    base: Array, tuned: Array, known: Array, outside: NDArray[np.int64], *, level: float
) -> Direction:
    """Test which policy is inside the other: on the whole sample, unless a part of it contradicts that.

    outside  (n,) rows out of sample; the rest as in `direction`

    A policy that bets at random in sample and is a part of the base out of it is wider on the whole sample, as is a
    part of the base with a few large bets. So what says wider on the whole sample must point there out of sample too,
    and without the 2 % of periods that differ most either way; and what is narrower out of sample is narrower.
    """
    whole = direction(base, tuned, known, level=level)
    if whole.z is None or whole.verdict == "narrower":
        return whole
    parts = [(outside, OUTSIDE)]
    if whole.verdict == "wider":
        parts.append((usual(base, tuned), USUAL))
    for rows, periods in parts:
        other = direction(base[rows], tuned[rows], known[rows], level=level)
        if other.verdict == "narrower" or (whole.verdict == "wider" and other.z is not None and other.z < 0):
            return replace(other, periods=periods)
    return whole


def usual(base: Array, tuned: Array) -> NDArray[np.int64]:
    """Rows without those where what is left of a policy after the other is among its largest: (T,) twice to (n,)."""
    x, y = ((one - one.mean()) / one.std() for one in (base, tuned))
    r = float((x * y).mean())
    rests = np.abs(x - r * y), np.abs(y - r * x)
    return np.flatnonzero(np.logical_and(*(rest <= np.quantile(rest, 1 - LARGEST) for rest in rests)))


def direction(base: Array, tuned: Array, known: Array, *, level: float) -> Direction:
    """Test which policy is inside the other, over all periods given.

    base, tuned  (T,) per-period returns
    known        (T, k) known streams, removed from both first; k may be 0
    level        one-sided level at which a direction is called

    The whole sample is used because D says nothing of gains, so tuning does not bias it. The error is a jackknife that
    deletes one of 40 blocks of consecutive periods at a time (Kunsch 1989, section 2).
    """
    n_obs = base.size
    if known.shape[1]:
        design = np.column_stack([np.ones(n_obs), known])
        both = np.column_stack([base, tuned])
        left = both - design @ np.linalg.lstsq(design, both, rcond=None)[0]
        kept = left.var(axis=0) / both.var(axis=0)
        if kept.min() < 1e-10:
            whose = "base" if kept[0] <= kept[1] else "tuned policy"
            return _none(n_obs, f"the known streams explain the whole {whose}")
        base, tuned = left[:, 0], left[:, 1]
    if base.min() == base.max() or tuned.min() == tuned.max():
        return _none(n_obs, "a policy does not vary")
    if 1 - correlation(base, tuned) ** 2 < 1e-10:
        after = "after the known streams are taken out, " if known.shape[1] else ""
        return _none(n_obs, f"{after}the two policies are the same up to leverage")
    d, se = jackknifed(base, tuned)
    if not (math.isfinite(d) and math.isfinite(se) and se > 0):
        return _none(n_obs, "what is left of a policy after the other does not vary")
    z = d / se
    surrogates = [jackknifed(wider, tuned) for wider in surrogate_bases(base, tuned)]
    could_see = float(np.mean([one / error if error > 0 else 0.0 for one, error in surrogates]))
    edge = float(ndtri(1 - level))
    verdict: Literal["narrower", "wider", "unclear"] = "narrower" if z < -edge else "wider" if z > edge else "unclear"
    return Direction(null=NULL, verdict=verdict, d=d, se=se, z=z, could_see=could_see, n_obs=n_obs)


def _none(n_obs: int, reason: str) -> Direction:
    return Direction(null=NULL, verdict="unclear", d=None, se=None, z=None, could_see=None, n_obs=n_obs, reason=reason)
