"""A checked config goes in; its audits are run, counted and judged, one after the other; a GateRun comes out."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from glob import escape
from typing import TYPE_CHECKING, Any

from auditor.errors import AuditorError, ConfigError, LedgerError, internal, of_system
from auditor.gate import baseline
from auditor.gate.config import Entry, GateConfig, named
from auditor.gate.expand import expanded
from auditor.gate.keys import FILES, in_keys, nearest_of
from auditor.gate.outcome import GateRun, Outcome
from auditor.ledger.budget import without_password
from auditor.verdict.gate import failures

if TYPE_CHECKING:
    from auditor.ledger.store import Ledger
    from auditor.result import Audit

UNCOUNTED = (
    "Looks are not counted: the config names no ledger, and a gate that is rerun until it passes will pass by luck."
)
_BEFORE = (
    "If looks were counted before, they are in another one, or were removed: see that the config's ledger is what "
    "it was."
)
MADE = f"This run made the ledger. {_BEFORE}"
MADE_IN_CI = (
    "This run made the ledger. Unless it is kept for the next run, every run is the first look: keep the file, or use "
    "PostgreSQL."
)
EMPTY = f"The ledger held no look before this run. {_BEFORE}"


def run_gate(
    config: GateConfig,
    *,
    only: Sequence[str] = (),
    today: dt.date | None = None,
    progress: Callable[[str, int, int], None] = lambda name, number, count: None,
) -> GateRun:
    """Run the audits of a config and judge each.

    only      names, or patterns of them, of the audits to run; all without
    today     that exceptions are held to
    progress  told each audit's name, number and how many there are, before it is run

    An audit that cannot be run is an outcome; a ledger that cannot be reached raises LedgerError, since nothing is
    then counted. Raises ConfigError for a name that `only` gives and the config does not.
    """
    chosen = chosen_of(expanded(config.entries), only)
    exceptions = baseline.read(config.baseline)
    ledger = _opened(config)
    of_the_run = _notes(ledger)
    day = today or dt.datetime.now(dt.UTC).date()
    outcomes: list[Outcome] = []
    lost = ""
    for number, entry in enumerate(chosen, 1):
        if lost:
            outcomes.append(Outcome(entry=entry, status="error", message=f"Not run: {lost}"))
            continue
        progress(entry.name, number, len(chosen))
        try:
            audit, notes = _audited(entry, ledger)
        except (AuditorError, OSError) as error:
            message = of_system(error) if isinstance(error, OSError) else in_keys(str(error))
            outcomes.append(Outcome(entry=entry, status="error", message=message))
            lost = message if isinstance(error, LedgerError) else ""
            continue
        except (MemoryError, ImportError):
            raise
        except Exception as error:  # a defect of the program, or of a library, must not end the other audits
            outcomes.append(Outcome(entry=entry, status="error", message=internal(error)))
            continue
        outcomes.append(_judged(entry, audit, notes, exceptions, day))
    return GateRun(
        config=named(config.path),
        outcomes=tuple(outcomes),
        ledger=None if ledger is None else without_password(config.ledger_as_written or ""),
        head=None if ledger is None or lost else str(ledger.head()),
        notes=of_the_run,
    )


def files_read(config: GateConfig) -> tuple[str, ...]:
    """Give every file that a config names for reading, and its own; those with a column as FILE:COLUMN."""
    given = [entry.options.get(key) for entry in expanded(config.entries) for key in (*FILES, "rf")]
    return (str(config.path), *(one for one in (config.signing_key, *given) if isinstance(one, str)))


def files_kept(config: GateConfig) -> tuple[str, ...]:
    """Give every file that the gate itself adds to: the accepted exceptions, and a ledger that is a file."""
    if config.ledger is None:
        return (str(config.baseline),)
    from auditor.ledger.engine import files_of

    return (str(config.baseline), *files_of(config.ledger))


def chosen_of(entries: Sequence[Entry], only: Sequence[str]) -> list[Entry]:
    """Give the entries of these names or patterns, in the order of the config."""
    names = tuple(entry.name for entry in entries)
    for wanted in only:
        if not any(name == wanted or fnmatchcase(name, wanted) for name in names):
            raise ConfigError(f"no audit is named {wanted!r}. {nearest_of(wanted, names)}")
    return [one for one in entries if not only or any(one.name == name or fnmatchcase(one.name, name) for name in only)]


def pattern_of(config: GateConfig, name: str) -> str:
    """Give the pattern that the one audit of this name fits, and no other.

    errors   ConfigError where none has it, and for a pattern
    """
    entries = expanded(config.entries)
    fits = chosen_of(entries, (name,))
    if not any(one.name == name for one in entries):
        raise ConfigError(f"--accept takes the name of one audit, not a pattern: {name!r} fits {len(fits)}")
    return escape(name)


def _opened(config: GateConfig) -> Ledger | None:
    if config.ledger is None:
        return None
    from auditor.ledger.chain import read_key
    from auditor.ledger.store import Ledger

    return Ledger(config.ledger, signing_key=read_key(config.signing_key)).trusted()


def _audited(entry: Entry, ledger: Ledger | None) -> tuple[Audit, tuple[str, ...]]:
    options: dict[str, Any] = dict(entry.options)
    base, tuned = options.pop("base", None), options.pop("tuned", None)
    if ledger is None:
        from auditor.audit import audit_files

        return audit_files(base, tuned, **options), ()
    from auditor.counted import take_look, told_of

    found = take_look(ledger, entry.strategy, base, tuned, **options)
    return found.audit, told_of(found.reserved)


def _judged(
    entry: Entry, audit: Audit, notes: tuple[str, ...], exceptions: Sequence[baseline.Accepted], today: dt.date
) -> Outcome:
    failed = failures(audit, entry.needed)
    if not failed:
        return Outcome(entry=entry, status="passed", audit=audit, notes=notes)
    accepted, why = baseline.covering(exceptions, entry.name, audit, failed, today)
    return Outcome(
        entry=entry,
        status="accepted" if accepted else "failed",
        audit=audit,
        failures=failed,
        accepted=accepted,
        notes=(*notes, why) if why else notes,
    )


def _notes(ledger: Ledger | None) -> tuple[str, ...]:
    """Give what holds for the whole run, asked before its first look is counted."""
    if ledger is None:
        return (UNCOUNTED,)
    if ledger.made:
        return ((MADE_IN_CI if os.environ.get("CI") else MADE),)
    return () if ledger.head().seq else (EMPTY,)
