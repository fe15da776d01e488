"""The terminal report: verdict first, every number of the JSON, 80 columns, and nothing a hostile name could do."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from auditor.report import shown
from auditor.report.plain import clean, shortened
from auditor.report.text import lines, one_line, plain_text, print_audit
from auditor.result import Audit
from auditor.verdict.checks import Check
from auditor.verdict.words import HEADLINES

ESCAPE = "\x1b"


def printed(audit: Audit, **console: object) -> str:
    output = io.StringIO()
    print_audit(audit, Console(file=output, width=80, **console))  # type: ignore[arg-type]
    return output.getvalue()


def test_verdict_first_then_gain_checks_and_the_rest(audit):
    text = plain_text(audit)
    assert text.startswith(HEADLINES[audit.finding])
    assert audit.standing in text.splitlines()[0]
    wanted = ["Sharpe, annualised", "Checks", "Warnings", "Not assessed", "What would change", "Read"]
    places = [text.index(f"\n{title}") for title in wanted if title != "What would change" or audit.would_change]
    assert places == sorted(places)
    assert text.index(audit.reason.split()[0]) < places[0]


def test_eighty_columns_and_about_a_screen(audit):
    text = plain_text(audit)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 62
    assert all(line == line.rstrip() for line in text.splitlines())


def test_str_is_the_plain_text(audit):
    assert str(audit) == plain_text(audit)


def test_numbers_are_those_of_the_json_to_the_printed_digits(audit):
    text, data = plain_text(audit), audit.to_dict()
    outside, inside = data["sharpe"]["out_of_sample"], data["sharpe"]["in_sample"]
    row = next(line for line in text.splitlines() if line.startswith("gain "))
    numbers = [float(number) for number in re.findall(r"[+-]\d+\.\d+", row)]
    expected = [value for test in (inside, outside) for value in (test["gain"], *test["ci"])]
    assert numbers == pytest.approx(expected, abs=0.005001)
    for name in ("base", "tuned"):
        row = next(line for line in text.splitlines() if line.startswith(f"{name} "))
        assert [float(n) for n in row.split()[1:]] == pytest.approx([inside[name], outside[name]], abs=0.005001)
    parts = data["attribution"]
    row = next(line for line in text.splitlines() if line.startswith("  edge part"))
    assert float(re.findall(r"[+-]\d+\.\d+", row)[3]) == pytest.approx(parts["edge_part"], abs=0.005001)


def test_every_check_has_its_mark(audit):
    text = plain_text(audit)
    for check in audit.checks:
        mark = "--" if check.passed is None else "ok" if check.passed else "no"
        question = re.sub(r" \([^()]*\)\?$", "?", check.question)
        assert f"{mark}  {question[:45]}" in text


def test_a_check_that_does_not_apply_gives_its_reason_once(audit):
    flat = " ".join(plain_text(audit).split())
    for check in audit.checks:
        if check.value is None:
            assert flat.count(f"{re.sub(r' [(][^()]*[)][?]$', '?', check.question)} Not assessed: {check.reason}") == 1


@pytest.mark.parametrize(
    ("name", "value", "threshold", "relation", "shown_value"),
    [
        ("gain_survives", 0.05004, 0.05, "<", "p 0.05004"),
        ("gain_survives", 0.04996, 0.05, "<", "p 0.04996"),
        ("gain_survives", 0.0402, 0.05, "<", "p 0.040"),
        ("gain_survives", 0.00004, 0.05, "<", "p < 0.0001"),
        ("edge_share", 0.2499, 0.25, ">=", "24.99%"),
        ("edge_share", 0.41, 0.25, ">=", "41%"),
        ("promise_kept", 0.7812, 0.7834, ">=", "+0.781"),
        ("a_new_check", 12.345, 3.0, ">=", "12.35"),
    ],
)
def test_digits_are_added_until_value_and_threshold_differ(name, value, threshold, relation, shown_value):
    check = Check(name=name, question="Is it (p)?", value=value, relation=relation, threshold=threshold, passed=True)
    row = shown.check_row(check)
    assert row.value == shown_value
    assert row.value.split()[-1] != row.needed.split()[-1]


def test_no_escape_sequence_without_a_terminal(audit):
    assert printed(audit) == plain_text(audit)


def test_colour_and_plain_are_the_same_lines(audit):
    coloured = printed(audit, force_terminal=True, color_system="truecolor", legacy_windows=False)
    assert ESCAPE in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain_text(audit)


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_when_asked(audit, monkeypatch, variable):
    monkeypatch.setenv(*variable)
    assert ESCAPE not in printed(audit, force_terminal=True)


@pytest.mark.parametrize(
    "name", ["\x1b[31mred\x1b[0m", "a\nb", "a\r\x1b]0;title\x07", "\u202etxt.exe", "\x9b31m", "a\udc80b"]
)
def test_control_characters_in_names_are_written_out(hostile: Callable[[str], Audit], name):
    for text in (plain_text(hostile(name)), printed(hostile(name), force_terminal=True, color_system=None)):
        rest = re.sub(r"\x1b\[[0-9;]*m", "", text) if "[31m" not in name else text
        assert not set(rest) & {ESCAPE, "\x9b", "\r", "\x07", "\u202e", "\udc80"}
    assert max(map(len, plain_text(hostile(name)).splitlines())) <= 80


def test_long_names_do_not_widen_the_report(hostile):
    text = plain_text(hostile("very/" * 40 + "long.csv"))
    assert max(map(len, text.splitlines())) <= 80
    assert "...".join(["very", "long.csv"])[-8:] in text


def test_markup_of_rich_is_shown_as_it_is(hostile):
    assert "[bold red]x[/]" in printed(hostile("[bold red]x[/]"), force_terminal=True, color_system="truecolor")


def test_an_output_that_cannot_take_a_character_gets_it_written_out(hostile):
    raw = io.BytesIO()
    output = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    print_audit(hostile("r\u00e9sum\u00e9.csv"), Console(file=output, width=80))
    output.flush()
    assert b"r\\xe9sum\\xe9.csv" in raw.getvalue()


def test_the_report_itself_is_ascii(audit):
    assert plain_text(audit).isascii()


def test_missing_intervals_are_said_not_printed_as_infinite(degenerate):
    text = plain_text(degenerate)
    assert "inf" not in text.replace("inferred", "")
    assert "nan" not in text
    assert "(no interval)" in text


def test_one_line_holds_finding_gain_and_p(audit):
    line = one_line(audit, "A title that is much too long for the column it has to stand in")
    assert len(line) <= 80
    assert HEADLINES[audit.finding] in line
    assert shown.signed(audit.sharpe.out_of_sample.gain) in line


def test_several_windows_are_counted(new_edge):
    windows = (("1983-01-31", "1990-12-31"), ("2000-01-31", "2017-03-31"))
    text = plain_text(replace(new_edge, sample=replace(new_edge.sample, out_of_sample=windows)))
    assert "1983-01-31 .. 2017-03-31" in text
    assert re.search(r"^windows +1 +2$", text, re.MULTILINE)


def test_lines_hold_no_line_break(audit):
    assert all("\n" not in piece.text for line in lines(audit) for piece in line)


def test_clean_and_shortened():
    assert clean("a\tb\x1b[0m") == "a\\x09b\\x1b[0m"
    assert clean("\u65e5\u672c.csv") == "\u65e5\u672c.csv"
    assert shortened("abcdefghijklmnop", 10) == "abc...mnop"
    assert shortened("short", 10) == "short"
