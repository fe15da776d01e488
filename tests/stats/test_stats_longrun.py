"""The long-run covariance against plain loops over lags, windows and kernels; statsmodels for the unweighted sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.tsa.stattools import acovf

from auditor.stats.longrun import (
    LARGEST_ROOT,
    autocovariance,
    bandwidth,
    kernel_covariance,
    longrun_covariance,
    parzen,
    quadratic_spectral,
    window_ids,
)


@pytest.fixture(scope="module")
def values():
    """Two series, the first of which lasts and feeds into the second; demeaned."""
    rng = np.random.default_rng(1)
    shocks = rng.standard_normal((80, 2))
    found = np.zeros((80, 2))
    for at in range(1, 80):
        found[at, 0] = 0.6 * found[at - 1, 0] + shocks[at, 0]
        found[at, 1] = 0.4 * found[at - 1, 0] - 0.3 * found[at - 1, 1] + shocks[at, 1]
    return found - found.mean(axis=0)


WINDOWS = [(80,), (50, 30), (20, 25, 35)]


def pairs(lengths, lag):
    """Rows t and t - lag inside one window."""
    first = 0
    for length in lengths:
        yield from ((first + at, first + at - lag) for at in range(lag, length))
        first += length


def plain_autocovariance(values, lag, lengths):
    return sum((np.outer(values[t], values[s]) for t, s in pairs(lengths, lag)), np.zeros((2, 2))) / len(values)


def plain_bandwidth(values, kernel, lengths):
    """Andrews (1991), equations 6.2 and 6.4, one series after the other."""
    above = below = 0.0
    for series in values.T:
        late, early = (np.array([series[row] for row in rows]) for rows in zip(*pairs(lengths, 1), strict=True))
        late, early = late - late.mean(), early - early.mean()
        root = float(np.clip(early @ late / (early @ early), -LARGEST_ROOT, LARGEST_ROOT))
        variance = float(np.mean((late - root * early) ** 2))
        above += 4 * root**2 * variance**2 / (1 - root) ** 8
        below += variance**2 / (1 - root) ** 4
    return {"parzen": 2.6614, "qs": 1.3221}[kernel] * (above / below * len(values)) ** 0.2


def plain_kernel(values, kernel, lengths, lost):
    weigh = {"parzen": parzen, "qs": quadratic_spectral}[kernel]
    total, span = plain_autocovariance(values, 0, lengths), plain_bandwidth(values, kernel, lengths)
    for lag in range(1, len(values)):
        gamma = plain_autocovariance(values, lag, lengths)
        total = total + weigh(lag / span) * (gamma + gamma.T)
    return total * len(values) / (len(values) - lost)


def test_windows_are_numbered():
    assert window_ids((2, 1, 3)).tolist() == [0, 0, 1, 2, 2, 2]
    assert window_ids((2, 1)).dtype == np.int64


@pytest.mark.parametrize("lengths", [*WINDOWS, (1, 79), (79, 1)])
@pytest.mark.parametrize("lag", [0, 1, 2, 7, 24, 40])
def test_products_stay_inside_a_window(values, lengths, lag):
    found = autocovariance(values, lag, window_ids(lengths))
    np.testing.assert_allclose(found, plain_autocovariance(values, lag, lengths), atol=1e-13)


def test_products_of_one_window_are_those_of_statsmodels(values):
    wanted = acovf(values[:, 0], adjusted=False, demean=False, nlag=5)
    found = [autocovariance(values[:, :1], lag, window_ids((80,)))[0, 0] for lag in range(6)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("lengths", WINDOWS)
@pytest.mark.parametrize("kernel", ["parzen", "qs"])
def test_the_bandwidth_is_andrews(values, kernel, lengths):
    span, alpha = bandwidth(values, kernel, window_ids(lengths))
    wanted = plain_bandwidth(values, kernel, lengths)
    assert span == pytest.approx(wanted, rel=1e-12)
    assert alpha == pytest.approx((wanted / {"parzen": 2.6614, "qs": 1.3221}[kernel]) ** 5 / 80, rel=1e-9)


@pytest.mark.parametrize("kernel", ["parzen", "qs"])
def test_units_change_neither_bandwidth_nor_shape(values, kernel):
    assert bandwidth(1e-4 * values, kernel, window_ids((80,))) == pytest.approx(
        bandwidth(values, kernel, window_ids((80,)))
    )
    found = longrun_covariance(1e-4 * values, (80,), kernel=kernel)
    np.testing.assert_allclose(1e8 * found, longrun_covariance(values, (80,), kernel=kernel), rtol=1e-9)


def test_the_bandwidth_of_what_grows_or_does_not_vary_is_finite():
    grows = np.column_stack([1.1 ** np.arange(60.0), np.random.default_rng(0).standard_normal(60)])
    assert bandwidth(grows, "parzen", window_ids((60,)))[0] == pytest.approx(
        plain_bandwidth(grows, "parzen", (60,)), rel=1e-9
    )
    turns = np.column_stack([(-1.1) ** np.arange(60.0), np.random.default_rng(0).standard_normal(60)])
    assert bandwidth(turns, "qs", window_ids((60,)))[0] == pytest.approx(plain_bandwidth(turns, "qs", (60,)), rel=1e-9)
    flat = np.column_stack([np.zeros(60), grows[:, 1]])
    alone = bandwidth(flat[:, 1:], "parzen", window_ids((60,)))
    assert bandwidth(flat, "parzen", window_ids((60,))) == pytest.approx(alone, rel=1e-12)
    assert bandwidth(np.zeros((60, 2)), "parzen", window_ids((60,))) == (0.0, 0.0)


def test_kernels_are_their_formulas():
    for x, weight in ((0, 1), (0.25, 1 - 6 / 16 + 6 / 64), (0.5, 0.25), (0.75, 2 / 64), (1, 0), (1.5, 0)):
        assert parzen(x) == pytest.approx(weight, abs=1e-15)
        assert parzen(-x) == parzen(x)
    for x in (0.1, 0.5, 1.0, 2.5):
        z = 6 * math.pi * x / 5
        weight = 25 / (12 * math.pi**2 * x**2) * (math.sin(z) / z - math.cos(z))
        assert quadratic_spectral(x) == pytest.approx(weight, rel=1e-9)
    assert quadratic_spectral(1e-3) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("lengths", WINDOWS)
@pytest.mark.parametrize("kernel", ["parzen", "qs"])
@pytest.mark.parametrize("lost", [0, 4])
def test_the_covariance_is_the_weighted_sum_over_lags(values, kernel, lengths, lost):
    wanted = plain_kernel(values, kernel, lengths, lost)
    np.testing.assert_allclose(kernel_covariance(values, kernel, window_ids(lengths), lost), wanted, rtol=1e-10)
    found = longrun_covariance(values, lengths, kernel=kernel, prewhiten=False, lost=lost)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_what_does_not_vary_has_no_covariance():
    for kernel in ("parzen", "qs"):
        assert not kernel_covariance(np.zeros((30, 2)), kernel, window_ids((30,)), 4).any()


def test_a_bandwidth_beyond_the_sample_weighs_every_lag():
    few = np.array([[1.0], [2.0], [1.5], [3.0], [4.0], [4.5]]) - 8 / 3
    span, _ = bandwidth(few, "parzen", window_ids((6,)))
    assert span > 6
    wanted = sum(
        (1 if lag == 0 else 2 * parzen(lag / span)) * autocovariance(few, lag, window_ids((6,)))[0, 0]
        for lag in range(6)
    )
    found = kernel_covariance(few, "parzen", window_ids((6,)), 0)
    np.testing.assert_allclose(found, [[wanted]], rtol=1e-12)


def test_the_spectral_kernel_weighs_every_lag_of_a_short_bandwidth():
    noise = np.random.default_rng(6).standard_normal((80, 1))
    assert 0 < bandwidth(noise, "qs", window_ids((80,)))[0] < 1
    two = np.hstack([noise, noise])
    wanted = plain_kernel(two, "qs", (80,), 0)
    np.testing.assert_allclose(kernel_covariance(two, "qs", window_ids((80,)), 0), wanted, rtol=1e-10)


def test_a_short_bandwidth_weighs_no_lag():
    noise = np.random.default_rng(3).standard_normal((500, 1))
    late, early = noise[1:, 0] - noise[1:, 0].mean(), noise[:-1, 0] - noise[:-1, 0].mean()
    noise[1:, 0] = late - early * (early @ late) / (early @ early)
    span, _ = bandwidth(noise, "parzen", window_ids((500,)))
    assert 0 < span < 3
    last = math.ceil(span) - 1
    wanted = autocovariance(noise, 0, window_ids((500,)))[0, 0]
    for lag in range(1, last + 1):
        wanted += 2 * parzen(lag / span) * autocovariance(noise, lag, window_ids((500,)))[0, 0]
    found = kernel_covariance(noise, "parzen", window_ids((500,)), 0)
    np.testing.assert_allclose(found, [[wanted]], rtol=1e-12)


@pytest.mark.parametrize("lengths", WINDOWS)
@pytest.mark.parametrize("kernel", ["parzen", "qs"])
def test_prewhitening_is_a_var_fitted_and_undone(values, kernel, lengths):
    rows = list(pairs(lengths, 1))
    late, early = (values[[row[which] for row in rows]] for which in (0, 1))
    slopes = np.linalg.solve(early.T @ early, early.T @ late).T
    assert np.linalg.svd(slopes)[1].max() < LARGEST_ROOT
    shorter = tuple(length - 1 for length in lengths)
    white = plain_kernel(late - early @ slopes.T, kernel, shorter, 4)
    back = np.linalg.inv(np.eye(2) - slopes)
    found = longrun_covariance(values, lengths, kernel=kernel)
    np.testing.assert_allclose(found, back @ white @ back.T, rtol=1e-9)
    if kernel == "parzen":
        np.testing.assert_array_equal(longrun_covariance(values, lengths), found)
    np.testing.assert_allclose(
        longrun_covariance(values, lengths, kernel=kernel, lost=0),
        found * (sum(shorter) - 4) / sum(shorter),
        rtol=1e-12,
    )


def test_a_var_that_would_explode_is_held(values):
    walk = np.cumsum(np.random.default_rng(2).standard_normal((80, 2)), axis=0) * [1, 5] + 40
    late, early = walk[1:], walk[:-1]
    left, size, right = np.linalg.svd(np.linalg.lstsq(early, late, rcond=None)[0].T)
    assert size.max() > LARGEST_ROOT > size.min()
    slopes = left @ np.diag([min(one, 0.97) for one in size]) @ right
    white = plain_kernel(late - early @ slopes.T, "parzen", (79,), 4)
    back = np.linalg.inv(np.eye(2) - slopes)
    np.testing.assert_allclose(longrun_covariance(walk, (80,)), back @ white @ back.T, rtol=1e-7)


@pytest.mark.parametrize("lengths", [(1,) * 80, (2,) * 40, (2,) * 4 + (1,) * 72])
def test_windows_without_neighbours_have_the_covariance_of_their_rows(lengths):
    """Nothing tells of dependence there; the error of windows of one period was zero."""
    values = np.random.default_rng(3).standard_normal((80, 3))
    values -= values.mean(axis=0)
    found = longrun_covariance(values, lengths)
    alone = values.T @ values / 76
    if max(lengths) == 1 or lengths.count(2) < 12:
        np.testing.assert_allclose(found, alone, rtol=1e-12)
    assert (np.linalg.eigvalsh(found) > 0).all()
    assert np.trace(found) == pytest.approx(np.trace(alone), rel=0.8)
