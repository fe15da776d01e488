"""Sets of solved problems, shares and equal coverage by hand; what is noted and what is not assessed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.coverage.tries import (
    MCNEMAR_NULL,
    TAUS,
    compare_tries,
    cover_at,
    equal_coverage,
    mcnemar_exact,
    solved_sets,
)
from auditor.stats.richness import chao2, coverage_curve


def flags(text):
    return np.array([one == "1" for one in text])


def test_the_two_by_two_is_counted():
    found = solved_sets(flags("111100000000"), flags("110011100000"))
    assert (found.both, found.base_only, found.tuned_only, found.neither) == (2, 2, 3, 5)
    assert found.mcnemar_p == pytest.approx(stats.binomtest(2, 5).pvalue)
    assert (found.kept, found.new, found.net) == (2 / 4, 3 / 5, 1 / 7)
    assert found.null == MCNEMAR_NULL
    assert str(found) == "2 solved by both, 2 by base only, 3 by tuned only, 5 by neither (McNemar p=1)"


@pytest.mark.parametrize(
    ("base", "tuned", "kept", "new", "net"),
    [("000", "000", None, None, None), ("000", "110", None, 1.0, 1.0), ("110", "000", 0.0, None, -1.0),
     ("111", "111", 1.0, 0.0, 0.0), ("1100", "1111", 1.0, 0.5, 0.5), ("1111", "0110", 0.5, 0.0, -0.5)],
)  # fmt: skip
def test_what_nobody_solved_has_no_share(base, tuned, kept, new, net):
    found = solved_sets(flags(base), flags(tuned))
    assert (found.kept, found.new, found.net) == (kept, new, net)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 1), (3, 3), (1, 9), (9, 1), (0, 20)])
def test_mcnemar_is_the_binomial_tail(one, other):
    wanted = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert mcnemar_exact(one, other) == pytest.approx(wanted)


def test_a_share_of_tries_counts_from_exactly_there():
    tries, found = np.array([20, 20, 10, 10]), np.array([1, 0, 5, 9])
    assert [cover_at(tries, found, tau) for tau in TAUS] == [0.75, 0.5, 0.5, 0.25]
    assert cover_at(np.array([3]), np.array([1]), 1 / 3) == 1.0


def test_equal_coverage_lies_between_whole_numbers_of_tries():
    base, tuned = (
        np.array([1, 2, 0, 4]),
        np.array(
            [
                2,
                2,
                1,
                0,
            ]
        ),
    )
    reach_b, reach_t = np.array([0.2, 0.5, 0.6, 0.9]), np.array([0.3, 0.7, 0.8])
    found = equal_coverage(base, tuned, reach_b, reach_t)
    # base: 0.8 lies two thirds of the way from 3 to 4 tries; tuned: all 3
    assert found.coverage == 0.8
    assert found.base_tries == pytest.approx(3 + 2 / 3)
    assert found.tuned_tries == 3.0
    three, four = np.mean([0.75, 1, 0, 1]), np.mean([1, 1, 0, 1])
    assert found.base == pytest.approx(three + 2 / 3 * (four - three))
    assert found.tuned == pytest.approx(0.75)
    assert found.difference == found.tuned - found.base
    swapped = equal_coverage(tuned, base, reach_t, reach_b)
    assert (swapped.base, swapped.tuned, swapped.base_tries) == (found.tuned, found.base, found.tuned_tries)


def test_equal_coverage_of_one_try_or_below_it():
    one = np.array([1, 0, 1])
    found = equal_coverage(one, one, np.array([0.4]), np.array([0.4, 0.4]))
    assert (found.base_tries, found.tuned_tries, found.base) == (1.0, 1.0, pytest.approx(2 / 3))
    assert found.tuned == pytest.approx(1 / 3)
    assert equal_coverage(one, one, np.array([0.4]), np.array([0.5, 0.6])) is None
    falling = equal_coverage(one, one, np.array([0.1, 0.5, 0.4]), np.array([0.1, 0.4]))
    assert falling.base_tries == pytest.approx(1 + 0.3 / 0.4)


def both(base, tuned, base_tries=8, tuned_tries=8, **options):
    n = len(base)
    return compare_tries(
        np.array(base), np.array(tuned), base_tries=np.broadcast_to(base_tries, n).copy(),
        tuned_tries=np.broadcast_to(tuned_tries, n).copy(), **({"reps": 60} | options),
    )  # fmt: skip


BASE = [0, 1, 2, 1, 8, 0, 3, 1] * 4
TUNED = [1, 4, 5, 0, 8, 0, 6, 2] * 4


def test_the_comparison_is_of_its_parts():
    found = both(BASE, TUNED)
    assert (found.notes, found.not_assessed, found.equal_coverage) == ((), (), None)
    assert found.sets == solved_sets(np.array(BASE) > 0, np.array(TUNED) > 0)
    assert found.sampling_gap == found.curves.base[-1] - found.curves.tuned[0]
    assert found.base_bound == chao2(8, np.array(BASE), most=32)
    assert found.tuned_bound == chao2(8, np.array(TUNED), most=32)
    assert found.base_coverage == coverage_curve(8, np.array(BASE))[-1]
    assert found.tuned_coverage == coverage_curve(8, np.array(TUNED))[-1]
    eights = np.full(32, 8)
    assert found.cover == {
        tau: (cover_at(eights, np.array(BASE), tau), cover_at(eights, np.array(TUNED), tau)) for tau in TAUS
    }
    assert str(found) == f"{found.curves}; {found.sets}"


def test_what_is_not_said_is_what_the_docs_say():
    plain = both(BASE, TUNED, reps=2_000)
    said = both(BASE, TUNED, reps=2_000, block=1, at=None, seed=0, level=0.05)
    np.testing.assert_array_equal(plain.curves.low, said.curves.low)
    default = compare_tries(np.array(BASE), np.array(TUNED), base_tries=np.full(32, 8), tuned_tries=np.full(32, 8))
    np.testing.assert_array_equal(default.curves.low, said.curves.low)
    for other in ({"seed": 1}, {"level": 0.2}, {"block": 4}, {"reps": 500}):
        assert not np.array_equal(both(BASE, TUNED, **{"reps": 2_000} | other).curves.low, said.curves.low)
    assert both(BASE, TUNED, at=np.array([1, 4])).curves.k.tolist() == [1, 4]


def test_other_numbers_of_tries_are_noted_and_compared_at_equal_coverage():
    found = both(BASE, TUNED, tuned_tries=16)
    assert found.notes == ("the numbers of tries differ: the 2x2 favours the policy with more; pass@k does not",)
    wanted = equal_coverage(
        np.array(BASE), np.array(TUNED), coverage_curve(8, np.array(BASE)), coverage_curve(16, np.array(TUNED))
    )
    assert found.equal_coverage == wanted
    assert found.not_assessed == ()


@pytest.mark.parametrize("who", ["base", "tuned"])
def test_tries_that_differ_between_problems_leave_no_bound(who):
    tries = {f"{who}_tries": np.r_[9, np.full(31, 8)]}
    found = both(BASE, TUNED, **tries)
    assert found.not_assessed == (
        f"Chao2 and sample coverage of {who}: its number of tries differs between problems",
        "Comparison at equal coverage: sample coverage was not assessed",
    )
    bounds = {"base": (found.base_bound, found.base_coverage), "tuned": (found.tuned_bound, found.tuned_coverage)}
    assert bounds.pop(who) == (None, None)
    ((bound, coverage),) = bounds.values()
    assert bound is not None
    assert coverage is not None


def test_few_problems_and_equal_counts_are_noted():
    assert both(BASE[:29], TUNED[:29]).notes == ("only 29 problems: the band is rough",)
    assert both(BASE[:30], TUNED[:30]).notes == ()
    same = "base and tuned have the same counts on every problem"
    assert both(BASE, BASE).notes == (same,)
    assert same not in both(BASE, BASE, tuned_tries=16).notes
