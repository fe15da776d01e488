"""Rows of the results table go in; one page that sorts and filters without a script or a network comes out."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from auditor.plural import several, verb
from auditor.report.charts_marks import log_ticks, signed_ticks
from auditor.report.html import kept
from auditor.report.machine import write
from auditor.report.plain import clean, shortened
from auditor.report.theme import EITHER, OF_FINDING
from auditor.verdict.words import HEADLINES

MOST_ROWS = 2_000
"""Rows and points on the page, those of the smallest p; the table beside it holds all."""

MOST_NAMED = 12
MOST_ERRORS = 200

SORTS = {
    "row": ("row", False),
    "name": ("name", False),
    "finding": ("finding", False),
    "gain": ("gain", True),
    "gain_p": ("p", False),
    "edge_part": ("edge part", True),
    "new_p": ("new p", False),
    "in_sample_gain": ("in-sample gain", True),
}
"""What the page sorts by: a column, its words, and whether the largest comes first."""


def write_page(
    folder: Path, rows: Sequence[Mapping[str, Any]], linked: Sequence[str | None], notes: Sequence[str], title: str
) -> Path:
    """Write summary.html: counts, gains against p, the table, the errors.

    linked  page of each row, relative to the folder, or None
    notes   what could not be tested over the whole shelf
    """
    path = folder / "summary.html"
    write(path, as_page(rows, linked, notes, title))
    return path


COLOURS = {finding: EITHER["rule" if role == "muted" else role] for finding, role in OF_FINDING.items()}
"""Mid tones, which stand out from white and from black: pictures here are drawn before the page's colours are known."""


def as_page(rows: Sequence[Mapping[str, Any]], linked: Sequence[str | None], notes: Sequence[str], title: str) -> str:
    """Give the page as text; every name in it is escaped, and nothing in it is fetched or run."""
    from jinja2 import Environment

    made = [(row, link) for row, link in zip(rows, linked, strict=True) if row["error"] is None]
    shown = sorted(made, key=lambda one: (one[0]["gain_p"], one[0]["row"]))[:MOST_ROWS]
    shown.sort(key=lambda one: one[0]["row"])
    errors = [row for row in rows if row["error"] is not None]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": number, "probability": probability, "kept": kept}
    environment.filters["clean"] = lambda text: clean(str(text))
    template = environment.from_string(files("auditor.batch").joinpath("page.html.j2").read_text(encoding="utf-8"))
    counts = Counter(row["finding"] for row, _ in made)
    return template.render(
        title=title,
        total=len(rows),
        made=len(made),
        counts=[(name, HEADLINES[name], COLOURS[name], counts[name]) for name in HEADLINES],
        rows=[(row, link, ranks) for (row, link), ranks in zip(shown, _ranks([row for row, _ in shown]), strict=True)],
        sorts=SORTS,
        called=sum(row["gain_q"] is not None and row["gain_q"] < row["level"] for row, _ in made),
        better=sum(bool(row.get("stepm_better")) for row, _ in made),
        errors=errors[:MOST_ERRORS],
        n_errors=len(errors),
        notes=notes,
        several=several,
        verb=verb,
        chart=_chart([row for row, _ in shown]),
    )


def number(value: float | None, digits: int = 2) -> str:
    """Give a signed number, or a dash for none."""
    return "–" if value is None else f"{value:+.{digits}f}"


def probability(value: float | None) -> str:
    """Give a p or a q to three digits, or a dash for none."""
    return "–" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _ranks(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Place of each row under each order: what the style sheet sorts by. Rows without a value come last."""
    found: list[dict[str, int]] = [{} for _ in rows]
    for name, (_, down) in SORTS.items():

        def value(i: int, name: str = name, down: bool = down) -> tuple[bool, Any, int]:
            one = rows[i][name]
            return one is None, (-one if down and one is not None else one or 0) if name != "name" else str(one), i

        if name == "finding":
            order = sorted(range(len(rows)), key=lambda i: (list(HEADLINES).index(rows[i]["finding"]), i))
        else:
            order = sorted(range(len(rows)), key=value)
        for place, i in enumerate(order):
            found[i][name] = place
    return found


def _chart(rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw gains against p as SVG, the most convincing named; "" without rows. The same rows give the same bytes."""
    rows = [row for row in rows if row["gain"] is not None]
    if not rows:
        return ""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "auditor",
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.axisbelow": True,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The reader's own font draws the letters, whichever matplotlib's lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(9, 4.6), layout="constrained")
        axes = figure.subplots()
        for finding in HEADLINES:
            points = [(row["gain"], row["gain_p"]) for row in rows if row["finding"] == finding]
            if points:
                x, y = zip(*points, strict=True)
                axes.scatter(x, y, s=16, c=COLOURS[finding], label=HEADLINES[finding], lw=0)
        axes.set_yscale("log")
        levels = sorted({row["level"] for row in rows})
        shown = [*levels, *(row["gain_p"] for row in rows)]
        log_ticks(axes, min(shown), max(*shown, 1.5 * min(shown)))
        axes.grid(axis="y", color="#e4e8ec", lw=0.6)
        axes.invert_yaxis()
        axes.set_xlabel("gain in Sharpe ratio a year, out of sample")
        axes.set_ylabel("p, one-sided (smaller is higher)")
        for level in levels:
            axes.axhline(level, color="#8b949e", lw=0.8, ls="--")
            axes.annotate(f"level {level:g}", (1, level), xytext=(4, 0), xycoords=("axes fraction", "data"),
                          textcoords="offset points", va="center", fontsize=8)  # fmt: skip
        axes.axvline(0, color="#8b949e", lw=0.8)
        signed_ticks(axes, x=True)
        # Outside of the axes, where its dots cannot be taken for audits.
        figure.legend(frameon=False, fontsize=8, loc="outside upper left", ncols=len(HEADLINES))
        axes.spines[["top", "right"]].set_visible(False)
        for row in _worth_naming(rows):
            axes.annotate(
                shortened(clean(row["name"]), 24), (row["gain"], row["gain_p"]), xytext=(4, 2),
                textcoords="offset points", fontsize=7, parse_math=False,
            )  # fmt: skip
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"\A.*?(?=<svg)", "", out.getvalue(), flags=re.DOTALL)


def _worth_naming(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The smallest p, largest gain first among equals; no two so near that their names would lie on each other."""
    low, high = min(row["gain"] for row in rows), max(row["gain"] for row in rows)
    least = min(math.log10(row["gain_p"]) for row in rows)
    named: list[tuple[float, float]] = []
    found = []
    for row in sorted(rows, key=lambda one: (one["gain_p"], -one["gain"], one["row"])):
        at = (row["gain"] - low) / ((high - low) or 1), math.log10(row["gain_p"]) / (least or 1)
        if all(abs(at[0] - x) > 0.16 or abs(at[1] - y) > 0.04 for x, y in named):
            named.append(at)
            found.append(row)
        if len(found) == MOST_NAMED:
            break
    return found
