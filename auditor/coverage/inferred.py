"""Both policies' returns and the base's streams go in; the tuned policy's covered and new part, inferred, come out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.accruals import accrued, sized
from auditor.coverage.moved import Moved, moved
from auditor.coverage.split import Split, all_covered
from auditor.coverage.streams import COLLINEAR, Streams, pure_sizing, split

Array = NDArray[np.float64]

SLOW = 4.0
"""t of the base's mean of a quarter beside all other streams, from which tuned is marked slowly: one in 30,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What the whole sample tells of a tuned policy before any span is looked at.

    tuned    (T,) its returns
    steady   (T,) what it earns steadily while the base holds nothing, zero elsewhere
    sized    why every return is the base's, resized; None where it is not
    moved    how far its returns are the base's on other dates; None where they are not
    slow     periods of the base's mean that it follows, as slow marks do; None where it does not
    streams  what counts as covered, that mean among them where it is followed
    """

    tuned: Array
    steady: Array
    sized: str | None
    moved: Moved | None
    slow: int | None
    streams: Streams


def whole_sample(
    base: Array, tuned: Array, streams: Streams, periods_per_year: float, cash: Array | float = 0.0
) -> Whole:
    """Look at the whole sample: nothing here is a mean, so that tuning does not bias it.

    base, tuned  (T,) in excess of cash; streams the same
    cash         (T,) per-period rate that was taken off: a base that holds nothing earns its negative
    """
    steady = accrued(base, tuned, base + cash == 0)
    rest = tuned - steady
    reason = None
    if sized(base, rest):
        reason = "every return is the base's, resized"
        if not pure_sizing(base, tuned):
            reason += ", but for what costs, fees or interest on cash leave"
    late = moved(base, tuned)
    slow = None
    if late is None and slowly_marked(base, rest, streams, periods_per_year):
        mean, slow = quarter_mean(base, periods_per_year)
        at = len(streams.names) - streams.known
        streams = Streams(
            names=(*streams.names[:at], f"base, mean of {slow}", *streams.names[at:]),
            values=np.insert(streams.values, at, mean, axis=1),
            known=streams.known,
        )
    return Whole(tuned=tuned, steady=steady, sized=reason, moved=late, slow=slow, streams=streams)


def cover_from_returns(whole: Whole, index: NDArray[np.int64], periods_per_year: float) -> Split:
    """Covered and new over one span, inferred from returns: (n,) rows of the span."""
    streams = whole.streams
    if whole.sized is not None:
        return all_covered(whole.tuned[index], streams.names, whole.sized)
    if whole.moved is not None:
        return all_covered(whole.tuned[index], streams.names, f"its returns are {whole.moved}")
    inside = Streams(names=streams.names, values=streams.values[index], known=streams.known)
    found = split((whole.tuned - whole.steady)[index], inside, periods_per_year)
    return replace(found, covered=found.covered + whole.steady[index]) if whole.steady.any() else found


def quarter_mean(base: Array, periods_per_year: float) -> tuple[Array, int]:
    """Mean of the base over the last quarter of a year, this period among it: (T,) to (T,), and its periods."""
    quarter = max(3, round(periods_per_year / 4))
    total = np.concatenate([[0.0], np.cumsum(base)])
    end = np.arange(1, base.size + 1)
    return (total[end] - total[np.maximum(end - quarter, 0)]) / quarter, quarter


def slowly_marked(base: Array, tuned: Array, streams: Streams, periods_per_year: float) -> bool:
    """Whether tuned follows the base's mean of a quarter, as positions do that are marked by models or late.

    Smoothing of a day or two is among the streams. That over a quarter passed for new edge in 15 to 35 % of simulated
    worlds; the mean itself among the streams always would take a seventh of the power, so it is only where it shows.
    """
    mean = quarter_mean(base, periods_per_year)[0]
    others = np.column_stack([streams.values, np.ones(base.size)])
    # What is left of both after the other columns gives the mean's coefficient (Frisch & Waugh 1933).
    both = np.column_stack([mean, tuned])
    own, rest = (both - others @ np.linalg.lstsq(others, both, rcond=None)[0]).T
    freedom, size = base.size - others.shape[1] - 1, float(own @ own)
    if size <= COLLINEAR * float(mean @ mean):
        return False
    slope = float(own @ rest) / size
    noise = float(((rest - slope * own) ** 2).sum())
    # Without noise nothing is left to tell the mean from: so too where there are as many columns as periods.
    return noise > COLLINEAR * float(tuned @ tuned) and slope > SLOW * math.sqrt(noise / freedom / size)
