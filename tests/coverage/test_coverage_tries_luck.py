"""What is solved beyond luck: scores, errors, differences and words, each by the definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from auditor.coverage.tries_luck import NEW_NULL, WEAKEST, _leak, beyond_luck
from auditor.coverage.tries_placebo import NEAR, Placebo, chance_corrected
from auditor.coverage.tries_power import score_of_solved, usual_shifts
from auditor.coverage.tries_solved import SOLVED_NULL, TAIL, solved_share
from auditor.coverage.tries_verdict import judge_tries
from auditor.stats.blocks import Draws, block_length

SIZE = 120


def drawn(seed, skill, size=SIZE):
    """Counts of 5 to 11 tries, and placebos: a share `skill` is solved nearly always, half as many hardly ever."""
    random = np.random.default_rng(seed)
    rate, tries = random.uniform(0.1, 0.8, size), random.integers(5, 12, size)
    luck = random.random(size)
    chance = np.where(luck < skill, 0.97, np.where(luck > 1 - skill / 2, 0.02, rate))
    return random.binomial(tries, chance), tries, rate


def scores(successes, tries, rate):
    """Score of each problem, by the binomial law."""
    found = []
    for count, n, chance in zip(successes, tries, rate, strict=True):
        law = stats.binom(n, chance)
        above = (TAIL - law.sf(count)) / law.pmf(count)
        below = (TAIL - law.cdf(count - 1)) / law.pmf(count)
        found.append(min(1, max(0, above)) - min(1, max(0, below)))
    return np.array(found) / score_of_solved(successes, tries, rate, TAIL)


def plain_errors(table, block, reps, seed):
    """Standard deviation over replicates of the mean of the rows drawn."""
    draws = Draws(lengths=(len(table),), block=block, reps=reps, seed=seed)
    starts = np.concatenate(list(draws.chunks()))
    rows = (starts[:, :, None] + np.arange(block)).reshape(reps, -1) % len(table)
    return np.array([table[row].mean(axis=0) for row in rows]).std(axis=0)


def rejected(p_values, level):
    return stats.false_discovery_control(p_values) <= level


@pytest.mark.parametrize(("block", "level", "reps", "seed"), [(1, 0.05, 80, 0), (7, 0.2, 60, 3)])
def test_the_share_is_the_mean_score_and_its_error_that_of_blocks(block, level, reps, seed):
    successes, tries, rate = drawn(1, 0.4)
    found = solved_share(successes, tries, rate, block=block, level=level, reps=reps, seed=seed)
    score = scores(successes, tries, rate)
    error = plain_errors(score, block, reps, seed)
    assert found.share == pytest.approx(score.mean(), rel=1e-9)
    assert found.se == pytest.approx(error, rel=1e-9)
    wide = stats.norm.ppf(0.975) * error
    assert found.ci == pytest.approx((found.share - wide, found.share + wide), rel=1e-9)
    above, below = stats.binom.sf(successes - 1, tries, rate), stats.binom.cdf(successes, tries, rate)
    np.testing.assert_allclose(found.p_values, above, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(found.found, rejected(above, level))
    np.testing.assert_array_equal(found.failed, rejected(below, level))
    assert 0 < found.failed.sum() < found.found.sum() < SIZE
    assert (found.level, found.block, found.reps, found.seed, found.null) == (level, block, reps, seed, SOLVED_NULL)
    assert str(found) == (
        f"{found.share:.1%} of problems solved beyond luck (error {found.se:.1%}), {found.found.sum()} shown"
    )


def both(weak=None, **options):
    base, base_tries, base_rate = drawn(2, 0.2)
    if weak is not None:
        base = np.random.default_rng(2).binomial(base_tries, np.minimum(base_rate + weak, 1))
    tuned, tuned_tries, tuned_rate = drawn(5, 0.5)
    k = np.arange(1, 6)
    given = {
        "base_tries": base_tries,
        "tuned_tries": tuned_tries,
        "base_placebo": Placebo(rate=base_rate, tries=100, kind="positions"),
        "tuned_placebo": Placebo(rate=tuned_rate, tries=100, kind="positions"),
        "base_pass": 1 - 0.5**k,
        "tuned_pass": 1 - 0.4**k,
        "block": 2,
        "reps": 90,
        "seed": 4,
        "level": 0.1,
    }
    given |= options
    return beyond_luck(base, tuned, **given), (base, base_tries, base_rate), (tuned, tuned_tries, tuned_rate)


def below_median(count, n, chance):
    """Twice the part of a count that lies below the median of its placebo's law: 1 on average."""
    beyond, mass = stats.binom.sf(count, n, chance), stats.binom.pmf(count, n, chance)
    return 2 * (1 - np.clip((0.5 - beyond) / mass, 0, 1))


def skilled(rate, shift):
    """A rate with skill: its logit raised by the shift, its arcsine root by the weakest skill at least."""
    least = np.sin(min(np.arcsin(np.sqrt(rate)) + WEAKEST, np.pi / 2)) ** 2
    return max(special.expit(special.logit(rate) + shift), least)


def leak(n, rate, shift):
    counts = np.arange(n + 1)
    return stats.binom.pmf(counts, n, skilled(rate, shift)) @ below_median(counts, n, rate)


def columns(base, tuned):
    """Difference of scores, of rates above the placebo, tuned's score where the base is at its own, by skill."""
    of_base, of_tuned = scores(*base), scores(*tuned)
    lower = below_median(*base)
    excess = [one[0] / one[1] - one[2] for one in (base, tuned)]
    new = []
    for shift in usual_shifts(*base):
        lost = np.array([leak(n, rate, shift) for n, rate in zip(*base[1:], strict=True)])
        new.append(of_tuned * (lower - lost) / (1 - lost).mean())
    return np.column_stack([of_tuned - of_base, excess[1] - excess[0], *new])


@pytest.mark.parametrize("shift", [0.1, 1.0, 3.0])
def test_what_leaks_is_the_mean_over_the_law_of_a_skilled_rate(shift):
    rates, tries = np.array([0.004, 0.1, 0.3, 0.5, 0.6, 0.7, 0.95, 0.9999]), np.array([48, 5, 10, 12, 10, 10, 7, 30])
    wanted = [leak(n, rate, shift) for n, rate in zip(tries, rates, strict=True)]
    np.testing.assert_allclose(_leak(shift, tries, rates), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(_leak(shift, tries[:2], np.array([1.0, 1.0])), 1.0)
    assert _leak(0.0, np.array([12]), np.array([0.5]))[0] == pytest.approx(leak(12, 0.5, special.logit(0.55)), rel=1e-3)


def world(seed, base, tuned, problems=120, rollouts=12):
    """What is said of rollouts that are right half of the time by luck: (rate, share of problems) of each policy."""
    random = np.random.default_rng(seed)
    place, tries = random.random(problems), np.full(problems, rollouts)
    luck = Placebo(rate=np.full(problems, 0.5), tries=9, kind="positions")
    counts = [random.binomial(rollouts, np.where(place < share, rate, 0.5)) for rate, share in (base, tuned)]
    found = beyond_luck(
        *counts, base_tries=tries, tuned_tries=tries, base_placebo=luck, tuned_placebo=luck, base_pass=np.zeros(1),
        tuned_pass=np.zeros(1), block=1, reps=300,
    )  # fmt: skip
    return judge_tries(None, found).finding, found.new_share


@pytest.mark.parametrize(
    ("base", "tuned", "rollouts"),
    [((0.55, 1), (0.85, 1), 12), ((0.6, 1), (0.85, 1), 24), ((0.55, 0.3), (0.85, 0.3), 12)],
)
def test_a_base_of_weak_skill_on_the_same_problems_makes_tuned_sharper_and_not_wider(base, tuned, rollouts):
    found = [world(seed, base, tuned, 500 if base[1] < 1 else 120, rollouts) for seed in range(20)]
    assert sum(finding == "wider" for finding, _ in found) <= 3
    assert np.mean([new for _, new in found]) < 0.3


@pytest.mark.parametrize(
    ("base", "tuned", "new"), [((0.5, 0), (0.85, 1), 1), ((0.75, 0.3), (0.75, 0.6), 0.3), ((0.7, 0.7), (0.85, 1), 0.3)]
)
def test_new_problems_are_wider_and_their_share_comes_back(base, tuned, new):
    found = [world(seed, base, tuned, 240, 48) for seed in range(10)]
    assert sum(finding == "wider" for finding, _ in found) >= 9
    assert np.mean([new for _, new in found]) == pytest.approx(new, abs=0.15 * new + 0.02)


@pytest.mark.parametrize(("weak", "fitting"), [(None, 1), (0.1, 3)])
def test_gain_sharpening_and_new_share_are_means_over_problems(weak, fitting):
    found, base, tuned = both(weak)
    table = columns(base, tuned)
    means, errors = table.mean(axis=0), plain_errors(table, 2, 90, 4)
    ends = np.array([means - stats.norm.ppf(0.975) * errors, means + stats.norm.ppf(0.975) * errors])
    assert len(set(usual_shifts(*base))) == fitting
    for at, name in enumerate(("gain", "sharpening", "new_share")):
        assert getattr(found, name) == pytest.approx(means[at], rel=1e-9)
        assert getattr(found, f"{name}_se") == pytest.approx(errors[at], rel=1e-9)
        wanted = (ends[0, at], ends[1, at]) if at < 2 else (ends[0, 2:].min(), ends[1, 2:].max())
        assert getattr(found, f"{name}_ci") == pytest.approx(wanted, rel=1e-9)
    for part, given in ((found.base, base), (found.tuned, tuned)):
        alone = solved_share(*given, block=2, reps=90, seed=4, level=0.1)
        assert (part.share, part.se, part.ci, part.block, part.reps, part.seed, part.level) == (
            alone.share, alone.se, alone.ci, 2, 90, 4, 0.1,
        )  # fmt: skip
        np.testing.assert_array_equal(part.found, alone.found)
    assert found.gain == pytest.approx(found.tuned.share - found.base.share)
    assert found.null == NEW_NULL
    assert str(found) == (
        f"solved beyond luck {found.base.share:.1%} -> {found.tuned.share:.1%} (error {found.gain_se:.1%}), "
        f"new {found.new_share:.1%}, {found.new.sum()} shown"
    )


def test_new_is_shown_for_tuned_where_the_base_is_shown_near_its_placebo():
    found, (base, tries, rate), _ = both()
    bound = [
        stats.beta.ppf(0.95, count + 1, n - count) if count < n else 1.0 for count, n in zip(base, tries, strict=True)
    ]
    near = np.array(bound) <= rate + NEAR
    np.testing.assert_array_equal(found.new, found.tuned.found & near)
    assert 0 < found.new.sum() < found.tuned.found.sum()


def test_what_is_not_said_is_two_thousand_replicates_of_an_estimated_block():
    base, base_tries, base_rate = (np.sort(one) for one in drawn(2, 0.2))  # in order, so that neighbours are alike
    tuned, tuned_tries, tuned_rate = drawn(5, 0.5)
    score = scores(tuned, tuned_tries, tuned_rate)
    alone = solved_share(tuned, tuned_tries, tuned_rate)
    assert (alone.block, alone.reps, alone.seed, alone.level) == (block_length(score, lengths=(SIZE,)), 2_000, 0, 0.05)
    assert alone.se == pytest.approx(plain_errors(score, alone.block, 2_000, 0), rel=1e-9)
    found = beyond_luck(
        base, tuned, base_tries=base_tries, tuned_tries=tuned_tries,
        base_placebo=Placebo(rate=base_rate, tries=9, kind="positions"),
        tuned_placebo=Placebo(rate=tuned_rate, tries=9, kind="positions"),
        base_pass=np.array([0.5]), tuned_pass=np.array([0.5]),
    )  # fmt: skip
    table = columns((base, base_tries, base_rate), (tuned, tuned_tries, tuned_rate))
    lengths = [block_length(np.ascontiguousarray(one), lengths=(SIZE,)) for one in table.T]
    assert max(lengths) > min(lengths)
    assert found.base.block == found.tuned.block == max(lengths)
    for part in (found.base, found.tuned):
        assert (part.reps, part.seed, part.level) == (2_000, 0, 0.05)
    errors = plain_errors(table, max(lengths), 2_000, 0)
    assert (found.gain_se, found.sharpening_se, found.new_share_se) == pytest.approx(tuple(errors[:3]), rel=1e-9)


def test_ratios_end_where_the_placebo_solves_all_and_say_so():
    found, (_, _, rate), _ = both()
    assert found.not_assessed == ()
    np.testing.assert_array_equal(found.base_ratio, chance_corrected(1 - 0.5 ** np.arange(1, 6), rate))
    high = Placebo(rate=np.full(SIZE, 0.8), tries=9, kind="positions")  # .8, .96, .992
    found, (_, _, rate), _ = both(tuned_placebo=high)
    assert (found.base_ratio.size, found.tuned_ratio.size) == (5, 2)
    assert found.not_assessed == ("Chance-corrected ratio of tuned from k=3: its placebo solves over 97%",)
    found, _, (_, _, rate) = both(base_placebo=high)
    np.testing.assert_array_equal(found.tuned_ratio, chance_corrected(1 - 0.4 ** np.arange(1, 6), rate))
    assert found.not_assessed == ("Chance-corrected ratio of base from k=3: its placebo solves over 97%",)


@pytest.mark.parametrize(
    ("base", "tuned", "weaker"),
    [("positions", "positions", "positions"), ("returns", "positions", "returns"), ("positions", "returns", "returns"),
     ("returns", "returns", "returns")],
)  # fmt: skip
def test_the_weaker_placebo_is_told(base, tuned, weaker):
    one, other = (Placebo(rate=np.full(SIZE, rate), tries=9, kind=kind) for rate, kind in ((0.3, base), (0.4, tuned)))
    found = both(base_placebo=one, tuned_placebo=other)[0]
    assert found.placebo == weaker
    assert found.notes[:2] == (f"base: {one}", f"tuned: {other}")


def test_more_failed_than_luck_leaves_is_noted_for_either():
    tries, rate = np.full(100, 20), Placebo(rate=np.full(100, 0.5), tries=9, kind="positions")

    def notes(base_failed, tuned_failed):
        base, tuned = (np.repeat([0, 20, 10], [bad, 30, 70 - bad]) for bad in (base_failed, tuned_failed))
        found = beyond_luck(
            base, tuned, base_tries=tries, tuned_tries=tries, base_placebo=rate, tuned_placebo=rate,
            base_pass=np.array([0.5]), tuned_pass=np.array([0.5]), block=1, reps=9, level=0.05,
        )  # fmt: skip
        assert (found.base.failed.sum(), found.tuned.failed.sum()) == (base_failed, tuned_failed)
        return found.notes[2:]

    words = (
        "{} fails 11 problems beyond luck: its rollouts share their timing, so the 30 shown are not all skill; "
        "the share is net of this"
    )
    assert notes(10, 10) == ()  # twice the level is what luck may leave
    assert notes(11, 10) == (words.format("base"),)
    assert notes(10, 11) == (words.format("tuned"),)
