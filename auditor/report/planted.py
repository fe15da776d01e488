"""How often an audit is wrong on data like the user's goes in; its rows and sentences come out, for every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.report.rated import Calibrated, PlantedRate
    from auditor.result import Audit

TITLE = "How often this audit is wrong on data like yours"
NULLS, EDGES = "no new edge is planted", "a new book is planted"
HEADER = ("called new edge", "95% interval")

SETTLED = 2.0
"""Times the level that the true rate of a null may be, by its interval, for the level to be called held."""


def settles(ends_of: Iterable[tuple[float, float]], level: float) -> bool:
    """Whether there were worlds enough: no interval of a null's rate ends above twice the level."""
    return all(high <= SETTLED * level for _, high in ends_of)


def unsettled(told: Calibrated) -> str | None:
    """Say what so few worlds leave open; None where the level is not held, or is settled."""
    if not told.held or settles((one.ci for one in told.nulls), told.level):
        return None
    widest = max(told.nulls, key=lambda one: one.ci[1])
    return (
        f"{told.worlds:,} worlds do not settle whether the level of {told.level:g} is held: {widest.name} may truly be "
        f"called new edge in up to {widest.ci[1]:.0%} of worlds. Calibrate with more --worlds."
    )


def percent(share: float, ci: tuple[float, float]) -> str:
    """Give a share with its interval: "5.5% [3.1%, 9.6%]"."""
    return f"{share:.1%} [{ci[0]:.1%}, {ci[1]:.1%}]"


def limits(ci: tuple[float | None, float | None], smallest: float, largest: float) -> str:
    """Give the interval of the smallest book's Sharpe ratio; ends that no power curve reached are the ones tried."""
    low, high = ci
    left = f"under {smallest:g}" if low is None else f"{low:.1f}"
    return f"[{left}, {f'over {largest:g}' if high is None else f'{high:.1f}'}]"


def ends(ci: tuple[float, float]) -> str:
    """Give an interval of shares: "3.1 to 9.6%"."""
    return f"{100 * ci[0]:.1f} to {100 * ci[1]:.1f}%".replace("100.0%", "100%")


def rows(rates: Sequence[PlantedRate]) -> list[tuple[str, str, str]]:
    """Give each overlay with the share of worlds in which it was called new edge, and its interval."""
    return [(one.name, f"{one.share:.1%}" + (" (too often)" if one.over else ""), ends(one.ci)) for one in rates]


def sentences(told: Calibrated, audit: Audit) -> list[str]:
    """Give what was found, and how it was measured where that is not as here."""
    test = audit.sharpe.out_of_sample
    here = f" (here {audit.settings.get('reps', test.reps):,})" if told.reps != audit.settings.get("reps") else ""
    seed = f" (here {audit.settings.get('seed')})" if told.seed != audit.settings.get("seed") else ""
    other = f", auditor {told.version}" if told.version != audit.versions.get("auditor") else ""
    few = ", too few to tell" if unsettled(told) else ""
    drawn = f"{told.worlds:,} worlds{few}, {told.reps:,} resamples a test{here}, seed {told.seed}{seed}{other}"
    return [told.verdict, f"From {told.name}: {drawn}."]
