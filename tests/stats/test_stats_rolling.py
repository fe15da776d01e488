"""The rolling gain: equal to the plain tests on each window, with a band that covers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from auditor.stats.rolling import MOST_STEPS, rolling_gain, window_length
from auditor.stats.sharpe import SHARPE_DIFFERENCE, pair_moments, sharpe_ratio


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
    scaled = rolling_gain(1e-6 * base, 1e6 * tuned, **how)
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


def test_a_window_without_variance_is_a_gap():
    base, tuned = pair(400)
    tuned[100:260] = 0.0
    found = rolling_gain(base, tuned, window=80, block=5, level=0.05, periods_per_year=252)
    empty = (found.row - 79 >= 100) & (found.row < 260)
    assert empty.sum() == 81
    assert np.isnan(found.gain[empty]).all()
    assert np.isfinite(found.gain[~empty]).all()
    assert np.isnan(found.high[empty]).all()


@pytest.mark.parametrize(
    ("n_obs", "per_year", "window"),
    [(2_520, 252, 252), (800, 252, 200), (819, 12, 60), (100, 12, 60), (1_000, 52, 60), (100_000, 19_656, 19_656)],
)
def test_the_window_is_a_year_of_sixty_periods_or_more(n_obs, per_year, window):
    assert window_length(n_obs, per_year) == window
