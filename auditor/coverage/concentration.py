"""Trades and the calendar go in; how few of them make the result, and what trading costs it could bear, come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.stats.ratios import sharpe_ratio

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_COST = 1.0
"""A cost of 100 % of what is traded: beyond it none is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How few trades and instruments the P&L of one span comes from.

    n_trades                trades that exit in it
    effective_trades        inverse Herfindahl of |P&L|: as many equal trades would be as concentrated
    effective_instruments   the same by instrument
    top_ten_share           P&L of the ten best trades over all P&L; None, with the reason, where that is not positive
    """

    n_trades: int
    effective_trades: float
    effective_instruments: float
    top_ten_share: float | None
    reason: str | None = None


def concentration(pnl: Array, instrument: Integers) -> Concentration:
    """Concentration of trades' P&L: (n,) each."""
    total = float(pnl.sum())
    best = float(np.sort(pnl)[-10:].sum())
    return Concentration(
        n_trades=pnl.size,
        effective_trades=inverse_herfindahl(np.abs(pnl)),
        effective_instruments=inverse_herfindahl(np.abs(np.bincount(instrument, weights=pnl))) if pnl.size else 0.0,
        top_ten_share=best / total if total > 0 else None,
        reason=None if total > 0 else "the trades made no money in all",
    )


def inverse_herfindahl(sizes: Array) -> float:
    """Number of equal parts as concentrated as these: (sum)^2 / sum of squares, 0 where there is nothing."""
    square = float((sizes**2).sum())
    return float(sizes.sum()) ** 2 / square if square > 0 else 0.0


def break_even_cost(base: Array, tuned: Array, base_traded: Array, tuned_traded: Array) -> float | None:
    """Cost per unit of notional traded that would erase the Sharpe gain; None where no cost up to 100 % does.

    base, tuned          (n,) returns of one span
    *_traded             (n,) notional traded on each period, over capital

    Both policies pay it. The gain as a function of the cost is searched for its first sign change on a grid of basis
    points that doubles, then bisected.
    """

    def gain(cost: float) -> float:
        return sharpe_ratio(tuned - cost * tuned_traded) - sharpe_ratio(base - cost * base_traded)

    if gain(0.0) <= 0:
        return 0.0
    low, high = 0.0, 1e-4
    while gain(high) > 0:
        low, high = high, 2 * high
        if high > MOST_COST:
            return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) > 0 else (low, middle)
    return high
