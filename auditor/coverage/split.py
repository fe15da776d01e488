"""One span of the tuned policy's P&L as covered + new: what every coverage gives, and what the label reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Covered and new over one span.

    covered, new  (n,) P&L per period; their sum is the tuned policy's, as it was booked
    names         what was held against it: streams, or the key of an opportunity
    r_squared     squared correlation of covered and their sum
    parameters    coefficients estimated to find them, at least 1; the tests of `new` pay for them
    error_factor  what that estimation adds to the error of new's mean: sqrt(1 + m' S^-1 m) for the streams' means m
                  and covariance S; Gibbons, Ross & Shanken (1989), equation 4. One where nothing was estimated
    booked        P&L is booked at the exits of trades, not marked each period
    nothing_new   why there is no new part, in words; None where there is one
    by_time       P&L is split by shares of time although fills tell too, since these would say more of new
    """

    covered: Array
    new: Array
    names: tuple[str, ...]
    r_squared: float
    parameters: int
    error_factor: float
    nothing_new: str | None
    booked: bool = False
    by_time: bool = False


def all_covered(total: Array, names: tuple[str, ...], reason: str) -> Split:
    """A span whose P&L is all covered."""
    return Split(
        covered=total,
        new=np.zeros_like(total),
        names=names,
        r_squared=1.0,
        parameters=1,
        error_factor=1.0,
        nothing_new=reason,
    )
