"""Booked P&L beside returns, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.coverage.reconcile import Month, reconcile

MONTHS = np.array(["2020-11", "2020-12", "2020-12", "2021-01", "2020-11"])


def test_totals_and_months_are_sums():
    pnl, returns = np.array([0.01, 0.02, -0.03, 0.05, 0.04]), np.array([0.02, 0.01, -0.04, 0.06, 0.01])
    found = reconcile("base", pnl, returns, MONTHS)
    assert found.role == "base"
    assert (found.pnl, found.returned) == (pytest.approx(0.09), pytest.approx(0.06))
    assert [one.month for one in found.months] == ["2020-11", "2020-12", "2021-01"]
    assert [one.pnl for one in found.months] == pytest.approx([0.05, -0.01, 0.05])
    assert [one.returned for one in found.months] == pytest.approx([0.03, -0.03, 0.06])
    assert isinstance(found.months[0], Month)
    # years: 0.0 and 0.06; months: 0.03, 0.03 and 0.06
    assert found.gap == pytest.approx(0.03 / 0.06)
    assert found.month_gap == pytest.approx((0.02 + 0.02 + 0.01) / 0.12)
    assert str(found) == "base: trades +9.00%, returns +6.00%, gap 50.0%"


def test_a_total_near_zero_does_not_blow_the_gap_up():
    returns = np.array([0.1, 0.0, 0.0, -0.1, 0.0])
    found = reconcile("tuned", returns + np.array([0.0, 0.0, 0.0, 0.0, 0.002]), returns, MONTHS)
    assert found.gap == pytest.approx(0.002 / 0.2)
    assert found.month_gap == pytest.approx(0.002 / 0.2)
    assert found.returned == pytest.approx(0.0)


def test_the_sign_of_the_gap_is_not_told():
    returns = np.full(5, 0.01)
    more, less = (reconcile("x", returns * factor, returns, MONTHS).gap for factor in (1.5, 0.5))
    assert more == pytest.approx(0.5) == less
