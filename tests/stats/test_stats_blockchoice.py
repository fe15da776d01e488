"""The paper's calibration of the block length."""

import numpy as np
import pytest

from auditor.stats.blockchoice import calibrated_block


def two(n, memory, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n + 50, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    out = np.empty_like(noise)
    out[0] = noise[0]
    for t in range(1, n + 50):
        out[t] = memory * out[t - 1] + noise[t]
    return out[50:, 0] + 0.1, out[50:, 1] + 0.1


def test_rates_are_near_the_level_and_the_nearest_wins():
    base, tuned = two(120, 0.1)
    found = calibrated_block(base, tuned, (120,), sequences=300)
    gaps = np.abs(np.array(found.rejection_rates) - 0.05)
    assert found.block == found.candidates[int(gaps.argmin())]
    # 300 sequences: two-sided rates stay within four Monte Carlo errors of something a test could have
    assert all(0.0 < rate < 0.12 for rate in found.rejection_rates)


def test_same_seed_same_choice_and_candidates_that_do_not_fit_are_left_out():
    base, tuned = two(60, 0.0)
    one = calibrated_block(base, tuned, (52, 8), sequences=50, seed=3)
    assert one == calibrated_block(base, tuned, (52, 8), sequences=50, seed=3)
    assert one.candidates == (1, 3, 6)


def test_units_do_not_matter():
    base, tuned = two(80, 0.2)
    one = calibrated_block(base, tuned, (80,), sequences=40)
    other = calibrated_block(1e-3 * base, 50 * tuned, (80,), sequences=40)
    assert other.rejection_rates == pytest.approx(one.rejection_rates)
