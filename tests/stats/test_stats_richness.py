"""Richness by plain loops: every draw counted, every formula written out."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.richness import (
    Richness,
    accumulation_error,
    chao1,
    chao2,
    coverage_curve,
    pass_at_k,
    rarefaction,
    sample_coverage,
)

Z = float(stats.norm.ppf(0.975))
CLASSIC = "Chao1, classic with (n-1)/n (iNEXT)"
CHAO2 = "Chao2, classic with (m-1)/m (iNEXT, vegan specpool)"
CORRECTED = "Chao1, bias-corrected (vegan estimateR)"


def counts(*values):
    return np.array(values, dtype=np.int64)


def chance(n, c, k):
    """Share of draws of k of n that hold one of c."""
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


def lognormal(observed, extra, se):
    """The interval of Chao (1987), equation 7."""
    wide = math.exp(Z * math.sqrt(math.log(1 + se**2 / extra**2)))
    return pytest.approx((observed + extra / wide, observed + extra * wide), rel=1e-12)


def test_problems_keep_their_places_and_one_k_may_be_asked_for():
    tries, successes = counts(9, 5, 9, 6, 5), counts(2, 5, 0, 1, 5)
    found = pass_at_k(tries, successes, 4)
    wanted = [[chance(n, c, k) for k in (1, 2, 3, 4)] for n, c in zip(tries.tolist(), successes.tolist(), strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-16)
    np.testing.assert_array_equal(pass_at_k(tries, successes, 4, at=counts(3, 1)), found[:, [2, 0]])
    assert pass_at_k(counts(3), counts(1), 3).shape == (1, 3)


@pytest.mark.parametrize(
    ("tries", "successes", "most", "words"),
    [
        (counts(4, 4), counts(1), 1, r"tries and successes must be \(N,\) alike; got \(2,\) and \(1,\)"),
        (counts(), counts(), 1, r"tries and successes must be \(N,\) alike; got \(0,\) and \(0,\)"),
        (
            np.ones((2, 2), int),
            np.ones((2, 2), int),
            1,
            r".* must be \(N,\) alike; got \(2, 2\) and \(2, 2\)",
        ),
        (counts(4, 4), counts(1, 5), 1, "successes must lie between 0 and tries"),
        (counts(4, 4), counts(-1, 2), 1, "successes must lie between 0 and tries"),
        (counts(4, 6), counts(1, 2), 5, "k must lie between 1 and the fewest tries, 4; got 5"),
        (counts(4, 6), counts(1, 2), 0, "k must lie between 1 and the fewest tries, 4; got 0"),
    ],
)
def test_what_does_not_fit_is_refused(tries, successes, most, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        pass_at_k(tries, successes, most)


@pytest.mark.parametrize("species", [(3, 2, 1, 1), (4, 0, 2, 2, 0), (5,), (1, 1)])
def test_rarefaction_is_every_draw(species):
    owners = [name for name, count in enumerate(species) for _ in range(count)]
    sizes = counts(*range(1, len(owners) + 1))[::-1]
    mean, error = [], []
    for size in sizes.tolist():
        held = [len(set(drawn)) for drawn in combinations(owners, size)]
        mean.append(np.mean(held))
        error.append(np.std(held))
    found = rarefaction(counts(*species), sizes)
    np.testing.assert_allclose(found[0], mean, rtol=1e-12)
    np.testing.assert_allclose(found[1], error, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("solved", [(1, 1, 3, 5, 0), (2, 4), (3, 0), (1,)])
def test_the_error_of_an_accumulation_is_colwells(solved):
    # Colwell, Mao & Chang (2004), equation 6; the jackknife of Burnham & Overton (1978), order one
    total = sum(c > 0 for c in solved) + 4 / 5 * sum(c == 1 for c in solved)
    wanted = []
    for k in range(1, 6):
        held = [chance(5, c, k) for c in solved]
        wanted.append(math.sqrt(max(0.0, sum(p * p for p in held) - sum(held) ** 2 / total)))
    np.testing.assert_allclose(accumulation_error(5, counts(*solved)), wanted, rtol=1e-9, atol=1e-7)


def test_chao1_corrected_in_every_field():
    found = chao1(counts(1, 1, 1, 1, 2, 2, 5, 0, 9), form="corrected")
    # S = 8, f1 = 4, f2 = 2: 8 + 4 * 3 / (2 * 3)
    assert (found.observed, found.estimate, found.uncapped) == (8, 10.0, 10.0)
    assert (found.once, found.twice, found.most, found.definition) == (4, 2, None, CORRECTED)
    # the delta method: slopes of the estimate over f1, f2, f5, f9, multinomial among the 10 species estimated
    f = np.array([4.0, 2.0, 1.0, 1.0])

    def estimate(f):
        return f.sum() + f[0] * (f[0] - 1) / (2 * (f[1] + 1))

    slope = np.array([(estimate(f + h) - estimate(f - h)) / 2e-6 for h in 1e-6 * np.eye(4)])
    variance = slope @ (np.diag(f) - np.outer(f, f) / 10) @ slope
    assert found.se == pytest.approx(math.sqrt(variance), rel=1e-8)
    assert found.ci == lognormal(8, 2.0, found.se)


def test_chao1_classic_in_every_field():
    found = chao1(counts(1, 1, 1, 2, 2, 5, 0, 9))
    shrink, ratio = 20 / 21, 3 / 2
    extra = shrink * 9 / 4
    assert (found.observed, found.estimate) == (7, pytest.approx(7 + extra))
    assert found.estimate == found.uncapped
    assert (found.once, found.twice, found.most, found.definition) == (3, 2, None, CLASSIC)
    variance = 2 * (shrink / 2 * ratio**2 + shrink**2 * ratio**3 + shrink**2 / 4 * ratio**4)
    assert found.se == pytest.approx(math.sqrt(variance), rel=1e-12)
    assert found.ci == lognormal(7, extra, found.se)
    assert str(found) == f"7 found, at least 9.1 can be [{found.ci[0]:.1f}, {found.ci[1]:.1f}]"


def test_chao2_of_none_solved_twice_is_chaos_other_form():
    found = chao2(10, counts(1, 1, 1, 4, 0), most=6)
    shrink, extra = 9 / 10, 9 / 10 * 3 * 2 / 2
    assert (found.observed, found.once, found.twice, found.most, found.definition) == (4, 3, 0, 6, CHAO2)
    assert (found.estimate, found.uncapped) == (6.0, 4 + extra)
    # Chao (1987), as iNEXT and specpool have it: A Q1 (Q1-1)/2 + A^2 Q1 (2 Q1-1)^2/4 - A^2 Q1^4/(4 S)
    variance = shrink * 3 + shrink**2 * 3 * 25 / 4 - shrink**2 * 81 / 4 / (4 + extra)
    assert found.se == pytest.approx(math.sqrt(variance), rel=1e-12)
    free = chao2(10, counts(1, 1, 1, 4, 0))
    assert free.ci == lognormal(4, extra, free.se)
    assert found.ci == (free.ci[0], 6.0)


@pytest.mark.parametrize("solved", [(1, 3, 4), (2, 3, 4), (5, 5), (1,)])
def test_where_nothing_is_added_the_error_is_that_of_the_number_observed(solved):
    # iNEXT: sum over abundances i of f_i (e^-i - e^-2i) - (sum of i e^-i f_i)^2 / n
    found = chao2(6, counts(*solved, 0))
    seen = Counter(solved)
    variance = sum(f * (math.exp(-i) - math.exp(-2 * i)) for i, f in seen.items())
    variance -= sum(i * math.exp(-i) * f for i, f in seen.items()) ** 2 / 6
    missed = sum(f * math.exp(-i) for i, f in seen.items()) / len(solved)
    se, size = math.sqrt(max(variance, 0.0)), len(solved)
    assert (found.estimate, found.uncapped) == (size, size)
    assert found.se == pytest.approx(se, rel=1e-9)
    low, high = size / (1 - missed) - Z * se / (1 - missed), size / (1 - missed) + Z * se / (1 - missed)
    assert found.ci == pytest.approx((max(size, low), high), rel=1e-9)


def test_a_single_try_adds_nothing():
    found = chao2(1, counts(1, 1, 1, 0))
    assert (found.estimate, found.se, found.ci) == (3.0, 0.0, (3.0, 3.0))


@pytest.mark.parametrize("form", ["classic", "corrected"])
def test_of_nothing_nothing_is_known(form):
    found = chao1(counts(0, 0), form=form)
    assert found == Richness(
        observed=0, estimate=0.0, uncapped=0.0, se=0.0, ci=(0.0, 0.0), once=0, twice=0, most=None,
        definition=CLASSIC if form == "classic" else CORRECTED,
    )  # fmt: skip


def test_one_individual_is_one_species():
    found = chao1(counts(1))
    assert (found.observed, found.estimate, found.once) == (1, 1.0, 1)
    assert found.se == pytest.approx(math.sqrt(math.exp(-1) - 2 * math.exp(-2)), rel=1e-12)


def test_the_corrected_form_has_no_width_where_nothing_is_added():
    found = chao1(counts(1, 2, 3), form="corrected")
    assert (found.estimate, found.ci) == (3.0, (3.0, 3.0))
    assert found.se > 0


@pytest.mark.parametrize(
    ("solved", "wanted"),
    [
        ((0, 0), 0.0),
        ((1, 0), 1.0),
        ((3, 4), 1.0),
        # 1 - Q1/U (m-1) Q1 / ((m-1) Q1 + 2 Q2), m = 5
        ((1, 1, 2, 4), 1 - 2 / 8 * 8 / (8 + 2)),
        ((1, 2, 2), 1 - 1 / 5 * 4 / (4 + 4)),
        # without Q2: 1 - Q1/U (m-1) (Q1-1) / ((m-1) (Q1-1) + 2)
        ((1, 1, 1, 4), 1 - 3 / 7 * 8 / (8 + 2)),
    ],
)
def test_sample_coverage_by_hand(solved, wanted):
    assert sample_coverage(5, counts(*solved)) == pytest.approx(wanted, rel=1e-15)
    assert coverage_curve(5, counts(*solved))[-1] == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("tries", [1, 2, 3, 6])
def test_the_coverage_of_fewer_tries_by_hand(tries):
    solved = [c for c in (1, 1, 2, 3, 0, 6) if c <= tries]
    total = sum(solved)
    wanted = [
        1 - sum(c / total * math.comb(tries - c, t) / math.comb(tries - 1, t) for c in solved if c)
        for t in range(1, tries)
    ]
    found = coverage_curve(tries, counts(*solved))
    np.testing.assert_allclose(found, [*wanted, sample_coverage(tries, counts(*solved))], rtol=1e-12)
    assert coverage_curve(tries, counts(0, 0)).tolist() == [0.0] * tries
