"""A file of exceptions, and an audit that fails, go in; the one that covers it comes out, or why none does."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import ConfigError, InputError
from auditor.ledger.budget import Subject
from auditor.report.machine import check_target, write
from auditor.report.untrusted import Reader, Wanted, loaded, text_of
from auditor.verdict.gate import Failure

if TYPE_CHECKING:
    from auditor.result import Audit

VERSION = 1
DAYS, MOST_DAYS = 90, 3650
"""How long an exception holds unless said otherwise, and at most."""


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


FIELDS = tuple(one.name for one in fields(Accepted))

WANTED = Wanted(
    what="accepted exceptions", tells="exceptions", source="the file of exceptions",
    wrote="auditor gate --accept NAME --reason TEXT", again="",
)  # fmt: skip


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
        return _BaselineReader(str(path), WANTED).exceptions(loaded(text_of(path, WANTED), str(path), WANTED))
    except InputError as error:
        raise ConfigError(f"{error}. Restore it, or remove it and accept anew") from error


class _BaselineReader(Reader):
    """Takes exceptions out of parsed JSON."""

    def exceptions(self, data: Any) -> tuple[Accepted, ...]:
        version = self.take(data, ("version",), int)
        if version != VERSION:
            self.refuse(f"version {version} is not the {VERSION} that this program reads")
        found = tuple(self._one(one) for one in self.listed(data, (WANTED.tells,)))
        names = [one.name for one in found]
        if len(set(names)) < len(names):
            self.refuse(f"two exceptions are named {next(one for one in names if names.count(one) > 1)[:40]!r}")
        return found

    def _one(self, one: Any) -> Accepted:
        texts = [name for name in FIELDS if name != "rules"]
        made = Accepted(
            rules=tuple(self.text({"rule": rule}, ("rule",)) for rule in self.listed(one, ("rules",))),
            **{name: self.text(one, (name,)) for name in texts},
        )
        if unknown := [name for name in one if name not in FIELDS]:
            self.refuse(f"an exception has no {unknown[0][:40]!r}")
        for name in ("accepted", "expires"):
            try:
                dt.date.fromisoformat(getattr(made, name))
            except ValueError:
                self.refuse(f"{name} is {getattr(made, name)[:40]!r}, no date")
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


def refuse_unsigned(path: Path, *, reason: str, by: str, today: dt.date, expires: dt.date) -> None:
    """Refuse an exception that could not be written, before anything is audited for it.

    errors   ConfigError without a reason or a name, or where it would have expired already or hold for longer than
             MOST_DAYS; InputError for a file that could not be written
    """
    if not reason.strip() or not by.strip():
        raise ConfigError("--accept needs --reason, a sentence that says why this may pass, and --by, who says so")
    if expires < today:
        raise ConfigError(f"--expires {expires} is over: name a day from {today} on")
    if expires > (latest := today + dt.timedelta(days=MOST_DAYS)):
        raise ConfigError(f"--expires {expires} is more than {MOST_DAYS} days away: name a day up to {latest}")
    check_target(path)


def accept(
    path: Path, name: str, audit: Audit, failed: Sequence[Failure], *, reason: str, by: str, today: dt.date,
    expires: dt.date,
) -> Accepted:  # fmt: skip
    """Write an exception for a failing audit, in place of an earlier one of its name.

    errors   as of `refuse_unsigned`
    """
    refuse_unsigned(path, reason=reason, by=by, today=today, expires=expires)
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
