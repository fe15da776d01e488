"""A calibration goes in; its page, its Markdown and its figure come out, in the look of an audit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.report import markdown, shown
from auditor.report.calibrate import Answer, answer, headline
from auditor.report.html import PLACED, as_rows, at_most, template
from auditor.report.pictured_planted import false_rates, power
from auditor.report.plain import clean, shortened
from auditor.report.planted import EDGES, NULLS, ends, limits, percent
from auditor.report.reproduce import how_to_calibrate
from auditor.report.saved_rates import read_calibration
from auditor.report.svg import svg, together
from auditor.report.tables import Section, Table
from auditor.report.theme import DARK, LIGHT, Role
from auditor.verdict.checks import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auditor.calibrate import Calibration
    from auditor.planted.power import Rates
    from auditor.report.picture import Picture

CALLS: dict[Finding, str] = {
    "efficiency": "efficiency",
    "flattering": "flattering",
    "unproven": "unproven",
    "no_gain": "no gain",
}
TITLE = "What the audit called them"


def as_html(found: Calibration) -> str:
    """Give the page, verdict first; the same calibration gives the same bytes."""
    colours: dict[Answer, Role] = {"held": "good", "not held": "bad", "not settled": "doubt"}
    return template("calibrate.html.j2").render(
        title=headline(found),
        names=[shortened(shown.source(one), 60) for one in found.inputs if one.role == "base"],
        verdict=colours[answer(found)],
        meaning=found.verdict,
        reason="",
        facts=facts(found),
        assumed=assumed(found),
        n_warnings=len(found.warnings),
        warnings=at_most(found.warnings),
        pictures=[(one, svg(one, PLACED)) for one in pictures(found)],
        sections=sections(found),
        command=how_to_calibrate(found),
        inputs=found.inputs,
        source=shown.source,
        settings=as_rows(found.settings),
        versions=found.versions,
        light=LIGHT,
        dark=DARK,
    )


def as_markdown(found: Calibration) -> str:
    """Give the calibration in Markdown, in the order of the page, short enough for a comment."""
    return markdown.within_limit(
        [
            markdown.verdict_text(headline(found), found.verdict, "", facts(found), assumed(found)),
            markdown.list_text("Warnings", found.warnings),
            *(markdown.section_text(one) for one in sections(found)),
            markdown.reproduce(found.inputs, how_to_calibrate(found), found.versions),
        ]
    )


def figure(found: Calibration) -> Figure:
    """Draw both pictures under the verdict."""
    worst, book = (value for _, value in facts(found)[:2])
    return together(pictures(found), head=(clean(headline(found)), f"Worst: {worst}. Smallest provable book: {book}"))


def pictures(found: Calibration) -> list[Picture]:
    """Give the false rates and the power."""
    told = read_calibration(found).told
    return [false_rates(told), power(told)]


def facts(found: Calibration) -> list[tuple[str, str]]:
    """Give what a reader needs first: the worst false rate, the smallest provable book, base and sample."""
    worst, book, sample = found.worst.new_edge, found.smallest, found.sample
    needed = (
        f"Sharpe ratio {book.reason}"
        if book.sharpe is None
        else f"Sharpe ratio {book.sharpe:.1f} {limits(book.ci, book.smallest, book.largest)}"
    )
    windows = sample.out_of_sample
    many = f" in {len(windows)} windows" if len(windows) > 1 else ""
    return [
        ("false new edge, at most", f"{percent(worst.share, worst.ci)}, {found.worst.overlay.name}"),
        (f"smallest book proven in {100 * book.power:.0f} of 100", needed),
        ("base Sharpe a year", f"{found.base_sharpe:z.2f}"),
        ("out of sample", f"{shown.count(sample.n_out_of_sample, sample)}{many}, {shown.span(windows)}"),
    ]


def assumed(found: Calibration) -> list[str]:
    """Give the settings that the numbers lean on."""
    chosen = found.settings
    return [
        f"{clean(found.sample.frequency)} ({found.sample.periods_per_year:g} a year)",
        f"level {chosen['level']:g}, gain level {chosen['gain_level']:g}, min edge share {chosen['min_edge_share']:g}",
        f"{found.worlds:,} worlds, {chosen['reps']:,} resamples a test, seed {chosen['seed']}",
        f"blocks of {shown.count(found.block, found.sample)} on average",
        "intervals 95%, Wilson",
    ]


def sections(found: Calibration) -> list[Section]:
    """Give every rate, what was planted, and how the worlds were made."""
    refused = any(one.called["refused"].count for one in (*found.nulls, *found.edges))
    header = ("new edge", "95% interval", *CALLS.values(), *(["refused"] if refused else []))
    tables = [
        Table((title, *header), [_row(one, refused=refused) for one in rates], note=note)
        for title, rates, note in ((NULLS, found.nulls, _note(found)), (EDGES, found.edges, ""))
    ]
    planted = tuple(f"{one.overlay.name}: {one.overlay.what}." for one in (*found.nulls, *found.edges))
    return [
        Section(f"{TITLE}, share of {found.worlds:,} worlds", tuple(tables)),
        Section("What was planted", (planted,)),
        Section("How the worlds were made", (found.notes,)),
    ]


def _note(found: Calibration) -> str:
    return "" if found.held else f"!: above the level of {found.settings['level']:.0%} by more than two errors."


def _row(one: Rates, *, refused: bool) -> Sequence[str]:
    edge = one.new_edge
    calls: tuple[str, ...] = (*CALLS, *(["refused"] if refused else []))
    others = (f"{one.called[name].share:.1%}" for name in calls)  # type: ignore[index]
    return (one.overlay.name, f"{edge.share:.1%}{' !' if one.over else ''}", ends(edge.ci), *others)
