"""Every variant's returns come in, a file or a frame; a checked matrix, and its rows on given dates, go out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import refuse_other_step, show
from auditor.inputs.doubts import constant_evidence, level_evidence
from auditor.inputs.returns import Missing, Returns, read_streams
from auditor.inputs.zones import Zone, refuse_other_clock


def read_trials(
    source: object, *, date_column: str | None = None, na: Missing = "refuse", date_format: str | None = None
) -> Returns:
    """Read the returns of every variant that was tried, (T, N), one column each.

    source   as of `read_returns`
    na       "drop" keeps missing values as NaN; `trials_on` refuses them on the dates it is asked for
    errors   InputError as of `read_streams`, and where most columns look like prices or equity curves

    Doubts are counted in one warning a kind, however many columns there are. Percents are none: all that trials are
    used for is free of their scale.
    """
    found = read_streams(source, role="trials", date_column=date_column, na=na, date_format=date_format)
    n = len(found.columns)
    levels = [name for name, column in zip(found.columns, found.values.T, strict=True) if level_evidence(column)]
    still = [name for name, column in zip(found.columns, found.values.T, strict=True) if constant_evidence(column)]
    if 2 * len(levels) > n:
        raise InputError(
            f"{found.name}: {len(levels)} of {n} columns look like prices or equity curves (first {levels[0]!r}). "
            "Trials are returns per period: write those."
        )
    warnings = []
    if levels:
        warnings.append(
            f"{found.name}: {len(levels)} of {n} trials look like prices or equity curves (first {levels[0]!r})"
        )
    if still:
        warnings.append(f"{found.name}: {len(still)} of {n} trials are constant (first {still[0]!r})")
    return replace(found, warnings=tuple(warnings))


def trials_on(
    dates: pd.DatetimeIndex, trials: Returns, span: str = "in-sample", *, zone: Zone | None = None
) -> NDArray[np.float64]:
    """Give the rows of every trial, or other stream, on the dates of a span: (T,) dates to (T, N), all finite.

    zone    of the dates, as of `Returns`
    errors  InputError for dates that the trials lack or have no value on, with their number and the first, and where
            one has a time zone and the other none or another
    """
    refuse_other_clock("base", dates, zone, trials.name, trials.dates, trials.zone)
    refuse_other_step(trials.name, trials.dates, "base", dates)
    rows = trials.dates.get_indexer(dates)
    lacking = np.flatnonzero(rows < 0)
    if lacking.size:
        raise InputError(
            f"{trials.name}: {lacking.size} of {len(dates)} {span} dates are not in it (first "
            f"{show(dates[int(lacking[0])])}). Every column needs a return on every {span} date: "
            "export them on the policies' dates."
        )
    values = trials.values[rows]
    empty = np.isnan(values)
    if empty.any():
        gone = np.flatnonzero(empty.any(axis=1))
        column = trials.columns[int(np.argmax(empty[gone[0]]))]
        raise InputError(
            f"{trials.name}: {gone.size} {span} dates without a value in every column (first "
            f"{show(dates[int(gone[0])])}, column {column!r}). Fill them in the export, with 0 where nothing was "
            "held, or leave that column out."
        )
    return np.ascontiguousarray(values)
