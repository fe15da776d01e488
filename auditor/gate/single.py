"""An audit goes in; a run of the gate with it alone, judged by the gate's defaults, comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.gate.config import Entry
from auditor.gate.outcome import GateRun, Outcome
from auditor.verdict.gate import Requirements, failures

if TYPE_CHECKING:
    from auditor.result import Audit


def single(audit: Audit) -> GateRun:
    """Judge an audit for reports that know passes and failures: JUnit, SARIF, GitHub.

    It passes where new edge or efficiency was found, shown or presumed, as by the gate's defaults. The file that such a
    report points at is that of the tuned policy, or of its rollouts.
    """
    needed = Requirements()
    failed = failures(audit, needed)
    named = [one.name for role in ("tuned rollouts", "tuned") for one in audit.inputs if one.role == role]
    entry = Entry(name=named[0], strategy=named[0], options={}, needed=needed, line=1)
    outcome = Outcome(entry=entry, status="failed" if failed else "passed", audit=audit, failures=failed)
    return GateRun(config=named[0], outcomes=(outcome,), ledger=None, head=None, notes=())
