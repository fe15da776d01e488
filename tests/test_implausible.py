"""What is hardly to be believed of two policies is said, and of honest ones nothing."""

import numpy as np
import pandas as pd
import pytest

from auditor import InputError, audit

DAYS = pd.bdate_range("2010-01-04", periods=2520)
SPLIT = 1260


def returns(seed=0, sharpe=1.0, n=2520):
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, n) * 0.01 / np.sqrt(5 / 3) + sharpe * 0.01 / np.sqrt(252)


def warned(base, tuned, *, days=DAYS, split=SPLIT, **options):
    found = audit(pd.Series(base, days), pd.Series(tuned, days), oos_start=days[split], reps=199, **options)
    return found, list(found.warnings)


def said(texts, words):
    return [text for text in texts if words in text]


def test_a_policy_that_knows_the_day_is_hardly_to_be_earned():
    market = returns(1)
    found, warnings = warned(market, np.abs(market))
    assert found.sharpe.out_of_sample.tuned > 5
    (text,) = said(warnings, "Hardly to be earned")
    ratio = f"tuned out of sample, Sharpe ratio {found.sharpe.out_of_sample.tuned:.1f} and 0% of periods lose"
    assert ratio in text
    assert "look-ahead" in text
    assert "base" not in text
    _, turned = warned(np.abs(market), market)
    assert "(base in sample" in said(turned, "Hardly to be earned")[0]
    _, honest = warned(market, market + 0.5 * returns(2))
    assert not said(honest, "Hardly to be earned")


def test_a_ratio_is_doubted_above_five_and_within_the_day_above_ten():
    market = returns(3, sharpe=7.0)
    text = said(warned(market, 2 * market)[1], "Hardly to be earned")[0]
    assert "above 5," in text
    assert "of periods lose" not in text.partition(")")[0]
    hours = pd.date_range("2024-01-02", periods=2520, freq="h")
    quiet = market * 0.1
    options = {"days": hours, "periods_per_year": 252.0}
    assert not said(warned(quiet, 2 * quiet, **options)[1], "Hardly to be earned")
    text = said(warned(quiet, np.abs(quiet), **options)[1], "Hardly to be earned")[0]
    assert "above 10," in text


@pytest.mark.parametrize(("lose", "told"), [(0.15, True), (0.25, False)])
def test_a_policy_that_hardly_ever_loses_is_told_by_the_periods_in_which_it_holds_anything(lose, told):
    rng = np.random.default_rng(4)
    sold = np.where(rng.random(2520) < lose, -0.01, 0.0025) * rng.uniform(0.5, 1.5, 2520)
    sold[::2] = 0.0
    base = returns(5)
    found, warnings = warned(base, sold)
    assert max(found.sharpe.in_sample.tuned, found.sharpe.out_of_sample.tuned) < 5
    text = said(warnings, "Hardly to be earned")
    assert bool(text) is told
    # An idle day is none that loses the cash rate.
    assert bool(said(warned(base, sold, rf=0.02)[1], "of periods lose)")) is told


def test_months_lose_seldom_and_few_periods_tell_no_share():
    months = pd.date_range("2000-01-31", periods=240, freq="ME")
    rng = np.random.default_rng(6)
    base = rng.normal(0.005, 0.03, 240)
    sold = np.where(rng.random(240) < 0.1, -0.02, 0.008) * rng.uniform(0.5, 1.5, 240)
    assert not said(warned(base, sold, days=months, split=120)[1], "Hardly to be earned")
    daily = returns(7)
    seldom = np.where(np.arange(2520) % 50 == 0, 0.01 + 0.001 * np.sin(np.arange(2520)), 0.0)
    assert not said(warned(daily, seldom)[1], "Hardly to be earned")


def test_a_gain_that_begins_below_zero_is_told_and_so_is_a_policy_that_still_loses():
    market = returns(8, sharpe=0.0)
    base = market - market[SPLIT:].mean() - 0.002
    other = returns(9)
    better = base + 0.006 * np.sign(other) * (np.arange(2520) > 0) + 0.0035
    found, warnings = warned(base, better)
    assert found.label != "no_gain"
    assert found.sharpe.out_of_sample.tuned > 0
    (text,) = said(warnings, "below zero")
    assert f"({found.sharpe.out_of_sample.base:.2f})" in text
    assert "still" not in text
    wilder = base + 0.02 * returns(10, sharpe=0.0) / 0.01 + 0.0005
    found, warnings = warned(base, wilder)
    assert found.finding in ("new_edge", "efficiency")
    assert f"The tuned policy still loses ({found.sharpe.out_of_sample.tuned:.2f})." in said(warnings, "below zero")[0]
    cash = said(warned(base, wilder, rf=0.01)[1], "below zero")[0]
    assert "still earns less than cash" in cash


def test_no_gain_below_zero_needs_no_such_word():
    market = returns(8, sharpe=0.0) - 0.003
    assert not said(warned(market, 1.5 * market)[1], "below zero")
    good = returns(11)
    assert not said(warned(good, good + 0.8 * returns(12, sharpe=2.0))[1], "below zero")


def one_day(at, size, seed=3, sharpe=0.0, noise=0.0005):
    base = returns(10, sharpe=sharpe)
    tuned = base + np.random.default_rng(seed).standard_normal(2520) * noise
    tuned[at] = size
    return base, tuned


def test_one_return_that_is_all_of_an_unproven_gain_is_named_and_makes_no_result():
    found, warnings = warned(*one_day(2000, 0.25))
    assert found.finding in ("unproven", "no_gain")
    (text,) = said(warnings, "One return")
    assert text.startswith(f"One return is 97% of the out-of-sample gain: without {DAYS[2000]:%Y-%m-%d} (base ")
    assert "tuned +25.00%" in text


def test_one_return_that_is_half_of_the_gain_is_named_with_its_share():
    base, tuned = one_day(2000, 0.08, noise=0.0)
    tuned += 4e-5
    (text,) = said(warned(base, tuned)[1], "One return")
    share = int(text.split("return is ")[1].split("%")[0])
    assert 50 <= share < 100
    gains = [float(part.split()[0].rstrip(".,")) for part in (text.split("gain is ")[1], text.split("not ")[1])]
    assert 1 - gains[0] / gains[1] == pytest.approx(share / 100, abs=0.06)


def test_one_return_that_makes_a_refuted_promise_is_named():
    base, tuned = one_day(400, 3.5, noise=0.0)
    found, warnings = warned(base, tuned)
    assert found.finding == "flattering"
    (text,) = said(warnings, "One return makes the result")
    assert f"{DAYS[400]:%Y-%m-%d}" in text
    assert "the in-sample gain is +0.00" in text


def test_a_fall_is_no_gain():
    (text,) = said(warned(*one_day(2000, -0.25))[1], "One return")
    assert "is all of the out-of-sample fall:" in text


def test_a_gain_of_many_days_hangs_on_none():
    base = returns(13)
    assert not said(warned(base, base + 0.5 * returns(14, sharpe=2.0))[1], "One return")


def test_leverage_that_nobody_financed_is_refused_with_a_cash_rate():
    """Twice the base less the same 5 % was efficiency, shown, with p = 0.001; without a rate it is no gain."""
    base = returns(3)
    for size in (2.0, 0.5):
        with pytest.raises(InputError, match=r"The tuned returns are \S+ times the base's.*leave --rf out"):
            warned(base, size * base, rf=0.05)
        assert warned(base, size * base)[0].label == "no_gain"
    assert warned(base, base, rf=0.05)[0].label == "no_gain"
    assert warned(base, base + 0.02 / 252, rf=0.05)[0].evidence == "returns"


def test_a_gain_that_is_mostly_cash_is_told():
    rng = np.random.default_rng(5)
    base = returns(3, sharpe=0.8)
    sized = base * np.where(rng.random(2520) < 0.5, 1.8, 2.2)
    found, warnings = warned(base, sized, rf=0.05)
    assert found.finding == "efficiency"
    (text,) = said(warnings, "Without the cash rate")
    bare = [one[SPLIT:].mean() / one[SPLIT:].std() * np.sqrt(252) for one in (base, sized)]
    assert f"gain is {bare[1] - bare[0]:+.2f}, not {found.sharpe.out_of_sample.gain:+.2f}" in text
    assert not said(warned(base, sized)[1], "Without the cash rate")


@pytest.mark.parametrize("rate", [-0.03, -0.5])
def test_a_rate_that_no_cash_paid_is_refused(rate):
    with pytest.raises(InputError, match=r"cash would cost|looks like percent"):
        warned(returns(1), returns(2), rf=rate)


def test_a_file_of_rates_that_moves_like_a_policy_is_refused():
    """It made a worthless overlay pass: 0.9 of tuned taken off both."""
    base, tuned = returns(1), returns(2)
    with pytest.raises(InputError, match=r"rf: the rates move by .* Give the rate of cash for each period"):
        warned(base, tuned, rf=pd.Series(0.9 * (tuned - tuned.mean()), DAYS))
    bills = pd.Series(np.linspace(0.0, 0.05, 2520) / 252, DAYS)
    assert warned(base, tuned, rf=bills)[0].settings["rf"] is not None
