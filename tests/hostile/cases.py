"""Hostile files, each with what must come of it: numbers that are read, or words that name the cause and the fix."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import zstandard
from pyarrow import feather, parquet

_RANDOM = Random(5)
DAYS = [date(2020, 1, 1) + timedelta(days=place) for place in range(90)]
VALUES = [round(_RANDOM.gauss(0.0005, 0.01), 6) for _ in DAYS]


@dataclass(frozen=True)
class Hostile:
    """A file and its fate.

    make     writes it into a folder and gives its path, or its bytes
    words    of the refusal, all of them; empty where it is read
    values   what is read where it is
    """

    name: str
    file: str
    make: bytes | Callable[[Path], Path]
    words: tuple[str, ...] = ()
    reader: str = "returns"
    values: list[float] = field(default_factory=list)

    def put(self, folder: Path) -> Path:
        """Write the file."""
        if callable(self.make):
            return self.make(folder / self.file)
        (folder / self.file).write_bytes(self.make)
        return folder / self.file


def text(head: str = "date,return", days: list | None = None, values: list | None = None, sep: str = ",") -> str:
    """A file of returns, good but for what is given."""
    rows = [
        f"{day}{sep}{value}" for day, value in zip(days or DAYS, VALUES if values is None else values, strict=False)
    ]
    return "\n".join([head, *rows]) + "\n"


def put(row: int, value: object) -> list:
    """The values with one changed; row 0 is line 2."""
    return [*VALUES[:row], value, *VALUES[row + 1 :]]


def put_day(row: int, day: object) -> list:
    """The dates with one changed."""
    return [*DAYS[:row], day, *DAYS[row + 1 :]]


def refused(name: str, file: str, make: bytes | str | Callable[[Path], Path], *words: str, reader: str = "returns"):
    return Hostile(name, file, make.encode() if isinstance(make, str) else make, words, reader)


def accepted(name: str, file: str, make: bytes | str | Callable[[Path], Path], values: list[float] = VALUES):
    return Hostile(name, file, make.encode() if isinstance(make, str) else make, values=values)


# ---- what needs more than bytes


def link_loop(path: Path) -> Path:
    other = path.with_name("other.csv")
    path.symlink_to(other)
    other.symlink_to(path)
    return path


def link_to(target: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.symlink_to(target)
        return path

    return make


def link_to_good(path: Path) -> Path:
    real = path.with_name("real.csv")
    real.write_text(text())
    path.symlink_to(real)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def table(path: Path, **columns: object) -> Path:
    made = pa.table({"date": pa.array(DAYS, pa.date32()), **columns})
    parquet.write_table(made, path) if path.suffix == ".parquet" else feather.write_feather(made, path)
    return path


def strayed(path: Path) -> Path:
    """A column of two kinds, whose rows name a hundredth."""
    kinds = pa.dense_union([pa.field("a", pa.float64()), pa.field("b", pa.int64())])
    places = b"".join(place.to_bytes(4, "little") for place in range(90))
    held = [None, pa.py_buffer(bytes([0, 100, 90] * 30)), pa.py_buffer(places)]
    column = pa.Array.from_buffers(kinds, 90, held, children=[pa.array(VALUES), pa.array(range(90))])
    made = pa.table({"date": pa.array(DAYS, pa.date32()), "return": column})
    opened = pa.ipc.new_file if path.suffix == ".feather" else pa.ipc.new_stream
    with opened(str(path), made.schema) as out:
        out.write_table(made)
    return path


def cut(path: Path) -> Path:
    table(path, **{"return": VALUES})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def swapped_end(path: Path) -> Path:
    """A Parquet file whose footer says that it is two gigabytes long."""
    table(path, **{"return": VALUES})
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1")
    return path


# ---- zip and JSON


def trade(**changes: object) -> dict:
    return {
        "pair": "BTC/USDT", "amount": 1.0, "open_date": "2020-01-02 00:00:00+00:00", "open_rate": 100.0,
        "close_date": "2020-01-05 00:00:00+00:00", "close_rate": 101.0, "fee_open": 0.0, "fee_close": 0.0,
        "profit_abs": 1.0, "is_short": False, "is_open": False,
    } | changes  # fmt: skip


def backtest(*trades: dict) -> str:
    return json.dumps({"strategy": {"S": {"trades": list(trades)}}})


def zipped(**members: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_json", ".json"), content)
    return out.getvalue()


def nested_zip() -> bytes:
    inner = zipped(a_json=backtest(trade()))
    return zipped(**{"inner.zip": inner})


def lying_zip() -> bytes:
    """A zip whose directory says that a member is 10 bytes long."""
    whole = bytearray(zipped(a_json=backtest(trade(), trade(pair="ETH/USDT"))))
    place = whole.rindex(b"PK\x01\x02")
    whole[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(whole)


BLOTTER = "instrument,side,entry_time,exit_time,quantity,pnl\n"
ROW = "A,long,2020-01-02,2020-01-05,1,0.5\n"
HOURS = [f"2020-10-25T{hour:02}:30:00" for hour in (0, 1, 2, 2, 3)]
NFD, NFC = "cafe\u0301", "caf\u00e9"

CASES = [
    # encodings
    refused("utf-16 with a mark", "a.csv", text().encode("utf-16"), "is UTF-16", "save it as UTF-8"),
    refused("utf-16 little-endian without a mark", "a.csv", text().encode("utf-16-le"), "zero byte in line 1", "UTF-8"),
    refused("utf-16 big-endian without a mark", "a.csv", text().encode("utf-16-be"), "zero byte in line 1", "UTF-8"),
    refused("utf-32", "a.csv", text().encode("utf-32"), "UTF-8"),
    refused("latin-1", "a.csv", text("d\u00e4te,return").encode("latin-1"), "not UTF-8", "0xe4 in line 1", "UTF-8"),
    refused("cp1252 quotes", "a.csv", text(values=put(3, "\u201c1\u201d")).encode("cp1252"), "not UTF-8", "line 5"),
    refused("half of a character", "a.csv", text().encode() + b"\xe2\x82", "not UTF-8", "Save it as UTF-8"),
    refused("a surrogate in utf-8", "a.csv", text().encode() + b"\xed\xa0\x80", "not UTF-8"),
    refused("a zero byte", "a.csv", text(values=put(2, "0\0")), "zero byte in line 4", "Export it as CSV"),
    accepted("byte-order mark", "a.csv", b"\xef\xbb\xbf" + text().encode()),
    accepted("two byte-order marks", "a.csv", b"\xef\xbb\xbf\xef\xbb\xbf" + text().encode()),
    accepted("a header in another script", "a.csv", text("date,\u05ea\u05e9\u05d5\u05d0\u05d4")),
    accepted("a name that runs from right to left", "\u202egnp.csv", text()),
    # separators, decimal marks, quotes
    accepted("semicolons", "a.csv", text("date;return", sep=";")),
    accepted("old line ends", "a.csv", text().replace("\n", "\r")),
    refused("mixed separators", "a.csv", text().replace("\n2020-01-09,", "\n2020-01-09;"), "1 row does not",
            "line 10: 1 field"),
    refused("decimal commas between semicolons", "a.csv", text("date;return", sep=";").replace("0.", "0,"),
            "decimal comma", "decimal points"),
    refused("decimal commas between commas", "a.csv", text().replace("0.", "0,"), "3 fields", "decimal comma"),
    refused("thousands", "a.csv", text("date;return", values=put(4, "1,234.5"), sep=";"), "text in 1 rows", "line 6"),
    refused("Arabic digits and a percent sign", "a.csv", text(values=put(4, "\u0661%")), "text in 1 rows", "line 6"),
    accepted("digits of another script are numbers to Python and to us", "a.csv", text(values=put(4,
            "\u0660.\u0660\u0661")),
             put(4, 0.01)),
    refused("underscores", "a.csv", text(values=put(4, "1_0")), "text in 1 rows", "line 6"),
    refused("hexadecimal", "a.csv", text(values=put(4, "0x1p-4")), "text in 1 rows", "'0x1p-4'"),
    refused("a formula", "a.csv", text(values=put(4, "=1+1")), "text in 1 rows", "'=1+1'"),
    refused("an open quote", "a.csv", text(values=put(4, '"0.1')), "quotes", "line 6"),
    refused("a quote within", "a.csv", text(values=put(4, '"0"1"')), "quotes", "line 6"),
    accepted("quotes over lines", "a.csv", text().replace("date,return\n", '"date","return","a\nb"\n').replace(
        "\n2020", ',"x"\n2020').replace('b",', "b\",", 1).replace('"a\nb","x"', '"a\nb"', 1)[:-1] + ',"x"\n'),
    refused("a million quotes", "a.csv", text(values=put(4, '"' * 1_000_001)), "quotes", "line 6"),
    refused("a field of a million characters", "a.csv", text(values=put(4, '"' + "1" * 1_000_000 + '"')), "line 6"),
    refused("a header named twice", "a.csv", text("date,return,return").replace("\n2020", ",0\n2020"), "'return'",
            "twice"),
    refused("two nameless columns", "a.csv", text(",,return"), "empty column name", "twice"),
    refused("a header of separators", "a.csv", ",,,,\n", "twice"),
    refused("a line of blanks first", "a.csv", "\n\n" + text(), "line 1 is blank"),
    # dates
    refused("year 1", "a.csv", text(days=put_day(0, "0001-01-01")), "1 dates", "0001-01-01", "1678 to 2261"),
    refused("year 9999", "a.csv", text(days=put_day(89, "9999-12-31")), "9999-12-31", "1678 to 2261"),
    refused("year 10000", "a.csv", text(days=put_day(89, "10000-01-01")), "1 unreadable date", "'10000-01-01'"),
    refused("a date before its century", "a.csv", text(days=put_day(0, "2261-01-01")), "out of order", "Sort"),
    refused("from 2261 back to 1700", "a.csv", text(days=["2261-01-01", "1700-01-01", *DAYS[:88]]), "out of order"),
    refused("a leap second",
            "a.csv", text(days=[f"{day}T23:59:{60 if at == 5 else 59}" for at, day in enumerate(DAYS)]),
            "1 unreadable date", "line 7"),
    refused("a tenth digit of a second", "a.csv",
            text(days=[f"{day}T00:00:00.{'1' * (10 if at == 5 else 9)}" for at, day in enumerate(DAYS)]),
            "1 unreadable date", "line 7"),
    refused("a second of one digit", "a.csv",
            text(days=[f"{day}T00:00:{'5' if at == 5 else '05'}" for at, day in enumerate(DAYS)]),
            "1 unreadable date", "line 7"),
    refused("the 30th of February", "a.csv", text(days=put_day(3, "2020-02-30")), "unreadable", "line 5"),
    refused("hour 24", "a.csv", text(days=[f"{day}T{24 if at == 5 else 23}:00" for at, day in enumerate(DAYS)]),
            "unreadable", "line 7"),
    refused("summer time without a zone", "a.csv", text(days=[*HOURS, *(f"2020-10-{d}" for d in (26, 27))]),
            "duplicate"),
    accepted("summer time with offsets", "a.csv", text(days=[
        "2020-10-25T02:30:00+02:00", "2020-10-25T02:30:00+01:00",
        *(f"2020-10-{26 + at // 24}T{at % 24:02}:00:00+01:00" for at in range(88))])),
    refused("a zone in some rows", "a.csv", text(days=[f"{day}T00:00:00{'Z' if at == 7 else ''}"
                                                       for at, day in enumerate(DAYS)]), "1 dates with a time zone",
            "line 9"),
    refused("two forms", "a.csv", text(days=put_day(9, "10/01/2020")), "1 unreadable date", "line 11"),
    refused("day or month first", "a.csv", text(days=["01/02/2020", "02/02/2020"]), "day first or month first",
            "--date-format"),
    refused("epoch seconds", "a.csv", text(days=[1577836800 + 86400 * at for at in range(90)]), "epoch time in s"),
    refused("serial dates of Excel", "a.csv", text(days=[43831 + at for at in range(90)]), "Excel serial dates"),
    refused("row numbers", "a.csv", text(days=list(range(90))), "row numbers"),
    accepted("compact dates as floats", "a.csv", text(days=[f"{day:%Y%m%d}" for day in DAYS])),
    refused("words for dates", "a.csv", text(days=put_day(0, "today")), "unreadable"),
    # numbers
    refused("a huge number", "a.csv", text(values=put(4, "1e300")), "cannot be returns", "1e+300"),
    refused("beyond a double", "a.csv", text(values=put(4, "1e999")), "infinite", "line 6"),
    refused("a number of a million digits", "a.csv", text(values=put(4, "9" * 1_000_000)), "line 6"),
    accepted("tiny numbers and signed zeros", "a.csv", text(values=["-0.0", "5e-324", "-1e-300", *VALUES[3:]]),
             [0.0, 5e-324, -1e-300, *VALUES[3:]]),
    refused("not a number", "a.csv", text(values=put(4, "nan")), "1 missing values", "--na drop"),
    refused("all missing", "a.csv", text(values=[""] * 90), "90 missing values"),
    refused("nothing but zeros", "a.csv", text(values=[0] * 90), "all zero"),
    # links, pipes, devices, folders
    refused("links in a loop", "a.csv", link_loop, "symbolic link", "no file"),
    refused("a link to nothing", "a.csv", link_to("gone.csv"), "symbolic link", "no file"),
    accepted("a link to a file", "a.csv", link_to_good),
    refused("a link to /dev/zero", "a.csv", link_to("/dev/zero"), "device"),
    refused("a link to /dev/full as JSON", "a.json", link_to("/dev/full"), "device", reader="trades"),
    refused("a link to /dev/null", "a.csv", link_to("/dev/null"), "device"),
    refused("a folder", "a.csv", folder, "is a directory", "Give one file"),
    refused("a folder as JSON", "a.json", folder, "is a directory", reader="trades"),
    # packed and columnar files
    refused("half of a gz", "a.csv.gz", gzip.compress(text().encode())[:-40], "cannot be read"),
    refused("gz with another end", "a.csv.gz", gzip.compress(text().encode()) + b"garbage", "cannot be read"),
    refused("half of a zst", "a.csv.zst", zstandard.compress(text().encode())[:60], "."),
    refused("a gz within a gz", "a.csv.gz", gzip.compress(gzip.compress(text().encode())), "gzip"),
    refused("half of a Parquet file", "a.parquet", cut, "cannot be read as .parquet"),
    refused("a Parquet file that says it is larger", "a.parquet", swapped_end, "cannot be read as .parquet"),
    refused("half of a Feather file", "a.feather", cut, "cannot be read as .feather"),
    # its rows point at columns that are not there, and Arrow would follow them: the process died
    refused("a Feather file that points outside of itself", "a.feather", strayed, "is damaged", "Write it anew"),
    refused("the same as a stream", "a.arrow", strayed, "is damaged", "Write it anew"),
    refused("Parquet with lists", "a.parquet", lambda path: table(path, **{"return": [[x] for x in VALUES]}),
            "text in 90 rows"),
    refused("Parquet with records", "a.parquet", lambda path: table(path, **{"return": [{"x": x} for x in VALUES]}),
            "text in 90 rows"),
    refused("Parquet with bytes", "a.parquet", lambda path: table(path, **{"return": [b"\xff"] * 90}), "text"),
    accepted("Parquet with decimals", "a.parquet", lambda path: table(
        path, **{"return": pa.array(VALUES).cast(pa.decimal128(12, 8), safe=False)})),
    refused("a pickle under another name", "a.csv", b"\x80\x04\x95\x00", "pickle", "never read"),
    refused("a workbook under another name", "a.csv", zipped(a="x"), "Excel workbook"),
    # blotters
    refused("JSON of depth 100000", "a.json", "[" * 100_000, "nested too deeply", reader="trades"),
    refused("JSON of deep objects", "a.json", '{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply",
            reader="trades"),
    refused("a name twice in JSON", "a.json",
            backtest(trade()).replace('"amount": 1.0', '"amount": 1.0, "amount": 9.0'),
            "'amount'", "twice", reader="trades"),
    refused("NaN in JSON", "a.json", backtest(trade(profit_abs=float("nan")), trade(pair="X")), "missing",
            reader="trades"),
    refused("an integer of 5000 digits in JSON", "a.json", '[{"pair": ' + "9" * 5000 + "}]", "not JSON",
            reader="trades"),
    refused("JSON in UTF-16", "a.json", backtest(trade()).encode("utf-16"), "not UTF-8", reader="trades"),
    refused("JSON cut short", "a.json", backtest(trade())[:-9], "not JSON", reader="trades"),
    refused("a zip in a zip", "a.zip", nested_zip(), "no backtest of freqtrade", reader="trades"),
    refused("a zip that lies of its sizes", "a.zip", lying_zip(), ".", reader="trades"),
    refused("two backtests in a zip", "a.zip", zipped(a_json=backtest(trade()), b_json=backtest(trade())),
            "2 backtests", reader="trades"),
    refused("a path that climbs out of a zip", "a.zip", zipped(**{"../../x.json": "[]"}), "no backtest",
            reader="trades"),
    refused("a name with a character nobody sees", "a.csv", BLOTTER + ROW + ROW.replace("A,",
            "A\u200b,").replace("0.5", "0.7"),
            "1 row", "nobody sees", "line 3", reader="trades"),
    refused("a name with an order of its own", "a.csv", BLOTTER + ROW + ROW.replace("A,", "\u202eA,").replace("0.5",
            "0.7"),
            "nobody sees", reader="trades"),
    refused("an exit before its entry", "a.csv", BLOTTER + ROW.replace("2020-01-05", "2019-01-05"),
            "exit before they enter",
            reader="trades"),
    refused("half a surrogate in JSON", "a.json", backtest(trade(open_date="\ud800")), "surrogates", reader="trades"),
    refused("counts that are rates", "a.csv", "problem,n,c_base,c_tuned\np,10,0.5,1\nq,10,1,1\n", "not whole",
            "not rates",
            reader="counts"),
    refused("counts beyond any", "a.csv", "problem,n,c_base,c_tuned\np,1e18,1,1\nq,10,1,1\n", "too large",
            reader="counts"),
    refused("problems named alike", "a.csv", "problem,n,c_base,c_tuned\np,10,1,1\np,10,1,1\n", "again",
            reader="counts"),
]  # fmt: skip
