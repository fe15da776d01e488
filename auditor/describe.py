"""A checked pair and what was measured go in; what a reader must know beside the numbers comes out."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from auditor.config import Settings
from auditor.coverage.split import Split
from auditor.desk import Desk
from auditor.inputs.pair import InputRecord, Pair, Span, record
from auditor.inputs.returns import Returns
from auditor.ledger.budget import Subject
from auditor.result import Input, Sample
from auditor.shelf import Shelf
from auditor.stats.selection import NOT_AMONG, Selection

PROGRAMS = ("auditor", "numpy", "scipy", "pandas", "arch")


def versions() -> dict[str, str]:
    """Versions of what computed the numbers."""
    return {"python": platform.python_version()} | {name: _version(name) for name in PROGRAMS}


@cache
def _version(program: str) -> str:
    """Version of an installed program, read from its files once a process."""
    return metadata.version(program)


def iso(moment: pd.Timestamp) -> str:
    """A date as YYYY-MM-DD, with the time only where there is one."""
    return moment.isoformat() if moment != moment.normalize() else moment.date().isoformat()


def sample(pair: Pair) -> Sample:
    """The calendar and its windows."""
    return Sample(
        frequency=pair.frequency.name,
        periods_per_year=pair.periods_per_year,
        first=iso(pair.dates[0]),
        last=iso(pair.dates[-1]),
        in_sample=windows(pair, pair.in_sample),
        out_of_sample=windows(pair, pair.out_of_sample),
        n_in_sample=pair.in_sample.index.size,
        n_out_of_sample=pair.out_of_sample.index.size,
    )


def windows(pair: Pair, span: Span) -> tuple[tuple[str, str], ...]:
    """First and last date of each window of a span."""
    ends = np.cumsum(span.lengths)
    return tuple(
        (iso(pair.dates[span.index[end - length]]), iso(pair.dates[span.index[end - 1]]))
        for end, length in zip(ends, span.lengths, strict=True)
    )


def inputs(pair: Pair, tried: Returns | None, library: Returns | None, desk: Desk | Shelf | None) -> tuple[Input, ...]:
    """What was read."""
    beside = (("trials", tried), ("library", library))
    records = pair.inputs + tuple(record(role, one) for role, one in beside if one is not None)
    held = tuple(
        Input(
            role=f"{role} positions",
            name=one.name,
            column=f"{len(one.instruments)} instruments",
            sha256=one.sha256,
            rows=len(one.dates),
            first=iso(one.dates[0]),
            last=iso(one.dates[-1]),
        )
        for role, one in ((("base", desk.base), ("tuned", desk.tuned)) if isinstance(desk, Shelf) else ())
    )
    blotters = (("base trades", desk.base), ("tuned trades", desk.tuned)) if isinstance(desk, Desk) else ()
    traded = tuple(
        Input(
            role=role,
            name=trades.name,
            column=trades.recognised,
            sha256=trades.sha256,
            rows=trades.pnl.size,
            first=iso(pd.Timestamp(int(trades.entry.min()))),
            last=iso(pd.Timestamp(int(trades.exit.max()))),
        )
        for role, trades in blotters
    )
    return as_inputs(records) + traded + held


def as_inputs(records: Iterable[InputRecord]) -> tuple[Input, ...]:
    """What was read, with dates as the result has them."""
    return tuple(
        Input(
            role=one.role,
            name=one.name,
            column=one.column,
            sha256=one.sha256,
            rows=one.rows,
            first=iso(one.first),
            last=iso(one.last),
        )
        for one in records
    )


def settings_in_force(settings: Settings, gain_level: float, pair: Pair) -> dict[str, Any]:
    """Every option, with what was inferred in place of what was left open."""
    return asdict(settings) | {"gain_level": gain_level, "periods_per_year": pair.periods_per_year}


def subject(pair: Pair, read: tuple[Input, ...], in_force: Mapping[str, Any]) -> Subject:
    """What this audit looks at: its windows, the values of all that was read, and every option."""
    index = pair.out_of_sample.index
    return Subject(
        windows=windows(pair, pair.out_of_sample),
        inputs={one.role: one.sha256 for one in read},
        oos={
            role: hashlib.sha256(values[index].astype("<f8").tobytes()).hexdigest()
            for role, values in (("base", pair.base), ("tuned", pair.tuned))
        },
        settings=dict(in_force),
    )


def split_notes(parts: Split) -> tuple[str, ...]:
    """Say where the new part is not what the fills tell."""
    if not parts.by_time:
        return ()
    return (
        "out of sample, trades that the base shares in part are split by shares of time: by the fills, which hold what "
        "the base paid at them, more would be new",
    )


def selection_not_assessed(selection: Selection) -> tuple[str, ...]:
    """What the number of trials leaves open."""
    if selection.n_trials is None:
        return (
            "How many variants were tried before this one (--trials, --n-trials), and so how much of the in-sample "
            "gain is the luck of the best.",
        )
    by_reason: dict[str, list[str]] = {}
    for text in selection.not_assessed:
        what, _, reason = text.partition(": ")
        by_reason.setdefault(reason, []).append(what)
    return tuple(f"{', '.join(what)}: {reason}." for reason, what in by_reason.items())


def selection_warnings(selection: Selection) -> tuple[str, ...]:
    """What the trials say against the in-sample gain, and where they are not those of the tuned policy."""
    found = []
    if NOT_AMONG in selection.notes:
        found.append(
            "Tuned is not among the trials given: no column has its in-sample returns. It counts as one more trial; "
            "PBO and SPA judge a search that did not find it, and say nothing of the tuned policy."
        )
    if selection.pbo is not None and selection.pbo > 0.5:
        found.append(
            f"The best trial in sample falls below the median of the trials out of sample more often than not "
            f"(PBO {selection.pbo:.2f}): the search picked luck."
        )
    if selection.spa_p is not None and selection.spa_p >= selection.level:
        found.append(
            f"No trial is shown to be better than the base in sample once all {selection.n_trials} are counted "
            f"(SPA p = {selection.spa_p:.3f})."
        )
    return tuple(found)


def selection_notes(selection: Selection) -> tuple[str, ...]:
    """What the numbers of the search rest on, without what is a warning."""
    return tuple(note for note in selection.notes if note != NOT_AMONG)
