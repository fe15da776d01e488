"""An audit goes in; Markdown for a pull or merge request comes out, in tables that GitHub and GitLab both render."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.report import shown, tables
from auditor.report.plain import clean, shortened
from auditor.report.reproduce import at_its_look, how_to

if TYPE_CHECKING:
    from auditor.result import Audit, Input

LIMIT = 60_000
"""Bytes that fit a comment on either site, with room for a heading around it."""

LONGEST = 2_000
"""Characters of one text; whole sentences are far shorter, a hostile name may not be."""

MARKS = {"ok": "ok", "no": "**no**", "--": "--"}


def as_markdown(audit: Audit, *, command: str | None = None) -> str:
    """Give the audit in Markdown, in the order of the page, under 60 kB; nothing in a name can become markup.

    command    what gives the same numbers; an `auditor audit` of the files unless said
    """
    sections = [
        _verdict(audit),
        _checks(audit),
        list_text("Warnings", audit.warnings),
        *(section_text(one) for one in tables.sections(audit)),
        list_text("What could not be assessed", shown.beside_checks(audit)),
        list_text("What would change the label", audit.would_change),
        reproduce(audit.inputs, command or how_to(audit), audit.versions, None if command else at_its_look(audit)),
        # Last, since they are the longest: what a comment cannot hold is cut from them first.
        *(section_text(one) for one in tables.breakdowns(audit)),
    ]
    return within_limit(sections)


def within_limit(sections: Sequence[str]) -> str:
    """Join sections, those that are not empty, and say so where the last do not fit a comment."""
    text, *rest = [section for section in sections if section]
    for section in rest:
        longer = f"{text}\n{section}"
        # Only lists of names or warnings can be this long; what is left out is in the JSON.
        if len(longer.encode("utf-8", "replace")) > LIMIT - 200:
            return f"{text}\n*Cut here: the rest is in the JSON report.*\n"
        text = longer
    return text


def escaped(text: str) -> str:
    """Give text that Markdown shows as it is: no markup, HTML, table cell, link, mention or issue reference."""
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", shortened(clean(text), LONGEST))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # How a text begins decides what block it is: a heading, a list, a rule, the line under a heading.
    text = re.sub(r"^(\s*)(?=(#{1,6}|[-+])(\s|$)|([-=]\s*){2,}$)", r"\1\\", text)
    text = re.sub(r"^(\s*\d{1,9})(?=[.)](\s|$))", r"\1\\", text)
    # References and links are looked for in the finished text, where no escape helps: a zero-width space parts them.
    text = re.sub(r"([@#!$~%]|(?i:GH-))(?=\w)", "\\1\u200b", text)
    return re.sub(r"(?i)(https?:|ftp:|mailto:|www\.)(?=\S)", "\\1\u200b", text)


def code(text: str) -> str:
    """Give text as code in a table cell: a fence longer than any run of backticks in it, pipes escaped."""
    text = clean(text)
    fence = "`" * (1 + _backticks(text))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|") if text else ""


def _backticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _verdict(audit: Audit) -> str:
    return verdict_text(
        shown.headline(audit), shown.meaning(audit), audit.reason, tables.facts(audit), tables.assumed(audit)
    )


def verdict_text(head: str, meaning: str, reason: str, facts: Sequence[tuple[str, str]], assumed: Sequence[str]) -> str:
    """Give what a reader needs first; a reason may be empty."""
    listed = "".join(f"- {escaped(name)}: **{escaped(value)}**\n" for name, value in facts)
    leant = "; ".join(escaped(item.rstrip(".")) for item in assumed)
    said = "\n\n".join(filter(None, (f"## {escaped(head)}", f"**{escaped(meaning)}**", escaped(reason))))
    return f"{said}\n\n{listed}\nAssumed: {leant}.\n"


def _checks(audit: Audit) -> str:
    rows = [
        (MARKS[mark], escaped(question), escaped(value), escaped(needed))
        for mark, question, value, needed in shown.check_rows(audit)
    ]
    return "### Checks, out of sample unless said\n\n" + _table(("", "question", "found", "needed"), rows)


def section_text(section: tables.Section) -> str:
    """Give tables and sentences under their heading."""
    return f"### {escaped(section.title)}\n\n" + "\n".join(_block(block) for block in section.blocks)


def _block(block: tables.Block) -> str:
    if not isinstance(block, tables.Table):
        return "".join(f"- {escaped(sentence)}\n" for sentence in block)
    title = f"{escaped(block.title)}:\n\n" if block.title else ""
    note = f"\n{escaped(block.note)}\n" if block.note else ""
    rows = [[escaped(cell.strip()) for cell in row] for row in block.rows]
    return title + _table([escaped(name) for name in block.header], rows) + note


def list_text(title: str, items: Sequence[str]) -> str:
    """Give items under a heading; nothing where there are none."""
    return f"### {title}\n\n" + "".join(f"- {escaped(item)}\n" for item in items) if items else ""


def reproduce(
    inputs: Sequence[Input], command: str, versions: Mapping[str, str], counted: tuple[str, str] | None = None
) -> str:
    """Give the command, what was read and the versions of what computed it.

    counted   what the command leaves out, and a call that does not
    """
    rows = [
        (
            escaped(one.role),
            code(shortened(shown.source(one), 120)),
            f"{one.rows:,}",
            shown.day(one.first),
            shown.day(one.last),
            code(one.sha256[:8]),
        )
        for one in inputs
    ]
    programs = ", ".join(f"{escaped(name)} {escaped(version)}" for name, version in versions.items())
    return (
        f"### How to reproduce\n\n{_fenced(command)}\n"
        + (f"{escaped(counted[0])}\n\n{_fenced(counted[1])}\n" if counted else "")
        + _table(("role", "file and column", "rows", "first", "last", "sha256"), rows)
        + f"\n{programs}\n"
    )


def _fenced(command: str) -> str:
    command = shortened(command, LONGEST)
    fence = "`" * max(3, 1 + _backticks(command))
    return f"{fence}\n{command}\n{fence}\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
