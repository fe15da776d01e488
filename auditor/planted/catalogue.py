"""What can be planted, and what is true of it: names of overlays go in, their truth comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Truth = Literal["none", "new edge"]

FILTERS, BOOKS = 200, 50
"""How many filters and timings, and how many new books, a lucky one is the best of in sample."""

BOOK_RISK = 0.8
"""Risk of a planted book over that of the base, as of the simulated desks behind the docs' tables."""

KEPT_EARNS = 0.8
"""Share of the base's return in the half of its setups that is kept when the other is dropped."""

HEDGED_RISK, HEDGE = 0.3, 0.9
"""Share of the base's variance that is an unpriced risk, and how much of it the hedge takes off."""

FRESH = 0.6
"""Weight of the period's own return in a smoothed one; the rest is of the period before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """One overlay of known truth.

    name    a stable key
    what    what the tuned policy does to the base, in words
    truth   whether there is edge in it that the base did not have
    sharpe  of a new book: what it truly earns a year over its risk; None for nulls
    """

    name: str
    what: str
    truth: Truth
    sharpe: float | None = None


NULLS = (
    Overlay(name="levered", what="the base times 1.5", truth="none"),
    Overlay(name="volatility-managed", what="the base over its recent volatility", truth="none"),
    Overlay(name="resized", what="the base in random sizes, 0.5 to 1.5", truth="none"),
    Overlay(name="smoothed", what="0.6 of each return now, 0.4 one period late", truth="none"),
    Overlay(name="dropped setups", what="the better half of the base, which truly earns more", truth="none"),
    Overlay(name="lucky filter", what=f"a random 70 %, the best in sample of {FILTERS}", truth="none"),
    Overlay(name="lucky timing", what=f"months on or off at random, the best in sample of {FILTERS}", truth="none"),
    Overlay(name="pointless new trades", what="a book beside the base that earns nothing", truth="none"),
    Overlay(name="lucky new trades", what=f"the best in sample of {BOOKS} such books", truth="none"),
    Overlay(name="hedged", what="the base less a risk of its own that earns nothing", truth="none"),
)

SHARPES = (0.5, 1.0, 1.5)
"""Sharpe ratios of the new books that are planted in any case."""

FURTHER = (2.0, 2.5, 3.0, 4.0)
"""Those tried in turn until the power wanted is reached."""

LEAST = 0.25
"""The one tried where the smallest of SHARPES has it already."""


def new_book(sharpe: float) -> Overlay:
    """The overlay that adds a new book of this true Sharpe ratio a year."""
    return Overlay(
        name=f"new book, Sharpe {sharpe:g}",
        what=f"a book beside the base, of true Sharpe ratio {sharpe:g}",
        truth="new edge",
        sharpe=sharpe,
    )
