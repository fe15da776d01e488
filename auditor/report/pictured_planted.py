"""How often planted overlays were called new edge goes in; pictures of the false rates and of the power come out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.report import charts_planted as charts
from auditor.report.picture import TITLES, Picture
from auditor.report.plain import shortened
from auditor.report.planted import limits, percent

if TYPE_CHECKING:
    from auditor.report.rated import Calibrated
    from auditor.result import Audit

Array = NDArray[np.float64]

ROW, LONGEST = 24.0, 21
"""Height of a row, and characters of its name."""

FALSE_TITLE = "False new edge: overlays that have none"


def of_audit(audit: Audit) -> Picture | str:
    """How often new books are proven on such data."""
    if audit.calibration is None:
        return "no calibration was given (auditor calibrate, then --calibration)"
    return power(audit.calibration)


def false_rates(told: Calibrated) -> Picture:
    """How often each overlay without new edge is called new edge."""
    shares, low, high = _columns([(one.share, *one.ci) for one in told.nulls])
    over = [bool(one.over) for one in told.nulls]
    above = sum(over) or "none"
    return Picture(
        name="false_rates",
        title=FALSE_TITLE,
        says=f"Of {len(over)} overlays without new edge, {told.worst.name} is called new edge most often: "
        f"{percent(told.worst.share, told.worst.ci)} of {told.worlds:,} worlds (95% interval, Wilson). The level is "
        f"{told.level:g}; {above} of them {'are' if sum(over) > 1 else 'is'} above it by more than two errors.",
        draw=partial(
            charts.false_rates,
            names=[shortened(one.name, LONGEST) for one in told.nulls],
            shares=shares,
            low=low,
            high=high,
            over=over,
            level=told.level,
        ),
        height=80 + ROW * len(over),
        left=170,
        right=62,
        bottom=46,
    )


def power(told: Calibrated) -> Picture:
    """How often a new book of each Sharpe ratio is called new edge, and the smallest that is in 80 of 100."""
    sharpes, shares, low, high = _columns([(one.sharpe or 0.0, one.share, *one.ci) for one in told.edges])
    found, hundred = told.smallest, f"{100 * told.smallest.power:.0f} of 100"
    each = ", ".join(f"{one.share:.0%} at {one.sharpe:g}" for one in told.edges)
    label = "" if found.sharpe is None else f"{found.sharpe:.1f} {limits(found.ci, found.smallest, found.largest)}"
    needed = (
        f"the Sharpe ratio needed for {hundred} is {found.sharpe_reason}"
        if found.sharpe is None
        else f"a Sharpe ratio of {label} is proven in {hundred}"
    )
    return Picture(
        name="planted",
        title=TITLES["planted"],
        says=f"Called new edge, of {told.worlds:,} worlds, by the book's true Sharpe ratio: {each} (bars: 95% "
        f"intervals); {needed}.",
        draw=partial(
            charts.books,
            sharpes=sharpes,
            shares=shares,
            low=low,
            high=high,
            curve=_curve(sharpes, shares),
            power=found.power,
            smallest=(found.sharpe, *found.ci),
            label=label,
        ),
        bottom=46,
        top=8,
    )


def _columns(rows: list[tuple[float, ...]]) -> Array:
    return np.array(rows, dtype=np.float64).T


def _curve(sharpes: Array, shares: Array) -> tuple[Array, Array]:
    """The curve that the smallest book is read from: straight on the normal scale, never falling."""
    from scipy.special import ndtr, ndtri

    at = np.linspace(sharpes[0], sharpes[-1], 200)
    rising = np.clip(np.maximum.accumulate(shares), 1e-4, 1 - 1e-4)
    return at, ndtr(np.interp(at, sharpes, ndtri(rising)))
