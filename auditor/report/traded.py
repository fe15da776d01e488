"""An audit with trades or a library goes in; what they say, in the sentences of every report, comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.coverage.lines import NAMES
from auditor.plural import several, verb
from auditor.report.plain import clean, shortened
from auditor.report.shown import signed
from auditor.report.traded_values import (
    LONGEST_NAME,
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
from auditor.verdict.words import p_text, share_text

if TYPE_CHECKING:
    from auditor.coverage.concentration import Concentration
    from auditor.coverage.reconcile import Reconciliation
    from auditor.result import Audit
    from auditor.shelf import PositionCoverage

TITLE, POSITIONS_TITLE = "What was traded", "What was held"

MOST_TAGS = 2
MOST_NAMED = 3


def key(audit: Audit) -> str:
    """Give what makes an opportunity: "same instrument, side"."""
    told = trades_of(audit)
    names = ", ".join(shortened(clean(name), LONGEST_NAME) for name in told.key)
    late = f", within {told.tolerance} {'period' if told.tolerance == 1 else 'periods'}" if told.tolerance else ""
    return f"same {names}{late}"


def sentences(audit: Audit) -> list[str]:
    """Give what both blotters say, the most telling first."""
    told = trades_of(audit)
    found = [held(audit), split(audit), f"{lines(audit)}.", where(audit), library(audit)]
    found += [gaps(audit), turnover(audit), spread(told.out_of_sample)]
    return [sentence for sentence in found if sentence]


def position_sentences(told: PositionCoverage, audit: Audit) -> list[str]:
    """Give what both policies' positions say, in return on capital."""
    found = []
    if told.covered_time is not None:
        shared = f"The base held {share_text(told.covered_time)} of what tuned held (same instrument, side, period)"
        found.append(f"{shared}; overlap {share_text(told.overlap or 0.0)}.")
    covered, new = amounts([told.covered_pnl, told.new_pnl], "return")
    found.append(f"Out of sample tuned earned {covered} where the base held too, {new} elsewhere.")
    largest = [(name, value) for name, value in told.new_by_instrument.items() if value][:MOST_NAMED]
    if largest:
        shown = amounts([value for _, value in largest], "return")
        named = ", ".join(f"{value_name(name)} {text}" for (name, _), text in zip(largest, shown, strict=True))
        found.append(f"New part, whole sample, of {several(told.n_instruments, 'instrument')} most in {named}.")
    return [*found, *filter(None, [library(audit)]), _gaps(audit, told.reconciliation, "")]


def held(audit: Audit) -> str:
    """Give how much of the time both policies held the same."""
    told = trades_of(audit)
    if told.covered_time is None:
        return "No tuned trade lasts, so the time that both held is not known."
    share = f"The base held {share_text(told.covered_time)} of what tuned held ({key(audit)})"
    return share + (f"; overlap {share_text(told.overlap)}." if told.overlap is not None else ".")


def split(audit: Audit) -> str:
    """Give covered and new P&L out of sample."""
    told = trades_of(audit)
    covered, new = amounts([told.covered_pnl, told.new_pnl], unit_of(audit))
    if not told.new_pnl and told.covered_time == 1:
        return f"Out of sample tuned earned {covered}, all of it where the base held too."
    said = f"Out of sample tuned earned {covered} where the base held too, {new} elsewhere"
    # Else `where` says what is new.
    also = ": a new part, net of fees, of added trades and others while the base was out"
    return f"{said}{also if told.added.tuned_trades else ''}."


def lines(audit: Audit) -> str:
    """Give the lines of tuned less base P&L out of sample that are not zero, largest first."""
    given = lines_of(audit)
    values = given.out_of_sample
    total, *shown = amounts([values.total, *(getattr(values, name) for name in NAMES)], unit_of(audit))
    # What prints as zero is no line to read; the JSON has it.
    parts = [
        (abs(getattr(values, name)), f"{WORDS[name]} {text}")
        for name, text in zip(NAMES, shown, strict=True)
        if matters(getattr(values, name), values) and text.strip("+-0.,%e")
    ]
    made = ", ".join(text for _, text in sorted(parts, key=lambda part: -part[0]))
    return f"Tuned less base {total} out of sample" + (f": {made}" if made else "")


def where(audit: Audit) -> str:
    """Give the instrument, side, year and tag value in which most of the new trades' P&L is; empty without any."""
    given, told = lines_of(audit), trades_of(audit)
    total = given.whole.new
    if not matters(total, given.whole):
        around = told.new_pnl and not told.added.tuned_trades
        return "No tuned trade is new as a whole: what is new is time around trades of the base." if around else ""
    largest, plain = [], ("instrument", "side", "exit_year")
    for column in (*plain, *tags_of(given)[:MOST_TAGS]):
        groups = given.by[column]
        if len(groups) > 1:
            # Where new trades lost in all, the largest loss is what to look at.
            best = max(groups, key=lambda name: groups[name].new * math.copysign(1.0, total))
            largest.append((column, best, groups[best].new))
    if not largest:
        return ""
    shown = amounts([total, *(value for *_, value in largest)], unit_of(audit))
    named = (
        f"{'' if column in plain else column_name(column) + ' '}{value_name(name)} {text}"
        for (column, name, _), text in zip(largest, shown[1:], strict=True)
    )
    but = " but for reversed ones" if matters(given.whole.reversed, given.whole) else ""
    return f"New trades (the added{but}, before fees), whole sample: {shown[0]}, most in {', '.join(named)}."


def library(audit: Audit) -> str:
    """Give what the new part is made of; empty where no library was given."""
    found = audit.attribution.library
    if found is None:
        given = any(one.role == "library" for one in audit.inputs)
        return "Library: there is no new part to look for in it." if given else ""
    unit = audit.attribution.trades.unit if audit.attribution.trades else "return"
    alpha = f"alpha left {amounts([found.alpha], unit)[0]} a year ({p_text(found.p_value)})"
    if not found.ingredients:
        return f"New part: no stream of the library ({found.n_streams:,}) explains 1% of it; {alpha}."
    named = ", ".join(f"{one.share:.0%} {shortened(clean(one.name), LONGEST_NAME)}" for one in found.ingredients)
    return f"New part, by variance: {named}; {alpha}."


def gaps(audit: Audit) -> str:
    """Give by how much the trades differ from the returns, both policies in one sentence."""
    return _gaps(audit, trades_of(audit).reconciliation, "held over month end")


def _gaps(audit: Audit, both: Sequence[Reconciliation], cause: str) -> str:
    unchecked = " (unchecked)" if audit.settings.get("reconcile") == "off" else ""
    whole = ", ".join(f"{clean(one.role)} {gap_text(one.gap)}" for one in both)
    said = f"Gap to returns{unchecked}: {whole}"
    if all(one.month_gap < 0.005 for one in both):
        return f"{said}."
    months = ", ".join(f"{gap_text(one.month_gap, 0)}" for one in both)
    return f"{said} (monthly {months}{cause and ': '}{cause})."


def turnover(audit: Audit) -> str:
    """Give what is traded a year and the cost that would erase the gain, or why they are not known."""
    found = trades_of(audit).turnover
    if found.base is None or found.tuned is None:
        why = clean(found.reason or "what was traded is not known").partition(", so ")[0]
        return f"No turnover and no break-even cost: {why}."
    traded = f"Traded a year: base {_times(found.base)}, tuned {_times(found.tuned)} times capital"
    if found.break_even_bp is None:
        return f"{traded}; {clean(found.reason or 'no break-even cost')}."
    if found.break_even_bp <= 0:
        return f"{traded}; there is no gain for costs to erase."
    return f"{traded}; the gain is gone at {basis_points(found.break_even_bp)} of cost."


def basis_points(value: float) -> str:
    """Give a cost in basis points: "12 bp", "0.37 bp"."""
    return f"{value:,.0f} bp" if value >= 100 else f"{value:.3g} bp"


def spread(found: Concentration) -> str:
    """Give over how many trades and instruments the tuned policy's P&L is spread out of sample."""
    if not found.n_trades:
        return "No tuned trade exits out of sample."
    equal = f"{found.effective_trades:,.0f}" if found.effective_trades >= 10 else f"{found.effective_trades:.1f}"
    instruments = f"{found.effective_instruments:.1f} instruments"
    many = f"{several(found.n_trades, 'trade')} {verb(found.n_trades, 'weigh')}"
    said = f"Out of sample {many} as {equal} equal, {instruments}; "
    if found.top_ten_share is None:
        return f"{said}{clean(found.reason or 'no share of the ten best')}."
    return f"{said}ten best {share_text(found.top_ten_share)}."


def _times(value: float) -> str:
    return signed(value, 1).removeprefix("+") if value < 1000 else f"{value:,.0f}"
