"""What a picture is: its title, its finding in numbers, and how to draw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from auditor.result import Audit

STRIPPED = "the series were taken out of this audit"
LONGEST = 16
"""Characters of a name at the left of a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture, 480 units wide.

    says    its finding in numbers, for who cannot see it
    draw    draws it on axes
    height, left, right, top, bottom   of the picture, and of the room about its axes
    """

    name: str
    title: str
    says: str
    draw: Callable[[Axes], None]
    height: float = 290.0
    left: float = 56.0
    right: float = 24.0
    top: float = 24.0
    bottom: float = 28.0


Maker = Callable[["Audit"], Picture | str]
"""Makes a picture of an audit, or says why there is none."""


TITLES: Mapping[str, str] = {
    "growth": "Growth of one unit, log scale",
    "rolling": "Sharpe gain over a moving window",
    "bootstrap": "The gain out of sample, resampled",
    "split": "Where the gain comes from: Sharpe a year",
    "horizons": "Gain with risk over longer horizons",
    "coverage": "What the base could have earned, and the rest",
    "lines": "Tuned less base P&L out of sample, line by line",
    "new_part": "Covered and new part out of sample, added up",
    "new_map": "Where the new part is, by year",
    "depth_breadth": "Depth against breadth: solved with k tries",
    "power": "What this sample could have proved",
    "planted": "New books planted: how often they are proven",
}
