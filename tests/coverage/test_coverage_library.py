"""What the new part is made of."""

import numpy as np
import pytest

from auditor.coverage.library import forward, match_library
from auditor.stats.blocks import Draws

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
