"""What the peers are asked: their formulas are the published ones, and each answers as it does in the field."""

import numpy as np
import pytest
from peers import PEERS, alpha_t, counted, dsr, one_world, psr, sharpe, table

from auditor.stats.deflated import (
    deflated_sharpe,
    null_trial_variance,
    probabilistic_sharpe,
    skew_kurtosis,
)


@pytest.fixture
def returns():
    return 0.0004 + 0.01 * np.random.default_rng(4).standard_t(5, 1260)


def test_probabilistic_and_deflated_ratios_are_those_held_to_golden_numbers(returns):
    skew, kurtosis = skew_kurtosis(returns)
    ours = {"n_obs": returns.size, "skew": skew, "kurtosis": kurtosis}
    assert psr(returns, 0.02) == pytest.approx(
        probabilistic_sharpe(sharpe(returns), 0.02, **ours).probability, rel=1e-3
    )
    variance = null_trial_variance(returns.size)
    expected = deflated_sharpe(sharpe(returns), n_trials=200, trial_variance=variance, **ours)
    assert dsr(returns, 200) == pytest.approx(expected.probability, rel=1e-3)
    assert dsr(returns, 1) == psr(returns) > dsr(returns, 200)


def test_leverage_has_no_alpha(returns):
    assert alpha_t(returns, 1.5 * returns) == 0.0
    assert alpha_t(returns, returns + 0.0004 + 0.001 * np.random.default_rng(5).standard_normal(1260)) > 5


@pytest.mark.calibration
def test_all_are_asked_about_the_same_world():
    raw = one_world((("sleeves", "garch", "daily", 5), 1, 99))
    by_name = {row["overlay"]: row for row in raw}
    # A t-test of means takes leverage for skill; a ratio does not.
    assert not by_name["levered"]["sharpe"]
    assert not by_name["levered"]["returns"]
    assert not any(by_name["identical"][peer] for peer in ("sharpe", "t_test", "spa", "alpha", "returns"))
    rows = counted(raw)
    assert [row["overlay"] for row in rows] == list(by_name)
    assert rows[0]["trades"] == ""
    assert len(table(rows, [peer for peer in PEERS if peer != "trades"])) == 2 + len(rows)
