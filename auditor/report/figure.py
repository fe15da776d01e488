"""Importing this imports matplotlib: the figure that a notebook shows by itself, with no pyplot and no backend."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

SHARP = 2
"""Pixels of the picture to one of the page, for fine screens."""


class NotebookFigure(Figure):
    """A matplotlib Figure; IPython asks it for a picture of itself."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Give the picture and its size on the page."""
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=SHARP * self.dpi)
        width, height = (round(one * self.dpi) for one in self.get_size_inches())
        return out.getvalue(), {"width": width, "height": height}
