"""The short version of confusion.py and power.py: nulls stay at the level, covered ones at none, books are found."""

import math
from collections import Counter

import pytest
from confusion import LEVEL, RULES, cases, counted, one_world, read_raw, write_csv
from power import answers

from auditor import audit

pytestmark = pytest.mark.calibration

WORLDS = 16


def called_new(kind, overlays, evidence, *, family="garch", frequency="daily", first=9_000, worlds=WORLDS):
    """How many worlds call each overlay new edge."""
    count = Counter()
    for seed in range(first, first + worlds):
        for case in cases(kind, family, frequency, 5, seed, overlays):
            found = audit(
                case.base, case.tuned, oos_start=case.split, reps=199, seed=seed, **case.given.get(evidence, {})
            )
            count[case.overlay] += found.finding == "new_edge"
    return count


def most(worlds):
    """The level and three errors of it."""
    return worlds * (LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / worlds))


def test_with_trades_what_the_base_covers_is_never_new_and_the_rest_seldom():
    covered = ("identical", "levered", "resized", "vol targeted", "setups dropped", "lucky filter", "lucky timing")
    assert not called_new("desk", covered, "trades").total()
    added = ("pointless new trades", "shifted a day", "hedged", "hedged, vol targeted")
    assert max(called_new("desk", added, "trades").values()) <= most(WORLDS)


def test_with_trades_held_out_overlays_of_held_out_worlds_too():
    covered = ("stopped out", "doubled after a loss", "pyramided", "early exits at random")
    assert not called_new("held-out desk", covered, "trades", family="jumps").total()
    added = ("held longer", "hedged")
    assert max(called_new("held-out desk", added, "trades", family="jumps").values()) <= most(WORLDS)


def test_from_daily_returns_alone_arithmetic_never_passes_and_luck_seldom():
    arithmetic = ("identical", "levered", "smoothed", "lucky timing")
    assert not called_new("sleeves", arithmetic, "returns").total()
    luck = ("vol targeted", "lucky filter", "lucky new book", "pointless new book", "shifted a period")
    assert max(called_new("sleeves", luck, "returns").values()) <= most(WORLDS)


def test_the_market_among_the_known_streams_mends_long_only_books():
    overlays = ("setups dropped", "hedged")
    blind = called_new("long-only", overlays, "returns").total()
    told = called_new("long-only", overlays, "known")
    # The weak spot that README and the warning name; were it gone, their words would be wrong.
    assert blind >= WORLDS / 2
    assert max(told.values()) <= most(WORLDS)


def test_true_books_are_found_with_trades_also_where_held_out():
    for kind, family, book in (("desk", "garch", "new book, Sharpe 1.5"), ("held-out desk", "jumps", "fast book")):
        assert called_new(kind, (book,), "trades", family=family)[book] >= 0.3 * WORLDS


def test_the_rule_that_power_is_measured_of_is_the_audit():
    told = set()
    for cell in (("desk", "garch", "daily", 2), ("sleeves", "iid", "weekly", 5)):
        for seed in (1, 2, 3):
            for case in cases(*cell, seed, ("hedged", "new book, Sharpe 1.5")):
                for evidence in set(case.given) - {"known"}:
                    found = audit(
                        case.base, case.tuned, oos_start=case.split, reps=199, seed=seed, **case.given[evidence]
                    )
                    new = found.finding == "new_edge"
                    assert answers(case, evidence, 199, seed)["rule"] is new
                    told.add(new)
    assert told == {True, False}


def test_counts_are_those_of_the_audits():
    raw = one_world((("sleeves", "iid", "weekly", 5), 1, 99))
    rows = counted(raw + raw)
    assert sum(row["worlds"] for row in rows) == 2 * len(raw)
    assert {row["worlds"] for row in rows} == {2}
    assert {row["evidence"] for row in rows} == {"returns", "known"}
    for row in rows:
        assert row["new_edge_rate"] == row["new_edge"] / 2


@pytest.mark.parametrize(
    "cell", [("sleeves", "garch", "monthly", 10), ("sleeves", "garch", "daily", 5), ("desk", "regimes", "daily", 5)]
)
def test_rules_read_again_begin_with_the_rule_itself(tmp_path, cell):
    raw = one_world((cell, 5, 199))
    write_csv(tmp_path / "raw.csv", raw)
    for row in (one for one in read_raw(tmp_path / "raw.csv") if one["evidence"] == "returns"):
        assert RULES["the rule"](row) is (row["finding"] == "new_edge")
    assert read_raw(tmp_path / "raw.csv") == [row | {"gain": float(row["gain"])} for row in raw]
