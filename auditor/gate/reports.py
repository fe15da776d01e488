"""A run of the gate goes in; the text of each report comes out, and that of a run which ended before it judged."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from auditor.errors import AuditorError, ConfigError, Terminated, internal, of_system
from auditor.gate.config import OWN, Entry, find, load, named
from auditor.gate.outcome import CANNOT_TELL, INTERRUPTED, TERMINATED, GateRun, Outcome
from auditor.gate.run import files_kept, files_read
from auditor.report import gate as pages
from auditor.report import gate_machine, github
from auditor.report.machine import as_json
from auditor.report.targets import check_output
from auditor.verdict.gate import Requirements

BEGINS = {
    "html": '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    "json": '{\n  "schema": 1,\n  "config": "',
    "md": "## auditor gate: ",
    "junit": '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="auditor gate"',
    "sarif": '{\n  "$schema": "https://docs.oasis-open.org/sarif/',
    "github": "::error file=",
}
"""How each report begins: a file that begins so is one of ours."""


def texts(run: GateRun, code: int) -> Mapping[str, Callable[[], str]]:
    """Give what makes the text of each report, by its format; code, the exit code, is for the JSON."""
    return {
        "html": lambda: pages.page(run),
        "json": lambda: as_json(gate_machine.as_record(run, exit_code=code)),
        "md": lambda: pages.markdown(run),
        "junit": lambda: gate_machine.junit(run),
        "sarif": lambda: gate_machine.sarif(run),
        "github": lambda: github.commands(run),
    }


def never_judged(config: str | None, error: BaseException) -> tuple[GateRun, int]:
    """Give a run that ended before it judged as one error, at its line of the config; and its exit code."""
    code = CANNOT_TELL
    match error:
        case AuditorError():
            message = str(error)
        case OSError():
            message = of_system(error)
        case Exception():
            message = internal(error)
        case Terminated():
            message, code = "terminated before all was judged and written: run it again", TERMINATED
        case _:
            message, code = "interrupted before all was judged and written: run it again", INTERRUPTED
    if config is None:
        try:
            config = named(find())
        except ConfigError:
            config = OWN
    at = re.match(rf"{re.escape(config)}:(\d+):", message)
    line = max(int(at[1]), 1) if at else 1
    entry = Entry(name="auditor gate", strategy="", options={}, needed=Requirements(), line=line)
    outcome = Outcome(entry=entry, status="error", message=message)
    return GateRun(config=config, outcomes=(outcome,), ledger=None, head=None, notes=()), code


def replaceable(reports: Iterable[tuple[str, str]], config: str | None) -> list[tuple[str, str]]:
    """Give the reports that a run which never judged may write: to a new file, or over one of ours.

    What the config names is left alone as far as it can be read; beyond that nobody knows what the run would read.
    """
    inputs: list[str] = []
    kept: list[str] = []
    with contextlib.suppress(AuditorError, OSError):
        found = load(config)
        kept += files_kept(found)
        inputs += files_read(found)
    return [(kind, path) for kind, path in reports if _is_ours(kind, path, inputs, kept)]


def _is_ours(kind: str, path: str, inputs: Iterable[str], kept: Iterable[str]) -> bool:
    target = Path(path)
    try:
        check_output(path, named=path, inputs=inputs, kept=kept)
        if not target.exists():
            return True
        if not target.is_file():
            return False
        with target.open("rb") as file:
            return file.read(len(BEGINS[kind])) in (b"", BEGINS[kind].encode())
    except (AuditorError, OSError):
        return False
