"""Successes and tries per problem go in; pass@k of two policies and a band for the difference come out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.blocks import Draws, block_length, block_sums, resampled_sums
from auditor.stats.richness import pass_at_k

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

DIFFERENCE_NULL = "Base and tuned solve the same share of problems with k tries, at every k."


@dataclass(frozen=True, slots=True, kw_only=True)
class PassCurves:
    """pass@k of both policies and their difference, with a band that holds at all k at once.

    k                        (K,) numbers of tries: 1, 2, ... up to the fewest of any problem, or those asked for
    base, tuned, difference  (K,) means over problems
    se, low, high            (K,) of the difference; low = difference - critical * se
    critical                 1 - level quantile of the largest |difference* - difference| / se over k
    crossover                first k at which the sign has turned, where the band shows the one sign before it and the
                             other after it; else None
    crossover_between        last k shown before and first k shown after, or None
    first_below              first k at which tuned solves a smaller share, shown or not; None: never
    """

    k: Counts
    base: Array
    tuned: Array
    difference: Array
    se: Array
    low: Array
    high: Array
    critical: float
    crossover: int | None
    crossover_between: tuple[int, int] | None
    first_below: int | None
    n_problems: int
    level: float
    block: int
    reps: int
    seed: int
    null: str = DIFFERENCE_NULL

    def __str__(self) -> str:
        """Say it in one line."""
        ends = (f"pass@{self.k[at]} {self.base[at]:.3f} -> {self.tuned[at]:.3f}" for at in sorted({0, self.k.size - 1}))
        return f"{', '.join(ends)}, crossover {self.crossover or 'not shown'}"


def pass_curves(
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
) -> PassCurves:
    """Difference of pass@k with a simultaneous band by resampling problems.

    Arguments as of `compare_tries`.

    sup-t band over all k (Montiel Olea & Plagborg-Moller 2019), errors from the same replicates. Tries are not
    resampled beside the problems: pass@k is unbiased within each, so the problems' spread holds that noise already.
    """
    if base.size < 2 or not base.shape == tuned.shape == base_tries.shape == tuned_tries.shape:
        raise ValueError("base, tuned and their tries must be (N,) alike, N at least 2")
    most = int(min(base_tries.min(), tuned_tries.min()))
    k = np.arange(1, most + 1) if at is None else at
    by_base, by_tuned = pass_at_k(base_tries, base, most, at=k), pass_at_k(tuned_tries, tuned, most, at=k)
    gap = by_tuned - by_base
    difference = gap.mean(axis=0)
    lengths = (gap.shape[0],)
    if block is None:
        block = block_length(gap[:, 0].copy(), gap[:, -1].copy(), lengths=lengths)
    draws = Draws(lengths=lengths, block=block, reps=reps, seed=seed)
    moved = _resampled_means(gap - difference, draws)
    # what rounding leaves of a column that does not vary is no spread
    se = np.where(np.ptp(gap, axis=0) > 1e-12, moved.std(axis=0, ddof=1) if reps > 1 else 0.0, 0.0)
    alive = se > 0.0
    critical = 0.0
    if alive.any():
        largest = (np.abs(moved[:, alive]) / se[alive]).max(axis=1)
        critical = float(np.quantile(largest, 1.0 - level, method="higher"))
    low, high = difference - critical * se, difference + critical * se
    crossover, between = _crossover(k, difference, low, high)
    below = np.flatnonzero(difference < -1e-12)
    return PassCurves(
        k=k,
        base=by_base.mean(axis=0),
        tuned=by_tuned.mean(axis=0),
        difference=difference,
        se=se,
        low=low,
        high=high,
        critical=critical,
        crossover=crossover,
        crossover_between=between,
        first_below=int(k[below[0]]) if below.size else None,
        n_problems=base.size,
        level=level,
        block=block,
        reps=reps,
        seed=seed,
    )


def _resampled_means(deviations: Array, draws: Draws) -> Array:
    """Mean of each column in every replicate: (N, K) to (reps, K).

    Curves of pass@k are so smooth in k that a dozen or two directions span them to rounding: only these are resampled.
    """
    kept = np.zeros((0, deviations.shape[1]))
    rest, scale = deviations, float(np.abs(deviations).max())
    # Squaring loses half the digits, so what the first directions leave is gone through once more.
    for _ in range(2):
        if float(np.abs(rest).max()) <= 1e-13 * scale:
            break
        sizes, vectors = np.linalg.eigh(rest.T @ rest)
        more = vectors[:, sizes > 1e-15 * max(float(sizes[-1]), math.ulp(1.0))].T
        kept = np.linalg.qr(np.vstack([kept, more]).T)[0].T
        rest = deviations - (deviations @ kept.T) @ kept
    if not len(kept):
        return np.zeros((draws.reps, deviations.shape[1]))
    parts = np.ascontiguousarray(deviations @ kept.T)
    sums = resampled_sums(block_sums(parts, draws.block, draws.lengths), draws)
    means: Array = sums @ kept / (draws.n_blocks * draws.block)
    return means


def _crossover(k: Counts, difference: Array, low: Array, high: Array) -> tuple[int | None, tuple[int, int] | None]:
    """Where the sign of the difference changes, if the band shows the one sign and then the other."""
    sign = np.where(low > 0.0, 1, np.where(high < 0.0, -1, 0))
    shown = np.flatnonzero(sign)
    if not shown.size:
        return None, None
    turned = shown[sign[shown] != sign[shown[0]]]
    if not turned.size:
        return None, None
    after = int(turned[0])
    before = int(shown[shown < after][-1])
    turn = before + 1 + int(np.argmax(np.sign(difference[before + 1 : after + 1]) == sign[after]))
    return int(k[turn]), (int(k[before]), int(k[after]))
