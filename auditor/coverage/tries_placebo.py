"""Rollouts and positions go in; how often each problem is solved without timing, and tests against it, come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
PlaceboKind = Literal["positions", "returns"]

NEAR = 0.15
"""A rate is near its placebo when its upper 95 % bound (Clopper & Pearson) is at most so much above it."""
SATURATED = 0.97
"""Placebo's pass@k beyond which nothing is left to correct for chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """How often each problem is solved without timing.

    rate   (N,) share of placebo tries above the hurdle
    tries  placebo tries behind each rate
    kind   positions: the policy's own exposure and turnover against the returns as they came;
           returns: the weaker one, its own demeaned returns at other times, blind to exposure
    """

    rate: Array
    tries: int
    kind: PlaceboKind

    def __str__(self) -> str:
        """Say it in one line."""
        weak = " (weaker: exposure is not separated from skill)" if self.kind == "returns" else ""
        return f"placebo of shifted {self.kind}{weak} solves {self.rate.mean():.1%} per try"


def shifted_positions(
    positions: Array, returns: Array, first: Counts, *, hurdle: float = 0.0, shifts: int = 200, seed: int = 0
) -> Placebo:
    """Success of each problem with every rollout's positions shifted in a circle: exposure and turnover, no timing.

    positions  (T, R) held over each period
    returns    (T,) of the instrument over the same periods
    first      (N,) first row of each window, rising from 0; windows fill all periods
    hurdle     P&L of a window above which it is solved
    shifts     drawn per rollout, at least a window away from none
    """
    return Placebo(
        rate=_shifted_rate(positions, returns, first, hurdle, shifts, seed),
        tries=shifts * positions.shape[1],
        kind="positions",
    )


def shifted_returns(
    rollouts: Array, first: Counts, *, hurdle: float = 0.0, shifts: int = 200, seed: int = 0
) -> Placebo:
    """Weaker placebo, without positions: every rollout's demeaned returns at other times; arguments as above.

    It cannot tell a standing exposure from skill: a policy that is always long "solves" the weeks that rose.
    """
    flat = rollouts - rollouts.mean(axis=0)
    rate = _shifted_rate(flat, np.ones(len(rollouts)), first, hurdle, shifts, seed)
    return Placebo(rate=rate, tries=shifts * rollouts.shape[1], kind="returns")


def window_successes(rollouts: Array, first: Counts, *, hurdle: float = 0.0) -> Counts:
    """Count the rollouts that solve each window: (T, R) P&L to (N,)."""
    solved: Counts = (np.add.reduceat(rollouts, first, axis=0) > hurdle).sum(axis=1, dtype=np.int64)
    return solved


def near_placebo(successes: Counts, tries: Counts, placebo: Array) -> Mask:
    """Say where the rate is shown to be near its placebo, not merely not shown to be above it: (N,)."""
    from scipy.special import betaincinv

    bound = np.where(successes < tries, betaincinv(successes + 1, np.maximum(tries - successes, 1), 0.95), 1.0)
    near: Mask = bound <= placebo + NEAR
    return near


def chance_corrected(curve: Array, placebo: Array) -> Array:
    """(pass@k - placebo@k) / (1 - placebo@k) for k up to where the placebo solves over 97 %: (K,) to (<= K,).

    placebo  (N,) chance of a success without timing; placebo@k is the mean of 1 - (1 - rate)^k
    """
    missed = np.cumprod(np.full(curve.size, 1.0)[:, None] * (1.0 - placebo), axis=0).mean(axis=1)
    kept = int((missed >= 1.0 - SATURATED).sum())
    found: Array = 1.0 - (1.0 - curve[:kept]) / missed[:kept]
    return found


def benjamini_hochberg(p_values: Array, level: float) -> Mask:
    """Say which of the nulls fall at a false discovery rate of `level`: (N,). Benjamini & Hochberg (1995)."""
    order = np.argsort(p_values, kind="stable")
    holds = np.flatnonzero(p_values[order] <= level * np.arange(1, p_values.size + 1) / p_values.size)
    found = np.zeros(p_values.size, dtype=np.bool_)
    if holds.size:
        found[order[: holds[-1] + 1]] = True
    return found


def _shifted_rate(paths: Array, weights: Array, first: Counts, hurdle: float, shifts: int, seed: int) -> Array:
    length, n_rollouts = paths.shape
    if weights.shape != (length,) or not first.size or first[0] != 0 or (np.diff(first) < 1).any():
        raise ValueError(f"returns must be ({length},) and first rows must rise from 0")
    if length < 3 or int(first[-1]) >= length:
        raise ValueError("there must be at least three periods, and windows within them")
    widest = int(np.diff(np.append(first, length)).max())
    gap = widest if 4 * widest <= length else 1
    rng = np.random.Generator(np.random.SFC64(seed))
    solved = np.zeros(first.size)
    for rollout in range(n_rollouts):
        twice = np.concatenate([paths[:, rollout], paths[:, rollout]])
        moved = np.lib.stride_tricks.sliding_window_view(twice, length)[rng.integers(gap, length - gap + 1, shifts)]
        solved += (np.add.reduceat(moved * weights, first, axis=1) > hurdle).sum(axis=0)
    rate: Array = solved / (shifts * n_rollouts)
    return rate


def at_least(successes: Counts, tries: Counts, rate: Array) -> Array:
    """P(X >= successes) for X binomial."""
    from scipy.special import betainc

    tail = betainc(np.maximum(successes, 1), np.maximum(tries - successes + 1, 1), np.clip(rate, 0.0, 1.0))
    return np.where(successes <= 0, 1.0, np.where(successes > tries, 0.0, tail))


def upper_part(successes: Counts, tries: Counts, rate: Array, tail: float) -> Array:
    """Part of each count that lies in the upper tail: its mean is `tail` where `rate` is the true chance."""
    reach, beyond = at_least(successes, tries, rate), at_least(successes + 1, tries, rate)
    mass = reach - beyond
    part = (tail - beyond) / np.where(mass > 0.0, mass, 1.0)
    return np.where(mass > 0.0, np.clip(part, 0.0, 1.0), (reach < tail).astype(np.float64))


def lower_part(successes: Counts, tries: Counts, rate: Array, tail: float) -> Array:
    """Part of each count that lies in the lower tail, as `upper_part`."""
    return upper_part(tries - successes, tries, 1.0 - rate, tail)
