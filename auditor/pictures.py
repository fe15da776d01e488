"""A measured pair goes in; the arrays that its pictures are drawn from come out, so that a report computes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.booking import entered_within
from auditor.desk import Desk
from auditor.shelf import Shelf
from auditor.stats.rolling import RollingGain, rolling_gain, window_length
from auditor.stats.studentised import power_of

if TYPE_CHECKING:
    from auditor.inputs.pair import Pair
    from auditor.measure import Measured

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Dates = NDArray[np.datetime64]
Values = TypeVar("Values", bound=NDArray[Any])

BINS = 60
STEPS = 101

MOST_INSTRUMENTS, MOST_YEARS = 12, 14
"""Rows and columns of the map of the new part; the rest is added up in one more."""

REST = "all others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one unit became after each period, (T,) each, in excess of cash where a rate was given.

    matched   the base times `leverage`, which gives it the tuned policy's volatility over the whole calendar; None
              where it would have lost all on the way
    """

    base: Array
    tuned: Array
    matched: Array | None
    leverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanStreams:
    """One span of the tuned policy's P&L as covered + new, (n,) each, by calendar row; windows one after the other."""

    row: Integers
    lengths: tuple[int, ...]
    covered: Array
    new: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicates:
    """Histogram of the out-of-sample gain over the bootstrap's replicates, annualised.

    edges (bins + 1,), counts (bins,)   the middle 99.9 %;  outside  how many replicates lie beyond
    """

    edges: Array
    counts: Integers
    outside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMap:
    """New part of the tuned policy's P&L over the whole calendar, by instrument and year of exit.

    instruments, years   names, largest first and in order of time; the rest is added up in one row and one column
    pnl                  (instruments, years) in the unit of the blotters; it adds up to the whole of the new part
    """

    instruments: tuple[str, ...]
    years: tuple[str, ...]
    pnl: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How often a sample like this one's out-of-sample data finds a true gain, by its size: (k,) each.

    Normal approximation with the standard error of the paired test: Phi(gain / se - z of 1 - level). `at_seen` is the
    power against a true gain of the size seen.
    """

    gain: Array
    power: Array
    at_seen: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What the pictures of an audit are drawn from. Numbers that the label rests on stand in the audit itself.

    Not part of the JSON: it is the data, and the JSON is what was found in it.

    dates         (T,) common calendar, UTC where the data had a zone
    base, tuned   (T,) returns on it, in excess of cash where a rate was given
    replicates    None where the difference does not vary
    new_map       None without trades or positions, or without a new part
    power         None where the paired test has no error
    """

    dates: Dates
    base: Array
    tuned: Array
    in_sample: SpanStreams
    out_of_sample: SpanStreams
    replicates: Replicates | None
    rolling: RollingGain
    new_map: NewMap | None
    power: Power | None

    def growth(self) -> Growth | None:
        """Compound both policies and the base at the tuned one's volatility; None where a policy loses all it has."""
        leverage = float(self.tuned.std() / self.base.std())
        grown = [_compounded(one) for one in (self.base, self.tuned, leverage * self.base)]
        if grown[0] is None or grown[1] is None:
            return None
        return Growth(base=grown[0], tuned=grown[1], matched=grown[2], leverage=leverage)


def _compounded(returns: Array) -> Array | None:
    if (returns <= -1).any():
        return None
    with np.errstate(all="ignore"):
        found = np.exp(np.cumsum(np.log1p(returns)))
    return found if np.isfinite(found).all() and (found > 0).all() else None


def make_pictures(pair: Pair, inside: Measured, outside: Measured, books: Desk | Shelf | None) -> Pictures:
    """Collect what was computed on the way, and the rolling gain beside it."""
    test = outside.gain
    window = window_length(pair.base.size, pair.periods_per_year)
    return Pictures(
        dates=_kept(np.asarray(pair.dates.tz_localize(None) if pair.dates.tz else pair.dates, dtype="datetime64[ns]")),
        base=_kept(pair.base),
        tuned=_kept(pair.tuned),
        in_sample=_streams(inside, pair.in_sample.index, pair.in_sample.lengths),
        out_of_sample=_streams(outside, pair.out_of_sample.index, pair.out_of_sample.lengths),
        replicates=histogram(outside.replicates),
        rolling=rolling_gain(
            pair.base,
            pair.tuned,
            window=window,
            block=test.block,
            level=test.level,
            periods_per_year=pair.periods_per_year,
        ),
        new_map=None if books is None or outside.split.nothing_new else _where_new(pair, books),
        power=power_curve(test.se, test.gain, test.min_detectable_gain, test.level),
    )


def _kept(values: Values) -> Values:
    """Copy an array so that nobody can write to it."""
    found = values.copy()
    found.flags.writeable = False
    return found


def _streams(found: Measured, row: Integers, lengths: tuple[int, ...]) -> SpanStreams:
    return SpanStreams(row=_kept(row), lengths=lengths, covered=_kept(found.split.covered), new=_kept(found.split.new))


def histogram(values: Array) -> Replicates | None:
    """Count (reps,) replicates in bins that hold the middle 99.9 %; None where they do not vary."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.0005, 0.9995]) if finite.size else (0.0, 0.0)
    if not high - low > 1e-9:
        return None
    counts, edges = np.histogram(finite, bins=BINS, range=(low, high))
    return Replicates(edges=edges, counts=counts.astype(np.int64), outside=int(values.size - counts.sum()))


def power_curve(se: float, gain: float, detectable: float, level: float) -> Power | None:
    """Power against gains from zero to well beyond what is found with 80 % power and the gain seen."""
    if not (math.isfinite(se) and se > 0):
        return None
    gains = np.linspace(0.0, max(1.6 * detectable, 1.15 * gain), STEPS)
    seen = float(power_of(np.array([gain]), se, level)[0])
    return Power(gain=gains, power=power_of(gains, se, level), at_seen=seen, level=level)


def _where_new(pair: Pair, books: Desk | Shelf) -> NewMap | None:
    year = np.asarray(pair.dates.year, dtype=np.int64)
    if isinstance(books, Desk):
        found = books.booked
        spans = (pair.in_sample.index, pair.out_of_sample.index)
        early = np.logical_or.reduce([np.isin(found.row, one) & ~entered_within(found, one) for one in spans])
        fresh = np.where(early, 0.0, found.fresh)
        return new_map(books.tuned.instruments, books.tuned.instrument, year[found.row], fresh)
    fresh = books.marked.fresh
    row, code = np.nonzero(fresh)
    return new_map(books.instruments, code, year[row], fresh[row, code])


def new_map(names: Sequence[str], code: Integers, year: Integers, pnl: Array) -> NewMap | None:
    """Add P&L up by instrument and year; None where there is none.

    names      of the instruments;  code, year, pnl  (n,) of what is added up
    """
    there = pnl != 0
    code, year, pnl = code[there], year[there], pnl[there]
    if not pnl.size:
        return None
    years, column = np.unique(year, return_inverse=True)
    table = np.zeros((len(names), years.size))
    np.add.at(table, (code, column), pnl)
    order = np.argsort(-np.abs(table.sum(axis=1)), kind="stable")
    order = order[np.abs(table[order]).sum(axis=1) > 0]
    rows, labels = table[order], [names[i] for i in order]
    if len(labels) > MOST_INSTRUMENTS:
        cut = MOST_INSTRUMENTS - 1
        labels = [*labels[:cut], f"{REST} ({len(labels) - cut})"]
        rows = np.vstack([rows[:cut], rows[cut:].sum(axis=0)])
    titles = [str(one) for one in years]
    if len(titles) > MOST_YEARS:
        cut = len(titles) - MOST_YEARS + 1
        titles = [f"to {titles[cut - 1]}", *titles[cut:]]
        rows = np.column_stack([rows[:, :cut].sum(axis=1), rows[:, cut:]])
    return NewMap(instruments=tuple(labels), years=tuple(titles), pnl=rows)
