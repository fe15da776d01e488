"""A picture goes in; a matplotlib figure, or SVG text that takes the page's colours and letters, comes out."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from auditor.report.theme import LIGHT, Role, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auditor.report.picture import Picture

WIDTH = 480.0
HEAD, AROUND = 26.0, 14.0
"""Height of a title, and room between pictures of one figure, in units."""

PER_INCH = 72.0


def svg(picture: Picture, colours: Mapping[Role, str]) -> str:
    """Draw one picture as an `svg` element without a title, whose alternative text is the picture's finding.

    colours  CSS of each role, such as "var(--ink)"

    The same picture gives the same bytes: no date, no random name. Letters stay letters, in the page's own font.
    """
    with drawn(**{"svg.hashsalt": picture.name, "figure.facecolor": "none"}), warnings.catch_warnings():
        # The page's font draws the letters: what matplotlib's own font lacks is no matter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = _figure(WIDTH, picture.height)
        _place(figure, picture, 0.0, 0.0)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return _inlined(out.getvalue(), picture, colours)


def alone(picture: Picture) -> Figure:
    """Draw one picture with its title as a figure of its own."""
    return together([picture], columns=1)


def together(pictures: Sequence[Picture], *, columns: int = 2, head: Sequence[str] = ()) -> Figure:
    """Draw pictures side by side under their titles; `head` stands over all of them, its first line large."""
    from matplotlib.font_manager import FontProperties

    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    heights = [HEAD + max(one.height for one in row) for row in rows]
    top = 30.0 * bool(head) + 20.0 * max(len(head) - 1, 0) + AROUND * bool(head)
    width, height = columns * (WIDTH + AROUND) + AROUND, top + sum(heights) + AROUND * (len(rows) + 1)
    with drawn(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = _figure(width, height)
        for number, line in enumerate(head):
            y = 1 - (AROUND + 12 + 20 * number + 6 * bool(number)) / height
            font = FontProperties(size=18 if number == 0 else 13, weight="bold" if number == 0 else "normal")
            figure.text(AROUND / width, y, line, fontproperties=font, va="center")
        at = top + AROUND
        for row, tall in zip(rows, heights, strict=True):
            for column, picture in enumerate(row):
                left = AROUND + column * (WIDTH + AROUND)
                figure.text(left / width, 1 - (at + HEAD / 2) / height, picture.title, weight="bold", va="center")
                _place(figure, picture, left, at + HEAD)
            at += tall + AROUND
        # Ticks are made when first drawn: made here, they look the same wherever the figure is shown.
        figure.draw_without_rendering()
    return figure


def _figure(width: float, height: float) -> Figure:
    from auditor.report.figure import NotebookFigure

    return NotebookFigure(figsize=(width / PER_INCH, height / PER_INCH))


def _place(figure: Figure, picture: Picture, left: float, top: float) -> None:
    """Draw a picture whose corner is `left` and `top` units from the figure's own."""
    width, height = (one * PER_INCH for one in figure.get_size_inches())
    tall = picture.height - picture.top - picture.bottom
    axes = figure.add_axes(
        (
            (left + picture.left) / width,
            1 - (top + picture.top + tall) / height,
            (WIDTH - picture.left - picture.right) / width,
            tall / height,
        )
    )
    picture.draw(axes)


_NUMBER = re.compile(r"-?\d+\.\d+")
_PLACES = re.compile(r'(?<= )(d|x|y|width|height|transform)="([^"]*)"')
_FAMILY = re.compile(r" font-family: [^;\"]*;")
_FONT = re.compile(r"font: (?:(bold|[1-9]00) )?([\d.]+)px [^;\"]*")
"""Older matplotlib writes all of a font as one property."""


def _inlined(text: str, picture: Picture, colours: Mapping[Role, str]) -> str:
    """Turn a file of matplotlib's into an element of a page."""
    head, body = text[text.index("<svg") :].split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.S)
    # A style element in a page is the whole page's, and the names of groups would stand on it many times.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.S)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r' transform="rotate\(-?0 [^"]*"', "", body)
    body = _PLACES.sub(lambda match: f'{match[1]}="{_NUMBER.sub(_short, match[2])}"', body)
    by_colour = {value: colours[role] for role, value in LIGHT.items()}

    def styled(match: re.Match[str]) -> str:
        style = _FONT.sub(_sized, _FAMILY.sub("", match[0]))
        return re.sub(r"#[0-9a-f]{6}", lambda one: by_colour.get(one[0], one[0]), style)

    body = re.sub(r' style="[^"]*"', styled, body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    said = escape(f"{picture.title}. {picture.says}", quote=True)
    return f'<svg {box[0] if box else ""} role="img" aria-label="{said}">{body.strip()}'


def _short(match: re.Match[str]) -> str:
    """One decimal: a tenth of a unit is less than a screen shows."""
    return f"{float(match[0]):z.1f}".removesuffix(".0")


def _sized(match: re.Match[str]) -> str:
    return f"font-size: {match[2]}px" + (f"; font-weight: {match[1]}" if match[1] else "")
