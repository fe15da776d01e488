"""Every field of the paired test against a plain formula, and what its parts do at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats.blocks import Draws
from auditor.stats.ratios import horizon_gains, horizon_ratio, sharpe_ratio, sharpe_without_each
from auditor.stats.sharpe import (
    NULL,
    SHARPE_ALONE,
    SHARPE_DIFFERENCE,
    jobson_korkie_memmel,
    pair_moments,
    same_up_to_leverage,
    sharpe_difference_test,
    sharpe_test,
)
from auditor.stats.studentised import Studentised, detectable, periods_needed, quantile, standard_error

DRAWS = Draws(lengths=(90, 60), block=3, reps=199, seed=4)
YEAR = math.sqrt(252)


@pytest.fixture(scope="module")
def pair():
    """Daily returns of two policies that share a part."""
    rng = np.random.default_rng(12)
    common = 0.01 * rng.standard_t(5, 150)
    return common + 0.003 * rng.normal(size=150), 0.8 * common + 0.004 * rng.normal(size=150) + 0.0003


def test_every_field_is_what_it_is_named(pair):
    base, tuned = pair
    found = sharpe_difference_test(base, tuned, DRAWS)
    test = sharpe_test(base, tuned, DRAWS, periods_per_year=252, level=0.1, claim=0.02, horizons=(1, 5))
    one, two = base.mean() / base.std(ddof=1), tuned.mean() / tuned.std(ddof=1)
    assert test.null == NULL
    assert test.base == pytest.approx(one * YEAR, rel=1e-12)
    assert test.tuned == pytest.approx(two * YEAR, rel=1e-12)
    assert test.gain == pytest.approx((two - one) * YEAR, rel=1e-9)
    wanted_se = standard_error(SHARPE_DIFFERENCE, pair_moments(base, tuned), (90, 60), kernel="parzen", prewhiten=True)
    assert test.se == pytest.approx(wanted_se * YEAR, rel=1e-12)
    half = quantile(np.sort(np.abs(found.t_star)), 0.9) * wanted_se * YEAR
    assert test.ci == pytest.approx((test.gain - half, test.gain + half), rel=1e-9)
    assert test.upper_bound == pytest.approx(found.upper_bound(0.1) * YEAR, rel=1e-12)
    assert test.level == 0.1
    t = found.estimate / found.se
    assert test.p_value == (1 + int((found.t_star >= t).sum())) / 200
    assert test.p_value_two_sided == (1 + int((np.abs(found.t_star) >= abs(t)).sum())) / 200
    assert test.p_value != test.p_value_two_sided
    assert test.p_value_hac == pytest.approx(stats.norm.sf(t), rel=1e-9)
    assert test.jkm_z == jobson_korkie_memmel(base, tuned)
    assert test.correlation == pytest.approx(stats.pearsonr(base, tuned).statistic, rel=1e-12)
    assert test.min_detectable_gain == pytest.approx(detectable(wanted_se, 0.02) * YEAR, rel=1e-12)
    assert test.periods_needed == periods_needed(found.estimate, found.se, 150, 0.02)
    assert test.horizons == horizon_gains(base, tuned, (90, 60), (1, 5), 252)
    assert [one.periods for one in test.horizons] == [1, 5]
    for one_ in test.horizons:
        assert one_.base == pytest.approx(horizon_ratio(base, (90, 60), one_.periods) * YEAR)
        assert one_.tuned == pytest.approx(horizon_ratio(tuned, (90, 60), one_.periods) * YEAR)
        assert one_.gain == one_.tuned - one_.base
    assert (test.n_obs, test.block, test.reps, test.seed) == (150, 3, 199, 4)
    low, high = test.ci
    wanted = f"Sharpe {test.base:.2f} -> {test.tuned:.2f}, gain {test.gain:+.2f} [{low:+.2f}, {high:+.2f}]"
    assert str(test) == f"{wanted}, p={test.p_value:.3f}"


def test_what_is_not_said_is_the_papers_choice_per_period(pair):
    said = sharpe_test(
        *pair, DRAWS, periods_per_year=1.0, level=0.05, claim=0.05, alternative="greater", horizons=(1,),
        kernel="parzen", prewhiten=True, variant="v2016",
    )  # fmt: skip
    assert sharpe_test(*pair, DRAWS) == said
    assert sharpe_test(*pair, DRAWS, claim=0.2).min_detectable_gain < said.min_detectable_gain
    assert sharpe_test(*pair, DRAWS, level=0.2).min_detectable_gain < said.min_detectable_gain


@pytest.mark.parametrize("choice", [{"kernel": "qs"}, {"prewhiten": False}, {"variant": "v2019"}])
def test_a_choice_reaches_the_numbers(pair, choice):
    plain = sharpe_difference_test(*pair, DRAWS)
    chosen = sharpe_difference_test(*pair, DRAWS, **choice)
    test, whole = sharpe_test(*pair, DRAWS, **choice), sharpe_test(*pair, DRAWS)
    assert test.se == chosen.se
    if choice == {"variant": "v2019"}:
        assert chosen.se == plain.se
        np.testing.assert_allclose(chosen.t_star * math.sqrt(150 / 146), plain.t_star, rtol=1e-12)
        assert test.ci != whole.ci
    else:
        assert chosen.se != plain.se
        moments = pair_moments(*pair)
        assert chosen.se == standard_error(SHARPE_DIFFERENCE, moments, DRAWS.lengths, **choice)
    for side in ("less", "two-sided"):
        assert sharpe_test(*pair, DRAWS, alternative=side).p_value == plain.p_value(side)


def test_an_estimate_without_error_is_what_its_sign_says(pair):
    base, tuned = pair
    assert sharpe_test(base, 2 * base, DRAWS).p_value_hac == 1.0
    for estimate, p in ((0.5, 0.0), (-0.5, 1.0)):
        given = Studentised(estimate=estimate, se=0.0, t_star=np.zeros(9))
        assert sharpe_test(base, tuned, DRAWS, found=given).p_value_hac == p


def test_equal_ratios_of_other_returns_are_not_the_same_up_to_leverage(pair):
    base, _ = pair
    other = np.roll(base, 1)
    assert 0 < np.corrcoef(base, np.r_[base[:75], other[75:]])[0, 1] < 0.9
    assert not same_up_to_leverage(base, other)
    mixed = np.concatenate([base[:75], base[75:][::-1]])
    assert abs(sharpe_ratio(mixed) - sharpe_ratio(base)) < 1e-8
    assert np.corrcoef(base, mixed)[0, 1] > 0.1
    assert not same_up_to_leverage(base, mixed)


def test_the_z_under_normal_returns_is_memmels():
    rng = np.random.default_rng(3)
    base = rng.normal(size=40) + 0.5
    tuned = 0.5 * base + rng.normal(size=40) + 0.9
    a, b, r = sharpe_ratio(tuned), sharpe_ratio(base), stats.pearsonr(base, tuned).statistic
    variance = (2 - 2 * r + a**2 / 2 + b**2 / 2 - a * b * r**2) / 40
    assert jobson_korkie_memmel(base, tuned) == pytest.approx((a - b) / variance**0.5, rel=1e-12)
    # nearly the same returns still have a variance; the same ones have none
    close = base + 2e-6 * rng.normal(size=40)
    assert 1e-14 / 40 < 2 * (1 - np.corrcoef(base, close)[0, 1]) / 40 < 1e-14 * 40 * 1e3
    assert jobson_korkie_memmel(base, close) is not None
    assert jobson_korkie_memmel(base, 2 * base) is None


def test_leaving_a_period_out_of_which_nothing_varies_warns_of_nothing():
    found = sharpe_without_each(np.array([5.0, 1.0, 1.0, 1.0]))
    assert found[0] == np.inf
    assert np.isnan(sharpe_without_each(np.array([3.0, 0.0, 0.0, 0.0]))[0])
    values = np.random.default_rng(0).normal(size=9)
    plain = [sharpe_ratio(np.delete(values, at)) for at in range(9)]
    np.testing.assert_allclose(sharpe_without_each(values), plain, rtol=1e-12)


def test_a_ratio_of_means_is_the_ratio_of_returns(pair):
    base, tuned = pair
    means = np.column_stack([base, base**2]).mean(axis=0)
    assert float(SHARPE_ALONE.value(means, 150)) == pytest.approx(sharpe_ratio(base), rel=1e-9)
    gap = SHARPE_DIFFERENCE.value(pair_moments(base, tuned).mean(axis=0), 150)
    assert float(gap) == pytest.approx(sharpe_ratio(tuned) - sharpe_ratio(base), rel=1e-9)


def test_gradients_of_many_means_are_those_of_each():
    rng = np.random.default_rng(2)
    for statistic, k in ((SHARPE_ALONE, 2), (SHARPE_DIFFERENCE, 4)):
        means = rng.uniform(0.1, 0.2, (5, k))
        means[:, k // 2 :] += 1
        np.testing.assert_allclose(statistic.gradient(means), [statistic.gradient(one) for one in means], rtol=1e-14)


@pytest.mark.parametrize("periods", [2, 5])
def test_horizons_are_summed_inside_each_window(periods):
    values = 0.01 * np.random.default_rng(8).normal(size=60) + 0.001
    lengths = (5, 31, 24)
    mean, square, weight = values.mean(), 0.0, 0
    for first, length in ((0, 5), (5, 31), (36, 24)):
        if length <= periods:  # its one sum says nothing of how sums vary
            continue
        window = values[first : first + length]
        sums = [window[at : at + periods].sum() - periods * mean for at in range(length - periods + 1)]
        square, weight = square + sum(one**2 for one in sums), weight + len(sums)
    variance = square / (weight * periods * (1 - periods / 60))
    assert horizon_ratio(values, lengths, periods) == pytest.approx(mean / math.sqrt(variance), rel=1e-9)


def test_a_horizon_of_one_policy_alone_is_left_out():
    tuned = np.random.default_rng(1).normal(size=30)
    assert horizon_gains(np.zeros(30), tuned, (30,), (5,), 12) == ()
    assert horizon_gains(tuned, np.zeros(30), (30,), (5,), 12) == ()
    assert len(horizon_gains(tuned, tuned + 1, (30,), (5, 30, 31), 12)) == 1
