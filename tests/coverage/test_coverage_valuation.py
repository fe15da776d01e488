"""What trades are worth by prices, by fills or by time, each part alone and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.coverage.segments import grid
from auditor.coverage.valuation import PricePath, fill_prices, path_prices, point_values, value_trades
from auditor.errors import InputError
from auditor.inputs.trades import Trades

NAN = np.nan


def integers(*values):
    return np.array(values, dtype=np.int64)


def numbers(*values):
    return np.array(values, dtype=np.float64)


def flags(*values):
    return np.array(values, dtype=bool)


def blotter(*rows, prices=True):
    """Rows of (instrument, entry, exit, P&L, entry price, exit price): long, one unit, no fees."""
    names = tuple(sorted({row[0] for row in rows}))
    columns = [np.array(one) for one in zip(*[(names.index(row[0]), *row[1:]) for row in rows], strict=True)]
    size = len(rows)
    return Trades(
        name="trades", instruments=names, instrument=columns[0].astype(np.int64), side=np.ones(size, dtype=np.int8),
        entry=columns[1].astype(np.int64), exit=columns[2].astype(np.int64), quantity=np.ones(size),
        pnl=columns[3].astype(float), fees=np.zeros(size), entry_price=columns[4].astype(float) if prices else None,
        exit_price=columns[5].astype(float) if prices else None, is_open=np.zeros(size, dtype=bool), tags={},
        recognised="contract columns", unit="currency", aware=False, sha256="", notes=(), warnings=(),
    )  # fmt: skip


def worth(base, tuned, prices=None, given=None):
    """What `value_trades` says of two blotters, each instrument a place."""
    names = sorted({*base.instruments, *tuned.instruments})
    place = np.concatenate(
        [integers(*[names.index(n) for n in one.instruments])[one.instrument] for one in (base, tuned)]
    )
    on = grid(place, np.concatenate([base.entry, tuned.entry]), np.concatenate([base.exit, tuned.exit]))
    return value_trades(base, tuned, on, prices, given)


def priced(on, entry, exit):
    return fill_prices(on, entry_price=numbers(*entry), exit_price=numbers(*exit), quantity=np.ones(len(entry)))


def test_a_trade_without_duration_prices_nothing():
    # enters and leaves at 2, amid a trade from 0 to 4
    on = grid(integers(0, 0), integers(0, 2), integers(4, 2))
    np.testing.assert_array_equal(priced(on, (10, 99), (14, 99)), [10, 10, 14])
    np.testing.assert_array_equal(priced(on, (10, NAN), (14, NAN)), [10, 10, 14])
    # and where nothing was filled before it, in its place, there is no price yet
    on = grid(integers(0, 0, 1, 1), integers(0, 2, 0, 3), integers(4, 2, 0, 5))
    np.testing.assert_array_equal(priced(on, (10, 99, 55, 7), (14, 99, 55, 8)), [10, 10, 14, 0, 7, 8])
    first = grid(integers(0, 0), integers(0, 1), integers(0, 2))
    np.testing.assert_array_equal(priced(first, (55, 7), (55, 8)), [0, 7, 8])


def test_one_fill_of_a_lasting_trade_is_not_enough():
    on = grid(integers(0), integers(0), integers(4))
    assert priced(on, (10,), (NAN,)) is None
    assert priced(on, (NAN,), (14,)) is None
    np.testing.assert_array_equal(priced(on, (10,), (14,)), [10, 14])


def test_the_last_price_known_is_that_of_its_own_column():
    times = integers(10, 20, 30, 40)
    values = np.array([[1.0, NAN], [NAN, 2.0], [NAN, NAN], [3.0, 4.0]])
    at = integers(5, 10, 25, 30, 40, 50)
    price, stale = path_prices(times, values, integers(0, 0, 0, 0, 0, 0), at)
    np.testing.assert_array_equal(price, [NAN, 1, 1, 1, 3, 3])
    np.testing.assert_array_equal(stale, [False, False, True, True, False, True])
    price, stale = path_prices(times, values, integers(1, 1, 1, 1, 1, 1), at)
    np.testing.assert_array_equal(price, [NAN, NAN, 2, 2, 4, 4])
    np.testing.assert_array_equal(stale, [False, False, True, True, False, True])


@pytest.mark.parametrize(
    ("move", "gross", "wanted"),
    [
        ((100, 100), (105, 103), 1.0),  # nearly explained: a unit is a unit
        ((11,), (10,), 1.0),  # exactly a tenth is left
        ((1,), (50,), 50.0),
        ((1, 1, 10), (2, 3, 100), 10.0),  # the median counts a move by its size
        ((1, 1), (20, 30), 20.0),  # half is enough: the lower of two
        ((5, 1, 1), (10, 30, 31), 2.0),
        ((1, 1, 1), (0, 0, 5), 1.0),  # no value is nothing
        ((1, 1, 1), (-4, -4, 5), 1.0),  # nor less
        ((0, 2), (7, 20), 10.0),
    ],
)
def test_a_point_is_fitted_where_a_unit_does_not_fit(move, gross, wanted):
    found = point_values(numbers(*move), numbers(*gross), integers(*[0] * len(move)), 3)
    np.testing.assert_allclose(found, [wanted, 1.0, 1.0], rtol=1e-12)


def test_points_are_fitted_by_instrument():
    move = numbers(100, 1, 1, 10, 3, 1)
    gross = numbers(105, 2, 3, 100, 150, 40)
    found = point_values(move, gross, integers(0, 2, 2, 2, 1, 1), 4)
    np.testing.assert_allclose(found, [1.0, 50.0, 10.0, 1.0], rtol=1e-12)


UNEXPLAINED = "quantity times price change leaves {} the trades' P&L unexplained"
SPREAD = "each trade's P&L is spread evenly over its holding time: timing lines are what it earned on average"


@pytest.mark.parametrize(
    ("pnl", "basis", "notes"),
    [
        (10.0, "fills", ()),
        (10.0 / 0.9, "fills", ()),
        (12.5, "fills", (UNEXPLAINED.format("20% of"),)),
        (20.0, "fills", (UNEXPLAINED.format("50% of"),)),
        (25.0, "time", (UNEXPLAINED.format("60% of"), SPREAD)),
        (0.0, "time", (UNEXPLAINED.format("over 10 times"), SPREAD)),
        (5e-324, "time", (UNEXPLAINED.format("over 10 times"), SPREAD)),
        (0.99, "time", (UNEXPLAINED.format("910% of"), SPREAD)),
    ],
)
def test_what_the_fills_leave_unexplained_is_said_and_beyond_half_spread(pnl, basis, notes):
    found = worth(blotter(("X", 0, 4, pnl, 100, 110)), blotter(("X", 2, 4, pnl, 100, 110)), given={"X": 1.0})
    assert (found.basis, found.notes) == (basis, notes)
    assert found.point_value == ({"X": 1.0} if basis == "fills" else {})
    np.testing.assert_array_equal(found.gross, [pnl, pnl])
    if basis == "time":
        np.testing.assert_allclose(found.worth, [pnl / 4, pnl / 2])


def test_exactly_a_tenth_unexplained_is_not_said():
    found = worth(blotter(("X", 0, 4, 10.0, 100, 109)), blotter(("X", 0, 4, 10.0, 100, 109)), given={"X": 1.0})
    assert (found.basis, found.notes) == ("fills", ())


def test_fills_that_are_missing_are_said():
    one = blotter(("X", 0, 4, 10.0, 100, 110))
    found = worth(one, blotter(("X", 0, 4, 10.0, 0, 0), prices=False))
    assert found.notes == ("no prices, and not every trade has fills", SPREAD)
    moment = blotter(("X", 4, 4, 0.0, NAN, NAN))
    assert worth(moment, moment).basis == "fills"


def test_the_first_trade_before_any_price_is_named():
    path = PricePath(
        times=integers(10**9, 2 * 10**9), instruments=("X", "Y"), values=np.array([[1.0, NAN], [2.0, 3.0]])
    )
    late = blotter(("X", 10**9, 2 * 10**9, 1.0, 1, 2))
    with pytest.raises(InputError, match=r"1 trade enters .* the first in 'Y' at 1970-01-01T00:00:01\.000000000\."):
        worth(late, blotter(("Y", 10**9, 2 * 10**9, 1.0, 1, 2)), path)
    with pytest.raises(InputError, match=r"2 trades enter .* the first in 'X' at 1970-01-01T00:00:00\.000000000\."):
        worth(blotter(("X", 0, 10**9, 1.0, 1, 2)), blotter(("Y", 10**9, 2 * 10**9, 1.0, 1, 2)), path)
