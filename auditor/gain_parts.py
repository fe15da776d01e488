"""A gain and the two streams behind it go in; its parts, and the tests of what is new, come out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auditor.coverage.split import Split
from auditor.result import SpanAttribution
from auditor.stats.blocks import Draws, Resampled, columns_of
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.sharpe import ROUNDING, SHARPE_ALONE, SHARPE_DIFFERENCE, SharpeTest, pair_moments
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
    mean_error,
    stream_test,
)
from auditor.stats.studentised import Studentised, booked_error, quantile, replicates, standard_error, studentise
from auditor.verdict.checks import Part

Array = NDArray[np.float64]

NO_GAIN = "there is no gain to share out"


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
    # The alpha's own error holds the covered stream's share of the factor already; parts known exactly have no factor.
    factor = max(1.0, parts.error_factor / math.hypot(1, sharpe_ratio(covered)))
    error = factor * alpha_error(covered, total, draws.lengths, lost)
    if parts.booked:
        error = booked_error(NEW_ALPHA, table[:, BESIDE], draws.lengths, draws.block)
    return mean, studentise(NEW_ALPHA, table[:, BESIDE], columns_of(resampled, BESIDE), se=error)


def share_of(edge: float, gain: float) -> float | None:
    """Edge part over gain; None where there is no gain beyond rounding."""
    return edge / gain if gain >= ROUNDING else None
