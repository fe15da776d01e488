"""Weights or positions and instrument returns come in; both on the same dates and instruments go out, or a refusal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import show
from auditor.inputs.doubts import level_evidence
from auditor.inputs.once import read_once
from auditor.inputs.returns import Returns, read_streams
from auditor.inputs.zones import Zone, refuse_other_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """What one policy held, and what that returned, period by period.

    name         what messages call it
    dates        (T,) sorted, unique; naive or UTC
    instruments  (k,) names
    weights      (T, k) share of the capital held during the period that ends at the date
    returns      (T, k) simple return of each instrument over that period
    contribution (T,) weights * returns, summed: the policy's return before costs
    lag          periods by which the weights were moved to get here
    sha256       of dates, weights and returns
    zone         clock of naive dates that are the days of a time zone; None for others
    """

    name: str
    dates: pd.DatetimeIndex
    instruments: tuple[str, ...]
    weights: NDArray[np.float64]
    returns: NDArray[np.float64]
    contribution: NDArray[np.float64]
    lag: int
    sha256: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    zone: Zone | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}: weights of {len(self.instruments)} instruments on {len(self.dates)} dates"


@read_once
def read_positions(
    positions: object,
    instrument_returns: object,
    *,
    role: str,
    lag: int = 1,
    capital: float | None = None,
    date_column: str | None = None,
    date_format: str | None = None,
) -> Positions:
    """Read a policy's weights, dates x instruments, with the instruments' returns on the same dates.

    lag      1: the weight written at t-1 (its close) earns the return of t, so the first date is lost.
             0: the weight written at t is what was held during the period that ends at t
    capital  positions are amounts of currency and are divided by it; None: they are weights
    errors   InputError as of `read_streams`; for dates or instruments of the one that the other lacks, other clocks,
             and returns that look like prices

    A column named cash may stand in the positions without returns: it earns nothing and is left out.
    """
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer) or lag < 0:
        raise InputError(f"lag is {lag!r}; it must be 0 (weights held during the period) or 1 (weights at the close).")
    number = isinstance(capital, int | float | np.integer | np.floating) and not isinstance(capital, bool)
    if capital is not None and not (number and np.isfinite(capital) and capital > 0):
        raise InputError(f"--capital is {capital!r}; it must be a positive number in the currency of the positions.")
    streams = partial(read_streams, na="drop", date_column=date_column, date_format=date_format)
    held, earned = streams(positions, role=f"{role} positions"), streams(instrument_returns, role="instrument returns")
    _refuse_missing(held, "Write 0 where nothing was held.")
    _refuse_missing(earned, "Fill them in the export, with 0 where an instrument did not move.")
    held, notes = _without_cash(held, earned)
    _refuse_other_dates(held, earned)
    for one, other in ((held, earned), (earned, held)):
        extra = [column for column in one.columns if column not in other.columns]
        if extra and one is held:
            raise InputError(
                f"{one.name}: {len(extra)} of {len(one.columns)} instruments have no column in {other.name} (first "
                f"{extra[0]!r}). Give the returns of every instrument that was held, under the same name."
            )
        if extra:
            notes += (f"{one.name}: {len(extra)} instruments that were never held left out (first {extra[0]!r})",)
    returns = earned.values[:, [earned.columns.index(column) for column in held.columns]]
    for column, values in zip(held.columns, returns.T, strict=True):
        if evidence := level_evidence(values):
            raise InputError(f"{earned.name}: the values of {column!r} {evidence.split('. ')[0]}. Give returns.")
    weights, dates = held.values, held.dates
    if capital is not None:
        weights = weights / capital
        notes += (f"{held.name}: positions divided by the capital of {capital:,.15g}",)
    if lag:
        if len(dates) <= lag + 1:
            raise InputError(f"{held.name}: {len(dates)} dates leave nothing after a lag of {lag}.")
        weights, returns, dates = weights[:-lag], returns[lag:], dates[lag:]
        notes += (f"{held.name}: weights earn the return of the period {lag} later; the first {lag} dates are lost",)
    gross = np.abs(weights).sum(axis=1)
    warnings: tuple[str, ...] = ()
    if float(np.median(gross)) > 20:
        warnings = (
            f"{held.name}: weights add up to {np.median(gross):.4g} times the capital (median): if they are amounts, "
            "pass --capital",
        )
    weights, returns = np.ascontiguousarray(weights), np.ascontiguousarray(returns)
    digest = hashlib.sha256(np.ascontiguousarray(dates.asi8, "<i8").tobytes())
    digest.update("\0".join(held.columns).encode(errors="surrogatepass"))
    digest.update(weights.astype("<f8").tobytes() + returns.astype("<f8").tobytes())
    return Positions(
        name=held.name,
        dates=dates,
        instruments=held.columns,
        weights=weights,
        returns=returns,
        contribution=np.asarray((weights * returns).sum(axis=1), np.float64),
        lag=int(lag),
        sha256=digest.hexdigest(),
        notes=(*held.notes, *earned.notes, *notes),
        warnings=warnings,
        zone=held.zone,
    )


def _refuse_missing(streams: Returns, fix: str) -> None:
    gone = np.argwhere(np.isnan(streams.values))
    if len(gone):
        row, column = gone[0]
        raise InputError(
            f"{streams.name}: {len(gone)} missing values (first {show(streams.dates[row])}, column "
            f"{streams.columns[column]!r}). {fix}"
        )


def _without_cash(held: Returns, earned: Returns) -> tuple[Returns, tuple[str, ...]]:
    keep = [
        position for position, column in enumerate(held.columns) if column.lower() != "cash" or column in earned.columns
    ]
    if len(keep) == len(held.columns):
        return held, ()
    if not keep:
        raise InputError(f"{held.name}: holds nothing but cash.")
    columns = tuple(held.columns[position] for position in keep)
    return replace(held, columns=columns, values=held.values[:, keep]), (f"{held.name}: cash left out",)


def _refuse_other_dates(held: Returns, earned: Returns) -> None:
    refuse_other_clock(held.name, held.dates, held.zone, earned.name, earned.dates, earned.zone)
    for one, other in ((held, earned), (earned, held)):
        extra = one.dates.difference(other.dates)
        if len(extra):
            raise InputError(
                f"{one.name}: {len(extra)} dates that {other.name} lacks (first {show(extra[0])}). Write both on the "
                "same dates."
            )
