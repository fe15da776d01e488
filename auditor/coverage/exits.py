"""What trades gained goes in; series on the calendar, each trade's at the row of its exit, come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.plural import several, verb

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Times = NDArray[np.int64]


def booked(amount: Array, row: Times, n_obs: int) -> Array:
    """Sum amounts by the calendar row that each is booked on: (n,) to (T,)."""
    return np.bincount(row, weights=amount, minlength=n_obs).astype(np.float64)


def exit_rows(trades: Trades, dates: Times, *, clock: bool) -> Times:
    """Calendar row on which each trade's P&L is booked: (n,).

    dates  (T,) ascending nanoseconds
    clock  whether dates carry a time of day. If not, an exit belongs to its day: the first date on or after that day

    Raises InputError for exits after the last date or before the first period, which began a usual step earlier.
    """
    day = 86_400 * 10**9
    began = dates[0] - (int(np.median(np.diff(dates))) if dates.size > 1 else day)
    exit = trades.exit if clock else trades.exit - trades.exit % day
    row = np.searchsorted(dates, exit, side="left")
    late, early = exit > dates[-1], exit <= began
    for wrong, what, edge in (
        (late, "after the returns end", dates[-1]),
        (early, "before the returns begin", began),
    ):
        if wrong.any():
            first, many = int(np.flatnonzero(wrong)[0]), int(wrong.sum())
            raise InputError(
                f"{trades.name}: {several(many, 'trade')} {verb(many, 'exit')} {what} ({_day(edge)}); the first "
                f"is row {first + 1} of the trades, on {_day(trades.exit[first])}. "
                "Cut the trades to the dates of the returns, or give longer returns"
            )
    return row.astype(np.int64)


def _day(moment: np.int64) -> str:
    return str(np.datetime64(int(moment), "ns").astype("datetime64[D]"))


def carried(streams: Array, weight: Array, entry_row: Times, exit_row: Times) -> Array:
    """What streams earned while each trade was held, times its weight, booked at its exit: (T, k) to (T, k).

    weight               (n,) signed size of the trade, or of the part of it that is asked for
    entry_row, exit_row  (n,) calendar rows; a trade earns from the row after its entry to that of its exit
    """
    level = np.vstack([np.zeros(streams.shape[1]), np.cumsum(streams, axis=0)])
    gained = weight[:, None] * (level[exit_row + 1] - level[np.minimum(entry_row, exit_row) + 1])
    return np.column_stack([booked(column, exit_row, streams.shape[0]) for column in gained.T])
