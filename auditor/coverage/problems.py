"""Dates and returns of rollouts go in; problems, windows or instrument-windows, and what solves them, come out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InputError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Window = Literal["month", "week"] | int

_DAY = 86_400_000_000_000  # nanoseconds
_MONDAY = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """A calendar cut into windows, in order of time; a month or week without a row is none.

    codes       (T,) window of each row, 0 to W - 1, never falling
    first       (W,) first row of each
    labels      (W,) "2020-03"; "2020-W10" (ISO); of N periods "2020-03-02 to 2020-03-06"
    incomplete  the first or last window where the rows cover only a part of it: kept, but told
    notes       the same in words
    """

    codes: Integers
    first: Integers
    labels: tuple[str, ...]
    incomplete: tuple[int, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        part = f", incomplete {', '.join(self.labels[at] for at in self.incomplete)}" if self.incomplete else ""
        return f"{len(self.labels)} windows, {self.labels[0]} to {self.labels[-1]}{part}"


def parse_window(window: str | int) -> Window:
    """Give "month", "week" or the number of periods: 1 or more, also as text. InputError for anything else."""
    text = str(window).strip().lower()
    if text == "month":
        return "month"
    if text == "week":
        return "week"
    if not isinstance(window, bool | float) and re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0:
        return int(text)
    raise InputError(f"window is {window!r}; it must be month, week or a number of periods such as 21.")


def windows(dates_ns: Integers, window: str | int) -> Windows:
    """Cut a calendar into windows.

    dates_ns  (T,) nanoseconds since 1970, rising; months and weeks are those of this clock, weeks begin on Monday
    window    as of `parse_window`; N periods are counted from the first row
    errors    InputError for a bad window, and for one that leaves fewer than two

    The first month or week is incomplete where the rows begin later in it than in any other, by a usual step or
    more, and the last where they end earlier: so no holiday calendar is needed, and dates at month ends are complete.
    """
    kind = parse_window(window)
    if dates_ns.ndim != 1 or dates_ns.size < 2 or bool((dates_ns[1:] <= dates_ns[:-1]).any()):
        raise ValueError("dates must be (T,) and rise, T at least 2")
    starts, ends = _bounds(dates_ns, kind)
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1)).astype(np.int64)
    if first.size < 2:
        what = f"{kind} periods" if isinstance(kind, int) else f"a {kind}"
        raise InputError(f"windows of {what} make one problem of {dates_ns.size} dates. Take a shorter --window.")
    last = np.append(first[1:], dates_ns.size) - 1
    codes = np.repeat(np.arange(first.size), last - first + 1).astype(np.int64)
    if isinstance(kind, int):
        incomplete: tuple[int, ...] = (first.size - 1,) if dates_ns.size % kind else ()
        labels = tuple(
            f"{one} to {two}" for one, two in zip(_text(dates_ns, first), _text(dates_ns, last), strict=True)
        )
    else:
        step = float(np.median(np.diff(dates_ns.astype(np.float64))))
        late, early = dates_ns[first] - starts[first], ends[last] - dates_ns[last]
        cut = (late[0] >= late[1:].max() + step, early[-1] >= early[:-1].max() + step)
        incomplete = tuple(at for at, found in zip((0, first.size - 1), cut, strict=True) if found)
        labels = _labels(starts[first], kind)
    notes = tuple(
        f"{'last' if at else 'first'} window {labels[at]} is incomplete ({last[at] - first[at] + 1} rows, "
        f"{_text(dates_ns, first)[at]} to {_text(dates_ns, last)[at]}); kept"
        for at in incomplete
    )
    return Windows(codes=codes, first=first, labels=labels, incomplete=incomplete, notes=notes)


def profits(returns: Array, codes: Integers) -> Array:
    """Sum the returns of each problem and rollout: (T, R) or (T, R, K) to (P, R), P = W or W K.

    codes  (T,) window of each row, as of `Windows`

    Problems are in order of time: all instruments of the first window, then of the next; problem p is instrument
    p % K in window p // K. A block of time is therefore a multiple of K problems.
    """
    if returns.ndim not in (2, 3) or codes.shape != returns.shape[:1] or not codes.size:
        raise ValueError("returns must be (T, R) or (T, R, K) and codes (T,)")
    if codes[0] != 0 or not np.isin(np.diff(codes), (0, 1)).all():
        raise ValueError("codes must rise from 0 without a gap")
    sums = np.add.reduceat(returns, np.flatnonzero(np.diff(codes, prepend=-1)), axis=0)
    if returns.ndim == 2:
        return sums
    return np.ascontiguousarray(sums.transpose(0, 2, 1).reshape(-1, returns.shape[1]))


def problem_labels(windows: Sequence[str], instruments: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the problems in the order of `profits`: "2020-03", or with instruments "2020-03 ES"."""
    if not instruments:
        return tuple(windows)
    return tuple(f"{label} {instrument}" for label in windows for instrument in instruments)


def hurdle_value(hurdle: float | str, base_profits: Array) -> float:
    """Give the hurdle in profit: a number as it is, "0.5sd" times the base's standard deviation.

    base_profits  (P, R); the deviation is over all problems and rollouts together, so that one hurdle holds for all
    errors        InputError for what is neither, and for deviations of a base whose profits do not vary
    """
    found = re.fullmatch(r"\s*([+-]?[0-9.]+(?:e[+-]?[0-9]+)?)\s*(sd)?\s*", str(hurdle), re.IGNORECASE)
    try:
        size = float(found.group(1)) if found and not isinstance(hurdle, bool) else math.nan
    except ValueError:
        size = math.nan
    if found is None or not math.isfinite(size):
        raise InputError(
            f"hurdle is {hurdle!r}; it must be a profit per problem such as 0.01, or a number of the base's standard "
            "deviations such as 0.5sd."
        )
    if found.group(2) is None:
        return size
    flat = float(np.ptp(base_profits)) <= 1e-10 * float(np.abs(base_profits).max())
    if base_profits.size < 2 or flat:
        raise InputError(
            f"hurdle is {hurdle!r}, but the base's profit is the same in every problem, so it has no standard "
            "deviation. Give the hurdle as a profit, such as 0.01."
        )
    return size * float(base_profits.std(ddof=1))


def successes(profit: Array, hurdle: float) -> Mask:
    """Say which problems each rollout solves: profit above the hurdle, not at it. (P, R) to (P, R)."""
    found: Mask = profit > hurdle
    return found


def _bounds(dates_ns: Integers, kind: Window) -> tuple[Integers, Integers]:
    """Start and end (the next one's start) of each row's window in nanoseconds; of N periods its number, twice."""
    if isinstance(kind, int):
        number = np.arange(dates_ns.size) // kind
        return number, number
    if kind == "week":
        starts = (dates_ns // _DAY + _MONDAY) // 7 * 7 - _MONDAY
        return starts * _DAY, (starts + 7) * _DAY
    months = dates_ns.astype("datetime64[ns]").astype("datetime64[M]")
    return tuple(moment.astype("datetime64[D]").astype(np.int64) * _DAY for moment in (months, months + 1))  # type: ignore[return-value]


def _labels(starts: Integers, kind: Literal["month", "week"]) -> tuple[str, ...]:
    if kind == "month":
        return tuple(np.datetime_as_string(starts.astype("datetime64[ns]").astype("datetime64[M]")).tolist())
    # an ISO week belongs to the year of its Thursday
    thursdays = starts.astype("datetime64[ns]").astype("datetime64[D]") + 3
    years = thursdays.astype("datetime64[Y]")
    weeks = (thursdays - years.astype("datetime64[D]")).astype(np.int64) // 7 + 1
    return tuple(f"{year}-W{week:02d}" for year, week in zip(years.astype(str), weeks, strict=True))


def _text(dates_ns: Integers, rows: Integers) -> list[str]:
    """Write the dates of some rows: days, or minutes where the calendar has times of day."""
    unit: Literal["m", "D"] = "m" if bool((dates_ns % _DAY).any()) else "D"
    found = np.datetime_as_string(dates_ns[rows].astype("datetime64[ns]"), unit=unit)
    return [text.replace("T", " ") for text in found.tolist()]
