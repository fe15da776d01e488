"""Each hostile file is read as the numbers it holds, or refused with exit code 2 in words that name cause and fix."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from cases import BLOTTER, CASES, NFC, NFD, ROW, VALUES, backtest, text, trade
from click.testing import CliRunner
from pyarrow import feather, parquet

from auditor.cli import main
from auditor.errors import InputError
from auditor.inputs import content
from auditor.inputs.returns import read_returns
from auditor.inputs.trades import read_trades

REFUSED = [case for case in CASES if case.words]
READ = [case for case in CASES if not case.words]


def command(reader: str, path: Path, good: Path) -> list[str]:
    """The command that reads this file."""
    if reader == "counts":
        return ["tries", str(path)]
    more = ["--base-trades", str(path), "--tuned-trades", str(path)] if reader == "trades" else []
    return ["audit", str(path if reader == "returns" else good), str(good), "--oos-fraction", "0.7", *more]


def test_there_are_enough():
    """Sixty and more, each with a name of its own."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused_with_cause_and_fix(tmp_path, case):
    """Exit code 2 and one message, never a traceback."""
    good = tmp_path / "good.csv"
    good.write_text(text())
    found = CliRunner().invoke(main, command(case.reader, case.put(tmp_path), good))
    assert (found.exit_code, type(found.exception)) == (2, SystemExit), found.exception
    assert found.stderr.startswith("error: ")
    assert "Traceback" not in found.output
    for word in case.words:
        assert word in found.stderr


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_read_as_these_numbers(tmp_path, case):
    """To the last bit."""
    found = read_returns(case.put(tmp_path), role="base")
    np.testing.assert_array_equal(found.values[:, 0], case.values)


def test_names_that_are_the_same_to_unicode_are_the_same(tmp_path):
    """An accent written as one character or as two is one instrument."""
    path = tmp_path / "a.csv"
    path.write_text(BLOTTER + ROW.replace("A,", f"{NFD},") + ROW.replace("A,", f"{NFC},").replace("0.5", "0.7"))
    assert read_trades(path, role="base trades").instruments == (NFC,)


# ---- pipes and files that change


def test_a_pipe_that_nothing_writes_to(tmp_path, monkeypatch):
    """It is waited for a while, and then refused."""
    monkeypatch.setattr(content, "PATIENCE", 0.2)
    os.mkfifo(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(InputError, match="nothing writes to"):
        read_returns(tmp_path / "a.csv", role="base")
    with pytest.raises(InputError, match="nothing writes to"):
        read_trades(tmp_path / "a.json", role="base trades")


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_pipe_with_a_slow_writer_is_read_whole(tmp_path, monkeypatch, pause):
    """As of `<(program)`: the writer may take longer than the patience for one to come."""
    monkeypatch.setattr(content, "PATIENCE", 0.3)
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("w") as file:
            time.sleep(pause)
            file.write(text()[:500])
            file.flush()
            time.sleep(pause)
            file.write(text()[500:])

    writer = threading.Thread(target=write)
    writer.start()
    found = read_returns(pipe, role="base")
    writer.join()
    assert found.values[:, 0].tolist() == VALUES


def test_a_pipe_whose_writer_left_without_a_word(tmp_path):
    """Is an empty file."""
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.open("w").close())
    writer.start()
    with pytest.raises(InputError, match="is empty"):
        read_returns(pipe, role="base")
    writer.join()


def test_a_file_that_grows_while_it_is_read(tmp_path, monkeypatch):
    """Its last line may be half of one, so it is refused."""
    path = tmp_path / "a.csv"
    path.write_text(text())
    plain = content.bounded

    def slowly(file, *options):
        data = plain(file, *options)
        with path.open("a") as more:
            more.write("2021-01-01,0.0")
        return data

    monkeypatch.setattr(content, "bounded", slowly)
    with pytest.raises(InputError, match="changed while it was read"):
        read_returns(path, role="base")


def test_a_parquet_file_that_changes_between_two_columns(tmp_path):
    """Columns of two files would be read as one."""
    from auditor.inputs.table import open_table

    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"date": [1, 2], "return": [0.1, 0.2]}), path)
    table, _ = open_table(path, role="base")
    parquet.write_table(pa.table({"date": [1, 2, 3], "return": [0.1, 0.2, 0.3]}), path)
    with pytest.raises(InputError, match="changed while it was read"):
        table.read([0, 1])


# ---- bombs: what is small on disk and large in memory


def bomb_gz(folder: Path) -> Path:
    path = folder / "a.csv.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(b"date,return\n")
        for _ in range(300):
            file.write(b"2020-01-01,0\n" * 80_000)
    return path


def bomb_zst(folder: Path) -> Path:
    path = folder / "a.csv.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as out:
        for _ in range(4000):
            out.write(b"0" * (1 << 20))
    return path


def bomb_json(folder: Path) -> Path:
    path = folder / "a.json.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(b"[" + b"{}," * 60_000_000 + b"{}]")
    return path


def bomb_zip(folder: Path) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in range(40):
            archive.writestr(f"{place}.json", b" " * (10 << 20) + backtest(trade()).encode())
    path = folder / "a.zip"
    path.write_bytes(out.getvalue())
    return path


def overlapping_zip(folder: Path) -> Path:
    """A zip of which all members are the same bytes: a few kilobytes that unpack to gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.json", b" " * (15 << 20))
        first = archive.infolist()[0]
        for place in range(1, 200):
            same = zipfile.ZipInfo(f"{place}.json")
            same.compress_type, same.header_offset = first.compress_type, first.header_offset
            same.CRC, same.compress_size, same.file_size = first.CRC, first.compress_size, first.file_size
            archive.filelist.append(same)
            archive.NameToInfo[same.filename] = same
        archive._didModify = True
    path = folder / "a.zip"
    path.write_bytes(out.getvalue())
    return path


def sparse(name: str):
    def make(folder: Path) -> Path:
        path = folder / name
        with path.open("wb") as file:
            file.truncate(64 << 30)
        return path

    return make


def many_columns(folder: Path) -> Path:
    path = folder / "a.csv"
    path.write_text(
        "date," + ",".join(f"c{place}" for place in range(1_000_000)) + "\n" + "2020-01-01" + ",0" * 1_000_000
    )
    return path


def wide(folder: Path) -> Path:
    """As many columns as are read, in more rows than are looked at."""
    path = folder / "a.csv"
    row = ",0.01" * 49_999
    path.write_text(
        "date," + ",".join(f"c{place}" for place in range(49_999)) + "\n"
        + "".join(f"2020-01-{day:02}{row}\n" for day in range(1, 29)) + "2020-01-28" + row
    )  # fmt: skip
    return path


def parquet_bomb(folder: Path) -> Path:
    """Ten billion equal numbers take a few kilobytes."""
    path = folder / "a.parquet"
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1 << 22, np.int8)), pa.array([0.01]))
    table = pa.table({"date": pa.array(np.zeros(1 << 22, np.int32)).cast(pa.date32()), "return": column})
    with parquet.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(100):
            writer.write_table(table, row_group_size=1 << 22)
    return path


def feather_bomb(folder: Path) -> Path:
    path = folder / "a.feather"
    zeros = pa.table({"date": pa.array(np.zeros(1 << 24, np.int32)).cast(pa.date32()), "return": np.zeros(1 << 24)})
    feather.write_feather(pa.concat_tables([zeros] * 12), path, compression="zstd", chunksize=1 << 20)
    return path


BOMBS = [
    (bomb_gz, "returns", "unpack it first"),
    (bomb_zst, "returns", "unpack it first"),
    (bomb_json, "trades", "unpack it first"),
    (bomb_zip, "trades", "unpacks to more than"),
    (overlapping_zip, "trades", "."),
    (sparse("a.csv"), "returns", "2048 MiB"),
    (sparse("a.csv.gz"), "returns", "2048 MiB"),
    (sparse("a.json"), "trades", "512 MiB"),
    (sparse("a.zip"), "trades", "512 MiB"),
    (sparse("a.parquet"), "returns", "cannot be read as .parquet"),
    (sparse("a.feather"), "returns", "cannot be read as .feather"),
    (many_columns, "streams", "1,000,001 columns"),
    (wide, "streams", "duplicate"),
    (parquet_bomb, "returns", "cells"),
    (feather_bomb, "returns", "MiB"),
]


@pytest.mark.parametrize(("make", "reader", "words"), BOMBS, ids=[make.__name__ for make, *_ in BOMBS])
def test_nothing_takes_more_than_ten_seconds_or_a_gigabyte(tmp_path, make, reader, words):
    """Measured in a process of its own, in seconds of its processor."""
    path = make(tmp_path)
    assert path.stat().st_blocks * 512 < 60 << 20
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("alone.py"), reader, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert words in (found["refused"] or ""), found
    assert found["seconds"] < 10, found
    assert found["mebibytes"] < 1024, found
