"""Each stream of the base against a plain loop over its past; spans, known streams and refusals by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.coverage.inferred import cover_from_returns, whole_sample
from auditor.coverage.split import all_covered
from auditor.coverage.streams import (
    Streams,
    candidates,
    independent_columns,
    own_streams,
    shallow_drawdown,
    split,
    trailing_mean,
    without_known,
)
from auditor.errors import InputError

STEADY = (
    "the base's own reweightings explain every return but a steady {} a year, "
    "as costs, fees or interest on cash leave it"
)


@pytest.fixture
def base():
    """Daily returns, flat for a while so that the cap on leverage binds, and zero for two days."""
    found = np.random.default_rng(7).standard_t(5, 300) * 0.01 + 0.0003
    found[100:150] *= 0.05
    found[[60, 61]] = 0.0
    return found


def before(values, at, window):
    """Mean of the last `window` values before a period; nothing before the fifth."""
    past = values[max(0, at - window) : at]
    return float(np.mean(past)) if at >= 5 else 0.0


@pytest.mark.parametrize(("per_year", "short", "long"), [(252, 21, 126), (52, 12, 26), (12, 12, 12), (8, 12, 12)])
def test_every_stream_is_the_base_by_a_weight_of_its_past(base, per_year, short, long):
    found = own_streams(base, per_year)
    assert found.names == (
        "base", f"base / volatility({short})", f"base / variance({short})", f"base if trend({long}) up",
        "base if drawdown shallow", "base 1 period late", "base 2 periods late",
    )  # fmt: skip
    assert found.known == 0
    mean_square = float(np.mean(base**2))
    capped = 0
    for at, value in enumerate(base):
        usual = before(base**2, at, 300) / 16
        variance = max(before(base**2, at, short), usual)
        capped += variance == usual > 0
        inverse = 1 / variance if variance else 0.0
        wealth = np.concatenate([[0.0], np.cumsum(base)])[: at + 1]
        falls = np.maximum.accumulate(wealth) - wealth
        wanted = (
            value, value * math.sqrt(mean_square * inverse), value * mean_square * inverse,
            value * (before(base, at, long) > 0), value * (falls[-1] <= falls.max() / 2),
            base[at - 1] if at >= 1 else 0.0, base[at - 2] if at >= 2 else 0.0,
        )  # fmt: skip
        np.testing.assert_allclose(found.values[at], wanted, rtol=1e-9, atol=1e-16)
    assert capped > 10


def test_no_trend_is_no_trend_up():
    flat = np.zeros(20)
    flat[10:] = 0.01
    values = own_streams(flat, 252)
    trend = values.values[:, values.names.index("base if trend(126) up")]
    assert trend[10] == 0.0
    assert trend[11] == 0.01


def test_the_fifth_period_is_the_first_with_a_past():
    values = np.arange(1.0, 9.0)
    np.testing.assert_allclose(trailing_mean(values, 5), [0, 0, 0, 0, 0, 3, 4, 5])
    np.testing.assert_allclose(trailing_mean(values, 1), [0, 0, 0, 0, 0, 5, 6, 7])


def test_a_drawdown_is_shallow_up_to_half_the_deepest():
    returns = np.array([-0.1, 0.06, -0.0101, 0.02, -0.06, 0.0])
    # drawdowns before each: 0, .1, .04, .0501, .0301, .0901; half the deepest is .05 from the second on
    assert shallow_drawdown(returns).tolist() == [True, False, True, False, True, False]


@pytest.mark.parametrize(("shortest", "many"), [(32, 1), (35, 1), (36, 2)])
def test_a_quarter_of_the_span_may_be_columns(base, shortest, many):
    known = np.random.default_rng(0).standard_normal((300, many))
    names = tuple(f"k{at}" for at in range(many))
    found = candidates(base, 252, known, names, shortest=shortest)
    assert (found.names[7:], found.known) == (names, many)
    np.testing.assert_array_equal(found.values[:, 7:], known)


@pytest.mark.parametrize(("shortest", "most"), [(31, 0), (28, 0), (20, 0), (35, 1)])
def test_more_columns_are_refused_with_how_many_may_be(base, shortest, most):
    known = np.random.default_rng(0).standard_normal((300, 2))
    with pytest.raises(InputError) as refused:
        candidates(base, 252, known, ("a", "b"), shortest=shortest)
    assert str(refused.value) == (
        f"known: 2 streams and 7 reweightings of the base are too many for {shortest} periods: at most {most} known "
        "streams. Pass fewer, or sums of them"
    )


def test_a_span_is_covered_by_its_own_rows(base):
    other = np.random.default_rng(1).standard_normal(300) * 0.004
    streams, index = own_streams(base, 252), np.arange(120, 300)
    found = cover_from_returns(whole_sample(base, base + other, streams, 252), index, 252)
    wanted = split((base + other)[index], Streams(names=streams.names, values=streams.values[index]), 252)
    np.testing.assert_array_equal(found.covered, wanted.covered)
    np.testing.assert_array_equal(found.new, wanted.new)
    assert (found.names, found.nothing_new, found.parameters) == (wanted.names, None, len(wanted.names) + 1)
    assert set(found.names) < set(streams.names)  # its drawdown was shallow throughout


def test_sizing_is_covered_whatever_the_streams_say(base):
    weight = np.random.default_rng(2).random(300)
    streams, index = own_streams(base, 252), np.arange(50)
    found = cover_from_returns(whole_sample(base, base * weight, streams, 252), index, 252)
    assert found.nothing_new == "every return is the base's, resized"
    assert found.names == streams.names
    np.testing.assert_array_equal(found.covered, (base * weight)[index])
    # judged on the whole sample: one return of its own outside the span is enough
    tuned = base * weight
    tuned[200] = -base[200]
    assert cover_from_returns(whole_sample(base, tuned, streams, 252), index, 252).nothing_new is None


def test_costs_and_known_streams_of_a_span_are_said(base):
    streams = own_streams(base, 252)
    known = np.random.default_rng(3).standard_normal((300, 1)) * 0.01
    both = Streams(names=(*streams.names, "k"), values=np.hstack([streams.values, known]), known=1)
    index = np.arange(300)
    cases = (
        (base + streams.values[:, 5], streams, 0.0, "the base's own reweightings explain every return"),
        (base + known[:, 0], both, 0.0, "the base's own reweightings and the known streams explain every return"),
        (-base, streams, 1e-4, STEADY.format("+2.52%")),
        (-base, streams, -1e-4, STEADY.format("-2.52%")),
    )
    for tuned, given, steady, words in cases:
        found = cover_from_returns(whole_sample(base, tuned + steady, given, 252), index, 252)
        assert found.nothing_new == words
        assert set(found.names) <= set(given.names)
        assert "base" in found.names


def test_payments_beside_what_streams_explain_are_said(base):
    streams = own_streams(base, 252)
    paid = np.where(np.arange(300) % 21 == 20, np.where(np.arange(300) < 150, -0.0020, -0.0022), 0.0)
    tuned = base - streams.values[:, 5] + paid
    found = split(tuned, streams, 252)
    assert found.nothing_new == (
        "the base's own reweightings explain every return but 14 payments of about -0.21%: interest, dividends, fees"
    )
    np.testing.assert_array_equal(found.covered, tuned)
    assert "base" in found.names


@pytest.fixture
def parts(base):
    """A covered and a new part, and two known streams, the second of which the new part holds."""
    rng = np.random.default_rng(5)
    known = rng.standard_normal((300, 2)) * 0.01 + 0.001
    tuned = base + 0.5 * known[:, 1] + 0.004 * rng.standard_normal(300)
    return split(tuned, own_streams(base, 252), 252), known, tuned


def test_what_known_streams_explain_of_the_new_part_is_covered(parts):
    first, known, tuned = parts
    found = without_known(first, known, ("a", "b"), 252)
    left = split(first.new, Streams(names=("a", "b"), values=known, known=2), 252)
    np.testing.assert_allclose(found.covered, first.covered + left.covered, rtol=1e-12)
    np.testing.assert_array_equal(found.new, left.new)
    np.testing.assert_allclose(found.covered + found.new, tuned, atol=1e-15)
    assert found.names == (*first.names, "a", "b")
    assert found.r_squared == pytest.approx(np.corrcoef(found.covered, tuned)[0, 1] ** 2)
    assert first.r_squared < found.r_squared < 1
    assert (found.parameters, found.error_factor, found.nothing_new) == (3, left.error_factor, None)


def test_a_new_part_of_known_streams_alone_is_none(parts):
    first, known, tuned = parts
    found = without_known(first, np.column_stack([known[:, 0], first.new]), ("a", "b"), 252)
    assert found.nothing_new == "the known streams explain all of the new part"
    assert found.names == (*first.names, "a", "b")
    np.testing.assert_allclose(found.covered, tuned, atol=1e-15)
    assert not found.new.any()


def test_without_known_streams_or_a_new_part_nothing_changes(parts):
    first, known, tuned = parts
    assert without_known(first, known[:, :0], (), 252) is first
    whole = all_covered(tuned, ("x",), "all of it")
    assert without_known(whole, known, ("a", "b"), 252) is whole


def test_a_covered_part_that_never_varies_explains_nothing(parts):
    tuned = parts[2]
    nothing = split(tuned, Streams(names=("flat",), values=np.ones((300, 1))), 252)
    found = without_known(nothing, np.zeros((300, 1)), ("zero",), 252)
    assert found.r_squared == 0.0
    assert not found.covered.any()
    np.testing.assert_array_equal(found.new, tuned)


def test_constants_add_no_column_and_size_alone_drops_none():
    rng = np.random.default_rng(4)
    third = np.full(300, 1 / 3)
    unit = np.zeros(300)
    unit[[10, 20]] = math.sqrt(0.5), -math.sqrt(0.5)
    exact = np.zeros(300)
    exact[[30, 40, 50, 60]] = 0.5, -0.5, 0.5, -0.5
    assert float(exact @ exact) == 1.0
    columns = np.column_stack([third, exact, unit, rng.standard_normal(300)])
    assert ((columns - columns.mean(axis=0))[:, 0] ** 2).sum() > 0  # rounding
    kept, basis = independent_columns(columns)
    assert kept == [1, 2, 3]
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-14)


def test_columns_nearly_explained_stay_orthogonal_to_the_last_digits(base):
    noise = np.random.default_rng(6).standard_normal((300, 2)) * base.std()
    kept, basis = independent_columns(np.column_stack([base, base + 3e-5 * noise[:, 0], base + 3e-5 * noise[:, 1]]))
    assert kept == [0, 1, 2]
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-13)
