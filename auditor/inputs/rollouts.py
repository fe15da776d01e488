"""Returns of several rollouts of one policy come in, wide or long; a checked array on one calendar goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs import columns as find
from auditor.inputs.align import common_dates
from auditor.inputs.calendar import check_order, infer_frequency, show
from auditor.inputs.content import in_memory
from auditor.inputs.dates import dates_and_notes
from auditor.inputs.doubts import constant_evidence, level_evidence, percent_evidence, size_evidence
from auditor.inputs.numbers import to_floats
from auditor.inputs.returns import Missing, Returns, Unit, fingerprint
from auditor.inputs.table import Table, open_table

ROLLOUT_NAMES = ("rollout", "rollout_id", "rollout id", "seed", "run", "run_id", "run id")
INSTRUMENT_NAMES = ("instrument", "symbol", "ticker", "asset")
POSITION_NAMES = ("position", "positions", "weight", "weights", "exposure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """Several rollouts of one policy on one calendar: seeds of an agent, fits of a model.

    name         what messages call it: the file's name, or the role of a frame
    dates        (T,) sorted, unique, in nanoseconds; naive or UTC
    returns      (T, R) decimal per period, or (T, R, K) what each instrument adds to it; finite, but for NaN where
                 na="drop" left missing values for `same_dates` to drop
    rollouts     (R,) names, in the order of the source; R >= 2
    instruments  (K,) names, sorted; empty where the source has none
    positions    shaped as returns: held over each period, where a long file has a column of them; else None
    sha256       of dates and values as read, before any date is dropped
    notes        what was done because it was asked for
    warnings     oddities, each with its first case
    """

    name: str
    dates: pd.DatetimeIndex
    returns: NDArray[np.float64]
    rollouts: tuple[str, ...]
    instruments: tuple[str, ...]
    positions: NDArray[np.float64] | None
    sha256: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        held = f" in {len(self.instruments)} instruments" if self.instruments else ""
        return f"{self.name}: {len(self.rollouts)} rollouts on {len(self.dates)} dates{held}"


@in_memory
def read_rollouts(
    source: object,
    *,
    role: str,
    date_column: str | None = None,
    na: Missing = "refuse",
    date_format: str | None = None,
    unit: Unit | None = None,
) -> Rollouts:
    """Read all rollouts of one policy.

    source  as of `read_returns`. Wide: a date column and one column of returns a rollout. Long, told by a column named
            rollout, seed or run: one row for each date and rollout, with its return, and for each instrument if there
            is a column instrument (symbol, ticker, asset); returns by instrument are parts of the policy's and add up.
            A column position (weight, exposure) beside them is what was held over the row's period
    role    "base" or "tuned": names a frame in messages
    na      "drop" keeps missing values as NaN, for `same_dates` to drop their dates from both policies
    unit    "percent" divides by 100; None refuses what looks like percents
    errors  InputError for anything that cannot be read, for fewer than two rollouts or dates, for rows of a long file
            that stand twice, run backwards or are missing, and where most rollouts look like prices or percents, or all
            are constant. In few rollouts that is a warning, counted
    """
    for option, value, choices in (("na", na, ("refuse", "drop")), ("unit", unit, (None, "decimal", "percent"))):
        if value not in choices:
            raise InputError(f"{option} is {value!r}; it must be {' or '.join(str(one) for one in choices if one)}.")
    table, named = open_table(source, role=role)
    at_dates = find.date_column(table, date_column)
    at_rollout = _one_column(table, ROLLOUT_NAMES, at_dates)
    if at_rollout is None:
        dates, names, instruments, values, held, notes = _read_wide(table, named, at_dates, na, date_format)
    else:
        dates, names, instruments, values, held, notes = _read_long(table, named, at_dates, at_rollout, na, date_format)
    if unit == "percent":
        values = values / 100.0
        notes += (f"{table.name}: percent divided by 100",)
    return Rollouts(
        name=table.name,
        dates=dates,
        returns=values,
        rollouts=names,
        instruments=instruments,
        positions=held,
        sha256=fingerprint(dates, (values if held is None else np.stack([values, held])).reshape(len(dates), -1)),
        notes=notes,
        warnings=_doubts(table.name, dates, values, names, told=unit is not None),
    )


def same_dates(
    base: Rollouts, tuned: Rollouts, *, align: Literal["strict", "inner"] = "strict", na: Missing = "refuse"
) -> tuple[Rollouts, Rollouts, tuple[str, ...]]:
    """Put both policies on the same dates, every value finite, with notes on what was left out.

    The numbers of rollouts may differ; dates and instruments may not.

    align   "inner" keeps the common dates instead of refusing different ones
    na      "drop" drops dates on which any rollout of either has no value instead of refusing
    errors  InputError for other instruments, other dates, missing values, and fewer than two dates left
    """
    if base.name == tuned.name:
        base, tuned = replace(base, name=f"base {base.name}"), replace(tuned, name=f"tuned {tuned.name}")
    for here, there in ((base, tuned), (tuned, base)):
        if here.instruments and not there.instruments:
            raise InputError(
                f"{here.name} has returns by instrument and {there.name} has not. Give both by instrument, or neither."
            )
        lacking = sorted(set(here.instruments) - set(there.instruments))
        if lacking:
            raise InputError(
                f"{there.name}: {len(lacking)} instruments of {here.name} are not in it (first {lacking[0]!r}). "
                "Problems are the same for both: write rows of 0 where a policy never held an instrument."
            )
    flat = {"base": _flat(base), "tuned": _flat(tuned)}
    dates, values, notes = common_dates(flat, align=align, na=na)
    if len(dates) < 2:
        raise InputError(f"{base.name} and {tuned.name}: {len(dates)} common dates are left. Rollouts need many.")
    first, second = (_on(one, dates, values[role]) for role, one in (("base", base), ("tuned", tuned)))
    return first, second, notes


def mean_policy(rollouts: Rollouts) -> Returns:
    """Give the mean over rollouts, (T, 1), as one policy: capital split evenly over them in every period.

    Instruments are added up. A date on which any rollout has no value has none here.
    """
    count = len(rollouts.rollouts)
    found = _policy(rollouts, f"mean of {count} rollouts", _totals(rollouts.returns).mean(axis=1))
    return replace(found, notes=(*found.notes, f"{rollouts.name}: the policy is the mean of {count} rollouts"))


def each_policy(rollouts: Rollouts) -> tuple[Returns, ...]:
    """Give every rollout, (T, 1), as a policy of its own; instruments are added up."""
    totals = _totals(rollouts.returns)
    return tuple(
        _policy(rollouts, name, np.ascontiguousarray(column))
        for name, column in zip(rollouts.rollouts, totals.T, strict=True)
    )


_Read = tuple[
    pd.DatetimeIndex,
    tuple[str, ...],
    tuple[str, ...],
    NDArray[np.float64],
    NDArray[np.float64] | None,
    tuple[str, ...],
]


def _read_wide(table: Table, named: str | None, at_dates: int | None, na: Missing, date_format: str | None) -> _Read:
    chosen = find.stream_columns(table, dates=at_dates, wanted=named)
    _refuse_few(table.name, len(chosen), "column")
    dates, raw, notes = _dates_beside(table, at_dates, chosen, date_format)
    check_order(dates, name=table.name, label=table.label)
    _refuse_one_date(table.name, len(dates))
    names = tuple(table.header[position] for position in chosen)
    values = np.empty((len(dates), len(names)))
    for place, (series, column) in enumerate(zip(raw, names, strict=True)):
        values[:, place] = to_floats(series, name=table.name, column=column, label=table.label, na=na)
    return dates, names, (), values, None, notes


def _read_long(
    table: Table, named: str | None, at_dates: int | None, at_rollout: int, na: Missing, date_format: str | None
) -> _Read:
    at_instrument = _one_column(table, INSTRUMENT_NAMES, at_dates)
    keys = [at_rollout] if at_instrument is None else [at_rollout, at_instrument]
    at_position = _one_column(table, POSITION_NAMES, at_dates)
    at_return = _return_column(table, named, at_dates, [*keys, *([] if at_position is None else [at_position])])
    read = [at_return] if at_position is None else [at_return, at_position]
    dates, raw, notes = _dates_beside(table, at_dates, [*keys, *read], date_format)
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
    unused = [column for at, column in enumerate(table.header) if at not in (at_dates, *read, *keys) and column]
    if unused:
        notes += (f"{table.name}: {len(unused)} columns not used (first {unused[0]!r})",)
    grids = [
        np.ascontiguousarray(one[order].reshape(shape if at_instrument is not None else shape[:2])) for one in numbers
    ]
    held = None if at_position is None else grids[1]
    return days, names, () if at_instrument is None else instruments, grids[0], held, notes


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
    numbers = [at for at in choices if table.looks[at] == "number" and table.header[at].lower() not in find.UNNAMED]
    for candidates in (by_name, numbers):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            names = ", ".join(repr(table.header[at]) for at in candidates)
            raise InputError(f"{table.name}: several return columns ({names}). Name the one of them 'return'.")
    raise InputError(f"{table.name}: no return column among {table.columns}. Name one 'return'.")


def _dates_beside(
    table: Table, at_dates: int | None, chosen: list[int], date_format: str | None
) -> tuple[pd.DatetimeIndex, list[pd.Series[Any]], tuple[str, ...]]:
    if at_dates is None and table.dates is not None:
        raw_dates: pd.Series[Any] | pd.Index[Any] = table.dates
        raw = table.read(chosen)
    else:
        raw_dates, *raw = table.read([at_dates or 0, *chosen])
    dates, notes = dates_and_notes(raw_dates, name=table.name, lines=table.label, date_format=date_format)
    return pd.DatetimeIndex(dates, name=None), raw, notes


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


def _doubts(
    name: str, dates: pd.DatetimeIndex, values: NDArray[np.float64], names: tuple[str, ...], *, told: bool
) -> tuple[str, ...]:
    """Refuse what most rollouts cannot be; one warning a kind for what a few of them may be."""
    if evidence := size_evidence(values):
        raise InputError(f"{name}: the values {evidence}.")
    total, n = _totals(values), len(names)
    per_year = infer_frequency(dates).periods_per_year
    columns = list(zip(names, total.T, strict=True))
    levels = [run for run, column in columns if level_evidence(column)]
    percents = [] if told else [run for run, column in columns if percent_evidence(column, per_year)]
    still = [run for run, column in columns if constant_evidence(column)]
    if 2 * len(levels) > n:
        raise InputError(
            f"{name}: {len(levels)} of {n} rollouts look like prices or equity curves (first {levels[0]!r}). "
            "Rollouts are returns per period: write those."
        )
    if 2 * len(percents) > n:
        raise InputError(
            f"{name}: {len(percents)} of {n} rollouts look like percents (first {percents[0]!r}). Pass --unit percent; "
            "if they are decimals, pass --unit decimal."
        )
    if len(still) == n:
        raise InputError(f"{name}: all {n} rollouts are constant: no one traded, or these are not their returns.")
    seen: dict[bytes, str] = {}
    twins = [(run, seen[key]) for run, column in columns if seen.setdefault(key := column.tobytes(), run) != run]
    warnings = [
        f"{name}: {len(found)} of {n} rollouts {what} (first {found[0]!r})"
        for found, what in (
            (levels, "look like prices or equity curves"),
            (percents, "look like percents"),
            (still, "are constant"),
        )
        if found
    ]
    if twins:
        warnings.append(
            f"{name}: {len(twins)} of {n} rollouts repeat another (first {twins[0][0]!r}, the same as "
            f"{twins[0][1]!r}): they are no tries of their own"
        )
    if (total < -1.0).any():
        row, run = (int(at) for at in np.argwhere(total < -1.0)[0])
        warnings.append(
            f"{name}: {int((total < -1.0).sum())} returns below -100 % (first {show(dates[row])}, rollout "
            f"{names[run]!r}: {total[row, run]:g}): more than the capital was lost"
        )
    return tuple(warnings)


def _totals(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns of each rollout over all instruments: (T, R)."""
    return returns if returns.ndim == 2 else np.asarray(returns.sum(axis=2))


def _flat(rollouts: Rollouts) -> Returns:
    """All numbers side by side, for what aligns dates; `_on` takes them apart again."""
    tables = [rollouts.returns] if rollouts.positions is None else [rollouts.returns, rollouts.positions]
    flat = np.column_stack([one.reshape(len(rollouts.dates), -1) for one in tables])
    return replace(_policy(rollouts, "", flat[:, 0]), values=flat)


def _on(rollouts: Rollouts, dates: pd.DatetimeIndex, flat: NDArray[np.float64]) -> Rollouts:
    shape = (len(dates), *rollouts.returns.shape[1:])
    width = rollouts.returns[0].size
    held = None if rollouts.positions is None else np.ascontiguousarray(flat[:, width:]).reshape(shape)
    return replace(rollouts, dates=dates, returns=np.ascontiguousarray(flat[:, :width]).reshape(shape), positions=held)


def _policy(rollouts: Rollouts, column: str, values: NDArray[np.float64]) -> Returns:
    table = np.ascontiguousarray(values)[:, None]
    return Returns(
        name=rollouts.name,
        columns=(column,),
        dates=rollouts.dates,
        values=table,
        sha256=fingerprint(rollouts.dates, table),
        notes=rollouts.notes,
        warnings=rollouts.warnings,
    )
