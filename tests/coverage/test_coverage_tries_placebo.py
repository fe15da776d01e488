"""Placebos by plain shifting, tails by scipy's binomial law, and the bounds that are read from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.coverage.tries_placebo import (
    NEAR,
    SATURATED,
    Placebo,
    at_least,
    benjamini_hochberg,
    chance_corrected,
    lower_part,
    near_placebo,
    shifted_positions,
    shifted_returns,
    upper_part,
    window_successes,
)


def solved_by_shift(paths, returns, first, hurdle):
    """Whether each window is solved with a rollout's positions moved by every shift: (shifts, R, N)."""
    ends = [*first[1:], len(returns)]
    return np.array([
        [[sum(np.roll(path, -shift)[a:b] * returns[a:b]) > hurdle for a, b in zip(first, ends, strict=True)]
         for path in paths.T]
        for shift in range(len(returns))
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("first", "nearest"),
    [
        ([0, 3, 5, 9, 12, 16], 4),  # windows of up to four of twenty periods: at least a window away
        ([0, 5, 10, 15], 5),  # exactly a quarter
        ([0, 8, 14], 1),  # windows too wide for that: any shift but none
    ],
)
def test_rates_are_those_of_plain_shifts_at_least_a_window_away(first, nearest):
    random = np.random.default_rng(1)
    first = np.array(first)
    paths, returns = np.sign(random.standard_normal((20, 3))), random.standard_normal(20)
    every = solved_by_shift(paths, returns, first, 0.4)[nearest : 20 - nearest + 1]
    found = shifted_positions(paths, returns, first, hurdle=0.4, shifts=20_000, seed=5)
    np.testing.assert_allclose(found.rate, every.mean(axis=(0, 1)), atol=0.008)  # four errors
    assert (found.tries, found.kind) == (60_000, "positions")


@pytest.mark.parametrize(("width", "nearest"), [(1, 1), (4, 4), (5, 5), (10, 1)])
def test_every_shift_from_the_nearest_to_the_farthest_is_drawn_alike(width, nearest):
    # one period held, which earns at one other: the window of that one is solved by exactly one shift
    first = np.arange(0, 20, width)
    for shift in range(20):
        held, returns = np.zeros((20, 1)), np.zeros(20)
        held[7], returns[(7 - shift) % 20] = 1.0, 1.0
        rate = shifted_positions(held, returns, first, hurdle=0.5, shifts=3000, seed=shift).rate
        drawn = nearest <= shift <= 20 - nearest
        chance = drawn / (20 - 2 * nearest + 1)
        assert rate[(7 - shift) % 20 // width] == pytest.approx(chance, abs=5 * np.sqrt(chance / 3000))
        assert np.count_nonzero(rate) == drawn


def test_windows_fill_all_periods_and_the_last_may_be_the_widest():
    held, returns = np.ones((20, 1)), np.r_[np.zeros(19), 1.0]
    found = shifted_positions(held, returns, np.array([0, 2, 4]), hurdle=0.5)
    assert found.rate.tolist() == [0.0, 0.0, 1.0]
    assert shifted_positions(held, returns, np.array([0]), hurdle=0.5).rate.tolist() == [1.0]
    assert shifted_positions(held, returns, np.array([0]), hurdle=1.0).rate.tolist() == [0.0]  # at it is not above it
    # sixteen of twenty: shifts of one are drawn, so a position moved by one period can solve
    alone = np.zeros((20, 1))
    alone[1] = 1.0
    earned = np.r_[1.0, np.zeros(19)]
    assert shifted_positions(alone, earned, np.array([0, 2, 4]), hurdle=0.5, shifts=2000).rate[0] > 0


def test_what_is_not_said_is_a_hurdle_of_zero_two_hundred_shifts_and_seed_zero():
    random = np.random.default_rng(2)
    paths, returns, first = np.sign(random.standard_normal((60, 4))), random.standard_normal(60), np.arange(0, 60, 3)
    plain = shifted_positions(paths, returns, first)
    said = shifted_positions(paths, returns, first, hurdle=0.0, shifts=200, seed=0)
    np.testing.assert_array_equal(plain.rate, said.rate)
    assert plain.tries == 800
    for other in ({"hurdle": 1.0}, {"shifts": 150}, {"seed": 1}):
        assert not np.array_equal(shifted_positions(paths, returns, first, **other).rate, said.rate)
    plain = shifted_returns(paths, first)
    np.testing.assert_array_equal(plain.rate, shifted_returns(paths, first, hurdle=0.0, shifts=200, seed=0).rate)
    assert plain.tries == 800
    for other in ({"hurdle": 1.0}, {"shifts": 150}, {"seed": 1}):
        assert not np.array_equal(shifted_returns(paths, first, **other).rate, plain.rate)
    rollouts = np.array([[0.0, 1.0], [1.0, -1.0], [0.0, 2.0]])
    assert window_successes(rollouts, np.array([0, 2])).tolist() == [1, 1]  # at the hurdle is not above it


def test_the_weaker_placebo_takes_each_rollouts_own_mean_off():
    random = np.random.default_rng(3)
    rollouts = random.standard_normal((40, 3)) + np.array([5.0, -5.0, 0.0])
    first = np.arange(0, 40, 4)
    every = solved_by_shift(rollouts - rollouts.mean(axis=0), np.ones(40), first, 0.5)[4:37]
    found = shifted_returns(rollouts, first, hurdle=0.5, shifts=20_000, seed=1)
    np.testing.assert_allclose(found.rate, every.mean(axis=(0, 1)), atol=0.008)
    assert (found.tries, found.kind) == (60_000, "returns")


def test_successes_are_windows_above_the_hurdle():
    rollouts = np.array([[1.0, -1.0], [1.0, 1.5], [-3.0, 0.0], [0.5, 0.0], [0.0, 9.0]])
    assert window_successes(rollouts, np.array([0, 2, 4])).tolist() == [2, 0, 1]
    assert window_successes(rollouts, np.array([0, 2, 4]), hurdle=0.5).tolist() == [1, 0, 1]
    assert window_successes(rollouts, np.array([0, 2, 4]), hurdle=-3.0).tolist() == [2, 2, 2]
    assert window_successes(rollouts, np.array([0])).dtype == np.int64


def test_paths_that_do_not_fit_are_refused_and_three_periods_do():
    three = np.array([[1.0], [-1.0], [1.0]])
    assert shifted_positions(three, np.ones(3), np.array([0, 1, 2])).rate.size == 3
    fit, few = (
        "returns must be (3,) and first rows must rise from 0",
        "there must be at least three periods, and windows",
    )
    for paths, returns, first, words in (
        (three, np.ones(4), [0, 1], fit),
        (three, np.ones((3, 1)), [0, 1], fit),
        (three, np.ones(3), [], fit),
        (three, np.ones(3), [1, 2], fit),
        (three, np.ones(3), [0, 2, 1], fit),
        (three, np.ones(3), [0, 1, 1], fit),
        (three[:2], np.ones(2), [0], few),
        (three, np.ones(3), [0, 3], few),
        (three, np.ones(3), [0, 1, 3], few),
    ):
        with pytest.raises(ValueError) as refused:  # noqa: PT011  # the words are compared below
            shifted_positions(paths, returns, np.array(first, dtype=np.int64))
        assert str(refused.value) == words + (" within them" if words is few else "")


def test_a_placebo_says_what_it_is():
    rate = np.array([0.25, 0.5])
    assert str(Placebo(rate=rate, tries=8, kind="positions")) == "placebo of shifted positions solves 37.5% per try"
    assert str(Placebo(rate=rate, tries=8, kind="returns")) == (
        "placebo of shifted returns (weaker: exposure is not separated from skill) solves 37.5% per try"
    )


# ---- tails

RATES = np.array([0.0, 0.03, 0.3, 0.5, 0.9, 1.0])


@pytest.mark.parametrize("n", [1, 2, 9])
def test_at_least_is_the_binomial_tail(n):
    for rate in RATES:
        c = np.arange(-1, n + 3)
        ours = at_least(c, np.full(c.size, n), np.full(c.size, rate))
        np.testing.assert_allclose(ours, stats.binom.sf(c - 1, n, rate), atol=1e-14)
    # rounding may leave a rate beside its ends
    assert at_least(np.array([1, 1]), np.array([4, 4]), np.array([-1e-17, 1 + 1e-15])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("tail", [0.05, 0.25, 0.5])
def test_parts_in_the_tails_are_counted_from_the_ends(tail):
    n = 9
    for rate in RATES[1:-1]:
        mass = stats.binom.pmf(np.arange(n + 1), n, rate)
        upper, left = np.zeros(n + 1), tail
        for count in range(n, -1, -1):  # fill the tail from the top
            upper[count] = min(1.0, left / mass[count])
            left = max(0.0, left - mass[count])
        c, tries, rates = np.arange(n + 1), np.full(n + 1, n), np.full(n + 1, rate)
        np.testing.assert_allclose(upper_part(c, tries, rates, tail), upper, atol=1e-9)
        flipped = upper_part(c, tries, 1 - rates, tail)[::-1]
        np.testing.assert_allclose(lower_part(c, tries, rates, tail), flipped, atol=1e-12)
        assert lower_part(c, tries, rates, tail) @ mass == pytest.approx(tail)


def test_what_cannot_happen_by_luck_is_beyond_it_and_what_must_is_in_part():
    four = np.full(3, 4)
    # never by luck: any success is beyond; none is luck's own
    assert upper_part(np.array([0, 1, 4]), four, np.zeros(3), 0.25).tolist() == [0.25, 1.0, 1.0]
    # always by luck: all is luck's own, less is nothing
    assert upper_part(np.array([0, 3, 4]), four, np.ones(3), 0.25).tolist() == [0.0, 0.0, 0.25]
    assert lower_part(np.array([0, 3, 4]), four, np.ones(3), 0.25).tolist() == [1.0, 1.0, 0.25]


# ---- what is read from them


def test_near_is_a_bound_and_not_the_lack_of_a_difference():
    for n, c in ((20, 3), (20, 0), (400, 100), (3, 2)):
        bound = stats.binomtest(c, n).proportion_ci(0.90, method="exact").high
        for more, near in ((1e-9, True), (-1e-9, False)):
            found = near_placebo(np.array([c]), np.array([n]), np.array([bound - NEAR + more]))
            assert found.tolist() == [near]
    # all solved: the bound is one
    assert near_placebo(np.array([5, 5, 1]), np.array([5, 5, 1]), np.array([0.85, 0.849, 1.0])).tolist() == [
        True, False, True,
    ]  # fmt: skip


def test_the_ratio_is_by_the_mean_of_what_placebos_miss():
    rates, curve = np.array([0.1, 0.6, 0.95]), np.array([0.7, 0.8, 0.9, 0.95])
    wanted = []
    for k, share in enumerate(curve, start=1):
        placebo = np.mean([1 - (1 - rate) ** k for rate in rates])
        wanted.append((share - placebo) / (1 - placebo))
    np.testing.assert_allclose(chance_corrected(curve, rates), wanted, rtol=1e-12)
    # a placebo that solves just as many as it may
    assert chance_corrected(curve, np.array([SATURATED])).size == 1
    assert chance_corrected(curve, np.array([SATURATED + 1e-9])).size == 0


def test_nulls_fall_together_up_to_the_last_that_holds():
    # by hand, at 10 %: bounds .02 .04 .06 .08 .1; the third holds and takes the second along
    p = np.array([0.9, 0.05, 0.01, 0.06, 0.5])
    assert benjamini_hochberg(p, 0.1).tolist() == [False, True, True, True, False]
    assert benjamini_hochberg(p, 0.0999).tolist() == [False, False, True, False, False]
    assert benjamini_hochberg(np.array([0.05]), 0.05).tolist() == [True]
    assert benjamini_hochberg(np.array([0.02, 0.02, 0.2]), 0.03).tolist() == [True, True, False]
    assert benjamini_hochberg(p, 0.1).dtype == np.bool_
