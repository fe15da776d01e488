"""The paper's calibration of the block length."""

import numpy as np
import pytest
from statsmodels.tsa.api import VAR

from auditor.stats import blockchoice
from auditor.stats.blockchoice import _batch, _pseudo_sequences, calibrated_block
from auditor.stats.blocks import Draws
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.sharpe import sharpe_difference_test


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


def plain(base, tuned, batches, rng):
    """Algorithm 3.1's draws one by one: statsmodels' VAR(1), residuals that jump to any row once in five periods."""
    pair = np.column_stack([base / base.std(), tuned / tuned.std()])
    rows, steps = len(pair) - 1, len(pair) + 50
    fit = VAR(pair).fit(1)
    constant, slopes, residuals = fit.intercept, fit.coefs[0], fit.resid
    for size in batches:
        first = rng.integers(0, rows, size)
        draws = [(rng.random(size), rng.integers(0, rows, size)) for _ in range(1, steps)]
        for i in range(size):
            at = [int(first[i])]
            for chance, fresh in draws:
                at.append(int(fresh[i]) if chance[i] < 1 / 5 else (at[-1] + 1) % rows)
            states = [pair[0]]
            for row in at:
                states.append(constant + slopes @ states[-1] + residuals[row])
            yield np.array(states[51:])


def generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


@pytest.mark.parametrize(("held", "batches"), [(5_000_000, [5]), (2 * 61 + 60, [2, 2, 1]), (60, [1] * 5)])
def test_sequences_are_the_plain_loops(monkeypatch, held, batches):
    monkeypatch.setattr(blockchoice, "CHUNK", held)
    base, tuned = two(61, 0.8, seed=4)
    found = list(_pseudo_sequences(3 * base, tuned, 5, generator(9)))
    for one, other in zip(found, plain(base, tuned, batches, generator(9)), strict=True):
        assert one.flags.c_contiguous
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_residuals_come_in_runs_of_five_from_every_row():
    # without memory, and with their rows for residuals, the sequences are the rows that were drawn
    rows = np.arange(41.0)
    drawn = np.array(list(_batch(np.zeros(2), np.zeros((3, 2)), np.column_stack([rows, rows]), 2_000, generator(1))))
    assert drawn.shape == (2_000, 42, 2)
    np.testing.assert_array_equal(drawn[..., 0], drawn[..., 1])
    shares = np.bincount(drawn[..., 0].astype(int).ravel(), minlength=41) / (2_000 * 42)
    assert np.abs(shares * 41 - 1).max() < 0.15
    follows = (np.diff(drawn[..., 0], axis=1) % 41) == 1
    # four periods in five go on, and one jump in 41 lands there too
    assert follows.mean() == pytest.approx(0.8 + 0.2 / 41, abs=0.005)
    assert np.unique(drawn[:, 0, 0]).size == 41


def test_fifty_periods_are_thrown_away():
    # a state that grows by one a period counts them
    grows = np.vstack([np.ones((1, 2)), np.eye(2)])
    (one,) = _batch(np.array([0.0, 100.0]), grows, np.zeros((3, 2)), 1, generator(0))
    assert one.tolist() == [[51 + t, 151 + t] for t in range(4)]


@pytest.mark.parametrize(("seed", "level"), [(0, 0.05), (0, 0.2), (3, 0.05)])
def test_rates_are_counted_and_the_nearest_wins(seed, level):
    base, tuned = two(61, 0.6, seed=seed)
    tuned = tuned + 0.6
    how = {"candidates": (1, 10, 4, 4, 16), "sequences": 60, "reps": 99, "seed": 7}
    found = calibrated_block(base, tuned, (31, 30), level=level, **how)
    truth = sharpe_ratio(tuned) - sharpe_ratio(base)
    hits = {1: 0, 4: 0, 10: 0}
    for done, pseudo in enumerate(plain(base, tuned, [60], generator(7))):
        for block in hits:
            draws = Draws(lengths=(31, 30), block=block, reps=99, seed=7 + done)
            test = sharpe_difference_test(pseudo[:, 0].copy(), pseudo[:, 1].copy(), draws)
            far = np.abs(test.t_star) >= abs(test.estimate - truth) / test.se
            hits[block] += (1 + far.sum()) / 100 <= level
    assert found.candidates == (1, 4, 10)
    assert found.rejection_rates == tuple(one / 60 for one in hits.values())
    # of two as near, the shorter
    assert found.block == min(hits, key=lambda block: abs(hits[block] / 60 - level))
    assert found.block == {(0, 0.05): 4, (0, 0.2): 1, (3, 0.05): 10}[seed, level]
    assert (found.level, found.sequences, found.reps, found.seed) == (level, 60, 99, 7)


def test_the_longest_candidates_are_a_quarter_of_the_sample_and_the_shortest_window():
    base, tuned = two(43, 0.0)
    how = {"sequences": 2, "reps": 9}
    assert calibrated_block(base, tuned, (43,), candidates=(2, 10, 11), **how).candidates == (2, 10)
    assert calibrated_block(base, tuned, (34, 9), candidates=(9, 10), **how).candidates == (9,)
    nothing = calibrated_block(base, tuned, (43,), candidates=(20,), **how)
    assert (nothing.block, nothing.candidates) == (1, (1,))


def test_what_is_not_said_is_what_the_docs_say():
    base, tuned = two(60, 0.0)
    few = {"sequences": 9, "reps": 19}
    said = calibrated_block(base, tuned, (60,), level=0.05, candidates=(1, 3, 6, 10), seed=0, **few)
    assert calibrated_block(base, tuned, (60,), **few) == said
    assert (blockchoice.SEQUENCES, blockchoice.REPS) == (1_000, 199)
