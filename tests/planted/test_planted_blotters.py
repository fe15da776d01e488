"""Overlays planted in trades have the truth they claim, and book the returns that go with them."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.coverage.exits import booked, exit_rows
from auditor.coverage.exposure import covered_share, exposure, opportunity_codes
from auditor.errors import InputError
from auditor.planted.blotters import make_blotter, placed
from auditor.planted.catalogue import BOOK_RISK, NULLS, new_book
from auditor.planted.draws import ratio, stationary_rows
from auditor.planted.trades import mean_per_trade, plant

BY_NAME = {overlay.name: overlay for overlay in NULLS}


def world(name, blotter, seed=0):
    rng = np.random.default_rng(seed)
    rows = stationary_rows(blotter.field.base.size, blotter.field.block, rng)
    return rows, plant(BY_NAME.get(name) or new_book(float(name)), blotter, rows, rng)


def cover(found):
    base, tuned = found.base_trades, found.tuned_trades
    of_base, of_tuned = opportunity_codes(base, tuned, ("instrument", "side"))
    return covered_share(exposure(of_base, base.entry, base.exit), of_tuned, tuned.entry, tuned.exit)


@pytest.mark.parametrize("name", [*BY_NAME, "1.0"])
def test_returns_are_what_the_trades_book(name, blotter):
    _, found = world(name, blotter)
    for returns, trades in ((found.base, found.base_trades), (found.tuned, found.tuned_trades)):
        assert (trades.entry <= trades.exit).all()
        rows = exit_rows(trades, blotter.dates, clock=blotter.clock)
        if not (name == "smoothed" and returns is found.tuned):
            assert np.allclose(returns, booked(trades.pnl, rows, blotter.dates.size), atol=1e-15)


def test_a_worlds_base_is_the_resample_of_what_the_users_trades_book(blotter):
    rows, found = world("levered", blotter)
    assert np.allclose(found.base, blotter.field.base[rows], atol=1e-15)


HOURLY = pd.DatetimeIndex(
    [day + pd.Timedelta(hours=h) for day in pd.bdate_range("2020-01-06", periods=215) for h in range(9, 16)]
)[:1_500]


@pytest.mark.parametrize(
    ("dates", "hours"),
    [
        (pd.bdate_range("2010-01-04", periods=1_500), 0),
        (pd.bdate_range("2010-01-04", periods=1_500), 15),
        (pd.bdate_range("2010-01-04", periods=1_500, tz="UTC"), 9),
        (HOURLY, 0),
        (pd.date_range("1900-01-31", periods=1_500, freq="ME"), 0),
    ],
)
def test_trades_keep_their_row_of_exit_and_their_holding_time_in_any_calendar(dates, hours, blotter_of):
    blotter = blotter_of(dates, hours=hours)
    rows = stationary_rows(1_500, 40, np.random.default_rng(5))
    found = placed(blotter, rows)
    assert np.array_equal(exit_rows(found.trades, blotter.dates, clock=blotter.clock), found.exit_row)
    assert found.trades.pnl.size == blotter.count[rows].sum()
    assert (found.trades.entry <= found.trades.exit).all()
    inside = found.entry_row > 0
    days = 0 if blotter.clock else found.trades.entry % (86_400 * 10**9)
    entered = np.searchsorted(blotter.dates, found.trades.entry - days, side="left")
    assert np.array_equal(entered[inside], found.entry_row[inside])


def test_resizing_leaves_every_trade_covered(blotter):
    for name in ("levered", "resized", "volatility-managed", "lucky filter", "lucky timing", "dropped setups"):
        _, found = world(name, blotter)
        assert (cover(found) == 1).all(), name
    _, found = world("levered", blotter)
    assert ratio(found.tuned) == pytest.approx(ratio(found.base), rel=1e-12)


def test_filters_only_drop(blotter):
    for name in ("lucky filter", "lucky timing", "dropped setups"):
        _, found = world(name, blotter)
        base, tuned = ({*zip(t.entry, t.exit, t.instrument, t.pnl, strict=True)} for t in
                       (found.base_trades, found.tuned_trades))  # fmt: skip
        assert tuned < base
    _, found = world("lucky filter", blotter)
    assert found.tuned_trades.pnl.size == pytest.approx(0.7 * found.base_trades.pnl.size, rel=0.1)
    assert blotter.field.score(found.tuned) > blotter.field.score(found.base)


def test_the_setups_kept_earn_more(blotter):
    kept, left = [], []
    for seed in range(60):
        _, found = world("dropped setups", blotter, seed)
        kept.append(found.tuned.sum())
        left.append(found.base.sum() - found.tuned.sum())
    total = blotter.trades.pnl.sum()
    error = 4 * np.std(kept) / math.sqrt(60)
    assert np.mean(kept) == pytest.approx(0.8 * total, abs=error)
    assert np.mean(left) == pytest.approx(0.2 * total, abs=error)


@pytest.mark.parametrize("sharpe", [0.0, 0.5, 1.5, 3.0])
def test_the_mean_of_a_trade_gives_the_books_sharpe_ratio_exactly(sharpe, blotter):
    mean = mean_per_trade(blotter, sharpe)
    pnl = blotter.trades.pnl - blotter.trades.pnl.mean() + mean
    returns = booked(pnl, blotter.exit_row, blotter.field.base.size)
    assert returns.mean() / returns.std() * math.sqrt(252) == pytest.approx(sharpe, abs=1e-12)


def test_trades_too_rare_for_a_sharpe_ratio_are_refused(blotter):
    rare = replace(blotter, count=np.bincount([700], weights=[600], minlength=1_500).astype(np.int64))
    with pytest.raises(InputError, match="as rare as these cannot book a Sharpe ratio of 3"):
        mean_per_trade(rare, 3.0)


def test_a_new_book_is_all_new_and_a_pointless_one_meets_the_base_by_chance(blotter):
    _, found = world("1.0", blotter)
    n = found.base_trades.pnl.size
    share = cover(found)
    assert (share[:n] == 1).all()
    assert (share[n:] == 0).all()
    assert found.tuned_trades.quantity[n:].max() <= BOOK_RISK * blotter.trades.quantity.max()
    _, found = world("pointless new trades", blotter)
    share = cover(found)[found.base_trades.pnl.size :]
    assert 0 < share.mean() < 1


def test_books_earn_what_is_planted(blotter):
    for name, sharpe in (("pointless new trades", 0.0), ("1.0", 1.0)):
        found = []
        for seed in range(200):
            _, one = world(name, blotter, seed)
            found.append((one.tuned - one.base).mean() / (one.tuned - one.base).std() * math.sqrt(252))
        assert np.mean(found) == pytest.approx(sharpe, abs=4 * np.std(found) / math.sqrt(200))


def test_a_hedge_earns_nothing_and_takes_the_risk_off(blotter):
    earned, risk = [], []
    for seed in range(100):
        _, found = world("hedged", blotter, seed)
        earned.append((found.tuned - found.base).mean())
        risk.append(found.tuned.var() / found.base.var())
    assert abs(np.mean(earned)) < 4 * np.std(earned) / 10
    assert np.mean(risk) == pytest.approx(0.7, abs=0.05)


def test_opportunities_that_are_tags_are_new_too(blotter):
    tagged = replace(
        blotter, key=("setup",), trades=replace(blotter.trades, tags={"setup": np.full(600, "x", dtype=np.str_)})
    )
    _, found = world("1.0", tagged)
    assert set(found.base_trades.tags["setup"]) == {"x"}
    assert set(found.tuned_trades.tags["setup"]) == {"x", "x (planted)"}


def test_a_key_by_which_nothing_could_be_new_is_refused(blotter):
    dates = pd.DatetimeIndex(blotter.dates.view("M8[ns]"))
    with pytest.raises(InputError, match="no new book could be new"):
        make_blotter(blotter.trades, dates, blotter.field.in_sample, 252.0, 40, ("side",))
