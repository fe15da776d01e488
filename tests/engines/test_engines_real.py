"""The engines themselves trade real prices; what they export is read, and its P&L is their own equity change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from auditor.inputs.trades import Trades, check_calendar, read_trades

pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("ignore")]

EXACT = 1e-8  # of the equity change: both sides add the same amounts in another order


def by_file_and_frame(frame: pd.DataFrame, folder, *, index: bool, **options: object) -> Trades:
    """Read a frame as it is, as CSV and as Parquet; all must agree to the last bit."""
    found = read_trades(frame, role="base", **options)  # type: ignore[arg-type]
    frame.to_csv(folder / "t.csv", index=index)
    flat = frame.reset_index() if index else frame
    flat.astype({c: str for c in flat.columns if flat[c].dtype == object}).to_parquet(folder / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        other = read_trades(folder / name, role="base", **options)  # type: ignore[arg-type]
        for field in ("instrument", "side", "entry", "exit", "quantity", "pnl", "fees", "is_open"):
            np.testing.assert_array_equal(getattr(other, field), getattr(found, field), err_msg=f"{name} {field}")
        assert other.instruments == found.instruments
        assert other.recognised == found.recognised
    return found


def crossed(close: pd.Series, fast: int = 20, slow: int = 100) -> pd.Series:
    """Hold 1 above the slow mean, -1 below, 0 before there is one."""
    return np.sign(close.rolling(fast).mean() - close.rolling(slow).mean()).fillna(0)


@pytest.mark.parametrize("commission", [0.0, 0.001, (1.0, 0.0005)], ids=["free", "rate", "fixed and rate"])
@pytest.mark.parametrize("finalize", [True, False])
def test_backtesting_py(sp500, tmp_path, commission, finalize):
    backtesting = pytest.importorskip("backtesting")

    class Cross(backtesting.Strategy):
        def init(self):
            self.signal = self.I(lambda: crossed(sp500["Close"]).to_numpy(), name="signal")

        def next(self):
            if self.signal[-1] > 0 and not self.position.is_long:
                self.position.close()
                self.buy(size=50, tag="up")
            elif self.signal[-1] < 0 and not self.position.is_short:
                self.position.close()
                self.sell(size=30, tag="down")
            elif self.position.is_long and len(self.data) % 97 == 0:
                self.position.close(portion=0.4)

    stats = backtesting.Backtest(
        sp500, Cross, cash=1_000_000, commission=commission, finalize_trades=finalize
    ).run()  # fmt: skip
    trades = by_file_and_frame(stats._trades, tmp_path, index=False, instrument="SPX")
    equity = stats._equity_curve["Equity"]
    assert trades.recognised == "backtesting.py trades"
    assert trades.instruments == ("SPX",)
    assert len(trades.pnl) > 20
    assert set(trades.side) == {1, -1}
    assert any("net of Commission" in note for note in trades.notes)
    assert check_calendar(trades, equity.index) == ()
    if finalize:
        # of a trade closed in parts the engine pays a fixed fee for its entry once, and exports it with each part
        twice = commission[0] * (len(trades.entry) - len(set(trades.entry))) if isinstance(commission, tuple) else 0.0
        assert trades.pnl.sum() + twice == pytest.approx(equity.iloc[-1] - equity.iloc[0], rel=EXACT)
    gross = trades.side * trades.quantity * (trades.exit_price - trades.entry_price)
    np.testing.assert_allclose(trades.pnl, gross - trades.fees, rtol=0, atol=1e-6)
    assert (trades.fees.sum() == 0) == (commission == 0.0)


@pytest.mark.parametrize("fees", [0.0, 0.001])
def test_vectorbt(closes, tmp_path, fees):
    vectorbt = pytest.importorskip("vectorbt")
    size = closes.apply(crossed).diff().fillna(0) * [50.0, 30.0]
    portfolio = vectorbt.Portfolio.from_orders(
        closes, size=size, fees=fees, init_cash=1_000_000, cash_sharing=True, group_by=True, freq="1D"
    )
    trades = by_file_and_frame(portfolio.trades.records_readable, tmp_path, index=False)
    value = portfolio.value()
    assert trades.recognised == "vectorbt trades"
    assert trades.instruments == ("IXIC", "SPX")
    assert trades.is_open.sum() == 2
    assert any("still open" in warning for warning in trades.warnings)
    assert trades.pnl.sum() == pytest.approx(value.iloc[-1] - 1_000_000, rel=EXACT)
    assert (trades.fees.sum() > 0) == (fees > 0)
    assert check_calendar(trades, closes.index) == ()


@pytest.mark.parametrize("commission", [0.0, 0.001])
def test_backtrader(sp500, nasdaq, tmp_path, commission):
    backtrader = pytest.importorskip("backtrader")
    span = slice("2008-01-01", "2012-12-31")

    class Cross(backtrader.Strategy):
        def __init__(self):
            self.means = [
                (backtrader.ind.SMA(data, period=10), backtrader.ind.SMA(data, period=50)) for data in self.datas
            ]

        def next(self):
            for data, (fast, slow) in zip(self.datas, self.means, strict=True):
                self.order_target_size(data, target=40 if fast[0] > slow[0] else -25)

    cerebro = backtrader.Cerebro()
    for name, frame in (("SPX", sp500), ("IXIC", nasdaq)):
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame[span]), name=name)
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(1_000_000)
    cerebro.broker.setcommission(commission=commission)
    cerebro.addanalyzer(backtrader.analyzers.PyFolio, _name="pyfolio")
    (run,) = cerebro.run()
    _returns, _positions, transactions, _ = run.analyzers.pyfolio.get_pf_items()
    marks = {"SPX": float(sp500[span]["Close"].iloc[-1]), "IXIC": float(nasdaq[span]["Close"].iloc[-1])}
    trades = by_file_and_frame(transactions, tmp_path, index=True, marks=marks)
    change = cerebro.broker.getvalue() - 1_000_000
    paid = commission * (transactions["amount"] * transactions["price"]).abs().sum()
    assert trades.recognised == "transactions"
    assert trades.instruments == ("IXIC", "SPX")
    assert trades.aware
    assert set(trades.side) == {1, -1}  # every order flips through zero
    assert any("no commission column" in warning for warning in trades.warnings)
    assert trades.pnl.sum() - paid == pytest.approx(change, rel=EXACT)
    if commission:
        transactions["commission"] = commission * (transactions["amount"] * transactions["price"]).abs()
        net = by_file_and_frame(transactions, tmp_path, index=True, marks=marks)
        assert net.pnl.sum() == pytest.approx(change, rel=EXACT)
        assert net.fees.sum() == pytest.approx(paid, rel=EXACT)


@pytest.mark.parametrize("integer", [True, False], ids=["whole units", "fractions"])
def test_bt(closes, tmp_path, integer):
    bt = pytest.importorskip("bt")
    closes = closes[:"2017-12-29"]  # long in both
    weights = closes.apply(crossed).clip(lower=0) * 0.5
    strategy = bt.Strategy("cross", [bt.algos.WeighTarget(weights), bt.algos.Rebalance()])
    test = bt.Backtest(strategy, closes, integer_positions=integer, progress_bar=False)
    result = bt.run(test)
    values = test.strategy.values
    marks = closes.iloc[-1].to_dict()
    trades = by_file_and_frame(result.get_transactions(), tmp_path, index=True, marks=marks)
    assert trades.recognised == "bt transactions"
    assert trades.instruments == ("IXIC", "SPX")
    assert len(trades.pnl) > 1000
    assert trades.pnl.sum() == pytest.approx(values.iloc[-1] - values.iloc[0], rel=EXACT)
    unmarked = read_trades(result.get_transactions(), role="base")
    assert any("left open" in warning for warning in unmarked.warnings)
    assert unmarked.exit[unmarked.is_open].max() == unmarked.exit.max()
    kept = read_trades(result.get_transactions(), role="base", marks=marks, end=closes.index[-1])
    assert set(kept.exit[kept.is_open]) == {closes.index[-1].value}
    assert set(np.flatnonzero(unmarked.is_open)) == set(np.flatnonzero(trades.is_open))
