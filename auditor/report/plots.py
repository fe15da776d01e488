"""An audit goes in; its pictures come out as matplotlib figures, one by one or together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import InputError
from auditor.report import shown
from auditor.report.pictured import MAKERS, pictures
from auditor.report.plain import clean
from auditor.report.svg import alone, together

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auditor.result import Audit

OVERVIEW = ("split", "bootstrap", "growth", "rolling", "coverage", "horizons", "new_map", "power")
"""What stands on the one figure, in reading order; six of them where there are more."""


@dataclass(frozen=True, slots=True)
class Plots:
    """Pictures of an audit: call it for the overview, or a method for one picture; each gives a new Figure.

    Nothing is drawn before. Figures belong to no window and no global state: a notebook shows them, and
    `figure.savefig(path)` writes them. A picture that this audit cannot have is not listed and gives the reason.
    """

    _audit: Audit

    def __dir__(self) -> list[str]:
        """List the pictures that this audit has."""
        hidden = [name for name in object.__dir__(self) if name.startswith("_")]
        return [*hidden, *(one.name for one in pictures(self._audit))]

    def __call__(self) -> Figure:
        """Draw the verdict and the pictures that say most, on one figure."""
        found = {one.name: one for one in pictures(self._audit)}
        names: tuple[str, ...] = OVERVIEW
        if self._audit.coverage.tries.source == "rollouts":
            names = (*names[:2], "depth_breadth", *names[2:])
        chosen = [found[name] for name in names if name in found][:6]
        test = self._audit.sharpe.out_of_sample
        gain = f"Out of sample: Sharpe {test.base:z.2f} to {test.tuned:z.2f}, gain {shown.signed(test.gain)}"
        p = shown.p_value(test.p_value)
        return together(
            chosen,
            head=(clean(shown.headline(self._audit)), f"{gain} {shown.interval(test.ci)}, one-sided p {p}"),
        )

    def growth(self) -> Figure:
        """Draw both policies' growth on a log scale, the base at the tuned one's volatility beside."""
        return self._one("growth")

    def rolling(self) -> Figure:
        """Draw the gain over a moving window with its band."""
        return self._one("rolling")

    def bootstrap(self) -> Figure:
        """Draw the gain's distribution over resamples, with the estimate, its interval and zero."""
        return self._one("bootstrap")

    def split(self) -> Figure:
        """Draw the gain as reweighting part plus edge part, in sample beside out of sample."""
        return self._one("split")

    def horizons(self) -> Figure:
        """Draw the gain with risk measured over longer horizons."""
        return self._one("horizons")

    def coverage(self) -> Figure:
        """Draw what was kept, resized, dropped and added; from returns what the base could have earned."""
        return self._one("coverage")

    def lines(self) -> Figure:
        """Draw tuned less base P&L line by line, where trades were given."""
        return self._one("lines")

    def new_part(self) -> Figure:
        """Draw the covered and the new part out of sample, added up over time."""
        return self._one("new_part")

    def new_map(self) -> Figure:
        """Draw where the new part is, by instrument and year, where trades or positions were given."""
        return self._one("new_map")

    def depth_breadth(self) -> Figure:
        """Draw what each policy solves with more and more tries, where rollouts were given."""
        return self._one("depth_breadth")

    def power(self) -> Figure:
        """Draw which gains this sample could have found, and how often."""
        return self._one("power")

    def planted(self) -> Figure:
        """Draw how often planted new books are proven on such data, where a calibration was given."""
        return self._one("planted")

    def _one(self, name: str) -> Figure:
        found = MAKERS[name](self._audit)
        if isinstance(found, str):
            raise InputError(f"no picture {name!r} of this audit: {found}")
        return alone(found)
