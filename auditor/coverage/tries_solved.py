"""Successes of one policy and of its placebo go in; the share of problems that it solves beyond luck comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.tries_placebo import at_least, benjamini_hochberg, lower_part, upper_part
from auditor.coverage.tries_power import score_of_solved
from auditor.stats.blocks import Draws, block_length, block_sums, resampled_sums
from auditor.stats.richness import Z

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

TAIL = 0.25
"""Tail of the placebo's distribution in which a problem counts as solved or failed. What luck puts there cancels;
a wide tail loses few problems of weak skill (64 tries: 2 % at a rate of 2/3 against 1/2), a narrow one has less noise.
"""
SOLVED_NULL = "Each problem is solved as often as by the same policy with its timing shuffled."


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedShare:
    """Share of problems that a policy solves beyond luck, net of those it fails beyond luck.

    share, se, ci   estimate, its error over problems in time blocks, 95 %
    found, failed   (N,) problems above and below their placebo: binomial, Benjamini-Hochberg at `level`
    p_values        (N,) one-sided, above
    """

    share: float
    se: float
    ci: tuple[float, float]
    found: Mask
    failed: Mask
    p_values: Array
    level: float
    block: int
    reps: int
    seed: int
    null: str = SOLVED_NULL

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.share:.1%} of problems solved beyond luck (error {self.se:.1%}), {int(self.found.sum())} shown"


def solved_share(
    successes: Counts,
    tries: Counts,
    placebo: Array,
    *,
    block: int | None = None,
    reps: int = 2_000,
    seed: int = 0,
    level: float = 0.05,
) -> SolvedShare:
    """Estimate the share of problems solved beyond luck.

    successes, tries  (N,) per problem, in order of time
    placebo           (N,) chance of a success without timing
    block             problems in a circular block; None to estimate it

    A problem scores 1 where its count falls into the upper quarter of its placebo's binomial distribution, -1 in the
    lower, in part where a count straddles the edge (randomised p-values, averaged). Luck scores 0 on average whatever
    the rate; and where rollouts share a timing without skill, so that many problems are far from the placebo, they are
    as often failed as solved and cancel, with an error that sees it. What weak skill loses at the edge is estimated and
    put back, up to a quarter; where more is lost the share is too small.
    """
    score = score_of(successes, tries, placebo)
    return share_of(score, successes, tries, placebo, block=block, reps=reps, seed=seed, level=level)


def score_of(successes: Counts, tries: Counts, placebo: Array) -> Array:
    """Score of each problem: about 1 on average if solved with skill, 0 at its placebo, -1 if failed beyond luck."""
    raw = upper_part(successes, tries, placebo, TAIL) - lower_part(successes, tries, placebo, TAIL)
    scaled: Array = raw / score_of_solved(successes, tries, placebo, TAIL)
    return scaled


def share_of(
    score: Array,
    successes: Counts,
    tries: Counts,
    placebo: Array,
    *,
    block: int | None,
    reps: int,
    seed: int,
    level: float,
) -> SolvedShare:
    """Give the share solved beyond luck whose scores, of `score_of`, are known already."""
    se, block = errors_of(score[:, None], block, reps, seed)
    share = float(score.mean())
    above = at_least(successes, tries, placebo)
    below = at_least(tries - successes, tries, 1.0 - placebo)
    return SolvedShare(
        share=share,
        se=float(se[0]),
        ci=interval(share, float(se[0])),
        found=benjamini_hochberg(above, level),
        failed=benjamini_hochberg(below, level),
        p_values=above,
        level=level,
        block=block,
        reps=reps,
        seed=seed,
    )


def errors_of(table: Array, block: int | None, reps: int, seed: int) -> tuple[Array, int]:
    """Errors of the column means by resampling rows in circular blocks, and the block length used."""
    lengths = (len(table),)
    if block is None:
        block = block_length(*(np.ascontiguousarray(column) for column in table.T), lengths=lengths)
    draws = Draws(lengths=lengths, block=block, reps=reps, seed=seed)
    centred = table - table.mean(axis=0)
    sums = resampled_sums(block_sums(centred, block, lengths), draws)
    return sums.std(axis=0) / (draws.n_blocks * block), block


def interval(estimate: float, se: float) -> tuple[float, float]:
    """Give 95 %, by the normal distribution."""
    return estimate - Z * se, estimate + Z * se
