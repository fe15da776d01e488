"""Both blotters on a pair's calendar go in; what is traded a year, and the cost that erases the gain, come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.concentration import break_even_cost
from auditor.coverage.exits import booked
from auditor.coverage.netting import points
from auditor.coverage.valuation import FITS
from auditor.inputs.calendar import DAY
from auditor.inputs.pair import Pair
from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Notional traded a year over capital, out of sample, and the cost that would erase the gain.

    break_even_bp  basis points of what is traded, paid by both policies; None, with the reason, where none does
    """

    base: float | None
    tuned: float | None
    break_even_bp: float | None
    reason: str | None = None


def turnover(
    pair: Pair,
    base: Trades,
    tuned: Trades,
    dates: Integers,
    clock: bool,
    capital: float | None,
    point_value: Mapping[str, float],
) -> Turnover:
    """Notional traded and the break-even cost, out of sample.

    point_value  P&L of one unit of quantity over one unit of price, by instrument, in the unit of the P&L: a futures
                 multiplier, over capital where the P&L is; empty where the fills do not tell the P&L
    """
    traded = [traded_by_row(one, dates, clock, capital, point_value) for one in (base, tuned)]
    if traded[0] is None or traded[1] is None:
        why = "quantity times price change does not give the P&L"
        if capital is None:
            why = "no --capital"
        if base.entry_price is None or tuned.entry_price is None:
            why = "the trades have no prices"
        return Turnover(base=None, tuned=None, break_even_bp=None, reason=f"{why}, so what was traded is not known")
    index = pair.out_of_sample.index
    of_base, of_tuned = traded[0][index], traded[1][index]
    cost = break_even_cost(pair.base[index], pair.tuned[index], of_base, of_tuned)
    return Turnover(
        base=float(of_base.mean()) * pair.periods_per_year,
        tuned=float(of_tuned.mean()) * pair.periods_per_year,
        break_even_bp=None if cost is None else cost * 1e4,
        reason=None if cost is not None else "no cost of trading erases the gain: the tuned policy trades no more",
    )


def traded_by_row(
    trades: Trades, dates: Integers, clock: bool, capital: float | None, point_value: Mapping[str, float]
) -> Array | None:
    """Notional of entries and exits by calendar row, over capital; None where it is not known."""
    if trades.entry_price is None or trades.exit_price is None or capital is None or not point_value:
        return None
    size = trades.quantity * _worth(trades, trades.exit_price - trades.entry_price, capital, point_value)
    day = 0 if clock else 1
    rows = [
        np.searchsorted(dates, at - day * (at % DAY), side="left").clip(0, dates.size - 1)
        for at in (trades.entry, trades.exit)
    ]
    return booked(size * trades.entry_price, rows[0], dates.size) + booked(
        size * trades.exit_price, rows[1], dates.size
    )


def _worth(trades: Trades, move: Array, capital: float, point_value: Mapping[str, float]) -> Array:
    """Return on capital of one unit of quantity over one unit of price, by trade: (n,)."""
    value = points(trades, point_value)
    if trades.unit == "currency":
        return value / capital
    # One is also what an instrument gets whose P&L tells nothing: its unit is then taken to be worth one of currency.
    gross = trades.pnl + trades.fees
    whole, left = (
        np.bincount(trades.instrument, weights=np.abs(one), minlength=len(trades.instruments))
        for one in (gross, gross - trades.side * trades.quantity * move)
    )
    untold = (value == 1.0) & ((left > FITS * whole) | (whole == 0.0))[trades.instrument]
    return np.where(untold, 1.0 / capital, value)
