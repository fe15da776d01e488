"""A raw column of dates comes in, text or typed; a DatetimeIndex goes out, naive or UTC, or a refusal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from auditor.errors import InputError
from auditor.inputs.dates_text import as_text, from_text, refuse_dates, refuse_mixed, unreadable
from auditor.inputs.table import Label

FIRST_YEAR, LAST_YEAR = 1678, 2261  # the whole years that nanoseconds in 64 bits hold


def dates_and_notes(
    raw: pd.Series[Any] | pd.Index[Any], *, name: str, lines: Label, date_format: str | None = None
) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    """Read dates to nanoseconds, with notes on how they were read.

    raw          (T,) text, dates, timestamps, periods, or whole numbers such as 20200131
    lines        row position -> what messages call the row
    date_format  a strptime format that every date has; without one, forms with one reading only are taken
    returns      (T,) naive, or UTC where every date has an offset; in the order given. A month is dated at its last
                 day, as is any longer period: a date ends its period
    errors       InputError for missing, unreadable, ambiguous or far-off dates, for offsets in some rows only, and
                 for numbers that are not dates
    """
    series = pd.Series(raw, dtype=raw.dtype).reset_index(drop=True)
    kind = series.dtype
    notes: tuple[str, ...] = ()
    if kind.kind == "M" or isinstance(kind, pd.PeriodDtype | pd.DatetimeTZDtype):
        refuse_dates(series.isna().to_numpy(np.bool_), series, name, lines, what="missing")
    if isinstance(kind, pd.PeriodDtype):
        try:
            dates = _period_ends(series)
        except (ValueError, OverflowError) as error:
            raise _far_off(name) from error
        notes = (f"{name}: periods dated at their end",)
    elif kind.kind == "M" or isinstance(kind, pd.DatetimeTZDtype):
        dates = pd.DatetimeIndex(series)
        if dates.tz is not None:
            dates = dates.tz_convert("UTC")
    elif kind.kind in "bcmV":
        raise InputError(f"{name}: the date column holds {kind}, not dates.")
    elif (
        not isinstance(kind, pd.StringDtype)
        and kind.kind == "O"
        and all(isinstance(value, dt.date | np.datetime64) or _absent(value) for value in series)
    ):
        refuse_dates(series.map(_absent).to_numpy(np.bool_), series, name, lines, what="missing")
        dates = _objects(series, name, lines)
    else:
        series = as_text(series)
        dates, notes = from_text(series, name, lines, date_format)
    unread = np.asarray(dates.isna())
    # pandas 2 reads nanoseconds alone, and takes what they cannot hold for no date.
    beyond = np.array([_is_far(series.iloc[row]) for row in np.flatnonzero(unread)], dtype=np.bool_)
    # by the moment: seconds of 64 bits reach years that have no number of 32
    first, end = (pd.Timestamp(year, 1, 1, tz=dates.tz) for year in (FIRST_YEAR, LAST_YEAR + 1))
    far_off = np.asarray((dates < first) | (dates >= end))
    far_off[unread], unread[unread] = beyond, ~beyond
    refuse_dates(unread, series, name, lines, given=date_format)
    far = np.flatnonzero(far_off)
    if far.size:
        raise _far_off(name, f"{far.size} dates (first {lines(int(far[0]))}{_written(series.iloc[far[0]])})")
    return dates.as_unit("ns"), notes


def _period_ends(series: pd.Series[Any]) -> pd.DatetimeIndex:
    """Last days of periods of a day or more; of shorter ones the moments at which they end."""
    # By way of seconds: periods of business days are to go, and pandas warns where they become moments themselves.
    first, last = (pd.DatetimeIndex(series.dt.asfreq("s", how=how).dt.to_timestamp()) for how in ("start", "end"))
    if (last - first).min() > pd.Timedelta(hours=22):
        return last.normalize()
    return pd.DatetimeIndex((series + 1).dt.to_timestamp())


def local_times(raw: pd.Series[Any] | pd.Index[Any], *, date_format: str | None = None) -> pd.DatetimeIndex | None:
    """What clocks showed, (T,) naive, at dates that `dates_and_notes` reads as UTC; None where that cannot be told."""
    series = pd.Series(raw, dtype=raw.dtype).reset_index(drop=True)
    if series.dtype.kind == "M" or isinstance(series.dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(series).tz_localize(None).as_unit("ns")
    if all(isinstance(value, dt.datetime) for value in series):
        return pd.DatetimeIndex([value.replace(tzinfo=None) for value in series]).as_unit("ns")
    text = as_text(series).str.replace(r"\s*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$", "", regex=True)
    form = None if date_format is None else date_format.removesuffix("%z").rstrip()
    try:
        dates = from_text(text, "", str, form)[0].as_unit("ns")
    except InputError:
        return None
    return dates if dates.tz is None else None


def _is_far(value: object) -> bool:
    """Whether a date is one, in a year that nanoseconds in 64 bits cannot hold."""
    try:
        year = dt.date.fromisoformat(str(value)[:10]).year
    except ValueError:
        return False
    return not FIRST_YEAR <= year <= LAST_YEAR


def _absent(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _objects(series: pd.Series[Any], name: str, lines: Label) -> pd.DatetimeIndex:
    """Read Python's own dates and datetimes."""
    aware = series.map(lambda value: getattr(value, "tzinfo", None) is not None).to_numpy(np.bool_)
    refuse_mixed(aware, name, lines)
    try:
        return pd.DatetimeIndex(pd.to_datetime(series, errors="coerce", utc=bool(aware.all())))
    except (ValueError, TypeError, OverflowError):
        return unreadable(len(series))


def _written(moment: object) -> str:
    """Write a moment beside its row; nothing where it lies beyond what a calendar counts, and has no text."""
    try:
        return f": {moment}"
    except OverflowError:
        return ""


def _far_off(name: str, what: str = "dates") -> InputError:
    return InputError(
        f"{name}: {what} outside the years {FIRST_YEAR} to {LAST_YEAR}, which is more than a clock holds."
    )
