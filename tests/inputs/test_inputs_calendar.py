"""Dates have one reading or are refused, and a calendar says how often a year it ticks."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

from auditor.errors import InputError
from auditor.inputs.calendar import check_order, infer_frequency, long_gaps, show
from auditor.inputs.dates import dates_and_notes


def line(row: int) -> str:
    """Name a row as a file with a header does."""
    return f"line {row + 2}"


def parse(*raw: object, **options: object) -> list[str]:
    """Read dates and write them as ISO."""
    found, _ = dates_and_notes(pd.Series(raw), name="base.csv", lines=line, **options)  # type: ignore[arg-type]
    assert found.unit == "ns"
    return [day.isoformat() for day in found]


def refusal(*raw: object, **options: object) -> str:
    """Return the message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        parse(*raw, **options)
    assert str(caught.value).startswith(("base.csv: ", "date format "))
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "first"),
    [
        (("2020-01-31", "2020-02-03"), "2020-01-31T00:00:00"),
        (("2020-1-5", "2020-1-6"), "2020-01-05T00:00:00"),
        (("2020-01", "2020-02"), "2020-01-31T00:00:00"),
        (("202001", "202002"), "2020-01-31T00:00:00"),
        ((202001, 202002), "2020-01-31T00:00:00"),
        (("20200131", "20200203"), "2020-01-31T00:00:00"),
        ((20200131, 20200203), "2020-01-31T00:00:00"),
        ((20200131.0, 20200203.0), "2020-01-31T00:00:00"),
        (("2020/01/31", "2020/02/03"), "2020-01-31T00:00:00"),
        (("2020.01.31 09:30", "2020.02.03 09:30"), "2020-01-31T09:30:00"),
        (("2020-01-31T09:30:00.5", "2020-02-03 09:30"), "2020-01-31T09:30:00.500000"),
        (("31/01/2020", "03/02/2020"), "2020-01-31T00:00:00"),
        (("1/31/2020 9:30", "2/3/2020 9:30"), "2020-01-31T09:30:00"),
        (("31.01.2020", "03.02.2020"), "2020-01-31T00:00:00"),
        (("31-Jan-2020", "03-Feb-2020"), "2020-01-31T00:00:00"),
        (("Jan 31, 2020", "Feb 3, 2020"), "2020-01-31T00:00:00"),
        (("2020-01-31T00:00:00Z", "2020-02-03T00:00:00Z"), "2020-01-31T00:00:00+00:00"),
        (("2020-01-31T00:00:00+0100", "2020-02-03T00:00:00+01"), "2020-01-30T23:00:00+00:00"),
        ((dt.date(2020, 1, 31), dt.date(2020, 2, 3)), "2020-01-31T00:00:00"),
        ((pd.Period("2020-01"), pd.Period("2020-02")), "2020-01-31T00:00:00"),
        (("1678-01-01", "2261-12-31"), "1678-01-01T00:00:00"),
    ],
)
def test_forms(raw, first):
    """Every form with one reading."""
    assert parse(*raw)[0] == first


def test_offsets_across_daylight_saving_become_utc():
    """Local midnights of New York are 05:00 and then 04:00 of UTC."""
    found = parse("2020-03-07 00:00:00-05:00", "2020-03-09 00:00:00-04:00")
    assert found == ["2020-03-07T05:00:00+00:00", "2020-03-09T04:00:00+00:00"]
    local = pd.date_range("2020-03-07", periods=3, tz="America/New_York")
    assert str(dates_and_notes(pd.Series(local), name="x", lines=line)[0].tz) == "UTC"


def test_a_file_of_another_form_than_the_format_given():
    """The format holds for every file; one that writes YYYY-MM-DD throughout has one reading all the same."""
    how = {"name": "b.csv", "lines": line, "date_format": "%d.%m.%Y"}
    found, notes = dates_and_notes(pd.Series(["2020-01-31 10:00:00", "2020-02-03 11:30:00"]), **how)
    assert found[1] == pd.Timestamp("2020-02-03 11:30")
    assert notes == ("b.csv: dates read as YYYY-MM-DD, since --date-format '%d.%m.%Y' reads none",)
    for texts in (["2020-01-31", "31/01/2020"], ["31.01.2020", "2020-02-03"], ["31/01/2020", "01/02/2020"]):
        with pytest.raises(InputError, match=r"--date-format '%d\.%m\.%Y' says, which holds for every file: write all"):
            dates_and_notes(pd.Series(texts), **how)


@pytest.mark.parametrize(
    ("often", "ends"),
    [
        ("M", ["2020-01-31", "2020-02-29"]),
        ("Q", ["2020-03-31", "2020-06-30"]),
        ("Y", ["2020-12-31", "2021-12-31"]),
        ("W-FRI", ["2020-01-31", "2020-02-07"]),
        ("D", ["2020-01-31", "2020-02-01"]),
        ("h", ["2020-01-31 10:00", "2020-01-31 11:00"]),
    ],
)
def test_periods_are_dated_at_their_end(often, ends):
    """A date ends its period: dated at its first day, a month would have next month's trades."""
    periods = pd.period_range("2020-01-31 09:30", periods=2, freq=often)
    found, notes = dates_and_notes(pd.Series(periods), name="x", lines=line)
    assert found.equals(pd.DatetimeIndex(ends).as_unit("ns"))
    assert notes == ("x: periods dated at their end",)
    assert dates_and_notes(periods, name="x", lines=line)[0].equals(found)


def test_periods_of_business_days_are_days_without_a_warning_of_pandas():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # to make them is to be warned
        periods = pd.period_range("2020-01-31", periods=2, freq="B")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, _ = dates_and_notes(pd.Series(periods), name="x", lines=line)
    assert found.equals(pd.DatetimeIndex(["2020-01-31", "2020-02-03"]).as_unit("ns"))


@pytest.mark.parametrize("form", ["%Y-%m", "%Y/%m", "%Y%m"])
def test_months_are_dated_at_their_last_day(form):
    months = pd.period_range("2019-11", periods=4, freq="M")
    found, notes = dates_and_notes(pd.Series(months.strftime(form)), name="x", lines=line)
    assert found.equals(pd.DatetimeIndex(["2019-11-30", "2019-12-31", "2020-01-31", "2020-02-29"]).as_unit("ns"))
    assert notes == ("x: months dated at their last day",)
    days, notes = dates_and_notes(pd.Series(["2020-01-01", "2020-02-01"]), name="x", lines=line)
    assert days[0] == pd.Timestamp("2020-01-01")
    assert notes == ()


def test_one_reading_is_noted():
    """Day-first and month-first dates are taken where one day above 12 tells, and said."""
    _, notes = dates_and_notes(pd.Series(["01/02/2020", "13/02/2020"]), name="base.csv", lines=line)
    assert notes == ("base.csv: dates read day first (line 3: 13/02/2020 has no other reading)",)
    _, notes = dates_and_notes(pd.Series(["01/02/2020", "02/13/2020"]), name="base.csv", lines=line)
    assert "month first" in notes[0]


def test_date_format():
    """A format given is the only reading."""
    assert parse("01/02/2020", "02/02/2020", date_format="%d/%m/%Y")[0] == "2020-02-01T00:00:00"
    assert parse("1999", "2000", date_format="%Y")[0] == "1999-12-31T00:00:00"
    assert parse("Feb 2020", "Mar 2020", date_format="%b %Y") == ["2020-02-29T00:00:00", "2020-03-31T00:00:00"]
    assert parse("2020 032", "2020 033", date_format="%Y %j")[0] == "2020-02-01T00:00:00"
    assert parse("01.02.2020 +0100", date_format="%d.%m.%Y %z") == ["2020-01-31T23:00:00+00:00"]
    assert "1 unreadable date (first line 3: '13/13/2020')" in refusal(
        "01/02/2020", "13/13/2020", date_format="%d/%m/%Y"
    )
    for bad in ("", "d/m/y", "%Q", "%d %d", 5):
        assert "date format" in refusal("01/02/2020", date_format=bad)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (("01/02/2020", "02/02/2020"), ["01/02/2020 (line 2)", "day first or month first", "--date-format '%d/%m/%Y'"]),
        (("13/02/2020", "02/13/2020"), ["change places", "line 2: 13/02/2020", "line 3: 02/13/2020"]),
        (("1577836800", "1577923200"), ["bare numbers", "epoch time in s"]),
        ((1577836800000, 1577923200000), ["epoch time in ms"]),
        ((1577836800000000000, 1577923200000000000), ["epoch time in ns"]),
        (("43831", "43832"), ["Excel serial"]),
        (("1999", "2000"), ["years", "--date-format '%Y'"]),
        (("990131", "990201"), ["two-digit years"]),
        (("0", "1"), ["row numbers"]),
        (("2020-01-01", "foo"), ["1 unreadable date (first line 3: 'foo')"]),
        (("2020-01-01", "2020-02-30"), ["1 unreadable date (first line 3: '2020-02-30')"]),
        (("2020-01-01", "now", "today"), ["2 unreadable dates (first line 3: 'now')"]),
        (
            ("2020-01-01T09:30:01.5", "2020-01-02T09:30:59."),
            ["1 unreadable date (first line 3: '2020-01-02T09:30:59.')"],
        ),
        (("2020-01-01T09:30Z", "2020-01-02T09:30:59.Z", "2020-01-03T09:30:59,+01:00"), ["2 unreadable dates"]),
        (("2020-01-01", "", "NaT"), ["2 missing dates (first line 3: '')"]),
        (("2020-01-01", "01/13/2020"), ["1 unreadable date"]),
        (("20200101", "20209999"), ["1 unreadable date (first line 3: '20209999')"]),
        (("foo", "bar"), ["2 unreadable dates (first line 2: 'foo')"]),
        (("2020-01-01T00:00Z", "2020-01-02T00:00"), ["1 dates with", "time zone"]),
        (("2020-01-01T00:00", "2020-01-02T00:00", "2020-01-03T00:00Z"), ["1 dates with a time zone", "line 4"]),
        (("1600-01-01", "2020-01-01"), ["1 dates (first line 2: 1600-01-01) outside the years 1678 to 2261"]),
        (("2020-01-01", "9999-12-31"), ["1 dates (first line 3: 9999-12-31) outside the years"]),
        ((dt.date(2020, 1, 1), None), ["1 missing date (first line 3"]),
        ((dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2, tzinfo=dt.UTC)), ["1 dates with"]),
        ((pd.Timestamp(2020, 1, 1), pd.NaT), ["1 missing date (first line 3"]),
        ((pd.Period("2020-01"), pd.NaT), ["1 missing date (first line 3"]),
        ((True, False), ["bool"]),
        ((0.5, 0.7), ["bare numbers"]),
        ((float("nan"), 20200101.0), ["1 missing date (first line 2"]),
    ],
)
def test_refused(raw, words):
    """Every other form, with count, first case and fix."""
    message = refusal(*raw)
    for word in words:
        assert word in message


def test_order():
    """Duplicates and disorder are refused with count and first; nothing is sorted."""
    days = pd.DatetimeIndex(["2020-01-01", "2020-01-03", "2020-01-02", "2020-01-05"])
    with pytest.raises(InputError, match=r"1 dates out of order \(first line 4: 2020-01-02 after 2020-01-03\)"):
        check_order(days, name="base.csv", label=line)
    with pytest.raises(InputError, match="backwards"):
        check_order(pd.DatetimeIndex(["2020-01-03", "2020-01-02"]), name="base.csv", label=line)
    with pytest.raises(InputError, match=r"2 duplicate dates \(first 2020-01-01, line 3\)"):
        check_order(days[[0, 0, 0, 1]], name="base.csv", label=line)
    check_order(days[[0, 2, 1]], name="base.csv", label=line)


NEW_YORK = "America/New_York"


def sessions(start: str, end: str, *, bars: str = "1h") -> pd.DatetimeIndex:
    """Open hours of a futures market, Sunday 18:00 to Friday 17:00 with an hour's break, in UTC."""
    grid = pd.date_range(start, end, freq=bars, tz=NEW_YORK)
    day, hour = grid.day_of_week, grid.hour
    shut = (day == 5) | ((day == 4) & (hour >= 17)) | ((day == 6) & (hour < 18)) | (hour == 17)
    return grid[~shut].tz_convert("UTC")


def hours(days: pd.DatetimeIndex, first: int, last: int) -> pd.DatetimeIndex:
    """Hourly bars of a session on given days."""
    return pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days for h in range(first, last + 1)])


B = pd.bdate_range("2018-01-01", periods=520)
D = pd.date_range("2018-01-01", periods=400)


@pytest.mark.parametrize(
    ("dates", "name", "per_year", "evidence"),
    [
        (B, "daily", 252, "weekday dates"),
        (B[::2], "daily", 252, "weekday dates"),
        (B[:6], "daily", 252, "weekday dates"),
        (pd.date_range("2018", periods=400), "daily", 365, "seven-day dates"),
        (pd.bdate_range("2018", periods=400, tz="Asia/Tokyo").tz_convert("UTC"), "daily", 252, "weekday dates"),
        (pd.bdate_range("2018", periods=400, tz=NEW_YORK).tz_convert("UTC"), "daily", 252, "weekday dates"),
        (D[D.day_of_week != 5], "daily", 313, "6 days a week"),
        (pd.date_range("2018", periods=100, freq="W-FRI"), "weekly", 52, "weekly dates"),
        (pd.date_range("2018", periods=100, freq="2W-FRI"), "fortnightly", 26, "fortnightly dates"),
        (pd.date_range("2018", periods=100, freq="SME"), "half-monthly", 24, "half-monthly dates"),
        (pd.date_range("2018", periods=100, freq="SMS"), "half-monthly", 24, "half-monthly dates"),
        (pd.date_range("2018", periods=100, freq="ME"), "monthly", 12, "monthly dates"),
        (pd.date_range("2018", periods=100, freq="BMS"), "monthly", 12, "monthly dates"),
        (pd.date_range("1990", periods=100, freq="QE"), "quarterly", 4, "quarterly dates"),
        (pd.date_range("1900", periods=100, freq="YE"), "annual", 1, "annual dates"),
        (hours(B[:100], 10, 16), "intraday", 7 * 252, "7 bars a day, weekdays"),
        (pd.date_range("2018", periods=2000, freq="h"), "intraday", 24 * 365, "24 bars a day, seven days a week"),
        (sessions("2018-01-01", "2018-05-31"), "intraday", 23 * 252, "23 bars a day, weekdays"),
        (sessions("2018-01-01", "2018-02-28", bars="5min"), "intraday", 276 * 252, "276 bars a day, weekdays"),
    ],
)  # fmt: skip
def test_frequency(dates, name, per_year, evidence):
    """Calendars as markets have them."""
    found = infer_frequency(dates)
    assert (found.name, found.periods_per_year, found.evidence) == (name, per_year, evidence)
    assert not found.mixed
    assert evidence in str(found)
    assert infer_frequency(dates.as_unit("s")) == found


@pytest.mark.parametrize(
    "dates",
    [
        pd.date_range("2010", periods=24, freq="ME").append(pd.bdate_range("2012-02-01", periods=1000)),
        pd.date_range("2010", periods=60, freq="W").append(pd.bdate_range("2012-02-01", periods=1000)),
        pd.date_range("1990", periods=40, freq="QE").append(pd.date_range("2000-01-31", periods=200, freq="ME")),
        hours(B[:100], 10, 16).append(hours(B[100:200], 10, 12)),
        B[:300].append(hours(B[300:340], 10, 16)),
    ],
)
def test_mixed_frequency(dates):
    """A calendar that changes its frequency is named."""
    assert infer_frequency(dates).mixed
    assert str(infer_frequency(dates)).endswith("mixed")


def test_holidays_are_not_mixed():
    """Ten days of New Year and a week in October, as in Shanghai."""
    shut = [(2, 5, 15), (10, 1, 9), (5, 1, 5)]
    days = pd.bdate_range("2015", "2022")
    keep = [not any(d.month == m and a <= d.day <= b for m, a, b in shut) for d in days]
    found = infer_frequency(days[keep])
    assert not found.mixed
    assert long_gaps(days[keep], found) is None


def test_long_gaps():
    """A gap is long against the frequency, and the first is shown."""
    for dates, cut, words in (
        (B, slice(100, 115), "1 gaps of more than 10 weekdays (first 2018-05-18 to 2018-06-11)"),
        (pd.date_range("2018", periods=300), slice(100, 115), "1 gaps of more than 10 days"),
        (pd.date_range("2018", periods=300, freq="W"), slice(100, 104), "1 gaps of more than 22 days"),
        (pd.date_range("2018", periods=300, freq="ME"), slice(100, 103), "1 gaps of more than 70 days"),
        (hours(B[:100], 10, 16), slice(70, 140), "1 gaps of more than 5 weekdays"),
    ):
        holed = dates.delete(np.arange(cut.start, cut.stop))
        assert long_gaps(dates, infer_frequency(dates)) is None
        assert words in (long_gaps(holed, infer_frequency(holed)) or "")


def test_too_few_and_show():
    """One date has no frequency; a moment shows its time of day where it has one."""
    with pytest.raises(InputError, match="1 dates are too few"):
        infer_frequency(B[:1])
    assert infer_frequency(B[:2]).name == "daily"
    assert show(pd.Timestamp("2020-01-01")) == "2020-01-01"
    assert show(pd.Timestamp("2020-01-01 09:30", tz="UTC")) == "2020-01-01 09:30:00 UTC"


def test_advice_names_only_formats_that_read_every_row():
    with pytest.raises(InputError) as refusal:
        dates_and_notes(pd.Series(["1/2/12", "12/25/12"]), name="base.csv", lines=lambda row: f"line {row + 2}")
    assert "'%m/%d/%y'" in str(refusal.value)
    assert "'%d/%m" not in str(refusal.value)


@pytest.mark.parametrize("odd", ["now", "today", "NOW"])
@pytest.mark.parametrize(
    ("first", "form"), [("07-May-2020", None), ("07/05/20", "%d/%m/%y"), ("07/05/2020 10:00", "%d/%m/%Y %H:%M")]
)
def test_now_is_no_date(odd, first, form):
    """Pandas takes these words for the moment of reading, whatever the format."""
    with pytest.raises(InputError, match="1 unreadable date"):
        dates_and_notes(pd.Series([first, odd]), name="base.csv", lines=line, date_format=form)


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize(
    "second", [3_739_622_000_000_000_000, -3_739_622_000_000_000_000, -9_214_560_001, 9_214_646_400]
)
def test_seconds_of_64_bits_reach_years_that_no_clock_holds(zone, second):
    """As in a Feather file with a bit flipped: years beyond 32 bits have no `year` in pandas."""
    dates = pd.Series(np.array([0, 86_400, second], "i8").view("M8[s]")).dt.tz_localize(zone)
    with pytest.raises(InputError, match=r"1 dates \(first line 4: .*\) outside the years 1678 to 2261"):
        dates_and_notes(dates, name="base.csv", lines=line)
    edges = pd.Series(np.array([-9_214_560_000, 9_214_646_399], "i8").view("M8[s]")).dt.tz_localize(zone)
    assert dates_and_notes(edges, name="base.csv", lines=line)[0].year.tolist() == [1678, 2261]


@pytest.mark.parametrize("pattern", ["%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M%p", "%m-%d-%Y %I:%M:%S.%f %p"])
def test_times_of_two_halves_of_the_day_are_those_of_the_clock(pattern):
    """As brokers write them: 12:00 AM is midnight, 12:00 PM noon."""
    moments = pd.date_range("2020-01-10 00:05", periods=60, freq="7h")
    texts = pd.Series([f"{moment:{pattern}}" for moment in moments])
    for held in (texts, texts.str.lower(), texts.str.replace(r"^0", "", regex=True)):
        dates, _ = dates_and_notes(held, name="base.csv", lines=line)
        assert dates.equals(pd.DatetimeIndex(moments))


@pytest.mark.parametrize("odd", ["01/20/2020 13:05 PM", "01/20/2020 0:05 AM", "01/20/2020 9:05", "01/20/2020 9:05 XM"])
def test_half_a_day_that_is_none_is_refused(odd):
    texts = pd.Series(["01/13/2020 9:00 AM", "01/14/2020 1:00 PM", odd])
    with pytest.raises(InputError, match=r"1 unreadable date \(first line 4"):
        dates_and_notes(texts, name="base.csv", lines=line)


def test_a_moment_that_has_no_text_is_refused():
    """Seconds of 64 bits reach years that a calendar in a time zone cannot write."""
    far = pd.Series(pd.array([-(2**62), 0], dtype="int64")).to_numpy().view("M8[s]")
    dates = pd.Series(pd.DatetimeIndex(far).tz_localize("UTC").tz_convert("America/New_York"))
    with pytest.raises(InputError, match=r"1 dates \(first line 2\S*.*outside the years"):
        dates_and_notes(dates, name="a.arrow", lines=lambda row: f"line {row + 2}")
