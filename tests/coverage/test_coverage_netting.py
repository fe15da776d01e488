"""What is new and only makes the policy's own trades smaller, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.coverage.netting import faced, facing, points
from auditor.inputs.trades import read_trades

START = pd.Timestamp("2020-01-06")


def blotter(*rows, prices=True):
    """Rows of (instrument, side, entry day, exit day, entry price, exit price, quantity)."""
    names = ["instrument", "side", "entry_time", "exit_time", "entry_price", "exit_price", "quantity"]
    frame = pd.DataFrame(list(rows), columns=names)
    for column in ("entry_time", "exit_time"):
        frame[column] = START + pd.to_timedelta(frame[column], "D")
    sign = np.where(frame["side"] == "long", 1, -1)
    frame["pnl"] = sign * frame["quantity"] * (frame["exit_price"] - frame["entry_price"])
    return read_trades(frame if prices else frame.drop(columns=["entry_price", "exit_price"]), role="tuned trades")


LONG = ("A", "long", 0, 4, 100.0, 104.0, 2.0)
WITHIN = ("A", "short", 0, 2, 100.0, 99.0, 1.0)
BEYOND = ("A", "short", 2, 8, 99.0, 95.0, 4.0)
ELSEWHERE = ("B", "short", 0, 4, 50.0, 49.0, 9.0)


def faced_time(tuned, share):
    return faced(tuned, share)[0]


def test_the_smaller_quantity_is_what_faces():
    tuned = blotter(LONG, WITHIN, BEYOND)
    on, part = facing(tuned, np.array([1.0, 0, 0]))
    days = ((on.time - START.value) / 86_400e9).tolist()
    assert days == [0, 2, 4, 8]
    # one short against two long: wholly; four against two: half; after day 4 nothing is long
    assert part[0].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert part[1].tolist() == [0.0] * 4
    assert part.shape == (2, 4)
    _, small = facing(replace(tuned, quantity=tuned.quantity * 1e-15), np.array([1.0, 0, 0]))
    np.testing.assert_array_equal(small, part)
    assert faced_time(tuned, np.array([1.0, 0, 0])) == pytest.approx([0, 1, 2 * 0.5 / 6])


def test_only_covered_quantity_is_faced():
    """A new short trade against a new long one is two new trades."""
    assert faced_time(blotter(LONG, WITHIN), np.zeros(2)).tolist() == [0, 0]
    assert faced_time(blotter(LONG, WITHIN), np.ones(2)).tolist() == [0, 0]
    _, both = facing(blotter(LONG, ("A", "short", 0, 4, 1.0, 1.0, 2.0)), np.array([0.5, 0.75]))
    assert both.tolist() == [[1.0, 0.0], [1.0, 0.0]]
    _, both = facing(blotter(LONG, ("A", "short", 0, 4, 1.0, 1.0, 6.0)), np.array([0.5, 0.75]))
    assert both.tolist() == [[1 / 1.5, 0.0], [1.0, 0.0]]
    half = faced_time(blotter(LONG, ("A", "short", 0, 4, 1.0, 1.0, 2.0)), np.array([0.5, 0.0]))
    assert half == pytest.approx([0, 0.5])


def test_by_fills_the_pnl_over_what_is_faced():
    tuned = blotter(LONG, WITHIN, BEYOND)
    share = np.array([1.0, 0, 0])
    _, found = faced(tuned, share, {"A": 1.0})
    # the short of one unit earns 1; of the four, half faces while the price goes from 99 to 104, where the long leaves
    assert found == pytest.approx([0, 1.0, -4 * 0.5 * (104 - 99)])
    assert faced(tuned, share, {"A": 50.0})[1] == pytest.approx(50 * found)
    assert faced(blotter(LONG, WITHIN, prices=False), np.array([1.0, 0]), {"A": 1.0})[1] is None
    assert faced(tuned, share, {})[1] is None
    assert faced(replace(tuned, exit_price=np.full(3, np.nan)), share, {"A": 1.0})[1] is None
    assert points(blotter(LONG, ELSEWHERE), {"B": 5.0}).tolist() == [1.0, 5.0]


def many(n, *rows):
    """Rows again and again, ten days apart."""
    return [(name, side, a + 10 * i, b + 10 * i, *rest) for i in range(n) for name, side, a, b, *rest in rows]


@pytest.mark.parametrize(
    ("new", "faces"),
    [
        (("A", "short", 0, 4, 1.0, 1.0, 2.0), True),  # the other side of a trade, to the moment
        (("A", "short", 0, 9, 1.0, 1.0, 2.0), True),  # held on: it begins with one
        (("A", "short", 1, 4, 1.0, 1.0, 2.0), True),  # and this ends with one
        (("A", "short", 1, 3, 1.0, 1.0, 2.0), True),  # within: most of its time
        (("A", "short", 3, 8, 1.0, 1.0, 2.0), False),  # a book of its own that meets some
        (("A", "long", 5, 8, 1.0, 1.0, 2.0), False),
        (("B", "short", 0, 4, 1.0, 1.0, 2.0), False),
    ],
)
@pytest.mark.parametrize("parked", [0, 40])
@pytest.mark.parametrize("first", ["", "0"])
def test_trades_against_ones_own_are_told_from_a_book_that_meets_some(new, faces, parked, first):
    """Whatever else is held in instruments where nothing is covered, and whichever instrument comes first."""
    rows = many(8, LONG, new) + [("C", "long", i, i + 9, 1.0, 1.0, 90.0) for i in range(parked)]
    rows += [(first, "long", 900, 909, 1.0, 1.0, 1.0)] * bool(first)
    tuned = blotter(*rows)
    share = np.array([1.0, 0.0] * 8 + [0.0] * parked + [1.0] * bool(first))
    assert bool(faced_time(tuned, share).any()) is faces


def test_moments_are_of_one_instrument_and_of_what_is_covered():
    """New trades that begin with trades elsewhere, or with other new ones, are a book of their own."""
    meets = ("A", "short", 3, 8, 1.0, 1.0, 2.0)
    beside = ("B", "long", 3, 9, 1.0, 1.0, 2.0), ("B", "long", 1, 8, 1.0, 1.0, 2.0)
    third = ("C", "short", 3, 9, 1.0, 1.0, 2.0), ("C", "short", 1, 8, 1.0, 1.0, 2.0), ("B", "long", 0, 9, 1.0, 1.0, 2.0)
    own = ("A", "long", 3, 8, 1.0, 1.0, 0.1)
    for more, covered in ((beside, 1.0), (third, 1.0), ((own,), 0.0)):
        rows = many(8, LONG, meets, *more)
        share = np.array([1.0, 0.0, *[covered] * len(more)] * 8)
        assert not faced_time(blotter(*rows), share).any()


def test_exactly_half_is_not_most():
    rows = [LONG, ("A", "short", 1, 3, 1.0, 1.0, 2.0), ("A", "short", 20, 23, 1.0, 1.0, 2.0)]
    assert not faced_time(blotter(*rows), np.array([1.0, 0.0, 0.0])).any()


def test_a_book_that_meets_some_keeps_all_of_its_pnl():
    """Its time was whole, and by the fills what met the policy's own trades was taken off it all the same."""
    tuned = blotter(*many(8, LONG, ("A", "short", 3, 8, 103.0, 95.0, 2.0)))
    share = np.array([1.0, 0.0] * 8)
    time, pnl = faced(tuned, share, {"A": 1.0})
    assert not time.any()
    assert pnl.tolist() == [0.0] * 16
