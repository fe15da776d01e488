"""Segments and who holds in them, each part alone and by hand."""

from __future__ import annotations

import numpy as np

from auditor.coverage.segments import Grid, grid, held, met, per_place, sizes_differ


def integers(*values):
    return np.array(values, dtype=np.int64)


def numbers(*values):
    return np.array(values, dtype=np.float64)


def flags(*values):
    return np.array(values, dtype=bool)


def test_counts_and_amounts_held_are_numbers_of_one_kind():
    on = grid(integers(0, 0, 1), integers(0, 2, 0), integers(4, 6, 5))
    np.testing.assert_array_equal(held(on, flags(1, 1, 1)), [1, 2, 1, 0, 1, 0])
    np.testing.assert_array_equal(held(on, flags(1, 1, 1), numbers(2, 0.5, 3)), [2, 2.5, 0.5, 0, 3, 0])
    assert held(on, flags(1, 1, 1)).dtype == held(on, flags(1, 1, 1), numbers(2, 0.5, 3)).dtype == np.float64


def test_what_a_trade_met_is_exact_in_nanoseconds():
    on = grid(integers(0, 0), integers(0, 1), integers(3, 2))
    steps = integers(2**62 + 1, 2**61 + 3, 2**62 + 5, 0)
    np.testing.assert_array_equal(met(on, integers(1), steps), [2**61 + 3])
    small = integers(2**53, 1, 2**53, 0)  # a sum of floats loses the 1
    np.testing.assert_array_equal(met(on, integers(1), small), [1.0])


def test_a_place_is_scaled_by_the_power_of_two_above_its_largest():
    on = Grid(place=integers(1, 1, 4), time=integers(0, 1, 0), enters=integers(), leaves=integers())
    np.testing.assert_array_equal(per_place(on, numbers(-3, 1, 0.2)), [4.0, 4.0, 0.25])
    nothing = Grid(place=integers(), time=integers(), enters=integers(), leaves=integers())
    assert per_place(nothing, numbers()).size == 0


def test_sizes_are_equal_but_for_the_rounding_of_the_largest_in_their_place():
    # place 0 once held a million, beside which a tenth of a millionth is rounding; place 1 never did
    place = integers(0, 0, 0, 1, 1)
    on = grid(place, integers(0, 5, 5, 5, 5), integers(1, 9, 9, 9, 9))
    tuned, everyone = flags(0, 0, 1, 0, 1), np.ones(5, dtype=bool)
    quantity = numbers(1e6, 0.3, 0.3 + 1e-7, 0.3, 0.3 + 1e-7)
    found = sizes_differ(on, tuned=tuned, side=everyone, quantity=quantity)
    assert found.tolist() == [True, False, False, False, True, False]
    found = sizes_differ(on, tuned=tuned, side=everyone, quantity=numbers(1e6, 0.3, 0.3 + 1e-5, 0.3, 0.3 + 1e-10))
    assert found.tolist() == [True, False, True, False, False, False]
    assert not sizes_differ(on, tuned=tuned, side=~everyone, quantity=quantity).any()
