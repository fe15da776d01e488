"""Prices or an equity curve come in; simple returns from each date that has one to the next go out, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.table import Label
from auditor.plural import several, verb

MOSTLY_RETURNS = 0.2
"""Share of values that are not positive above which they are no prices."""

THOUSAND = 0.1
"""Decimal logarithm within which a move is one by a factor of 1,000: 794 to 1,259."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """One column of prices, kept beside its returns until a pair has its common dates.

    dates   (T,) sorted, unique
    values  (T,) positive; NaN where na="drop" left missing prices
    """

    dates: pd.DatetimeIndex
    values: NDArray[np.float64]


def check_prices(values: NDArray[np.float64], *, name: str, column: str, label: Label) -> None:
    """Refuse prices that are not positive, those with infinite or thousandfold returns, and fewer than three."""
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        fix = "They have no return: cut the file before them"
        if bad.size > MOSTLY_RETURNS * values.size:
            fix = (
                "So many are returns: --kind prices holds for both policies, so turn the prices of the other file into "
            )
            fix += "returns (`pct_change()`), or name the column of prices"
        raise InputError(
            f"{name}: column {column!r} has {several(bad.size, 'price')} that {verb(bad.size, 'are')} not positive "
            f"(first {label(int(bad[0]))}: {values[bad[0]]:g}). {fix}."
        )
    there = np.flatnonzero(~np.isnan(values))
    wild = there[1:][np.isinf(returns_of(values[there]))]
    if wild.size:
        raise InputError(
            f"{name}: column {column!r} has {wild.size} infinite returns of prices (first {label(int(wild[0]))})."
        )
    thousand = np.flatnonzero(np.abs(np.abs(np.diff(np.log10(values[there]))) - 3) < THOUSAND)
    if thousand.size:
        before, row = values[there[thousand[0]]], int(there[thousand[0] + 1])
        raise InputError(
            f"{name}: column {column!r} moves a thousandfold between neighbouring prices, "
            f"{several(thousand.size, 'time')} (first {label(row)}: from {before:g} to {values[row]:g}). Dots or "
            "commas that set thousands apart do this (999, then 1.000): write numbers without them."
        )
    if there.size < 3:
        raise InputError(f"{name}: {there.size} prices give {max(there.size - 1, 0)} returns. An audit needs many.")


def without_missing(prices: Prices) -> Prices:
    """Leave the dates without a price out: the move across them then belongs to the next date that has one."""
    there = ~np.isnan(prices.values)
    return Prices(dates=prices.dates[there], values=prices.values[there])


def returns_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Simple returns, (T - 1,), of (T,) prices."""
    with np.errstate(over="ignore"):
        return np.asarray(values[1:] / values[:-1] - 1.0)
