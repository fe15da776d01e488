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
    with pytest.raises(InputError, match="tuned trades: the times of the trades have a time zone and those of base"):
        run(base, tuned, base_trades, aware)


def in_zone(trades, zone):
    """The same wall clock, somewhere."""
    return trades.assign(**{name: trades[name].dt.tz_localize(zone) for name in ("entry_time", "exit_time")})


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Europe/London"])
def test_midnights_of_a_zone_are_days_of_it(zone):
    """Dates, split and trades in one zone say what the same numbers say without any."""
    base, tuned, base_trades, tuned_trades = frames()
    hours = pd.Timedelta(hours=23, minutes=30)  # the next day, or the day before, in UTC
    blotters = [one.assign(exit_time=one["exit_time"].dt.normalize() + hours) for one in (base_trades, tuned_trades)]
    plain = run(base, tuned, *blotters)
    local = run(base.tz_localize(zone), tuned.tz_localize(zone), *(in_zone(one, zone) for one in blotters))
    assert local.sample == plain.sample
    assert local.coverage.trades == plain.coverage.trades
    assert local.attribution.new_p == plain.attribution.new_p
    assert any("midnights of their time zone: read as its days" in note for note in local.notes)
    assert not any("midnights" in note or "UTC" in note for note in plain.notes)
    with pytest.raises(InputError, match="have no time zone and the dates of the returns have one"):
        run(base.tz_localize(zone), tuned.tz_localize(zone), *blotters)


def test_trades_with_offsets_beside_plain_days_are_in_utc():
    """As freqtrade, LEAN and NautilusTrader export them, beside returns by day."""
    base, tuned, base_trades, tuned_trades = frames()
    plain = run(base, tuned, base_trades, tuned_trades)
    aware = run(base, tuned, in_zone(base_trades, "UTC"), in_zone(tuned_trades, "UTC"))
    assert aware.coverage.trades == plain.coverage.trades
    assert sum("times with offsets are read in UTC, beside returns whose days" in note for note in aware.notes) == 2
    bars = [one.set_axis(one.index + pd.Timedelta(hours=16)) for one in (base, tuned)]
    with pytest.raises(InputError, match="have a time zone and the dates of the returns have none"):
        run(*bars, in_zone(base_trades, "UTC"), in_zone(tuned_trades, "UTC"))


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


def test_a_base_that_joins_on_a_dip_takes_none_of_the_loss_before_it():
    # tuned is long from 100 to 95; the base joins at 90: it covers the rise to 95, and the fall before it is new
    days = pd.bdate_range("2020-01-01", periods=200)
    price = pd.Series(100 + np.random.default_rng(0).standard_normal(200).cumsum() * 0.3, days)
    price.iloc[150:155] = [100.0, 95.0, 90.0, 92.0, 95.0]
    held, rows = {}, {}
    for role, spans in (("base", [(20, 30), (60, 70), (152, 154)]), ("tuned", [(20, 30), (60, 70), (150, 154)])):
        held[role], rows[role] = np.zeros(200), []
        for first, last in spans:
            held[role][first + 1 : last + 1] += 1
            fills = price.iloc[first], price.iloc[last]
            rows[role].append(("X", "long", days[first], days[last], 1.0, *fills, (fills[1] - fills[0]) / 1000))
    moves = price.diff().fillna(0.0) / 1000
    books = [pd.DataFrame(rows[role], columns=[*FILLED, "pnl"]) for role in ("base", "tuned")]
    from auditor import audit

    result = audit(
        moves * held["base"],
        moves * held["tuned"],
        oos_start=days[100],
        base_trades=books[0],
        tuned_trades=books[1],
        reps=199,
    )
    told = result.coverage.trades
    assert told.covered_pnl == pytest.approx(5 / 1000)
    assert told.new_pnl == pytest.approx(-10 / 1000)


FILLED = ["instrument", "side", "entry_time", "exit_time", "quantity", "entry_price", "exit_price"]


def market_timer(seed):
    """A base long of a rising market in spells, and tuned long in the gaps too: all that is new is the market."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2005-01-03", periods=2520)
    market = pd.Series(0.01 * rng.standard_normal(2520) + 0.0012, days)
    price = 100 * (1 + market).cumprod()
    rows, held = {"base": [], "tuned": []}, {"base": np.zeros(2520), "tuned": np.zeros(2520)}
    for start in range(5, 2490, 24):
        for first, last, books in ((start, start + 12, ("base", "tuned")), (start + 12, start + 23, ("tuned",))):
            size, fills = 1 / price.iloc[first], (price.iloc[first], price.iloc[last])
            for book in books:
                pnl = size * (fills[1] - fills[0])
                rows[book].append(("X", "long", days[first], days[last], size, *fills, pnl))
                held[book][first + 1 : last + 1] = size
    moves = price.diff().fillna(0.0)
    blotters = [pd.DataFrame(rows[book], columns=[*FILLED, "pnl"]) for book in ("base", "tuned")]
    return [moves * held[book] for book in ("base", "tuned")], blotters, market, days[1260]


def test_a_known_market_covers_what_it_gave_to_new_trades():
    from auditor import audit

    (base, tuned), (base_trades, tuned_trades), market, split = market_timer(1)
    options = {"oos_start": split, "base_trades": base_trades, "tuned_trades": tuned_trades, "reps": 499}
    without = audit(base, tuned, **options)
    assert without.attribution.new_p < 0.05
    assert any("new part is long for" in text for text in without.warnings)
    known = market.to_frame("market")
    with_it = audit(base, tuned, **options, known=known)
    assert with_it.attribution.new_p is None or with_it.attribution.new_p > 0.2
    assert "market" in with_it.coverage.streams
    library = audit(base, tuned, **options, library=known).attribution.library
    assert library.ingredients[0].name == "market, as the new trades held it"
    assert library.variance_share > 0.9


def test_what_leaves_the_new_part_open_makes_it_presumed():
    from auditor import audit

    one = Desk(11, years=5, instruments=12)
    tuned = one.with_book(2.5)
    series = [pd.Series(one.returns(trades), one.dates) for trades in (one.base, tuned)]
    base_trades, tuned_trades = one.blotter(one.base), one.blotter(tuned)
    renamed = tuned_trades.assign(instrument="x" + tuned_trades["instrument"])
    tagged = tuned_trades.assign(setup="x" + tuned_trades["setup"].astype(str))
    for told, book, options in (
        (None, tuned_trades, {}),
        ("--reconcile off", tuned_trades, {"reconcile": "off"}),
        ("No instrument is in both", renamed, {}),
        ("No value of 'setup' is in both", tagged, {"opportunity": ("instrument", "side", "setup")}),
    ):
        result = audit(
            *series, oos_start=one.dates[one.split], base_trades=base_trades, tuned_trades=book, reps=499, **options
        )
        assert (result.label, result.standing) == ("new_edge", "presumed" if told else "shown")
        assert told is None or any(told in text for text in result.warnings)


def test_options_of_what_is_not_given_are_refused():
    from auditor import audit

    base, tuned, base_trades, tuned_trades = frames()
    split = {"oos_start": base.index[len(base) // 2], "reps": 99}
    for option, value in (("position_lag", 7), ("reconcile", "off"), ("tolerance", 1), ("capital", 1e6)):
        with pytest.raises(InputError, match=f"--{option.replace('_', '-')} says how .* are read, and none were given"):
            audit(base, tuned, **split, **{option: value})
    with pytest.raises(InputError, match="--position-lag says how positions are read, and trades were given"):
        run(base, tuned, base_trades, tuned_trades, position_lag=7)
    weights = pd.DataFrame({"a": 1.0, "b": 0.5}, base.index)
    held = {"base_positions": weights, "tuned_positions": weights, "instrument_returns": weights * 0.01}
    for option, value in (("pnl", "gross"), ("tolerance", 1), ("compounding", True), ("opportunity", "tag")):
        with pytest.raises(InputError, match=f"--{option} says how trades are read, and positions were given"):
            audit(base, tuned, **held, **split, **{option: value})


def test_the_same_bets_under_another_name_are_told():
    base, _, base_trades, _ = frames()
    copy = base_trades.assign(
        instrument="fund of " + base_trades["instrument"], trade_id=base_trades["trade_id"] + 10**6
    )
    tuned_trades = pd.concat([base_trades.head(400), copy.tail(len(copy) - 400)])
    result = run(base, base * 1.0000001 + 1e-9, base_trades, tuned_trades)
    assert any("the same bet under another name" in text for text in result.warnings)


def test_trades_that_only_cancel_others_are_told():
    one = desk()
    base_trades = one.blotter(one.base)
    losing = base_trades[base_trades["setup"].astype(int) % 2 == 1]
    against = losing.assign(
        side=np.where(losing["side"] == "long", "short", "long"),
        pnl=-losing["pnl"],
        trade_id=losing["trade_id"] + 10**6,
    )
    # the desk's factor is no instrument, so that the opposite side here cancels each trade's P&L and its mark
    kept = one.base[one.base["setup"] % 2 == 0]
    series = [pd.Series(one.returns(trades), one.dates) for trades in (one.base, kept)]
    result = run(*series, base_trades, pd.concat([base_trades, against]))
    assert any("only cancel another trade" in text for text in result.warnings)
    assert result.label != "new_edge"
    assert result.attribution.new_p is None
    # nor a little shorter, and so never at another trade's very times
    short = against.assign(exit_time=against["entry_time"] + 0.9 * (against["exit_time"] - against["entry_time"]))
    result = run(*series, base_trades, pd.concat([base_trades, short]))
    assert not any("only cancel another trade" in text for text in result.warnings)
    assert any("holds the other side of the same instrument" in text for text in result.warnings)
    assert result.label != "new_edge"
    assert "a smaller size, net" in result.attribution.out_of_sample.new_reason


def test_a_blotter_without_sides_beside_one_with_shorts_is_refused():
    base, tuned, base_trades, tuned_trades = frames()
    with pytest.raises(InputError, match=r"no side column.*short ones"):
        run(base, tuned, base_trades, tuned_trades.drop(columns="side"))


def test_the_capital_that_fits_is_named():
    base, tuned, base_trades, tuned_trades = frames()
    dollars = [trades.assign(pnl=trades["pnl"] * 1e6) for trades in (base_trades, tuned_trades)]
    with pytest.raises(InputError, match=r"imply a capital of about (1,0\d\d,\d{3}|9\d\d,\d{3}), not 3,000,000"):
        run(base, tuned, *dollars, capital=3e6)


@pytest.mark.parametrize("option", [{"tolerance": 3}, {"capital": 5.0}, {"compounding": True}, {"pnl": "net"}])
def test_options_for_trades_without_trades_are_refused(option):
    base, tuned, _, _ = frames()
    with pytest.raises(InputError, match="none were given"):
        run(base, tuned, None, None, **option)


@pytest.mark.parametrize(("won", "p"), [((0.03, 0.03), 0.25), ((0.03, 0.02, 0.01), 0.125), ((0.03,) * 3, 0.125)])
def test_trades_that_won_by_chance_are_no_more_than_coins(won, p):
    base, _, base_trades, _ = frames()
    tuned, rows = base.copy(), []
    for at, pnl in zip(desk().split + 40 * (1 + np.arange(len(won))), won, strict=True):
        tuned.iloc[at] += pnl
        day, before = base.index[at], base.index[at - 1]
        rows.append({"instrument": "other", "side": "long", "entry_time": before, "exit_time": day, "pnl": pnl})
    more = pd.DataFrame(rows).reindex(columns=base_trades.columns)
    more["quantity"] = 1.0
    result = run(base, tuned, base_trades, pd.concat([base_trades, more]))
    assert result.attribution.new_p == p
    assert result.sharpe.out_of_sample.p_value > 0.1
    assert result.finding in ("no_gain", "unproven")
    assert any(f"the new part (p = {p:.3f})" in text for text in result.warnings)
