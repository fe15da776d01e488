"""Returns of several rollouts of one policy come in, wide or long; a checked array on one calendar goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.align import common_dates
from auditor.inputs.calendar import infer_frequency, show
from auditor.inputs.content import in_memory
from auditor.inputs.doubts import constant_evidence, level_evidence, money_evidence, percent_evidence, size_evidence
from auditor.inputs.returns import Missing, Returns, Unit, fingerprint
from auditor.inputs.rollouts_table import read_either
from auditor.inputs.table import open_table
from auditor.inputs.zones import Zone


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
    zone         clock of naive dates that are the days of a time zone; None for others
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
    zone: Zone | None = None

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
    dates, zone, names, instruments, values, held, notes = read_either(table, named, date_column, na, date_format)
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
        zone=zone,
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
    dates, values, notes, lost = common_dates(flat, align=align, na=na)
    if len(dates) < 2:
        raise InputError(f"{base.name} and {tuned.name}: {len(dates)} common dates are left. Rollouts need many.")
    first, second = (_on(one, dates, values[role]) for role, one in (("base", base), ("tuned", tuned)))
    return first, second, notes + lost


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
    money = [] if told else [run for run, column in columns if money_evidence(column, per_year)]
    percents = [] if told else [run for run, column in columns if percent_evidence(column, per_year)]
    still = [run for run, column in columns if constant_evidence(column)]
    if 2 * len(levels) > n:
        raise InputError(
            f"{name}: {len(levels)} of {n} rollouts look like prices or equity curves (first {levels[0]!r}). "
            "Rollouts are returns per period: write those."
        )
    if 2 * len(money) > n:
        raise InputError(
            f"{name}: {len(money)} of {n} rollouts look like amounts of money (first {money[0]!r}). Divide each by the "
            "capital that it was earned on; if they are decimals, pass --unit decimal."
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
        zone=rollouts.zone,
    )
