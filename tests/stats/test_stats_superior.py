"""SPA and StepM step by step on the resamples that arch draws, and where nothing is resampled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap

from auditor.stats.superior import SPA_NULL, STEPM_NULL, NotAssessed, stationary_variance, superior_trials

HOW = {"block": 4, "reps": 199, "seed": 5}


def search(n_obs=250, gains=(0.1, 0.05, 0.02, 0.0, -0.05, -0.4)):
    """A base, and a trial near it for each gain in the base's volatilities."""
    rng = np.random.default_rng(8)
    base = rng.normal(0.0, 0.02, n_obs)
    return base, base[:, None] + rng.normal(0, 0.01, (n_obs, len(gains))) + 0.02 * np.array(gains)


def variance(values, block):
    """Long-run variance of one column, lag by lag."""
    n, kept = values.size, 1 - 1 / block
    d = values - values.mean()
    found = d @ d / n
    for lag in range(1, n):
        weight = (1 - lag / n) * kept**lag + lag / n * kept ** (n - lag)
        found += 2 * weight * (d[lag:] @ d[:-lag]) / n
    return found


def plain(base, trials, level):
    """Hansen's three p-values and Romano and Wolf's columns."""
    t = trials * base.std() / trials.std(axis=0) - base[:, None]
    t = t / np.sqrt([variance(one, 4) for one in t.T])
    mean, n = t.mean(axis=0), len(base)
    kept = mean >= -math.sqrt(2 * math.log(math.log(n)) / n)
    centres = np.maximum(mean, 0), mean * kept, mean
    drawn = np.array([sample.mean(axis=0) for (sample,), _ in StationaryBootstrap(4, t, seed=5).bootstrap(199)])
    p = [(1 + sum(np.maximum((drawn - c).max(axis=1), 0) > max(mean.max(), 0))) / 200 for c in centres]
    left, superior = list(range(len(mean))), []
    while True:
        highest = np.maximum((drawn - centres[1])[:, left].max(axis=1), 0)
        better = [i for i in left if mean[i] > np.quantile(highest, 1 - level)]
        superior += better
        left = [i for i in left if i not in better]
        if not better or not left:
            return p, tuple(sorted(superior))


@pytest.mark.parametrize("level", [0.01, 0.05, 0.4])
def test_every_field_is_that_of_the_papers(level):
    base, trials = search()
    found = superior_trials(base, trials, level=level, **HOW)
    p, superior = plain(base, trials, level)
    assert (found.p_lower, found.p_consistent, found.p_upper) == pytest.approx(tuple(p), abs=1e-12)
    assert found.superior == superior
    assert (found.null, found.null_stepm) == (SPA_NULL, STEPM_NULL)
    assert (found.level, found.n_trials, found.n_obs) == (level, 6, 250)
    assert (found.block, found.reps, found.seed) == (4, 199, 5)


def test_the_three_p_values_and_the_levels_are_told_apart():
    base, trials = search(gains=(0.04, 0.0, -0.1, -0.1, -0.1))
    found = superior_trials(base, trials, **HOW)
    assert (found.p_lower, found.p_consistent, found.p_upper) == pytest.approx(tuple(plain(base, trials, 0.05)[0]))
    assert found.p_lower < found.p_consistent < found.p_upper
    base, trials = search()
    few, some, many = (superior_trials(base, trials, level=level, **HOW).superior for level in (0.01, 0.05, 0.4))
    assert len(few) < len(many)
    assert set(few) <= set(some) <= set(many)
    assert superior_trials(base, trials, **HOW) == superior_trials(base, trials, level=0.05, **HOW)


@pytest.mark.parametrize("n_obs", [9, 30])
@pytest.mark.parametrize("block", [1, 3])
def test_the_variance_is_the_plain_sum_over_lags(n_obs, block):
    values = np.random.default_rng(1).normal(5, 1, (n_obs, 2))
    wanted = [variance(one, block) for one in values.T]
    np.testing.assert_allclose(stationary_variance(values, block), wanted, rtol=1e-10)
    assert stationary_variance(np.ones((n_obs, 1)), block).tolist() == [0.0]


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_change_nothing(unit):
    base, trials = search()
    assert superior_trials(unit * base, unit * trials, **HOW) == superior_trials(base, trials, **HOW)


def test_one_trial_above_the_base_is_tested_whatever_the_others_are():
    base, trials = search(gains=(0.3, -3.0, -3.0))
    found = superior_trials(base, trials, **HOW)
    assert found.superior == (0,)
    assert found.p_consistent == 1 / 200


@pytest.mark.parametrize("gains", [(-0.01, -0.02), (-0.05,)])
def test_where_no_trial_beats_the_base_nothing_is_resampled(gains):
    base, trials = search()
    trials = trials[:, : len(gains)]
    ratio = base.mean() / base.std()
    trials = trials / trials.std(axis=0) * base.std()
    trials = trials - trials.mean(axis=0) + base.std() * (ratio + np.array(gains))
    found = superior_trials(base, trials, **HOW)
    assert (found.p_lower, found.p_consistent, found.p_upper, found.superior) == (1.0, 1.0, 1.0, ())


def test_a_trial_worth_exactly_the_base_does_not_beat_it():
    base, trial = np.tile([1.0, -1.0, 1.0, -1.0], 10), np.tile([1.0, 1.0, -1.0, -1.0], 10)
    found = superior_trials(base, trial[:, None], **HOW)
    assert (found.p_lower, found.p_consistent, found.p_upper, found.superior) == (1.0, 1.0, 1.0, ())


def test_ten_periods_are_enough():
    base, trials = search(10)
    assert superior_trials(base, trials, **HOW).n_obs == 10
    with pytest.raises(NotAssessed, match=r"^9 in-sample periods are too few for a bootstrap$"):
        superior_trials(base[:9], trials[:9], **HOW)
    with pytest.raises(NotAssessed, match=r"^the base does not vary$"):
        superior_trials(np.zeros(10), trials, **HOW)
    with pytest.raises(NotAssessed, match=r"^no trial varies, or all are the base up to leverage$"):
        superior_trials(base, 3 * base[:, None], **HOW)
