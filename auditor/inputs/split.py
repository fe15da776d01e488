"""A calendar and the user's out-of-sample choice come in; in-sample and out-of-sample positions go out."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import show

MIN_OOS = 60
MIN_IS = 20

Moment = str | dt.date | pd.Timestamp
Window = str | tuple[Moment, Moment]

_MOMENT = re.compile(
    r"(\d{4})-?(\d{2})(?:-?(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Positions on a calendar.

    index    (n,) int64, ascending
    lengths  of its contiguous windows, in order; they sum to n
    first    date of the first position
    last     date of the last
    """

    index: NDArray[np.int64]
    lengths: tuple[int, ...]
    first: pd.Timestamp
    last: pd.Timestamp

    def __str__(self) -> str:
        """Say it in one line."""
        windows = f" in {len(self.lengths)} windows" if len(self.lengths) > 1 else ""
        return f"{len(self.index)} periods{windows}, {show(self.first)} to {show(self.last)}"


def split_dates(
    dates: pd.DatetimeIndex,
    *,
    oos_start: Moment | None = None,
    oos_fraction: float | None = None,
    oos: Sequence[Window] | None = None,
    embargo: int = 0,
) -> tuple[Span, Span, tuple[str, ...]]:
    """Cut a calendar into its in-sample span and its out-of-sample span, with notes.

    dates         (T,) sorted, unique; naive or UTC. A moment without a zone is UTC on UTC data
    oos_start     every period at or after it is out-of-sample
    oos_fraction  the last ceil(T * fraction) periods are
    oos           inclusive windows, (start, end) or "START:END"; an end without a time of day takes its whole day
    embargo       periods dropped from the in-sample side of every edge of a window, which stays as declared
    errors        InputError for none or several choices, a choice out of range, fewer than MIN_OOS or MIN_IS periods
    """
    if oos is not None and not isinstance(oos, str | list | tuple):
        raise InputError(f"--oos is {oos!r}, not a list of windows. Write START:END, such as 2019-01-02:2019-12-31.")
    given = [
        name
        for name, value in (("--oos-start", oos_start), ("--oos-fraction", oos_fraction), ("--oos", oos))
        if value is not None and not (name == "--oos" and not oos)
    ]
    if not given:
        raise InputError(
            "No out-of-sample split is given. A gain measured on the data that the policy was tuned on proves nothing, "
            "since tuning finds gains in noise too; say which data it never saw: --oos-start DATE (or --oos-fraction "
            "0.3, or --oos START:END)."
        )
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} are given. One split is needed: keep one of them.")
    if isinstance(embargo, bool) or not isinstance(embargo, int | np.integer) or embargo < 0:
        raise InputError(f"embargo is {embargo!r}; it must be a whole number of periods, 0 or more.")
    notes: tuple[str, ...] = ()
    if oos_start is not None:
        inside = _from_start(dates, oos_start)
    elif oos_fraction is not None:
        inside, notes = _from_fraction(dates, oos_fraction)
    else:
        inside = _from_windows(dates, oos or ())
    outside, dropped = _embargoed(inside, int(embargo))
    if embargo:
        notes += (f"embargo {embargo}: {dropped} in-sample periods beside the out-of-sample window dropped",)
    _check_counts(inside, outside, dropped)
    return _span(dates, outside), _span(dates, inside), notes


def moved(
    dates: pd.DatetimeIndex, outside: Span, share: float, *, embargo: int
) -> tuple[Span, Span] | tuple[None, None]:
    """Give both spans with the start of every out-of-sample window moved; (None, None) where too little is left.

    dates    (T,) of the whole sample
    outside  out-of-sample span; ends of its windows stay
    share    of each window's own length, at least a period; below zero is earlier, up to the window before
    embargo  as of `split_dates`
    """
    inside = np.zeros(len(dates), np.bool_)
    ends = np.cumsum(outside.lengths)
    before = 0
    for length, stop in zip(outside.lengths, ends, strict=True):
        first, last = int(outside.index[stop - length]), int(outside.index[stop - 1])
        step = max(1, round(abs(share) * length))
        inside[max(before, first + step if share > 0 else first - step) : last + 1] = True
        before = last + 1
    rest, _ = _embargoed(inside, embargo)
    if inside.sum() < MIN_OOS or rest.sum() < MIN_IS:
        return None, None
    return _span(dates, rest), _span(dates, inside)


def to_moment(value: object, dates: pd.DatetimeIndex, *, option: str, end: bool = False) -> pd.Timestamp:
    """Put a user's moment on the clock of `dates`; as an `end`, a bare day or month runs to its last instant.

    errors   InputError for what is not an ISO date, and for a zone where the data have none
    """
    whole = "day"
    try:
        if isinstance(value, str):
            match = _MOMENT.fullmatch(value.strip())
            if match is None:
                raise ValueError
            whole = "" if match.group(4) else "day" if match.group(3) else "month"
            year, month, day, clock, zone = (part or "" for part in match.groups())
            moment = pd.Timestamp(f"{year}-{month}-{day or '01'}T{clock or '00:00'}{zone}")
        elif isinstance(value, dt.date | np.datetime64) and not pd.isna(value):
            moment = pd.Timestamp(value)
        else:
            raise ValueError
        moment = moment.as_unit("ns")
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{option} is {value!r}, not a date. Write it as 2019-01-02.") from error
    if moment.tz is None and dates.tz is not None:
        moment = moment.tz_localize("UTC")
    elif moment.tz is not None and dates.tz is None:
        raise InputError(f"{option} {value} has a time zone and the data have none. Write it without one.")
    elif moment.tz is not None:
        moment = moment.tz_convert("UTC")
    if end and whole == "month":
        moment += pd.offsets.MonthEnd(1)
    if end and whole and moment == moment.normalize():
        moment += pd.Timedelta(days=1) - pd.Timedelta(1, "ns")
    return moment


def _from_start(dates: pd.DatetimeIndex, oos_start: Moment) -> NDArray[np.bool_]:
    start = to_moment(oos_start, dates, option="--oos-start")
    if start > dates[-1]:
        raise InputError(f"--oos-start {show(start)} is after the data, {_extent(dates)}: nothing is out-of-sample.")
    if start <= dates[0]:
        raise InputError(
            f"--oos-start {show(start)} is at or before the first date of the data, {_extent(dates)}: nothing is left "
            "in-sample."
        )
    return np.asarray(dates >= start, np.bool_)


def _from_fraction(dates: pd.DatetimeIndex, fraction: float) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    if isinstance(fraction, bool) or not isinstance(fraction, int | float | np.number) or not 0 < fraction < 1:
        raise InputError(f"--oos-fraction is {fraction!r}; it must be above 0 and below 1, such as 0.3.")
    # 0.3 * 1000 is 300.00000000000006 in some spellings of it; the period that rounding adds is not meant
    count = math.ceil(len(dates) * float(fraction) - 1e-9)
    inside = np.arange(len(dates)) >= len(dates) - count
    return inside, (f"out-of-sample: the last {count} of {len(dates)} periods, from {show(dates[len(dates) - count])}",)


def _from_windows(dates: pd.DatetimeIndex, windows: Sequence[Window]) -> NDArray[np.bool_]:
    if isinstance(windows, str):
        windows = [windows]
    pairs: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for window in windows:
        # the colon between two dates is the one before a year; those of a clock are not
        parts = re.split(r":(?=\d{4}-?\d{2})", window) if isinstance(window, str) else window
        if not isinstance(parts, tuple | list) or len(parts) != 2:
            raise InputError(f"--oos {window!r} is not a window. Write START:END, such as 2019-01-02:2019-12-31.")
        start = to_moment(parts[0], dates, option="--oos start")
        end = to_moment(parts[1], dates, option="--oos end", end=True)
        if end < start:
            raise InputError(f"--oos {show(start)}:{show(end.normalize())} is reversed: its end is before its start.")
        pairs.append((start, end))
    pairs.sort()
    inside = np.zeros(len(dates), np.bool_)
    for position, (start, end) in enumerate(pairs):
        shown = f"{show(start)}:{show(end.normalize() if end.nanosecond else end)}"
        if position and start <= pairs[position - 1][1]:
            raise InputError(f"--oos {shown} overlaps the window before it, from {show(pairs[position - 1][0])}.")
        rows = np.asarray((dates >= start) & (dates <= end), np.bool_)
        if not rows.any():
            raise InputError(f"--oos {shown} has no data inside. The data are {_extent(dates)}.")
        inside |= rows
    return inside


def _embargoed(inside: NDArray[np.bool_], embargo: int) -> tuple[NDArray[np.bool_], int]:
    """Say where it is in-sample, and how many in-sample periods the embargo took."""
    near, embargo = inside.copy(), min(embargo, inside.size)
    edges = np.flatnonzero(np.diff(inside.astype(np.int8))) + 1
    for edge in edges:
        near[max(0, edge - embargo) : edge + embargo] = True
    return ~near, int(near.sum() - inside.sum())


def _check_counts(inside: NDArray[np.bool_], outside: NDArray[np.bool_], dropped: int) -> None:
    if inside.sum() < MIN_OOS:
        raise InputError(
            f"{int(inside.sum())} periods are out-of-sample; fewer than {MIN_OOS} cannot tell skill from luck. Start "
            "the window earlier, or wait for data."
        )
    if outside.sum() < MIN_IS:
        embargo = f" after an embargo that took {dropped}" if dropped else ""
        raise InputError(
            f"{int(outside.sum())} periods are in-sample{embargo}; at least {MIN_IS} are needed to see "
            "what the tuning saw."
        )


def _span(dates: pd.DatetimeIndex, mask: NDArray[np.bool_]) -> Span:
    index = np.flatnonzero(mask).astype(np.int64)
    cuts = np.flatnonzero(np.diff(index) > 1) + 1
    lengths = tuple(int(part.size) for part in np.split(index, cuts))
    return Span(index=index, lengths=lengths, first=dates[index[0]], last=dates[index[-1]])


def _extent(dates: pd.DatetimeIndex) -> str:
    return f"{show(dates[0])} to {show(dates[-1])}"
