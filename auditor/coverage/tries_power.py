"""Successes, tries and placebo rates go in; how much of a score beyond luck a solved problem earns comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.tries_placebo import lower_part, upper_part

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

LEAST = 0.8
"""A score is raised by at most 1 / LEAST: skill too weak for that is left understated rather than guessed."""

_SHIFTS = np.geomspace(0.1, 4.0, 24)
_ROUNDS = 30


def score_of_solved(successes: Counts, tries: Counts, placebo: Array, tail: float) -> float:
    """Mean score of a problem that is solved with the policy's usual skill; between LEAST and 1.

    successes, tries, placebo  (N,) as of `solved_share`
    tail                       of the score

    The usual skill is the maximum-likelihood shift, on the logit scale, of a mixture of three binomials: problems at
    their placebo, above it by the shift and below it by as much; weights by EM, the shift over a grid.
    """
    usable = (placebo > 0.02) & (placebo < 0.98)
    if not usable.any():
        return 1.0
    found, total, rate = successes[usable], tries[usable], placebo[usable]
    logit = np.log(rate / (1.0 - rate))
    shift = float(_SHIFTS[np.argmax([_fit_of(one, found, total, logit) for one in _SHIFTS])])
    return float(np.clip(_score_at(shift, int(np.median(total)), rate, tail), LEAST, 1.0))


def _fit_of(shift: float, successes: Counts, tries: Counts, logit: Array) -> float:
    """Log-likelihood of the mixture of this shift, its weights by EM."""
    parts = np.column_stack([_log_likelihood(successes, tries, logit + one) for one in (0.0, shift, -shift)])
    top = parts.max(axis=1, keepdims=True)
    likely = np.exp(parts - top)
    weights = np.array([0.6, 0.3, 0.1])
    for _ in range(_ROUNDS):
        shares = likely * weights
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return float((np.log(likely @ weights) + top[:, 0]).sum())


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
