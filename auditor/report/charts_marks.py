"""What pictures share: shaded windows, names at the end of lines, ticks of few round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.report.theme import LIGHT, Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

MOST_POINTS = 700
"""Points of a line at most: more would fall on the same pixels."""

BEHIND = {"facecolor": LIGHT["paper"], "edgecolor": "none", "pad": 1.0}
"""Paper behind words that would stand on a line."""

LEAST = 0.05
"""Half of the smallest range of Sharpe gains that a scale shows."""

LETTER = 8.0
"""Width of a letter in a picture, in its units."""

GAP = 0.085
"""Least distance of two labels at a picture's edge, in heights of it."""


def thinned(values: NDArray[Any]) -> NDArray[Any]:
    """Every so-manieth value, the last among them: (T,) to at most MOST_POINTS."""
    step = math.ceil(values.shape[0] / MOST_POINTS)
    return values[::-1][::step][::-1]


def shade(axes: Axes, windows: Sequence[tuple[Any, Any]]) -> None:
    """Shade what is out of sample, and say so once; a line stands where it begins."""
    for number, (first, last) in enumerate(windows):
        axes.axvspan(first, last, color=LIGHT["muted"], alpha=0.08, linewidth=0)
        axes.axvline(first, color=LIGHT["muted"], linewidth=1)
        if number == 0:
            axes.annotate("out of sample", (first, 1.0), (3, 4), xycoords=("data", "axes fraction"),
                          textcoords="offset points", va="bottom", color=LIGHT["muted"])  # fmt: skip


def zero(axes: Axes) -> None:
    """Draw the line of no gain."""
    axes.axhline(0.0, color=LIGHT["ink"], linewidth=1)


def end_labels(axes: Axes, ends: Sequence[tuple[str, float, Role]]) -> None:
    """Name lines at the right edge, (name, last value, role), moved apart where they would touch."""
    to_axes = axes.transData + axes.transAxes.inverted()
    x = axes.get_xlim()[1]
    wanted = sorted(((to_axes.transform((x, value))[1], name, role) for name, value, role in ends), reverse=True)
    places = [min(max(one[0], 0.0), 1.0) for one in wanted]
    for i in range(1, len(places)):
        places[i] = min(places[i], places[i - 1] - GAP)
    lift = max(0.0, -places[-1])
    for place, (_, name, role) in zip(places, wanted, strict=True):
        axes.annotate(name, (1.0, place + lift), (6, 0), xycoords="axes fraction", textcoords="offset points",
                      va="center", color=LIGHT[role], annotation_clip=False)  # fmt: skip


def date_ticks(axes: Axes) -> None:
    """Few enough dates to read; the axes have their place and their ends already."""
    from matplotlib.dates import HOURLY, MINUTELY, MONTHLY, SECONDLY, AutoDateFormatter, AutoDateLocator

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    # Its own steps end where twelve ticks would fit: so few need the next unit's step too.
    for unit, whole in ((MONTHLY, 12), (HOURLY, 24), (MINUTELY, 60), (SECONDLY, 60)):
        locator.intervald[unit] = [*locator.intervald[unit], whole]
    axes.xaxis.set_major_locator(locator)
    formatter = AutoDateFormatter(locator)  # type: ignore[no-untyped-call]
    low, high = axes.get_xlim()
    ticks = [one for one in axes.get_xticks() if low <= one <= high]
    words = formatter.format_ticks(ticks)
    width = 72 * axes.bbox.width / axes.figure.dpi
    apart = width * min(np.diff(ticks), default=high - low) / (high - low)
    step = math.ceil((LETTER * max(map(len, words), default=0) + LETTER) / apart)
    axes.set_xticks(ticks[::step], words[::step])


def signed_ticks(axes: Axes, *, x: bool = False) -> None:
    """Write a few round numbers with their sign."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.xaxis if x else axes.yaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: "0" if abs(value) < 1e-9 else f"{value:+.3g}"))


def log_ticks(axes: Axes, low: float, high: float) -> None:
    """Round numbers on a log scale, few enough to read, over a range that may be small or span many powers."""
    from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator

    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [step * 10.0**power for power in tens for step in steps if low <= step * 10.0**power <= high * 1.02]
        if len(ticks) >= 3:
            break
    else:
        even = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = [float(one) for one in even if low <= one <= high * 1.02]
    ticks = ticks[:: max(1, math.ceil(len(ticks) / 6))]
    axes.set_yticks(ticks, [f"{one:,.10g}" if 1e-4 <= one < 1e5 else f"{one:.0e}" for one in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(low / (high / low) ** 0.05, high * (high / low) ** 0.05)
    axes.grid(axis="y")


def name_key(axes: Axes, key: Sequence[tuple[str, Role]]) -> None:
    """Write what colours mean above the axes."""
    for number, (name, role) in enumerate(key):
        axes.annotate(name, (number * 0.4, 1.0), (0, 6), xycoords="axes fraction", textcoords="offset points",
                      va="bottom", color=LIGHT[role])  # fmt: skip


def at_least(axes: Axes, low: Array, high: Array, *, x: bool = False) -> None:
    """Hold zero and all of low to high, (k,) each, on a scale that never makes rounding look like a finding."""
    bottom, top = min(0.0, *low), max(0.0, *high)
    middle, half = (bottom + top) / 2, max(0.53 * (top - bottom), LEAST)
    (axes.set_xlim if x else axes.set_ylim)(middle - half, middle + half)
