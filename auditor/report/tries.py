"""A comparison of many tries goes in; its text of at most 80 columns, its plain data and their schema come out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from auditor.coverage.tries_verdict import Finding
from auditor.report.curves import HEADLINES, counted, crossing, sentence, set_sentences, tries_data
from auditor.report.machine import VERSION
from auditor.report.plain import clean, shortened
from auditor.report.shown import signed
from auditor.report.styled import Line, Piece, Style, apart, joined, listed, print_lines, wrapped
from auditor.report.text import curve_lines
from auditor.verdict.checks import Finding as Label

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.coverage.tries import SolvedSets
    from auditor.stats.richness import Richness
    from auditor.tries import TriesAudit

LEFT, COLUMN = 28, 25

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
    return "".join(joined(line) + "\n" for line in lines(audit))


def print_tries(audit: TriesAudit, console: Console, *, quiet: bool = False) -> None:
    """Print the report, or its verdict line alone."""
    shown = [_headline(audit)] if quiet else lines(audit)
    print_lines(shown, console, verdict=COLOURED_AS[audit.verdict.finding])


def lines(audit: TriesAudit) -> list[Line]:
    """Give the whole report, verdict first."""
    sections = [_verdict(audit), _curves(audit), _sets(audit.tries.sets), _reach(audit), _groups(audit)]
    sections += [listed("Not assessed", audit.not_assessed), _read(audit)]
    return apart(sections)


def _headline(audit: TriesAudit) -> Line:
    said = f" (bundled example {clean(audit.name)})" if audit.example else ""
    return (Piece(HEADLINES[audit.verdict.finding], "verdict"), Piece(said))


def _verdict(audit: TriesAudit) -> Iterator[Line]:
    yield _headline(audit)
    yield from wrapped(MEANINGS[audit.verdict.finding], style="strong")
    yield ()
    yield from wrapped(sentence(audit.verdict.reason))


def _curves(audit: TriesAudit) -> Iterator[Line]:
    curves = audit.tries.curves
    yield from curve_lines(curves)
    yield from wrapped(crossing(curves))
    gap = signed(audit.tries.sampling_gap, 3)
    yield from wrapped(f"Base with {counted(int(curves.k[-1]), 'try')} less tuned with one: {gap}.")


def _sets(sets: SolvedSets) -> Iterator[Line]:
    yield (Piece("Solved at least once with all tries", "title"),)
    for words in set_sentences(sets):
        yield from wrapped(words)


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


def as_dict(audit: TriesAudit) -> dict[str, Any]:
    """Give plain data as `schema()` describes it: numbers unrounded, and a reason beside each null."""
    return {
        "schema": VERSION,
        "finding": audit.verdict.finding,
        "reason": audit.verdict.reason,
        "beyond_luck": audit.verdict.beyond_luck,
        **tries_data(audit.tries, same_tries=audit.base_tries == audit.tuned_tries),
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
            "problems": audit.tries.curves.n_problems,
            "base_tries": list(audit.base_tries),
            "tuned_tries": list(audit.tuned_tries),
        },
        "settings": {name: getattr(audit.tries.curves, name) for name in ("level", "reps", "seed", "block")},
        "versions": dict(audit.versions),
    }


@cache
def _schema_text() -> str:
    return files("auditor.report").joinpath("tries.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Load the JSON Schema (2020-12) of `as_dict`."""
    loaded: dict[str, Any] = json.loads(_schema_text())
    return loaded
