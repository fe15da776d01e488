"""Overlays that once passed for new edge from returns: monthly payments, resized sleeves, slow marks, lone bets."""

import numpy as np
import pandas as pd
import pytest

from auditor import audit
from auditor.wanted import without_pictures

T = 2520
DAYS = pd.bdate_range("2010-01-01", periods=T)


def shocks(rng, columns, family="t4"):
    found = rng.standard_t(4, (T, columns)) / np.sqrt(2) if family == "t4" else rng.standard_normal((T, columns))
    if family != "garch":
        return found * 0.01
    variance = np.ones(columns)
    for at in range(T):
        found[at] *= np.sqrt(variance)
        variance = 0.05 + 0.1 * found[at] ** 2 + 0.85 * variance
    return found * 0.01


def drift(sharpe):
    return sharpe * 0.01 / np.sqrt(252)


def idle(rng, share=0.2):
    on = np.zeros(T, bool)
    at = 0
    while at < T:
        at += rng.geometric(0.05)
        length = rng.geometric(0.2)
        on[at : at + length] = True
        at += length
    return on


def paid(size, every):
    found = np.zeros(T)
    found[every - 1 :: every] = size * every / 252
    return found


def run(base, tuned, seed=0, known=None, **options):
    names = (
        {} if known is None else {"known": pd.DataFrame(known, DAYS, columns=[f"k{i}" for i in range(known.shape[1])])}
    )
    with without_pictures():
        return audit(
            pd.Series(base, DAYS),
            pd.Series(tuned, DAYS),
            oos_start=DAYS[T // 2],
            reps=499,
            seed=seed,
            **names,
            **options,
        )


def worlds(make, family, count=5, **options):
    found = [run(*make(np.random.default_rng([61, seed]), family), seed, **options) for seed in range(count)]
    return sum(one.label == "new_edge" for one in found), found[-1]


def on_idle_days(rng, family):
    base = np.where(idle(rng), shocks(rng, 1, family)[:, 0] + 3 * drift(1), 0.0)
    return base, base + paid(0.03, 21)


def on_what_is_not_invested(rng, family):
    base = shocks(rng, 1, family)[:, 0] + drift(1)
    return base, 0.5 * base + paid(0.02, 21)


def dividends(rng, family):
    base = shocks(rng, 1, family)[:, 0] + drift(0.4)
    return base, base + paid(0.016, 63)


def a_fee_that_is_waived(rng, family):
    base = shocks(rng, 1, family)[:, 0] + drift(1)
    return base, base + paid(0.01, 21)


@pytest.mark.parametrize("family", ["t4", "garch"])
@pytest.mark.parametrize("make", [on_idle_days, on_what_is_not_invested, dividends, a_fee_that_is_waived])
def test_what_is_paid_by_the_month_is_no_new_edge(make, family):
    """New edge in 100, 85 to 92, 45 to 70 and 5 to 22 % of worlds."""
    passed, last = worlds(make, family)
    assert passed <= 1
    reason = last.attribution.out_of_sample.new_reason
    assert "every return but" in reason or "but for what costs, fees or interest on cash leave" in reason


def test_bets_now_and_then_are_no_payments():
    """They win and lose, or differ in size."""
    rng = np.random.default_rng(4)
    base = shocks(rng, 1)[:, 0] + drift(1)
    bets = np.where(rng.random(T) < 0.05, rng.normal(0.01, 0.01, T), 0.0)
    for new in (bets, np.abs(bets) ** 2 * 100):
        assert "every return but" not in (run(base, base + new).attribution.out_of_sample.new_reason or "")


@pytest.mark.parametrize("complete", [True, False])
def test_known_sleeves_that_are_resized_are_no_new_edge(complete):
    """Each at a volatility of its own: new edge in 70 to 80 % of worlds, shown where --known-complete was said."""
    passed = 0
    for seed in range(6):
        rng = np.random.default_rng([21, seed])
        calm = np.ones((T, 4))
        for sleeve in range(4):
            at = 0
            while at < T:
                for mean, size in ((120, 0.5), (50, 2.0)):
                    length = rng.geometric(1 / mean)
                    calm[at : at + length, sleeve] = size
                    at += length
        sleeves = rng.standard_normal((T, 4)) * calm / 1.2 * 0.01 + drift(0.6)
        volatility = pd.DataFrame(sleeves).rolling(21, min_periods=10).std().shift(1).bfill().to_numpy()
        found = run(
            sleeves.mean(axis=1), (sleeves / volatility).mean(axis=1) / 100, seed, sleeves, known_complete=complete
        )
        passed += found.label == "new_edge"
    assert passed <= 1


def slow(rng, family):
    base = shocks(rng, 1, family)[:, 0] + drift(1)
    return base, 0.5 * base + 0.5 * pd.Series(base).rolling(63, min_periods=1).mean().to_numpy()


@pytest.mark.parametrize("family", ["t4", "garch"])
def test_marks_of_a_quarter_are_no_new_edge_and_are_named(family):
    passed, last = worlds(slow, family)
    assert passed <= 1
    assert [text for text in last.warnings if "follow the base's mean of 63 periods" in text]
    assert "base, mean of 63" in last.coverage.streams


def test_honest_policies_are_not_called_slow():
    rng = np.random.default_rng(2)
    base = shocks(rng, 1)[:, 0] + drift(1)
    for tuned in (base, 2 * base, base + shocks(rng, 1)[:, 0], np.abs(base)):
        found = run(base, tuned)
        assert not [text for text in found.warnings if "follow the base's mean" in text]
        assert not [name for name in found.coverage.streams if "mean of" in name]


def test_sleeves_are_asked_for_on_daily_data_too():
    """A sleeve of a tenth that is held at eight tenths: the direction test says wider."""
    rng = np.random.default_rng(2)
    one, other = shocks(rng, 2).T + np.array([[drift(1)], [drift(1.5)]])
    found = run(one + 0.1 * other, one + 0.8 * other)
    assert (found.label, found.standing) == ("new_edge", "presumed")
    assert [text for text in found.warnings if "shifts of weight between sleeves" in text]
    cured = run(one + 0.1 * other, one + 0.8 * other, known=np.column_stack([one, other]))
    assert cured.label != "new_edge"


@pytest.mark.parametrize("seed", range(4))
def test_a_bet_that_did_not_pay_refutes_nothing(seed):
    """One lost bet out of sample was flattering, shown, with 95 % confidence, in all of 32 worlds."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2010-01-01", periods=600)
    base = rng.normal(0.0005, 0.01, 600)
    tuned = base.copy()
    tuned[[50, 80]] += 0.02
    tuned[400] -= 0.04
    found = audit(pd.Series(base, days), pd.Series(tuned, days), oos_start=days[300], reps=499)
    assert (found.finding, found.standing) == ("unproven", "presumed")
    check = {one.name: one for one in found.checks}["promise_kept"]
    assert (check.value, check.passed) == (None, None)
    assert "few out-of-sample periods carry the gain" in check.reason


@pytest.mark.parametrize("length", [1, 2])
def test_windows_of_a_period_have_an_error(length):
    """It was zero: the interval never held the truth, and half of all worlds without a gain passed."""
    passed = covered = 0
    for seed in range(25):
        rng = np.random.default_rng([5, seed])
        base, tuned = rng.standard_t(5, (2, T)) * 0.01
        windows = [(DAYS[at], DAYS[at + length - 1]) for at in range(300, 2500, 25)]
        with without_pictures():
            found = audit(pd.Series(base, DAYS), pd.Series(tuned, DAYS), oos=windows, reps=199, seed=seed)
        outside = found.sharpe.out_of_sample
        assert outside.se > 0
        passed += outside.p_value < 0.05
        covered += outside.ci[0] <= 0 <= outside.ci[1]
    assert passed <= 4
    assert covered >= 21


def test_three_wins_are_three_coins():
    """What scaling and fitting leave beside them drew signs too, down to p = 0.018."""
    days = pd.bdate_range("2010-01-01", periods=600)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        base = rng.normal(0.0005, 0.01, 600)
        tuned = base * 1.0
        tuned[[350, 420, 500]] += 0.05
        tuned[100] += 0.05
        found = audit(pd.Series(base, days), pd.Series(tuned, days), oos_start=days[300], reps=499)
        assert found.sharpe.out_of_sample.p_value >= 0.06
        assert found.attribution.new_p is None or found.attribution.new_p >= 0.03
