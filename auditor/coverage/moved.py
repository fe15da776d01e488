"""Two policies' returns go in; by how many periods the tuned ones are those of the base moved comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from auditor.coverage.direction import correlation
from auditor.plural import several

Array = NDArray[np.float64]

FARTHEST = 2
"""Periods by which dates are looked for to be moved, either way."""

LIKE = 0.5
"""Rank correlation from which one policy is the other moved, where on the same dates it is less than half of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How tuned follows base: periods later (below zero: earlier), and both rank correlations."""

    periods: int
    there: float
    here: float

    def __str__(self) -> str:
        """Say it in a few words."""
        way = "later" if self.periods > 0 else "earlier"
        return (
            f"the base's, {several(abs(self.periods), 'period')} {way} (rank correlation {self.there:.2f}, and "
            f"{self.here:.2f} on the same dates)"
        )


def moved(base: Array, tuned: Array) -> Moved | None:
    """How far the tuned policy's returns are the base's on other dates; None where they are not: (T,) twice.

    Ranks, so that no single storm which reached one policy a day after the other makes it. A policy that is the base
    with its dates moved by one is independent of it from day to day, and passed for new edge.
    """
    x, y = rankdata(base), rankdata(tuned)
    if x.size < FARTHEST + 3:
        return None
    here = _like(x, y)
    found = {k: _like(x[:-k], y[k:]) for k in range(1, FARTHEST + 1)}
    found |= {-k: _like(x[k:], y[:-k]) for k in range(1, FARTHEST + 1)}
    periods = max(found, key=lambda k: found[k])
    if found[periods] < max(LIKE, 2 * abs(here)):
        return None
    return Moved(periods=periods, there=found[periods], here=here)


def _like(x: Array, y: Array) -> float:
    return correlation(x, y) if np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0
