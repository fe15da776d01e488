"""One walk: the numbers on page, terminal, notebook, Markdown and in the JSON are the same numbers."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from auditor import demo
from auditor.report.text import plain_text

NUMBER = r"[-+]?\d[\d,]*\.?\d*%?"
PAIRS = {pair.name: pair for pair in demo.pairs()}


class Cells(HTMLParser):
    """Collect text, and tables as rows of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" in self.inside:
            return
        self.words.append(data)
        if {"td", "th"} & set(self.inside):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return one_line(" ".join(self.words))


def one_line(text: str) -> str:
    """Text with single spaces and without what only parts references."""
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


@cache
def told(name: str):
    """One example told in every way: (audit, JSON data, terminal, page, Markdown as rendered, notebook)."""
    audit = demo.audit_pair(PAIRS[name], reps=999)
    rendered = MarkdownIt("commonmark").enable("table").render(audit.to_markdown())
    return (
        audit, json.loads(audit.to_json()), plain_text(audit), Cells(audit.to_html()), Cells(rendered),
        Cells(audit._repr_html_()),
    )  # fmt: skip


def rounded(value: float) -> str:
    return f"{value:+z.2f}"


@pytest.mark.parametrize("name", PAIRS)
def test_the_gain_its_parts_and_their_intervals_are_the_same_everywhere(name):
    _, data, terminal, page, markdown, notebook = told(name)
    for span in ("in_sample", "out_of_sample"):
        test, parts = data["sharpe"][span], data["attribution"][span]
        for value, ci in (
            (test["gain"], test["ci"]),
            (parts["reweighting_part"]["value"], parts["reweighting_part"]["ci"]),
            (parts["edge_part"]["value"], parts["edge_part"]["ci"]),
        ):
            said = f"{rounded(value)} [{rounded(ci[0])}, {rounded(ci[1])}]"
            for where in (one_line(terminal), page.text.replace(" ]", "]"), markdown.text):
                assert said in where, said
    outside = data["sharpe"]["out_of_sample"]
    assert f"gain {rounded(outside['gain'])}" in notebook.text


@pytest.mark.parametrize("name", PAIRS)
def test_every_check_is_the_same_row_everywhere(name):
    audit, data, terminal, page, markdown, notebook = told(name)
    for check, (mark, question, value, needed) in zip(data["checks"], rows_of(audit), strict=True):
        assert {True: "ok", False: "no", None: "--"}[check["passed"]] in (mark, "ok", "no")
        assert {"ok": "yes", "no": "no", "--": "--"}[mark] in next(row for row in page.rows if question in row)[0]
        for source in (page, markdown, notebook):
            row = next(row for row in source.rows if question in row)
            assert row[-2:] == [value, needed]
        # A long question is broken over two lines of a terminal.
        if check["value"] is not None:
            shown = re.escape(question[:40])
            assert re.search(rf"{shown}[^\n]* {re.escape(value)} +{re.escape(needed)}\n", terminal)
            digits = re.search(NUMBER, value)
            assert digits
            assert abs(number(digits[0]) - check["value"]) < 0.51 * step(digits[0]), question


def rows_of(audit):
    from auditor.report import shown

    return shown.check_rows(audit)


def number(text: str) -> float:
    """The number that a text shows."""
    return float(text.rstrip("%").replace(",", "")) / (100 if text.endswith("%") else 1)


def step(text: str) -> float:
    """One unit of the last digit shown."""
    places = len(text.rstrip("%").partition(".")[2])
    return 10.0**-places / (100 if text.endswith("%") else 1)


@pytest.mark.parametrize("name", PAIRS)
def test_page_and_markdown_have_the_same_tables_and_sentences(name):
    audit, _, terminal, page, markdown, _ = told(name)
    ours = [[cell.strip() for cell in row] for row in page.rows if len(row) > 2]
    # What keeps "pass@1" from being a mention is no part of the name.
    theirs = [[cell.replace("\u200b", "").strip() for cell in row] for row in markdown.rows]
    hashed = {one.sha256: one.sha256[:8] for one in audit.inputs}
    ours = [[hashed.get(cell, cell) for cell in row] for row in ours]
    for row in theirs:
        # The page names its marks and the first column of checks in words.
        row = [{"ok": "yes"}.get(cell, cell) for cell in row]
        assert row in ours or row[1:] == ["question", "found", "needed"] or row[-1] == "sha256", row
    for text in (*audit.warnings, *audit.would_change, audit.reason):
        for where in (terminal, " ".join(page.words), " ".join(markdown.words)):
            assert squeezed(text) in squeezed(where), text


def squeezed(text: str) -> str:
    """Text without spaces, which are where each medium breaks its lines."""
    return re.sub(r"[\s\u200b]+", "", text)


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.tuned])
def test_trades_are_the_same_numbers_everywhere(name):
    _, data, terminal, page, markdown, _ = told(name)
    found = data["coverage"]["trades"]
    row = next(row for row in page.rows if row and row[0] == "held by both")
    assert row in markdown.rows
    assert number(row[1]) == found["kept"]["base_trades"]
    assert number(row[3]) == found["kept"]["tuned_trades"]
    assert abs(number(row[2]) - found["kept"]["base_pnl"]) < 0.51 * step(row[2])
    assert re.search(r"held by both +" + r" +".join(map(re.escape, row[1:])), terminal)
    total = data["attribution"]["trades"]["out_of_sample"]["total"]
    row = next(row for row in page.rows if row and row[0] == "tuned less base" and len(row) == 4)
    assert row in markdown.rows
    assert abs(number(row[2]) - total) < 0.51 * step(row[2])
    assert f"Tuned less base {row[2]}" in one_line(terminal) or step(row[2]) > 0.0001


@pytest.mark.parametrize("name", PAIRS)
def test_what_the_pictures_say_are_numbers_of_the_json(name):
    _, data, _, page, _, _ = told(name)
    test = data["sharpe"]["out_of_sample"]
    low, high = test["ci"]
    assert f"the gain of {rounded(test['gain'])} [{rounded(low)}, {rounded(high)}]" in page.text
    if test["se"] > 0:
        assert f"find a true gain of {test['min_detectable_gain']:.2f}" in page.text
    for horizon in test["horizons"][1:]:
        assert f"{horizon['periods']} {rounded(horizon['gain'])}" in page.text
