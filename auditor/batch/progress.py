"""How far a batch is goes in; a line or a bar on stderr, with the rate and the time left, comes out."""

from __future__ import annotations

import sys
import time
from typing import Any

from auditor.report.plain import clean
from auditor.report.progress import on_terminal

EVERY = 10.0
"""Seconds between lines where stderr is no terminal."""


class Progress:
    """Tell stderr how far a batch is: a bar on a terminal, a line now and then elsewhere. Nothing where `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._what, self._total, self._done, self._before = "", 0, 0, 0
        self._start = self._last = time.monotonic()

    def begin(self, what: str, total: int, already: int) -> None:
        """So many to do, so many of them done by an earlier run."""
        self.close()
        self._what, self._total, self._done, self._before = what, total, already, already
        self._start = self._last = time.monotonic()
        if already and not self._quiet:
            self.note(f"{already:,} of {total:,} {what} were done before")
        if total == already or self._quiet or not on_terminal():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rest]}"),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(what, total=total, completed=already, rest="")
        self._bar.start()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, rest=self._rest())
        elif time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self.note(f"{self._done:,} of {self._total:,} {self._what}, {self._rest()}")

    def note(self, text: str) -> None:
        """Something to know, on a line of its own."""
        if not self._quiet and sys.stderr is not None:
            print(clean(text), file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @property
    def told(self) -> str:
        """How far it is, in words."""
        return f"{self._done:,} of {self._total:,} {self._what} are done"

    def _rest(self) -> str:
        passed = time.monotonic() - self._start
        rate = (self._done - self._before) / passed if passed > 0 else 0.0
        if rate <= 0:
            return ""
        return f"{rate:.3g} a second, {duration((self._total - self._done) / rate)} left"


def duration(seconds: float) -> str:
    """Give a time as people say it: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
