"""Booked P&L held against returns."""

import numpy as np

from auditor.coverage.reconcile import reconcile


def test_a_gap_reads_in_one_line():
    months = np.array(["2020-01", "2020-01", "2020-02"])
    found = reconcile("base", np.array([0.01, 0.02, 0.02]), np.array([0.01, 0.02, 0.01]), months)
    assert str(found) == "base: trades +5.00%, returns +4.00%, gap 25.0%"
    assert [(one.month, round(one.pnl - one.returned, 9)) for one in found.months] == [
        ("2020-01", 0),
        ("2020-02", 0.01),
    ]
