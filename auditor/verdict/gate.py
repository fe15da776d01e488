"""An audit and what a config requires of it go in; every rule that fails, with value and threshold, comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from auditor.verdict.checks import Check, Finding, Standing

if TYPE_CHECKING:
    from auditor.result import Audit

FINDINGS: tuple[Finding, ...] = ("new_edge", "efficiency", "flattering", "unproven", "no_gain")

GAIN = ("gain_beyond_rounding", "gain_survives", "gain_at_longer_horizon")
"""Checks that efficiency rests on."""

NEW = (
    "gain_beyond_rounding",
    "gain_probable",
    "gain_at_longer_horizon",
    "new_part_earns",
    "edge_share",
    "not_narrower",
)
"""Checks that new edge rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What an audit must find to pass.

    require       findings that pass
    standing      "shown" refuses a finding that is only presumed
    on_undecided  "pass" lets an unproven gain through: neither confirmed nor refuted
    """

    require: tuple[Finding, ...] = ("new_edge", "efficiency")
    standing: Standing = "presumed"
    on_undecided: Literal["fail", "pass"] = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One rule that does not hold.

    rule       finding, standing, or the name of a check
    value      what was found; threshold  what was needed
    """

    rule: str
    value: str
    threshold: str

    def __str__(self) -> str:
        """Give it on one line."""
        return f"{self.rule}: {self.value}, needs {self.threshold}"


def failures(audit: Audit, needed: Requirements) -> tuple[Failure, ...]:
    """Give every rule that fails, the finding first and then the checks that it failed by; none is a pass."""
    if audit.finding == "unproven" and "unproven" not in needed.require and needed.on_undecided == "pass":
        return ()
    if audit.finding not in needed.require:
        wanted = Failure(rule="finding", value=audit.finding, threshold=" or ".join(needed.require))
        return (wanted, *(_as_failure(check) for check in _failed_by(audit, needed)))
    if needed.standing == "shown" and audit.standing == "presumed":
        return (Failure(rule="standing", value=f"presumed, from {audit.evidence}", threshold="shown"),)
    return ()


def _failed_by(audit: Audit, needed: Requirements) -> list[Check]:
    """Checks that a required finding would have had to pass: those of the easier one where both would do."""
    if "efficiency" in needed.require:
        rests_on: tuple[str, ...] = GAIN
    elif "new_edge" in needed.require:
        with_probable = any(check.name == "gain_probable" for check in audit.checks)
        rests_on = NEW if with_probable else (*NEW, "gain_survives")
    else:
        return []
    if audit.finding == "flattering":
        rests_on = (*rests_on, "promise_kept")
    # With trades the direction decides nothing, as in the label.
    told = {"not_narrower"} if audit.evidence == "trades" else set()
    asked = [check for check in audit.checks if check.name in rests_on and check.name not in told]
    failed = [check for check in asked if check.passed is False]
    # A check that could not be made is worth a line only where it alone stood in the way, and the direction, which bars
    # new edge from daily returns only, where nothing else did.
    untold = [check for check in asked if check.passed is None]
    return failed or [check for check in untold if check.name != "not_narrower"] or untold


def _as_failure(check: Check) -> Failure:
    needs = f"{check.relation} {check.threshold:.4g}"
    if check.value is None:
        return Failure(rule=check.name, value=f"not assessed ({check.reason})", threshold=needs)
    digits = 4
    # A value that rounds to its threshold gets digits until it is seen to fail.
    while f"{check.value:.{digits}g}" == f"{check.threshold:.{digits}g}" and digits < 15:
        digits += 1
    return Failure(rule=check.name, value=f"{check.value:.{digits}g}", threshold=needs)
