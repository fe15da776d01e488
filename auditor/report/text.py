"""An audit goes in; styled lines of at most 80 columns come out, the same ones in plain text and in colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.report import breadth, detail, planted, shown, stable, traded, traded_rows
from auditor.report.curves import CURVE_HEADER, CURVE_TITLE, band_words, curve_rows
from auditor.report.plain import clean, shortened
from auditor.report.styled import Line, Piece, Style, apart, joined, listed, print_lines, wrapped
from auditor.verdict.words import HEADLINES, confidence_text, p_text

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.coverage.tries_curves import PassCurves
    from auditor.result import Audit, Input

LEFT, COLUMN, NAME = 20, 30, 36
SHAPE_WIDTHS = (5, 8, 12, 9, 10, 10, 10, 8, 8)
COUNT_WIDTHS = (12, 14, 15, 14)
CURVE_LEFT, CURVE_WIDTHS = 28, (8, 8, 12, 9, 9)
STABLE_WIDTHS = (29, 23, 8, 9, 11)


def lines(audit: Audit) -> list[Line]:
    """Give the whole report, verdict first."""
    sections = [_verdict(audit), _seeds(audit), _gain(audit), _traded(audit), _checks(audit)]
    sections.append(listed("Warnings", audit.warnings, "warning", mark="! "))
    # depth and breadth never move the label: what does comes first
    sections += [_breadth(audit), _stability(audit), _calibration(audit), _shape(audit), _selection(audit)]
    sections.append(listed("Not assessed", shown.beside_checks(audit)))
    sections.append(listed("What would change the label", audit.would_change))
    sections.append(_sample(audit))
    return apart(sections)


def plain_text(audit: Audit) -> str:
    """Give the report without colour, at most 80 columns wide, ending in a line break."""
    return "".join(joined(line) + "\n" for line in lines(audit))


def print_audit(audit: Audit, console: Console) -> None:
    """Print the report, in colour where the console is a terminal and NO_COLOR is not set."""
    print_lines(lines(audit), console, verdict=audit.finding)


def one_line(audit: Audit, title: str) -> str:
    """Give title, finding, out-of-sample gain and its p on one line of at most 80 columns."""
    return joined(one_line_pieces(audit, title))


def headline_pieces(audit: Audit) -> Line:
    """Give the label line: finding and standing."""
    return (Piece(HEADLINES[audit.finding], "verdict"), Piece(shown.beside(audit.finding, shown.standing(audit))))


def one_line_pieces(audit: Audit, title: str) -> Line:
    """Give the pieces of `one_line`."""
    outside = audit.sharpe.out_of_sample
    return (
        Piece(f"{shortened(clean(title), 36):<36}  "),
        Piece(f"{HEADLINES[audit.finding]:<24}", "verdict"),
        Piece(f"{shown.signed(outside.gain):>6}  {p_text(outside.p_value)}".rstrip()),
    )


ONE_LINE_HEADING: Line = (Piece(f"{'Sharpe gain out of sample':<38}{'finding':<24}{'gain':>6}  p", "quiet"),)


def _verdict(audit: Audit) -> Iterator[Line]:
    yield headline_pieces(audit)
    yield from wrapped(shown.meaning(audit), style="strong")
    yield ()
    yield from wrapped(clean(audit.reason))
    yield from wrapped(shown.look(audit))


def _gain(audit: Audit) -> Iterator[Line]:
    tests = (audit.sharpe.in_sample, audit.sharpe.out_of_sample)
    parts = (audit.attribution.in_sample, audit.attribution.out_of_sample)
    sample = audit.sample
    yield _row("Sharpe, annualised", ("in sample", "out of sample"), "title")
    yield _row("", (shown.span(sample.in_sample), shown.span(sample.out_of_sample)), "quiet")
    if len(sample.out_of_sample) > 1:
        yield _row("windows", (f"{len(sample.in_sample)}", f"{len(sample.out_of_sample)}"))
    yield _row("base", (f" {test.base:z.2f}" for test in tests))
    yield _row("tuned", (f" {test.tuned:z.2f}" for test in tests))
    yield _row("gain", (_estimate(test.gain, test.ci) for test in tests), "strong")
    yield _row("  reweighting part", (_estimate(one.reweighting_part.value, one.reweighting_part.ci) for one in parts))
    yield _row("  edge part", (_estimate(one.edge_part.value, one.edge_part.ci) for one in parts))
    yield _row("p (one-sided)", (f" {shown.p_value(test.p_value)}" for test in tests))
    yield _row("sample", (f"{shown.count(test.n_obs, sample)}, blocks of {test.block}" for test in tests))
    sure = confidence_text(tests[1].level)
    yield (Piece(f"[low, high]: {sure} intervals from resampled blocks. The parts add up to the gain.", "quiet"),)
    yield from wrapped(f"{shown.horizons(tests[1], sample)}.")
    yield from wrapped(f"Direction: {shown.direction(audit)}.")
    if audit.coverage.trades is None and audit.coverage.positions is None:
        yield from wrapped(traded.library(audit))


def _estimate(value: float, ci: tuple[float, float]) -> str:
    return f"{shown.signed(value)} {shown.interval(ci)}"


def _row(name: str, values: Iterable[str], style: Style = "plain") -> Line:
    inside, outside = values
    return (Piece(f"{name:<{LEFT}}{inside:<{COLUMN}}{outside}".rstrip(), style),)


def _traded(audit: Audit) -> Iterator[Line]:
    if audit.coverage.positions is not None:
        yield (Piece(traded.POSITIONS_TITLE, "title"),)
        for sentence in traded.position_sentences(audit.coverage.positions, audit):
            yield from wrapped(sentence)
    if audit.coverage.trades is None:
        return
    header = "".join(f"{cell:>{width}}" for cell, width in zip(traded_rows.COUNTS_HEADER, COUNT_WIDTHS, strict=True))
    yield (Piece(f"{traded.TITLE:<{LEFT}}", "title"), Piece(header, "quiet"))
    for name, *cells in traded_rows.count_rows(audit):
        row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, COUNT_WIDTHS, strict=True))
        yield (Piece(f"{name:<{LEFT}}{row}".rstrip()),)
    for sentence in traded.sentences(audit):
        yield from wrapped(sentence)


def _breadth(audit: Audit) -> Iterator[Line]:
    found = audit.coverage.tries
    # Days of a month nearly all hold a profit: that picture is for the page, and the JSON.
    if found.source == "sessions":
        return
    yield (Piece(breadth.title(found), "title"),)
    if found.out_of_sample is not None and breadth.has_table(found):
        yield from curve_lines(found.out_of_sample.tries.curves)
    for sentence in breadth.sentences(found):
        yield from wrapped(sentence)


def curve_lines(curves: PassCurves) -> Iterator[Line]:
    """Give the table of pass@k with its band."""
    header = "".join(f"{name:>{width}}" for name, width in zip(CURVE_HEADER, CURVE_WIDTHS, strict=True))
    yield (Piece(f"{CURVE_TITLE:<{CURVE_LEFT}}", "title"), Piece(header, "quiet"))
    for name, *cells in curve_rows(curves):
        row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, CURVE_WIDTHS, strict=True))
        yield (Piece(f"{'  ' + name:<{CURVE_LEFT}}{row}"),)
    yield from wrapped(band_words(curves), style="quiet")


def _seeds(audit: Audit) -> Iterator[Line]:
    if audit.seeds is None:
        return
    yield (Piece("Pairs of rollouts, out of sample".ljust(52) + "finding           gain      p", "title"),)
    for base, tuned, finding, gain, p in breadth.seed_rows(audit.seeds):
        names = shortened(f"{base} -> {tuned}", 50)
        yield (Piece(f"{names:<52}{finding:<14}{gain:>8} {p:>6}"),)
    for sentence in breadth.seed_sentences(audit.seeds):
        yield from wrapped(sentence)


def _checks(audit: Audit) -> Iterator[Line]:
    yield (Piece("Checks, out of sample unless said".ljust(58) + "found      needed", "title"),)
    for check, (mark, question, value, needed) in zip(audit.checks, shown.check_rows(audit), strict=True):
        if check.value is None:
            yield from wrapped(f"{question} Not assessed: {needed}.", style="quiet", first="--  ", rest="    ")
            continue
        first, *rest = textwrap.wrap(question, 53)
        style: Style = "quiet" if mark == "--" else mark
        yield (Piece(f"{mark}  ", style), Piece(f"{first:<54}"), Piece(f"{value:<10} {needed}", style))
        yield from ((Piece("    " + line),) for line in rest)


def _stability(audit: Audit) -> Iterator[Line]:
    if audit.stability is None:
        return
    yield (Piece(stable.TITLE, "title"),)
    for sentence in stable.sentences(audit.stability):
        yield from wrapped(sentence)
    for what, *values in (("", *stable.HEADER), *stable.rows(audit.stability)):
        if what and not values[1]:
            yield from wrapped(f"{what}: {values[0]}", style="quiet", rest="  ")
            continue
        finding, *numbers = values
        cells = "".join(f"{cell:>{width}}" for cell, width in zip(numbers, STABLE_WIDTHS[2:], strict=True))
        if len(what) >= STABLE_WIDTHS[0]:
            # A start with a time of day is longer than its column.
            yield from wrapped(what)
            what = " "
        row = f"{what:<{STABLE_WIDTHS[0]}}{finding:<{STABLE_WIDTHS[1]}}{cells}"
        yield (Piece(row, "plain" if what else "quiet"),)


def _calibration(audit: Audit) -> Iterator[Line]:
    if audit.calibration is None:
        return
    yield (Piece(planted.TITLE, "title"),)
    for sentence in planted.sentences(audit.calibration, audit):
        yield from wrapped(sentence)


def _shape(audit: Audit) -> Iterator[Line]:
    yield (Piece(detail.SHAPE_TITLE, "title"),)
    for name, *values in (("", *detail.SHAPE_HEADER), *detail.shape_rows(audit)):
        cells = (f"{value:>{width}}" for value, width in zip(values, SHAPE_WIDTHS[1:], strict=True))
        yield (Piece(f"{name:<{SHAPE_WIDTHS[0]}}" + "".join(cells), "plain" if name else "quiet"),)
    yield (Piece(detail.SHAPE_UNITS, "quiet"),)
    for sentence in detail.shape_sentences(audit):
        yield from wrapped(sentence)


def _selection(audit: Audit) -> Iterator[Line]:
    yield (Piece(detail.SELECTION_TITLE, "title"), Piece(f" ({detail.selection_names(audit)})", "quiet"))
    for sentence in detail.selection_sentences(audit):
        yield from wrapped(sentence)


def _sample(audit: Audit) -> Iterator[Line]:
    yield from read_table(audit.inputs)
    for note in (*audit.notes, shown.computed_with(audit)):
        yield from wrapped(clean(note), style="quiet", rest="  ")


def read_table(inputs: Sequence[Input]) -> Iterator[Line]:
    """Give what was read, a line each, under a heading; a name too long for its column has a line of its own."""
    yield (Piece("Read".ljust(42) + "rows  first       last        sha256", "title"),)
    role = max(len(one.role) for one in inputs)
    for one in inputs:
        name = f"{clean(one.role):<{role}} {shown.source(one)}"
        if len(name) > NAME:
            yield (Piece(shortened(name, 80)),)
            name = ""
        rest = f"{shown.day(one.first):<10}  {shown.day(one.last):<10}  {clean(one.sha256)[:8]}"
        yield (Piece(f"{name:<{NAME}} {one.rows:>9,}  {rest}".rstrip()),)
