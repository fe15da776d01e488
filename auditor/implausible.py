"""A checked pair and what was measured of it go in; what in its numbers is hardly to be believed comes out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from auditor.describe import iso
from auditor.inputs.pair import Pair, Span
from auditor.measure import Measured
from auditor.stats.ratios import sharpe_ratio, sharpe_without_each
from auditor.stats.sharpe import ROUNDING
from auditor.verdict.checks import Finding
from auditor.verdict.words import share_text

MOST, MOST_INTRADAY = 5.0, 10.0
"""Sharpe ratios a year above which a policy is doubted; market making within the day has higher ones."""

FEWEST_LOSSES = 0.2
"""Least share of periods that lose: so few of normal daily returns do at a Sharpe ratio of 13, of weekly ones at 6."""

FASTER_THAN_MONTHS = 24
"""Periods a year above which losses are counted: a good year has few months that lose."""

FEWEST_PERIODS = 30
"""Periods that earn or lose, for their share to tell."""

FEWEST_IDLE = 20
"""Zeros in a row, at the beginning or the end, that are told: a month of days."""

MAKES = 0.75
"""Share of a gain that one return brings, for it to make the result and not only a part of the gain."""


def _ratios(pair: Pair, inside: Measured, outside: Measured) -> Iterator[tuple[str, NDArray[np.float64], float]]:
    """Give every policy and span in words, the policy's returns before cash, and its Sharpe ratio a year."""
    for name, policy in (("base", pair.base), ("tuned", pair.tuned)):
        for words, span, measured in (
            ("in sample", pair.in_sample, inside),
            ("out of sample", pair.out_of_sample, outside),
        ):
            ratio = measured.gain.base if name == "base" else measured.gain.tuned
            yield f"{name} {words}", (policy + pair.cash)[span.index], ratio


def _most(pair: Pair) -> float:
    return MOST_INTRADAY if pair.frequency.name == "intraday" else MOST


def too_good(pair: Pair, inside: Measured, outside: Measured) -> str | None:
    """Name the policies whose Sharpe ratio is too high to be earned, or that hardly ever lose."""
    most = _most(pair)
    found = []
    for where, returns, ratio in _ratios(pair, inside, outside):
        said = [f"Sharpe ratio {ratio:.1f}"] if ratio > most else []
        lost = _share_lost(returns)
        if pair.periods_per_year > FASTER_THAN_MONTHS and lost is not None and lost < FEWEST_LOSSES:
            said.append(f"{share_text(lost)} of periods lose")
        if said:
            found.append(f"{where}, {' and '.join(said)}")
    if not found:
        return None
    return (
        f"Hardly to be earned ({'; '.join(found)}): Sharpe ratios above {most:g}, and under {FEWEST_LOSSES:.0%} of "
        "periods that lose, come from look-ahead, stale prices or smoothed returns more often than from trading. Look "
        "for returns that use the same period's data."
    )


def too_bad(pair: Pair, inside: Measured, outside: Measured) -> str | None:
    """Name the policies whose Sharpe ratio is too low to be lost: their unit is wrong, or that of cash."""
    most = _most(pair)
    found = [f"{where}, {ratio:.1f}" for where, _, ratio in _ratios(pair, inside, outside) if ratio < -most]
    if not found:
        return None
    cash = float(pair.cash.mean()) * pair.periods_per_year
    volatility = float((pair.base + pair.cash).std()) * pair.periods_per_year**0.5
    beside = f" Cash takes {cash:.2%} a year off returns that move {volatility:.2%} a year." if cash else ""
    return (
        f"Hardly to be lost (Sharpe ratio of {'; '.join(found)}): below {-most:g} a unit is wrong more often than a "
        f"policy. Were decimal returns divided by 100, or is the cash rate in percent?{beside}"
    )


def begins_idle(pair: Pair) -> Iterator[str]:
    """Name a policy that begins or ends with zeros: it had not begun, or was over, and the rest is diluted by them."""
    for name, policy in (("base", pair.base + pair.cash), ("tuned", pair.tuned + pair.cash)):
        moves = np.flatnonzero(_moves(policy))
        if not moves.size:
            continue
        usual = int(np.diff(moves).max(initial=1)) - 1
        first, last = int(moves[0]), policy.size - 1 - int(moves[-1])
        for count, words in ((first, "first"), (last, "last")):
            if count >= max(FEWEST_IDLE, 2 * usual):
                yield (
                    f"The {words} {count} returns of {name} are zero, and nowhere else are there so many: was it not "
                    f"traded yet, or no longer? If so, cut both files to the dates on which both were."
                )


def _moves(returns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each return, before cash, is not zero: what is left of a zero once cash was put back is rounding."""
    sizes = np.abs(returns)
    return np.asarray(sizes > 1e-12 * sizes.max())


def _share_lost(returns: NDArray[np.float64]) -> float | None:
    """Share of periods that lose among those with a return; None where too few have one."""
    moves = _moves(returns)
    if moves.sum() < FEWEST_PERIODS:
        return None
    return float((returns[moves] < 0).mean())


def below_zero(pair: Pair, outside: Measured, finding: Finding) -> str | None:
    """Say where a gain is praised that begins below zero, where a ratio rises with risk."""
    base, tuned = outside.gain.base, outside.gain.tuned
    if finding not in ("new_edge", "efficiency") or base > -ROUNDING:
        return None
    found = (
        f"The base's out-of-sample Sharpe ratio is below zero ({base:.2f}), where a ratio rises with risk (Israelsen "
        "2005): more risk at a loss looks like a gain."
    )
    if tuned > 0:
        return found
    return f"{found} The tuned policy still {'earns less than cash' if pair.cash.any() else 'loses'} ({tuned:z.2f})."


def unfinanced(pair: Pair, outside: Measured, finding: Finding) -> str | None:
    """Say where most of a gain that is praised is the cash rate, which policies of other sizes did not pay."""
    if finding not in ("new_edge", "efficiency") or not pair.cash.any():
        return None
    index = pair.out_of_sample.index
    base, tuned = ((one + pair.cash)[index] for one in (pair.base, pair.tuned))
    bare = (sharpe_ratio(tuned) - sharpe_ratio(base)) * pair.periods_per_year**0.5
    if bare >= outside.gain.gain / 2:
        return None
    return (
        f"Without the cash rate the out-of-sample gain is {bare:+z.2f}, not {outside.gain.gain:+.2f}: most of it is "
        "cash, which a policy of another size pays or earns, and returns of futures or of borrowed money already do. "
        "Are both policies' returns after financing?"
    )


def single_returns(pair: Pair, inside: Measured, outside: Measured, finding: Finding) -> Iterator[str]:
    """Name the period that a gain hangs on: that out of sample, and what was promised in sample where it is refuted."""
    rests = finding in ("new_edge", "efficiency", "flattering")
    if said := one_period_of(pair, pair.out_of_sample, outside.gain.gain, "out-of-sample", rests=rests):
        yield said
    if finding == "flattering" and (
        said := one_period_of(pair, pair.in_sample, inside.gain.gain, "in-sample", rests=True)
    ):
        yield said


def one_period_of(pair: Pair, span: Span, gain: float, where: str, *, rests: bool) -> str | None:
    """Name the period of a span without which its gain loses half of its size or its sign.

    rests  whether the finding rests on this gain, so that a return which is most of it makes the result
    """
    base, tuned = pair.base[span.index], pair.tuned[span.index]
    year = pair.periods_per_year**0.5
    without = (sharpe_without_each(tuned) - sharpe_without_each(base)) * year
    if abs(gain) < 10 * ROUNDING or not np.isfinite(without).all():
        return None
    worst = int(np.argmin(without * np.sign(gain)))
    share = 1 - float(without[worst]) / gain
    if share < 0.5:
        return None
    part = "all" if share >= 1 else share_text(share)
    what = (
        "makes the result" if rests and share >= MAKES else f"is {part} of the {where} {'gain' if gain > 0 else 'fall'}"
    )
    return (
        f"One return {what}: without {iso(pair.dates[span.index[worst]])} (base {base[worst]:+.2%}, tuned "
        f"{tuned[worst]:+.2%}) the {where} gain is {without[worst]:+z.2f}, not {gain:+.2f}."
    )
