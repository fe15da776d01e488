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


def found(tuned, base=BASE, streams=STREAMS):
    return lumps(tuned, streams, base, ACCRUAL)


@pytest.mark.parametrize("size", [1.0, -1.0, 0.3])
def test_payments_of_one_size_are_found_whole(size):
    tuned = 0.7 * BASE - 0.2 * OTHER + 1e-5 + size * MONTHLY
    assert found(tuned) == pytest.approx(size * MONTHLY, abs=1e-6)


def test_a_base_that_holds_nothing_is_no_hindrance():
    assert found(OTHER + MONTHLY, base=np.zeros(N)) == pytest.approx(MONTHLY, abs=1e-6)


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
