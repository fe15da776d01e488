"""Resampled rows, random runs and the best of many."""

import numpy as np
import pytest

from auditor.planted.draws import best_of, in_runs, mean_block, ratio, stationary_rows


def test_every_row_is_drawn_alike_and_blocks_run_on():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([stationary_rows(100, 20, rng) for _ in range(400)])
    count = np.bincount(drawn, minlength=100)
    # 40,000 draws in blocks of 20: about 2,000 blocks, so a row's count of 400 has an error near 80
    assert count.min() > 400 - 5 * 80
    assert count.max() < 400 + 5 * 80
    # Blocks end at a chance of 1 in 20, and run round the end of the data.
    steps = np.diff(drawn) % 100
    assert np.mean(steps == 1) == pytest.approx(0.95, abs=0.01)


def test_runs_last_as_long_as_asked():
    values = in_runs(lambda k: np.arange(float(k)), 11, 4)
    assert values.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]


def test_the_best_is_the_highest_of_as_many_as_asked():
    rng = np.random.default_rng(3)
    seen = []

    def draw():
        seen.append(rng.random())
        return seen[-1]

    assert best_of(50, draw, lambda one: one) == max(seen)
    assert len(seen) == 50


def test_a_policy_that_does_not_vary_is_never_the_best():
    assert ratio(np.zeros(5)) == -np.inf


def test_blocks_last_a_quarter_at_least_and_a_tenth_of_the_sample_at_most():
    rng = np.random.default_rng(4)
    assert mean_block(rng.standard_normal(2_520), 252.0) == 63
    assert mean_block(rng.standard_normal(200), 252.0) == 20
    assert mean_block(rng.standard_normal(120), 12.0) >= 3
