"""Whole audits on series whose truth is known."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auditor import Audit, InputError, audit, audit_files
from auditor.report.reproduce import how_to

DAYS = pd.bdate_range("2010-01-04", periods=2520)
SPLIT = DAYS[1260]
PAIRS = Path(__file__).parents[1] / "data" / "pairs"


def series(values):
    return pd.Series(values, index=DAYS[: len(values)])


def base_returns(seed=0, sharpe=1.0):
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, 2520) * 0.01 / np.sqrt(5 / 3) + sharpe * 0.01 / np.sqrt(252)


def quick(base, tuned, **options):
    return audit(series(base), series(tuned), **({"oos_start": SPLIT, "reps": 999} | options))


def garch_books(seed, count):
    """Long-short books with clustered volatility that are on in spells: (T, count), zero mean."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(5, (2520, count)) / np.sqrt(5 / 3)
    variance, out = np.ones(count), np.empty((2520, count))
    for t in range(2520):
        out[t] = np.sqrt(variance) * shocks[t]
        variance = 0.05 + 0.08 * out[t] ** 2 + 0.87 * variance
    on = np.repeat(rng.random((126, count)) < 0.6, 20, axis=0) * (1 + rng.random(count))
    return 0.004 * out * on, on > 0


@pytest.mark.parametrize(
    ("name", "oos_start", "finding", "standing"),
    [
        ("leverage_1p5_null", "1973-01-31", "no_gain", "shown"),
        ("overfit_random_timing_best200", "1983-01-31", "flattering", "shown"),
        ("mm_volmanaged_mkt_monthly12", "1973-01-31", None, None),
        ("riskmanaged_momentum", "1983-01-31", "efficiency", "shown"),
        ("mkt_plus_hml_mom", "1983-01-31", "new_edge", "presumed"),
    ],
)
def test_the_five_real_pairs(name, oos_start, finding, standing):
    path = PAIRS / f"{name}.csv"
    result = audit_files(f"{path}:base", f"{path}:tuned", oos_start=oos_start)
    if finding is None:
        assert result.label == "reweighting"
    else:
        assert (result.finding, result.standing) == (finding, standing)
    golden = pd.read_csv(Path(__file__).parent / "golden" / "pairs_sharpe.csv", comment="#")
    for segment, test in (("IS", result.sharpe.in_sample), ("OOS", result.sharpe.out_of_sample)):
        (row,) = golden[(golden.pair == name) & (golden.seg == segment)].to_dict("records")
        assert test.n_obs == row["n"]
        for ours, theirs in ((test.base, "sr_base"), (test.tuned, "sr_tuned"), (test.gain, "dSR")):
            # theirs has six significant digits, or is rounding about zero
            assert float(f"{ours:.6g}") == pytest.approx(row[theirs], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_leverage_with_noise_is_no_gain(seed):
    base = base_returns(seed)
    tuned = 2 * base + 1e-5 * np.random.default_rng(seed + 100).standard_normal(2520)
    result = quick(base, tuned)
    assert result.finding == "no_gain"
    assert "same Sharpe ratio" in result.reason


def test_identical_files_are_no_gain():
    base = base_returns()
    result = quick(base, base)
    assert result.label == "no_gain"
    assert result.sharpe.out_of_sample.p_value == 1.0
    assert result.attribution.edge_part == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_smoothing_is_never_new_edge_and_is_named(seed):
    base = base_returns(seed, sharpe=2.0)
    result = quick(base, 0.6 * base + 0.4 * np.r_[0.0, base[:-1]])
    assert result.label != "new_edge"
    assert result.sharpe.out_of_sample.p_value < 0.05
    assert "smoothed" in result.reason


def test_keeping_the_better_half_is_narrower_and_the_reverse_wider():
    narrower = wider = 0
    for seed in range(8):
        books, on = garch_books(seed, 12)
        books = books + np.where(np.arange(12) < 6, 4e-4, 2e-5) * on
        base, better = books.sum(axis=1), books[:, :6].sum(axis=1)
        there, back = quick(base, better), quick(better, base)
        assert there.finding != "new_edge"
        narrower += there.coverage.direction.verdict == "narrower"
        wider += back.coverage.direction.verdict == "wider"
    assert narrower >= 7
    assert wider >= 7


def test_an_uncorrelated_book_that_earns_is_new_edge():
    base = base_returns(1)
    book = np.random.default_rng(50).standard_t(5, 2520) * 0.008 + 0.0014
    result = quick(base, base + book)
    assert (result.label, result.standing, result.evidence) == ("new_edge", "presumed", "returns")
    parts = result.attribution
    assert parts.edge_part + parts.reweighting_part == pytest.approx(result.sharpe.out_of_sample.gain, abs=1e-12)
    assert parts.edge_share > 0.5
    assert parts.out_of_sample.new_mean.estimate == pytest.approx(result.coverage.new_return, rel=1e-9)


def probable_book():
    """A pair whose book earns, though the gain as a whole is but probable; and its dates."""
    rng, n = np.random.default_rng(4), 1512
    base = 0.01 * rng.standard_t(4, n) / np.sqrt(2) + 0.0005
    return base, base + 0.008 * rng.standard_t(4, n) / np.sqrt(2) + 0.0006


def test_a_probable_gain_is_enough_where_daily_returns_show_the_base_inside():
    base, tuned = probable_book()
    found = audit(series(base), series(tuned), oos_fraction=0.5, reps=999)
    assert 0.05 < found.sharpe.out_of_sample.p_value < 0.2
    assert found.coverage.direction.verdict == "wider"
    assert (found.finding, found.standing, found.settings["gain_level"]) == ("new_edge", "presumed", 0.2)
    assert "--gain-level" not in how_to(found)
    strict = audit(series(base), series(tuned), oos_fraction=0.5, reps=999, gain_level=0.05)
    assert (strict.finding, strict.settings["gain_level"]) == ("unproven", 0.05)
    assert "gain_level=0.05" in how_to(strict)
    wider = audit(series(base), series(tuned), oos_fraction=0.5, reps=999, level=0.3)
    assert wider.settings["gain_level"] == 0.3


def test_weekly_returns_show_too_little_for_that():
    weeks = pd.date_range("1990-01-05", periods=1512, freq="W-FRI")
    base, tuned = (pd.Series(one, weeks) for one in probable_book())
    found = audit(base, tuned, oos_fraction=0.5, reps=999)
    assert found.coverage.direction.verdict == "wider"
    assert (found.finding, found.settings["gain_level"]) == ("unproven", 0.05)


def test_looks_divide_the_level_that_is_in_force():
    base, tuned = probable_book()
    found = audit(series(base), series(tuned), oos_fraction=0.5, reps=999, look=1)
    assert found.look.gain_level_left == pytest.approx(0.2 * 6 / np.pi**2)


def test_the_same_book_among_the_known_streams_is_not_new():
    base = base_returns(1)
    book = np.random.default_rng(50).standard_t(5, 2520) * 0.008 + 0.0014
    known = pd.DataFrame({"book": book}, index=DAYS)
    result = quick(base, base + book, known=known)
    assert (result.finding, result.evidence, result.standing) == ("efficiency", "known", "shown")
    assert "book" in result.coverage.streams
    other = pd.DataFrame({"market": base_returns(77)}, index=DAYS)
    complete = quick(base, base + book, known=other, known_complete=True)
    assert (complete.finding, complete.standing) == ("new_edge", "shown")


def test_a_lower_fee_is_efficiency_not_new_edge():
    # base plus a constant: correlation one, a real gain, and nothing that the base did not hold
    base = base_returns(3, sharpe=0.5)
    result = quick(base, base + 2e-4)
    assert result.finding == "efficiency"
    assert "+5.04% a year" in result.reason
    turnover = np.abs(np.random.default_rng(3).standard_normal(2520))
    cheaper = quick(base - 2e-4 * turnover, base - 1e-4 * turnover)
    assert cheaper.finding == "efficiency"
    assert "costs, fees" in cheaper.reason


def test_the_tuned_policy_is_not_a_known_stream():
    base, tuned = base_returns(5), base_returns(6)
    known = pd.DataFrame({"market": base_returns(7), "mine": 2 * tuned}, index=DAYS)
    # cash is taken off the policies and not off the known streams, which must not hide it
    cash = pd.DataFrame({"rate": 1e-4 + 1e-5 * np.sin(np.arange(2520))}, index=DAYS)
    for rf in (None, 0.02, cash):
        with pytest.raises(InputError, match="'mine' is the tuned policy itself"):
            quick(base, tuned, known=known, rf=rf)
    with pytest.raises(InputError, match="'mine' is the tuned policy itself"):
        quick(base, tuned, known=known)


def test_scaling_swapping_and_shifting_dates():
    base, tuned = base_returns(4), base_returns(4) + np.random.default_rng(8).standard_normal(2520) * 0.004
    one = quick(base, tuned)
    scaled = quick(base, 1000 * tuned, kind="returns", unit="decimal")
    assert scaled.finding == one.finding
    assert scaled.sharpe.out_of_sample.gain == pytest.approx(one.sharpe.out_of_sample.gain, rel=1e-9)
    assert scaled.sharpe.out_of_sample.p_value == one.sharpe.out_of_sample.p_value
    assert scaled.attribution.new_p == one.attribution.new_p
    back = quick(tuned, base)
    assert back.sharpe.out_of_sample.gain == pytest.approx(-one.sharpe.out_of_sample.gain, abs=1e-12)
    later = pd.bdate_range("2011-03-07", periods=2520)
    moved = audit(pd.Series(base, later), pd.Series(tuned, later), oos_start=later[1260], reps=999)
    assert moved.sharpe == one.sharpe
    assert moved.attribution == one.attribution


def test_walk_forward_windows_are_pooled_and_an_embargo_drops_in_sample_periods():
    base = base_returns(5)
    tuned = base + np.random.default_rng(9).standard_normal(2520) * 0.004 + 3e-4
    windows = ["2012-01-02:2012-12-31", "2014-01-01:2014-12-31", ("2016-01-01", "2016-12-30")]
    result = quick(base, tuned, oos_start=None, oos=windows, embargo=5)
    assert len(result.sample.out_of_sample) == 3
    assert len(result.sample.in_sample) == 4
    inside = np.zeros(2520, dtype=bool)
    for first, last in (("2012-01-02", "2012-12-31"), ("2014-01-01", "2014-12-31"), ("2016-01-01", "2016-12-30")):
        inside |= (first <= DAYS) & (last >= DAYS)
    assert result.sharpe.out_of_sample.n_obs == inside.sum()
    assert result.sharpe.in_sample.n_obs == (~inside).sum() - 6 * 5
    ratio = base[inside].mean() / base[inside].std(ddof=1) * np.sqrt(252)
    assert result.sharpe.out_of_sample.base == pytest.approx(ratio, rel=1e-12)


def test_cash_is_taken_off_both():
    base, tuned = base_returns(6), base_returns(6) * 0.9 + 2e-4
    result = quick(base, tuned, rf=0.0252)
    excess = base[1260:] - 0.0252 / 252
    assert result.sharpe.out_of_sample.base == pytest.approx(
        excess.mean() / excess.std(ddof=1) * np.sqrt(252), rel=1e-10
    )


def test_percent_holds_for_rates_per_period_and_not_for_a_rate_a_year(tmp_path):
    base, tuned, cash = base_returns(6), base_returns(6) * 0.9 + 2e-4, np.where(np.arange(2520) % 2, 2e-4, 1e-4)
    frame = pd.DataFrame({"base": base, "tuned": tuned, "RF": cash}, index=DAYS).rename_axis("date")
    frame.to_csv(tmp_path / "decimal.csv")
    (frame * 100).to_csv(tmp_path / "percent.csv")

    def found(name, rate=":RF", **options):
        path = tmp_path / name
        rf = f"{path}{rate}" if isinstance(rate, str) else rate
        return audit(f"{path}:base", f"{path}:tuned", oos_start=SPLIT, reps=199, rf=rf, **options)

    decimal, percent = found("decimal.csv"), found("percent.csv", unit="percent")
    assert percent.sharpe.out_of_sample.gain == pytest.approx(decimal.sharpe.out_of_sample.gain, rel=1e-9)
    assert "percent.csv: percent divided by 100" in percent.notes
    assert not [text for text in percent.warnings if "cash" in text]
    a_year = found("percent.csv", rate=0.0378, unit="percent")
    assert a_year.sharpe.out_of_sample.gain == pytest.approx(decimal.sharpe.out_of_sample.gain, rel=1e-3)
    series_of_cash = frame["RF"].rename("cash")
    little = found("percent.csv", rate=series_of_cash, unit="percent")
    assert any("cash earns 0.0378% a year after the division by 100" in text for text in little.warnings)


def test_same_input_and_seed_give_the_same_bytes_and_another_seed_does_not():
    base, tuned = base_returns(7), base_returns(7) + np.random.default_rng(1).standard_normal(2520) * 0.003
    assert quick(base, tuned).to_json() == quick(base, tuned).to_json()
    assert quick(base, tuned).to_json() != quick(base, tuned, seed=1).to_json()


def one_json(seed):
    base = base_returns(seed)
    return quick(base, base + np.random.default_rng(seed).standard_normal(2520) * 0.004).to_json()


def test_one_worker_or_four_give_the_same_bytes():
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(one_json, range(4))) == [one_json(seed) for seed in range(4)]


def test_result_is_frozen_and_converts():
    result = quick(base_returns(8), base_returns(9))
    assert isinstance(result, Audit)
    with pytest.raises(AttributeError):
        result.label = "new_edge"
    data = json.loads(result.to_json())
    assert data == json.loads(json.dumps(result.to_dict()))
    assert data["schema"] == 1
    assert result.finding in repr(result)
    assert str(result).strip()
    assert "<table" in result._repr_html_()


def test_short_out_of_sample_data_says_what_it_can_find():
    base, tuned = base_returns(11), base_returns(12)
    result = audit(series(base), series(tuned), oos_start=DAYS[2300], reps=999)
    assert any("80 % power" in text for text in result.warnings)


def lucky_search(seed, count=30):
    """Random on-off variants of one base, and the best of them in sample: (T,), (T, count), (T,)."""
    base = base_returns(seed, sharpe=0.7)
    held = np.repeat(np.random.default_rng(seed + 1).random((252, count)) < 0.8, 10, axis=0)
    variants = base[:, None] * held
    inside = variants[:1260]
    return base, variants, variants[:, np.argmax(inside.mean(axis=0) / inside.std(axis=0))]


def test_trials_judge_the_search_and_never_the_label():
    base, variants, best = lucky_search(20)
    trials = pd.DataFrame(variants, index=DAYS, columns=[f"v{i}" for i in range(30)])
    told, blind, counted = quick(base, best, trials=trials), quick(base, best), quick(base, best, n_trials=30)
    assert told.label == blind.label == counted.label
    assert told.checks == blind.checks == counted.checks
    assert told.selection.n_trials == counted.selection.n_trials == 30
    assert told.selection.pbo is not None
    assert told.selection.spa_p > 0.05
    assert any("No trial is shown to be better" in text for text in told.warnings)
    assert counted.selection.pbo is None
    assert any("PBO" in text for text in counted.not_assessed)
    assert any("--n-trials" in text for text in blind.not_assessed)
    assert {one.role for one in told.inputs} == {"base", "tuned", "trials"}


def test_trials_are_taken_in_excess_of_cash_as_the_policies_are():
    base, variants, best = lucky_search(21)
    trials = pd.DataFrame(variants, index=DAYS)
    trials.columns = [f"v{i}" for i in range(30)]
    found = quick(base, best, trials=trials, rf=0.02)
    assert not any("no trial is the tuned policy" in text for text in found.selection.notes)
    assert not any("not among the trials" in text for text in found.warnings)


def test_trials_without_the_tuned_policy_are_told_and_support_nothing():
    base, variants, best = lucky_search(21)
    trials = pd.DataFrame({"other": variants[:, 0] + 1e-3}, index=DAYS)
    found = quick(base, best, trials=trials)
    assert found.selection.n_trials == 2
    (text,) = [text for text in found.warnings if text.startswith("Tuned is not among the trials given")]
    assert text in json.loads(found.to_json())["warnings"]
    assert not any("no trial is the tuned policy" in note for note in found.notes)
    printed = " ".join(str(found).split())
    assert "Does any trial given, tuned not among them, beat the base? SPA p" in printed
    assert "does any trial given, tuned not among them, beat the base?" in found.to_markdown()
    among = quick(base, best, trials=trials.assign(best=best))
    assert "Does any trial beat the base? SPA p" in " ".join(str(among).split())


def test_trials_that_miss_an_in_sample_date_are_refused():
    base, variants, best = lucky_search(22, count=3)
    trials = pd.DataFrame(variants, index=DAYS, columns=list("abc")).drop(DAYS[7])
    with pytest.raises(InputError, match=f"{DAYS[7]:%Y-%m-%d}"):
        quick(base, best, trials=trials)


def test_selling_tails_is_warned_of():
    rng = np.random.default_rng(23)
    base = base_returns(23)
    premium = np.full(2520, 8e-4)
    crash = rng.random(2520) < 0.004
    result = quick(base, base + premium - crash * rng.uniform(0.05, 0.12, 2520))
    assert any("options are sold" in text for text in result.warnings)


def test_the_papers_calibration_of_the_block_can_be_asked_for():
    base, tuned = base_returns(24)[:130], base_returns(25)[:130]
    result = audit(series(base), series(tuned), oos_fraction=0.5, reps=199, block="calibrate")
    assert result.sharpe.out_of_sample.block in (1, 3, 6, 10)
    assert result.settings["block"] == "calibrate"


def test_alpha_on_the_base_is_reported_beside_the_gain():
    # volatility management: a significant alpha beside a Sharpe ratio that is no higher
    path = PAIRS / "mm_volmanaged_mkt_monthly12.csv"
    result = audit_files(f"{path}:base", f"{path}:tuned", oos_start="1973-01-31", reps=999)
    assert result.attribution.in_sample.on_base.t > 2.5
    assert result.attribution.out_of_sample.on_base.t < 1.65
    assert result.sharpe.in_sample.p_value > 0.05


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"oos_start": None}, ["split", "oos"]),
        ({"level": 0.0}, ["--level"]),
        ({"level": 0.9}, ["--level"]),
        ({"gain_level": 0.01}, ["--gain-level", "--level"]),
        ({"reps": 10}, ["--reps", "99"]),
        ({"reps": 99, "level": 0.005}, ["--reps 99", "0.005"]),
        ({"reps": 1000.5}, ["--reps"]),
        ({"block": 0}, ["--block"]),
        ({"block": "big"}, ["--block"]),
        ({"opportunity": ()}, ["--opportunity", "instrument,side"]),
        ({"opportunity": ("side", " ")}, ["--opportunity", "instrument,side"]),
        ({"block": 400}, ["--block 400", "at most 315"]),
        ({"n_trials": 0}, ["--n-trials"]),
        ({"n_trials": 2.5}, ["--n-trials"]),
        ({"seed": -1}, ["--seed"]),
        ({"embargo": -1}, ["embargo"]),
        ({"min_edge_share": 1.5}, ["--min-edge-share"]),
        ({"known_complete": True}, ["--known"]),
        ({"oos_start": None, "oos": ["2012"]}, ["START:END"]),
        ({"oos_start": None, "oos": ["2012-01-02:"]}, ["START:END"]),
        ({"rf": 5}, ["percent"]),
        ({"periods_per_year": 0}, ["periods per year"]),
        ({"reconcile": "Check"}, ["--reconcile must be check or off; got 'Check'"]),
        ({"reconcile": True}, ["--reconcile must be check or off; got True"]),
        ({"align": None}, ["--align must be strict or inner; got None"]),
        ({"na": "skip"}, ["--na must be refuse or drop"]),
        ({"kind": ["prices"]}, ["--kind must be returns or prices; got ['prices']"]),
        ({"unit": "percents"}, ["--unit must be decimal or percent"]),
        ({"pnl": "none"}, ["--pnl must be net or gross"]),
        ({"rollout_as": 1}, ["--rollout-as must be mean or each"]),
        ({"known_complete": "no"}, ["--known-complete must be True or False; got 'no'"]),
        ({"compounding": "no"}, ["--compounding must be True or False; got 'no'"]),
        ({"stability": "no"}, ["--stability must be True or False; got 'no'"]),
        ({"block": np.array([1, 2])}, ["--block"]),
        ({"opportunity": 5}, ["--opportunity", "got (5,)"]),
        ({"oos_start": None, "oos": 5}, ["--oos is 5, not a list of windows such as 2015"]),
        ({"oos_start": None, "oos": [5]}, ["--oos 5 is not a window of two dates, such as 2015"]),
        ({"oos_start": None, "oos": [("2012-01-02", "2013-01-02", 1)]}, ["is not a window of two dates"]),
        ({"oos_start": None, "oos": [slice("2012-01-02", "2013-01-02")]}, ["is not a window of two dates"]),
        ({"oos_start": None, "oos": ("2012-01-02", "2013-01-02")}, ["--oos '2012-01-02' is not START:END"]),
        ({"periods_per_year": 1e308}, ["--periods-per-year must be at most 1,000,000,000; got more"]),
        ({"periods_per_year": 10**400}, ["--periods-per-year must be at most"]),
        ({"embargo": 10**25}, ["--embargo must be at most 10,000,000; got more"]),
        ({"embargo": 2**63 - 1}, ["--embargo must be at most"]),
        ({"tolerance": 10**25}, ["--tolerance must be at most 10,000,000; got more"]),
        ({"position_lag": 10**25}, ["--position-lag must be at most"]),
        ({"seed": 2**63}, ["--seed must be at most 9,223,372,036,854,775,807; got more"]),
        ({"n_trials": 10**400}, ["--n-trials must be at most 1,000,000,000,000; got more"]),
        ({"capital": 1e-300}, ["--capital must be from 1e-06 to 1e+18"]),
        ({"level": 10**400}, ["--level must be above 0"]),
    ],
)
def test_options_out_of_range_are_refused_by_name(options, words):
    with pytest.raises(InputError) as refusal:
        quick(base_returns(), base_returns(1), **options)
    for word in words:
        assert word in str(refusal.value)


def test_numbers_of_numpy_are_numbers():
    base, tuned = base_returns(), base_returns(1)
    typed = {
        "level": np.float64(0.05), "reps": np.int64(199), "block": np.int32(5), "seed": np.uint8(3),
        "embargo": np.int64(4), "n_trials": np.int16(7), "rf": np.int64(0), "tolerance": np.int8(0),
        "gain_level": np.float64(0.1), "periods_per_year": np.int64(252), "min_edge_share": np.float64(0.25),
        "known_complete": np.bool_(False), "stability": np.bool_(False), "opportunity": None,
    }  # fmt: skip
    plain = {name: None if value is None else value.item() for name, value in typed.items()}
    plain["opportunity"] = ("instrument", "side")
    text = quick(base, tuned, **typed).to_json()
    assert text == quick(base, tuned, **plain).to_json()
    assert '"seed": 3' in text
    single = quick(base, tuned, reps=199, level=np.float32(0.25), rf=np.float32(0.01))
    assert single.settings["level"] == 0.25
    assert type(single.settings["rf"]) is float


def test_a_column_whose_name_is_a_number_is_asked_for_by_it():
    frame = pd.DataFrame({0: base_returns(), 1: base_returns(1)}, index=DAYS)
    for names in ((0, 1), (np.int64(0), "1")):
        found = audit(frame, frame, base_column=names[0], tuned_column=names[1], oos_fraction=0.4, reps=199)
        assert [one.column for one in found.inputs] == ["0", "1"]
    with pytest.raises(InputError, match="no column '2'"):
        audit(frame, frame, base_column=2, tuned_column=1, oos_fraction=0.4)


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, auditor; print([m for m in ('numpy', 'pandas', 'scipy', 'arch', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_audit_stays_a_function_whatever_is_imported_first():
    code = (
        "import auditor.audit; from auditor import audit; assert callable(audit), audit; import auditor.cli;"
        "from auditor import audit as again; assert again is audit; assert 'audit' in dir(auditor)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_date_column_is_that_of_every_file_that_has_it(tmp_path):
    """One option names it for all of them; a file with a column of another name is read by that."""
    base, tuned, other = (base_returns(seed) for seed in range(3))
    columns = {"asof": DAYS.strftime("%Y%m%d").astype(int), "base": base, "tuned": tuned, "other": other}
    columns["cash"] = np.full(2520, 1e-4)
    pd.DataFrame(columns).to_csv(tmp_path / "all.csv", index=False)
    pd.DataFrame(columns).rename(columns={"asof": "date"}).to_csv(tmp_path / "dated.csv", index=False)
    found = {}
    for name in ("all.csv", "dated.csv"):
        path, how = tmp_path / name, {"oos_start": SPLIT, "reps": 199, "date_column": "asof"}
        streams = {"known": f"{path}:other", "library": f"{path}:other", "trials": path, "rf": f"{path}:cash"}
        found[name] = audit(f"{tmp_path}/all.csv:base", f"{tmp_path}/all.csv:tuned", **streams, **how)
        for lag in (0, 1):
            held = {"base_positions": f"{path}:other", "tuned_positions": f"{path}:other", "instrument_returns": path}
            with pytest.raises(InputError, match="the positions earn"):
                audit(f"{tmp_path}/all.csv:base", f"{tmp_path}/all.csv:tuned", **held, **how, position_lag=lag)
    assert audit(base_rollouts=tmp_path / "all.csv", tuned_rollouts=tmp_path / "all.csv", **how).label == "no_gain"
    with pytest.raises(InputError, match="no column 'asof'"):  # rollouts are policies, as BASE and TUNED are
        audit(base_rollouts=path, tuned_rollouts=path, **how)
    assert found["all.csv"].sharpe == found["dated.csv"].sharpe
    assert found["all.csv"].attribution == found["dated.csv"].attribution


def test_unknown_names_are_attribute_errors():
    import auditor

    with pytest.raises(AttributeError, match="nothing"):
        auditor.nothing  # noqa: B018


@pytest.mark.parametrize("rate", [None, "file"])
def test_the_base_among_the_known_streams_is_no_evidence(rate):
    base = base_returns(5)
    cash = pd.DataFrame({"rate": 1e-4 + 1e-5 * np.sin(np.arange(2520))}, index=DAYS)
    rf = None if rate is None else cash
    tuned = base + 0.5 * base_returns(6)
    known = pd.DataFrame({"own": 1.5 * base}, index=DAYS)
    result = quick(base, tuned, known=known, rf=rf)
    assert result.evidence == "returns"
    assert any("'own' is the base itself, levered or not, and tells nothing new" in text for text in result.warnings)
    assert any("What both policies share" in text for text in result.not_assessed)
    more = quick(base, tuned, known=known.assign(market=base_returns(7)), rf=rf)
    assert more.evidence == "known"


def test_one_file_given_twice_and_little_in_sample_are_told():
    base = base_returns(5)
    twice = quick(base, base)
    assert any("was one file given twice?" in text for text in twice.warnings)
    levered = quick(base, 2 * base)
    assert not any("given twice" in text for text in levered.warnings)
    assert not any("Few out-of-sample periods" in text for found in (twice, levered) for text in found.warnings)
    few = quick(base, base + 0.5 * base_returns(6), oos_start=DAYS[22])
    assert any("In sample there are only 22 periods" in text for text in few.warnings)
    assert not any("In sample there" in text for text in quick(base, 2 * base, oos_start=DAYS[60]).warnings)


def test_what_holds_of_daily_data_is_told_from_the_dates():
    base, other = np.random.default_rng(1).standard_normal((2, 2520)) * 0.01
    for per_year in (252, 199):
        result = audit(series(base), series(base + other), oos_start=DAYS[1260], reps=199, periods_per_year=per_year)
        assert any("so nothing here is called new edge" in text for text in result.warnings), per_year


def test_interest_on_idle_days_is_told_and_no_edge():
    rng = np.random.default_rng(4)
    held = np.repeat(rng.random(126) < 0.25, 20)
    base = np.where(held, rng.standard_t(5, 2520) * 0.01, 0.0)
    result = quick(base, base + np.where(held, 0.0, 0.04 / 252))
    assert any("earns a steady +4.00% a year more, as interest" in text for text in result.warnings)
    assert result.label != "new_edge"
    assert "interest" in result.attribution.out_of_sample.new_reason
