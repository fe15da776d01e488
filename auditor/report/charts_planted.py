"""Rates of planted overlays go in; a picture of them is drawn on the axes given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.report.charts_marks import BEHIND
from auditor.report.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

GAP = 0.09
"""Least share of the height that a word stands under the next line."""


def false_rates(axes: Axes, names: Sequence[str], shares: Array, low: Array, high: Array, over: Sequence[bool],
                level: float) -> None:  # fmt: skip
    """Shares, (k,), with their intervals, a row each, the first on top; those over the level stand out."""
    edge = max(1.08 * float(high.max()), 2.4 * level)
    axes.axvline(level, color=LIGHT["new"], linewidth=1.4, linestyle=(0, (4, 2)))
    axes.annotate(f"level {level:.3g}" if level < 0.01 else f"level {level:.0%}", (level, 1.0), (0, 6),
                  xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom",
                  color=LIGHT["new"])  # fmt: skip
    for row, (share, least, most, bad) in enumerate(zip(shares, low, high, over, strict=True)):
        colour = LIGHT["bad"] if bad else LIGHT["tuned"]
        axes.plot([least, most], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot([share], [row], "o", color=colour, markersize=7, clip_on=False)
        axes.annotate(f"{share:.1%}", (1.02, row), xycoords=("axes fraction", "data"), va="center", color=colour)
    axes.set_yticks(range(len(names)), list(names), color=LIGHT["ink"])
    axes.tick_params(axis="y", pad=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0.0, edge)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    _few_ticks(axes, lambda value, _: f"{100 * value:.3g}%")
    axes.set_xlabel("called new edge, share of worlds")


def _few_ticks(axes: Axes, written: Callable[[float, int | None], str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(written))


def books(
    axes: Axes,
    sharpes: Array,
    shares: Array,
    low: Array,
    high: Array,
    curve: tuple[Array, Array],
    power: float,
    smallest: tuple[float | None, float | None, float | None],
    label: str,
) -> None:
    """How often new books, (k,), are found, with intervals, and the curve through them.

    smallest  where the curve reaches `power`, between the ends of its interval; None where it does not
    label     names it
    """
    axes.axhline(power, color=LIGHT["muted"], linewidth=1.2, linestyle=(0, (2, 2)))
    axes.plot(*curve, color=LIGHT["tuned"])
    axes.vlines(sharpes, low, high, color=LIGHT["tuned"], linewidth=3)
    axes.plot(sharpes, shares, "o", color=LIGHT["tuned"], markersize=7, clip_on=False)
    right = 1.06 * float(sharpes[-1])
    axes.set_xlim(0.0, right)
    axes.set_ylim(0.0, 1.08)
    at, least, most = smallest
    if at is not None:
        span = (0.0 if least is None else least, right if most is None else most)
        axes.plot(span, [power, power], color=LIGHT["new"], linewidth=4, solid_capstyle="butt")
        axes.plot([at, at], [power, 0.0], color=LIGHT["new"], linewidth=1.4, linestyle=(0, (4, 2)))
        axes.plot([at], [power], "o", color=LIGHT["new"], markersize=9)
        left = at > 0.5 * right
        axes.annotate(label, (at, GAP), (-6 if left else 6, 0), textcoords="offset points",
                      ha="right" if left else "left", va="center", color=LIGHT["new"], bbox=BEHIND)  # fmt: skip
    axes.set_yticks([0.0, 0.25, 0.5, power, 1.0], ["0%", "25%", "50%", f"{power:.0%}", "100%"])
    axes.grid(axis="y")
    _few_ticks(axes, lambda value, _: f"{value:g}")
    axes.set_xlabel("true Sharpe ratio of the new book, a year")
