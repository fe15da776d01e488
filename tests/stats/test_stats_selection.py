"""Deflation, overfitting and superior trials: other people's numbers, identities, and what does not apply."""

import dataclasses
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.stats.deflated import (
    NotAssessed,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    min_track_record,
    null_difference_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)
from auditor.stats.overfitting import backtest_overfitting
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.selection import NOT_AMONG, select
from auditor.stats.superior import stationary_variance, superior_trials

GOLDEN = Path(__file__).parents[1] / "golden" / "selection"
NUMBERS = pd.read_csv(GOLDEN / "psr_dsr_mintrl.csv")
NOISE = pd.read_csv(GOLDEN / "pbo_noise.csv").to_numpy()
SPLITS = pd.read_csv(GOLDEN / "pbo_noise_S8_expected.csv")
MONTH = math.sqrt(12)


def golden(case, quantity):
    rows = NUMBERS[(NUMBERS.case == case) & NUMBERS.quantity.str.startswith(quantity)]
    (value,) = rows.value
    return value


def search(seed=0, n_obs=400, n=12, share=0.9, edge=0.0):
    """A base, variants that share most of it, and the luckiest of them; the first earns `edge` more a period."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0.0004, 0.01, n_obs)
    trials = share * base[:, None] + math.sqrt(1 - share**2) * rng.normal(0, 0.01, (n_obs, n)) + 0.0004 * (1 - share)
    trials[:, 0] += edge
    best = int(np.argmax(trials.mean(axis=0) / trials.std(axis=0)))
    return base, trials[:, best], trials


# --- other people's numbers ---------------------------------------------------------------------------------------


def test_probabilistic_sharpe_and_track_record_are_those_of_performanceanalytics():
    # R: PerformanceAnalytics 2.0.8, help example of ProbSharpeRatio and MinTrackRecord, ignore_kurtosis = FALSE
    found = probabilistic_sharpe(2 / MONTH, 1 / MONTH, n_obs=59, skew=-0.72, kurtosis=5.78)
    assert found.probability == pytest.approx(golden("PSR_doc_example", "sr2"), abs=1e-11)
    assert found.min_track_record == pytest.approx(golden("MinTRL_doc_example", "sr2"), abs=1e-9)
    # its default ignores kurtosis, that is, takes the normal's
    found = probabilistic_sharpe(2 / MONTH, 1 / MONTH, n_obs=59, skew=-0.72)
    assert found.probability == pytest.approx(golden("PSR_doc_example", "same"), abs=1e-10)


def test_probabilistic_sharpe_is_the_paper_example():
    # Bailey & Lopez de Prado (2012), through PerformanceAnalytics 2.0.8
    skewed = probabilistic_sharpe(0.458, n_obs=24, skew=-2.448, kurtosis=10.164)
    assert skewed.probability == pytest.approx(golden("PSR_BLdP2012", "SR.458_n24_sk"), abs=1e-11)
    normal = probabilistic_sharpe(0.458, n_obs=24)
    assert normal.probability == pytest.approx(golden("PSR_BLdP2012", "SR.458_n24_normal"), abs=1e-11)


def test_variance_at_the_benchmark_is_the_2025_form():
    # the three decimals asserted in the code published with Lopez de Prado, Lipton & Zoonekynd (2025)
    known = {"n_obs": 24, "skew": -2.448, "kurtosis": 10.164, "variance": "benchmark"}
    found = probabilistic_sharpe(0.036 / 0.079, **known)
    assert found.variance == "benchmark"
    assert round(found.probability, 3) == 0.987
    assert round(found.min_track_record, 3) == 13.029
    assert round(probabilistic_sharpe(0.036 / 0.079, 0.1, **known).probability, 3) == 0.939


@pytest.mark.parametrize(
    ("n_trials", "skew", "kurtosis", "per_period"), [(100, -3, 10, 0.11317200), (88, 0, 3, 0.11114576)]
)
def test_deflated_sharpe_is_that_of_quantstrat(n_trials, skew, kurtosis, per_period):
    # R: quantstrat .deflatedSharpe; the benchmark per period is in the note of the golden file
    found = deflated_sharpe(
        2.5 / math.sqrt(250), n_trials=n_trials, trial_variance=0.5 / 250, n_obs=1250, skew=skew, kurtosis=kurtosis
    )
    assert found.benchmark == pytest.approx(per_period, abs=5e-9)
    assert found.probability == pytest.approx(golden("DSR", f"SRann=2.5_N={n_trials}_"), abs=1e-11)


def test_every_split_is_that_of_cran_pbo():
    # R: pbo(noise, s = 8, f = sharpe), CRAN pbo 1.3.5: relative rank is rank / N
    found = backtest_overfitting(NOISE, n_blocks=8, ranks="cran")
    combos = [" ".join(str(i + 1) for i in c) for c in itertools.combinations(range(8), 4)]
    assert list(SPLITS["combo"]) == combos
    np.testing.assert_array_equal(found.nstar + 1, SPLITS["nstar"])
    np.testing.assert_array_equal(found.os_rank, SPLITS["os_rank"])
    np.testing.assert_allclose(found.omega, SPLITS["omega_bar"], rtol=1e-14)
    np.testing.assert_allclose(found.logit, SPLITS["lambda"], rtol=1e-12, atol=1e-14)
    assert found.pbo == (SPLITS["lambda"] <= 0).mean()


# --- probabilistic and deflated Sharpe ----------------------------------------------------------------------------

ratios = st.floats(-0.3, 0.3)
shapes = st.tuples(st.floats(-1.5, 1.5), st.floats(0, 8)).map(lambda s: (s[0], 1.5 + s[0] ** 2 + s[1]))
forms = st.sampled_from(["estimate", "benchmark"])


@given(ratios, st.integers(20, 3000), shapes, forms)
def test_at_its_own_benchmark_the_probability_is_a_half(sharpe, n_obs, shape, form):
    found = probabilistic_sharpe(sharpe, sharpe, n_obs=n_obs, skew=shape[0], kurtosis=shape[1], variance=form)
    assert found.probability == 0.5
    assert found.min_track_record is None


@given(ratios, st.floats(0.02, 0.3), shapes, forms, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_minimum_track_record_inverts_the_probability(benchmark, above, shape, form, level):
    how = {"skew": shape[0], "kurtosis": shape[1], "variance": form, "level": level}
    periods = min_track_record(benchmark + above, benchmark, **how)
    assert periods > 0
    at = probabilistic_sharpe(benchmark + above, benchmark, n_obs=periods, **how)
    assert at.probability == pytest.approx(1 - level, abs=1e-9)


@given(st.integers(1, 10_000), st.floats(1e-6, 0.1))
def test_more_trials_deflate_more(n_trials, spread):
    known = {"trial_variance": spread, "n_obs": 500}
    fewer = deflated_sharpe(0.1, n_trials=n_trials, **known)
    more = deflated_sharpe(0.1, n_trials=2 * n_trials, **known)
    assert more.benchmark > fewer.benchmark
    assert more.probability < fewer.probability or fewer.probability < 1e-12


def test_one_trial_deflates_nothing():
    assert expected_max_sharpe(1, 0.3) == 0.0
    alone = deflated_sharpe(0.1, n_trials=1, trial_variance=0.3, n_obs=500)
    assert alone.probability == probabilistic_sharpe(0.1, n_obs=500).probability


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_the_raw_count_is_right_for_trials_of_equal_correlation(correlation):
    # their variance across trials is 1 - r of one alone, so the effective number would discount a second time
    rng = np.random.default_rng(5)
    shared, own = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 50))
    ratios = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
    claimed = np.mean([expected_max_sharpe(50, v) for v in ratios.var(axis=1, ddof=1)])
    assert claimed == pytest.approx(ratios.max(axis=1).mean(), abs=0.05)


def test_variance_of_a_difference_is_that_of_trials_worth_the_base():
    squares, claimed = [], []
    for seed in range(40):
        base, tuned, trials = search(seed, n=30)
        squares.append(np.mean([(sharpe_ratio(one) - sharpe_ratio(base)) ** 2 for one in trials.T]))
        claimed.append(null_difference_variance(base, tuned))
    assert np.mean(claimed) == pytest.approx(np.mean(squares), rel=0.12)


def test_effective_number_counts_copies_once_and_strangers_in_full():
    rng = np.random.default_rng(0)
    one = rng.normal(size=500)
    assert effective_trials(np.column_stack([one, 2 * one, one + 1e-9])) == pytest.approx(1)
    assert effective_trials(rng.normal(size=(500, 9))) == pytest.approx(9, abs=0.6)
    trials = search()[2]
    average = (np.corrcoef(trials.T).sum() - 12) / (12 * 11)
    assert effective_trials(trials) == pytest.approx(average + (1 - average) * 12)
    assert effective_trials(trials, 100) == pytest.approx(average + (1 - average) * 100)


def test_impossible_moments_are_refused_with_a_reason():
    with pytest.raises(NotAssessed, match="no variance"):
        probabilistic_sharpe(0.5, n_obs=100, skew=4.0, kurtosis=3.0)
    with pytest.raises(NotAssessed, match="1 periods are too few for a Sharpe ratio"):
        probabilistic_sharpe(0.5, n_obs=1)
    with pytest.raises(ValueError, match="n_trials must be at least 1; got 0"):
        expected_max_sharpe(0, 0.1)


def test_results_read_in_one_line():
    base, _, trials = search(edge=0.0003)
    assert str(probabilistic_sharpe(0.1, n_obs=101)) == "Sharpe 0.1000 against 0.0000 a period, PSR=0.841"
    assert str(backtest_overfitting(NOISE, n_blocks=8)).endswith(" trials, 70 splits)")
    spa = superior_trials(base, trials, block=5, reps=199, seed=0)
    assert str(spa) == f"SPA p={spa.p_consistent:.3f}, {len(spa.superior)} of 12 trials better (StepM)"


# --- probability of backtest overfitting --------------------------------------------------------------------------


def plain_overfitting(trials, n_blocks):
    """The paper's steps one by one."""
    n = trials.shape[1]
    edges = [i * len(trials) // n_blocks for i in range(n_blocks + 1)]
    blocks = [np.arange(a, b) for a, b in itertools.pairwise(edges)]
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1
    for chosen in itertools.combinations(range(n_blocks), n_blocks // 2):
        inside = trials[np.concatenate([blocks[i] for i in chosen])]
        outside = trials[np.concatenate([blocks[i] for i in range(n_blocks) if i not in chosen])]
        inner, outer = (part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (inside, outside))
        best = int(np.argmax(inner))
        rank = pd.Series(outer).rank()[best]
        yield best, inner[best], outer[best], rank, math.log(rank / (n + 1) / (1 - rank / (n + 1)))


@pytest.mark.parametrize(("n_obs", "n_blocks"), [(240, 8), (237, 6), (61, 10), (40, 2)])
def test_overfitting_is_the_papers_steps(n_obs, n_blocks):
    trials = NOISE[:n_obs, :7] + 0.004
    found = backtest_overfitting(trials, n_blocks=n_blocks)
    nstar, inner, outer, rank, logit = map(np.array, zip(*plain_overfitting(trials, n_blocks), strict=True))
    np.testing.assert_array_equal(found.nstar, nstar)
    np.testing.assert_allclose(found.is_sharpe, inner, rtol=1e-11)
    np.testing.assert_allclose(found.os_sharpe, outer, rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(found.os_rank, rank)
    np.testing.assert_allclose(found.logit, logit, atol=1e-12)
    assert found.pbo == np.mean(logit <= 1e-12)
    assert found.loss_probability == np.mean(outer < 0)
    assert found.slope == pytest.approx(np.polyfit(inner, outer, 1)[0], rel=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-6, 1e6), st.permutations(range(6)))
def test_units_change_nothing_and_the_order_of_columns_only_nstar(seed, scale, order):
    trials = np.random.default_rng(seed).normal(0.0002, 0.01, (90, 6))
    found = backtest_overfitting(trials, n_blocks=6)
    scaled = backtest_overfitting(trials * scale, n_blocks=6)
    np.testing.assert_array_equal(scaled.nstar, found.nstar)
    assert (scaled.pbo, scaled.loss_probability) == (found.pbo, found.loss_probability)
    moved = backtest_overfitting(trials[:, order], n_blocks=6)
    np.testing.assert_array_equal(np.array(order)[moved.nstar], found.nstar)
    np.testing.assert_array_equal(moved.os_rank, found.os_rank)


def test_splits_in_chunks_are_the_splits_at_once(monkeypatch):
    whole = backtest_overfitting(NOISE, n_blocks=8)
    monkeypatch.setattr("auditor.stats.overfitting.CHUNK", 7 * NOISE.shape[1])
    parts = backtest_overfitting(NOISE, n_blocks=8)
    np.testing.assert_array_equal(parts.nstar, whole.nstar)
    np.testing.assert_allclose(parts.os_sharpe, whole.os_sharpe, rtol=1e-12)


def test_noise_overfits_half_of_the_time():
    found = [backtest_overfitting(np.random.default_rng(i).normal(size=(160, 15)), n_blocks=8).pbo for i in range(30)]
    assert np.mean(found) == pytest.approx(0.5, abs=4 * np.std(found) / math.sqrt(30))
    assert np.std(found) / math.sqrt(30) < 0.05


def test_a_trial_that_dominates_is_never_overfit():
    trials = NOISE.copy()
    trials[:, 4] += 0.02
    found = backtest_overfitting(trials, n_blocks=8)
    assert found.pbo == 0.0
    assert found.loss_probability == 0.0
    assert set(found.nstar) == {4}
    assert backtest_overfitting(trials, n_blocks=8, ranks="cran").logit.max() == 6.0


def test_copies_share_their_rank():
    trials = np.column_stack([NOISE[:, 0], NOISE[:, 1], NOISE[:, 1], NOISE[:, 1]])
    found = backtest_overfitting(trials, n_blocks=8)
    assert set(found.nstar) == {0, 1}
    assert set(found.os_rank[found.nstar == 1]) <= {2.0, 3.0}


def test_the_median_counts_as_overfit():
    # three copies: each has rank 2 of 3, the relative rank is 1/2 and the logit zero
    found = backtest_overfitting(np.column_stack([NOISE[:, 0]] * 3), n_blocks=8)
    np.testing.assert_allclose(found.logit, 0, atol=1e-15)
    assert found.pbo == 1.0


def test_a_trial_that_rests_for_a_half_has_ratio_zero_there():
    trials = NOISE[:, :2].copy()
    trials[:120, 0] = 0.0
    trials[:, 1] -= 0.01
    found = backtest_overfitting(trials, n_blocks=2)
    np.testing.assert_array_equal(found.nstar, [0, 0])
    assert found.is_sharpe[0] == 0.0
    assert found.os_sharpe[1] == 0.0


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        (NOISE[:, :1], "ranking needs two"),
        (NOISE[:15], "too few for 8 blocks"),
        (np.column_stack([NOISE, np.full(240, 0.001)]), r"1 trials are constant \(first column 20\)"),
    ],
)
def test_overfitting_that_cannot_be_assessed_says_why(trials, reason):
    with pytest.raises(NotAssessed, match=reason):
        backtest_overfitting(trials, n_blocks=8)


@pytest.mark.parametrize("n_blocks", [7, 0, 22])
def test_an_odd_number_of_blocks_is_refused(n_blocks):
    with pytest.raises(ValueError, match="must be even"):
        backtest_overfitting(NOISE, n_blocks=n_blocks)


# --- superior trials ----------------------------------------------------------------------------------------------


def test_stationary_variance_is_that_of_the_bootstrap():
    from arch.bootstrap import SPA, StationaryBootstrap

    values = np.random.default_rng(2).normal(size=(150, 3))
    values[1:] += 0.4 * values[:-1]
    reference = SPA(np.zeros(150), -values, block_size=7, reps=9, seed=0)
    reference.compute()
    np.testing.assert_allclose(stationary_variance(values, 7), reference._loss_diff_var, rtol=1e-10)
    means = StationaryBootstrap(7, values, seed=0).apply(lambda x: x.mean(axis=0), reps=3000)
    np.testing.assert_allclose(150 * means.var(axis=0), stationary_variance(values, 7), rtol=0.12)


def test_superior_trials_is_hansens_statistic():
    # step by step from the paper, on the resamples that arch draws for this seed
    from arch.bootstrap import StationaryBootstrap

    base, _, trials = search(3, edge=0.0006)
    found = superior_trials(base, trials, block=5, reps=199, seed=11)
    d = trials * base.std() / trials.std(axis=0) - base[:, None]
    omega = np.sqrt(stationary_variance(d, 5))
    root = math.sqrt(len(base))
    statistic = max(0.0, float((root * d.mean(axis=0) / omega).max()))
    mean = d.mean(axis=0)
    kept = root * mean / omega >= -math.sqrt(2 * math.log(math.log(len(base))))
    hits = np.zeros(3)
    for (sample,), _ in StationaryBootstrap(5, d, seed=11).bootstrap(199):
        for i, centre in enumerate((np.maximum(mean, 0), mean * kept, mean)):
            hits[i] += max(0.0, float((root * (sample.mean(axis=0) - centre) / omega).max())) > statistic
    assert (found.p_lower, found.p_consistent, found.p_upper) == tuple((1 + hits) / 200)


def test_superior_trials_does_not_depend_on_units_or_leverage():
    base, _, trials = search(4, edge=0.0006)
    one = superior_trials(base, trials, block=5, reps=199, seed=1)
    leverage = np.random.default_rng(0).uniform(0.1, 9, trials.shape[1])
    two = superior_trials(base * 100, trials * leverage, block=5, reps=199, seed=1)
    assert two == one


def test_clear_winners_are_found_and_named_though_others_cannot_be_tested():
    base, _, trials = search(0, edge=0.004)
    mixed = np.column_stack([np.zeros(400), 3 * base, trials[:, 1], trials[:, 0]])
    found = superior_trials(base, mixed, block=5, reps=499, seed=0)
    assert found.superior == (3,)
    assert found.p_consistent == 1 / 500


def test_all_trials_can_be_superior():
    # found in two steps, after which the StepM of arch 8.0 alone takes the maximum of nothing (its pull request 863)
    rng = np.random.default_rng(0)
    base = rng.normal(0, 0.01, 500)
    trials = base[:, None] + rng.normal(0, 0.001, (500, 2)) + np.array([0.00025, 0.0001])
    assert superior_trials(base, trials, block=5, reps=199, seed=1).superior == (0, 1)


def test_no_trial_above_the_base_is_p_of_one():
    base, _, trials = search(0)
    found = superior_trials(base, trials - 0.01, block=5, reps=99, seed=0)
    assert (found.p_lower, found.p_consistent, found.p_upper, found.superior) == (1.0, 1.0, 1.0, ())


def test_superior_trials_holds_its_size():
    # trials worth the base: at 10 % no more than a binomial's 99.9 % of 100 searches may be rejected
    found = []
    for seed in range(100):
        base, _, trials = search(seed, n_obs=200, n=5)
        found.append(superior_trials(base, trials, block=2, reps=99, seed=seed, level=0.1))
    rejected = sum(one.p_consistent <= 0.1 for one in found)
    assert 1 <= rejected <= 20
    assert sum(bool(one.superior) for one in found) <= 20
    assert all(one.p_lower <= one.p_consistent <= one.p_upper for one in found)


def test_nothing_to_test_says_why():
    base = search()[0]
    with pytest.raises(NotAssessed, match="up to leverage"):
        superior_trials(base, np.column_stack([2 * base, np.zeros(400)]), block=5, reps=99, seed=0)


# --- the whole ----------------------------------------------------------------------------------------------------

HOW = {"periods_per_year": 252, "block": 5, "reps": 199, "n_blocks": 8}


def test_the_matrix_gives_everything():
    base, tuned, trials = search(edge=0.0003)
    found = select(base, tuned, trials=trials, **HOW)
    assert found.not_assessed == ()
    assert set(found.nulls) == {"psr", "dsr", "dsr_over_base", "pbo", "spa_p", "stepm_superior"}
    skew, kurtosis = skew_kurtosis(tuned)
    known = {"n_obs": 400, "skew": skew, "kurtosis": kurtosis}
    ratio, start = sharpe_ratio(tuned), sharpe_ratio(base)
    assert found.psr == probabilistic_sharpe(ratio, start, **known).probability
    assert found.min_track_record == min_track_record(ratio, start, skew=skew, kurtosis=kurtosis)
    spread = np.var([sharpe_ratio(one) for one in trials.T], ddof=1)
    known |= {"n_trials": 12, "trial_variance": spread}
    zero, over = deflated_sharpe(ratio, **known), deflated_sharpe(ratio, centre=start, **known)
    assert found.dsr == pytest.approx(zero.probability, abs=1e-12)
    assert found.dsr_benchmark == pytest.approx(zero.benchmark * math.sqrt(252))
    assert found.dsr_over_base == pytest.approx(over.probability, abs=1e-12)
    assert found.dsr_over_base_benchmark == pytest.approx(over.benchmark * math.sqrt(252))
    assert found.pbo == backtest_overfitting(trials, n_blocks=8).pbo
    assert found.spa_p == superior_trials(base, trials, block=5, reps=199, seed=0).p_consistent
    assert (found.n_trials, found.pbo_splits) == (12, 70)
    assert "PBO=" in str(found)


def test_a_count_gives_the_deflation_and_reasons():
    base, tuned, _ = search()
    found = select(base, tuned, n_trials=100, **HOW)
    assert found.dsr_benchmark == pytest.approx(expected_max_sharpe(100, 1 / 399) * math.sqrt(252))
    assert 0 < found.dsr_over_base < found.psr
    assert found.pbo is found.spa_p is found.n_effective is None
    assert "PBO: only a count of trials was given" in found.not_assessed
    assert select(base, tuned, n_trials=1000, **HOW).dsr < found.dsr


def test_nothing_known_of_the_trials_leaves_psr_and_reasons():
    base, tuned, _ = search()
    found = select(base, tuned, **HOW)
    assert found.psr > 0.5
    assert found.min_track_record > 0
    assert found.n_trials is found.dsr is found.pbo is None
    assert "Deflated Sharpe: no trials were given" in found.not_assessed
    assert "unknown" in str(found)


def test_a_larger_count_than_the_matrix_counts():
    base, tuned, trials = search()
    alone, many = (select(base, tuned, trials=trials, n_trials=n, **HOW) for n in (None, 500))
    assert (alone.n_trials, many.n_trials) == (12, 500)
    assert many.dsr < alone.dsr
    assert many.n_effective > alone.n_effective
    assert any("500 trials were declared and 12 columns given" in note for note in many.notes)


def test_constant_trials_count_and_are_left_out():
    base, tuned, trials = search()
    padded = np.column_stack([trials, np.zeros((400, 3))])
    found, plain = (select(base, tuned, trials=t, **HOW) for t in (padded, trials))
    assert found.n_trials == 15
    assert found.pbo == plain.pbo
    assert found.spa_p == plain.spa_p
    assert "3 of 15 trials are constant (first: column 13)" in found.notes[0]


def test_a_search_without_the_tuned_policy_is_noted():
    base, tuned, trials = search()
    assert not any("no trial is the tuned policy" in n for n in select(base, 2 * tuned, trials=trials, **HOW).notes)
    assert any("no trial is the tuned policy" in n for n in select(base, -tuned, trials=trials, **HOW).notes)


def test_the_tuned_policy_counts_as_one_more_trial_where_it_is_none_of_those_given():
    base, tuned, trials = search()
    lone = trials[:, 5:6]
    assert select(base, -tuned, trials=trials, **HOW).n_trials == 13
    assert select(base, -tuned, trials=trials, n_trials=12, **HOW).n_trials == 13
    assert select(base, -tuned, trials=trials, n_trials=40, **HOW).n_trials == 40
    assert select(base, tuned, trials=trials, **HOW).n_trials == 12
    one = select(base, -tuned, trials=lone, **HOW)
    assert one.n_trials == 2
    assert one.dsr is not None
    still = select(base, tuned, trials=np.zeros((400, 2)), **HOW)
    assert still.n_trials == 3
    assert NOT_AMONG in still.notes
    idle = select(base, np.zeros(400), trials=trials, **HOW)
    assert idle.n_trials == 12
    assert NOT_AMONG not in idle.notes


def test_the_tuned_policy_is_found_where_its_trial_was_written_with_fewer_digits():
    base, tuned, trials = search()
    rounded = np.round(trials / tuned.std() * 0.01, 4)
    assert NOT_AMONG not in select(base, tuned / tuned.std() * 0.01, trials=rounded, **HOW).notes


BASE, TUNED, TRIALS = search()
ONE = TUNED[:, None]


@pytest.mark.parametrize(
    ("base", "tuned", "trials", "absent", "reason"),
    [
        (BASE, TUNED, ONE, "dsr", "Deflated Sharpe: one trial leaves nothing to deflate"),
        (BASE, TUNED, ONE, "pbo", "PBO: 1 trial that varies; ranking needs two"),
        (BASE[:12], TUNED[:12], TRIALS[:12], "pbo", "PBO: 12 in-sample periods are too few for 8 blocks of 2"),
        (
            BASE,
            TUNED,
            np.zeros((400, 4)),
            "spa_p",
            "SPA and StepM: no trial varies, or all are the base up to leverage",
        ),
        (BASE[:9], TUNED[:9], TRIALS[:9], "spa_p", "SPA and StepM: 9 in-sample periods are too few for a bootstrap"),
        (BASE, TUNED, np.zeros((400, 4)), "n_effective", "Effective number of trials: no trial varies"),
        (BASE, BASE, TRIALS, "min_track_record", "Minimum track record: the tuned policy's Sharpe ratio is not above"),
        (np.zeros(400), TUNED, TRIALS, "spa_p", "SPA and StepM: the base does not vary"),
        (BASE, np.zeros(400), TRIALS, "psr", "Probabilistic and deflated Sharpe, minimum track record: the base or"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_apply_is_none_with_its_reason(base, tuned, trials, absent, reason):
    found = select(base, tuned, trials=trials, **HOW)
    assert getattr(found, absent) is None
    assert any(words.startswith(reason) for words in found.not_assessed)
    # no number is NaN or infinite, whatever came in
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_a_best_trial_of_one_ratio_in_every_split_has_no_slope():
    rng = np.random.default_rng(3)
    winner = np.tile(0.01 + 0.001 * rng.standard_normal(50), 8)
    found = select(BASE, TUNED, trials=np.column_stack([winner, TRIALS]), **HOW)
    assert (found.pbo, found.pbo_slope) == (0.0, None)
    assert "Slope of performance degradation: the best ratio in sample is always the same" in found.not_assessed


def test_a_policy_of_two_values_may_have_a_ratio_without_variance():
    """With kurtosis 1 + skewness^2 and the ratio 2 / skewness the variance is zero, or what rounding leaves of it."""
    refused = 0
    for wins in range(10, 190, 10):
        share = wins / 400
        risk = math.sqrt(share * (1 - share))
        level = 2 * risk * risk / (1 - 2 * share) * math.sqrt(400 / 399) - share
        tuned = level + np.repeat([1.0, 0.0], [wins, 400 - wins])
        found = select(BASE, tuned, n_trials=5, **HOW)
        json.dumps(dataclasses.asdict(found), allow_nan=False)
        if found.psr is None:
            refused += 1
            assert "give the Sharpe ratio no variance" in " ".join(found.not_assessed)
            assert found.dsr is None
    assert refused


def test_what_no_input_check_lets_through_is_a_fault():
    with pytest.raises(ValueError, match="finite"):
        select(BASE, TUNED, trials=np.full((400, 2), np.nan), **HOW)
    with pytest.raises(ValueError, match=r"\(400, N\)"):
        select(BASE, TUNED, trials=TRIALS[1:], **HOW)
    with pytest.raises(ValueError, match="at least one trial"):
        select(BASE, TUNED, n_trials=0, **HOW)
