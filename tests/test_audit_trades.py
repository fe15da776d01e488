"""Whole audits with both blotters."""

import numpy as np
import pandas as pd
import pytest
from desks import Desk

from auditor import InputError

WORLD = {}


def desk():
    if "desk" not in WORLD:
        WORLD["desk"] = Desk(3, years=3, instruments=8)
    return WORLD["desk"]


def audited(name, **options):
    return desk().audit(name, **({"reps": 499} | options))


def frames(name="shifted a day"):
    one = desk()
    tuned = one.overlay(name)
    series = [pd.Series(one.returns(trades), one.dates) for trades in (one.base, tuned)]
    return *series, one.blotter(one.base), one.blotter(tuned)


def run(base, tuned, base_trades, tuned_trades, **options):
    from auditor import audit

    split = desk().dates[desk().split]
    return audit(base, tuned, oos_start=split, base_trades=base_trades, tuned_trades=tuned_trades, reps=499, **options)


@pytest.mark.parametrize("name", ["levered", "resized", "setups dropped", "lucky filter"])
def test_trades_that_never_leave_the_base_are_no_new_edge(name):
    result = audited(name)
    assert result.evidence == "trades"
    assert result.coverage.trades.covered_time == 1.0
    assert result.label != "new_edge"
    assert result.attribution.new_p is None
    assert result.attribution.edge_part == 0.0
    if result.finding == "efficiency":
        assert result.standing == "shown"


def test_a_new_book_of_trades_is_new_edge_and_shown():
    one = Desk(11, years=5, instruments=12)
    tuned = one.with_book(2.5)
    series = [pd.Series(one.returns(trades), one.dates) for trades in (one.base, tuned)]
    from auditor import audit

    result = audit(
        *series,
        oos_start=one.dates[one.split],
        base_trades=one.blotter(one.base),
        tuned_trades=one.blotter(tuned),
        reps=999,
    )
    assert (result.label, result.standing, result.evidence) == ("new_edge", "shown", "trades")
    assert result.settings["gain_level"] == 0.20
    parts = result.attribution
    assert parts.edge_part + parts.reweighting_part == pytest.approx(result.sharpe.out_of_sample.gain, abs=1e-12)
    told = result.coverage.trades
    assert told.covered_pnl + told.new_pnl == pytest.approx(series[1][one.split :].sum(), abs=0.02)
    assert 0 < told.overlap < told.covered_time < 1


def test_pnl_adds_up_to_the_returns_and_the_gap_is_told():
    base, tuned, base_trades, tuned_trades = frames()
    result = run(base, tuned, base_trades, tuned_trades)
    for one, series in zip(result.coverage.trades.reconciliation, (base, tuned), strict=True):
        assert one.gap < 0.005
        assert one.returned == pytest.approx(series.sum())
        assert sum(month.pnl for month in one.months) == pytest.approx(one.pnl)


def test_the_lines_add_up_by_span_and_by_every_column():
    base, tuned, base_trades, tuned_trades = frames()
    lines = run(base, tuned, base_trades, tuned_trades).attribution.trades
    assert lines.whole.total == pytest.approx(tuned_trades["pnl"].sum() - base_trades["pnl"].sum(), abs=1e-12)
    assert lines.in_sample.total + lines.out_of_sample.total == pytest.approx(lines.whole.total, abs=1e-12)
    assert {"instrument", "side", "exit_year", "setup"} == set(lines.by)
    for groups in lines.by.values():
        for name in ("new", "resized", "entry_timing", "total"):
            whole = getattr(lines.whole, name)
            assert sum(getattr(one, name) for one in groups.values()) == pytest.approx(whole, abs=1e-12)


def test_a_blotter_of_another_backtest_is_refused_unless_asked():
    base, tuned, base_trades, tuned_trades = frames()
    wrong = tuned_trades.assign(pnl=tuned_trades["pnl"] * 1.8 + 0.001)
    with pytest.raises(InputError, match=r"tuned.* gap of .*%.*--reconcile off"):
        run(base, tuned, base_trades, wrong)
    assert run(base, tuned, base_trades, wrong, reconcile="off").evidence == "trades"


def test_pnl_in_currency_needs_the_capital():
    base, tuned, base_trades, tuned_trades = frames()
    dollars = [trades.assign(pnl=trades["pnl"] * 1e6) for trades in (base_trades, tuned_trades)]
    with pytest.raises(InputError, match="--capital"):
        run(base, tuned, *dollars)
    told = run(base, tuned, *dollars, capital=1e6)
    plain = run(base, tuned, base_trades, tuned_trades)
    assert told.attribution.edge_part == pytest.approx(plain.attribution.edge_part, rel=1e-9)


def test_sizes_that_grew_with_the_account_are_taken_back():
    base, tuned, base_trades, tuned_trades = frames()
    dates = desk().dates

    def grown(series, trades):
        wealth = np.concatenate([[1.0], np.cumprod(1 + series.to_numpy())])
        at = wealth[dates.searchsorted(pd.DatetimeIndex(trades["entry_time"]))]
        return trades.assign(pnl=trades["pnl"] * at, quantity=trades["quantity"] * at)

    told = run(base, tuned, grown(base, base_trades), grown(tuned, tuned_trades), compounding=True)
    plain = run(base, tuned, base_trades, tuned_trades)
    assert told.attribution.edge_part == pytest.approx(plain.attribution.edge_part, rel=1e-9)


def test_trades_of_one_policy_alone_are_refused():
    base, tuned, base_trades, _ = frames()
    with pytest.raises(InputError, match="--tuned-trades"):
        run(base, tuned, base_trades, None)


def test_exits_outside_the_returns_are_refused_with_the_first():
    base, tuned, base_trades, tuned_trades = frames()
    with pytest.raises(InputError, match=r"trades exit after the returns end .*the first is"):
        run(base[:-200], tuned[:-200], base_trades, tuned_trades)


def test_another_clock_is_refused():
    base, tuned, base_trades, tuned_trades = frames()
    aware = tuned_trades.assign(
        entry_time=tuned_trades["entry_time"].dt.tz_localize("UTC"),
        exit_time=tuned_trades["exit_time"].dt.tz_localize("UTC"),
    )
    with pytest.raises(InputError, match="time zone"):
        run(base, tuned, base_trades, aware)


def test_tolerance_covers_what_another_engine_fills_a_day_later():
    base, tuned, base_trades, tuned_trades = frames()
    strict, loose = (run(base, tuned, base_trades, tuned_trades, tolerance=n) for n in (0, 1))
    assert strict.coverage.trades.covered_time < 0.95
    assert loose.coverage.trades.covered_time == 1.0


def test_the_key_of_an_opportunity_can_be_any_tag():
    base, tuned, base_trades, tuned_trades = frames()
    by_setup = run(base, tuned, base_trades, tuned_trades, opportunity=("instrument", "side", "setup"))
    assert (
        by_setup.coverage.trades.covered_time
        <= run(base, tuned, base_trades, tuned_trades).coverage.trades.covered_time
    )
    with pytest.raises(InputError, match=r"'sector'.*has no such column.*setup"):
        run(base, tuned, base_trades, tuned_trades, opportunity=("sector",))


def test_a_library_tells_what_the_new_part_is_and_moves_no_label():
    one = Desk(11, years=5, instruments=12)
    tuned = one.with_book(2.5)
    base_returns, tuned_returns = (pd.Series(one.returns(trades), one.dates) for trades in (one.base, tuned))
    library = pd.DataFrame({"the book": tuned_returns - base_returns, "noise": one.market}, index=one.dates)
    from auditor import audit

    options = {"oos_start": one.dates[one.split], "reps": 499}
    with_it, without = (audit(base_returns, tuned_returns, **options, **more) for more in ({"library": library}, {}))
    assert with_it.attribution.library.ingredients[0].name == "the book"
    assert with_it.attribution.library.variance_share > 0.9
    assert (with_it.label, with_it.checks) == (without.label, without.checks)
    assert without.attribution.library is None


def test_a_tuned_policy_that_covers_nothing_of_the_base():
    one = desk()
    book = one.with_book(1.5)[len(one.base) :].assign(instrument=lambda t: t["instrument"])
    base_trades, tuned_trades = one.blotter(one.base), one.blotter(book)
    tuned_trades = tuned_trades.assign(instrument="elsewhere " + tuned_trades["instrument"])
    series = [pd.Series(one.returns(trades), one.dates) for trades in (one.base, book)]
    result = run(*series, base_trades, tuned_trades)
    assert result.coverage.trades.covered_time == 0.0
    parts = result.attribution
    assert parts.edge_part + parts.reweighting_part == pytest.approx(result.sharpe.out_of_sample.gain, abs=1e-12)
    assert parts.out_of_sample.new_mean.p_value == parts.out_of_sample.new_alpha.p_value


def weights_of(one, trades):
    """Weights held in each period, and the returns of the instruments, drift included."""
    columns = [f"I{i:03d}" for i in range(one.instruments)]
    held = np.zeros((one.days, one.instruments))
    for row in trades.itertuples():
        held[row.entry + 1 : row.exit + 1, row.instrument] += row.size * row.side
    return pd.DataFrame(held / one.instruments, index=one.dates, columns=columns)


def positions(keep):
    one = desk()
    rng = np.random.default_rng(4)
    returns = pd.DataFrame(
        one.prices[:, :-1] + 2e-4, index=one.dates, columns=[f"I{i:03d}" for i in range(one.instruments)]
    )
    base = weights_of(one, one.base)
    tuned = keep(base, rng)
    series = [(weights * returns).sum(axis=1) for weights in (base, tuned)]
    return (*series, base, tuned, returns)


def run_positions(base, tuned, base_weights, tuned_weights, returns, **options):
    from auditor import audit

    return audit(
        base,
        tuned,
        oos_start=desk().dates[desk().split],
        base_positions=base_weights,
        tuned_positions=tuned_weights,
        instrument_returns=returns,
        reps=499,
        **({"position_lag": 0} | options),
    )


def test_positions_that_are_only_resized_are_covered():
    result = run_positions(*positions(lambda base, rng: base * rng.uniform(0.2, 2.0, base.shape)))
    assert result.evidence == "trades"
    assert result.coverage.positions.covered_time == 1.0
    assert result.attribution.new_p is None
    assert "in some size" in result.attribution.out_of_sample.new_reason


def test_positions_that_the_base_did_not_hold_are_new_by_instrument():
    def added(base, rng):
        tuned = base.copy()
        tuned["I002"] = 0.2 * np.sign(rng.standard_normal(len(base)))
        return tuned

    base, tuned, base_weights, tuned_weights, returns = positions(added)
    result = run_positions(base, tuned, base_weights, tuned_weights, returns)
    told = result.coverage.positions
    assert next(iter(told.new_by_instrument)) == "I002"
    fresh = np.sign(base_weights["I002"]) != np.sign(tuned_weights["I002"])
    expected = (tuned_weights["I002"] * returns["I002"])[fresh].sum()
    assert told.new_by_instrument["I002"] == pytest.approx(expected)
    split = desk().split
    assert told.covered_pnl + told.new_pnl == pytest.approx(tuned.iloc[split:].sum())
    assert all(one.gap < 1e-9 for one in told.reconciliation)


def test_positions_at_the_close_earn_the_next_period():
    base, tuned, base_weights, tuned_weights, returns = positions(lambda base, rng: base * 1.5)
    at_close = [weights.shift(-1).fillna(0.0) for weights in (base_weights, tuned_weights)]
    told = run_positions(base, tuned, *at_close, returns, position_lag=1)
    assert all(one.gap < 0.01 for one in told.coverage.positions.reconciliation)
    with pytest.raises(InputError, match="--position-lag"):
        run_positions(base, tuned, *at_close, returns, position_lag=0)


def test_positions_lacking_a_date_or_a_part_are_refused():
    base, tuned, base_weights, tuned_weights, returns = positions(lambda base, rng: base * 1.5)
    day = desk().dates[300]
    with pytest.raises(InputError, match=f"{day:%Y-%m-%d}"):
        run_positions(base, tuned, base_weights.drop(day), tuned_weights, returns)
    with pytest.raises(InputError, match="all three"):
        run_positions(base, tuned, base_weights, None, returns)
