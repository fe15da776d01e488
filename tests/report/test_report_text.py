"""The terminal report: verdict first, every number of the JSON, 80 columns, and nothing a hostile name could do."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from auditor.report import detail, shown
from auditor.report.plain import clean, shortened
from auditor.report.styled import joined
from auditor.report.text import lines, one_line, plain_text, print_audit, read_table
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
    # "NO GAIN (shown)" would say the opposite
    assert (audit.standing in text.splitlines()[0]) == (audit.finding != "no_gain")
    wanted = ["Sharpe, annualised", "Checks", "Warnings", "What shapes", "Selection", "Not assessed"]
    wanted += ["What would change", "Read"]
    places = [text.index(f"\n{title}") for title in wanted if title != "What would change" or audit.would_change]
    assert places == sorted(places)
    assert text.index(audit.reason.split()[0]) < places[0]


def test_eighty_columns_and_about_a_screen(audit):
    text = plain_text(audit)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 70
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


def test_the_shape_table_holds_the_numbers_of_the_json(audit):
    text, shape = plain_text(audit), audit.to_dict()["shape"]["out_of_sample"]
    rows = text.split("What shapes the gain")[1].splitlines()[2:4]
    for row, one in zip(rows, (shape["base"], shape["tuned"]), strict=True):
        near = dict(map(tuple, one["autocorrelations"]))[1]
        exact = [one["mean"], one["volatility"], one["skew"], one["kurtosis"], near, one["max_drawdown"]]
        exact += [one["worst"]["value"], one["best"]["value"]]
        for cell, value in zip(row.split()[1:], exact, strict=True):
            scale = 100 if cell.endswith("%") else 1
            digits = len(cell.rstrip("%").partition(".")[2])
            assert float(cell.rstrip("%")) == pytest.approx(scale * value, abs=0.50001 * 10**-digits)


def test_the_sentences_on_the_gain_hold_the_numbers_of_the_json(audit):
    data = audit.to_dict()
    flat = " ".join(plain_text(audit).split())
    shape, on_base = data["shape"]["out_of_sample"], data["attribution"]["out_of_sample"]["on_base"]
    said = re.search(
        r"Gain (\S+): (\S+) by (more|less) return, (\S+) by (lower|higher) volatility at the same bets", flat
    )
    assert said
    numbers = [float(said[1]), float(said[2]), float(said[4])]
    sources = shape["sources"]
    assert numbers == pytest.approx([sources["gain"], sources["mean_part"], sources["vol_part"]], abs=0.005001)
    assert (said[3] == "more") == (numbers[1] >= 0)
    assert (said[5] == "lower") == (numbers[2] >= 0)
    said = re.search(r"best period (\S+), without its worst (\S+)\.", flat)
    dropped = [shape["without_best"]["gain"], shape["without_worst"]["gain"]]
    assert [float(said[1]), float(said[2])] == pytest.approx(dropped, abs=0.005001)
    said = re.search(r"on base alone: alpha (\S+)% a year, t (\S+) \(Newey-West\), beta (\S+)\.", flat)
    assert float(said[1]) == pytest.approx(100 * on_base["alpha"], abs=0.05001)
    assert float(said[2]) == pytest.approx(on_base["t"], abs=0.05001)
    assert float(said[3]) == pytest.approx(on_base["betas"][0], abs=0.005001)


def test_the_bets_are_fixed_where_tuned_only_resizes_the_base(new_edge):
    assert "returns alone do not fix the bets" in " ".join(plain_text(new_edge).split())
    sizing = replace(new_edge, coverage=replace(new_edge.coverage, pure_sizing=True))
    assert "do not fix" not in plain_text(sizing)


def test_a_gain_that_is_not_split_and_no_regression(new_edge):
    found = new_edge.shape.out_of_sample
    sources = replace(found.sources, mean_part=None, vol_part=None, vol_part_range=None, reason="both policies lose")
    outside = replace(new_edge.attribution.out_of_sample, on_base=None)
    one = replace(found, sources=sources, without_best=replace(found.without_best, gain=None))
    text = plain_text(
        replace(
            new_edge,
            shape=replace(new_edge.shape, out_of_sample=one),
            attribution=replace(new_edge.attribution, out_of_sample=outside),
        )
    )
    assert "Gain +0.40, not split into return and volatility: both policies lose.\n" in text
    assert "best period none, " in text
    assert "Regressed" not in text


def test_digits_of_the_shape_table_are_those_of_its_column(new_edge):
    found = new_edge.shape.out_of_sample
    for factor, cell in ((1e-3, "%"), (1.0, "%"), (1e6, "e+")):
        one = replace(found.tuned, mean=found.tuned.mean * factor, max_drawdown=factor, skew=None, autocorrelations=())
        shape = replace(new_edge.shape, out_of_sample=replace(found, base=one, tuned=one))
        text = plain_text(replace(new_edge, shape=shape))
        row = next(line for line in text.splitlines() if line.startswith("tuned") and "--" in line)
        assert row.split().count("--") == 2
        assert len(row.split()) == 9
        assert len(row) <= 80
        assert cell in row


def selection_block(audit: Audit) -> str:
    return plain_text(audit).split("\nSelection, in sample")[1].split("\n\n")[0]


def test_without_trials_the_selection_is_one_line(audit):
    title, said = selection_block(audit).splitlines()
    assert title == " (PSR: probabilistic Sharpe ratio)"
    selection = audit.to_dict()["selection"]
    assert detail.probability(selection["psr"]) in said
    assert "variance at the estimate" in said
    needed = selection["min_track_record"]
    assert f"needs {math.ceil(needed):,} months, has 411." in said if needed else "not above the base" in said


def test_a_count_of_trials_gives_both_deflated_ratios(searched):
    audit = searched(n_trials=1_200)
    *_, said = selection_block(audit).splitlines()
    data = audit.to_dict()["selection"]
    zero, over = detail.probability(data["dsr"]), detail.probability(data["dsr_over_base"])
    assert said == f"Best of 1,200: DSR {zero} if trials are worth zero, {over} if worth the base."
    assert "SPA" not in selection_block(audit)
    assert "PBO" not in selection_block(audit)


def test_trials_give_spa_and_pbo_with_its_splits(searched):
    audit = searched()
    data, text = audit.to_dict()["selection"], plain_text(audit)
    *_, deflated, said = selection_block(audit).splitlines()
    assert deflated.startswith("Best of 30: DSR ")
    p, pbo = re.search(r"SPA p (\S+)\. PBO (\S+) over 12,870 splits\.", said).groups()
    assert float(p) == pytest.approx(data["spa_p"], abs=0.0005001)
    assert float(pbo) == pytest.approx(data["pbo"], abs=0.005001)
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"^trials trials\.csv +819", text, re.MULTILINE)


def test_one_trial_has_nothing_to_deflate(searched):
    assert len(selection_block(searched(n_trials=1)).splitlines()) == 2


def test_where_nothing_of_the_selection_was_assessed_the_reason_stands(new_edge):
    selection = replace(new_edge.selection, psr=None, not_assessed=("Deflated Sharpe: no trials were given",))
    assert selection_block(replace(new_edge, selection=selection)).endswith("Deflated Sharpe: no trials were given.")


@pytest.mark.parametrize(
    ("needed", "words"),
    [(67.6, "68 months"), (0.2, "1 month"), (2.7e34, "over 1,000,000 months"), (math.inf, "over 1,000,000 months")],
)
def test_a_track_record_is_rounded_up_and_never_absurd(new_edge, needed, words):
    assert (
        detail.track_record(replace(new_edge, selection=replace(new_edge.selection, min_track_record=needed))) == words
    )


@pytest.mark.parametrize(("value", "words"), [(1.0, "> 0.999"), (0.9994, "0.999"), (0.0, "< 0.001"), (0.4, "0.400")])
def test_a_probability_is_never_a_certainty(value, words):
    assert detail.probability(value) == words


def test_settings_that_change_the_numbers_are_named(new_edge):
    chosen = {**new_edge.settings, "block": "calibrate", "n_trials": 1_200}
    said = shown.computed_with(replace(new_edge, settings=chosen))
    assert "block calibrate, 1,200 trials declared, seed 3" in said


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
    assert "(unbounded)" in text


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


def test_a_name_too_long_for_its_column_has_a_line_of_its_own(new_edge):
    (base, *_) = new_edge.inputs
    long = replace(base, role="base rollouts", name="base_seeds_of_the_policy.csv", column="6 rollouts")
    short = replace(base, role="tuned", name="tuned.csv", column="ret")
    _, whole, numbers, one = (joined(line) for line in read_table([long, short]))
    assert whole == "base rollouts base_seeds_of_the_policy.csv:6 rollouts"
    assert numbers.split() == [f"{base.rows:,}", base.first[:10], base.last[:10], base.sha256[:8]]
    assert one.startswith("tuned         tuned.csv:ret ")
    assert one.index(base.first[:10]) == numbers.index(base.first[:10])
    (_, cut, _) = (joined(line) for line in read_table([replace(long, name="n" * 200)]))
    assert len(cut) == 80
