"""A CSV or TSV file comes in, packed or not; a table of text columns goes out that knows each row's line."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.content import content
from auditor.inputs.table import DATE_NAMES, PACKED_SUFFIXES, Table, look_of, refuse_repeats
from auditor.plural import several

SEPARATORS = ",;\t|"
TITLES = 20  # lines that may stand above the header
SAMPLE = 200  # rows from which a column's content is judged
CELLS = 1_000_000  # fewer rows where there are so many cells

_MAGIC = {
    b"PAR1": "is a Parquet file: name it .parquet",
    b"ARROW1": "is a Feather file: name it .feather",
    b"\x1f\x8b": "is packed with gzip: name it .csv.gz",
    b"\x28\xb5\x2f\xfd": "is packed with zstandard: name it .csv.zst",
    b"PK\x03\x04": "is a zip file or an Excel workbook: export it as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: export it as CSV",
    b"\x80\x04\x95": "is a pickle, which is never read: export it as CSV",
    b"\x80\x05\x95": "is a pickle, which is never read: export it as CSV",
    b"\xff\xfe": "is UTF-16, not UTF-8: save it as UTF-8",
    b"\xfe\xff": "is UTF-16, not UTF-8: save it as UTF-8",
}


def text_table(path: Path, *, name: str) -> Table:
    """Open a text file.

    errors   InputError for an unreadable or empty file, another encoding than UTF-8, no header, a header alone,
             rows with more or fewer fields than the header, and quotes that do not close
    """
    packed = path.suffix.lower()
    data = _checked_text(content(path, name=name, packed=packed if packed in PACKED_SUFFIXES else ""), name)
    top = data[: _line_end(data, 0)].decode()
    if not top.strip():
        raise InputError(f"{name}: line 1 is blank. The first line must name the columns (date, return).")
    if re.match(r'\s*(\{\s*("|$)|\[\s*([{\["]|$))', top):
        raise InputError(f"{name}: looks like JSON, not a table. Export it as CSV (`frame.to_csv(...)`).")
    if re.match(r"\s*<(!doctype|html|head|body|table|\?xml)", top, re.IGNORECASE):
        raise InputError(f"{name}: is a page of HTML or XML, not a table. Export it as CSV.")
    if re.fullmatch(r'"?sep=.{0,2}', top.strip(), re.IGNORECASE):
        raise InputError(f"{name}: line 1 is Excel's {top.strip()!r}, not a header. Delete that line.")
    bare = re.sub(r'"[^"]*"', "", top)
    separator = max(SEPARATORS, key=bare.count)  # the first of equals, so a comma unless another is more frequent
    table = (_quoted if b'"' in data else _plain)(data, separator, name)
    if table.rows == 0:
        raise InputError(f"{name}: has a header and no rows.")
    return table


def _checked_text(data: bytes, name: str) -> bytes:
    """Make the bytes UTF-8 with plain line ends and no byte-order mark, or refuse them for what they are."""
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise InputError(f"{name}: {what}.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError(f"{name}: is empty.")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise InputError(f"{name}: is not text (a zero byte in line {line}). Export it as CSV in UTF-8.")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{name}: is not UTF-8 (byte 0x{data[error.start]:02x} in line {line}). Save it as UTF-8."
            ) from error
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return end if end >= 0 else len(data)


def _plain(data: bytes, separator: str, name: str) -> Table:
    """Open a file without quotes: a row is a line, so fields are counted on the bytes and pandas reads the columns."""
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    separators = np.searchsorted(np.flatnonzero(raw == ord(separator)), ends)
    fields = np.diff(separators, prepend=0) + 1
    header = _header(data[: ends[0]].decode().split(separator), name)
    present = ends > starts
    lines = np.flatnonzero(present)[1:]

    def record(row: int) -> list[str]:
        line = lines[row]
        return data[starts[line] : ends[line]].decode().split(separator)

    _refuse_ragged(fields[lines], lines + 1, header, separator, name, record)
    keep = present[1:]
    head = [record(row) for row in range(min(len(lines), _sample(len(header))))]

    def read(columns: Sequence[int]) -> list[pd.Series[Any]]:
        try:
            frame = pd.read_csv(
                io.BytesIO(data),
                sep=separator,
                header=None,
                skiprows=1,
                names=list(range(len(header))),
                usecols=sorted(set(columns)),
                dtype=str,
                na_filter=False,
                skip_blank_lines=False,
                quoting=csv.QUOTE_NONE,
                index_col=False,
                engine="c",
            )
        except (ValueError, OverflowError) as error:  # ParserError is a ValueError
            raise InputError(f"{name}: cannot be read ({error}).") from error
        if len(frame) != len(keep):
            raise InputError(f"{name}: {len(keep)} lines, of which {len(frame)} can be read. Write the file anew.")
        frame = frame if keep.all() else frame[keep].reset_index(drop=True)
        return [frame[column] for column in columns]

    return _table(name, header, head, lines + 1, read)


def _quoted(data: bytes, separator: str, name: str) -> Table:
    """Open a file with quotes: a row may span lines, so Python's own reader keeps count. Slower, the same result."""
    text = data.decode()

    def records() -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        line = 1
        try:
            for record in reader:
                yield line, record
                line = reader.line_num + 1
        except csv.Error as error:
            raise InputError(f"{name}: quotes or fields that cannot be read from line {line} on ({error}).") from error

    stream = records()
    header = _header(next(stream)[1], name)
    counts: list[int] = []
    lines: list[int] = []
    head: list[list[str]] = []
    for line, record in stream:
        if record:
            counts.append(len(record))
            lines.append(line)
            if len(head) < _sample(len(header)):
                head.append(record)

    def record_of(row: int) -> list[str]:
        if row < len(head):
            return head[row]
        rows = (one for _, one in records() if one)
        return next(itertools.islice(rows, row + 1, None))

    _refuse_ragged(np.array(counts, np.int64), np.array(lines, np.int64), header, separator, name, record_of)

    def read(columns: Sequence[int]) -> list[pd.Series[Any]]:
        kept: list[list[str]] = [[] for _ in columns]
        rows = records()
        next(rows)
        for _, record in rows:
            if record:
                for values, column in zip(kept, columns, strict=True):
                    values.append(record[column])
        return [pd.Series(values, dtype=str) for values in kept]

    return _table(name, header, head, np.array(lines, np.int64), read)


def _sample(columns: int) -> int:
    return max(5, min(SAMPLE, CELLS // columns))


def _header(cells: Sequence[str], name: str) -> tuple[str, ...]:
    header = tuple(cell.strip() for cell in cells)
    if look_of(header[:1]) == "date" and any(header[1:]) and look_of(header[1:]) == "number":
        raise InputError(f"{name}: line 1 is data ({', '.join(header[:3])}), not a header. Add a line: date,return.")
    refuse_repeats(header, name=name)
    return header


def _refuse_ragged(
    fields: NDArray[np.int64],
    lines: NDArray[np.int64],
    header: Sequence[str],
    separator: str,
    name: str,
    record: Callable[[int], Sequence[str]],
) -> None:
    """Refuse rows with more or fewer fields than the header; `record` gives the fields of a row."""
    bad = np.flatnonzero(fields != len(header))
    if not bad.size:
        return
    first = int(bad[0])
    many = "1 row does" if bad.size == 1 else f"{bad.size} rows do"
    hint = _ragged_hint(fields, lines, header, separator, record)
    raise InputError(
        f"{name}: {many} not have the header's {several(len(header), 'field')} (first line {lines[first]}: "
        f"{several(int(fields[first]), 'field')}).{hint}"
    )


def _ragged_hint(
    fields: NDArray[np.int64],
    lines: NDArray[np.int64],
    header: Sequence[str],
    separator: str,
    record: Callable[[int], Sequence[str]],
) -> str:
    bad = np.flatnonzero(fields != len(header))
    first = record(int(bad[0]))
    if (fields[bad] < len(header)).all():
        # A decimal comma makes more fields, never fewer.
        if bad[0] == len(fields) - bad.size and not re.search(r"\d", first[0]):
            return " They look like remarks or a total below the table: delete them."
        line = "That line looks" if bad.size == 1 else "Those lines look"
        return f" {line} cut off: was the file still being written?"
    usual = int(np.bincount(fields).argmax())
    start = int(np.flatnonzero(fields == usual)[0])
    if usual > len(header) and (start > 0 or len(header) == 1) and look_of(record(start)[:1]) == "text":
        return (
            f" Line {lines[start]} looks like the header ({', '.join(record(start)[:3])}): delete what stands above it."
        )
    surplus = [cell.strip() for cell in first[len(header) :]]
    if not any(surplus):
        return " Its lines end with a separator and the header does not: leave it out, or write it in both."
    if separator == "," and all(re.fullmatch(r"\d+(e[+-]?\d+)?\s*%?", cell, re.IGNORECASE) for cell in surplus):
        return " A decimal comma would do this: write decimal points."
    return ""


def _table(name: str, header: tuple[str, ...], head: list[list[str]], lines: NDArray[np.int64], read: Any) -> Table:
    for row, cells in enumerate(head[:TITLES]):
        names = {cell.strip().lower() for cell in cells}
        if names & DATE_NAMES and not {one.lower() for one in header} & DATE_NAMES:
            raise InputError(
                f"{name}: line {lines[row]} looks like the header ({', '.join(cells[:3])}): delete what stands above it"
                "."
            )
    looks = tuple(look_of([record[column] for record in head]) for column in range(len(header)))
    return Table(
        name=name, header=header, looks=looks, rows=len(lines), read=read, label=lambda row: f"line {lines[row]}"
    )
