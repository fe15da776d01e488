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
from auditor.coverage.direction import DAILY, Direction
from auditor.coverage.streams import COLLINEAR
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.pair import InputRecord, Pair, Span, record
from auditor.inputs.returns import Returns
from auditor.ledger.budget import Subject
from auditor.measure import Measured
from auditor.result import Input, Sample
from auditor.shelf import Shelf
from auditor.stats.ratios import sharpe_without_each
from auditor.stats.selection import Selection
from auditor.stats.sharpe import ROUNDING
from auditor.verdict.checks import Evidence, Finding
from auditor.verdict.words import detectable_text

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


def refuse_tuned_among_known(pair: Pair) -> None:
    """Refuse a known stream that is the tuned policy itself, levered or not: it would explain all of it."""
    for name, stream in zip(pair.known_names, pair.known.T, strict=True):
        if stream.std() > 0 and 1 - np.corrcoef(stream, pair.tuned)[0, 1] ** 2 < COLLINEAR:
            raise InputError(
                f"--known: column {name!r} is the tuned policy itself, so it would explain every return. "
                "Known streams are what the base could have had: leave that column out"
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
    """What the trials say against the in-sample gain."""
    found = []
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


def oddities(
    pair: Pair, outside: Measured, way: Direction, finding: Finding, evidence: Evidence, settings: Settings
) -> tuple[str, ...]:
    """What the user should know before believing the label."""
    found = []
    single = one_period_that_makes_it(pair, outside.gain.gain)
    if single:
        found.append(single)
    shortest = min(pair.out_of_sample.lengths)
    if settings.block == "auto" and len(pair.out_of_sample.lengths) > 1 and outside.gain.block == shortest:
        found.append(
            f"The shortest out-of-sample window holds {shortest} periods, which caps the block length: dependence "
            "beyond that is not in the errors."
        )
    if outside.shape.tails.warning:
        found.append(outside.shape.tails.warning)
    if finding == "new_edge" and evidence == "returns":
        shared = (
            "New edge is presumed without any known stream: long-only policies that share a market passed for it in "
        )
        shifted = ", and a shift of weight between sleeves of the base in a quarter. Give both (--known)."
        daily = pair.periods_per_year >= DAILY
        found.append(f"{shared}most simulated worlds{'. Give the market (--known).' if daily else shifted}")
    if evidence != "trades" and way.hidden(settings.level):
        barred = pair.periods_per_year >= DAILY and not settings.known_complete
        passes = (
            "so nothing here is called new edge" if barred else "so a filter of the base's own trades can pass for it"
        )
        found.append(
            "On this data a tuned policy that is a part of the base could look the same to the direction test: tails "
            f"are too thin, exposure too steady, or storms shared, {passes}. Trades would tell."
        )
    if outside.gain.n_obs < 2 * pair.periods_per_year:
        years = outside.gain.n_obs / pair.periods_per_year
        found.append(
            f"The out-of-sample data spans {years:.1f} years: only gains of "
            f"{detectable_text(outside.gain.min_detectable_gain)} and more are found with 80 % power."
        )
    return tuple(found)


def one_period_that_makes_it(pair: Pair, gain: float) -> str | None:
    """Name the out-of-sample period without which the gain loses half of its size or its sign."""
    index = pair.out_of_sample.index
    base, tuned = pair.base[index], pair.tuned[index]
    year = pair.periods_per_year**0.5
    without = (sharpe_without_each(tuned) - sharpe_without_each(base)) * year
    if abs(gain) < 10 * ROUNDING or not np.isfinite(without).all():
        return None
    worst = int(np.argmin(without * np.sign(gain)))
    if without[worst] * np.sign(gain) > abs(gain) / 2:
        return None
    return (
        f"One return makes the result: without {iso(pair.dates[index[worst]])} (base {base[worst]:+.2%}, tuned "
        f"{tuned[worst]:+.2%}) the out-of-sample gain is {without[worst]:+.2f}, not {gain:+.2f}."
    )
