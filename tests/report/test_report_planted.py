"""A calibration in reports: its own page, Markdown and figure, and the section and picture in those of an audit."""

from __future__ import annotations

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from click.testing import CliRunner
from rates import calibration_of

from auditor import calibrate
from auditor.calibrated import with_calibration
from auditor.cli import main
from auditor.demo import pairs
from auditor.errors import InputError
from auditor.report.calibrate import headline
from auditor.report.calibrate_page import TITLE, as_html, pictures
from auditor.report.html import as_html as audit_page
from auditor.report.markdown import LIMIT, as_markdown
from auditor.report.pictured import left_out
from auditor.report.pictured import pictures as of_audit
from auditor.report.planted import TITLE as SECTION
from auditor.report.planted import limits, percent
from auditor.report.reproduce import how_to, how_to_calibrate
from auditor.report.saved_rates import read_calibration
from auditor.report.svg import svg
from auditor.report.theme import LIGHT
from auditor.result import Audit

NASTY = 'a|b`c`</title><img src=x onerror=alert(1)>" onload="x\' {{ 7*7 }} $x$ \x1b[31m\u202e'
MONTHLY = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")


def beside(audit: Audit, found) -> Audit:
    """The audit with this calibration of it."""
    return with_calibration(audit, read_calibration(found))


def words(text: str) -> str:
    """The words of a page, without markup."""
    body = re.sub(r"<style>.*?</style>", " ", text, flags=re.S)
    for entity, character in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        body = re.sub(r"<[^>]*>", "", body) if entity == "&#34;" else body
        body = body.replace(entity, character)
    return re.sub(r"\s+", " ", body)


def said_of(calibration) -> tuple[str, str]:
    """The first words of its headline, and the colour of its page."""
    if not calibration.held:
        return "LEVEL NOT HELD", "bad"
    return ("LEVEL HELD", "good") if calibration.worlds == 200 else ("NOT SETTLED", "doubt")


def test_few_worlds_settle_nothing_and_two_hundred_do(calibrated):
    few, enough = calibrated("all proven"), calibrated("held")
    assert few.held
    assert enough.held
    assert headline(few).startswith("NOT SETTLED (20 worlds, ")
    assert headline(enough).startswith("LEVEL HELD (200 worlds, ")
    assert repr(few).startswith("<Calibration not settled: ")
    assert any("20 worlds tell little" in text for text in few.warnings)
    assert enough.warnings == ()


def test_the_page_leads_with_the_verdict_and_has_every_rate(calibration):
    text = as_html(calibration)
    said = words(text)
    headings = re.findall(r"<h[12]>([^<]*)</h[12]>", text)
    warned = ["Warnings"] if calibration.warnings else []
    assert headings == [
        f"{said_of(calibration)[0]} ({calibration.worlds} worlds, by returns alone)",
        *warned, "Pictures", f"{TITLE}, share of {calibration.worlds} worlds", "What was planted",
        "How the worlds were made", "How to reproduce",
    ]  # fmt: skip
    assert f"--verdict: var(--{said_of(calibration)[1]})" in text
    assert calibration.verdict in said.split("Assumed")[0]
    for warning in calibration.warnings:
        assert warning in said
    for one in (*calibration.nulls, *calibration.edges):
        assert f"{one.overlay.name}: {one.overlay.what}." in said
        low, high = one.new_edge.ci
        row = f"{one.overlay.name} {one.new_edge.share:.1%}{' !' if one.over else ''} "
        assert row.replace(" ", "") in said.replace(" ", "")
        assert f"{100 * low:.1f} to {100 * high:.1f}%".replace("100.0%", "100%") in said
    assert how_to_calibrate(calibration) in said
    assert calibration.inputs[0].sha256 in said
    assert ("refused" in said.split("How the worlds")[0]) is any(
        one.called["refused"].count for one in calibration.nulls
    )


def test_the_page_is_one_small_file_without_script_or_address(calibration):
    text = as_html(calibration)
    assert len(text.encode()) < 200_000
    assert not re.search(r"<(script|img|iframe|object|form)|url\((?!#)|@import|https?:|\son\w+=", text)
    assert text == as_html(replace(calibration))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_two_pictures_say_their_finding_in_numbers(calibration):
    first, second = pictures(calibration)
    for one in (first, second):
        element = ElementTree.fromstring(svg(one, LIGHT))
        assert one.says in element.get("aria-label")
        assert len(list(element.iter("path"))) > 5
    worst, found = calibration.worst, calibration.smallest
    assert (
        f"{worst.overlay.name} is called new edge most often: {percent(worst.new_edge.share, worst.new_edge.ci)}"
        in (first.says)
    )
    above = sum(bool(one.over) for one in calibration.nulls)
    assert f"{above or 'none'} of them" in first.says
    needed = (
        str(found.reason)
        if found.sharpe is None
        else f"{found.sharpe:.1f} {limits(found.ci, found.smallest, found.largest)}"
    )
    assert needed in second.says
    for one in calibration.edges:
        assert f"{one.new_edge.share:.0%} at {one.overlay.sharpe:g}" in second.says


def drawn(axes) -> list[str]:
    """The words of a picture."""
    return [text.get_text() for text in axes.texts]


def test_the_smallest_book_is_marked_where_the_curve_reaches_it(calibrated):
    found = calibrated("held")
    figure = found.plot()
    assert len(figure.axes) == 2
    assert figure.texts[0].get_text().startswith("LEVEL HELD")
    curve = next(line for line in figure.axes[1].lines if len(line.get_xdata()) > 100)
    x, y = curve.get_xdata(), curve.get_ydata()
    at = found.smallest.sharpe
    assert min(abs(y[abs(x - at).argmin()] - 0.8), 1) < 0.01
    assert f"{at:.1f} " in " ".join(drawn(figure.axes[1]))
    assert drawn(calibrated("nothing proven").plot().axes[1]) == []
    assert "31.0%" in drawn(calibrated("not held").plot().axes[0])


def test_markdown_has_the_order_of_the_page(calibration):
    text = calibration.to_markdown()
    assert text.startswith(f"## {said_of(calibration)[0]} ")
    assert len(text.encode()) < LIMIT
    titles = re.findall(r"^### (.*)", text, re.MULTILINE)
    warned = ["Warnings"] if calibration.warnings else []
    assert [one.split(",")[0] for one in titles] == [
        *warned, TITLE, "What was planted", "How the worlds were made", "How to reproduce",
    ]  # fmt: skip
    for line in text.splitlines():
        assert not line.startswith("|") or len(re.findall(r"(?<!\\)\|", line)) >= 5
    assert "<b>" not in text


def test_the_audit_has_a_section_a_picture_and_the_same_label(calibration, new_edge):
    found = beside(new_edge, calibration)
    assert (found.label, found.finding, found.standing) == (new_edge.label, new_edge.finding, new_edge.standing)
    page, text = words(audit_page(found)), as_markdown(found)
    assert f"### {SECTION}" in text
    assert SECTION in page
    for one in (*calibration.nulls, *calibration.edges):
        share = f"{one.new_edge.share:.1%}" + (" (too often)" if one.over else "")
        assert f"| {one.overlay.name} | {share} |" in text
        assert f"{one.overlay.name} {share}".replace(" ", "") in page.replace(" ", "")
    assert calibration.verdict in page
    assert "From calibration: " in page
    assert of_audit(found)[-1].name == "planted"
    assert of_audit(found)[-1].says == pictures(calibration)[1].says
    assert len(found.plot.planted().axes) == 1


def test_without_a_calibration_there_is_no_section_and_the_page_says_how_to_get_one(new_edge):
    assert SECTION not in audit_page(new_edge)
    assert SECTION not in str(new_edge)
    assert any(text.endswith("no calibration was given (auditor calibrate, then --calibration)")
               for text in left_out(new_edge))  # fmt: skip
    with pytest.raises(InputError, match="no picture 'planted'"):
        new_edge.plot.planted()


def test_the_terminal_has_the_verdict_in_at_most_four_lines(calibration, new_edge):
    lines = str(beside(new_edge, calibration)).splitlines()
    start = lines.index(SECTION)
    said = lines[start + 1 : start + lines[start:].index("")]
    assert 2 <= len(said) <= 4
    assert " ".join(said).startswith(calibration.verdict)
    assert max(map(len, lines)) <= 80


def test_hostile_words_are_text(calibrated, new_edge):
    found = calibrated("not held")
    overlay = replace(found.nulls[0].overlay, name=NASTY, what=NASTY)
    data = replace(
        found,
        verdict=NASTY,
        warnings=(NASTY,),
        notes=(NASTY,),
        nulls=(replace(found.nulls[0], overlay=overlay), *found.nulls[1:]),
        inputs=(replace(found.inputs[0], name=NASTY, column=NASTY),),
        versions={"auditor": NASTY},
    )
    own = replace(new_edge, inputs=data.inputs, versions=data.versions)
    for text in (as_html(data), audit_page(beside(own, data)), data.to_markdown(), as_markdown(beside(own, data))):
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""), flags=re.S)
        assert "<img" not in outside
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "7*7" in text.replace("\\", "")
    assert max(map(len, str(beside(own, data)).splitlines())) <= 80


def test_very_long_words_do_not_outgrow_the_page(calibrated):
    found = calibrated("held")
    long = "\u65e5|" * 20_000
    assert len(as_html(replace(found, verdict=long, notes=(long,), warnings=(long,) * 300)).encode()) < 1_500_000
    assert len(replace(found, verdict=long, notes=(long,), warnings=(long,) * 300).to_markdown().encode()) < LIMIT


def test_the_command_on_the_page_gives_the_same_numbers(monkeypatch):
    one = calibrate(f"{MONTHLY.path}:base", oos_start=MONTHLY.oos_start, worlds=10, reps=199, seed=3, level=0.1)
    command = how_to_calibrate(one)
    assert command.startswith("auditor calibrate riskmanaged_momentum.csv:base ")
    monkeypatch.chdir(MONTHLY.path.parent)
    done = CliRunner().invoke(main, [*shlex.split(command)[1:], "--json", "--workers", "1"])
    assert done.exit_code == 0, done.output
    data, again = one.to_dict(), json.loads(done.stdout)
    # The periods a year are stated there, and so not inferred.
    assert [text for text in data.pop("notes") if "inferred" not in text] == again.pop("notes")
    assert data == again


def test_the_call_of_frames_names_them(new_edge):
    inputs = tuple(replace(one, name=one.role) for one in new_edge.inputs)
    own = replace(new_edge, inputs=inputs)
    found = calibration_of(own)
    assert how_to_calibrate(found).startswith("calibrate(base, reps=9999, seed=3, ")
    assert "worlds=200" in how_to_calibrate(found)
    assert how_to(beside(own, found)).endswith("calibration=calibration)")
    assert how_to(beside(new_edge, calibration_of(new_edge))).startswith("audit(base, tuned, ")
