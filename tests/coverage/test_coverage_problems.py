"""A calendar is cut into windows, profits are summed in them, and what is above the hurdle is solved."""

import numpy as np
import pandas as pd
import pytest

from auditor.coverage.problems import hurdle_value, parse_window, problem_labels, profits, successes, windows
from auditor.errors import InputError

DAYS = pd.bdate_range("2019-12-02", "2021-03-31")
RNG = np.random.default_rng(0)
RETURNS = RNG.normal(0, 0.01, (len(DAYS), 7))


def cut(dates, window):
    return windows(dates.as_unit("ns").asi8, window)


@pytest.mark.parametrize(("window", "period"), [("month", "M"), ("week", "W")])
def test_months_and_weeks_are_those_of_pandas(window, period):
    found = cut(DAYS, window)
    codes, names = pd.factorize(DAYS.to_period(period))
    np.testing.assert_array_equal(found.codes, codes)
    if window == "month":
        assert found.labels == tuple(str(name) for name in names)
    else:
        iso = DAYS[found.first].isocalendar()
        assert found.labels == tuple(f"{y}-W{w:02d}" for y, w in zip(iso["year"], iso["week"], strict=True))
    np.testing.assert_array_equal(found.first, np.searchsorted(codes, np.arange(len(names))))


def test_dates_before_1970_fall_into_their_windows():
    days = pd.bdate_range("1965-01-04", "1972-06-30")
    for window, period in (("month", "M"), ("week", "W")):
        assert cut(days, window).codes.dtype == np.int64
        np.testing.assert_array_equal(cut(days, window).codes, pd.factorize(days.to_period(period))[0])


def test_profits_are_the_sums_by_group():
    found = cut(DAYS, "month")
    expected = pd.DataFrame(RETURNS).groupby(found.codes).sum().to_numpy()
    np.testing.assert_allclose(profits(RETURNS, found.codes), expected, rtol=1e-12, atol=1e-15)


def test_instruments_make_problems_of_their_own_in_order_of_time():
    found = cut(DAYS, "week")
    cube = RNG.normal(0, 0.01, (len(DAYS), 7, 3))
    by_problem = profits(cube, found.codes)
    assert by_problem.shape == (3 * len(found.labels), 7)
    for held in range(3):
        np.testing.assert_allclose(by_problem[held::3], profits(cube[:, :, held], found.codes), atol=1e-15)
    labels = problem_labels(found.labels, ("A", "B", "C"))
    assert labels[:4] == ("2019-W49 A", "2019-W49 B", "2019-W49 C", "2019-W50 A")
    assert len(labels) == len(by_problem)
    assert problem_labels(found.labels) == found.labels


def test_nothing_is_lost_between_problems():
    for window in ("month", "week", 5, 7):
        total = profits(RETURNS, cut(DAYS, window).codes).sum(axis=0)
        np.testing.assert_allclose(total, RETURNS.sum(axis=0), atol=1e-13)


def test_windows_of_n_periods_count_rows_from_the_first():
    found = cut(DAYS[:23], 5)
    np.testing.assert_array_equal(found.codes, np.arange(23) // 5)
    assert found.labels[0] == "2019-12-02 to 2019-12-06"
    assert found.incomplete == (4,)
    assert found.notes == (
        "last window 2019-12-30 to 2020-01-01 is incomplete (3 rows, 2019-12-30 to 2020-01-01); kept",
    )
    assert cut(DAYS[:25], "5").incomplete == ()


def test_one_period_is_a_problem_each():
    found = cut(DAYS, 1)
    np.testing.assert_array_equal(profits(RETURNS, found.codes), RETURNS)


def test_whole_months_are_complete_and_cut_ones_are_told():
    assert cut(DAYS, "month").incomplete == ()
    found = cut(DAYS[8:-5], "month")
    assert [found.labels[at] for at in found.incomplete] == ["2019-12", "2021-03"]
    assert found.notes[0] == "first window 2019-12 is incomplete (14 rows, 2019-12-12 to 2019-12-31); kept"
    assert str(found) == "16 windows, 2019-12 to 2021-03, incomplete 2019-12, 2021-03"
    assert str(cut(DAYS, "month")) == "16 windows, 2019-12 to 2021-03"
    assert cut(DAYS[8:], "month").incomplete == (0,)


def test_a_week_cut_on_either_side_is_told():
    assert [cut(DAYS[2:], "week").labels[at] for at in cut(DAYS[2:], "week").incomplete] == ["2019-W49", "2021-W13"]
    assert cut(DAYS[:-3], "week").incomplete == ()


@pytest.mark.parametrize("frequency", ["MS", "ME", "BME"])
def test_monthly_dates_are_complete_months(frequency):
    assert cut(pd.date_range("2015-01-01", periods=36, freq=frequency), "month").incomplete == ()


def test_a_holiday_at_the_start_is_no_cut():
    # 2010-01-01 was a Friday: the first session was Monday 4th, three days late, as it was in other months
    days = pd.bdate_range("2010-01-04", "2014-12-31").difference(pd.to_datetime(["2010-09-06", "2012-09-03"]))
    assert cut(days, "month").incomplete == ()


@pytest.mark.parametrize(("window", "period"), [("month", "M"), ("week", "W")])
def test_a_window_is_incomplete_by_the_definition(window, period):
    random = np.random.default_rng(3)
    told = set()
    for _ in range(150):
        every = pd.date_range("2020-12-25", periods=int(random.integers(45, 150)))
        kept = random.random(len(every)) < random.choice([0.15, 0.3, 0.5, 0.9])
        dates = every[kept]
        names = dates.to_period(period)
        late, early = [], []
        for name in names.unique():
            mine = dates[names == name]
            late.append(mine[0] - name.start_time)
            early.append((name + 1).start_time - mine[-1])
        step = pd.Series(dates).diff().median()
        wanted = []
        if late[0] >= max(late[1:]) + step:
            wanted.append(0)
        if early[-1] >= max(early[:-1]) + step:
            wanted.append(len(early) - 1)
        assert cut(dates, window).incomplete == tuple(wanted)
        told.add(tuple(bool(at) for at in wanted))
    assert told == {(), (False,), (True,), (False, True)}


def test_a_cut_by_exactly_a_usual_step_is_told():
    # daily rows, complete in the middle month: a day is missing at the start of the first, at the end of the last
    days = pd.date_range("2020-12-02", "2021-02-27")
    assert cut(days, "month").incomplete == (0, 2)


def test_intraday_labels_have_the_time():
    bars = pd.date_range("2024-01-01 09:30", periods=48, freq="30min")
    assert cut(bars, 24).labels[0] == "2024-01-01 09:30 to 2024-01-01 21:00"


@pytest.mark.parametrize("window", ["year", "", 0, -5, "0", "5.0", 5.0, True, None, "month,week"])
def test_a_bad_window_is_refused(window):
    with pytest.raises(InputError, match="must be month, week or a number of periods"):
        parse_window(window)


def test_windows_as_written():
    assert [parse_window(one) for one in ("Month", " week ", "21", 21)] == ["month", "week", 21, 21]


@pytest.mark.parametrize(("window", "words"), [("month", "a month"), (10, "10 periods"), (99, "99 periods")])
def test_a_single_window_is_refused(window, words):
    with pytest.raises(InputError, match=f"windows of {words} make one problem of 10 dates"):
        cut(DAYS[:10], window)


def test_kernels_refuse_shapes_that_no_reader_gives():
    for dates in ([3, 2], [3], [3, 3], [1, 3, 2], [[1, 2]]):
        with pytest.raises(ValueError, match=r"^dates must be \(T,\) and rise, T at least 2$"):
            windows(np.array(dates, np.int64), "week")
    assert windows(np.array([3, 4], np.int64), 1).first.tolist() == [0, 1]
    for returns, codes in ((RETURNS, [0, 0, 0]), (RETURNS[0], [0] * 7), (RETURNS[:0], [])):
        with pytest.raises(ValueError, match=r"^returns must be \(T, R\) or \(T, R, K\) and codes \(T,\)$"):
            profits(returns, np.array(codes, np.int64))
    for codes in (np.array([0, 2]), np.array([1, 1]), np.array([0, -1])):
        with pytest.raises(ValueError, match=r"^codes must rise from 0 without a gap$"):
            profits(RETURNS[:2], codes)


def test_a_profit_at_the_hurdle_is_no_success():
    profit = np.array([[0.0, 0.01], [-0.01, 0.02]])
    np.testing.assert_array_equal(successes(profit, 0.0), [[False, True], [False, True]])
    np.testing.assert_array_equal(successes(profit, 0.01), [[False, False], [False, True]])


def test_the_hurdle_in_deviations_of_the_base():
    profit = profits(RETURNS, cut(DAYS, "week").codes)
    deviation = float(np.std(profit.ravel(), ddof=1))
    for text, times in (("0.5sd", 0.5), ("1 SD", 1.0), ("-.25sd", -0.25), ("0sd", 0.0)):
        assert hurdle_value(text, profit) == pytest.approx(times * deviation, rel=1e-15)
    # free of scale: the same problems are solved whatever the unit
    np.testing.assert_array_equal(
        successes(profit, hurdle_value("0.5sd", profit)), successes(8 * profit, hurdle_value("0.5sd", 8 * profit))
    )


def test_the_absolute_hurdle_is_taken_as_it_is():
    for given, value in ((0, 0.0), (0.01, 0.01), ("0.01", 0.01), ("-1e-3", -0.001), (np.float64(0.02), 0.02)):
        assert hurdle_value(given, RETURNS) == value


@pytest.mark.parametrize("hurdle", ["sd", "", "1%", "0.5sds", "nan", np.nan, np.inf, "1e999", "1.2.3", True, None])
def test_a_bad_hurdle_is_refused(hurdle):
    with pytest.raises(InputError) as refused:
        hurdle_value(hurdle, RETURNS)
    assert str(refused.value) == (
        f"hurdle is {hurdle!r}; it must be a profit per problem such as 0.01, or a number of the base's standard "
        "deviations such as 0.5sd."
    )


@pytest.mark.parametrize("profit", [0.1, 0.0, 1e6 / 3])
def test_a_base_that_does_not_vary_has_no_deviation(profit):
    flat = np.full((4, 3), profit)
    flat[1] *= 1 + 1e-12  # as far as rounding goes
    for base in (flat, flat[:1, :1]):
        with pytest.raises(InputError) as refused:
            hurdle_value("0.5sd", base)
        assert str(refused.value) == (
            "hurdle is '0.5sd', but the base's profit is the same in every problem, so it has no standard deviation. "
            "Give the hurdle as a profit, such as 0.01."
        )
    assert hurdle_value("0.5", flat) == 0.5


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_two_profits_have_a_deviation_in_any_unit(unit):
    assert hurdle_value("1sd", unit * np.array([[1.0], [3.0]])) == pytest.approx(unit * np.sqrt(2), rel=1e-12)
