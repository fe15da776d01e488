"""Prices or an equity curve come in; simple returns from each date that has one to the next go out, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.table import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """One column of prices, kept beside its returns until a pair has its common dates.

    dates   (T,) sorted, unique
    values  (T,) positive; NaN where na="drop" left missing prices
    """

    dates: pd.DatetimeIndex
    values: NDArray[np.float64]


def check_prices(values: NDArray[np.float64], *, name: str, column: str, label: Label) -> None:
    """Refuse prices that are not positive, those with infinite returns, and fewer than three."""
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        raise InputError(
            f"{name}: column {column!r} has {bad.size} prices that are not positive (first {label(int(bad[0]))}: "
            f"{values[bad[0]]:g}). They have no return: cut the file before them."
        )
    there = np.flatnonzero(~np.isnan(values))
    wild = there[1:][np.isinf(returns_of(values[there]))]
    if wild.size:
        raise InputError(
            f"{name}: column {column!r} has {wild.size} infinite returns of prices (first {label(int(wild[0]))})."
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
