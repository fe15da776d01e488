"""What a solved problem scores, against sums over the binomial law and a likelihood maximised by another program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit, logsumexp, softmax
from scipy.stats import binom, chi2

from auditor.coverage.tries_power import _SHIFTS, LEAST, WORSE, _fits_of, _score_at, score_of_solved, usual_shifts


def tail_part(count, n, rate, tail):
    """Part of a count that lies in the upper tail of its binomial law: all of it beyond the edge, some at it."""
    beyond, mass = binom.sf(count, n, rate), binom.pmf(count, n, rate)
    return min(1.0, max(0.0, (tail - beyond) / mass))


def mean_score(shift, n, rate, tail):
    rate = round(200 * rate) / 200
    moved = expit(logit(rate) + shift)
    return sum(
        binom.pmf(count, n, moved) * (tail_part(count, n, rate, tail) - tail_part(n - count, n, 1 - rate, tail))
        for count in range(n + 1)
    )


@pytest.mark.parametrize(("shift", "n", "tail"), [(0.1, 5, 0.25), (0.8, 12, 0.25), (2.0, 3, 0.1)])
def test_the_mean_score_is_the_sum_over_the_binomial_law(shift, n, tail):
    rates = np.array([0.0201, 0.0226, 0.3, 0.3024, 0.5, 0.5, 0.74, 0.7519, 0.9799])
    wanted = np.mean([mean_score(shift, n, rate, tail) for rate in rates])
    assert _score_at(shift, n, rates, tail) == pytest.approx(wanted, rel=1e-10)


def drawn(seed, size=300, shift=1.2):
    """Counts of problems at their placebo, above it and below it, each with its own number of tries."""
    random = np.random.default_rng(seed)
    rate = random.uniform(0.2, 0.7, size)
    tries = random.integers(6, 19, size)
    moved = logit(rate) + random.choice([0.0, shift, -shift], size, p=[0.4, 0.35, 0.25])
    return random.binomial(tries, expit(moved)), tries, rate


def best_fit(shift, successes, tries, rate):
    """Largest log-likelihood over the weights of the mixture, by BFGS; without the binomial coefficients."""
    parts = np.array([binom.logpmf(successes, tries, expit(logit(rate) + one)) for one in (0.0, shift, -shift)])
    parts -= binom.logpmf(successes, tries, rate) - successes * logit(rate) + tries * np.logaddexp(0, logit(rate))
    found = minimize(lambda free: -logsumexp(parts.T + np.log(softmax([0.0, *free])), axis=1).sum(), [0.0, 0.0])
    return -found.fun


@pytest.mark.parametrize("seed", [0, 1])
def test_the_usual_skill_is_the_likeliest_shift(seed):
    successes, tries, rate = drawn(seed)
    fits = [best_fit(one, successes, tries, rate) for one in _SHIFTS]
    ours = _fits_of(_SHIFTS, successes, tries, logit(rate))
    # a hundred rounds of EM are enough but for shifts near zero
    np.testing.assert_allclose(ours[13:], fits[13:], rtol=0, atol=0.02)
    assert (ours < np.array(fits) + 1e-4).all()
    shift = _SHIFTS[np.argmax(fits)]
    fitting = _SHIFTS[np.array(fits) >= max(fits) - WORSE]
    assert fitting.size > 1
    assert usual_shifts(successes, tries, rate) == (shift, fitting[0], fitting[-1])
    assert 0.9 < shift < 1.6
    wanted = np.mean([mean_score(shift, int(np.median(tries)), one, 0.25) for one in rate])
    assert LEAST < wanted < 1
    assert score_of_solved(successes, tries, rate, 0.25) == pytest.approx(wanted, rel=1e-10)
    # a problem whose placebo always or never solves tells nothing
    more = [np.append(one, [two, two]) for one, two in ((successes, 5), (tries, 6))]
    assert score_of_solved(*more, np.append(rate, [0.02, 0.98]), 0.25) == score_of_solved(successes, tries, rate, 0.25)


def test_weights_are_those_of_a_hundred_rounds_of_em():
    successes, tries, rate = drawn(4, size=60)
    base = binom.pmf(successes, tries, rate)
    for shift in (0.1, 0.7, 2.0):
        likely = np.array([binom.pmf(successes, tries, expit(logit(rate) + one)) for one in (0.0, shift, -shift)])
        weights = [0.6, 0.3, 0.1]
        for _ in range(100):
            total = sum(weight * one for weight, one in zip(weights, likely, strict=True))
            weights = [np.mean(weight * one / total) for weight, one in zip(weights, likely, strict=True)]
        gain = np.log(sum(weight * one for weight, one in zip(weights, likely, strict=True)) / base).sum()
        wanted = gain + (successes * logit(rate) - tries * np.logaddexp(0, logit(rate))).sum()
        assert _fits_of(np.array([shift]), successes, tries, logit(rate)) == pytest.approx(wanted, rel=1e-12)


def test_without_a_problem_whose_placebo_could_fail_the_usual_score_is_one():
    given = np.array([3, 4, 8]), np.full(3, 8), np.array([0.0, 0.02, 0.98])
    assert score_of_solved(*given, 0.25) == 1.0
    assert usual_shifts(*given) == (_SHIFTS[0], _SHIFTS[0], _SHIFTS[-1])


def test_shifts_that_fit_are_those_that_a_test_at_five_percent_does_not_refuse():
    assert pytest.approx(chi2.ppf(0.9, 1) / 2, abs=1e-3) == WORSE
    random = np.random.default_rng(6)
    rate, tries = np.full(120, 0.5), np.full(120, 12)
    best, least, most = usual_shifts(random.binomial(12, 0.55, 120), tries, rate)
    assert least <= best <= most
    assert most > 2 * least  # a little skill everywhere and more of it on fewer problems fit alike
    best, least, most = usual_shifts(random.binomial(12, np.repeat([0.5, 0.8], 60)), tries, rate)
    assert 1 < least <= best <= most < 2


def test_thousands_of_tries_beside_a_few_are_no_rounding():
    successes, tries, rate = drawn(3)
    for many in ([4000, 2000], [0, 4000]):
        score = score_of_solved(
            np.append(successes, many), np.append(tries, [5000, 5000]), np.append(rate, [0.3, 0.3]), 0.25
        )
        assert LEAST <= score <= 1


def test_a_score_is_raised_by_a_quarter_at_most_and_never_lowered():
    rate = np.full(40, 0.5)
    assert score_of_solved(np.full(40, 4), np.full(40, 8), rate, 0.25) == LEAST
    # 4 on the logit scale above 0.4; the sum over the law is one but for rounding
    assert score_of_solved(np.repeat([147, 60], 20), np.full(40, 151), np.full(40, 0.4), 0.25) <= 1
