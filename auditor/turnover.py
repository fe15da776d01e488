"""Both blotters on a pair's calendar go in; what is traded a year, and the cost that erases the gain, come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.booking import booked
from auditor.coverage.concentration import break_even_cost
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


def turnover(pair: Pair, base: Trades, tuned: Trades, dates: Integers, clock: bool, capital: float | None) -> Turnover:
    """Notional traded and the break-even cost, out of sample."""
    traded = [traded_by_row(one, dates, clock, capital) for one in (base, tuned)]
    if traded[0] is None or traded[1] is None:
        why = "the trades have no prices" if base.entry_price is None or tuned.entry_price is None else "no --capital"
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


def traded_by_row(trades: Trades, dates: Integers, clock: bool, capital: float | None) -> Array | None:
    """Notional of entries and exits by calendar row, over capital; None where prices or capital are not known."""
    if trades.entry_price is None or trades.exit_price is None or capital is None:
        return None
    day = 0 if clock else 1
    rows = [
        np.searchsorted(dates, at - day * (at % DAY), side="left").clip(0, dates.size - 1)
        for at in (trades.entry, trades.exit)
    ]
    return booked(trades.quantity * trades.entry_price / capital, rows[0], dates.size) + booked(
        trades.quantity * trades.exit_price / capital, rows[1], dates.size
    )
