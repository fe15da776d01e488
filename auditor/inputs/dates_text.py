"""Dates as text come in; a DatetimeIndex goes out, NaT where one is of another form than the first, or a refusal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.table import MISSING, Label
from auditor.plural import several

# pandas cuts off what is finer than nanoseconds, and takes 09:30:5 for 09:30:05 and "59." for 59, though digits may
# have been lost
_YEAR_FIRST = r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2}(?:[T ](?!.*(?:[.,](?:\d{10}|(?!\d))|:\d(?!\d))).*)?)?"
_ISO_DAY = r"\d{4}-\d{2}-\d{2}(?:[T ].*)?"
_DAY_OR_MONTH_FIRST = (
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?: ?([AaPp])[Mm])?)?"
)
_AWARE = r".{8,}[T ]\d{2}.*?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)"
_COMMON = tuple(
    mark.join(parts)
    for mark in "/.-"
    for parts in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"), ("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d"))
)
_NAMED = (
    "%b-%y",
    "%b %y",
    "%b-%Y",
    "%b %Y",
    "%B %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%a %d/%m/%Y",
    "%a %m/%d/%Y",
    "%a %Y-%m-%d",
)
_MONTH_NAMES = ("%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%Y-%b-%d", "%d/%b/%Y")


FEWEST_ROWS = 5
"""Rows without a date that may be no rows at all: more are a fault of the column."""


def as_text(series: pd.Series[Any]) -> pd.Series[str]:
    """Write a column of dates as text, stripped; empty where one is missing."""
    if series.dtype.kind == "f":  # 20200131.0, after a missing value somewhere made floats of whole numbers
        whole = series.map(lambda value: f"{value:.0f}" if np.isfinite(value) and value % 1 == 0 else str(value))
        return whole.astype(str)
    if isinstance(series.dtype, pd.StringDtype):
        return series.fillna("").str.strip()
    return series.map(lambda value: "" if value is None or value is pd.NA else str(value)).astype(str).str.strip()


def from_text(
    text: pd.Series[str], name: str, lines: Label, date_format: str | None
) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    """Read all as the form of the first; a date of another form is then unreadable (NaT)."""
    present = ~text.str.lower().isin(MISSING)
    refuse_dates((~present).to_numpy(), text, name, lines, what="missing")
    if date_format is not None:
        if not isinstance(date_format, str) or "%" not in date_format:
            raise InputError(f"date format {date_format!r} is not one of strptime, such as '%d/%m/%Y'.")
        dates = _last_days(_convert(text, utc="%z" in date_format, form=date_format), date_format)
        if not dates.isna().all() or not text.str.fullmatch(_ISO_DAY).all():
            return dates, ()
        # one format is given for several files, and a file that writes ISO throughout has one reading
        dates, notes = _year_first(text, name, lines)
        return dates, (*notes, f"{name}: dates read as YYYY-MM-DD, since --date-format {date_format!r} reads none")
    first, months = text.iloc[0], f"{name}: months dated at their last day"
    if re.fullmatch(r"\d{8}", first):
        return _convert(text.where(text.str.fullmatch(r"\d{8}")), form="%Y%m%d"), ()
    if re.fullmatch(r"(1[6-9]|2[0-2])\d{4}", first) and text.str.fullmatch(r"\d{6}").mean() > 0.5:
        return _last_days(_convert(text.where(text.str.fullmatch(r"\d{6}")), form="%Y%m"), "%Y%m"), (months,)
    if re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", first, re.IGNORECASE):
        raise InputError(f"{name}: dates are bare numbers ({lines(0)}: {first[:40]}), {_number_hint(first)}")
    if re.fullmatch(_YEAR_FIRST, first):
        whole = text.str.fullmatch(r"\d{4}[-/.]\d{1,2}").to_numpy(np.bool_)
        dates, notes = _year_first(text, name, lines)
        return dates.where(~whole, _last_days(dates, "%Y-%m")), (*notes, months) if whole.any() else notes
    if re.fullmatch(_DAY_OR_MONTH_FIRST, first):
        return _day_or_month_first(text, name, lines)
    for form in _MONTH_NAMES:
        if not _convert(text.iloc[:1], form=form).isna()[0]:
            return _convert(text, form=form), ()
    return unreadable(len(text)), ()


def _last_days(dates: pd.DatetimeIndex, form: str) -> pd.DatetimeIndex:
    """Date months, or years, that a format without a day reads at their last day."""
    if re.search(r"%[-#]?[^mbBYyzZ%]", form):
        return dates
    return dates + (pd.offsets.MonthEnd(0) if re.search("%[-#]?[mbB]", form) else pd.offsets.YearEnd(0))


def _year_first(text: pd.Series[str], name: str, lines: Label) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    # pandas takes "now" and "today" for dates, so only what has the form reaches it
    text = text.where(text.str.fullmatch(_YEAR_FIRST), "")
    if text.str.slice(0, 10).str.contains(r"[/.]", regex=True).any():
        text = text.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
        text = text.str.replace(r"^(\d{4})[/.](\d{1,2})$", r"\1-\2", regex=True)
    aware = np.zeros(len(text), np.bool_)
    if (text.str.len() > 10).any():
        # what is unreadable has no zone to hold against the others
        aware = text.str.fullmatch(_AWARE).to_numpy(np.bool_)
        aware = aware | (aware.any() & (text == "").to_numpy(np.bool_))
        refuse_mixed(aware, name, lines)
    return _convert(text, utc=bool(aware.all())), ()


def _day_or_month_first(text: pd.Series[str], name: str, lines: Label) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    parts = text.str.extract(f"^{_DAY_OR_MONTH_FIRST}$")
    one, two = (pd.to_numeric(parts[column], errors="coerce").fillna(0).to_numpy() for column in (0, 2))
    late_one, late_two = np.flatnonzero(one > 12), np.flatnonzero(two > 12)
    if late_one.size and late_two.size:
        raise InputError(
            f"{name}: day and month change places ({lines(int(late_one[0]))}: {text.iloc[late_one[0]]}, "
            f"{lines(int(late_two[0]))}: {text.iloc[late_two[0]]}). Write dates as YYYY-MM-DD."
        )
    if not late_one.size and not late_two.size:
        raise InputError(
            f"{name}: dates such as {text.iloc[0]} ({lines(0)}) may be day first or month first, and no day above 12 "
            "tells. Pass --date-format '%d/%m/%Y' or '%m/%d/%Y' in their form, or write YYYY-MM-DD."
        )
    day, month, order = (0, 2, "day first") if late_one.size else (2, 0, "month first")
    clock = _of_the_day(parts[4].fillna(""), parts[5].fillna("").str.lower())
    iso = parts[3] + "-" + parts[month].str.zfill(2) + "-" + parts[day].str.zfill(2)
    iso = (iso + ("T" + clock).where(clock != "", "")).fillna("")
    witness = int((late_one if late_one.size else late_two)[0])
    note = f"{name}: dates read {order} ({lines(witness)}: {text.iloc[witness]} has no other reading)"
    return _convert(iso), (note,)


def _of_the_day(clock: pd.Series[str], half: pd.Series[str]) -> pd.Series[str]:
    """Write times of 24 hours, two digits an hour, from those with AM or PM; unreadable where only some have either."""
    hour = clock.str.extract(r"^(\d+):")[0]
    if (half != "").any():
        number = pd.to_numeric(hour).fillna(0).astype(int)
        bad = (clock != "") & ((half == "") | (number < 1) | (number > 12))
        hour = (number % 12 + 12 * (half == "p")).astype(str).where(~bad, "99")
    return (hour.str.zfill(2) + clock.str.replace(r"^\d+", "", regex=True)).where(clock != "", "")


def _convert(text: pd.Series[Any], *, utc: bool = False, form: str = "ISO8601") -> pd.DatetimeIndex:
    """Let pandas read them, NaT for what it cannot; refuse a format that is none."""
    if "%b" in form or "%B" in form or "%d" in form:
        # pandas takes "now" and "today" for dates in any format
        text = text.where(text.str.contains(r"\d", regex=True, na=False), "")
    try:
        return pd.DatetimeIndex(pd.to_datetime(text.fillna(""), format=form, errors="coerce", utc=utc))
    except (ValueError, TypeError, OverflowError, re.error) as error:
        if form == "ISO8601":
            return unreadable(len(text))
        raise InputError(f"date format {form!r} cannot be used ({error}).") from error


def unreadable(count: int) -> pd.DatetimeIndex:
    """Give as many dates that could not be read: (count,) NaT."""
    return pd.DatetimeIndex(np.full(count, np.datetime64("NaT", "ns")))


def refuse_dates(
    bad: NDArray[np.bool_],
    raw: pd.Series[Any],
    name: str,
    lines: Label,
    what: str = "unreadable",
    given: str | None = None,
) -> None:
    """Refuse rows without a date, or with one that cannot be read; `given` is the format that was to read them."""
    rows = np.flatnonzero(bad)
    if rows.size:
        shown = str(raw.iloc[rows[0]])[:40]
        fix = "Every row needs one." if what == "missing" else f"Write YYYY-MM-DD{_formats_that_fit(raw)}."
        if given is not None and what != "missing":
            fix = (
                f"They are not as --date-format {given!r} says, which holds for every file: write all dates so, or all "
                "dates of this file as YYYY-MM-DD."
            )
        fix = _no_rows(rows, raw, what) or fix
        raise InputError(
            f"{name}: {several(rows.size, f'{what} date')} (first {lines(int(rows[0]))}: {shown!r}). {fix}"
        )


def _no_rows(rows: NDArray[np.intp], raw: pd.Series[Any], what: str) -> str | None:
    """Say so where a few rows look like none of the table: blank ones at its end, remarks, totals, headers."""
    if rows.size > FEWEST_ROWS or 10 * rows.size > len(raw):
        return None
    one = rows.size == 1
    it = "it" if one else "them"
    if what == "missing" and rows[0] + rows.size == len(raw):
        last = "The last line has" if one else "The last lines have"
        return f"{last} none and may be no part of the table: delete {it}."
    if what != "missing" and not any(re.search(r"\d", str(raw.iloc[row])) for row in rows):
        kinds = "a remark, a total or the header again" if one else "remarks, totals or headers again"
        return f"{'That line looks' if one else 'Those lines look'} like {kinds}: delete {it}."
    return None


def _formats_that_fit(raw: pd.Series[Any]) -> str:
    """Name the formats that read every row, so that no advice leads back here."""
    text = raw.astype(str).str.strip()
    fitting = [form for form in (*_COMMON, *_NAMED) if not _convert(text, form=form).isna().any()]
    return f", or pass --date-format {' or '.join(repr(form) for form in fitting)}" if fitting else ""


def refuse_mixed(aware: NDArray[np.bool_], name: str, lines: Label) -> None:
    """Refuse offsets in some rows only."""
    if aware.any() and not aware.all():
        few = aware if aware.mean() <= 0.5 else ~aware
        kind = "with a time zone" if aware.mean() <= 0.5 else "without a time zone"
        raise InputError(
            f"{name}: {int(few.sum())} dates {kind} among others (first {lines(int(np.flatnonzero(few)[0]))}). "
            "Write an offset in all rows or in none."
        )


def _number_hint(first: str) -> str:
    size = len(first.lstrip("+-").split(".")[0])
    value = abs(float(first))
    for digits, unit in ((10, "s"), (13, "ms"), (16, "us"), (19, "ns")):
        if size in (digits - 1, digits) and value > 1e8:
            return f"which look like epoch time in {unit}. Write them as dates (pd.to_datetime(x, unit='{unit}'))."
    if size == 4 and 1600 <= value <= 2200:
        return "which look like years. Pass --date-format '%Y'."
    if size == 5 and value >= 10_000:
        return "which look like Excel serial dates. Format the cells as YYYY-MM-DD before the export."
    if size == 6:
        return "which look like dates with two-digit years. Pass --date-format '%y%m%d'."
    return "which look like row numbers. Add a column of dates, or name it with --date-column."
