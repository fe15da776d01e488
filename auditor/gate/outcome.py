"""What a run of the gate found, as frozen plain data: an outcome for each audit, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from auditor.verdict.gate import Failure

if TYPE_CHECKING:
    from auditor.gate.baseline import Accepted
    from auditor.gate.config import Entry
    from auditor.result import Audit

Status = Literal["passed", "accepted", "failed", "error"]

PASSES, FAILS, CANNOT_TELL, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One audit of the gate, judged.

    status    passed; accepted, which fails but is excepted; failed; error, which could not be run
    audit     None where it could not be run
    failures  rules that do not hold
    message   of the error
    accepted  the exception that is in force
    notes     what a reader should know: an exception that no longer holds, looks under other names
    """

    entry: Entry
    status: Status
    audit: Audit | None = None
    failures: tuple[Failure, ...] = ()
    message: str = ""
    accepted: Accepted | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """All of them.

    config   as a reader knows it: from where they stand
    ledger   without its password; None: looks were not counted
    head     last row of the ledger, to note and to hold `ledger verify --expect` to
    """

    config: str
    outcomes: tuple[Outcome, ...]
    ledger: str | None
    head: str | None
    notes: tuple[str, ...]

    def of(self, *statuses: Status) -> Iterator[Outcome]:
        """Give the outcomes of these statuses, in order."""
        return (one for one in self.outcomes if one.status in statuses)

    def exit_code(self, *, exit_zero: bool = False) -> int:
        """Give 0 where all hold, 1 where one fails, 2 where one could not be run; `exit_zero` makes a 1 a 0."""
        if any(self.of("error")):
            return CANNOT_TELL
        return FAILS if any(self.of("failed")) and not exit_zero else PASSES
