"""One source of returns comes in, a file or a frame; checked float64 on sorted dates goes out, or a refusal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs import columns as find
from auditor.inputs.calendar import check_order, infer_frequency
from auditor.inputs.content import in_memory
from auditor.inputs.doubts import (
    constant_evidence,
    divided_evidence,
    level_evidence,
    money_evidence,
    percent_evidence,
    says_percent,
    size_evidence,
)
from auditor.inputs.numbers import to_floats
from auditor.inputs.once import read_once
from auditor.inputs.prices import Prices, check_prices, returns_of, without_missing
from auditor.inputs.table import Table, open_table
from auditor.inputs.zones import Zone, days_and_notes
from auditor.plural import several

Kind = Literal["returns", "prices"]
Unit = Literal["decimal", "percent"]
Missing = Literal["refuse", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """One or several columns of simple returns per period on one calendar.

    name      what messages call it: the file's name, or the role of a frame
    columns   (k,) column names
    dates     (T,) sorted, unique, in nanoseconds; naive or UTC
    zone      clock of naive dates that are the days of a time zone; None for others
    values    (T, k) decimal per period; finite, but for NaN where na="drop" left missing values for the pair to drop
    sha256    of dates and values as held here, so before any date is dropped
    notes     what was done because it was asked for
    warnings  oddities, each with its first case
    prices    what the returns were made from, for a pair to take them anew on its common dates; None for returns
    """

    name: str
    columns: tuple[str, ...]
    dates: pd.DatetimeIndex
    values: NDArray[np.float64]
    sha256: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    prices: Prices | None = None
    zone: Zone | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}: {len(self.dates)} rows of {', '.join(self.columns)}"


@read_once
@in_memory
def read_returns(
    source: object,
    *,
    role: str,
    column: str | None = None,
    date_column: str | None = None,
    kind: Kind | None = None,
    unit: Unit | None = None,
    na: Missing = "refuse",
    date_format: str | None = None,
) -> Returns:
    """Read one policy's returns, (T, 1).

    source       path, "file.csv:column", pandas Series or DataFrame with dates, or a frame that narwhals reads
    role         "base", "tuned" or "rf": names a frame in messages, and the column it may have in a shared file.
                 Of "rf" nothing is doubted: rates may be smooth, or constant
    kind         "prices" turns prices or an equity curve into returns; None refuses what looks like one
    unit         "percent" divides by 100; None refuses what looks like percents
    na           "drop" keeps missing values as NaN, for `make_pair` to drop their dates from both policies; a return of
                 prices runs from the last price before a missing one
    date_format  strptime format of every date
    errors       InputError for anything in the source that cannot be audited as it stands
    """
    _check_choice("kind", kind, ("returns", "prices"))
    _check_choice("unit", unit, ("decimal", "percent"))
    _check_choice("na", na, ("refuse", "drop"), none=False)
    if kind == "prices" and unit == "percent":
        raise InputError(f"{role}: prices have no percents. Pass --kind prices or --unit percent, not both.")
    table, named = open_table(source, role=role)
    if column is not None and named is not None and column != named:
        raise InputError(f"{table.name}: column {named!r} after the colon, and column {column!r} asked for. Give one.")
    at_dates = find.date_column(table, date_column, must=role != "rf")
    at_value = find.return_column(table, role=role, wanted=named if column is None else column, dates=at_dates)
    dates, zone, raw, notes = _read(table, at_dates, [at_value], date_format)
    name, header = table.name, table.header[at_value]
    if unit is None and kind is None and role != "rf" and says_percent(header):
        raise InputError(
            f"{name}: column {header!r} is named as percents. Pass --unit percent, which holds for both policies, or "
            "--unit decimal if 0.01 is one percent there."
        )
    values = to_floats(raw[0], name=name, column=header, label=table.label, na=na)
    prices = None
    if kind == "prices":
        check_prices(values, name=name, column=header, label=table.label)
        prices = Prices(dates=pd.DatetimeIndex(dates, name=None), values=values)
        own = without_missing(prices)
        dates, values = own.dates[1:], returns_of(own.values)
        notes += (f"{name}: prices turned to returns, the first date lost",)
    elif kind is None and role != "rf" and (evidence := level_evidence(values)):
        raise InputError(f"{name}: the values in column {header!r} {evidence}.")
    if unit == "percent":
        values = values / 100.0
        notes += (f"{name}: percent divided by 100",)
    if evidence := size_evidence(values):
        raise InputError(f"{name}: the values in column {header!r} {evidence}.")
    warnings: tuple[str, ...] = ()
    if role != "rf":
        # detection is off where the user has said what the numbers are, but money divided by 100 is money still
        doubts = (money_evidence,) if unit == "percent" else (money_evidence, percent_evidence)
        per_year = infer_frequency(dates).periods_per_year
        for doubt in () if kind is not None or unit == "decimal" else doubts:
            if evidence := doubt(values, per_year):
                raise InputError(f"{name}: the values in column {header!r} {evidence}.")
        if evidence := constant_evidence(values):
            raise InputError(f"{name}: the values in column {header!r} {evidence}.")
        warnings = _beyond(values, dates, name, table.label)
        if unit == "percent" and (evidence := divided_evidence(values, per_year)):
            warnings += (f"{name}: the values in column {header!r} {evidence}.",)
    return _returns(name, (header,), dates, values[:, None], notes, warnings, zone=zone, prices=prices)


@read_once
@in_memory
def read_streams(
    source: object, *, role: str, date_column: str | None = None, na: Missing = "refuse", date_format: str | None = None
) -> Returns:
    """Read every number column of a source, (T, k): factors, sleeves, hedges.

    source   as of `read_returns`; "file:column" gives that column alone
    date_column  of files that have it; others are read by the names of their columns
    errors   InputError as of `read_returns`, and for a column of text, by name. What looks like prices, percents or a
             constant is a warning here, since a bill rate is smooth and a factor may be in percents.
    """
    _check_choice("na", na, ("refuse", "drop"), none=False)
    table, named = open_table(source, role=role)
    at_dates = find.date_column(table, date_column, must=False)
    chosen = find.stream_columns(table, dates=at_dates, wanted=named)
    dates, zone, raw, notes = _read(table, at_dates, chosen, date_format)
    names = tuple(table.header[position] for position in chosen)
    values = np.column_stack(
        [
            to_floats(series, name=table.name, column=column, label=table.label, na=na)
            for series, column in zip(raw, names, strict=True)
        ]
    )
    per_year = infer_frequency(dates).periods_per_year
    warnings: list[str] = []
    for column, stream in zip(names, values.T, strict=True):
        if evidence := size_evidence(stream):
            raise InputError(f"{table.name}: the values in column {column!r} {evidence}.")
        sizes = money_evidence(stream, per_year) or percent_evidence(stream, per_year)
        doubts = (constant_evidence(stream), level_evidence(stream), sizes)
        warnings += [
            f"{table.name}: the values in column {column!r} {doubt.split('. ')[0]}" for doubt in doubts if doubt
        ][:1]
    return _returns(table.name, names, dates, values, notes, tuple(warnings), zone=zone)


def fingerprint(dates: pd.DatetimeIndex, values: NDArray[np.float64]) -> str:
    """SHA-256 in hex of (T,) dates and (T, k) values: int64 nanoseconds, then float64, both little-endian, by rows.

    Zeros have one sign and missing values one pattern of bits, so equal numbers have equal fingerprints.
    """
    numbers = np.where(np.isnan(values), np.nan, values) + 0.0
    digest = hashlib.sha256(np.ascontiguousarray(dates.as_unit("ns").asi8, "<i8").tobytes())
    digest.update(np.ascontiguousarray(numbers, "<f8").tobytes())
    return digest.hexdigest()


def _read(
    table: Table, at_dates: int | None, chosen: list[int], date_format: str | None
) -> tuple[pd.DatetimeIndex, Zone | None, list[pd.Series[Any]], tuple[str, ...]]:
    """Read the dates, checked, with their zone, and the raw columns, with notes."""
    if at_dates is None and table.dates is not None:
        source: pd.Series[Any] | pd.Index[Any] = table.dates
        raw = table.read(chosen)
    else:
        source, *raw = table.read([at_dates or 0, *chosen])
    dates, zone, notes = days_and_notes(source, name=table.name, lines=table.label, date_format=date_format)
    check_order(dates, name=table.name, label=table.label)
    if len(dates) < 2:
        raise InputError(f"{table.name}: has one row. An audit needs many.")
    return dates, zone, raw, notes


def _beyond(values: NDArray[np.float64], dates: pd.DatetimeIndex, name: str, label: Any) -> tuple[str, ...]:
    """Name returns below -100 % and above +100 %."""
    return tuple(
        f"{name}: {several(rows.size, 'return')} {words} (first {label(int(rows[0]))}, {dates[rows[0]]:%Y-%m-%d}: "
        f"{values[rows[0]]:g}): {meaning}"
        for rows, words, meaning in (
            (np.flatnonzero(values < -1.0), "below -100 %", "more than the capital was lost"),
            (np.flatnonzero(values > 1.0), "above +100 %", "more than doubled in one period"),
        )
        if rows.size
    )


def _returns(
    name: str,
    columns: tuple[str, ...],
    dates: pd.DatetimeIndex,
    values: NDArray[np.float64],
    notes: tuple[str, ...],
    warnings: tuple[str, ...],
    *,
    zone: Zone | None,
    prices: Prices | None = None,
) -> Returns:
    dates = pd.DatetimeIndex(dates, name=None)
    return Returns(
        name=name,
        columns=columns,
        dates=dates,
        values=np.ascontiguousarray(values),
        sha256=fingerprint(dates, values),
        notes=notes,
        warnings=warnings,
        zone=zone,
        prices=prices,
    )


def _check_choice(option: str, value: object, choices: tuple[str, ...], none: bool = True) -> None:
    if not (isinstance(value, str) and value in choices) and not (none and value is None):
        raise InputError(f"{option} is {value!r}; it must be {' or '.join(choices)}.")
