"""Test results go in; every number the rule reads, held against its threshold, comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri

from auditor.coverage.direction import Direction
from auditor.stats.sharpe import ROUNDING, SharpeTest

Label = Literal["new_edge", "reweighting", "no_gain"]
Finding = Literal["new_edge", "efficiency", "flattering", "unproven", "no_gain"]
Standing = Literal["shown", "presumed"]
Evidence = Literal["returns", "known", "trades"]
Relation = Literal["<", ">="]

HORIZON_SHARE = 0.5
"""Share of the gain that must be left at the longer horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One number against its threshold.

    name       a stable key
    question   what is asked, in words
    value      None, with the reason, where the check does not apply
    relation   how value and threshold must stand for a pass
    passed     None where it does not apply
    """

    name: str
    question: str
    value: float | None
    relation: Relation
    threshold: float
    passed: bool | None
    reason: str | None = None

    def __str__(self) -> str:
        """Give the check on one line."""
        if self.value is None:
            return f"{self.question} not assessed: {self.reason}"
        answer = "yes" if self.passed else "no"
        return f"{self.question} {answer}: {self.value:.4g} {self.relation} {self.threshold:.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the out-of-sample or in-sample gain, annualised Sharpe, with its two-sided interval."""

    value: float
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the rule reads, out of sample unless said.

    horizon_share   gain at the longer horizon over the gain at one period; None where no window holds one
    new_p           larger one-sided p of the new part's mean and alpha; None, with the reason, where there is none
    edge_part       Sharpe gain that the new part brings; edge_upper its one-sided upper bound
    leaves_base     whether any of the tuned policy leaves what the base could do (False: covered by arithmetic)
    direction       narrower or wider, from returns
    doubted         the trades leave open whether the new part is new: new edge by them is then presumed
    must_see        returns alone whose direction can be told as a rule: where it cannot be, nothing is called new
    not_assessed    what lies outside the rule and could not be told
    level           of what the label claims, at this look
    asked_level     of the guard against a narrower policy, which more looks must not weaken; None: `level`
    few_carry       whether few periods carry the out-of-sample gain, so that no interval of it is to be believed
    look            which look at the window it is; None where none was counted
    """

    evidence: Evidence
    level: float
    gain_level: float
    min_edge_share: float
    in_sample: SharpeTest
    out_of_sample: SharpeTest
    horizon: int
    horizon_share: float | None
    edge_part: float
    edge_upper: float
    new_p: float | None
    new_reason: str | None
    leaves_base: bool
    direction: Direction
    known_complete: bool
    not_assessed: tuple[str, ...] = ()
    doubted: bool = False
    must_see: bool = False
    asked_level: float | None = None
    look: int | None = None
    few_carry: bool = False

    @property
    def blind(self) -> bool:
        """Whether the direction test could tell neither a narrower policy nor a wider one."""
        return self.direction.hidden(self.asked_level or self.level)


def make_checks(facts: Facts) -> list[Check]:
    """Hold every number the rule reads against its threshold."""
    inside, outside, level = facts.in_sample, facts.out_of_sample, facts.level
    checks = [
        _check("in_sample_gain", "Did the tuning raise the Sharpe ratio in sample?", inside.gain, ">=", ROUNDING),
        _check(
            "gain_beyond_rounding",
            "Is the out-of-sample gain more than rounding?",
            outside.gain,
            ">=",
            ROUNDING,
        ),
        _check("gain_survives", "Does the gain survive out of sample (p)?", outside.p_value, "<", level),
    ]
    if facts.gain_level > level:
        checks.append(
            _check("gain_probable", "Is it likely enough for new edge (p)?", outside.p_value, "<", facts.gain_level)
        )
    question = f"Is half of it left at {facts.horizon} periods (share of the gain)?"
    if outside.gain < ROUNDING:
        reason: str | None = "there is no out-of-sample gain to hold against another horizon"
        share = None
    else:
        share = facts.horizon_share
        reason = None if share is not None else "no out-of-sample window is long enough for a longer horizon"
    checks.append(_check("gain_at_longer_horizon", question, share, ">=", HORIZON_SHARE, reason))
    checks.append(
        _check(
            "new_part_earns",
            "Does the new part earn, alone and beside the rest (p)?",
            facts.new_p,
            "<",
            level,
            facts.new_reason,
        )
    )
    if outside.gain < ROUNDING:
        share, reason = None, "there is no out-of-sample gain to share out"
    else:
        share, reason = facts.edge_part / outside.gain, None
    checks.append(
        _check(
            "edge_share",
            "Does the new part make up enough of the gain (share)?",
            share,
            ">=",
            facts.min_edge_share,
            reason,
        )
    )
    edge = -float(ndtri(1 - (facts.asked_level or level)))
    way, why = facts.direction.z, facts.direction.reason
    if facts.blind:
        # A test that could not have failed has not passed either.
        way, why = None, "on this data a policy that is a part of the base could look the same"
    checks.append(_check("not_narrower", "Is tuned not simply a part of base (direction z)?", way, ">=", edge, why))
    checks.append(
        _check(
            "promise_kept",
            "Does the gain's upper bound reach what was promised (in sample)?",
            None if facts.few_carry else outside.upper_bound,
            ">=",
            inside.gain,
            "few out-of-sample periods carry the gain, and resampling them bounds nothing" if facts.few_carry else None,
        )
    )
    return checks


def _check(
    name: str,
    question: str,
    value: float | None,
    relation: Relation,
    threshold: float,
    reason: str | None = None,
) -> Check:
    if value is None:
        return Check(
            name=name, question=question, value=None, relation=relation, threshold=threshold, passed=None, reason=reason
        )
    passed = value < threshold if relation == "<" else value >= threshold
    return Check(name=name, question=question, value=value, relation=relation, threshold=threshold, passed=passed)
