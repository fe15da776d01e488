"""A blotter comes in, a file or a frame; checked round trips on one calendar go out, or a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import DAY, show
from auditor.inputs.content import in_memory
from auditor.inputs.once import read_once
from auditor.inputs.split import Moment
from auditor.inputs.trades_columns import Net
from auditor.inputs.zones import Zone
from auditor.plural import several, verb

__all__ = ["Net", "Trades", "check_calendar", "on_days", "read_trades", "refuse_other_times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Round trips of one policy, one a row, in the order read.

    name         what messages call it
    instruments  names of the instruments; `instrument` (n,) holds their codes
    side         (n,) 1 long, -1 short
    entry, exit  (n,) times in nanoseconds since 1970, UTC where `aware`, else naive; entry <= exit
    quantity     (n,) units held, positive
    pnl          (n,) profit or loss net of fees, in currency or in return on capital (`unit`)
    fees         (n,) paid on the round trip, in the unit of pnl, zero where not given
    entry_price, exit_price   (n,) fills; None where not given
    is_open      (n,) still open at the end and marked to the last price
    tags         further columns by name, (n,) text each
    recognised   whose export it is, "contract columns" for our own
    sha256       of the values
    """

    name: str
    instruments: tuple[str, ...]
    instrument: NDArray[np.int64]
    side: NDArray[np.int8]
    entry: NDArray[np.int64]
    exit: NDArray[np.int64]
    quantity: NDArray[np.float64]
    pnl: NDArray[np.float64]
    fees: NDArray[np.float64]
    entry_price: NDArray[np.float64] | None
    exit_price: NDArray[np.float64] | None
    is_open: NDArray[np.bool_]
    tags: Mapping[str, NDArray[np.str_]]
    unit: Literal["currency", "return"]
    aware: bool
    recognised: str
    sha256: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        still = f", {int(self.is_open.sum())} still open" if self.is_open.any() else ""
        held = several(len(self.instruments), "instrument")
        return f"{self.name}: {several(len(self.pnl), 'trade')} in {held} ({self.recognised}){still}"


@read_once
@in_memory
def read_trades(
    source: object,
    *,
    role: str,
    kind: str | None = None,
    pnl: Net | None = None,
    capital: float | None = None,
    date_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    instrument: str | None = None,
    marks: Mapping[str, float] | None = None,
    end: Moment | None = None,
) -> Trades:
    """Read one policy's round trips.

    source       path to CSV, TSV, Parquet, Feather (also .gz, .zst), to the JSON or .zip of freqtrade
                 ("file.json:STRATEGY" where it has several) or the JSON of LEAN; or a pandas, polars or Arrow frame
    role         what a frame is called in messages: "base trades", "tuned trades"
    kind         a format of `engines.KINDS` instead of the one recognised by its columns; "columns" for our own
    pnl          whether the P&L column is net or gross of fees. None: as the engine documents it; net for our own
                 columns, unless prices and fees show that it is gross
    capital      divides pnl and fees, which are then returns on this fixed capital
    date_format  strptime format of every time
    columns      field -> column, where our own columns have other names than those known
    instrument   name of the only instrument, where the export has no column of it
    marks        instrument -> price at the end, for positions that a list of transactions leaves open
    end          when these leave: the last date of the returns. None: at the last transaction, which cuts the holding
                 time of a position that is bought once and kept
    errors       InputError for anything in the source that is not a blotter as it stands

    P&L of each trade is one amount on fixed capital: nothing is compounded here.
    """
    from auditor.inputs.engines import open_blotter
    from auditor.inputs.trades_checks import checked

    if not (pnl is None or (isinstance(pnl, str) and pnl in ("net", "gross"))):
        raise InputError(f"--pnl is {pnl!r}; it must be net or gross.")
    number = isinstance(capital, int | float | np.integer | np.floating) and not isinstance(capital, bool)
    if capital is not None and not (number and np.isfinite(capital) and capital > 0):
        raise InputError(f"--capital is {capital!r}; it must be a positive number in the currency of the P&L.")
    if instrument is not None and not (isinstance(instrument, str) and instrument.strip()):
        raise InputError(f"instrument is {instrument!r}; it must be a name.")
    draft = open_blotter(
        source, role=role, kind=kind, pnl=pnl, date_format=date_format, columns=columns, instrument=instrument,
        marks=marks, end=end,
    )  # fmt: skip
    found = checked(draft, date_format=date_format, instrument=instrument, capital=capital)
    return Trades(**found, sha256=_fingerprint(found))


def on_days(trades: Trades, dates: pd.DatetimeIndex, zone: Zone | None) -> Trades:
    """Put trades whose times have offsets on the clock of returns that are whole days: their zone's, else UTC.

    dates, zone  of the returns. Where their dates have a time of day, the trades stay as they are
    errors       InputError for times without offsets beside days of a time zone
    """
    if zone is not None and not trades.aware:
        raise _other_clock(trades)
    if not trades.aware or dates.tz is not None or (dates.as_unit("ns").asi8 % DAY).any():
        return trades
    if zone is None:
        note = f"{trades.name}: times with offsets are read in UTC, beside returns whose days have no time zone"
        return replace(trades, aware=False, notes=(*trades.notes, note))
    return replace(trades, aware=False, entry=zone.local(trades.entry), exit=zone.local(trades.exit))


def refuse_other_times(one: Trades, other: Trades) -> None:
    """Refuse blotters of which one has times with offsets and the other without."""
    if one.aware != other.aware:
        aware, naive = (one, other) if one.aware else (other, one)
        raise InputError(
            f"{aware.name}: the times of the trades have a time zone and those of {naive.name} have none. Write an "
            "offset in both or in neither."
        )


def _other_clock(trades: Trades) -> InputError:
    here, there = ("have a time zone", "have none") if trades.aware else ("have no time zone", "have one")
    return InputError(
        f"{trades.name}: the times of the trades {here} and the dates of the returns {there}. Write an offset in "
        "both or in neither."
    )


def check_calendar(trades: Trades, dates: pd.DatetimeIndex) -> tuple[str, ...]:
    """Check trades against the dates of the returns, and name the exits that fall outside these.

    dates    (T,) sorted, unique; naive or UTC, T >= 1. Dates at midnight stand for whole days
    errors   InputError where one has a time zone and the other none, and where every trade lies outside the dates
    """
    if trades.aware != (dates.tz is not None):
        raise _other_clock(trades)
    moments = dates.as_unit("ns").asi8
    first, last = int(moments[0]), int(moments[-1])
    if not (moments % DAY).any():
        last += DAY - 1
    # the first period began one step before its date
    before = first - int(np.median(np.diff(moments))) if len(moments) > 1 else first - DAY
    extent = f"{show(dates[0])} to {show(dates[-1])}"
    early, late = trades.exit <= before, trades.exit > last
    if (early | (trades.entry > last)).all():
        lowest, highest = (show(pd.Timestamp(int(x))) for x in (trades.entry.min(), trades.exit.max()))
        raise InputError(
            f"{trades.name}: all {len(trades.pnl)} trades lie outside the returns' dates ({lowest} to {highest}; the "
            f"returns run {extent}). Give the blotter of the same backtest."
        )
    notes = []
    for rows, where in ((np.flatnonzero(early), "before"), (np.flatnonzero(late), "after")):
        if rows.size:
            shown = show(pd.Timestamp(int(trades.exit[rows[0]])))
            many = f"{rows.size} of {several(len(trades.pnl), 'trade')} {verb(rows.size, 'exit')}"
            notes.append(f"{trades.name}: {many} {where} the returns, {extent} (first {shown})")
    return tuple(notes)


def _fingerprint(found: Mapping[str, object]) -> str:
    """SHA-256 in hex of every value, by field: names and text joined by zero bytes, numbers little-endian."""
    digest = hashlib.sha256()
    for field in ("instruments", "instrument", "side", "entry", "exit", "quantity", "pnl", "fees", "entry_price",
                  "exit_price", "is_open", "unit", "aware"):  # fmt: skip
        digest.update(field.encode() + b"\0")
        _feed(digest, found[field])
    tags = found["tags"]
    for name, values in tags.items() if isinstance(tags, dict) else ():
        digest.update(name.encode(errors="surrogatepass") + b"\0")
        _feed(digest, tuple(values.tolist()))
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, value: object) -> None:
    if isinstance(value, np.ndarray):
        digest.update(np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes())
    elif isinstance(value, tuple):
        digest.update("\0".join(value).encode(errors="surrogatepass"))
    else:
        digest.update(str(value).encode())
