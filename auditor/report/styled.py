"""Pieces of text go in; lines of at most 80 columns, in colour where a terminal takes it, come out."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from auditor.report.plain import clean
from auditor.verdict.checks import Finding

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80

Style = Literal["plain", "verdict", "title", "strong", "quiet", "ok", "no", "warning"]


class Piece(NamedTuple):
    """Some text of a line, and what it is; colours are chosen from that where there are any."""

    text: str
    style: Style = "plain"


Line = tuple[Piece, ...]

VERDICT_COLOURS: dict[Finding, str] = {
    "new_edge": "bold green",
    "efficiency": "bold cyan",
    "flattering": "bold red",
    "unproven": "bold yellow",
    "no_gain": "bold",
}

COLOURS: dict[Style, str] = {
    "plain": "",
    "title": "bold",
    "strong": "bold",
    "quiet": "dim",
    "ok": "green",
    "no": "red",
    "warning": "yellow",
}


def apart(sections: Iterable[Iterable[Line]]) -> list[Line]:
    """Join sections, those that are not empty, with an empty line between."""
    found: list[Line] = []
    for section in sections:
        block = list(section)
        if block:
            found += [(), *block] if found else block
    return found


def print_lines(report: Iterable[Line], console: Console, *, verdict: Finding = "no_gain") -> None:
    """Print styled lines; characters that the output cannot take are written out, never an error."""
    from rich.text import Text

    coloured = console.is_terminal and not os.environ.get("NO_COLOR") and not console.is_dumb_terminal
    for line in report:
        if not coloured:
            console.file.write(_fitting(joined(line), console.encoding) + "\n")
            continue
        text = Text()
        for piece in line:
            style = VERDICT_COLOURS[verdict] if piece.style == "verdict" else COLOURS[piece.style]
            text.append(_fitting(piece.text, console.encoding), style=style)
        console.print(text, soft_wrap=True, highlight=False)
    console.file.flush()


def wrapped(text: str, *, style: Style = "plain", first: str = "", rest: str = "") -> Iterator[Line]:
    """Give text as lines that fit, with what the first and the others start with."""
    for line in textwrap.wrap(text, WIDTH - 1, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False):
        yield (Piece(line, style),)


def listed(title: str, items: Sequence[str], style: Style = "plain", mark: str = "- ") -> Iterator[Line]:
    """Give items under a title, each with a mark; nothing where there are none."""
    if items:
        yield (Piece(title, "title"),)
    for item in items:
        yield from wrapped(clean(item), style=style, first=mark, rest="  ")


def joined(line: Line) -> str:
    """Give the text of a line."""
    return "".join(piece.text for piece in line)


def _fitting(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
