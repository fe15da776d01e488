"""The arrays behind the pictures: those of the audit, that cannot be changed, sent or compared by mistake."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor import demo
from auditor.pictures import MOST_INSTRUMENTS, MOST_YEARS, histogram, new_map, power_curve
from auditor.stats.ratios import sharpe_ratio

PAIRS = {pair.name: pair for pair in demo.pairs()}


@pytest.fixture(scope="module")
def audit():
    return demo.audit_pair(PAIRS["mkt_plus_hml_mom"])


@pytest.fixture(scope="module")
def desk():
    return demo.audit_pair(PAIRS["second_signal"], reps=999)


def test_returns_and_spans_are_those_that_were_audited(audit):
    found = audit.pictures
    test, year = audit.sharpe.out_of_sample, np.sqrt(12)
    row = found.out_of_sample.row
    assert sharpe_ratio(found.base[row]) * year == pytest.approx(test.base)
    assert sharpe_ratio(found.tuned[row]) * year == pytest.approx(test.tuned)
    assert str(found.dates[row[0]])[:10] == audit.sample.out_of_sample[0][0]
    assert found.in_sample.row.size == audit.sample.n_in_sample
    parts = found.out_of_sample.covered + found.out_of_sample.new
    np.testing.assert_allclose(parts, found.tuned[row])
    assert parts.mean() * 12 == pytest.approx(audit.coverage.covered_return + audit.coverage.new_return)


def test_replicates_lie_about_the_gain(audit):
    found, test = audit.pictures.replicates, audit.sharpe.out_of_sample
    assert found.counts.sum() + found.outside == test.reps
    assert found.outside <= 0.002 * test.reps
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    mean = (middle * found.counts).sum() / found.counts.sum()
    assert mean == pytest.approx(test.gain, abs=0.1 * test.se)


def test_power_is_eighty_percent_at_the_detectable_gain(audit):
    found, test = audit.pictures.power, audit.sharpe.out_of_sample
    assert np.interp(test.min_detectable_gain, found.gain, found.power) == pytest.approx(0.8, abs=0.002)
    assert found.power[0] == pytest.approx(test.level)
    assert np.all(np.diff(found.power) > 0)


def test_growth_compounds_and_matches_volatility(audit):
    found, growth = audit.pictures, audit.pictures.growth()
    assert growth.tuned[-1] == pytest.approx(np.prod(1 + found.tuned))
    assert growth.leverage == pytest.approx(found.tuned.std() / found.base.std())
    own = np.diff(np.concatenate([[1.0], growth.matched])) / np.concatenate([[1.0], growth.matched[:-1]])
    assert own.std() == pytest.approx(found.tuned.std())


def test_growth_ends_where_all_is_lost(audit):
    found = audit.pictures
    ruined = found.tuned.copy()
    ruined[5] = -1.0
    assert replace(found, tuned=ruined).growth() is None
    wild = replace(found, base=found.base / 20).growth()
    assert wild.matched is None or (wild.matched > 0).all()


def test_the_map_adds_up_to_the_new_part(desk):
    found = desk.pictures.new_map
    assert found.instruments
    in_map = sum(found.pnl[:, i].sum() for i, year in enumerate(found.years) if not year.startswith("to "))
    assert np.isfinite(in_map)
    inside, outside = desk.pictures.in_sample, desk.pictures.out_of_sample
    assert found.pnl.sum() == pytest.approx(inside.new.sum() + outside.new.sum())


def test_positions_give_a_map_too():
    rng = np.random.default_rng(1)
    dates = pd.bdate_range("2015-01-01", periods=900)
    moves = pd.DataFrame(rng.standard_normal((900, 3)) * 0.01, dates, columns=["A", "B", "C"])
    base = pd.DataFrame({"A": 1.0, "B": 0.5, "C": 0.0}, dates)
    tuned = base.assign(C=0.8)
    series = [(weights * moves).sum(axis=1) for weights in (base, tuned)]
    found = auditor.audit(
        *series, oos_fraction=0.4, base_positions=base, tuned_positions=tuned, instrument_returns=moves,
        position_lag=0, reps=199,
    ).pictures.new_map  # fmt: skip
    assert found.instruments == ("C",)
    assert found.years == ("2015", "2016", "2017", "2018")
    np.testing.assert_allclose(found.pnl[0], (0.8 * moves["C"]).groupby(dates.year).sum())


def test_a_large_map_adds_the_rest_up():
    rng = np.random.default_rng(2)
    code, year = rng.integers(0, 40, 5_000), rng.integers(1990, 2020, 5_000)
    pnl = rng.standard_normal(5_000) * (1 + code)
    found = new_map([f"I{i}" for i in range(40)], code, year, pnl)
    assert found.pnl.shape == (MOST_INSTRUMENTS, MOST_YEARS)
    assert found.pnl.sum() == pytest.approx(pnl.sum())
    assert found.instruments[-1] == "all others (29)"
    assert found.years[0] == "to 2006"
    assert found.years[1] == "2007"
    np.testing.assert_allclose(found.pnl[0, 1], pnl[(code == int(found.instruments[0][1:])) & (year == 2007)].sum())


def test_nothing_to_draw_is_none():
    assert histogram(np.zeros(99)) is None
    assert histogram(np.full(99, np.inf)) is None
    assert power_curve(0.0, 0.0, 0.0, 0.05) is None
    assert power_curve(float("nan"), 0.1, 0.2, 0.05) is None
    assert new_map(["A"], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)) is None
    same = demo.audit_pair(PAIRS["leverage_1p5_null"], reps=199).pictures
    assert same.replicates is None
    assert same.power is None
    assert same.new_map is None


def test_nothing_in_it_can_be_changed(audit):
    with pytest.raises(ValueError, match="read-only"):
        audit.pictures.base[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        audit.pictures.base = None


def test_an_audit_survives_the_way_between_processes(desk):
    there = pickle.loads(pickle.dumps(desk))
    assert there == desk
    np.testing.assert_array_equal(there.pictures.tuned, desk.pictures.tuned)
    assert len(pickle.dumps(desk)) < 1_000_000
    assert len(pickle.dumps(replace(desk, pictures=None))) < len(pickle.dumps(desk)) / 3


def test_the_json_has_none_of_it(audit):
    assert "pictures" not in audit.to_dict()
    assert replace(audit, pictures=None).to_dict() == audit.to_dict()
    assert "pictures" not in repr(audit)


def test_dates_with_a_zone_are_utc_or_days():
    rng = np.random.default_rng(3)
    dates = pd.date_range("2015-01-01", periods=400, freq="D", tz="America/New_York")
    one = pd.Series(rng.standard_normal(400) * 0.01, dates)
    other = one + rng.standard_normal(400) * 0.002
    found = auditor.audit(one, other, oos_fraction=0.4, reps=199).pictures
    assert found.dates[0] == np.datetime64("2015-01-01")
    one, other = (series.set_axis(dates + pd.Timedelta(hours=9)) for series in (one, other))
    found = auditor.audit(one, other, oos_fraction=0.4, reps=199).pictures
    assert found.dates[0] == np.datetime64("2015-01-01T14:00")
