"""An audit with trades goes in; the rows of its tables, as short strings, come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.coverage.lines import NAMES
from auditor.report.plain import clean
from auditor.report.traded_values import (
    WORDS,
    amounts,
    column_name,
    gap_text,
    lines_of,
    matters,
    tags_of,
    trades_of,
    unit_of,
    value_name,
)
from auditor.verdict.words import share_text

if TYPE_CHECKING:
    from auditor.desk import TradeLines
    from auditor.result import Audit

WHOLE = "whole sample"
COUNTS_HEADER = ("base trades", "P&L", "tuned trades", "P&L")

MOST_ROWS = 20


class Broken(NamedTuple):
    """P&L by one column: its name, its rows (value, total, lines), largest first, and how many rows are left out."""

    column: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left_out: int


def count_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give how many trades of each policy and their P&L, under COUNTS_HEADER; rows that hold no trade are left out."""
    told = trades_of(audit)
    all_base, all_tuned = (one.pnl for one in told.reconciliation)
    rows = [
        (WHOLE, told.n_base, all_base, told.n_tuned, all_tuned),
        *(
            (name, one.base_trades, one.base_pnl, one.tuned_trades, one.tuned_pnl)
            for name, one in (
                ("held by both", told.kept),
                ("  of it resized", told.resized),
                ("dropped", told.dropped),
                ("added", told.added),
            )
        ),
    ]
    pnl = amounts([value for row in rows for value in (row[2], row[4])], unit_of(audit))
    found: list[tuple[str, ...]] = []
    for number, (name, n_base, _, n_tuned, _) in enumerate(rows):
        if n_base or n_tuned or name == WHOLE:
            one, other = pnl[2 * number : 2 * number + 2]
            found.append((name, f"{n_base:,}", one if n_base else "", f"{n_tuned:,}", other if n_tuned else ""))
    return found


def line_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give every line that is not zero somewhere: name, in sample, out of sample, whole; the total last."""
    given = lines_of(audit)
    spans = (given.in_sample, given.out_of_sample, given.whole)
    names = [name for name in NAMES if any(matters(getattr(one, name), one) for one in spans)]
    names.sort(key=lambda name: -abs(getattr(given.out_of_sample, name)))
    shown = amounts([getattr(one, name) for name in (*names, "total") for one in spans], unit_of(audit))
    titles = [*(WORDS[name] for name in names), "tuned less base"]
    return [(title, *shown[3 * i : 3 * i + 3]) for i, title in enumerate(titles)]


def reconciliation_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give trades and returns of both policies: role, P&L of the trades, sum of the returns, gap, gap by month."""
    both = trades_of(audit).reconciliation
    traded = amounts([one.pnl for one in both], unit_of(audit))
    returned = amounts([one.returned for one in both], "return")
    return [
        (clean(one.role), pnl, other, gap_text(one.gap), gap_text(one.month_gap))
        for one, pnl, other in zip(both, traded, returned, strict=True)
    ]


def concentration_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give the concentration of both spans: span, trades, effective trades and instruments, share of the ten best."""
    told = trades_of(audit)
    return [
        (
            name,
            f"{one.n_trades:,}",
            f"{one.effective_trades:,.1f}",
            f"{one.effective_instruments:.1f}",
            f"-- ({clean(one.reason or '')})" if one.top_ten_share is None else share_text(one.top_ten_share),
        )
        for name, one in (("in sample", told.in_sample), ("out of sample", told.out_of_sample))
    ]


def broken_down(audit: Audit) -> list[Broken]:
    """Give tuned less base P&L of the whole sample by instrument, side, year and every tag, largest total first."""
    given = lines_of(audit)
    names = [name for name in NAMES if matters(getattr(given.whole, name), given.whole) or _anywhere(given, name)]
    found = []
    for column in ("instrument", "side", "exit_year", *tags_of(given)):
        groups = given.by[column]
        order = sorted(groups, key=lambda name: (-abs(groups[name].total), name))[:MOST_ROWS]
        if column == "exit_year":
            order.sort()
        values = [getattr(groups[name], line) for name in order for line in ("total", *names)]
        shown, width = amounts(values, unit_of(audit)), 1 + len(names)
        rows = [(value_name(name), *shown[i * width : (i + 1) * width]) for i, name in enumerate(order)]
        header = (column_name(column), "tuned less base", *(WORDS[name] for name in names))
        found.append(Broken(column_name(column), header, rows, len(groups) - len(order)))
    return found


def _anywhere(given: TradeLines, name: str) -> bool:
    return any(matters(getattr(one, name), given.whole) for groups in given.by.values() for one in groups.values())
