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


DUST = 1e-6
"""Weight over the largest that the policy ever has in any instrument, below which it is what an optimiser leaves."""


def without_dust(weights: Array) -> tuple[Array, int]:
    """Weights of a policy, (T, k), with zero for those too small to be held; and how many those were.

    A base with 1e-12 of everything would cover all that a tuned policy holds on that side.
    """
    dust = (weights != 0) & (np.abs(weights) < DUST * np.abs(weights).max(initial=0.0))
    return np.where(dust, 0.0, weights), int(np.count_nonzero(dust))


def mark(base: Array, tuned: Array, returns: Array, earned_net: Array | None = None) -> Marked:
    """Split the tuned policy's marks.

    base, tuned  (T, k) weights held during each period, signed
    returns      (T, k) instrument returns of the period
    earned_net   (T,) the tuned policy's own returns: where they are less than its marks, both parts pay for that as
                 far as their trading and holding explain it

    A weight is covered whole where the base's has its sign: how much is held is sizing, not opportunity.
    """
    same = (np.sign(base) == np.sign(tuned)) & (tuned != 0)
    earned = tuned * returns
    if earned_net is not None:
        earned = earned - costs(np.where(same, tuned, 0.0), np.where(same, 0.0, tuned), earned.sum(axis=1) - earned_net)
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


def costs(covered: Array, new: Array, lost: Array) -> Array:
    """What each weight paid, (T, k), of what the marks have and the returns have not, (T,).

    covered, new  (T, k) weights of the two parts

    Costs are four rates, none below zero: of what is traded and what is held, in either part, by least squares. Marks
    are gross; bets whose edge their costs eat were new edge in 16 % of simulated worlds.
    """
    from scipy.optimize import nnls

    drivers = [abs(one) for part in (covered, new) for one in (np.diff(part, axis=0, prepend=0.0), part)]
    totals = np.column_stack([one.sum(axis=1) for one in drivers])
    sizes = np.linalg.norm(totals, axis=0)
    used = np.flatnonzero(sizes > 0)
    if not used.size:
        return np.zeros_like(covered)
    rates, _ = nnls(totals[:, used] / sizes[used], lost)
    return np.asarray(sum(rate / sizes[i] * drivers[i] for rate, i in zip(rates, used, strict=True)))


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
