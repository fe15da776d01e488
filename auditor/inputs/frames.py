"""A frame or a columnar file comes in (pandas, anything narwhals reads, Parquet, Feather); a table goes out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from auditor.errors import InputError
from auditor.inputs.content import refuse_changed
from auditor.inputs.table import Look, Table, look_of, refuse_repeats

if TYPE_CHECKING:
    import narwhals as nw

SAMPLE = 200
LARGEST_CELLS = 1 << 28  # of a Parquet file, at once: its numbers alone then take 2 GiB
LARGEST_ARROW = 1 << 31  # bytes of a Feather file or an Arrow stream
FLOOR, RATIO = 1 << 28, 200  # bytes that a small file may unpack to, and how often its size a larger one may


def frame_table(source: object, *, name: str) -> Table:
    """Open a pandas Series or DataFrame, or a frame of another library that narwhals reads.

    errors   InputError for what has no dates (arrays, bare lists), for rows of several index levels, and for no rows
    """
    if isinstance(source, pd.Series):
        if _looks(source.index) != "date":
            raise InputError(
                f"{name}: the Series has no dates (its index holds {source.index.dtype}). "
                "Set a DatetimeIndex, or give a frame with a date column."
            )
        label = name if source.name is None else _flat(source.name) or name
        return _pandas(source.to_frame(name=label), name)
    if isinstance(source, pd.DataFrame):
        return _pandas(source, name)
    import narwhals as nw

    if type(source).__name__ == "RecordBatch" and type(source).__module__.startswith("pyarrow"):
        import pyarrow as pa

        source = pa.Table.from_batches([source])
    try:
        frame = nw.from_native(source, allow_series=True)  # type: ignore[call-overload]
    except TypeError as error:
        hint = " An array has no dates." if isinstance(source, np.ndarray | list | tuple) else ""
        raise InputError(
            f"{name}: a {type(source).__name__} cannot be read.{hint} Give a path, a pandas Series with a "
            "DatetimeIndex, or a frame with a date column."
        ) from error
    return _narwhals(frame.collect() if isinstance(frame, nw.LazyFrame) else frame, name)


def arrow_table(path: Path, *, name: str) -> Table:
    """Open a Parquet or Feather file; of a Parquet file only the columns asked for are read.

    errors   InputError where pyarrow is not installed, and for a file that it cannot read
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
        from pyarrow import feather, parquet
    except ImportError as error:
        raise InputError(
            f"{name}: reading {path.suffix} needs pyarrow: pip install auditor[parquet], or export it as CSV."
        ) from error
    broken = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, NotImplementedError)
    # checked before pyarrow: its words for an empty file are of footers and magic bytes
    before = path.stat()
    if before.st_size == 0:
        raise InputError(f"{name}: is empty.")
    try:
        if path.suffix.lower() == ".parquet":
            file, whole = parquet.ParquetFile(path), None
            schema, rows = file.schema_arrow, file.metadata.num_rows
        else:
            file = None
            try:
                opened = pa.ipc.open_file(pa.OSFile(os.fspath(path)))
                whole = _batches(
                    map(opened.get_batch, range(opened.num_record_batches)), opened.schema, name, before.st_size
                )
            except broken:  # .arrow may hold a stream, or the first version of Feather
                try:
                    with pa.ipc.open_stream(path) as stream:
                        whole = _batches(stream, stream.schema, name, before.st_size)
                except broken:
                    whole = feather.read_table(path)
                    _refuse_invalid(whole, name)
            schema, rows = whole.schema, whole.num_rows
        named = schema.names  # where a name is no text, this is what fails
    except broken as error:
        raise InputError(f"{name}: cannot be read as {path.suffix} ({_first_line(error)}).") from error
    header = tuple(column.strip() for column in named)
    if not header:
        raise InputError(f"{name}: has no columns. It needs one of dates and one of returns.")

    def read(columns: Sequence[int]) -> list[pd.Series[Any]]:
        refuse_changed(before, path.stat(), name)
        cells = rows * len(columns)
        if cells > (LARGEST_CELLS if 8 * cells < RATIO * before.st_size else FLOOR // 8):
            raise InputError(f"{name}: {cells:,} cells are more than are read. Leave out columns that are not needed.")
        try:
            names = [named[column] for column in columns]
            table: Any = whole if file is None else file.read(columns=names)
            return [table.column(column).to_pandas().reset_index(drop=True) for column in names]
        except broken as error:
            raise InputError(f"{name}: cannot be read as {path.suffix} ({_first_line(error)}).") from error

    refuse_repeats(header, name=name)
    if rows == 0:
        raise InputError(f"{name}: has columns and no rows.")
    looks: list[Look] = []
    for position, field in enumerate(schema):
        kind = field.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            looks.append("number")
        elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            looks.append("date")
        elif pa.types.is_boolean(kind) or pa.types.is_nested(kind) or pa.types.is_time(kind):
            looks.append("other")
        else:
            looks.append(_looks(read([position])[0]))
    return Table(name=name, header=header, looks=tuple(looks), rows=rows, read=read, label=lambda row: f"row {row + 1}")


def _batches(batches: Iterable[Any], schema: Any, name: str, packed: int) -> Any:
    """Make a table of the batches of an Arrow file, whose sizes only unpacking tells."""
    import pyarrow as pa

    limit = min(LARGEST_ARROW, max(FLOOR, RATIO * packed))
    kept, size = [], 0
    for batch in batches:
        _refuse_invalid(batch, name)
        kept.append(batch)
        size += batch.nbytes
        if size > limit:
            raise InputError(f"{name}: unpacks to more than {limit >> 20} MiB. Write it as Parquet.")
    return pa.Table.from_batches(kept, schema)


def _refuse_invalid(cells: Any, name: str) -> None:
    """Refuse what points outside of itself before anything else looks at it: Arrow follows what a file says."""
    import pyarrow as pa

    try:
        cells.validate(full=True)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise InputError(f"{name}: is damaged ({_first_line(error)}). Write it anew.") from error


def _pandas(frame: pd.DataFrame, name: str) -> Table:
    if isinstance(frame.index, pd.MultiIndex):
        raise InputError(f"{name}: the rows have {frame.index.nlevels} index levels. Keep one index, of dates.")
    header = tuple(_flat(column) for column in frame.columns)
    refuse_repeats(header, name=name)
    if frame.empty:
        raise InputError(f"{name}: is empty.")
    index = frame.index

    def label(row: int) -> str:
        at = index[row]
        if isinstance(at, pd.Timestamp) and at == at.normalize():
            return f"row {at:%Y-%m-%d}"
        return f"row {at}"

    return Table(
        name=name,
        header=header,
        looks=tuple(_looks(frame.iloc[:, position]) for position in range(len(header))),
        rows=len(frame),
        read=lambda columns: [frame.iloc[:, column].reset_index(drop=True) for column in columns],
        label=label,
        dates=index if _looks(index) == "date" else None,
    )


def _narwhals(frame: nw.DataFrame[Any] | nw.Series[Any], name: str) -> Table:
    import narwhals as nw

    if isinstance(frame, nw.Series):
        raise InputError(f"{name}: the series has no dates. Give a frame with a date column and a return column.")
    header = tuple(column.strip() for column in frame.columns)
    refuse_repeats(header, name=name)
    if len(frame) == 0 or not header:
        raise InputError(f"{name}: is empty.")

    def plain(column: nw.Series[Any]) -> pd.Series[Any]:
        # each library has its own missing values and clocks; here all become numpy's
        kind = column.dtype
        if isinstance(kind, nw.Datetime) and kind.time_zone is not None:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            return pd.Series(pd.DatetimeIndex(column.to_numpy()).tz_localize("UTC").tz_convert(kind.time_zone))
        if isinstance(kind, nw.Datetime):
            return pd.Series(pd.DatetimeIndex(column.to_numpy()))
        if isinstance(kind, nw.Date):
            return pd.Series(pd.DatetimeIndex(column.cast(nw.Datetime("us")).to_numpy()))
        if kind.is_integer() and column.null_count() == 0:
            return pd.Series(column.to_numpy())
        if kind.is_numeric():
            return pd.Series(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
        if isinstance(kind, nw.Categorical | nw.Enum):
            column = column.cast(nw.String)
        return pd.Series(column.to_list(), dtype=object)

    def read(columns: Sequence[int]) -> list[pd.Series[Any]]:
        return [plain(frame[:, column]) for column in columns]

    return Table(
        name=name,
        header=header,
        looks=tuple(_looks(plain(frame[:SAMPLE, column])) for column in range(len(header))),
        rows=len(frame),
        read=read,
        label=lambda row: f"row {row}",
    )


def _looks(values: pd.Series[Any] | pd.Index[Any]) -> Look:
    kind = values.dtype
    if isinstance(kind, pd.PeriodDtype | pd.DatetimeTZDtype) or kind.kind == "M":
        return "date"
    if kind.kind in "bcmV" or isinstance(kind, pd.IntervalDtype):
        return "other"
    if kind.kind in "iuf":
        return "number"
    return look_of([str(value) for value in values[:SAMPLE]])


def _flat(column: object) -> str:
    """Write a column's name as text; the levels of a MultiIndex joined by a space."""
    if isinstance(column, tuple):
        return " ".join(str(part) for part in column if str(part)).strip()
    return str(column).strip()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
