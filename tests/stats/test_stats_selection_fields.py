"""Every field, null, note and reason of a selection: what it is, and that it is of the data given."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.stats import selection
from auditor.stats.deflated import (
    DSR_BASE_NULL,
    DSR_NULL,
    NotAssessed,
    expected_max_sharpe,
    null_difference_variance,
    null_trial_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)
from auditor.stats.overfitting import backtest_overfitting
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.selection import PSR_BASE_NULL, Selection, select
from auditor.stats.superior import superior_trials

HOW = {"periods_per_year": 12, "block": 4, "reps": 99, "n_blocks": 6, "seed": 3}
UNKNOWN = "sampling variance of a Sharpe ratio (over base: of a difference), the trials being unknown"


def deflated(count, how):
    return f"deflated for all {count} trials, not their effective number; {how}"


@pytest.fixture(scope="module")
def search():
    """A base, five trials near it, some of them better, and the best."""
    rng = np.random.default_rng(11)
    base = rng.normal(0.002, 0.03, 240)
    trials = base[:, None] + rng.normal(0, 0.015, (240, 5)) + np.array([0.004, 0.002, 0.0, 0.0, -0.002])
    return base, trials[:, 0], trials


def test_every_field_is_of_the_data_given(search):
    base, tuned, trials = search
    found = select(base, tuned, trials=trials, level=0.2, variance="benchmark", **HOW)
    assert (found.n_obs, found.n_trials, found.variance, found.level) == (240, 5, "benchmark", 0.2)
    assert (found.block, found.reps, found.seed) == (4, 99, 3)
    skew, kurtosis = skew_kurtosis(tuned)
    known = {"n_obs": 240, "skew": skew, "kurtosis": kurtosis, "level": 0.2, "variance": "benchmark"}
    judged = probabilistic_sharpe(sharpe_ratio(tuned), sharpe_ratio(base), **known)
    assert (found.psr, found.min_track_record) == (judged.probability, judged.min_track_record)
    pbo = backtest_overfitting(trials, n_blocks=6)
    wanted = (pbo.pbo, pbo.loss_probability, pbo.logit.size)
    assert (found.pbo, found.pbo_loss_probability, found.pbo_splits) == wanted
    assert found.pbo_slope == pytest.approx(pbo.slope, rel=1e-9)
    spa = superior_trials(base, trials, block=4, reps=99, seed=3, level=0.2)
    assert spa.superior != superior_trials(base, trials, block=4, reps=99, seed=3).superior
    assert (found.spa_p, found.spa_p_lower, found.spa_p_upper) == (spa.p_consistent, spa.p_lower, spa.p_upper)
    assert (found.stepm_superior, found.stepm_trials) == (len(spa.superior), spa.superior)
    assert found.nulls == {
        "psr": PSR_BASE_NULL, "dsr": DSR_NULL, "dsr_over_base": DSR_BASE_NULL, "pbo": pbo.null, "spa_p": spa.null,
        "stepm_superior": spa.null_stepm,
    }  # fmt: skip
    assert found.notes == (deflated(5, "variance of the Sharpe ratios of the 5 trials given"),)
    assert found.not_assessed == ()
    numbers = (found.psr, found.dsr, found.pbo, found.spa_p)
    shown = ", ".join(f"{name}={one:.3f}" for name, one in zip(("PSR", "DSR", "PBO", "SPA p"), numbers, strict=True))
    assert str(found) == f"5 trials: {shown}"


def test_what_is_not_said_is_what_the_docs_say(search):
    base, tuned, trials = search
    said = {"reps": 1_000, "seed": 0, "level": 0.05, "n_blocks": 16, "variance": "estimate", "n_trials": None}
    kept = {"periods_per_year": 12, "block": 4, "trials": trials}
    assert select(base, tuned, **kept) == select(base, tuned, **kept, **said)


def test_a_selection_of_which_nothing_is_known_says_so():
    nothing = Selection(n_obs=9, n_trials=None, variance="estimate", level=0.05, block=1, reps=9, seed=0)
    assert str(nothing) == "unknown number of trials: nothing assessed"


@pytest.mark.parametrize(("n_trials", "why"), [(None, "no trials were given"), (7, "only a count of trials was given")])
def test_without_a_matrix_the_reasons_are_listed(search, n_trials, why):
    found = select(*search[:2], n_trials=n_trials, **HOW)
    first = ("Deflated Sharpe: no trials were given",) if n_trials is None else ()
    matrix = tuple(f"{name}: {why}" for name in ("Effective number of trials", "PBO", "SPA and StepM"))
    assert found.not_assessed == first + matrix
    assert found.notes == (() if n_trials is None else (deflated(7, UNKNOWN),))
    if n_trials is not None:
        base, tuned = search[:2]
        year = math.sqrt(12)
        assert found.dsr_benchmark == expected_max_sharpe(7, null_trial_variance(240)) * year
        over = sharpe_ratio(base) + expected_max_sharpe(7, null_difference_variance(base, tuned))
        assert found.dsr_over_base_benchmark == over * year


def test_one_trial_is_counted_and_deflates_nothing(search):
    found = select(*search[:2], n_trials=1, **HOW)
    assert found.not_assessed[0] == "Deflated Sharpe: one trial leaves nothing to deflate"
    for wrong in ({"n_trials": 0}, {"trials": np.empty((240, 0))}):
        with pytest.raises(ValueError, match=r"^there must be at least one trial, or None where none is known$"):
            select(*search[:2], **wrong, **HOW)


def test_a_part_of_the_trials_is_noted(search):
    base, tuned, trials = search
    for n_trials, more in ((9, "the larger counts"), (2, "the columns count")):
        found = select(base, tuned, trials=trials, n_trials=n_trials, **HOW)
        assert found.notes[0] == f"{n_trials} trials were declared and 5 columns given: {more}"
    assert len(select(base, tuned, trials=trials, n_trials=5, **HOW).notes) == 1


def test_one_column_of_many_trials_says_nothing_of_their_variance(search):
    base, tuned, trials = search
    one = select(base, tuned, trials=trials[:, :1], n_trials=30, **HOW)
    assert one.notes[-1] == deflated(30, UNKNOWN)
    assert one.dsr == select(base, tuned, n_trials=30, **HOW).dsr
    two = select(base, tuned, trials=trials[:, :2], n_trials=30, **HOW)
    assert two.notes[-1] == deflated(30, "variance of the Sharpe ratios of the 2 trials given")


def test_constant_trials_are_noted_whole(search):
    base, tuned, trials = search
    found = select(base, tuned, trials=np.column_stack([np.ones(240), trials]), **HOW)
    wanted = "1 of 6 trials are constant (first: column 1): counted as trials, left out of the rest"
    assert found.notes[0] == wanted


def test_the_tuned_policy_is_found_at_any_leverage_and_nothing_near_it_is_it(search):
    base, tuned, trials = search
    others = trials[:, 1:]
    missing = "no trial is the tuned policy: PBO, SPA and StepM judge a search that did not find it"
    for copy in (tuned, 1e-4 * tuned, 1e4 * tuned + 1):
        found = select(base, tuned, trials=np.column_stack([others, copy]), **HOW)
        assert missing not in found.notes
    near = tuned + 0.01 * np.random.default_rng(0).normal(0, tuned.std(), 240)
    for trial in (near, -tuned):
        assert missing in select(base, tuned, trials=np.column_stack([others, trial]), **HOW).notes


def test_the_best_that_is_always_the_same_has_no_slope(search):
    base, _, trials = search
    same = np.tile(trials[:10], (12, 1))
    found = select(base[:120], same[:, 0], trials=same, **HOW)
    assert found.pbo is not None
    assert found.pbo_slope is None
    wanted = "Slope of performance degradation: the best ratio in sample is always the same"
    assert wanted in found.not_assessed


def test_three_periods_have_a_probability_and_two_have_none():
    base, tuned = np.array([0.01, -0.02, 0.015]), np.array([0.02, -0.01, 0.03])
    assert select(base, tuned, **HOW).psr is not None
    few = select(base[:2], tuned[:2], **HOW)
    assert few.psr is None
    both = "Probabilistic and deflated Sharpe, minimum track record"
    assert few.not_assessed[0] == f"{both}: the base or the tuned policy does not vary in sample"


@pytest.mark.parametrize(
    ("failing", "which"),
    [(PSR_BASE_NULL, "Probabilistic and deflated Sharpe, minimum track record"), (DSR_NULL, "Deflated Sharpe")],
)
def test_moments_that_give_no_variance_are_a_reason(search, monkeypatch, failing, which):
    # no series of more than two values has such moments, so the formula is made to find them
    plain = selection.probabilistic_sharpe

    def judged(*given, null, **known):
        if null == failing:
            raise NotAssessed("no variance")
        return plain(*given, null=null, **known)

    monkeypatch.setattr(selection, "probabilistic_sharpe", judged)
    found = select(*search[:2], n_trials=4, **HOW)
    assert found.not_assessed[0] == f"{which}: no variance"
    assert (found.psr is None) == (failing == PSR_BASE_NULL)
    assert found.dsr is None
