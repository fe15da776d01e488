"""A calibration goes in; its text of at most 80 columns, its plain data and their schema come out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from auditor.report.machine import VERSION
from auditor.report.plain import clean
from auditor.report.planted import settles
from auditor.report.shown import count, span
from auditor.report.styled import Line, Piece, apart, joined, listed, print_lines, wrapped
from auditor.report.text import read_table
from auditor.verdict.checks import Finding
from auditor.verdict.words import SOURCES

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.calibrate import Calibration
    from auditor.planted.power import Rates, Share

Answer = Literal["held", "not held", "not settled"]

HEADLINES: dict[Answer, str] = {"held": "LEVEL HELD", "not held": "LEVEL NOT HELD", "not settled": "NOT SETTLED"}

NAME = 21
OTHERS: dict[Finding, int] = {"efficiency": 11, "flattering": 11, "unproven": 9, "no_gain": 8}


def plain_text(found: Calibration) -> str:
    """Give the report without colour, at most 80 columns wide, ending in a line break."""
    return "".join(joined(line) + "\n" for line in lines(found))


def print_calibration(found: Calibration, console: Console, *, quiet: bool = False) -> None:
    """Print the report, or its verdict line alone."""
    print_lines([_headline(found)] if quiet else lines(found), console, verdict=_coloured(found))


def lines(found: Calibration) -> list[Line]:
    """Give the whole report, verdict first."""
    return apart(
        [
            _verdict(found),
            _table(found),
            listed("Warnings", found.warnings, "warning", mark="! "),
            listed("How the worlds were made", found.notes),
            _read(found),
        ]
    )


def _coloured(found: Calibration) -> Finding:
    colours: dict[Answer, Finding] = {"held": "new_edge", "not held": "flattering", "not settled": "unproven"}
    return colours[answer(found)]


def answer(found: Calibration) -> Answer:
    """Give whether the level is held, and "not settled" where so few worlds cannot tell."""
    if not found.held:
        return "not held"
    settled = settles((one.new_edge.ci for one in found.nulls), found.settings["level"])
    return "held" if settled else "not settled"


def headline(found: Calibration) -> str:
    """Give the verdict line: "LEVEL HELD (200 worlds, by trades)"."""
    return joined(_headline(found))


def _headline(found: Calibration) -> Line:
    return (
        Piece(HEADLINES[answer(found)], "verdict"),
        Piece(f" ({found.worlds} worlds, by {SOURCES[found.evidence]})"),
    )


def _verdict(found: Calibration) -> Iterator[Line]:
    yield _headline(found)
    yield from wrapped(clean(found.verdict), style="strong")


def _table(found: Calibration) -> Iterator[Line]:
    heads = "".join(f"{name.replace('_', ' '):>{width}}" for name, width in OTHERS.items())
    yield (Piece(f"{'Called, of worlds':<{NAME}}", "title"), Piece(f"{'new edge':>8}{'[95 %]':>12}{heads}", "quiet"))
    yield (Piece("no new edge is planted", "quiet"),)
    yield from (_row(one) for one in found.nulls)
    yield (Piece("a new book is planted", "quiet"),)
    yield from (_row(one) for one in found.edges)
    if not found.held:
        yield (Piece(f"! above the level of {found.settings['level']:.0%} by more than two errors", "quiet"),)


def _row(one: Rates) -> Line:
    edge = one.new_edge
    low, high = (f"{100 * end:.1f}".replace("100.0", "100") for end in edge.ci)
    rate = f"{100 * edge.share:>6.1f}%{'!' if one.over else ' '}{f'[{low}, {high}]':>12}"
    others = "".join(f"{100 * one.called[name].share:>{width - 1}.1f}%" for name, width in OTHERS.items())
    return (Piece(f"{one.overlay.name:<{NAME}}"), Piece(rate, "no" if one.over else "plain"), Piece(others))


def _read(found: Calibration) -> Iterator[Line]:
    yield from read_table(found.inputs)
    sample, settings = found.sample, found.settings
    outside = f"out of sample {span(sample.out_of_sample)}, {count(sample.n_out_of_sample, sample)}"
    level = f"level {settings['level']:g}, gain level {settings['gain_level']:g}"
    how = (
        f"base Sharpe ratio {found.base_sharpe:.2f}, {level}, min edge share {settings['min_edge_share']:g}, "
        f"{settings['reps']:,} resamples a test, seed {settings['seed']}, auditor {clean(found.versions['auditor'])}"
    )
    for note in (outside, how):
        yield from wrapped(note, style="quiet", rest="  ")


def as_dict(found: Calibration) -> dict[str, Any]:
    """Give plain data as `schema()` describes it: numbers unrounded, and a reason beside each null."""
    smallest = asdict(found.smallest) | {"ci": list(found.smallest.ci)}
    reason = smallest.pop("reason")
    if reason is not None:
        smallest["sharpe_reason"] = reason
    if None in smallest["ci"]:
        smallest["ci_reason"] = "the powers' intervals do not reach the power wanted within the Sharpe ratios tried"
    return {
        "schema": VERSION,
        "held": found.held,
        "verdict": found.verdict,
        "evidence": found.evidence,
        "worlds": found.worlds,
        "worst": found.worst.overlay.name,
        "nulls": _rates(found.nulls),
        "edges": _rates(found.edges),
        "smallest": smallest,
        "base_sharpe": found.base_sharpe,
        "block": found.block,
        "notes": list(found.notes),
        "warnings": list(found.warnings),
        "sample": _lists(asdict(found.sample)),
        "inputs": [asdict(one) for one in found.inputs],
        "settings": _lists(dict(found.settings)),
        "versions": dict(found.versions),
    }


def _rates(rates: Sequence[Rates]) -> list[dict[str, Any]]:
    return [
        asdict(one.overlay)
        | {
            "called": {name: _share(share) for name, share in one.called.items()},
            "presumed": one.presumed,
            "refusal": one.refusal,
            "over": one.over,
        }
        for one in rates
    ]


def _share(share: Share) -> dict[str, Any]:
    return asdict(share) | {"ci": list(share.ci)}


def _lists(value: Any) -> Any:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, dict):
        return {name: _lists(inner) for name, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, tuple | list) else value


@cache
def _schema_text() -> str:
    return files("auditor.report").joinpath("calibrate.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Load the JSON Schema (2020-12) of `as_dict`."""
    loaded: dict[str, Any] = json.loads(_schema_text())
    return loaded
