"""A run of the gate goes in; lines for a terminal, Markdown and a page come out, verdicts first."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from auditor.config import Settings
from auditor.report import shown, stable
from auditor.report.markdown import as_markdown, escaped
from auditor.report.markup import notebook_html
from auditor.report.plain import clean, shortened
from auditor.report.styled import Line, Piece, Style, wrapped
from auditor.verdict.checks import Finding
from auditor.verdict.gate import Requirements
from auditor.verdict.words import p_text

if TYPE_CHECKING:
    from auditor.gate.config import Entry
    from auditor.gate.outcome import GateRun, Outcome, Status

MARKS: dict[Status, str] = {"passed": "pass", "accepted": "excepted", "failed": "FAIL", "error": "ERROR"}
STYLES: dict[Status, Style] = {"passed": "ok", "accepted": "warning", "failed": "no", "error": "no"}
COUNTED: dict[Status, tuple[str, str]] = {
    "passed": ("passes", "pass"),
    "accepted": ("is excepted", "are excepted"),
    "failed": ("fails", "fail"),
    "error": ("could not be run", "could not be run"),
}

WORDS: dict[Finding, str] = {
    "new_edge": "new edge",
    "efficiency": "efficiency",
    "flattering": "flattering",
    "unproven": "unproven",
    "no_gain": "no gain",
}

CAN_MOVE = (
    "level", "gain_level", "min_edge_share", "reps", "block", "seed", "embargo", "known", "known_complete", "rf",
    "periods_per_year", "opportunity", "tolerance", "pnl", "capital", "compounding", "reconcile", "position_lag",
    "rollout_as", "window", "hurdle", "n_trials", "trials", "align", "na", "kind", "unit",
)  # fmt: skip
"""Options that a label may hang on, beside the files of the policies and what is out of sample, which all name."""

SUMMARY_LIMIT = 1_000_000
"""Bytes of a step's summary; GitHub refuses more than 1 MiB."""


def lines(run: GateRun) -> Iterator[Line]:
    """Give the run as lines: a line an audit, what fails under it, then the count."""
    width = max(len(_name(one)) for one in run.outcomes)
    for one in run.outcomes:
        yield (Piece(f"{MARKS[one.status]:<8}  ", STYLES[one.status]), Piece(f"{_name(one):<{width}}  {_found(one)}"))
        for text in (*told(one), *warned(one)):
            yield from wrapped(clean(text), first="          ", rest="            ")
    yield ()
    yield (Piece(f"{summary(run)}.", "strong"),)
    for text in around(run):
        yield from wrapped(clean(text), style="quiet")


def summary(run: GateRun) -> str:
    """Give how many pass, are excepted, fail and could not be run: "2 of 4 pass, 1 fails, 1 could not be run"."""
    parts = []
    for status, (one, many) in COUNTED.items():
        count = sum(1 for _ in run.of(status))
        if status == "passed":
            parts.append(f"{count} of {len(run.outcomes)} {one if count == 1 == len(run.outcomes) else many}")
        elif count:
            parts.append(f"{count} {one if count == 1 else many}")
    return ", ".join(parts)


def told(one: Outcome) -> list[str]:
    """Give what is under an audit's line: its own rule, rules that fail, look, stability, error, exception, notes."""
    found = [rule] if (rule := own_rule(one.entry)) else []
    found += [str(failure) for failure in one.failures]
    if one.audit is not None and one.audit.look is not None and (one.failures or one.audit.look.number > 1):
        found.append(shown.look(one.audit))
    if one.audit is not None and one.audit.stability is not None:
        found.append(f"stability: {' '.join(stable.sentences(one.audit.stability))}")
    if one.status == "error":
        found.append(one.message)
    if one.accepted is not None:
        found.append(f"excepted until {one.accepted.expires} by {one.accepted.by}: {one.accepted.reason}")
    return [*found, *one.notes]


def own_rule(entry: Entry) -> str:
    """Give what an audit is held to in place of the defaults: "rule: require unproven; level 0.5"; "" for those."""
    usual, parts = Requirements(), []
    if set(entry.needed.require) != set(usual.require):
        parts.append(f"require {' or '.join(entry.needed.require)}")
    if entry.needed.standing != usual.standing:
        parts.append(f"standing {entry.needed.standing}")
    if entry.needed.on_undecided != usual.on_undecided:
        parts.append(f"on_undecided {entry.needed.on_undecided}")
    parts += [f"{name} {_worded(value)}" for name, value in own_options(entry).items()]
    return f"rule: {'; '.join(parts)}" if parts else ""


def own_options(entry: Entry) -> dict[str, Any]:
    """Give the options of an audit that can move its label and are not the defaults, in the order of the docs."""
    usual, given = asdict(Settings()), entry.options
    return {name: given[name] for name in CAN_MOVE if name in given and given[name] != usual.get(name)}


def _worded(value: Any) -> str:
    """Give a value as the config has it; a file from where the reader stands."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        near = os.path.relpath(value) if os.path.isabs(value) else value
        return value if near.startswith("..") else near
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def warned(one: Outcome) -> list[str]:
    """Give what an audit that passes warns of; where it fails, the audit in full stands beside it."""
    if one.audit is None or one.status != "passed":
        return []
    return [f"warning: {text}" for text in one.audit.warnings]


def around(run: GateRun) -> list[str]:
    """Give what holds for the whole run: notes, and the ledger with its last row."""
    found = list(run.notes)
    if run.ledger is not None:
        found.append(f"Looks are counted in {run.ledger}" + (f", last row {run.head}." if run.head else "."))
    return found


def markdown(run: GateRun) -> str:
    """Give a table of all audits, and what fails, for a pull request; under the limit of a comment for 200 audits."""
    rows = [
        f"| {'**' if one.status in ('failed', 'error') else ''}{MARKS[one.status]}"
        f"{'**' if one.status in ('failed', 'error') else ''} | {escaped(one.entry.name)} | {escaped(_label(one))} "
        f"| {escaped(_gain(one))} | {escaped(_look(one))} |\n"
        for one in run.outcomes
    ]
    text = (
        f"## auditor gate: {escaped(summary(run))}\n\n| | audit | finding | gain, p | look, level left |\n"
        f"| --- | --- | --- | --- | --- |\n{''.join(rows)}"
    )
    for one in run.outcomes:
        if said := [*told(one), *warned(one)]:
            text += f"\n**{escaped(one.entry.name)}**\n\n" + "".join(f"- {escaped(line)}\n" for line in said)
    notes = around(run)
    return text + ("\n" + "".join(f"{escaped(note)}\n\n" for note in notes)).rstrip("\n") + ("\n" if notes else "")


def step_summary(run: GateRun, *, room: int = SUMMARY_LIMIT) -> str:
    """Give the Markdown, and in full the audits that do not pass while there is room, in bytes."""
    text = markdown(run)
    if len(text.encode("utf-8", "replace")) > room:
        short = f"## auditor gate: {escaped(summary(run))}\n"
        return short if len(short) <= room else ""
    for one in run.of("failed", "accepted"):
        if one.audit is None:
            continue
        # The look's level is not that of a plain audit of the same files.
        again = f"auditor gate --only {shlex.quote(clean(one.entry.name))}"
        full = as_markdown(one.audit, command=again)
        longer = f"{text}\n<details><summary>{escaped(one.entry.name)}</summary>\n\n{full}\n</details>\n"
        if len(longer.encode("utf-8", "replace")) > room:
            return text
        text = longer
    return text


def page(run: GateRun) -> str:
    """Give one HTML page without script, style sheet or image from elsewhere: the table, then each audit."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in
                         (MARKS[one.status], one.entry.name, _label(one), _gain(one), _look(one))) + "</tr>"
        for one in run.outcomes
    )  # fmt: skip
    parts = []
    for one in run.outcomes:
        said = "".join(f"<li>{_html(text)}</li>" for text in told(one))
        body = notebook_html(one.audit) if one.audit is not None else ""
        parts.append(
            f"<section><h2>{MARKS[one.status]}: {_html(one.entry.name)}</h2>{f'<ul>{said}</ul>' if said else ''}{body}"
            "</section>"
        )
    notes = "".join(f"<p>{_html(note)}</p>" for note in around(run))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>auditor gate: {_html(summary(run))}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{_html(summary(run))}</h1>\n<table><thead><tr><th></th><th>audit</th><th>finding</th><th>gain, p</th>"
        f"<th>look, level left</th></tr></thead><tbody>{rows}</tbody></table>\n{notes}\n" + "\n".join(parts)
        + "\n</body></html>\n"
    )  # fmt: skip


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64em;margin:2em auto;padding:0 1em;"
    "color:#1f2328;background:#fff}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2em 1em .2em 0;vertical-align:top}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}"
)


def _html(text: str) -> str:
    return escape(clean(text), quote=True)


def _name(one: Outcome) -> str:
    return shortened(clean(one.entry.name), 28)


def _found(one: Outcome) -> str:
    if one.audit is None:
        return "could not be run"
    test = one.audit.sharpe.out_of_sample
    return f"{_label(one):<20}  {shown.signed(test.gain):>6}  {p_text(test.p_value)}"


def _label(one: Outcome) -> str:
    if one.audit is None:
        return ""
    words = WORDS[one.audit.finding]
    return words if one.audit.finding == "no_gain" else f"{words}, {one.audit.standing}"


def _gain(one: Outcome) -> str:
    if one.audit is None:
        return ""
    test = one.audit.sharpe.out_of_sample
    return f"{shown.signed(test.gain)}, {shown.p_value(test.p_value)}"


def _look(one: Outcome) -> str:
    look = None if one.audit is None else one.audit.look
    return "" if look is None else f"look {look.number}, {look.level_left:.3g}"
