"""Shapes at their edges: flat, still and short series, means of exactly zero, and the error of the split by loops."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats

from auditor.stats.ratios import sharpe_ratio
from auditor.stats.shape import (
    GainSources,
    Period,
    WithoutPeriod,
    autocorrelations,
    drawdown,
    gain_sources,
    shape,
    shape_of_pair,
    without_period,
)

LOSS = "on average, and less volatility makes a loss look worse, not better"
APART = "the two policies do not move together: they have no bets in common to hold equal"
ONE = np.array([-3.0, -1.0, 1.0, 1.0, 2.0])
"""Deviations with a standard deviation of 2, so that no sum of them is rounded."""


def two(n, seed=0):
    rng = np.random.default_rng(seed)
    base = 0.01 * rng.standard_t(5, n) + 0.003
    return base, 0.8 * base + 0.003 * rng.standard_normal(n) + 0.001


def split(base, tuned):
    return gain_sources(base, tuned, periods_per_year=252)


def no_split(gain, reason):
    return GainSources(
        gain=gain, mean_part=None, vol_part=None, vol_part_se=None, vol_part_range=None, mean_change=None,
        volatility_change=None, reason=reason,
    )  # fmt: skip


def test_a_series_that_does_not_vary_is_named():
    base, _ = two(50)
    for pair, name in (((np.full(50, 0.1), base), "base"), ((base, np.full(50, 0.1)), "tuned")):
        with pytest.raises(ValueError, match=rf"^{name} does not vary: it has no Sharpe ratio$"):
            shape_of_pair(*pair, (50,), 252)


def test_a_flat_series_has_no_volatility_of_roundings_making():
    assert np.full(60, 0.1).std(ddof=1) > 0
    found = shape(np.full(60, 0.1), (60,), 252)
    assert (found.volatility, found.skew, found.kurtosis, found.autocorrelations) == (0.0, None, None, ())


def test_autocorrelations_are_of_the_lags_that_a_window_holds():
    base, _ = two(40)
    assert shape(base, (25, 15), 252).autocorrelations == autocorrelations(base, (25, 15))
    lags = [[lag for lag, _ in autocorrelations(base[: 2 * n], (n, n))] for n in (1, 2, 3, 5, 6)]
    assert lags == [[], [1], [1, 2], [1, 2], [1, 2, 5]]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_moments_of_the_shortest_series(n):
    values = np.array([0.01, -0.02, 0.04, 0.01])[:n]
    found = shape(values, (n,), 252)
    skew = scipy.stats.skew(values, bias=False) if n > 2 else None
    kurtosis = scipy.stats.kurtosis(values, bias=False) if n > 3 else None
    assert found.skew == (skew if skew is None else pytest.approx(skew))
    assert found.kurtosis == (kurtosis if kurtosis is None else pytest.approx(kurtosis))


def test_a_sum_that_stands_still_is_at_its_peak():
    assert drawdown(np.zeros(5)) == (0.0, 0)
    assert drawdown(np.array([0.1, 0.0, 0.0])) == (0.0, 0)
    # what rounding leaves is no fall
    assert drawdown(np.array([1.0, -1e-13, 1.0])) == (0.0, 0)


@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_drawdowns_scale(unit):
    base, _ = two(100)
    depth, longest = drawdown(base - 0.003)
    assert longest > 5
    assert drawdown(unit * (base - 0.003)) == (unit * depth, longest)


@pytest.mark.parametrize(
    ("base", "tuned", "who"),
    [
        (0.0, 8.0, "the base loses"),
        (-1.0, 8.0, "the base loses"),
        (8.0, 0.0, "the tuned policy loses"),
        (8.0, -1.0, "the tuned policy loses"),
        (0.0, 0.0, "both policies lose"),
        (-1.0, 0.0, "both policies lose"),
        (-1.0, -2.0, "both policies lose"),
    ],
)
def test_a_mean_of_zero_or_less_is_not_split(base, tuned, who):
    # deviations of 2: the ratios are half the means
    found = split(ONE + base, ONE[::-1] + tuned)
    assert found == no_split(pytest.approx((tuned - base) / 2 * math.sqrt(252)), f"{who} {LOSS}")
    assert str(found) == f"gain {found.gain:+.2f}, not split: {who} {LOSS}"


@pytest.mark.parametrize(
    ("other", "spread", "forward", "backward"),
    [
        ([-4, 4, -4, 0, 4], 4, 0, 3),
        ([-2, 3, -1, -1, 1], 2, -2, 2),
        ([3, 1, -1, -1, -2], 2, -8, -8),
    ],
)
def test_policies_must_move_together_from_either_side(other, spread, forward, backward):
    other = np.array(other, dtype=float)
    assert (other @ np.sign(ONE), ONE @ np.sign(other)) == (forward, backward)
    gain = (8 / spread - 4) * math.sqrt(252)
    assert split(ONE + 8, other + 8) == no_split(pytest.approx(gain), APART)
    assert split(other + 8, ONE + 8) == no_split(pytest.approx(-gain), APART)


def part_of(base, tuned, sign_base, sign_tuned):
    """The lower-volatility part, with the bets' sides as they were."""
    bet_base, bet_tuned = ((r - r.mean()) @ s for r, s in ((base, sign_base), (tuned, sign_tuned)))
    size = bet_tuned / bet_base * base.std() / tuned.std()
    return (sharpe_ratio(tuned) / size + sharpe_ratio(base)) / 2 * (size - 1) * math.sqrt(252)


def assert_error(base, tuned):
    n = base.size
    signs = np.sign(base - base.mean()), np.sign(tuned - tuned.mean())
    found = split(base, tuned)
    assert found.vol_part == pytest.approx(part_of(base, tuned, *signs), rel=1e-9)
    without = [
        part_of(*(np.delete(values, np.s_[first:end]) for values in (base, tuned, *signs)))
        for first, end in pairwise(n * i // 40 for i in range(41))
    ]
    assert found.vol_part_se == pytest.approx(np.std(without) * math.sqrt(39), rel=1e-7)


@pytest.mark.parametrize("n", [40, 93, 400])
def test_the_error_of_the_volatility_part_is_the_plain_jackknife(n):
    assert_error(*two(n))


def test_a_return_exactly_at_the_mean_takes_no_side():
    swings = np.repeat(np.tile([1.0, -1.0], 4), 5)
    base, tuned = np.append(swings, 0.0) + 2, np.append(0.0, swings) + 3
    assert (base.std(ddof=1), tuned.std(ddof=1)) == (1.0, 1.0)
    assert_error(base, tuned)


def test_a_series_that_moved_once_has_no_gain_without_it():
    base, _ = two(50)
    once = np.zeros(50)
    once[7] = 0.1
    wanted = WithoutPeriod(dropped=Period(value=0.1, index=7), gain=None)
    assert without_period(base, once, 7, periods_per_year=252) == wanted
    dropped = Period(value=float(base[7]), index=7)
    assert without_period(once, base, 7, periods_per_year=252) == WithoutPeriod(dropped=dropped, gain=None)
