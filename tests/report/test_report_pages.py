"""Markdown and notebook HTML: the order of the page, and names that cannot become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from auditor.report import detail
from auditor.report.markdown import LIMIT, as_markdown, code, escaped
from auditor.report.markup import notebook_html
from auditor.verdict.words import HEADLINES

NASTY = "a|b`c``<img src=x onerror=alert(1)>\n# head\n@someone #12 [x](http://evil.test) **b** www.evil.test \x1b[31m"


def test_markdown_has_the_order_of_the_page(audit):
    text = as_markdown(audit)
    assert text.startswith(f"## {HEADLINES[audit.finding]}")
    first = text.split("###")[0]
    for name in ("Sharpe gain", "p (one-sided)", "sample", "Assumed"):
        assert name in first
    assert escaped(audit.notes[0]) in first
    titles = re.findall(r"^### (\w+(?: [a-z]+)?)", text, re.MULTILINE)
    change = ["What would"] if audit.would_change else []
    wanted = ["Checks", "Warnings", "The gain", "What shapes", "Selection", "What could", *change, "How to"]
    assert titles == wanted


def test_every_table_row_has_as_many_cells_as_its_header(audit, hostile):
    for text in (as_markdown(audit), as_markdown(hostile(NASTY))):
        width = 0
        for line in text.splitlines():
            if not line.startswith("|"):
                width = 0
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = width or cells
            assert cells == width, line


def test_markdown_of_hostile_names_is_text(hostile):
    text = as_markdown(hostile(NASTY))
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""), flags=re.S)
    assert "<img" not in outside_code
    assert "@someone" not in outside_code
    assert "http://evil" not in outside_code
    assert "www.evil" not in outside_code
    assert "\n# head" not in text
    assert "\x1b" not in text
    assert "**b**" not in outside_code


def test_markdown_stays_under_its_limit(new_edge):
    text = as_markdown(replace(new_edge, warnings=("a & b " * 5_000,) * 100))
    assert len(text.encode()) < LIMIT
    assert text.startswith("## NEW EDGE")
    assert "the rest is in the JSON report" in text


def test_markdown_of_an_audit_is_small(audit):
    assert len(as_markdown(audit).encode()) < 8_000
    assert audit.to_markdown() == as_markdown(audit)


def cells(text: str, title: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by their first cell."""
    table = text.split(f"### {title}")[1].split("###")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[2:]}


def test_markdown_tables_of_shape_hold_the_rows_and_sentences_of_the_text(audit):
    text = as_markdown(audit)
    found = cells(text, detail.SHAPE_TITLE)
    assert found == {name: values for name, *values in detail.shape_rows(audit)}
    for sentence in detail.shape_sentences(audit):
        assert f"- {escaped(sentence)}\n" in text


def test_markdown_table_of_selection_holds_what_was_assessed(searched, new_edge):
    assert list(cells(as_markdown(new_edge), detail.SELECTION_TITLE)) == ["PSR over base", "minimum track record"]
    counted = cells(as_markdown(searched(n_trials=30)), detail.SELECTION_TITLE)
    assert list(counted) == ["PSR over base", "minimum track record", "DSR", "DSR over base"]
    audit = searched()
    known = cells(as_markdown(audit), detail.SELECTION_TITLE)
    assert list(known) == [*counted, "SPA p", "PBO"]
    assert float(known["PBO"][0]) == pytest.approx(audit.selection.pbo, abs=0.005001)
    assert known["DSR over base"][0] == escaped(detail.probability(audit.selection.dsr_over_base))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("plain.csv", "`plain.csv`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a|b", "`a\\|b`"), ("a\nb", "`a\\x0ab`")],
)
def test_code_is_fenced_by_more_backticks_than_it_holds(name, shown):
    assert code(name) == shown


def test_escaped_parts_mentions_and_links():
    assert escaped("@user") == "@\u200buser"
    assert escaped("<b>&") == "&lt;b&gt;&amp;"
    assert escaped("https://x.test").startswith("https:\u200b//")
    assert escaped("as of GH-12, gh-3") == "as of GH-\u200b12, gh-\u200b3"
    assert escaped("80 % power, p = 0.04, +0.40, --known") == "80 % power, p = 0.04, +0.40, --known"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("# a", "\\# a"), ("###### a", "\\###### a"), ("#", "\\#"), ("+ a", "\\+ a"), ("- a", "\\- a"), ("-", "\\-"),
     ("  - a", "  \\- a"), ("1. a", "1\\. a"), ("12) a", "12\\) a"), ("---", "\\---"), ("- - -", "\\- - -"),
     ("===", "\\==="), ("* a", "\\* a"), ("-0.11, p 0.2", "-0.11, p 0.2"), ("+0.40", "+0.40"), ("1.5 a", "1.5 a"),
     ("-- a", "-- a"), ("2020-01-31", "2020-01-31"), ("> a", "&gt; a"), ("a - b", "a - b")],
)  # fmt: skip
def test_how_a_text_begins_makes_no_block_of_it(text, shown):
    assert escaped(text) == shown


class Tags(HTMLParser):
    """Collect tags and attributes, and see that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_holds_the_verdict_and_every_check(audit):
    page = Tags()
    page.feed(notebook_html(audit))
    assert page.open == []
    assert {"svg", "path", "text"} <= page.seen
    assert page.text.startswith(HEADLINES[audit.finding])
    assert audit.reason in page.text
    assert page.text.count("not assessed") >= sum(check.value is None for check in audit.checks)
    assert audit._repr_html_() == notebook_html(audit)


def test_html_of_hostile_names_is_text(hostile):
    page = Tags()
    page.feed(re.sub(r"<svg.*</svg>", "", notebook_html(hostile(NASTY)), flags=re.S))
    assert page.seen <= {"div", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert page.attributes == {"style"}
    assert "<img src=x" in page.text
    assert "\x1b" not in page.text


def test_html_takes_the_colours_of_the_page(audit):
    page = notebook_html(audit)
    assert "background" not in page.replace("background:none", "")
    assert "currentColor" in page
    assert re.findall(r"[;\"]color:([^;\"]+)", page) == ["inherit"] * page.count("color:inherit")
