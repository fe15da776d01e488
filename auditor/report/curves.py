"""A comparison of many tries goes in; the rows, sentences and plain data that every report of it shares come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auditor.coverage.tries_verdict import Finding
from auditor.report.shown import signed
from auditor.verdict.words import p_text

if TYPE_CHECKING:
    from auditor.coverage.tries import EqualCoverage, SolvedSets, Tries
    from auditor.coverage.tries_curves import PassCurves
    from auditor.stats.richness import Richness

HEADLINES: Mapping[Finding, str] = {
    "wider": "WIDER",
    "sharper, not wider": "SHARPER, NOT WIDER",
    "narrower": "NARROWER",
    "unclear": "UNCLEAR",
}

CURVE_TITLE = "Share solved with k tries"
CURVE_HEADER = ("base", "tuned", "difference", "low", "high")


def curve_rows(curves: PassCurves) -> list[tuple[str, ...]]:
    """Give pass@k at powers of two and at the last k, under CURVE_HEADER."""
    rows = []
    for at in (at for at, k in enumerate(curves.k) if k & (k - 1) == 0 or at == curves.k.size - 1):
        shares = [f"{float(one[at]):.3f}" for one in (curves.base, curves.tuned)]
        rest = [signed(float(one[at]), 3) for one in (curves.difference, curves.low, curves.high)]
        rows.append((f"pass@{curves.k[at]}", *shares, *rest))
    return rows


def band_words(curves: PassCurves) -> str:
    """Say what low and high are."""
    return f"low, high: a {100 * (1 - curves.level):.4g}% band of the difference that holds at every k at once."


def crossing(curves: PassCurves) -> str:
    """Say where the curves cross, if the band shows it."""
    if curves.crossover is None or curves.crossover_between is None:
        return "No crossing of the curves is shown: the band does not show both signs."
    before, after = curves.crossover_between
    more = "more" if curves.difference[curves.k == before][0] > 0.0 else "fewer"
    fewer = "fewer" if more == "more" else "more"
    return (
        f"The curves cross at k = {curves.crossover}; the band shows tuned solving {more} at k = {before} and {fewer} "
        f"at k = {after}."
    )


def set_sentences(sets: SolvedSets) -> list[str]:
    """Give the 2x2 of what each policy solves, and what tuning kept and added."""
    kept = "the base solved nothing to keep" if sets.kept is None else f"tuned kept {sets.kept:.1%} of the base's"
    new = "tuned solved nothing" if sets.new is None else f"{sets.new:.1%} of tuned's are new"
    net = "" if sets.net is None else f"; net {sets.net:+z.1%} of those solved by either"
    return [
        f"{counted(sets.both, 'problem')} by both, {sets.base_only:,} by base only, {sets.tuned_only:,} by tuned only, "
        f"{sets.neither:,} by neither; base only against tuned only, McNemar's exact test: {p_text(sets.mcnemar_p)}.",
        sentence(f"{kept}; {new}{net}."),
    ]


def sentence(text: str) -> str:
    """Begin with a capital, unless with the name of a number."""
    return text[:1].upper() + text[1:] if not text.startswith("pass@") else text


def counted(number: int, noun: str) -> str:
    """Give a number and its noun, in the plural where there is not one."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def tries_data(tries: Tries, *, same_tries: bool) -> dict[str, Any]:
    """Give a comparison as plain data; same_tries says that both policies have as many on every problem."""
    differs = "the number of tries differs between problems"
    found: dict[str, Any] = {
        "curves": _curve_data(tries.curves),
        "sampling_gap": tries.sampling_gap,
        "ends_early": tries.ends_early,
        "sets": _set_data(tries.sets),
    }
    for policy, bound, reached in (
        ("base", tries.base_bound, tries.base_coverage),
        ("tuned", tries.tuned_bound, tries.tuned_coverage),
    ):
        found |= _or_reason(f"{policy}_bound", None if bound is None else _bound_data(bound), differs)
        found |= _or_reason(f"{policy}_coverage", reached, differs)
    found["cover"] = [{"tau": tau, "base": base, "tuned": tuned} for tau, (base, tuned) in tries.cover.items()]
    equal = tries.equal_coverage
    why = "the sample coverage in common is below that of a single try"
    if tries.base_bound is None or tries.tuned_bound is None:
        why = "sample coverage was not assessed"
    elif same_tries:
        why = "base and tuned have the same number of tries"
    return found | _or_reason("equal_coverage", None if equal is None else _equal_data(equal), why)


def _or_reason(name: str, value: Any, reason: str) -> dict[str, Any]:
    return {name: value} if value is not None else {name: None, f"{name}_reason": reason}


def _curve_data(curves: PassCurves) -> dict[str, Any]:
    unshown = "the band does not show both signs"
    between = None if curves.crossover_between is None else list(curves.crossover_between)
    found = {name: getattr(curves, name).tolist() for name in ("k", "base", "tuned", "difference", "se", "low", "high")}
    return found | {
        "critical": curves.critical,
        **_or_reason("crossover", curves.crossover, unshown),
        **_or_reason("crossover_between", between, unshown),
        **_or_reason("first_below", curves.first_below, "tuned solves no smaller share at any k"),
        **{name: getattr(curves, name) for name in ("n_problems", "level", "block", "reps", "seed")},
        "null": curves.null,
    }


def _set_data(sets: SolvedSets) -> dict[str, Any]:
    found = {name: getattr(sets, name) for name in ("both", "base_only", "tuned_only", "neither", "mcnemar_p")}
    return found | {
        **_or_reason("kept", sets.kept, "base solved nothing"),
        **_or_reason("new", sets.new, "tuned solved nothing"),
        **_or_reason("net", sets.net, "nothing was solved"),
        "null": sets.null,
    }


def _bound_data(one: Richness) -> dict[str, Any]:
    names = ("observed", "estimate", "uncapped", "se", "once", "twice", "most", "definition")
    return {name: getattr(one, name) for name in names} | {"ci": list(one.ci)}


def _equal_data(one: EqualCoverage) -> dict[str, Any]:
    return {
        name: getattr(one, name) for name in ("coverage", "base_tries", "tuned_tries", "base", "tuned", "difference")
    }
