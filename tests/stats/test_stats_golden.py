"""The statistics against the numbers that other people's programs printed; see golden/README.md."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auditor.stats.blocks import Draws, optimal_block
from auditor.stats.longrun import bandwidth, window_ids
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.sharpe import SHARPE_DIFFERENCE, jobson_korkie_memmel, pair_moments, sharpe_difference_test
from auditor.stats.spanning import spanning_regression
from auditor.stats.studentised import standard_error

GOLDEN = Path(__file__).parents[1] / "golden"
PAIRS = pd.read_csv(GOLDEN / "sharpe" / "pairs.csv")
EXPECTED = pd.read_csv(GOLDEN / "sharpe" / "expected.csv")
NAMES = ("s1_T120_iid", "s3_T253_corr98", "s4_T504_garch")


def expected(pair, quantity, block=None):
    rows = EXPECTED[(EXPECTED.pair == pair) & (EXPECTED.quantity == quantity)]
    if block is not None:
        rows = rows[rows.b == block]
    (value,) = rows.value
    return value


def returns(pair):
    rows = PAIRS[PAIRS.pair == pair]
    return rows.base.to_numpy(), rows.tuned.to_numpy()


def golden_starts(pair, block):
    return np.loadtxt(GOLDEN / "sharpe" / f"starts_{pair}_b{block}.csv.gz", delimiter=",", dtype=np.int64) - 1


@pytest.mark.parametrize("pair", NAMES)
@pytest.mark.parametrize("block", [1, 5, 7])
@pytest.mark.parametrize("variant", ["v2016", "v2019"])
def test_ledoit_wolf_p_value_given_the_authors_blocks(pair, block, variant):
    # R: boot.time.inference(ret, b, M = 199) of the authors, v2016 and v2019, with the block starts stored
    base, tuned = returns(pair)
    starts = golden_starts(pair, block)
    draws = Draws(lengths=(base.size,), block=block, reps=len(starts), seed=0, starts=starts)
    found = sharpe_difference_test(base, tuned, draws, variant=variant)
    assert found.p_value("two-sided") == pytest.approx(
        expected(pair, f"lw_{variant}_p_M199_given_starts", block), abs=1e-12
    )


@pytest.mark.parametrize("pair", NAMES)
def test_delta_errors_and_bandwidth_are_the_authors(pair):
    # R: sharpe.ratio.diff, compute.se.Parzen, compute.se.Parzen.pw, compute.alpha.hat of the authors
    base, tuned = returns(pair)
    moments = pair_moments(base, tuned)
    n = base.size
    assert sharpe_ratio(tuned) - sharpe_ratio(base) == pytest.approx(expected(pair, "delta"), abs=1e-12)
    plain = standard_error(SHARPE_DIFFERENCE, moments, (n,), prewhiten=False)
    assert plain == pytest.approx(expected(pair, "se_parzen"), abs=1e-12)
    assert standard_error(SHARPE_DIFFERENCE, moments, (n,)) == pytest.approx(expected(pair, "se_parzen_pw"), abs=1e-12)
    alpha = bandwidth(moments - moments.mean(axis=0), "parzen", window_ids((n,)))[1]
    assert alpha == pytest.approx(expected(pair, "alpha_hat"), abs=1e-12)


@pytest.mark.parametrize("pair", NAMES)
def test_jobson_korkie_memmel_is_the_formula(pair):
    assert jobson_korkie_memmel(*returns(pair)) == pytest.approx(expected(pair, "jk_memmel_z"), abs=1e-11)


@pytest.mark.parametrize("pair", NAMES)
def test_drawn_blocks_agree_with_the_authors_own_draws(pair):
    # CRAN bootTimeInference C++, M = 9999: other draws, so the p-values agree within four Monte Carlo errors
    base, tuned = returns(pair)
    for block in (1, 5, 7):
        theirs = expected(pair, "lw_cpp_p_M9999", block)
        draws = Draws(lengths=(base.size,), block=block, reps=9999, seed=1)
        ours = sharpe_difference_test(base, tuned, draws).p_value("two-sided")
        assert abs(ours - theirs) <= 4 * np.sqrt(2 * max(theirs, 1e-3) * (1 - theirs) / 9999)


@pytest.mark.parametrize("row", pd.read_csv(GOLDEN / "blocklength" / "expected.csv").to_dict("records"), ids=str)
def test_block_length_is_that_of_b_star(row):
    # R: np::b.star(x), column BstarCB
    series = pd.read_csv(GOLDEN / "blocklength" / "series.csv")[row["series"].removeprefix("sim_")].to_numpy()
    assert optimal_block(series) == pytest.approx(row["circular"], rel=1e-9)


@pytest.mark.parametrize("pair", NAMES)
def test_spanning_regression_is_lm_and_sandwich(pair):
    # R: lm(tuned ~ base); sandwich::NeweyWest(lag = L, prewhite = FALSE, adjust = FALSE); the F of alpha = 0, beta = 1
    base, tuned = returns(pair)
    for lags in (0, 5, 10):
        found = spanning_regression(tuned, base[:, None], lags=lags)
        assert found.alpha_se == pytest.approx(expected(pair, f"nw_se_alpha_lag{lags}"), rel=1e-10)
    assert found.alpha == pytest.approx(expected(pair, "alpha"), rel=1e-10)
    assert found.betas[0] == pytest.approx(expected(pair, "beta"), rel=1e-10)
    assert found.f == pytest.approx(expected(pair, "hk_spanning_F"), rel=1e-10)
