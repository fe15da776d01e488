"""Depth and breadth of trades and sessions: counts by hand, what is left out, and that it stays a picture."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from desks import Desk

from auditor.breadth_pictures import breadth_of_sessions, grid
from auditor.config import Settings
from auditor.inputs.pair import make_pair
from auditor.inputs.returns import read_returns
from auditor.stats.richness import pass_at_k


def pair_of(base: pd.Series, tuned: pd.Series, **split):
    return make_pair(read_returns(base, role="base"), read_returns(tuned, role="tuned"), **split)


def series(dates: pd.DatetimeIndex, seed: int) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(3e-4, 0.01, len(dates)), dates)


def test_sessions_are_the_days_of_whole_months_in_one_span():
    dates = pd.bdate_range("2019-01-10", "2023-12-29")
    base, tuned = series(dates, 1), series(dates, 2)
    found = breadth_of_sessions(pair_of(base, tuned, oos_start="2022-03-16"), Settings())
    assert (found.in_sample.first, found.in_sample.last) == ("2019-02", "2022-02")
    assert (found.out_of_sample.first, found.out_of_sample.last) == ("2022-04", "2023-12")
    inside = base["2022-04":"2023-12"]
    days = inside.groupby(inside.index.strftime("%Y-%m")).agg(n="size", won=lambda one: int((one > 0).sum()))
    wanted = pass_at_k(days["n"].to_numpy(), days["won"].to_numpy(), int(days["n"].min())).mean(axis=0)
    np.testing.assert_allclose(found.out_of_sample.tries.curves.base, wanted)
    assert found.descriptive
    assert found.out_of_sample.verdict is None


def test_intraday_rows_are_added_up_to_their_day():
    days = pd.bdate_range("2021-01-01", "2021-12-31")
    stamps = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in (9, 11, 14)])
    base, tuned = series(stamps, 1), series(stamps, 2)
    found = breadth_of_sessions(pair_of(base, tuned, oos_start="2021-07-01"), Settings()).out_of_sample
    won = base["2021-07":].groupby(base["2021-07":].index.normalize()).sum() > 0
    assert found.tries.curves.base[0] == pytest.approx(won.groupby(won.index.month).mean().mean())


@pytest.mark.parametrize(
    ("freq", "periods", "why"), [("ME", 300, "every month needs 4"), ("h", 700, "all dates lie in one month")]
)
def test_data_without_sessions_says_why_there_is_no_picture(freq, periods, why):
    dates = pd.date_range("1990-01-01 00:00", periods=periods, freq=freq)
    base, tuned = (series(dates, seed) / 20 for seed in (1, 2))
    found = breadth_of_sessions(pair_of(base, tuned, oos_fraction=0.4), Settings())
    assert found.in_sample is None
    assert found.out_of_sample is None
    assert all(why in text for text in found.not_assessed)
    assert len(found.not_assessed) == 2


def test_trades_solve_the_months_of_an_instrument_in_which_they_exit_with_a_profit():
    desk = Desk(3, years=3, instruments=8)
    found = desk.audit("setups dropped", reps=199)
    outside = found.coverage.tries.out_of_sample
    first = desk.dates[desk.split].strftime("%Y-%m")
    solved, traded, counts = [], set(), []
    for trades in (desk.base, desk.overlay("setups dropped")):
        blotter = desk.blotter(trades)
        month = blotter["exit_time"].dt.strftime("%Y-%m")
        # The split is the first session of its month.
        inside = blotter.assign(cell=month + blotter["instrument"])[month >= first]
        counts.append(len(inside))
        traded |= set(inside["cell"])
        solved.append(set(inside.loc[inside["pnl"] > 0, "cell"]))
    sets = outside.tries.sets
    assert (outside.base_tries, outside.tuned_tries) == ((counts[0],) * 2, (counts[1],) * 2)
    assert sets.both == len(solved[0] & solved[1])
    assert sets.base_only == len(solved[0] - solved[1]) > 0
    assert sets.tuned_only == len(solved[1] - solved[0]) == 0
    assert sets.both + sets.base_only + sets.tuned_only + sets.neither == len(traded)
    # With all trades drawn, the curve is what was solved.
    assert outside.tries.curves.k[-1] == min(counts)
    assert outside.tries.curves.tuned[-1] == pytest.approx(len(solved[1]) / len(traded))
    assert found.coverage.tries.descriptive
    assert "a picture, no verdict" in str(found)
    assert "a picture, no verdict" in found.to_markdown()


def test_a_grid_of_tries_holds_every_small_one_the_last_and_powers_of_two():
    assert grid(5).tolist() == [1, 2, 3, 4, 5]
    long = grid(5_000)
    assert long[0] == 1
    assert long[-1] == 5_000
    assert set(2 ** np.arange(13)) <= set(long.tolist())
    assert 64 <= long.size < 90
