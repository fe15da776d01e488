"""Exports of other programs, in the shapes that they have, are recognised and read; net and gross are never guessed."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import time
import zipfile
from collections import deque
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.inputs import engines_json
from auditor.inputs.engines_fills import round_trips
from auditor.inputs.trades import Trades, read_trades


def write(folder: Path, content: str | bytes, name: str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(source: object, **options: object) -> str:
    """Return the message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        read_trades(source, role="base trades", **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.strip().endswith((".", "?", ")."))
    return message


def said(trades: Trades, words: str) -> bool:
    return any(words in line for line in (*trades.notes, *trades.warnings))


def ns(moment: str) -> int:
    return pd.Timestamp(moment).value


# ---- backtesting.py


def test_a_symbol_column_beside_backtesting_py_names_the_instrument(tmp_path):
    header, one, two = BACKTESTING.splitlines()
    path = write(tmp_path, f"{header},Symbol\n{one},SPX\n{two},IXIC\n", "both.csv")
    trades = read_trades(path, role="base trades")
    assert sorted(trades.instruments) == ["IXIC", "SPX"]
    assert trades.recognised == "backtesting.py trades"
    assert not trades.warnings


BACKTESTING = """\
Size,EntryBar,ExitBar,EntryPrice,ExitPrice,SL,TP,PnL,Commission,ReturnPct,EntryTime,ExitTime,Duration,Tag,Entry_SMA
10,1,4,100.0,105.0,,,47.95,2.05,0.048,2020-01-02,2020-01-07,5 days,up,99.5
-5,4,6,105.0,104.0,,,3.955,1.045,0.0075,2020-01-07,2020-01-09,2 days,down,100.1
"""


def test_backtesting(tmp_path):
    found = read_trades(write(tmp_path, BACKTESTING, "t.csv"), role="base")
    assert found.recognised == "backtesting.py trades"
    assert found.side.tolist() == [1, -1]
    assert found.quantity.tolist() == [10, 5]
    assert found.pnl.tolist() == [47.95, 3.955]
    assert found.fees.tolist() == [2.05, 1.045]
    assert found.exit.tolist() == [ns("2020-01-07"), ns("2020-01-09")]
    assert found.tags["Tag"].tolist() == ["up", "down"]
    assert said(found, "PnL is net of Commission")
    assert said(found, "taken as the same in every blotter without one")


def test_two_blotters_without_names_share_their_instrument(tmp_path):
    # named after their files, the tuned policy's trades would all be of an instrument that the base never held
    one = read_trades(write(tmp_path, BACKTESTING, "base.csv"), role="base")
    other = read_trades(write(tmp_path, BACKTESTING, "tuned.csv"), role="tuned")
    assert one.instruments == other.instruments
    named = read_trades(tmp_path / "base.csv", role="base", instrument="SPY")
    assert named.instruments == ("SPY",)
    assert not said(named, "taken as the same")


def test_backtesting_is_net(tmp_path):
    path = write(tmp_path, BACKTESTING, "t.csv")
    assert read_trades(path, role="base", pnl="net").pnl.tolist() == [47.95, 3.955]
    assert "in backtesting.py trades PnL is net of Commission" in refusal(path, pnl="gross")


def test_backtesting_buys_twice_in_one_bar(tmp_path):
    text = BACKTESTING + BACKTESTING.splitlines()[1] + "\n"
    assert said(read_trades(write(tmp_path, text, "t.csv"), role="base"), "1 trade stands twice")


def test_an_older_export_without_commission(tmp_path):
    table = pd.read_csv(io.StringIO(BACKTESTING)).drop(columns="Commission")
    found = read_trades(table, role="base")
    assert found.recognised == "backtesting.py trades"
    assert found.fees.tolist() == [0, 0]


def test_bars_without_dates(tmp_path):
    table = pd.read_csv(io.StringIO(BACKTESTING)).assign(EntryTime=[1, 4], ExitTime=[4, 6])
    assert "row numbers" in refusal(table)


# ---- vectorbt

VECTORBT = """\
Exit Trade Id,Column,Size,Entry Timestamp,Avg Entry Price,Entry Fees,Exit Timestamp,Avg Exit Price,Exit Fees,PnL,Return,Direction,Status,Position Id
0,SPY,10.0,2020-01-02,100.0,1.0,2020-01-07,105.0,1.05,47.95,0.047,Long,Closed,0
1,SPY,5.0,2020-01-08,105.0,0.525,2020-01-10,104.0,0.0,4.475,0.008,Short,Open,1
2,QQQ,5.0,2020-01-08,105.0,0.525,2020-01-10,104.0,0.0,4.475,0.008,Short,Open,2
"""  # noqa: E501


def test_vectorbt(tmp_path):
    found = read_trades(write(tmp_path, VECTORBT, "t.csv"), role="base")
    assert found.recognised == "vectorbt trades"
    assert found.instruments == ("QQQ", "SPY")
    assert found.side.tolist() == [1, -1, -1]
    assert found.fees.tolist() == [2.05, 0.525, 0.525]
    assert found.pnl.tolist() == [47.95, 4.475, 4.475]
    assert found.is_open.tolist() == [False, True, True]
    assert said(found, "2 trades still open")
    assert said(found, "PnL is net of Entry Fees and Exit Fees")


def test_vectorbt_ids_tell_trades_apart(tmp_path):
    rows = VECTORBT.splitlines()
    twin = write(tmp_path, "\n".join([*rows, rows[1].replace("0,SPY", "3,SPY", 1)]), "t.csv")
    assert len(read_trades(twin, role="base").pnl) == 4
    copied = write(tmp_path, "\n".join([*rows, rows[1]]), "c.csv")
    assert "1 trade stands twice" in refusal(copied)


def test_vectorbt_column_renamed(tmp_path):
    text = "\n".join(VECTORBT.splitlines()[:3]).replace("SPY", "0")
    found = read_trades(write(tmp_path, text, "t.csv"), role="base", instrument="SPY")
    assert found.instruments == ("SPY",)
    assert said(found, "instrument '0' named 'SPY'")


# ---- pyfolio round trips


@pytest.mark.parametrize("long", [[True, False], ["True", "False"], [1, 0]])
def test_pyfolio_round_trips(long):
    table = pd.DataFrame({
        "pnl": [50.0, -20.0], "open_dt": pd.to_datetime(["2020-01-02", "2020-01-03"], utc=True),
        "close_dt": pd.to_datetime(["2020-01-07", "2020-01-08"], utc=True), "long": long,
        "rt_returns": [0.01, -0.02], "symbol": ["SPY", "QQQ"],
        "duration": pd.to_timedelta(["5 days", "5 days"]),
    })  # fmt: skip
    found = read_trades(table, role="base")
    assert found.recognised == "pyfolio round trips"
    assert found.side.tolist() == [1, -1]
    assert found.pnl.tolist() == [50, -20]
    assert found.aware
    for words in ("pnl is gross", "no fees are given", "one unit", "pyfolio round trips"):
        assert said(found, words)
    assert "in pyfolio round trips pnl is gross" in refusal(table, pnl="net")


# ---- NautilusTrader

NAUTILUS = pd.DataFrame({
    "trader_id": "T-1", "strategy_id": "S-1", "instrument_id": ["AUD/USD.SIM", "AUD/USD.SIM"],
    "opening_order_id": ["O-1", "O-3"], "closing_order_id": ["O-2", "O-4"], "entry": ["BUY", "SELL"],
    "side": ["FLAT", "FLAT"], "quantity": ["0", "0"], "peak_qty": ["100000", "50000"],
    "ts_opened": pd.to_datetime(["2020-01-02 10:00", "2020-01-03 11:30"], utc=True),
    "ts_closed": pd.to_datetime(["2020-01-02 12:00", "2020-01-06 09:00"], utc=True),
    "avg_px_open": [0.7, 0.71], "avg_px_close": [0.699, 0.705], "realized_return": [-0.0014, 0.007],
    "realized_pnl": ["-112.29 USD", "245.10 USD"], "commissions": [["12.29 USD"], ["4.90 USD"]],
}, index=pd.Index(["P-1", "P-2"], name="position_id"))  # fmt: skip


def test_nautilus(tmp_path):
    NAUTILUS.to_csv(tmp_path / "n.csv")
    for source in (NAUTILUS, tmp_path / "n.csv"):
        found = read_trades(source, role="base")
        assert found.recognised == "NautilusTrader positions"
        assert found.instruments == ("AUD/USD.SIM",)
        assert found.side.tolist() == [1, -1]
        assert found.quantity.tolist() == [100_000, 50_000]
        assert found.pnl.tolist() == [-112.29, 245.10]
        assert found.fees.tolist() == [12.29, 4.9]
        assert said(found, "realized_pnl is net of commissions")


def test_nautilus_currencies():
    mixed = NAUTILUS.assign(realized_pnl=["-112.29 USD", "245 JPY"])
    assert "is in 2 currencies (JPY, USD; first change row 1)" in refusal(mixed)
    foreign = NAUTILUS.assign(commissions=[["12 AUD"], ["4.90 USD"]])
    found = read_trades(foreign, role="base")
    assert found.fees.tolist() == [0, 0]
    assert said(found, "commissions of 1 positions are in another currency")
    assert "has text" in refusal(NAUTILUS.assign(realized_pnl=["many USD", "245 USD"]))


def test_nautilus_left_open():
    table = NAUTILUS.assign(ts_closed=[NAUTILUS["ts_closed"].iloc[0], pd.NaT])
    message = refusal(table)
    assert "1 trades have no time of exit in 'ts_closed' (first row 1)" in message
    assert "Close all positions at the end" in message


# ---- freqtrade

TRADE = {
    "pair": "BTC/USDT", "stake_amount": 1000.0, "amount": 0.1, "open_date": "2021-01-01 00:05:00+00:00",
    "close_date": "2021-01-02 00:05:00+00:00", "open_rate": 10000.0, "close_rate": 10100.0, "fee_open": 0.001,
    "fee_close": 0.001, "trade_duration": 1440, "profit_ratio": 0.008, "profit_abs": 7.99, "exit_reason": "roi",
    "is_open": False, "enter_tag": "dip", "leverage": 1.0, "is_short": False, "open_timestamp": 1609459500000,
    "orders": [{"amount": 0.1, "safe_price": 10000.0}],
}  # fmt: skip
SHORT = {**TRADE, "pair": "ETH/USDT", "is_short": True, "profit_abs": -11.99}


def freqtrade(**strategies: object) -> str:
    body = {name: {"trades": trades, "total_profit": 1} for name, trades in strategies.items()}
    return json.dumps({"strategy": body, "metadata": {}, "strategy_comparison": []})


def zipped(*members: tuple[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def test_freqtrade(tmp_path):
    text = freqtrade(Dip=[TRADE, SHORT])
    sources = [
        write(tmp_path, text, "b.json"),
        write(tmp_path, gzip.compress(text.encode()), "b.json.gz"),
        write(
            tmp_path,
            zipped(("r_config.json", '{"strategy": {}}'), ("r.json", text), ("r_Dip.py", "import os")),
            "b.zip",
        ),
    ]
    for source in sources:
        found = read_trades(source, role="base")
        assert found.recognised == "freqtrade trades"
        assert found.instruments == ("BTC/USDT", "ETH/USDT")
        assert found.side.tolist() == [1, -1]
        assert found.quantity.tolist() == [0.1, 0.1]
        assert found.pnl.tolist() == [7.99, -11.99]
        np.testing.assert_allclose(found.fees, [2.01, 2.01], rtol=1e-14)
        assert found.entry[0] == ns("2021-01-01 00:05")
        assert found.aware
        assert found.tags["enter_tag"].tolist() == ["dip", "dip"]
        assert "orders" not in found.tags
        assert said(found, "profit_abs is net of fees")


def test_freqtrade_before_short_trades(tmp_path):
    old = {key: value for key, value in TRADE.items() if key != "is_short"}
    found = read_trades(write(tmp_path, freqtrade(Dip=[old]), "b.json"), role="base")
    assert found.side.tolist() == [1]
    assert said(found, "no is_short column")
    mixed = read_trades(write(tmp_path, freqtrade(Dip=[old, SHORT]), "m.json"), role="base")
    assert mixed.side.tolist() == [1, -1]


def test_freqtrade_as_a_table(tmp_path):
    table = pd.DataFrame([TRADE, SHORT]).drop(columns="orders")
    table.to_csv(tmp_path / "t.csv", index=False)
    assert read_trades(tmp_path / "t.csv", role="base").pnl.tolist() == [7.99, -11.99]


def test_several_strategies(tmp_path):
    path = write(tmp_path, freqtrade(Dip=[TRADE], Top=[SHORT]), "b.json")
    assert "holds 2 strategies (Dip, Top). Say which: b.json:STRATEGY" in refusal(path)
    assert read_trades(f"{path}:Top", role="base").pnl.tolist() == [-11.99]
    assert "no strategy 'Tip'. There are Dip, Top" in refusal(f"{path}:Tip")
    packed = write(tmp_path, zipped(("b.json", path.read_text())), "b.zip")
    assert read_trades(f"{packed}:Dip", role="base").pnl.tolist() == [7.99]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xff", "is not UTF-8"),
        ("3", "holds no trades that are known"),
        ("{}", "holds no trades that are known"),
        ('{"strategy": {}}', "holds no strategy"),
        ('{"strategy": {"A": 3}}', "no list of trades"),
        ('{"strategy": {"A": {"trades": []}}}', "has no trades"),
        ('{"strategy": {"A": {"trades": [3]}}}', "trade 1 is 3, not an object"),
        ('{"closedTrades": []}', "has no trades"),
        ("[" + "9" * 5000 + "]", "is not JSON"),
        ('[{"a": "\\ud800", "b": 1}]', "."),
    ],
)
def test_bad_json(tmp_path, content, words):
    assert words in refusal(write(tmp_path, content, "b.json"))


def test_open_trades_of_freqtrade(tmp_path):
    still = {**TRADE, "close_date": None, "close_rate": None, "is_open": True}
    path = write(tmp_path, freqtrade(Dip=[TRADE, still]), "b.json")
    assert "1 trades have no time of exit in 'close_date' (first trade 2)" in refusal(path)


def test_names_in_a_zip_are_shown_shortened(tmp_path):
    long = "x" * 9000 + ".json"
    words = refusal(write(tmp_path, zipped((long, "{")), "a.zip"))
    assert words.startswith(f"a.zip/{'x' * 200}...")
    assert len(words) < 500
    # the name before the file's own bytes is not that of the directory at the end, and zipfile quotes both
    data = zipped((long, "{}"))
    other = write(tmp_path, data.replace(b"x" * 9000, b"y" * 9000, 1), "b.zip")
    words = refusal(other)
    assert words.startswith("b.zip: cannot be read as a zip file (File name in directory 'xxx")
    assert words.endswith("...).")
    assert len(words) < 500


def test_bad_zips(tmp_path, monkeypatch):
    text = freqtrade(Dip=[TRADE])
    assert "cannot be read as a zip file" in refusal(write(tmp_path, "no zip", "a.zip"))
    assert "no backtest of freqtrade" in refusal(write(tmp_path, zipped(("a.txt", "x")), "b.zip"))
    assert "holds 2 backtests (x.json, y.json)" in refusal(
        write(tmp_path, zipped(("x.json", text), ("y.json", text)), "c.zip")
    )
    whole = zipped(("x.json", text))
    assert "." in refusal(write(tmp_path, whole[: len(whole) // 2], "d.zip"))
    broken = bytearray(whole)
    broken[60:80] = b"\0" * 20
    assert "." in refusal(write(tmp_path, bytes(broken), "e.zip"))
    many = zipped(*((f"{place}.txt", "x") for place in range(1200)))
    assert "holds 1200 files" in refusal(write(tmp_path, many, "f.zip"))
    monkeypatch.setattr(engines_json, "LARGEST_FILE", 100_000)
    bomb = write(tmp_path, zipped(("x.json", " " * 2_000_000 + text)), "g.zip")
    assert bomb.stat().st_size < 10_000
    assert "unpacks to more than" in refusal(bomb)
    assert "unpacks to more than" in refusal(write(tmp_path, gzip.compress(b" " * 200_000), "g.json.gz"))
    assert not list(tmp_path.glob("x*"))  # nothing was unpacked to disk


# ---- QuantConnect LEAN

LEAN = [
    {"symbol": {"value": "SPY", "id": "SPY R735QTJ8XC9X", "permtick": "SPY"}, "entryTime": "2020-01-02T14:31:00Z",
     "entryPrice": 320.0, "direction": 0, "quantity": 10.0, "exitTime": "2020-01-07T20:00:00Z", "exitPrice": 325.0,
     "profitLoss": 50.0, "totalFees": 2.0, "mae": -3.0, "mfe": 60.0, "duration": "5.05:29:00", "isWin": True},
    {"symbol": {"value": "QQQ", "id": "QQQ RIWIV7K5Z9LX", "permtick": "QQQ"}, "entryTime": "2020-01-03T14:31:00Z",
     "entryPrice": 210.0, "direction": 1, "quantity": 5.0, "exitTime": "2020-01-07T20:00:00Z", "exitPrice": 212.0,
     "profitLoss": -10.0, "totalFees": 1.0, "mae": -3.0, "mfe": 60.0, "duration": "4.05:29:00", "isWin": False},
]  # fmt: skip


def pascal(trade: dict[str, object]) -> dict[str, object]:
    out = {key[0].upper() + key[1:]: value for key, value in trade.items()}
    out.update({key: str(value) for key, value in out.items() if isinstance(value, float)})
    out["Symbol"] = {"Value": trade["symbol"]["value"], "ID": trade["symbol"]["id"]}  # type: ignore[index]
    return out


@pytest.mark.parametrize(
    "content",
    [
        {"totalPerformance": {"closedTrades": LEAN}, "rollingWindow": {}},
        {"TotalPerformance": {"TradeStatistics": {}, "ClosedTrades": [pascal(trade) for trade in LEAN]}},
        {"closedTrades": LEAN},
        LEAN,
        [{**trade, "symbols": [trade["symbol"]], "symbol": trade["symbol"]} for trade in LEAN],
        [{**{key: value for key, value in trade.items() if key != "symbol"}, "symbols": [trade["symbol"]]}
         for trade in LEAN],
    ],
    ids=["camel", "pascal", "bare", "list", "both", "symbols"],
)  # fmt: skip
def test_lean(tmp_path, content):
    found = read_trades(write(tmp_path, json.dumps(content), "l.json"), role="base")
    assert found.recognised == "QuantConnect LEAN closed trades"
    assert found.instruments == ("QQQ", "SPY")
    assert found.side.tolist() == [1, -1]  # 1 is short here, as nowhere else
    assert found.pnl.tolist() == [48, -11]
    assert found.fees.tolist() == [2, 1]
    assert found.entry[0] == ns("2020-01-02 14:31")
    assert said(found, "profitLoss is gross of totalFees")
    assert said(found, "fees taken off")


def test_lean_direction_must_be_known(tmp_path):
    path = write(tmp_path, json.dumps([LEAN[0], {**LEAN[1], "direction": 2}]), "l.json")
    assert "no known side in 1 row (first trade 2: '2')" in refusal(path)


# ---- transactions

FILLS = """\
date,amount,price,symbol
2020-01-02,10,100,SPY
2020-01-03,10,102,SPY
2020-01-06,-15,105,SPY
2020-01-07,-10,104,SPY
2020-01-08,5,101,SPY
2020-01-08,3,50,QQQ
"""


def test_fills_first_in_first_out(tmp_path):
    found = read_trades(write(tmp_path, FILLS, "t.csv"), role="base")
    assert found.recognised == "transactions"
    held = [found.instruments[code] for code in found.instrument]
    columns = (held, found.side, found.quantity, found.entry_price, found.exit_price, found.pnl)
    rows = list(zip(*columns, strict=True))  # type: ignore[arg-type]
    assert rows == [
        ("SPY", 1, 10, 100, 105, 50),
        ("SPY", 1, 5, 102, 105, 15),
        ("SPY", 1, 5, 102, 104, 10),  # the sale of 10 closes 5 and opens 5 short
        ("SPY", -1, 5, 104, 101, 15),
        ("QQQ", 1, 3, 50, 50, 0),
    ]
    assert found.is_open.tolist() == [False] * 4 + [True]
    assert found.exit[4] == ns("2020-01-08")
    for words in ("6 fills made 5 round trips, first in, first out", "1 positions left open (first QQQ)",
                  "no commission column", "recognised as transactions"):  # fmt: skip
        assert said(found, words)


def test_marks_and_end(tmp_path):
    path = write(tmp_path, FILLS, "t.csv")
    found = read_trades(path, role="base", marks={"QQQ": 54.0}, end="2020-03-31")
    assert found.pnl[4] == 12
    assert found.exit[4] == ns("2020-03-31")
    assert said(found, "marked at the given marks, at the end of the returns")
    early = read_trades(path, role="base", end="2020-01-01")
    assert early.exit[4] == ns("2020-01-08")
    assert "a mark is given for 'IWM'" in refusal(path, marks={"IWM": 1.0})
    assert "the mark of 'QQQ' is nan, not a price" in refusal(path, marks={"QQQ": float("nan")})
    assert "not a date" in refusal(path, end="later")


def test_commissions_are_shared_by_amount(tmp_path):
    rows = FILLS.splitlines()
    text = "\n".join([rows[0] + ",commission", *(f"{row},{fee}" for row, fee in zip(rows[1:], "123456", strict=True))])
    found = read_trades(write(tmp_path, text, "t.csv"), role="base")
    np.testing.assert_allclose(found.fees, [1 + 3 * 10 / 15, 1 + 1, 1 + 2, 2 + 5, 6], rtol=1e-15)
    np.testing.assert_allclose(found.pnl, [50 - 3, 15 - 2, 10 - 3, 15 - 7, -6], rtol=1e-15)
    assert said(found, "P&L is net of 'commission'")
    assert "transactions have no P&L" in refusal(tmp_path / "t.csv", pnl="gross")


@pytest.mark.parametrize("empty", [None, np.nan, pd.NA, ""])
def test_a_commission_without_any_value_is_none(tmp_path, empty):
    """As pyfolio extracts the fills of zipline."""
    table = pd.read_csv(io.StringIO(FILLS), parse_dates=["date"])
    found = read_trades(table.assign(commission=empty), role="base")
    np.testing.assert_array_equal(found.pnl, read_trades(table, role="base").pnl)
    assert said(found, "base: no value in column 'commission': P&L is that of the fill prices")
    assert "commission" not in found.tags
    table.assign(commission=empty).to_csv(tmp_path / "t.csv", index=False)
    assert said(read_trades(tmp_path / "t.csv", role="base"), "no value in column 'commission'")
    some = table.assign(commission=[1.0, *[np.nan] * (len(table) - 1)])
    with pytest.raises(InputError, match="column 'commission' has missing values in"):
        read_trades(some, role="base")


def test_pyfolio_and_backtrader_transactions(tmp_path):
    table = pd.read_csv(io.StringIO(FILLS), index_col="date", parse_dates=True).tz_localize("UTC")
    expected = read_trades(write(tmp_path, FILLS, "t.csv"), role="base")
    backtrader = table.assign(sid=0, value=-table["amount"] * table["price"])[
        ["amount", "price", "sid", "symbol", "value"]
    ]
    for frame in (table, backtrader, table.rename_axis(index=None), pl.from_pandas(table.reset_index())):
        found = read_trades(frame, role="base")
        assert found.aware
        np.testing.assert_array_equal(found.pnl, expected.pnl)
        np.testing.assert_array_equal(found.entry, expected.entry)


def test_the_end_of_open_positions_on_another_clock(tmp_path):
    path = write(tmp_path, FILLS, "t.csv")
    with pytest.raises(InputError, match="times of the fills have no time zone and the dates of the returns have one"):
        read_trades(path, role="base", end=pd.Timestamp("2020-12-31", tz="UTC"))


def test_sells_as_words(tmp_path):
    rows = FILLS.splitlines()
    text = "\n".join([rows[0] + ",side", *(row.replace(",-", ",") + (",SELL" if "-1" in row[10:] else ",BUY")
                                           for row in rows[1:])])  # fmt: skip
    found = read_trades(write(tmp_path, text, "t.csv"), role="base")
    assert found.pnl.tolist() == [50, 15, 10, 15, 0]
    assert "negative amounts in 'amount' beside a side" in refusal(
        write(tmp_path, text.replace(",15,", ",-15,"), "u.csv")
    )


def test_newest_first(tmp_path):
    rows = FILLS.splitlines()
    found = read_trades(write(tmp_path, "\n".join([rows[0], *rows[:0:-1]]), "t.csv"), role="base")
    assert sorted(found.pnl.tolist()) == [0, 10, 15, 15, 50]
    assert said(found, "the newest fill stands first")


def test_same_fills_are_no_duplicates(tmp_path):
    text = "date,amount,price,symbol\n" + "2020-01-02,5,10,A\n" * 2 + "2020-01-03,-5,11,A\n" * 2
    assert read_trades(write(tmp_path, text, "t.csv"), role="base").pnl.tolist() == [5, 5]


def test_bt_transactions(tmp_path):
    index = pd.MultiIndex.from_tuples(
        [(pd.Timestamp("2020-01-02"), "SPY"), (pd.Timestamp("2020-01-02"), "QQQ"), (pd.Timestamp("2020-01-06"), "SPY")],
        names=["Date", "Security"],
    )
    table = pd.DataFrame({"price": [320.0, 210.0, 325.0], "quantity": [10.0, 5.0, -10.0]}, index=index)
    table.to_csv(tmp_path / "t.csv")
    for source in (table, tmp_path / "t.csv"):
        found = read_trades(source, role="base", marks={"QQQ": 211.0})
        assert found.recognised == "bt transactions"
        assert found.pnl.tolist() == [50, 5]
        assert said(found, "recognised as bt transactions")
    assert "has no name" in refusal(table.rename_axis(index=[None, None]))


def perf() -> pd.DataFrame:
    def fill(day: str, amount: int, price: float, order: str) -> dict[str, object]:
        return {"sid": "SPY", "amount": amount, "dt": pd.Timestamp(day, tz="UTC"), "price": price, "order_id": order,
                "commission": None}  # fmt: skip

    days = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"], utc=True)
    transactions = [[fill("2020-01-02", 6, 100.0, "a"), fill("2020-01-02", 4, 101.0, "a")], [],
                    [fill("2020-01-06", -10, 105.0, "b")]]  # fmt: skip
    orders = [[{"id": "a", "commission": 1.0}, {"id": "a", "commission": 2.0}], [], [{"id": "b", "commission": 3.0}]]
    return pd.DataFrame({"returns": 0.0, "transactions": transactions, "orders": orders}, index=days)


def test_zipline_performance(tmp_path):
    found = read_trades(perf(), role="base")
    assert found.recognised == "transactions"
    np.testing.assert_allclose(found.pnl, [6 * 5 - 1.2 - 1.8, 4 * 4 - 0.8 - 1.2], rtol=1e-14)
    assert found.fees.sum() == pytest.approx(5.0)
    assert "not a list of records" in refusal(perf().assign(transactions="[{...}]"))
    assert "has no transactions" in refusal(perf().assign(transactions=[[], [], []]))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",-15,", ",0,", "1 fills of nothing in 'amount' (first line 4: 0)"),
        (",-15,", ",x,", "column 'amount' has text in 1 row (first line 4: 'x')"),
        (",105,", ",,", "column 'price' has missing values in 1 row (first line 4: '')"),
        ("2020-01-06", "soon", "1 unreadable date (first line 4: 'soon')"),
        ("105,SPY", "105,", "names no instrument in 1 row (first line 4: '')"),
        (",-15,105", ",-1e14,1e14", "P&L above 1e+15"),
    ],
)
def test_bad_fills(tmp_path, old, new, words):
    assert words in refusal(write(tmp_path, FILLS.replace(old, new), "t.csv"))


def test_asked_for_but_not_there(tmp_path):
    path = write(tmp_path, FILLS, "t.csv")
    assert "no column, no size, no entrytimestamp" in refusal(path, kind="vectorbt")
    assert "no date, no symbol" in refusal(write(tmp_path, "a,b\n1,2\n", "u.csv"), kind="transactions")
    assert "by the user or by the format 'transactions', not by both" in refusal(
        path, kind="transactions", columns={"pnl": "price"}
    )
    vectorbt = write(tmp_path, VECTORBT, "v.csv")
    assert "vectorbt trades have P&L of their own" in refusal(vectorbt, marks={"SPY": 1.0})
    ours = read_trades(vectorbt, role="base", kind="columns", columns={"instrument": "Column"}, pnl="gross")
    assert ours.recognised == "contract columns"


# ---- first in, first out, against a plain account of it

FILL = st.tuples(st.integers(0, 2), st.integers(-8, 8).filter(bool), st.integers(1, 50), st.integers(0, 5))


def plain(fills: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Trade single units: (instrument, side, entry price, exit price), one a unit."""
    out, books = [], {}
    for instrument, amount, price, _ in sorted(fills, key=lambda fill: fill[3]):
        book = books.setdefault(instrument, deque())
        side = 1 if amount > 0 else -1
        for _ in range(abs(amount)):
            if book and book[0][0] != side:
                held, paid = book.popleft()
                out.append((instrument, held, paid, price))
            else:
                book.append((side, price))
    last = {instrument: price for instrument, _, price, _ in sorted(fills, key=lambda fill: fill[3])}
    out += [(instrument, side, paid, last[instrument]) for instrument, book in books.items() for side, paid in book]
    return sorted(out)


@settings(max_examples=75, deadline=None)
@given(st.lists(FILL, min_size=1, max_size=25))
def test_fifo_equals_unit_by_unit(fills):
    table = pd.DataFrame({
        "date": pd.Timestamp("2020-01-02") + pd.to_timedelta([fill[3] for fill in fills], unit="D"),
        "symbol": [f"S{fill[0]}" for fill in fills], "amount": [fill[1] for fill in fills],
        "price": [float(fill[2]) for fill in fills], "order": [str(place) for place in range(len(fills))],
    })  # fmt: skip
    if table["date"].is_monotonic_decreasing and table["date"].nunique() > 1:
        table = table[::-1].reset_index(drop=True)  # taken for an export with the newest first
        fills = fills[::-1]
    found = read_trades(table, role="base")
    units = [
        (int(found.instruments[code][1:]), int(side), int(entry), int(leave))
        for code, side, entry, leave, quantity in zip(
            found.instrument, found.side, found.entry_price, found.exit_price, found.quantity, strict=True  # type: ignore[arg-type]
        )
        for _ in range(int(quantity))
    ]  # fmt: skip
    assert sorted(units) == plain(fills)
    bought = -sum(fill[1] * fill[2] for fill in fills)
    last = {fill[0]: fill[2] for fill in sorted(fills, key=lambda fill: fill[3])}
    held = {key: sum(fill[1] for fill in fills if fill[0] == key) for key in last}
    assert found.pnl.sum() == pytest.approx(bought + sum(held[key] * last[key] for key in held))


def test_rounding_leaves_no_dust():
    amount = np.array([0.1, 0.2, -0.3, 0.7, -0.1, -0.6])
    found = round_trips(np.zeros(6, np.int64), amount, np.arange(6))
    assert (found.closed >= 0).all()
    assert found.opened.tolist() == [0, 1, 3, 3]
    np.testing.assert_allclose(found.quantity, [0.1, 0.2, 0.1, 0.6], rtol=1e-12)


def test_fifo_is_linear():
    amount = np.tile([1.0, 1.0, -2.0, 3.0, -3.0], 60_000)
    start = time.process_time()
    found = round_trips(np.arange(300_000) % 7, amount, np.arange(300_000))
    assert found.quantity.sum() > 0
    assert time.process_time() - start < 20  # measured 0.6; a search of all lots would take hours


# ---- any JSON

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TRADE, "strategy", "trades"]), inner),
    max_leaves=8,
)


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, st.sampled_from([*TRADE, "extra"]), st.sampled_from([*LEAN[0], "extra"]))
def test_no_json_breaks_the_reader(tmp_path, value, field, lean_field):
    for content in (
        value, {"strategy": value}, {"strategy": {"A": {"trades": value}}}, {"closedTrades": value},
        {"strategy": {"A": {"trades": [TRADE, {**TRADE, field: value}]}}},
        {"closedTrades": [LEAN[0], {**LEAN[1], lean_field: value}]},
    ):  # fmt: skip
        with contextlib.suppress(InputError):
            read_trades(write(tmp_path, json.dumps(content), "f.json"), role="base")


ODD = st.sampled_from(
    [None, float("nan"), float("inf"), True, "x", "", "1", -1, 0, 10**30, (1, 2), b"x", pd.NaT, {"a": 1}, [1],
     pd.Timestamp("2020-01-02", tz="UTC"), "2020-01-02", "\ud800", "9" * 400]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_cell_breaks_the_reader(data):
    tables = [pd.read_csv(io.StringIO(text)) for text in (BACKTESTING, VECTORBT, FILLS)]
    table = data.draw(st.sampled_from([*tables, NAUTILUS.reset_index(), pd.DataFrame([TRADE, SHORT])])).astype(object)
    column = data.draw(st.integers(0, table.shape[1] - 1))
    table.iat[data.draw(st.integers(0, len(table) - 1)), column] = data.draw(ODD)
    with contextlib.suppress(InputError):
        read_trades(table, role="base")


def test_lean_that_lacks_a_column_is_not_read_as_something_else(tmp_path):
    """Its direction 1 is short, and long in our own columns: the file must not change sides for want of a column."""
    frame = pd.DataFrame(LEAN).assign(symbol=["SPY", "QQQ"]).query("direction == 1")
    assert read_trades(frame, role="base trades").side.tolist() == [-1]
    for column in ("entryPrice", "exitPrice", "symbol"):
        message = refusal(frame.drop(columns=column))
        assert "looks like QuantConnect LEAN closed trades without" in message
        assert column.lower() in message
        assert "rename" in message
    assert "direction" in refusal(frame.rename(columns={"direction": "tirection"}))


def test_freqtrade_that_lacks_a_column_is_not_read_as_something_else():
    """Its short trades would be read as long ones, at a profit computed anew: a renamed open_rate did it."""
    frame = pd.DataFrame(
        {
            "pair": ["BTC/USDT", "ETH/USDT"], "amount": [1.0, 2.0], "open_rate": [100.0, 50.0],
            "close_rate": [90.0, 60.0], "open_date": ["2020-01-02 10:00:00+00:00"] * 2,
            "close_date": ["2020-01-03 10:00:00+00:00"] * 2, "profit_abs": [9.9, 19.8], "is_short": [True, False],
        }
    )  # fmt: skip
    for column in ("open_rate", "close_rate", "amount"):
        message = refusal(frame.rename(columns={column: "renamed"}))
        assert "looks like freqtrade trades without" in message
        assert column.replace("_", "") in message
    assert read_trades(frame, role="base trades").side.tolist() == [-1, 1]


def test_sides_that_the_money_contradicts_are_refused(tmp_path):
    """Without its column of fees the export is nobody's, and the P&L tells that a direction of 1 is no long trade."""
    frame = pd.DataFrame(LEAN).assign(symbol=["SPY", "QQQ"]).query("direction == 1").drop(columns="totalFees")
    message = refusal(frame)
    assert "1 of 1 trades have the P&L of the other side" in message
    assert "exchanged" in message
    assert read_trades(frame.assign(direction="short"), role="base trades").side.tolist() == [-1]
