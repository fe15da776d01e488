"""Two audits side by side go in; lines of at most 80 columns, or plain data, come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from auditor.report.machine import VERSION
from auditor.report.plain import clean, shortened
from auditor.report.shown import beside, interval, p_value, signed
from auditor.report.styled import Line, Piece, Style, apart, joined, print_lines, wrapped
from auditor.verdict.words import HEADLINES

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.compare import Change, Comparison, Flip
    from auditor.report.saved import Saved

LEFT, COLUMN = 22, 23
LONGEST = 40

OF_TUNED = {"tuned", "tuned trades", "tuned positions", "tuned rollouts"}
DESCRIBING = {"library", "trials"}
"""Inputs by their roles: of the tuned policy alone, and those that move neither the gain nor the label."""


def plain_text(found: Comparison) -> str:
    """Give the comparison without colour, ending in a line break."""
    return "".join(joined(line) + "\n" for line in lines(found))


def print_comparison(found: Comparison, console: Console, *, quiet: bool = False) -> None:
    """Print the comparison; the line of the finding alone where `quiet`."""
    print_lines(list(_verdict(found))[:1] if quiet else lines(found), console, verdict=found.after.finding)


def as_dict(found: Comparison) -> dict[str, Any]:
    """Give plain data: numbers unrounded, null where an audit has none."""
    return {"schema": VERSION, "changed": found.changed, **asdict(found)}


def lines(found: Comparison) -> list[Line]:
    """Give the whole comparison, what became of the finding first."""
    sections = [_verdict(found), _numbers(found), _flips(found.flips), _inputs(found)]
    sections += [_changes("Settings that changed", found.settings), _changes("Versions that changed", found.versions)]
    return apart(sections)


def _verdict(found: Comparison) -> Iterator[Line]:
    old, new = (
        f"{HEADLINES[side.finding]}{beside(side.finding, side.standing)}" for side in (found.before, found.after)
    )
    if found.changed:
        yield (Piece(f"{old} -> "), Piece(new, "verdict"))
    else:
        yield (Piece("Unchanged: "), Piece(new, "verdict"))
    yield from wrapped(_caution(found))


def _caution(found: Comparison) -> str:
    """Say what the two gains may be held against."""
    roles = {change.name for change in found.inputs}
    if found.same_data and found.same_settings:
        return "The same data and settings."
    if found.same_data:
        return "The same data under other settings."
    if roles <= DESCRIBING:
        return "The same policies; what differs (trials, a library) moves neither the gain nor the label."
    if roles - DESCRIBING <= OF_TUNED:
        return (
            "The same base, another tuned policy. Every version that is held against one out-of-sample window uses "
            "some of it up."
        )
    return "The data differs beyond the tuned policy, so the two gains are of different things."


def _numbers(found: Comparison) -> Iterator[Line]:
    one, other = found.before, found.after
    old, new = (shortened(clean(side.name), COLUMN - 2) for side in (one, other))
    yield _row("out of sample", old, new, "change", style="title")
    for title, name in (("base", "base"), ("tuned", "tuned")):
        yield _amounts(title, getattr(one, name), getattr(other, name), plain=True)
    yield _amounts("gain", one.gain, other.gain, style="strong")
    yield _row("  interval", *(_interval(side) for side in (one, other)))
    yield _amounts("  reweighting part", one.reweighting_part, other.reweighting_part)
    yield _amounts("  edge part", one.edge_part, other.edge_part)
    yield _row("  edge share", *(_share(side.edge_share) for side in (one, other)))
    yield _row("p (one-sided)", *(f" {p_value(side.p_value)}" for side in (one, other)))
    yield _row("p of the new part", *(f" {p_value(side.new_p)}" for side in (one, other)))
    yield _amounts("gain in sample", one.in_sample_gain, other.in_sample_gain)
    yield _row("periods", *(f" {side.n_obs:,}" for side in (one, other)))
    yield _row("evidence", *(f" {side.evidence}" for side in (one, other)))


def _row(name: str, before: str, after: str, change: str = "", *, style: Style = "plain") -> Line:
    return (Piece(f"{name:<{LEFT}}{before:<{COLUMN}}{after:<{COLUMN}}{change}".rstrip(), style),)


def _amounts(
    name: str, before: float | None, after: float | None, *, plain: bool = False, style: Style = "plain"
) -> Line:
    old, new = ("--" if value is None else f" {value:z.2f}" if plain else signed(value) for value in (before, after))
    change = "" if before is None or after is None else signed(after - before)
    return _row(name, old, new, change, style=style)


def _interval(side: Saved) -> str:
    low, high = side.ci
    return "--" if low is None or high is None else interval((low, high))


def _share(value: float | None) -> str:
    return "--" if value is None else f" {value:.0%}"


def _flips(flips: tuple[Flip, ...]) -> Iterator[Line]:
    if not flips:
        yield (Piece("No check changed its answer."),)
        return
    yield (Piece("Checks that changed their answer", "title"),)
    for flip in flips:
        yield from wrapped(clean(flip.question), first="- ", rest="  ")
        old, new = (
            f"{answer or 'no such check'}{'' if value is None else f' ({value:.4g})'}"
            for answer, value in ((flip.before, flip.before_value), (flip.after, flip.after_value))
        )
        mark: Style = "ok" if flip.after == "yes" else "no" if flip.after == "no" else "quiet"
        yield (Piece(f"  {old} -> "), Piece(new, mark))


def _inputs(found: Comparison) -> Iterator[Line]:
    if found.same_data:
        yield (Piece("Every input has the same values."),)
        return
    yield (Piece("Inputs that changed, by the sha256 of their values", "title"),)
    for change in found.inputs:
        old, new = (_input(side) for side in (change.before, change.after))
        yield from wrapped(f"{clean(change.name)}: {old} -> {new}", first="- ", rest="  ")


def _input(side: dict[str, str] | None) -> str:
    return "none" if side is None else f"{shortened(clean(side['name']), LONGEST)} {clean(side['sha256'])[:8]}"


def _changes(title: str, changes: tuple[Change, ...]) -> Iterator[Line]:
    if changes:
        yield (Piece(title, "title"),)
    for change in changes:
        name = shortened(clean(change.name), LONGEST)
        yield from wrapped(f"{name}: {_value(change.before)} -> {_value(change.after)}", first="- ", rest="  ")


def _value(value: Any) -> str:
    return shortened(clean("none" if value is None else json.dumps(value, ensure_ascii=False)), LONGEST)
