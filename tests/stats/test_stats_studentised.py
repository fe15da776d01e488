"""Studentised statistics by hand: errors by plain loops, places among replicates, bounds and power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats.blocks import Draws, Resampled, resample
from auditor.stats.longrun import longrun_covariance
from auditor.stats.studentised import (
    Smooth,
    Studentised,
    booked_error,
    detectable,
    periods_needed,
    power_of,
    quantile,
    replicates,
    standard_error,
    studentise,
)

RATIO = Smooth(
    value=lambda means, n: means[..., 0] / means[..., 1] * (n - 1) / n,
    gradient=lambda means: np.stack([1 / means[..., 1], -means[..., 0] / means[..., 1] ** 2], axis=-1),
)


@pytest.fixture(scope="module")
def moments():
    """Two series with means far from zero, the first lasting; (T, 2)."""
    rng = np.random.default_rng(8)
    one = np.convolve(rng.standard_normal(63), [1, 0.6, 0.3, 0.1], "valid")
    return np.column_stack([one + 1, 0.2 * rng.standard_normal(60) + 2])


@pytest.mark.parametrize("options", [{}, {"kernel": "qs"}, {"prewhiten": False}, {"lost": 0}])
def test_the_error_is_that_of_the_linear_part(moments, options):
    means = moments.mean(axis=0)
    slope = RATIO.gradient(means)
    variance = slope @ longrun_covariance(moments - means, (40, 20), **options) @ slope
    found = standard_error(RATIO, moments, (40, 20), **options)
    assert found == pytest.approx(math.sqrt(variance / 60), rel=1e-12)
    # of a daily return as of a number near one
    small = Smooth(value=RATIO.value, gradient=lambda means: RATIO.gradient(means * 1e4) * 1e4)
    assert standard_error(small, 1e-4 * moments, (40, 20), **options) == pytest.approx(found, rel=1e-9)
    mean = Smooth(value=lambda means, n: means[..., 0], gradient=lambda means: np.array([1.0, 0.0]))
    daily = standard_error(mean, 1e-4 * moments, (40, 20), **options)
    assert daily == pytest.approx(1e-4 * standard_error(mean, moments, (40, 20), **options), rel=1e-9)
    plain = {"kernel": "parzen", "prewhiten": True, "lost": 4} | options
    assert standard_error(RATIO, moments, (40, 20), **plain) == found
    assert (found == standard_error(RATIO, moments, (40, 20))) == (not options)


@pytest.mark.parametrize("block", [1, 2, 5, 12])
@pytest.mark.parametrize("lengths", [(60,), (40, 20)])
def test_the_booked_error_is_flat_over_half_a_block_or_that_of_blocks(moments, block, lengths):
    means = moments.mean(axis=0)
    values = (moments - means) @ RATIO.gradient(means)
    ends = np.cumsum(lengths)
    window = np.searchsorted(ends, np.arange(60), side="right")

    def products(lag):
        return sum(values[t] * values[t - lag] for t in range(lag, 60) if window[t] == window[t - lag]) / 60

    flat = products(0) + sum(2 * min(1, 2 * (1 - lag / block)) * products(lag) for lag in range(1, block))
    sums = []
    for first, length in zip((0, *ends[:-1]), lengths, strict=True):
        part = values[first : first + length]
        sums += [sum(part[(at + step) % length] for step in range(block)) for at in range(length)]
    blocks = float(np.mean(np.square(sums))) / block
    wanted = math.sqrt(max(flat, blocks) / 60)
    assert booked_error(RATIO, moments, lengths, block) == pytest.approx(wanted, rel=1e-9)


def test_the_booked_error_takes_blocks_where_lags_cancel():
    turns = np.column_stack([(-1.0) ** np.arange(40) + np.random.default_rng(0).normal(0, 0.1, 40), np.ones(40)])
    mean = Smooth(value=lambda means, n: means[..., 0], gradient=lambda means: np.array([1.0, 0.0]))
    values = turns[:, 0] - turns[:, 0].mean()
    sums = [sum(values[(at + step) % 40] for step in range(3)) for at in range(40)]
    assert booked_error(mean, turns, (40,), 3) == pytest.approx(math.sqrt(np.mean(np.square(sums)) / 3 / 40), rel=1e-9)
    few = turns[:4]
    assert booked_error(mean, few, (4,), 4) > 0


def test_an_estimate_stands_among_its_replicates(moments):
    draws = Draws(lengths=(60,), block=3, reps=40, seed=2)
    (resampled,) = resample([moments], draws)
    found = studentise(RATIO, moments, resampled, se=0.25)
    means = moments.mean(axis=0)
    estimate = means[0] / means[1] * 59 / 60
    assert (found.estimate, found.se) == (pytest.approx(estimate, rel=1e-12), 0.25)
    stars = []
    for replicate in range(40):
        at = means + resampled.means[replicate]
        slope = RATIO.gradient(at)
        error = math.sqrt(slope @ resampled.psi[replicate] @ slope / 60)
        stars.append((at[0] / at[1] * 59 / 60 - estimate) / error)
    np.testing.assert_allclose(found.t_star, np.sort(stars), rtol=1e-9)
    wide = studentise(RATIO, moments, resampled, se=0.25, inflate=2.0)
    np.testing.assert_allclose(2 * wide.t_star, found.t_star, rtol=1e-12)
    drawn = replicates(RATIO, moments, resampled)
    wanted = (means[0] + resampled.means[:, 0]) / (means[1] + resampled.means[:, 1]) * 59 / 60
    np.testing.assert_allclose(drawn, wanted, rtol=1e-12)


def test_rows_of_a_replicate_and_of_the_data_count_apart(moments):
    draws = Draws(lengths=(60,), block=7, reps=9, seed=2)
    (resampled,) = resample([moments], draws)
    assert resampled.n_rows == 56
    drawn = replicates(RATIO, moments, resampled)
    means = moments.mean(axis=0) + resampled.means
    np.testing.assert_allclose(drawn, means[:, 0] / means[:, 1] * 55 / 56, rtol=1e-12)


def test_a_replicate_without_variance_is_a_hit_and_warns_of_nothing(moments):
    means = moments.mean(axis=0)
    flat = Resampled(means=np.array([[0.0, 0.0], [1.0, 0.0], [0.0, -means[1]]]), psi=np.zeros((3, 2, 2)), n_rows=60)
    found = studentise(RATIO, moments, flat, se=1.0)
    assert found.t_star.tolist() == [np.inf] * 3
    negative = Resampled(means=np.array([[-1.0, 0.0]]), psi=-np.eye(2)[None], n_rows=60)
    assert studentise(RATIO, moments, negative, se=1.0).t_star.tolist() == [-np.inf]
    assert not np.isfinite(replicates(RATIO, moments, flat)[2])


FOUND = Studentised(estimate=1.0, se=0.5, t_star=np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 2.5, 3.0, 4.0]))


def test_p_values_count_replicates_at_least_as_far():
    assert FOUND.p_value() == FOUND.p_value("greater") == (1 + 4) / 10  # t = 2 itself, 2.5, 3, 4
    assert FOUND.p_value("less") == (1 + 6) / 10
    assert FOUND.p_value("two-sided") == (1 + 6) / 10
    assert FOUND.p_value("greater", null=-1.0) == (1 + 1) / 10  # t = 4
    assert FOUND.p_value("two-sided", null=2.0) == (1 + 6) / 10  # t = -2
    assert FOUND.p_value("less", null=2.0) == (1 + 2) / 10


@pytest.mark.parametrize(
    ("estimate", "null", "p"), [(1.0, 0.0, 0.1), (0.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (1.0, 2.0, 1.0)]
)
def test_without_an_error_the_sign_decides(estimate, null, p):
    found = Studentised(estimate=estimate, se=0.0, t_star=np.zeros(9))
    assert found.p_value("greater", null) == p
    assert found.p_value("two-sided", null) == 1.0


def test_bounds_are_order_statistics():
    # |t*| ascending: 0 1 1 2 2 2.5 3 3 4; the 8th of 9 at level 0.2
    assert FOUND.interval(0.2) == (1 - 3 * 0.5, 1 + 3 * 0.5)
    # -t* ascending: -4 -3 -2.5 -2 -1 0 1 2 3
    assert FOUND.upper_bound(0.2) == 1 + 2 * 0.5
    values = np.arange(1.0, 10.0)
    assert [quantile(values, p) for p in (0.1, 0.5, 0.9, 0.91, 1.0)] == [1, 5, 9, 9, 9]


def test_power_and_what_it_needs_are_the_normal_ones():
    z = stats.norm.ppf
    assert detectable(0.3, 0.05) == pytest.approx((z(0.95) + z(0.8)) * 0.3, rel=1e-12)
    assert detectable(0.3, 0.01, 0.5) == pytest.approx(z(0.99) * 0.3, rel=1e-12)
    gains = np.array([0.0, 0.3, detectable(0.3, 0.05)])
    np.testing.assert_allclose(power_of(gains, 0.3, 0.05), stats.norm.cdf(gains / 0.3 - z(0.95)), rtol=1e-12)
    assert power_of(gains, 0.3, 0.05)[2] == pytest.approx(0.8)
    assert periods_needed(0.1, 0.3, 250, 0.05) == math.ceil(250 * ((z(0.95) + z(0.8)) * 3) ** 2)
    assert periods_needed(0.1, 0.3, 250, 0.05, 0.5) == math.ceil(250 * (z(0.95) * 3) ** 2)
    assert periods_needed(0.0, 0.3, 250, 0.05) is periods_needed(-0.1, 0.3, 250, 0.05) is None
