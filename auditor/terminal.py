"""Results go in; what a command prints on the terminal comes out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.result import Audit


def console() -> Console:
    """Give where reports are printed, in colour if it takes it."""
    from rich.console import Console

    return Console(file=sys.stdout)


def print_json(data: Audit | Mapping[str, Any] | list[Any]) -> None:
    """Print JSON alone."""
    from auditor.report.machine import as_json

    # As bytes: JSON is UTF-8 and has plain line breaks whatever the terminal speaks.
    click.echo(as_json(data).encode("utf-8"), nl=False)


def note(text: str) -> None:
    """Say something beside the result."""
    from auditor.report.plain import clean

    click.echo(clean(text), err=True)
