"""Base and tuned stand on the same dates with a split that can be tested, or are refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.inputs.pair import MIN_IS, MIN_OOS, Pair, make_pair
from auditor.inputs.returns import Returns, read_returns, read_streams
from auditor.inputs.split import moved

T = 400
DATES = pd.bdate_range("2018-01-01", periods=T)
RNG = np.random.default_rng(3)
BASE, TUNED, OTHER = RNG.normal(0.0003, 0.01, (3, T))
SPLIT = DATES[300]


def policy(
    values: object = BASE, dates: pd.DatetimeIndex = DATES, role: str = "base", name: str = "", **how: object
) -> Returns:
    """Read a Series as one policy."""
    series = pd.Series(values, index=dates)  # type: ignore[call-overload]
    found = read_returns(series, role=role, kind="returns", **how)  # type: ignore[arg-type]
    return found if not name else read_named(found, name)


def read_named(found: Returns, name: str) -> Returns:
    """Give a policy the name of a file."""
    from dataclasses import replace

    return replace(found, name=name)


B, U = policy(name="base.csv"), policy(TUNED, role="tuned", name="tuned.csv")


def pair(base: Returns = B, tuned: Returns = U, **options: object) -> Pair:
    """Make a pair, split at SPLIT unless another split is given."""
    if not {"oos_start", "oos_fraction", "oos"} & options.keys():
        options["oos_start"] = SPLIT
    return make_pair(base, tuned, **options)  # type: ignore[arg-type]


def refusal(base: Returns = B, tuned: Returns = U, **options: object) -> str:
    """Return the message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        pair(base, tuned, **options)
    return str(caught.value)


def test_pair():
    """The plain case, whole."""
    found = pair()
    np.testing.assert_array_equal(found.base, BASE)
    np.testing.assert_array_equal(found.tuned, TUNED)
    assert found.known.shape == (T, 0)
    assert found.known_names == ()
    assert found.in_sample.index.tolist() == list(range(300))
    assert found.out_of_sample.index.tolist() == list(range(300, T))
    assert found.out_of_sample.lengths == (100,)
    assert (found.out_of_sample.first, found.out_of_sample.last) == (SPLIT, DATES[-1])
    assert found.in_sample.index.dtype == np.int64
    assert found.periods_per_year == 252
    assert found.notes == ("periods per year 252, inferred: weekday dates",)
    assert found.warnings == ()
    assert [(record.role, record.name, record.rows) for record in found.inputs] == [
        ("base", "base.csv", T),
        ("tuned", "tuned.csv", T),
    ]
    assert found.inputs[0].sha256 == B.sha256
    assert str(found).startswith("in-sample 300 periods, 2018-01-01 to ")


def test_identical_policies_run():
    """A policy against itself is a pair."""
    found = pair(B, B)
    np.testing.assert_array_equal(found.base, found.tuned)


# ---- alignment


def test_different_dates():
    """Refused with both counts and firsts; inner keeps the common dates and says what it left out."""
    base, tuned = policy(BASE[:-2], DATES[:-2], name="base.csv"), policy(TUNED[3:], DATES[3:], name="tuned.csv")
    message = refusal(base, tuned)
    assert f"tuned.csv: 2 dates that base.csv lacks (first {DATES[-2]:%Y-%m-%d})" in message
    assert "base.csv: 3 dates that tuned.csv lacks (first 2018-01-01)" in message
    assert "--align inner" in message
    found = pair(base, tuned, align="inner")
    np.testing.assert_array_equal(found.base, BASE[3:-2])
    np.testing.assert_array_equal(found.tuned, TUNED[3:-2])
    assert found.notes[0].startswith(f"align inner: {T - 5} common dates kept; tuned.csv: 2 dates")
    assert found.inputs[0].rows == T - 2


def test_no_common_date():
    """Its own sentence, and why, where that can be seen."""
    month_end, month_start = (pd.date_range("1990", periods=T, freq=f) for f in ("ME", "MS"))
    message = refusal(policy(dates=month_end, name="base.csv"), policy(TUNED, month_start, name="tuned.csv"))
    assert "no common date (base.csv is dated at month ends, tuned.csv at month starts" in message
    assert "1990-01-31" in message
    assert "times of day" in refusal(B, policy(TUNED, DATES + pd.Timedelta(hours=16)), align="inner")
    far = refusal(B, policy(TUNED, DATES + pd.Timedelta(days=7000)))
    assert "no common date: " in far


def test_time_zones_are_not_mixed():
    """Aware against naive is refused by name."""
    message = refusal(B, policy(TUNED, DATES.tz_localize("UTC"), name="tuned.csv"))
    assert "tuned.csv has dates with a time zone and base.csv has dates without" in message
    assert "without" in refusal(rf=policy(np.full(T, 1e-5), DATES.tz_localize("UTC"), role="rf"))


def test_one_file_twice(tmp_path):
    """Two columns of one file are told apart in messages."""
    frame = pd.DataFrame({"date": DATES, "base": BASE, "tuned": np.where(np.arange(T) < 300, TUNED, 0.0)})
    frame.to_csv(tmp_path / "pairs.csv", index=False)
    base, tuned = (read_returns(tmp_path / "pairs.csv", role=role) for role in ("base", "tuned"))
    message = refusal(base, tuned)
    assert message.startswith("pairs.csv:tuned: the out-of-sample returns (2019-02-25 to ")
    assert "all zero" in message
    assert refusal(read_named(B, "x.csv"), read_named(policy(np.r_[TUNED[:300], [0.0] * 100]), "x.csv")).startswith(
        "tuned x.csv: "
    )


# ---- missing values


def test_missing_values_drop_from_both():
    """The union of missing dates goes, from all sources, and is said."""
    one, two, three = BASE.copy(), TUNED.copy(), OTHER.copy()
    one[[5, 9]], two[9], three[350] = np.nan, np.nan, np.nan
    base, tuned = policy(one, na="drop", name="base.csv"), policy(two, na="drop", name="tuned.csv")
    known = read_streams(pd.DataFrame({"mkt": three}, index=DATES), role="known", na="drop")
    found = pair(base, tuned, known=known, na="drop")
    assert len(found.dates) == T - 3
    keep = np.delete(np.arange(T), [5, 9, 350])
    np.testing.assert_array_equal(found.tuned, TUNED[keep])
    np.testing.assert_array_equal(found.known[:, 0], OTHER[keep])
    assert found.notes[0] == (
        "3 rows without a value dropped from both (--na drop; first 2018-01-08; base.csv 2, tuned.csv 1, known 1)"
    )
    message = refusal(base, tuned)
    assert "2 dates without a value (first 2018-01-08" in message
    assert "--na drop" in message


# ---- known and rf


DAYS = pd.date_range("2018-01-01", periods=560)
CURVE = pd.Series(100 * np.cumprod(1 + RNG.normal(0.0003, 0.01, 560)), DAYS)


def curve(levels: pd.Series, role: str = "base", **how: object) -> Returns:
    """Read an equity curve as one policy."""
    return read_returns(levels, role=role, kind="prices", **how)  # type: ignore[arg-type]


def test_prices_keep_every_move_on_the_common_dates():
    """The same curve on seven days a week and on weekdays gains nothing; what a weekend moved is Monday's."""
    weekdays = CURVE[DAYS.day_of_week < 5]
    found = pair(curve(CURVE), curve(weekdays, "tuned"), align="inner", oos_fraction=0.4)
    np.testing.assert_array_equal(found.base, found.tuned)
    np.testing.assert_array_equal(found.tuned, weekdays.to_numpy()[1:] / weekdays.to_numpy()[:-1] - 1)
    assert found.dates.equals(weekdays.index[1:])
    assert any("400 common dates kept; base: 160 dates that tuned lacks" in note for note in found.notes)
    assert found.inputs[0].rows == 559
    # and where one begins later, its first price is the first of both
    found = pair(curve(CURVE), curve(weekdays.iloc[50:], "tuned"), align="inner", oos_fraction=0.4)
    np.testing.assert_array_equal(found.base, found.tuned)
    assert len(found.dates) == 349
    assert "160 dates that tuned lacks (first 2018-01-06)" in refusal(curve(CURVE), curve(weekdays, "tuned"))


def test_a_missing_price_costs_one_date():
    """The move across it belongs to the next date that has a price, in the file alone and in the pair."""
    holes = CURVE.copy()
    holes.iloc[[10, 200, 201]] = np.nan
    base, tuned = curve(holes, na="drop"), curve(CURVE, "tuned", na="drop")
    assert len(base.dates) == 556
    np.testing.assert_array_equal(base.values[9, 0], CURVE.iloc[11] / CURVE.iloc[9] - 1)
    found = pair(base, tuned, na="drop", oos_fraction=0.4)
    assert len(found.dates) == 556
    np.testing.assert_array_equal(found.base, found.tuned)
    assert any(
        "3 rows without a value dropped from both (--na drop; first 2018-01-11; base 3)" in n for n in found.notes
    )
    assert "3 dates without a value (first 2018-01-11; base 3)" in refusal(base, tuned, oos_fraction=0.4)


def test_prices_beside_files_of_other_dates():
    """A date that known streams lack takes a move with it, unless it stands at an end."""
    base, tuned = curve(CURVE), curve(CURVE * np.linspace(1, 2, 560), "tuned")
    known = read_streams(pd.Series(RNG.normal(0, 0.01, 560), DAYS, name="k"), role="known")
    short = read_streams(pd.Series(RNG.normal(0, 0.01, 540), DAYS[10:550], name="k"), role="known")
    assert len(pair(base, tuned, known=short, align="inner", oos_fraction=0.4).dates) == 540
    holes = pd.Series(np.where(np.arange(560) == 300, np.nan, known.values[:, 0]), DAYS, name="k")
    holey = read_streams(holes, role="known", na="drop")
    message = refusal(base, tuned, known=holey, na="drop", oos_fraction=0.4)
    assert "base: 1 dates of its prices would be left out" in message
    assert "(first 2018-10-28)" in message
    assert "leave them out of the prices" in message
    # what a price does not tell, the returns of the other policy do not either
    message = refusal(curve(CURVE), policy(BASE, role="tuned"), align="inner", oos_fraction=0.4)
    assert "dates of its prices would be left out" in message
    steep, other = CURVE.copy(), CURVE.copy()
    steep.iloc[300:303], other.iloc[301] = (1e-10, 1.0, 1e10), np.nan
    message = refusal(curve(steep, na="drop"), curve(other, "tuned", na="drop"), na="drop", oos_fraction=0.4)
    assert "returns of its prices on the common dates cannot be returns (one is of size 1e+20)" in message


def test_known_streams():
    """Known streams cover every date; more is fine, less is refused or left out."""
    longer = pd.bdate_range("2017-12-01", periods=T + 60)
    wide = read_streams(pd.DataFrame({"a": np.arange(T + 60) / 1e4, "b": 0.01}, index=longer), role="known")
    found = pair(known=wide)
    assert found.known_names == ("a", "b")
    np.testing.assert_array_equal(found.known, wide.values[longer.get_indexer(DATES)])
    assert any("'b' are constant" in warning for warning in found.warnings)
    short = read_streams(pd.DataFrame({"a": OTHER[:-4]}, index=DATES[:-4]), role="known")
    message = refusal(known=short)
    assert f"known: 4 dates of the policies are not in it (first {DATES[-4]:%Y-%m-%d})" in message
    assert "--align inner" in message
    assert len(pair(known=short, align="inner").dates) == T - 4
    gone = read_streams(pd.DataFrame({"a": OTHER}, index=DATES + pd.Timedelta(days=7000)), role="known")
    assert "none is" in refusal(known=gone, align="inner")


def test_an_unusual_rate_is_told():
    assert not [text for text in pair(rf=0.149).warnings if "cash" in text]
    assert any("rf: cash earns 15.1% a year: is the rate in percent?" in text for text in pair(rf=0.151).warnings)
    daily = policy(np.linspace(0.0007, 0.0009, T), role="rf")
    assert any("cash earns 20" in text for text in pair(rf=daily).warnings)


def test_rf():
    """An annual rate or a stream is taken from both policies and noted."""
    found = pair(rf=0.0252)
    np.testing.assert_allclose(found.base, BASE - 1e-4, atol=1e-15)
    np.testing.assert_allclose(found.tuned, TUNED - 1e-4, atol=1e-15)
    assert "cash subtracted from both policies (0.0252 a year)" in found.notes
    rates = policy(np.linspace(1e-5, 2e-4, T), role="rf")
    np.testing.assert_array_equal(pair(rf=rates).base, BASE - np.linspace(1e-5, 2e-4, T))
    assert pair(rf=rates).inputs[2].role == "rf"
    assert "looks like percent. Write it as a decimal: 0.045" in refusal(rf=4.5)
    for bad in (float("nan"), True, "3%"):
        assert "rf is" in refusal(rf=bad)
    assert "a year. Give the decimal rate of each period" in refusal(rf=policy(np.full(T, 0.045), role="rf"))
    assert "2 columns" in refusal(rf=read_streams(pd.DataFrame({"a": BASE, "b": BASE}, index=DATES), role="rf"))
    assert "all zero" in refusal(rf=policy(BASE, role="rf"))


# ---- splits


def test_no_split_says_why():
    """Without a split nothing can be proven, and the message says so."""
    message = refusal(oos_start=None)
    for word in ("No out-of-sample split", "proves nothing", "--oos-start DATE", "--oos-fraction", "--oos START:END"):
        assert word in message
    assert "No out-of-sample split" in refusal(oos=())
    assert "--oos-start and --oos-fraction are given" in refusal(oos_start=SPLIT, oos_fraction=0.3)


@pytest.mark.parametrize(
    "start",
    [SPLIT, SPLIT.date(), SPLIT.to_pydatetime(), f"{SPLIT:%Y-%m-%d}", f"{SPLIT:%Y%m%d}", f"{SPLIT:%Y-%m-%dT%H:%M}",
     SPLIT.to_datetime64(), SPLIT - pd.Timedelta(hours=3)],
)  # fmt: skip
def test_oos_start(start):
    """A start of any type is the same start."""
    assert pair(oos_start=start).out_of_sample.index[0] == 300


def test_oos_start_outside():
    """Its own sentence, with first and last."""
    extent = f"2018-01-01 to {DATES[-1]:%Y-%m-%d}"
    message = refusal(oos_start="2030-01-01")
    assert f"--oos-start 2030-01-01 is after the data, {extent}" in message
    assert f"at or before the first date of the data, {extent}" in refusal(oos_start="2018-01-01")
    for bad in ("soon", "01/02/2019", "2019", 2019, "2019-02-30", "", pd.NaT, float("nan"), "now"):
        assert "not a date. Write it as 2019-01-02" in refusal(oos_start=bad)


def test_split_on_utc_data():
    """A naive split date means UTC; an aware one on naive data is refused."""
    base, tuned = policy(dates=DATES.tz_localize("UTC")), policy(TUNED, DATES.tz_localize("UTC"), role="tuned")
    assert pair(base, tuned, oos_start=f"{SPLIT:%Y-%m-%d}").out_of_sample.index[0] == 300
    offset = f"{SPLIT:%Y-%m-%d}T01:00+02:00"
    assert pair(base, tuned, oos_start=offset).out_of_sample.index[0] == 300
    assert "has a time zone and the data have none" in refusal(oos_start=offset)


def test_oos_fraction():
    """The last share, rounded up."""
    found = pair(oos_fraction=0.25)
    assert len(found.out_of_sample.index) == 100
    assert f"out-of-sample: the last 100 of 400 periods, from {SPLIT:%Y-%m-%d}" in found.notes
    assert len(pair(oos_fraction=0.2501).out_of_sample.index) == 101
    for bad in (0, 1, -0.1, 30, float("nan"), "0.3", True):
        assert "above 0 and below 1" in refusal(oos_fraction=bad)


def test_oos_windows():
    """Inclusive windows in any order; in-sample is the rest, less the embargo on both sides."""
    day = [f"{d:%Y-%m-%d}" for d in DATES]
    windows = [(day[200], day[239]), f"{day[100]}:{day[139]}"]
    found = pair(oos=windows)
    assert found.out_of_sample.index.tolist() == [*range(100, 140), *range(200, 240)]
    assert found.out_of_sample.lengths == (40, 40)
    assert found.in_sample.lengths == (100, 60, 160)
    kept = pair(oos=windows, embargo=5)
    assert kept.out_of_sample.index.tolist() == found.out_of_sample.index.tolist()
    assert kept.in_sample.lengths == (95, 50, 155)
    assert "embargo 5: 20 in-sample periods beside the out-of-sample window dropped" in kept.notes
    assert pair(embargo=10).in_sample.lengths == (290,)
    assert pair(oos=[(dt.date(2018, 6, 1), "2018-12")]).out_of_sample.last == pd.Timestamp("2018-12-31")


@pytest.mark.parametrize(
    ("oos", "words"),
    [
        (
            [("2018-06-01", "2018-12-31"), ("2018-12-31", "2019-02-01")],
            "2018-12-31:2019-02-01 overlaps the window before",
        ),
        ([("2018-12-31", "2018-06-01")], "2018-12-31:2018-06-01 is reversed"),
        ([("2018-06-02", "2018-06-03")], "2018-06-02:2018-06-03 has no data inside. The data are 2018-01-01 to"),
        ([("2030-01-01", "2031-01-01")], "no data inside"),
        (["2018-06-01"], "not a window. Write START:END"),
        ([("2018-06-01",)], "not a window"),
        ([7], "not a window"),
        (7, "not a list of windows"),
        (["2018-06-01:soon"], "not a window"),
        ([("2018-06-01", "soon")], "--oos end is 'soon', not a date"),
        (["2018-06-01:2018-06-30"], "21 periods are out-of-sample"),
    ],
)
def test_bad_windows(oos, words):
    """Each wrong window has its own sentence."""
    assert words in refusal(oos=oos)


def test_windows_with_clocks():
    """An end without a time of day takes its whole day; colons of a clock do not split."""
    bars = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in DATES[:100] for h in range(10, 14)])
    base, tuned = policy(dates=bars), policy(TUNED, bars, role="tuned")
    found = pair(base, tuned, oos=[(DATES[50], DATES[69])])
    assert found.out_of_sample.index.tolist() == list(range(200, 280))
    clock = pair(base, tuned, oos=[f"{DATES[50]:%Y-%m-%d}T11:00:{DATES[70]:%Y-%m-%dT11:00}"])
    assert clock.out_of_sample.index.tolist() == list(range(201, 282))


def test_too_few_periods():
    """Refused with the number, at the edge exactly."""
    assert "59 periods are out-of-sample; fewer than 60" in refusal(oos_start=DATES[T - MIN_OOS + 1])
    assert len(pair(oos_start=DATES[T - MIN_OOS]).out_of_sample.index) == MIN_OOS
    assert "19 periods are in-sample" in refusal(oos_start=DATES[MIN_IS - 1])
    assert len(pair(oos_start=DATES[MIN_IS]).in_sample.index) == MIN_IS
    assert "10 periods are in-sample after an embargo that took 290" in refusal(embargo=290)
    assert "0 periods are in-sample after an embargo that took" in refusal(embargo=2**63 - 1)
    short = policy(BASE[:50], DATES[:50]), policy(TUNED[40:], DATES[40:], role="tuned")
    assert "are out-of-sample" in refusal(*short, align="inner", oos_fraction=0.5)


@pytest.mark.parametrize("bad", [-1, 1.5, True, "5", None])
def test_bad_embargo(bad):
    """An embargo is a whole number of periods."""
    assert "embargo is" in refusal(embargo=bad)


# ---- the rest


def test_constant_in_a_span():
    """Flat in one span is refused by span and policy."""
    flat = BASE.copy()
    flat[:300] = 0.001
    message = refusal(policy(flat, name="base.csv"))
    assert message.startswith(
        f"base.csv: the in-sample returns (2018-01-01 to {DATES[299]:%Y-%m-%d}) are constant (0.001"
    )


def test_periods_per_year():
    """Given or inferred; a number far from the dates is a warning."""
    found = pair(periods_per_year=365)
    assert found.periods_per_year == 365
    assert found.notes == ()
    assert "periods per year given as 12, but the dates say 252" in pair(periods_per_year=12).warnings[0]
    for bad in (0, -1, float("inf"), float("nan"), "252", True):
        assert "must be a number above 0" in refusal(periods_per_year=bad)


def test_warnings_are_named():
    """Mixed frequency, gaps, losses above 100 % and a hundredfold volatility, each with its first case."""
    monthly = pd.date_range("2010-01-31", periods=40, freq="ME").append(DATES[40:])
    assert "mixed frequency: mostly daily, but not throughout (first 2010-01-31 to" in " ".join(
        pair(policy(dates=monthly), policy(TUNED, monthly, role="tuned")).warnings
    )
    holed = DATES.delete(np.arange(50, 65))
    found = pair(policy(np.delete(BASE, range(15)), holed), policy(np.delete(TUNED, range(15)), holed, role="tuned"))
    assert "1 gaps of more than 10 weekdays (first 2018-03-09 to 2018-04-02)" in found.warnings
    ruin = TUNED.copy()
    ruin[7] = -1.2
    assert "1 return below -100 % (first row 2018-01-10" in pair(tuned=policy(ruin, role="tuned")).warnings[0]
    assert "times that of base.csv; is one of them in percent?" in pair(tuned=policy(50 * TUNED, name="t")).warnings[-1]


@pytest.mark.parametrize("options", [{"align": "outer"}, {"na": "keep"}])
def test_options_out_of_range(options):
    """A choice that is none is named."""
    assert f"{next(iter(options.values()))!r}; it must be" in refusal(**options)


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.integers(0, T - 1), min_size=2, max_size=8, unique=True).map(sorted),
    embargo=st.integers(0, 30),
)
def test_spans_partition_the_calendar(edges, embargo):
    """Every period is in-sample, out-of-sample or in the embargo, and none is in two."""
    windows = [(DATES[a], DATES[b]) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    try:
        found = pair(oos=windows, embargo=embargo)
    except InputError as error:
        if "periods are" not in str(error):
            raise
        return
    inside, outside = set(found.out_of_sample.index.tolist()), set(found.in_sample.index.tolist())
    assert not inside & outside
    for span in (found.in_sample, found.out_of_sample):
        assert sum(span.lengths) == len(span.index)
        assert (np.diff(span.index) > 0).all()
    for position in set(range(T)) - inside:
        near = min(abs(position - other) for other in inside) <= embargo
        assert (position in outside) != near


@settings(max_examples=60, deadline=None)
@given(
    share=st.sampled_from([-0.3, -0.1, -0.05, 0.05, 0.1, 0.3]),
    edges=st.sampled_from([(200, 399), (80, 150, 220, 399), (25, 30, 40, 140, 141, 300)]),
    embargo=st.integers(0, 30),
)
def test_moved_windows_keep_their_ends_and_enough_periods(share, edges, embargo):
    windows = [(DATES[a], DATES[b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    before = pair(oos=windows).out_of_sample
    inside, outside = moved(DATES, before, share, embargo=embargo)
    if inside is None or outside is None:
        assert embargo or share > 0 or edges[0] < MIN_IS + 30
        return
    assert len(outside.index) >= MIN_OOS
    assert len(inside.index) >= MIN_IS
    assert not set(inside.index.tolist()) & set(outside.index.tolist())
    assert outside.last == before.last
    later, earlier = set(outside.index.tolist()), set(before.index.tolist())
    assert later < earlier if share > 0 else later > earlier
