"""The files that the pages name: a desk whose tuned policy really has new edge, in every form that is read."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

CAPITAL = 1_000_000
DATES = pd.bdate_range("2014-01-02", "2023-12-29", name="date")
NAMES = ("ALPHA", "BRAVO", "CHARLIE")
HELD = 4  # days of each trade


def prices(rng: np.random.Generator) -> np.ndarray:
    """Daily closes of the three instruments, (T, 3), which drift nowhere."""
    return 100 * np.cumprod(1 + 0.012 * rng.standard_t(5, (DATES.size, 3)), axis=0)


def trades(rng: np.random.Generator, closes: np.ndarray, skill: float, share: float) -> pd.DataFrame:
    """Round trips of `HELD` days, on a share of the days, whose side is right a little more often than not."""
    found = []
    for instrument in range(3):
        for day in np.flatnonzero(rng.random(DATES.size - HELD) < share):
            move = closes[day + HELD, instrument] - closes[day, instrument]
            side = int(np.sign(move)) if rng.random() < skill else int(rng.choice((-1, 1)))
            quantity = round(0.05 / closes[day, instrument], 8)
            fees = 0.05 * 0.0001
            found.append(
                {
                    "instrument": NAMES[instrument],
                    "side": "long" if side > 0 else "short",
                    "entry_time": DATES[day],
                    "exit_time": DATES[day + HELD],
                    "quantity": quantity,
                    "pnl": side * quantity * move - fees,
                    "entry_price": closes[day, instrument],
                    "exit_price": closes[day + HELD, instrument],
                    "fees": fees,
                    "signal": ("dip", "turn")[day % 2],
                }
            )
    return pd.DataFrame(found).sort_values(["exit_time", "instrument"], ignore_index=True)


def marked(blotter: pd.DataFrame, closes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return on capital of each day, (T,), and the weight held over it, (T, 3)."""
    held = np.zeros((DATES.size, 3))
    row, column = DATES.get_indexer(blotter["entry_time"]), blotter["instrument"].map(NAMES.index).to_numpy()
    size = blotter["quantity"].to_numpy() * np.where(blotter["side"] == "long", 1, -1)
    for day in range(1, HELD + 1):
        np.add.at(held, (row + day, column), size)
    moves = np.diff(closes, axis=0, prepend=closes[:1])
    paid = np.bincount(row + HELD, weights=blotter["fees"], minlength=DATES.size)
    before = np.vstack([closes[:1], closes[:-1]])
    return (held * moves).sum(axis=1) - paid, held * before


def make(folder: Path) -> None:
    """Write them all."""
    rng = np.random.default_rng(7)
    closes = prices(rng)
    base = trades(rng, closes, skill=0.05, share=0.15)
    fresh = trades(rng, closes, skill=0.25, share=0.15)
    worse = trades(rng, closes, skill=-1.0, share=0.15)
    policies = {"base": base, "tuned": pd.concat([base, fresh]), "worse": pd.concat([base, worse])}
    returns, weights = {}, {}
    for name, blotter in policies.items():
        blotter = blotter.drop_duplicates(["instrument", "entry_time", "side"]).sort_values("exit_time")
        blotter.to_csv(folder / f"{name}_trades.csv", index=False)
        returns[name], weights[name] = marked(blotter, closes)
        pd.Series(returns[name], DATES, name="return").to_csv(folder / f"{name}.csv")
    _returns(folder, returns, rng)
    _held(folder, weights, closes)
    for name in ("base", "tuned"):
        _exports(folder, name, pd.read_csv(folder / f"{name}_trades.csv"))
    for place in ("results", "books/momentum", "books/carry", "variants"):
        (folder / place).mkdir(parents=True)
        for name in ("base.csv", "tuned.csv", "base_trades.csv", "tuned_trades.csv"):
            shutil.copy(folder / name, folder / place / name)
    shutil.rmtree(folder / "variants")
    (folder / "variants").mkdir()
    shutil.copy(folder / "tuned.csv", folder / "variants/v1.csv")
    shutil.copy(folder / "worse.csv", folder / "variants/v2.csv")
    pd.DataFrame({"name": ["v1", "v2"], "base": "base.csv", "tuned": ["tuned.csv", "worse.csv"]}).to_csv(
        folder / "shelf.csv", index=False
    )
    (folder / "shelf.toml").write_text("oos_start = 2019-01-02\nreps = 199\n")
    _rollouts(folder, returns, rng)


def _returns(folder: Path, returns: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    noise = rng.standard_t(5, (DATES.size, 4)) * 0.005
    pd.DataFrame(noise[:, :2], DATES, ["market", "rates"]).to_csv(folder / "factors.csv")
    pd.DataFrame(noise[:, :1], DATES, ["market"]).to_csv(folder / "market.csv")
    variants = {f"v{i}": returns["base"] + noise[:, i % 4] * 0.1 for i in range(8)}
    pd.DataFrame({"tuned": returns["tuned"], **variants}, DATES).to_csv(folder / "trials.csv")
    pd.DataFrame({"base": returns["base"], "tuned": returns["tuned"]}, DATES).to_csv(folder / "pairs.csv")
    levels = {name: 100 * np.cumprod(1 + returns[name]) for name in ("base", "tuned")}
    pd.DataFrame(levels, DATES).to_csv(folder / "equity.csv")


def _held(folder: Path, weights: dict[str, np.ndarray], closes: np.ndarray) -> None:
    """Weights at the close before the period that they earn in, and the instruments' returns."""
    for name in ("base", "tuned"):
        later = np.vstack([weights[name][1:], np.zeros((1, 3))])
        pd.DataFrame(later, DATES, NAMES).to_csv(folder / f"{name}_weights.csv")
    moves = np.diff(closes, axis=0, prepend=closes[:1]) / np.vstack([closes[:1], closes[:-1]])
    pd.DataFrame(moves, DATES, NAMES).to_csv(folder / "instruments.csv")


def _rollouts(folder: Path, returns: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    for name in ("base", "tuned"):
        seeds = {f"seed{i}": returns[name] + 0.002 * rng.standard_t(5, DATES.size) for i in range(6)}
        pd.DataFrame(seeds, DATES).to_csv(folder / f"{name}_seeds.csv")
    n = 64
    counts = {"problem": range(n), "n": 16, "c_base": rng.integers(0, 12, n), "c_tuned": rng.integers(4, 17, n)}
    pd.DataFrame(counts).to_csv(folder / "counts.csv", index=False)


def _exports(folder: Path, name: str, blotter: pd.DataFrame) -> None:
    """The same trades as other programs write them, in currency."""
    side = np.where(blotter["side"] == "long", 1, -1)
    size, net, fees = (blotter[one] * CAPITAL for one in ("quantity", "pnl", "fees"))
    entry, exit = blotter["entry_time"], blotter["exit_time"]
    enter, leave, which = blotter["entry_price"], blotter["exit_price"], blotter["instrument"]
    rows = range(len(blotter))
    opened, closed = (  # these programs write offsets
        {style: pd.to_datetime(when).dt.strftime(f"%Y-%m-%d{style}") for style in (" %H:%M:%S+00:00", "T%H:%M:%SZ")}
        for when in (entry, exit)
    )
    tables = {
        "backtesting": {"Size": side * size, "EntryBar": 1, "ExitBar": 2, "EntryPrice": enter, "ExitPrice": leave,
                        "PnL": net, "Commission": fees, "EntryTime": entry, "ExitTime": exit, "Symbol": which},
        "vectorbt": {"Exit Trade Id": rows, "Column": which, "Size": size, "Entry Timestamp": entry,
                     "Avg Entry Price": enter, "Entry Fees": fees / 2, "Exit Timestamp": exit, "Avg Exit Price": leave,
                     "Exit Fees": fees / 2, "PnL": net, "Direction": np.where(side > 0, "Long", "Short"),
                     "Status": "Closed"},
        "pyfolio": {"pnl": net, "open_dt": entry, "close_dt": exit, "long": side > 0, "symbol": which},
        "nautilus": {"instrument_id": which, "entry": np.where(side > 0, "BUY", "SELL"), "side": "FLAT",
                     "peak_qty": size, "ts_opened": opened[" %H:%M:%S+00:00"],
                     "ts_closed": closed[" %H:%M:%S+00:00"], "avg_px_open": enter,
                     "avg_px_close": leave, "realized_pnl": [f"{one!r} USD" for one in net.tolist()],
                     "commissions": [f"['{one:.8f} USD']" for one in fees], "position_id": rows},
    }  # fmt: skip
    for program, table in tables.items():
        pd.DataFrame(table).to_csv(folder / f"{name}_{program}.csv", index=False)
    fills = pd.concat(
        [
            pd.DataFrame({"date": when, "symbol": which, "amount": way * side * size, "price": price, "fee": fees / 2})
            for when, way, price in ((entry, 1, enter), (exit, -1, leave))
        ]
    ).rename(columns={"fee": "commission"})
    fills.sort_values("date", kind="stable").to_csv(folder / f"{name}_transactions.csv", index=False)
    listed = fills.drop(columns="commission").rename(
        columns={"date": "Date", "symbol": "Security", "amount": "quantity"}
    )
    listed.sort_values("Date", kind="stable").to_csv(folder / f"{name}_bt.csv", index=False)
    freqtrade = {"pair": which, "amount": size, "open_date": opened[" %H:%M:%S+00:00"],
                 "close_date": closed[" %H:%M:%S+00:00"], "open_rate": enter, "close_rate": leave,
                 "fee_open": 0.00005, "fee_close": 0.00005, "profit_abs": net, "is_short": side < 0,
                 "trade_id": rows}  # fmt: skip
    content = {"strategy": {name: {"trades": json.loads(pd.DataFrame(freqtrade).to_json(orient="records"))}}}
    with zipfile.ZipFile(folder / f"{name}_freqtrade.zip", "w") as archive:
        archive.writestr("backtest-result.json", json.dumps(content))
    lean = {"symbol": which, "entryTime": opened["T%H:%M:%SZ"], "exitTime": closed["T%H:%M:%SZ"], "entryPrice": enter,
            "exitPrice": leave, "quantity": size, "direction": (side < 0).astype(int), "profitLoss": net + fees,
            "totalFees": fees}  # fmt: skip
    trades = json.loads(pd.DataFrame(lean).to_json(orient="records"))
    days = [[int(day.timestamp()), 1, 1, 1, float(CAPITAL + at)] for at, day in enumerate(DATES)]
    charts = {"Strategy Equity": {"series": {"Equity": {"values": days}}}}
    content = {"totalPerformance": {"closedTrades": trades}, "charts": charts}
    (folder / f"{name}_lean.json").write_text(json.dumps(content))


def zipline_frame(folder: Path, name: str) -> pd.DataFrame:
    """A performance frame as zipline's run_algorithm returns it, with each day's fills and orders in lists."""
    fills = pd.read_csv(folder / f"{name}_transactions.csv", parse_dates=["date"])
    returns = pd.read_csv(folder / f"{name}.csv", index_col="date", parse_dates=True)["return"]
    transactions: list[list[dict]] = [[] for _ in DATES]
    orders: list[list[dict]] = [[] for _ in DATES]
    for number, one in enumerate(fills.itertuples()):
        at = DATES.get_loc(one.date)
        fill = {"sid": one.symbol, "amount": one.amount, "price": one.price, "dt": one.date, "order_id": number}
        transactions[at].append(fill | {"commission": None})
        orders[at].append({"id": number, "commission": one.commission})
    return pd.DataFrame({"pnl": CAPITAL * returns.to_numpy(), "transactions": transactions, "orders": orders}, DATES)
