"""pass@k of two policies and its band against plain resampling, and where curves cross by hand."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.coverage.tries_curves import DIFFERENCE_NULL, _crossover, _resampled_means, pass_curves
from auditor.stats.blocks import Draws, block_length
from auditor.stats.richness import pass_at_k


def counts(seed=0, size=50, n=12):
    random = np.random.default_rng(seed)
    rate = random.beta(0.5, 1.0, size)
    return random.binomial(n, rate), random.binomial(n, np.minimum(1, 1.2 * rate))


def curves(base, tuned, base_tries=12, tuned_tries=12, **options):
    size = len(base)
    return pass_curves(
        np.asarray(base), np.asarray(tuned), base_tries=np.broadcast_to(base_tries, size).copy(),
        tuned_tries=np.broadcast_to(tuned_tries, size).copy(), **options,
    )  # fmt: skip


def plain_means(table, draws):
    """Mean of each column in every replicate, row by row as drawn."""
    starts = np.concatenate(list(draws.chunks()))
    rows = (starts[:, :, None] + np.arange(draws.block)).reshape(draws.reps, -1) % len(table)
    return np.array([table[row].mean(axis=0) for row in rows])


@pytest.mark.parametrize(("block", "level", "reps", "seed"), [(1, 0.05, 99, 0), (3, 0.2, 60, 7)])
def test_the_band_is_that_of_plain_resampling(block, level, reps, seed):
    base, tuned = counts()
    tries = np.where(np.arange(50) % 2, 12, 15)
    found = curves(base, tuned, base_tries=tries, block=block, level=level, reps=reps, seed=seed)
    of_base, of_tuned = pass_at_k(tries, base, 12), pass_at_k(np.full(50, 12), tuned, 12)
    gap = of_tuned - of_base
    moved = plain_means(gap - gap.mean(axis=0), Draws(lengths=(50,), block=block, reps=reps, seed=seed))
    se = moved.std(axis=0, ddof=1)
    largest = np.sort((np.abs(moved) / se).max(axis=1))
    critical = largest[int(np.ceil((1 - level) * (reps - 1) - 1e-9))]
    assert found.k.tolist() == list(range(1, 13))
    np.testing.assert_allclose(found.base, of_base.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.tuned, of_tuned.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.difference, found.tuned - found.base, atol=1e-14)
    np.testing.assert_allclose(found.se, se, rtol=1e-9)
    assert found.critical == pytest.approx(critical, rel=1e-9)
    np.testing.assert_allclose(found.low, found.difference - critical * se, atol=1e-12)
    np.testing.assert_allclose(found.high, found.difference + critical * se, atol=1e-12)
    assert (found.n_problems, found.level, found.block, found.reps, found.seed) == (50, level, block, reps, seed)
    assert found.null == DIFFERENCE_NULL


def test_k_ends_with_the_fewest_tries_of_either():
    base, tuned = counts()
    few = np.where(np.arange(50) == 17, 9, 12)
    assert curves(np.minimum(base, few), tuned, base_tries=few, reps=9).k[-1] == 9
    assert curves(base, np.minimum(tuned, few), tuned_tries=few, reps=9).k[-1] == 9
    some = curves(base, tuned, at=np.array([2, 7]), reps=9)
    every = curves(base, tuned, reps=9)
    assert some.k.tolist() == [2, 7]
    np.testing.assert_allclose([some.base, some.tuned], [every.base[[1, 6]], every.tuned[[1, 6]]], rtol=1e-12)
    np.testing.assert_allclose(some.se, every.se[[1, 6]], rtol=1e-9)


def test_what_is_not_said_is_a_problem_a_block_in_two_thousand_replicates():
    base, tuned = counts()
    plain, said = curves(base, tuned), curves(base, tuned, block=1, at=None, reps=2_000, seed=0, level=0.05)
    np.testing.assert_array_equal(plain.low, said.low)
    assert (plain.block, plain.reps, plain.seed, plain.level) == (1, 2_000, 0, 0.05)


@pytest.mark.parametrize("longest", [0, 2])
def test_the_block_is_estimated_on_the_first_and_the_last_k(longest):
    if longest:  # the base solves none of the first half
        random = np.random.default_rng(1)
        random.random(60)
        base, tuned = np.where(np.arange(60) < 30, 0, random.integers(1, 4, 60)), random.integers(1, 4, 60)
    else:  # what the base solves comes in order
        random = np.random.default_rng(4)
        base = np.sort(random.integers(0, 4, 60))
        tuned = np.minimum(3, np.maximum(base > 0, random.integers(0, 4, 60)))
    gap = pass_at_k(np.full(60, 3), tuned, 3) - pass_at_k(np.full(60, 3), base, 3)
    lengths = [block_length(column.copy(), lengths=(60,)) for column in gap.T]
    assert lengths[longest] > max(lengths[:longest] + lengths[longest + 1 :])
    assert curves(base, tuned, 3, 3, block=None, reps=9).block == lengths[longest]


def test_what_does_not_vary_has_no_error():
    found = curves(np.zeros(5, int), np.full(5, 12), reps=50)
    assert (found.critical, found.se.tolist()) == (0.0, [0.0] * 12)
    np.testing.assert_array_equal(found.low, np.ones(12))
    np.testing.assert_array_equal(found.high, np.ones(12))
    # at the last k every problem is solved by both: that column alone is flat
    base, tuned = np.tile([1, 3, 5], 4), np.tile([2, 9, 4], 4)
    found = curves(base, tuned, reps=50)
    assert (found.se[:-2] > 0).all()
    assert (found.se[-1], found.difference[-1], found.low[-1]) == (0.0, 0.0, 0.0)
    # one success more of eight, whatever the base's: an eighth at the first k but for rounding
    base = np.arange(28) % 7
    found = curves(base, base + 1, 8, 8, reps=50)
    assert np.ptp(pass_at_k(np.full(28, 8), base + 1, 1) - pass_at_k(np.full(28, 8), base, 1)) > 0
    assert (found.se[0], found.low[0]) == (0.0, found.difference[0])
    assert (found.se[1:] > 0).all()
    single = curves(*counts(), reps=1)
    assert (single.critical, single.se.max()) == (0.0, 0.0)
    two = curves(*counts(), reps=2)
    assert two.se.min() > 0


def test_two_problems_are_enough_and_one_is_not():
    assert curves([1, 2], [2, 2], reps=9).n_problems == 2
    four = np.full(4, 12)
    for wrong in range(4):
        given = [np.ones(4, int), np.ones(4, int), four, four]
        given[wrong] = given[wrong][:3]
        with pytest.raises(ValueError, match=r"^base, tuned and their tries must be \(N,\) alike, N at least 2$"):
            pass_curves(given[0], given[1], base_tries=given[2], tuned_tries=given[3])
    with pytest.raises(ValueError, match="N at least 2"):
        curves([1], [1])


def test_the_first_k_at_which_less_is_solved():
    # sure of three of four problems against a chance at all of them
    found = curves([3, 3, 3, 3] * 5, [12, 12, 12, 0] * 5, reps=99)
    below = np.flatnonzero(found.base > found.tuned + 1e-9)[0]
    assert found.first_below == found.k[below] > 1
    assert curves([12, 12, 12, 0] * 5, [3, 3, 3, 3] * 5, reps=9).first_below == 1
    assert curves([3, 3, 3, 3], [3, 3, 3, 3], reps=9).first_below is None
    assert curves([3, 3, 3, 0], [4, 4, 4, 1], reps=9).first_below is None
    # k of those asked for, not its place
    assert curves([12, 0] * 9, [3, 0] * 9, at=np.array([3, 9]), reps=9).first_below == 3


@pytest.mark.parametrize(
    ("difference", "error", "crossover", "between"),
    [
        ([3, 2, 1, -1, -2, -3], [1, 1, 2, 2, 1, 1], 8, (4, 10)),
        ([-3, -2, -1, 1, 2, 3], [1, 1, 2, 2, 1, 1], 8, (4, 10)),
        ([3, 2, -1, 1, -2, -3], [1, 1, 2, 2, 1, 1], 6, (4, 10)),  # the first k with the sign that is shown after
        ([3, 1, 2, 0, -2, -3], [1, 1, 1, 2, 1, 1], 10, (6, 10)),  # zero has no sign; what touches it is not shown
        ([3, 3, 3, -3, 3, -3], [1, 1, 1, 1, 1, 1], 8, (6, 8)),
        ([0, 3, 0, 2, -2, 0], [1, 1, 1, 2, 1, 1], 10, (4, 10)),
        ([3, 2, 1, -1, -2, -3], [1, 1, 2, 2, 2, 3], None, None),
        ([3, 2, 1, 1, 2, 3], [1] * 6, None, None),
        ([1, 1, 1, -1, -1, -1], [1] * 6, None, None),
    ],
)
def test_where_the_sign_turns_and_is_shown_on_both_sides(difference, error, crossover, between):
    k = np.array([2, 4, 6, 8, 10, 12])
    middle, half = np.array(difference, dtype=float), np.array(error, dtype=float)
    found = _crossover(k, middle, middle - half, middle + half)
    assert found == (crossover, between)
    assert all(type(one) is int for one in (found[0], *(found[1] or ())) if one is not None)


def test_a_crossing_is_told():
    found = curves([4] * 30, [12, 12, 0] * 10, reps=99)
    assert found.crossover is not None
    assert found.crossover_between[0] < found.crossover <= found.crossover_between[1]
    assert str(found) == f"pass@1 0.333 -> 0.667, pass@12 1.000 -> 0.667, crossover {found.crossover}"
    assert str(curves([1, 1], [1, 1], 1, 1, reps=9)) == "pass@1 1.000 -> 1.000, crossover not shown"


@pytest.mark.parametrize("block", [1, 4])
def test_columns_of_any_size_are_resampled_to_rounding(block):
    random = np.random.default_rng(4)
    table = random.standard_normal((30, 3)) @ random.standard_normal((3, 9))
    table[:, 2] = 1e-9 * random.standard_normal(30)  # a direction that the first turn leaves
    table[:, 5] = 0.0
    draws = Draws(lengths=(30,), block=block, reps=40, seed=2)
    for size in (0.01, 1.0, 1e3):
        found = _resampled_means(size * table, draws)
        assert found.shape == (40, 9)
        np.testing.assert_allclose(found, size * plain_means(table, draws), rtol=0, atol=1e-13 * size)
    np.testing.assert_array_equal(_resampled_means(np.zeros((30, 9)), draws), np.zeros((40, 9)))
