"""The short version of label_desks.py: trades without edge are not called new edge more often than the level says."""

import math
from collections import Counter

import pytest
from desks import NULLS
from label_desks import one_world

pytestmark = pytest.mark.calibration

WORLDS = 30


def test_false_new_edge_stays_nominal_and_covered_overlays_never_have_it():
    found = [one_world((seed, 3, 299, NULLS)) for seed in range(1000, 1000 + WORLDS)]
    count = Counter(name for world in found for name, finding in world.items() if finding == "new_edge")
    for name in ("levered", "resized", "vol targeted", "setups dropped", "lucky filter", "lucky timing"):
        assert count[name] == 0, count
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS)
    for name in NULLS:
        assert count[name] / WORLDS <= most, count


def test_a_true_book_is_found():
    found = [one_world((seed, 5, 299, ("new book, Sharpe 1",))) for seed in range(2000, 2000 + WORLDS)]
    # 47 to 70 % by the tables; three errors below the lower end
    hits = sum(world["new book, Sharpe 1"] == "new_edge" for world in found)
    assert hits / WORLDS >= 0.47 - 3 * math.sqrt(0.47 * 0.53 / WORLDS)
