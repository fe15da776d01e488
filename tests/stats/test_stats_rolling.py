"""The rolling gain: equal to the plain tests on each window, with a band that covers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from auditor.stats.ratios import sharpe_ratio
from auditor.stats.rolling import MOST_STEPS, rolling_gain, window_length
from auditor.stats.sharpe import SHARPE_DIFFERENCE, pair_moments


def pair(n_obs: int, seed: int = 0, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.random.default_rng(seed).standard_normal((2, n_obs))
    return 0.01 * (one + 0.03), 0.02 * (0.8 * one + 0.6 * other + 0.03 + gain)


def plain(base: np.ndarray, tuned: np.ndarray, block: int) -> tuple[float, float]:
    """Gain and error of one window, by loops: block sums about the window's own means."""
    moments = pair_moments(base, tuned)
    means, n_obs = moments.mean(axis=0), base.size
    sums = [(moments[i : i + block] - means).sum(axis=0) for i in range(n_obs - block + 1)]
    psi = sum(np.outer(one, one) for one in sums) / (len(sums) * block * (1 - block / n_obs))
    slope = SHARPE_DIFFERENCE.gradient(means)
    return sharpe_ratio(tuned) - sharpe_ratio(base), math.sqrt(slope @ psi @ slope / n_obs)


@pytest.mark.parametrize("block", [1, 7])
def test_every_window_is_the_plain_computation(block):
    base, tuned = pair(300)
    found = rolling_gain(base, tuned, window=100, block=block, level=0.1, periods_per_year=252)
    year, half = math.sqrt(252), float(ndtri(0.95))
    assert found.row.tolist() == list(range(99, 300))
    for at in (0, 57, 200):
        last = found.row[at] + 1
        gain, error = plain(base[last - 100 : last], tuned[last - 100 : last], block)
        assert found.gain[at] == pytest.approx(gain * year)
        assert found.high[at] - found.gain[at] == pytest.approx(half * error * year)
        assert found.gain[at] - found.low[at] == pytest.approx(half * error * year)


def test_swapped_policies_flip_the_curve_and_units_do_not_matter():
    base, tuned = pair(400)
    how = {"window": 80, "block": 5, "level": 0.05, "periods_per_year": 12.0}
    found = rolling_gain(base, tuned, **how)
    swapped = rolling_gain(tuned, base, **how)
    np.testing.assert_allclose(found.gain, -swapped.gain)
    np.testing.assert_allclose(found.low, -swapped.high)
    for one, other in ((1e-6, 1e6), (1e6, 1e-6)):
        scaled = rolling_gain(one * base, other * tuned, **how)
        np.testing.assert_allclose(found.high, scaled.high)


def test_the_band_covers_a_true_gain_of_zero_as_often_as_it_says():
    # Windows that do not overlap, so that each is a trial of its own: 600 of 120 periods.
    base, tuned = pair(120 * 600, seed=4)
    found = rolling_gain(base, 0.5 * tuned, window=120, block=4, level=0.05, periods_per_year=1)
    apart = np.arange(0, found.row.size, max(1, 120 // int(np.diff(found.row)[0]) + 1))
    covered = ((found.low <= 0) & (found.high >= 0))[apart].mean()
    assert apart.size > 300
    assert 0.91 < covered < 0.98


def test_steps_are_few_and_end_at_the_last_period():
    base, tuned = pair(5_000)
    found = rolling_gain(base, tuned, window=252, block=10, level=0.05, periods_per_year=252)
    assert found.row[-1] == 4_999
    assert found.row.size <= MOST_STEPS
    assert np.unique(np.diff(found.row)).size == 1
    assert found.row[0] >= 251


@pytest.mark.parametrize("rest", [0.0, 0.003, 1 / 3])
@pytest.mark.parametrize("who", [0, 1])
def test_a_window_without_variance_is_a_gap(rest, who):
    # a rest of 1/3 leaves a variance of rounding
    returns = pair(400)
    returns[who][100:260] = rest
    found = rolling_gain(*returns, window=80, block=5, level=0.05, periods_per_year=252)
    empty = (found.row - 79 >= 100) & (found.row < 260)
    assert empty.sum() == 81
    for curve in (found.gain, found.low, found.high):
        assert np.isnan(curve[empty]).all()
        assert np.isfinite(curve[~empty]).all()


def test_leverage_gains_exactly_nothing():
    base, _ = pair(300)
    found = rolling_gain(base, 3.3 * base, window=100, block=5, level=0.05, periods_per_year=252)
    assert set(found.gain) == {0.0}


@pytest.mark.parametrize(("n_obs", "apart"), [(499, 1), (500, 2)])
def test_windows_are_skipped_only_beyond_the_most_shown(n_obs, apart):
    found = rolling_gain(*pair(n_obs), window=100, block=5, level=0.05, periods_per_year=252)
    assert set(np.diff(found.row)) == {apart}
    assert found.row.size == math.ceil((n_obs - 99) / apart)


def test_what_was_asked_for_is_said_and_a_long_block_is_a_quarter_of_the_window():
    base, tuned = pair(200)
    found = rolling_gain(base, tuned, window=103, block=60, level=0.1, periods_per_year=1)
    assert (found.window, found.block, found.level) == (103, 25, 0.1)
    error = plain(base[-103:], tuned[-103:], 25)[1]
    assert found.high[-1] - found.gain[-1] == pytest.approx(float(ndtri(0.95)) * error)


def test_a_mean_far_above_the_volatility_costs_no_digits():
    base, tuned = pair(3_000)
    base += 0.3
    found = rolling_gain(base, tuned, window=100, block=7, level=0.1, periods_per_year=1)
    gain, error = plain(base[-100:], tuned[-100:], 7)
    assert found.gain[-1] == pytest.approx(gain, rel=1e-10)
    assert found.high[-1] - found.gain[-1] == pytest.approx(float(ndtri(0.95)) * error, rel=1e-8)


@pytest.mark.parametrize(
    ("n_obs", "per_year", "window"),
    [
        (2_520, 252, 252), (800, 252, 200), (803, 252, 200), (819, 12, 60), (100, 12, 60), (40, 12, 40),
        (1_000, 52, 60), (100_000, 19_656, 19_656),
    ],
)  # fmt: skip
def test_the_window_is_a_year_of_sixty_periods_or_more(n_obs, per_year, window):
    assert window_length(n_obs, per_year) == window
