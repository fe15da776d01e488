"""Test results go in; the label, its standing, its sentence and every check against its threshold come out.

The rule, for gains beyond rounding (0.005 a year):

    in-sample gain  out of sample                                    label        finding
    any             probable and new                                 new_edge     new_edge
    any             survives, not new                                reweighting  efficiency
    yes             does not survive, interval excludes the promise  reweighting  flattering
    yes             does not survive, otherwise                      reweighting  unproven
    no              does not survive                                 no_gain      no_gain
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.verdict.beyond import could_not_assess, what_would_change
from auditor.verdict.checks import Check, Evidence, Facts, Finding, Label, Standing, make_checks
from auditor.verdict.words import reason_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The label and all that carries it."""

    label: Label
    finding: Finding
    standing: Standing
    evidence: Evidence
    reason: str
    checks: tuple[Check, ...]
    not_assessed: tuple[str, ...]
    would_change: tuple[str, ...]


def judge(facts: Facts) -> Verdict:
    """Apply the rule to the facts."""
    checks = {check.name: check for check in make_checks(facts)}

    def holds(name: str) -> bool:
        return checks[name].passed is True

    material = holds("gain_beyond_rounding")
    steady = material and holds("gain_at_longer_horizon")
    survives = steady and holds("gain_survives")
    probable = survives or (steady and "gain_probable" in checks and holds("gain_probable"))
    # From returns alone a narrower policy is not new whatever its means say. One whose direction cannot be told is not
    # new either where it could be as a rule, in daily data; in weekly and monthly data that would bar nearly all.
    unseen = facts.must_see and facts.blind
    narrower = facts.evidence != "trades" and (checks["not_narrower"].passed is False or unseen)
    new = holds("new_part_earns") and holds("edge_share") and not narrower
    promised = holds("in_sample_gain")

    label: Label
    finding: Finding
    if probable and new:
        label, finding = "new_edge", "new_edge"
    elif survives:
        label, finding = "reweighting", "efficiency"
    elif promised:
        label, finding = "reweighting", "flattering" if checks["promise_kept"].passed is False else "unproven"
    else:
        label, finding = "no_gain", "no_gain"
    return Verdict(
        label=label,
        finding=finding,
        standing=standing_of(finding, facts),
        evidence=facts.evidence,
        reason=reason_for(finding, facts, checks),
        checks=tuple(checks.values()),
        not_assessed=could_not_assess(facts, checks),
        would_change=what_would_change(finding, facts, checks),
    )


def standing_of(finding: Finding, facts: Facts) -> Standing:
    """Whether the finding is shown or only presumed."""
    if finding in ("flattering", "no_gain"):
        return "shown"
    if finding == "new_edge":
        complete = facts.evidence == "known" and facts.known_complete
        by_trades = facts.evidence == "trades" and not facts.doubted
        return "shown" if by_trades or complete else "presumed"
    if finding == "efficiency":
        bound = facts.min_edge_share * facts.out_of_sample.gain
        covered = not facts.leaves_base or facts.edge_upper < bound
        return "shown" if covered and not facts.doubted else "presumed"
    return "presumed"
