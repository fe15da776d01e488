"""What a unit of turnover may cost before the gain is gone."""

import numpy as np
import pytest

from auditor.coverage.concentration import break_even_cost
from auditor.stats.ratios import sharpe_ratio

RNG = np.random.default_rng(0)
BASE = 0.001 + 0.01 * RNG.standard_normal(500)
TUNED = BASE + 0.0008
STILL, TRADED = np.zeros(500), np.full(500, 0.5)


def test_the_cost_that_erases_the_gain_erases_it():
    cost = break_even_cost(BASE, TUNED, STILL, TRADED)
    assert cost == pytest.approx(0.0016, rel=1e-9)
    assert sharpe_ratio(TUNED - cost * TRADED) == pytest.approx(sharpe_ratio(BASE), abs=1e-12)


def test_without_a_gain_the_first_cent_is_too_much():
    assert break_even_cost(TUNED, BASE, TRADED, TRADED) == 0.0
    assert break_even_cost(BASE, BASE, STILL, TRADED) == 0.0


def test_a_policy_that_trades_no_more_keeps_its_gain_at_any_cost():
    assert break_even_cost(BASE, TUNED, STILL, STILL) is None
    assert break_even_cost(BASE, TUNED, TRADED, STILL) is None
