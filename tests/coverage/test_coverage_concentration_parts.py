"""How few trades make the result, and what they could cost, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.coverage.concentration import MOST_COST, break_even_cost, concentration, inverse_herfindahl
from auditor.stats.ratios import sharpe_ratio


def test_equal_parts_count_and_unequal_ones_count_less():
    assert inverse_herfindahl(np.full(7, 3.0)) == pytest.approx(7)
    assert inverse_herfindahl(np.array([3.0, 1.0])) == 16 / 10
    assert inverse_herfindahl(np.array([0.1, 0.0])) == pytest.approx(1)
    assert inverse_herfindahl(np.zeros(3)) == inverse_herfindahl(np.zeros(0)) == 0.0


def test_trades_and_instruments_are_counted_by_the_size_of_their_pnl():
    pnl = np.array([4.0, -2.0, 1.0, 1.0])
    found = concentration(pnl, np.array([0, 0, 1, 3]))
    assert found.n_trades == 4
    assert found.effective_trades == pytest.approx(64 / 22)
    # by instrument 2, 1, 0 and 1
    assert found.effective_instruments == pytest.approx(16 / 6)
    assert (found.top_ten_share, found.reason) == (1.0, None)


def test_the_ten_best_are_held_against_all():
    pnl = np.r_[np.arange(1.0, 13.0), -8.0]
    found = concentration(np.random.default_rng(0).permutation(pnl), np.zeros(13, dtype=np.int64))
    assert found.top_ten_share == pytest.approx(75 / 70)
    small = concentration(1e-3 * pnl, np.zeros(13, dtype=np.int64))
    assert (small.top_ten_share, small.reason) == (pytest.approx(75 / 70), None)


@pytest.mark.parametrize("pnl", [[], [0.0], [1.0, -1.0], [-5.0, 2.0]])
def test_no_gain_has_no_share(pnl):
    found = concentration(np.array(pnl), np.zeros(len(pnl), dtype=np.int64))
    assert (found.top_ten_share, found.reason) == (None, "the trades made no money in all")
    assert found.n_trades == len(pnl)
    assert (found.effective_instruments == 0.0) == (sum(pnl) == 0)


def test_a_cost_breaks_even_where_both_policies_pay_it():
    rng = np.random.default_rng(1)
    base = 0.01 * rng.standard_normal(250)
    base_traded, tuned_traded = rng.uniform(0.5, 1, 250), rng.uniform(1, 3, 250)
    tuned = base + 0.001
    cost = break_even_cost(base, tuned, base_traded, tuned_traded)
    assert 1e-4 < cost < 1e-2
    assert sharpe_ratio(tuned - cost * tuned_traded) == pytest.approx(sharpe_ratio(base - cost * base_traded), abs=1e-9)
    small = break_even_cost(base, base + 1e-5, base_traded, tuned_traded)
    assert 0 < small < 1e-4
    assert sharpe_ratio(base + 1e-5 - small * tuned_traded) == pytest.approx(
        sharpe_ratio(base - small * base_traded), abs=1e-9
    )


def test_no_gain_bears_no_cost_and_free_trades_bear_any():
    rng = np.random.default_rng(2)
    base, traded = 0.01 * rng.standard_normal(100), np.ones(100)
    assert break_even_cost(base, base - 0.001, traded, traded) == 0.0
    assert break_even_cost(base, base, traded, traded) == 0.0
    assert break_even_cost(base, base + 0.001, traded, np.zeros(100)) is None


@pytest.mark.parametrize(("least", "found"), [(0.7, True), (0.9, False)])
def test_a_cost_beyond_what_is_traded_is_not_looked_for(least, found):
    # the search doubles from a basis point: 2^13 of them are the last below 100 %
    assert 2**13 * 1e-4 < MOST_COST < 2**14 * 1e-4
    rng = np.random.default_rng(3)
    base, traded = 0.01 * rng.standard_normal(100), np.ones(100)
    cost = break_even_cost(base, base + least, np.zeros(100), traded)
    assert (cost is not None) is found
    if found:
        assert math.isclose(cost, least, rel_tol=1e-9)
