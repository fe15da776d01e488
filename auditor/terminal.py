"""Results go in; what a command prints on the terminal comes out."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.result import Audit


class _Inert:
    """A stream of text to which no name that is printed can give commands."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        from auditor.report.plain import inert

        wide = str(self._stream.encoding or "").lower().startswith("utf")
        return self._stream.write(inert(text, "\u200b" if wide else "\\"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def in_github() -> bool:
    """Whether a step of GitHub Actions runs this, whose runner reads commands from what is printed."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextlib.contextmanager
def commands_parted() -> Iterator[None]:
    """Within GitHub Actions, print nothing that its runner would obey; commands of ours are printed as bytes."""
    kept = sys.stdout, sys.stderr
    if in_github():
        sys.stdout, sys.stderr = (one and cast(TextIO, _Inert(one)) for one in kept)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


def console() -> Console:
    """Give where reports are printed, in colour if it takes it."""
    from rich.console import Console

    # A shell may close it: nothing is printed then.
    return Console(file=sys.stdout or io.StringIO())


def print_json(data: Audit | Mapping[str, Any] | list[Any]) -> None:
    """Print JSON alone."""
    from auditor.report.machine import as_json

    # As bytes: JSON is UTF-8 and has plain line breaks whatever the terminal speaks.
    click.echo(as_json(data).encode("utf-8"), nl=False)


def note(text: str) -> None:
    """Say something beside the result."""
    from auditor.report.plain import clean

    click.echo(clean(text), err=True)
