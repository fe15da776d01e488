"""Successes, tries and placebo rates go in; a policy's usual skill, and what it scores beyond luck, come out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.tries_placebo import lower_part, upper_part

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

LEAST = 0.8
"""A score is raised by at most 1 / LEAST: skill too weak for that is left understated rather than guessed."""

WORSE = 1.353
"""Log-likelihood that a shift may lack against the best before it is refused, one-sided at 5 % (Wilks 1938)."""

_SHIFTS = np.geomspace(0.1, 4.0, 24)
_ROUNDS = 100


def usual_shifts(successes: Counts, tries: Counts, placebo: Array) -> tuple[float, float, float]:
    """Skill where there is any, as a shift of the placebo's logit: the likeliest, the least and the most that fit.

    successes, tries, placebo  (N,) as of `solved_share`

    A mixture of three binomials: problems at their placebo, above it by the shift and below it by as much; weights by
    EM, the shift over a grid. Where no placebo tells anything every shift fits, and the least is the likeliest.
    """
    usable = (placebo > 0.02) & (placebo < 0.98)
    found, total, rate = successes[usable], tries[usable], placebo[usable]
    logit = np.log(rate / (1.0 - rate))
    fits = _fits_of(_SHIFTS, found, total, logit) if usable.any() else np.zeros(_SHIFTS.size)
    fitting = _SHIFTS[fits >= fits.max() - WORSE]
    return float(_SHIFTS[np.argmax(fits)]), float(fitting[0]), float(fitting[-1])


def score_of_solved(successes: Counts, tries: Counts, placebo: Array, tail: float) -> float:
    """Mean score of a problem that is solved with the policy's usual skill; between LEAST and 1.

    successes, tries, placebo  (N,) as of `solved_share`
    tail                       of the score
    """
    usable = (placebo > 0.02) & (placebo < 0.98)
    if not usable.any():
        return 1.0
    shift = usual_shifts(successes, tries, placebo)[0]
    return float(np.clip(_score_at(shift, int(np.median(tries[usable])), placebo[usable], tail), LEAST, 1.0))


def _fits_of(shifts: Array, successes: Counts, tries: Counts, logit: Array) -> Array:
    """Log-likelihood of the mixture of each shift, its weights by EM: (S,) to (S,)."""
    moved = np.multiply.outer(shifts, [0.0, 1.0, -1.0])[:, None, :]  # (S, 1, 3), beside problems (N, 1)
    parts = _log_likelihood(successes[:, None], tries[:, None], logit[:, None] + moved)
    top = parts.max(axis=2, keepdims=True)
    likely = np.exp(parts - top)
    weights = np.tile([[0.6], [0.3], [0.1]], (shifts.size, 1, 1))
    for _ in range(_ROUNDS):
        each = np.reciprocal(likely @ weights) / successes.size
        weights = weights * (likely.transpose(0, 2, 1) @ each)
    fits: Array = (np.log(likely @ weights) + top).sum(axis=(1, 2))
    return fits


def _log_likelihood(successes: Counts, tries: Counts, logit: Array) -> Array:
    value: Array = successes * logit - tries * np.logaddexp(0.0, logit)
    return value


def _score_at(shift: float, n: int, rate: Array, tail: float) -> float:
    """Mean score where the logit of each rate is raised by `shift`; rates to the nearest half percent."""
    from scipy.special import gammaln

    levels, times = np.unique(np.round(rate * 200).astype(np.int64), return_counts=True)
    null = np.repeat(levels / 200, n + 1)
    count = np.tile(np.arange(n + 1), levels.size)
    total = np.full(count.size, n)
    logit = np.log(null / (1.0 - null)) + shift
    choose = gammaln(n + 1) - gammaln(count + 1) - gammaln(n - count + 1)
    mass = np.exp(choose + _log_likelihood(count, total, logit))
    score = upper_part(count, total, null, tail) - lower_part(count, total, null, tail)
    return float((mass * score).reshape(levels.size, n + 1).sum(axis=1) @ times / times.sum())
