"""The lines of tuned minus base P&L: their names, their order and how they read."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from auditor.coverage import lines
from auditor.coverage.lines import NAMES, Lines, lines_of


def test_numbers_of_lines_are_their_places_among_the_names():
    short = {"entry_timing": "ENTRY", "exit_timing": "EXIT", "gap_timing": "GAP"}
    assert [getattr(lines, short.get(name, name.upper())) for name in NAMES] == list(range(9))
    assert [one.name for one in fields(Lines)] == [*NAMES, "total"]


def test_a_row_is_named_in_order_and_added_up():
    found = lines_of(np.arange(1.0, 10.0))
    assert [getattr(found, name) for name in NAMES] == list(range(1, 10))
    assert found.total == 45.0
    for size in (8, 10):
        with pytest.raises(ValueError, match="zip"):
            lines_of(np.zeros(size))


def test_lines_that_are_more_than_rounding_are_read():
    row = np.zeros(9)
    assert str(lines_of(row)) == "+0"
    row[[0, 1, 3, 7]] = 1234567.8, -9e8, 0.901, -0.9  # rounding is a billionth of all, .90123...
    assert str(lines_of(row)) == "-8.98765e+08 = new +1.23457e+06, dropped -9e+08"
    row[[3, 7]] = 0.0, -0.902
    assert str(lines_of(row)) == "-8.98765e+08 = new +1.23457e+06, dropped -9e+08, fees -0.902"
    row[:] = 0.0
    row[lines.GAP] = 2.5
    assert str(lines_of(row)) == "+2.5 = gap timing +2.5"
