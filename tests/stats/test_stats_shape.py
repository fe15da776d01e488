"""Shapes against scipy, statsmodels and pandas; identities of the split of a gain; who is flagged for selling tails."""

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import acf

from auditor.stats.ratios import sharpe_ratio
from auditor.stats.shape import (
    autocorrelations,
    drawdown,
    gain_sources,
    shape,
    shape_of_pair,
    without_period,
)
from auditor.stats.tails import BLOCKS, jackknife, sells_tails

seeds = st.integers(0, 2**32 - 1)
factors = st.floats(1e-6, 1e6)
YEAR = math.sqrt(252)


def fat(rng, n, mean=0.0006):
    return 0.0078 * rng.standard_t(5, n) + mean


def two(seed, n=300, mean=0.002):
    rng = np.random.default_rng(seed)
    base = fat(rng, n, mean)
    return base, 0.9 * base + fat(rng, n, mean / 3) / 3


def split(base, tuned):
    return gain_sources(base, tuned, periods_per_year=252)


def gain(base, tuned):
    return (sharpe_ratio(tuned) - sharpe_ratio(base)) * YEAR


def covered_call(rng, n):
    base = fat(rng, n)
    return base, base - np.maximum(base - 0.008, 0.0) + 0.0012


def short_put(rng, n):
    base = fat(rng, n)
    return base, base - 3 * np.maximum(-0.012 - base, 0.0) + 0.0022


def crash_seller(rng, n):
    """A premium each day, and 4 % to 10 % lost on two days a year: one day in 126."""
    base = fat(rng, n)
    return base, base + 0.001 - (rng.random(n) < 1 / 126) * rng.uniform(0.04, 0.10, n)


def same_law(rng, n, df=5.0, r=0.9):
    draws = rng.standard_normal((n, 2)) / np.sqrt(rng.chisquare(df, n) / df)[:, None]
    return 0.0004 + 0.01 * draws[:, 0], 0.0004 + 0.01 * (r * draws[:, 0] + math.sqrt(1 - r * r) * draws[:, 1])


@pytest.mark.parametrize("n", [4, 60, 1000])
def test_moments_are_those_of_scipy_and_pandas(n):
    x = fat(np.random.default_rng(n), n)
    found = shape(x, (n,), 252)
    assert found.skew == pytest.approx(scipy.stats.skew(x, bias=False))
    assert found.kurtosis == pytest.approx(scipy.stats.kurtosis(x, bias=False))
    assert found.skew == pytest.approx(pd.Series(x).skew())
    assert found.kurtosis == pytest.approx(pd.Series(x).kurt())
    assert found.mean == pytest.approx(x.mean() * 252)
    assert found.volatility == pytest.approx(x.std(ddof=1) * YEAR)
    assert (found.best.value, found.best.index) == (x.max(), x.argmax())
    assert (found.worst.value, found.worst.index) == (x.min(), x.argmin())
    assert found.n_obs == n


def test_autocorrelations_are_those_of_statsmodels():
    x = fat(np.random.default_rng(0), 500)
    x[1:] += 0.3 * x[:-1]
    expected = acf(x, nlags=5, adjusted=False, fft=False)
    assert autocorrelations(x, (500,)) == tuple((k, pytest.approx(expected[k])) for k in (1, 2, 5))


def test_autocorrelations_do_not_cross_a_window():
    x = fat(np.random.default_rng(1), 100)
    d = x - x.mean()
    found = dict(autocorrelations(x, (30, 70)))
    for lag in (1, 2, 5):
        inside = d[lag:30] @ d[: 30 - lag] + d[30 + lag :] @ d[30 : 100 - lag]
        assert found[lag] == pytest.approx(inside / (d @ d))
    assert [lag for lag, _ in autocorrelations(x[:8], (3, 3, 2))] == [1, 2]


@given(seeds, st.integers(2, 80))
@settings(max_examples=50, deadline=None)
def test_drawdown_is_the_plain_loop(seed, n):
    # multiples of 1/64 add without rounding, so ties with the peak are exact
    x = np.random.default_rng(seed).integers(-3, 4, n) / 64
    total = peak = deepest = 0.0
    run = longest = 0
    for value in x:
        total += value
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
        run = run + 1 if total < peak else 0
        longest = max(longest, run)
    assert drawdown(x) == (deepest, longest)
    series = pd.Series(np.r_[0.0, x]).cumsum()
    assert deepest == (series.cummax() - series).max()


def test_drawdowns_of_one_sign_and_below_minus_one():
    assert drawdown(np.full(10, 0.01)) == (0.0, 0)
    depth, longest = drawdown(np.full(10, -0.01))
    assert (depth, longest) == (pytest.approx(0.1), 10)
    assert drawdown(np.array([0.5, -1.5, -2.0, 0.1])) == (3.5, 3)
    # back at the peak but for rounding
    assert drawdown(np.array([0.3, -0.1, 0.1, -0.2, 0.2]))[1] == 1


def test_flat_stretches_and_flat_series():
    x = np.r_[np.zeros(40), fat(np.random.default_rng(2), 20), np.zeros(40)]
    found = shape(x, (100,), 252)
    assert found.skew == pytest.approx(scipy.stats.skew(x, bias=False))
    flat = shape(np.full(60, 0.001), (60,), 252)
    assert (flat.volatility, flat.skew, flat.kurtosis, flat.autocorrelations) == (0.0, None, None, ())
    assert (flat.max_drawdown, flat.longest_drawdown) == (0.0, 0)
    short = shape(np.array([0.1, 0.2]), (2,), 252)
    assert (short.skew, short.kurtosis) == (None, None)
    with pytest.raises(ValueError, match="tuned does not vary"):
        shape_of_pair(x, np.zeros(100), (100,), 252)


@given(seeds, factors, factors)
@settings(max_examples=60, deadline=None)
def test_the_split_adds_up_and_leverage_is_nothing(seed, up, down):
    base, tuned = two(seed)
    found = split(base, tuned)
    assert found.gain == pytest.approx(gain(base, tuned), abs=1e-9)
    levered = split(base * up, tuned * down)
    if found.reason is not None:
        assert (found.mean_part, found.vol_part, found.vol_part_range, levered.reason) == (
            None,
            None,
            None,
            found.reason,
        )
        return
    assert found.mean_part + found.vol_part == pytest.approx(found.gain, abs=1e-9)
    low, high = found.vol_part_range
    assert low <= found.vol_part <= high
    for field in dataclasses.fields(found):
        one, other = getattr(found, field.name), getattr(levered, field.name)
        assert one is other is None or other == pytest.approx(one, rel=1e-6, abs=1e-9)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_swapping_the_policies_flips_both_parts(seed):
    base, tuned = two(seed, mean=0.004)
    there, back = split(base, tuned), split(tuned, base)
    assert there.mean_part == pytest.approx(-back.mean_part, abs=1e-9)
    assert there.vol_part == pytest.approx(-back.vol_part, abs=1e-9)
    assert there.vol_part_se == pytest.approx(back.vol_part_se, rel=1e-6)
    assert there.vol_part_range == (
        pytest.approx(-back.vol_part_range[1], abs=1e-9),
        pytest.approx(-back.vol_part_range[0], abs=1e-9),
    )


def test_the_split_is_shapleys_at_equal_mean_absolute_deviation():
    base, tuned = two(3)
    found = split(base, tuned)
    scaled = tuned * np.abs(base - base.mean()).mean() / np.abs(tuned - tuned.mean()).mean()
    m_b, m_t, s_b, s_t = base.mean(), scaled.mean(), base.std(ddof=1), scaled.std(ddof=1)
    assert found.mean_part == pytest.approx((m_t - m_b) * (1 / s_t + 1 / s_b) / 2 * YEAR)
    assert found.vol_part == pytest.approx((m_t + m_b) / 2 * (1 / s_t - 1 / s_b) * YEAR)
    assert found.mean_change == pytest.approx(m_t / m_b - 1)
    assert found.volatility_change == pytest.approx(s_t / s_b - 1)


def test_leverage_a_constant_and_volatility_targeting_are_what_they_are():
    rng = np.random.default_rng(4)
    risk = np.repeat(np.exp(0.7 * rng.standard_normal(5000)), 20) * 0.01
    base = risk * (rng.standard_t(5, 100_000) + 0.08)
    doubled = split(base, 2 * base)
    assert (doubled.mean_part, doubled.vol_part, doubled.vol_part_range) == (0.0, 0.0, (0.0, 0.0))
    raised = split(base, base + 0.0003)
    assert raised.mean_part == pytest.approx(raised.gain)
    assert raised.vol_part == pytest.approx(0.0, abs=1e-9)
    # the mean moves with the risk: all that is gained is a lower volatility
    managed = split(base, base / risk)
    assert managed.gain > 0.1
    assert managed.vol_part == pytest.approx(managed.gain, rel=0.15)
    low, high = managed.vol_part_range
    assert high - low < 0.1 * managed.vol_part
    assert managed.volatility_change < 0


def test_the_range_holds_what_was_added_and_what_was_dropped():
    rng = np.random.default_rng(5)
    part = rng.standard_normal(50_000) * 0.01 + 0.001
    noise = 0.01 * rng.standard_normal(50_000)
    whole = part + noise - noise.mean()
    added, dropped = split(part, whole), split(whole, part)
    # pure noise: mean unchanged, volatility times root 2, if one knows which policy is inside the other
    assert added.vol_part_range[0] == pytest.approx(added.gain, rel=0.05)
    assert dropped.vol_part_range[1] == pytest.approx(dropped.gain, rel=0.05)


def test_no_split_gives_its_reason():
    base, tuned = two(6)
    low = base - base.mean() - 0.001
    assert "the base loses" in split(low, tuned).reason
    assert "the tuned policy loses" in split(base, low).reason
    assert "both policies lose" in split(low, 2 * low).reason
    mirrored = split(base, 2 * base.mean() - base)
    assert "do not move together" in mirrored.reason
    assert mirrored.gain == pytest.approx(0.0, abs=1e-9)
    assert (mirrored.mean_part, mirrored.vol_part, mirrored.vol_part_se) == (None, None, None)
    assert "not split" in str(mirrored)
    assert re.fullmatch(r"gain \S+ = \S+ return \S+ lower volatility", str(split(base, tuned)))
    assert split(base[:39] + 0.01, tuned[:39] + 0.01).vol_part_se is None


def test_error_of_the_volatility_part_is_its_spread():
    rng = np.random.default_rng(7)
    parts, errors = [], []
    for _ in range(300):
        base = fat(rng, 600, 0.002)
        found = split(base, base * (1 + 0.5 * rng.standard_normal(600)).clip(0, None))
        if found.reason is None:
            parts.append(found.vol_part)
            errors.append(found.vol_part_se)
    assert np.mean(errors) == pytest.approx(np.std(parts), rel=0.15)


def test_without_a_period_both_series_drop_the_date():
    base, tuned = two(8)
    i = int(tuned.argmax())
    found = without_period(base, tuned, i, periods_per_year=252)
    assert found.gain == pytest.approx(gain(np.delete(base, i), np.delete(tuned, i)))
    assert (found.dropped.index, found.dropped.value) == (i, tuned[i])
    once = np.zeros(300)
    once[7] = 0.1
    assert without_period(base, once, 7, periods_per_year=252).gain is None


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(9).standard_normal((4000, 1))
    blocks = x.reshape(BLOCKS, -1).mean(axis=1)
    assert jackknife(lambda means, rows: means[:, 0], x) == pytest.approx(blocks.std(ddof=1) / math.sqrt(BLOCKS))


def test_tail_numbers_are_the_plain_ones():
    base, tuned = two(10, n=1000)
    found = sells_tails(base, tuned)
    for x, skew, tail in zip((base, tuned), found.skew, found.tail, strict=True):
        assert skew == pytest.approx(scipy.stats.skew(x, bias=False))
        assert tail == pytest.approx((x.mean() - np.sort(x)[:50].mean()) / x.std(ddof=1))

    def plain(x):
        return scipy.stats.skew(x, bias=False)

    without = []
    for i in range(BLOCKS):
        keep = np.r_[0 : 25 * i, 25 * i + 25 : 1000]
        without.append(plain(tuned[keep]) - plain(base[keep]))
    assert found.skew_se == pytest.approx(np.std(without) * math.sqrt(BLOCKS - 1))
    assert found.skew_z == pytest.approx((found.skew[1] - found.skew[0]) / found.skew_se)


def test_the_fixed_edge_gives_the_shortfalls_error():
    base, tuned = two(11, n=2000)
    found = sells_tails(base, tuned)

    def plain(x):
        worst = np.sort(x)[: math.ceil(0.05 * x.size)]
        return (x.mean() - worst.mean()) / x.std(ddof=1)

    without = []
    for i in range(BLOCKS):
        keep = np.r_[0 : 50 * i, 50 * i + 50 : 2000]
        without.append(plain(tuned[keep]) - plain(base[keep]))
    assert found.tail_se == pytest.approx(np.std(without) * math.sqrt(BLOCKS - 1), rel=0.1)


@given(seeds, factors, factors)
@settings(max_examples=30, deadline=None)
def test_leverage_changes_no_tail(seed, up, down):
    base, tuned = same_law(np.random.default_rng(seed), 120)
    one, other = sells_tails(base, tuned), sells_tails(base * up, tuned * down)
    assert one.flagged == other.flagged
    for name in ("skew", "tail", "skew_se", "tail_se", "skew_z", "tail_z"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9)


def test_the_same_policy_levered_is_not_flagged():
    base, _ = two(12)
    found = sells_tails(base, 3 * base)
    assert not found.flagged
    assert found.warning is None
    assert found.skew_z == found.tail_z == 0.0


@pytest.mark.parametrize("n", [252, 1260])
def test_one_law_is_seldom_flagged(n):
    rng = np.random.default_rng(13)
    assert sum(sells_tails(*same_law(rng, n)).flagged for _ in range(400)) < 0.05 * 400


@pytest.mark.parametrize(
    ("overlay", "n", "least"),
    [(covered_call, 252, 0.95), (short_put, 252, 0.95), (crash_seller, 504, 0.6), (crash_seller, 1260, 0.85)],
)
def test_sellers_of_options_are_flagged_where_the_ratio_rose(overlay, n, least):
    rng = np.random.default_rng(14)
    found = [sells_tails(*overlay(rng, n)) for _ in range(200)]
    rose = [one.flagged for one in found if one.sharpe_rose]
    assert len(rose) > 100
    assert np.mean(rose) > least
    assert not any(one.flagged for one in found if not one.sharpe_rose)


def test_one_crash_is_flagged_though_never_significant():
    rng = np.random.default_rng(15)
    base = rng.standard_normal(252) * 0.01
    tuned = base + 0.001
    tuned[100] -= 0.10
    found = sells_tails(base, tuned)
    assert found.skew_z == pytest.approx(-1, abs=0.2)
    assert found.flagged
    assert "rare losses" in found.warning
    assert "flagged" in str(found)


def test_too_few_periods_for_the_tails_say_so():
    base, tuned = two(16, n=39)
    found = sells_tails(base, tuned)
    assert not found.flagged
    assert "39 periods" in found.reason
    assert found.reason in str(found)
    once = np.zeros(80)
    once[3] = 0.1
    assert "does not vary" in sells_tails(two(16, n=80)[0], once).reason


@pytest.mark.parametrize("lengths", [(60,), (20, 40)])
def test_a_pair_at_the_least_length_has_every_number(lengths):
    base, tuned = two(17, n=60, mean=0.004)
    found = shape_of_pair(base, tuned, lengths, 252)
    assert found.sources.reason is None
    assert found.tails.reason is None
    assert found.without_best.dropped == found.tuned.best
    assert found.without_worst.dropped == found.tuned.worst
    assert found.without_best.gain == pytest.approx(
        gain(*(np.delete(x, found.tuned.best.index) for x in (base, tuned)))
    )

    def numbers(value):
        if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                yield from numbers(getattr(value, field.name))
        elif isinstance(value, tuple):
            for one in value:
                yield from numbers(one)
        elif isinstance(value, float | int):
            yield value

    assert all(math.isfinite(x) for x in numbers(found))


def test_one_sign_all_the_way():
    rng = np.random.default_rng(18)
    base = np.abs(fat(rng, 300))
    tuned = base * rng.uniform(0.5, 1.5, 300)
    found = shape_of_pair(base, tuned, (300,), 252)
    assert found.base.max_drawdown == 0.0
    assert found.sources.mean_part + found.sources.vol_part == pytest.approx(found.sources.gain)
    assert split(base, base + 0.01).vol_part == pytest.approx(0.0, abs=1e-9)
