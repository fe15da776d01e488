"""A policy's booked P&L and its returns go in; by how much they differ, in all and by month, comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WARNED, REFUSED = 0.01, 0.10
"""Gaps at which blotter and returns are warned of, and refused as not being of one backtest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What trades and returns say of one calendar month, "YYYY-MM"."""

    month: str
    pnl: float
    returned: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """P&L of the trades beside the sum of the returns, in return on capital.

    gap        |pnl - returned| over the sum of the years' |returns|: a total near zero must not blow it up
    month_gap  sum of the months' |pnl - returned| over the sum of their |returns|. Trades held over a month's end
               make it, since P&L is booked at exits: it is told, and decides nothing
    months     every month
    """

    role: str
    pnl: float
    returned: float
    gap: float
    month_gap: float
    months: tuple[Month, ...]

    def __str__(self) -> str:
        """Give totals and gap on one line."""
        return f"{self.role}: trades {self.pnl:+.2%}, returns {self.returned:+.2%}, gap {self.gap:.1%}"


def reconcile(role: str, pnl: Array, returns: Array, month: NDArray[np.str_]) -> Reconciliation:
    """Hold booked P&L against returns.

    pnl, returns  (T,) per period, in the same unit
    month         (T,) "YYYY-MM" of each period
    """
    names, code = np.unique(month, return_inverse=True)
    of_trades = np.bincount(code, weights=pnl, minlength=names.size)
    of_returns = np.bincount(code, weights=returns, minlength=names.size)
    moved = float(np.abs(of_returns).sum())
    years = np.unique(names.astype("<U4"), return_inverse=True)[1]
    by_year = float(np.abs(np.bincount(years, weights=of_returns)).sum())
    return Reconciliation(
        role=role,
        pnl=float(pnl.sum()),
        returned=float(returns.sum()),
        gap=abs(float(pnl.sum() - returns.sum())) / by_year,
        month_gap=float(np.abs(of_trades - of_returns).sum()) / moved,
        months=tuple(
            Month(month=str(name), pnl=float(one), returned=float(two))
            for name, one, two in zip(names, of_trades, of_returns, strict=True)
        ),
    )
