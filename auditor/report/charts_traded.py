"""Amounts of P&L go in; bars, a map and running sums of them are drawn on the axes given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.report.charts_marks import date_ticks, end_labels, name_key, thinned, zero
from auditor.report.theme import LIGHT, Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

Array = NDArray[np.float64]
Dates = NDArray[np.datetime64]

LABEL = 0.29
"""Share of the picture's width that the longest label needs at the end of a bar."""

Bar = tuple[float, str, Role]
"""Value, label and role."""


def bars(axes: Axes, rows: Sequence[tuple[str, Sequence[Bar]]], key: Sequence[tuple[str, Role]] = ()) -> None:
    """Bars from zero, a row each of its name and its bars; a label stands at the end of its bar."""
    most = max((abs(value) for _, found in rows for value, _, _ in found), default=0.0) or 1.0
    for number, (_, found) in enumerate(rows):
        thick = 0.72 / len(found)
        for place, (value, label, role) in enumerate(found):
            y = number + (place - (len(found) - 1) / 2) * thick
            axes.barh([y], [value], 0.86 * thick, color=LIGHT[role], alpha=0.8, linewidth=0)
            axes.annotate(label, (value, y), (4 if value >= 0 else -4, 0), textcoords="offset points", va="center",
                          ha="left" if value >= 0 else "right")  # fmt: skip
    axes.axvline(0.0, color=LIGHT["ink"], linewidth=1)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], color=LIGHT["ink"])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    values = [value for _, found in rows for value, _, _ in found]
    left, right = min(0.0, *values), max(0.0, *values)
    room = LABEL * (right - left) / (1 - LABEL * ((left < 0) + (right > 0)))
    axes.set_xlim(left - (room if left < 0 else 0.01 * most), right + (room if right > 0 else 0.01 * most))
    axes.set_xticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    name_key(axes, [(f"■ {name}", role) for name, role in key])


def heat_map(axes: Axes, names: Sequence[str], years: Sequence[str], pnl: Array, totals: Sequence[str]) -> None:
    """P&L by name and year, (names, years): the deeper the colour, the larger; each row's total at its right."""
    most = float(np.abs(pnl).max()) or 1.0
    n_rows, n_columns = pnl.shape
    for y in range(n_rows):
        for x in range(n_columns):
            value = float(pnl[y, x])
            if value:
                colour = LIGHT["good"] if value > 0 else LIGHT["bad"]
                axes.add_patch(_cell(x, y, colour, 0.08 + 0.82 * abs(value) / most))
        axes.annotate(totals[y], (1.0, y), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", annotation_clip=False)  # fmt: skip
    axes.set_xlim(-0.5, n_columns - 0.5)
    axes.set_ylim(n_rows - 0.5, -0.5)
    step = -(-n_columns // 5)
    axes.set_xticks(range(0, n_columns, step), list(years[::step]))
    axes.set_yticks(range(n_rows), list(names), color=LIGHT["ink"])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _cell(x: float, y: float, colour: str, strength: float) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, facecolor=colour, alpha=strength, linewidth=0)


def running_sums(axes: Axes, dates: Dates, lines: Sequence[tuple[str, Array, Role]], *, percent: bool) -> None:
    """Sums of P&L so far, (n,) each by (name, values, role)."""
    ends = []
    for name, values, role in lines:
        total = np.cumsum(values)
        axes.plot(thinned(dates), thinned(total), color=LIGHT[role])
        ends.append((name, float(total[-1]), role))
    zero(axes)
    axes.grid(axis="y")
    date_ticks(axes)
    scale, unit = (100, "%") if percent else (1, "")
    axes.yaxis.set_major_formatter(
        lambda value, _: (
            f"{scale * value:+z,.0f}{unit}" if abs(scale * value) >= 100 else f"{scale * value:+z.3g}{unit}"
        )
    )
    end_labels(axes, ends)
