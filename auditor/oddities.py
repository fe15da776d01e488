"""A checked pair and what was measured go in; what a reader should doubt about them comes out, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.direction import DAILY, Direction
from auditor.coverage.inferred import Whole
from auditor.coverage.streams import COLLINEAR
from auditor.errors import InputError
from auditor.implausible import begins_idle, below_zero, single_returns, too_bad, too_good, unfinanced
from auditor.inputs.pair import MIN_OOS, Pair
from auditor.measure import Measured
from auditor.stats.sharpe import ROUNDING
from auditor.verdict.checks import Evidence, Finding
from auditor.verdict.words import detectable_text


def refuse_tuned_among_known(pair: Pair) -> None:
    """Refuse a known stream that is the tuned policy itself, levered or not: it would explain all of it."""
    if found := known_that_are(pair, pair.tuned):
        raise InputError(
            f"--known: column {found[0]!r} is the tuned policy itself, so it would explain every return. "
            "Known streams are what the base could have had: leave that column out"
        )


def refuse_unfinanced(pair: Pair) -> None:
    """Refuse a tuned policy that is base levered before cash was taken off: its gain would be cash that nobody paid."""
    base, tuned = pair.base + pair.cash, pair.tuned + pair.cash
    size = float(base @ tuned) / float(base @ base) if base.any() else 1.0
    rest = tuned - size * base
    # A policy that was financed, or was paid on what it left in cash, is not a multiple of the other.
    if not pair.cash.any() or float(rest @ rest) >= COLLINEAR * float(tuned @ tuned) or abs(size - 1) < ROUNDING:
        return
    raise InputError(
        f"The tuned returns are {size:.4g} times the base's. Less the same cash rate both have other Sharpe ratios, "
        "since nothing in them pays for the difference in size: leave --rf out, or give returns after financing"
    )


def known_that_are(pair: Pair, policy: NDArray[np.float64]) -> list[str]:
    """Names of known streams that are a policy of the pair, (T,), itself, levered or not."""
    # as it was read, too: cash is taken off the policies alone
    forms = [policy, policy + pair.cash] if pair.cash.any() else [policy]
    return [
        name
        for name, stream in zip(pair.known_names, pair.known.T, strict=True)
        if stream.std() > 0 and any(1 - np.corrcoef(stream, one)[0, 1] ** 2 < COLLINEAR for one in forms)
    ]


def oddities(
    pair: Pair,
    whole: Whole,
    inside: Measured,
    outside: Measured,
    way: Direction,
    finding: Finding,
    evidence: Evidence,
    settings: Settings,
    base_known: Sequence[str],
) -> tuple[str, ...]:
    """What the user should know before believing the label; base_known names known streams that are the base."""
    found = []
    if np.array_equal(pair.base, pair.tuned):
        found.append("Both policies have the same returns on every date: was one file given twice?")
    if said := unfinanced(pair, outside, finding):
        found.append(said)
    if whole.moved is not None:
        found.append(
            f"The tuned returns are {whole.moved}: are the dates of one of them shifted? Date both alike. What is only "
            "moved in time is not called new."
        )
    if whole.slow is not None:
        found.append(
            f"The tuned returns follow the base's mean of {whole.slow} periods, as those of positions do that are "
            "marked late, by models or smoothed: that lowers the risk seen and not the risk. Mark both policies alike."
        )
    if pair.in_sample.index.size < MIN_OOS:
        found.append(
            f"In sample there are only {pair.in_sample.index.size} periods: what was promised there may be mere chance."
        )
    if base_known:
        found.append(
            f"--known: {', '.join(map(repr, base_known))} is the base itself, levered or not, and tells nothing new."
        )
    found.extend(begins_idle(pair))
    idle = pair.base + pair.cash == 0
    if evidence != "trades" and whole.steady.any():
        a_year = float(whole.steady[idle].mean()) * pair.periods_per_year
        found.append(
            f"In the {int(idle.sum())} periods in which the base holds nothing, the tuned policy earns a steady "
            f"{a_year:+.2%} a year more, as interest on cash or costs: no "
            "bet, and no edge. Give it to both policies or to none."
        )
    found.extend(
        said
        for said in (
            too_good(pair, inside, outside),
            too_bad(pair, inside, outside),
            below_zero(pair, outside, finding),
        )
        if said
    )
    found.extend(single_returns(pair, inside, outside, finding))
    carried = [
        f"{what} (p = {p:.3f})"
        for what, p in (("the gain", outside.gain_signs), ("the new part", outside.new_signs))
        if p is not None
    ]
    if carried:
        found.append(
            f"Few out-of-sample periods carry {' and '.join(carried)}: too few for resampling alone, so the p is "
            "that of giving every sign to each block at random, as coins fall."
        )
    shortest = min(pair.out_of_sample.lengths)
    if settings.block == "auto" and len(pair.out_of_sample.lengths) > 1 and outside.gain.block == shortest:
        found.append(
            f"The shortest out-of-sample window holds {shortest} periods, which caps the block length: dependence "
            "beyond that is not in the errors."
        )
    if outside.shape.tails.warning:
        found.append(outside.shape.tails.warning)
    if finding == "new_edge" and evidence == "returns":
        found.append(
            "New edge is presumed without any known stream: long-only policies that share a market passed for it in "
            "most simulated worlds, and so did shifts of weight between sleeves of the base: on daily returns in 10 to "
            "80 % where the sleeves are unequal, on weekly and monthly ones in a quarter. Give the market and the "
            "sleeves (--known)."
        )
    if evidence != "trades" and way.hidden(settings.level):
        barred = pair.frequency.name in DAILY and not settings.known_complete
        passes = (
            "so nothing here is called new edge" if barred else "so a filter of the base's own trades can pass for it"
        )
        found.append(
            "On this data a tuned policy that is a part of the base could look the same to the direction test: tails "
            f"are too thin, exposure too steady, or storms shared, {passes}. Trades would tell."
        )
    if outside.gain.n_obs < 2 * pair.periods_per_year:
        years = outside.gain.n_obs / pair.periods_per_year
        found.append(
            f"The out-of-sample data spans {years:.1f} years: only gains of "
            f"{detectable_text(outside.gain.min_detectable_gain)} and more are found with 80 % power."
        )
    return tuple(found)
