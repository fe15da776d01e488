"""Dates that are midnights of a time zone come in; whole days without one, and the clock of that zone, go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import DAY, show
from auditor.inputs.dates import dates_and_notes, local_times
from auditor.inputs.table import Label

Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """How far the clock of whole days is ahead of UTC, told by their midnights alone, so that no name is needed.

    since  (k,) nanoseconds UTC of the first midnight of each stretch; what is before the first belongs to it
    ahead  (k,) nanoseconds
    """

    since: tuple[int, ...]
    ahead: tuple[int, ...]

    def local(self, times: Times) -> Times:
        """Put moments of UTC, (n,), on this clock: in the order they had, and each on its own day."""
        since, ahead = np.array(self.since, np.int64), np.array(self.ahead, np.int64)
        at = np.maximum(np.searchsorted(since, times, side="right") - 1, 0)
        # where clocks were set back since the last midnight, the day ends at the next
        ends = np.append((since + ahead)[1:] - 1, np.iinfo(np.int64).max)
        return np.asarray(np.minimum(times + ahead[at], ends[at]), np.int64)

    def ahead_on(self, days: pd.DatetimeIndex) -> Times:
        """How far it is ahead of UTC at the midnight of each day, (T,) nanoseconds."""
        since, ahead = np.array(self.since, np.int64), np.array(self.ahead, np.int64)
        at = np.searchsorted(since + ahead, days.as_unit("ns").asi8, side="right") - 1
        return np.asarray(ahead[np.maximum(at, 0)], np.int64)

    def moment(self, day: pd.Timestamp) -> pd.Timestamp:
        """Give the moment at which a day of this clock begins, in UTC."""
        ahead = int(self.ahead_on(pd.DatetimeIndex([day]))[0])
        return day.tz_localize("UTC") - pd.Timedelta(ahead, "ns")


def days_and_notes(
    raw: pd.Series[Any] | pd.Index[Any], *, name: str, lines: Label, date_format: str | None = None
) -> tuple[pd.DatetimeIndex, Zone | None, tuple[str, ...]]:
    """Read dates as `dates_and_notes` does; where all are midnights of a time zone, as its days, and with its clock.

    returns  (T,) naive or UTC, as there, and None; or (T,) naive days and their zone. Midnights of UTC stay UTC
    """
    dates, notes = dates_and_notes(raw, name=name, lines=lines, date_format=date_format)
    if dates.tz is None or not (dates.asi8 % DAY).any():
        return dates, None, notes
    days = local_times(raw, date_format=date_format)
    if days is None or days.hasnans or (days.asi8 % DAY).any():
        return dates, None, notes
    moments, first = np.unique(dates.asi8, return_index=True)
    begun = days.asi8[first]
    if (np.diff(begun) <= 0).any():  # two midnights of one day: these are no days of one clock
        return dates, None, notes
    ahead = begun - moments
    starts = np.flatnonzero(np.diff(ahead, prepend=ahead[0] - 1))
    return days, Zone(since=tuple(moments[starts].tolist()), ahead=tuple(ahead[starts].tolist())), notes


def refuse_other_clock(
    name: str, dates: pd.DatetimeIndex, zone: Zone | None, other: str, others: pd.DatetimeIndex, other_zone: Zone | None
) -> None:
    """Refuse dates of which one has a time zone and the other none, and days of different time zones."""
    told, others_told = (dates.tz is not None or zone is not None), (others.tz is not None or other_zone is not None)
    if told != others_told:
        aware, naive = (name, other) if told else (other, name)
        raise InputError(
            f"{aware} has dates with a time zone and {naive} has dates without. Write an offset in both or in neither."
        )
    if (zone is None) != (other_zone is None):
        days, moments = (name, other) if zone is not None else (other, name)
        raise InputError(
            f"{days} has midnights of a time zone, which are its days, and {moments} has other times in UTC. Write the "
            "dates of both in one zone."
        )
    if zone is None or other_zone is None:
        return
    common = dates.intersection(others)
    here, there = zone.ahead_on(common), other_zone.ahead_on(common)
    differ = np.flatnonzero(here != there)
    if differ.size:
        at = int(differ[0])
        raise InputError(
            f"{name} and {other} have days of different time zones: {differ.size} of {len(common)} begin at other "
            f"moments (first {show(common[at])}: {_hours(here[at])} and {_hours(there[at])}). Write both in one zone."
        )


def _hours(ahead: np.int64) -> str:
    minutes = int(ahead) // (60 * 10**9)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
