"""What each policy solves with few and with many tries, as it is told; whole windows of a span come in and go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.problems import Windows
from auditor.coverage.tries import Tries
from auditor.coverage.tries_luck import BeyondLuck
from auditor.coverage.tries_verdict import TriesVerdict
from auditor.inputs.pair import Span
from auditor.stats.blocks import block_length

Counts = NDArray[np.int64]
Source = Literal["rollouts", "trades", "sessions"]


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


def block_of_windows(base: Counts, tuned: Counts, base_tries: Counts, tuned_tries: Counts, per_window: int) -> int:
    """Problems in a block: whole windows, as many as the difference of rates and of what is solved asks for.

    base, tuned, .._tries  (W per_window,) window by window
    """
    rates = (tuned / tuned_tries - base / base_tries, (tuned > 0).astype(np.float64) - (base > 0))
    by_window = [one.reshape(-1, per_window).mean(axis=1) for one in rates]
    return per_window * block_length(*by_window, lengths=(by_window[0].size,))
