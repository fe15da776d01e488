"""What is traded a year, and the cost that it bears, whatever a unit of quantity is worth."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from auditor import audit
from auditor.inputs.trades import read_trades
from auditor.turnover import traded_by_row, turnover

CAPITAL = 1e6
DATES = pd.bdate_range("2015-01-05", periods=1_200)


def book(seed, hold, names=("ES", "CL"), drift=0.02):
    """Trades of 20,000 units, one after the other on each instrument, on prices that rise."""
    random = np.random.default_rng(seed)
    rows = []
    for number, name in enumerate(names):
        price = 100 + 20 * number + random.normal(drift, 0.4, DATES.size).cumsum()
        for at in range(number, DATES.size - hold, hold + 3):
            rows.append((name, "long", DATES[at], DATES[at + hold], 2e4, price[at], price[at + hold]))
    columns = ["instrument", "side", "entry_time", "exit_time", "quantity", "entry_price", "exit_price"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(pnl=found.quantity * (found.exit_price - found.entry_price))


def returns(trades):
    return (trades.groupby("exit_time").pnl.sum() / CAPITAL).reindex(DATES, fill_value=0.0)


@pytest.fixture(scope="module")
def books():
    base = book(1, 5)
    return base, pd.concat([base, book(2, 8, ("GC",), drift=0.2)], ignore_index=True)


def notional_a_year(trades):
    """By hand: both fills of every trade over capital, out of sample."""
    start = DATES[600]
    amounts = [
        trades.quantity[trades[f"{end}_time"] >= start] * trades[f"{end}_price"][trades[f"{end}_time"] >= start]
        for end in ("entry", "exit")
    ]
    return sum(float(one.sum()) for one in amounts) / CAPITAL / 600


def test_the_same_positions_trade_as_much_and_bear_as_much_with_any_multiplier(books):
    found = []
    for multiplier in (1, 50, {"ES": 50, "CL": 1_000, "GC": 0.1}):
        given = []
        for one in books:
            each = one.instrument.map(multiplier) if isinstance(multiplier, dict) else multiplier
            given.append(one.assign(quantity=one.quantity / each))
        result = audit(
            *(returns(one) for one in books), base_trades=given[0], tuned_trades=given[1], capital=CAPITAL,
            oos_start=DATES[600], reps=199,
        )  # fmt: skip
        found.append((result.coverage.trades.turnover, result.sample.periods_per_year))
    (plain, year), *others = found
    assert [plain.base, plain.tuned] == pytest.approx([notional_a_year(one) * year for one in books], rel=1e-3)
    assert plain.break_even_bp > 0
    for one, _ in others:
        assert (one.base, one.tuned, one.break_even_bp) == pytest.approx(
            (plain.base, plain.tuned, plain.break_even_bp), rel=1e-9
        )


def rows_of(frame, point_value, **options):
    return traded_by_row(
        read_trades(frame, role="base", **options), DATES.as_unit("ns").asi8, False, CAPITAL, point_value
    )


def test_a_point_value_is_in_the_unit_of_the_profit_and_one_that_was_not_fitted_is_one_of_currency():
    frame = book(1, 5, ("ES",))
    wanted = rows_of(frame, {"ES": 1 / CAPITAL}, capital=CAPITAL)
    assert wanted.sum() == pytest.approx((frame.quantity * (frame.entry_price + frame.exit_price)).sum() / CAPITAL)
    np.testing.assert_allclose(rows_of(frame, {"ES": 1.0}), wanted, rtol=1e-12)  # in currency
    np.testing.assert_allclose(rows_of(frame, {"ES": 1.0}, capital=CAPITAL), wanted, rtol=1e-12)
    still = frame.assign(exit_price=frame.entry_price, pnl=0.0)
    assert rows_of(still, {"ES": 1.0}, capital=CAPITAL).sum() == pytest.approx(
        2 * (still.quantity * still.entry_price).sum() / CAPITAL
    )
    # a multiplier as large as the capital gives one, and one gives the P&L
    large = frame.assign(quantity=frame.quantity / CAPITAL)
    np.testing.assert_allclose(rows_of(large, {"ES": 1.0}, capital=CAPITAL), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "capital", "values", "why"),
    [
        ({}, CAPITAL, {}, "quantity times price change does not give the P&L"),
        ({}, None, {"ES": 1.0}, "no --capital"),
        ({"entry_price": None, "exit_price": None}, None, {}, "the trades have no prices"),
    ],
)
def test_what_is_not_known_is_said(change, capital, values, why):
    frame = book(1, 5, ("ES",)).drop(columns=list(change))
    trades = read_trades(frame, role="base")
    found = turnover(SimpleNamespace(), trades, trades, DATES.as_unit("ns").asi8, False, capital, values)
    assert (found.base, found.tuned, found.break_even_bp) == (None, None, None)
    assert found.reason == f"{why}, so what was traded is not known"
