"""A file of exceptions, and an audit that fails, go in; the one that covers it comes out, or why none does."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.ledger.budget import Subject
from auditor.report.machine import write
from auditor.verdict.gate import Failure

if TYPE_CHECKING:
    from auditor.result import Audit

VERSION = 1
DAYS = 90
"""How long an exception holds unless said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An exception that somebody signed off.

    name      of the audit; finding  that it gave, and rules  that failed
    reason    why it may pass; by  who says so
    accepted, expires  days, ISO; it holds on the last
    subject   sha256 of what was audited: inputs, windows and settings
    """

    name: str
    finding: str
    rules: tuple[str, ...]
    reason: str
    by: str
    accepted: str
    expires: str
    subject: str


def subject_of(audit: Audit) -> str:
    """Give the sha256 of what was audited, as the ledger has it."""
    inputs = {one.role: one.sha256 for one in audit.inputs}
    return Subject(windows=audit.sample.out_of_sample, inputs=inputs, oos={}, settings=audit.settings).key()


def read(path: Path) -> tuple[Accepted, ...]:
    """Read the exceptions; none where there is no file.

    errors   ConfigError for a file that is not one of exceptions
    """
    if not path.exists():
        return ()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            raise ConfigError(f"{path}: version {found['version']!r} of exceptions; this auditor reads {VERSION}")
        made = tuple(Accepted(**one | {"rules": tuple(one["rules"])}) for one in found["exceptions"])
        for one in made:
            dt.date.fromisoformat(one.expires)
            if not all(isinstance(getattr(one, field.name), str | tuple) for field in fields(one)):
                raise TypeError
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path}: cannot be read as accepted exceptions ({type(error).__name__}: {error}). Restore it, or remove "
            "it and accept anew with `auditor gate --accept NAME --reason ...`"
        ) from error
    return made


def covering(
    exceptions: Sequence[Accepted], name: str, audit: Audit, failed: Sequence[Failure], today: dt.date
) -> tuple[Accepted | None, str]:
    """Give the exception that covers a failing audit, or None and why the one of its name does not."""
    found = next((one for one in exceptions if one.name == name), None)
    if found is None:
        return None, ""
    told = f"The exception that {found.by} accepted on {found.accepted} no longer holds: "
    if today > dt.date.fromisoformat(found.expires):
        return None, f"{told}it expired on {found.expires}."
    if found.subject != subject_of(audit):
        return None, f"{told}the inputs or settings are not those that were accepted."
    if found.finding != audit.finding:
        return None, f"{told}the finding was {found.finding} and is {audit.finding}."
    more = [one.rule for one in failed if one.rule not in found.rules]
    if more:
        return None, f"{told}it does not cover {', '.join(more)}."
    return found, ""


def accept(
    path: Path, name: str, audit: Audit, failed: Sequence[Failure], *, reason: str, by: str, today: dt.date,
    expires: dt.date,
) -> Accepted:  # fmt: skip
    """Write an exception for a failing audit, in place of an earlier one of its name.

    errors   ConfigError without a reason or a name, or where it would have expired already
    """
    if not reason.strip() or not by.strip():
        raise ConfigError("--accept needs --reason, a sentence that says why this may pass, and --by, who says so")
    if expires < today:
        raise ConfigError(f"--expires {expires} is over: name a day from {today} on")
    made = Accepted(
        name=name,
        finding=audit.finding,
        rules=tuple(one.rule for one in failed),
        reason=reason.strip(),
        by=by.strip(),
        accepted=today.isoformat(),
        expires=expires.isoformat(),
        subject=subject_of(audit),
    )
    others = [one for one in read(path) if one.name != name]
    listed = [asdict(one) for one in sorted([*others, made], key=lambda one: one.name)]
    write(path, json.dumps({"version": VERSION, "exceptions": listed}, indent=2, ensure_ascii=False) + "\n")
    return made


def signer() -> str:
    """Give who is at the keyboard: git's name and address of the user, or the account's."""
    try:
        told = [
            subprocess.run(  # noqa: S603
                ["git", "config", name],  # noqa: S607 - the user's own git
                capture_output=True, text=True, check=False, timeout=10,
            ).stdout.strip()
            for name in ("user.name", "user.email")
        ]  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        told = ["", ""]
    if told[0]:
        return f"{told[0]} <{told[1]}>" if told[1] else told[0]
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
