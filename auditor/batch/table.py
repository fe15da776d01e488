"""Rows of plain data go in; the results table comes out as CSV, and as Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.batch.record import Kind, columns
from auditor.report.machine import write
from auditor.report.plain import for_spreadsheet


def write_table(folder: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write results.csv, and results.parquet where that can be written; the files, each whole or not there at all."""
    kinds = columns()
    text = folder / "results.csv"
    write(text, as_csv(rows, kinds))
    data = as_parquet(rows, kinds)
    if data is None:
        return [text]
    write(folder / "results.parquet", data)
    return [text, folder / "results.parquet"]


def as_csv(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Kind]) -> str:
    """Give CSV text: numbers unrounded, empty where there is none, and no text that a spreadsheet would run."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(kinds)
    for row in rows:
        table.writerow([_cell(row.get(name), kind) for name, kind in kinds.items()])
    return out.getvalue()


def _cell(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind == "text":
        return for_spreadsheet(str(value))
    return str(value).lower() if kind == "flag" else repr(value)


def as_parquet(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Kind]) -> bytes | None:
    """Give the same as Parquet, text as it was given; None without pyarrow."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return None
    types = {"text": pa.string(), "number": pa.float64(), "whole": pa.int64(), "flag": pa.bool_()}
    values = {
        name: pa.array([_typed(row.get(name), kind) for row in rows], types[kind]) for name, kind in kinds.items()
    }
    out = io.BytesIO()
    parquet.write_table(pa.table(values), out, compression="zstd")
    return out.getvalue()


def _typed(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    # A lone surrogate, which a file name may hold, is no text that Parquet can.
    return str(value).encode("utf-8", "backslashreplace").decode() if kind == "text" else value
