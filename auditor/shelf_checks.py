"""Both policies' positions go in; what leaves their audit in doubt, in sentences, comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings

Array = NDArray[np.float64]

SAME = 0.999
"""Correlation of two instruments' returns from which they are one instrument under two names."""


def doubts_of_positions(
    names: tuple[str, ...], base: Array, tuned: Array, returns: Array, settings: Settings
) -> tuple[str, ...]:
    """Say what leaves open whether the positions called new are new.

    base, tuned, returns  (T, k) weights held and returns of the instruments `names`
    """
    doubts: tuple[str, ...] = ()
    if settings.reconcile == "off":
        doubts += (
            "The positions were not held against the returns (--reconcile off): they may be of another backtest.",
        )
    ours, theirs = ((np.abs(one) > 0).any(axis=0) for one in (base, tuned))
    if not (ours & theirs).any():
        first, other = (names[int(np.argmax(held))] for held in (ours, theirs))
        doubts += (
            f"No instrument is held by both policies (base has {first!r}, tuned {other!r}): the same one under two "
            "names counts as new.",
        )
    for i in np.flatnonzero(theirs & ~ours):
        for j in np.flatnonzero(ours):
            if _same(returns[:, i], returns[:, j]):
                doubts += (
                    f"{names[i]!r}, which the base never holds, moves as {names[j]!r} does, which it holds: the same "
                    "instrument under another name counts as new.",
                )
                return doubts
    return doubts


def _same(one: Array, other: Array) -> bool:
    there = (one != 0) | (other != 0)
    if there.sum() < 3 or np.ptp(one[there]) == 0 or np.ptp(other[there]) == 0:
        return False
    return bool(np.corrcoef(one[there], other[there])[0, 1] > SAME)
