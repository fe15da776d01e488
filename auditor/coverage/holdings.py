"""Weights of both policies and instrument returns go in; the tuned policy's daily marks as covered + new come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.split import Split, all_covered

Array = NDArray[np.float64]


NO_POSITION_LEAVES = "the base held every position of tuned, in some size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The tuned policy's marks, split by whether the base held the same instrument on the same side that period.

    covered, new        (T,) return on capital
    fresh               (T, k) the new part by instrument
    covered_time        share of the tuned policy's instrument-periods in which the base held the same; None where it
                        never held any
    overlap             instrument-periods that both hold on one side over those that either does
    """

    covered: Array
    new: Array
    fresh: Array
    covered_time: float | None
    overlap: float | None


def mark(base: Array, tuned: Array, returns: Array) -> Marked:
    """Split the tuned policy's marks.

    base, tuned  (T, k) weights held during each period, signed
    returns      (T, k) instrument returns of the period

    A weight is covered whole where the base's has its sign: how much is held is sizing, not opportunity.
    """
    same = (np.sign(base) == np.sign(tuned)) & (tuned != 0)
    earned = tuned * returns
    held, either = int(np.count_nonzero(tuned)), int(np.count_nonzero(base)) + int(np.count_nonzero(tuned))
    both = int(np.count_nonzero(same))
    fresh = np.where(same, 0.0, earned)
    return Marked(
        covered=np.where(same, earned, 0.0).sum(axis=1),
        new=fresh.sum(axis=1),
        fresh=fresh,
        covered_time=both / held if held else None,
        overlap=both / (either - both) if either - both else None,
    )


def cover_from_positions(found: Marked, index: NDArray[np.int64]) -> Split:
    """Covered and new over one span, exact from positions: (n,) calendar rows of it."""
    covered, new = found.covered[index], found.new[index]
    total = covered + new
    if not new.any():
        return all_covered(total, ("instrument", "side"), NO_POSITION_LEAVES)
    bare = covered.std() == 0 or total.std() == 0
    return Split(
        covered=covered,
        new=new,
        names=("instrument", "side"),
        r_squared=0.0 if bare else float(np.corrcoef(covered, total)[0, 1] ** 2),
        parameters=1,
        error_factor=1.0,
        nothing_new=None,
    )
