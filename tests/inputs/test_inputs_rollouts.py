"""Rollouts are read from wide and long sources alike, put on the dates of both policies, or refused."""

import dataclasses

import numpy as np
import pandas as pd
import polars as pl
import pytest

from auditor.errors import InputError
from auditor.inputs.pair import make_pair
from auditor.inputs.returns import read_streams
from auditor.inputs.rollouts import each_policy, mean_policy, read_rollouts, same_dates

DATES = pd.bdate_range("2020-01-01", periods=120)
VALUES = np.random.default_rng(0).normal(0.0003, 0.01, (120, 4))
CUBE = np.random.default_rng(1).normal(0.0003, 0.005, (120, 4, 3))
NAMES = ["s10", "s2", "s3", "s1"]
WIDE = pd.DataFrame(VALUES, index=DATES, columns=NAMES)


def long(frame=WIDE):
    table = frame.rename_axis("date").reset_index().melt(id_vars="date", var_name="rollout", value_name="return")
    return table.astype({"rollout": str})


def held(cube=CUBE, instruments=("ZN", "ES", "CL")):
    parts = [
        long(pd.DataFrame(cube[:, :, at], index=DATES, columns=NAMES)).assign(instrument=name)
        for at, name in enumerate(instruments)
    ]
    return pd.concat(parts, ignore_index=True)


def read(source, **options):
    return read_rollouts(source, role="base", **options)


def refused(source, words, **options):
    with pytest.raises(InputError, match=words):
        read(source, **options)


# reading


def test_wide_and_long_files_are_the_same_rollouts(tmp_path):
    WIDE.to_csv(tmp_path / "wide.csv", index_label="date")
    long().to_csv(tmp_path / "long.csv", index=False)
    long().sort_values("date", kind="stable").to_csv(tmp_path / "by_date.csv", index=False)
    found = [read(tmp_path / f"{name}.csv") for name in ("wide", "long", "by_date")]
    for one in found:
        np.testing.assert_array_equal(one.returns, VALUES)
        assert one.rollouts == tuple(NAMES)
        assert one.instruments == ()
        assert one.dates.equals(DATES.as_unit("ns"))
        assert one.warnings == ()
    assert len({one.sha256 for one in found}) == 1
    assert found[0].sha256 == read_streams(WIDE, role="base").sha256
    assert str(found[0]) == "wide.csv: 4 rollouts on 120 dates"


def test_frames_of_other_libraries_and_dates_in_the_index():
    expected = read(WIDE).sha256
    assert read(long().set_index("date")).sha256 == expected
    assert read(pl.from_pandas(long())).sha256 == expected
    assert read(WIDE).name == "base"


def test_columns_are_found_in_any_case_and_by_other_names():
    expected = read(held())
    renamed = held().set_axis(["Timestamp", "SEED", "Ret", "Symbol"], axis=1)
    assert read(renamed).sha256 == expected.sha256
    assert read(held().rename(columns={"return": "pnl"})).sha256 == expected.sha256
    assert read(held().rename(columns={"date": "x"}), date_column="x").sha256 == expected.sha256


def test_instruments_are_sorted_and_every_number_is_in_its_place():
    found = read(held())
    assert found.instruments == ("CL", "ES", "ZN")
    np.testing.assert_array_equal(found.returns, CUBE[:, :, [2, 1, 0]])
    assert str(found) == "base: 4 rollouts on 120 dates in 3 instruments"
    assert found.returns.flags.c_contiguous


def test_whole_numbers_name_rollouts_however_they_are_stored():
    numbered = long().assign(rollout=np.repeat([10, 2, 3, 1], 120))
    assert read(numbered).rollouts == ("10", "2", "3", "1")
    assert read(numbered.astype({"rollout": float})).rollouts == ("10", "2", "3", "1")


def test_na_may_name_an_instrument():
    assert "NA" in read(held(instruments=("NA", "ES", "CL"))).instruments


def test_a_column_may_be_named_after_a_colon(tmp_path):
    long().assign(gross=1.0, net=VALUES.T.ravel()).drop(columns="return").to_csv(tmp_path / "l.csv", index=False)
    found = read(f"{tmp_path / 'l.csv'}:net")
    np.testing.assert_array_equal(found.returns, VALUES)
    assert found.notes == ("l.csv: 1 columns not used (first 'gross')",)
    refused(tmp_path / "l.csv", r"several return columns \('gross', 'net'\)")
    refused(f"{tmp_path / 'l.csv'}:rollout", "'rollout' does not hold the returns")


def test_dates_with_a_time_zone():
    aware = WIDE.set_axis(DATES.tz_localize("America/New_York"))
    found = [read(aware), read(long(aware))]
    assert found[0].sha256 == found[1].sha256
    assert all(one.dates.equals(DATES) for one in found)  # midnights of New York are its days
    assert found[0].zone == found[1].zone is not None
    clocks = aware.set_axis(aware.index + pd.Timedelta(hours=9))
    assert all(str(read(one).dates.tz) == "UTC" for one in (clocks, long(clocks)))
    with pytest.raises(InputError, match="has dates with a time zone"):
        same_dates(found[0], read(WIDE))


def test_a_date_format_is_used():
    text = long().assign(date=long()["date"].dt.strftime("%d/%m/%y"))
    assert read(text, date_format="%d/%m/%y").sha256 == read(WIDE).sha256


def test_percents_are_divided_only_when_told():
    found = read(100 * WIDE, unit="percent")
    np.testing.assert_allclose(found.returns, VALUES, rtol=1e-15)
    assert found.notes == ("base: percent divided by 100",)
    refused(100 * WIDE, r"4 of 4 rollouts look like percents \(first 's10'\). Pass --unit percent")
    refused(1e6 * WIDE, r"4 of 4 rollouts look like amounts of money \(first 's10'\). Divide each by the capital")
    assert read(100 * WIDE, unit="decimal").returns.max() > 1


# refusals of a long file


def test_a_missing_row_is_counted_and_shown():
    refused(long().drop(index=[7, 130]), r"2 rows are missing \(first 2020-01-10, rollout 's10'\)")
    refused(long().drop(index=[479]), r"1 rows are missing \(first 2020-06-16, rollout 's1'\).*write a return of 0")
    refused(held().drop(index=[0]), r"1 rows are missing \(first 2020-01-01, rollout 's10', instrument 'ZN'\)")
    refused(held().drop(index=range(480, 600)), r"120 rows are missing \(first 2020-01-01, rollout 's10', instrument")


def test_row_numbers_as_rollouts_do_not_fill_the_memory():
    n = 40_000
    frame = pd.DataFrame({"date": pd.date_range("1900-01-01", periods=n), "run": np.arange(n), "return": 0.01})
    refused(frame, rf"{n * n - n} rows are missing \(first 1900-01-01, rollout '1'\)")
    refused(frame.assign(symbol=np.arange(n)), "rows are missing .first 1900-01-01, rollout '0', instrument '1'")


def test_a_row_that_stands_twice_is_refused():
    frame = pd.concat([long(), long().iloc[[3, 200]].assign(**{"return": 0.5})], ignore_index=True)
    refused(frame, r"2 duplicate rows \(first row 480: 2020-01-06, rollout 's10'\)")
    refused(held().drop(columns="instrument"), r"960 duplicate rows \(first row 480: 2020-01-01, rollout 's10'\)")


def test_dates_that_run_backwards_within_a_rollout_are_refused():
    order = np.arange(480)
    order[[130, 131]] = [131, 130]
    frame = long().iloc[order].reset_index(drop=True)
    refused(
        frame, r"1 rows whose date is before .* \(first row 131: 2020-01-15, rollout 's2'\). Sort the export by date"
    )


def test_an_empty_name_is_refused(tmp_path):
    frame = long()
    frame.loc[[5, 9], "rollout"] = None
    refused(frame, r"column 'rollout' is empty in 2 rows \(first row 5\)")
    frame.to_csv(tmp_path / "r.csv", index=False)
    refused(tmp_path / "r.csv", r"column 'rollout' is empty in 2 rows \(first line 7\)")
    refused(held().assign(instrument=" "), "column 'instrument' is empty in 1440 rows")


def test_columns_that_cannot_be_told_apart_are_refused():
    refused(long().assign(seed=1), r"several rollout columns \('rollout', 'seed'\)")
    refused(held().assign(asset="x"), r"several instrument columns \('instrument', 'asset'\)")
    refused(long().assign(ret=1.0), r"several return columns \('return', 'ret'\)")
    refused(long().drop(columns="return"), "no return column among 'date', 'rollout'")
    refused(long().drop(columns="date"), "no date column")


# refusals of either form


@pytest.mark.parametrize("form", [lambda frame: frame, long])
def test_what_is_no_number_or_missing_is_refused(form):
    gaps = WIDE.copy()
    gaps.iloc[5, 1] = np.nan
    refused(form(gaps), "has 1 missing values")
    assert np.isnan(read(form(gaps), na="drop").returns).sum() == 1
    refused(form(WIDE.assign(s2=np.inf)), "has 120 infinite values")
    refused(form(WIDE.assign(s2=1e13)), "cannot be returns")


@pytest.mark.parametrize("form", [lambda frame: frame, long])
def test_one_rollout_or_one_date_is_refused(form):
    refused(form(WIDE[["s2"]]), r"holds one rollout \(one .*\). At least two are needed")
    refused(form(WIDE.iloc[:1]), "one date")
    assert read(form(WIDE.iloc[:2])).returns.shape == (2, 4)


def test_one_column_of_a_wide_file_is_no_set_of_rollouts(tmp_path):
    WIDE.to_csv(tmp_path / "wide.csv", index_label="date")
    refused(f"{tmp_path / 'wide.csv'}:s2", "holds one rollout")


def test_a_wide_file_with_text_or_unsorted_dates_is_refused():
    refused(WIDE.assign(note="x"), "column 'note' holds no numbers")
    refused(WIDE.iloc[::-1], "dates run backwards")
    refused(pd.concat([WIDE, WIDE.iloc[-1:]]), "1 duplicate dates")


@pytest.mark.parametrize("option", ["na", "unit"])
def test_a_bad_option_is_refused(option):
    refused(WIDE, f"{option} is 'x'; it must be", **{option: "x"})


def test_what_most_rollouts_cannot_be_is_refused_and_a_few_are_counted():
    curves = (1 + WIDE).cumprod()
    refused(curves, r"4 of 4 rollouts look like prices or equity curves \(first 's10'\)")
    refused(0 * WIDE, "all 4 rollouts are constant")
    odd = WIDE.assign(s2=0.0, s3=curves["s3"], more=100 * WIDE["s1"], again=WIDE["s1"])
    assert read(odd).warnings == (
        "base: 1 of 6 rollouts look like prices or equity curves (first 's3')",
        "base: 1 of 6 rollouts look like percents (first 'more')",
        "base: 1 of 6 rollouts are constant (first 's2')",
        "base: 1 of 6 rollouts repeat another (first 'again', the same as 's1'): they are no tries of their own",
        f"base: {int((odd < -1).sum().sum())} returns below -100 % (first "
        f"{odd.index[(odd < -1).any(axis=1)][0]:%Y-%m-%d}, rollout 'more': "
        f"{odd['more'][odd['more'] < -1].iloc[0]:g}): more than the capital was lost",
    )


# both policies on the same dates


def test_numbers_of_rollouts_may_differ():
    base, tuned = read(WIDE), read_rollouts(WIDE[["s1", "s2"]], role="tuned")
    one, two, notes = same_dates(base, tuned)
    np.testing.assert_array_equal(one.returns, base.returns)
    np.testing.assert_array_equal(two.returns, tuned.returns)
    assert (one.sha256, two.sha256, notes) == (base.sha256, tuned.sha256, ())


def test_other_dates_are_refused_or_left_out():
    base, tuned = read(WIDE), read_rollouts(WIDE.drop(index=DATES[[3, 8]]), role="tuned")
    with pytest.raises(InputError, match=r"base: 2 dates that tuned lacks \(first 2020-01-06\).*--align inner"):
        same_dates(base, tuned)
    one, two, notes = same_dates(base, tuned, align="inner")
    np.testing.assert_array_equal(one.returns, two.returns)
    assert len(one.dates) == 118
    assert "118 common dates kept" in notes[0]


def test_missing_values_leave_both_policies():
    gaps = WIDE.copy()
    gaps.iloc[[5, 9], 1] = np.nan
    base, tuned = read(WIDE), read_rollouts(gaps, role="tuned", na="drop")
    with pytest.raises(InputError, match=r"2 dates without a value \(first 2020-01-08; tuned 2\)"):
        same_dates(base, tuned)
    one, two, notes = same_dates(base, tuned, na="drop")
    assert one.dates.equals(DATES.delete([5, 9]).as_unit("ns"))
    assert np.isfinite(two.returns).all()
    assert "2 rows without a value dropped" in notes[0]


def test_instruments_keep_their_shape_and_must_agree():
    base, tuned = read(held()), read_rollouts(held(CUBE + 0.001).iloc[::-1].iloc[::-1], role="tuned")
    one, two, _ = same_dates(base, tuned)
    np.testing.assert_array_equal(one.returns, base.returns)
    np.testing.assert_array_equal(two.returns, tuned.returns)
    fewer = read_rollouts(held().query("instrument == 'ES'"), role="tuned")
    with pytest.raises(InputError, match=r"tuned: 2 instruments of base are not in it \(first 'CL'\)"):
        same_dates(base, fewer)
    with pytest.raises(InputError, match=r"base: 2 instruments of tuned are not in it \(first 'CL'\)"):
        same_dates(dataclasses.replace(fewer, name="base"), dataclasses.replace(base, name="tuned"))
    for one, two in ((base, read(WIDE)), (read(WIDE), base)):
        with pytest.raises(InputError, match=r"has returns by instrument and .* has not"):
            same_dates(one, two)


def test_same_names_are_told_apart_and_one_clock_is_needed():
    with pytest.raises(InputError, match="base base: 1 dates that tuned base lacks"):
        same_dates(read(WIDE), read(WIDE.iloc[1:]))
    with pytest.raises(InputError, match="time zone"):
        same_dates(read(WIDE), read(WIDE.set_axis(DATES.tz_localize("UTC"))))


def test_one_common_date_is_too_few():
    with pytest.raises(InputError, match="1 common dates are left"):
        same_dates(read(WIDE.iloc[:60]), read(WIDE.iloc[59:]), align="inner")


# policies


def test_the_mean_policy_is_the_mean_and_enters_a_pair():
    policy = mean_policy(read(WIDE))
    np.testing.assert_allclose(policy.values[:, 0], VALUES.mean(axis=1), rtol=1e-13, atol=1e-18)
    assert policy.columns == ("mean of 4 rollouts",)
    assert policy.notes == ("base: the policy is the mean of 4 rollouts",)
    tuned = mean_policy(read_rollouts(WIDE[["s1", "s2"]], role="tuned"))
    pair = make_pair(policy, tuned, oos_start=DATES[50])
    np.testing.assert_array_equal(pair.base, policy.values[:, 0])


def test_instruments_add_up_in_a_policy():
    found = read(held())
    np.testing.assert_allclose(mean_policy(found).values[:, 0], CUBE.sum(axis=2).mean(axis=1), atol=1e-16)
    for at, policy in enumerate(each_policy(found)):
        np.testing.assert_allclose(policy.values[:, 0], CUBE[:, at].sum(axis=1), atol=1e-16)
        assert policy.columns == (NAMES[at],)


def test_each_policy_of_a_wide_file_is_its_column():
    policies = each_policy(read(WIDE))
    assert [policy.columns[0] for policy in policies] == NAMES
    np.testing.assert_array_equal(np.hstack([policy.values for policy in policies]), VALUES)


def test_a_missing_value_stays_missing_in_the_mean():
    gaps = WIDE.copy()
    gaps.iloc[5, 1] = np.nan
    assert np.flatnonzero(np.isnan(mean_policy(read(gaps, na="drop")).values)).tolist() == [5]
