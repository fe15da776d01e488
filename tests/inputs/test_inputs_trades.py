"""Blotters in our own columns are read exactly; every other one is refused with count, first case and fix."""

from __future__ import annotations

import contextlib
import gzip
import io
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.inputs.trades import Trades, check_calendar, read_trades
from auditor.inputs.trades_positions import Positions, read_positions

HEAD = "instrument,side,entry_time,exit_time,quantity,pnl,entry_price,exit_price,fees,signal"
ROWS = [
    "SPY,long,2020-01-02,2020-01-07,10,48.5,320,325,1.5,trend",
    "SPY,short,2020-01-08,2020-01-08,5,-6,324,325,1,gap",
    "QQQ,buy,2020-01-03,2020-02-03,2.5,23.75,210,220,1.25,trend",
    "NA,-1,2020-01-06,2020-01-09,4,11,50,47,1,",
]
FIELDS = ("instrument", "side", "entry", "exit", "quantity", "pnl", "fees", "is_open")


def text(rows: list[str] = ROWS, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def write(folder: Path, content: str | bytes, name: str = "trades.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def frame(rows: list[str] = ROWS, head: str = HEAD) -> pd.DataFrame:
    out = pd.read_csv(io.StringIO(text(rows, head)), keep_default_na=False)
    for column in ("entry_time", "exit_time"):
        out[column] = pd.to_datetime(out[column])
    return out


def changed(row: int, field: str, value: str, rows: list[str] = ROWS) -> list[str]:
    """Put one value at a row; row 0 is line 2 of the file."""
    cells = rows[row].split(",")
    cells[HEAD.split(",").index(field)] = value
    return [*rows[:row], ",".join(cells), *rows[row + 1 :]]


def without(*fields: str, rows: list[str] = ROWS) -> str:
    keep = [position for position, field in enumerate(HEAD.split(",")) if field not in fields]
    return "\n".join(",".join(line.split(",")[position] for position in keep) for line in (HEAD, *rows))


def renamed(old: str, new: str) -> str:
    return text(head=HEAD.replace(old, new))


def refusal(source: object, **options: object) -> str:
    """Return the message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        read_trades(source, role="base trades", **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.strip().endswith((".", "?", ")."))
    return message


def ns(day: str) -> int:
    return pd.Timestamp(day).value


def same(one: Trades, other: Trades) -> None:
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)
        assert getattr(one, field).dtype == getattr(other, field).dtype
    assert one.instruments == other.instruments
    assert (one.unit, one.aware) == (other.unit, other.aware)


# ---- what is read


def test_contract_columns(tmp_path):
    found = read_trades(write(tmp_path, text()), role="base trades")
    assert found.name == "trades.csv"
    assert found.recognised == "contract columns"
    assert found.instruments == ("NA", "QQQ", "SPY")
    assert found.instrument.tolist() == [2, 2, 1, 0]
    assert found.side.tolist() == [1, -1, 1, -1]
    assert found.entry.tolist() == [ns("2020-01-02"), ns("2020-01-08"), ns("2020-01-03"), ns("2020-01-06")]
    assert found.exit[1] == found.entry[1]  # no duration is allowed
    assert found.quantity.tolist() == [10, 5, 2.5, 4]
    assert found.pnl.tolist() == [48.5, -6, 23.75, 11]
    assert found.fees.tolist() == [1.5, 1, 1.25, 1]
    assert found.entry_price is not None
    assert found.entry_price.tolist() == [320, 324, 210, 50]
    assert not found.is_open.any()
    assert {name: values.tolist() for name, values in found.tags.items()} == {"signal": ["trend", "gap", "trend", ""]}
    assert (found.unit, found.aware) == ("currency", False)
    assert any("net of fees (the default)" in note for note in found.notes)
    assert found.warnings == ()
    assert str(found) == "trades.csv: 4 trades in 3 instruments (contract columns)"
    dtypes = {field: getattr(found, field).dtype.str for field in FIELDS}
    assert dtypes == {"instrument": "<i8", "side": "|i1", "entry": "<i8", "exit": "<i8", "quantity": "<f8",
                      "pnl": "<f8", "fees": "<f8", "is_open": "|b1"}  # fmt: skip


def test_every_container_gives_the_same(tmp_path):
    expected = read_trades(write(tmp_path, text()), role="base")
    table = frame()
    table.to_parquet(tmp_path / "t.parquet")
    table.to_feather(tmp_path / "t.feather")
    write(tmp_path, gzip.compress(text().encode()), "t.csv.gz")
    write(tmp_path, zstandard.ZstdCompressor().compress(text().encode()), "t.csv.zst")
    write(tmp_path, text().replace(",", "\t"), "t.tsv")
    write(tmp_path, text().replace("trend", '"trend"'), "q.csv")
    write(tmp_path, table.assign(entry_time=table["entry_time"].astype(str), exit_time=table["exit_time"].astype(str))
          .to_json(orient="records"), "t.json")  # fmt: skip
    paths = [
        tmp_path / name for name in ("t.parquet", "t.feather", "t.csv.gz", "t.csv.zst", "t.tsv", "q.csv", "t.json")
    ]
    for source in (*paths, table, pl.from_pandas(table), pa.Table.from_pandas(table), pl.from_pandas(table).lazy()):
        found = read_trades(source, role="base")
        same(found, expected)
        assert found.sha256 == expected.sha256


@pytest.mark.parametrize(
    "head",
    [
        "Symbol,Direction,Entry Date,Exit Date,Qty,Profit,Entry Price,Exit Price,Commission,signal",
        "TICKER,SIDE,OPEN_TIME,CLOSE_TIME,SIZE,P&L,OPEN_PRICE,CLOSE_PRICE,COSTS,signal",
        "asset,position_side,entry,exit,units,net_pnl,entryPrice,exitPrice,totalFees,signal",
        "security,buy_sell,openDate,closeDate,shares,profit_loss,open,close,fee,signal",
    ],
)
def test_other_names(tmp_path, head):
    same(
        read_trades(write(tmp_path, text(head=head)), role="b"), read_trades(write(tmp_path, text(), "u.csv"), role="b")
    )


def test_the_contracts_own_name_wins(tmp_path):
    found = read_trades(write(tmp_path, renamed("signal", "symbol")), role="base")
    assert found.instruments == ("NA", "QQQ", "SPY")
    assert "symbol" in found.tags


def test_columns_named_by_the_user(tmp_path):
    path = write(tmp_path, renamed("pnl", "Money made").replace("exit_time", "left"))
    found = read_trades(path, role="base", columns={"pnl": "money made", "exit_time": "left"})
    assert found.pnl.tolist() == [48.5, -6, 23.75, 11]
    assert "no field of a trade" in refusal(path, columns={"profit": "Money made"})
    assert "no column 'Monye made'. Did you mean 'Money made'?" in refusal(path, columns={"pnl": "Monye made"})


def test_row_numbers_are_no_tag(tmp_path):
    frame().to_csv(tmp_path / "t.csv")
    assert set(read_trades(tmp_path / "t.csv", role="base").tags) == {"signal"}


def test_a_frame_with_a_time_index():
    found = read_trades(frame().set_index("entry_time"), role="base")
    same(found, read_trades(frame(), role="base"))


def test_categories_and_typed_sides():
    table = frame()
    table["side"] = [1, -1, 1, -1]
    table["instrument"] = table["instrument"].astype("category")
    same(read_trades(table, role="base"), read_trades(frame(), role="base"))
    table["side"] = table["side"].astype(float)
    same(read_trades(table, role="base"), read_trades(frame(), role="base"))


def test_instrument_numbers_are_names():
    table = frame()
    table["instrument"] = [24.0, 24.0, 7.0, 8.5]
    assert read_trades(table, role="base").instruments == ("24", "7", "8.5")


@pytest.mark.parametrize("missing", [(), (0,), (0, 1, 2)])
def test_whole_numbers_are_one_tag_however_they_are_written(tmp_path, missing):
    """One missing value makes 3.0 of 3: the tag is the same in a file, a frame and the other blotter."""
    table = frame().assign(setup=[1, 2, 3, 12], level=[1.25, 3.0, 4.5, 5.0])
    whole = read_trades(table, role="base").tags
    assert whole["setup"].tolist() == ["1", "2", "3", "12"]
    assert whole["level"].tolist() == ["1.25", "3", "4.5", "5"]
    table["setup"] = table["setup"].astype(float)
    table.loc[list(missing), "setup"] = np.nan
    table.to_csv(tmp_path / "base.csv", index=False)
    table.to_parquet(tmp_path / "base.parquet")
    expected = ["" if row in missing else word for row, word in enumerate(["1", "2", "3", "12"])]
    for source in (
        tmp_path / "base.csv",
        tmp_path / "base.parquet",
        table,
        table.astype({"setup": "Float64", "level": "Float64"}),
        table.convert_dtypes(),
        table.convert_dtypes(dtype_backend="pyarrow"),
        pl.from_pandas(table),
        table.assign(setup=table["setup"].astype(object)),
    ):
        found = read_trades(source, role="base").tags
        assert found["setup"].tolist() == expected
        assert found["level"].tolist() == ["1.25", "3", "4.5", "5"]


def test_versions_and_codes_are_no_numbers():
    """Only a point and zeros behind a whole number go."""
    words = ["1.10", "v2.0", "0050", "-3.00"]
    assert read_trades(frame().assign(tag=words), role="base").tags["tag"].tolist() == ["1.10", "v2.0", "0050", "-3"]


@pytest.mark.parametrize("kind", ["Float64", "Int64", "double[pyarrow]"])
def test_a_missing_side_of_a_nullable_column_is_refused(kind):
    table = frame().assign(side=pd.array([1, None, 1, -1], dtype=kind))
    with pytest.raises(InputError, match=r"no known side in 1 row \(first row 1: '<NA>'\)"):
        read_trades(table, role="base")


def test_order_is_kept(tmp_path):
    found = read_trades(write(tmp_path, text(ROWS[::-1])), role="base")
    assert found.pnl.tolist() == [11, 23.75, -6, 48.5]


def test_time_zones_become_utc(tmp_path):
    rows = [row.replace("2020-01-02", "2020-01-02T10:00:00+02:00").replace("2020-01-07", "2020-01-07 09:00:00Z")
            for row in ROWS[:1]]  # fmt: skip
    found = read_trades(write(tmp_path, text(rows)), role="base")
    assert found.aware
    assert found.entry[0] == ns("2020-01-02 08:00")
    assert found.exit[0] == ns("2020-01-07 09:00")


def test_date_format(tmp_path):
    rows = ["SPY,long,02/01/2020,07/01/2020,10,48.5,320,325,1.5,trend"]
    assert "--date-format" in refusal(write(tmp_path, text(rows)))
    found = read_trades(write(tmp_path, text(rows)), role="base", date_format="%d/%m/%Y")
    assert found.exit[0] == ns("2020-01-07")


def test_long_tags_are_left_out(tmp_path):
    found = read_trades(write(tmp_path, text([*ROWS[:3], ROWS[3] + "x" * 300])), role="base")
    assert found.tags == {}
    assert any("over 200 characters left out (signal)" in note for note in found.notes)


# ---- P&L: net or gross, currency or return


def test_gross_is_made_net(tmp_path):
    path = write(tmp_path, text(["A,long,2020-01-02,2020-01-03,1,10,,,2,"]).replace(",entry_price,exit_price", "")
                 .replace(",,,", ","))  # fmt: skip
    assert read_trades(path, role="base").pnl.tolist() == [10]
    found = read_trades(path, role="base", pnl="gross")
    assert found.pnl.tolist() == [8]
    assert any("gross: fees taken off" in note for note in found.notes)


def test_gross_without_fees_is_doubted(tmp_path):
    found = read_trades(write(tmp_path, without("fees")), role="base", pnl="gross")
    assert found.pnl.tolist() == [48.5, -6, 23.75, 11]
    assert any("no fees are given" in warning for warning in found.warnings)


def test_gross_by_the_evidence_of_prices(tmp_path):
    rows = [changed(row, "pnl", value)[row] for row, value in enumerate(["50", "-5", "25", "12"])]
    path = write(tmp_path, text(rows))
    message = refusal(path)
    assert "looks gross of fees" in message
    assert "line 2: P&L 50, fees 1.5" in message
    assert "--pnl gross" in message
    assert read_trades(path, role="base", pnl="gross").pnl.tolist() == [48.5, -6, 23.75, 11]
    found = read_trades(path, role="base", pnl="net")
    assert found.pnl.tolist() == [50, -5, 25, 12]
    assert any("looks gross" in warning for warning in found.warnings)


def test_named_net_and_gross(tmp_path):
    rows = [f"{row.rsplit(',', 1)[0]},{gross}" for row, gross in zip(ROWS, "1234", strict=True)]
    both = write(tmp_path, text(rows, HEAD.replace("pnl", "net_pnl").replace("signal", "gross_pnl")))
    assert read_trades(both, role="base").pnl.tolist() == [48.5, -6, 23.75, 11]
    assert read_trades(both, role="base", pnl="gross").pnl.tolist() == [1 - 1.5, 2 - 1, 3 - 1.25, 4 - 1]
    alone = write(tmp_path, renamed("pnl", "gross_pnl"), "g.csv")
    assert read_trades(alone, role="base").pnl.tolist() == [47, -7, 22.5, 10]
    assert "the P&L column is 'gross_pnl'" in refusal(alone, pnl="net")


def test_pnl_from_prices(tmp_path):
    found = read_trades(write(tmp_path, without("pnl")), role="base")
    assert found.pnl.tolist() == [48.5, -6, 23.75, 11]
    assert any("computed from prices and quantity, less fees" in note for note in found.notes)
    bare = read_trades(write(tmp_path, without("pnl", "fees")), role="base")
    assert bare.pnl.tolist() == [50, -5, 25, 12]
    assert any("no fees are given" in note for note in bare.notes)


def test_capital_makes_returns(tmp_path):
    found = read_trades(write(tmp_path, text()), role="base", capital=1000)
    assert found.unit == "return"
    np.testing.assert_array_equal(found.pnl, np.array([48.5, -6, 23.75, 11]) / 1000)
    np.testing.assert_array_equal(found.fees, np.array([1.5, 1, 1.25, 1]) / 1000)
    assert any("capital of 1,000" in note for note in found.notes)


@pytest.mark.parametrize("capital", [0, -5, float("nan"), float("inf"), "1000", True])
def test_capital_must_be_positive(tmp_path, capital):
    assert "--capital is" in refusal(write(tmp_path, text()), capital=capital)


def test_return_columns(tmp_path):
    rows = [changed(row, "pnl", value)[row] for row, value in enumerate(["0.01", "-0.02", "0.003", "0"])]
    path = write(tmp_path, text(rows, HEAD.replace("pnl", "Return")))
    found = read_trades(path, role="base")
    assert found.unit == "return"
    assert found.pnl.tolist() == [0.01, -0.02, 0.003, 0]
    assert any("adds to the return on fixed capital" in warning for warning in found.warnings)
    assert "in return already" in refusal(path, capital=1000)
    percents = write(tmp_path, text(head=HEAD.replace("pnl", "ret")), "p.csv")
    assert "look like percents" in refusal(percents)


def test_a_trades_own_return_is_doubted(tmp_path):
    own = [str(5 / 320), str(-1 / 324), str(10 / 210), str(3 / 50)]
    rows = [changed(row, "pnl", value)[row] for row, value in enumerate(own)]
    found = read_trades(write(tmp_path, text(rows, HEAD.replace("pnl", "return"))), role="base")
    assert any("each trade's own return" in warning for warning in found.warnings)


def test_a_per_cent_column_is_no_return(tmp_path):
    assert "pnl (or" in refusal(write(tmp_path, "\n".join(
        ["symbol,side,entry_time,exit_time,return %", "A,long,2020-01-02,2020-01-03,1.5"])))  # fmt: skip


@pytest.mark.parametrize("pnl", ["Net", "both", 1, ("net",)])
def test_pnl_is_net_or_gross(tmp_path, pnl):
    assert "must be net or gross" in refusal(write(tmp_path, text()), pnl=pnl)


# ---- side and quantity


def test_signed_quantity_is_the_side(tmp_path):
    found = read_trades(write(tmp_path, without("side", rows=changed(1, "quantity", "-5"))), role="base")
    assert found.side.tolist() == [1, -1, 1, 1]
    assert found.quantity.tolist() == [10, 5, 2.5, 4]
    assert any("the sign of 'quantity' is the side" in note for note in found.notes)
    assert found.warnings == ()


def test_all_long_is_said(tmp_path):
    found = read_trades(write(tmp_path, without("side")), role="base")
    assert found.side.tolist() == [1, 1, 1, 1]
    assert any("all trades read as long" in warning for warning in found.warnings)


def test_no_quantity_is_one_unit(tmp_path):
    found = read_trades(write(tmp_path, without("quantity")), role="base")
    assert found.quantity.tolist() == [1, 1, 1, 1]
    assert any("a resized trade cannot be told" in warning for warning in found.warnings)


@pytest.mark.parametrize("word", ["Long", "BUY", " b ", "1", "+1", "1.0"])
def test_long_words(tmp_path, word):
    assert read_trades(write(tmp_path, text(changed(0, "side", word))), role="base").side[0] == 1


@pytest.mark.parametrize("word", ["Short", "SELL", "s", "-1", "-1.0"])
def test_short_words(tmp_path, word):
    assert read_trades(write(tmp_path, text(changed(0, "side", word))), role="base").side[0] == -1


# ---- refusals of values: count, first line, value, fix

REFUSED = [
    ("side", "flat", "no known side in 1 row (first line 3: 'flat'). Write long or short"),
    ("side", "", "no known side in 1 row (first line 3: '')"),
    ("side", "0", "no known side in 1 row (first line 3: '0')"),
    ("quantity", "-5", "1 trades have a negative quantity in 'quantity' beside a side (first line 3: -5)"),
    ("quantity", "0", "1 trades have a quantity of zero in 'quantity' (first line 3: 0)"),
    ("quantity", "nan", "column 'quantity' has missing values in 1 row (first line 3: 'nan')"),
    ("quantity", "inf", "column 'quantity' has infinite values in 1 row (first line 3: 'inf')"),
    ("quantity", "five", "column 'quantity' has text in 1 row (first line 3: 'five')"),
    ("pnl", "", "column 'pnl' has missing values in 1 row (first line 3: '')"),
    ("pnl", "-inf", "column 'pnl' has infinite values in 1 row (first line 3: '-inf')"),
    ("pnl", "3 USD", "column 'pnl' has text in 1 row (first line 3: '3 USD')"),
    ("pnl", "1_0", "column 'pnl' has text in 1 row"),
    ("pnl", "1e300", "column 'pnl' has numbers above 1e+15 in 1 row (first line 3: '1e300')"),
    ("entry_price", "", "column 'entry_price' has missing values"),
    ("fees", "NaN", "column 'fees' has missing values"),
    ("instrument", " ", "column 'instrument' names no instrument in 1 row (first line 3: ' ')"),
    ("entry_time", "yesterday", "column 'entry_time': 1 unreadable date (first line 3: 'yesterday')"),
    ("entry_time", "", "column 'entry_time': 1 missing date (first line 3: '')"),
    ("entry_time", "2020-01-08 10:00:00+00:00", "1 dates with a time zone among others (first line 3)"),
    ("exit_time", "2020-13-08", "column 'exit_time': 1 unreadable date (first line 3: '2020-13-08')"),
    ("exit_time", "", "1 trades have no time of exit in 'exit_time' (first line 3): they are still open"),
    ("exit_time", "2020-01-07", "1 trades exit before they enter (first line 3: 2020-01-08 to 2020-01-07)"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "message"), REFUSED)
def test_refused_values(tmp_path, field, value, message):
    found = refusal(write(tmp_path, text(changed(1, field, value))))
    assert found.startswith("trades.csv: ")
    assert message in found


def test_refusals_count_rows_of_long_files(tmp_path):
    rows = [f"A,long,2020-01-02,2020-01-03,1,{row},1,1,0," for row in range(2000)]
    for row in (700, 900, 1100):
        rows[row] = rows[row].replace("2020-01-03", "soon")
    assert "3 unreadable dates (first line 702: 'soon')" in refusal(write(tmp_path, text(rows)))


def test_duplicates(tmp_path):
    message = refusal(write(tmp_path, text([*ROWS, ROWS[1], ROWS[1]])))
    assert "2 trades stand twice" in message
    assert "(first line 6, as line 3)" in message
    head = HEAD.replace("signal", "trade_id")
    rows = [f"{row.rsplit(',', 1)[0]},{place}" for place, row in enumerate([*ROWS, ROWS[1]])]
    assert len(read_trades(write(tmp_path, text(rows, head)), role="base").pnl) == 5
    assert "1 trade stands twice" in refusal(write(tmp_path, text([*rows, rows[4]], head)))


def test_fees_with_the_wrong_sign(tmp_path):
    rows = [changed(row, "fees", "-1")[row] for row in range(4)]
    assert "4 negative fees in 'fees' (first line 2: -1) and no positive one" in refusal(write(tmp_path, text(rows)))
    found = read_trades(write(tmp_path, text(changed(1, "fees", "-1"))), role="base")
    assert any("read as rebates" in warning for warning in found.warnings)


def test_one_time_with_a_zone_the_other_without(tmp_path):
    rows = [",".join([*cells[:2], cells[2] + " 00:00:00Z", *cells[3:]]) for cells in (row.split(",") for row in ROWS)]
    assert "'entry_time' has a time zone and 'exit_time' has none" in refusal(write(tmp_path, text(rows)))


def test_overflow_of_prices(tmp_path):
    rows = ["A,long,2020-01-02,2020-01-03,1e14,1,1e14,,1"]
    head = "instrument,side,entry_time,exit_time,quantity,entry_price,exit_price,signal,other"
    assert "P&L above 1e+15" in refusal(write(tmp_path, text(rows, head)))


def test_is_open_column(tmp_path):
    rows = [f"{row.rsplit(',', 1)[0]},{word}" for row, word in zip(ROWS, ["true", "0", "Open", ""], strict=True)]
    path = write(tmp_path, text(rows, HEAD.replace("signal", "is_open")))
    found = read_trades(path, role="base")
    assert found.is_open.tolist() == [True, False, True, False]
    assert any("2 trades still open" in warning for warning in found.warnings)
    bad = write(tmp_path, path.read_text().replace("Open", "maybe"), "b.csv")
    assert "neither open nor closed in 1 row (first line 4: 'maybe')" in refusal(bad)


# ---- refusals of columns and sources


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (["instrument"], "no instrument among the columns"),
        (["entry_time"], "no entry_time among the columns"),
        (["exit_time", "pnl", "entry_price"], "no exit_time, no pnl (or entry_price, exit_price and quantity) among"),
        (["side", "quantity"], "no side (or a signed quantity) among the columns"),
    ],
)
def test_missing_columns(tmp_path, gone, words):
    message = refusal(write(tmp_path, without(*gone)))
    assert words in message
    assert "'signal'" in message


def test_the_only_instrument_named_by_the_user(tmp_path):
    path = write(tmp_path, without("instrument"))
    assert "pass the name of the only instrument" in refusal(path)
    found = read_trades(path, role="base", instrument="SPY")
    assert found.instruments == ("SPY",)
    assert any("instrument named 'SPY'" in note for note in found.notes)
    assert "and there are 3 (NA, QQQ, SPY)" in refusal(write(tmp_path, text()), instrument="SPY")
    one = write(tmp_path, text(ROWS[:2]), "o.csv")
    assert read_trades(one, role="base", instrument="S&P 500").instruments == ("S&P 500",)
    assert "must be a name" in refusal(one, instrument=" ")


def test_unknown_columns_and_the_nearest_format(tmp_path):
    message = refusal(write(tmp_path, "Size,EntryBar,ExitBar,EntryPrice,ExitPrice,EntryTime\n1,2,3,4,5,2020-01-02\n"))
    assert "'EntryBar'" in message
    assert "Nearest known format: backtesting.py trades, which also has pnl, exittime." in message


def test_returns_are_no_blotter(tmp_path):
    assert "no instrument, no entry_time" in refusal(write(tmp_path, "date,return\n2020-01-02,0.01\n"))
    assert "a Series is no blotter" in refusal(pd.Series([1.0]))
    assert "cannot be read" in refusal([1, 2])


def test_several_columns_for_one_field(tmp_path):
    message = refusal(write(tmp_path, renamed("instrument", "symbol").replace("signal", "ticker")))
    assert "several columns may be the instrument ('symbol', 'ticker')" in message


@pytest.mark.parametrize(("content", "words"), [("", "is empty"), ("\n", "is empty"), (HEAD, "no rows")])
def test_empty_files(tmp_path, content, words):
    assert words in refusal(write(tmp_path, content))


def test_empty_frames():
    assert "is empty" in refusal(frame().iloc[:0])


def test_no_such_file_and_colons(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.csv")
    write(tmp_path, text())
    assert "'pnl' after the colon would name a strategy" in refusal(f"{tmp_path}/trades.csv:pnl")
    assert "must be one of columns, transactions, backtesting" in refusal(tmp_path / "trades.csv", kind="excel")
    assert "only a list of transactions" in refusal(tmp_path / "trades.csv", marks={"SPY": 1.0})


# ---- the calendar of the returns


def read(folder: Path, rows: list[str] = ROWS) -> Trades:
    return read_trades(write(folder, text(rows)), role="base")


def test_calendar_holds_the_trades(tmp_path):
    trades = read(tmp_path)
    assert check_calendar(trades, pd.bdate_range("2020-01-02", "2020-02-03")) == ()
    assert check_calendar(trades, pd.DatetimeIndex(["2020-01-31", "2020-02-29"])) == ()  # months, dated at their ends
    late = check_calendar(trades, pd.bdate_range("2020-01-02", "2020-01-31"))
    assert late == ("trades.csv: 1 of 4 trades exits after the returns, 2020-01-02 to 2020-01-31 (first 2020-02-03)",)
    early = check_calendar(trades, pd.bdate_range("2020-01-09", "2020-03-31"))
    assert "2 of 4 trades exit before the returns" in early[0]


def test_the_last_day_is_whole(tmp_path):
    trades = read(tmp_path, [ROWS[0].replace("2020-01-07", "2020-01-07 16:00:00")])
    assert check_calendar(trades, pd.bdate_range("2020-01-02", "2020-01-07")) == ()


def test_calendar_refusals(tmp_path):
    trades = read(tmp_path)
    with pytest.raises(InputError, match="all 4 trades lie outside the returns' dates"):
        check_calendar(trades, pd.bdate_range("2021-01-01", "2021-06-30"))
    with pytest.raises(InputError, match="all 4 trades lie outside"):
        check_calendar(trades, pd.bdate_range("2018-01-01", "2018-06-30"))
    with pytest.raises(InputError, match="have no time zone and the dates of the returns have one"):
        check_calendar(trades, pd.bdate_range("2020-01-01", "2020-06-30", tz="UTC"))
    aware = frame()
    for column in ("entry_time", "exit_time"):
        aware[column] = aware[column].dt.tz_localize("America/New_York")
    with pytest.raises(InputError, match="have a time zone and the dates of the returns have none"):
        check_calendar(read_trades(aware, role="base"), pd.bdate_range("2020-01-01", "2020-06-30"))


# ---- fingerprints


def test_fingerprint_changes_with_every_value(tmp_path):
    seen = {read(tmp_path).sha256}
    for field, value in [("instrument", "IWM"), ("side", "long"), ("entry_time", "2020-01-07"), ("quantity", "6"),
                         ("pnl", "7"), ("fees", "2"), ("exit_price", "326"), ("signal", "x")]:  # fmt: skip
        seen.add(read(tmp_path, changed(1, field, value)).sha256)
    assert len(seen) == 9


# ---- any blotter, any bytes

MOMENTS = st.integers(0, 2_000_000_000).map(lambda seconds: seconds * 1_000_000_000)
TRADE = st.tuples(
    st.sampled_from(["SPY", "QQQ", "BTC/USDT", "NA", "1", "Größe"]), st.sampled_from(["long", "short"]), MOMENTS,
    st.integers(0, 10**6), st.floats(1e-6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e3),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TRADE, min_size=1, max_size=30, unique_by=lambda trade: trade[:4]), st.booleans())
def test_round_trip(tmp_path, trades, signed):
    table = pd.DataFrame(trades, columns=["instrument", "side", "entry_time", "held", "quantity", "pnl", "fees"])
    table["exit_time"] = pd.DatetimeIndex(table["entry_time"] + table.pop("held") * 1_000_000_000)
    table["entry_time"] = pd.DatetimeIndex(table["entry_time"])
    side = np.where(table["side"] == "long", 1, -1)
    written = table.assign(quantity=table["quantity"] * side).drop(columns="side") if signed else table
    written.to_csv(tmp_path / "h.csv", index=False)
    for source in (tmp_path / "h.csv", written, pl.from_pandas(written)):
        found = read_trades(source, role="base")
        assert [found.instruments[code] for code in found.instrument] == table["instrument"].tolist()
        np.testing.assert_array_equal(found.side, side)
        np.testing.assert_array_equal(found.entry, table["entry_time"].astype("M8[ns]").astype(np.int64))
        np.testing.assert_array_equal(found.exit, table["exit_time"].astype("M8[ns]").astype(np.int64))
        for field in ("quantity", "pnl", "fees"):
            np.testing.assert_array_equal(getattr(found, field), table[field])


CELL = st.one_of(
    st.text(max_size=6), st.sampled_from(["1", "-1", "nan", "inf", "1e400", "long", "2020-01-02", "2020", "", '"', "0"])
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=10, max_size=10), min_size=1, max_size=4), st.sampled_from(["", ";"]))
def test_no_content_breaks_the_reader(tmp_path, rows, cut):
    content = text([",".join(row) for row in rows]) + cut
    with contextlib.suppress(InputError):
        read_trades(write(tmp_path, content, "f.csv"), role="base")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_strange_cell_breaks_nothing(tmp_path, data):
    rows = changed(data.draw(st.integers(0, 3)), data.draw(st.sampled_from(HEAD.split(","))), data.draw(CELL))
    table = pd.DataFrame([row.split(",")[:10] for row in rows], columns=HEAD.split(","))
    for source in (write(tmp_path, text(rows), "c.csv"), table, table.astype(object)):
        with contextlib.suppress(InputError):
            read_trades(source, role="base")


def test_a_million_rows_take_seconds(tmp_path):
    rng, n = np.random.default_rng(5), 200_000
    entry = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 10**8, n), unit="s")
    table = pd.DataFrame({
        "instrument": rng.choice([f"S{x}" for x in range(300)], n), "side": rng.choice(["long", "short"], n),
        "entry_time": entry, "exit_time": entry + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
        "quantity": rng.integers(1, 900, n), "pnl": rng.normal(0, 10, n),
    })  # fmt: skip
    table.to_csv(tmp_path / "m.csv", index=False)
    start = time.process_time()
    found = read_trades(tmp_path / "m.csv", role="base")
    assert len(found.pnl) == n
    assert time.process_time() - start < 20  # measured 0.8; the limit is for loops over rows, not for slow machines


# ---- positions

DATES = pd.bdate_range("2020-01-02", periods=40)
RNG = np.random.default_rng(3)
WEIGHTS = pd.DataFrame(RNG.uniform(-1, 1, (40, 2)), index=DATES, columns=["SPY", "QQQ"])
EARNED = pd.DataFrame(RNG.normal(0, 0.01, (40, 3)), index=DATES, columns=["QQQ", "IWM", "SPY"])


def positions(held: object = WEIGHTS, earned: object = EARNED, **options: object) -> Positions:
    return read_positions(held, earned, role="base", **options)  # type: ignore[arg-type]


def test_weights_earn_the_next_period():
    found = positions()
    assert found.instruments == ("SPY", "QQQ")
    assert found.dates.equals(DATES[1:])
    expected = (WEIGHTS.shift(1) * EARNED[["SPY", "QQQ"]]).sum(axis=1).iloc[1:]
    np.testing.assert_allclose(found.contribution, expected, rtol=0, atol=1e-17)
    assert any("earn the return of the period 1 later" in note for note in found.notes)
    assert any("1 instruments that were never held left out (first 'IWM')" in note for note in found.notes)
    same_period = positions(lag=0)
    assert same_period.dates.equals(DATES)
    np.testing.assert_array_equal(same_period.weights, WEIGHTS)
    assert same_period.sha256 != found.sha256
    assert str(found) == "base positions: weights of 2 instruments on 39 dates"


def test_positions_of_files(tmp_path):
    WEIGHTS.to_csv(tmp_path / "w.csv", index_label="date")
    EARNED.to_parquet(tmp_path / "r.parquet")
    found = positions(tmp_path / "w.csv", tmp_path / "r.parquet")
    np.testing.assert_array_equal(found.weights, positions().weights)
    assert found.sha256 == positions().sha256


def test_currency_and_cash():
    found = positions((WEIGHTS * 1e6).assign(cash=5e5), capital=1e6)
    np.testing.assert_allclose(found.weights, positions().weights, rtol=1e-15)
    assert any("cash left out" in note for note in found.notes)
    assert any("--capital" in warning for warning in positions(WEIGHTS * 1e6).warnings)


@pytest.mark.parametrize(
    ("held", "earned", "options", "words"),
    [
        (WEIGHTS.iloc[:-1], EARNED, {}, "1 dates that base positions lacks (first 2020-02-26)"),
        (WEIGHTS, EARNED.iloc[2:], {}, "2 dates that instrument returns lacks (first 2020-01-02)"),
        (
            WEIGHTS.assign(TLT=0.1 * WEIGHTS["SPY"]),
            EARNED,
            {},
            "1 of 3 instruments have no column in instrument returns",
        ),
        (WEIGHTS.tz_localize("UTC"), EARNED, {}, "has dates with a time zone"),
        (
            WEIGHTS.mask(WEIGHTS.iloc[3, 1] == WEIGHTS),
            EARNED,
            {},
            "base positions: 1 missing values (first 2020-01-07, column 'QQQ'). Write 0 where nothing was held",
        ),
        (WEIGHTS, EARNED.mask(EARNED.iloc[3, 1] == EARNED), {}, "column 'IWM'). Fill them in the export, with 0"),
        (WEIGHTS, (1 + EARNED).cumprod() * 100, {}, "look like prices"),
        (WEIGHTS, EARNED, {"lag": -1}, "lag is -1"),
        (WEIGHTS, EARNED, {"lag": 39}, "leave nothing"),
        (WEIGHTS, EARNED, {"capital": 0}, "--capital is 0"),
        (WEIGHTS[[]].assign(cash=RNG.normal(0, 1, 40)), EARNED, {}, "nothing but cash"),
    ],
)
def test_position_refusals(held, earned, options, words):
    with pytest.raises(InputError) as caught:
        positions(held, earned, **options)
    assert words in str(caught.value)
