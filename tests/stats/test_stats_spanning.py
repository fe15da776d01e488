"""Means, alphas and the spanning regression against plain linear algebra; every field of what is told."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from auditor.stats.blocks import Draws
from auditor.stats.longrun import longrun_covariance
from auditor.stats.spanning import (
    ALPHA_NULL,
    BESIDE,
    EARNS,
    NEW_ALPHA,
    NEW_MEAN,
    SPANNING_NULL,
    alpha_error,
    cover_moments,
    mean_error,
    spanning_regression,
    stream_test,
)
from auditor.stats.studentised import Studentised


@pytest.fixture(scope="module")
def data():
    """Two streams and a policy that holds both, with errors that last; (T, 2) and (T,)."""
    rng = np.random.default_rng(4)
    streams = 0.01 * rng.standard_normal((150, 2)) + [0.001, 0.0005]
    errors = np.convolve(0.004 * rng.standard_normal(152), [1, 0.5, 0.25], "valid")
    return streams, streams @ [0.7, 0.2] + 0.0004 + errors


def newey_west(design, residual, lags):
    """(X'X)^-1 (sum of weighted products of scores) (X'X)^-1; Newey & West (1987), equation 5."""
    scores = design * residual[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        gamma = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (gamma + gamma.T)
    bread = np.linalg.inv(design.T @ design)
    return bread @ meat @ bread


@pytest.mark.parametrize("lags", [None, 0, 7])
def test_the_regression_is_least_squares_with_newey_west_errors(data, lags):
    streams, tuned = data
    found = spanning_regression(tuned, streams, lags=lags, periods_per_year=252)
    design = np.column_stack([np.ones(150), streams])
    beta = np.linalg.solve(design.T @ design, design.T @ tuned)
    residual = tuned - design @ beta
    used = 4 if lags is None else lags  # floor(4 * 1.5^(2/9)) = floor(4.38)
    error = math.sqrt(newey_west(design, residual, used)[0, 0])
    assert found.null == SPANNING_NULL
    assert found.alpha == pytest.approx(252 * beta[0], rel=1e-9)
    assert found.alpha_se == pytest.approx(252 * error, rel=1e-9)
    assert found.t == pytest.approx(beta[0] / error, rel=1e-9)
    assert found.betas == pytest.approx(tuple(beta[1:]), rel=1e-9)
    assert found.r_squared == pytest.approx(1 - residual @ residual / ((tuned - tuned.mean()) ** 2).sum(), rel=1e-9)
    assert (found.lags, found.n_obs) == (used, 150)
    # alpha zero and betas that add up to one: tuned - s2 on s1 - s2, without an intercept
    left = tuned - streams[:, 1]
    apart = streams[:, 0] - streams[:, 1]
    bound = left - apart * (apart @ left) / (apart @ apart)
    f = (bound @ bound - residual @ residual) / 2 / (residual @ residual / 147)
    assert found.f == pytest.approx(f, rel=1e-7)
    assert found.f_p == pytest.approx(stats.f.sf(f, 2, 147), rel=1e-7)


@pytest.mark.parametrize(("n_obs", "lags"), [(60, 3), (100, 4), (101, 4), (274, 5), (2_000, 7)])
def test_the_lags_follow_the_rule(n_obs, lags):
    rng = np.random.default_rng(0)
    assert spanning_regression(rng.standard_normal(n_obs), rng.standard_normal((n_obs, 1))).lags == lags


@pytest.mark.parametrize("scale", [1e-4, 1e-8, 1e4])
def test_the_regression_does_not_depend_on_the_unit(data, scale):
    streams, tuned = data
    one = spanning_regression(tuned, streams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = spanning_regression(scale * tuned, scale * streams)
    assert (other.f, other.f_p, other.t) == pytest.approx((one.f, one.f_p, one.t), rel=1e-8)
    assert (other.alpha, other.alpha_se) == pytest.approx((scale * one.alpha, scale * one.alpha_se), rel=1e-8, abs=0)
    assert (*other.betas, other.r_squared) == pytest.approx((*one.betas, one.r_squared), rel=1e-8)


def test_without_a_year_it_is_per_period_and_what_is_explained_has_no_test(data):
    streams, tuned = data
    plain, year = spanning_regression(tuned, streams), spanning_regression(tuned, streams, periods_per_year=12)
    assert (plain.alpha * 12, plain.alpha_se * 12) == pytest.approx((year.alpha, year.alpha_se), rel=1e-12)
    assert plain.t == year.t
    assert spanning_regression(streams @ [0.5, 2.0] + 0.001, streams) is None
    nearly = streams @ [0.5, 2.0] + 5e-5 * streams.std() * np.random.default_rng(1).standard_normal(150)
    assert spanning_regression(nearly, streams) is not None


def test_mean_and_alpha_are_those_of_a_line_and_their_gradients_the_derivatives(data):
    streams, tuned = data
    covered = 30 * streams[:, 0] + 0.2
    total = 20 * tuned + 0.5
    table = cover_moments(covered, total)
    np.testing.assert_allclose(table, np.column_stack([total, covered, total * covered, covered**2, total**2]))
    means = table.mean(axis=0)
    assert NEW_MEAN.value(means[EARNS], 150) == pytest.approx((total - covered).mean(), rel=1e-12)
    assert NEW_ALPHA.value(means[BESIDE], 150) == pytest.approx(np.polyfit(covered, total, 1)[1], rel=1e-9)
    for statistic, at in ((NEW_MEAN, means[EARNS]), (NEW_ALPHA, means[BESIDE])):
        for place, slope in enumerate(statistic.gradient(at)):
            step = np.zeros_like(at)
            step[place] = 1e-6
            change = (statistic.value(at + step, 150) - statistic.value(at - step, 150)) / 2e-6
            assert slope == pytest.approx(change, rel=1e-5)


def test_gradients_of_many_means_are_those_of_each():
    means = np.random.default_rng(2).uniform(0.1, 0.5, (6, 4)) + np.array([0, 0, 0, 1])
    for statistic, k in ((NEW_MEAN, 2), (NEW_ALPHA, 4)):
        wanted = [statistic.gradient(one) for one in means[:, :k]]
        np.testing.assert_allclose(statistic.gradient(means[:, :k]), wanted, rtol=1e-14)
        np.testing.assert_allclose(
            statistic.value(means[:, :k], 9), [statistic.value(one, 9) for one in means[:, :k]], rtol=1e-14
        )
    assert NEW_MEAN.gradient(means[:, :2]).tolist() == [[1.0, -1.0]] * 6


def test_errors_of_mean_and_alpha_are_those_of_their_moments(data):
    streams, tuned = data
    covered, lengths = streams[:, 0], (90, 60)
    new = tuned - covered
    series = (new / new.std())[:, None]
    for lost in (1, 5):
        variance = longrun_covariance(series - series.mean(), lengths, lost=lost)[0, 0]
        assert mean_error(new, lengths, lost) == pytest.approx(new.std() * math.sqrt(variance / 150), rel=1e-12)
        moments = cover_moments(covered / covered.std(), new / new.std())[:, BESIDE]
        means = moments.mean(axis=0)
        slope = NEW_ALPHA.gradient(means)
        variance = slope @ longrun_covariance(moments - means, lengths, lost=lost) @ slope
        assert alpha_error(covered, tuned, lengths, lost) == pytest.approx(
            new.std() * math.sqrt(variance / 150), rel=1e-9
        )
        # units change nothing but the unit
        assert mean_error(100 * new, lengths, lost) == pytest.approx(100 * mean_error(new, lengths, lost), rel=1e-9)
    assert cover_moments(covered, tuned)[:, EARNS].tolist() == np.column_stack([tuned, covered]).tolist()


def test_a_stream_is_told_a_year():
    found = Studentised(estimate=0.002, se=0.001, t_star=np.linspace(-2, 2.5, 99))
    draws = Draws(lengths=(60, 40), block=4, reps=99, seed=7)
    test = stream_test(found, ALPHA_NULL, draws, periods_per_year=12, level=0.1)
    low, high = found.interval(0.1)
    assert test.null == ALPHA_NULL
    assert (test.estimate, test.se, test.t) == pytest.approx((0.024, 0.012, 2.0))
    assert test.ci == (low * 12, high * 12)
    assert test.p_value == found.p_value()
    assert (test.n_obs, test.block, test.reps, test.seed) == (100, 4, 99, 7)
    assert str(test) == f"+2.40% a year, t=2.00, p={test.p_value:.3f}"
    for sign in (1, -1):
        certain = Studentised(estimate=sign * 0.5, se=0.0, t_star=np.zeros(9))
        assert stream_test(certain, "", draws, periods_per_year=1, level=0.1).t == sign * math.inf
