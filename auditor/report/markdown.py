"""An audit goes in; Markdown for a pull or merge request comes out, in tables that GitHub and GitLab both render."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.report import breadth, detail, shown, stable, traded
from auditor.report.curves import CURVE_HEADER, CURVE_TITLE, band_words, curve_rows
from auditor.report.plain import clean, shortened

if TYPE_CHECKING:
    from auditor.result import Audit

LIMIT = 60_000
"""Bytes that fit a comment on either site, with room for a heading around it."""

LONGEST = 2_000
"""Characters of one text; whole sentences are far shorter, a hostile name may not be."""

MARKS = {"ok": "ok", "no": "**no**", "--": "--"}


def as_markdown(audit: Audit) -> str:
    """Give the audit in Markdown, verdict first, under 60 kB; nothing in a name can become markup."""
    warnings, *lists = _lists(audit)
    beside = [_stability(audit), _shape(audit), _selection(audit)]
    head, *rest = [_verdict(audit), _seeds(audit), _gain(audit), _traded(audit), _breadth(audit), _checks(audit)]
    rest += [warnings, *beside, *lists]
    # Last, since they are the longest: what a comment cannot hold is cut from them first.
    rest += [_sample(audit), *_broken_down(audit)]
    rest = [section for section in rest if section]
    text = head
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
    # References and links are looked for in the finished text, where no escape helps: a zero-width space parts them.
    text = re.sub(r"([@#!$~%])(?=\w)", "\\1\u200b", text)
    return re.sub(r"(?i)(https?:|ftp:|mailto:|www\.)(?=\S)", "\\1\u200b", text)


def code(text: str) -> str:
    """Give text as code in a table cell: a fence longer than any run of backticks in it, pipes escaped."""
    text = clean(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|") if text else ""


def _verdict(audit: Audit) -> str:
    return f"## {escaped(shown.headline(audit))}\n\n**{escaped(shown.meaning(audit))}**\n\n{escaped(audit.reason)}\n"


def _gain(audit: Audit) -> str:
    tests = (audit.sharpe.in_sample, audit.sharpe.out_of_sample)
    parts = (audit.attribution.in_sample, audit.attribution.out_of_sample)
    sample = audit.sample
    windows = (sample.in_sample, sample.out_of_sample)
    rows = [
        ("from, to", *(shown.span(one) + (f", {len(one)} windows" if len(one) > 1 else "") for one in windows)),
        ("base", *(f"{test.base:z.2f}" for test in tests)),
        ("tuned", *(f"{test.tuned:z.2f}" for test in tests)),
        ("**gain**", *(f"**{shown.signed(test.gain)}** {shown.interval(test.ci)}" for test in tests)),
        (
            "reweighting part",
            *(f"{shown.signed(one.reweighting_part.value)} {shown.interval(one.reweighting_part.ci)}" for one in parts),
        ),
        ("edge part", *(f"{shown.signed(one.edge_part.value)} {shown.interval(one.edge_part.ci)}" for one in parts)),
        ("p (one-sided)", *(escaped(shown.p_value(test.p_value)) for test in tests)),
        ("sample", *(f"{shown.count(test.n_obs, sample)}, blocks of {test.block}" for test in tests)),
    ]
    level = 100 * (1 - tests[1].level)
    return (
        _table(("Sharpe, annualised", "in sample", "out of sample"), rows)
        + f"\n{level:.4g}% intervals, resampled in blocks. The two parts add up to the gain.\n\n"
        + f"- {escaped(shown.horizons(tests[1], sample))}.\n- Direction: {escaped(shown.direction(audit))}.\n"
        + (f"- {escaped(library)}\n" if (library := traded.library(audit)) and not _by_holdings(audit) else "")
    )


def _by_holdings(audit: Audit) -> bool:
    return audit.coverage.trades is not None or audit.coverage.positions is not None


def _traded(audit: Audit) -> str:
    if audit.coverage.positions is not None:
        held = traded.position_sentences(audit.coverage.positions, audit)
        return _list(traded.POSITIONS_TITLE, [sentence for sentence in held if sentence])
    if audit.coverage.trades is None:
        return ""
    counts = _table(("", *traded.COUNTS_HEADER), _escaped_rows(traded.count_rows(audit)))
    # What the tables below hold is not said again.
    said = (traded.held(audit), traded.split(audit), traded.where(audit), traded.library(audit), traded.turnover(audit))
    spans = ("", "in sample", "out of sample", "whole")
    gaps = ("", "P&L of the trades", "sum of the returns", "gap", "gap by month")
    spread = ("tuned", "trades", "as equal trades", "as equal instruments", "ten best trades")
    off = audit.settings.get("reconcile") == "off"
    return (
        f"### {traded.TITLE}\n\n{counts}\n"
        + "".join(f"- {escaped(sentence)}\n" for sentence in said if sentence)
        + f"\nTuned less base P&L, line by line:\n\n{_table(spans, _escaped_rows(traded.line_rows(audit)))}"
        + f"\nTrades beside the returns{' (not held against them)' if off else ''}; "
        + "trades held over month ends make the gap by month:\n\n"
        + _table([escaped(name) for name in gaps], _escaped_rows(traded.reconciliation_rows(audit)))
        + "\nOver how many trades the P&L is spread:\n\n"
        + _table(spread, _escaped_rows(traded.concentration_rows(audit)))
    )


def _breadth(audit: Audit) -> str:
    found = audit.coverage.tries
    if found.source == "sessions":
        return ""
    table = ""
    if found.out_of_sample is not None and breadth.has_table(found):
        drawn = found.out_of_sample.tries.curves
        table = _table((CURVE_TITLE, *CURVE_HEADER), curve_rows(drawn)) + f"\n{escaped(band_words(drawn))}\n\n"
    said = "".join(f"- {escaped(sentence)}\n" for sentence in breadth.sentences(found))
    return f"### {breadth.title(found)}\n\n{table}{said}"


def _seeds(audit: Audit) -> str:
    if audit.seeds is None:
        return ""
    table = _table(("base", "tuned", "finding", "gain", "p"), _escaped_rows(breadth.seed_rows(audit.seeds)))
    said = "".join(f"- {escaped(sentence)}\n" for sentence in breadth.seed_sentences(audit.seeds))
    return f"### Pairs of rollouts, out of sample\n\n{table}\n{said}"


def _broken_down(audit: Audit) -> list[str]:
    if audit.attribution.trades is None:
        return []
    found = []
    for column, header, rows, left_out in traded.broken_down(audit):
        table = _table([escaped(name) for name in header], _escaped_rows(rows))
        more = f"\n{left_out:,} more, of smaller P&L, are in the JSON.\n" if left_out else ""
        found.append(f"### P&amp;L by {escaped(column)}, whole sample\n\n{table}{more}")
    return found


def _escaped_rows(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[escaped(cell.strip()) for cell in row] for row in rows]


def _checks(audit: Audit) -> str:
    rows = [
        (MARKS[mark], escaped(question), escaped(value), escaped(needed))
        for mark, question, value, needed in shown.check_rows(audit)
    ]
    return "### Checks, out of sample unless said\n\n" + _table(("", "question", "found", "needed"), rows)


def _stability(audit: Audit) -> str:
    if audit.stability is None:
        return ""
    said = "".join(f"- {escaped(sentence)}\n" for sentence in stable.sentences(audit.stability))
    table = _table(("", *stable.HEADER), _escaped_rows(stable.rows(audit.stability)))
    return f"### {stable.TITLE}\n\n{said}\n{table}"


def _shape(audit: Audit) -> str:
    rows = [[escaped(cell) for cell in row] for row in detail.shape_rows(audit)]
    sentences = "".join(f"- {escaped(sentence)}\n" for sentence in detail.shape_sentences(audit))
    table = _table(("", *detail.SHAPE_HEADER), rows)
    return f"### {detail.SHAPE_TITLE}\n\n{table}\n{detail.SHAPE_UNITS}\n\n{sentences}"


def _selection(audit: Audit) -> str:
    rows = [[escaped(cell) for cell in row] for row in detail.selection_rows(audit)]
    # Where nothing was assessed, the reason stands in place of the table.
    said = _table(("", "value", "meaning"), rows) if rows else escaped(detail.selection_sentences(audit)[0]) + "\n"
    return f"### {detail.SELECTION_TITLE}\n\n{said}"


def _lists(audit: Audit) -> list[str]:
    titled = (
        ("Warnings", audit.warnings),
        ("Not assessed", shown.beside_checks(audit)),
        ("What would change the label", audit.would_change),
        ("Notes", audit.notes),
    )
    return [_list(title, items) for title, items in titled]


def _list(title: str, items: Sequence[str]) -> str:
    return f"### {title}\n\n" + "".join(f"- {escaped(item)}\n" for item in items) if items else ""


def _sample(audit: Audit) -> str:
    rows = [
        (
            escaped(one.role),
            code(shortened(shown.source(one), 120)),
            f"{one.rows:,}",
            shown.day(one.first),
            shown.day(one.last),
            code(one.sha256[:8]),
        )
        for one in audit.inputs
    ]
    return (
        "### Read\n\n"
        + _table(("role", "file and column", "rows", "first", "last", "sha256"), rows)
        + f"\n{escaped(shown.computed_with(audit))}\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
