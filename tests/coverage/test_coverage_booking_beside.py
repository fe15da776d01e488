"""P&L of tuned trades over the stretches that the base held too, worked by hand on prices of whole days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.coverage.attribution import attribute
from auditor.coverage.booking import book, pnl_beside_base
from auditor.inputs.trades import read_trades

START = pd.Timestamp("2020-01-06")
DATES = (START + pd.to_timedelta(np.arange(13), "D")).as_unit("ns").asi8
PRICES = {
    "X": [100, 101, 104, 102, 107, 107, 109, 108, 110, 110, 110, 110, 115],
    "Y": [100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124],
}


def blotter(*rows, fills=True, role="tuned trades"):
    """Rows of (instrument, side, entry day, exit day, quantity, fees, setup), filled at PRICES."""
    found = []
    for instrument, side, entry, exit, quantity, fees, setup in rows:
        first, last = PRICES[instrument][entry], PRICES[instrument][exit]
        found.append({
            "instrument": instrument, "side": "long" if side > 0 else "short", "quantity": quantity, "fees": fees,
            "entry_time": START + pd.Timedelta(entry, "D"), "exit_time": START + pd.Timedelta(exit, "D"),
            "pnl": side * quantity * (last - first) - fees, "entry_price": first, "exit_price": last, "setup": setup,
        })  # fmt: skip
    frame = pd.DataFrame(found)
    return read_trades(frame if fills else frame.drop(columns=["entry_price", "exit_price"]), role=role)


def beside(base, tuned, key=("instrument", "side")):
    return pnl_beside_base(attribute(base, tuned, opportunity=key), base, tuned)


BASE = blotter(("X", 1, 2, 6, 3, 0, "a"), ("Y", 1, 0, 9, 1, 0, "a"), role="base trades")


def test_it_is_that_of_the_stretches_and_fees_go_by_time():
    tuned = blotter(
        ("X", 1, 4, 12, 2, 4.0, "a"),  # a quarter of its time: 4 to 6
        ("X", 1, 0, 1, 1, 1.0, "a"),  # none of it
        ("X", -1, 3, 5, 1, 0, "a"),  # the other side is another opportunity
        ("Y", 1, 2, 5, 1, 1.0, "b"),  # all of it
    )
    wanted = [2 * (109 - 107) - 4 / 4, 0, 0, 6 - 1]
    np.testing.assert_allclose(beside(BASE, tuned), wanted, atol=1e-12)
    # another setup is another opportunity where the key says so
    wanted[3] = 0
    np.testing.assert_allclose(beside(BASE, tuned, ("instrument", "side", "setup")), wanted, atol=1e-12)


def test_what_prices_do_not_explain_goes_by_time():
    tuned = blotter(("X", 1, 4, 12, 2, 4.0, "a"), ("Y", 1, 2, 5, 9, 0, "a"))
    tuned = replace(tuned, pnl=tuned.pnl + np.array([8.0, 0.0]))
    found = attribute(BASE, tuned, point_value={"X": 1.0, "Y": 1.0})
    assert found.tuned_parts[:, -1].tolist() == pytest.approx([8.0, 0.0])
    np.testing.assert_allclose(pnl_beside_base(found, BASE, tuned), [4 + (8 - 4) / 4, 54], atol=1e-12)


def test_without_fills_nobody_knows():
    assert (
        beside(*(blotter(("X", 1, 2, 6, 3, 0, "a"), fills=False, role=role) for role in ("base trades", "tuned")))
        is None
    )


def test_a_base_on_the_other_side_is_beside_where_the_side_is_no_part_of_the_opportunity():
    base = blotter(("X", 1, 0, 10, 1, 0, "a"), role="base trades")
    tuned = blotter(
        ("X", -1, 2, 12, 1, 0, "a"),  # short beside the base's long from 2 to 10
        ("X", -1, 2, 10, 1, 3.0, "a"),
        ("X", 1, 9, 12, 1, 0, "a"),  # together from 9 to 10
    )
    for key, wanted in ((("instrument",), [-6, -9, 0]), (("instrument", "side"), [0, 0, 0])):
        np.testing.assert_allclose(beside(base, tuned, key), wanted, atol=1e-12)
    found = book(base, tuned, DATES, clock=False, key=("instrument",), valued=beside(base, tuned, ("instrument",)))
    np.testing.assert_allclose(found.fresh, [-5, 0, 5], atol=1e-12)


def test_a_base_in_other_instruments_only_is_beside_by_time():
    base = blotter(("X", 1, 0, 4, 1, 0, "a"), role="base trades")
    tuned = blotter(
        ("Y", 1, 3, 12, 1, 0.9, "a"),  # the same setup for a ninth of its time
        ("X", 1, 3, 12, 1, 0.9, "a"),  # and in the base's own instrument, where prices tell
        ("Y", 1, 3, 12, 2, 0.9, "b"),
    )
    for key in (("setup",), ("side", "setup")):
        np.testing.assert_allclose(beside(base, tuned, key), [(18 - 0.9) / 9, 5 - 0.1, 0], atol=1e-12)
