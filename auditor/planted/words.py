"""What was counted comes in; the sentences that say it, how it was made and what to mind go out."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.config import GAIN_LEVEL_WHERE_TOLD
from auditor.coverage.direction import DAILY
from auditor.planted.audited import Ground
from auditor.planted.catalogue import BOOK_RISK
from auditor.planted.power import Rates, SmallestBook
from auditor.report.planted import limits, percent, settles
from auditor.verdict.checks import Evidence


def verdict_of(worst: Rates, smallest: SmallestBook) -> str:
    """Say the false new-edge rate and the smallest book in two sentences."""
    rate = worst.new_edge
    false = (
        f"On data like yours a null is called new edge in at most {percent(rate.share, rate.ci)} of worlds "
        f"({worst.overlay.name})"
        if rate.count
        else f"On data like yours no null was called new edge in any of {worst.worlds} worlds"
    )
    hundred = f"{smallest.power * 100:.0f} of 100"
    if smallest.sharpe is None:
        return f"{false}; the Sharpe ratio that a new book needs to be proven in {hundred} is {smallest.reason}."
    needed = f"{smallest.sharpe:.1f} {limits(smallest.ci, smallest.smallest, smallest.largest)}"
    return f"{false}; a new book needs a Sharpe ratio of {needed} to be proven in {hundred}."


def notes_of(ground: Ground, *, rated: bool) -> tuple[str, ...]:
    """Say how the worlds were made.

    rated  whether a cash rate was given
    """
    drawn = "periods" if ground.blotter is None else "trades, each by the period of its exit,"
    found = [
        f"A world is your calendar and split with another history: your base's {drawn} resampled in blocks of "
        f"{ground.field.block} periods on average. What the base truly earns is what it earned.",
        f"A new book is another such history, its mean taken off and the planted one given, at {BOOK_RISK:g} of the "
        "base's risk: as wild as the base, and uncorrelated with it.",
    ]
    if ground.blotter is None:
        found.append(
            "Returns do not tell a base's setups or risks apart: where one is dropped or hedged, the base is two "
            "independent resamples that together have its mean and variance."
        )
        if ground.settings.gain_level is None and ground.pair.frequency.name in DAILY:
            found.append(
                f"The gain is held against {GAIN_LEVEL_WHERE_TOLD:g} where daily returns show the base inside the "
                "tuned policy, as in any audit."
            )
        return tuple(found)
    found.append(
        "Returns in a world are the P&L of its trades, booked at their exits. New books and lucky new trades are in "
        "instruments that the base never holds, pointless ones in its own at other times. A world has no price path, "
        "so time that both policies hold is valued by its share of the trade."
    )
    if rated:
        found.append("The cash rate is not taken off in the worlds, whose P&L is that of the trades alone.")
    return tuple(found)


def warnings_of(nulls: Sequence[Rates], edges: Sequence[Rates], evidence: Evidence, level: float) -> tuple[str, ...]:
    """Say which limits are not held here, and what was refused."""
    found = []
    for one in nulls:
        if one.over:
            edge = one.new_edge
            share = {0: "none", edge.count: "all"}.get(one.presumed, f"{one.presumed} of {edge.count}")
            found.append(
                f"{one.overlay.name}: called new edge in {percent(edge.share, edge.ci)} of worlds, above the level of "
                f"{level:.0%} by more than two errors; {share} of these calls are presumed, not shown."
            )
    over = bool(found)
    if over:
        found.append(
            "One null in forty whose true rate is the level passes it by two errors by chance: more --worlds tell."
        )
    widest = max(nulls, key=lambda one: one.new_edge.ci[1])
    if not over and not settles((one.new_edge.ci for one in nulls), level):
        found.append(
            f"{widest.worlds} worlds tell little: {widest.overlay.name} may truly be called new edge in up to "
            f"{widest.new_edge.ci[1]:.0%} of worlds. More --worlds tell."
        )
    if over and evidence == "trades":
        found.append(
            "Trades that overlap share price moves and book them days apart, which the tests of the new part see in "
            "part only: read a p near the level with care."
        )
    if over and evidence != "trades":
        found.append(
            "From returns alone, thin tails and steady exposure can hide that the tuned policy is a part of the base: "
            "a label of new edge on this base needs trades (--base-trades) to be believed."
        )
    for one in (*nulls, *edges):
        refused = one.called["refused"].count
        if refused:
            found.append(
                f"{one.overlay.name}: {refused} of {one.worlds} audits were refused, and count as not new edge "
                f"(the first: {one.refusal})."
            )
    return tuple(found)
