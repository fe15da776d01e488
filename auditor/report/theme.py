"""The look of every picture: colours by what they mean, for light and for dark, and matplotlib's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from auditor.verdict.checks import Finding

Role = Literal["paper", "raised", "ink", "muted", "rule", "base", "tuned", "new", "good", "bad", "doubt"]

LIGHT: Mapping[Role, str] = {
    "paper": "#ffffff",
    "raised": "#f4f6f8",
    "ink": "#1b1f24",
    "muted": "#56606b",
    "rule": "#d3d9df",
    "base": "#646d77",
    "tuned": "#0a5bc4",
    "new": "#b04a00",
    "good": "#11703c",
    "bad": "#b3261e",
    "doubt": "#8a5a00",
}
DARK: Mapping[Role, str] = {
    "paper": "#11151a",
    "raised": "#1a2027",
    "ink": "#e7ecf1",
    "muted": "#a3afbb",
    "rule": "#39424c",
    "base": "#9ba6b2",
    "tuned": "#62adff",
    "new": "#f2934a",
    "good": "#5fcf84",
    "bad": "#ff8078",
    "doubt": "#e0b04c",
}
EITHER: Mapping[Role, str] = {
    "paper": "transparent",
    "raised": "transparent",
    "ink": "currentColor",
    "muted": "currentColor",
    "rule": "#8c959f",
    "base": "#6d7781",
    "tuned": "#2075d7",
    "new": "#b95b16",
    "good": "#27864a",
    "bad": "#d83b32",
    "doubt": "#9a6d10",
}
"""Where the page's own colours are not known, as in a notebook: mid tones that stand out from white and from black."""

OF_FINDING: Mapping[Finding, Role] = {
    "new_edge": "good",
    "efficiency": "tuned",
    "flattering": "bad",
    "unproven": "doubt",
    "no_gain": "muted",
}

FONT = 14.0
"""Size of all text in a picture, in units of a picture 480 wide: over 10 px on a phone, 15 px on a desk."""

SETTINGS: Mapping[str, object] = {
    "font.size": FONT,
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": FONT,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["muted"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "axes.edgecolor": LIGHT["rule"],
    "axes.facecolor": "none",
    "figure.facecolor": LIGHT["paper"],
    "figure.dpi": 100.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.8,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "lines.linewidth": 1.8,
    "lines.solid_joinstyle": "round",
    "path.simplify": True,
    "path.simplify_threshold": 0.4,
    # A name with two dollar signs is a name, not a formula.
    "text.parse_math": False,
    "svg.fonttype": "none",
}

_KEPT = ("backend", "backend_fallback", "interactive", "toolbar", "webagg", "savefig.directory", "figure.hooks", "tk.")
"""Settings that say where a user draws, which are not ours to reset."""


@contextmanager
def drawn(**more: object) -> Iterator[None]:
    """Draw with these settings and matplotlib's defaults under them, whatever the user has set; then put all back."""
    import matplotlib

    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith(_KEPT)}
    settings: dict[Any, Any] = {**defaults, **SETTINGS, **more}
    with matplotlib.rc_context(settings):
        yield
