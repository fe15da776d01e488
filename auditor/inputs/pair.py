"""Base and tuned returns come in; both on the same dates go out, cut into in-sample and out-of-sample spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.align import common_dates
from auditor.inputs.calendar import Frequency, infer_frequency
from auditor.inputs.pair_checks import (
    MAX_RATE,
    calendar_warnings,
    check_per_year,
    check_rate,
    rate_warning,
    refuse_constant,
    refuse_no_cash,
    scale_warning,
)
from auditor.inputs.returns import Missing, Returns
from auditor.inputs.split import MIN_IS, MIN_OOS, Moment, Span, Window, split_dates
from auditor.inputs.zones import Zone

__all__ = ["MIN_IS", "MIN_OOS", "InputRecord", "Pair", "Span", "make_pair", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRecord:
    """What was read: enough to say later whether it was the same.

    role         base, tuned, known or rf
    name         file name, or the role of a frame
    column       column names, joined by ", "
    sha256       of the dates and values as read
    rows         number of dates as read
    first, last  dates as read
    """

    role: str
    name: str
    column: str
    sha256: str
    rows: int
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two policies on one calendar.

    dates             (T,) sorted, unique; naive or UTC
    zone              clock of naive dates that are the days of a time zone; None for others
    base, tuned       (T,) decimal returns per period, in excess of cash where a rate is given
    cash              (T,) what was taken off both per period, zero without a rate
    known             (T, k) known streams as given, k may be 0
    known_names       (k,)
    in_sample         periods that the tuning saw
    out_of_sample     periods that it did not
    frequency         of the dates
    periods_per_year  as given, or that of `frequency`
    inputs            one record for each source
    notes, warnings   what was done, and what is odd
    """

    dates: pd.DatetimeIndex
    base: NDArray[np.float64]
    tuned: NDArray[np.float64]
    cash: NDArray[np.float64]
    known: NDArray[np.float64]
    known_names: tuple[str, ...]
    in_sample: Span
    out_of_sample: Span
    frequency: Frequency
    periods_per_year: float
    inputs: tuple[InputRecord, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    zone: Zone | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        return f"in-sample {self.in_sample}; out-of-sample {self.out_of_sample}; {self.frequency}"


def make_pair(
    base: Returns,
    tuned: Returns,
    *,
    known: Returns | None = None,
    rf: Returns | float | None = None,
    oos_start: Moment | None = None,
    oos_fraction: float | None = None,
    oos: Sequence[Window] | None = None,
    embargo: int = 0,
    align: Literal["strict", "inner"] = "strict",
    na: Missing = "refuse",
    periods_per_year: float | None = None,
) -> Pair:
    """Put base and tuned on the same dates, with known streams beside them and a split.

    base, tuned       (T, 1) each
    known             (T', k) streams that cover every date of the pair; other dates of theirs are not used
    rf                per-period rates that cover every date, (T', 1), or one annual decimal rate. Subtracted from both
    oos_start, oos_fraction, oos, embargo   as of `split_dates`; exactly one of the first three
    align             "strict" refuses different dates; "inner" keeps the common ones and notes what it left out
    na                "drop" drops every date at which any source has NaN, from all of them, and notes it
    periods_per_year  what annualises; None infers it from the dates and notes it
    errors            InputError for all that cannot be paired, for a bad option, for too few periods, and for a policy
                      that is constant in either span
    """
    if align not in ("strict", "inner"):
        raise InputError(f"align is {align!r}; it must be strict or inner.")
    if na not in ("refuse", "drop"):
        raise InputError(f"na is {na!r}; it must be refuse or drop.")
    per_year = check_per_year(periods_per_year)
    rate = rf if isinstance(rf, Returns) else None
    annual_rate = None if rf is None or isinstance(rf, Returns) else check_rate(rf)
    sources = _named_apart({"base": base, "tuned": tuned, "known": known, "rf": rate})
    for role in ("base", "tuned", "rf"):
        if role in sources and sources[role].values.shape[1] != 1:
            raise InputError(
                f"{sources[role].name}: {role} has {sources[role].values.shape[1]} columns; one is needed."
            )
    dates, tables, notes, lost = common_dates(sources, align=align, na=na)
    notes = tuple(note for source in sources.values() for note in source.notes) + notes
    warnings = tuple(dict.fromkeys(warning for source in sources.values() for warning in source.warnings))
    warnings += lost
    if len(dates) < 2:
        raise InputError(f"{len(dates)} common dates are left; an audit needs at least {MIN_IS + MIN_OOS}.")

    if dates.tz is not None:
        notes += ("times are read by their offsets, and split and shown in UTC",)
    if base.zone is not None:
        notes += ("dates are midnights of their time zone: read as its days, as split dates and times of trades are",)
    frequency = infer_frequency(dates)
    if per_year is None:
        per_year = frequency.periods_per_year
        notes += (f"periods per year {per_year:g}, inferred: {frequency.evidence}",)
    warnings += calendar_warnings(dates, frequency, per_year, given=periods_per_year is not None)
    in_sample, out_of_sample, split_notes = split_dates(
        dates, oos_start=oos_start, oos_fraction=oos_fraction, oos=oos, embargo=embargo
    )
    policies = {role: tables[role][:, 0] for role in ("base", "tuned")}
    refuse_constant(policies, sources, in_sample, out_of_sample)
    warnings += scale_warning(policies, sources)
    cash = np.zeros(len(dates))
    if annual_rate is not None or rate is not None:
        cash = np.full(len(dates), (annual_rate or 0.0) / per_year) if rate is None else tables["rf"][:, 0]
        if rate is not None and abs(float(cash.mean())) * per_year > MAX_RATE:
            raise InputError(
                f"{rate.name}: the rates come to {cash.mean() * per_year:.3g} a year. Give the decimal rate of each "
                "period: divide percents by 100 and annual rates by the periods a year."
            )
        policies = {role: values - cash for role, values in policies.items()}
        what = f"{annual_rate:g} a year" if rate is None else f"{rate.name}, {cash.mean() * per_year:.3g} a year"
        notes += (f"cash subtracted from both policies ({what})",)
        a_year = (annual_rate or 0.0) if rate is None else float(cash.mean()) * per_year
        warnings += rate_warning("rf" if rate is None else rate.name, a_year)
        refuse_constant(policies, sources, in_sample, out_of_sample)
        refuse_no_cash("rf" if rate is None else rate.name, cash, per_year)
    return Pair(
        dates=dates,
        base=np.ascontiguousarray(policies["base"]),
        tuned=np.ascontiguousarray(policies["tuned"]),
        cash=cash,
        known=np.ascontiguousarray(tables.get("known", np.empty((len(dates), 0)))),
        known_names=() if known is None else known.columns,
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        frequency=frequency,
        periods_per_year=per_year,
        inputs=tuple(
            record(role, source)
            for role, source in (("base", base), ("tuned", tuned), ("known", known), ("rf", rate))
            if source is not None
        ),
        notes=notes + split_notes,
        warnings=warnings,
        zone=base.zone,
    )


def _named_apart(given: dict[str, Returns | None]) -> dict[str, Returns]:
    """Keep the sources given, and tell apart those that share a name: by column, or by role."""
    sources = {role: source for role, source in given.items() if source is not None}
    plain = [source.name for source in sources.values()]
    full = [f"{source.name}:{source.columns[0]}" for source in sources.values()]
    for (role, source), name, column in zip(list(sources.items()), plain, full, strict=True):
        if full.count(column) > 1:
            sources[role] = replace(source, name=f"{role} {name}")
        elif plain.count(name) > 1:
            sources[role] = replace(source, name=column)
    return sources


def record(role: str, source: Returns) -> InputRecord:
    """What was read, as it is told later."""
    return InputRecord(
        role=role,
        name=source.name,
        column=", ".join(source.columns),
        sha256=source.sha256,
        rows=len(source.dates),
        first=source.dates[0],
        last=source.dates[-1],
    )
