"""Dates that are midnights of a time zone become its days, with its clock; all others stay what they were."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from auditor.errors import InputError
from auditor.inputs.pair import make_pair
from auditor.inputs.returns import Returns, read_returns
from auditor.inputs.trades_positions import read_positions
from auditor.inputs.trials import read_trials, trials_on
from auditor.inputs.zones import Zone, days_and_notes

HOUR = 3_600 * 10**9
DAYS = pd.bdate_range("2020-01-02", periods=300)
VALUES, OTHER = np.random.default_rng(5).normal(0, 0.01, (2, 300))
NEW_YORK = DAYS.tz_localize("America/New_York")


def read(raw: object, **options: str) -> tuple[pd.DatetimeIndex, Zone | None]:
    series = raw if isinstance(raw, pd.Series) else pd.Series(raw)
    dates, zone, _ = days_and_notes(series, name="x", lines=lambda row: f"line {row + 2}", **options)
    return dates, zone


def policy(dates: object, values: np.ndarray = VALUES, role: str = "base", **options: str) -> Returns:
    return read_returns(pd.DataFrame({"date": dates, "return": values}), role=role, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "options"),
    [
        (NEW_YORK, {}),
        (pd.Series(NEW_YORK).astype(pd.ArrowDtype(pa.timestamp("ns", tz="America/New_York"))), {}),
        (NEW_YORK.astype(str), {}),
        (NEW_YORK.strftime("%Y-%m-%dT%H:%M:%S.000%z"), {}),
        (NEW_YORK.strftime("%d.%m.%Y %H:%M %z"), {"date_format": "%d.%m.%Y %H:%M %z"}),
        (pd.Series([one.to_pydatetime() for one in NEW_YORK], dtype=object), {}),
    ],
)
def test_midnights_of_a_zone_are_its_days(raw, options):
    """However they are written, summer time or not."""
    dates, zone = read(raw, **options)
    assert dates.equals(DAYS)
    assert zone.ahead == (-5 * HOUR, -4 * HOUR, -5 * HOUR)
    assert [str(pd.Timestamp(at)) for at in zone.since] == [
        "2020-01-02 05:00:00", "2020-03-09 04:00:00", "2020-11-02 05:00:00"
    ]  # fmt: skip
    assert read_returns(pd.DataFrame({"date": raw, "return": VALUES}), role="base", **options).zone == zone


def test_a_frame_of_polars_keeps_its_zone():
    moments = pl.Series(NEW_YORK.tz_convert("UTC").tz_localize(None)).dt.replace_time_zone("UTC")
    frame = pl.DataFrame({"date": moments.dt.convert_time_zone("America/New_York"), "return": VALUES})
    assert read_returns(frame, role="base").dates.equals(DAYS)


@pytest.mark.parametrize(
    ("raw", "options"),
    [
        (DAYS.tz_localize("UTC"), {}),  # where its midnights are those of UTC
        (NEW_YORK.tz_convert("UTC"), {}),  # whose midnights these are, nobody tells
        (NEW_YORK + pd.Timedelta(hours=16), {}),
        (["2020-01-02T00:00+01:00", "2020-01-03T00:00+01:00", "2020-01-04T09:00+01:00"], {}),
        (["2020-01-02T00:00+02:00", "2020-01-02T00:00+01:00", "2020-01-03T00:00+01:00"], {}),
        (["2020-01-02 +0100 00", "2020-01-03 +0100 00"], {"date_format": "%Y-%m-%d %z %H"}),
    ],
)
def test_other_moments_are_utc(raw, options):
    dates, zone = read(raw, **options)
    assert zone is None
    assert str(dates.tz) == "UTC"


def test_dates_without_a_zone_have_none():
    assert read(DAYS)[1] is None


def test_the_clock_keeps_order_and_days():
    """Within the hour that comes twice a moment stays on its day, and before the first date the first offset holds."""
    local = pd.date_range("2020-10-23", "2020-10-28", tz="Europe/Berlin")
    zone = read(local)[1]
    moments = pd.date_range("2020-10-20", "2020-10-30", freq="7min", tz="UTC", unit="ns")
    found = zone.local(moments.asi8)
    assert (np.diff(found) >= 0).all()
    whole = pd.DatetimeIndex(found).normalize()
    assert whole.equals(moments.tz_convert("Europe/Berlin").tz_localize(None).normalize())
    assert str(zone.moment(pd.Timestamp("2020-10-26"))) == "2020-10-25 23:00:00+00:00"
    assert str(zone.moment(pd.Timestamp("2020-10-24"))) == "2020-10-23 22:00:00+00:00"


def test_the_split_is_read_in_the_zone():
    """East of Greenwich a day begins while UTC has yesterday's date."""
    for zone in ("Asia/Tokyo", "America/New_York"):
        dates = DAYS.tz_localize(zone)
        pair = make_pair(policy(dates), policy(dates, OTHER, "tuned"), oos_start="2020-09-01")
        assert pair.out_of_sample.first == pd.Timestamp("2020-09-01")
        assert pair.dates.equals(DAYS)
        assert pair.notes[0] == (
            "dates are midnights of their time zone: read as its days, as split dates and times of trades are"
        )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (DAYS, "base has dates with a time zone and tuned has dates without"),
        (DAYS.tz_localize("UTC"), "base has midnights of a time zone, which are its days, and tuned has other times"),
        (DAYS.tz_localize("Asia/Kolkata"), r"300 of 300 begin at other moments \(first 2020-01-02: -05:00 and \+05:30"),
    ],
)
def test_other_clocks_are_refused(other, words):
    base, tuned = policy(NEW_YORK), policy(other, OTHER, "tuned")
    for one, two in ((base, tuned), (tuned, base)):
        with pytest.raises(InputError, match=words if one is base else "zone"):
            make_pair(one, two, oos_fraction=0.4)
    streams = pd.DataFrame({"a": VALUES, "b": OTHER}, index=NEW_YORK)
    with pytest.raises(InputError, match="zone"):
        trials_on(tuned.dates, read_trials(streams), zone=tuned.zone)
    with pytest.raises(InputError, match="zone"):
        read_positions(streams, streams.set_axis(other), role="base")
    assert trials_on(base.dates, read_trials(streams), zone=base.zone).shape == (300, 2)
    assert read_positions(streams, streams, role="base").zone == base.zone


def test_one_zone_known_over_winter_alone():
    """What one file does not reach says nothing against it."""
    short = policy(NEW_YORK[:40], VALUES[:40]), policy(NEW_YORK, OTHER, "tuned")
    assert short[0].zone != short[1].zone
    with pytest.raises(InputError, match="260 dates that base lacks"):
        make_pair(*short, oos_fraction=0.4)


def test_python_datetimes_with_an_offset():
    zone = dt.timezone(dt.timedelta(hours=-3, minutes=-30))
    found = read(pd.Series([dt.datetime(2020, 1, day, tzinfo=zone) for day in (2, 3)], dtype=object))
    assert found[1].ahead == (-3 * HOUR - HOUR // 2,)
    assert read(pd.Series(pd.read_csv(io.StringIO("d\n2020-01-02 00:00:00-03:30\n2020-01-03 00:00:00-03:30"))["d"]))[1]
