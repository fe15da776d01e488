"""The short version of label_desks.py: trades without edge are not called new edge more often than the level says."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from desks import NULLS
from label_desks import one_world

from auditor import audit

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


def dip_buyer(seed, years=10):
    """A base that buys dips of martingale prices, and the same with a worthless calendar overlay beside it."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2000-01-03", periods=252 * years)
    last = np.flatnonzero(np.diff(days.month, append=days.month[-1]) != 0)
    rows = {"base": [], "overlay": []}
    marks = {"base": np.zeros(days.size), "overlay": np.zeros(days.size)}
    for name in ("X", "Y"):
        moves = 0.01 * rng.standard_t(5, days.size) / np.sqrt(5 / 3)
        price = 100 * np.cumprod(1 + moves)
        change = np.diff(price, prepend=price[0])
        held, spans = 0, {"base": [], "overlay": []}
        for t in range(5, days.size - 12):
            if t >= held and price[t] < price[t - 3] * 0.98:
                out = next((u for u in range(t + 1, t + 10) if price[u] > price[u - 1] * 1.01), t + 10)
                spans["base"].append((t, out))
                held = out + 1
        spans["overlay"] = [(t - 4, t + 2) for t in last if 4 < t < days.size - 3]
        for book, trades in spans.items():
            for first, end in trades:
                rows[book].append(
                    (
                        name,
                        "long",
                        days[first],
                        days[end],
                        1.0,
                        price[first],
                        price[end],
                        (price[end] - price[first]) / 1000,
                    )
                )
                marks[book][first + 1 : end + 1] += change[first + 1 : end + 1] / 1000
    columns = ["instrument", "side", "entry_time", "exit_time", "quantity", "entry_price", "exit_price", "pnl"]
    both = (rows["base"], rows["base"] + rows["overlay"])
    blotters = [pd.DataFrame(trades, columns=columns) for trades in both]
    for blotter in blotters:
        blotter["trade_id"] = np.arange(len(blotter))
    series = [pd.Series(marks["base"], days), pd.Series(marks["base"] + marks["overlay"], days)]
    return series, blotters, days[days.size // 3]


def test_a_base_that_enters_on_price_makes_no_worthless_overlay_earn():
    worlds, at_fills, without_prices = 60, 0, 0
    for seed in range(worlds):
        series, blotters, split = dip_buyer(seed)
        told = audit(*series, oos_start=split, base_trades=blotters[0], tuned_trades=blotters[1], reps=299)
        at_fills += told.attribution.new_p < 0.05
        bare = [blotter.drop(columns=["entry_price", "exit_price"]) for blotter in blotters]
        blind = audit(*series, oos_start=split, base_trades=bare[0], tuned_trades=bare[1], reps=299)
        without_prices += blind.attribution.new_p is not None and blind.attribution.new_p < 0.05
        assert any("Give prices" in text for text in blind.warnings)
    # By share of time alone the new part would earn in two thirds of these worlds.
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / worlds)
    assert at_fills / worlds <= most
    assert without_prices / worlds <= most
