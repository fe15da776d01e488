"""Amounts in the order of their names go in; the lines that make tuned minus base P&L come out.

line          what it holds                                                                      on swapping the two
------------  ---------------------------------------------------------------------------------  -------------------
new           tuned trades that share no time with a base trade of the same opportunity          is -dropped
dropped       minus the base trades that share no time with a tuned one                          is -new
resized       stretches in which both hold the opportunity: tuned's P&L less base's              flips its sign
entry_timing  one holds alone before a stretch that both hold: P&L if tuned, minus it if base    flips
exit_timing   the same after a stretch that both hold                                            flips
gap_timing    the same between two such stretches: the other stepped out and came back           flips
reversed      one is long only and the other short only, in one instrument: P&L of both          flips
fees          base's fees less tuned's: fees lower P&L                                           flips
unexplained   P&L before fees that price times quantity does not give: fills at different        flips
              prices at one instant, fills off the price path, costs not declared as fees
total         the lines' sum: P&L net of fees, tuned less base                                   flips
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NAMES = ("new", "dropped", "resized", "entry_timing", "exit_timing", "gap_timing", "reversed", "fees", "unexplained")
"""The lines, in the order of their columns in `base_parts`, `tuned_parts` and what `grouped` returns."""
NEW, DROPPED, RESIZED, ENTRY, EXIT, GAP, REVERSED, FEES, UNEXPLAINED = range(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Tuned minus base P&L by what made it, in the unit of the blotters. The module's table says what each line is."""

    new: float
    dropped: float
    resized: float
    entry_timing: float
    exit_timing: float
    gap_timing: float
    reversed: float
    fees: float
    unexplained: float
    total: float

    def __str__(self) -> str:
        """Give the total and the lines that are more than rounding."""
        amounts = {name.replace("_", " "): float(getattr(self, name)) for name in NAMES}
        rounding = 1e-9 * sum(map(abs, amounts.values()))
        parts = [f"{name} {value:+.6g}" for name, value in amounts.items() if abs(value) > rounding]
        return f"{self.total:+.6g}" + (f" = {', '.join(parts)}" if parts else "")


def lines_of(row: Array) -> Lines:
    """Name the lines of one row of `grouped`: (9,)."""
    return Lines(**dict(zip(NAMES, row.tolist(), strict=True)), total=float(row.sum()))
