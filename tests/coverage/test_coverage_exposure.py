"""Time held by opportunity against a plain grid, and the shares it gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.coverage.exposure import among, covered_share, exposure, jaccard, widened

trades = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 8)), max_size=12)


def arrays(rows):
    key = np.array([k for k, _, _ in rows], dtype=np.int64)
    entry = np.array([e for _, e, _ in rows], dtype=np.int64)
    return key, entry, entry + np.array([d for _, _, d in rows], dtype=np.int64)


def grid(rows, width=40):
    """Which unit of time each key is held: (keys, width)."""
    out = np.zeros((3, width), dtype=bool)
    for key, entry, length in rows:
        out[key, entry : entry + length] = True
    return out


@given(trades, trades)
@settings(max_examples=300, deadline=None)
def test_shares_are_those_of_a_plain_grid(base, tuned):
    held = grid(base)
    found = covered_share(exposure(*arrays(base)), *arrays(tuned))
    for (key, entry, length), share in zip(tuned, found, strict=True):
        if length:
            assert share == pytest.approx(held[key, entry : entry + length].mean())
        else:
            touches = any(k == key and e <= entry <= e + d for k, e, d in base)
            assert share == float(touches)


@given(trades, trades)
@settings(max_examples=200, deadline=None)
def test_jaccard_is_that_of_a_plain_grid(base, tuned):
    one, other = grid(base), grid(tuned)
    either = (one | other).sum()
    found = jaccard(exposure(*arrays(base)), exposure(*arrays(tuned)))
    if either:
        assert found == pytest.approx((one & other).sum() / either)
    else:
        assert found is None


@given(trades)
@settings(max_examples=100, deadline=None)
def test_stretches_are_disjoint_and_hold_every_trade(rows):
    held = exposure(*arrays(rows))
    same = held.key[1:] == held.key[:-1]
    assert (held.start[1:][same] > held.end[:-1][same]).all()
    assert covered_share(held, *arrays(rows)).tolist() == [1.0] * len(rows)


def test_nanoseconds_of_a_century_do_not_overflow():
    century = 100 * 365 * 86_400 * 10**9
    key = np.arange(50, dtype=np.int64)
    entry = np.zeros(50, dtype=np.int64)
    exits = np.full(50, century, dtype=np.int64)
    held = exposure(key, entry, exits // 2)
    np.testing.assert_allclose(covered_share(held, key, entry, exits), 0.5)


def test_nothing_held_covers_nothing():
    none = np.empty(0, dtype=np.int64)
    one = np.array([0], dtype=np.int64)
    assert covered_share(exposure(none, none, none), one, one, one + 5).tolist() == [0.0]
    assert covered_share(exposure(one, one, one + 5), none, none, none).size == 0


def test_tolerance_reaches_whole_periods():
    dates = np.array([0, 10, 20, 30, 40], dtype=np.int64)
    entry, exits = np.array([12, 0], dtype=np.int64), np.array([20, 33], dtype=np.int64)
    assert [x.tolist() for x in widened(entry, exits, dates, 0)] == [[12, 0], [20, 33]]
    assert [x.tolist() for x in widened(entry, exits, dates, 1)] == [[0, 0], [30, 40]]


def test_overlap_of_thousands_of_years_in_all():
    rng = np.random.default_rng(0)
    key = np.arange(20_000, dtype=np.int64)
    entry = rng.integers(0, 10**15, 20_000)
    held = exposure(key, entry, entry + 30 * 86_400 * 10**9)
    assert jaccard(held, held) == pytest.approx(1.0)


@settings(deadline=None)
@given(*[st.lists(st.tuples(*[st.integers(-3, 3)] * 3), max_size=20)] * 2)
def test_rows_among_others_are_those_of_a_plain_set(ours, theirs):
    columns = [np.array(rows, dtype=np.int64).reshape(-1, 3).T for rows in (ours, theirs)]
    assert among(*columns).tolist() == [one in theirs for one in ours]


def test_no_arithmetic_of_moments_makes_two_trades_one():
    """Seven seconds later in and 1,000,003 seconds earlier out: the same sum of products, and another trade."""
    second, entry, exit = 10**9, 1_600_000_000 * 10**9, 1_700_000_000 * 10**9
    code = np.zeros(1, dtype=np.int64)
    ours = (code, np.array([entry + 7 * second]), np.array([exit - 1_000_003 * second]))
    assert among(ours, (code, np.array([entry]), np.array([exit]))).tolist() == [False]
    assert among(ours, ours).tolist() == [True]
