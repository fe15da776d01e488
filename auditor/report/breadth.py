"""What both policies solve with many tries goes in; its lines, sentences and plain data, as every report has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.report.curves import HEADLINES, crossing, sentence, set_sentences, tries_data
from auditor.report.plain import clean
from auditor.report.shown import signed

if TYPE_CHECKING:
    from auditor.breadth import Breadth, SpanBreadth
    from auditor.coverage.tries_luck import BeyondLuck
    from auditor.coverage.tries_solved import SolvedShare
    from auditor.result import Seeds

PICTURE = "Depth and breadth, out of sample: a picture, no verdict"

MOST_SEEDS = 20
"""Pairs of rollouts that a report lists one by one."""


def title(found: Breadth) -> str:
    """Give the heading: the finding of rollouts, or that there is none."""
    outside = found.out_of_sample
    if outside is None or outside.verdict is None:
        return PICTURE if found.descriptive else "Depth and breadth, out of sample"
    return f"Depth and breadth, out of sample: {HEADLINES[outside.verdict.finding]}"


def has_table(found: Breadth) -> bool:
    """Whether the curves are worth a table: those of rollouts and trades; days of a month nearly all solve it."""
    return found.out_of_sample is not None and found.source != "sessions"


def sentences(found: Breadth) -> list[str]:
    """Give what there is to say beside the table of curves, or why there is nothing."""
    outside = found.out_of_sample
    if outside is None:
        return [f"{clean(text)}." for text in found.not_assessed]
    if found.source == "sessions":
        return [_sessions(outside)]
    said = [_tried(found, outside)]
    if outside.verdict is not None:
        said.append(sentence(f"{outside.verdict.reason}"))
    if outside.verdict is not None or outside.tries.curves.crossover is not None:
        said.append(crossing(outside.tries.curves))
    said += set_sentences(outside.tries.sets)
    said += [f"{sentence(clean(note))}." for note in outside.tries.notes]
    said += _reach(outside)
    if outside.beyond is not None:
        said += _beyond(outside.beyond)
    inside = found.in_sample
    if inside is not None and inside.verdict is not None:
        said.append(f"In sample: {inside.verdict.finding}. {sentence(inside.verdict.reason)}")
    return said + _spread(found)


def seed_rows(seeds: Seeds) -> list[tuple[str, ...]]:
    """Give the pairs of rollouts, the largest gain first: both names, finding, gain and its p."""
    ranked = sorted(seeds.audits, key=lambda one: -one.gain)[:MOST_SEEDS]
    return [
        (clean(one.base), clean(one.tuned), one.finding.replace("_", " "), signed(one.gain), f"{one.p_value:.3f}")
        for one in ranked
    ]


def seed_sentences(seeds: Seeds) -> list[str]:
    """Give the distribution of findings, and which pair the numbers of the report are of."""
    base, tuned = (clean(name) for name in seeds.shown)
    gains = sorted(one.gain for one in seeds.audits)
    middle = gains[(len(gains) - 1) // 2]
    said = [
        f"{seeds}.",
        f"Gain over pairs: {signed(gains[0])} to {signed(gains[-1])}, median {signed(middle)}. All other numbers are "
        f"of {base} against {tuned}, the pair of median gain among those of the label's finding.",
    ]
    left = len(seeds.audits) - MOST_SEEDS
    return said + ([f"{left} more pairs are in the JSON."] if left > 0 else [])


def _tried(found: Breadth, outside: SpanBreadth) -> str:
    n = outside.tries.curves.n_problems
    if found.source == "trades":
        base, tuned = outside.base_tries[0], outside.tuned_tries[0]
        return (
            f"A problem is {found.problem}: {n:,} that either policy traded. A try is a trade drawn from all {base:,} "
            f"of the base, {tuned:,} of tuned."
        )
    base, tuned = outside.base_tries[0], outside.tuned_tries[0]
    return (
        f"{base:,} rollouts of the base and {tuned:,} of tuned on {n:,} problems, {outside.first} to {outside.last}. A "
        f"problem is {found.problem}, solved by a rollout whose profit is above {found.hurdle:.4g}."
    )


def _sessions(outside: SpanBreadth) -> str:
    curves, sets = outside.tries.curves, outside.tries.sets
    last = int(curves.k[-1])
    return (
        f"Sessions with a profit: {curves.base[0]:.1%} of the base's, {curves.tuned[0]:.1%} of tuned's. At least one "
        f"in {last} drawn from a month: {curves.base[-1]:.1%}, {curves.tuned[-1]:.1%}. Of {curves.n_problems:,} months "
        f"{sets.base_only:,} hold one for base only, {sets.tuned_only:,} for tuned only."
    )


def _reach(outside: SpanBreadth) -> list[str]:
    tries = outside.tries
    if tries.base_bound is None or tries.tuned_bound is None:
        return []
    bounds = [f"{one.estimate:.0f} [{one.ci[0]:.0f}, {one.ci[1]:.0f}]" for one in (tries.base_bound, tries.tuned_bound)]
    reached = f"sample coverage {tries.base_coverage or 0.0:.1%}, {tries.tuned_coverage or 0.0:.1%}"
    said = f"Solvable at all, at least (Chao2, 95%): base {bounds[0]}, tuned {bounds[1]}; {reached}."
    equal = tries.equal_coverage
    if equal is not None:
        said += (
            f" At equal sample coverage, {equal.coverage:.1%}, base solves {equal.base:.1%} with "
            f"{equal.base_tries:.1f} tries, tuned {equal.tuned:.1%} with {equal.tuned_tries:.1f}."
        )
    return [said]


def _beyond(found: BeyondLuck) -> list[str]:
    weak = " (the weaker placebo, which cannot tell exposure from skill: --instrument-returns gives the stronger)"
    kind = f"shifted {found.placebo}{weak if found.placebo == 'returns' else ''}"
    said = [
        f"Beyond luck, against {kind}: {_shown(found.base, 'base')}, {_shown(found.tuned, 'tuned')}; "
        f"{int(found.new.sum()):,} new, where the base is near its placebo."
    ]
    return said + [f"{sentence(clean(text))}." for text in (*found.notes[2:], *found.not_assessed)]


def _shown(one: SolvedShare, name: str) -> str:
    return f"{int(one.found.sum()):,} of {one.found.size:,} problems shown for {name}"


def _spread(found: Breadth) -> list[str]:
    if found.base_sharpes is None or found.tuned_sharpes is None:
        return []
    ranges = [
        f"{name} {low:z.2f} to {high:z.2f}, median {middle:z.2f}"
        for name, (low, middle, high) in (("base", found.base_sharpes), ("tuned", found.tuned_sharpes))
    ]
    return [f"Sharpe ratios of single rollouts, out of sample: {ranges[0]}; {ranges[1]}."]


def as_data(found: Breadth) -> dict[str, Any]:
    """Give plain data as the schema of an audit describes it, with a reason beside each null."""
    why = "; ".join(found.not_assessed) or "not assessed"
    data: dict[str, Any] = {name: getattr(found, name) for name in ("source", "problem", "descriptive", "hurdle")}
    for name, span in (("in_sample", found.in_sample), ("out_of_sample", found.out_of_sample)):
        data[name] = None if span is None else _span_data(span)
        if span is None:
            data[f"{name}_reason"] = why
    for name, sharpes in (("base_sharpes", found.base_sharpes), ("tuned_sharpes", found.tuned_sharpes)):
        data[name] = None if sharpes is None else list(sharpes)
        if sharpes is None:
            data[f"{name}_reason"] = "there are no rollouts"
    return data | {"notes": list(found.notes), "not_assessed": list(found.not_assessed)}


def _span_data(span: SpanBreadth) -> dict[str, Any]:
    picture = "trades and sessions of one policy are no independent tries: a picture, no verdict"
    verdict, beyond = span.verdict, span.beyond
    data: dict[str, Any] = {
        "first": span.first,
        "last": span.last,
        "base_tries": list(span.base_tries),
        "tuned_tries": list(span.tuned_tries),
        **tries_data(span.tries, same_tries=span.base_tries == span.tuned_tries),
        "verdict": None
        if verdict is None
        else {name: getattr(verdict, name) for name in ("finding", "reason", "beyond_luck")},
        "beyond": None if beyond is None else _beyond_data(beyond),
        "problems": [{name: getattr(one, name) for name in one.__slots__} for one in span.problems],
    }
    missing = {"verdict_reason": picture} if verdict is None else {}
    return data | missing | ({"beyond_reason": picture} if beyond is None else {})


def _beyond_data(found: BeyondLuck) -> dict[str, Any]:
    estimates = ("gain", "new_share", "sharpening")
    return {
        "placebo": found.placebo,
        "base": _share_data(found.base),
        "tuned": _share_data(found.tuned),
        **{
            f"{name}{part}": _listed(getattr(found, f"{name}{part}"))
            for name in estimates
            for part in ("", "_se", "_ci")
        },
        "new": int(found.new.sum()),
        "base_ratio": found.base_ratio.tolist(),
        "tuned_ratio": found.tuned_ratio.tolist(),
        "notes": list(found.notes),
        "not_assessed": list(found.not_assessed),
        "null": found.null,
    }


def _share_data(one: SolvedShare) -> dict[str, Any]:
    return {
        "share": one.share,
        "se": one.se,
        "ci": list(one.ci),
        "found": int(one.found.sum()),
        "failed": int(one.failed.sum()),
        "null": one.null,
    }


def _listed(value: float | tuple[float, float]) -> float | list[float]:
    return list(value) if isinstance(value, tuple) else value
