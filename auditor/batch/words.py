"""A finished batch goes in; the lines that the terminal shows, and the JSON, come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from auditor.batch.run import Batch
from auditor.plural import several, verb
from auditor.report.plain import clean
from auditor.report.styled import Line, Piece, wrapped
from auditor.verdict.words import HEADLINES

MOST_ERRORS = 10


def summary_lines(batch: Batch, *, quiet: bool) -> Iterator[Line]:
    """Say what was found, what could not be, and where it is written; `quiet` leaves the first line alone."""
    made = [row for row in batch.rows if row["error"] is None]
    said = f"{len(batch.rows):,} audits: {len(made):,} made, {len(batch.errors):,} errors"
    yield (Piece(said),)
    if quiet:
        return
    counts = Counter(row["finding"] for row in made)
    for finding, words in HEADLINES.items():
        yield (Piece(f"{words:<26}"), Piece(f"{counts[finding]:>9,}"))
    called = sum(row["gain_q"] is not None and row["gain_q"] < row["level"] for row in made)
    gains = f"{several(called, 'gain')} {verb(called, 'are')} called"
    yield from wrapped(f"{gains} once all are counted (Benjamini-Hochberg q below the level).")
    variants = [row["stepm_better"] for row in made if row.get("stepm_better") is not None]
    if variants:
        better = sum(variants)
        than = f"{verb(better, 'are')} better than {'its' if better == 1 else 'their'} base"
        yield from wrapped(
            f"{better:,} of {several(len(variants), 'variant')} {than} once all variants of that base are counted "
            "(StepM)."
        )
    for note in batch.notes:
        yield from wrapped(clean(f"Not tested together: {note}"))
    for row in batch.errors[:MOST_ERRORS]:
        yield from wrapped(clean(f"row {row['row']} {row['name']}: {row['error']}"), rest="    ")
    if len(batch.errors) > MOST_ERRORS:
        yield (Piece(f"... and {len(batch.errors) - MOST_ERRORS:,} more errors, in the table"),)
    for path in batch.files:
        yield (Piece(f"wrote {clean(str(path))}", "quiet"),)


def as_summary(batch: Batch) -> dict[str, Any]:
    """Give plain data for --json: counts, errors and files; the rows are in the table."""
    made = [row for row in batch.rows if row["error"] is None]
    return {
        "schema": 1,
        "audits": len(batch.rows),
        "made": len(made),
        "resumed": batch.resumed,
        "findings": dict(sorted(Counter(row["finding"] for row in made).items())),
        "errors": [{name: row[name] for name in ("row", "name", "error")} for row in batch.errors],
        "not_tested_together": list(batch.notes),
        "files": [str(path) for path in batch.files],
    }
