"""An audit goes in; its tables and the sentences about them come out, the same ones for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from auditor.report import breadth, detail, planted, shown, stable, traded, traded_rows
from auditor.report.curves import CURVE_HEADER, CURVE_TITLE, band_words, curve_rows
from auditor.verdict.words import confidence_text

if TYPE_CHECKING:
    from auditor.result import Audit


class Table(NamedTuple):
    """Rows of text under a header, each named by its first cell; a title where the section's does not say it all."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    title: str = ""
    note: str = ""


Block = Table | tuple[str, ...]
"""A table, or sentences."""


class Section(NamedTuple):
    """Tables and sentences under one heading."""

    title: str
    blocks: tuple[Block, ...]


GAIN_TITLE = "The gain, in sample and out of sample"


def facts(audit: Audit) -> list[tuple[str, str]]:
    """Give what a reader needs first: gain, p, both Sharpe ratios, the parts and the sample, out of sample."""
    test, parts = audit.sharpe.out_of_sample, audit.attribution.out_of_sample
    sure, windows = confidence_text(test.level), audit.sample.out_of_sample
    many = f" in {len(windows)} windows" if len(windows) > 1 else ""
    return [
        (
            "Sharpe gain",
            f"{shown.signed(test.gain)} {shown.interval(test.ci)} ({sure} interval)",
        ),
        ("p (one-sided)", shown.p_value(test.p_value)),
        ("Sharpe a year", f"base {test.base:z.2f}, tuned {test.tuned:z.2f}"),
        (
            "of the gain",
            f"reweighting {shown.signed(parts.reweighting_part.value)}, edge {shown.signed(parts.edge_part.value)}",
        ),
        ("sample", f"{shown.count(test.n_obs, audit.sample)}{many}, {shown.span(windows)}"),
        *([("look", shown.look(audit))] if audit.look else []),
    ]


def assumed(audit: Audit) -> list[str]:
    """Give what the numbers lean on: what was done or inferred and said, and the settings in force."""
    return [*audit.notes, f"{shown.computed_with(audit)}."]


def sections(audit: Audit) -> list[Section]:
    """Give every table but the longest, in the order of the page."""
    found = [
        over_seeds(audit),
        gain(audit),
        what_was_taken(audit),
        depth_and_breadth(audit),
        stability(audit),
        calibration(audit),
        shape(audit),
        selection(audit),
    ]
    return [one for one in found if one.blocks]


def gain(audit: Audit) -> Section:
    """Give both spans' test and split, and what stands beside them."""
    tests = (audit.sharpe.in_sample, audit.sharpe.out_of_sample)
    parts = (audit.attribution.in_sample, audit.attribution.out_of_sample)
    sample = audit.sample
    windows = (sample.in_sample, sample.out_of_sample)
    rows = [
        ("from, to", *(shown.span(one) + (f", {len(one)} windows" if len(one) > 1 else "") for one in windows)),
        ("base", *(f"{test.base:z.2f}" for test in tests)),
        ("tuned", *(f"{test.tuned:z.2f}" for test in tests)),
        ("gain", *(_estimate(test.gain, test.ci) for test in tests)),
        ("reweighting part", *(_estimate(one.reweighting_part.value, one.reweighting_part.ci) for one in parts)),
        ("edge part", *(_estimate(one.edge_part.value, one.edge_part.ci) for one in parts)),
        ("p (one-sided)", *(shown.p_value(test.p_value) for test in tests)),
        ("sample", *(f"{shown.count(test.n_obs, sample)}, blocks of {test.block}" for test in tests)),
    ]
    note = f"{100 * (1 - tests[1].level):.4g}% intervals, resampled in blocks. The two parts add up to the gain."
    said = [f"{shown.horizons(tests[1], sample)}.", f"Direction: {shown.direction(audit)}."]
    if audit.coverage.trades is None and audit.coverage.positions is None:
        said += filter(None, [traded.library(audit)])
    table = Table(("Sharpe, annualised", "in sample", "out of sample"), rows, note=note)
    return Section(GAIN_TITLE, (table, tuple(said)))


def _estimate(value: float, ci: tuple[float, float]) -> str:
    return f"{shown.signed(value)} {shown.interval(ci)}"


def what_was_taken(audit: Audit) -> Section:
    """Give what trades or positions say; without either, nothing."""
    if audit.coverage.positions is not None:
        held = traded.position_sentences(audit.coverage.positions, audit)
        return Section(traded.POSITIONS_TITLE, (tuple(filter(None, held)),))
    if audit.coverage.trades is None:
        return Section(traded.TITLE, ())
    # What the tables hold is not said again.
    said = (traded.held(audit), traded.split(audit), traded.where(audit), traded.library(audit), traded.turnover(audit))
    unchecked = " (not held against them)" if audit.settings.get("reconcile") == "off" else ""
    return Section(
        traded.TITLE,
        (
            Table(("", *traded_rows.COUNTS_HEADER), traded_rows.count_rows(audit)),
            tuple(filter(None, said)),
            Table(
                ("", "in sample", "out of sample", "whole"),
                traded_rows.line_rows(audit),
                "Tuned less base P&L, line by line",
            ),
            Table(
                ("", "P&L of the trades", "sum of the returns", "gap", "gap by month"),
                traded_rows.reconciliation_rows(audit),
                f"Trades beside the returns{unchecked}; trades held over month ends make the gap by month",
            ),
            Table(
                ("tuned", "trades", "as equal trades", "as equal instruments", "ten best trades"),
                traded_rows.concentration_rows(audit),
                "Over how many trades the P&L is spread",
            ),
        ),
    )


def over_seeds(audit: Audit) -> Section:
    """Give the findings over pairs of rollouts; without them, nothing."""
    title = "Pairs of rollouts, out of sample"
    if audit.seeds is None:
        return Section(title, ())
    table = Table(("base", "tuned", "finding", "gain", "p"), breadth.seed_rows(audit.seeds))
    return Section(title, (table, tuple(breadth.seed_sentences(audit.seeds))))


def depth_and_breadth(audit: Audit) -> Section:
    """Give what both policies solve with many tries; of sessions there is a picture on the page."""
    found = audit.coverage.tries
    if found.source == "sessions":
        return Section(breadth.title(found), ())
    said = tuple(breadth.sentences(found))
    if found.out_of_sample is None or not breadth.has_table(found):
        return Section(breadth.title(found), (said,))
    curves = found.out_of_sample.tries.curves
    table = Table((CURVE_TITLE, *CURVE_HEADER), curve_rows(curves), note=band_words(curves))
    return Section(breadth.title(found), (table, said))


def stability(audit: Audit) -> Section:
    """Give the same audit under other choices; nothing where it was not asked for."""
    if audit.stability is None:
        return Section(stable.TITLE, ())
    table = Table(("", *stable.HEADER), stable.rows(audit.stability))
    return Section(stable.TITLE, (tuple(stable.sentences(audit.stability)), table))


def calibration(audit: Audit) -> Section:
    """Give how often the audit is wrong on such data; nothing where no calibration was given."""
    told = audit.calibration
    if told is None:
        return Section(planted.TITLE, ())
    nulls = Table((planted.NULLS, *planted.HEADER), planted.rows(told.nulls))
    edges = Table((planted.EDGES, *planted.HEADER), planted.rows(told.edges))
    return Section(planted.TITLE, (tuple(planted.sentences(told, audit)), nulls, edges))


def breakdowns(audit: Audit) -> list[Section]:
    """Give P&L by instrument, side, year and tag, which are the longest tables; what has one value tells nothing."""
    if audit.attribution.trades is None:
        return []
    found = []
    for column, header, rows, left_out in traded_rows.broken_down(audit):
        if len(rows) < 2:
            continue
        more = f"{left_out:,} more, of smaller P&L, are in the JSON." if left_out else ""
        found.append(Section(f"P&L by {column}, whole sample", (Table(header, rows, note=more),)))
    return found


def shape(audit: Audit) -> Section:
    """Give tails, memory and drawdowns of both policies, and what the gain is made of."""
    table = Table(("", *detail.SHAPE_HEADER), detail.shape_rows(audit), note=detail.SHAPE_UNITS)
    return Section(detail.SHAPE_TITLE, (table, tuple(detail.shape_sentences(audit))))


def selection(audit: Audit) -> Section:
    """Give what the trials say; where nothing was assessed, the reason stands in place of the table."""
    rows = detail.selection_rows(audit)
    said = (detail.selection_sentences(audit)[0],)
    return Section(detail.SELECTION_TITLE, (Table(("", "value", "meaning"), rows) if rows else said,))
