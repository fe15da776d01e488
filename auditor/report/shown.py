"""Numbers, names and sentences of an audit go in; the short strings that every report shows come out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from auditor.config import MOST_REPS
from auditor.coverage.direction import ALL
from auditor.report.plain import clean
from auditor.stats.sharpe import SharpeTest
from auditor.verdict.checks import Check, Finding
from auditor.verdict.words import HEADLINES, SOURCES, meaning_of, p_text

if TYPE_CHECKING:
    from auditor.result import Audit, Input, Sample

Mark = Literal["ok", "no", "--"]
Kind = Literal["p", "share", "signed", "plain"]

KINDS: dict[str, Kind] = {
    "gain_survives": "p",
    "gain_probable": "p",
    "new_part_earns": "p",
    "gain_at_longer_horizon": "share",
    "edge_share": "share",
    "in_sample_gain": "signed",
    "gain_beyond_rounding": "signed",
    "not_narrower": "signed",
    "promise_kept": "signed",
}

PERIODS = {
    "daily": "days", "weekly": "weeks", "fortnightly": "fortnights", "half-monthly": "half-months",
    "monthly": "months", "quarterly": "quarters", "annual": "years",
}  # fmt: skip

DIRECTIONS = {
    "narrower": "tuned looks like a part of the base",
    "wider": "the base looks like a part of tuned",
    "unclear": "neither policy is shown to be a part of the other",
}


WIDEST = 1000.0
"""An interval of Sharpe ratios as wide as this is an error divided by nearly nothing."""


class CheckRow(NamedTuple):
    """One check as it is shown: mark, question, value, and what was needed or why there is no value."""

    mark: Mark
    question: str
    value: str
    needed: str


def headline(audit: Audit) -> str:
    """Give the label, its finding and how far it is proven: "NEW EDGE (presumed, from returns alone)"."""
    return f"{HEADLINES[audit.finding]}{beside(audit.finding, standing(audit))}"


def beside(finding: Finding, standing: str) -> str:
    """Give the standing as it follows a finding; nothing after "no gain", which "shown" would turn around."""
    return "" if finding == "no_gain" else f" ({standing})"


def standing(audit: Audit) -> str:
    """Give how far the finding is proven, and from what where that matters."""
    if audit.evidence == "trades" and audit.standing == "shown":
        # Trades decide these two; the others are shown by returns, whatever was traded.
        return "shown, by trades" if audit.finding in ("new_edge", "efficiency") else "shown"
    from_what = audit.standing == "presumed" or audit.finding == "new_edge"
    return f"{audit.standing}, from {SOURCES[audit.evidence]}" if from_what else audit.standing


def meaning(audit: Audit) -> str:
    """Give what the finding means, as a sentence."""
    words = meaning_of(audit.finding, audit.evidence, audit.standing)
    return words[0].upper() + words[1:] + "."


def p_value(p: float | None) -> str:
    """Give a p-value without its "p =": "0.012", "< 0.0001"."""
    return "--" if p is None else p_text(p).removeprefix("p = ").removeprefix("p ")


def interval(ci: tuple[float, float]) -> str:
    """Give an interval of Sharpe ratios: "[+0.05, +0.76]"; one that excludes nothing has no numbers."""
    low, high = bounded(ci)
    if math.isnan(low) or math.isnan(high):
        return "(no interval)"
    return f"[{signed(low)}, {signed(high)}]" if math.isfinite(high - low) else "(unbounded)"


def bounded(ci: tuple[float, float]) -> tuple[float, float]:
    """Give an interval of Sharpe ratios as every report has it: one wider than any ratio has no ends."""
    return (-math.inf, math.inf) if ci[1] - ci[0] >= WIDEST else ci


def signed(value: float, digits: int = 2) -> str:
    """Give a number with its sign; a zero after rounding is +0.00, never -0.00."""
    if not math.isfinite(value) or abs(value) >= 1000:
        return f"{value:+.3g}"
    return f"{value:+z.{digits}f}"


def look(audit: Audit) -> str:
    """Give which look at the window it is and the level left for it, as a sentence; nothing where none was counted."""
    found = audit.look
    if found is None:
        return ""
    wider = found.gain_level_left != found.level_left
    more = f" ({found.gain_level_left:.3g} for the gain where it is new edge)" if wider else ""
    spent = ", which no test can reach: take another window" if found.level_left * (1 + MOST_REPS) <= 1 else ""
    return f"Look {found.number} on this window: level {found.level_left:.3g} left for it{more}{spent}."


def check_rows(audit: Audit) -> list[CheckRow]:
    """Give every check as it is shown; with trades the direction, which returns infer, decides nothing and says so."""
    told = {"not_narrower"} if audit.evidence == "trades" else set()
    rows = []
    for check in audit.checks:
        row = check_row(check)
        beside = check.name in told and check.value is not None
        question = f"{row.question} Told only: trades decide it."
        rows.append(row._replace(mark="--", question=question, needed="told only") if beside else row)
    return rows


def check_row(check: Check) -> CheckRow:
    """Give one check as it is shown; digits are added until value and threshold differ, for the mark to be plain."""
    question = re.sub(r" \([^()]*\)\?$", "?", clean(check.question))
    unit = re.search(r" \(([^()]*)\)\?$", check.question)
    kind = KINDS.get(check.name, "plain")
    digits = 0 if kind == "share" else 3 if kind == "p" else 2
    if check.value is None:
        return CheckRow("--", question, "not assessed", clean(check.reason or "it does not apply"))
    value, bound = _number(check.value, kind, digits), _bound(check.threshold, kind)
    while _same(value, bound) and check.value != check.threshold and digits < 9:
        digits += 1
        value, bound = _number(check.value, kind, digits), _number(check.threshold, kind, digits)
    short = {"direction z": "z "}.get(unit.group(1), "") if unit else ""
    return CheckRow(
        "ok" if check.passed else "no", question, ("p " if kind == "p" else short) + value, f"{check.relation} {bound}"
    )


def _number(value: float, kind: Kind, digits: int) -> str:
    if not math.isfinite(value):
        return "no limit"
    if kind == "share":
        return f"{value:.{digits}%}"
    if kind == "p":
        return p_value(value) if digits == 3 else f"{value:.{digits}f}"
    return signed(value, digits) if kind == "signed" else f"{value:.{digits + 2}g}"


def _bound(value: float, kind: Kind) -> str:
    if kind == "signed":
        return f"{value:g}" if 0 < value < 0.01 else signed(value)
    return f"{value:.3g}" if kind in ("p", "plain") else f"{value:.3g}" if value > 1 else f"{100 * value:.3g}%"


def _same(one: str, other: str) -> bool:
    try:
        return float(one.rstrip("%")) == float(other.rstrip("%"))
    except ValueError:
        return False


def horizons(test: SharpeTest, sample: Sample) -> str:
    """Give the gain by horizon: "Gain with risk over 1 month +0.40, 3 +0.38, 6 +0.41"."""
    if not test.horizons:
        return "Gain by horizon: not assessed, every window is too short"
    first, *rest = test.horizons
    named = f"Gain with risk over {count(first.periods, sample)} {signed(first.gain)}"
    return ", ".join([named, *(f"{one.periods} {signed(one.gain)}" for one in rest)])


def count(number: int, sample: Sample) -> str:
    """Give a number of periods with their name: "411 months"."""
    noun = PERIODS.get(sample.frequency, "periods")
    return f"{number:,} {noun if number != 1 else noun[:-1]}"


def direction(audit: Audit) -> str:
    """Give which policy is inside the other, in words, with z."""
    found = audit.coverage.direction
    if audit.coverage.pure_sizing:
        said = "every tuned return is the base's, resized"
        return f"{said} (z {found.z:+.2f})" if found.z is not None else said
    if found.z is None:
        return f"not assessed, {clean(found.reason or 'it does not apply')}"
    of = "" if found.periods == ALL else f" of {found.periods}"
    said = f"{DIRECTIONS[found.verdict]} (z {signed(found.z)}{of})"
    exact = audit.coverage.trades or audit.coverage.positions
    return f"{said}, as far as returns alone show it; what was held decides" if exact else said


def span(windows: Sequence[tuple[str, str]]) -> str:
    """Give first and last day of a span of one or more windows."""
    return f"{day(windows[0][0])} .. {day(windows[-1][1])}" if windows else "none"


def day(moment: str) -> str:
    """Give the date of an ISO moment."""
    return clean(moment)[:10]


def source(one: Input) -> str:
    """Give file and column of an input: "pairs.csv:base"; of tables the file alone, since all of it is read.

    Of trades and positions it is the file, or for a frame what was recognised in it.
    """
    name = one.name.removeprefix(f"{one.role} ") or one.name
    if one.role.endswith((" trades", " positions")):
        return clean(one.column if name == one.role and one.column else name)
    whole = not one.column or one.role in ("trials", "library") or name.endswith(one.column)
    return clean(name if whole else f"{name}:{one.column}")


def computed_with(audit: Audit) -> str:
    """Give the settings a reader needs to get the same numbers."""
    test, chosen = audit.sharpe.out_of_sample, audit.settings
    parts = [
        f"{clean(audit.sample.frequency)} ({audit.sample.periods_per_year:g} a year)",
        f"level {test.level:g}",
        f"gain level {chosen['gain_level']:g}" if chosen.get("gain_level") not in (None, test.level) else "",
        f"embargo {chosen['embargo']}" if chosen.get("embargo") else "",
        f"block {chosen['block']}" if chosen.get("block") not in (None, "auto") else "",
        f"{chosen['n_trials']:,} trials declared" if chosen.get("n_trials") else "",
        *(_trade_settings(audit) if audit.coverage.trades else ()),
        f"seed {test.seed}",
        f"{test.reps:,} resamples",
        f"auditor {clean(audit.versions['auditor'])}" if "auditor" in audit.versions else "",
    ]
    return ", ".join(part for part in parts if part)


def _trade_settings(audit: Audit) -> list[str]:
    chosen = audit.settings
    return [
        f"P&L {clean(str(chosen['pnl']))}" if chosen.get("pnl") else "",
        f"capital {chosen['capital']:,.10g}" if chosen.get("capital") else "",
        f"tolerance {chosen['tolerance']}" if chosen.get("tolerance") else "",
        "sizes compound" if chosen.get("compounding") else "",
        "reconciliation off" if chosen.get("reconcile") == "off" else "",
    ]


def beside_checks(audit: Audit) -> tuple[str, ...]:
    """Give what could not be assessed apart from checks, which carry their own reason."""
    questions = tuple(check.question for check in audit.checks)
    return tuple(item for item in audit.not_assessed if not item.startswith(questions))
