"""Successes of two policies and of their placebos go in; what each solves beyond luck, and what is new, come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.tries_placebo import (
    SATURATED,
    Placebo,
    PlaceboKind,
    at_least,
    chance_corrected,
    near_placebo,
    upper_part,
)
from auditor.coverage.tries_power import usual_shifts
from auditor.coverage.tries_solved import SolvedShare, errors_of, interval, score_of, share_of

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST_NEW = 0.1
"""Share of what tuned solves that must be new, shown, before breadth is called new."""
WEAKEST = 0.05
"""Least skill of a base: .55 where the placebo solves half, and at other rates as many standard errors above it (the
difference of arcsine roots; half of Cohen's h). What is weaker counts as none, since few rollouts cannot tell it."""

NEW_NULL = "Tuned solves beyond luck no problem on which the base is at its placebo."


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondLuck:
    """Two policies against their own placebos.

    placebo                         the weaker kind of the two
    gain, .._se, .._ci              tuned.share - base.share
    new_share, .._se, .._ci         share solved by tuned beyond luck where the base is at its placebo; estimate and
                                    error at the base's likeliest skill, the interval over every skill that fits
    sharpening, .._se, .._ci        tuned's less the base's rate above placebo, per try
    new                             (N,) shown for tuned, and the base's own rate shown near its placebo
    base_ratio, tuned_ratio         (pass@k - placebo) / (1 - placebo) for k = 1, 2, ...; ends where refused
    notes, not_assessed             what to know, what was refused and why
    """

    placebo: PlaceboKind
    base: SolvedShare
    tuned: SolvedShare
    gain: float
    gain_se: float
    gain_ci: tuple[float, float]
    new_share: float
    new_share_se: float
    new_share_ci: tuple[float, float]
    sharpening: float
    sharpening_se: float
    sharpening_ci: tuple[float, float]
    new: Mask
    base_ratio: Array
    tuned_ratio: Array
    notes: tuple[str, ...]
    not_assessed: tuple[str, ...]
    null: str = NEW_NULL

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"solved beyond luck {self.base.share:.1%} -> {self.tuned.share:.1%} (error {self.gain_se:.1%}), "
            f"new {self.new_share:.1%}, {int(self.new.sum())} shown"
        )


def beyond_luck(
    base: Counts,
    tuned: Counts,
    *,
    base_tries: Counts,
    tuned_tries: Counts,
    base_placebo: Placebo,
    tuned_placebo: Placebo,
    base_pass: Array,
    tuned_pass: Array,
    block: int | None = None,
    reps: int = 2_000,
    seed: int = 0,
    level: float = 0.05,
) -> BeyondLuck:
    """Compare two policies, each against its own placebo; arguments as of `solved_share`.

    base_pass, tuned_pass  (K,) pass@k over problems

    A sharper policy is easier to detect, so a difference of detections is not breadth. New share: tuned's score times
    2 * [the base's count lies below the median of its placebo], which is 1 on average where the base has no skill, and
    `_leak` where it has its usual one. What leaks is taken off and the rest scaled to 1, so that nothing is new where
    the base's skill is too weak to be seen in single problems. The base's skill is taken to be one size where it is
    any, and the interval holds for all sizes that fit.
    """
    b_rate, t_rate = base_placebo.rate, tuned_placebo.rate
    b_score, t_score = score_of(base, base_tries, b_rate), score_of(tuned, tuned_tries, t_rate)
    unskilled = 2.0 * (1.0 - upper_part(base, base_tries, b_rate, 0.5))
    excess = (tuned / tuned_tries - t_rate) - (base / base_tries - b_rate)
    leaks = [_leak(shift, base_tries, b_rate) for shift in usual_shifts(base, base_tries, b_rate)]
    # a placebo that solves nearly all leaves next to nothing to scale
    new = [t_score * (unskilled - leak) / max(0.02, float((1.0 - leak).mean())) for leak in leaks]
    table = np.column_stack([t_score - b_score, excess, *new])
    se, block = errors_of(table, block, reps, seed)
    means = table.mean(axis=0)
    new_ends = [interval(float(one), float(error)) for one, error in zip(means[2:], se[2:], strict=True)]
    of_base = share_of(b_score, base, base_tries, b_rate, block=block, reps=reps, seed=seed, level=level)
    of_tuned = share_of(t_score, tuned, tuned_tries, t_rate, block=block, reps=reps, seed=seed, level=level)
    missing: list[str] = []
    ratios = []
    for name, rate, curve in (("base", b_rate, base_pass), ("tuned", t_rate, tuned_pass)):
        ratios.append(chance_corrected(curve, rate))
        if ratios[-1].size < curve.size:
            missing.append(
                f"Chance-corrected ratio of {name} from k={ratios[-1].size + 1}: "
                f"its placebo solves over {SATURATED:.0%}"
            )
    notes = [f"{name}: {placebo}" for name, placebo in (("base", base_placebo), ("tuned", tuned_placebo))]
    for name, solved in (("base", of_base), ("tuned", of_tuned)):
        if solved.failed.sum() > 2 * level * solved.failed.size:
            notes.append(
                f"{name} fails {int(solved.failed.sum())} problems beyond luck: its rollouts share their timing, so "
                f"the {int(solved.found.sum())} shown are not all skill; the share is net of this"
            )
    return BeyondLuck(
        placebo="positions" if base_placebo.kind == tuned_placebo.kind == "positions" else "returns",
        base=of_base,
        tuned=of_tuned,
        gain=float(means[0]),
        gain_se=float(se[0]),
        gain_ci=interval(float(means[0]), float(se[0])),
        new_share=float(means[2]),
        new_share_se=float(se[2]),
        new_share_ci=(min(low for low, _ in new_ends), max(high for _, high in new_ends)),
        sharpening=float(means[1]),
        sharpening_se=float(se[1]),
        sharpening_ci=interval(float(means[1]), float(se[1])),
        new=of_tuned.found & near_placebo(base, base_tries, b_rate),
        base_ratio=ratios[0],
        tuned_ratio=ratios[1],
        notes=tuple(notes),
        not_assessed=tuple(missing),
    )


def _leak(shift: float, tries: Counts, placebo: Array) -> Array:
    """Mean of 2 * [count below the median of the placebo] where the rate is above it by `shift` on the logit scale.

    It is taken to be above it by WEAKEST at least. (N,), in [0, 1].
    """
    odds = placebo * np.exp(shift)
    least = np.sin(np.minimum(np.arcsin(np.sqrt(placebo)) + WEAKEST, np.pi / 2)) ** 2
    rate = np.maximum(odds / (odds + 1.0 - placebo), least)
    # a binomial median is its mean, rounded up or down (Kaas & Buhrman 1980)
    middle = np.ceil(tries * placebo).astype(np.int64)
    middle -= at_least(middle, tries, placebo) < 0.5
    reach, beyond = at_least(middle, tries, rate), at_least(middle + 1, tries, rate)
    leak: Array = 2.0 * (1.0 - beyond - upper_part(middle, tries, placebo, 0.5) * (reach - beyond))
    return leak
