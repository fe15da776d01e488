"""Files and frames that can be audited are read exactly; every other one is refused with count, first case and fix."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import re
import struct
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from auditor.errors import InputError
from auditor.inputs.returns import Returns, fingerprint, read_returns, read_streams

N = 120
DATES = pd.bdate_range("2020-01-01", periods=N)
VALUES = np.random.default_rng(7).normal(0.0004, 0.01, N)


def lines(values: object = VALUES, dates: object = None, sep: str = ",", head: str = "date,return") -> str:
    """Write rows of a file of returns, one value a date."""
    days = [f"{day:%Y-%m-%d}" for day in DATES] if dates is None else list(dates)  # type: ignore[call-overload]
    rows = [f"{day}{sep}{value}" for day, value in zip(days, list(values), strict=False)]  # type: ignore[call-overload]
    return "\n".join([head.replace(",", sep), *rows]) + "\n"


def table(head: str, *columns: object) -> str:
    """Write a file of several columns beside the dates."""
    rows = zip(DATES, *columns, strict=True)  # type: ignore[call-overload]
    return "\n".join([head, *(f"{row[0]:%Y-%m-%d}," + ",".join(map(str, row[1:])) for row in rows)])


def changed(row: int, value: object, values: np.ndarray = VALUES) -> list[object]:
    """Put one value at a row; row 0 is line 2 of the file."""
    out: list[object] = [float(x) for x in values]
    out[row] = value
    return out


def write(folder: Path, text: str | bytes, name: str = "base.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(source: object, *, role: str = "base", **options: object) -> str:
    """Return the message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        read_returns(source, role=role, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.strip().endswith((".", "?", ")."))
    return message


def same(found: Returns, values: object = VALUES, dates: pd.DatetimeIndex = DATES) -> None:
    """Check that dates and values are those written, to the last bit."""
    assert found.values.shape == (len(dates), 1)
    np.testing.assert_array_equal(found.values[:, 0], np.asarray(values))
    assert list(found.dates) == list(dates)
    assert found.dates.unit == "ns"
    assert found.sha256 == fingerprint(dates, np.asarray(values)[:, None])


# ---- what is read


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_separators(tmp_path, sep):
    """The separator is found in the header."""
    same(read_returns(write(tmp_path, lines(sep=sep)), role="base"))


@pytest.mark.parametrize(
    "form",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace("\n", "\n\n"),
        lambda text: re.sub(r"[^,\n]+", r'"\g<0>"', text),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace("date,return", " Date ,RETURNS"),
    ],
    ids=["bom", "crlf", "cr", "no end", "blank end", "blank lines", "quoted", "spaces", "case"],
)
def test_forms_of_text(tmp_path, form):
    """What programs do to a text file changes nothing that is read."""
    same(read_returns(write(tmp_path, form(lines())), role="base"))


def test_packed(tmp_path):
    """A packed file is the same file."""
    text = lines().encode()
    same(read_returns(write(tmp_path, gzip.compress(text, mtime=0), "a.csv.gz"), role="base"))
    same(read_returns(write(tmp_path, zstandard.compress(text), "a.csv.zst"), role="base"))
    frames = zstandard.compress(text[:999]) + zstandard.compress(text[999:])
    same(read_returns(write(tmp_path, frames, "b.tsv.zst"), role="base"))


def test_columnar_files(tmp_path):
    """Parquet, Feather and an Arrow stream, with dates as a column or as the index."""
    frame = pd.DataFrame({"ret": VALUES, "date": DATES})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.set_index("date").to_parquet(tmp_path / "b.parquet")
    pd.DataFrame({"ret": VALUES}, index=DATES).to_parquet(tmp_path / "c.parquet")
    frame.to_feather(tmp_path / "d.feather")
    table = pa.Table.from_pandas(frame)
    feather.write_feather(table, tmp_path / "e.arrow")
    with pa.ipc.new_stream(tmp_path / "f.arrow", table.schema) as stream:
        stream.write_table(table)
    dated = pd.DataFrame({"ret": VALUES, "date": [day.date() for day in DATES]})
    dated.to_parquet(tmp_path / "g.parquet")
    for path in sorted(tmp_path.iterdir()):
        same(read_returns(path, role="base"))


def test_frames():
    """One Series, and every frame that narwhals reads, give the same numbers and the same fingerprint."""
    series = pd.Series(VALUES, index=DATES, name="x")
    frame = pd.DataFrame({"date": DATES, "ret": VALUES})
    text = pd.DataFrame({"date": [f"{day:%Y-%m-%d}" for day in DATES], "ret": VALUES})
    sources = [
        series,
        series.rename(None),
        series.to_frame(),
        series.astype("Float64"),
        series.map(lambda value: Decimal(repr(value))),
        pd.Series(VALUES, index=DATES.as_unit("s")),
        pd.Series(VALUES, index=[day.date() for day in DATES]),
        frame,
        text,
        frame.assign(date=[day.to_pydatetime() for day in DATES]).astype({"date": object}),
        frame.assign(date=[int(f"{day:%Y%m%d}") for day in DATES]),
        pl.from_pandas(text),
        pl.from_pandas(frame),
        pl.from_pandas(frame).lazy(),
        pl.from_pandas(frame).with_columns(pl.col("date").cast(pl.Date)),
        pa.Table.from_pandas(frame),
    ]
    for source in sources:
        found = read_returns(source, role="base")
        same(found)
        assert found.name == "base"


def test_one_file_for_both(tmp_path):
    """`pairs.csv:base` picks a column, and so does the role."""
    text = table("date,base,tuned", VALUES, 2 * VALUES)
    path = write(tmp_path, text, "pairs.csv")
    same(read_returns(f"{path}:base", role="tuned"))
    same(read_returns(path, role="base"))
    same(read_returns(str(path), role="tuned"), 2 * VALUES)
    same(read_returns(path, role="base", column="TUNED"), 2 * VALUES)
    assert "'base' after the colon, and column 'tuned'" in refusal(f"{path}:base", column="tuned")
    assert "no column name" in refusal(f"{path}:")


def test_colons_in_paths(tmp_path, monkeypatch):
    """A file name with colons is a file; a drive letter is no file."""
    same(read_returns(write(tmp_path, lines(), "a:b.csv"), role="base"))
    same(read_returns(f"{tmp_path / 'a:b.csv'}:return", role="base"))
    odd = write(tmp_path, lines(head="date,x:y"), "odd.csv")
    same(read_returns(f"{odd}:x:y", role="base"))
    message = refusal("C:\\data\\base.csv")
    assert message.startswith("C:\\data\\base.csv: no such file")
    monkeypatch.chdir(tmp_path)
    assert refusal("gone.csv:base").startswith("gone.csv: no such file")


def test_columns_by_name_and_type(tmp_path):
    """Dates and returns are found by name, or by being the only ones."""
    same(read_returns(write(tmp_path, lines(head="Timestamp,ret")), role="base"))
    same(read_returns(write(tmp_path, lines(head=",strategy")), role="base"))
    same(read_returns(write(tmp_path, lines(head="when,strategy")), role="base"))
    text = "\n".join(f"{i},{row},x" for i, row in enumerate(lines().splitlines()[1:]))
    same(read_returns(write(tmp_path, ",date,momentum,tag\n" + text), role="base"))
    same(read_returns(write(tmp_path, "id,date,momentum,tag\n" + text), role="base", column="momentum"))
    same(read_returns(write(tmp_path, "id,d1,return,tag\n" + text), role="base", date_column="D1"))


def test_zero_has_one_sign_and_hash_no_unit():
    """The fingerprint is of the numbers, not of how they are stored."""
    values = VALUES.copy()
    values[3] = 0.0
    other = values.copy()
    other[3] = -0.0
    one = read_returns(pd.Series(values, index=DATES.as_unit("s")), role="base")
    two = read_returns(pd.Series(other, index=DATES.as_unit("us")), role="tuned")
    assert one.sha256 == two.sha256
    plain = b"".join(struct.pack("<q", day.value) for day in DATES) + b"".join(struct.pack("<d", x) for x in values)
    assert one.sha256 == hashlib.sha256(plain).hexdigest()
    assert str(one) == f"base: {N} rows of base"


# ---- files that cannot be read


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", ["a.csv", "empty"]),
        ("a.csv", b"\xef\xbb\xbf\n \n", ["empty"]),
        ("a.csv", b"date,return\n", ["header and no rows"]),
        ("a.csv", b"date,return\n\n\n", ["header and no rows"]),
        ("a.csv", b"\ndate,return\n2020-01-01,0\n", ["line 1 is blank"]),
        ("a.csv", b"2020-01-01,0.01\n2020-01-02,0.02\n", ["line 1 is data", "not a header"]),
        ("a.csv", b"date,return\n2020-01-01,0.1\n2020-01-02\n2020-01-03,1,2\n",
         ["2 rows", "2 fields", "line 3: 1 field"]),
        ("a.csv", b"date,return\n2020-01-01,0,1\n", ["line 2: 3 fields", "decimal comma"]),
        ("a.csv", b"date,return\n2020-01-01,0.1\n2020-01-0", ["1 row does", "line 3: 1 field)", "line looks cut off"]),
        ("a.csv", b"date;return\n2020-01-01\n2020-01-02\n", ["2 rows do", "Those lines look cut off"]),
        ("a.csv", b'date,return\n"2020-01-01",0.1\n2020-01-0', ["line 3: 1 field)", "still being written?"]),
        ("a.csv", b'[{"date": "2020-01-01", "return": 0.1}]', ["looks like JSON, not a table. Export it as CSV"]),
        ("a.csv", b'{\n  "date": ["2020-01-01"]\n}\n', ["looks like JSON"]),
        ("a.csv", b'[\n [1, 2]\n]\n', ["looks like JSON"]),
        ("a.csv", b"date,ret,ret\n2020-01-01,0,1\n", ["'ret'", "twice", "columns 2 and 3"]),
        ("a.csv", b"date,return\n2020-01-01,\xe9\n", ["not UTF-8", "0xe9 in line 2"]),
        ("a.csv", "date,return\n".encode("utf-16"), ["UTF-16"]),
        ("a.csv", b"date,return\n2020-01-01,\x000\n", ["zero byte in line 2"]),
        ("a.csv", b'date,return\n"2020-01-01,0.1\n', ["quotes", "line 2"]),
        ("a.csv", b"date\n2020-01-01\n2020-01-02\n", ["no return column", "separated by comma"]),
        ("a.csv", b"x,y\n1,2\n3,4\n", ["no date column", "'x', 'y'", "--date-column"]),
        ("a.csv", b"2020-01-01\n", ["header and no rows"]),
        ("a.csv", gzip.compress(b"x", mtime=0), ["gzip", ".csv.gz"]),
        ("a.csv", b"PK\x03\x04zip", ["zip", "Excel"]),
        ("a.csv", b"PAR1...", ["Parquet"]),
        ("a.csv.gz", b"date,return\n", ["cannot be read"]),
        ("a.csv.gz", gzip.compress(lines().encode(), mtime=0)[:-30], ["cannot be read"]),
        ("a.csv.zst", b"date,return\n", ["cannot be read"]),
        ("a.parquet", b"", ["empty"]),
        ("a.parquet", b"date,return\n", ["cannot be read as .parquet"]),
        ("a.feather", b"date,return\n", ["cannot be read as .feather"]),
        ("a.pkl", b"\x80\x04", ["pickle", "never read", "CSV"]),
        ("a.pickle.gz", b"", ["pickle", "never read"]),
        ("a.xlsx", b"", ["Excel", "CSV"]),
        ("a.json", b"{}", ["not a format read here"]),
        ("a.parquet.gz", b"", ["not a format read here"]),
    ],
)  # fmt: skip
def test_unreadable_files(tmp_path, name, content, words):
    """Each way in which a file is no table of returns has its own sentence."""
    message = refusal(write(tmp_path, content, name))
    for word in words:
        assert word in message


def test_paths_that_are_no_files(tmp_path):
    """Missing, a directory, an address, a device, an empty or impossible path."""
    assert "no such file" in refusal(tmp_path / "gone.csv")
    assert "directory" in refusal(tmp_path)
    for address in ("http://x.org/a.csv", "s3://b/a.csv", "file:///a.csv"):
        assert "network" in refusal(address)
    assert "empty" in refusal(" ")
    assert "no such file" in refusal("a\0b.csv")
    assert "no such file" in refusal("x" * 5000)
    if sys.platform != "win32":
        assert "device" in refusal("/dev/zero")


def test_pyarrow_and_zstandard_missing(tmp_path, monkeypatch):
    """Without the extra the refusal names it."""
    for package, name in (("pyarrow", "a.parquet"), ("zstandard", "a.csv.zst")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            assert "pip install auditor[parquet]" in refusal(write(tmp_path, b"x", name))


def test_column_choice_is_refused(tmp_path):
    """No such column, several candidates, the date column as returns."""
    rows = "".join(f"{day:%Y-%m-%d},0.1,0.2\n" for day in DATES)
    path = write(tmp_path, "date,fast,slow\n" + rows)
    message = refusal(path)
    assert "several number columns ('fast', 'slow')" in message
    assert "--base-column" in message
    assert "--tuned-column" in refusal(path, role="tuned")
    message = refusal(path, column="fats")
    assert "no column 'fats'" in message
    assert "Did you mean 'fast'?" in message
    assert "holds the dates" in refusal(path, column="date")
    assert "no column 'day'" in refusal(path, date_column="day")
    assert "no column '3'" in refusal(path, date_column=3)
    with pytest.raises(InputError, match="no column '3'"):
        read_streams(path, role="known", date_column=3)  # type: ignore[arg-type]
    assert len(read_streams(path, role="known", date_column="day").columns) == 2  # the column of other files
    assert read_returns(f"{path}:fast", role="rf", date_column="day", unit="decimal").columns == ("fast",)
    with pytest.raises(InputError, match="Name one 'date', or 'day', as --date-column says"):
        read_streams(write(tmp_path, "x,y\n1,2\n3,4\n"), role="known", date_column="day")
    assert "several return columns ('ret', 'r')" in refusal(write(tmp_path, "date,ret,r\n" + rows))
    both = write(tmp_path, "date,timestamp,r\n" + "".join(f"{d:%Y-%m-%d},{d:%Y-%m-%d},0.1\n" for d in DATES))
    message = refusal(both)
    assert "several date columns ('date', 'timestamp')" in message
    assert "--date-column" in message


@pytest.mark.parametrize(
    ("entry", "exit_"), [("EntryTime", "ExitTime"), ("open_date", "close_date"), ("opened", "closed")]
)
def test_a_blotter_where_returns_belong_is_named(tmp_path, entry, exit_):
    """What begins and ends on each row has no date column to ask for."""
    rows = "".join(f"{d:%Y-%m-%d},{d + pd.Timedelta(days=1):%Y-%m-%d},5\n" for d in DATES)
    message = refusal(write(tmp_path, f"{entry},{exit_},pnl\n{rows}"))
    assert f"holds trades, each with a beginning and an end ('{entry}', '{exit_}')" in message
    assert "--base-trades or --tuned-trades" in message
    assert "several date columns" in refusal(write(tmp_path, f"{entry},day two,pnl\n{rows}"))


def test_sources_that_are_no_frames():
    """Arrays, lists, None and series without dates."""
    for source in (VALUES, VALUES.tolist(), None, 3, {"a": 1}):
        assert "cannot be read" in refusal(source)
    assert "no dates (its index holds int64)" in refusal(pd.Series(VALUES))
    assert "no dates" in refusal(pl.Series(VALUES))
    assert "index levels" in refusal(pd.DataFrame({"r": VALUES}, index=pd.MultiIndex.from_product([[1], DATES])))
    assert "empty" in refusal(pd.DataFrame({"r": []}, index=DATES[:0]))
    assert "empty" in refusal(pl.DataFrame({"date": [], "r": []}))
    assert "twice" in refusal(pd.DataFrame(np.ones((N, 2)), columns=["r", "r"], index=DATES))
    for bad in (VALUES > 0, VALUES + 1j, DATES):
        assert "not numbers" in refusal(pd.Series(bad, index=DATES))
    flat = pd.DataFrame({("SPY", "Close"): VALUES, ("SPY", "Open"): VALUES}, index=DATES)
    assert "'SPY Close', 'SPY Open'" in refusal(flat)


# ---- values


@pytest.mark.parametrize("missing", ["", "NaN", "nan", "NA", "#N/A", "null", "None"])
def test_missing_values(tmp_path, missing):
    """Missing values are refused with count, line and fix, and kept as NaN where they will be dropped."""
    path = write(tmp_path, lines(changed(10, missing)))
    message = refusal(path)
    assert message.startswith("base.csv: column 'return' has 1 missing values (first line 12: ")
    assert "--na drop" in message
    found = read_returns(path, role="base", na="drop")
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [10]


@pytest.mark.parametrize("option", ["refuse", "drop"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("inf", "1 infinite values (first line 12: 'inf')"),
        ("-Infinity", "1 infinite values"),
        ("1e999", "1 infinite values"),
        ("abc", "text in 1 rows (first line 12: 'abc')"),
        ("1_000", "text in 1 rows"),
        ("0x1", "text in 1 rows"),
        ("True", "text in 1 rows"),
        ("1.5%", "--unit percent"),
        ("(0.01)", "minus sign"),
    ],
)
def test_bad_values(tmp_path, value, words, option):
    """Infinities and text are refused whatever is asked of missing values."""
    assert words in refusal(write(tmp_path, lines(changed(10, value))), na=option)


def test_decimal_comma(tmp_path):
    """A decimal comma is named."""
    text = lines([f"{x:.6f}".replace(".", ",") for x in VALUES], sep=";")
    message = refusal(write(tmp_path, text))
    assert f"text in {N} rows (first line 2" in message
    assert "decimal comma" in message


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("99.631,22", "It looks like a decimal comma: write decimal points and no dots between thousands."),
        ("1.099.631,22", "It looks like a decimal comma: write decimal points and no dots between thousands."),
        ("1,099,631.22", "Write numbers without commas between thousands."),
    ],
)
def test_thousands_are_named_and_not_taken_for_text(tmp_path, written, words):
    """A curve in money as a broker of the continent, or an island, exports it; no column need be named for that."""
    rows = "".join(f"{d:%Y-%m-%d};{written}\n" for d in DATES)
    message = refusal(write(tmp_path, f"Datum;Kontowert\n{rows}"))
    assert "'Kontowert' has text" in message
    assert words in message


def test_line_numbers_are_those_of_the_file(tmp_path):
    """Blank lines and quoted line ends count."""
    rows = lines(changed(10, "x")).splitlines()
    assert "line 13" in refusal(write(tmp_path, "\n".join([*rows[:5], "", *rows[5:]])))
    noted = [f'{row},"a\nb"' if 0 < i < 4 else f"{row},note" for i, row in enumerate(rows)]
    assert "line 15" in refusal(write(tmp_path, "\n".join(noted)), column="return")


def test_row_labels_of_frames():
    """A frame has no lines: the row is named as the frame names it."""
    series = pd.Series(changed(10, np.nan), index=DATES, dtype=float)
    assert "row 2020-01-15" in refusal(series)
    assert "row 10" in refusal(pd.DataFrame({"date": DATES, "r": series.to_numpy()}))
    assert "1 missing values (first row 10" in refusal(pl.DataFrame({"date": DATES.to_numpy(), "r": changed(10, None)}))


# ---- what the numbers look like


def test_money_is_no_percent(tmp_path):
    """P&L of an account is refused with what to divide by, also as percents; who insists on decimals is believed."""
    path = write(tmp_path, lines((1e7 * VALUES).tolist()))
    for options in ({}, {"unit": "percent"}):
        said = refusal(path, **options)
        assert "look like amounts of money: as decimals their volatility is" in said
        assert "Divide each by the capital that it was earned on" in said
    assert read_returns(path, role="base", unit="decimal").values.std() > 100


@pytest.mark.parametrize("start", [1.0, 100.0, 10_000.0])
def test_prices_are_refused(tmp_path, start):
    """A price or an equity curve is refused with its median, and read with --kind prices."""
    prices = start * np.cumprod(1 + np.concatenate(([0.0], VALUES)))
    days = pd.bdate_range("2020-01-01", periods=N + 1)
    path = write(tmp_path, lines(prices.tolist(), [f"{d:%Y-%m-%d}" for d in days]))
    message = refusal(path)
    assert re.search(r"look like prices or an equity curve \(median [\d.]+, all positive\)", message)
    assert "--kind prices" in message
    found = read_returns(path, role="base", kind="prices")
    np.testing.assert_array_equal(found.values[:, 0], prices[1:] / prices[:-1] - 1)
    assert found.dates[0] == days[1]
    assert found.notes == ("base.csv: prices turned to returns, the first date lost",)
    assert read_returns(path, role="base", kind="returns").values.mean() > 0.5


def test_cumulated_returns_are_refused():
    """A curve that starts at zero, or a coin of a thousandth, is known by its smoothness."""
    long = pd.bdate_range("2010-01-01", periods=1500)
    walk = np.cumsum(np.random.default_rng(1).normal(0, 0.01, 1500))
    message = refusal(pd.Series(walk, index=long))
    assert "lag-1 autocorrelation 0.99" in message
    assert "differences" in message
    assert "Pass --kind prices" in refusal(pd.Series(1e-4 * np.exp(walk), index=long))


def test_gross_returns_are_refused():
    """1 + r is no price."""
    assert "1 + return" in refusal(pd.Series(1 + VALUES, index=DATES))


def test_percent_is_refused():
    """Percents are refused with the volatility they would have, and read with --unit percent."""
    message = refusal(pd.Series(100 * VALUES, index=DATES))
    assert re.search(r"look like percents: as decimals their volatility is \d+% a year", message)
    assert "--unit percent" in message
    # a policy that rests most of the time has a size all the same
    resting = np.where(np.arange(VALUES.size) % 3 == 0, 100 * VALUES, 0.0)
    size = np.median(np.abs(resting[resting != 0]))
    assert f"(median size {size:.3g} a period that is not zero)" in refusal(pd.Series(resting, index=DATES))
    found = read_returns(pd.Series(100 * VALUES, index=DATES), role="base", unit="percent")
    np.testing.assert_allclose(found.values[:, 0], VALUES)
    assert found.notes == ("base: percent divided by 100",)
    assert found.warnings == ()
    # decimals that were called percents
    twice = read_returns(pd.Series(VALUES / 10, index=DATES), role="base", unit="percent")
    assert re.search(r"volatility of 0\.\d+ a year after the division by 100: leave out --unit", twice.warnings[0])
    assert read_returns(pd.Series(100 * VALUES, index=DATES), role="base", unit="decimal").values.std() > 0.5


def test_real_returns_are_not_doubted():
    """Coins, monthly means, flat days and one wild return pass."""
    rng = np.random.default_rng(5)
    read_returns(pd.Series(rng.standard_t(3, 900) * 0.05, pd.date_range("2018", periods=900)), role="base")
    read_returns(
        pd.Series(np.abs(rng.normal(0.01, 0.002, 90)), pd.date_range("2018", periods=90, freq="ME")), role="base"
    )
    read_returns(pd.Series(np.where(rng.random(900) < 0.95, 0, 0.02), pd.bdate_range("2018", periods=900)), role="base")
    read_returns(pd.Series(changed(5, 40.0), DATES, dtype=float), role="base")
    smooth = np.convolve(rng.normal(0, 0.03, 300), np.ones(12) / 12, "valid")
    read_returns(pd.Series(smooth, pd.date_range("1990", periods=289, freq="MS")), role="base")


def test_constant_and_zero():
    """Two sentences, and none for a cash rate."""
    assert "all zero" in refusal(pd.Series(0.0, index=DATES))
    assert "constant (0.001" in refusal(pd.Series(0.001, index=DATES))
    assert "constant" in refusal(pd.Series(1.001 ** np.arange(N), index=DATES), kind="prices")
    assert read_returns(pd.Series(0.0001, index=DATES), role="rf").values[0, 0] == 0.0001
    assert "hold no value" in refusal(pd.Series(np.nan, index=DATES), na="drop")


@pytest.mark.parametrize("size", [1e13, 1e200, 1e308])
def test_sizes_that_no_return_has(size):
    """Numbers whose squares leave the range of a double do not reach the statistics."""
    message = refusal(pd.Series(changed(3, -size), DATES, dtype=float), kind="returns")
    assert f"cannot be returns (one is of size {size:.3g})" in message
    with pytest.raises(InputError, match="cannot be returns"):
        read_streams(pd.Series(changed(3, -size), DATES, dtype=float), role="known")
    assert "all zero" in refusal(pd.Series(VALUES / size**0.5 / 1e150, index=DATES))


def test_bad_prices():
    """Prices that are not positive have no return."""
    prices = pd.Series(changed(7, -3.0, 100 + VALUES), index=DATES, dtype=float)
    message = refusal(prices, kind="prices")
    assert "1 price that is not positive (first row 2020-01-10: -3)" in message
    assert "infinite returns" in refusal(pd.Series(changed(7, 5e-324, 100 + VALUES), DATES, dtype=float), kind="prices")
    assert "one row" in refusal(pd.Series([1.0], DATES[:1]), kind="prices")


def test_below_minus_100_percent_is_a_warning(tmp_path):
    """A loss of more than everything is named, not refused."""
    found = read_returns(write(tmp_path, lines(changed(10, -1.5))), role="base")
    assert found.warnings == (
        "base.csv: 1 return below -100 % (first line 12, 2020-01-15: -1.5): more than the capital was lost",
    )


@pytest.mark.parametrize(
    "options", [{"kind": "price"}, {"unit": "bp"}, {"na": "keep"}, {"na": None}, {"kind": "prices", "unit": "percent"}]
)
def test_options_out_of_range(options):
    """A choice that is none is named."""
    message = refusal(pd.Series(VALUES, index=DATES), **options)
    assert str(next(iter(options.values()))) in message


# ---- streams


def test_streams(tmp_path):
    """Every number column is a stream; text is refused by name; oddities are warnings."""
    text = table("date,mkt,hml,cash", 100 * VALUES, VALUES, [0.0001] * N)
    path = write(tmp_path, text, "factors.csv")
    found = read_streams(path, role="known")
    assert found.columns == ("mkt", "hml", "cash")
    assert found.values.shape == (N, 3)
    assert len(found.warnings) == 2
    assert "'mkt' look like percents" in found.warnings[0]
    assert "'cash' are constant" in found.warnings[1]
    assert read_streams(f"{path}:hml", role="known").columns == ("hml",)
    tagged = write(tmp_path, "date,mkt,sector\n" + "".join(f"{d:%Y-%m-%d},0.1,tech\n" for d in DATES))
    with pytest.raises(InputError, match="column 'sector' holds no numbers"):
        read_streams(tagged, role="known")
    assert read_streams(pd.DataFrame({"a": VALUES, "b": VALUES}, index=DATES), role="known").columns == ("a", "b")
    assert read_streams(pd.Series(VALUES, index=DATES, name="a"), role="known").columns == ("a",)
    with pytest.raises(InputError, match="no number column"):
        read_streams(write(tmp_path, "date\n2020-01-01\n2020-01-02\n"), role="known")


def filtered() -> pd.DataFrame:
    """Two streams whose row numbers have a hole, as after dropna(): their index is no range any more."""
    frame = pd.DataFrame({"date": DATES, "hml": VALUES, "mom": -VALUES})
    gap = pd.DataFrame({"date": [pd.NaT], "hml": [np.nan], "mom": [np.nan]})
    return pd.concat([frame.iloc[:50], gap, frame.iloc[50:]], ignore_index=True).dropna()


def test_row_numbers_of_a_filtered_frame_are_no_stream(tmp_path):
    """pandas writes them as the last column of Parquet and Feather, and Arrow and polars hand them on."""
    frame = filtered()
    frame.to_parquet(tmp_path / "known.parquet")
    whole = pa.Table.from_pandas(frame)
    feather.write_feather(whole, tmp_path / "known.feather")
    assert whole.column_names[-1] == "__index_level_0__"
    for source in (tmp_path / "known.parquet", tmp_path / "known.feather", whole, pl.from_arrow(whole)):
        assert read_streams(source, role="known").columns == ("hml", "mom")
    # dates there are the dates
    frame.set_index("date").rename_axis(None).to_parquet(tmp_path / "dated.parquet")
    assert read_streams(tmp_path / "dated.parquet", role="known").columns == ("hml", "mom")
    assert read_returns(f"{tmp_path / 'dated.parquet'}:hml", role="base").dates[0] == DATES[0]
    # two levels without names: row numbers of each
    frame.set_index([np.arange(N), np.arange(N) % 7]).to_parquet(tmp_path / "two.parquet")
    assert read_streams(tmp_path / "two.parquet", role="known").columns == ("hml", "mom")


def test_row_numbers_beside_an_index_of_dates_are_no_stream(tmp_path):
    """`Unnamed: 0` is what a written index is called when pandas reads it back."""
    frame = filtered().reset_index(drop=True)
    frame.to_csv(tmp_path / "written.csv")
    assert read_streams(tmp_path / "written.csv", role="known").columns == ("hml", "mom")
    again = pd.read_csv(tmp_path / "written.csv", parse_dates=["date"])
    assert read_streams(again, role="known").columns == ("hml", "mom")
    assert read_streams(again.set_index("date"), role="known").columns == ("hml", "mom")


def test_a_column_that_counts_rows_is_refused(tmp_path):
    """reset_index() calls row numbers index, and level_0 where there is one already."""
    frame = filtered()
    for name, counted in (("index", frame.reset_index()), ("level_0", frame.assign(index=1.0).reset_index())):
        counted.to_csv(tmp_path / "known.csv", index=False)
        for source in (tmp_path / "known.csv", counted, counted.set_index("date")):
            with pytest.raises(InputError, match=rf"column '{name}' counts rows \(0, 1, ...\) and is no stream"):
                read_streams(source, role="known")
    # an index of the market is a stream
    market = pd.DataFrame({"date": DATES, "index": VALUES, "hml": -VALUES})
    assert read_streams(market, role="known").columns == ("index", "hml")


def test_a_stream_without_a_name_is_refused(tmp_path):
    """A separator at the end of each line makes a column of nothing, which is called that."""
    with pytest.raises(InputError, match=r"column 3 of 3 has no name and no value: each line ends with a separator"):
        read_streams(write(tmp_path, table("date,hml,", VALUES, [""] * N)), role="known")
    with pytest.raises(InputError, match=r"column 3 of 3 has no name\. Every column .* name it, or leave it out"):
        read_streams(write(tmp_path, table("date,hml,", VALUES, -VALUES)), role="known")
    assert read_returns(pd.Series(VALUES, DATES, name=""), role="base").columns == ("base",)


def test_an_index_and_a_column_of_other_dates_are_refused():
    """Either may be meant; a time of day apart they are the same."""
    frame = pd.DataFrame({"date": DATES.shift(5), "return": VALUES}, index=DATES)
    message = refusal(frame)
    assert (
        "the index and column 'date' hold different dates in 120 of 120 rows (first 2020-01-01 and 2020-01-0" in message
    )
    assert "Drop the column, or say that it is meant with --date-column date" in message
    assert read_returns(frame, role="base", date_column="date").dates[0] == DATES[5]
    for index in (DATES, DATES + pd.Timedelta(hours=16), DATES.tz_localize("America/New_York")):
        same = pd.DataFrame({"date": DATES, "return": VALUES}, index=index)
        assert len(read_returns(same, role="base").dates) == N


def test_excels_line_of_the_separator_is_told(tmp_path):
    for text in ("sep=;", '"sep=,"', "SEP=\t"):
        path = write(tmp_path, text + "\n" + lines(sep=";"))
        assert f"base.csv: line 1 is Excel's {text.strip()!r}, not a header. Delete that line." == refusal(path)


def test_a_record_batch_is_a_frame():
    frame = pd.DataFrame({"date": DATES, "return": VALUES})
    found = read_returns(pa.RecordBatch.from_pandas(frame), role="base")
    assert found.sha256 == read_returns(pa.Table.from_pandas(frame), role="base").sha256


# ---- a hostile mind


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-0.3, 0.3), min_size=5, max_size=40).filter(lambda x: np.ptp(x) > 1e-3),
    start=st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)),
    quoted=st.booleans(),
)
def test_round_trip(tmp_path, values, start, quoted):
    """A frame written as text is read back to the last bit."""
    dates = pd.date_range(start, periods=len(values))
    frame = pd.DataFrame({"date": dates, "ret": values})
    frame.to_csv(tmp_path / "t.csv", index=False, quoting=1 if quoted else 0)
    same(read_returns(tmp_path / "t.csv", role="base", kind="returns"), np.array(values) + 0.0, dates)


def attempt(path: Path) -> None:
    """Read in all ways; nothing but an InputError may come out."""
    for read, options in (
        (read_returns, {"na": "drop"}),
        (read_returns, {"kind": "prices"}),
        (read_returns, {"date_format": "%d/%m/%Y %H:%M:%S%z"}),
        (read_streams, {}),
    ):
        try:
            found = read(path, role="base", **options)  # type: ignore[operator]
        except InputError:
            continue
        assert len(found.dates) == len(found.values) >= 1


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path, content):
    """Bytes of any kind, with or without a header before them."""
    for name in ("x.csv", "x.csv.gz", "x.parquet", "x.arrow"):
        attempt(write(tmp_path, content, name))
    attempt(write(tmp_path, b"date,return\n" + content))


CELLS = st.sampled_from(
    ["", "now", "today", "NaT", "nan", "2020-01-01", "2020-01-02T10:00Z", "2020-01-03 25:00", "0000-00-00", "20200104",
     "99991231", "202001", "2020-13", "1/2/2020", "13/2/2020", "1.13.2020", "31/31/2020", "1577836800", "43831", "1e5",
     "1e400", "-1", "0.5", "-0.0", "1,5", '"', '"a"', "a\tb", "12-Jan-2020", "Jan 1, 2020", "9999-12-31", "0001-01-01",
     "2020-01-01T00:00:00.123456789+14:00",
     "2020-01-01T10:00:00+99:99", "١٢", "\u2028", "１", "2020/1/5 1:02", "%", "5%"]
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), sep=st.sampled_from(",;\t|"))
def test_any_cells(tmp_path, rows, sep):
    """Cells that look like dates and numbers, in any mixture."""
    attempt(write(tmp_path, f"date{sep}return\n" + "\n".join(sep.join(row) for row in rows)))


@settings(max_examples=100, deadline=None)
@given(
    dates=st.lists(st.one_of(st.none(), st.dates(), st.datetimes(timezones=st.none() | st.just(dt.UTC)), st.integers(),
                             st.floats(), st.text(max_size=5)), min_size=2, max_size=5),
    values=st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.booleans(), st.text(max_size=3), st.just([1]),
                              st.decimals(), st.binary(max_size=2)), min_size=5, max_size=5),
)  # fmt: skip
def test_any_objects(dates, values):
    """Frames of any Python objects."""
    frame = pd.DataFrame({"date": pd.Series(dates, dtype=object), "r": pd.Series(values[: len(dates)], dtype=object)})
    attempt(frame)  # type: ignore[arg-type]
    attempt(pd.Series(values[: len(dates)], index=pd.Index(dates, dtype=object), dtype=object))  # type: ignore[arg-type]


def test_a_name_that_is_no_text_is_refused(tmp_path):
    """Bytes of a Feather file that are not UTF-8 where a column is named."""
    path = tmp_path / "a.feather"
    pd.DataFrame({"date": DATES, "aaaa": VALUES}).to_feather(path)
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"\xe4aaa"))
    assert "cannot be read as .feather" in refusal(path)


def test_odd_parquet(tmp_path):
    """Types that no return has are refused, not tracebacks."""
    odd = [
        pa.array([b"a", b"b"]),
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([True, None]),
        pa.array([None, None]),
        pa.array([dt.time(1), dt.time(2)]),
        pa.array([dt.timedelta(1), dt.timedelta(2)]),
        pa.array([Decimal("1.5"), Decimal("2")]),
        pa.array(["a", "b"]).dictionary_encode(),
        pa.array([2**63 - 1, -(2**63)]).cast(pa.timestamp("s")),
        pa.array([0, 86400]).cast(pa.timestamp("s", "Mars/Phobos")),
        pa.array([1.0, float("nan")], pa.float32()),
        pa.array([1, None], pa.int8()),
    ]
    for one in odd:
        for two in odd:
            path = tmp_path / "odd.parquet"
            try:
                parquet.write_table(pa.table({"date": one, "return": two}), path)
            except (pa.ArrowException, ValueError):
                continue
            attempt(path)
