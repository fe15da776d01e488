"""Depth against breadth: pass@k, what each policy solves, and what is solved beyond luck."""

import csv
import gzip
import io
import time
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from auditor.coverage.tries import compare_tries, cover_at, equal_coverage, mcnemar_exact
from auditor.coverage.tries_curves import _resampled_means, pass_curves
from auditor.coverage.tries_luck import BeyondLuck, beyond_luck
from auditor.coverage.tries_placebo import (
    at_least,
    benjamini_hochberg,
    chance_corrected,
    shifted_positions,
    shifted_returns,
    upper_part,
    window_successes,
)
from auditor.coverage.tries_power import score_of_solved
from auditor.coverage.tries_solved import solved_share
from auditor.coverage.tries_verdict import judge_tries
from auditor.stats.blocks import Draws, block_sums, resampled_sums
from auditor.stats.richness import (
    accumulation_error,
    chao1,
    chao2,
    coverage_curve,
    pass_at_k,
    rarefaction,
    sample_coverage,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "coverage"
COUNTS = Path(__file__).parents[2] / "data" / "tries" / "deepscaler32k.csv"


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def golden(name):
    return rows(GOLDEN / f"{name}.csv")


def rollout_counts(policy):
    return np.loadtxt(GOLDEN / f"rollouts_{policy}.csv", delimiter=",", skiprows=1).sum(axis=0).astype(np.int64)


def full(n, size):
    return np.full(size, n, dtype=np.int64)


def compare(base, tuned, n, **options):
    size = len(base)
    return compare_tries(base, tuned, base_tries=full(n, size), tuned_tries=full(n, size), **options)


# R: specaccum(rollouts, method = "exact"), vegan 2.6-4; / 40 it is pass@k
@pytest.mark.parametrize("policy", ["base", "tuned"])
def test_pass_at_k_is_vegans_exact_accumulation(policy):
    expected = [row for row in golden("incidence_passk") if row["policy"] == policy]
    counts = rollout_counts(policy)
    curves = pass_at_k(full(64, 40), counts, 64)
    for column, ours in (("sum_pass_at_k", curves.sum(axis=0)), ("mean_pass_at_k", curves.mean(axis=0))):
        np.testing.assert_allclose(ours, [float(row[column]) for row in expected], rtol=1e-12)
    np.testing.assert_allclose(curves.sum(axis=0), [float(row["richness"]) for row in expected], rtol=1e-12)
    errors = [float(row["sd_uncond"]) for row in expected]
    np.testing.assert_allclose(accumulation_error(64, counts), errors, rtol=1e-12)


def test_pass_at_k_is_the_share_of_draws_with_a_success():
    from math import comb

    for n, c in ((7, 0), (7, 2), (7, 7), (256, 1), (256, 200)):
        exact = [1 - comb(n - c, k) / comb(n, k) for k in range(1, n + 1)]
        np.testing.assert_allclose(pass_at_k(np.array([n]), np.array([c]), n)[0], exact, rtol=1e-12, atol=1e-15)
    # the digits survive where log-gamma loses them
    assert pass_at_k(np.array([10**6]), np.array([1]), 1)[0, 0] == pytest.approx(1e-6, rel=1e-15)


# R: rarefy(counts, k, se = TRUE), vegan 2.6-4; its own errors carry rounding of 1e-7 where they are zero
@pytest.mark.parametrize("case", golden("individual_cases"), ids=lambda case: case["case"])
def test_rarefaction_and_chao1_are_those_of_vegan_and_inext(case):
    counts = np.array([int(count) for count in case["counts"].split(";")])
    expected = [row for row in golden("vegan_rarefy") if row["case"] == case["case"]]
    species, errors = rarefaction(counts, np.array([int(row["k"]) for row in expected]))
    np.testing.assert_allclose(species, [float(row["S_exp"]) for row in expected], rtol=1e-12)
    np.testing.assert_allclose(errors, [float(row["se"]) for row in expected], rtol=1e-9, atol=1e-6)
    (row,) = (row for row in golden("chao1") if row["case"] == case["case"])
    # R: estimateR(counts), vegan 2.6-4: bias-corrected
    corrected = chao1(counts, form="corrected")
    assert corrected.estimate == pytest.approx(float(row["vegan_chao1"]), rel=1e-12)
    assert corrected.se == pytest.approx(float(row["vegan_chao1_se"]), rel=1e-12)
    # R: iNEXT 3.0.2, printed to three digits: classic
    classic = chao1(counts)
    printed = [float(row[name]) for name in ("iNEXT_chao", "iNEXT_se", "iNEXT_lo", "iNEXT_hi")]
    assert [classic.estimate, classic.se, *classic.ci] == pytest.approx(printed, abs=5.1e-4)
    coverage = sample_coverage(int(counts.sum()), counts)
    assert coverage == pytest.approx(float(row["iNEXT_SC"]), abs=5.1e-5)


# R: specpool(rollouts), vegan 2.6-4
@pytest.mark.parametrize("row", golden("specpool_chao2"), ids=lambda row: row["policy"])
def test_chao2_is_specpool(row):
    bound = chao2(64, rollout_counts(row["policy"]))
    assert bound.observed == int(row["Species"])
    assert bound.estimate == pytest.approx(float(row["chao"]), rel=1e-12)
    assert bound.se == pytest.approx(float(row["chao.se"]), rel=1e-12)


def test_chao2_is_capped_at_the_number_of_problems():
    bound = chao2(8, np.array([1, 1, 1, 1, 1, 0]), most=6)
    assert (bound.estimate, bound.ci[1]) == (6.0, 6.0)
    assert bound.uncapped > 6


# PyPI passk-inference 0.3.1, its estimator on its counts; all columns, as printed
@pytest.mark.parametrize("expected", golden("deepscaler32k_summary"), ids=lambda row: row["source"])
def test_the_published_summary_in_every_column(expected):
    counts = [row for row in rows(COUNTS) if expected["source"] in ("ALL", row["source"])]
    base, tuned = (np.array([int(row[name]) for row in counts]) for name in ("c_base", "c_rl"))
    found = compare(base, tuned, 128, reps=200)
    curves, sets = found.curves, found.sets
    ours = {
        "N": curves.n_problems, "p1_base": curves.base[0], "p1_rl": curves.tuned[0], "p128_base": curves.base[-1],
        "p128_rl": curves.tuned[-1], "first_k_rl_below": curves.first_below, "dSE": found.sampling_gap,
        "both": sets.both, "base_only": sets.base_only, "rl_only": sets.tuned_only, "neither": sets.neither,
        "mcnemar": sets.mcnemar_p, "SRR": sets.kept, "NDR": sets.new, "NSCR": sets.net,
        "chao2_base": found.base_bound.uncapped, "chao2_rl": found.tuned_bound.uncapped,
        "SC_base": found.base_coverage, "SC_rl": found.tuned_coverage,
    }  # fmt: skip
    for tau, (of_base, of_tuned) in found.cover.items():
        ours |= {f"cover{100 * tau:.0f}_base": of_base, f"cover{100 * tau:.0f}_rl": of_tuned}
    assert ours.keys() == expected.keys() - {"source"}
    for name, value in ours.items():
        if not expected[name]:
            assert value is None
        else:
            assert value == pytest.approx(float(expected[name]), rel=5.1e-8), name


def test_the_published_counts_are_sharper_not_wider():
    counts = rows(COUNTS)
    found = compare(*(np.array([int(row[name]) for row in counts]) for name in ("c_base", "c_rl")), 128)
    assert found.curves.crossover == 22
    first, last = found.curves.crossover_between
    assert first < 22 < last
    verdict = judge_tries(found)
    assert verdict.finding == "sharper, not wider"
    assert "pass@1 0.604 -> 0.680" in verdict.reason
    assert "the curves cross at k=22" in verdict.reason
    swapped = compare(*(np.array([int(row[name]) for row in counts]) for name in ("c_rl", "c_base")), 128)
    np.testing.assert_allclose(swapped.curves.difference, -found.curves.difference)
    np.testing.assert_allclose(swapped.curves.low, -found.curves.high, atol=1e-12)
    assert judge_tries(swapped).finding != "sharper, not wider"


def test_the_papers_sampling_gap_follows_from_its_table_not_its_sentence():
    # arXiv 2504.13837: Delta_SE = base pass@256 - tuned pass@1. "RLOO's best 42.6" is DAPO's number
    table = {row["model"]: row for row in golden("paper_table2_passk")}
    base = float(table["Qwen2.5-7B"]["test_pass256"])
    gaps = {name: round(base - float(row["test_pass1"]), 1) for name, row in table.items()}
    assert gaps["RLOO"] == 41.0
    assert gaps["DAPO"] == 42.6
    # the same quantity from counts that have these rates
    size = 1000
    base_counts = np.where(np.arange(size) < 691, 1, 0)
    tuned_counts = np.where(np.arange(size) < 281, 256, 0)
    assert compare(base_counts, tuned_counts, 256, reps=20).sampling_gap == pytest.approx(0.410, abs=1e-12)


def test_the_papers_solvable_sets():
    for benchmark, expected in (("AIME24", (19, 4, 0, 7)), ("LiveCodeBench_400_450", (19, 4, 1, 26))):
        sets = [row for row in golden("paper_solvable_sets") if row["benchmark"] == benchmark]
        base, tuned = (np.array([int(row[name]) for row in sets]) for name in ("base", "rl"))
        found = compare(base, tuned, 1, reps=20).sets
        assert (found.both, found.base_only, found.tuned_only, found.neither) == expected
    assert mcnemar_exact(4, 1) == 0.375
    assert mcnemar_exact(0, 0) == 1.0


def random_counts(n_problems=300, n=64, seed=0):
    rng = np.random.default_rng(seed)
    return rng.binomial(n, rng.beta(0.3, 1.0, n_problems)), rng.binomial(n, rng.beta(0.5, 1.0, n_problems))


@pytest.mark.parametrize(("size", "n"), [(300, 128), (40, 64), (3, 5)])
def test_resampling_the_directions_is_resampling_the_curves(size, n):
    base, tuned = random_counts(size, n)
    gap = pass_at_k(full(n, size), tuned, n) - pass_at_k(full(n, size), base, n)
    gap -= gap.mean(axis=0)
    draws = Draws(lengths=(size,), block=2, reps=100, seed=1)
    plain = resampled_sums(block_sums(gap, 2, (size,)), draws) / (2 * draws.n_blocks)
    np.testing.assert_allclose(_resampled_means(gap, draws), plain, atol=1e-13)


def test_the_band_covers_every_k_at_once():
    # truth: the expectation of pass@k over the law of the problems, the same for both policies
    misses = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        base, tuned = (rng.binomial(32, rng.beta(0.3, 1.0, 200)) for _ in range(2))
        curves = pass_curves(base, tuned, base_tries=full(32, 200), tuned_tries=full(32, 200), reps=200, seed=seed)
        misses += bool(((curves.low > 0) | (curves.high < 0)).any())
    assert misses <= 22  # 10 expected at 5 %; 22 is four errors above


def test_equal_counts_show_nothing():
    base, _ = random_counts()
    found = compare(base, base, 64)
    assert found.curves.crossover is None
    assert (found.sets.kept, found.sets.new, found.sets.net, found.sets.mcnemar_p) == (1.0, 0.0, 0.0, 1.0)
    assert judge_tries(found).finding == "unclear"
    nothing = compare(np.zeros(5, np.int64), np.zeros(5, np.int64), 4)
    assert (nothing.sets.kept, nothing.sets.new, nothing.sets.net) == (None, None, None)
    assert (nothing.base_coverage, nothing.base_bound.estimate) == (0.0, 0.0)


def test_counts_alone_can_be_wider_or_narrower():
    base, tuned = np.repeat([30, 0], 100), np.repeat([30, 30, 0], [100, 60, 40])
    assert judge_tries(compare(base, tuned, 64)).finding == "wider"
    assert judge_tries(compare(tuned, base, 64)).finding == "narrower"
    assert judge_tries(compare(base > 0, tuned > 0, 1)).finding == "unclear"


def test_a_base_that_only_ran_out_of_tries_is_not_outdone():
    # most problems solved once or twice in 64 tries, so nearly all are within its reach
    rng = np.random.default_rng(0)
    base, tuned = rng.binomial(64, 0.02, 400), rng.binomial(64, 0.05, 400)
    found = compare(base, tuned, 64)
    assert found.curves.low[-1] > 0.05
    verdict = judge_tries(found)
    assert verdict.finding == "unclear"
    assert "with more tries the base can reach" in verdict.reason


def test_different_numbers_of_tries_are_compared_at_equal_coverage():
    rng = np.random.default_rng(0)
    rate = rng.beta(0.4, 1.0, 400)
    base, tuned = rng.binomial(32, rate), rng.binomial(128, rate)
    found = compare_tries(base, tuned, base_tries=full(32, 400), tuned_tries=full(128, 400))
    assert found.curves.difference.size == 32
    assert found.equal_coverage.base_tries == 32
    assert 20 < found.equal_coverage.tuned_tries < 50
    assert abs(found.equal_coverage.difference) < 0.04
    assert (found.sets.tuned_only - found.sets.base_only) / 400 > 0.05  # what the 2x2 would have said
    mixed = compare_tries(base, tuned, base_tries=full(32, 400) + np.arange(400) % 2, tuned_tries=full(128, 400))
    assert mixed.equal_coverage is None
    assert "Chao2 and sample coverage of base" in mixed.not_assessed[0]
    assert mixed.base_bound is None
    own = equal_coverage(base, base, coverage_curve(32, base), coverage_curve(32, base))
    assert own.difference == 0


def test_cover_counts_ties_at_the_threshold():
    assert cover_at(full(10, 3), np.array([1, 2, 3]), 0.2) == pytest.approx(2 / 3)
    assert cover_at(full(10, 3), np.array([1, 3, 3]), 0.3) == pytest.approx(2 / 3)  # 0.3 * 10 is not exact


def test_counts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="between 0 and tries"):
        pass_at_k(np.array([4]), np.array([5]), 2)
    with pytest.raises(ValueError, match="fewest tries, 4"):
        pass_at_k(np.array([4, 9]), np.array([1, 1]), 5)
    with pytest.raises(ValueError, match=r"alike; got \(2,\) and \(1,\)"):
        pass_at_k(np.array([4, 9]), np.array([1]), 3)
    with pytest.raises(ValueError, match="N at least 2"):
        pass_curves(full(1, 1), full(1, 1), base_tries=full(4, 1), tuned_tries=full(4, 1))


def test_no_success_has_no_error():
    assert accumulation_error(5, np.zeros(7, np.int64)).tolist() == [0.0] * 5


def test_equal_coverage_of_one_try_and_of_a_curve_that_is_flat():
    # each solved problem is solved by every try, so that one try covers all there is
    sure = np.array([8, 8, 8, 0])
    reach = coverage_curve(8, sure)
    assert reach.tolist() == [1.0] * 8
    found = equal_coverage(sure, sure, reach, reach)
    assert (found.base_tries, found.tuned_tries, found.difference) == (1, 1, 0.0)


def test_results_read_in_one_line():
    base, tuned = np.repeat([30, 0], 100), np.repeat([30, 30, 0], [100, 60, 40])
    found = compare(base, tuned, 64)
    curves, sets = str(found.curves), str(found.sets)
    assert str(found) == f"{curves}; {sets}"
    assert curves.startswith("pass@1 0.234 -> 0.375, pass@64 0.500 -> 0.800, crossover")
    assert sets == "100 solved by both, 0 by base only, 60 by tuned only, 40 by neither (McNemar p=1.73e-18)"
    assert str(found.base_bound) == "100 found, at least 100.0 can be [100.0, 100.0]"
    assert str(judge_tries(found)).startswith("wider: tuned solves more problems with all tries")


def test_a_better_first_try_that_leaves_breadth_open_says_so():
    # the tuned policy is surer of the easy half; of the hard half both solve some, too few problems to tell which more
    base = np.repeat([20, 0, 1], [20, 14, 6])
    tuned = np.repeat([60, 1, 0], [20, 12, 8])
    found = judge_tries(compare(base, tuned, 64))
    assert found.finding == "unclear"
    assert "more breadth is neither shown nor excluded" in found.reason


def test_speed():
    base, tuned = random_counts(10_000, 256)
    started = time.process_time()
    found = compare(base, tuned, 256, reps=2_000)
    assert found.curves.reps == 2_000
    assert time.process_time() - started < 10  # about half a second


# --- beyond luck ---


def test_tails_sum_to_what_luck_puts_there():
    from scipy.stats import binom

    for rate in (0.0, 0.2, 0.5, 0.97, 1.0):
        c = np.arange(17)
        mass = binom.pmf(c, 16, rate)
        np.testing.assert_allclose(at_least(c, full(16, 17), np.full(17, rate)), binom.sf(c - 1, 16, rate), atol=1e-14)
        assert upper_part(c, full(16, 17), np.full(17, rate), 0.25) @ mass == pytest.approx(0.25)


def test_benjamini_hochberg_is_scipys():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).uniform(size=500) ** 3
    np.testing.assert_array_equal(benjamini_hochberg(p, 0.05), false_discovery_control(p) <= 0.05)
    assert not benjamini_hochberg(np.ones(4), 0.05).any()


def test_without_a_problem_whose_placebo_could_fail_the_usual_score_is_one():
    placebo = np.array([0.0, 0.01, 0.99])
    assert score_of_solved(np.array([3, 4, 8]), full(8, 3), placebo, 0.05) == 1.0


def test_paths_that_do_not_fit_their_windows_are_refused():
    paths = np.ones((6, 2))
    with pytest.raises(ValueError, match=r"returns must be \(6,\) and first rows must rise from 0"):
        shifted_positions(paths, np.ones(5), np.array([0, 3]))
    with pytest.raises(ValueError, match="rise from 0"):
        shifted_positions(paths, np.ones(6), np.array([0, 3, 3]))
    with pytest.raises(ValueError, match="at least three periods"):
        shifted_positions(paths[:2], np.ones(2), np.array([0]))
    with pytest.raises(ValueError, match="windows within them"):
        shifted_positions(paths, np.ones(6), np.array([0, 6]))


def test_the_chance_corrected_ratio_ends_where_the_placebo_solves_97_percent():
    curve = 1 - 0.4 ** np.arange(1, 33)
    found = chance_corrected(curve, np.full(50, 0.5))
    assert found.size == 5  # 1 - 2^-5 = .969
    np.testing.assert_allclose(found, 1 - 0.8 ** np.arange(1, 6))
    assert chance_corrected(curve, np.full(50, 0.99)).size == 0


def test_a_placebo_keeps_exposure_and_kills_timing():
    rng = np.random.default_rng(0)
    returns = rng.normal(0.001, 0.02, 1000)
    long = np.where(rng.random((1000, 8)) < 0.8, 1.0, -1.0)
    first = np.arange(0, 1000, 5)
    found = shifted_positions(long, returns, first)
    up = np.add.reduceat(returns, first) > 0.02
    assert found.rate[up].mean() > 0.7
    single = shifted_positions(long, returns, np.arange(1000))
    np.testing.assert_allclose(single.rate[returns > 0], (long > 0).mean(), atol=0.05)
    np.testing.assert_allclose(single.rate[returns < 0], (long < 0).mean(), atol=0.05)
    weaker = shifted_returns(long * returns[:, None], np.arange(1000))
    assert weaker.kind == "returns"
    assert "weaker" in str(weaker)
    np.testing.assert_allclose(weaker.rate, 0.5, atol=0.06)


def sp500_weeks():
    """Weekly returns of the S&P 500 from the file that the package arch carries."""
    packed = files("arch").joinpath("data/sp500/sp500.csv.gz").read_bytes()
    weeks = {}
    for row in csv.DictReader(io.StringIO(gzip.decompress(packed).decode())):
        month, day, year = (int(part) for part in row["Date"].split("/"))
        weeks[date(year, month, day).isocalendar()[:2]] = float(row["Adj Close"])
    close = np.array(list(weeks.values()))
    return close[1:] / close[:-1] - 1


PLANTED = {"coin": 0.0, "long": 0.0, "skill": 0.3, "sharper": 0.3, "fewer": 0.2, "twice": 0.6}


def planted(returns, seed, weak=0.75, strong=0.9, rollouts=64):
    rng = np.random.default_rng(seed)
    order = rng.permutation(returns.size)
    direction = np.where(returns >= 0, 1.0, -1.0)[:, None]

    def skilled(share, rate):
        chance = np.full((returns.size, 1), 0.5)
        chance[order[: round(share * returns.size)]] = rate
        return np.where(rng.random((returns.size, rollouts)) < chance, direction, -direction)

    return {
        "coin": skilled(0.0, 0.5),
        "long": np.where(rng.random((returns.size, rollouts)) < 0.8, 1.0, -1.0),
        "skill": skilled(0.3, weak),
        "sharper": skilled(0.3, strong),
        "fewer": skilled(0.2, strong),
        "twice": skilled(0.6, weak),
    }


def against(base, tuned, returns, seed=0) -> tuple[str, BeyondLuck]:
    first, n = np.arange(returns.size), full(base.shape[1], returns.size)
    counts = [window_successes(positions * returns[:, None], first) for positions in (base, tuned)]
    placebos = [shifted_positions(positions, returns, first, seed=seed) for positions in (base, tuned)]
    found = compare_tries(*counts, base_tries=n, tuned_tries=n, block=None, reps=500)
    beyond = beyond_luck(
        *counts, base_tries=n, tuned_tries=n, base_placebo=placebos[0], tuned_placebo=placebos[1],
        base_pass=found.curves.base, tuned_pass=found.curves.tuned,
    )  # fmt: skip
    return judge_tries(found, beyond).finding, beyond


@pytest.mark.parametrize(
    ("seed", "weak", "strong"), [(0, 0.75, 0.9), (1, 0.75, 0.9), (2, 0.7, 0.95), (3, 0.65, 0.8), (4, 0.6, 0.9)]
)
def test_planted_shares_come_back_and_only_more_weeks_are_wider(seed, weak, strong):
    returns = sp500_weeks()
    policies = planted(returns, seed, weak, strong)
    for name, positions in policies.items():
        finding, beyond = against(policies["skill"], positions, returns, seed)
        assert abs(beyond.tuned.share - PLANTED[name]) < 3 * beyond.tuned.se, name
        assert beyond.tuned.se < 0.03
        assert (finding == "wider") == (name == "twice"), name
        if name == "twice":
            assert beyond.new_share == pytest.approx(0.3, abs=3 * beyond.new_share_se)
            assert (0.1 if weak >= 0.7 else 0) < beyond.new.mean() < 0.35
            base, tuned, new, error = beyond.base.share, beyond.tuned.share, beyond.new_share, beyond.gain_se
            assert str(beyond) == (
                f"solved beyond luck {base:.1%} -> {tuned:.1%} (error {error:.1%}), new {new:.1%}, "
                f"{beyond.new.sum()} shown"
            )
            assert str(beyond.tuned).startswith(f"{tuned:.1%} of problems solved beyond luck (error ")
        if name in ("coin", "long"):
            assert beyond.tuned.found.mean() < 0.01
            assert finding == "narrower"
        if name == "sharper" and weak >= 0.7:
            assert finding == "sharper, not wider"
            assert beyond.new.mean() < 0.03


def test_testing_against_one_half_credits_exposure_and_the_placebo_does_not():
    returns = sp500_weeks()
    counts = window_successes(planted(returns, 0)["long"] * returns[:, None], np.arange(returns.size))
    naive = solved_share(counts, full(64, returns.size), np.full(returns.size, 0.5))
    assert naive.found.mean() == pytest.approx((returns > 0).mean(), abs=0.02)  # more than half of all weeks


def test_timing_that_rollouts_share_without_skill_is_not_breadth():
    # every rollout follows last week's sign, so that it solves or fails a week with nearly all of its tries
    rng = np.random.default_rng(5)
    returns = rng.normal(0, 0.02, 1000)
    signal = np.sign(np.roll(returns, 1))[:, None]
    positions = np.where(rng.random((1000, 64)) < 0.9, signal, -signal)
    coin = np.where(rng.random((1000, 64)) < 0.5, 1.0, -1.0)
    finding, beyond = against(coin, positions, returns)
    assert beyond.tuned.found.mean() > 0.4  # a binomial test is fooled
    assert abs(beyond.tuned.share) < 3 * beyond.tuned.se
    assert finding != "wider"
    assert any("share their timing" in note for note in beyond.notes)


@pytest.mark.parametrize("policy", ["base", "tuned"])
@pytest.mark.parametrize(("few", "early"), [(1, True), (15, True), (16, False), (32, False)])
def test_curves_that_end_far_below_all_tries_are_told(policy, few, early):
    counts = {"base": full(4, 40), "tuned": full(9, 40)}
    tries = {"base": full(32, 40), "tuned": full(32, 40)}
    tries[policy][3], counts[policy][3] = few, 0
    found = compare_tries(
        counts["base"], counts["tuned"], base_tries=tries["base"], tuned_tries=tries["tuned"], reps=99
    )
    assert found.ends_early == early
    assert found.curves.k[-1] == few
    said = f"the curves end at k={few}, the fewest tries of any problem, where others have up to 32"
    assert any(said in note for note in found.notes) == early
