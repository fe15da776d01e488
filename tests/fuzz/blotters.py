"""Round trips whose truth is known come out as every engine's export, whole or damaged; what is read is checked."""

from __future__ import annotations

import io
import json
import zipfile
from collections import deque
from datetime import UTC, datetime
from fractions import Fraction
from random import Random

import numpy as np
import reference
from forge import BYTES, MISSING, NOT_NUMBERS, NS, STYLES, Case, Sheet, damaged, packed, ragged, repeated, with_cell
from hypothesis import strategies as st
from readers import SEEDS, answer, sheet_case

from auditor.inputs.trades import Trades, read_trades

NAMES = ("AAPL", "BTC/USDT", "ES Z4", "\u00c4\u00d6", "NA", "\u05d0\u05d1")


def truth_of(seed: int) -> list[dict]:
    """Round trips, no two alike."""
    random = Random(seed)
    found = []
    for place in range(random.randrange(1, 30)):
        entry = random.randrange(10**9, 2 * 10**9)
        side, quantity = random.choice((1, -1)), random.choice((1.0, 0.5, random.uniform(0.001, 1e6), 1e-8))
        prices = random.uniform(0.01, 5000), random.uniform(0.01, 5000)
        fees = random.uniform(0.0, 5.0)
        found.append(
            {
                "name": random.choice(NAMES),
                "side": side,
                "entry": entry,
                "quantity": quantity,
                "exit": entry + random.choice((0, 60, 86_400, random.randrange(10**7))),
                "open": prices[0],
                "close": prices[1],
                "fees": (fees / 3, fees - fees / 3),
                "id": place,
                "gross": side * quantity * (prices[1] - prices[0]),
            }
        )
    return found


def net(trade: dict) -> float:
    return trade["gross"] - (trade["fees"][0] + trade["fees"][1])


def clock(second: int, zone: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S") + zone


def word(side: int, random: Random) -> str:
    return random.choice(("long", "Long", "buy", "1", "BUY") if side > 0 else ("short", "sell", "-1", "Sell", "SHORT"))


def contract(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    header = (
        "instrument",
        "side",
        "entry_time",
        "exit_time",
        "quantity",
        "pnl",
        "entry_price",
        "exit_price",
        "fees",
        "tag",
    )
    rows = [
        (
            one["name"],
            word(one["side"], random),
            clock(one["entry"], zone),
            clock(one["exit"], zone),
            repr(one["quantity"]),
            repr(net(one)),
            repr(one["open"]),
            repr(one["close"]),
            repr(sum(one["fees"])),
            f"t{one['id'] % 3}",
        )
        for one in trades
    ]
    return Sheet(header, tuple(rows)), "net"


def backtesting(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    header = (
        "Size",
        "EntryBar",
        "ExitBar",
        "EntryPrice",
        "ExitPrice",
        "PnL",
        "Commission",
        "EntryTime",
        "ExitTime",
        "Symbol",
    )
    rows = [
        (
            repr(one["side"] * one["quantity"]),
            "1",
            "2",
            repr(one["open"]),
            repr(one["close"]),
            repr(net(one)),
            repr(sum(one["fees"])),
            clock(one["entry"], zone),
            clock(one["exit"], zone),
            one["name"],
        )
        for one in trades
    ]
    return Sheet(header, tuple(rows)), "net"


def vectorbt(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    header = (
        "Exit Trade Id",
        "Column",
        "Size",
        "Entry Timestamp",
        "Avg Entry Price",
        "Entry Fees",
        "Exit Timestamp",
        "Avg Exit Price",
        "Exit Fees",
        "PnL",
        "Return",
        "Direction",
        "Status",
        "Position Id",
    )
    rows = [
        (
            str(one["id"]),
            one["name"],
            repr(one["quantity"]),
            clock(one["entry"], zone),
            repr(one["open"]),
            repr(one["fees"][0]),
            clock(one["exit"], zone),
            repr(one["close"]),
            repr(one["fees"][1]),
            repr(net(one)),
            "0.1",
            "Long" if one["side"] > 0 else "Short",
            "Closed",
            str(one["id"]),
        )
        for one in trades
    ]
    return Sheet(header, tuple(rows)), "net"


def pyfolio(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    header = ("pnl", "open_dt", "close_dt", "long", "rt_returns", "symbol", "duration")
    rows = [
        (
            repr(one["gross"]),
            clock(one["entry"], zone),
            clock(one["exit"], zone),
            str(one["side"] > 0),
            "0.1",
            one["name"],
            "x",
        )
        for one in trades
    ]
    return Sheet(header, tuple(rows)), "gross"


def nautilus(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    header = (
        "instrument_id",
        "entry",
        "side",
        "peak_qty",
        "ts_opened",
        "ts_closed",
        "avg_px_open",
        "avg_px_close",
        "realized_pnl",
        "commissions",
        "position_id",
    )
    rows = [
        (
            one["name"],
            "BUY" if one["side"] > 0 else "SELL",
            "FLAT",
            repr(one["quantity"]),
            clock(one["entry"], zone),
            clock(one["exit"], zone),
            repr(one["open"]),
            repr(one["close"]),
            f"{net(one)!r} USD",
            f"['{sum(one['fees']):.8f} USD']",
            f"P-{one['id']}",
        )
        for one in trades
    ]
    return Sheet(header, tuple(rows)), "net"


def freqtrade_row(one: dict, zone: str) -> dict:
    return {
        "pair": one["name"],
        "amount": one["quantity"],
        "open_date": clock(one["entry"], zone),
        "close_date": clock(one["exit"], zone),
        "open_rate": one["open"],
        "close_rate": one["close"],
        "fee_open": 0.001,
        "fee_close": 0.001,
        "profit_abs": net(one),
        "is_short": one["side"] < 0,
        "is_open": False,
        "trade_id": one["id"],
        "enter_tag": "e",
    }


def lean_row(one: dict, zone: str) -> dict:
    return {
        "symbol": {"value": one["name"], "id": "x"},
        "entryTime": clock(one["entry"], zone).replace(" ", "T"),
        "entryPrice": one["open"],
        "direction": 0 if one["side"] > 0 else 1,
        "quantity": one["quantity"],
        "exitTime": clock(one["exit"], zone).replace(" ", "T"),
        "exitPrice": one["close"],
        "profitLoss": one["gross"],
        "totalFees": sum(one["fees"]),
        "mae": 0.0,
        "id": str(one["id"]),
    }


def freqtrade(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    rows = [freqtrade_row(one, zone) for one in trades]
    return Sheet(tuple(rows[0]), tuple(tuple(str(cell) for cell in row.values()) for row in rows)), "net"


def lean(trades: list[dict], zone: str, random: Random) -> tuple[Sheet, str]:
    rows = [lean_row(one, zone) | {"symbol": one["name"]} for one in trades]
    return Sheet(tuple(rows[0]), tuple(tuple(str(cell) for cell in row.values()) for row in rows)), "lean"


FORMATS = {
    "contract": contract,
    "backtesting": backtesting,
    "vectorbt": vectorbt,
    "pyfolio": pyfolio,
    "nautilus": nautilus,
    "freqtrade": freqtrade,
    "lean": lean,
}
MONEY = {
    "contract": "pnl",
    "backtesting": "PnL",
    "vectorbt": "PnL",
    "pyfolio": "pnl",
    "nautilus": "realized_pnl",
    "freqtrade": "profit_abs",
    "lean": "profitLoss",
}
NEEDED = {
    "contract": ("instrument", "side", "entry_time", "exit_time", "quantity", "pnl", "fees", "exit_price"),
    "backtesting": ("Size", "EntryTime", "ExitTime", "PnL", "EntryPrice", "Commission", "Symbol"),
    "vectorbt": ("Column", "Size", "Entry Timestamp", "Exit Timestamp", "PnL", "Direction", "Entry Fees"),
    "pyfolio": ("pnl", "open_dt", "close_dt", "long", "symbol"),
    "nautilus": ("instrument_id", "entry", "peak_qty", "ts_opened", "ts_closed", "realized_pnl"),
    "freqtrade": ("pair", "amount", "open_date", "close_date", "open_rate", "profit_abs"),
    "lean": ("symbol", "entryTime", "exitTime", "quantity", "direction", "profitLoss", "totalFees"),
}
TWICE_IS_REFUSED = ("contract", "vectorbt", "nautilus")
NAMELESS = ("", "nan", "None", "null", "NaN", " ")  # for instruments NA is a ticker


@st.composite
def blotter_cases(draw: st.DrawFn, form: str) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    trades = truth_of(seed)
    if form == "freqtrade" and len(trades) < 2:  # one row of True and False alone looks like text
        trades = [*truth_of(seed + 1), trades[0] | {"id": 99}]
    sheet, kind = FORMATS[form](trades, random.choice(("", "", "+00:00", "Z")), random)
    choice = draw(st.sampled_from(("whole", "damaged", "bytes", "bytes")))
    if choice == "whole":
        return sheet_case(style, sheet, "equal", (form, kind, trades))
    if choice == "bytes":
        case = sheet_case(style, sheet, "sane", form)
        return Case(case.name, damaged(case.data, draw(BYTES)), "sane", form)
    what = random.choice(("missing", "text", "ragged", "repeat", "backwards"))
    row = random.randrange(len(sheet.rows))
    if what == "ragged":
        return sheet_case(style, ragged(sheet, random), "refuse", None, what)
    if what == "repeat":
        must = "refuse" if form in TWICE_IS_REFUSED else "sane"
        return sheet_case(style, repeated(sheet, random), must, form, what)
    at = {name: place for place, name in enumerate(sheet.header)}
    if what == "backwards":
        opened, closed = (
            at[name] for name in NEEDED[form] if "ime" in name or "date" in name or "_dt" in name or "ts_" in name
        )
        return sheet_case(
            style,
            with_cell(sheet, row, closed, "1999-01-01 00:00:00" + sheet.rows[row][opened][19:]),
            "refuse",
            None,
            what,
        )
    name = random.choice(NEEDED[form])
    words = (
        NAMELESS
        if sheet.header[at[name]] in ("instrument", "Symbol", "Column", "symbol", "instrument_id", "pair")
        else (MISSING if what == "missing" else NOT_NUMBERS)
    )
    text = random.choice(words)
    if name in ("Direction", "direction", "side", "entry", "long") and text == "-":
        text = ""
    if text == "True" and name == "long":
        text = "maybe"
    return sheet_case(style, with_cell(sheet, row, at[name], text), "refuse", None, f"{text!r} in {name}")


def check_blotter(case: Case) -> None:
    found = answer(case, lambda path: read_trades(path, role="base trades"))
    if found is None:
        return
    assert isinstance(found, Trades)
    in_order(found)
    if case.must == "equal":
        same_trades(found, *case.truth)
        return
    header, rows = reference.table(case.name, case.data)
    assert len(found.pnl) == len(rows)
    if MONEY[case.truth] not in header or found.unit == "return":
        return
    at = header.index(MONEY[case.truth])
    if case.truth == "nautilus":
        # "-112.29 USD"; the spaces between are as many as the file's writer liked
        money = [reference.number(row[at].rpartition(" ")[0].rstrip(" ") or row[at]) for row in rows]
    else:
        money = [reference.number(row[at]) for row in rows]
    fees = found.fees.tolist() if case.truth == "lean" else [0.0] * len(rows)
    assert [value - fee for value, fee in zip(money, fees, strict=True)] == found.pnl.tolist()


def in_order(found: Trades) -> None:
    """What every blotter must be, whatever the file was."""
    assert np.isfinite(found.pnl).all()
    assert (found.exit >= found.entry).all()
    assert (found.quantity > 0).all()
    assert set(np.unique(found.side)) <= {1, -1}


def same_trades(found: Trades, form: str, kind: str, trades: list[dict]) -> None:
    """Every field is what was written."""
    assert [found.instruments[code] for code in found.instrument] == [one["name"] for one in trades]
    assert found.side.tolist() == [one["side"] for one in trades]
    assert found.entry.tolist() == [one["entry"] * NS for one in trades]
    assert found.exit.tolist() == [one["exit"] * NS for one in trades]
    if form != "pyfolio":
        assert found.quantity.tolist() == [one["quantity"] for one in trades]
    wanted = {
        "net": [net(one) for one in trades],
        "gross": [one["gross"] for one in trades],
        "lean": [one["gross"] - sum(one["fees"]) for one in trades],
    }[kind]
    np.testing.assert_allclose(found.pnl, wanted, rtol=1e-15, atol=0)


# ---- lists of fills


@st.composite
def fills_cases(draw: st.DrawFn) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    rows, second, held = [], 10**9, {}
    for _ in range(random.randrange(2, 30)):
        second += random.randrange(1, 10**6)
        name, amount = random.choice(NAMES[:3]), random.choice((-3, -2, -1, -0.5, 0.5, 1, 2, 3))
        held[name] = held.get(name, 0) + amount
        rows.append((second, name, amount, random.randrange(1, 1000) / 8, random.randrange(8) / 8))
    for name, left in held.items():
        if left:
            second += 60
            rows.append((second, name, -left, random.randrange(1, 1000) / 8, 0.0))
    header = ("date", "symbol", "amount", "price", "commission")
    texts = tuple((clock(one[0], ""), one[1], repr(one[2]), repr(one[3]), repr(one[4])) for one in rows)
    sheet = Sheet(header, texts)
    choice = draw(st.sampled_from(("whole", "damaged", "bytes")))
    if choice == "whole":
        return sheet_case(style, sheet, "equal", rows)
    if choice == "bytes":
        case = sheet_case(style, sheet, "sane")
        return Case(case.name, damaged(case.data, draw(BYTES)), "sane")
    column, text = random.choice(((0, "nan"), (2, ""), (2, "abc"), (2, "0"), (3, "inf"), (4, "1,5"), (1, "")))
    return sheet_case(
        style, with_cell(sheet, random.randrange(len(texts)), column, text), "refuse", None, f"{text} in {column}"
    )


def check_fills(case: Case) -> None:
    found = answer(case, lambda path: read_trades(path, role="base trades"))
    if found is None:
        return
    in_order(found)
    if case.must != "equal":
        return
    wanted, total = first_in_first_out(case.truth)
    read = sorted(
        zip(
            [found.instruments[code] for code in found.instrument],
            (found.entry // NS).tolist(),
            (found.exit // NS).tolist(),
            found.side.tolist(),
            found.quantity.tolist(),
            strict=True,
        )
    )
    assert read == sorted(wanted)
    assert float(found.pnl.sum()) == float(total) or abs(float(found.pnl.sum()) - float(total)) < 1e-6


def first_in_first_out(rows: list[tuple]) -> tuple[list[tuple], Fraction]:
    """Lots by exact arithmetic, and the cash that all fills bring."""
    books: dict[str, deque] = {}
    found, cash = [], Fraction(0)
    for second, name, amount, price, fee in rows:
        cash -= Fraction(amount) * Fraction(price) + Fraction(fee)
        left, book = Fraction(amount), books.setdefault(name, deque())
        while book and left and (book[0][1] > 0) != (left > 0):
            taken = min(abs(book[0][1]), abs(left))
            found.append((name, book[0][0], second, 1 if book[0][1] > 0 else -1, float(taken)))
            sign = 1 if left > 0 else -1
            book[0][1] += sign * taken
            left -= sign * taken
            if not book[0][1]:
                book.popleft()
        if left:
            book.append([second, left])
    return found, cash


# ---- JSON and zip

HOSTILE = (
    None,
    True,
    "",
    "x",
    -1,
    0,
    1e999,
    float("nan"),
    10**400,
    [],
    {},
    [[]],
    {"a": {"b": []}},
    "\ud800",
    "9" * 400,
    "\0",
    "\u202e",
    [1, 2],
    "1e5",
    -0.0,
    2**63,
    "=1+1",
)


@st.composite
def json_cases(draw: st.DrawFn) -> Case:
    seed = draw(SEEDS)
    random = Random(seed)
    trades = truth_of(seed)
    form = random.choice(("freqtrade", "lean", "records", "zip"))
    zone = random.choice(("", "+00:00", "Z"))
    rows = [(lean_row if form == "lean" else freqtrade_row)(one, zone) for one in trades]
    content: object = {"strategy": {"S": {"trades": rows}}, "metadata": {}} if form in ("freqtrade", "zip") else rows
    if form == "lean":
        content = random.choice(({"totalPerformance": {"closedTrades": rows}}, {"ClosedTrades": rows}))
    choice = draw(st.sampled_from(("whole", "node", "node", "bytes", "outer bytes", "row")))
    must = "equal" if choice == "whole" else "sane"
    if choice == "node":
        row = rows[random.randrange(len(rows))]
        key = random.choice(list(row))
        row[key] = random.choice(HOSTILE)
        if key in (
            "pair",
            "amount",
            "open_date",
            "close_date",
            "open_rate",
            "close_rate",
            "profit_abs",
            "quantity",
            "entryTime",
            "exitTime",
            "profitLoss",
            "direction",
            "totalFees",
        ) and row[key] in (None, "", "x"):
            must = "sane" if key == "pair" and row[key] == "x" else "refuse"
    elif choice == "row":
        rows[random.randrange(len(rows))] = random.choice(HOSTILE)
        must = "refuse"
    data = json.dumps(content, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass")
    if choice == "bytes":
        data = damaged(data, draw(BYTES))
    name = "a.json"
    if form == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
            archive.writestr("backtest.json", data)
            archive.writestr("backtest_config.json", "{}")
        data, name = out.getvalue(), "a.zip"
    elif random.random() < 0.3:
        pack = random.choice((".gz", ".zst"))
        data, name = packed(data, pack), name + pack
    if choice == "outer bytes":
        data = damaged(data, draw(BYTES))
    return Case(
        name,
        data,
        must,
        ("lean" if form == "lean" else "freqtrade", "lean" if form == "lean" else "net", trades),
        choice,
    )


def check_json(case: Case) -> None:
    found = answer(case, lambda path: read_trades(path, role="base trades"))
    if found is None:
        return
    in_order(found)
    if case.must == "equal":
        same_trades(found, *case.truth)


@st.composite
def noise_cases(draw: st.DrawFn) -> Case:
    """Bytes of no form, under every name that is read."""
    suffix = draw(
        st.sampled_from(
            (
                ".csv",
                ".tsv",
                ".csv.gz",
                ".csv.zst",
                ".parquet",
                ".feather",
                ".arrow",
                ".json",
                ".zip",
                ".json.gz",
                ".txt",
                "",
            )
        )
    )
    text = st.text(alphabet='date,return\n\r\t;|"0123456789.-eE+:TZ/ \u200f\u0301\x00', max_size=200).map(str.encode)
    return Case(f"a{suffix}", draw(st.one_of(st.binary(max_size=300), text)), "sane")


def check_noise(case: Case) -> None:
    from auditor.inputs.counts import read_counts
    from auditor.inputs.returns import read_returns
    from auditor.inputs.rollouts import read_rollouts

    for read in (
        lambda path: read_returns(path, role="base"),
        lambda path: read_trades(path, role="base trades"),
        read_counts,
        lambda path: read_rollouts(path, role="base"),
    ):
        answer(case, read)
