"""Overfitting beside a plain loop over the splits, where trials tie, rest, or differ in size."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats import overfitting
from auditor.stats.deflated import NotAssessed
from auditor.stats.overfitting import PBO_NULL, backtest_overfitting


def noise(n_obs=60, n=5, seed=0):
    return np.random.default_rng(seed).normal(0.02, 1.0, (n_obs, n))


def plain(trials, n_blocks):
    """The trial chosen, its ratio in and out of sample, and its rank outside, split by split."""
    rows = np.array_split(np.arange(len(trials)), n_blocks)
    for chosen in itertools.combinations(range(n_blocks), n_blocks // 2):
        inside, outside = (
            trials[np.concatenate([rows[i] for i in range(n_blocks) if (i in chosen) == which])]
            for which in (True, False)
        )
        inner, outer = (part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (inside, outside))
        best = int(inner.argmax())
        yield best, inner[best], outer[best], stats.rankdata(outer)[best]


def assert_plain(found, trials, n_blocks, rtol=1e-10):
    best, inner, outer, rank = map(np.array, zip(*plain(trials, n_blocks), strict=True))
    np.testing.assert_array_equal(found.nstar, best)
    np.testing.assert_array_equal(found.os_rank, rank)
    np.testing.assert_allclose(found.is_sharpe, inner, rtol=rtol)
    np.testing.assert_allclose(found.os_sharpe, outer, rtol=rtol, atol=1e-12)


def test_every_field_is_of_the_data_given():
    trials = noise()
    found = backtest_overfitting(trials, n_blocks=6)
    assert_plain(found, trials, 6)
    assert (found.null, found.ranks, found.n_trials, found.n_blocks, found.n_obs) == (PBO_NULL, "paper", 5, 6, 60)
    assert backtest_overfitting(trials, n_blocks=6, ranks="cran").ranks == "cran"
    assert str(found) == f"PBO={found.pbo:.3f} (5 trials, 20 splits)"


def test_sixteen_blocks_of_two_rows_unless_said_otherwise():
    trials = noise(32, 2)
    found = backtest_overfitting(trials)
    assert (found.n_blocks, found.logit.size) == (16, math.comb(16, 8))
    with pytest.raises(NotAssessed, match=r"^31 in-sample periods are too few for 16 blocks of 2$"):
        backtest_overfitting(trials[:31])


def test_the_most_blocks_are_allowed(monkeypatch):
    monkeypatch.setattr(overfitting, "MAX_BLOCKS", 8)
    assert backtest_overfitting(noise(), n_blocks=8).logit.size == 70
    with pytest.raises(ValueError, match=r"^n_blocks must be even, from 2 to 8; got 10$"):
        backtest_overfitting(noise(), n_blocks=10)
    with pytest.raises(ValueError, match=r"^n_blocks must be even, from 2 to 8; got 0$"):
        backtest_overfitting(noise(), n_blocks=0)


def test_only_copies_tie_where_nothing_is_near_enough(monkeypatch):
    monkeypatch.setattr(overfitting, "TIE", 0.0)
    trials = noise()
    assert_plain(backtest_overfitting(trials, n_blocks=6), trials, 6)
    copies = backtest_overfitting(trials[:, [0, 0, 0]], n_blocks=6)
    assert set(copies.os_rank) == {2.0}
    assert copies.pbo == 1.0
    steady = trials[:, :3].copy()
    steady[:, 0] = np.tile([2.0, 3.0], 30)
    found = backtest_overfitting(steady, n_blocks=6)
    assert (set(found.nstar), found.slope) == ({0}, None)


def test_trials_of_other_units_and_levels_lose_no_digits():
    trials = noise(60, 4)
    trials *= [1, 1e-9, 1e9, 1]
    trials[:, 3] += 1e6
    found = backtest_overfitting(trials[:, :3], n_blocks=6)
    assert_plain(found, trials[:, :3], 6)
    # the fourth always wins, and leaves the others' numbers alone
    assert set(backtest_overfitting(trials, n_blocks=6).nstar) == {3}
    reversed_ = backtest_overfitting(trials * [1, 1, 1, -1], n_blocks=6)
    np.testing.assert_allclose(reversed_.is_sharpe, found.is_sharpe, rtol=1e-12)
    np.testing.assert_array_equal(reversed_.os_rank, found.os_rank + 1)


@pytest.mark.parametrize("size", [1e-4, 1e-6])
def test_a_trial_that_hardly_moves_for_a_half_has_its_ratio(size):
    trials = noise(40, 2)
    wave = np.tile([1.0, -1.0, 2.0, -2.0], 5)
    # its mean is that of both halves, so that little is left of the first half's squares
    trials[:, 0] = np.concatenate([size * wave, wave]) + 0.5
    trials[:, 1] -= 9
    found = backtest_overfitting(trials, n_blocks=2)
    assert_plain(found, trials, 2, rtol=1e-6)


def test_a_trial_that_rests_at_its_own_mean_has_ratio_zero():
    trials = noise(40, 2)
    trials[:, 0] = np.concatenate([np.zeros(20), np.tile([1.0, -1.0], 10)]) + 0.25
    trials[:, 1] -= 9
    found = backtest_overfitting(trials, n_blocks=2)
    assert (found.is_sharpe[0], found.os_sharpe[1]) == (0.0, 0.0)
    # 0.25 over the second half's deviation; zero outside is no loss
    assert found.is_sharpe[1] == found.os_sharpe[0] == pytest.approx(0.25 / math.sqrt(20 / 19))
    assert found.loss_probability == 0.0
