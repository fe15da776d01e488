"""A base's trades come in, ready to be resampled; those of one world, and blotters made of them, go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.coverage.exits import booked, exit_rows
from auditor.errors import InputError
from auditor.inputs.calendar import DAY
from auditor.inputs.trades import Trades
from auditor.planted.draws import Rows
from auditor.planted.returns import Field

Array = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blotter:
    """The user's trades, ready to be resampled in time.

    field            of what they book: the base's P&L by the row of each exit
    trades           n of them, in return on capital, without prices
    dates            (T,) nanoseconds
    order, first, count  trades by exit row, and where each row's begin: (n,), (T,), (T,)
    exit_row, held   (n,) calendar row of the exit, rows from entry to exit
    into_entry, into_exit  (n,) nanoseconds from the row's date to the moment itself
    key              columns that make an opportunity
    """

    field: Field
    trades: Trades
    dates: Times
    clock: bool
    order: Times
    first: Times
    count: Times
    exit_row: Times
    held: Times
    into_entry: Times
    into_exit: Times
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Trades with the calendar rows of their entries and exits: (n,) each."""

    trades: Trades
    entry_row: Times
    exit_row: Times


def make_blotter(
    trades: Trades, dates: pd.DatetimeIndex, in_sample: Rows, periods_per_year: float, block: int, key: Sequence[str]
) -> Blotter:
    """Prepare trades for resampling.

    trades  in return on capital; sizes that grew with the account divided out

    Raises InputError for a key under which no book in other instruments could be new.
    """
    if set(key) <= {"side"}:
        raise InputError("--opportunity side: the base holds each side already, so that no new book could be new by it")
    at = dates.as_unit("ns").asi8
    clock = bool((at % DAY).any())
    exit_row = exit_rows(trades, at, clock=clock)
    whole = 0 if clock else 1
    entry_row = np.searchsorted(at, trades.entry - whole * (trades.entry % DAY), side="left").clip(0, at.size - 1)
    entry_row = np.minimum(entry_row, exit_row)
    count = np.bincount(exit_row, minlength=at.size)
    tags = {name: values for name, values in trades.tags.items() if name in key}
    bare = replace(trades, entry_price=None, exit_price=None, tags=tags, notes=(), warnings=())
    base = booked(trades.pnl, exit_row, at.size)
    field = Field(base=base, in_sample=in_sample, periods_per_year=periods_per_year, block=block)
    return Blotter(
        field=field,
        trades=bare,
        dates=at,
        clock=clock,
        order=np.argsort(exit_row, kind="stable").astype(np.int64),
        first=(np.cumsum(count) - count).astype(np.int64),
        count=count.astype(np.int64),
        exit_row=exit_row,
        held=(exit_row - entry_row).astype(np.int64),
        into_entry=trades.entry - at[entry_row],
        into_exit=trades.exit - at[exit_row],
        key=tuple(key),
    )


def placed(blotter: Blotter, rows: Rows) -> Placed:
    """Trades of one world: each goes with the period of its exit, and keeps its holding time in periods.

    rows  (T,) of the user's calendar that the world's periods repeat

    What they book is then exactly the resample of what the user's trades book.
    """
    count = blotter.count[rows]
    exit_row = np.repeat(np.arange(rows.size), count)
    within = np.arange(exit_row.size) - np.repeat(np.cumsum(count) - count, count)
    which = blotter.order[np.repeat(blotter.first[rows], count) + within]
    entry_row = exit_row - blotter.held[which]
    exit = moment(blotter, exit_row, blotter.into_exit[which])
    entry = np.minimum(moment(blotter, entry_row, blotter.into_entry[which]), exit)
    return Placed(
        trades=replace(taken(blotter.trades, which), entry=entry, exit=exit),
        entry_row=np.maximum(entry_row, 0),
        exit_row=exit_row,
    )


def moment(blotter: Blotter, row: Times, into: Times) -> Times:
    """The moment `into` nanoseconds from the date of a row; rows before the first are a usual step apart.

    Gaps between dates differ, so a moment that would fall to the row before moves to the date itself.
    """
    dates = blotter.dates
    step = int(np.median(np.diff(dates)))
    date = np.where(row >= 0, dates[np.maximum(row, 0)], dates[0] + row * step)
    before = np.where(row > 0, dates[np.maximum(row - 1, 0)], date - step)
    at = date + into
    floor = at if blotter.clock else at - at % DAY
    return np.where(floor > before, at, date)


def taken(trades: Trades, which: Times | NDArray[np.bool_]) -> Trades:
    """Some of the trades, in the order given, each as often as it is named."""
    columns = ("instrument", "side", "entry", "exit", "quantity", "pnl", "fees", "is_open")
    chosen: dict[str, Any] = {name: getattr(trades, name)[which] for name in columns}
    return replace(
        trades,
        **chosen,
        tags={name: values[which] for name, values in trades.tags.items()},
    )


def sized(trades: Trades, size: Array | float) -> Trades:
    """The same trades in other sizes: quantity, P&L and fees times `size`, a number or (n,)."""
    return replace(trades, quantity=trades.quantity * size, pnl=trades.pnl * size, fees=trades.fees * size)


def beside(one: Trades, other: Trades) -> Trades:
    """Two blotters as one."""
    names = tuple(dict.fromkeys([*one.instruments, *other.instruments]))
    code = np.array([names.index(name) for name in other.instruments], dtype=np.int64)
    columns = ("side", "entry", "exit", "quantity", "pnl", "fees", "is_open")
    joined: dict[str, Any] = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in columns}
    return replace(
        one,
        instruments=names,
        instrument=np.concatenate([one.instrument, code[other.instrument]]),
        **joined,
        tags={name: np.concatenate([one.tags[name], other.tags[name]]) for name in one.tags},
    )
