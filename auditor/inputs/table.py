"""A path or a frame comes in; named columns go out, unchecked, each of them read only when it is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from auditor.errors import InputError

Look = Literal["number", "date", "text", "other"]
Label = Callable[[int], str]

MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nat", "-", "--", ".", "#n/a n/a"})
"""What programs write for a value that is not there, in lower case."""

DATE_NAMES = frozenset({"date", "datetime", "timestamp"})
"""Names that only a column of dates has."""

LARGEST_COLUMNS = 50_000

PACKED_SUFFIXES = (".gz", ".zst")
ARROW_SUFFIXES = (".parquet", ".feather", ".arrow")

_REFUSED_SUFFIXES = {
    ".pkl": "a pickle can run any program when it is opened, so it is never read",
    ".pickle": "a pickle can run any program when it is opened, so it is never read",
    ".xls": "Excel workbooks are not read",
    ".xlsx": "Excel workbooks are not read",
    ".xlsm": "Excel workbooks are not read",
    ".xlsb": "Excel workbooks are not read",
    ".ods": "spreadsheets are not read",
}
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/. ][0-9A-Za-z]{1,9}[-/. ]\d{2,4}([T ].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One source of columns before any check.

    name      what messages call it
    header    column names as written, stripped; unique
    looks     what each column holds, judged by its type or its first rows
    rows      number of rows
    read      column positions -> one Series each, of `rows` elements: text from a text file, typed otherwise
    label     row position -> what messages call the row: "line 17", "row 2020-01-03"
    dates     the frame's own index of dates, or None where the dates are a column
    """

    name: str
    header: tuple[str, ...]
    looks: tuple[Look, ...]
    rows: int
    read: Callable[[Sequence[int]], list[pd.Series[Any]]]
    label: Label
    dates: pd.Index[Any] | None = None

    @property
    def columns(self) -> str:
        """The column names in one string for messages."""
        return ", ".join(repr(column) for column in self.header[:20]) + (", ..." if len(self.header) > 20 else "")


def open_table(source: object, *, role: str) -> tuple[Table, str | None]:
    """Open a path, a `file:column` string or a frame: its table, and the column that the string named.

    role     what a source without a file name is called
    errors   InputError for anything that is not a readable file or frame with rows
    """
    if isinstance(source, str | os.PathLike):
        path, column = split_source(os.fspath(source), role=role)
        return open_file(path), column
    from auditor.inputs.frames import frame_table

    return frame_table(source, name=role), None


def split_source(source: str | bytes, *, role: str) -> tuple[Path, str | None]:
    """Split `file.csv:column` into (path, column); a string that is a file as a whole has no column.

    Drive letters and file names with colons work, since only a part that exists is taken as the file.
    """
    text = os.path.expanduser(os.fsdecode(source))
    if not text.strip():
        raise InputError(f"{role}: the path is empty. Give a file of returns.")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        raise InputError(f"{text}: nothing is fetched from the network. Download the file and give its path.")
    if _exists(text):
        return Path(text), None
    for cut in [match.start() for match in re.finditer(":", text)][::-1]:
        head, column = text[:cut], text[cut + 1 :]
        if head and _exists(head) and not os.path.isdir(head):
            if not column.strip():
                raise InputError(
                    f"{text}: no column name after the last colon. Write {head}:COLUMN, or the file alone."
                )
            return Path(head), column
    # the part before a column name is the better thing to call missing: "returns.csv", not "returns.csv:base"
    named = re.match(r"(.+\.(?:csv|tsv|txt|gz|zst|parquet|feather|arrow)):[^/\\]+$", text, re.IGNORECASE)
    missing = named.group(1) if named else text
    if _is_link(missing):
        raise InputError(f"{missing}: is a symbolic link that leads to no file. Give the file itself.")
    looked = "" if os.path.isabs(missing) else f" (looked from {os.getcwd()})"
    raise InputError(f"{missing}: no such file{looked}.")


def open_file(path: Path) -> Table:
    """Open a file by its suffix: CSV or TSV, also packed as .gz or .zst; Parquet; Feather."""
    name = path.name or str(path)
    if path.is_dir():
        raise InputError(f"{name}: is a directory. Give one file of returns.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-1] if suffixes else ""
    inner = (suffixes[-2] if len(suffixes) > 1 else "") if last in PACKED_SUFFIXES else last
    if inner in _REFUSED_SUFFIXES:
        raise InputError(f"{name}: {_REFUSED_SUFFIXES[inner]}. Export it as CSV (`frame.to_csv(...)`) or Parquet.")
    if not (path.is_file() or path.is_fifo()):
        raise InputError(f"{name}: is a device or a socket, not a file of returns.")
    if last in ARROW_SUFFIXES:
        from auditor.inputs.frames import arrow_table

        return arrow_table(path, name=name)
    # an inner suffix such as ".2024" in "run.2024.gz" is part of a name, so only known other formats are refused
    if inner in {*ARROW_SUFFIXES, ".json", ".jsonl", ".h5", ".hdf", ".hdf5", ".npy", ".npz", ".mat", ".db", ".sqlite",
                 ".zip", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".orc", ".avro", ".rds", ".rdata", ".dta", ".sas7bdat",
                 ".htm", ".html", ".xml", ".pdf", ".yaml", ".yml", ".toml"}:  # fmt: skip
        raise InputError(f"{name}: not a format read here. Export it as CSV, TSV (also .gz, .zst), Parquet or Feather.")
    from auditor.inputs.textfile import text_table

    return text_table(path, name=name)


def look_of(values: Sequence[str]) -> Look:
    """Judge what a column of text holds from some of its values: what most of those present look like."""
    present = [value.strip() for value in values if value.strip().lower() not in MISSING]
    if not present:
        return "number"  # all missing: the refusal of missing values says more than "no such column"
    if 2 * sum(map(_number_like, present)) >= len(present):
        return "number"
    return "date" if 2 * sum(_DATE.fullmatch(value) is not None for value in present) >= len(present) else "text"


def refuse_repeats(header: Sequence[str], *, name: str) -> None:
    """Refuse a header in which a name stands twice, and one of far too many names."""
    if len(header) > LARGEST_COLUMNS:
        raise InputError(
            f"{name}: has {len(header):,} columns; at most {LARGEST_COLUMNS:,} are read. If the dates "
            "are the columns, turn the table: a row is a date."
        )
    seen: dict[str, int] = {}
    for position, column in enumerate(header, start=1):
        if column in seen:
            what = f"column name {column!r} stands" if column else "an empty column name stands"
            fix = "Name each column once" if column else "Name each column, or leave out what has no name"
            raise InputError(f"{name}: {what} twice (columns {seen[column]} and {position}). {fix}.")
        seen[column] = position


def _number_like(value: str) -> bool:
    try:
        if "," in value:  # 1.234,56 or 1,234.56: what refuses its values says more than "no number column"
            value = re.sub(r"(?<=\d)[.,](?=\d{3}([.,]|$))", "", value)
        float(value.rstrip("%").replace(",", "."))
    except ValueError:
        return False
    return True


def _is_link(path: str) -> bool:
    return "\0" not in path and os.path.islink(path)


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except (OSError, ValueError):  # a zero byte, or a name longer than the system allows
        return False
