"""Tuned minus base P&L in lines: the hand-worked case, a slow oracle, and what must hold of any two blotters."""

import csv
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.coverage.attribution import Counted, attribute, by_column, grouped
from auditor.coverage.lines import NAMES
from auditor.coverage.valuation import PricePath
from auditor.errors import InputError
from auditor.inputs.trades import Trades

GOLDEN = Path(__file__).parents[1] / "golden" / "attribution"
DAY = 86_400 * 10**9
STEPS = 12
ALL = ("X", "Y")


def blotter(rows, *, prices=True, unit="currency", instruments=None, tags=("setup",), name="trades"):
    """Rows of (instrument, side, entry, exit, quantity, pnl, fees, entry price, exit price, setup)."""
    columns = [list(one) for one in zip(*rows, strict=True)] or [[] for _ in range(10)]
    names = instruments or tuple(sorted(set(columns[0])))
    return Trades(
        name=name,
        instruments=names,
        instrument=np.array([names.index(one) for one in columns[0]], dtype=np.int64),
        side=np.array(columns[1], dtype=np.int8),
        entry=np.array(columns[2], dtype=np.int64),
        exit=np.array(columns[3], dtype=np.int64),
        quantity=np.array(columns[4], dtype=np.float64),
        pnl=np.array(columns[5], dtype=np.float64),
        fees=np.array(columns[6], dtype=np.float64),
        entry_price=np.array(columns[7], dtype=np.float64) if prices else None,
        exit_price=np.array(columns[8], dtype=np.float64) if prices else None,
        is_open=np.zeros(len(rows), dtype=bool),
        tags={tag: np.array(columns[9], dtype=np.str_) for tag in tags},
        recognised="contract columns",
        unit=unit,
        aware=False,
        sha256="",
        notes=(),
        warnings=(),
    )


def priced(path, instrument, side, entry, exit, quantity, fees=0.0, setup="a"):
    """A row filled at the path's prices, so that price times quantity is its P&L before fees."""
    p = path[instrument]
    gross = side * quantity * (p[exit] - p[entry])
    return (instrument, side, entry, exit, quantity, gross - fees, fees, p[entry], p[exit], setup)


def path_of(path):
    return PricePath(times=np.arange(STEPS + 1), instruments=ALL, values=np.array([path[one] for one in ALL]).T)


def values(lines):
    return np.array([getattr(lines, name) for name in NAMES])


def size_of(base, tuned):
    return 1 + sum(np.abs(one.pnl).sum() + np.abs(one.fees).sum() for one in (base, tuned))


@st.composite
def worlds(draw, shortest=0):
    """A price path and two blotters filled on it: overlapping, hedged, some without duration."""
    price = st.integers(50, 150)
    path = {one: draw(st.lists(price, min_size=STEPS + 1, max_size=STEPS + 1)) for one in ALL}

    def rows():
        found = []
        for _ in range(draw(st.integers(0, 6))):
            entry = draw(st.integers(0, STEPS - shortest))
            exit = draw(st.integers(entry + shortest, STEPS))
            side, quantity = draw(st.sampled_from([-1, 1])), draw(st.integers(1, 3))
            fees, setup = draw(st.integers(0, 2)), draw(st.sampled_from("ab"))
            found.append(priced(path, draw(st.sampled_from(ALL)), side, entry, exit, quantity, float(fees), setup))
        return found

    return path, rows(), rows()


@st.composite
def any_blotter(draw):
    """Nothing fits: P&L is not price times quantity, the same instant has many fills, sizes differ by 1e6."""
    number = st.floats(-1e4, 1e4, allow_nan=False)
    row = st.tuples(
        st.sampled_from(ALL),
        st.sampled_from([-1, 1]),
        st.integers(0, 20),
        st.integers(0, 10),
        st.floats(1e-3, 1e3),
        number,
        st.floats(0, 10),
        number,
        number,
        st.sampled_from("abc"),
    )
    rows = [(i, s, a, a + held, *rest) for i, s, a, held, *rest in draw(st.lists(row, max_size=12))]
    return blotter(rows, prices=True, tags=("setup",))


def golden_blotter(name):
    rows = []
    with (GOLDEN / name).open() as lines:
        for row in csv.DictReader(lines):
            at = [int(np.datetime64(row[column], "ns").astype(np.int64)) for column in ("t0", "t1")]
            quantity = float(row["qty"])
            rows.append(
                (row["sym"], int(np.sign(quantity)), *at, abs(quantity), float(row["pnl"]), float(row["fee"]), 0, 0, "")
            )
    return blotter(rows, prices=False)


def golden():
    known = json.loads((GOLDEN / "expected.json").read_text())
    start = int(np.datetime64("2020-01-01", "ns").astype(np.int64))
    prices = PricePath(
        times=start + DAY * np.arange(6),
        instruments=tuple(known["prices"]),
        values=np.array(list(known["prices"].values()), dtype=float).T,
    )
    wanted = {name.removesuffix("_trades"): value for name, value in known["expected"].items()}
    return (
        golden_blotter("base.csv"),
        golden_blotter("tuned.csv"),
        prices,
        {"unexplained": 0.0, **wanted},
        known["total"],
    )


def test_hand_worked_blotters():
    base, tuned, prices, wanted, total = golden()
    found = attribute(base, tuned, prices=prices)
    assert found.basis == "prices"
    assert {name: getattr(found.lines, name) for name in NAMES} == pytest.approx(wanted, abs=1e-12)
    assert found.lines.total == pytest.approx(total, abs=1e-12)
    assert found.tuned_pnl - found.base_pnl == pytest.approx(total, abs=1e-12)
    assert found.point_value == dict.fromkeys("WXYZ", 1.0)
    assert not found.notes
    # kept X and both long W of tuned; added Y and the short W, whose P&L stands under reversed; dropped Z
    assert (found.kept.base_trades, found.kept.tuned_trades) == (2, 3)
    assert (found.resized.base_trades, found.resized.tuned_trades) == (1, 1)
    assert (found.dropped.base_trades, found.added.tuned_trades) == (1, 2)
    # together X 2 days, W 4; either X 4 days, W 5 long and 1 short, Y 1, Z 3
    assert found.overlap == pytest.approx(6 / 14)


def test_hand_worked_blotters_by_fills_agree_with_the_path():
    base, tuned, prices, wanted, _ = golden()
    rows = []
    for one in (base, tuned):
        column = [prices.instruments.index(one.instruments[i]) for i in one.instrument]
        fills = [prices.values[np.searchsorted(prices.times, at), column] for at in (one.entry, one.exit)]
        rows.append([
            (one.instruments[i], *rest, "")
            for i, *rest in zip(one.instrument, one.side, one.entry, one.exit, one.quantity, one.pnl, one.fees, *fills,
                                strict=True)
        ])  # fmt: skip
    found = attribute(blotter(rows[0]), blotter(rows[1]))
    assert found.basis == "fills"
    assert {name: getattr(found.lines, name) for name in NAMES} == pytest.approx(wanted, abs=1e-12)


def test_hand_worked_blotters_by_time_say_so():
    base, tuned, _, wanted, total = golden()
    found = attribute(base, tuned)
    assert found.basis == "time"
    assert found.notes[0] == "no prices, and not every trade has fills"
    assert "spread evenly" in found.notes[1]
    for same in ("new", "dropped", "fees", "unexplained"):
        assert getattr(found.lines, same) == pytest.approx(wanted[same], abs=1e-12)
    # X: base 50 over 3 days, 1 of them alone; tuned 100 over 3 days, 1 alone. W: base 28 over 5 days
    assert found.lines.entry_timing == pytest.approx(-50 / 3)
    assert found.lines.exit_timing == pytest.approx(100 / 3)
    assert found.lines.reversed == pytest.approx(7 - 28 / 5)
    assert found.lines.total == pytest.approx(total)


def trade_by_trade(base, tuned, key, worth):
    """The definitions, by walking through every unit of time of every trade."""
    rows = [(row, True) for row in tuned] + [(row, False) for row in base]
    columns = {"instrument": 0, "side": 1, "setup": 9}
    place = [columns[c] for c in dict.fromkeys((*(c for c in key if c != "side"), "instrument"))]
    sided = "side" in key

    def holds(policy, like, t, side=None):
        return any(
            mine is policy
            and row[2] <= t < row[3]
            and all(row[c] == like[c] for c in place)
            and (side is None or row[1] == side)
            for row, mine in rows
        )

    def state(like, t):
        side = like[1] if sided else None
        return tuple(holds(policy, like, t, side) for policy in (True, False))

    def neighbour(like, t, step):
        now = state(like, t)
        while state(like, t) == now and -1 <= t <= STEPS:
            t += step
        return all(state(like, t))

    def shares(row, mine):
        for other, whose in rows:
            if whose is not mine and all(other[columns[c]] == row[columns[c]] for c in key):
                if row[2] == row[3] and other[2] <= row[2] <= other[3]:
                    return True
                if max(row[2], other[2]) < min(row[3], other[3]):
                    return True
        return False

    found = dict.fromkeys(NAMES, 0.0)
    for row, mine in rows:
        sign, own = (1, "new") if mine else (-1, "dropped")
        kept = shares(row, mine)
        if row[2] == row[3]:
            found["resized" if kept else own] += sign * (row[5] + row[6])
        for t in range(row[2], row[3]):
            side = row[1]
            with_it, against = holds(not mine, row, t, side), holds(not mine, row, t, -side)
            if not with_it and against and not holds(mine, row, t, -side):
                line = "reversed"
            elif not kept:
                line = own
            elif all(state(row, t)):
                line = "resized"
            else:
                after, before = neighbour(row, t, -1), neighbour(row, t, 1)
                line = {(1, 1): "gap_timing", (0, 1): "entry_timing", (1, 0): "exit_timing", (0, 0): "resized"}[
                    after, before
                ]
            found[line] += sign * worth(row, t)
        found["fees"] -= sign * row[6]
    return found


KEYS = [("instrument", "side"), ("instrument",), ("instrument", "side", "setup"), ("side",), ("setup",)]


@given(worlds(), st.sampled_from(KEYS))
@settings(max_examples=150, deadline=None)
def test_lines_by_prices_and_by_fills_are_those_of_the_definitions(world, key):
    path, base, tuned = world
    wanted = trade_by_trade(base, tuned, key, lambda row, t: row[1] * row[4] * (path[row[0]][t + 1] - path[row[0]][t]))
    by_path = attribute(blotter(base), blotter(tuned), opportunity=key, prices=path_of(path))
    by_fills = attribute(blotter(base), blotter(tuned), opportunity=key)
    for found in (by_path, by_fills):
        assert {name: getattr(found.lines, name) for name in NAMES} == pytest.approx(wanted, abs=1e-9)
    assert by_fills.basis == "fills"


@given(worlds(), st.sampled_from(KEYS))
@settings(max_examples=60, deadline=None)
def test_lines_by_time_are_those_of_the_definitions(world, key):
    _, base, tuned = world
    found = attribute(blotter(base, prices=False), blotter(tuned, prices=False), opportunity=key)
    wanted = trade_by_trade(base, tuned, key, lambda row, _: (row[5] + row[6]) / (row[3] - row[2]))
    assert {name: getattr(found.lines, name) for name in NAMES} == pytest.approx(wanted, abs=1e-9)


@given(any_blotter(), any_blotter(), st.sampled_from(KEYS), st.booleans())
@settings(max_examples=150, deadline=None)
def test_lines_add_up_whole_and_by_group(base, tuned, key, on_path):
    steps = np.arange(31)
    prices = PricePath(times=steps, instruments=ALL, values=np.column_stack([np.sin(steps) + 2, steps**2.0]))
    found = attribute(base, tuned, opportunity=key, prices=prices if on_path else None)
    rounding = 1e-9 * size_of(base, tuned)
    assert found.lines.total == pytest.approx(tuned.pnl.sum() - base.pnl.sum(), abs=rounding)
    assert found.lines.total == pytest.approx(found.tuned_pnl - found.base_pnl, abs=rounding)
    for column in ("instrument", "side", "exit_year", "setup"):
        groups = by_column(found, base, tuned, column)
        together = sum((values(one) for one in groups.values()), np.zeros(len(NAMES)))
        np.testing.assert_allclose(together, values(found.lines), rtol=0, atol=1e-9 * np.abs(found.base_parts).sum()
                                   + 1e-9 * np.abs(found.tuned_parts).sum() + 1e-12)  # fmt: skip
    # the difference of P&L in a group is that of its trades
    for name, lines in by_column(found, base, tuned, "setup").items():
        wanted = tuned.pnl[tuned.tags["setup"] == name].sum() - base.pnl[base.tags["setup"] == name].sum()
        assert lines.total == pytest.approx(wanted, abs=rounding)
    assert found.kept.base_trades + found.dropped.base_trades == base.pnl.size
    assert found.kept.tuned_trades + found.added.tuned_trades == tuned.pnl.size
    assert found.kept.tuned_pnl + found.added.tuned_pnl == pytest.approx(found.tuned_pnl, abs=rounding)
    assert found.resized.base_trades <= found.kept.base_trades


@given(any_blotter(), any_blotter(), st.sampled_from(KEYS))
@settings(max_examples=60, deadline=None)
def test_swapped_policies_flip_every_line(base, tuned, key):
    one, other = attribute(base, tuned, opportunity=key), attribute(tuned, base, opportunity=key)
    flipped = {name: -getattr(other.lines, name) for name in NAMES}
    flipped["new"], flipped["dropped"] = flipped["dropped"], flipped["new"]
    rounding = 1e-9 * (1 + np.abs(one.base_parts).sum() + np.abs(one.tuned_parts).sum())
    assert {name: getattr(one.lines, name) for name in NAMES} == pytest.approx(flipped, abs=rounding)
    assert (one.overlap, one.basis) == (pytest.approx(other.overlap), other.basis)
    assert (one.added.tuned_trades, one.kept.base_trades) == (other.dropped.base_trades, other.kept.tuned_trades)


@given(any_blotter(), st.sampled_from(KEYS))
@settings(max_examples=60, deadline=None)
def test_identical_blotters_give_nothing_at_all(trades, key):
    found = attribute(trades, trades, opportunity=key)
    assert values(found.lines).tolist() == [0.0] * len(NAMES)
    assert found.kept.base_trades == found.kept.tuned_trades == trades.pnl.size
    assert found.resized.tuned_trades == 0
    assert found.overlap in (None, pytest.approx(1.0))


FLAT = {"X": list(range(100, 100 + STEPS + 1)), "Y": [50] * (STEPS + 1)}


def lines_of(base, tuned, **options):
    rows = ([priced(FLAT, "X", *row) for row in one] for one in (base, tuned))
    return attribute(*(blotter(one) for one in rows), **options)


@pytest.mark.parametrize(
    ("base", "tuned", "wanted"),
    [
        # tuned steps out for two days and comes back; base does the same
        ([(1, 0, 10, 1)], [(1, 0, 4, 1), (1, 6, 10, 1)], {"gap_timing": -2}),
        ([(1, 0, 4, 1), (1, 6, 10, 1)], [(1, 0, 10, 1)], {"gap_timing": 2}),
        # one position booked as two trades is the same position
        ([(1, 0, 10, 2)], [(1, 0, 5, 2), (1, 5, 10, 2)], {}),
        ([(1, 0, 10, 2)], [(1, 0, 10, 1), (1, 0, 10, 1)], {}),
        # a second layer on top is a larger size; one that goes on after the base is out is exit timing, then new
        ([(1, 0, 6, 1)], [(1, 0, 6, 1), (1, 2, 5, 1)], {"resized": 3}),
        ([(1, 0, 4, 1)], [(1, 0, 6, 1), (1, 5, 9, 1)], {"exit_timing": 2, "new": 4}),
        # a hedge is a position of its own, against a base that stays long; without the base's long it reverses
        ([(1, 0, 6, 1)], [(1, 0, 6, 1), (-1, 2, 4, 1)], {"new": -2}),
        ([(1, 0, 6, 1)], [(-1, 2, 4, 1)], {"reversed": -4, "dropped": -4}),
        # out at the instant at which the other comes in shares no time
        ([(1, 0, 5, 1)], [(1, 5, 9, 1)], {"new": 4, "dropped": -5}),
    ],
)
def test_small_cases(base, tuned, wanted):
    found = lines_of(base, tuned)
    assert {name: getattr(found.lines, name) for name in NAMES if getattr(found.lines, name)} == pytest.approx(wanted)


def test_another_instrument_of_one_opportunity_is_the_same_opportunity_taken_otherwise():
    path = {"X": list(range(STEPS + 1)), "Y": list(range(0, 2 * STEPS + 1, 2))}
    base, tuned = [priced(path, "X", 1, 0, 4, 1)], [priced(path, "Y", 1, 0, 4, 1)]
    found = attribute(blotter(base), blotter(tuned), opportunity=("setup",))
    assert (found.lines.resized, found.kept.tuned_trades, found.resized.tuned_trades) == (4.0, 1, 1)
    found = attribute(blotter(base), blotter(tuned))
    assert (found.lines.new, found.lines.dropped) == (8.0, -4.0)


def test_two_fills_at_one_instant_leave_their_difference_to_a_named_line():
    base = blotter([("X", 1, 0, 4, 1, 10.0, 0, 100, 110, "")])
    tuned = blotter([("X", 1, 0, 4, 1, 9.0, 0, 101, 110, "")])
    found = attribute(base, tuned)
    assert (found.lines.resized, found.lines.unexplained) == (0.0, pytest.approx(-1.0))
    assert found.resized.tuned_trades == 0


@pytest.mark.parametrize("factor", [50.0, 1e-6])
def test_multiplier_or_capital_is_fitted_and_said(factor):
    rows = [priced(FLAT, "X", 1, *row) for row in [(0, 4, 1), (5, 9, 2), (2, 8, 1)]]
    scaled = [(*row[:5], row[5] * factor, *row[6:]) for row in rows]
    found, plain = (attribute(blotter(one[:1]), blotter(one[1:])) for one in (scaled, rows))
    assert found.point_value["X"] == pytest.approx(factor)
    np.testing.assert_allclose(values(found.lines), values(plain.lines) * factor, atol=1e-12 * factor)
    given_it = attribute(blotter(scaled[:1]), blotter(scaled[1:]), point_value={"X": factor})
    np.testing.assert_allclose(values(given_it.lines), values(found.lines), atol=1e-12 * factor)
    # what is given is not fitted: at 0.9 of it a tenth of the P&L before fees is left
    less = attribute(blotter(scaled[:1]), blotter(scaled[1:]), point_value={"X": 0.9 * factor})
    assert less.point_value == {"X": 0.9 * factor}
    assert less.lines.unexplained == pytest.approx(0.1 * found.lines.total, rel=1e-9)


def test_quantities_that_are_no_units_send_the_pnl_to_time():
    rows = [("X", 1, 0, 4, 1, pnl, 0, 100, fill, "") for pnl, fill in [(5, 101), (-5, 102), (7, 103), (-7, 104)]]
    found = attribute(blotter(rows[:2]), blotter(rows[2:]))
    assert (found.basis, found.lines.unexplained) == ("time", 0.0)
    assert "unexplained" in found.notes[0]


def test_small_prices_beside_large_ones_keep_their_digits():
    def rows(quantity):
        dear = [("X", 1, i, i + 3, 1e6, 1e6 * 100, 0, 6e4 + 1e2 * i, 6e4 + 1e2 * i + 100, "") for i in range(200)]
        return [*dear, ("Y", 1, 5, 7, quantity, quantity * 1e-9, 0, 1e-8, 1.1e-8, "")]

    found = attribute(blotter(rows(1.0)), blotter(rows(3.0)))
    cheap = by_column(found, blotter(rows(1.0)), blotter(rows(3.0)), "instrument")["Y"]
    assert cheap.resized == pytest.approx(2e-9, rel=1e-6)
    assert (found.resized.base_trades, found.resized.tuned_trades) == (1, 1)


def test_holding_times_of_centuries_do_not_wrap_around():
    year = 365 * DAY
    rows = [(f"S{i:02}", 1, 0, 10 * year, 1, 10.0, 0, 100, 110, "") for i in range(60)]
    longer = [(*row[:3], 20 * year, 1, 20.0, 0, 100, 120, "") for row in rows]
    for prices in (True, False):
        found = attribute(blotter(rows, prices=prices), blotter(longer, prices=prices))
        assert found.overlap == pytest.approx(0.5)
        # by the fills the price at the base's exit is the base's
        assert found.lines.exit_timing == pytest.approx(600)
        assert found.lines.total == 600


def test_path_before_a_fill_is_used_and_said():
    base, tuned = blotter([]), blotter([("X", 1, 5, 25, 1, 3, 0, 0, 0, "")])
    prices = PricePath(times=np.array([0, 10, 20]), instruments=("X",), values=np.array([[1.0], [np.nan], [4.0]]))
    found = attribute(base, tuned, prices=prices)
    assert (found.lines.new, found.lines.unexplained) == (3.0, 0.0)
    assert found.notes == ("2 of 2 times of a fill are not in the prices: the last price before is used",)


def test_refusals():
    path = {"X": [1.0] * (STEPS + 1), "Y": [1.0] * (STEPS + 1)}
    trades = blotter([priced(path, "X", 1, 2, 4, 1)])
    late = PricePath(times=np.array([3, 4]), instruments=("X",), values=np.ones((2, 1)))
    with pytest.raises(InputError, match=r"2 trades enter before the first price .* 'X' at 1970"):
        attribute(trades, trades, prices=late)
    with pytest.raises(InputError, match="1 instruments of the trades are not there, the first 'X'"):
        attribute(trades, trades, prices=PricePath(times=late.times, instruments=("Y",), values=late.values))
    with pytest.raises(InputError, match="is in currency, trades in return"):
        attribute(trades, blotter([], unit="return"))
    with pytest.raises(InputError, match="no column 'sector'"):
        by_column(attribute(trades, trades), trades, trades, "sector")
    with pytest.raises(InputError, match="no such column"):
        attribute(trades, trades, opportunity=("sector",))


def test_empty_blotters():
    for base, tuned in ((blotter([]), blotter([])), (blotter([], prices=False), blotter([], prices=False))):
        found = attribute(base, tuned)
        assert values(found.lines).tolist() == [0.0] * len(NAMES)
        assert found.overlap is None
        assert by_column(found, base, tuned, "instrument") == {}


def test_tag_of_one_blotter_only_and_groups_by_code():
    base, tuned = (blotter([priced(FLAT, "X", 1, *row)]) for row in ((0, 4, 1), (5, 9, 2)))
    bare = blotter([priced(FLAT, "X", 1, 0, 4, 1)], tags=())
    found = attribute(bare, tuned)
    groups = by_column(found, bare, tuned, "setup")
    assert {name: (one.new, one.dropped) for name, one in groups.items()} == {"": (0.0, -4.0), "a": (8.0, 0.0)}
    rows = grouped(attribute(base, tuned), np.array([2]), np.array([0]), 3)
    assert rows.sum(axis=1).tolist() == [8.0, 0.0, -4.0]


def test_lines_read_in_one_line():
    base, tuned, prices, _, _ = golden()
    found = attribute(base, tuned, prices=prices)
    assert str(found).startswith("tuned - base P&L +79.85 = new +10, dropped +8, resized +30, entry timing -20")
    assert [one.name for one in fields(found.lines)] == [*NAMES, "total"]


def test_each_kind_of_trade_is_counted_with_its_pnl():
    # X is held longer, Y as long and in another size, A given up, B and the hedge taken up
    path = FLAT | {"A": FLAT["X"], "B": FLAT["X"], "Y": [50 + 3 * at for at in range(STEPS + 1)]}
    base = [priced(path, "X", 1, 0, 4, 1, 0.5), priced(path, "Y", 1, 2, 6, 1), priced(path, "A", -1, 0, 5, 2)]
    tuned = [priced(path, "X", 1, 0, 7, 1, 1.0), priced(path, "Y", 1, 2, 6, 2), priced(path, "B", 1, 0, 3, 1),
             priced(path, "X", -1, 1, 3, 1)]  # fmt: skip
    found = attribute(blotter(base, instruments=tuple("ABXY")), blotter(tuned, instruments=tuple("ABXY")))
    assert (found.base_pnl, found.tuned_pnl) == (3.5 + 12 - 10, 6 + 24 + 3 - 2)
    assert found.kept == Counted(base_trades=2, tuned_trades=2, base_pnl=15.5, tuned_pnl=30.0)
    assert found.resized == Counted(base_trades=1, tuned_trades=1, base_pnl=12.0, tuned_pnl=24.0)
    assert found.dropped == Counted(base_trades=1, tuned_trades=0, base_pnl=-10.0, tuned_pnl=0.0)
    assert found.added == Counted(base_trades=0, tuned_trades=2, base_pnl=0.0, tuned_pnl=1.0)
    assert (found.opportunity, found.unit) == (("instrument", "side"), "currency")
    as_returns = attribute(blotter(base, unit="return"), blotter(tuned, unit="return"), opportunity=["instrument"])
    assert (as_returns.opportunity, as_returns.unit) == (("instrument",), "return")
    # what each trade adds to each line: new, dropped, resized, entry, exit, gap, reversed, fees, unexplained
    np.testing.assert_allclose(
        found.base_parts,
        [[0, 0, -4, 0, 0, 0, 0, 0.5, 0], [0, 0, -12, 0, 0, 0, 0, 0, 0], [0, 10, 0, 0, 0, 0, 0, 0, 0]],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        found.tuned_parts,
        [[0, 0, 4, 0, 3, 0, 0, -1, 0], [0, 0, 24, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0, 0],
         [-2, 0, 0, 0, 0, 0, 0, 0, 0]],
        atol=1e-12,
    )  # fmt: skip


def test_groups_are_named_by_instrument_side_year_and_tag_in_order():
    year = 366 * DAY
    base = blotter(
        [("Y", 1, 0, DAY, 1, 5.0, 0, 0, 0, "b"), ("X", -1, 0, 30 * year, 1, 7.0, 0, 0, 0, "a")], prices=False
    )
    tuned = blotter([("Z", 1, 0, 30 * year, 1, 11.0, 0, 0, 0, "b")], prices=False)
    found = attribute(base, tuned)
    for column, wanted in (
        ("instrument", {"X": -7.0, "Y": -5.0, "Z": 11.0}),
        ("side", {"long": 6.0, "short": -7.0}),
        ("exit_year", {"1970": -5.0, "2000": 4.0}),
        ("setup", {"a": -7.0, "b": 6.0}),
    ):
        groups = by_column(found, base, tuned, column)
        assert [(name, one.total) for name, one in groups.items()] == list(wanted.items())
    bare = blotter([("Y", 1, 0, DAY, 1, 5.0, 0, 0, 0, "")], prices=False, tags=("desk",))
    with pytest.raises(InputError) as refused:
        by_column(attribute(base, bare), base, bare, "sector")
    assert str(refused.value) == (
        "no column 'sector' in the trades to break the P&L down by. There are: instrument, side, exit_year, setup, desk"
    )
    one, other = blotter([], unit="return", name="base trades"), blotter([], name="tuned trades")
    with pytest.raises(InputError) as refused:
        attribute(one, other)
    assert str(refused.value) == "base trades is in return, tuned trades in currency: give both in the same unit"


def test_by_time_nothing_is_unexplained_not_even_rounding():
    rows = [("X", 1, at, at + 7, 1, 0.1 * (at + 1), 0, 0, 0, "") for at in range(0, 60, 2)]
    found = attribute(blotter(rows[::3], prices=False), blotter(rows[1::3], prices=False))
    column = NAMES.index("unexplained")
    assert not found.base_parts[:, column].any()
    assert not found.tuned_parts[:, column].any()
    left = found.tuned_parts.sum(axis=1) - [row[5] for row in rows[1::3]]
    assert 0 < np.abs(left).max() < 1e-14  # there was some
