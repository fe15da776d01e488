"""What is solved beyond luck: scores, errors, differences and words, each by the definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.coverage.tries_luck import NEW_NULL, SOLVED_NULL, TAIL, beyond_luck, solved_share
from auditor.coverage.tries_placebo import NEAR, Placebo, chance_corrected
from auditor.coverage.tries_power import score_of_solved
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


def both(**options):
    base, base_tries, base_rate = drawn(2, 0.2)
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


def columns(base, tuned):
    """Difference of scores, tuned's score where the base is at its placebo, difference of rates above it."""
    of_base, of_tuned = scores(*base), scores(*tuned)
    lower = []
    for count, n, chance in zip(*base, strict=True):
        law = stats.binom(n, chance)
        lower.append(1 - min(1, max(0, (0.5 - law.sf(count)) / law.pmf(count))))
    excess = [one[0] / one[1] - one[2] for one in (base, tuned)]
    return np.column_stack([of_tuned - of_base, of_tuned * 2 * np.array(lower), excess[1] - excess[0]])


def test_gain_new_share_and_sharpening_are_means_over_problems():
    found, base, tuned = both()
    table = columns(base, tuned)
    means, errors = table.mean(axis=0), plain_errors(table, 2, 90, 4)
    for at, name in enumerate(("gain", "new_share", "sharpening")):
        assert getattr(found, name) == pytest.approx(means[at], rel=1e-9)
        assert getattr(found, f"{name}_se") == pytest.approx(errors[at], rel=1e-9)
        wide = stats.norm.ppf(0.975) * errors[at]
        assert getattr(found, f"{name}_ci") == pytest.approx((means[at] - wide, means[at] + wide), rel=1e-9)
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
    assert (found.gain_se, found.new_share_se, found.sharpening_se) == pytest.approx(tuple(errors), rel=1e-9)


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
