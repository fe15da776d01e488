"""Two blotters go in; the tuned P&L that the base held too, and the new, booked on the calendar of exits, come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.exits import booked, exit_rows
from auditor.coverage.exposure import among, covered_share, exposure, opportunity_codes, widened
from auditor.coverage.lines import FEES, RESIZED, REVERSED, UNEXPLAINED
from auditor.coverage.netting import faced
from auditor.coverage.split import Split, all_covered

if TYPE_CHECKING:
    from auditor.coverage.attribution import TradeAttribution
    from auditor.inputs.trades import Trades

Array = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The tuned policy's P&L as covered + new, booked on the calendar row of each exit.

    covered, new  (T,) sums per period, in the unit of the blotter
    blind         the base comes and goes on price, and no prices tell what was earned while it held
    share         (n,) covered share of each tuned trade's holding time
    faced         (n,) share of its time in which it only makes the policy's own covered trades smaller
    row           (n,) calendar row of its exit; entry_row  (n,) the last one not after its entry, -1 before the first
    fresh         (n,) new part of its P&L
    key           what an opportunity is
    by_time       the same with P&L split by shares of time alone, where stretches were valued at fills; None where
                  both are the same. timed  whether this is that other one
    """

    covered: Array
    new: Array
    blind: bool
    share: Array
    faced: Array
    row: Times
    entry_row: Times
    fresh: Array
    key: tuple[str, ...]
    by_time: Booked | None = None
    timed: bool = False


def book(
    base: Trades,
    tuned: Trades,
    dates: Times,
    *,
    clock: bool,
    key: Sequence[str],
    tolerance: int = 0,
    valued: Array | None = None,
    point_value: Mapping[str, float] | None = None,
) -> Booked:
    """Split the tuned policy's P&L into covered and new by the time that the base held the same opportunity.

    dates      (T,) ascending nanoseconds of the returns
    tolerance  periods by which the base's holding times are lengthened at both ends
    valued     (n,) P&L of each tuned trade over the very stretches that the base held too, where prices tell; without
               them a trade's P&L is split by its covered share of time
    point_value  P&L of one unit of quantity over one unit of price, by instrument, where fills tell

    Both parts are booked at the exit. By share of time alone, a base that enters on price takes a part of the losses
    that made it enter: a worthless calendar overlay on a dip-buying base passed as a new part that earns in two thirds
    of simulated worlds. Stretches valued at the base's own fills do not have that bias, but what the base pays at them
    (slippage, spread) is then earned by whoever holds through: an overlay that trades less passed as new in all of 40
    worlds with 10 bp a fill. So where fills tell, both readings are kept, and the rule reads the one that says less of
    new. Without prices, P&L shows whether the base comes and goes on price; if so, the new part cannot be told.
    """
    of_base, of_tuned = opportunity_codes(base, tuned, key)
    plain = covered_share(exposure(of_base, base.entry, base.exit), of_tuned, tuned.entry, tuned.exit)
    share = plain
    if tolerance:
        held = exposure(of_base, *widened(base.entry, base.exit, dates, tolerance))
        share = covered_share(held, of_tuned, tuned.entry, tuned.exit)
    covered = tuned.pnl * plain if valued is None else valued
    # What the tolerance adds to the time adds to the P&L in proportion to the time that was left.
    more = np.divide(share - plain, 1 - plain, out=np.zeros_like(plain), where=plain < 1)
    covered = covered + more * (tuned.pnl - covered)
    row = exit_rows(tuned, dates, clock=clock)
    blind = False
    if valued is None:
        held = exposure(of_base, *widened(base.entry, np.maximum(base.entry, base.exit - 1), dates, tolerance))
        begun = covered_share(held, of_tuned, tuned.entry, tuned.entry)
        # The base's own trades in the tuned book say nothing of when the base joins others, and have their own mean.
        other = np.flatnonzero(~among((of_tuned, tuned.entry, tuned.exit), (of_base, base.entry, base.exit)))
        blind = moves_on_price(tuned.pnl[other], (tuned.exit - tuned.entry)[other], share[other], begun[other] > 0)
    # Where the side is no part of the opportunity, the other side of a covered trade is covered as well.
    faces, against = faced(tuned, share, point_value) if "side" in key else (np.zeros_like(share), np.zeros_like(share))
    by_time: Array = np.asarray(tuned.pnl * (1 - share) * (1 - faces))
    fresh: Array
    second: Array | None = None
    if valued is None:
        # Of a base trade that is held longer nothing tells when it earned, and an edge seldom lasts.
        fresh = np.where(_shares_moment(of_base, base, of_tuned, tuned) & (share > 0), 0.0, by_time)
    else:
        fresh = np.where(share == 1, 0.0, tuned.pnl - covered)
        fresh = np.where(faces == 1, 0.0, fresh * (1 - faces) if against is None else fresh - (1 - share) * against)
        if float(np.abs(fresh - by_time).sum()) > 1e-9 * float(np.abs(tuned.pnl).sum()):
            second = by_time
    new = booked(fresh, row, dates.size)
    found = Booked(
        covered=booked(tuned.pnl - fresh, row, dates.size),
        new=new,
        blind=blind,
        share=share,
        faced=faces,
        row=row,
        entry_row=np.searchsorted(dates, tuned.entry, side="right") - 1,
        fresh=fresh,
        key=tuple(key),
    )
    if second is None:
        return found
    new = booked(second, row, dates.size)
    timed = replace(found, covered=found.covered + found.new - new, new=new, fresh=second, timed=True)
    return replace(found, by_time=timed)


def pnl_beside_base(found: TradeAttribution, base: Trades, tuned: Trades) -> Array | None:
    """P&L of each tuned trade over the stretches in which the base held the same opportunity: (n,); None by time.

    Fees, and what prices do not explain, go by the covered share of time; so does all P&L of a trade whose opportunity
    the base held in other instruments only, which its own prices do not tell.
    """
    if found.basis == "time":
        return None
    share = _share(base, tuned, found.opportunity)
    parts = found.tuned_parts
    together, rest = parts[:, RESIZED], parts[:, UNEXPLAINED] + parts[:, FEES]
    if "side" not in found.opportunity:
        together = together + parts[:, REVERSED]
    if "instrument" not in found.opportunity:
        here = _share(base, tuned, (*found.opportunity, "instrument")) > 0
        together, rest = np.where(here, together, 0.0), np.where(here, rest, together + rest)
    return np.asarray(together + share * rest)


def _share(base: Trades, tuned: Trades, key: Sequence[str]) -> Array:
    """Share of each tuned trade's time in which the base held the same opportunity: (n,)."""
    of_base, of_tuned = opportunity_codes(base, tuned, key)
    return covered_share(exposure(of_base, base.entry, base.exit), of_tuned, tuned.entry, tuned.exit)


def sizes(trades: Trades) -> Array:
    """Notional of each trade where prices are known, else its quantity."""
    return trades.quantity * (1.0 if trades.entry_price is None else trades.entry_price)


SELECTED = 2.326
"""t beyond which trades that the base joins earn less than chance, or those it leaves more: 1 %, one-sided each."""


def moves_on_price(pnl: Array, time: Times, share: Array, begun: NDArray[np.bool_]) -> bool:
    """Whether the base joins tuned trades that have lost, or leaves those that have gained.

    pnl, time, share  (n,) of the tuned trades;  begun  (n,) whether the base held the opportunity at their entry

    Welch's t on P&L per time: trades joined midway against those never joined, and trades left midway against
    those held to the end. Fewer than ten of the former weigh little; fewer than ten to compare with cannot clear it.
    """
    rate = pnl / np.maximum(time, 1)
    joined = _welch(-rate[~begun & (share > 0)], -rate[~begun & (share == 0)])
    left = _welch(rate[begun & (share < 1)], rate[begun & (share == 1)])
    return joined > SELECTED or left > SELECTED


def _shares_moment(of_base: Times, base: Trades, of_tuned: Times, tuned: Trades) -> NDArray[np.bool_]:
    """Whether a tuned trade begins, or ends, at the very moment that a base trade of its opportunity does: (n,)."""
    return np.logical_or(
        *(
            among((of_tuned, ours), (of_base, theirs))
            for ours, theirs in ((tuned.entry, base.entry), (tuned.exit, base.exit))
        )
    )


def _welch(one: Array, other: Array) -> float:
    if one.size < 10:
        return 0.0
    if other.size < 10:
        return np.inf
    error = np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
    return float((one.mean() - other.mean()) / error) if error > 0 else 0.0


NO_TRADE_LEAVES = "no trade that exits in this span leaves what the base held"
SMALLER = "what leaves it is the other side of what the tuned policy itself holds: a smaller size, net"
BEFORE = "every trade that leaves what the base held was entered before this span began"


def entered_within(found: Booked, index: Times) -> NDArray[np.bool_]:
    """Whether each trade that exits in a span was entered in the same window of it: (n,); False for all others.

    index  (n,) calendar rows of the span, windows one after the other. A trade entered at the last date before a window
           earns in it alone
    """
    if not index.size:
        return np.zeros(found.row.size, dtype=np.bool_)
    starts = index[np.flatnonzero(np.diff(index, prepend=-2) != 1)]
    window = np.maximum(np.searchsorted(starts, found.row, side="right") - 1, 0)
    return np.isin(found.row, index) & (found.entry_row >= starts[window] - 1)


def cover_from_trades(found: Booked, index: Times) -> Split:
    """Covered and new over one span, exact from trades.

    index  (n,) calendar rows of the span

    What a trade earned before the span began is booked in it all the same, at its exit. Positions that had won when the
    span began, chosen for it, passed as a new part that earns in 62 to 100 % of simulated worlds; so what was entered
    before a span is no evidence of new edge in it, and counts as covered.
    """
    total = found.covered[index] + found.new[index]
    new = booked(np.where(entered_within(found, index), found.fresh, 0.0), found.row, found.new.size)[index]
    covered = total - new
    if not new.any():
        there = np.isin(found.row, index)
        early = bool(found.fresh[there].any())
        faces = bool((found.faced[there] * (1 - found.share[there])).any())
        return all_covered(total, found.key, BEFORE if early else SMALLER if faces else NO_TRADE_LEAVES)
    if found.blind:
        return all_covered(
            covered + new,
            found.key,
            "none that the trades tell, since the base comes and goes on price moves and there are no prices",
        )
    return Split(
        covered=covered,
        new=new,
        names=found.key,
        r_squared=float(np.corrcoef(covered, total)[0, 1] ** 2) if covered.std() > 0 and total.std() > 0 else 0.0,
        parameters=1,
        error_factor=1.0,
        nothing_new=None,
        booked=True,
        by_time=found.timed,
    )
