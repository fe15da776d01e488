"""Streams go in beside P&L booked at exits; what of the new part a library of them holds comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.exits import booked, carried
from auditor.coverage.library import LibraryMatch, match_library
from auditor.desk import Desk
from auditor.inputs.pair import Pair
from auditor.inputs.returns import Returns
from auditor.inputs.trials import trials_on
from auditor.measure import Measured
from auditor.shelf import Shelf
from auditor.stats.blocks import Draws, block_length

Array = NDArray[np.float64]

MONTHS = 24
"""Months that a library is matched on, at least; below them, periods are."""


def alongside(books: Desk | Shelf | None, streams: Array, names: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """Lay streams beside P&L booked at exits: as they are, and as the new trades carried them on their side and size.

    streams  (T, k), becoming (T, 2k) where trades were given: a strategy is imported as it is, a market by holding it
    """
    if not isinstance(books, Desk) or not streams.shape[1]:
        return streams, names
    held = carried(streams, books.new_weight, books.entry_row, books.booked.row)
    return np.hstack([streams, held]), names + tuple(f"{name}, as the new trades held it" for name in names)


def in_library(
    pair: Pair, outside: Measured, shelf: Returns | None, settings: Settings, books: Desk | Shelf | None
) -> LibraryMatch | None:
    """Tell what of the new part out of sample the library holds; None where there is none of either."""
    if shelf is None or outside.split.nothing_new:
        return None
    span = pair.out_of_sample
    streams, names = alongside(books, trials_on(pair.dates, shelf, "calendar", zone=pair.zone), shelf.columns)
    dates, streams, new = pair.dates[span.index], streams[span.index], outside.split.new
    lengths, block, per_year = span.lengths, outside.gain.block, pair.periods_per_year
    months, code = np.unique(dates.strftime("%Y-%m").to_numpy(dtype=np.str_), return_inverse=True)
    if outside.split.booked and months.size >= MONTHS:
        # P&L is booked days after it was earned: by months the two lie beside each other.
        new, *columns = (booked(column, code, months.size) for column in (new, *streams.T))
        streams = np.column_stack(columns)
        lengths, per_year = (months.size,), 12.0
        block = block_length(new, lengths=lengths)
    draws = Draws(lengths=lengths, block=block, reps=settings.reps, seed=settings.seed)
    return replace(match_library(new, streams, names, draws, per_year), n_streams=len(shelf.columns))
