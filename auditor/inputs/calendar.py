"""Dates come in, raw or parsed; what is wrong with them goes out, how often a year they tick, and where they gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.table import Label

DAY = 86_400 * 10**9  # nanoseconds
WEEKS = 365.25 / 7
RUN = 5  # gaps of another class in a row that make a calendar mixed
SHARE = 0.05  # or this share of all gaps
OTHER_STEP = 1.9  # times the usual step of one calendar makes another frequency; half months and fortnights have 1.1
FEWEST_STEPS = 10  # dates whose median gap is told

_HALF = (10.5, 18.5)  # days between fortnights, or half months

# name, periods a year, the gaps in days that belong to it; between two ranges the nearer name, called mixed
_CLASSES = (
    ("daily", 252.0, 0.8, 4.5),
    ("weekly", 52.0, 4.5, 10.5),
    ("fortnightly", 26.0, *_HALF),
    ("half-monthly", 24.0, *_HALF),
    ("monthly", 12.0, 20.0, 45.0),
    ("quarterly", 4.0, 60.0, 135.0),
    ("annual", 1.0, 250.0, 500.0),
)
_LONG = {
    "weekly": 21.5,
    "fortnightly": 42.5,
    "half-monthly": 42.5,
    "monthly": 70.0,
    "quarterly": 200.0,
    "annual": 800.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """How often a calendar ticks.

    name              intraday, daily, weekly, fortnightly, half-monthly, monthly, quarterly or annual
    periods_per_year  what annualises a period's mean
    mixed             True where a part of the dates ticks at another frequency
    evidence          what was seen, in a few words: "weekday dates"
    """

    name: str
    periods_per_year: float
    mixed: bool
    evidence: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}, {self.periods_per_year:g} a year ({self.evidence}){', mixed' if self.mixed else ''}"


def check_order(dates: pd.DatetimeIndex, *, name: str, label: Label) -> None:
    """Refuse dates that stand twice or go back: nothing is sorted, since that would hide a broken export."""
    if dates.is_monotonic_increasing and dates.is_unique:
        return
    twice = np.flatnonzero(dates.duplicated())
    if twice.size:
        row = int(twice[0])
        hourly = dates.tz is None and not dates.equals(dates.normalize())
        fix = "where clocks are set back write the offset, +01:00, or UTC" if hourly else "add the time of day"
        raise InputError(
            f"{name}: {twice.size} duplicate dates (first {show(dates[row])}, {label(row)}). One row a date is needed: "
            f"{fix}, or one return column for each policy."
        )
    # compared, not subtracted: two dates may lie further apart than 64 bits of nanoseconds hold
    back = np.flatnonzero(dates.asi8[1:] < dates.asi8[:-1]) + 1
    if back.size == len(dates) - 1:
        raise InputError(f"{name}: dates run backwards (first {label(1)}). Sort the export with the oldest first.")
    row = int(back[0])
    raise InputError(
        f"{name}: {back.size} dates out of order (first {label(row)}: {show(dates[row])} after "
        f"{show(dates[row - 1])}). Sort the export; nothing is sorted here, since returns may then belong elsewhere."
    )


def infer_frequency(dates: pd.DatetimeIndex) -> Frequency:
    """Infer the frequency of a calendar from its median gap and its days of the week.

    dates    (T,) sorted and unique, T >= 2
    errors   InputError for fewer than two dates
    """
    if len(dates) < 2:
        raise InputError(f"{len(dates)} dates are too few to tell how often a year they come.")
    gaps = np.diff(dates.as_unit("ns").asi8.astype(np.float64)) / 8.64e13
    middle = float(np.median(gaps))
    if middle < _CLASSES[0][2]:
        return _intraday(dates)
    if middle <= _CLASSES[0][3]:
        return _daily(dates, gaps)
    if _HALF[0] <= middle <= _HALF[1]:  # half months have 13 to 17 days by turns, fortnights 14
        middle = float(gaps[(gaps >= _HALF[0]) & (gaps <= _HALF[1])].mean())
    name, per_year, low, high = min(_CLASSES[1:], key=lambda row: abs(np.log(middle * row[1] / 365.25)))
    mixed = not low <= middle <= high or _mixed((gaps < low) | ((gaps > high) & (gaps <= 3 * high)))
    return Frequency(name=name, periods_per_year=per_year, mixed=mixed, evidence=f"{name} dates")


def refuse_other_step(name: str, dates: pd.DatetimeIndex, other: str, others: pd.DatetimeIndex) -> None:
    """Refuse dates of which one usually lies twice as far from the next as the other: returns over other lengths."""
    if min(len(dates), len(others)) < FEWEST_STEPS:
        return
    steps = {one: float(np.median(np.diff(days.as_unit("ns").asi8))) for one, days in ((name, dates), (other, others))}
    fine, coarse = sorted(steps, key=lambda one: steps[one])
    if steps[coarse] < OTHER_STEP * steps[fine]:
        return
    raise InputError(
        f"{fine} usually has a date every {_length(steps[fine])} and {coarse} every {_length(steps[coarse])}: a return "
        f"over the one is none over the other. Compound the returns of {fine} from each date of {coarse} to the next, "
        f"or, where {coarse} leaves out periods in which nothing was held, write them with a return of 0."
    )


def _length(step: float) -> str:
    """Nanoseconds in words: 7 days."""
    for size, word in ((DAY, "day"), (DAY // 24, "hour"), (DAY // 1440, "minute")):
        if step >= size:
            many = step / size
            return word if many == 1 else f"{many:g} {word}s" if many % 1 == 0 else f"{many:.1f} {word}s"
    return f"{step / 1e9:g} s"


def long_gaps(dates: pd.DatetimeIndex, frequency: Frequency) -> str | None:
    """Name the long gaps of a calendar, or None: over 10 weekdays (5 intraday), or of three periods (two monthly)."""
    if frequency.name in _LONG:
        limit = _LONG[frequency.name]
        gaps: NDArray[Any] = np.diff(dates.as_unit("ns").asi8.astype(np.float64)) / 8.64e13
        words = f"{limit:.0f} days"
    else:
        limit = 10 if frequency.name == "daily" else 5
        days = dates.tz_localize(None).normalize().to_numpy().astype("datetime64[D]")
        seven = _days_a_week(dates) == 7
        gaps = np.diff(days).astype(np.int64) if seven else np.busday_count(days[:-1], days[1:])
        words = f"{limit} {'days' if seven else 'weekdays'}"
    found = np.flatnonzero(gaps > limit)
    if not found.size:
        return None
    first = int(found[0])
    return f"{found.size} gaps of more than {words} (first {show(dates[first])} to {show(dates[first + 1])})"


def show(moment: pd.Timestamp) -> str:
    """Write a moment for messages: the date, and the time of day where it has one."""
    if moment == moment.normalize():
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat(sep=" ", timespec="auto").replace("+00:00", " UTC")


def _daily(dates: pd.DatetimeIndex, gaps: NDArray[np.float64]) -> Frequency:
    mixed = _mixed(gaps > _CLASSES[0][3]) or _mixed(gaps < _CLASSES[0][2])
    days = _days_a_week(dates)
    if days == 7:
        per_year, evidence = 365.0, "seven-day dates"
    elif days == 5:
        # Sunday to Thursday, or midnights of Tokyo in UTC, are five days a week too
        per_year, evidence = 252.0, "weekday dates"
    else:
        per_year, evidence = float(round(days * WEEKS)), f"{days} days a week"
    return Frequency(name="daily", periods_per_year=per_year, mixed=mixed, evidence=evidence)


def _intraday(dates: pd.DatetimeIndex) -> Frequency:
    days, bars = np.unique(dates.as_unit("ns").asi8 // DAY, return_counts=True)
    # 1970-01-01 was a Thursday, 3 from Monday. A Sunday evening, or a night session that ends on Saturday, has few
    # bars: a market is open seven days only where both weekend days hold at least half of a weekday's bars.
    weekday = (days + 3) % 7
    a_day = {day: float(bars[weekday == day].sum()) for day in range(7)}
    usual = float(np.median([a_day[day] for day in range(5)]))
    seven = usual > 0 and min(a_day[5], a_day[6]) >= usual / 2
    per_day = float(np.median(bars if seven else bars[weekday < 5])) if seven or (weekday < 5).any() else 1.0
    parts = np.array_split(bars if seven else bars[weekday < 5], max(1, min(10, len(days) // 10)))
    medians = [float(np.median(part)) for part in parts if part.size]
    mixed = len(medians) > 1 and max(medians) > 1.5 * min(medians)
    return Frequency(
        name="intraday",
        periods_per_year=per_day * (365 if seven else 252),
        mixed=mixed,
        evidence=f"{per_day:g} bars a day, {'seven days a week' if seven else 'weekdays'}",
    )


def _days_a_week(dates: pd.DatetimeIndex) -> int:
    """Days of the week on which the calendar ticks often enough to count: a fifth of its most frequent day."""
    counts = np.bincount(np.asarray(dates.day_of_week), minlength=7)
    if counts.sum() < 14:  # too short to have met every day of the week
        return 7 if counts[5:].any() else 5
    return int((counts >= 0.2 * counts.max()).sum())


def _mixed(odd: NDArray[np.bool_]) -> bool:
    if odd.mean() >= SHARE and odd.sum() >= 2:
        return True
    ends = np.flatnonzero(np.diff(np.concatenate(([0], odd.astype(np.int8), [0]))))
    return bool(ends.size) and int((ends[1::2] - ends[::2]).max()) >= RUN
