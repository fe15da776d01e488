"""A checked pair and the rollouts behind it go in; what they solve in both spans, against luck, comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.breadth import Breadth, Cut, Solved, SpanBreadth, block_of_windows, cut
from auditor.config import Settings
from auditor.coverage.problems import hurdle_value, parse_window, problem_labels, profits, successes, windows
from auditor.coverage.tries import compare_tries
from auditor.coverage.tries_luck import beyond_luck
from auditor.coverage.tries_placebo import Placebo, shifted_positions, shifted_returns
from auditor.coverage.tries_verdict import judge_tries
from auditor.errors import InputError
from auditor.inputs.calendar import refuse_other_step, show
from auditor.inputs.pair import Pair
from auditor.inputs.returns import Returns
from auditor.inputs.rollouts import Rollouts
from auditor.rollouts import Runs
from auditor.stats.ratios import sharpe_ratio

Array = NDArray[np.float64]

PLACEBO_TRIES, FEWEST_SHIFTS, MOST_SHIFTS = 12_800, 25, 1_000
"""Placebo tries of a problem, which put its chance within 0.4 points, and shifts of a rollout that make them up."""

REPS = 2_000
"""Resamples behind the bands."""

STILL = 0.1
"""Standard deviations of an instrument's return below which it does not tell the position: costs would swamp it."""

WILD = 20.0
"""Largest implied position over the usual one, beyond which a rollout trades more than this instrument."""


def breadth_of_rollouts(pair: Pair, runs: Runs, settings: Settings) -> Breadth:
    """Compare what the rollouts solve in each span, and what of it is beyond luck.

    A window that reaches over the edge of a span is left out. Raises InputError for a window or a hurdle that cannot
    be used, and for instrument returns that lack a date of the pair.
    """
    names = runs.base.instruments
    market = None if runs.instrument is None else _instrument_on(pair, runs.instrument, names)
    base, tuned = (_policy_on(pair, one, market) for one in (runs.base, runs.tuned))
    found = windows(pair.dates.as_unit("ns").asi8, settings.window)
    hurdle = hurdle_value(settings.hurdle, profits(base.returns, found.codes))
    cuts = [cut(found, span) for span in (pair.in_sample, pair.out_of_sample)]
    over = len(found.labels) - sum(part.kept.size for part in cuts)
    across = f"{over} window(s) reach over the edge of a span, or into an embargo, and are left out"
    return Breadth(
        source="rollouts",
        problem=_problem(settings.window, by_instrument=bool(names)),
        descriptive=False,
        hurdle=hurdle,
        in_sample=_measured(base, tuned, cuts[0], names, hurdle, settings),
        out_of_sample=_measured(base, tuned, cuts[1], names, hurdle, settings),
        base_sharpes=_sharpes(base.returns, pair),
        tuned_sharpes=_sharpes(tuned.returns, pair),
        notes=found.notes + ((across,) if over else ()) + tuple(dict.fromkeys(base.notes + tuned.notes)),
        not_assessed=tuple(
            f"Depth and breadth of the rollouts {words}: {part.kept.size} whole windows; two are needed"
            for words, part in zip(("in sample", "out of sample"), cuts, strict=True)
            if part.kept.size < 2
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnPair:
    """One policy's rollouts on the dates of a pair.

    returns, positions  (T, R, K), K of at least 1; positions are None where they are not known
    market              (T, K) returns of the instruments, None where they are not known
    """

    returns: Array
    positions: Array | None
    market: Array | None
    notes: tuple[str, ...]


def _policy_on(pair: Pair, runs: Rollouts, market: Array | None) -> _OnPair:
    at = runs.dates.get_indexer(pair.dates)
    cube = (len(at), len(runs.rollouts), -1)
    returns = np.ascontiguousarray(runs.returns[at]).reshape(cube)
    notes: tuple[str, ...] = ()
    positions = None
    if market is not None:
        if runs.positions is not None:
            positions = np.ascontiguousarray(runs.positions[at]).reshape(cube)
        else:
            held = [implied_positions(returns[:, :, k], market[:, k]) for k in range(returns.shape[2])]
            positions = np.stack(held, axis=2)
            notes += _doubt(runs.name, positions)
    elif runs.positions is not None:
        notes += (f"{runs.name}: positions need --instrument-returns for the stronger placebo; they are not used",)
    if not runs.instruments:
        returns = returns - pair.cash[:, None, None]
    elif pair.cash.any():
        notes += ("returns by instrument are not in excess of cash in the problems: cash is of no instrument",)
    return _OnPair(returns=returns, positions=positions, market=market, notes=notes)


def implied_positions(returns: Array, moved: Array) -> Array:
    """Position over each period that gives a rollout's return on an instrument: (T, R), (T,) to (T, R).

    Where the instrument hardly moves its return does not tell the position, and the last one told stands.
    """
    told = np.abs(moved) > STILL * moved.std()
    last = np.maximum.accumulate(np.where(told, np.arange(moved.size), -1))
    last = np.where(last < 0, int(np.argmax(told)), last)
    held: Array = returns[last] / moved[last][:, None]
    return held


def _doubt(name: str, positions: Array) -> tuple[str, ...]:
    """Say where the positions implied by an instrument's returns are none that a policy would hold."""
    size = np.abs(positions)
    usual = float(np.median(size[size > 0])) if (size > 0).any() else 0.0
    most = float(size.max())
    if most <= WILD * usual or not usual:
        return ()
    return (
        f"{name}: implied positions reach {most:.3g}, {most / usual:.0f} times the usual one: do the rollouts trade "
        "only what --instrument-returns holds?",
    )


def _measured(
    base: _OnPair, tuned: _OnPair, part: Cut, names: tuple[str, ...], hurdle: float, settings: Settings
) -> SpanBreadth | None:
    """Compare both policies on the windows of one span; None where it holds fewer than two."""
    if part.kept.size < 2:
        return None
    codes = np.repeat(np.arange(part.first.size), np.diff(np.append(part.first, part.rows.size)))
    policies = (base, tuned)
    counts = [successes(profits(one.returns[part.rows], codes), hurdle).sum(axis=1, dtype=np.int64) for one in policies]
    tries = [np.full(solved.size, one.returns.shape[1]) for solved, one in zip(counts, policies, strict=True)]
    placebos = [_placebo(one, part, hurdle, settings.seed) for one in policies]
    block = block_of_windows(counts[0], counts[1], tries[0], tries[1], base.returns.shape[2])
    chosen: dict[str, Any] = {"block": block, "reps": REPS, "seed": settings.seed, "level": settings.level}
    found = compare_tries(*counts, base_tries=tries[0], tuned_tries=tries[1], **chosen)
    beyond = beyond_luck(
        *counts,
        base_tries=tries[0],
        tuned_tries=tries[1],
        base_placebo=placebos[0],
        tuned_placebo=placebos[1],
        base_pass=found.curves.base,
        tuned_pass=found.curves.tuned,
        **chosen,
    )
    rates = [solved / n for solved, n in zip(counts, tries, strict=True)]
    return SpanBreadth(
        tries=found,
        beyond=beyond,
        verdict=judge_tries(found, beyond),
        problems=tuple(
            Solved(
                problem=label,
                base_rate=float(rates[0][at]),
                tuned_rate=float(rates[1][at]),
                base_placebo=float(placebos[0].rate[at]),
                tuned_placebo=float(placebos[1].rate[at]),
                base_p=float(beyond.base.p_values[at]),
                tuned_p=float(beyond.tuned.p_values[at]),
                new=bool(beyond.new[at]),
            )
            for at, label in enumerate(problem_labels(part.labels, names))
        ),
        base_tries=(base.returns.shape[1],) * 2,
        tuned_tries=(tuned.returns.shape[1],) * 2,
        first=part.labels[0],
        last=part.labels[-1],
    )


def _placebo(policy: _OnPair, part: Cut, hurdle: float, seed: int) -> Placebo:
    """Chance of each problem without timing, in the order of `profits`: instrument by instrument in each window."""
    found = []
    shifts = min(MOST_SHIFTS, max(FEWEST_SHIFTS, math.ceil(PLACEBO_TRIES / policy.returns.shape[1])))
    for k in range(policy.returns.shape[2]):
        if policy.positions is None or policy.market is None:
            paths = policy.returns[part.rows, :, k]
            found.append(shifted_returns(paths, part.first, hurdle=hurdle, shifts=shifts, seed=seed + k))
        else:
            paths, moved = policy.positions[part.rows, :, k], policy.market[part.rows, k]
            found.append(shifted_positions(paths, moved, part.first, hurdle=hurdle, shifts=shifts, seed=seed + k))
    return replace(found[0], rate=np.column_stack([one.rate for one in found]).ravel())


def _instrument_on(pair: Pair, market: Returns, names: tuple[str, ...]) -> Array:
    """Returns of what the rollouts trade on the dates of a pair, in the order of the rollouts' instruments: (T, K)."""
    refuse_other_step(market.name, market.dates, "the rollouts", pair.dates)
    at = market.dates.get_indexer(pair.dates)
    lacking = pair.dates[at < 0]
    if len(lacking):
        raise InputError(
            f"{market.name}: {len(lacking)} dates of the rollouts are not in it (first {show(lacking[0])}). Give the "
            "instrument's return on every date."
        )
    columns = [market.columns.index(name) for name in names] if names else [0]
    values: Array = np.ascontiguousarray(market.values[at][:, columns])
    empty = np.isnan(values).any(axis=1)
    if empty.any():
        first = show(pair.dates[int(np.argmax(empty))])
        raise InputError(
            f"{market.name}: {int(empty.sum())} dates of the rollouts have no value in it (first {first}). Give the "
            "instrument's return on every date."
        )
    return values


def _problem(window: str | int, *, by_instrument: bool) -> str:
    kind = parse_window(window)
    what = f"{kind} periods" if isinstance(kind, int) else f"a {kind}"
    return f"{what} of an instrument" if by_instrument else what


def _sharpes(returns: Array, pair: Pair) -> tuple[float, float, float]:
    """Lowest, median and highest Sharpe ratio of a rollout, out of sample, annualised."""
    total = returns[pair.out_of_sample.index].sum(axis=2)
    moving = total[:, total.std(axis=0) > 0]
    found = sorted(sharpe_ratio(np.ascontiguousarray(one)) for one in moving.T)
    year = math.sqrt(pair.periods_per_year)
    return found[0] * year, float(np.median(found)) * year, found[-1] * year
