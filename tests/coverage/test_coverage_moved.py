"""One policy on other dates, by hand."""

import numpy as np
import pytest

from auditor.coverage.moved import moved

RNG = np.random.default_rng(9)
BASE = RNG.standard_t(4, 300)


@pytest.mark.parametrize("periods", [-2, -1, 1, 2])
def test_the_shift_is_found_with_both_correlations(periods):
    found = moved(BASE, np.roll(BASE, periods) * RNG.uniform(0.5, 2, 300))
    assert found.periods == periods
    assert found.there > 0.9
    assert abs(found.here) < 0.2
    way = "later" if periods > 0 else "earlier"
    many = "1 period" if abs(periods) == 1 else "2 periods"
    assert str(found) == (
        f"the base's, {many} {way} (rank correlation {found.there:.2f}, and {found.here:.2f} on the same dates)"
    )


@pytest.mark.parametrize(
    "tuned",
    [
        BASE,
        -BASE,
        0.6 * BASE + 0.4 * np.roll(BASE, 1),
        np.roll(BASE, 3),
        np.roll(BASE, -3),
        -np.roll(BASE, 1),
        np.zeros(300),
    ],
)
def test_what_is_on_its_own_dates_is_not_moved(tuned):
    assert moved(BASE, tuned) is None


def test_a_few_periods_or_a_single_one_that_moves_tell_nothing():
    assert moved(BASE[:4], np.roll(BASE, 1)[:4]) is None
    found = moved(np.array([1.0, 4.0, 2.0, 5.0, 3.0]), np.array([3.0, 1.0, 4.0, 2.0, 5.0]))
    assert (found.periods, found.there) == (1, pytest.approx(1.0))
    lone = np.zeros(300)
    lone[0] = 1.0
    assert moved(lone, np.roll(lone, 150)) is None
    last = np.zeros(300)
    last[-1] = 1.0
    assert moved(lone, last) is None
    assert moved(BASE, lone) is None
    assert moved(BASE, last) is None


def test_twice_as_like_on_other_dates_is_enough():
    found = moved(BASE, np.roll(BASE, 1) + 0.4 * BASE)
    assert 2 < found.there / found.here < 3
    assert moved(BASE, np.roll(BASE, 1) + 0.6 * BASE) is None
