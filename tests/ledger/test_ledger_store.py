"""Looks are counted by strategy and window, the same look is free, and a look that never ended has been one."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner

import auditor
from auditor.cli import main
from auditor.config import MOST_REPS
from auditor.counted import told_of
from auditor.errors import InputError, LedgerError
from auditor.ledger.budget import level_left, overlap, spend
from auditor.ledger.store import Ledger
from auditor.ledger.stored import _told_in


def test_the_levels_of_all_looks_stay_together_under_the_level():
    levels = [level_left(0.05, number) for number in range(1, 100_001)]
    assert levels[0] == pytest.approx(0.05 * 6 / math.pi**2)
    assert levels[3] == pytest.approx(0.0019, abs=5e-5)
    assert 0.0499 < sum(levels) < 0.05


@pytest.mark.parametrize("number", [0, -1, 1.0, True, "2"])
def test_a_look_is_a_whole_number(subject, number):
    with pytest.raises(InputError, match="look must be a whole number of at least 1"):
        spend(subject("a"), number)


def test_looks_at_one_window_are_counted_and_the_same_look_is_free(url, subject):
    ledger = Ledger(url)
    assert ledger.made
    first = [ledger.reserve("s", subject(name)) for name in "abc"]
    assert [one.look.number for one in first] == [1, 2, 3]
    assert [one.look.level_left for one in first] == [level_left(0.05, n) for n in (1, 2, 3)]
    assert [one.look.gain_level_left for one in first] == [level_left(0.2, n) for n in (1, 2, 3)]
    again = Ledger(url).reserve("s", subject("b"))
    assert (again.look, again.repeated) == (first[1].look, True)
    assert ledger.reserve("s", subject("d")).look.number == 4
    assert ledger.verify().looks == 4


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"level": 0.01}, {"reps": 99}, {"windows": (("2020-01-01", "2021-12-30"),)}]
)
def test_another_setting_or_window_is_another_look(url, subject, other):
    ledger = Ledger(url)
    ledger.reserve("s", subject("a"))
    assert ledger.reserve("s", subject("a", **other)).look.number == 2


def test_the_same_window_written_otherwise_is_the_same_look(url, subject):
    ledger = Ledger(url)
    ledger.reserve("s", subject("a", oos_start="2020-01-01", oos_fraction=None))
    assert ledger.reserve("s", subject("a", oos_start=None, oos_fraction=0.5)).repeated


def test_overlapping_windows_count_together_and_others_do_not(url, subject):
    def window(*dates):
        return tuple(zip(dates[::2], dates[1::2], strict=True))

    ledger = Ledger(url)
    asked = [
        (window("2015-01-01", "2016-12-31"), 1),
        (window("2017-01-01", "2018-12-31"), 1),
        (window("2016-12-31", "2017-06-30"), 3),
        (window("2019-01-01", "2019-12-31"), 1),
        (window("2010-01-01", "2010-12-31", "2018-06-01", "2018-12-31"), 2),
        # Between the two windows of the one before: no day of it was looked at.
        (window("2012-01-01", "2013-12-31"), 1),
    ]
    for number, (windows, expected) in enumerate(asked):
        looked = of(subject, number, str(number), "b", windows=windows)
        assert ledger.reserve("s", looked).look.number == expected, windows


def test_a_day_is_the_same_day_at_any_time_of_it():
    assert overlap([("2020-01-01", "2020-03-31")], [("2020-03-31T09:30:00+00:00", "2020-06-30T16:00:00+00:00")])
    assert not overlap([("2020-01-01", "2020-03-30")], [("2020-03-31T09:30:00+00:00", "2020-06-30T16:00:00+00:00")])


def test_strategies_are_counted_apart_and_looks_under_other_names_are_told(url, subject):
    ledger = Ledger(url)
    for number in range(3):
        ledger.reserve("s", subject(number))
    other = ledger.reserve("s-renamed", subject(9))
    assert (other.look.number, other.beside.elsewhere) == (1, 3)


def of(subject, name, base, file, **more):
    """A look whose base has these returns out of sample, and is this file."""
    one = subject(name, **more)
    return replace(one, oos={**one.oos, "base": base * 64}, inputs={**one.inputs, "base": file * 64})


def test_the_same_returns_of_the_base_under_other_dates_count_together(url, subject):
    ledger = Ledger(url)
    ledger.reserve("s", of(subject, "a", "1", "a"))
    moved = of(subject, "a", "1", "b", windows=(("2027-12-28", "2029-12-27"),))
    found = ledger.reserve("s", moved)
    assert (found.look.number, found.beside.apart, found.beside.other_base) == (2, 0, None)
    assert ledger.reserve("t", moved).beside.elsewhere == 2
    assert ledger.reserve("s", of(subject, "c", "2", "c", windows=(("2030-01-01", "2030-12-31"),))).look.number == 1


def test_a_trifle_of_cash_or_of_a_day_does_not_silence_what_is_told(url, subject):
    ledger = Ledger(url)
    later = (("2020-01-02", "2021-12-31"),)
    ledger.reserve("s", of(subject, "a", "1", "a"))
    for number, one in enumerate((of(subject, "a", "2", "a", rf=1e-12), of(subject, "a", "3", "a", windows=later)), 1):
        assert ledger.reserve(f"t{number}", one).beside.elsewhere == number
    # The same file at days that nobody looked at, and another file at the same days.
    assert (
        ledger.reserve("u", of(subject, "a", "4", "a", windows=(("2025-01-01", "2025-12-31"),))).beside.elsewhere == 0
    )
    assert ledger.reserve("v", of(subject, "a", "5", "b")).beside.elsewhere == 0
    assert ledger.reserve("s", of(subject, "b", "6", "c", rf=1e-12)).beside.other_base == 1
    assert ledger.reserve("s", of(subject, "b", "7", "d", windows=later)).beside.other_base == 2


def test_looks_at_other_windows_are_told_and_not_counted(url, subject):
    ledger = Ledger(url)
    years = [((f"{year}-01-01", f"{year}-12-31"),) for year in range(2010, 2013)]
    found = [ledger.reserve("s", of(subject, "a", str(n), "a", windows=one)) for n, one in enumerate(years)]
    assert [(one.look.number, one.beside.apart) for one in found] == [(1, 0), (1, 1), (1, 2)]
    # Looked at again, a window is told of those that came after it too.
    again = ledger.reserve("s", of(subject, "a", "0", "a", windows=years[0]))
    assert (again.repeated, again.beside.apart) == (True, 2)
    assert told_of(again) == (
        "2 looks of this strategy at other windows are not in this count: of many windows, one passes by luck.",
    )


def test_another_base_in_the_same_window_is_told_and_another_cash_rate_is_none(url, subject):
    ledger = Ledger(url)
    assert ledger.reserve("s", of(subject, "a", "1", "a")).beside.other_base is None
    assert ledger.reserve("s", of(subject, "b", "1", "a")).beside.other_base is None
    # The same file less another cash rate, and another file that cannot be held to it; a longer file, the same window.
    assert ledger.reserve("s", of(subject, "c", "2", "a", rf=0.02)).beside.other_base is None
    assert ledger.reserve("s", of(subject, "d", "1", "b")).beside.other_base is None
    changed = of(subject, "e", "3", "c")
    assert ledger.reserve("s", changed).beside.other_base == 4
    assert ledger.reserve("s", changed).beside.other_base == 4
    rollouts = replace(of(subject, "h", "6", "z"), inputs={"base rollouts": "r" * 64})
    assert ledger.reserve("s", rollouts).beside.other_base == 5
    assert ledger.reserve("s", of(subject, "a", "1", "a")).beside.other_base is None
    later = (("2024-01-01", "2024-12-31"),)
    assert ledger.reserve("s", of(subject, "f", "4", "d", windows=later)).beside.other_base is None
    assert ledger.reserve("t", of(subject, "g", "5", "e")).beside.other_base is None


@pytest.mark.parametrize("body", ["[]", "no json", '{"inputs": 3}', '{"settings": {}}', "[" * 100_000])
def test_a_row_that_somebody_wrote_tells_another_base(body):
    assert _told_in(body, "inputs") == {}


def test_a_look_that_never_ended_has_been_one(url, subject):
    Ledger(url).reserve("s", subject("crashed"))
    assert Ledger(url).reserve("s", subject("next")).look.number == 2
    assert Ledger(url).reserve("s", subject("crashed")).look.number == 1


def test_what_a_look_found_is_kept_once_and_anew_where_it_changes(url, subject):
    ledger = Ledger(url)
    reserved = ledger.reserve("s", subject("a"))
    for found in ({"gain_p": 0.1}, {"gain_p": 0.1}, {"gain_p": 0.2}):
        ledger.record(reserved, found)
    bodies = [json.loads(row.body) for row in ledger.rows() if row.kind == "result"]
    assert bodies == [{"gain_p": 0.1}, {"gain_p": 0.2}]
    assert ledger.verify().problems == ()


def test_a_strategy_has_a_name(url, subject):
    with pytest.raises(LedgerError, match="--strategy is empty"):
        Ledger(url).reserve(" ", subject("a"))


def test_blanks_around_a_name_make_no_other_strategy(url, subject):
    ledger = Ledger(url)
    names = ("s", "s ", "\ts")
    assert [ledger.reserve(name, subject(name)).look.number for name in names] == [1, 2, 3]
    assert {row.strategy for row in ledger.rows()} == {"s"}


def test_a_strategy_without_a_name_makes_no_ledger(tmp_path, pair):
    base, tuned, split = pair
    file = tmp_path / "looks.db"
    with pytest.raises(LedgerError, match="--strategy is empty"):
        auditor.audit_counted(base, tuned, ledger=f"sqlite:///{file}", strategy="", **split)
    flags = ["--oos-start", str(split["oos_start"]), "--ledger", f"sqlite:///{file}", "--strategy", ""]
    assert CliRunner().invoke(main, ["audit", base, tuned, *flags]).exit_code == 2
    assert not file.exists()


def test_reading_makes_no_ledger(tmp_path):
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger(f"sqlite:///{tmp_path / 'none.db'}", read_only=True)
    assert not (tmp_path / "none.db").exists()


@pytest.fixture(scope="module")
def pair():
    from auditor.demo import pairs

    one = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")
    return f"{one.path}:base", f"{one.path}:tuned", {"oos_start": one.oos_start}


def test_an_audit_claims_at_the_level_left(pair):
    base, tuned, split = pair
    plain = auditor.audit(base, tuned, **split)
    assert plain.look is None
    first, fourth = (auditor.audit(base, tuned, look=number, **split) for number in (1, 4))
    assert (plain.finding, first.finding, fourth.finding) == ("efficiency", "efficiency", "no_gain")
    assert fourth.look is not None
    assert fourth.look.level_left == level_left(0.05, 4)
    held = {check.name: check.threshold for check in fourth.checks}
    assert held["gain_survives"] == held["new_part_earns"] == level_left(0.05, 4)
    # What guards against a false label is not weakened by looking again, and intervals stay what they are.
    before = {check.name: check.threshold for check in plain.checks}
    assert held["not_narrower"] == before["not_narrower"]
    assert fourth.sharpe.out_of_sample.ci == plain.sharpe.out_of_sample.ci
    assert fourth.sharpe.out_of_sample.min_detectable_gain > plain.sharpe.out_of_sample.min_detectable_gain
    assert "Look 4 on this window: level 0.0019 left for it." in str(fourth)
    assert "Look 4 on this window: level 0.0019 left for it." in fourth.to_markdown()
    assert "Look 4 on this window" in fourth._repr_html_()
    assert any("no ledger was given" in text for text in plain.not_assessed)
    assert not any("no ledger was given" in text for text in fourth.not_assessed)


def test_a_p_that_few_replicates_made_is_drawn_again_for_a_small_level(pair):
    base, tuned, split = pair
    coarse = auditor.audit(base, tuned, reps=999, look=2, **split)
    assert coarse.sharpe.out_of_sample.reps == math.ceil(20 / level_left(0.05, 2))
    assert coarse.settings["reps"] == 999
    plain = auditor.audit(base, tuned, reps=9_999, look=2, **split)
    assert plain.sharpe.out_of_sample.reps == 9_999
    spent = auditor.audit(base, tuned, reps=999, look=200, **split)
    assert spent.finding == "no_gain"
    assert level_left(0.05, 174) * (1 + MOST_REPS) > 1 > level_left(0.05, 175) * (1 + MOST_REPS)
    assert "which no test can reach" in str(spent).replace("\n", " ")


def test_audits_are_counted_and_reproduced(url, pair):
    base, tuned, split = pair
    found = [
        auditor.audit_counted(base, tuned, ledger=url, strategy="s", seed=seed, reps=199, **split) for seed in (0, 1, 0)
    ]
    assert [one.look.number for one in found] == [1, 2, 1]
    assert found[0].to_json() == found[2].to_json()
    ledger = Ledger(url, read_only=True)
    assert [row.kind for row in ledger.rows()] == ["look", "result", "look", "result"]
    look, result = (json.loads(row.body) for row in ledger.rows()[:2])
    assert look["inputs"] == {one.role: one.sha256 for one in found[0].inputs}
    assert json.loads(ledger.rows()[0].windows) == [list(one) for one in found[0].sample.out_of_sample]
    assert look["settings"]["seed"] == 0
    assert look["level_left"] == found[0].look.level_left
    assert result["finding"] == found[0].finding
    assert result["gain_p"] == found[0].sharpe.out_of_sample.p_value


def test_an_audit_that_is_refused_is_no_look(url, pair):
    base, tuned, split = pair
    ledger = Ledger(url)
    with pytest.raises(InputError):
        auditor.audit_counted(base, tuned, ledger=ledger, strategy="s", known=tuned, **split)
    assert ledger.verify().rows == 0
