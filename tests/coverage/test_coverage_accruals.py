"""Costs, fees and interest are told from bets: by hand, and by how little of each passes."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.coverage.accruals import LEAST, SIZED, accrued, sized
from auditor.coverage.inferred import cover_from_returns, whole_sample
from auditor.coverage.streams import candidates

NONE = np.empty((1500, 0))


@pytest.fixture
def base():
    """Daily returns of a policy that is out of the market in spells, three days of four."""
    rng = np.random.default_rng(3)
    held = np.repeat(rng.random(75) < 0.25, 20)
    return np.where(held, rng.standard_t(5, 1500) * 0.01, 0.0)


def covered(base, tuned, cash=0.0):
    index = np.arange(700, 1500)
    streams = candidates(base, 252, NONE, (), shortest=index.size)
    return cover_from_returns(whole_sample(base, tuned, streams, 252, cash), index, 252)


def test_interest_while_the_base_is_out_is_steady(base):
    idle = base == 0
    rate = np.repeat(np.linspace(0.0, 0.05, 6), 250) / 252  # it moves, slowly
    tuned = base + np.where(idle, rate, 0.0)
    assert accrued(base, tuned, idle).tolist() == np.where(idle, rate, 0.0).tolist()
    # nor is it seen in fewer periods than it takes
    first = idle & (np.cumsum(idle) < LEAST)
    assert not accrued(base, tuned, first).any()
    assert accrued(base, tuned, idle & (np.cumsum(idle) <= LEAST + 250)).any()


@pytest.mark.parametrize(("apart", "is_steady"), [(0.69, True), (0.73, False)])
def test_the_steady_change_by_less_than_half_of_their_size(apart, is_steady):
    """From one to the next: 1 - d/2 and 1 + d/2 in turn change by d / sqrt(2). Twenty show it."""
    idle = np.arange(100) < LEAST
    paid = np.where(idle, 1 + apart / 2 * np.tile([1.0, -1.0], 50), 0.0)
    assert bool(accrued(np.zeros(100), paid, idle).any()) is is_steady


@pytest.mark.parametrize("bets", ["normal", "coins", "rare"])
def test_bets_are_not_steady(base, bets):
    rng = np.random.default_rng(5)
    found = {
        "normal": rng.normal(0.002, 0.004, 1500),
        "coins": rng.choice([-0.001, 0.002], 1500),
        "rare": np.where(rng.random(1500) < 0.05, 0.01, 0.0),
    }[bets]
    idle = base == 0
    assert not accrued(base, base + np.where(idle, found, 0.0), idle).any()


def test_what_tuned_earns_steadily_is_covered_and_the_rest_is_not(base):
    idle = base == 0
    interest = np.where(idle, 0.04 / 252, 0.0)
    found = covered(base, base + interest)
    assert (
        found.nothing_new == "every return is the base's, resized, but for what costs, fees or interest on cash leave"
    )
    bets = np.random.default_rng(8).standard_t(5, 1500) * 0.004
    bets[idle] = 0.0
    with_bets = covered(base, base + interest + bets)
    assert with_bets.nothing_new is None
    np.testing.assert_allclose(with_bets.covered + with_bets.new, (base + interest + bets)[700:], atol=1e-15)
    without = covered(base, base + bets)
    np.testing.assert_allclose(with_bets.new, without.new, atol=1e-15)


def test_a_base_that_holds_nothing_earns_the_negative_of_cash(base):
    idle = base == 0
    cash = np.full(1500, 0.03 / 252)
    paid = base + np.where(idle, 2 * cash, 0.0)
    found = covered(base - cash, paid - cash, cash)
    assert found.nothing_new is not None
    assert covered(base - cash, paid - cash).nothing_new is None
    # without a rate the base earns nothing then
    streams = candidates(base, 252, NONE, (), shortest=1500)
    np.testing.assert_allclose(whole_sample(base, paid, streams, 252).steady, paid - base, atol=1e-15)


@pytest.mark.parametrize(
    ("cost", "is_sized"),
    [(0.0, True), (0.0025 / 252, True), (1.2e-4, True), (3e-3, False)],
)
def test_a_cost_on_the_wrong_side_is_small(cost, is_sized):
    rng = np.random.default_rng(2)
    base = rng.standard_t(5, 5000) * 0.01
    weight = np.repeat(rng.uniform(0.3, 3, 250), 20)
    assert sized(base, base * weight - cost * rng.random(5000)) is is_sized


def test_sized_by_hand():
    base = np.array([0.01, -0.01, 0.0, 0.02])
    small = np.sqrt(SIZED)
    for wrong, is_sized in ((0.99 * small, True), (1.01 * small, False)):
        assert sized(base, np.array([1.0, 0.0, wrong, 0.0])) is is_sized  # flat where tuned is not
        assert sized(base, np.array([1.0, wrong, 0.0, 0.0])) is is_sized  # the other sign
        assert sized(base, np.array([-wrong, -1.0, 0.0, 0.0])) is is_sized
    assert sized(base, 3 * base)
    assert sized(base, 0 * base)
    assert not sized(base, -base)


def test_a_small_book_beside_the_base_is_not_sizing():
    rng = np.random.default_rng(2)
    base = rng.standard_t(4, 5000) * 0.01
    assert not sized(base, base + 0.05 * 0.01 * rng.standard_t(4, 5000))
