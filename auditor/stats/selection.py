"""In-sample returns and what is known of the trials go in; how much of the gain selection explains comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from auditor.stats.deflated import (
    DSR_BASE_NULL,
    DSR_NULL,
    Form,
    NotAssessed,
    ProbabilisticSharpe,
    effective_trials,
    expected_max_sharpe,
    flat_columns,
    null_difference_variance,
    null_trial_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)
from auditor.stats.overfitting import backtest_overfitting
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.superior import superior_trials

Array = NDArray[np.float64]

NOT_AMONG = "no trial is the tuned policy: PBO, SPA and StepM judge a search that did not find it"

ROUNDED = 2e-5
"""How far from 1 the correlation of two files of the same returns may be, one of them written with fewer digits."""

PSR_BASE_NULL = "The tuned policy's true Sharpe ratio is not above the base's in-sample one, taken as known."


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What picking the best of many trials explains of the in-sample gain.

    n_trials                     as counted; drives the deflation. None: not given
    n_effective                  trials that as many independent ones would be, beside it
    psr                          of the tuned policy, against the base's in-sample Sharpe ratio
    dsr, dsr_benchmark           as published: against the expected maximum (annualised) of trials worth zero
    dsr_over_base, .._benchmark  the same with trials worth the base
    min_track_record             periods to show tuned above base at 1 - level
    spa_p                        Hansen's consistent p; stepm_trials are 0-based columns
    nulls                        by field, of what was assessed
    notes                        what the numbers rest on; not_assessed: what is None, each with its reason
    """

    n_obs: int
    n_trials: int | None
    variance: Form
    level: float
    block: int
    reps: int
    seed: int
    n_effective: float | None = None
    psr: float | None = None
    min_track_record: float | None = None
    dsr: float | None = None
    dsr_benchmark: float | None = None
    dsr_over_base: float | None = None
    dsr_over_base_benchmark: float | None = None
    pbo: float | None = None
    pbo_loss_probability: float | None = None
    pbo_slope: float | None = None
    pbo_splits: int | None = None
    spa_p: float | None = None
    spa_p_lower: float | None = None
    spa_p_upper: float | None = None
    stepm_superior: int | None = None
    stepm_trials: tuple[int, ...] = ()
    nulls: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give what was assessed on one line."""
        shown = {"PSR": self.psr, "DSR": self.dsr, "PBO": self.pbo, "SPA p": self.spa_p}
        words = [f"{name}={value:.3f}" for name, value in shown.items() if value is not None]
        return f"{self.n_trials or 'unknown number of'} trials: {', '.join(words) or 'nothing assessed'}"


def select(
    base_is: Array,
    tuned_is: Array,
    *,
    periods_per_year: float,
    trials: Array | None = None,
    n_trials: int | None = None,
    block: int,
    reps: int = 1_000,
    seed: int = 0,
    level: float = 0.05,
    n_blocks: int = 16,
    variance: Form = "estimate",
) -> Selection:
    """Judge the in-sample gain as the best of many trials, as far as the trials are known.

    base_is, tuned_is  (T,) in-sample returns
    trials             (T, N) in-sample returns of every trial, tuned among them, else it counts as one more; no NaN
    n_trials           how many there were; with the matrix too, the larger of the two counts
    block, reps, seed  of the stationary bootstrap in SPA and StepM
    n_blocks           of the cross-validation behind PBO
    errors             ValueError for shapes, NaN and counts that no input check lets through; what does not apply to
                       the data is None, its reason in `not_assessed`

    The count as given drives the deflation, not the effective number: the variance of the Sharpe ratios across the
    trials is already that of what they do not share. For trials of equal correlation r it is (1 - r) times that of
    independent ones, and the expected maximum of all N follows; n_effective with it would discount twice.
    """
    if trials is not None and (trials.ndim != 2 or len(trials) != tuned_is.size or not np.isfinite(trials).all()):
        raise ValueError(f"trials must be ({tuned_is.size}, N) and finite; got {trials.shape}")
    if (n_trials is not None and n_trials < 1) or (trials is not None and not trials.size):
        raise ValueError("there must be at least one trial, or None where none is known")
    found = Selection(
        n_obs=tuned_is.size,
        n_trials=n_trials,
        variance=variance,
        level=level,
        block=block,
        reps=reps,
        seed=seed,
    )
    moving = None
    if trials is not None:
        flat = flat_columns(trials)
        moving = trials[:, ~flat]
        among = _tuned_among(tuned_is, trials, flat)
        notes = _look_over(flat, n_trials) + (() if among else (NOT_AMONG,))
        found = replace(found, n_trials=max(n_trials or 1, flat.size + (not among)), notes=notes)
    found = _with_sharpe(found, base_is, tuned_is, moving, math.sqrt(periods_per_year))
    if trials is None or moving is None:
        why = "only a count of trials was given" if n_trials else "no trials were given"
        return _without(found, *(f"{name}: {why}" for name in ("Effective number of trials", "PBO", "SPA and StepM")))
    if moving.shape[1]:
        found = replace(found, n_effective=effective_trials(moving, found.n_trials))
    else:
        found = _without(found, "Effective number of trials: no trial varies")
    try:
        pbo = backtest_overfitting(moving, n_blocks=n_blocks)
        found = replace(
            found,
            pbo=pbo.pbo,
            pbo_loss_probability=pbo.loss_probability,
            pbo_slope=pbo.slope,
            pbo_splits=pbo.logit.size,
            nulls={**found.nulls, "pbo": pbo.null},
        )
        if pbo.slope is None:
            found = _without(found, "Slope of performance degradation: the best ratio in sample is always the same")
    except NotAssessed as reason:
        found = _without(found, f"PBO: {reason}")
    try:
        spa = superior_trials(base_is, trials, block=block, reps=reps, seed=seed, level=level)
        return replace(
            found,
            spa_p=spa.p_consistent,
            spa_p_lower=spa.p_lower,
            spa_p_upper=spa.p_upper,
            stepm_superior=len(spa.superior),
            stepm_trials=spa.superior,
            nulls={**found.nulls, "spa_p": spa.null, "stepm_superior": spa.null_stepm},
        )
    except NotAssessed as reason:
        return _without(found, f"SPA and StepM: {reason}")


def _without(found: Selection, *reasons: str) -> Selection:
    return replace(found, not_assessed=found.not_assessed + reasons)


def _look_over(flat: NDArray[np.bool_], n_trials: int | None) -> tuple[str, ...]:
    """Say what is odd about the matrix of trials."""
    notes: list[str] = []
    n = flat.size
    if flat.any():
        notes.append(f"{int(flat.sum())} of {n} trials are constant (first: column {int(np.argmax(flat)) + 1})")
        notes[-1] += ": counted as trials, left out of the rest"
    if n_trials is not None and n_trials != n:
        more = "the larger counts" if n_trials > n else "the columns count"
        notes.append(f"{n_trials} trials were declared and {n} columns given: {more}")
    return tuple(notes)


def _tuned_among(tuned: Array, trials: Array, flat: NDArray[np.bool_]) -> bool:
    """Whether a trial is the tuned policy, levered or not, up to rounding; one that does not vary is not sought."""
    if flat_columns(tuned[:, None])[0]:
        return True
    if flat.all():
        return False
    z = (tuned - tuned.mean()) / tuned.std()
    rest = trials[:, ~flat]
    return float((z @ (rest - rest.mean(axis=0)) / rest.std(axis=0)).max()) >= (1 - ROUNDED) * tuned.size


def _with_sharpe(found: Selection, base: Array, tuned: Array, moving: Array | None, year: float) -> Selection:
    """Add the probabilistic and deflated Sharpe ratios and the minimum track record.

    moving  (T, k) the trials that vary, where the matrix is known
    """
    both = "Probabilistic and deflated Sharpe, minimum track record"
    if tuned.size < 3 or flat_columns(np.column_stack([base, tuned])).any():
        return _without(found, f"{both}: the base or the tuned policy does not vary in sample")
    start, count = sharpe_ratio(base), found.n_trials
    ratio, (skew, kurtosis) = sharpe_ratio(tuned), skew_kurtosis(tuned)

    def judge(benchmark: float, null: str) -> ProbabilisticSharpe:
        return probabilistic_sharpe(
            ratio,
            benchmark,
            n_obs=tuned.size,
            skew=skew,
            kurtosis=kurtosis,
            level=found.level,
            variance=found.variance,
            null=null,
        )

    try:
        psr = judge(start, PSR_BASE_NULL)
        found = replace(
            found,
            psr=psr.probability,
            min_track_record=psr.min_track_record,
            nulls={**found.nulls, "psr": psr.null},
        )
        if psr.min_track_record is None:
            found = _without(found, "Minimum track record: the tuned policy's Sharpe ratio is not above the base's")
        if count is None:
            return _without(found, "Deflated Sharpe: no trials were given")
        if count == 1:
            return _without(found, "Deflated Sharpe: one trial leaves nothing to deflate")
        if moving is not None and moving.shape[1] > 1:
            spread = spread_over_base = float((moving.mean(axis=0) / moving.std(axis=0, ddof=1)).var(ddof=1))
            how = f"variance of the Sharpe ratios of the {moving.shape[1]} trials given"
        else:
            spread, spread_over_base = null_trial_variance(tuned.size), null_difference_variance(base, tuned)
            how = "sampling variance of a Sharpe ratio (over base: of a difference), the trials being unknown"
        zero = judge(expected_max_sharpe(count, spread), DSR_NULL)
        over = judge(start + expected_max_sharpe(count, spread_over_base), DSR_BASE_NULL)
    except NotAssessed as reason:
        return _without(found, f"{both if found.psr is None else 'Deflated Sharpe'}: {reason}")
    return replace(
        found,
        dsr=zero.probability,
        dsr_benchmark=zero.benchmark * year,
        dsr_over_base=over.probability,
        dsr_over_base_benchmark=over.benchmark * year,
        nulls={**found.nulls, "dsr": zero.null, "dsr_over_base": over.null},
        notes=(*found.notes, f"deflated for all {count} trials, not their effective number; {how}"),
    )
