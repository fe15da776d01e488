"""One policy's numbers come in; words of evidence that they are not decimal returns go out, or None."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.5  # a median that no period's return has, and every price above 50 cents and every curve from 1 or 100 has
SMOOTH = 0.98  # lag-1 autocorrelation of levels; twelve-month returns measured monthly have 0.92
MAX_VOLATILITY = 2.5  # a year, as decimals: above single coins (about 1.0) and below percents of anything over 2.5 %
CALM = 5e-3  # volatility a year, that of bills; below it returns in percent may have been decimals
MIN_FOR_SMOOTH = 30
TINY, HUGE = 1e-100, 1e12  # sizes whose squares would leave the range of a double, or that no return has


@np.errstate(over="ignore", invalid="ignore")
def level_evidence(values: NDArray[np.float64]) -> str | None:
    """Why (T,) numbers look like prices, an equity curve or cumulated returns, with the fix; None if they do not."""
    values = values[np.isfinite(values)]
    if values.size < 2 or np.ptp(values) == 0:
        return None
    middle, smooth = float(np.median(values)), _autocorrelation(values)
    positive = bool((values >= 0).all())
    if positive and middle >= LEVEL:
        if 0.8 <= middle <= 1.25 and smooth < 0.5 and values.min() < 1 < values.max() and values.size >= 10:
            return (
                f"look like 1 + return, or like percents (median {middle:.4g}, all positive, no trend). Subtract 1, or "
                "pass --unit percent; if they are decimal returns, pass --kind returns"
            )
        return (
            f"look like prices or an equity curve (median {middle:.4g}, all positive). Pass --kind prices; if they are "
            "returns, pass --kind returns"
        )
    if values.size >= MIN_FOR_SMOOTH and smooth > SMOOTH:
        if positive and values.min() > 0:
            fix = "Pass --kind prices"
        else:
            fix = "Take differences of a summed curve, or add 1 to a compounded one and pass --kind prices"
        return (
            f"look like a price, an equity curve or cumulated returns (lag-1 autocorrelation {smooth:.4f}, median "
            f"{middle:.4g}). {fix}; if they are returns, pass --kind returns"
        )
    return None


def says_percent(column: str) -> bool:
    """Whether a column's name says that it is in percent; `pct_change` is what pandas calls decimals."""
    name = column.lower()
    return "%" in name or (re.search(r"percent|(?<![a-z])pct(?![a-z])", name) is not None and "pct_change" not in name)


def percent_evidence(values: NDArray[np.float64], periods_per_year: float) -> str | None:
    """Why (T,) numbers look like percents, with the fix; None if they do not."""
    volatility = _volatility(values, periods_per_year)
    if not volatility > MAX_VOLATILITY:
        return None
    size = np.nanmedian(np.abs(values[values != 0]))
    return (
        f"look like percents: as decimals their volatility is {volatility:.0%} a year (median size "
        f"{size:.3g} a period that is not zero). Pass --unit percent, which holds for both "
        "policies; if they are decimals, pass --unit decimal"
    )


def money_evidence(values: NDArray[np.float64], periods_per_year: float) -> str | None:
    """Why (T,) numbers look like amounts of money, too large even for percents, with the fix; None if they do not."""
    volatility = _volatility(values, periods_per_year)
    if not volatility > 100 * MAX_VOLATILITY:
        return None
    return (
        f"look like amounts of money: as decimals their volatility is {volatility:,.0%} a year. Divide each by the "
        "capital that it was earned on (--capital is for trades alone); if they are decimals, pass --unit decimal"
    )


@np.errstate(over="ignore", invalid="ignore")
def _volatility(values: NDArray[np.float64], periods_per_year: float) -> float:
    """Of a year. The extreme half per cent on each side is pulled in, so that one wild return does not make it."""
    values = values[np.isfinite(values)]
    if values.size < 2:
        return 0.0
    cut = 1 + values.size // 200 if values.size >= 20 else 0
    low, high = np.sort(values)[[cut, -1 - cut]]
    return float(np.std(np.clip(values, low, high))) * float(np.sqrt(periods_per_year))


def divided_evidence(values: NDArray[np.float64], periods_per_year: float) -> str | None:
    """Why (T,) returns that were divided by 100 look as if they had been decimals before; None if they do not."""
    volatility = _volatility(values, periods_per_year)
    if not 0 < volatility < CALM:
        return None
    return (
        f"have a volatility of {volatility:.2g} a year after the division by 100: leave out --unit if they are decimals"
    )


def size_evidence(values: NDArray[np.float64]) -> str | None:
    """Why (T,) numbers cannot be returns at all: one is beyond any; None if they can."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return f"cannot be returns (one is of size {largest:.3g}): fix the export" if largest > HUGE else None


def constant_evidence(values: NDArray[np.float64]) -> str | None:
    """Why (T,) numbers have no variance to test: all zero, or all the same up to rounding; None if they have."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return "hold no value"
    largest = float(np.abs(values).max())
    if largest < TINY:
        return "are all zero: the policy never traded, or the column is not its return"
    # returns of a price that grows at a constant rate differ in the last places only
    if float(np.ptp(values)) <= 1e-10 * largest:
        return f"are constant ({values[0]:.6g} in every period): a policy without risk has no Sharpe ratio"
    return None


def _autocorrelation(values: NDArray[np.float64]) -> float:
    """Lag-1 autocorrelation, by the variance of differences: 1 - var(diff) / (2 var)."""
    scale = float(np.abs(values).max())
    centred = values / scale - np.mean(values / scale)
    variance = float(np.mean(centred**2))
    return 1.0 - float(np.mean(np.diff(centred) ** 2)) / (2.0 * variance) if variance > 0 else 0.0
