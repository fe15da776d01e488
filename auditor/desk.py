"""A checked pair and both blotters go in; the split that trades show, and what there is to know of them, come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.attribution import Counted, TradeAttribution, attribute, by_column, grouped
from auditor.coverage.booking import Booked, book, pnl_beside_base, sizes
from auditor.coverage.concentration import Concentration, concentration
from auditor.coverage.exits import booked, exit_rows
from auditor.coverage.lines import Lines, lines_of
from auditor.coverage.netting import points
from auditor.coverage.reconcile import REFUSED, Reconciliation, reconcile
from auditor.desk_checks import doubts_of, entered_before, judge_gap, one_way, refuse_one_sided, smaller_sizes
from auditor.errors import InputError
from auditor.inputs.calendar import DAY
from auditor.inputs.pair import Pair
from auditor.inputs.trades import Trades, check_calendar, on_days, refuse_other_times
from auditor.turnover import Turnover, turnover

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


MOST_VALUES = 50
"""Values of a tag by which P&L is broken down; one of more is an identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLines:
    """Tuned minus base P&L, line by line, in the unit of the blotters; lines add up to their total.

    basis    what a stretch of time is worth: the fills, or each trade's P&L in proportion to time
    whole, in_sample, out_of_sample   by exit
    by       the whole by "instrument", "side", "exit_year" and every tag of few values: where the new part is
    """

    basis: str
    unit: str
    whole: Lines
    in_sample: Lines
    out_of_sample: Lines
    by: Mapping[str, Mapping[str, Lines]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCoverage:
    """What both blotters say together.

    key              columns that make an opportunity
    tolerance        periods by which the base's holding times were lengthened
    n_base, n_tuned  trades
    covered_time     share of the tuned policy's holding time in which the base held the same opportunity
    overlap          time that both hold over time that either does (Jaccard)
    covered_pnl, new_pnl   of the tuned policy, out of sample, in return on capital
    kept, resized, dropped, added   trades that share time with the other policy's on the same opportunity, those of
                     them of another size, and those that share none: counts and P&L, whole sample
    """

    key: tuple[str, ...]
    tolerance: int
    n_base: int
    n_tuned: int
    covered_time: float | None
    overlap: float | None
    covered_pnl: float
    new_pnl: float
    reconciliation: tuple[Reconciliation, ...]
    in_sample: Concentration
    out_of_sample: Concentration
    turnover: Turnover
    kept: Counted
    resized: Counted
    dropped: Counted
    added: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Both blotters in return on capital, the tuned one's P&L as covered + new, and the description.

    doubted     something in `warnings` leaves open whether what the trades call new is new
    new_weight  (n,) signed size of the new part of each tuned trade; entry_row its calendar row of entry
    """

    base: Trades
    tuned: Trades
    booked: Booked
    described: TradeCoverage
    lines: TradeLines
    doubted: bool
    new_weight: Array
    entry_row: Integers
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def make_desk(pair: Pair, base: Trades, tuned: Trades, settings: Settings) -> Desk:
    """Check both blotters against the returns, split the tuned one, and describe them.

    Raises InputError for a blotter on another clock, outside the dates, or whose P&L is not that of the returns.
    """
    refuse_other_times(base, tuned)
    base, tuned = (on_days(trades, pair.dates, pair.zone) for trades in (base, tuned))
    dates = pair.dates.as_unit("ns").asi8
    clock = bool((dates % DAY).any())
    strays = tuple(text for trades in (base, tuned) for text in check_calendar(trades, pair.dates))
    returns = {"base": pair.base + pair.cash, "tuned": pair.tuned + pair.cash}
    month = pair.dates.strftime("%Y-%m").to_numpy(dtype=np.str_)
    blotters, reconciled, warnings = {}, [], base.warnings + tuned.warnings + strays
    refuse_one_sided(base, tuned)
    base, tuned = whole_days(base, tuned)
    for role, trades in (("base", base), ("tuned", tuned)):
        rows = exit_rows(trades, dates, clock=clock)
        if settings.compounding:
            trades = at_entry_capital(trades, returns[role], dates)
        gap = reconcile(role, booked(trades.pnl, rows, dates.size), returns[role], month)
        if settings.reconcile == "check":
            warnings += judge_gap(trades, gap, settings.capital)
        blotters[role] = trades
        reconciled.append(gap)
    base, tuned = blotters["base"], blotters["tuned"]
    if all(one.gap <= REFUSED for one in reconciled):
        # What adds up to the returns is in return, whatever its column is called.
        base, tuned = replace(base, unit="return"), replace(tuned, unit="return")
    lines = attribute(base, tuned, opportunity=settings.opportunity)
    found = book(
        base,
        tuned,
        dates,
        clock=clock,
        key=settings.opportunity,
        tolerance=settings.tolerance,
        valued=pnl_beside_base(lines, base, tuned),
        point_value=lines.point_value,
    )
    doubts = doubts_of(base, tuned, found, settings)
    if not pair.known_names:
        warnings += one_way(tuned, found)
    warnings += smaller_sizes(tuned, found) + entered_before(found, pair.out_of_sample.index)
    if found.blind:
        doubts += (
            "The base joins tuned trades that have lost, or leaves those that have gained, and there are no prices to "
            "value the time they share: what is new cannot be told. Give prices.",
        )
    inside, outside = (np.isin(found.row, span.index) for span in (pair.in_sample, pair.out_of_sample))
    held = tuned.exit - tuned.entry
    described = TradeCoverage(
        key=found.key,
        tolerance=settings.tolerance,
        n_base=base.pnl.size,
        n_tuned=tuned.pnl.size,
        covered_time=float((found.share * held).sum() / held.sum(dtype=np.float64)) if held.any() else None,
        overlap=lines.overlap,
        covered_pnl=float(found.covered[pair.out_of_sample.index].sum()),
        new_pnl=float(found.new[pair.out_of_sample.index].sum()),
        reconciliation=tuple(reconciled),
        in_sample=concentration(tuned.pnl[inside], tuned.instrument[inside]),
        out_of_sample=concentration(tuned.pnl[outside], tuned.instrument[outside]),
        turnover=turnover(pair, base, tuned, dates, clock, settings.capital, lines.point_value),
        kept=lines.kept,
        resized=lines.resized,
        dropped=lines.dropped,
        added=lines.added,
    )
    return Desk(
        base=base,
        tuned=tuned,
        booked=found,
        described=described,
        doubted=bool(doubts),
        new_weight=tuned.side * (1 - found.share) * (1 - found.faced) * sizes(tuned) * points(tuned, lines.point_value),
        entry_row=np.maximum(found.entry_row, 0).astype(np.int64),
        lines=trade_lines(pair, lines, base, tuned, exit_rows(base, dates, clock=clock), found.row),
        notes=base.notes + tuned.notes + lines.notes,
        warnings=warnings + doubts,
    )


def whole_days(base: Trades, tuned: Trades) -> tuple[Trades, Trades]:
    """Let dates without a time hold their whole first day, where some trades begin and end on one date.

    Such dates are of the entry's day, and not of a close: a trade of one day would hold nothing, and cover none of a
    tuned trade that held on. A filter that keeps some trades a day longer passed for new edge in half of all worlds.
    """
    both = (base, tuned)
    dated = all(not (at % DAY).any() for one in both for at in (one.entry, one.exit))
    if not dated or not any((one.entry == one.exit).any() for one in both):
        return base, tuned
    note = "trades begin and end on one date: each is held from the beginning of its first day"
    base, tuned = (replace(one, entry=one.entry - DAY, notes=(*one.notes, f"{one.name}: {note}")) for one in both)
    return base, tuned


def trade_lines(
    pair: Pair, found: TradeAttribution, base: Trades, tuned: Trades, base_rows: Integers, tuned_rows: Integers
) -> TradeLines:
    """The exact attribution in all, by span and by every column that a reviewer may ask for."""
    spans = []
    for span in (pair.in_sample, pair.out_of_sample):
        of_base, of_tuned = (np.isin(rows, span.index).astype(np.int64) for rows in (base_rows, tuned_rows))
        spans.append(lines_of(grouped(found, of_base, of_tuned, 2)[1]))
    tags = dict.fromkeys([*base.tags, *tuned.tags])
    columns = ["instrument", "side", "exit_year", *(tag for tag in tags if few(base, tuned, tag))]
    return TradeLines(
        basis=found.basis,
        unit=found.unit,
        whole=found.lines,
        in_sample=spans[0],
        out_of_sample=spans[1],
        by={column: by_column(found, base, tuned, column) for column in columns},
    )


def few(base: Trades, tuned: Trades, tag: str) -> bool:
    """Whether a tag has so few values that a table of them can be read."""
    values = [trades.tags[tag] for trades in (base, tuned) if tag in trades.tags]
    return np.unique(np.concatenate(values)).size <= MOST_VALUES


def at_entry_capital(trades: Trades, returns: Array, dates: Integers) -> Trades:
    """P&L over the capital at each trade's entry, where the policy's own returns compound it from the first.

    Attribution on compounding sizes would call growth of capital a resized trade.
    """
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
    capital = wealth[np.searchsorted(dates, trades.entry, side="left").clip(0, dates.size)]
    if not (capital > 0).all():
        raise InputError(f"{trades.name}: --compounding, and the returns lose all capital. Leave --compounding out")
    return replace(trades, pnl=trades.pnl / capital, fees=trades.fees / capital, quantity=trades.quantity / capital)
