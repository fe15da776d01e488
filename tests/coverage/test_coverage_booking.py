"""Calendar rows, booking, what price tells of the base and spans, each by hand or by a plain loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from auditor.coverage.booking import (
    SELECTED,
    Booked,
    book,
    cover_from_trades,
    entered_within,
    moves_on_price,
    sizes,
)
from auditor.coverage.exits import booked, carried, exit_rows
from auditor.errors import InputError
from auditor.inputs.trades import read_trades

START = pd.Timestamp("2020-01-06")
DATES = (START + pd.to_timedelta(np.arange(30), "D")).as_unit("ns").asi8


def integers(*values):
    return np.array(values, dtype=np.int64)


def blotter(*rows, role="base trades", **tags):
    """Rows of (instrument, side, entry day, exit day, P&L), days counted from the first date."""
    frame = pd.DataFrame(list(rows), columns=["instrument", "side", "entry_time", "exit_time", "pnl"])
    for column in ("entry_time", "exit_time"):
        frame[column] = START + pd.to_timedelta(frame[column], "D")
    return read_trades(frame.assign(quantity=1.0, **tags), role=role)


# ---- the calendar


def test_an_exit_is_booked_on_its_day_or_the_first_date_after_it():
    dates = DATES[[0, 1, 4, 5]]
    trades = blotter(
        ("A", "long", 0, 0.5, 0.1), ("A", "long", 0, 1, 0.1), ("A", "long", 0, 2, 0.1), ("A", "long", 0, 5.9, 0.1)
    )
    found = exit_rows(trades, dates, clock=False)
    assert found.tolist() == [0, 1, 2, 3]
    assert found.dtype == np.int64
    earlier = blotter(
        ("A", "long", 0, 0.5, 0.1), ("A", "long", 0, 1, 0.1), ("A", "long", 0, 2, 0.1), ("A", "long", 0, 5, 0.1)
    )
    assert exit_rows(earlier, dates, clock=True).tolist() == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("days", "clock", "words"),
    [
        ((3, 30, 31), False, "2 trades exit after the returns end (2020-02-04); the first is row 2 of the trades, on "
                             "2020-02-05."),
        ((29.5, 3, 2), True, "1 trade exits after the returns end (2020-02-04); the first is row 1 of the trades, on "
                             "2020-02-04."),
        ((3, -1, -2.5), False, "2 trades exit before the returns begin (2020-01-05); the first is row 2 of the trades, "
                               "on 2020-01-05."),
    ],
)  # fmt: skip
def test_exits_beyond_the_returns_are_refused_with_the_first(days, clock, words):
    trades = blotter(*[("A", "long", -9, day, 0.1) for day in days])
    with pytest.raises(InputError) as refused:
        exit_rows(trades, DATES, clock=clock)
    assert str(refused.value) == (
        f"{trades.name}: {words} Cut the trades to the dates of the returns, or give longer returns"
    )


def test_two_dates_are_as_far_apart_as_what_came_before():
    months = DATES[[0, 20]]
    early = blotter(("A", "long", -30, -10, 0.1))
    assert exit_rows(early, months, clock=False).tolist() == [0]
    with pytest.raises(InputError, match="before the returns begin"):
        exit_rows(blotter(("A", "long", -30, -20, 0.1)), months, clock=False)


def test_one_date_is_preceded_by_a_day():
    trades = blotter(("A", "long", -3, -0.5, 0.1))
    assert exit_rows(trades, DATES[:1], clock=True).tolist() == [0]
    with pytest.raises(InputError, match="before the returns begin"):
        exit_rows(blotter(("A", "long", -3, -1, 0.1)), DATES[:1], clock=True)


# ---- booking


def test_pnl_is_covered_by_the_share_of_time_that_the_base_held_too():
    base = blotter(("A", "long", 2, 6, 0.1), ("B", "short", 0, 9, 0.1))
    tuned = blotter(
        ("A", "long", 4, 8, 0.08), ("A", "long", 3, 5, -0.02), ("B", "long", 1, 2, 0.05), ("B", "short", 8, 12, 0.4),
        role="tuned trades",
    )  # fmt: skip
    found = book(base, tuned, DATES, clock=False, key=("instrument", "side"))
    assert found.share.tolist() == [0.5, 1.0, 0.0, 0.25]
    assert found.row.tolist() == [8, 5, 2, 12]
    np.testing.assert_allclose(found.fresh, [0.04, 0.0, 0.05, 0.3])
    wanted = np.zeros((2, 30))
    wanted[:, [8, 5, 2, 12]] = [0.04, -0.02, 0.0, 0.1], [0.04, 0.0, 0.05, 0.3]
    np.testing.assert_allclose([found.covered, found.new], wanted, atol=1e-16)
    assert found.key == ("instrument", "side")
    assert found.blind is False
    by_instrument = book(base, tuned, DATES, clock=False, key=("instrument",))
    assert by_instrument.share.tolist() == [0.5, 1.0, 1.0, 0.25]


def test_a_tolerance_covers_more_of_the_time_and_of_what_prices_left():
    base = blotter(("A", "long", 2, 6, 0.1))
    tuned = blotter(("A", "long", 4, 8, 0.08), ("A", "long", 3, 5, -0.02), role="tuned trades")
    key = ("instrument", "side")
    near = book(base, tuned, DATES, clock=False, key=key, tolerance=1)
    assert near.share.tolist() == [0.75, 1.0]
    np.testing.assert_allclose(near.fresh, [0.02, 0.0])
    valued = np.array([0.1, -0.05])
    plain = book(base, tuned, DATES, clock=False, key=key, valued=valued)
    assert plain.share.tolist() == [0.5, 1.0]
    np.testing.assert_allclose(plain.fresh, [-0.02, 0.0])  # a trade held throughout leaves nothing, whatever prices say
    np.testing.assert_allclose(plain.covered[[8, 5]], [0.1, -0.02])
    both = book(base, tuned, DATES, clock=False, key=key, valued=valued, tolerance=1)
    np.testing.assert_allclose(both.fresh, [-0.01, 0.0])
    assert both.blind is False
    late = blotter(("A", "long", 4, 5.5, 0.08), role="tuned trades")
    assert [book(base, late, DATES, clock=clock, key=key).row.tolist() for clock in (False, True)] == [[5], [6]]


def dips(joins):
    """A base that joins every tenth-day trade midway, losers alone or by chance; the trades, and their P&L."""
    random = np.random.default_rng(2)
    pnl = random.normal(0, 0.01, 60)
    joined = pnl < -0.002 if joins == "losers" else random.random(60) < 0.4
    tuned = [(f"I{at}", "long", 2, 12, one) for at, one in enumerate(pnl)]
    base = [(f"I{at}", "long", 7, 12, 0.01) for at in np.flatnonzero(joined)]
    return blotter(*base), blotter(*tuned, role="tuned trades"), pnl, joined


def test_a_base_that_joins_losers_is_blind_without_prices_only():
    base, tuned, pnl, joined = dips("losers")
    key = ("instrument", "side")
    assert book(base, tuned, DATES, clock=False, key=key).blind
    assert not book(base, tuned, DATES, clock=False, key=key, valued=np.where(joined, pnl / 2, 0)).blind
    assert not book(*dips("chance")[:2], DATES, clock=False, key=key).blind


def test_the_bases_own_trades_say_nothing_of_when_it_joins():
    base, _, pnl, joined = dips("losers")
    own = [(f"I{at}", "long", 7, 12, 0.9) for at in np.flatnonzero(joined)]
    others = [(f"I{at}", "long", 2, 12, pnl[at]) for at in range(60)]
    with_own = blotter(*others, *own, role="tuned trades")
    assert book(base, with_own, DATES, clock=False, key=("instrument", "side")).blind
    # of the others alone, none was joined
    only_own = blotter(*[row for at, row in enumerate(others) if not joined[at]], *own, role="tuned trades")
    assert not book(base, only_own, DATES, clock=False, key=("instrument", "side")).blind


def test_a_base_that_leaves_winners_is_blind_and_its_own_trades_are_no_company():
    random = np.random.default_rng(5)
    pnl = random.normal(0, 0.01, 40)
    key = ("instrument", "side")

    def blind(left, own=()):
        base = [(f"I{at}", "long", 1, 7 if left[at] else 20, 0.01) for at in range(40)]
        tuned = [(f"I{at}", "long", 2, 12, one) for at, one in enumerate(pnl)]
        return book(blotter(*base), blotter(*tuned, *own, role="tuned trades"), DATES, clock=False, key=key).blind

    chance = random.random(40) < 0.5
    assert blind(pnl > 0)
    assert not blind(chance)
    # the base's own trades lost: beside them those that it left look like winners
    own = [(f"I{at}", "long", 1, 7, -0.5 - 0.01 * at) for at in np.flatnonzero(chance)]
    assert not blind(chance, own)


def test_a_base_that_joins_long_trades_does_not_join_losers():
    # every trade loses at one rate a day; those of sixteen days lose more than those of two
    random = np.random.default_rng(7)
    days = np.repeat([16, 2], 30)
    pnl = days * random.normal(-0.01, 0.005, 60)
    base = [(f"I{at}", "long", 7, 18, 0.01) for at in range(30)]
    tuned = [(f"I{at}", "long", 2, 2 + days[at], one) for at, one in enumerate(pnl)]
    assert stats.ttest_ind(pnl[30:], pnl[:30], equal_var=False).statistic > SELECTED
    assert not book(blotter(*base), blotter(*tuned, role="tuned trades"), DATES, clock=False, key=("instrument",)).blind


def test_a_base_that_leaves_as_a_trade_begins_did_not_hold_it():
    random = np.random.default_rng(6)
    base = [(f"I{at}", "long", 1, 2 if at < 20 else 20, 0.01) for at in range(40)]
    pnl = np.r_[random.normal(0.5, 0.01, 20), random.normal(0, 0.01, 20)]
    tuned = [(f"I{at}", "long", 2, 12, one) for at, one in enumerate(pnl)]
    found = book(blotter(*base), blotter(*tuned, role="tuned trades"), DATES, clock=False, key=("instrument",))
    assert found.share.tolist() == [0.0] * 20 + [1.0] * 20
    assert not found.blind


# ---- what price tells


def groups(gap, n=12):
    """P&L of trades joined and never joined whose Welch t is `gap`, each held for one unit of time."""
    random = np.random.default_rng(0)
    one, other = random.normal(0, 1, n), random.normal(0, 2, n + 5)
    one, other = one - one.mean(), other - other.mean()
    error = np.sqrt(one.var(ddof=1) / n + other.var(ddof=1) / (n + 5))
    return one - gap * error, other


@pytest.mark.parametrize(("gap", "seen"), [(SELECTED + 0.01, True), (SELECTED - 0.01, False), (-9.0, False)])
def test_joining_losers_is_seen_beyond_one_percent(gap, seen):
    joined, others = groups(gap)
    assert stats.ttest_ind(others, joined, equal_var=False).statistic == pytest.approx(gap, abs=1e-9)
    pnl, n, m = np.r_[joined, others], joined.size, others.size
    time, nobody = np.ones(n + m, dtype=np.int64), np.zeros(n + m, dtype=bool)
    share = np.r_[np.full(n, 0.5), np.zeros(m)]
    assert moves_on_price(pnl, time, share, nobody) is seen
    # leaving winners is the same of trades that it held from the start
    assert moves_on_price(-pnl, time, np.r_[np.full(n, 0.5), np.ones(m)], ~nobody) is seen
    # P&L counts by the time it took, and a trade without duration as one unit
    assert moves_on_price(7 * pnl, 7 * time, share, nobody) is seen
    assert moves_on_price(pnl, 0 * time, share, nobody) is seen
    times = np.random.default_rng(4).integers(1, 4, n + m)
    assert moves_on_price(pnl * times, times, share, nobody) is seen


@pytest.mark.parametrize(("n", "m", "seen"), [(10, 10, True), (9, 40, False), (10, 9, True), (9, 9, False)])
def test_fewer_than_ten_weigh_little_and_fewer_than_ten_others_clear_nothing(n, m, seen):
    random = np.random.default_rng(1)
    far = n >= 10 and m >= 10
    pnl = np.r_[random.normal(-9 if far else 0, 1, n), random.normal(0, 1, m)]
    share = np.r_[np.full(n, 0.5), np.zeros(m)]
    time, nobody = np.ones(n + m, dtype=np.int64), np.zeros(n + m, dtype=bool)
    assert moves_on_price(pnl, time, share, nobody) is seen
    # P&L that never varies tells nothing
    assert not moves_on_price(0 * pnl, time, share, nobody) or m < 10


def test_sums_by_row_are_numbers_even_where_there_are_none():
    assert booked(np.zeros(0), integers(), 3).tolist() == [0.0, 0.0, 0.0]
    assert booked(np.array([1.0]), integers(1), 3).dtype == np.float64


def test_what_streams_earned_while_trades_were_held():
    random = np.random.default_rng(2)
    streams = random.standard_normal((14, 2))
    weight, entry, exit = np.array([1.0, -2.0, 0.5, 3.0]), integers(0, 4, 7, 9), integers(3, 4, 11, 6)
    wanted = np.zeros((14, 2))
    for size, first, last in zip(weight, entry, exit, strict=True):
        wanted[last] += size * streams[min(first, last) + 1 : last + 1].sum(axis=0)
    np.testing.assert_allclose(carried(streams, weight, entry, exit), wanted, atol=1e-12)


# ---- a span


def parts(covered, new, blind=False, entry_row=None, faced=0.0, share=0.0):
    size = len(covered)
    row = np.arange(size)
    return Booked(
        covered=np.array(covered, float), new=np.array(new, float), blind=blind, share=np.full(size, share),
        faced=np.full(size, faced), row=row, entry_row=row if entry_row is None else np.array(entry_row),
        fresh=np.array(new, float), key=("instrument", "setup"),
    )  # fmt: skip


def test_a_span_of_booked_pnl_is_exact():
    found = parts([1, 2, 3, -1, 9], [0.5, -1, 0, 2, 9])
    part = cover_from_trades(found, integers(0, 1, 2, 3))
    small = cover_from_trades(parts([0.01, 0.02, 0.03, -0.01], [0.005, -0.01, 0, 0.02]), integers(0, 1, 2, 3))
    assert small.r_squared == pytest.approx(part.r_squared)
    assert part.covered.tolist() == [1, 2, 3, -1]
    assert part.new.tolist() == [0.5, -1, 0, 2]
    assert part.names == ("instrument", "setup")
    assert part.r_squared == pytest.approx(np.corrcoef([1, 2, 3, -1], [1.5, 1, 3, 1])[0, 1] ** 2)
    assert (part.parameters, part.error_factor, part.nothing_new, part.booked) == (1, 1.0, None, True)


@pytest.mark.parametrize(
    ("covered", "new"), [([2, 2, 2], [1, 0, -1]), ([0, 0, 0], [1, 0, -1]), ([1, 0, -1], [-1, 0, 1])]
)
def test_what_never_varies_explains_nothing(covered, new):
    assert cover_from_trades(parts(covered, new), integers(0, 1, 2)).r_squared == 0.0


@pytest.mark.parametrize(
    ("new", "blind", "reason"),
    [
        ([0, 0, 5], False, "no trade that exits in this span leaves what the base held"),
        ([0, 0, 5], True, "no trade that exits in this span leaves what the base held"),
        (
            [1, 0, 5],
            True,
            "none that the trades tell, since the base comes and goes on price moves and there are no prices",
        ),
    ],
)
def test_why_a_span_has_no_new_part(new, blind, reason):
    part = cover_from_trades(parts([1, 2, 9], new, blind), integers(0, 1))
    assert part.nothing_new == reason
    assert part.covered.tolist() == [1 + new[0], 2]
    assert part.names == ("instrument", "setup")


def test_what_was_entered_before_a_span_is_no_evidence_in_it():
    found = parts([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], entry_row=[-1, 0, 1, 0, 3, 1])
    # a trade entered at the last date before a window earns in it alone
    assert entered_within(found, integers(2, 3, 4, 5)).tolist() == [False, False, True, False, True, True]
    part = cover_from_trades(found, integers(2, 3, 4, 5))
    assert part.new.tolist() == [1, 0, 1, 1]
    assert part.covered.tolist() == [3, 5, 5, 6]
    # each window has its own beginning
    assert entered_within(found, integers(0, 1, 4, 5)).tolist() == [True, True, False, False, True, False]
    assert entered_within(found, integers()).tolist() == [False] * 6
    none = cover_from_trades(found, integers(3))
    assert none.nothing_new == "every trade that leaves what the base held was entered before this span began"
    assert none.covered.tolist() == [5]


def test_what_faces_the_policys_own_trades_is_a_smaller_size():
    part = cover_from_trades(parts([1, 2, 9], [0, 0, 5], faced=1.0), integers(0, 1))
    assert part.nothing_new.startswith("what leaves it is the other side of what the tuned policy itself holds")
    assert part.covered.tolist() == [1, 2]
    # a trade that is covered meets what faces it, and is no other side itself
    part = cover_from_trades(parts([1, 2, 9], [0, 0, 5], faced=1.0, share=1.0), integers(0, 1))
    assert part.nothing_new == "no trade that exits in this span leaves what the base held"


SIDED = ("instrument", "side")


def test_the_other_side_of_ones_own_trades_takes_its_pnl_along():
    """Beside a long trade of 100 to 104: a short one within it, and one that meets it for two of its six days."""
    base = fills(("long", 0, 4, 100, 104))
    tuned = fills(("long", 0, 4, 100, 104), ("short", 0, 2, 100, 99), ("short", 2, 8, 99, 95), role="tuned trades")
    held = {"dates": DATES, "clock": False, "valued": np.array([4.0, 0.0, 0.0])}
    found = book(base, tuned, key=SIDED, point_value={"A": 1.0}, **held)
    assert found.faced == pytest.approx([0, 1, 1 / 3])
    # by fills the last lost 5 while it faced the long one, and earned 9 after
    assert found.fresh.tolist() == [0, 0, 9]
    assert found.by_time.fresh == pytest.approx([0, 0, 4 * 2 / 3])
    assert found.by_time.new.sum() == pytest.approx(4 * 2 / 3)
    # fees of a trade that faces throughout are no new part either
    dear = book(base, replace(tuned, pnl=tuned.pnl - [0, 0.1, 0]), key=SIDED, point_value={"A": 1.0}, **held)
    assert dear.fresh.tolist() == [0, 0, 9]
    untold = book(base, tuned, key=SIDED, **held)
    assert untold.fresh == pytest.approx([0, 0, 4 * 2 / 3])
    assert untold.by_time is None
    # where the side is no part of the opportunity, the base held that of the shorts too
    other = book(base, tuned, key=("instrument",), point_value={"A": 1.0}, **held)
    assert other.share == pytest.approx([1, 1, 1 / 3])
    assert other.faced.tolist() == [0, 0, 0]
    assert other.fresh.tolist() == [0, 0, 4]


def test_of_a_trade_that_the_base_held_in_part_the_rest_faces():
    """A short trade of four days, the last of which the base held, faces the long one on three."""
    base = fills(("long", 0, 4, 100, 104), ("short", 4, 5, 104, 102))
    tuned = fills(("long", 0, 4, 100, 104), ("short", 1, 5, 101, 102), role="tuned trades")
    held = {"dates": DATES, "clock": False, "valued": np.array([4.0, 2.0])}
    found = book(base, tuned, key=SIDED, point_value={"A": 1.0}, **held)
    assert found.share.tolist() == [1, 0.25]
    assert found.faced == pytest.approx([0, 0.75])
    assert found.fresh == pytest.approx([0, -1 - 2 + 0.75 * 3])
    assert found.by_time.fresh == pytest.approx([0, -1 * 0.75 * 0.25])


def test_a_size_is_in_money_where_prices_are_known():
    assert sizes(replace(fills(("long", 0, 4, 100, 104)), quantity=np.array([3.0]))).tolist() == [300.0]
    assert sizes(blotter(("A", "long", 0, 4, 0.1))).tolist() == [1.0]


def fills(*rows, role="base trades"):
    """Rows of (side, entry day, exit day, entry price, exit price) in one instrument."""
    frame = pd.DataFrame(list(rows), columns=["side", "entry_time", "exit_time", "entry_price", "exit_price"])
    for column in ("entry_time", "exit_time"):
        frame[column] = START + pd.to_timedelta(frame[column], "D")
    sign = np.where(frame["side"] == "long", 1, -1)
    pnl = sign * (frame["exit_price"] - frame["entry_price"])
    return read_trades(frame.assign(instrument="A", quantity=1.0, pnl=pnl), role=role)


def test_fills_and_time_are_two_readings_of_what_is_shared():
    """The base leaves at 101, the tuned trade holds on to 106: 1 of 6 is shared by fills, a half by time."""
    base, tuned = fills(("long", 0, 2, 100, 101)), fills(("long", 0, 4, 100, 106), role="tuned trades")
    found = book(base, tuned, DATES, clock=False, key=("instrument", "side"), valued=np.array([1.0]))
    assert found.fresh.tolist() == [5.0]
    assert found.by_time.fresh.tolist() == [3.0]
    assert not cover_from_trades(found, np.arange(30)).by_time
    assert cover_from_trades(found.by_time, np.arange(30)).by_time
    assert found.covered.sum() == 1.0
    assert found.by_time.covered.sum() == 3.0
    alike = book(base, base, DATES, clock=False, key=("instrument", "side"), valued=np.array([1.0]))
    assert alike.by_time is None


def test_without_prices_a_base_trade_that_is_held_longer_tells_nothing_new():
    base = blotter(("A", "long", 4, 6, 0.1), ("B", "long", 4, 4, 0.1))
    rows = [("A", "long", 4, 8, 0.4), ("A", "long", 2, 6, 0.4), ("A", "long", 5, 8, 0.4), ("A", "long", 6, 8, 0.4)]
    rows += [("B", "long", 4, 8, 0.4), ("A", "long", -1, 1, 0.4), ("A", "long", 0.5, 1.5, 0.4)]
    tuned = blotter(*rows, role="tuned trades")
    found = book(base, tuned, DATES, clock=False, key=("instrument", "side"))
    # same entry, same exit, neither, one that begins where the base leaves, beside one of no duration, and before all
    assert found.fresh == pytest.approx([0, 0, 0.4 * 2 / 3, 0.4, 0.4, 0.4, 0.4])
    assert found.entry_row.tolist() == [4, 2, 5, 6, 4, -1, 0]


def test_booking_sums_by_row():
    assert booked(np.array([1.0, 2.0, -4.0]), np.array([2, 0, 2]), 4).tolist() == [2.0, 0.0, -3.0, 0.0]


def test_a_base_that_joins_losers_or_leaves_winners_is_seen():
    rng = np.random.default_rng(1)
    pnl, time = rng.standard_normal(2000), np.full(2000, 4, dtype=np.int64)
    begun = rng.random(2000) < 0.5
    by_chance = rng.choice([0.0, 0.5, 1.0], 2000)
    by_chance = np.where(begun, np.maximum(by_chance, 0.5), np.minimum(by_chance, 0.5))
    assert not moves_on_price(pnl, time, by_chance, begun)
    joins_losers = np.where(begun, 1.0, np.where(pnl < -0.5, 0.5, 0.0))
    assert moves_on_price(pnl, time, joins_losers, begun)
    leaves_winners = np.where(begun, np.where(pnl > 0.5, 0.5, 1.0), 0.0)
    assert moves_on_price(pnl, time, leaves_winners, begun)
    assert not moves_on_price(pnl[:15], time[:15], joins_losers[:15], begun[:15])


def test_an_exit_within_the_first_period_is_booked_on_its_date_and_one_before_it_is_refused():
    months = np.array([f"2020-{month:02d}-28" for month in range(1, 7)], dtype="datetime64[ns]").astype(np.int64)

    def rows(*exits):
        frame = pd.DataFrame(
            {
                "instrument": "A",
                "side": "long",
                "entry_time": "2019-12-20",
                "exit_time": exits,
                "quantity": 1,
                "pnl": 0.01,
            }
        )
        return exit_rows(read_trades(frame.assign(pnl=0.01), role="base trades"), months, clock=False)

    assert rows("2020-01-03", "2020-01-28", "2020-01-29").tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="1 trade exits before the returns begin"):
        rows("2019-12-27", "2020-01-28")
    # Daily dates: the day before the first is no part of its period.
    days = np.arange(np.datetime64("2020-01-06"), np.datetime64("2020-03-01")).astype("datetime64[ns]").astype(np.int64)
    months = days
    with pytest.raises(InputError, match="before the returns begin"):
        rows("2020-01-05", "2020-01-20")
