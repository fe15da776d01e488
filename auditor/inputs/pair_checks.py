"""What is to become a pair goes in; a refusal, or what is odd about it, comes out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import Frequency, infer_frequency, long_gaps, show
from auditor.inputs.doubts import constant_evidence
from auditor.inputs.returns import Returns
from auditor.inputs.split import Span

MAX_RATE = 0.5  # a year; above it a rate is in percent
MIN_RATE = -0.02  # a year; the lowest that a central bank has set is -0.0075
MAX_MOVES = 0.02  # volatility of a year; that of bill rates is a tenth of it
LOW_RATE, HIGH_RATE = 0.001, 0.15  # a year; below and above these cash is seldom, and a wrong unit often


def check_per_year(value: float | None) -> float | None:
    """Give periods per year as a float, None as it is."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < math.inf:
        raise InputError(f"periods per year is {value!r}; it must be a number above 0, such as 252.")
    return float(value)


def check_rate(rate: object) -> float:
    """Give an annual decimal rate as a float."""
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not math.isfinite(float(rate)):
        raise InputError(f"rf is {rate!r}; it must be an annual rate such as 0.03, or a file of rates.")
    if abs(float(rate)) > MAX_RATE:
        raise InputError(f"rf is {rate}, which looks like percent. Write it as a decimal: {float(rate) / 100:g}.")
    return float(rate)


def refuse_no_cash(name: str, cash: NDArray[np.float64], per_year: float) -> None:
    """Refuse rates, (T,) per period, that no cash has paid: far below zero, or that move as a policy does."""
    a_year, moves = float(cash.mean()) * per_year, float(cash.std()) * math.sqrt(per_year)
    if a_year < MIN_RATE:
        raise InputError(
            f"{name}: cash would cost {-a_year:.2%} a year. What is taken off both policies must be a rate that cash "
            "paid: give it, or none."
        )
    if moves > MAX_MOVES:
        raise InputError(
            f"{name}: the rates move by {moves:.2%} a year, as returns do and cash does not. Give the rate of cash for "
            "each period; a stream that both policies could hold is --known."
        )


def rate_warning(name: str, a_year: float) -> tuple[str, ...]:
    """Say where cash earns so much that the rate may be in percent, or one a year written as one of each period."""
    if abs(a_year) <= HIGH_RATE:
        return ()
    return (
        f"{name}: cash earns {a_year:.1%} a year: is the rate in percent? Files are decimals without --unit percent",
    )


def hardly_any(rate: Returns) -> tuple[str, ...]:
    """Say where rates that were divided by 100 come to so little that they may have been decimals before."""
    a_year = float(np.nanmean(rate.values)) * infer_frequency(rate.dates).periods_per_year
    if not 0 < abs(a_year) < LOW_RATE:
        return ()
    return (
        f"{rate.name}: cash earns {a_year:.4%} a year after the division by 100: --unit percent holds for the rates "
        "too, so write them in percent",
    )


def calendar_warnings(
    dates: pd.DatetimeIndex, frequency: Frequency, per_year: float, *, given: bool
) -> tuple[str, ...]:
    """Say where dates tick unevenly or gap, and where the periods a year that were given are not theirs."""
    found: list[str] = []
    if frequency.mixed:
        gaps = np.diff(dates.asi8.astype(np.float64))
        usual = np.median(gaps)
        # the first gap far from the usual one, in either direction
        odd = np.flatnonzero((gaps > 4.5 * usual) | (gaps < usual / 4.5))
        at = int(odd[0]) if odd.size else 0
        found.append(
            f"mixed frequency: mostly {frequency.name}, but not throughout (first {show(dates[at])} to "
            f"{show(dates[at + 1])})"
        )
    if gap := long_gaps(dates, frequency):
        found.append(gap)
    slack = 2.0 if frequency.name == "intraday" else 1.1
    if given and not 1 / slack <= per_year / frequency.periods_per_year <= slack:
        found.append(
            f"periods per year given as {per_year:g}, but the dates say {frequency.periods_per_year:g} "
            f"({frequency.evidence})"
        )
    return tuple(found)


def scale_warning(policies: dict[str, NDArray[np.float64]], sources: dict[str, Returns]) -> tuple[str, ...]:
    """Say where one policy moves so much more than the other that it may be in percent."""
    with np.errstate(all="ignore"):  # numbers of 1e-200 or 1e200 are odd enough to be named below
        ratio = float(policies["tuned"].std() / policies["base"].std())
    if 0.05 <= ratio <= 20:
        return ()
    return (
        f"{sources['tuned'].name}: volatility is {ratio:.3g} times that of {sources['base'].name}; is one of them in "
        "percent?",
    )


def refuse_constant(
    policies: dict[str, NDArray[np.float64]], sources: dict[str, Returns], in_sample: Span, out_of_sample: Span
) -> None:
    """Refuse a policy that does not vary in either span."""
    for words, span in (("in-sample", in_sample), ("out-of-sample", out_of_sample)):
        for role, values in policies.items():
            if evidence := constant_evidence(values[span.index]):
                raise InputError(
                    f"{sources[role].name}: the {words} returns ({show(span.first)} to {show(span.last)}) {evidence}."
                )
