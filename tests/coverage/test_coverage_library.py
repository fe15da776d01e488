"""What the new part is made of."""

import numpy as np
import pytest

from auditor.coverage.library import NULL, forward, match_library
from auditor.stats.blocks import Draws, columns_of, resample
from auditor.stats.spanning import EARNS, NEW_MEAN, cover_moments, mean_error
from auditor.stats.studentised import studentise

DRAWS = Draws(lengths=(800,), block=2, reps=499, seed=0)


def streams(seed=0, count=6):
    return np.random.default_rng(seed).standard_normal((800, count)) * 0.01 + 0.0006


def test_the_ingredients_are_found_in_order_of_what_they_explain():
    library = streams()
    new = 0.9 * library[:, 3] + 0.4 * library[:, 1] + 1e-4 * np.random.default_rng(1).standard_normal(800)
    found = match_library(new, library, list("abcdef"), DRAWS, 252)
    assert [one.name for one in found.ingredients] == ["d", "b"]
    assert found.ingredients[0].share == pytest.approx(0.81 / 0.97, abs=0.03)
    assert found.variance_share > 0.99
    assert found.return_share == pytest.approx(1.0, abs=0.05)
    assert found.p_value > 0.05


def test_shares_are_those_of_ols():
    library = streams(2)
    new = library @ np.array([0.5, 0.0, 0.3, 0.0, 0.0, 0.0]) + 0.004 * np.random.default_rng(3).standard_normal(800)
    chosen = forward(new, library)
    design = np.column_stack([np.ones(800), library[:, [i for i, _ in chosen]]])
    residual = new - design @ np.linalg.lstsq(design, new, rcond=None)[0]
    assert sum(share for _, share in chosen) == pytest.approx(1 - residual.var() / new.var(), rel=1e-9)


def test_a_part_that_no_stream_explains_keeps_its_alpha():
    new = np.random.default_rng(4).standard_normal(800) * 0.005 + 0.001
    found = match_library(new, streams(5), list("abcdef"), DRAWS, 252)
    assert found.variance_share < 0.05
    assert found.alpha > 0.1
    assert found.p_value < 0.01
    flat = match_library(new, np.zeros((800, 1)), ["zero"], DRAWS, 252)
    assert flat.ingredients == ()
    assert flat.alpha == pytest.approx(new.mean() * 252)


def test_a_part_that_is_a_stream_leaves_nothing():
    library = streams(6)
    found = match_library(3 * library[:, 2], library, list("abcdef"), DRAWS, 252)
    assert (found.alpha, found.p_value) == (0.0, 1.0)
    assert found.return_share == pytest.approx(1.0)


def test_at_most_three_streams_are_named():
    library = streams(7)
    new = library @ np.array([0.9, 0.7, 0.5, 0.4, 0.3, 0.0])
    assert [column for column, _ in forward(new, library)] == [0, 1, 2]


def test_a_part_that_earns_nothing_has_no_share_of_what_it_earns():
    library = streams(8)
    losing = library[:, 0] - 0.01
    found = match_library(losing, library, list("abcdef"), DRAWS, 252)
    assert (found.return_share, found.null, found.n_streams) == (None, NULL, 6)
    even = np.tile([0.01, -0.01], 400)
    found = match_library(even, streams(9, count=2), ["a", "b"], DRAWS, 252)
    assert found.return_share is None
    assert found.p_value > 0.4


def test_a_stream_is_named_once_in_whatever_unit():
    random = np.random.default_rng(10)
    one, two = random.standard_normal((2, 12))
    new = 2 * one + 0.7 * two + 0.3 * random.standard_normal(12)
    for size in (1e-12, 1.0, 1e12):
        copies = [
            scale * one + shift for scale in (size, -3e-4 * size, 7 * size) for shift in np.linspace(0, 9, 15) * size
        ]
        found = forward(new, np.column_stack([two * 1e-7, *copies]))
        assert [column > 0 for column, _ in found] == [True, False]
        plain = forward(new, np.column_stack([two, one]))
        assert [share for _, share in found] == pytest.approx([share for _, share in plain], rel=1e-6)


def test_a_stream_that_adds_exactly_one_percent_is_named():
    new = np.array([1.0, -1, 9, -9, 3, -3, 3, -3])  # sum of squares 200, of which the first two are 2
    one = np.array([1.0, -1, 0, 0, 0, 0, 0, 0])
    assert forward(new, one[:, None]) == [(0, 0.01)]
    assert forward(np.where(one, new, 1.01 * new), one[:, None]) == []


def test_what_no_stream_explains_is_the_mean_with_one_degree_of_freedom_lost():
    draws = Draws(lengths=(40,), block=2, reps=1999, seed=3)
    new = np.random.default_rng(11).standard_normal(40) + 0.15
    found = match_library(new, np.zeros((40, 1)), ["zero"], draws, 12)
    table = cover_moments(np.zeros(40), new)
    resampled = columns_of(resample([table], draws)[0], EARNS)
    wanted = studentise(NEW_MEAN, table[:, EARNS], resampled, se=mean_error(new, (40,), 1))
    assert found.p_value == wanted.p_value()
    assert 0.05 < found.p_value < 0.5
    assert found.alpha == pytest.approx(12 * new.mean())
