"""The parts of a deflated Sharpe ratio against scipy and plain formulas."""

from __future__ import annotations

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
    min_track_record,
    null_difference_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)
from auditor.stats.sharpe import sharpe_ratio


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
