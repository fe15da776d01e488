"""A checked pair and both blotters go in; the split that trades show, and what there is to know of them, come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.attribution import (
    Counted,
    Lines,
    TradeAttribution,
    attribute,
    by_column,
    grouped,
    lines_of,
    pnl_beside_base,
)
from auditor.coverage.concentration import Concentration, break_even_cost, concentration
from auditor.coverage.exposure import Booked, book, booked, exit_rows
from auditor.coverage.reconcile import REFUSED, WARNED, Reconciliation, reconcile
from auditor.errors import InputError
from auditor.inputs.pair import Pair
from auditor.inputs.trades import Trades, check_calendar

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY = 86_400 * 10**9

CANCELLED, ONE_WAY = 0.1, 0.8
"""Share of the new trades that cancel another, and of new time on one side, that are told."""

MOST_VALUES = 50
"""Values of a tag by which P&L is broken down; one of more is an identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Notional traded a year over capital, out of sample, and the cost that would erase the gain.

    break_even_bp  basis points of what is traded, paid by both policies; None, with the reason, where none does
    """

    base: float | None
    tuned: float | None
    break_even_bp: float | None
    reason: str | None = None


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
    dates = pair.dates.as_unit("ns").asi8
    clock = bool((dates % DAY).any())
    strays = tuple(text for trades in (base, tuned) for text in check_calendar(trades, pair.dates))
    returns = {"base": pair.base + pair.cash, "tuned": pair.tuned + pair.cash}
    month = pair.dates.strftime("%Y-%m").to_numpy(dtype=np.str_)
    blotters, reconciled, warnings = {}, [], base.warnings + tuned.warnings + strays
    refuse_one_sided(base, tuned)
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
    )
    doubts = doubts_of(base, tuned, found, settings)
    if not pair.known_names:
        warnings += one_way(tuned, found)
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
        turnover=turnover(pair, base, tuned, dates, clock, settings.capital),
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
        new_weight=tuned.side * (1 - found.share) * sizes(tuned),
        entry_row=np.maximum(np.searchsorted(dates, tuned.entry, side="right") - 1, 0).astype(np.int64),
        lines=trade_lines(pair, lines, base, tuned, exit_rows(base, dates, clock=clock), found.row),
        notes=base.notes + tuned.notes + lines.notes,
        warnings=warnings + doubts,
    )


def sizes(trades: Trades) -> Array:
    """Notional of each trade where prices are known, else its quantity."""
    return trades.quantity * (1.0 if trades.entry_price is None else trades.entry_price)


def refuse_one_sided(base: Trades, tuned: Trades) -> None:
    """Refuse a blotter whose side was taken as long for want of a column, beside one that has shorts."""
    for one, other in ((base, tuned), (tuned, base)):
        if any("read as long" in text for text in one.warnings) and (other.side < 0).any():
            raise InputError(
                f"{one.name}: no side column, so all {one.pnl.size} trades would be long, and {other.name} has "
                f"{int((other.side < 0).sum())} short ones. Add the column side (long or short), or signed quantities"
            )


def doubts_of(base: Trades, tuned: Trades, found: Booked, settings: Settings) -> tuple[str, ...]:
    """Say what leaves open whether the trades called new are new."""
    doubts: tuple[str, ...] = ()
    if settings.reconcile == "off":
        doubts += ("The trades were not held against the returns (--reconcile off): they may be of another backtest.",)
    new = found.share == 0
    shared = set(base.instruments) & set(tuned.instruments)
    if not shared:
        doubts += (
            f"No instrument is in both blotters (base has {base.instruments[0]!r}, tuned {tuned.instruments[0]!r}): "
            "the same one under two names counts as new.",
        )
    alike = np.isin(_moments(tuned), _moments(base)) & new
    if new.sum() >= 10 and alike.sum() > new.sum() / 2:
        doubts += (
            f"{int(alike.sum())} of the {int(new.sum())} trades called new begin and end with a base trade of their "
            "side in another instrument: the same bet under another name counts as new.",
        )
    cancels = np.isin(_moments(tuned, tuned.instrument + 1), _moments(tuned, tuned.instrument + 1, turned=True)) & new
    if cancels.sum() > CANCELLED * max(int(new.sum()), 1):
        doubts += (
            f"{int(cancels.sum())} of the {int(new.sum())} trades called new only cancel another trade of the tuned "
            "policy: same instrument and times, other side. Give net positions.",
        )
    return doubts


def one_way(tuned: Trades, found: Booked) -> tuple[str, ...]:
    """Say that a market may carry the new part, where that is long or short nearly all of its time."""
    time = (tuned.exit - tuned.entry) * (1 - found.share)
    whole = float(time.sum())
    long = float(time[tuned.side > 0].sum()) / whole if whole else 0.5
    if 1 - ONE_WAY < long < ONE_WAY:
        return ()
    side, share = ("long", long) if long >= ONE_WAY else ("short", 1 - long)
    return (
        f"The new part is {side} for {share:.0%} of its time: what a market gave it counts as new until that market is "
        "among the known streams (--known).",
    )


def _moments(trades: Trades, of: Integers | int = 0, *, turned: bool = False) -> Integers:
    """One number for the side, entry and exit of each trade, and for `of`, such as its instrument."""
    side = -trades.side.astype(np.int64) if turned else trades.side.astype(np.int64)
    return trades.entry * 1_000_003 + trades.exit * 7 + side + of * 2_654_435_761


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


def judge_gap(trades: Trades, found: Reconciliation, capital: float | None) -> tuple[str, ...]:
    """Warn of a blotter that differs from its returns by over 1 %, refuse one by over 10 %."""
    if found.gap <= WARNED:
        return ()
    gap = f"a gap of {found.gap:.1%} of the returns' moves by year" if found.gap < 10 else "not in the same unit"
    told = (
        f"{trades.name}: the trades add up to {found.pnl:+.4g} and the {found.role} returns to {found.returned:+.4g}, "
        f"{gap}"
    )
    if found.gap <= REFUSED:
        return (f"{told}.",)
    if capital is not None and found.pnl * found.returned > 0:
        told += (
            f"; the returns imply a capital of about {capital * found.pnl / found.returned:,.0f}, not {capital:,.0f}"
        )
    fix = (
        "If P&L is in currency, pass --capital, the capital that the returns are on"
        if trades.unit == "currency"
        else "Give the trades of the same backtest and dates"
    )
    raise InputError(
        f"{told}. {fix}; if position sizes grow with the account, --compounding; if fees are not in the P&L, "
        "--pnl gross; to audit all the same, --reconcile off"
    )


def turnover(pair: Pair, base: Trades, tuned: Trades, dates: Integers, clock: bool, capital: float | None) -> Turnover:
    """Notional traded and the break-even cost, out of sample."""
    traded = [traded_by_row(one, dates, clock, capital) for one in (base, tuned)]
    if traded[0] is None or traded[1] is None:
        why = "the trades have no prices" if base.entry_price is None or tuned.entry_price is None else "no --capital"
        return Turnover(base=None, tuned=None, break_even_bp=None, reason=f"{why}, so what was traded is not known")
    index = pair.out_of_sample.index
    of_base, of_tuned = traded[0][index], traded[1][index]
    cost = break_even_cost(pair.base[index], pair.tuned[index], of_base, of_tuned)
    return Turnover(
        base=float(of_base.mean()) * pair.periods_per_year,
        tuned=float(of_tuned.mean()) * pair.periods_per_year,
        break_even_bp=None if cost is None else cost * 1e4,
        reason=None if cost is not None else "no cost of trading erases the gain: the tuned policy trades no more",
    )


def traded_by_row(trades: Trades, dates: Integers, clock: bool, capital: float | None) -> Array | None:
    """Notional of entries and exits by calendar row, over capital; None where prices or capital are not known."""
    if trades.entry_price is None or trades.exit_price is None or capital is None:
        return None
    day = 0 if clock else 1
    rows = [
        np.searchsorted(dates, at - day * (at % DAY), side="left").clip(0, dates.size - 1)
        for at in (trades.entry, trades.exit)
    ]
    return booked(trades.quantity * trades.entry_price / capital, rows[0], dates.size) + booked(
        trades.quantity * trades.exit_price / capital, rows[1], dates.size
    )
