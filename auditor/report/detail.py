"""An audit goes in; what is said beside its checks comes out: what shapes the gain, and what selection explains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from auditor.report.plain import clean
from auditor.report.shown import count, p_value, signed

if TYPE_CHECKING:
    from auditor.result import Audit
    from auditor.stats.shape import GainSources, WithoutPeriod
    from auditor.stats.spanning import SpanningRegression

SHAPE_TITLE = "What shapes the gain, out of sample"
SHAPE_HEADER = ("mean", "volatility", "skew", "kurtosis", "autocorr.", "drawdown", "worst", "best")
SHAPE_UNITS = "Mean, volatility a year; kurtosis of a normal is 0; drawdown of summed returns."

SELECTION_TITLE = "Selection, in sample"

MANY = 1_000_000
"""Periods beyond which a needed track record is no number to plan with."""


def shape_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Give the rows "base" and "tuned" under SHAPE_HEADER; both have the same digits in a column."""
    pair = (audit.shape.out_of_sample.base, audit.shape.out_of_sample.tuned)
    near = [dict(one.autocorrelations).get(1) for one in pair]
    columns = [
        _percents([one.mean for one in pair]),
        _percents([one.volatility for one in pair], sign=""),
        [_or_dash(one.skew) for one in pair],
        [_or_dash(one.kurtosis) for one in pair],
        [_or_dash(value) for value in near],
        _percents([one.max_drawdown for one in pair], sign=""),
        _percents([one.worst.value for one in pair]),
        _percents([one.best.value for one in pair]),
    ]
    return [("base", *(column[0] for column in columns)), ("tuned", *(column[1] for column in columns))]


def shape_sentences(audit: Audit) -> list[str]:
    """Give what the gain is made of, what one period does to it, and tuned regressed on the base alone."""
    found = audit.shape.out_of_sample
    # Where tuned only resizes the base, the bets are the same ones and the split is fixed.
    sources = _sources(found.sources, fixed=audit.coverage.pure_sizing)
    sentences = [sources, _without(found.without_best, found.without_worst)]
    on_base = audit.attribution.out_of_sample.on_base
    return sentences if on_base is None else [*sentences, _regressed(on_base)]


def _sources(sources: GainSources, *, fixed: bool) -> str:
    gain, mean, risk = sources.gain, sources.mean_part, sources.vol_part
    if mean is None or risk is None:
        reason = clean(sources.reason or "it does not apply")
        return f"Gain {signed(gain)}, not split into return and volatility: {reason}."
    # A part that prints as zero has no direction.
    earned = "more" if float(signed(mean)) >= 0 else "less"
    risked = "lower" if float(signed(risk)) >= 0 else "higher"
    said = f"Gain {signed(gain)}: {signed(mean)} by {earned} return, {signed(risk)} by {risked} volatility"
    low, high = sources.vol_part_range or (risk, risk)
    if fixed or high - low < 0.01:
        return f"{said} at the same bets."
    between = f"{signed(low)} to {signed(high)}"
    return f"{said} at the same bets; returns alone do not fix the bets, so the latter can be {between}."


def _without(best: WithoutPeriod, worst: WithoutPeriod) -> str:
    one, other = ("none" if found.gain is None else signed(found.gain) for found in (best, worst))
    return f"Gain without tuned's best period {one}, without its worst {other}."


def _regressed(found: SpanningRegression) -> str:
    (alpha,) = _percents([found.alpha])
    t, beta = signed(found.t, 1).removeprefix("+"), signed(found.betas[0]).removeprefix("+")
    return f"Regressed on base alone: alpha {alpha} a year, t {t} (Newey-West), beta {beta}."


def selection_names(audit: Audit) -> str:
    """Give what the abbreviations in the sentences stand for."""
    if audit.selection.dsr is None:
        return "PSR: probabilistic Sharpe ratio"
    return "PSR, DSR: probabilistic, deflated Sharpe ratio"


def selection_sentences(audit: Audit) -> list[str]:
    """Give what was assessed of the search behind the tuned policy; the first reason where nothing was."""
    found = audit.selection
    sentences = []
    if found.psr is not None:
        known = f"PSR over base {probability(found.psr)} (variance at the {found.variance})"
        needed = track_record(audit)
        enough = f"needs {needed}, has {found.n_obs:,}" if needed else "tuned is not above the base"
        sentences.append(f"{known}; {enough}.")
    if found.dsr is not None and found.dsr_over_base is not None:
        zero, over = probability(found.dsr), probability(found.dsr_over_base)
        sentences.append(f"Best of {found.n_trials:,}: DSR {zero} if trials are worth zero, {over} if worth the base.")
    tried = []
    if found.spa_p is not None:
        tried.append(f"{_asked_of_trials(audit)} SPA p {p_value(found.spa_p)}.")
    if found.pbo is not None:
        tried.append(f"PBO {found.pbo:.2f} over {found.pbo_splits:,} splits.")
    if tried:
        sentences.append(" ".join(tried))
    return sentences or [f"{clean(reason)}." for reason in found.not_assessed[:1]]


def selection_rows(audit: Audit) -> list[tuple[str, str, str]]:
    """Give what was assessed as name, value and what the value means."""
    found = audit.selection
    rows = []
    if found.psr is not None:
        rows.append(("PSR over base", probability(found.psr), f"probabilistic; variance at the {found.variance}"))
        needed = track_record(audit)
        has = f"has {found.n_obs:,}" if needed else "tuned is not above the base"
        rows.append(("minimum track record", needed or "none", has))
    if found.dsr is not None and found.dsr_over_base is not None:
        best = f"best of {found.n_trials:,}"
        rows.append(("DSR", probability(found.dsr), f"deflated; {best}, trials worth zero"))
        rows.append(("DSR over base", probability(found.dsr_over_base), f"deflated; {best}, trials worth the base"))
    if found.spa_p is not None:
        asked = _asked_of_trials(audit)
        rows.append(("SPA p", p_value(found.spa_p), f"{asked[0].lower()}{asked[1:]}"))
    if found.pbo is not None:
        rows.append(("PBO", f"{found.pbo:.2f}", f"over {found.pbo_splits:,} splits"))
    return rows


def _asked_of_trials(audit: Audit) -> str:
    """Give what SPA answers; of trials without the tuned policy it is no support of it."""
    from auditor.stats.selection import NOT_AMONG  # scipy is imported here, not for --help

    if NOT_AMONG in audit.selection.notes:
        return "Does any trial given, tuned not among them, beat the base?"
    return "Does any trial beat the base?"


def track_record(audit: Audit) -> str | None:
    """Give the periods that would show tuned above base; None where none would."""
    needed = audit.selection.min_track_record
    if needed is None:
        return None
    return count(math.ceil(needed), audit.sample) if needed < MANY else f"over {count(MANY, audit.sample)}"


def probability(value: float) -> str:
    """Give a probability to three decimals, never as a certainty: "> 0.999"."""
    return "> 0.999" if value > 0.9995 else "< 0.001" if value < 0.0005 else f"{value:.3f}"


def _or_dash(value: float | None) -> str:
    return "--" if value is None else signed(value)


def _percents(values: list[float], sign: str = "+") -> list[str]:
    most = max(map(abs, values))
    form = ".0e" if most >= 100 else f"z.{1 if most >= 0.1 else 2 if most >= 0.001 else 3}f"
    return [f"{100 * value:{sign}{form}}%" for value in values]
