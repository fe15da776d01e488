"""A blotter and its covered shares go in; how much of what is new only makes the policy's own trades smaller comes out.

A short trade against one's own long one in the same instrument is a smaller long one. Policies whose positions are
written net never show it; a blotter does. Long and short quantities are held against each other stretch by stretch:
of what is new, so much faces the policy's own covered trades as these are large, and only that is no opportunity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.coverage import segments
from auditor.coverage.exposure import among
from auditor.coverage.valuation import fill_prices

if TYPE_CHECKING:
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]

MOSTLY = 0.5
"""Share beyond which new trades are the other side of the policy's own: of their time, or of those that face any which
begin or end at the very moment of one. Books at random in the base's instruments have 0.3 and 0.2 on simulated desks,
shorts written against one's own longs 1.0, or whatever their longer holding leaves of it, and 1.0."""


def facing(tuned: Trades, share: Array) -> tuple[segments.Grid, Array]:
    """Part of what is new on each side that faces the policy's own covered quantity: stretches, and (2, m) of 0 to 1.

    share  (n,) covered share of each trade's time; the first row is of short trades, the second of long ones
    """
    on = segments.grid(tuned.instrument, tuned.entry, tuned.exit)
    found = np.zeros((2, on.time.size))
    for side in (0, 1):
        own, other = ((tuned.side > 0) == bool(one) for one in (side, 1 - side))
        new = segments.held(on, own, tuned.quantity * (1 - share))
        covered = segments.held(on, other, tuned.quantity * share)
        size = np.maximum(np.abs(new), np.abs(covered)).max(initial=0.0)
        # What is left of sums that cancel is rounding, and no quantity.
        there = new > 1e-12 * size
        found[side, there] = np.clip(covered[there] / new[there], 0.0, 1.0)
    return on, found


def faced(tuned: Trades, share: Array, point_value: Mapping[str, float] | None = None) -> tuple[Array, Array | None]:
    """Share of each trade's time that faces the policy's own covered trades, in quantity, and its P&L over that.

    point_value  P&L of one unit of quantity over one unit of price, by instrument, where fills tell
    returns      (n,) from 0 to 1; (n,) by the policy's own fills, None where these do not tell

    Zero throughout where neither most of it does, nor most of the trades that do begin or end with one of them: a book
    of its own in the base's instruments faces some of the base's trades too, and is new all the same. Instruments in
    which nothing is covered do not count.
    """
    on, part = facing(tuned, share)
    held = np.maximum(tuned.exit - tuned.entry, 1)
    found = np.asarray(np.clip(_over(tuned, on, part, on.time) / held, 0.0, 1.0))
    new = (share < 1) & np.isin(tuned.instrument, tuned.instrument[share > 0])
    against = new & (found > 0)
    if not against.any() or max(found[new].mean(), _with_own(tuned, share)[against].mean()) <= MOSTLY:
        return np.zeros_like(found), np.zeros_like(found)
    if tuned.entry_price is None or tuned.exit_price is None or not point_value:
        return found, None
    clock = fill_prices(on, entry_price=tuned.entry_price, exit_price=tuned.exit_price, quantity=tuned.quantity)
    if clock is None:
        return found, None
    scale = segments.per_place(on, clock)
    worth = tuned.side * tuned.quantity * points(tuned, point_value) * scale[on.enters]
    return found, np.asarray(worth * _over(tuned, on, part, clock / scale))


def _with_own(tuned: Trades, share: Array) -> NDArray[np.bool_]:
    """Whether a trade begins, or ends, at the moment that a covered one of the other side in its instrument does."""
    place = tuned.instrument * 2 + (tuned.side > 0)
    other = tuned.instrument * 2 + (tuned.side < 0)
    covered = share > 0
    return np.logical_or(*(among((other, at), (place[covered], at[covered])) for at in (tuned.entry, tuned.exit)))


def points(trades: Trades, point_value: Mapping[str, float]) -> Array:
    """P&L of one unit of quantity over one unit of price, of each trade: (n,); one where it is not known."""
    return np.array([point_value.get(name, 1.0) for name in trades.instruments])[trades.instrument]


def _over(tuned: Trades, on: segments.Grid, part: Array, clock: segments.Clock) -> Array:
    """Moves of the clock over what each trade faces: (n,)."""
    step, found = segments.steps(clock), np.zeros(tuned.pnl.size)
    for side in (0, 1):
        mine = np.flatnonzero((tuned.side > 0) == bool(side))
        found[mine] = segments.met(on, mine, part[side] * step)
    return found
