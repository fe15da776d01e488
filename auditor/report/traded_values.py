"""Values of an audit with trades go in; the short strings that its sentences and its tables share come out.

P&L is in percent of capital where the blotters are in return, and a plain number where they are in currency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from auditor.coverage.lines import NAMES
from auditor.coverage.reconcile import REFUSED
from auditor.report.plain import clean, shortened

if TYPE_CHECKING:
    from auditor.coverage.lines import Lines
    from auditor.desk import TradeCoverage, TradeLines
    from auditor.result import Audit

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

LONGEST_NAME = 20

ROUNDING = 1e-9
"""Lines smaller than this share of the largest are the rounding of sums, and no lines."""


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
    same = all(one.gap <= REFUSED for one in trades_of(audit).reconciliation)
    return "return" if same else lines_of(audit).unit


def matters(value: float, beside: Lines) -> bool:
    """Whether a line is more than the rounding of sums beside the others."""
    most = max(abs(getattr(beside, name)) for name in NAMES)
    return bool(abs(value) > ROUNDING * most)


def tags_of(given: TradeLines) -> list[str]:
    """Give the columns that are tags of the trades."""
    return [column for column in given.by if column not in ("instrument", "side", "exit_year")]


def column_name(name: str) -> str:
    """Give what a column is called."""
    return COLUMNS.get(name) or shortened(clean(name), LONGEST_NAME)


def value_name(name: str) -> str:
    """Give what a value of a column is called, short and clean."""
    return shortened(clean(name), LONGEST_NAME) or "(none)"


def gap_text(value: float, digits: int = 1) -> str:
    """Give by how much trades differ from returns, as a share."""
    if not math.isfinite(value):
        return "not known"
    return f"{value:.{digits}%}" if value < 10 else "over 1,000%"


def trades_of(audit: Audit) -> TradeCoverage:
    """Give what both blotters say; ValueError for an audit without trades."""
    if audit.coverage.trades is None:
        raise ValueError("an audit without trades has nothing to say of them")
    return audit.coverage.trades


def lines_of(audit: Audit) -> TradeLines:
    """Give the lines of the attribution; ValueError for an audit without trades."""
    if audit.attribution.trades is None:
        raise ValueError("an audit without trades has no lines of them")
    return audit.attribution.trades
