"""A checked pair goes in; trades or sessions taken for tries, a picture that decides nothing, come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.breadth import Breadth, Source, SpanBreadth, cut
from auditor.config import Settings
from auditor.coverage.exits import exit_rows
from auditor.coverage.problems import Windows, windows
from auditor.coverage.tries import compare_tries
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.calendar import DAY
from auditor.inputs.pair import Pair, Span
from auditor.plural import several, verb

Counts = NDArray[np.int64]

POINTS = 64
"""Numbers of tries at which a long curve is computed."""

MOST_CELLS = 20_000_000
"""Problems times tries, beyond which a picture of trades is not drawn: 10,000 trades on 2,000 instrument-months."""

REPS = 1_000
"""Resamples behind the band of a picture that decides nothing."""

LEAST_SESSIONS = 4
"""Sessions that every month needs."""


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
            where = several(traded.size, "instrument-month")
            raise InputError(f"{several(min(tries), 'trade')} in {where} {verb(min(tries), 'are')} too few")
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
