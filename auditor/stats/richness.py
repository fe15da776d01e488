"""Successes per problem, or individuals per species, go in; what more or fewer tries would find comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Form = Literal["classic", "corrected"]

Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Richness:
    """How many can be found at all, those never seen so far among them: a lower bound.

    observed    found at least once
    estimate    Chao's lower bound, at most `most`
    uncapped    the same before the cap
    se          its error, before the cap
    ci          95 %, log-normal above what was observed (Chao 1987), at most `most`
    once, twice found exactly once and exactly twice
    most        how many there are; None: unknown
    definition  which of the formulas that go by the name
    """

    observed: int
    estimate: float
    uncapped: float
    se: float
    ci: tuple[float, float]
    once: int
    twice: int
    most: int | None
    definition: str

    def __str__(self) -> str:
        """Say it in one line."""
        low, high = self.ci
        return f"{self.observed} found, at least {self.estimate:.1f} can be [{low:.1f}, {high:.1f}]"


def pass_at_k(tries: Counts, successes: Counts, most: int, *, at: Counts | None = None) -> Array:
    """Probability that a draw of k of the tries, without replacement, holds a success: (N,) to (N, most).

    tries, successes  (N,) per problem, 0 <= successes <= tries
    most              the largest k, at most the fewest tries; column k - 1 is pass@k
    at                (K,) the only k wanted, each at most `most`: the result is (N, K)
    errors            ValueError for counts and k that do not fit

    1 - C(n - c, k) / C(n, k), unbiased: Chen et al. (2021), equation 1. Computed as 1 - prod (1 - c / (n - i)) over
    i < k, a running sum of log1p, so that no digits are lost at small k. Summed over problems it is the exact
    rarefaction curve of ecology (Hurlbert 1971; Ugland, Gray & Ellingsen 2003). Problems with the same counts are
    computed once.
    """
    if tries.shape != successes.shape or tries.ndim != 1 or not tries.size:
        raise ValueError(f"tries and successes must be (N,) alike; got {tries.shape} and {successes.shape}")
    if (successes < 0).any() or (successes > tries).any():
        raise ValueError("successes must lie between 0 and tries")
    if not 1 <= most <= tries.min():
        raise ValueError(f"k must lie between 1 and the fewest tries, {tries.min()}; got {most}")
    pairs, which = np.unique(np.column_stack([tries, successes]), axis=0, return_inverse=True)
    total = pairs[:, :1]
    lost = pairs[:, 1:] / (total - np.arange(most))
    with np.errstate(divide="ignore"):
        steps = np.log1p(-np.minimum(lost, 1.0))
    logs = np.cumsum(steps, axis=1)
    found: Array = -np.expm1(logs if at is None else logs[:, at - 1])
    return found[which.ravel()]


def rarefaction(individuals: Counts, sizes: Counts) -> tuple[Array, Array]:
    """Species expected among fewer individuals, and the error: (S,) counts, (m,) sizes to (m,), (m,).

    individuals  (S,) per species
    sizes        (m,) individuals drawn, from 1 to all of them
    Hurlbert (1971); variance of Heck, van Belle & Simberloff (1975), as vegan's rarefy(se=TRUE).
    """
    seen = individuals[individuals > 0]
    total = int(seen.sum())
    most = int(sizes.max())
    held = pass_at_k(np.full(seen.size, total), seen, most)
    missed = 1.0 - held
    # two species at once: missed when neither is among those drawn
    left, right = np.triu_indices(seen.size, 1)
    variance = (held * missed).sum(axis=0)
    if left.size:
        sums, times = np.unique(seen[left] + seen[right], return_counts=True)
        both = times @ (1.0 - pass_at_k(np.full(sums.size, total), sums, most))
        variance += 2.0 * (both - ((missed.sum(axis=0) ** 2) - (missed**2).sum(axis=0)) / 2.0)
    at = sizes - 1
    return held.sum(axis=0)[at], np.sqrt(np.maximum(variance, 0.0))[at]


def accumulation_error(tries: int, successes: Counts) -> Array:
    """Error of the number of problems solved by k tries, unconditional: (N,) to (tries,).

    Colwell, Mao & Chang (2004), with the first-order jackknife for the number of problems, as vegan's
    specaccum(method="exact", conditioned=FALSE).
    """
    curve = pass_at_k(np.full(successes.size, tries), successes, tries)
    total = (successes > 0).sum() + (tries - 1) / tries * (successes == 1).sum()
    if total <= 0.0:
        return np.zeros(tries)
    error: Array = np.sqrt(np.maximum((curve**2).sum(axis=0) - curve.sum(axis=0) ** 2 / total, 0.0))
    return error


def chao1(individuals: Counts, *, form: Form = "classic") -> Richness:
    """Lower bound of the number of species from individuals: (S,) counts.

    classic    S + (n-1)/n f1^2 / (2 f2), or (n-1)/n f1 (f1-1) / 2 where f2 = 0: Chao (1984, 1987), as iNEXT
    corrected  S + f1 (f1-1) / (2 (f2+1)) with the multinomial error: as vegan's estimateR
    """
    seen = individuals[individuals > 0]
    if form == "corrected":
        return _corrected(seen)
    return _classic(seen, max(1, int(seen.sum())), None, "Chao1, classic with (n-1)/n (iNEXT)")


def chao2(tries: int, successes: Counts, *, most: int | None = None) -> Richness:
    """Lower bound of the number of problems that ever get solved, from who was solved how often: (N,) successes.

    tries  of each problem, m
    most   number of problems, which caps the estimate and its interval

    S + (m-1)/m Q1^2 / (2 Q2), or (m-1)/m Q1 (Q1-1) / 2 where Q2 = 0; Chao (1987), Chao et al. (2014), as iNEXT and
    vegan's specpool. With at most one problem solved exactly once and none twice, nothing is added and the error is
    iNEXT's, that of the number observed, where specpool gives another (0 for none).
    """
    return _classic(successes[successes > 0], tries, most, "Chao2, classic with (m-1)/m (iNEXT, vegan specpool)")


def sample_coverage(tries: int, successes: Counts) -> float:
    """Share of all successes that would fall on problems solved already; from 0 to 1.

    tries  of each problem; for counts of individuals per species, their sum
    Chao & Jost (2012), equation 4a, and for incidence Chao et al. (2014): 1 - Q1/U (m-1) Q1 / ((m-1) Q1 + 2 Q2), with
    Q1 - 1 for Q1 in the ratio and 1 for Q2 where Q2 = 0. 0 where nothing was solved.
    """
    total = int(successes.sum())
    if total == 0:
        return 0.0
    once, twice = int((successes == 1).sum()), int((successes == 2).sum())
    if once == 0:
        return 1.0
    rare = (tries - 1) * (once if twice else once - 1)
    rest = 2 * (twice or 1)
    return 1.0 - once / total * rare / (rare + rest)


def coverage_curve(tries: int, successes: Counts) -> Array:
    """Sample coverage expected with fewer tries: (N,) successes to (tries,), the last the estimate for all of them.

    1 - sum over problems of Y/U C(m - Y, t) / C(m - 1, t) for t < m: Chao et al. (2014), as iNEXT.
    """
    found = np.empty(tries)
    found[-1] = sample_coverage(tries, successes)
    seen = successes[successes > 0]
    if not seen.size:
        return np.zeros(tries)
    if tries > 1:
        # C(m - Y, t) / C(m - 1, t): the others' chance of missing Y - 1 successes among m - 1 tries
        missed = 1.0 - pass_at_k(np.full(seen.size, tries - 1), seen - 1, tries - 1)
        found[:-1] = 1.0 - (seen / seen.sum()) @ missed
    return found


def _classic(seen: Counts, n: int, most: int | None, definition: str) -> Richness:
    observed, once, twice = seen.size, int((seen == 1).sum()), int((seen == 2).sum())
    shrink = (n - 1) / n
    if once > 1 or (once and twice):
        if twice:
            ratio = once / twice
            extra = shrink * once**2 / (2 * twice)
            variance = twice * (shrink * ratio**2 / 2 + shrink**2 * (ratio**3 + ratio**4 / 4))
        else:
            extra = shrink * once * (once - 1) / 2
            variance = extra + shrink**2 * (once * (2 * once - 1) ** 2 - once**4 / (observed + extra)) / 4
        if extra > 0.0:
            spread = math.exp(Z * math.sqrt(math.log1p(variance / extra**2)))
            ci = (observed + extra / spread, observed + extra * spread)
        else:  # a single try shrinks to nothing
            ci = (float(observed), float(observed))
    else:
        extra, fade = 0.0, np.exp(-seen)
        variance = float((fade - fade**2).sum() - (seen * fade).sum() ** 2 / n)
        unseen = float(fade.sum()) / max(observed, 1)
        middle, wide = observed / (1 - unseen), Z * math.sqrt(max(variance, 0.0)) / (1 - unseen)
        ci = (max(observed, middle - wide), middle + wide)
    top = math.inf if most is None else float(most)
    return Richness(
        observed=observed,
        estimate=min(observed + extra, top),
        uncapped=observed + extra,
        se=math.sqrt(max(variance, 0.0)),
        ci=(min(ci[0], top), min(ci[1], top)),
        once=once,
        twice=twice,
        most=most,
        definition=definition,
    )


def _corrected(seen: Counts) -> Richness:
    observed, once, twice = seen.size, int((seen == 1).sum()), int((seen == 2).sum())
    extra = once * (once - 1) / 2 / (twice + 1)
    # gradient over the numbers of species by abundance, whose total is multinomial over the estimate
    by_one, by_two = 1 + (2 * once - 1) / (2 * (twice + 1)), 1 - once * (once - 1) / (2 * (twice + 1) ** 2)
    rest = observed - once - twice
    squares = once * by_one**2 + twice * by_two**2 + rest
    total = once * by_one + twice * by_two + rest
    variance = squares - total**2 / (observed + extra) if observed else 0.0
    spread = math.exp(Z * math.sqrt(math.log1p(variance / extra**2))) if extra else 1.0
    return Richness(
        observed=observed,
        estimate=observed + extra,
        uncapped=observed + extra,
        se=math.sqrt(max(variance, 0.0)),
        ci=(observed + extra / spread, observed + extra * spread),
        once=once,
        twice=twice,
        most=None,
        definition="Chao1, bias-corrected (vegan estimateR)",
    )
