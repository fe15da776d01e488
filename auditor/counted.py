"""An audit's inputs and a ledger go in; the look is counted, then the audit at the level left for it comes out."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.audit import audit
from auditor.ledger.budget import Look, Subject, counted_as
from auditor.ledger.chain import read_key
from auditor.ledger.store import Ledger, Reserved
from auditor.plural import several, verb

if TYPE_CHECKING:
    from auditor.result import Audit

COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "GIT_COMMIT")
"""Where CI systems say which commit they run: GitHub, GitLab, Azure, Jenkins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An audit, and the look that it was."""

    audit: Audit
    reserved: Reserved


def audit_counted(
    base: Any = None,
    tuned: Any = None,
    *,
    ledger: str | Ledger,
    strategy: str,
    signing_key: str | None = None,
    **options: Any,
) -> Audit:
    """Audit as `audit` does, at the level that earlier looks at this out-of-sample window have left.

    ledger       URL of the ledger, sqlite:///FILE or postgresql://..., made where there is none; or one that is open
    strategy     whose looks are counted: looks at overlapping windows of one strategy count together
    signing_key  file of the key that signs the row, or env:NAME
    options      those of `audit`; with both rollouts, base and tuned may be left out

    The look is counted before it is taken, so one that fails or is stopped has been counted. The same inputs and
    settings are the same look, which costs nothing. Raises LedgerError where the look could not be counted or what
    it found not kept, and InputError, which no look is counted for.
    """
    strategy = counted_as(strategy)
    if isinstance(ledger, str):
        ledger = Ledger(ledger, signing_key=read_key(signing_key)).trusted()
    return take_look(ledger, strategy, base, tuned, **options).audit


def take_look(ledger: Ledger, strategy: str, base: Any, tuned: Any, **options: Any) -> Counted:
    """Count a look, audit at the level left for it, and keep what was found."""
    taken: list[Reserved] = []

    def count(subject: Subject) -> Look:
        taken.append(ledger.reserve(strategy, subject, commit=commit()))
        return taken[-1].look

    result = audit(base, tuned, look=count, **options)
    ledger.record(taken[-1], found_by(result))
    return Counted(audit=result, reserved=taken[-1])


def found_by(result: Audit) -> dict[str, Any]:
    """Give what a ledger keeps of an audit: the label, and the numbers that decided it."""
    outside = result.sharpe.out_of_sample
    return {
        "label": result.label,
        "finding": result.finding,
        "standing": result.standing,
        "evidence": result.evidence,
        "gain": outside.gain,
        "gain_p": outside.p_value,
        "new_p": result.attribution.new_p,
        "reps": outside.reps,
        "versions": dict(result.versions),
    }


def told_of(reserved: Reserved) -> tuple[str, ...]:
    """Give a sentence each of a base that is not that of an earlier look, and of looks that the count does not hold."""
    beside, found = reserved.beside, []
    if beside.other_base is not None:
        found.append(
            f"The base is not that of look {beside.other_base} of this strategy, whose out-of-sample window shares "
            "days with this one: it has other returns, or more of them."
        )
    if beside.elsewhere:
        found.append(
            f"{several(beside.elsewhere, 'look')} at the same base out of sample went under other strategies' names: "
            "not in this count."
        )
    if beside.apart:
        found.append(
            f"{several(beside.apart, 'look')} of this strategy at other windows {verb(beside.apart, 'are')} not in "
            "this count: of many windows, one passes by luck."
        )
    return tuple(found)


def commit() -> str | None:
    """Give the commit that is being audited, as CI or git says; None where neither does."""
    for name in COMMITS:
        if os.environ.get(name):
            return os.environ[name]
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
