"""A checked pair goes in; what each policy solves with few and with many tries, in both spans, comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.exposure import exit_rows
from auditor.coverage.problems import Windows, windows
from auditor.coverage.tries import Tries, compare_tries
from auditor.coverage.tries_luck import BeyondLuck
from auditor.coverage.tries_verdict import TriesVerdict
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.calendar import DAY
from auditor.inputs.pair import Pair, Span
from auditor.stats.blocks import block_length

Counts = NDArray[np.int64]
Source = Literal["rollouts", "trades", "sessions"]

POINTS = 64
"""Numbers of tries at which a long curve is computed."""

MOST_CELLS = 20_000_000
"""Problems times tries, beyond which a picture of trades is not drawn: 10,000 trades on 2,000 instrument-months."""

REPS = 1_000
"""Resamples behind the band of a picture that decides nothing."""

LEAST_SESSIONS = 4
"""Sessions that every month needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One problem, as each policy and its placebo solve it.

    base_rate, tuned_rate        share of tries that solve it
    base_placebo, tuned_placebo  the same without timing
    base_p, tuned_p              binomial, one-sided: solved beyond luck
    new                          shown for tuned, and the base's own rate shown near its placebo
    """

    problem: str
    base_rate: float
    tuned_rate: float
    base_placebo: float
    tuned_placebo: float
    base_p: float
    tuned_p: float
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanBreadth:
    """What each policy solves in one span.

    beyond, verdict, problems   against the policies' placebos; None and empty where tries are trades or sessions
    base_tries, tuned_tries     fewest and most of any problem
    first, last                 names of the first and the last window
    """

    tries: Tries
    beyond: BeyondLuck | None
    verdict: TriesVerdict | None
    problems: tuple[Solved, ...]
    base_tries: tuple[int, int]
    tuned_tries: tuple[int, int]
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """Depth against breadth: pass@k of both policies, and what each solves at all.

    source       what a try is: a rollout, a trade, a session
    problem      what a problem is, in words
    descriptive  a picture and never a verdict: trades and sessions of one policy are no independent tries
    hurdle       profit above which a try solves its problem
    in_sample, out_of_sample   None, with the reason in `not_assessed`, where there are too few problems
    base_sharpes, tuned_sharpes  lowest, median and highest Sharpe ratio of a rollout, out of sample, annualised
    """

    source: Source
    problem: str
    descriptive: bool
    hurdle: float
    in_sample: SpanBreadth | None
    out_of_sample: SpanBreadth | None
    base_sharpes: tuple[float, float, float] | None = None
    tuned_sharpes: tuple[float, float, float] | None = None
    notes: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()


NOT_DRAWN = Breadth(
    source="sessions",
    problem="none",
    descriptive=True,
    hurdle=0.0,
    in_sample=None,
    out_of_sample=None,
    not_assessed=("Depth and breadth: only the label of this audit was wanted",),
)
"""Where an audit is one of many of which the label counts: with trades the picture takes half of an audit's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The windows of a calendar that lie wholly in one span.

    rows    calendar rows of the kept windows, in order
    first   (W,) place in `rows` of each window's first
    kept    (W,) which windows of the calendar they are
    labels  (W,)
    """

    rows: Counts
    first: Counts
    kept: Counts
    labels: tuple[str, ...]


def cut(found: Windows, span: Span) -> Cut:
    """Keep the windows of which every row is in the span, so that no problem is seen in sample and out of it."""
    inside = np.zeros(found.codes.size, dtype=np.bool_)
    inside[span.index] = True
    whole = np.logical_and.reduceat(inside, found.first)
    rows = np.flatnonzero(whole[found.codes]).astype(np.int64)
    kept = np.flatnonzero(whole).astype(np.int64)
    starts = np.flatnonzero(np.diff(found.codes[rows], prepend=-1)).astype(np.int64)
    return Cut(rows=rows, first=starts, kept=kept, labels=tuple(found.labels[at] for at in kept))


def breadth_of_trades(pair: Pair, desk: Desk, settings: Settings) -> Breadth:
    """Draw trades for tries: a problem is a month of an instrument, solved by a trade that exits in it with a profit.

    All trades of a policy are one pool from which k are drawn, so a curve tells how many of the instrument-months that
    either policy traded k trades of each would win in.
    """
    dates = pair.dates.as_unit("ns").asi8
    clock = bool((dates % DAY).any())
    names = sorted({*desk.base.instruments, *desk.tuned.instruments})
    code = {name: at for at, name in enumerate(names)}

    def measured(span: Span) -> SpanBreadth:
        months = _months(dates)
        cells = []
        for trades in (desk.base, desk.tuned):
            held = np.array([code[name] for name in trades.instruments], dtype=np.int64)[trades.instrument]
            cells.append(months.codes[exit_rows(trades, dates, clock=clock)] * len(names) + held)
        part = cut(months, span)
        inside = [np.isin(cell // len(names), part.kept) for cell in cells]
        traded = np.unique(np.concatenate([cell[mask] for cell, mask in zip(cells, inside, strict=True)]))
        tries = [int(mask.sum()) for mask in inside]
        if min(tries) < 2 or traded.size < 2:
            raise InputError(f"{min(tries)} trades in {traded.size} instrument-months are too few")
        if max(tries) * traded.size > MOST_CELLS:
            raise InputError(f"{max(tries):,} trades in {traded.size:,} instrument-months are too many")
        counts = [
            np.bincount(np.searchsorted(traded, cell[mask & (one.pnl > 0)]), minlength=traded.size).astype(np.int64)
            for cell, mask, one in zip(cells, inside, (desk.base, desk.tuned), strict=True)
        ]
        return _picture(counts, [np.full(traded.size, n) for n in tries], part.labels, settings)

    return _both(pair, measured, source="trades", problem="a month of an instrument, solved by a trade with a profit")


def breadth_of_sessions(pair: Pair, settings: Settings) -> Breadth:
    """Draw sessions for tries: a problem is a month, solved by a session (a day, of weekly data a week) with a profit.

    A month at the edge of the sample that is cut short is left out.
    """
    dates = pair.dates.as_unit("ns").asi8
    day = np.flatnonzero(np.diff(dates // DAY, prepend=-1)).astype(np.int64)
    profit = [np.add.reduceat(one, day) > 0 for one in (pair.base, pair.tuned)]

    def measured(span: Span) -> SpanBreadth:
        months = _months(dates)
        part = cut(months, span)
        whole = [at for at, window in enumerate(part.kept) if window not in months.incomplete]
        session = np.isin(months.codes[day], part.kept[whole])
        month = np.searchsorted(part.kept[whole], months.codes[day][session])
        n = np.bincount(month, minlength=len(whole)).astype(np.int64)
        if n.size < 2 or n.min() < LEAST_SESSIONS:
            few = "fewer than two whole months" if n.size < 2 else f"a month with {n.min()} session(s)"
            raise InputError(f"{few}; every month needs {LEAST_SESSIONS}")
        counts = [np.bincount(month[one[session]], minlength=n.size).astype(np.int64) for one in profit]
        return _picture(counts, [n, n], tuple(part.labels[at] for at in whole), settings)

    return _both(pair, measured, source="sessions", problem="a month, solved by a session with a profit")


def _months(dates: Counts) -> Windows:
    if np.datetime64(int(dates[0]), "ns").astype("datetime64[M]") == np.datetime64(int(dates[-1]), "ns").astype(
        "datetime64[M]"
    ):
        raise InputError("all dates lie in one month")
    return windows(dates, "month")


def grid(most: int) -> Counts:
    """Numbers of tries from 1 to `most`, all of them or about POINTS that lie evenly on a log scale; powers of two."""
    if most <= POINTS:
        return np.arange(1, most + 1)
    spread = np.rint(np.geomspace(1, most, POINTS)).astype(np.int64)
    return np.unique(np.concatenate([spread, 2 ** np.arange(most.bit_length())]))


def block_of_windows(base: Counts, tuned: Counts, base_tries: Counts, tuned_tries: Counts, per_window: int) -> int:
    """Problems in a block: whole windows, as many as the difference of rates and of what is solved asks for.

    base, tuned, .._tries  (W per_window,) window by window
    """
    rates = (tuned / tuned_tries - base / base_tries, (tuned > 0).astype(np.float64) - (base > 0))
    by_window = [one.reshape(-1, per_window).mean(axis=1) for one in rates]
    return per_window * block_length(*by_window, lengths=(by_window[0].size,))


def _picture(
    counts: Sequence[Counts], tries: Sequence[Counts], labels: tuple[str, ...], settings: Settings
) -> SpanBreadth:
    found = compare_tries(
        counts[0],
        counts[1],
        base_tries=tries[0],
        tuned_tries=tries[1],
        block=None,
        at=grid(int(min(tries[0].min(), tries[1].min()))),
        reps=REPS,
        seed=settings.seed,
        level=settings.level,
    )
    return SpanBreadth(
        tries=found,
        beyond=None,
        verdict=None,
        problems=(),
        base_tries=_range(tries[0]),
        tuned_tries=_range(tries[1]),
        first=labels[0],
        last=labels[-1],
    )


def _range(tries: Counts) -> tuple[int, int]:
    return int(tries.min()), int(tries.max())


def _both(pair: Pair, measured: Callable[[Span], SpanBreadth], *, source: Source, problem: str) -> Breadth:
    found: list[SpanBreadth | None] = []
    missing: tuple[str, ...] = ()
    for words, span in (("in sample", pair.in_sample), ("out of sample", pair.out_of_sample)):
        try:
            found.append(measured(span))
        except InputError as error:
            found.append(None)
            missing += (f"Depth and breadth of {source} {words}: {error}",)
    return Breadth(
        source=source,
        problem=problem,
        descriptive=True,
        hurdle=0.0,
        in_sample=found[0],
        out_of_sample=found[1],
        not_assessed=missing,
    )
