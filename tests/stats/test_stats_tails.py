"""Every number, threshold and word of the comparison of tails, by plain loops over the periods that are left."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from auditor.stats import tails
from auditor.stats.shape import gain_sources
from auditor.stats.tails import BLOCKS, NULL, SoldTails, jackknife, sells_tails, variance_left

RESTS = "a series does not vary without one of its 40 blocks"


def pair(n=400, seed=0):
    """A base, and the same with a premium and losses in some of its worst periods."""
    rng = np.random.default_rng(seed)
    base = 0.01 * rng.standard_t(5, n) + 0.0005
    return base, base + 0.0015 - 2 * np.maximum(-0.015 - base, 0.0)


def shortfall(returns, edge):
    """Mean less expected shortfall in volatilities, by the losses beyond an edge."""
    beyond = [max(edge - one, 0.0) for one in returns]
    worst = edge - sum(beyond) / len(beyond) / 0.05
    return (returns.mean() - worst) / returns.std(ddof=1)


@pytest.mark.parametrize("n", [400, 409])
def test_the_shortfalls_error_is_that_of_the_fixed_edge(n):
    two = pair(n)
    found = sells_tails(*two)
    edges = [np.sort(one)[math.ceil(n / 20) - 1] for one in two]
    assert found.tail == pytest.approx([shortfall(*each) for each in zip(two, edges, strict=True)], rel=1e-12)
    cuts = [n * i // BLOCKS for i in range(BLOCKS + 1)]
    without = []
    for first, end in pairwise(cuts):
        base, tuned = (shortfall(np.delete(one, np.s_[first:end]), at) for one, at in zip(two, edges, strict=True))
        without.append(tuned - base)
    assert found.tail_se == pytest.approx(np.std(without) * math.sqrt(BLOCKS - 1), rel=1e-9)
    assert found.tail_z == pytest.approx((found.tail[1] - found.tail[0]) / found.tail_se)
    assert found.tail_z > 1


def test_a_mean_far_above_the_volatility_costs_no_digits():
    base, tuned = pair()
    one, other = sells_tails(base, tuned), sells_tails(base + 10, tuned + 10)
    for name in ("skew", "tail", "skew_se", "tail_se"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-9)


def test_every_field_and_word_of_a_flag():
    base, tuned = pair()
    found = sells_tails(base, tuned)
    assert (found.null, found.n_obs, found.reason) == (NULL, 400, None)
    assert (found.flagged, found.sharpe_rose) == (True, True)
    skew, tail = (f"{one:.2f} -> {two:.2f}" for one, two in (found.skew, found.tail))
    assert found.warning == (
        f"the Sharpe ratio rose while tail risk grew, as when options are sold: skew {skew} (z={found.skew_z:.1f}), "
        f"mean loss in the worst 5% of periods {tail} volatilities (z={found.tail_z:.1f}); "
        "a Sharpe ratio does not price rare losses"
    )
    assert str(found) == f"skew {skew}, shortfall {tail} volatilities: flagged"
    back = sells_tails(tuned, base)
    assert (back.flagged, back.sharpe_rose, back.warning) == (False, False, None)
    assert str(back).endswith("volatilities: not flagged")


def test_an_equal_ratio_has_not_risen():
    base, _ = pair()
    assert sells_tails(base, base).sharpe_rose is False


@pytest.mark.parametrize(
    ("skew", "tail", "flagged"),
    [
        # what each change and each z is held to, in parts of what it is; 1 is the threshold itself, which a change
        # meets and a z does not
        ((1.0, 0.9), (9, 9), True),
        ((1.1, 0.9), (9, 9), False),
        ((1.0, 1.0), (9, 9), False),
        ((1.1, 1.1), (9, 9), False),
        ((-1.0, 0.9), (9, 9), True),
        ((9, 9), (1.0, 0.9), True),
        ((9, 9), (1.1, 0.9), False),
        ((9, 9), (1.0, 1.0), False),
        ((9, 9), (1.1, 1.1), False),
    ],
)
def test_a_change_is_called_where_it_is_large_and_significant(monkeypatch, skew, tail, flagged):
    base, tuned = pair()
    found = sells_tails(base, tuned)
    monkeypatch.setattr(tails, "SHARP_SKEW", skew[0] * (found.skew[0] - found.skew[1]))
    monkeypatch.setattr(tails, "SHARP_TAIL", tail[0] * (found.tail[1] - found.tail[0]))
    monkeypatch.setattr(tails, "CALLED", skew[1] * found.skew_z if tail[1] == 9 else -tail[1] * found.tail_z)
    monkeypatch.setattr(tails, "ONE_LOSS", 99.0)
    assert sells_tails(base, tuned).flagged is flagged


@pytest.mark.parametrize("part", [1.0, 1.1])
def test_a_large_fall_of_the_skew_is_flagged_whatever_its_error(monkeypatch, part):
    base, tuned = pair()
    found = sells_tails(base, tuned)
    monkeypatch.setattr(tails, "CALLED", -99.0)
    monkeypatch.setattr(tails, "ONE_LOSS", part * (found.skew[0] - found.skew[1]))
    assert sells_tails(base, tuned).flagged is (part == 1.0)


def nothing(n, rose, reason):
    return SoldTails(
        null=NULL, flagged=False, sharpe_rose=rose, skew=None, skew_se=None, skew_z=None, tail=None, tail_se=None,
        tail_z=None, n_obs=n, reason=reason,
    )  # fmt: skip


def test_a_period_for_each_block_is_enough():
    base, tuned = pair(40)
    assert sells_tails(base, tuned).reason is None
    few = "39 periods are fewer than the 40 blocks of the error"
    assert sells_tails(base[:39], tuned[:39] + 1) == nothing(39, True, few)
    assert str(sells_tails(base[:39], tuned[:39])) == f"tails not compared: {few}"


@pytest.mark.parametrize("n", [80, 100, 252, 400])
@pytest.mark.parametrize("rest", [0.0, 0.001, 1 / 3000, -0.0002])
def test_a_policy_that_rests_but_for_one_block_has_no_error(n, rest):
    # without that block rounding may be all that is left of its variance
    base, _ = pair(n)
    base += 0.005
    once = np.full(n, rest)
    once[:2] = base[:2] + np.array([0.05, 0.1])
    assert sells_tails(base, once) == nothing(n, False, RESTS)
    assert sells_tails(once, base) == nothing(n, True, RESTS)
    for two in ((base, once), (once, base)):
        split = gain_sources(*two, periods_per_year=252)
        assert split.vol_part_se is None
        assert rest <= 0 or split.reason is None


def test_a_variance_is_zero_only_up_to_rounding():
    mean, square = np.array([0.0, 0.0, 0.0, 1.0, 1e4, 1e4]), np.array([1.0, 1.5e-12, 5e-13, 1.0, 1e8 + 1.0, 1e8 + 1e-5])
    found = variance_left(mean, square)
    assert np.isnan(found).tolist() == [False, False, True, True, False, True]
    assert found[[0, 1, 4]] == pytest.approx([1.0, 1.5e-12, 1.0], rel=1e-6)


def test_a_statistic_without_end_has_no_error_and_no_warning():
    once = np.zeros((80, 1))
    once[7] = 1.0
    assert math.isnan(jackknife(lambda means, rows: 1 / means[:, 0], once))
    assert math.isnan(jackknife(lambda means, rows: means[:, 0] / means[:, 0], once))


def test_the_jackknife_of_uneven_blocks_weighs_what_is_left():
    table = np.random.default_rng(1).normal(1, 1, (93, 2))
    cuts = [93 * i // BLOCKS for i in range(BLOCKS + 1)]
    without, rows = [], []
    for first, end in pairwise(cuts):
        left = np.delete(table, np.s_[first:end], axis=0)
        without.append(left[:, 0].mean() / left[:, 1].mean() * len(left))
        rows.append(len(left))
    assert len(set(rows)) > 1
    found = jackknife(lambda means, left: means[:, 0] / means[:, 1] * left, table)
    assert found == pytest.approx(np.std(without) * math.sqrt(BLOCKS - 1), rel=1e-10)
