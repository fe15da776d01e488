"""Covered and new from returns: what the projection takes, what it leaves, what it never sees."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.coverage.inferred import cover_from_returns, quarter_mean, slowly_marked, whole_sample
from auditor.coverage.streams import (
    Streams,
    candidates,
    independent_columns,
    lagged,
    managed_streams,
    own_streams,
    pure_sizing,
    shallow_drawdown,
    split,
    trailing_mean,
    without_known,
)
from auditor.errors import InputError


def base_returns(seed=0, n=600):
    return np.random.default_rng(seed).standard_t(5, n) * 0.01 + 0.0004


@given(st.integers(0, 2**32 - 1), st.integers(1, 599))
@settings(max_examples=20, deadline=None)
def test_weights_use_the_past_only(seed, cut):
    base = base_returns(seed)
    changed = base.copy()
    changed[cut:] = np.random.default_rng(seed + 1).standard_normal(600 - cut) * 0.02
    before, after = (own_streams(x, 252) for x in (base, changed))
    # the scale of the volatility streams is the whole sample's: a constant, which no projection sees
    for i, name in enumerate(before.names):
        one, two = before.values[:cut, i], after.values[:cut, i]
        if "volatility" in name or "variance" in name:
            filled = one != 0
            ratio = two[filled] / one[filled]
            np.testing.assert_allclose(ratio, ratio[:1].repeat(ratio.size), rtol=1e-9)
        else:
            np.testing.assert_array_equal(one, two)


def test_trailing_mean_is_the_mean_of_what_came_before():
    values = np.arange(1.0, 31.0)
    found = trailing_mean(values, 10)
    assert found[:5].tolist() == [0.0] * 5
    assert found[7] == pytest.approx(values[:7].mean())
    assert found[25] == pytest.approx(values[15:25].mean())


def test_lag_and_drawdown_look_back():
    assert lagged(np.array([1.0, 2.0, 3.0]), 1).tolist() == [0.0, 1.0, 2.0]
    falls = np.array([0.1, -0.2, 0.0, 0.15, 0.0])
    assert shallow_drawdown(falls).tolist() == [True, True, False, False, True]


def test_reweightings_of_the_base_are_covered():
    base = base_returns()
    streams = own_streams(base, 252)
    tuned = streams.values @ np.array([0.5, 0.2, 0.1, 0.3, 0.4, 0.3, 0.1])
    found = split(tuned, streams, 252)
    assert found.nothing_new
    assert found.r_squared == 1.0
    np.testing.assert_array_equal(found.covered, tuned)
    assert not found.new.any()


def test_covered_and_new_add_up_and_do_not_correlate():
    base = base_returns()
    other = np.random.default_rng(9).standard_normal(600) * 0.005 + 0.001
    found = split(base + other, own_streams(base, 252), 252)
    np.testing.assert_allclose(found.covered + found.new, base + other, atol=1e-15)
    assert abs(np.corrcoef(found.covered, found.new)[0, 1]) < 1e-10
    assert found.new.mean() == pytest.approx(other.mean(), abs=2e-4)
    assert 0.5 < found.r_squared < 0.95
    assert found.parameters == 8


def test_known_streams_are_covered_and_their_return_is_not_new():
    base = base_returns()
    sleeve = np.random.default_rng(3).standard_normal(600) * 0.01 + 0.002
    streams = candidates(base, 252, sleeve[:, None], ("sleeve",), shortest=300)
    assert streams.names[-1] == "sleeve"
    assert split(base + 0.5 * sleeve, streams, 252).nothing_new


def test_collinear_columns_are_dropped_first_come_first_kept():
    base = base_returns()
    values = np.column_stack([base, 2 * base, np.ones(600), base**2, base**2 - 3 * base, np.zeros(600)])
    kept, basis = independent_columns(values)
    assert kept == [0, 3]
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-12)


def test_leverage_is_fully_covered():
    # tests of the alpha of 1.5 x base call it t = -20 on an alpha of 1e-17
    base = base_returns()
    assert split(1.5 * base, own_streams(base, 252), 252).nothing_new


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_scale_changes_neither_share_nor_streams(factor):
    base = base_returns()
    tuned = base + np.random.default_rng(1).standard_normal(600) * 0.003
    one = split(tuned, own_streams(base, 252), 252)
    other = split(tuned * factor, own_streams(base * factor, 252), 252)
    assert other.r_squared == pytest.approx(one.r_squared, rel=1e-9)
    assert other.names == one.names


def test_pure_sizing_is_a_weight_of_zero_or_more():
    base = base_returns()
    base[10] = 0.0
    weight = np.random.default_rng(2).random(600)
    assert pure_sizing(base, base * weight)
    assert pure_sizing(base, np.where(weight < 0.5, 0.0, base))
    outside = base * weight
    outside[10] = 0.001
    assert not pure_sizing(base, outside)
    flipped = base * weight
    flipped[20] *= -1
    assert not pure_sizing(base, flipped)


def test_a_base_that_is_flat_for_months_gives_finite_streams():
    base = base_returns()
    base[:200] = 0.0
    base[400:500] = 0.0
    assert np.isfinite(own_streams(base, 252).values).all()


def test_too_many_known_streams_are_refused_with_the_count():
    base = base_returns(n=100)
    known = np.random.default_rng(0).standard_normal((100, 40))
    with pytest.raises(InputError, match=r"40 streams .* 60 periods: at most 8 known"):
        candidates(base, 252, known, tuple("abcdefghijklmnopqrstuvwxyz0123456789ABCD"), shortest=60)


def test_split_names_what_it_used():
    base = base_returns()
    streams = Streams(names=("base", "twice"), values=np.column_stack([base, 2 * base]))
    assert split(base + base_returns(5), streams, 252).names == ("base",)


def test_the_intercept_error_is_that_of_ols():
    # sqrt(1 + m' S^-1 m) sd(residual) / sqrt(n) is the textbook error of an OLS intercept
    base = base_returns(2, n=120)
    tuned = base + base_returns(3, n=120)
    streams = own_streams(base, 252)
    found = split(tuned, streams, 252)
    used = [streams.names.index(name) for name in found.names]
    design = np.column_stack([np.ones(120), streams.values[:, used]])
    residual = tuned - design @ np.linalg.lstsq(design, tuned, rcond=None)[0]
    lost = design.shape[1]
    textbook = np.sqrt(np.linalg.inv(design.T @ design)[0, 0] * (residual @ residual) / (120 - lost))
    ours = found.error_factor * np.sqrt(residual @ residual / (120 - lost) / 120)
    assert ours == pytest.approx(textbook, rel=1e-9)


def test_a_steady_difference_is_an_accrual_and_not_a_bet():
    base = base_returns(4)
    streams = own_streams(base, 252)
    cost = np.abs(np.random.default_rng(4).standard_normal(600)) * 5e-5
    found = split(base + cost, streams, 252)
    assert found.nothing_new
    assert f"{cost.mean() * 252:+.1%}"[:4] in found.nothing_new
    bet = np.random.default_rng(5).standard_normal(600) * 3e-4
    assert not split(base + bet, streams, 252).nothing_new


def test_what_known_streams_explain_of_an_exact_new_part_is_covered():
    base, sleeve, own = (base_returns(seed) for seed in (1, 2, 3))
    exact = split(base + sleeve, Streams(names=("base",), values=base[:, None]), 252)
    all_of_it = without_known(exact, 2 * exact.new[:, None], ("sleeve",), 252)
    assert all_of_it.nothing_new
    assert all_of_it.names == ("base", "sleeve")
    np.testing.assert_allclose(all_of_it.covered, base + sleeve, atol=1e-15)
    assert without_known(all_of_it, own[:, None], ("own",), 252) is all_of_it
    assert without_known(exact, np.empty((600, 0)), (), 252) is exact
    rest = without_known(exact, own[:, None], ("own",), 252)
    np.testing.assert_allclose(rest.covered + rest.new, base + sleeve, atol=1e-15)
    assert 0 < rest.new.var() <= exact.new.var()


def test_known_streams_are_also_sized_by_their_own_past():
    rng = np.random.default_rng(6)
    known = rng.standard_t(4, (400, 2)) * 0.01
    found = managed_streams(known, ("a", "b"), 252.0)
    assert found.names == ("a / volatility(21)", "a / variance(21)", "b / volatility(21)", "b / variance(21)")
    for i in (0, 1):
        own = own_streams(known[:, i], 252.0).values
        np.testing.assert_array_equal(found.values[:, 2 * i : 2 * i + 2], own[:, 1:3])
    assert managed_streams(np.empty((400, 0)), (), 252.0).values.shape == (400, 0)
    base = rng.standard_t(4, 400) * 0.01
    # a quarter of the shortest span is the most that it can carry
    assert len(candidates(base, 252.0, known, ("a", "b"), shortest=52).names) == 13
    assert len(candidates(base, 252.0, known, ("a", "b"), shortest=51).names) == 9


def test_slow_marks_are_told_from_everything_else():
    rng = np.random.default_rng(6)
    base, noise = rng.standard_t(4, (2, 1000)) * 0.01
    streams = own_streams(base, 252.0)
    mean, quarter = quarter_mean(base, 252.0)
    assert quarter == 63
    assert mean[100] == pytest.approx(base[38:101].mean())
    assert mean[2] == pytest.approx(base[:3].sum() / 63)
    assert quarter_mean(base, 12.0)[1] == 3
    assert slowly_marked(base, 0.5 * base + 0.5 * mean + 0.1 * noise, streams, 252.0)
    assert not slowly_marked(base, base - mean + 0.1 * noise, streams, 252.0)
    for tuned in (base, 2 * base, base + noise, noise):
        assert not slowly_marked(base, tuned, streams, 252.0)
    # more columns than periods, and a mean that the streams hold already
    assert not slowly_marked(base[:8], noise[:8], Streams(names=streams.names, values=streams.values[:8]), 252.0)
    held = Streams(names=("mean",), values=mean[:, None])
    assert not slowly_marked(base, mean + noise, held, 252.0)
    for unit in (1e-6, 1e6):
        scaled = Streams(names=streams.names, values=unit * streams.values)
        assert slowly_marked(unit * base, unit * (0.5 * base + 0.5 * mean + 0.1 * noise), scaled, 252.0)
        assert not slowly_marked(unit * base, unit * base, scaled, 252.0)


def test_slow_marks_have_the_t_of_least_squares():
    """Just below the bar and just above it, by statsmodels."""
    rng = np.random.default_rng(7)
    base, noise = rng.standard_t(4, (2, 100)) * 0.01
    streams = Streams(names=("base", "other"), values=np.column_stack([base, rng.standard_normal(100)]))
    mean = quarter_mean(base, 252.0)[0]
    fit = sm.OLS(noise, np.column_stack([mean, streams.values, np.ones(100)])).fit()
    for t, is_slow in ((3.9999, False), (4.0001, True)):
        tuned = noise + (t * fit.bse[0] - fit.params[0]) * mean
        assert slowly_marked(base, tuned, streams, 252.0) is is_slow


def test_the_mean_stands_before_the_known_streams():
    rng = np.random.default_rng(6)
    base, other, noise = rng.standard_t(4, (3, 1000)) * 0.01
    tuned = 0.5 * base + 0.5 * quarter_mean(base, 252.0)[0] + 0.1 * noise
    streams = candidates(base, 252.0, other[:, None], ("other",), shortest=1000)
    found = cover_from_returns(whole_sample(base, tuned, streams, 252.0), np.arange(500, 1000), 252.0)
    assert found.names[-2:] == ("base, mean of 63", "other")
    whole = whole_sample(base, tuned, streams, 252.0)
    assert (whole.slow, whole.streams.known) == (63, 1)
    assert whole_sample(base, base + noise, streams, 252.0).slow is None


def test_a_policy_that_is_the_base_on_other_dates_is_covered():
    rng = np.random.default_rng(6)
    base = rng.standard_t(4, 500) * 0.01
    tuned = np.roll(base, 1) * rng.uniform(0.5, 2, 500)
    streams = candidates(base, 252.0, np.empty((500, 0)), (), shortest=250)
    found = cover_from_returns(whole_sample(base, tuned, streams, 252.0), np.arange(250, 500), 252.0)
    assert found.nothing_new.startswith("its returns are the base's, 1 period later (rank correlation 0.9")
    assert found.names == streams.names
    np.testing.assert_array_equal(found.covered, tuned[250:])
