"""The new part and a library of return streams go in; which of them it is made of, and what is left, comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.streams import Streams, split
from auditor.stats.blocks import Draws, columns_of, resample
from auditor.stats.spanning import EARNS, NEW_MEAN, cover_moments, mean_error
from auditor.stats.studentised import studentise

Array = NDArray[np.float64]

MOST_NAMED, LEAST_SHARE = 3, 0.01
"""Streams named at the most, and the share of the new part's variance that one must add to be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One library stream, and the share of the new part's variance that it adds to those named before it."""

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryMatch:
    """What of the new part is in the library, out of sample. It tells what was imported, and never moves the label.

    null           of p_value
    ingredients    best few streams, in the order found
    variance_share, return_share   of the new part that they explain; the latter None where it earns nothing
    alpha          what is left, a year, in the unit of the new part; p_value one-sided
    """

    null: str
    ingredients: tuple[Ingredient, ...]
    variance_share: float
    return_share: float | None
    alpha: float
    p_value: float
    n_streams: int


NULL = "The new part earns nothing beyond the library streams named: its alpha on them is not positive."


def match_library(
    new: Array, library: Array, names: Sequence[str], draws: Draws, periods_per_year: float
) -> LibraryMatch:
    """Regress the new part on the library, forward: at each step the stream that explains most of what is left.

    new      (n,) per period
    library  (n, k) returns on the same periods

    The streams are picked on the data that they are tested on, so the alpha left errs to the low side.
    """
    chosen = forward(new, library)
    named = [i for i, _ in chosen]
    covered, left, factor, lost = np.zeros_like(new), new, 1.0, 1
    if named:
        streams = Streams(names=tuple(names[i] for i in named), values=library[:, named])
        parts = split(new, streams, periods_per_year)
        covered, left, factor, lost = parts.covered, parts.new, parts.error_factor, parts.parameters
    earned, alpha, p = float(new.mean()), 0.0, 1.0
    if left.any():
        table = cover_moments(covered, covered + left)
        (resampled,) = resample([table], draws)
        se = factor * mean_error(left, draws.lengths, lost)
        tested = studentise(NEW_MEAN, table[:, EARNS], columns_of(resampled, EARNS), se=se)
        alpha, p = tested.estimate, tested.p_value()
    return LibraryMatch(
        null=NULL,
        ingredients=tuple(Ingredient(name=names[i], share=share) for i, share in chosen),
        variance_share=float(sum(share for _, share in chosen)),
        return_share=float(covered.mean()) / earned if earned > 0 else None,
        alpha=alpha * periods_per_year,
        p_value=p,
        n_streams=library.shape[1],
    )


def forward(new: Array, library: Array) -> list[tuple[int, float]]:
    """Column and added share of variance of the streams that explain most, best first."""
    left = new - new.mean()
    whole = float(left @ left)
    rest = library - library.mean(axis=0)
    size = (rest**2).sum(axis=0)
    chosen: list[tuple[int, float]] = []
    for _ in range(MOST_NAMED):
        power = (rest**2).sum(axis=0)
        usable = power > 1e-10 * size
        gain = np.zeros(library.shape[1])
        gain[usable] = (rest.T @ left)[usable] ** 2 / power[usable] / whole
        best = int(np.argmax(gain))
        if gain[best] < LEAST_SHARE:
            break
        chosen.append((best, float(gain[best])))
        direction = rest[:, best] / np.sqrt(power[best])
        left = left - direction * (direction @ left)
        rest = rest - np.outer(direction, direction @ rest)
    return chosen
