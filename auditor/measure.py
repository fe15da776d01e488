"""One span of a checked pair goes in; every number that the label reads of it comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.config import MOST_REPS, Settings
from auditor.coverage.exposure import booked, carried
from auditor.coverage.library import LibraryMatch, match_library
from auditor.coverage.split import Split
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.pair import Pair, Span
from auditor.inputs.returns import Returns
from auditor.inputs.trials import trials_on
from auditor.ledger.budget import Look
from auditor.result import SpanAttribution
from auditor.shelf import Shelf
from auditor.stats.blockchoice import calibrated_block
from auditor.stats.blocks import Draws, Resampled, block_length, columns_of, resample
from auditor.stats.selection import Selection, select
from auditor.stats.shape import PairShape, shape_of_pair
from auditor.stats.sharpe import (
    ROUNDING,
    SHARPE_ALONE,
    SHARPE_DIFFERENCE,
    SharpeTest,
    pair_moments,
    sharpe_difference_test,
    sharpe_ratio,
    sharpe_test,
)
from auditor.stats.spanning import (
    ALONE,
    ALPHA_NULL,
    AS_PAIR,
    BESIDE,
    EARNS,
    MEAN_NULL,
    NEW_ALPHA,
    NEW_MEAN,
    SpanningRegression,
    alpha_error,
    cover_moments,
    mean_error,
    spanning_regression,
    stream_test,
)
from auditor.stats.studentised import Studentised, booked_error, quantile, replicates, standard_error, studentise
from auditor.verdict.checks import Part

Array = NDArray[np.float64]

HORIZONS = (1, 5, 10, 21)
"""Periods at which the gain is reported."""

SELECTION_REPS = 1_000
"""Replicates of SPA and StepM, which a loop in Python resamples."""

MONTHS = 24
"""Months that a library is matched on, at least; below them, periods are."""

FEW_HITS = 20
"""Replicates beyond the statistic that a p needs to be held against a small level: its error is then a fifth of it."""

NO_GAIN = "there is no gain to share out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Every number of one span.

    replicates     (reps,) annualised gain in every resample of the paired test
    horizon_share  None where no window holds the longer horizon
    """

    gain: SharpeTest
    replicates: Array
    shape: PairShape
    split: Split
    attribution: SpanAttribution
    horizon: int
    horizon_share: float | None


def measure(pair: Pair, where: Span, parts: Split, settings: Settings, *, claim: float | None = None) -> Measured:
    """Test the gain over one span, split it, and test what is new, all on the same resamples.

    parts  the tuned policy's P&L over the span, covered + new, whichever way it was found
    claim  level of the test of the gain, where looks have used up some of the level of its interval
    """
    base, tuned = pair.base[where.index], pair.tuned[where.index]
    total = parts.covered + parts.new
    block = block_of(base, tuned, where, settings)
    draws = Draws(lengths=where.lengths, block=block, reps=settings.reps, seed=settings.seed)
    # In units of their own standard deviation, so that scaling a policy changes no number.
    scaled_base, scaled_tuned = base / base.std(), tuned / tuned.std()
    paired = pair_moments(scaled_base, scaled_tuned)
    table = paired if parts.nothing_new else cover_moments(parts.covered / total.std(), total / total.std())
    in_pair, in_cover = resample([paired, table], draws)

    horizon = longer_horizon(pair.periods_per_year, where)
    test = sharpe_test(
        scaled_base,
        scaled_tuned,
        draws,
        periods_per_year=pair.periods_per_year,
        level=settings.level,
        claim=claim,
        horizons=sorted({*HORIZONS, horizon}),
        found=sharpe_difference_test(scaled_base, scaled_tuned, draws, resampled=in_pair),
    )
    at_horizon = [one.gain for one in test.horizons if one.periods == horizon]
    share = at_horizon[0] / test.gain if at_horizon and test.gain >= ROUNDING else None
    on_base = spanning_regression(tuned, base[:, None], periods_per_year=pair.periods_per_year)
    tested = gains = replicates(SHARPE_DIFFERENCE, paired, in_pair)
    if parts.nothing_new:
        attribution = nothing_new(test, on_base, f"there is no new part: {parts.nothing_new}")
    else:
        if parts.booked and settings.block == "auto":
            # P&L booked at exits depends on its past otherwise than returns do, so its tests have blocks of their own.
            longer = max(block, block_length(total, parts.new, lengths=where.lengths))
            if longer > block:
                draws = replace(draws, block=longer)
                in_pair, in_cover = resample([paired, table], draws)
                gains = replicates(SHARPE_DIFFERENCE, paired, in_pair)
        attribution = attribute(
            parts, table, in_cover, gains, test, on_base, draws, float(total.std()), pair.periods_per_year
        )
    return Measured(
        gain=test,
        replicates=tested * math.sqrt(pair.periods_per_year),
        shape=shape_of_pair(base, tuned, where.lengths, pair.periods_per_year),
        split=parts,
        attribution=attribution,
        horizon=horizon,
        horizon_share=share,
    )


def too_coarse(outside: Measured, look: Look) -> int | None:
    """Replicates it takes to tell whether a p is below the level left, where those drawn cannot; None where they can.

    A p is a multiple of 1 / (1 + reps). Only one that few replicates made, and that could still pass, is drawn again:
    to pass, the second p must be below the level too, so that drawing twice passes no more often than once.
    """
    floor = FEW_HITS / (1 + outside.gain.reps)
    gain, new = outside.gain.p_value, outside.attribution.new_p
    claims = ((gain, look.level_left), (gain, look.gain_level_left), (new, look.level_left))
    if not any(p is not None and p < floor and level < floor for p, level in claims):
        return None
    return min(math.ceil(FEW_HITS / look.level_left), MOST_REPS)


def how_selected(pair: Pair, inside: Measured, settings: Settings, tried: Returns | None) -> Selection:
    """Judge the in-sample gain as the best of many trials; it never moves the label."""
    index = pair.in_sample.index
    trials = None
    if tried is not None:
        trials = trials_on(pair.dates[index], tried) - pair.cash[index, None]
    return select(
        pair.base[index],
        pair.tuned[index],
        periods_per_year=pair.periods_per_year,
        trials=trials,
        n_trials=settings.n_trials,
        block=inside.gain.block,
        reps=min(settings.reps, SELECTION_REPS),
        seed=settings.seed,
        level=settings.level,
    )


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
    streams, names = alongside(books, trials_on(pair.dates, shelf, "calendar"), shelf.columns)
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


def block_of(base: Array, tuned: Array, where: Span, settings: Settings) -> int:
    """Periods in a block: the one asked for, or the pair's own."""
    if settings.block == "auto":
        return block_length(base, tuned, lengths=where.lengths)
    if settings.block == "calibrate":
        return calibrated_block(base, tuned, where.lengths, level=settings.level, seed=settings.seed).block
    most = min(where.index.size // 4, *where.lengths)
    if settings.block > most:
        raise InputError(
            f"--block {settings.block} does not fit {where.index.size} periods in {len(where.lengths)} window(s): "
            f"at most {most}, a quarter of the sample and no more than the shortest window"
        )
    return settings.block


def longer_horizon(periods_per_year: float, where: Span) -> int:
    """Periods of the consistency check: a month of daily or weekly data (21, 4), a quarter of monthly (3).

    Fewer where the span is short: the variance of h-period sums needs ten or so of them.
    """
    wanted = round(periods_per_year / 12) if periods_per_year > 24 else 3
    return max(2, min(wanted, where.index.size // 10, max(where.lengths) // 2))


def nothing_new(test: SharpeTest, on_base: SpanningRegression | None, reason: str) -> SpanAttribution:
    """The split of a gain that is all reweighting."""
    return SpanAttribution(
        reweighting_part=Part(value=test.gain, ci=test.ci),
        edge_part=Part(value=0.0, ci=(0.0, 0.0)),
        edge_part_upper=0.0,
        edge_share=share_of(0.0, test.gain),
        edge_share_reason=None if test.gain >= ROUNDING else NO_GAIN,
        on_base=on_base,
        new_mean=None,
        new_alpha=None,
        new_p=None,
        new_reason=reason,
    )


def attribute(
    parts: Split,
    table: Array,
    resampled: Resampled,
    gains: Array,
    test: SharpeTest,
    on_base: SpanningRegression | None,
    draws: Draws,
    scale: float,
    periods_per_year: float,
) -> SpanAttribution:
    """Split the gain into its two parts, and test the mean and the alpha of the new stream.

    table, resampled  `cover_moments` in units of `scale`, and their resamples
    gains             (reps,) per-period Sharpe gain in every replicate, which the parts' replicates add up to
    """
    year = math.sqrt(periods_per_year)
    covered, total = parts.covered / scale, (parts.covered + parts.new) / scale
    # Where nothing is covered its Sharpe ratio is zero, and the whole of the new part's is edge.
    bare = not covered.any()
    statistic, columns = (SHARPE_ALONE, ALONE) if bare else (SHARPE_DIFFERENCE, AS_PAIR)
    own_units = table[:, ALONE] if bare else pair_moments(covered / covered.std(), total)
    error = standard_error(statistic, own_units, draws.lengths)
    if parts.booked:
        error = booked_error(statistic, table[:, columns], draws.lengths, draws.block)
    edge = studentise(statistic, table[:, columns], columns_of(resampled, columns), se=error)
    low, high = edge.interval(test.level)
    rest = test.gain - edge.estimate * year
    rest_stars = (gains - replicates(statistic, table[:, columns], columns_of(resampled, columns))) * year
    half = quantile(np.sort(np.abs(rest_stars - rest)), 1 - test.level)

    mean, alpha = new_tests(parts, table, resampled, draws)
    annual = scale * periods_per_year
    return SpanAttribution(
        reweighting_part=Part(value=rest, ci=(rest - half, rest + half)),
        edge_part=Part(value=edge.estimate * year, ci=(low * year, high * year)),
        edge_part_upper=edge.upper_bound(test.level) * year,
        edge_share=share_of(edge.estimate * year, test.gain),
        edge_share_reason=None if test.gain >= ROUNDING else NO_GAIN,
        on_base=on_base,
        new_mean=stream_test(mean, MEAN_NULL, draws, periods_per_year=annual, level=test.level),
        new_alpha=stream_test(alpha, ALPHA_NULL, draws, periods_per_year=annual, level=test.level),
        new_p=max(mean.p_value(), alpha.p_value()),
        new_reason=None,
    )


def new_tests(parts: Split, table: Array, resampled: Resampled, draws: Draws) -> tuple[Studentised, Studentised]:
    """Mean of the new stream, and its alpha on the covered one; both pay for the projection that found them.

    table, resampled  `cover_moments` of the two streams, in any unit, and their resamples
    """
    total, covered = table[:, 0], table[:, 1]
    lost = parts.parameters
    error = parts.error_factor * mean_error(total - covered, draws.lengths, lost)
    if parts.booked:
        error = booked_error(NEW_MEAN, table[:, EARNS], draws.lengths, draws.block)
    mean = studentise(NEW_MEAN, table[:, EARNS], columns_of(resampled, EARNS), se=error)
    if not covered.any():
        return mean, mean
    # The alpha's own error holds the covered stream's share of the factor already.
    factor = parts.error_factor / math.hypot(1, sharpe_ratio(covered))
    error = factor * alpha_error(covered, total, draws.lengths, lost)
    if parts.booked:
        error = booked_error(NEW_ALPHA, table[:, BESIDE], draws.lengths, draws.block)
    return mean, studentise(NEW_ALPHA, table[:, BESIDE], columns_of(resampled, BESIDE), se=error)


def share_of(edge: float, gain: float) -> float | None:
    """Edge part over gain; None where there is no gain beyond rounding."""
    return edge / gain if gain >= ROUNDING else None
