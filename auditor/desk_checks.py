"""Both blotters go in; a refusal, or what leaves their audit in doubt, in sentences, comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.booking import Booked, entered_within
from auditor.coverage.exposure import among
from auditor.coverage.reconcile import REFUSED, WARNED, Reconciliation
from auditor.errors import InputError
from auditor.inputs.trades import Trades
from auditor.plural import several, verb

Integers = NDArray[np.int64]

CANCELLED, ONE_WAY, FACED, EARLY = 0.1, 0.8, 0.05, 0.05
"""Shares that are told: of the new trades, those that cancel another; of new time, that on one side and that which
faces the policy's own trades; of new P&L out of sample, that of trades entered before."""


def refuse_one_sided(base: Trades, tuned: Trades) -> None:
    """Refuse a blotter whose side was taken as long for want of a column, beside one that has shorts."""
    for one, other in ((base, tuned), (tuned, base)):
        if any("read as long" in text for text in one.warnings) and (other.side < 0).any():
            short = several(int((other.side < 0).sum()), "short one")
            raise InputError(
                f"{one.name}: no side column, so {_all(one.pnl.size)} would be long, and {other.name} has {short}. "
                "Add the column side (long or short), or signed quantities"
            )


def _all(count: int) -> str:
    return "its only trade" if count == 1 else f"all {count:,} trades"


def doubts_of(base: Trades, tuned: Trades, found: Booked, settings: Settings) -> tuple[str, ...]:
    """Say what leaves open whether the trades called new are new."""
    doubts: tuple[str, ...] = ()
    if settings.reconcile == "off":
        doubts += ("The trades were not held against the returns (--reconcile off): they may be of another backtest.",)
    new = found.share == 0
    shared = set(base.instruments) & set(tuned.instruments)
    if not shared:
        doubts += (
            f"No instrument is in both blotters (base has {base.instruments[0]!r}, tuned {tuned.instruments[0]!r}): "
            "the same one under two names counts as new.",
        )
    for tag in (one for one in settings.opportunity if one in base.tags and one in tuned.tags):
        of_base, of_tuned = np.unique(base.tags[tag]), np.unique(tuned.tags[tag])
        if not np.isin(of_tuned, of_base).any():
            doubts += (
                f"No value of {tag!r} is in both blotters (base has {str(of_base[0])!r}, tuned {str(of_tuned[0])!r}): "
                "the same one written in two ways counts as new.",
            )
    alike = among(_bets(tuned), _bets(base)) & new
    if new.sum() >= 10 and alike.sum() > new.sum() / 2:
        doubts += (
            f"{int(alike.sum())} of the {int(new.sum())} trades called new begin and end with a base trade of their "
            "side in another instrument: the same bet under another name counts as new.",
        )
    cancels = among(_bets(tuned, tuned.instrument), _bets(tuned, tuned.instrument, turned=True)) & new
    if cancels.sum() > CANCELLED * max(int(new.sum()), 1):
        doubts += (
            f"{int(cancels.sum())} of the {several(int(new.sum()), 'trade')} called new only "
            f"{verb(int(cancels.sum()), 'cancel')} another trade of the tuned policy: same instrument and times, other "
            "side. Give net positions.",
        )
    return doubts


def one_way(tuned: Trades, found: Booked) -> tuple[str, ...]:
    """Say that a market may carry the new part, where that is long or short nearly all of its time."""
    time = (tuned.exit - tuned.entry) * (1 - found.share)
    whole = float(time.sum())
    long = float(time[tuned.side > 0].sum()) / whole if whole else 0.5
    if 1 - ONE_WAY < long < ONE_WAY:
        return ()
    side, share = ("long", long) if long >= ONE_WAY else ("short", 1 - long)
    return (
        f"The new part is {side} for {share:.0%} of its time: what a market gave it counts as new until that market is "
        "among the known streams (--known).",
    )


def smaller_sizes(tuned: Trades, found: Booked) -> tuple[str, ...]:
    """Say how much of what the base did not hold only makes the tuned policy's own trades smaller."""
    time = np.maximum(tuned.exit - tuned.entry, 1) * (1 - found.share)
    part = float((time * found.faced).sum()) / float(time.sum()) if time.any() else 0.0
    if part < FACED:
        return ()
    return (
        f"For {part:.0%} of the time that the base did not hold, the tuned policy itself holds the other side of the "
        "same instrument: net, that is a smaller size, and counts as covered. Net positions would say the same.",
    )


def entered_before(found: Booked, index: Integers) -> tuple[str, ...]:
    """Say what was booked out of sample and does not count as new there, since it was entered before."""
    late = np.isin(found.row, index) & ~entered_within(found, index) & (found.fresh != 0)
    whole = float(np.abs(found.fresh[np.isin(found.row, index)]).sum())
    if not late.any() or float(np.abs(found.fresh[late]).sum()) < EARLY * whole:
        return ()
    count = int(late.sum())
    return (
        f"{several(count, 'trade')} that {verb(count, 'leave')} what the base held {verb(count, 'exit')} out of sample "
        f"and {verb(count, 'were')} entered before ({float(found.fresh[late].sum()):+.1%}): what they earned until "
        "then was seen by the tuning, so none of it counts as new.",
    )


def _bets(trades: Trades, *others: Integers, turned: bool = False) -> tuple[Integers, ...]:
    """Columns of the side, entry and exit of each trade, and of others, such as its instrument."""
    return (-trades.side if turned else trades.side).astype(np.int64), trades.entry, trades.exit, *others


def judge_gap(trades: Trades, found: Reconciliation, capital: float | None) -> tuple[str, ...]:
    """Warn of a blotter that differs from its returns by over 1 %, refuse one by over 10 %."""
    if found.gap <= WARNED:
        return ()
    gap = f"a gap of {found.gap:.1%} of the returns' moves by year" if found.gap < 10 else "not in the same unit"
    told = (
        f"{trades.name}: the trades add up to {found.pnl:+.4g} and the {found.role} returns to {found.returned:+.4g}, "
        f"{gap}"
    )
    if found.gap <= REFUSED:
        return (f"{told}.",)
    if capital is not None and found.pnl * found.returned > 0:
        told += (
            f"; the returns imply a capital of about {capital * found.pnl / found.returned:,.0f}, not {capital:,.0f}"
        )
    fix = (
        "If P&L is in currency, pass --capital, the capital that the returns are on"
        if trades.unit == "currency"
        else "Give the trades of the same backtest and dates"
    )
    raise InputError(
        f"{told}. {fix}; if position sizes grow with the account, --compounding; if fees are not in the P&L, "
        "--pnl gross; to audit all the same, --reconcile off"
    )
