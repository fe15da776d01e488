"""One span of a checked pair goes in; every number that the label reads of it comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.config import MOST_REPS, Settings
from auditor.coverage.split import Split
from auditor.errors import InputError
from auditor.gain_parts import attribute, nothing_new
from auditor.inputs.pair import Pair, Span
from auditor.inputs.returns import Returns
from auditor.inputs.trials import trials_on
from auditor.ledger.budget import Look
from auditor.result import SpanAttribution
from auditor.stats.blockchoice import calibrated_block
from auditor.stats.blocks import Draws, block_length, resample
from auditor.stats.selection import Selection, select
from auditor.stats.shape import PairShape, shape_of_pair
from auditor.stats.sharpe import (
    ROUNDING,
    SHARPE_DIFFERENCE,
    SharpeTest,
    pair_moments,
    sharpe_difference_test,
    sharpe_test,
)
from auditor.stats.signs import FEW, coins, few, signs_p
from auditor.stats.spanning import cover_moments, spanning_regression
from auditor.stats.studentised import replicates

Array = NDArray[np.float64]

HORIZONS = (1, 5, 10, 21)
"""Periods at which the gain is reported."""

SELECTION_REPS = 1_000
"""Replicates of SPA and StepM, which a loop in Python resamples."""

FEW_HITS = 20
"""Replicates beyond the statistic that a p needs to be held against a small level: its error is then a fifth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Every number of one span.

    replicates     (reps,) annualised gain in every resample of the paired test
    horizon_share  None where no window holds the longer horizon
    gain_signs     p of the gain under random signs, where few periods carry it; None where enough do
    new_signs      the same of the new part
    few_carry      whether so few periods carry the gain that no interval of it is to be believed
    """

    gain: SharpeTest
    replicates: Array
    shape: PairShape
    split: Split
    attribution: SpanAttribution
    horizon: int
    horizon_share: float | None
    gain_signs: float | None
    new_signs: float | None
    few_carry: bool


def measure(
    pair: Pair, where: Span, readings: Sequence[Split], settings: Settings, *, claim: float | None = None
) -> Measured:
    """Test the gain over one span, split it, and test what is new, all on the same resamples.

    readings  the tuned policy's P&L over the span, covered + new, whichever way it was found; of several, the one that
              says least of new is kept
    claim     level of the test of the gain, where looks have used up some of the level of its interval
    """
    base, tuned = pair.base[where.index], pair.tuned[where.index]
    block = block_of(base, tuned, where, settings)
    draws = Draws(lengths=where.lengths, block=block, reps=settings.reps, seed=settings.seed)
    # In units of their own standard deviation, so that scaling a policy changes no number.
    scaled_base, scaled_tuned = base / base.std(), tuned / tuned.std()
    paired = pair_moments(scaled_base, scaled_tuned)
    tables = [_moments_of(parts) for parts in readings]
    in_pair, *in_parts = resample([paired, *(one for one in tables if one is not None)], draws)

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
    # Of the same Sharpe ratios only rounding is left, which says nothing of periods.
    apart = scaled_tuned - scaled_base
    gain_signs = signs_of_few(apart, draws) if abs(test.gain) >= ROUNDING else None
    # Fat tails carry a gain in few periods too, but beside many others.
    few_carry = gain_signs is not None and coins(apart, draws.lengths, draws.block) < FEW
    if gain_signs is not None:
        least = min(1.0, 2 * min(gain_signs, 1 - gain_signs))
        test = replace(
            test,
            p_value=max(test.p_value, gain_signs),
            p_value_two_sided=max(test.p_value_two_sided, least),
        )
    at_horizon = [one.gain for one in test.horizons if one.periods == horizon]
    share = at_horizon[0] / test.gain if at_horizon and test.gain >= ROUNDING else None
    on_base = spanning_regression(tuned, base[:, None], periods_per_year=pair.periods_per_year)
    gains = replicates(SHARPE_DIFFERENCE, paired, in_pair)
    resampled = iter(in_parts)
    told = []
    for parts, table in zip(readings, tables, strict=True):
        if table is None:
            told.append(NewPart(parts, nothing_new(test, on_base, f"there is no new part: {parts.nothing_new}"), None))
            continue
        in_cover, gains_here, own_draws = next(resampled), gains, draws
        total = parts.covered + parts.new
        if parts.booked and settings.block == "auto":
            # P&L booked at exits depends on its past otherwise than returns do, so its tests have blocks of their own.
            longer = max(block, block_length(total, parts.new, lengths=where.lengths))
            if longer > block:
                own_draws = replace(draws, block=longer)
                own_pair, in_cover = resample([paired, table], own_draws)
                gains_here = replicates(SHARPE_DIFFERENCE, paired, own_pair)
        attribution = attribute(
            parts, table, in_cover, gains_here, test, on_base, own_draws, float(total.std()), pair.periods_per_year
        )
        signs = signs_of_few(parts.new, own_draws)
        if signs is not None and attribution.new_p is not None:
            attribution = replace(attribution, new_p=max(attribution.new_p, signs))
        told.append(NewPart(parts, attribution, signs))
    least_new = min(told, key=partial(newness, settings))
    return Measured(
        gain=test,
        replicates=gains * math.sqrt(pair.periods_per_year),
        shape=shape_of_pair(base, tuned, where.lengths, pair.periods_per_year),
        split=least_new.parts,
        attribution=least_new.attribution,
        horizon=horizon,
        horizon_share=share,
        gain_signs=gain_signs,
        new_signs=least_new.signs,
        few_carry=few_carry,
    )


class NewPart(NamedTuple):
    """What one reading says of new: its parts, their tests, and p under random signs where few periods carry it."""

    parts: Split
    attribution: SpanAttribution
    signs: float | None


def _moments_of(parts: Split) -> Array | None:
    """Moments of covered and total in units of the total; None where nothing is new."""
    if parts.nothing_new:
        return None
    total = parts.covered + parts.new
    return cover_moments(parts.covered / total.std(), total / total.std())


def newness(settings: Settings, found: NewPart) -> tuple[bool, float]:
    """How much a reading says of new: whether its part is large enough, and how small its p is."""
    part = found.attribution
    if part.new_p is None:
        return False, -np.inf
    return (part.edge_share or 0.0) >= settings.min_edge_share and part.new_p < settings.level, -part.new_p


def signs_of_few(values: Array, draws: Draws) -> float | None:
    """P of a stream's sum under random signs of its blocks, where few periods carry it; None where enough do."""
    return signs_p(values, draws.lengths, draws.block, seed=draws.seed) if few(values) else None


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
        trials = trials_on(pair.dates[index], tried, zone=pair.zone) - pair.cash[index, None]
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
