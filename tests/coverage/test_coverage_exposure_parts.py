"""Opportunities, tolerances and stretches, each by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.coverage.exposure import covered_share, exposure, jaccard, opportunity_codes, widened
from auditor.errors import InputError
from auditor.inputs.trades import read_trades

START = pd.Timestamp("2020-01-06")


def integers(*values):
    return np.array(values, dtype=np.int64)


def blotter(*rows, role="base trades", **tags):
    """Rows of (instrument, side, entry day, exit day, P&L), days counted from the first date."""
    frame = pd.DataFrame(list(rows), columns=["instrument", "side", "entry_time", "exit_time", "pnl"])
    for column in ("entry_time", "exit_time"):
        frame[column] = START + pd.to_timedelta(frame[column], "D")
    return read_trades(frame.assign(quantity=1.0, **tags), role=role)


# ---- opportunities


def test_an_opportunity_has_one_code_in_both_blotters():
    base = blotter(("B", "long", 0, 1, 0.1), ("A", "short", 0, 1, 0.1), ("A", "long", 1, 2, 0.1))
    tuned = blotter(("A", "long", 0, 1, 0.1), ("C", "long", 0, 1, 0.1), ("B", "long", 3, 4, 0.1), role="tuned trades")
    of_base, of_tuned = opportunity_codes(base, tuned, ("instrument", "side"))
    assert (of_base.size, of_tuned.size) == (3, 3)
    assert of_base[0] == of_tuned[2]
    assert of_base[2] == of_tuned[0]
    assert len({*of_base.tolist(), *of_tuned.tolist()}) == 4
    assert max(*of_base, *of_tuned) == 3  # dense, however many columns
    by_side = opportunity_codes(base, tuned, ("side",))
    assert by_side[0].tolist() == [0, 1, 0]
    assert by_side[1].tolist() == [0, 0, 0]
    assert of_base.dtype == of_tuned.dtype == np.int64
    assert [one.tolist() for one in opportunity_codes(base, tuned, ())] == [[0, 0, 0], [0, 0, 0]]


def test_two_blotters_without_a_trade_have_no_opportunity():
    one = blotter(("A", "long", 0, 1, 0.1))
    none = replace(one, **{name: getattr(one, name)[:0] for name in ("instrument", "side", "entry", "exit")})
    assert [codes.size for codes in opportunity_codes(none, none, ("instrument", "side"))] == [0, 0]
    assert [codes.tolist() for codes in opportunity_codes(none, one, ("instrument", "side"))] == [[], [0]]


def test_a_tag_makes_an_opportunity_and_one_that_is_missing_is_named():
    base = blotter(("A", "long", 0, 1, 0.1), ("A", "long", 1, 2, 0.1), setup=["x", "y"])
    tuned = blotter(("A", "long", 0, 1, 0.1), role="tuned trades", setup=["y"], desk=["d"])
    of_base, of_tuned = opportunity_codes(base, tuned, ("instrument", "setup"))
    assert of_tuned[0] == of_base[1] != of_base[0]
    with pytest.raises(InputError) as refused:
        opportunity_codes(base, tuned, ("desk",))
    assert str(refused.value) == (
        f"--opportunity 'desk': {base.name} has no such column. It has: instrument, side, setup"
    )


def test_a_tolerance_reaches_to_the_dates_around_and_ends_with_the_calendar():
    dates = integers(10, 20, 30, 40, 50)
    entry, exit = integers(10, 25, 5, 45, 60), integers(20, 25, 35, 50, 70)
    early, late = widened(entry, exit, dates, 2)
    assert early.tolist() == [10, 10, 5, 20, 30]
    assert late.tolist() == [40, 50, 50, 50, 70]
    early, late = widened(entry, exit, dates, 1)
    assert early.tolist() == [10, 10, 5, 30, 40]
    assert late.tolist() == [30, 40, 50, 50, 70]
    assert widened(integers(30), integers(30), dates, 1) == (20, 40)


# ---- overlap


def test_overlap_of_what_lasts_no_time_is_none_and_of_one_side_nothing():
    moment = exposure(integers(0), integers(5), integers(5))
    lasting = exposure(integers(0, 1), integers(0, 3), integers(10, 4))
    none = exposure(integers(), integers(), integers())
    assert jaccard(moment, moment) is None
    assert jaccard(none, none) is None
    assert jaccard(none, lasting) == jaccard(lasting, none) == 0.0
    assert jaccard(moment, lasting) == 0.0
    assert none.before.size == none.start.size == none.end.size == 0


def test_stretches_know_the_time_before_them():
    held = exposure(integers(1, 0, 0, 1), integers(0, 5, 2, 4), integers(3, 9, 6, 5))
    assert [one.tolist() for one in (held.key, held.start, held.end, held.before)] == [
        [0, 1, 1], [2, 0, 4], [9, 3, 5], [0, 7, 10],
    ]  # fmt: skip
    assert covered_share(held, integers(2, 1, 0), integers(0, 0, 0), integers(4, 5, 2)).tolist() == [0.0, 0.8, 0.0]
