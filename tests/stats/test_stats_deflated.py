"""The parts of a deflated Sharpe ratio against scipy and plain formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats.deflated import (
    DSR_BASE_NULL,
    DSR_NULL,
    PSR_NULL,
    NotAssessed,
    deflated_sharpe,
    effective_trials,
    flat_columns,
    min_track_record,
    null_difference_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)
from auditor.stats.ratios import sharpe_ratio


def test_skewness_and_kurtosis_are_scipys():
    returns = np.random.default_rng(0).gamma(2, 0.01, 80) + 0.05
    found = skew_kurtosis(returns)
    assert found == pytest.approx((stats.skew(returns), stats.kurtosis(returns, fisher=False)), rel=1e-9)
    assert found[0] > 0.5


def test_the_variance_of_a_difference_is_memmels_over_one_less():
    rng = np.random.default_rng(1)
    base = rng.normal(0.5, 1, 12)
    tuned = base + rng.normal(0, 1, 12)
    a, r = sharpe_ratio(base), stats.pearsonr(base, tuned).statistic
    assert null_difference_variance(base, tuned) == pytest.approx((2 - 2 * r + a**2 * (1 - r**2)) / 11, rel=1e-9)
    assert null_difference_variance(base, 3 * base) == pytest.approx(0, abs=1e-14)
    assert null_difference_variance(base, 3 * base) >= 0


def test_the_effective_number_is_of_the_average_correlation():
    rng = np.random.default_rng(2)
    trials = rng.normal(0, 1, (60, 4)) * [1, 2, 3, 4] + rng.normal(0, 1, (60, 1)) * 2 + [9, 0, -9, 5]
    average = np.corrcoef(trials.T)[np.triu_indices(4, 1)].mean()
    assert 0.1 < average < 0.9
    assert effective_trials(trials) == pytest.approx(average + (1 - average) * 4, rel=1e-9)
    assert effective_trials(trials, 50) == pytest.approx(average + (1 - average) * 50, rel=1e-9)
    against = np.column_stack([trials[:, 0], -trials[:, 0] + 0.1 * trials[:, 1]])
    assert effective_trials(against) == 2.0
    assert effective_trials(trials[:, :1]) == 1.0


def test_nulls_and_benchmarks_are_those_asked_for():
    assert probabilistic_sharpe(0.1, n_obs=60).null == PSR_NULL
    assert probabilistic_sharpe(0.1, n_obs=60, null="mine").null == "mine"
    assert deflated_sharpe(0.1, n_trials=5, trial_variance=0.01, n_obs=60).null == DSR_NULL
    assert deflated_sharpe(0.1, n_trials=5, trial_variance=0.01, n_obs=60, centre=0.05).null == DSR_BASE_NULL
    assert min_track_record(0.1) == min_track_record(0.1, 0.0)
    assert probabilistic_sharpe(0.1, n_obs=2).probability > 0.5
    with pytest.raises(NotAssessed, match="1 periods are too few"):
        probabilistic_sharpe(0.1, n_obs=1)


@pytest.mark.parametrize("variance", ["estimate", "benchmark"])
@pytest.mark.parametrize("level", [0.01, 0.2])
def test_every_field_is_what_was_given(variance, level):
    known = {"n_obs": 60, "skew": -0.5, "kurtosis": 4.0, "level": level, "variance": variance}
    found = probabilistic_sharpe(0.3, 0.1, **known)
    assert (found.sharpe, found.benchmark, found.null) == (0.3, 0.1, PSR_NULL)
    assert {name: getattr(found, name) for name in known} == known
    at = 0.3 if variance == "estimate" else 0.1
    unit = 1 + 0.5 * at + 3 / 4 * at**2
    count, more = (59, 1) if variance == "estimate" else (60, 0)
    assert found.probability == pytest.approx(stats.norm.cdf(0.2 * math.sqrt(count / unit)), rel=1e-12)
    needed = unit * (stats.norm.ppf(1 - level) / 0.2) ** 2 + more
    assert found.min_track_record == pytest.approx(needed, rel=1e-12)
    deflated = deflated_sharpe(0.3, n_trials=1, trial_variance=1.0, centre=0.1, **known)
    assert {name: getattr(deflated, name) for name in known} == known
    assert (deflated.probability, deflated.min_track_record) == (found.probability, found.min_track_record)


def test_unless_said_otherwise_returns_are_normal_and_the_level_5_percent():
    wanted = (1 + 0.3**2 / 2) * (stats.norm.ppf(0.95) / 0.3) ** 2 + 1
    assert min_track_record(0.3) == pytest.approx(wanted, rel=1e-12)
    for found in (probabilistic_sharpe(0.3, n_obs=60), deflated_sharpe(0.3, n_trials=1, trial_variance=1.0, n_obs=60)):
        assert (found.skew, found.kurtosis, found.level, found.variance) == (0.0, 3.0, 0.05, "estimate")
        assert found.min_track_record == pytest.approx(wanted, rel=1e-12)


def test_a_column_is_constant_by_its_own_size():
    noise = np.random.default_rng(3).normal(0, 1, (50, 2))
    trials = np.column_stack([1e9 + noise[:, 0], 1e-9 * noise[:, 1], np.full(50, 7.0), 7 + 1e-12 * noise[:, 0]])
    assert flat_columns(trials).tolist() == [False, False, True, True]


def test_copies_never_count_less_than_one():
    # rounding takes the average correlation of copies to either side of one
    copies = [np.random.default_rng(seed).normal(0, 1, (50, 1)) * np.arange(1, 8) for seed in range(40)]
    found = [effective_trials(one) for one in copies]
    assert min(found) == 1.0
    assert max(found) == pytest.approx(1.0, abs=1e-12)
