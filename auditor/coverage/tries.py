"""How often base and tuned solved each problem goes in; pass@k, the 2x2 of what each solves and bounds come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.tries_curves import PassCurves, pass_curves
from auditor.stats.richness import Richness, chao2, coverage_curve, pass_at_k

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

TAUS = (0.05, 0.25, 0.5, 0.9)

MCNEMAR_NULL = "A problem that only one of the two policies solved is as likely to be the base's as the tuned's."


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedSets:
    """The 2x2 of what each policy solved at least once with all its tries.

    both, base_only, tuned_only, neither   problems
    mcnemar_p   exact, two-sided
    kept        SRR, both / solved by base; None where base solved nothing
    new         NDR, tuned_only / solved by tuned; None where tuned solved nothing
    net         NSCR, (tuned_only - base_only) / solved by either; None where nothing was solved
    """

    both: int
    base_only: int
    tuned_only: int
    neither: int
    mcnemar_p: float
    kept: float | None
    new: float | None
    net: float | None
    null: str = MCNEMAR_NULL

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.both} solved by both, {self.base_only} by base only, {self.tuned_only} by tuned only, "
            f"{self.neither} by neither (McNemar p={self.mcnemar_p:.3g})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualCoverage:
    """Both policies with as many tries as find the same share of their successes' problems.

    coverage                the smaller of the two sample coverages with all tries
    base_tries, tuned_tries tries that reach it, linear between whole numbers
    base, tuned, difference share of problems solved by that many
    """

    coverage: float
    base_tries: float
    tuned_tries: float
    base: float
    tuned: float
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What base and tuned solve with many tries.

    curves           pass@k up to the fewest tries of any problem
    sets             with all tries; where the numbers differ the policy with more is favoured
    sampling_gap     Delta_SE: base pass@K - tuned pass@1 (Yue et al. 2025); what sharpening could still gain
    base_bound, tuned_bound        Chao2, capped at the number of problems
    base_coverage, tuned_coverage  sample coverage with all tries (Chao & Jost)
    cover            tau -> (base, tuned) share of problems solved by at least tau of the tries
    equal_coverage   where the numbers of tries differ between the policies
    ends_early       a problem has fewer than half the tries of another, and the curves end there
    not_assessed     what is None, each with its reason
    """

    curves: PassCurves
    sets: SolvedSets
    sampling_gap: float
    base_bound: Richness | None
    tuned_bound: Richness | None
    base_coverage: float | None
    tuned_coverage: float | None
    cover: dict[float, tuple[float, float]]
    equal_coverage: EqualCoverage | None
    ends_early: bool = False
    notes: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.curves}; {self.sets}"


def compare_tries(
    base: Counts,
    tuned: Counts,
    *,
    base_tries: Counts,
    tuned_tries: Counts,
    block: int | None = 1,
    at: Counts | None = None,
    reps: int = 2_000,
    seed: int = 0,
    level: float = 0.05,
) -> Tries:
    """Compare what two policies solve with many tries, over the same problems.

    base, tuned              (N,) successes per problem, problems in order of time
    base_tries, tuned_tries  (N,) tries, at least 1
    block                    problems in a circular block; 1 where problems have no order, None to estimate it
    at                       (K,) rising numbers of tries for the curves; None: all up to the fewest of any problem
    errors                   ValueError for shapes and counts that no input check lets through
    """
    curves = pass_curves(
        base,
        tuned,
        base_tries=base_tries,
        tuned_tries=tuned_tries,
        block=block,
        at=at,
        reps=reps,
        seed=seed,
        level=level,
    )
    notes, missing = [], []
    bounds: list[Richness | None] = []
    reached: list[Array | None] = []
    for name, tries, found in (("base", base_tries, base), ("tuned", tuned_tries, tuned)):
        if np.ptp(tries):
            bounds.append(None)
            reached.append(None)
            missing.append(f"Chao2 and sample coverage of {name}: its number of tries differs between problems")
        else:
            bounds.append(chao2(int(tries[0]), found, most=found.size))
            reached.append(coverage_curve(int(tries[0]), found))
    equal = None
    if not np.array_equal(base_tries, tuned_tries):
        notes.append("the numbers of tries differ: the 2x2 favours the policy with more; pass@k does not")
        if reached[0] is None or reached[1] is None:
            missing.append("Comparison at equal coverage: sample coverage was not assessed")
        else:
            equal = equal_coverage(base, tuned, reached[0], reached[1])
    most = max((int(one.max()) for one in (base_tries, tuned_tries) if 2 * one.min() < one.max()), default=None)
    if most is not None:
        notes.append(
            f"the curves end at k={int(curves.k[-1])}, the fewest tries of any problem, where others have up to "
            f"{most}: leave out problems with few tries to see further"
        )
    if base.size < 30:
        notes.append(f"only {base.size} problems: the band is rough")
    if np.array_equal(base, tuned) and np.array_equal(base_tries, tuned_tries):
        notes.append("base and tuned have the same counts on every problem")
    return Tries(
        curves=curves,
        sets=solved_sets(base > 0, tuned > 0),
        sampling_gap=float(curves.base[-1] - curves.tuned[0]),
        base_bound=bounds[0],
        tuned_bound=bounds[1],
        base_coverage=None if reached[0] is None else float(reached[0][-1]),
        tuned_coverage=None if reached[1] is None else float(reached[1][-1]),
        cover={tau: (cover_at(base_tries, base, tau), cover_at(tuned_tries, tuned, tau)) for tau in TAUS},
        equal_coverage=equal,
        ends_early=most is not None,
        notes=tuple(notes),
        not_assessed=tuple(missing),
    )


def solved_sets(base: NDArray[np.bool_], tuned: NDArray[np.bool_]) -> SolvedSets:
    """2x2 of two sets of solved problems: (N,), (N,)."""
    both, neither = int((base & tuned).sum()), int((~base & ~tuned).sum())
    base_only, tuned_only = int((base & ~tuned).sum()), int((~base & tuned).sum())
    return SolvedSets(
        both=both,
        base_only=base_only,
        tuned_only=tuned_only,
        neither=neither,
        mcnemar_p=mcnemar_exact(base_only, tuned_only),
        kept=both / (both + base_only) if both + base_only else None,
        new=tuned_only / (both + tuned_only) if both + tuned_only else None,
        net=(tuned_only - base_only) / (base.size - neither) if base.size > neither else None,
    )


def mcnemar_exact(base_only: int, tuned_only: int) -> float:
    """Two-sided p of McNemar's test, exact: twice the binomial tail at 1/2, at most 1."""
    from scipy.special import bdtr

    return float(min(1.0, 2.0 * bdtr(min(base_only, tuned_only), base_only + tuned_only, 0.5)))


def cover_at(tries: Counts, successes: Counts, tau: float) -> float:
    """Cover@tau: share of problems solved by at least `tau` of the tries, 0 < tau <= 1."""
    return float((successes >= tau * tries - 1e-9).mean())


def equal_coverage(base: Counts, tuned: Counts, base_reach: Array, tuned_reach: Array) -> EqualCoverage | None:
    """Shares solved by as many tries as give both policies the same sample coverage.

    base, tuned    (N,) successes
    .._reach       (m,) sample coverage by number of tries; its length is the number of tries
    Chao & Jost (2012): equal effort is not equal completeness. Linear between whole numbers of tries, as iNEXT.
    None where the coverage in common is below that of a single try.
    """
    goal = float(min(base_reach[-1], tuned_reach[-1]))
    tries, shares = [], []
    for found, reach in ((base, base_reach), (tuned, tuned_reach)):
        rising = np.maximum.accumulate(reach)
        if goal < rising[0]:
            return None
        at = int(np.searchsorted(rising, goal - 1e-15))  # there is one, and what stands before it is smaller
        part = max(0.0, float((rising[at] - goal) / (rising[at] - rising[at - 1]))) if at else 0.0
        near = np.array([max(at, 1), at + 1])
        below, there = pass_at_k(np.full(found.size, reach.size), found, reach.size, at=near).mean(axis=0)
        tries.append(at + 1 - part)
        shares.append(float(there - part * (there - below)))
    return EqualCoverage(
        coverage=goal,
        base_tries=tries[0],
        tuned_tries=tries[1],
        base=shares[0],
        tuned=shares[1],
        difference=shares[1] - shares[0],
    )
