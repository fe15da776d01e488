"""Sums under random signs, held against scipy's permutation test and a size by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from auditor.stats.signs import coins, effective_number, few, signs_p


def test_as_many_equal_values_as_concentrated():
    assert effective_number(np.array([0.0, 2.0, -2.0, 0.0])) == pytest.approx(2.0)
    assert effective_number(np.array([1e-200, 0.0])) == 1.0
    assert effective_number(np.zeros(5)) == 0.0
    assert effective_number(np.array([3.0, 1.0])) == pytest.approx((9 + 1) ** 2 / (81 + 1))


def test_few_are_few_in_number_and_among_many():
    values = np.zeros(600)
    values[::70] = 1.0
    assert few(values)  # 9 of 600
    assert few(values[:141])  # 3 of 141
    assert not few(values[:10])  # 1 of 10
    values[35::70] = -1.0
    assert not few(values)


def test_two_that_won_are_two_coins():
    values = np.zeros(50)
    values[[10, 30]] = 0.03
    assert signs_p(values, (50,), 1, seed=1) == 0.25
    assert signs_p(-values, (50,), 1, seed=1) == 1.0
    # in one block they are one coin, in two windows two again
    assert signs_p(values, (50,), 25, seed=1) == 0.25
    assert signs_p(values, (50,), 50, seed=1) == 0.5
    assert signs_p(values, (20, 30), 20, seed=1) == 0.25
    assert signs_p(np.zeros(50), (50,), 1, seed=1) == 1.0


def test_a_block_is_one_coin_and_small_ones_are_none():
    values = np.zeros(60)
    values[[10, 11]] = 0.5
    values[20:60:5] = 0.05
    assert coins(values, (60,), 5) == 1
    assert coins(values, (60,), 1) == 2
    assert coins(values, (11, 49), 5) == 2  # a window ends between them
    # all heads has a probability of 1/512 by sums, but what tells is one coin
    assert signs_p(values, (60,), 5, seed=1) == 0.5
    assert coins(np.array([1.0, 0.1, 0.11]), (3,), 1) == 2
    # the sum of a block, and not its periods, has the sign
    assert signs_p(np.tile([2.0, -1.0], 3), (6,), 2, seed=1) == 1 / 8


@pytest.mark.parametrize("n", [2, 5, 9, 12])
def test_all_signs_are_those_of_scipy(n):
    values = np.random.default_rng(n).normal(0.3, 1, n)
    theirs = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf, vectorized=False
    )
    assert signs_p(values, (n,), 1, seed=0) == theirs.pvalue
    by_hand = [np.dot(signs, values) for signs in itertools.product((1, -1), repeat=n)]
    assert signs_p(values, (n,), 1, seed=0) == np.mean(np.array(by_hand) >= values.sum() - 1e-12)


def test_drawn_signs_are_near_all_of_them_and_the_same_again():
    values = np.random.default_rng(3).normal(0.4, 1, 16)
    signs = 1 - 2 * (np.arange(2**16)[:, None] >> np.arange(16) & 1)
    exact = float(np.mean(signs @ values >= values.sum() - 1e-12))
    drawn = signs_p(values, (16,), 1, seed=5)
    assert drawn == signs_p(values, (16,), 1, seed=5) != signs_p(values, (16,), 1, seed=6)
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 9_999))
    assert drawn * 10_000 == pytest.approx(round(drawn * 10_000))


def test_no_draw_or_every_draw_reaches_the_sum():
    """Of 200 equal values, drawn in more than one go."""
    assert signs_p(np.ones(200), (200,), 1, seed=5) == 1 / 10_000
    assert signs_p(-np.ones(200), (200,), 1, seed=5) == 1.0


def test_long_data_take_fewer_draws():
    values = np.random.default_rng(4).normal(0, 1, 10_001)
    p = signs_p(values, (10_001,), 1, seed=5)
    assert p * 2_000 == pytest.approx(round(p * 2_000))
    values = np.random.default_rng(4).normal(0, 1, 200_000)
    p = signs_p(values, (200_000,), 1, seed=5)
    assert p * 200 == pytest.approx(round(p * 200))


@pytest.mark.parametrize("kind", ["coins", "normal"])
def test_rejects_no_more_than_its_level(kind):
    rng = np.random.default_rng(11)
    worlds = 1_000
    for n in (3, 6, 15):
        values = rng.standard_normal((worlds, n)) if kind == "normal" else rng.choice([-1.0, 1.0], (worlds, n))
        rate = np.mean([signs_p(one, (n,), 1, seed=w, reps=999) < 0.05 for w, one in enumerate(values)])
        assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / worlds)
