"""Payments now and then beside what streams explain, by hand."""

import numpy as np
import pytest

from auditor.coverage.lumps import lumps
from auditor.coverage.streams import ACCRUAL

N = 600
RNG = np.random.default_rng(4)
BASE = RNG.standard_t(4, N) * 0.01
OTHER = RNG.standard_t(4, N) * 0.01
STREAMS = np.column_stack([BASE, OTHER])
MONTHLY = np.where(np.arange(N) % 21 == 20, 0.002, 0.0)


def found(tuned, streams=STREAMS):
    return lumps(tuned, streams, ACCRUAL)


@pytest.mark.parametrize("size", [1.0, -1.0, 0.3])
def test_payments_of_one_size_are_found_whole(size):
    tuned = 0.7 * BASE - 0.2 * OTHER + 1e-5 + size * MONTHLY
    assert found(tuned) == pytest.approx(size * MONTHLY, abs=1e-6)


@pytest.mark.parametrize(
    "beside",
    [
        np.zeros(N),
        MONTHLY * np.where(np.arange(N) % 42 == 20, 1, -1),  # wins and losses
        MONTHLY * np.where(np.arange(N) % 42 == 20, 1, 9),  # of other sizes
        np.where(np.arange(N) % 5 == 0, 0.002, 0.0),  # too often
        np.where(np.arange(N) % 300 == 7, 0.002, 0.0),  # too seldom
        RNG.standard_normal(N) * 0.002,  # a book
    ],
)
def test_what_is_no_payment_is_not_one(beside):
    assert found(BASE + beside) is None


def test_a_policy_that_rests_but_for_payments_is_none():
    assert found(MONTHLY) is None
    assert found(1.0 + MONTHLY) is None


@pytest.mark.parametrize("seed", [343, 462])
def test_where_one_beginning_misses_them_the_other_does_not(seed):
    """Payments as many as can be: of these two the first needs least squares, the second the other beginning."""
    streams = np.random.default_rng(seed).standard_t(3, (120, 4))
    paid = np.where(np.arange(120) % 17 == 9, 30.0, 0.0)
    assert found(streams.sum(axis=1) + paid, streams) == pytest.approx(paid, abs=1e-6)


NOISE = np.where(MONTHLY > 0, 0.0, np.random.default_rng(5).choice([-1.0, 1.0], N) * (1 + np.arange(N) / 1e4))


def noise(share):
    """What the streams leave unexplained, as a share of tuned's variance on the days that the fit keeps."""
    return NOISE * np.sqrt(share * ACCRUAL * BASE.var() / (NOISE @ NOISE) * N)


@pytest.mark.parametrize(("share", "is_found"), [(0.8, True), (1.2, False)])
@pytest.mark.parametrize("level", [0.0, 5.0])
def test_the_streams_explain_all_but_so_much_of_the_variance(share, is_found, level):
    assert (found(level + BASE + noise(share) + MONTHLY) is not None) is is_found


def test_a_payment_is_three_times_what_the_fit_leaves():
    beside = noise(0.5)
    # The fit itself moves by a tenth of the noise.
    for times, is_found in ((3.8, True), (3.2, False)):
        paid = np.where(MONTHLY > 0, times * np.abs(beside).max(), 0.0)
        assert (found(BASE + beside + paid) is not None) is is_found


def test_payments_above_rounding_are_payments_however_small():
    for size, is_found in ((1e-5, True), (1e-7, True), (1e-9, False)):
        assert (found(BASE + size * (MONTHLY > 0)) is not None) is is_found


@pytest.mark.parametrize(("count", "is_found"), [(3, False), (4, True)])
def test_four_payments_are_alike_and_three_are_not(count, is_found):
    paid = np.zeros(N)
    paid[np.arange(count) * 90 + 11] = 0.002
    assert (found(BASE + paid) is not None) is is_found


@pytest.mark.parametrize(("apart", "is_found"), [(0.69, True), (0.73, False)])
def test_sizes_change_by_less_than_half_of_them(apart, is_found):
    """From one to the next: sizes of 1 - d/2 and 1 + d/2 in turn change by d / sqrt(2)."""
    turn = np.where(np.arange(N) % 42 == 20, 1.0, -1.0)
    paid = MONTHLY * (1 + apart / 2 * turn)
    assert (found(BASE + paid) is not None) is is_found
