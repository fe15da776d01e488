"""An engine's name comes in; what its recipe takes for given goes out, and what the recipe wrote is audited."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from auditor import audit

SPLIT = "2013-01-02"


def closes() -> pd.DataFrame:
    """Two indices, 2008 to 2018, which arch carries."""
    found = {}
    for symbol, name in (("SPX", "sp500"), ("IXIC", "nasdaq")):
        with (files("arch.data") / name / f"{name}.csv.gz").open("rb") as file:
            frame = pd.read_csv(file, compression="gzip")
        frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("Date"), format="%m/%d/%Y"), name="Date")
        found[symbol] = frame[["Open", "High", "Low", "Close", "Volume"]].astype(float)["2008":]
    return pd.concat(found, axis=1).dropna()


def crossed(close: pd.Series) -> pd.Series:
    """1 above the slow mean, -1 below, 0 before there is one."""
    return np.sign(close.rolling(10).mean() - close.rolling(50).mean()).fillna(0.0)


def market(module: str) -> dict[str, object]:
    """Names that the recipe of an engine takes for given: prices, and a strategy of fixed sizes."""
    both = closes()
    engine = import_module(module)
    only = both.xs("Close", axis=1, level=1)
    if module == "backtesting":
        spx = both["SPX"]

        class Strategy(engine.Strategy):
            def init(self):
                self.signal = self.I(lambda: crossed(spx["Close"]).to_numpy())

            def next(self):
                if self.signal[-1] > 0 and not self.position.is_long:
                    self.position.close()
                    self.buy(size=200)
                elif self.signal[-1] < 0 and not self.position.is_short:
                    self.position.close()
                    self.sell(size=200)

        return {"prices": spx, "Strategy": Strategy}
    if module == "vectorbt":
        return {"closes": only, "orders": only.apply(crossed).diff().fillna(0.0) * [200.0, 100.0]}
    if module == "bt":
        weights = only.apply(crossed).clip(lower=0.0) * 0.5
        algos = [engine.algos.WeighTarget(weights), engine.algos.Rebalance()]
        return {"closes": only, "strategy": engine.Strategy("cross", algos)}
    assert module == "backtrader"

    class Cross(engine.Strategy):
        def __init__(self):
            self.means = [(engine.ind.SMA(data, period=10), engine.ind.SMA(data, period=50)) for data in self.datas]

        def next(self):
            for data, (fast, slow) in zip(self.datas, self.means, strict=True):
                ends = len(data) >= data.buflen() - 2
                self.order_target_size(data, target=0 if ends else 100 if fast[0] > slow[0] else -50)

    cerebro = engine.Cerebro()
    for symbol in ("SPX", "IXIC"):
        cerebro.adddata(engine.feeds.PandasData(dataname=both[symbol]), name=symbol)
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(1_000_000)
    cerebro.broker.setcommission(commission=0.001)
    return {"cerebro": cerebro}


def read_what_was_written(module: str, folder: Path) -> None:
    """Audit the recipe's policy against itself: its trades are recognised, and add up to its returns."""
    if module == "bt":
        prices, weights, returns = (
            str(folder / f"{one}.csv") for one in ("base_prices", "base_weights", "instruments")
        )
        found = audit(
            prices, prices, oos_start=SPLIT, kind="prices", base_positions=weights, tuned_positions=weights,
            instrument_returns=returns,
        )  # fmt: skip
        gaps = [one.month_gap for one in found.coverage.positions.reconciliation]
        assert max(gaps) < 0.02, gaps
    else:
        (trades,) = (str(one) for one in folder.glob("base_*.csv"))
        base = str(folder / "base.csv")
        found = audit(base, base, oos_start=SPLIT, base_trades=trades, tuned_trades=trades, capital=1_000_000)
        recognised = {one.column for one in found.inputs if one.role == "base trades"}
        assert recognised <= {"backtesting.py trades", "vectorbt trades", "transactions"}
        gaps = [one.gap for one in found.coverage.trades.reconciliation]
        assert max(gaps) < 0.01, gaps
    assert found.finding == "no_gain"
