"""The page: one file with everything in it, in its order, small, readable, and every name on it text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

import auditor
from auditor import demo
from auditor.cli import main
from auditor.report import detail, shown, traded
from auditor.report.html import as_html, kept
from auditor.report.markdown import as_markdown
from auditor.report.pictured import pictures
from auditor.report.reproduce import at_its_look, how_to
from auditor.report.theme import DARK, EITHER, LIGHT
from auditor.verdict.words import HEADLINES

PAIRS = {pair.name: pair for pair in demo.pairs()}
NASTY = 'a|b`c`</title><img src=x onerror=alert(1)>" onload="x\' &amp; {{ 7*7 }} $x$ \x1b[31m\u202e'
TEXTS = ("ink", "muted", "base", "tuned", "new", "good", "bad", "doubt")


@cache
def page(name: str) -> str:
    """The page of a bundled pair or desk."""
    return as_html(demo.audit_pair(PAIRS[name], reps=999))


class Page(HTMLParser):
    """Collect tags, attributes, headings and text, and see that each tag is closed."""

    VOID = ("meta", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.words = ""
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag.lower()

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words += data
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.words)


def test_the_page_has_its_order(audit):
    found = Page(as_html(audit))
    assert found.open == []
    assert found.headings[0].startswith(HEADLINES[audit.finding])
    change = ["What would change the label"] if audit.would_change else []
    assert found.headings[1:] == [
        "Checks, out of sample unless said", "Warnings", "Pictures", "The gain, in sample and out of sample",
        detail.SHAPE_TITLE, detail.SELECTION_TITLE, "What could not be assessed", *change, "How to reproduce",
    ]  # fmt: skip


def test_the_first_screen_says_label_reason_gain_p_sample_and_what_was_assumed(audit):
    first = Page(as_html(audit).split("<section>")[0] + "</main></body></html>").text
    test = audit.sharpe.out_of_sample
    for said in (
        shown.headline(audit), shown.meaning(audit), audit.reason, shown.signed(test.gain), shown.interval(test.ci),
        shown.p_value(test.p_value), shown.count(test.n_obs, audit.sample), audit.notes[0], "1 warning",
    ):  # fmt: skip
        assert said in first, said


def test_pictures_stand_in_their_order_and_say_their_finding():
    text = page("second_signal")
    audit = demo.audit_pair(PAIRS["second_signal"], reps=999)
    names = re.findall(r'<figure id="(\w+)">', text)
    assert names == [one.name for one in pictures(audit)]
    assert names == [
        "growth", "rolling", "bootstrap", "split", "horizons", "coverage", "lines", "new_part", "new_map",
        "depth_breadth", "power",
    ]  # fmt: skip
    labels = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', text)
    assert len(labels) == len(names)
    assert all(re.search(r"\d", label) for label in labels)
    assert Page(text).headings[4:6] == ["The gain, in sample and out of sample", traded.TITLE]


@pytest.mark.parametrize("name", PAIRS)
def test_the_page_of_every_example_is_whole_and_small(name):
    text = page(name)
    found = Page(text)
    assert found.open == []
    assert len(text.encode()) < 400_000
    assert not {"script", "img", "iframe", "object", "form", "input"} & found.seen
    addresses = [
        value for _, key, value in found.attributes if key in ("href", "src", "srcset", "action", "xlink:href")
    ]
    assert all(one.startswith("#") or one == "data:," for one in addresses)
    assert not re.search(r"url\((?!#)|@import|https?:", text)
    assert not [one for one in found.attributes if one[1].startswith("on")]
    ids = [value for _, key, value in found.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    assert {one[1:] for one in addresses if one.startswith("#")} <= set(ids)


def test_a_large_audit_has_a_small_page(priced):
    assert len(as_html(priced).encode()) < 400_000


def test_hostile_text_everywhere_is_text(hostile):
    found = Page(as_html(hostile(NASTY)))
    assert found.open == []
    assert "<img src=x onerror=alert(1)>" in found.text
    assert "{{ 7*7 }}" in found.text
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text
    assert "img" not in found.seen
    assert not [one for one in found.attributes if one[1].startswith("on")]


def test_hostile_names_of_trades_are_text(hostile_trades, priced):
    found = Page(as_html(hostile_trades(NASTY)))
    assert found.open == []
    assert "<img src=x" in found.text
    assert "img" not in found.seen
    assert not [one for one in found.attributes if one[1].startswith("on")]


def test_very_long_names_do_not_outgrow_the_page(hostile, hostile_trades):
    for audit in (hostile("\u65e5|" * 100_000), hostile_trades("\u65e5|" * 3_000)):
        assert len(as_html(audit).encode()) < 400_000


def test_warnings_by_the_hundred_are_cut_and_counted(new_edge):
    found = Page(as_html(replace(new_edge, warnings=tuple(f"warning {i}" for i in range(900)))))
    assert "900 warnings" in found.text
    assert "700 more are in the JSON" in found.text


def test_the_same_audit_gives_the_same_bytes(audit):
    assert as_html(audit) == as_html(replace(audit))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", TEXTS)
def test_every_text_has_the_contrast_of_wcag_aa(colours, role):
    assert contrast(colours[role], colours["paper"]) >= 4.5
    assert contrast(colours[role], colours["raised"]) >= 4.5


@pytest.mark.parametrize("role", [role for role, colour in EITHER.items() if colour.startswith("#") and role != "rule"])
def test_notebook_colours_stand_out_from_white_and_black(role):
    assert contrast(EITHER[role], "#ffffff") >= 4.5
    assert contrast(EITHER[role], "#000000") >= 4.5


def test_the_page_takes_no_colour_but_those_of_the_theme():
    style = page("second_signal").split("<style>")[1].split("</style>")[0]
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", style))
    assert used == set(LIGHT.values()) | set(DARK.values())
    body = page("second_signal").split("</style>")[1]
    assert not re.findall(r"(?:fill|stroke|color): ?#", body)


@pytest.mark.parametrize("name", ["riskmanaged_momentum", "second_signal"])
def test_the_command_on_the_page_gives_the_same_numbers(name, monkeypatch):
    import shlex

    pair = PAIRS[name]
    audit = demo.audit_pair(pair, reps=399, seed=5, level=0.1)
    command = how_to(audit)
    assert command in Page(as_html(audit)).text
    monkeypatch.chdir(pair.path.parent)
    program, *words = shlex.split(command)
    assert program == "auditor"
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert auditor.Audit.to_json(audit) == done.stdout or differs_in_notes_alone(audit, done.stdout)


def differs_in_notes_alone(audit, text: str) -> bool:
    """Whether only that the periods a year were inferred is another note."""
    import json

    one, other = audit.to_dict(), json.loads(text)
    for data in (one, other):
        data["notes"] = [note for note in data["notes"] if "inferred" not in note]
    return json.loads(json.dumps(one)) == other


def test_windows_and_rates_are_in_the_command():
    path = str(PAIRS["mkt_plus_hml_mom"].path)
    audit = auditor.audit_files(
        path, path, base_column="base", tuned_column="tuned", reps=199, rf=0.02, embargo=3, n_trials=7,
        oos=["1983-01-01:1990-12-31", "2000-01-01:2006-12-31"], known_complete=False,
    )  # fmt: skip
    said = how_to(audit)
    for part in (
        "--oos 1983-01-01:1990-12-31 --oos 2000-01-01:2006-12-31", "--rf 0.02", "--embargo 3", "--n-trials 7",
        "--reps 199", "mkt_plus_hml_mom.csv:base",
    ):  # fmt: skip
        assert part in said
    assert "--gain-level" not in said
    assert "--known-complete" not in said


def test_frames_are_reproduced_by_a_call():
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    base, tuned = (pd.Series(rng.normal(0.001, 0.01, 400), pd.bdate_range("2015-01-01", periods=400)) for _ in "ab")
    first = auditor.audit(base, tuned, oos_fraction=0.4, reps=199)
    said = how_to(first)
    assert said.startswith("audit(base, tuned, ")
    again = eval(said, {"audit": auditor.audit, "base": base, "tuned": tuned})
    assert again.sharpe == first.sharpe
    looked = auditor.audit(base, tuned, oos_fraction=0.4, reps=199, look=3)
    assert how_to(looked) == f"{said[:-1]}, look=3)"
    assert at_its_look(looked) is None


def test_beside_the_command_of_a_counted_look_stands_the_call_at_its_level(monkeypatch):
    pair = PAIRS["mkt_plus_hml_mom"]
    audit = auditor.audit_files(
        f"{pair.path}:base", f"{pair.path}:tuned", reps=199, oos=["1983-01-01:1990-12-31", "2000-01-01:2006-12-31"],
        level=0.1, rf=0.02, look=4,
    )  # fmt: skip
    said, call = at_its_look(audit)
    assert said.startswith("This holds the full level of 0.1 and counts no look. What was found here is at the level ")
    assert "look 4 on this window" in said
    for text in (Page(as_html(audit)).text, as_markdown(audit).replace("\u200b", "")):
        assert how_to(audit) in text
        assert call in text
        assert "counts no look" in text
    monkeypatch.chdir(pair.path.parent)
    again = eval(call, {"audit": auditor.audit})
    assert (again.sharpe, again.look, again.reason) == (audit.sharpe, audit.look, audit.reason)
    assert "look=4" not in as_markdown(audit, command="auditor gate")
    assert at_its_look(demo.audit_pair(pair, reps=199)) is None


def test_to_html_writes_what_it_returns(new_edge, tmp_path):
    text = new_edge.to_html(tmp_path / "audit.html")
    assert (tmp_path / "audit.html").read_text(encoding="utf-8") == text == as_html(new_edge)


def test_the_command_line_writes_a_page(tmp_path):
    pair = PAIRS["riskmanaged_momentum"]
    target = tmp_path / "audit.html"
    done = CliRunner().invoke(
        main,
        ["audit", f"{pair.path}:base", f"{pair.path}:tuned", "--oos-start", pair.oos_start, "--reps", "199", "--report",
         f"html:{target}"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("REWEIGHTING: efficiency")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_names_of_options_are_not_broken_over_two_lines():
    for text, option in (("give all (--instrument-returns)", "--instrument-returns"), ("--known F, or not", "--known")):
        assert f'<span class="nb">{option}</span>' in kept(text)
    assert "nb" not in kept("a -- b, a-b, 3--4, x--known")
    assert kept("<b> --known") == '&lt;b&gt; <span class="nb">--known</span>'


def test_dates_of_what_was_read_stay_whole_and_titles_with_their_tables_on_paper(audit):
    text = as_html(audit)
    for one in audit.inputs:
        assert f'<td class="nb">{one.first[:10]}</td><td class="nb">{one.last[:10]}</td>' in text
    paper = text.split("@media print")[1]
    assert "summary, caption, thead { break-after: avoid; }" in paper
    assert "tbody tr:first-child { break-before: avoid; }" in paper
