"""An audit with trades or a library goes in; what they say, in the short strings of every report, comes out.

P&L is in percent of capital where the blotters are in return, and a plain number where they are in currency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from auditor.coverage.attribution import NAMES
from auditor.coverage.reconcile import REFUSED
from auditor.report.plain import clean, shortened
from auditor.report.shown import signed
from auditor.verdict.words import p_text

if TYPE_CHECKING:
    from auditor.coverage.attribution import Lines
    from auditor.coverage.concentration import Concentration
    from auditor.coverage.reconcile import Reconciliation
    from auditor.desk import TradeCoverage, TradeLines
    from auditor.result import Audit
    from auditor.shelf import PositionCoverage

TITLE, POSITIONS_TITLE = "What was traded", "What was held"
WHOLE = "whole sample"
COUNTS_HEADER = ("base trades", "P&L", "tuned trades", "P&L")

WORDS: Mapping[str, str] = {
    "new": "new trades",
    "dropped": "dropped trades",
    "resized": "resizing",
    "entry_timing": "entry timing",
    "exit_timing": "exit timing",
    "gap_timing": "gap timing",
    "reversed": "reversed side",
    "fees": "fees",
    "unexplained": "unexplained",
}
"""The lines of the attribution as they are called in sentences."""

COLUMNS: Mapping[str, str] = {"exit_year": "year"}
"""What a column is called where its own name is not what people say."""

MOST_ROWS = 20
LONGEST_NAME = 20
MOST_TAGS = 2
MOST_NAMED = 3
ROUNDING = 1e-9
"""Lines smaller than this share of the largest are the rounding of sums, and no lines."""


class Broken(NamedTuple):
    """P&L by one column: its name, its rows (value, total, lines), largest first, and how many rows are left out."""

    column: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left_out: int


def amounts(values: Sequence[float], unit: str, *, sign: Literal["+", ""] = "+") -> list[str]:
    """Give P&L with the same digits throughout: percent of capital, or plain numbers for currency."""
    most = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if unit == "return":
        digits = 0 if most >= 10 else 1 if most >= 0.1 else 2 if most >= 0.001 else 3
        form = f"{sign},.{digits}f" if most < 1e4 else f"{sign}.2e"
        return [_no_zero_sign(f"{100 * value:{form}}") + "%" for value in values]
    form = f"{sign}.3e" if most >= 1e12 else f"{sign},.0f" if most >= 1000 else f"{sign},.{2 if most >= 1 else 4}f"
    return [_no_zero_sign(f"{value:{form}}") for value in values]


def _no_zero_sign(text: str) -> str:
    return text.replace("-", "+", 1) if text.startswith("-") and not text.strip("-0.,e+") else text


def unit_of(audit: Audit) -> str:
    """Give the unit that P&L is shown in: P&L that adds up to the returns is in return, whatever its column said."""
    same = all(one.gap <= REFUSED for one in _told(audit).reconciliation)
    return "return" if same else _lines(audit).unit


def count_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give how many trades of each policy and their P&L, under COUNTS_HEADER; rows that hold no trade are left out."""
    told = _told(audit)
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


def key(audit: Audit) -> str:
    """Give what makes an opportunity: "same instrument, side"."""
    told = _told(audit)
    names = ", ".join(shortened(clean(name), LONGEST_NAME) for name in told.key)
    late = f", within {told.tolerance} {'period' if told.tolerance == 1 else 'periods'}" if told.tolerance else ""
    return f"same {names}{late}"


def sentences(audit: Audit) -> list[str]:
    """Give what both blotters say, the most telling first."""
    told = _told(audit)
    found = [held(audit), split(audit), f"{lines(audit)}.", where(audit), library(audit)]
    found += [gaps(audit), turnover(audit), spread(told.out_of_sample)]
    return [sentence for sentence in found if sentence]


def position_sentences(told: PositionCoverage, audit: Audit) -> list[str]:
    """Give what both policies' positions say, in return on capital."""
    found = []
    if told.covered_time is not None:
        shared = f"The base held {_share(told.covered_time)} of what tuned held (same instrument, side, period)"
        found.append(f"{shared}; overlap {_share(told.overlap or 0.0)}.")
    covered, new = amounts([told.covered_pnl, told.new_pnl], "return")
    found.append(f"Out of sample tuned earned {covered} where the base held too, {new} elsewhere.")
    largest = [(name, value) for name, value in told.new_by_instrument.items() if value][:MOST_NAMED]
    if largest:
        shown = amounts([value for _, value in largest], "return")
        named = ", ".join(f"{_value(name)} {text}" for (name, _), text in zip(largest, shown, strict=True))
        found.append(f"New part, whole sample, of {told.n_instruments:,} instruments most in {named}.")
    return [*found, *filter(None, [library(audit)]), _gaps(audit, told.reconciliation, "")]


def held(audit: Audit) -> str:
    """Give how much of the time both policies held the same."""
    told = _told(audit)
    if told.covered_time is None:
        return "No tuned trade lasts, so the time that both held is not known."
    share = f"The base held {_share(told.covered_time)} of what tuned held ({key(audit)})"
    return share + (f"; overlap {_share(told.overlap)}." if told.overlap is not None else ".")


def split(audit: Audit) -> str:
    """Give covered and new P&L out of sample."""
    told = _told(audit)
    covered, new = amounts([told.covered_pnl, told.new_pnl], unit_of(audit))
    if not told.new_pnl and told.covered_time == 1:
        return f"Out of sample tuned earned {covered}, all of it where the base held too."
    return f"Out of sample tuned earned {covered} where the base held too, {new} elsewhere."


def lines(audit: Audit) -> str:
    """Give the lines of tuned less base P&L out of sample that are not zero, largest first."""
    given = _lines(audit)
    values = given.out_of_sample
    total, *shown = amounts([values.total, *(getattr(values, name) for name in NAMES)], unit_of(audit))
    # What prints as zero is no line to read; the JSON has it.
    parts = [
        (abs(getattr(values, name)), f"{WORDS[name]} {text}")
        for name, text in zip(NAMES, shown, strict=True)
        if _matters(getattr(values, name), values) and text.strip("+-0.,%e")
    ]
    made = ", ".join(text for _, text in sorted(parts, key=lambda part: -part[0]))
    return f"Tuned less base {total} out of sample" + (f": {made}" if made else "")


def where(audit: Audit) -> str:
    """Give the instrument, side, year and tag value in which most of the new trades' P&L is; empty without any."""
    given, told = _lines(audit), _told(audit)
    total = given.whole.new
    if not _matters(total, given.whole):
        around = told.new_pnl and not told.added.tuned_trades
        return "No tuned trade is new as a whole: what is new is time around trades of the base." if around else ""
    largest, plain = [], ("instrument", "side", "exit_year")
    for column in (*plain, *_tags(given)[:MOST_TAGS]):
        groups = given.by[column]
        if len(groups) > 1:
            # Where new trades lost in all, the largest loss is what to look at.
            best = max(groups, key=lambda name: groups[name].new * math.copysign(1.0, total))
            largest.append((column, best, groups[best].new))
    if not largest:
        return ""
    shown = amounts([total, *(value for *_, value in largest)], unit_of(audit))
    named = (
        f"{'' if column in plain else _column(column) + ' '}{_value(name)} {text}"
        for (column, name, _), text in zip(largest, shown[1:], strict=True)
    )
    return f"New trades, whole sample: {shown[0]}, most in {', '.join(named)}."


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
    return _gaps(audit, _told(audit).reconciliation, "held over month end")


def _gaps(audit: Audit, both: Sequence[Reconciliation], cause: str) -> str:
    unchecked = " (unchecked)" if audit.settings.get("reconcile") == "off" else ""
    whole = ", ".join(f"{clean(one.role)} {_gap(one.gap)}" for one in both)
    said = f"Gap to returns{unchecked}: {whole}"
    if all(one.month_gap < 0.005 for one in both):
        return f"{said}."
    months = ", ".join(f"{_gap(one.month_gap, 0)}" for one in both)
    return f"{said} (monthly {months}{cause and ': '}{cause})."


def turnover(audit: Audit) -> str:
    """Give what is traded a year and the cost that would erase the gain, or why they are not known."""
    found = _told(audit).turnover
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
    said = f"Out of sample {found.n_trades:,} trades weigh as {equal} equal, {instruments}; "
    if found.top_ten_share is None:
        return f"{said}{clean(found.reason or 'no share of the ten best')}."
    return f"{said}ten best {_share(found.top_ten_share)}."


def line_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give every line that is not zero somewhere: name, in sample, out of sample, whole; the total last."""
    given = _lines(audit)
    spans = (given.in_sample, given.out_of_sample, given.whole)
    names = [name for name in NAMES if any(_matters(getattr(one, name), one) for one in spans)]
    names.sort(key=lambda name: -abs(getattr(given.out_of_sample, name)))
    shown = amounts([getattr(one, name) for name in (*names, "total") for one in spans], unit_of(audit))
    titles = [*(WORDS[name] for name in names), "tuned less base"]
    return [(title, *shown[3 * i : 3 * i + 3]) for i, title in enumerate(titles)]


def reconciliation_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give trades and returns of both policies: role, P&L of the trades, sum of the returns, gap, gap by month."""
    both = _told(audit).reconciliation
    traded = amounts([one.pnl for one in both], unit_of(audit))
    returned = amounts([one.returned for one in both], "return")
    return [
        (clean(one.role), pnl, other, _gap(one.gap), _gap(one.month_gap))
        for one, pnl, other in zip(both, traded, returned, strict=True)
    ]


def concentration_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give the concentration of both spans: span, trades, effective trades and instruments, share of the ten best."""
    told = _told(audit)
    return [
        (
            name,
            f"{one.n_trades:,}",
            f"{one.effective_trades:,.1f}",
            f"{one.effective_instruments:.1f}",
            f"-- ({clean(one.reason or '')})" if one.top_ten_share is None else _share(one.top_ten_share),
        )
        for name, one in (("in sample", told.in_sample), ("out of sample", told.out_of_sample))
    ]


def broken_down(audit: Audit) -> list[Broken]:
    """Give tuned less base P&L of the whole sample by instrument, side, year and every tag, largest total first."""
    given = _lines(audit)
    names = [name for name in NAMES if _matters(getattr(given.whole, name), given.whole) or _anywhere(given, name)]
    found = []
    for column in ("instrument", "side", "exit_year", *_tags(given)):
        groups = given.by[column]
        order = sorted(groups, key=lambda name: (-abs(groups[name].total), name))[:MOST_ROWS]
        if column == "exit_year":
            order.sort()
        values = [getattr(groups[name], line) for name in order for line in ("total", *names)]
        shown, width = amounts(values, unit_of(audit)), 1 + len(names)
        rows = [(_value(name), *shown[i * width : (i + 1) * width]) for i, name in enumerate(order)]
        header = (_column(column), "tuned less base", *(WORDS[name] for name in names))
        found.append(Broken(_column(column), header, rows, len(groups) - len(order)))
    return found


def _anywhere(given: TradeLines, name: str) -> bool:
    return any(_matters(getattr(one, name), given.whole) for groups in given.by.values() for one in groups.values())


def _matters(value: float, beside: Lines) -> bool:
    most = max(abs(getattr(beside, name)) for name in NAMES)
    return bool(abs(value) > ROUNDING * most)


def _tags(given: TradeLines) -> list[str]:
    return [column for column in given.by if column not in ("instrument", "side", "exit_year")]


def _column(name: str) -> str:
    return COLUMNS.get(name) or shortened(clean(name), LONGEST_NAME)


def _value(name: str) -> str:
    return shortened(clean(name), LONGEST_NAME) or "(none)"


def _share(value: float) -> str:
    """Give a share, never as all or nothing where it is not."""
    if 0.995 <= value < 1 or 0 < value < 0.005:
        return "over 99%" if value > 0.5 else "under 1%"
    return f"{value:,.0%}"


def _gap(value: float, digits: int = 1) -> str:
    if not math.isfinite(value):
        return "not known"
    return f"{value:.{digits}%}" if value < 10 else "over 1,000%"


def _times(value: float) -> str:
    return signed(value, 1).removeprefix("+") if value < 1000 else f"{value:,.0f}"


def _told(audit: Audit) -> TradeCoverage:
    if audit.coverage.trades is None:
        raise ValueError("an audit without trades has nothing to say of them")
    return audit.coverage.trades


def _lines(audit: Audit) -> TradeLines:
    if audit.attribution.trades is None:
        raise ValueError("an audit without trades has no lines of them")
    return audit.attribution.trades
