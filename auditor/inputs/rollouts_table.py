"""A table of rollouts, wide or long, goes in; its dates, names and values as arrays come out, or a refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs import columns as find
from auditor.inputs.calendar import check_order, show
from auditor.inputs.numbers import to_floats
from auditor.inputs.returns import Missing
from auditor.inputs.table import Table
from auditor.inputs.zones import Zone, days_and_notes

ROLLOUT_NAMES = ("rollout", "rollout_id", "rollout id", "seed", "run", "run_id", "run id")
INSTRUMENT_NAMES = ("instrument", "symbol", "ticker", "asset")
POSITION_NAMES = ("position", "positions", "weight", "weights", "exposure")

Read = tuple[
    pd.DatetimeIndex,
    Zone | None,
    tuple[str, ...],
    tuple[str, ...],
    NDArray[np.float64],
    NDArray[np.float64] | None,
    tuple[str, ...],
]
"""Dates (T,), their zone, rollouts (R,), instruments (K,), returns and positions (T, R) or (T, R, K), and notes."""


def read_either(table: Table, named: str | None, date_column: str | None, na: Missing, date_format: str | None) -> Read:
    """Read a long table, told by a column that names its rollouts, or a wide one: a column of returns a rollout.

    named        the column of returns, or None where its name tells
    date_column  the column of dates, likewise
    """
    at_dates = find.date_column(table, date_column)
    at_rollout = _one_column(table, ROLLOUT_NAMES, at_dates)
    if at_rollout is None:
        return _read_wide(table, named, at_dates, na, date_format)
    return _read_long(table, named, at_dates, at_rollout, na, date_format)


def _read_wide(table: Table, named: str | None, at_dates: int | None, na: Missing, date_format: str | None) -> Read:
    chosen = find.stream_columns(table, dates=at_dates, wanted=named)
    _refuse_few(table.name, len(chosen), "column")
    dates, zone, raw, notes = _dates_beside(table, at_dates, chosen, date_format)
    check_order(dates, name=table.name, label=table.label)
    _refuse_one_date(table.name, len(dates))
    names = tuple(table.header[position] for position in chosen)
    values = np.empty((len(dates), len(names)))
    for place, (series, column) in enumerate(zip(raw, names, strict=True)):
        values[:, place] = to_floats(series, name=table.name, column=column, label=table.label, na=na)
    return dates, zone, names, (), values, None, notes


def _read_long(
    table: Table, named: str | None, at_dates: int | None, at_rollout: int, na: Missing, date_format: str | None
) -> Read:
    at_instrument = _one_column(table, INSTRUMENT_NAMES, at_dates)
    keys = [at_rollout] if at_instrument is None else [at_rollout, at_instrument]
    at_position = _one_column(table, POSITION_NAMES, at_dates)
    at_return = _return_column(table, named, at_dates, [*keys, *([] if at_position is None else [at_position])])
    read = [at_return] if at_position is None else [at_return, at_position]
    dates, zone, raw, notes = _dates_beside(table, at_dates, [*keys, *read], date_format)
    numbers = [
        to_floats(one, name=table.name, column=table.header[at], label=table.label, na=na)
        for one, at in zip(raw[len(keys) :], read, strict=True)
    ]
    values = numbers[0]
    rollout, names = _coded(raw[0], table, at_rollout)
    _refuse_few(table.name, len(names), f"value in column {table.header[at_rollout]!r}")
    instrument = np.zeros(len(values), np.int64)
    instruments: tuple[str, ...] = ("",)
    if at_instrument is not None:
        instrument, instruments = _coded(raw[1], table, at_instrument)
        rank = np.argsort(np.array(instruments, dtype=object))
        instrument, instruments = np.argsort(rank)[instrument], tuple(instruments[at] for at in rank)
    days = pd.DatetimeIndex(np.unique(dates.asi8)).tz_localize(dates.tz)
    _refuse_one_date(table.name, len(days))
    day = np.asarray(days.get_indexer(dates), np.int64)
    order = _grid_order(table, days, names, instruments, (day, rollout, instrument))
    shape = (len(days), len(names), len(instruments))
    others = [column for at, column in enumerate(table.header) if at not in (at_dates, *read, *keys)]
    unused = [column for column in others if not find.is_unnamed(column)]
    if unused:
        notes += (f"{table.name}: {len(unused)} columns not used (first {unused[0]!r})",)
    grids = [
        np.ascontiguousarray(one[order].reshape(shape if at_instrument is not None else shape[:2])) for one in numbers
    ]
    held = None if at_position is None else grids[1]
    return days, zone, names, () if at_instrument is None else instruments, grids[0], held, notes


def _grid_order(
    table: Table,
    days: pd.DatetimeIndex,
    names: tuple[str, ...],
    instruments: tuple[str, ...],
    codes: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Order of the rows by date, rollout and instrument, once it is sure that each stands once; (n,)."""
    day, rollout, instrument = codes
    n, lines = len(day), len(names) * len(instruments)

    def where(at_day: int, line: int) -> str:
        run, held = divmod(line, len(instruments))
        part = f", instrument {instruments[held]!r}" if instruments != ("",) else ""
        return f"{show(days[at_day])}, rollout {names[run]!r}{part}"

    def lacking(at_day: int, line: int) -> InputError:
        each = "rollout and instrument" if instruments != ("",) else "rollout"
        count = len(days) * lines - n
        return InputError(
            f"{table.name}: {count} rows are missing (first {where(at_day, line)}). Every {each} needs every date: "
            "write a return of 0 where nothing was held, or leave that rollout out."
        )

    line = rollout * len(instruments) + instrument
    if lines > n:  # also keeps the product below in 64 bits
        raise lacking(0, _first_gap(np.unique(line[day == 0])))
    place = day * lines + line
    order = np.argsort(place, kind="stable")
    again = np.sort(order[1:][np.diff(place[order]) == 0])
    if again.size:
        row = int(again[0])
        raise InputError(
            f"{table.name}: {again.size} duplicate rows (first {table.label(row)}: "
            f"{where(int(day[row]), int(line[row]))}). One row for each is needed."
        )
    by_line = np.argsort(line, kind="stable")
    back = np.sort(by_line[1:][(np.diff(line[by_line]) == 0) & (np.diff(day[by_line]) < 0)])
    if back.size:
        row = int(back[0])
        raise InputError(
            f"{table.name}: {back.size} rows whose date is before that of the row above of the same rollout (first "
            f"{table.label(row)}: {where(int(day[row]), int(line[row]))}). Sort the export by date; nothing is sorted "
            "here, since returns may then belong elsewhere."
        )
    if n < len(days) * lines:
        raise lacking(*divmod(_first_gap(place[order]), lines))
    return order


def _first_gap(ranked: NDArray[np.int64]) -> int:
    """Lowest whole number that rising ones from 0 leave out."""
    wrong = np.flatnonzero(ranked != np.arange(ranked.size))
    return int(wrong[0]) if wrong.size else ranked.size


def _one_column(table: Table, known: tuple[str, ...], at_dates: int | None) -> int | None:
    found = [at for at, column in enumerate(table.header) if column.lower() in known and at != at_dates]
    if len(found) > 1:
        names = ", ".join(repr(table.header[at]) for at in found)
        raise InputError(f"{table.name}: several {known[0]} columns ({names}). Keep one.")
    return found[0] if found else None


def _return_column(table: Table, named: str | None, at_dates: int | None, keys: list[int]) -> int:
    if named is not None:
        found = find.return_column(table, role="", wanted=named, dates=at_dates)
        if found in keys:
            raise InputError(f"{table.name}: column {table.header[found]!r} does not hold the returns.")
        return found
    choices = [at for at in range(len(table.header)) if at not in (at_dates, *keys)]
    by_name = [at for at in choices if table.header[at].lower() in find.RETURN_NAMES]
    numbers = [at for at in choices if table.looks[at] == "number" and not find.is_unnamed(table.header[at])]
    for candidates in (by_name, numbers):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            names = ", ".join(repr(table.header[at]) for at in candidates)
            raise InputError(f"{table.name}: several return columns ({names}). Name the one of them 'return'.")
    raise InputError(f"{table.name}: no return column among {table.columns}. Name one 'return'.")


def _dates_beside(
    table: Table, at_dates: int | None, chosen: list[int], date_format: str | None
) -> tuple[pd.DatetimeIndex, Zone | None, list[pd.Series[Any]], tuple[str, ...]]:
    if at_dates is None and table.dates is not None:
        raw_dates: pd.Series[Any] | pd.Index[Any] = table.dates
        raw = table.read(chosen)
    else:
        raw_dates, *raw = table.read([at_dates or 0, *chosen])
    dates, zone, notes = days_and_notes(raw_dates, name=table.name, lines=table.label, date_format=date_format)
    return pd.DatetimeIndex(dates, name=None), zone, raw, notes


def _coded(raw: pd.Series[Any], table: Table, at: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Code of each row, (n,), and the names by code, in the order of their first rows."""
    codes, found = pd.factorize(raw)  # -1 where missing; names are few, so only they are made text
    # 3.0, after a missing value somewhere made floats of whole numbers, is 3
    names = [f"{name:.0f}" if isinstance(name, float) and name % 1 == 0 else str(name).strip() for name in found]
    again, unique = pd.factorize(np.array([*names, ""], dtype=object))
    codes = again[codes]
    empty = codes == again[-1]
    if empty.any():
        raise InputError(
            f"{table.name}: column {table.header[at]!r} is empty in {int(empty.sum())} rows (first "
            f"{table.label(int(np.argmax(empty)))}). Every row needs one."
        )
    return codes.astype(np.int64), tuple(str(name) for name in unique[:-1])


def _refuse_few(name: str, count: int, what: str) -> None:
    if count < 2:
        raise InputError(
            f"{name}: holds one rollout (one {what}). At least two are needed: give a column for each, or rows with a "
            "column 'rollout'; a single one is the policy itself."
        )


def _refuse_one_date(name: str, count: int) -> None:
    if count < 2:
        raise InputError(f"{name}: has one date. Rollouts need many.")
