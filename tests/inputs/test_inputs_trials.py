"""A matrix of trials is read with its dates, and cut to the in-sample dates or refused."""

import numpy as np
import pandas as pd
import pytest

from auditor.errors import InputError
from auditor.inputs.trials import read_trials, trials_on

DATES = pd.bdate_range("2020-01-01", periods=300)
VALUES = np.random.default_rng(0).normal(0.0003, 0.01, (300, 5))
FRAME = pd.DataFrame(VALUES, index=DATES, columns=[f"v{i}" for i in range(5)])


def test_a_file_gives_every_column_on_the_dates_asked_for(tmp_path):
    FRAME.to_csv(tmp_path / "trials.csv", index_label="date")
    trials = read_trials(tmp_path / "trials.csv")
    assert trials.columns == ("v0", "v1", "v2", "v3", "v4")
    np.testing.assert_allclose(trials_on(DATES[50:200], trials), VALUES[50:200], rtol=1e-15)


def test_a_date_that_trials_lack_is_counted_and_shown():
    trials = read_trials(FRAME.drop(index=DATES[[7, 9, 250]]))
    with pytest.raises(InputError, match=r"trials: 2 of 200 in-sample dates are not in it \(first 2020-01-10\)"):
        trials_on(DATES[:200], trials)


def test_a_missing_value_is_refused_unless_it_is_out_of_sample():
    gaps = FRAME.copy()
    gaps.iloc[250, 2] = np.nan
    with pytest.raises(InputError):
        read_trials(gaps)
    trials = read_trials(gaps, na="drop")
    assert trials_on(DATES[:200], trials).shape == (200, 5)
    with pytest.raises(InputError, match=r"1 in-sample dates without a value .*first 2020-12-16, column 'v2'"):
        trials_on(DATES, trials)


def test_equity_curves_are_refused_and_percents_pass_quietly():
    with pytest.raises(InputError, match=r"5 of 5 columns look like prices or equity curves \(first 'v0'\)"):
        read_trials((1 + FRAME).cumprod())
    assert read_trials(100 * FRAME).warnings == ()


def test_doubts_are_counted_once_a_kind():
    odd = FRAME.assign(v1=0.0, v3=0.0, v4=(1 + FRAME["v4"]).cumprod())
    assert read_trials(odd).warnings == (
        "trials: 1 of 5 trials look like prices or equity curves (first 'v4')",
        "trials: 2 of 5 trials are constant (first 'v1')",
    )


@pytest.mark.parametrize("aware", ["policies", "trials"])
def test_one_clock_is_needed(aware):
    dates = DATES.tz_localize("UTC")
    trials = read_trials(FRAME if aware == "policies" else FRAME.set_axis(dates))
    with pytest.raises(InputError, match="time zone"):
        trials_on(dates if aware == "policies" else DATES, trials)
