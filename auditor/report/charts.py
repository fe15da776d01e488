"""Plain arrays go in; a picture of them is drawn on the axes given. Nothing is computed here but where ink goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.report.charts_marks import (
    BEHIND,
    LEAST,
    at_least,
    date_ticks,
    end_labels,
    log_ticks,
    name_key,
    shade,
    signed_ticks,
    thinned,
    zero,
)
from auditor.report.theme import LIGHT, Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
Dates = NDArray[np.datetime64]


def growth(
    axes: Axes, dates: Dates, lines: Sequence[tuple[str, Array, Role, bool]], windows: Sequence[tuple[Any, Any]]
) -> None:
    """Lines of (name, (T,) value of one unit, role, whether dashed) on a log scale; out-of-sample windows shaded."""
    axes.set_yscale("log")
    shade(axes, windows)
    for _, values, role, dashed in lines:
        axes.plot(thinned(dates), thinned(values), color=LIGHT[role], linestyle=(0, (4, 2)) if dashed else "-",
                  linewidth=1.4 if dashed else 1.8)  # fmt: skip
    shown = np.concatenate([values for _, values, _, _ in lines])
    log_ticks(axes, float(shown.min()), float(shown.max()))
    date_ticks(axes)
    end_labels(axes, [(name, float(values[-1]), role) for name, values, role, _ in lines])


def rolling(axes: Axes, dates: Dates, gain: Array, low: Array, high: Array, windows: Sequence[tuple[Any, Any]]) -> None:
    """A gain over time, (k,), with its pointwise band; out-of-sample windows shaded."""
    shade(axes, windows)
    axes.fill_between(dates, low, high, color=LIGHT["tuned"], alpha=0.18, linewidth=0)
    axes.plot(dates, gain, color=LIGHT["tuned"])
    zero(axes)
    axes.grid(axis="y")
    date_ticks(axes)
    at_least(axes, low[np.isfinite(low)], high[np.isfinite(high)])
    signed_ticks(axes)


def bootstrap(axes: Axes, edges: Array, counts: NDArray[np.int64], gain: float, ci: tuple[float, float]) -> None:
    """Histogram of the replicates, those at or below zero apart, with the estimate and its interval.

    ci   an end that is infinite is drawn to the edge
    """
    below = (edges[1:] + edges[:-1]) / 2 <= 0
    top = float(counts.max())
    for some, colour in ((below, LIGHT["bad"]), (~below, LIGHT["tuned"])):
        axes.stairs(np.where(some, counts, 0), edges, fill=True, color=colour, alpha=0.8, linewidth=0)
    axes.axvline(0.0, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (2, 2)))
    axes.plot([gain, gain], [0, 1.06 * top], color=LIGHT["ink"], linewidth=2)
    ends = [end for end in ci if math.isfinite(end)]
    left, right = min(edges[0], 0.0, *ends), max(edges[-1], 0.0, *ends)
    room = 0.04 * (right - left)
    axes.set_xlim(left - room, right + room)
    bar = -0.055 * top
    axes.plot(np.clip(ci, *axes.get_xlim()), [bar] * 2, color=LIGHT["ink"], linewidth=4, solid_capstyle="butt",
              clip_on=False)  # fmt: skip
    if any(map(math.isinf, ci)):
        axes.annotate("unbounded", ((left + right) / 2, bar), ha="center", va="center_baseline", bbox=BEHIND)
    axes.set_ylim(-0.12 * top, 1.2 * top)
    _beside(axes, gain, 1.1 * top, f"gain {gain:+.2f}", away=gain >= 0)
    _beside(axes, 0.0, 1.1 * top, "zero", away=gain < 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    signed_ticks(axes, x=True)


def _beside(axes: Axes, x: float, y: float, text: str, *, away: bool) -> None:
    """Write at the right of x where `away`, else at its left, but never over the edge."""
    left, right = axes.get_xlim()
    place = (x - left) / (right - left)
    to_right = (away and place < 0.76) or place < 0.24
    axes.annotate(text, (x, y), (5 if to_right else -5, 0), textcoords="offset points", va="center",
                  ha="left" if to_right else "right")  # fmt: skip


def intervals(
    axes: Axes,
    rows: Sequence[tuple[str, Sequence[tuple[float, tuple[float, float]]]]],
    key: Sequence[tuple[str, Role]],
) -> None:
    """Estimates with intervals, a row each of (name, one (value, (low, high)) a name of the key); the first on top.

    An end that is infinite is drawn to the edge.
    """
    roles = [role for _, role in key]
    ends = np.array([end for _, found in rows for value, ci in found for end in (value, *ci) if math.isfinite(end)])
    at_least(axes, ends, ends, x=True)
    height = 0.5 / max(len(roles) - 1, 1)
    for number, (_, found) in enumerate(rows):
        for place, ((value, ci), role) in enumerate(zip(found, roles, strict=True)):
            y = number + (place - (len(roles) - 1) / 2) * height
            axes.plot(np.clip(ci, *axes.get_xlim()), [y, y], color=LIGHT[role], linewidth=3 if place == 0 else 2,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot([value], [y], "o", color=LIGHT[role], markersize=8 if place == 0 else 6,
                      markerfacecolor=LIGHT[role] if place == 0 else LIGHT["paper"])  # fmt: skip
            axes.annotate(f"{value:+z.2f}", (1.02, y), xycoords=("axes fraction", "data"), va="center",
                          color=LIGHT[role])  # fmt: skip
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], color=LIGHT["ink"])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.axvline(0.0, color=LIGHT["ink"], linewidth=1)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    signed_ticks(axes, x=True)
    name_key(axes, [(f"{'●' if number == 0 else '○'} {name}", role) for number, (name, role) in enumerate(key)])


def horizons(axes: Axes, periods: Sequence[int], gains: Sequence[float], bound: float | None, unit: str) -> None:
    """Gain by horizon in periods of a unit, with the gain that must be left."""
    at = range(len(periods))
    axes.plot(at, gains, "-o", color=LIGHT["tuned"], markersize=7, clip_on=False)
    span = max(LEAST, *(abs(one) for one in gains))
    low, high = min(0.0, *gains), max(0.0, *gains)
    axes.set_ylim(low - max(0.16 * span, LEAST), high + max(0.24 * span, LEAST))
    axes.set_xlim(-0.35, len(periods) - 0.65)
    zero(axes)
    for x, one in zip(at, gains, strict=True):
        axes.annotate(f"{one:+z.2f}", (x, one), (0, 9), textcoords="offset points", ha="center", bbox=BEHIND)
    if bound is not None:
        axes.axhline(bound, color=LIGHT["new"], linewidth=1.4, linestyle=(0, (4, 2)))
        axes.annotate("half of the gain", (1.0, bound), (0, -4), xycoords=("axes fraction", "data"),
                      textcoords="offset points", va="top", ha="right", color=LIGHT["new"], bbox=BEHIND)  # fmt: skip
    axes.set_xticks(list(at), [str(one) for one in periods])
    axes.set_xlabel(f"horizon, {unit}")
    axes.grid(axis="y")
    signed_ticks(axes)


def power(axes: Axes, gains: Array, found: Array, detectable: float, seen: float, level: float, at_seen: float) -> None:
    """How often gains, (k,), are found; the one found with 80 % power and the one seen are marked."""
    axes.plot(gains, found, color=LIGHT["tuned"])
    axes.set_xlim(0.0, float(gains[-1]))
    axes.set_ylim(0.0, 1.08)
    axes.plot([0, detectable, detectable], [0.8, 0.8, 0.0], color=LIGHT["muted"], linewidth=1.2, linestyle=(0, (2, 2)))
    axes.annotate(f"{detectable:.2f}", (detectable, 0.03), (5, 0), textcoords="offset points", color=LIGHT["muted"])
    if seen > 0:
        axes.plot([seen], [at_seen], "o", color=LIGHT["new"], markersize=9)
        left = seen > 0.42 * gains[-1]
        axes.annotate(f"gain seen {seen:+.2f}: {at_seen:.0%}", (seen, at_seen), (-9, 4) if left else (9, -4),
                      textcoords="offset points", va="bottom" if left else "top", ha="right" if left else "left",
                      color=LIGHT["new"], bbox=BEHIND)  # fmt: skip
    axes.set_yticks([0.0, level, 0.5, 0.8, 1.0], ["", f"{level:.0%}", "50%", "80%", "100%"])
    axes.grid(axis="y")
    axes.set_xlabel("true gain, Sharpe a year")


def depth_breadth(
    axes: Axes, k: NDArray[np.int64], base: Array, tuned: Array, low: Array, high: Array, crossover: int | None
) -> None:
    """Share solved with k tries, (K,), of both policies; the band of their difference about the base's curve.

    low, high  (K,) simultaneous band of tuned less base: where the base's curve leaves it, the difference is shown
    crossover  k at which the difference turns, or None
    """
    axes.set_xscale("log", base=2)
    axes.fill_between(k, base + low, base + high, color=LIGHT["tuned"], alpha=0.18, linewidth=0)
    axes.plot(k, base, color=LIGHT["base"])
    axes.plot(k, tuned, color=LIGHT["tuned"])
    if crossover is not None:
        axes.axvline(crossover, color=LIGHT["new"], linewidth=1.4, linestyle=(0, (4, 2)))
        axes.annotate(f"crossing at {crossover}", (crossover, 0.04), (6, 0), xycoords=("data", "axes fraction"),
                      textcoords="offset points", color=LIGHT["new"])  # fmt: skip
    ticks = [int(one) for one in k if one & (one - 1) == 0]
    ticks = ticks[:: max(1, math.ceil(len(ticks) / 7))]
    axes.set_xticks(ticks, [str(one) for one in ticks])
    axes.minorticks_off()
    axes.grid(axis="y")
    axes.set_xlabel("tries k")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    end_labels(axes, [("base", float(base[-1]), "base"), ("tuned", float(tuned[-1]), "tuned")])
