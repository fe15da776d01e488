"""Shares with their errors, the Sharpe ratio to plant next, and where a power curve reaches 80 in 100."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from auditor.planted.audited import Outcome
from auditor.planted.catalogue import NULLS, new_book
from auditor.planted.power import crossing, next_sharpe, rates_of, share_of, smallest_book

YES, NO = Outcome(called="new_edge", standing="shown"), Outcome(called="unproven", standing="presumed")


def curve(points, worlds=200):
    return [
        rates_of(new_book(sharpe), [YES] * round(share * worlds) + [NO] * (worlds - round(share * worlds)), 0.05)
        for sharpe, share in points
    ]


@pytest.mark.parametrize(("count", "worlds"), [(0, 200), (10, 200), (7, 10), (10, 10)])
def test_intervals_are_wilsons(count, worlds):
    found = share_of(count, worlds)
    assert found.ci == pytest.approx(proportion_confint(count, worlds, method="wilson"), abs=1e-9)
    assert found.se > 0


def test_a_null_is_over_the_level_beyond_two_errors_only():
    # 5 % of 200 is 10, and two errors are 6.2 worlds
    assert not rates_of(NULLS[0], [YES] * 16 + [NO] * 184, 0.05).over
    assert rates_of(NULLS[0], [YES] * 17 + [NO] * 183, 0.05).over
    assert rates_of(new_book(1.0), [YES] * 200, 0.05).over is None


def test_refusals_and_presumptions_are_counted():
    refused = Outcome(called="refused", standing=None, why="no trades")
    presumed = Outcome(called="new_edge", standing="presumed")
    found = rates_of(NULLS[0], [YES, presumed, refused, NO], 0.05)
    assert (found.new_edge.count, found.presumed, found.refusal) == (2, 1, "no trades")
    assert sum(one.count for one in found.called.values()) == 4


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [((0.2, 0.5, 0.7), 2.0), ((0.2, 0.5, 0.8), None), ((0.8, 0.9, 1.0), 0.25), ((0.3, 0.9, 0.7), None)],
)
def test_sharpe_ratios_are_tried_until_the_power_is_bracketed(shares, wanted):
    found = curve(zip((0.5, 1.0, 1.5), shares, strict=True))
    assert next_sharpe(found) == wanted


def test_the_search_ends():
    low = [(0.5, 0.0), (1.0, 0.0), (1.5, 0.0), (2.0, 0.0), (2.5, 0.0), (3.0, 0.0), (4.0, 0.1)]
    assert next_sharpe(curve(low)) is None
    found = smallest_book(curve(low))
    assert found.sharpe is None
    assert found.reason == "more than 4, beyond which none was tried"
    assert found.ci == (None, None)
    high = smallest_book(curve([(0.25, 0.9), (0.5, 1.0)]))
    assert high.reason == "at most 0.25, beyond which none was tried"
    assert next_sharpe(curve([(0.25, 0.9), (0.5, 1.0)])) is None


def test_the_crossing_lies_where_the_curve_is_normal():
    from scipy.special import ndtr

    sharpes = np.array([0.5, 1.0, 1.5, 2.0])
    # power = Phi(2 s - 1.6): 0.80 at s = (1.6 + 0.8416) / 2
    assert crossing(sharpes, ndtr(2 * sharpes - 1.6)) == pytest.approx(1.2208, abs=1e-4)
    assert crossing(sharpes, np.array([0.1, 0.9, 0.7, 0.95])) == pytest.approx(
        0.5 + 0.5 * (0.8416 + 1.2816) / 2.5631, abs=1e-3
    )
    assert crossing(sharpes, np.array([0.1, 0.2, 0.3, 0.8])) == pytest.approx(2.0)


def test_the_smallest_book_stands_inside_its_interval():
    found = smallest_book(curve([(0.5, 0.2), (1.0, 0.7), (1.5, 0.95)]))
    low, high = found.ci
    assert low < found.sharpe < high
    assert found.reason is None
