"""Marks of positions split by what the base held, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.coverage.holdings import Marked, costs, cover_from_positions, mark, without_dust

BASE = np.array([[1.0, 0.0, -0.5], [0.2, -1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
TUNED = np.array([[2.0, 0.5, 0.5], [0.0, -0.1, 0.3], [0.0, 0.0, 0.0], [-1.0, 0.5, 0.0]])
RETURNS = np.array([[0.01, 0.02, 0.03], [0.04, -0.05, 0.06], [0.07, 0.08, 0.09], [0.1, -0.2, 0.3]])


def test_a_weight_is_covered_whole_where_the_base_has_its_sign():
    found = mark(BASE, TUNED, RETURNS)
    np.testing.assert_allclose(found.covered, [0.02, 0.005, 0.0, -0.1])
    np.testing.assert_allclose(found.fresh, [[0, 0.01, 0.015], [0, 0, 0.018], [0, 0, 0], [-0.1, 0, 0]])
    np.testing.assert_allclose(found.new, [0.025, 0.018, 0.0, -0.1])
    np.testing.assert_allclose(found.covered + found.new, (TUNED * RETURNS).sum(axis=1))
    assert found.covered_time == 3 / 7
    assert found.overlap == 3 / (7 + 7 - 3)


def test_who_holds_nothing_shares_nothing():
    nothing = np.zeros_like(BASE)
    assert (mark(nothing, nothing, RETURNS).covered_time, mark(nothing, nothing, RETURNS).overlap) == (None, None)
    assert (mark(BASE, nothing, RETURNS).covered_time, mark(BASE, nothing, RETURNS).overlap) == (None, 0.0)
    assert (mark(nothing, TUNED, RETURNS).covered_time, mark(nothing, TUNED, RETURNS).overlap) == (0.0, 0.0)
    assert (mark(BASE, 3 * BASE, RETURNS).covered_time, mark(BASE, 3 * BASE, RETURNS).overlap) == (1.0, 1.0)


def marked(covered, new):
    return Marked(
        covered=np.array(covered, float), new=np.array(new, float), fresh=np.zeros((len(new), 1)), covered_time=None,
        overlap=None,
    )  # fmt: skip


def test_a_span_is_cut_out_and_its_parts_are_exact():
    found = cover_from_positions(marked([1, 2, 4, 9], [0.5, 0, -2, 9]), np.array([0, 1, 2]))
    assert found.covered.tolist() == [1, 2, 4]
    assert found.new.tolist() == [0.5, 0, -2]
    assert found.r_squared == pytest.approx(np.corrcoef([1, 2, 4], [1.5, 2, 2])[0, 1] ** 2)
    assert found.names == ("instrument", "side")
    assert (found.parameters, found.error_factor, found.nothing_new, found.booked) == (1, 1.0, None, False)


def test_a_span_without_a_new_part_is_all_covered():
    found = cover_from_positions(marked([1, 2, 4], [0, 0, 3]), np.array([0, 1]))
    assert found.nothing_new == "the base held every position of tuned, in some size"
    assert found.covered.tolist() == [1, 2]
    assert found.names == ("instrument", "side")


@pytest.mark.parametrize(("covered", "new"), [([2, 2, 2], [1, 0, 3]), ([1, 2, 3], [-1, -2, -3])])
def test_what_never_varies_explains_nothing(covered, new):
    assert cover_from_positions(marked(covered, new), np.array([0, 1, 2])).r_squared == 0.0


def test_dust_is_what_is_a_millionth_of_the_largest():
    found, count = without_dust(np.array([[2.0, 1e-6], [-3e-6, 0.0]]))
    assert found.tolist() == [[2.0, 0.0], [-3e-6, 0.0]]
    assert count == 1
    assert without_dust(1e-9 * np.array([[2.0, 1e-6], [-3e-6, 0.0]]))[1] == 1
    assert without_dust(1e-9 * np.array([[2.0, 2.0], [-3.0, 0.0]]))[1] == 0
    nothing, none = without_dust(np.zeros((2, 2)))
    assert (nothing.tolist(), none) == ([[0, 0], [0, 0]], 0)


def test_costs_are_shared_by_what_is_traded_and_held():
    rng = np.random.default_rng(2)
    covered, new = rng.integers(-1, 2, (200, 3)) * 0.5, rng.integers(-1, 2, (200, 3)) * 0.25
    traded = [np.abs(np.diff(one, axis=0, prepend=0.0)) for one in (covered, new)]
    paid = 0.001 * traded[0] + 0.003 * traded[1] + 0.0005 * np.abs(new)
    assert costs(covered, new, paid.sum(axis=1)) == pytest.approx(paid, abs=1e-12)
    small = costs(1e-6 * covered, 1e-6 * new, paid.sum(axis=1))
    assert small == pytest.approx(paid, abs=1e-12)
    # what the returns have and the marks have not is no cost
    assert costs(covered, new, -paid.sum(axis=1)) == pytest.approx(np.zeros((200, 3)))
    assert costs(np.zeros((200, 3)), np.zeros((200, 3)), paid.sum(axis=1)).tolist() == np.zeros((200, 3)).tolist()


def test_the_part_that_costs_pays():
    rng = np.random.default_rng(3)
    base, tuned = rng.integers(-1, 2, (2, 200, 3)) * 0.5
    returns = rng.normal(0, 0.01, (200, 3))
    gross = mark(base, tuned, returns)
    new = np.where(np.sign(base) == np.sign(tuned), 0.0, tuned)
    paid = 0.002 * np.abs(new).sum(axis=1)
    net = mark(base, tuned, returns, (tuned * returns).sum(axis=1) - paid)
    assert net.covered == pytest.approx(gross.covered, abs=1e-12)
    assert net.new == pytest.approx(gross.new - paid, abs=1e-12)


def test_marks_are_net_of_what_the_returns_lack():
    gross = mark(BASE, TUNED, RETURNS)
    earned = (TUNED * RETURNS).sum(axis=1)
    same = mark(BASE, TUNED, RETURNS, earned)
    assert same.covered == pytest.approx(gross.covered)
    assert same.new == pytest.approx(gross.new)
    held = np.abs(TUNED).sum(axis=1)
    net = mark(BASE, TUNED, RETURNS, earned - 0.01 * held)
    assert net.covered + net.new == pytest.approx(earned - 0.01 * held, abs=1e-9)
    assert net.fresh.sum(axis=1) == pytest.approx(net.new)
