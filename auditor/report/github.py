"""A run of the gate goes in; workflow commands for GitHub Actions and the step's summary come out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.report.gate import SUMMARY_LIMIT, step_summary, summary, told
from auditor.report.plain import clean, shortened

if TYPE_CHECKING:
    from auditor.gate.outcome import GateRun

MOST = 10
"""Annotations of one kind that GitHub shows of a step."""

LONGEST = 4_000
"""Characters of one message."""


def commands(run: GateRun) -> str:
    """Give one error command an audit that fails or could not be run, ten at most, on its line of the config."""
    bad = list(run.of("failed", "error"))
    shown = bad if len(bad) <= MOST else bad[: MOST - 1]
    found = [_command(run, f"auditor: {one.entry.name}", "; ".join(told(one)), one.entry.line) for one in shown]
    if len(bad) > len(shown):
        found.append(_command(run, "auditor", f"and {len(bad) - len(shown)} more: {summary(run)}", 1))
    return "".join(f"{one}\n" for one in found)


def _command(run: GateRun, title: str, text: str, line: int) -> str:
    said = shortened(clean(text), LONGEST)
    file, named = _property(_in_repository(run.config)), _property(clean(title))
    return f"::error file={file},line={line},title={named}::{_data(said)}"


def _data(text: str) -> str:
    return text.replace("##[", "#\u200b#[").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _in_repository(config: str) -> str:
    """Give the config's path from the repository's root, where GitHub looks for it, if the step runs elsewhere."""
    root = os.environ.get("GITHUB_WORKSPACE")
    if not root:
        return clean(config)
    near = os.path.relpath(os.path.abspath(config), root)
    return clean(config if near.startswith("..") else near.replace(os.sep, "/"))


def write_summary(run: GateRun, environment: Mapping[str, str]) -> str | None:
    """Append the run to the step's summary where GitHub asks for one; give why it could not, which fails nothing."""
    name = environment.get("GITHUB_STEP_SUMMARY")
    if not name:
        return None
    try:
        path = Path(name)
        there = path.stat().st_size if path.exists() else 0
        text = step_summary(run, room=SUMMARY_LIMIT - there)
        with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        return f"the step's summary could not be written ({error.strerror or error})"
    return None
