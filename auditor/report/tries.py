"""A comparison of many tries goes in; its text of at most 80 columns, its plain data and their schema come out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from auditor.coverage.tries_verdict import Finding
from auditor.report.machine import VERSION
from auditor.report.plain import clean, shortened
from auditor.report.shown import signed
from auditor.report.text import Line, Piece, Style, apart, print_lines, wrapped
from auditor.verdict.checks import Finding as Label
from auditor.verdict.words import p_text

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.coverage.tries import EqualCoverage, SolvedSets
    from auditor.coverage.tries_curves import PassCurves
    from auditor.stats.richness import Richness
    from auditor.tries import TriesAudit

LEFT, COLUMN = 28, 25

HEADLINES: Mapping[Finding, str] = {
    "wider": "WIDER",
    "sharper, not wider": "SHARPER, NOT WIDER",
    "narrower": "NARROWER",
    "unclear": "UNCLEAR",
}
MEANINGS: Mapping[Finding, str] = {
    "wider": "Tuning solves problems that the base is not shown to reach with more tries.",
    "sharper, not wider": "Tuning solves in fewer tries what the base solves with more: depth, not breadth.",
    "narrower": "Tuning solves fewer problems, and a single try is not shown to be better.",
    "unclear": "These counts settle neither depth nor breadth.",
}
COLOURED_AS: Mapping[Finding, Label] = {
    "wider": "new_edge",
    "sharper, not wider": "efficiency",
    "narrower": "flattering",
    "unclear": "unproven",
}
EXAMPLE = "the bundled example: a language model before and after reinforcement learning"


def plain_text(audit: TriesAudit) -> str:
    """Give the report without colour, at most 80 columns wide, ending in a line break."""
    return "".join("".join(piece.text for piece in line) + "\n" for line in lines(audit))


def print_tries(audit: TriesAudit, console: Console, *, quiet: bool = False) -> None:
    """Print the report, or its verdict line alone."""
    shown = [_headline(audit)] if quiet else lines(audit)
    print_lines(shown, console, verdict=COLOURED_AS[audit.verdict.finding])


def lines(audit: TriesAudit) -> list[Line]:
    """Give the whole report, verdict first."""
    sections = [_verdict(audit), _curves(audit), _sets(audit), _reach(audit), _groups(audit)]
    sections += [_list("Not assessed", audit.not_assessed), _read(audit)]
    return apart(sections)


def _headline(audit: TriesAudit) -> Line:
    said = f" (bundled example {clean(audit.name)})" if audit.example else ""
    return (Piece(HEADLINES[audit.verdict.finding], "verdict"), Piece(said))


def _verdict(audit: TriesAudit) -> Iterator[Line]:
    yield _headline(audit)
    yield from wrapped(MEANINGS[audit.verdict.finding], style="strong")
    yield ()
    yield from wrapped(_sentence(audit.verdict.reason))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if not text.startswith("pass@") else text


def _curves(audit: TriesAudit) -> Iterator[Line]:
    curves = audit.tries.curves
    yield (
        Piece(f"{'Share solved with k tries':<{LEFT}}", "title"),
        Piece(f"{'base':>8}{'tuned':>8}{'difference':>12}{'low':>9}{'high':>9}", "quiet"),
    )
    for k in _steps(curves.base.size):
        at = k - 1
        shares = f"{curves.base[at]:>8.3f}{curves.tuned[at]:>8.3f}{signed(float(curves.difference[at]), 3):>12}"
        band = f"{signed(float(curves.low[at]), 3):>9}{signed(float(curves.high[at]), 3):>9}"
        yield (Piece(f"{f'  pass@{k}':<{LEFT}}{shares}{band}"),)
    level = f"{100 * (1 - curves.level):.4g}%"
    yield from wrapped(f"low, high: a {level} band of the difference that holds at every k at once.", style="quiet")
    yield from wrapped(_crossing(curves))
    gap = signed(audit.tries.sampling_gap, 3)
    yield from wrapped(f"Base with {_count(curves.base.size, 'try')} less tuned with one: {gap}.")


def _steps(most: int) -> list[int]:
    """1, 2, 4, ... and the last."""
    return sorted({2**power for power in range(most.bit_length())} | {most})


def _crossing(curves: PassCurves) -> str:
    if curves.crossover is None or curves.crossover_between is None:
        return "No crossing of the curves is shown: the band does not show both signs."
    before, after = curves.crossover_between
    more = "more" if curves.difference[before - 1] > 0.0 else "fewer"
    fewer = "fewer" if more == "more" else "more"
    return (
        f"The curves cross at k = {curves.crossover}; the band shows tuned solving {more} at k = {before} and {fewer} "
        f"at k = {after}."
    )


def _sets(audit: TriesAudit) -> Iterator[Line]:
    sets = audit.tries.sets
    yield (Piece("Solved at least once with all tries", "title"),)
    yield from wrapped(
        f"{_count(sets.both, 'problem')} by both, {sets.base_only:,} by base only, {sets.tuned_only:,} by tuned only, "
        f"{sets.neither:,} by neither; base only against tuned only, McNemar's exact test: {p_text(sets.mcnemar_p)}."
    )
    kept = "the base solved nothing to keep" if sets.kept is None else f"tuned kept {sets.kept:.1%} of the base's"
    new = "tuned solved nothing" if sets.new is None else f"{sets.new:.1%} of tuned's are new"
    net = "" if sets.net is None else f"; net {sets.net:+z.1%} of those solved by either"
    yield from wrapped(_sentence(f"{kept}; {new}{net}."))


def _reach(audit: TriesAudit) -> Iterator[Line]:
    tries = audit.tries
    yield _row("Breadth", ("base", "tuned"), "title")
    yield _row("tries a problem", (_range(audit.base_tries), _range(audit.tuned_tries)))
    sets = tries.sets
    yield _row("problems solved", (f"{sets.both + sets.base_only:,}", f"{sets.both + sets.tuned_only:,}"))
    bounds = (tries.base_bound, tries.tuned_bound)
    if any(bounds):
        yield _row("solvable, at least (Chao2)", (_bound(one) for one in bounds))
        yield _row("  error", ("--" if one is None else f"{one.se:.1f}" for one in bounds))
        covered = (tries.base_coverage, tries.tuned_coverage)
        yield _row("sample coverage", ("--" if one is None else f"{one:.2%}" for one in covered))
    for tau, shares in tries.cover.items():
        yield _row(f"solved by {tau:.0%} of tries", (f"{share:.1%}" for share in shares))
    if any(bounds):
        yield from wrapped(
            f"[low, high]: 95%. Bounds and intervals end at the {tries.curves.n_problems:,} problems there are; "
            "errors are those before that.",
            style="quiet",
        )
    equal = tries.equal_coverage
    if equal is not None:
        yield from wrapped(
            f"At equal sample coverage ({equal.coverage:.2%}) base with {equal.base_tries:.1f} tries solves "
            f"{equal.base:.1%}, tuned with {equal.tuned_tries:.1f} tries {equal.tuned:.1%}."
        )


def _bound(one: Richness | None) -> str:
    if one is None:
        return "--"
    digits = 1 if one.ci[1] < 10_000 else 0
    return f"{one.estimate:.{digits}f} [{one.ci[0]:.{digits}f}, {one.ci[1]:.{digits}f}]"


def _groups(audit: TriesAudit) -> Iterator[Line]:
    if not audit.groups:
        return
    last = {one.k for one in audit.groups.values()}
    deep = f"pass@{last.pop()}" if len(last) == 1 else "all tries"
    names = f"{'problems':>9}  {'finding':<19}{'pass@1':<16}{deep}"
    yield (Piece(f"{'Each group alone':<18}", "title"), Piece(names, "quiet"))
    for name, one in audit.groups.items():
        ends = [f"{base:.3f} -> {tuned:.3f}" for base, tuned in zip(one.base, one.tuned, strict=True)]
        row = f"{shortened(clean(name), 18):<18}{one.problems:>9,}  {one.finding:<19}{ends[0]:<16}{ends[1]}"
        yield (Piece(row),)
    yield from wrapped("Each has its own band, not widened for the number of groups.", style="quiet")


def _list(title: str, items: Iterable[str]) -> Iterator[Line]:
    yield (Piece(title, "title"),)
    for item in items:
        yield from wrapped(clean(item), first="- ", rest="  ")


def _read(audit: TriesAudit) -> Iterator[Line]:
    curves = audit.tries.curves
    yield (Piece("Read".ljust(42) + "problems  sha256", "title"),)
    yield (Piece(f"{shortened(clean(audit.name), 40):<40}{curves.n_problems:>10,}  {audit.sha256[:8]}"),)
    settings = f"level {curves.level:g}, {curves.reps:,} resamples, seed {curves.seed}"
    program = f", auditor {clean(audit.versions['auditor'])}" if "auditor" in audit.versions else ""
    for note in (*((EXAMPLE,) if audit.example else ()), *audit.notes, settings + program):
        yield from wrapped(clean(note), style="quiet", first="  ", rest="  ")


def _row(name: str, values: Iterable[str], style: Style = "plain") -> Line:
    base, tuned = values
    return (Piece(f"{name:<{LEFT}}{base:<{COLUMN}} {tuned}".rstrip(), style),)


def _range(ends: tuple[int, int]) -> str:
    return f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,} to {ends[1]:,}"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def as_dict(audit: TriesAudit) -> dict[str, Any]:
    """Give plain data as `schema()` describes it: numbers unrounded, and a reason beside each null."""
    tries = audit.tries
    differs = "the number of tries differs between problems"
    found: dict[str, Any] = {
        "schema": VERSION,
        "finding": audit.verdict.finding,
        "reason": audit.verdict.reason,
        "beyond_luck": audit.verdict.beyond_luck,
        "curves": _curve_data(tries.curves),
        "sampling_gap": tries.sampling_gap,
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
    return found | {
        **_or_reason("equal_coverage", None if equal is None else _equal_data(equal), _why_unequal(audit)),
        "groups": {
            name: {
                "finding": one.finding,
                "reason": one.reason,
                "problems": one.problems,
                "k": one.k,
                "base": list(one.base),
                "tuned": list(one.tuned),
            }
            for name, one in audit.groups.items()
        },
        "notes": list(audit.notes),
        "not_assessed": list(audit.not_assessed),
        "input": {
            "name": audit.name,
            "sha256": audit.sha256,
            "example": audit.example,
            "problems": tries.curves.n_problems,
            "base_tries": list(audit.base_tries),
            "tuned_tries": list(audit.tuned_tries),
        },
        "settings": {name: getattr(tries.curves, name) for name in ("level", "reps", "seed", "block")},
        "versions": dict(audit.versions),
    }


def _why_unequal(audit: TriesAudit) -> str:
    if audit.tries.base_bound is None or audit.tries.tuned_bound is None:
        return "sample coverage was not assessed"
    if audit.base_tries == audit.tuned_tries:
        return "base and tuned have the same number of tries"
    return "the sample coverage in common is below that of a single try"


def _or_reason(name: str, value: Any, reason: str) -> dict[str, Any]:
    return {name: value} if value is not None else {name: None, f"{name}_reason": reason}


def _curve_data(curves: PassCurves) -> dict[str, Any]:
    unshown = "the band does not show both signs"
    between = None if curves.crossover_between is None else list(curves.crossover_between)
    found = {name: getattr(curves, name).tolist() for name in ("base", "tuned", "difference", "se", "low", "high")}
    return found | {
        "critical": curves.critical,
        **_or_reason("crossover", curves.crossover, unshown),
        **_or_reason("crossover_between", between, unshown),
        **_or_reason("first_below", curves.first_below, "tuned solves no smaller share at any k"),
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


@cache
def _schema_text() -> str:
    return files("auditor.report").joinpath("tries.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Load the JSON Schema (2020-12) of `as_dict`."""
    loaded: dict[str, Any] = json.loads(_schema_text())
    return loaded
