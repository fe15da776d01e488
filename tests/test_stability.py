"""The audit under other choices: what is tried, what is refused, and what hangs on what."""

import json
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from desks import Desk
from jsonschema import Draft202012Validator

from auditor import audit
from auditor.cli import main
from auditor.demo import pairs
from auditor.report.machine import schema
from auditor.report.stable import sentences

FACTORS = "mkt_plus_hml_mom"


def bundled(name):
    return next(pair for pair in pairs() if pair.name == name)


def audited(name, **options):
    one = bundled(name)
    return audit(
        f"{one.path}:base", f"{one.path}:tuned", oos_start=one.oos_start, stability=True, **({"reps": 999} | options)
    )


def two(n, gain=0.0, seed=0, freq="ME"):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2000-01-31", periods=n, freq=freq)
    base = 0.01 + 0.03 * rng.standard_t(5, n)
    return pd.Series(base, dates), pd.Series(base + gain + 0.02 * rng.standard_t(5, n), dates)


def test_it_costs_nothing_unless_asked_for():
    base, tuned = two(200)
    plain = audit(base, tuned, oos_fraction=0.5, reps=199)
    asked = audit(base, tuned, oos_fraction=0.5, reps=199, stability=True)
    assert plain.stability is None
    assert "Stability" not in str(plain) + plain.to_markdown()
    data, same = asked.to_dict(), plain.to_dict()
    # The audit itself is the same, number by number.
    assert data.pop("stability")
    assert same.pop("stability") is None
    assert data == same


def test_the_label_of_a_pair_at_the_edge_of_the_level_hangs_on_the_split():
    result = audited(FACTORS, reps=9_999)
    found = result.stability
    assert result.label == "new_edge"
    assert found.hangs_on == ("split",)
    assert found.audited == 9
    assert found.same_label == sum(one.label == "new_edge" for one in found.again) < 9
    later = [one for one in found.again if "later" in one.what]
    assert {one.finding for one in later} == {"flattering"}
    assert all(one.p_value > 0.05 for one in later)
    assert "hangs on split" in str(found)


def test_every_choice_is_the_audit_that_a_user_would_get():
    one = bundled(FACTORS)
    paths = f"{one.path}:base", f"{one.path}:tuned"
    result = audited(FACTORS)
    again = {(each.choice, each.what): each for each in result.stability.again}
    block = result.sharpe.out_of_sample.block
    expected = {
        ("seed", "seed 2, not 0"): {"seed": 2},
        ("block", f"blocks of {2 * block}, not {block}"): {"block": 2 * block},
        ("split", "from 1986-06-30, 10% later"): {"oos_start": "1986-06-30"},
    }
    for key, changed in expected.items():
        alone = audit(*paths, **({"oos_start": one.oos_start, "reps": 999} | changed))
        assert again[key].finding == alone.finding
        assert again[key].p_value == alone.sharpe.out_of_sample.p_value
        assert again[key].new_p == alone.attribution.new_p


def test_the_last_seed_is_followed_by_those_before_it():
    base, tuned = two(200)
    found = audit(base, tuned, oos_fraction=0.5, reps=99, seed=2**63 - 1, stability=True).stability
    assert [one.what for one in found.again if one.choice == "seed"] == [
        f"seed {2**63 - 1 - less}, not {2**63 - 1}" for less in (1, 2, 3)
    ]


def test_arithmetic_hangs_on_nothing():
    found = audited("leverage_1p5_null").stability
    assert found.hangs_on == found.finding_hangs_on == ()
    assert found.same_label == found.same_finding == found.audited == 9
    assert {one.new_p for one in found.again} == {None}
    assert all(one.new_p_reason for one in found.again)


def test_the_window_never_falls_below_sixty_periods():
    base, tuned = two(160)
    found = audit(base, tuned, oos_start=base.index[-62], reps=199, stability=True).stability
    splits = [one for one in found.again if one.choice == "split"]
    assert [one.finding is None for one in splits] == [False, False, True, True]
    assert all("fewer than 60" in one.reason for one in splits[2:])
    assert found.audited == len(found.again) - 2


def test_a_moved_span_without_trading_is_told_and_not_tested():
    base, tuned = two(300)
    base.iloc[:150] = 0.0
    base.iloc[140] = 0.01
    found = audit(base, tuned, oos_start=base.index[150], reps=199, stability=True).stability
    first = found.again[0]
    assert first.finding is None
    assert "all zero" in first.reason
    assert found.audited == len(found.again) - 1


def test_windows_move_each_by_its_own_length():
    base, tuned = two(400)
    windows = [(base.index[100], base.index[199]), (base.index[300], base.index[399])]
    found = audit(base, tuned, oos=windows, reps=199, embargo=5, stability=True).stability
    assert [one.what for one in found.again if one.choice == "split"] == [
        f"every window, {step}" for step in ("10% earlier", "5% earlier", "5% later", "10% later")
    ]
    assert found.audited == 9


def test_trades_are_audited_again_with_their_split():
    desk = Desk(3, years=3, instruments=8)
    result = desk.audit("setups dropped", reps=199, stability=True)
    assert result.evidence == "trades"
    assert result.stability.audited == 9
    assert {one.new_p for one in result.stability.again} == {None}
    book = Desk(11, years=3, instruments=8).audit("new book, Sharpe 1", reps=199, stability=True)
    block = book.attribution.out_of_sample.new_mean.block
    assert f"blocks of {2 * block}, not {block}" in [one.what for one in book.stability.again]
    assert None not in {one.new_p for one in book.stability.again}


def test_nothing_is_read_again(monkeypatch):
    flow = import_module("auditor.reading")
    read, count = flow.read_returns, []
    monkeypatch.setattr(flow, "read_returns", lambda *a, **k: count.append(1) or read(*a, **k))
    audited(FACTORS, reps=199)
    assert len(count) == 2


@pytest.mark.parametrize("name", ["make_pictures", "breadth_of_sessions"])
def test_pictures_are_made_of_the_audit_alone_and_not_of_those_beside_it(monkeypatch, name):
    flow = import_module("auditor.audit")
    made, count = getattr(flow, name), []
    monkeypatch.setattr(flow, name, lambda *a, **k: count.append(1) or made(*a, **k))
    found = audited(FACTORS, reps=199)
    assert len(count) == 1
    assert found.pictures is not None
    assert found.coverage.tries.problem != "none"


@pytest.mark.parametrize("freq", ["ME", "4h"])
def test_reports_show_it_and_fit(freq):
    base, tuned = two(400, freq=freq)
    result = audit(base, tuned, oos_fraction=0.5, reps=199, stability=True)
    text = str(result)
    assert "Stability: the same audit under other choices" in text
    assert max(map(len, text.splitlines())) <= 80
    for one in result.stability.again:
        assert one.what in text
        assert one.what in result.to_markdown()
    assert all(sentence in result._repr_html_() for sentence in sentences(result.stability))
    Draft202012Validator(schema()).validate(result.to_dict())


def test_the_command_line_has_it():
    one = bundled(FACTORS)
    arguments = ["audit", f"{one.path}:base", f"{one.path}:tuned", "--oos-start", one.oos_start, "--reps", "199"]
    printed = CliRunner().invoke(main, [*arguments, "--stability", "--json"])
    assert printed.exit_code == 0, printed.output
    data = json.loads(printed.stdout)
    Draft202012Validator(schema()).validate(data)
    assert len(data["stability"]["again"]) == 9
