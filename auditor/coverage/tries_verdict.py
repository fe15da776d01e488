"""What two policies solve goes in; wider, sharper, narrower or unclear goes out, with the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auditor.coverage.tries import Tries
from auditor.coverage.tries_luck import LEAST_NEW, BeyondLuck

Finding = Literal["wider", "sharper, not wider", "narrower", "unclear"]

MARGIN = 0.05
"""Share of problems below which more breadth does not count: "not wider" is said only if the bound lies under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriesVerdict:
    """Whether tuning widened what can be solved or sharpened the draw.

    beyond_luck  the placebo was taken into account; without it a lucky guess counts as solved
    """

    finding: Finding
    reason: str
    beyond_luck: bool

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.finding}: {self.reason}"


def judge_tries(tries: Tries, beyond: BeyondLuck | None = None) -> TriesVerdict:
    """Judge depth against breadth: beyond luck where placebos are known, else on pass@k as it stands.

    wider               more problems with all tries, shown, above the 95 % bound of what the base can reach (Chao2);
                        beyond luck, instead of that bound, new problems on which the base is near its placebo
    sharper, not wider  a better single try, shown, and no more problems with all tries, or at most 5 % of them more
    narrower            fewer problems with all tries, shown, and no better single try
    unclear             all else, and where a problem has so few tries that the curves end far below all tries
    """
    if beyond is not None:
        return _beyond(beyond)
    curves = tries.curves
    last = int(curves.k[-1])
    gap, low, high = float(curves.difference[-1]), float(curves.low[-1]), float(curves.high[-1])
    deep = f"pass@{last} {curves.base[-1]:.3f} -> {curves.tuned[-1]:.3f} [{low:+.3f}, {high:+.3f}]"
    ends = f"[{float(curves.low[0]):+.3f}, {float(curves.high[0]):+.3f}]"
    single = f"pass@1 {curves.base[0]:.3f} -> {curves.tuned[0]:.3f} {ends}"
    if last == 1:
        return TriesVerdict(finding="unclear", reason=f"{single}; one try says nothing of breadth.", beyond_luck=False)
    sharper = curves.low[0] > 0.0
    bound = tries.base_bound
    solved = float(curves.tuned[-1]) * curves.n_problems
    finding: Finding = "unclear"
    if tries.ends_early:
        reason = f"{single}; {deep}; what all tries solve is not told, since a problem has only {last}."
    elif low > 0.0:
        if bound is None:
            reason = f"{deep}, but what the base can reach with more tries is not told: their number differs."
        elif bound.ci[1] >= solved - 1e-9:
            low_reach, reach = bound.estimate, bound.ci[1]
            can = f"with more tries the base can reach {low_reach:.0f} problems or more (up to {reach:.0f})"
            reason = f"{deep}, but {can}; tuned solved {solved:.0f}."
        else:
            finding, reason = "wider", f"tuned solves more problems with all tries, {deep}."
    elif sharper and (gap <= 0.0 or high <= MARGIN):
        fewer = "fewer problems," if high < 0.0 else "no more problems as far as can be shown,"
        turn = f"; the curves cross at k={curves.crossover}" if curves.crossover else ""
        finding = "sharper, not wider"
        reason = f"a single try is better, {single}, and all tries solve {fewer} {deep}{turn}."
    elif high < 0.0:
        finding = "narrower"
        reason = f"tuned solves fewer problems with all tries, {deep}, and is no better in one, {single}."
    else:
        reason = f"the band settles neither one try nor all of them: {single}; {deep}."
        if sharper:
            reason = f"a single try is better, {single}, but more breadth is neither shown nor excluded, {deep}."
    return TriesVerdict(finding=finding, reason=reason, beyond_luck=False)


def _beyond(found: BeyondLuck) -> TriesVerdict:
    low, high = found.gain_ci
    n_new = int(found.new.sum())
    change = f"{found.base.share:.1%} -> {found.tuned.share:.1%}"
    shares = f"{change} of problems solved beyond luck, net of those failed [{low:+.1%}, {high:+.1%}]"
    single = f"rate above placebo {found.sharpening:+.1%} per try"
    # Where rollouts share their timing, so that they fail alike too, the estimate can lie far below zero.
    new = (
        f"{found.new_share:.1%} new (error {found.new_share_se:.1%})" if found.new_share_ci[1] > 0 else "none of it new"
    )
    finding: Finding = "unclear"
    wide = low > 0.0 and found.new_share_ci[0] > max(0.0, LEAST_NEW * found.tuned.share) and n_new > 0
    if wide:
        finding = "wider"
        reason = f"{shares}; {new}, {n_new} of them shown, where the base is near its placebo."
    elif found.gain_se == 0.0 and found.sharpening_se == 0.0:
        reason = f"base and tuned solve every problem alike: {change} beyond luck."
    elif found.sharpening_ci[0] > 0.0 and (high <= MARGIN or found.new_share_ci[1] <= MARGIN):
        finding, reason = "sharper, not wider", f"{single}, but {shares}; {new}."
    elif high < 0.0:
        finding, reason = "narrower", f"{shares}; {single}."
    else:
        reason = f"{shares}; {new}; {single}: neither breadth nor its absence is shown."
    return TriesVerdict(finding=finding, reason=reason, beyond_luck=True)
