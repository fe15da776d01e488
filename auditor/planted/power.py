"""How often each overlay was called what comes in; shares with their errors, and the smallest book found, come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from auditor.planted.audited import Called, Outcome
from auditor.planted.catalogue import FURTHER, LEAST, Overlay

Array = NDArray[np.float64]

CALLS: tuple[Called, ...] = ("new_edge", "efficiency", "flattering", "unproven", "no_gain", "refused")

CONFIDENCE = 0.95
"""Of every interval."""

POWER = 0.8
"""Share of worlds in which the smallest provable book is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of the worlds. se: its standard error; ci: 95 % interval; Wilson (1927)."""

    count: int
    share: float
    se: float
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What the audit called one overlay in all worlds.

    called    share of each finding, and of worlds that the audit refused
    presumed  how many of the calls of new edge were presumed, not shown
    refusal   the first thing refused; None where nothing was
    over      called new edge more often than the level allows, by more than two errors; None for an edge
    """

    overlay: Overlay
    worlds: int
    called: Mapping[Called, Share]
    presumed: int
    refusal: str | None
    over: bool | None

    @property
    def new_edge(self) -> Share:
        """Share of worlds in which it was called new edge: the false rate of a null, the power for an edge."""
        return self.called["new_edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallestBook:
    """The smallest new book, by its true Sharpe ratio a year, that is called new edge with `power`.

    sharpe   None where none of those tried has it, and where all have
    ci       from the curves through the ends of the powers' intervals; None where a curve does not reach it
    largest, smallest  Sharpe ratios tried
    """

    power: float
    sharpe: float | None
    ci: tuple[float | None, float | None]
    smallest: float
    largest: float
    reason: str | None


def share_of(count: int, worlds: int) -> Share:
    """A count of worlds as a share, with errors that are not zero where none or all were."""
    from scipy.stats import binomtest

    found = binomtest(count, worlds).proportion_ci(CONFIDENCE, method="wilson")
    # Half of Wilson's interval in units of the normal's: at none of 200 worlds the plain error would be zero.
    se = (found.high - found.low) / 2 / float(ndtri((1 + CONFIDENCE) / 2))
    return Share(count=count, share=count / worlds, se=float(se), ci=(float(found.low), float(found.high)))


def rates_of(overlay: Overlay, outcomes: Sequence[Outcome], level: float) -> Rates:
    """Count what one overlay was called.

    level  that calls of new edge on nulls are held to
    """
    worlds = len(outcomes)
    calls = [one.called for one in outcomes]
    called = {call: share_of(calls.count(call), worlds) for call in CALLS}
    most = level + 2 * float(np.sqrt(level * (1 - level) / worlds))
    return Rates(
        overlay=overlay,
        worlds=worlds,
        called=called,
        presumed=sum(one.called == "new_edge" and one.standing == "presumed" for one in outcomes),
        refusal=next((one.why for one in outcomes if one.why is not None), None),
        over=None if overlay.sharpe is not None else called["new_edge"].share > most,
    )


def next_sharpe(edges: Sequence[Rates]) -> float | None:
    """The Sharpe ratio to plant next, so that powers on both sides of POWER are known; None where they are.

    edges  those planted so far, by rising Sharpe ratio
    """
    sharpes, shares = _curve(edges)
    if shares[0] >= POWER:
        return LEAST if sharpes[0] > LEAST else None
    if shares.max() >= POWER:
        return None
    return next((one for one in FURTHER if one > sharpes[-1]), None)


def smallest_book(edges: Sequence[Rates]) -> SmallestBook:
    """Where the power reaches POWER, between the Sharpe ratios planted.

    edges  by rising Sharpe ratio
    """
    sharpes, shares = _curve(edges)
    low, high = (np.array([one.new_edge.ci[end] for one in edges]) for end in (0, 1))
    found = crossing(sharpes, shares)
    reason = None
    if found is None:
        at = "at most" if shares[0] >= POWER else "more than"
        edge = sharpes[0] if shares[0] >= POWER else sharpes[-1]
        reason = f"{at} {edge:g}, beyond which none was tried"
    return SmallestBook(
        power=POWER,
        sharpe=found,
        ci=(crossing(sharpes, high), crossing(sharpes, low)),
        smallest=float(sharpes[0]),
        largest=float(sharpes[-1]),
        reason=reason,
    )


def crossing(sharpes: Array, shares: Array) -> float | None:
    """Where a power curve first reaches POWER; None where it begins above or ends below it.

    Straight lines between the points on the normal scale, on which power rises nearly straight, through the running
    maximum, since power does not fall with the Sharpe ratio.
    """
    rising = np.maximum.accumulate(shares)
    if rising[0] >= POWER or rising[-1] < POWER:
        return None
    after = int(np.argmax(rising >= POWER))
    low, high = ndtri(np.clip(rising[after - 1 : after + 1], 1e-4, 1 - 1e-4))
    part = (float(ndtri(POWER)) - low) / (high - low)
    return float(sharpes[after - 1] + part * (sharpes[after] - sharpes[after - 1]))


def _curve(edges: Sequence[Rates]) -> tuple[Array, Array]:
    sharpes = np.array([one.overlay.sharpe for one in edges], dtype=np.float64)
    return sharpes, np.array([one.new_edge.share for one in edges])
