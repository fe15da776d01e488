"""Identities of the paired test, and its parts against plain formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.stats.blocks import Draws, resample
from auditor.stats.longrun import longrun_covariance, parzen, quadratic_spectral
from auditor.stats.ratios import horizon_gains, horizon_ratio, sharpe_ratio, sharpe_without_each
from auditor.stats.sharpe import (
    SHARPE_ALONE,
    SHARPE_DIFFERENCE,
    jobson_korkie_memmel,
    pair_moments,
    same_up_to_leverage,
    sharpe_difference_test,
    sharpe_test,
)
from auditor.stats.spanning import ALONE, BESIDE, EARNS, MEAN_NULL, NEW_ALPHA, NEW_MEAN, cover_moments, stream_test
from auditor.stats.studentised import (
    Studentised,
    booked_error,
    detectable,
    periods_needed,
    quantile,
    standard_error,
    studentise,
)


def two(seed, n=200, same=0.8, shift=0.05):
    rng = np.random.default_rng(seed)
    common = rng.standard_t(5, n)
    base = common + 0.3 * rng.standard_normal(n) + 0.05
    tuned = same * common + (1 - same) * rng.standard_normal(n) + shift
    return base, tuned


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_swapping_the_policies_flips_the_sign(seed, block):
    base, tuned = two(seed)
    draws = Draws(lengths=(200,), block=block, reps=199, seed=seed % 1000)
    there = sharpe_difference_test(base, tuned, draws)
    back = sharpe_difference_test(tuned, base, draws)
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-12)
    assert there.se == pytest.approx(back.se, rel=1e-8)
    assert there.p_value("greater") == back.p_value("less")
    assert there.p_value("two-sided") == back.p_value("two-sided")


@given(seeds, st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_scaling_a_policy_changes_nothing_in_its_own_units(seed, factor):
    base, tuned = two(seed)
    draws = Draws(lengths=(200,), block=4, reps=199, seed=1)
    units = [x / x.std() for x in (base, tuned, tuned * factor)]
    one = sharpe_difference_test(units[0], units[1], draws)
    two_ = sharpe_difference_test(units[0], units[2], draws)
    assert one.se == pytest.approx(two_.se, rel=1e-9)
    np.testing.assert_allclose(one.t_star, two_.t_star, rtol=1e-6, atol=1e-9)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_permuting_replicates_changes_nothing(seed):
    base, tuned = two(seed)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 200, size=(99, 40))
    given_ = [
        sharpe_difference_test(base, tuned, Draws(lengths=(200,), block=5, reps=99, seed=0, starts=s))
        for s in (starts, rng.permutation(starts))
    ]
    np.testing.assert_array_equal(given_[0].t_star, given_[1].t_star)


def test_same_seed_same_numbers_and_another_seed_others():
    base, tuned = two(5)
    draws = [Draws(lengths=(200,), block=5, reps=499, seed=s) for s in (1, 1, 2)]
    one, again, other = (sharpe_difference_test(base, tuned, d) for d in draws)
    np.testing.assert_array_equal(one.t_star, again.t_star)
    assert (one.t_star != other.t_star).any()


def test_studentised_bootstrap_is_the_plain_loop():
    base, tuned = two(6, n=60)
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 60, size=(50, 12))
    draws = Draws(lengths=(60,), block=5, reps=50, seed=0, starts=starts)
    found = sharpe_difference_test(base, tuned, draws)
    delta = sharpe_ratio(tuned) - sharpe_ratio(base)
    stars = []
    for row in starts:
        index = np.concatenate([(s + np.arange(5)) % 60 for s in row])
        moments = pair_moments(base[index], tuned[index])
        means = moments.mean(axis=0)
        zeta = (moments - means).reshape(12, 5, 4).sum(axis=1) / math.sqrt(5)
        slope = SHARPE_DIFFERENCE.gradient(means)
        se = math.sqrt(slope @ (zeta.T @ zeta / 12) @ slope / 60)
        stars.append((sharpe_ratio(tuned[index]) - sharpe_ratio(base[index]) - delta) / se)
    np.testing.assert_allclose(found.t_star, np.sort(stars), rtol=1e-9)


@pytest.mark.parametrize(
    ("statistic", "moments", "columns"),
    [
        (SHARPE_DIFFERENCE, pair_moments, slice(None)),
        (SHARPE_ALONE, cover_moments, ALONE),
        (NEW_MEAN, cover_moments, EARNS),
        (NEW_ALPHA, cover_moments, BESIDE),
    ],
)
def test_gradients_are_the_derivatives(statistic, moments, columns):
    means = moments(*two(7))[:, columns].mean(axis=0)
    # ddof enters the value through n only; an enormous n takes it out.
    n, step = 10**12, 1e-6
    for i, slope in enumerate(statistic.gradient(means)):
        nudge = np.zeros_like(means)
        nudge[i] = step
        change = (statistic.value(means + nudge, n) - statistic.value(means - nudge, n)) / (2 * step)
        assert slope == pytest.approx(change, rel=1e-6, abs=1e-8)


def test_alpha_is_the_intercept_and_mean_the_mean():
    covered, new = two(8)
    table = cover_moments(covered, covered + new)
    design = np.column_stack([np.ones(200), covered])
    intercept = np.linalg.lstsq(design, new, rcond=None)[0][0]
    assert NEW_ALPHA.value(table[:, BESIDE].mean(axis=0), 200) == pytest.approx(intercept, abs=1e-12)
    assert NEW_MEAN.value(table[:, EARNS].mean(axis=0), 200) == pytest.approx(new.mean(), abs=1e-12)


def test_same_up_to_leverage_has_no_error_and_no_gain():
    base, _ = two(9)
    draws = Draws(lengths=(200,), block=5, reps=99, seed=0)
    assert same_up_to_leverage(base, 3 * base)
    assert not same_up_to_leverage(base, base + 0.01)
    found = sharpe_test(base, 3 * base, draws)
    assert (found.gain, found.se, found.ci, found.p_value, found.p_value_two_sided) == (0.0, 0.0, (0.0, 0.0), 1.0, 1.0)
    assert found.jkm_z is None
    assert found.periods_needed is None


def test_p_values_and_bounds_count_as_they_say():
    found = Studentised(estimate=2.0, se=1.0, t_star=np.sort(np.r_[np.arange(-9.0, 9.0), 2.0]))
    # values at or above 2 among -9..8 and one 2: 2..8 is 7, and the 2 again
    assert found.p_value("greater") == (1 + 8) / 20
    assert found.p_value("two-sided") == (1 + 8 + 8) / 20
    assert found.p_value("less") == (1 + 13) / 20
    low, high = found.interval(0.5)
    assert high - 2.0 == 2.0 - low == quantile(np.sort(np.abs(found.t_star)), 0.5)
    assert found.upper_bound(0.05) == 2.0 + 9.0
    assert Studentised(estimate=1.0, se=0.0, t_star=np.zeros(9)).p_value() == 0.1


def test_quantile_is_the_order_statistic_of_the_p_value():
    values = np.arange(1.0, 100.0)
    assert quantile(values, 0.95) == 95.0
    assert quantile(values, 0.999) == 99.0


def test_a_replicate_without_variance_counts_as_a_hit():
    base = np.r_[np.zeros(50), np.random.default_rng(0).standard_normal(10)]
    tuned = np.r_[np.zeros(50), np.random.default_rng(1).standard_normal(10) + 0.3]
    starts = np.vstack([np.zeros((1, 60), dtype=np.int64), np.arange(60)[None, :]])
    draws = Draws(lengths=(60,), block=1, reps=2, seed=0, starts=starts)
    found = sharpe_difference_test(base, tuned, draws)
    assert found.t_star[-1] == np.inf
    assert np.isfinite(found.se)


def test_horizon_one_is_the_ratio_and_smoothing_shows_at_longer_ones():
    rng = np.random.default_rng(3)
    base = rng.standard_normal(5000) + 0.1
    tuned = 0.6 * base + 0.4 * np.r_[0.0, base[:-1]]
    near, far = horizon_gains(base, tuned, (5000,), (1, 21), 252)
    assert near.gain == pytest.approx((sharpe_ratio(tuned) - sharpe_ratio(base)) * math.sqrt(252))
    assert far.gain < 0.2 * near.gain
    # a true gain keeps its size
    added = base + rng.standard_normal(5000) * 0.5 + 0.05
    near, far = horizon_gains(base, added, (5000,), (1, 21), 252)
    assert far.gain > 0.7 * near.gain


def test_horizon_variance_is_lo_mackinlays():
    x = np.random.default_rng(4).standard_normal(50) + 0.2
    h, n = 5, 50
    sums = np.array([x[i : i + h].sum() for i in range(n - h + 1)])
    m = h * (n - h + 1) * (1 - h / n)
    assert horizon_ratio(x, (n,), h) == pytest.approx(x.mean() / math.sqrt(((sums - h * x.mean()) ** 2).sum() / m))
    assert horizon_gains(x, x, (4, 4), (1, 5), 1.0)[-1].periods == 1


def test_sharpe_without_each_leaves_one_out():
    x = np.random.default_rng(5).standard_normal(30)
    expected = [sharpe_ratio(np.delete(x, i)) for i in range(30)]
    np.testing.assert_allclose(sharpe_without_each(x), expected, rtol=1e-10)


def test_minimum_detectable_gain_has_the_power_it_claims():
    se = 0.3
    gain = detectable(se, 0.05)
    draws = np.random.default_rng(6).normal(gain, se, 40_000)
    assert np.mean(draws / se > 1.6449) == pytest.approx(0.8, abs=0.01)
    needed = periods_needed(gain / 2, se, 250, 0.05)
    assert needed == pytest.approx(1000, abs=1)
    assert periods_needed(0.0, se, 250, 0.05) is None


def test_windows_share_no_lagged_product():
    rng = np.random.default_rng(7)
    one, other = rng.standard_normal((40, 2)), rng.standard_normal((60, 2))
    both = np.vstack([one, other])
    both = both - both.mean(axis=0)
    apart = longrun_covariance(both, (40, 60), prewhiten=False, lost=0)
    # a huge constant in one window would leak into the other's products only across the edge
    assert np.isfinite(apart).all()
    joined = longrun_covariance(both, (100,), prewhiten=False, lost=0)
    assert not np.allclose(apart, joined)


def test_kernels_are_even_ones_at_zero_and_parzen_ends_at_one():
    assert parzen(0.0) == 1.0
    assert parzen(1.0) == parzen(1.5) == 0.0
    assert quadratic_spectral(1e-4) == pytest.approx(1.0, abs=1e-6)


def test_qs_option_is_close_to_parzen():
    base, tuned = two(10, n=500)
    moments = pair_moments(base, tuned)
    parzen_se = standard_error(SHARPE_DIFFERENCE, moments, (500,))
    qs_se = standard_error(SHARPE_DIFFERENCE, moments, (500,), kernel="qs")
    assert qs_se == pytest.approx(parzen_se, rel=0.1)


def test_v2019_widens_every_replicate():
    base, tuned = two(11)
    draws = Draws(lengths=(200,), block=5, reps=99, seed=0)
    old = sharpe_difference_test(base, tuned, draws)
    new = sharpe_difference_test(base, tuned, draws, variant="v2019")
    np.testing.assert_allclose(new.t_star, old.t_star / math.sqrt(200 / 196))


def test_moments_resampled_apart_or_together_are_the_same():
    base, tuned = two(12)
    draws = Draws(lengths=(200,), block=5, reps=99, seed=0)
    moments = pair_moments(base, tuned)
    together, _ = resample([moments, cover_moments(base, tuned)], draws)
    alone = sharpe_difference_test(base, tuned, draws)
    again = studentise(SHARPE_DIFFERENCE, moments, together, se=alone.se)
    np.testing.assert_allclose(alone.t_star, again.t_star, rtol=1e-10)


def test_constant_moments_do_not_break_the_error():
    # returns of plus or minus one: their squares never vary
    signs = np.where(np.random.default_rng(13).random(120) < 0.55, 1.0, -1.0)
    other = np.where(np.random.default_rng(14).random(120) < 0.5, 1.0, -1.0)
    assert standard_error(SHARPE_DIFFERENCE, pair_moments(signs, other), (120,)) > 0


def test_jobson_korkie_memmel_grows_with_the_root_of_the_sample():
    base, tuned = two(15)
    once = jobson_korkie_memmel(base, tuned)
    many = jobson_korkie_memmel(np.tile(base, 9), np.tile(tuned, 9))
    assert many == pytest.approx(3 * once, rel=0.01)


def test_the_booked_error_sees_a_long_moving_average():
    # sums over eleven days have a long-run deviation of eleven times the daily one
    rng = np.random.default_rng(16)
    found = []
    for _ in range(20):
        booked = np.convolve(rng.standard_normal(2010), np.ones(11), mode="valid")
        moments = np.column_stack([booked, np.zeros_like(booked)])
        found.append(booked_error(NEW_MEAN, moments, (2000,), 30) * np.sqrt(2000))
    assert np.mean(found) == pytest.approx(11.0, rel=0.08)


def test_a_stream_is_tested_and_read_in_returns_a_year():
    new = two(9)[1]
    draws = Draws(lengths=(200,), block=3, reps=199, seed=0)
    moments = cover_moments(np.zeros(200), new)[:, EARNS]
    (resampled,) = resample([moments], draws)
    found = studentise(NEW_MEAN, moments, resampled, se=float(new.std()) / math.sqrt(200))
    plain, year = (stream_test(found, MEAN_NULL, draws, periods_per_year=per, level=0.05) for per in (1.0, 252.0))
    assert year.estimate == pytest.approx(252 * new.mean())
    assert (year.t, year.p_value) == (plain.t, plain.p_value)
    assert str(year) == f"{year.estimate:+.2%} a year, t={year.t:.2f}, p={year.p_value:.3f}"
