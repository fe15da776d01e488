"""Raw columns of a blotter come in; times, sides, names and numbers go out as arrays, or a refusal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.dates import dates_and_notes
from auditor.inputs.numbers import raw_floats
from auditor.inputs.table import Label

LARGEST = 1e15
"""No price, quantity or profit is larger; sums of larger ones would lose the cents."""

LONG = frozenset({"long", "buy", "b", "l", "1", "+1", "1.0", "buy long", "buy to open"})
SHORT = frozenset({"short", "sell", "s", "-1", "-1.0", "sell short", "short sell", "sell to open"})
OPEN = frozenset({"true", "1", "1.0", "yes", "y", "open"})
CLOSED = frozenset({"false", "0", "0.0", "no", "n", "closed"})
NAMELESS = frozenset({"", "nan", "none", "null", "nat", "<na>"})
"""Not the longer list of missing values: NA is a ticker."""

TAG_WIDTH = 200  # characters; arrays of text have the width of their longest cell, so one long cell costs gigabytes

_WHOLE = re.compile(r"^(-?[0-9]+)\.0+$")  # 24.0: a missing value anywhere in a column makes floats of whole numbers


class Column(NamedTuple):
    """One raw column of a source: its header for messages, and its (n,) values, text or typed."""

    header: str
    values: pd.Series[Any]


def times(
    column: Column, *, name: str, label: Label, date_format: str | None
) -> tuple[NDArray[np.int64], bool, tuple[str, ...]]:
    """Read times, (n,) in nanoseconds since 1970; whether they have a zone; notes on how they were read."""
    where, values = f"{name}: column {column.header!r}", column.values
    dates: pd.DatetimeIndex | None = None
    notes: tuple[str, ...] = ()
    if _is_text(values) and len(values) > 1000:
        # a million trades stand on few dates, so each text is read once
        try:
            codes, texts = pd.factorize(values)
            firsts = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1) > 0)
            if codes.min() >= 0:
                dates, notes = dates_and_notes(
                    pd.Index(texts), name=where, lines=lambda row: label(int(firsts[row])), date_format=date_format
                )
                dates = dates[codes]
        except (InputError, TypeError, UnicodeError):  # read again below, so that the refusal counts rows
            dates = None
    if dates is None:
        try:
            dates, notes = dates_and_notes(values, name=where, lines=label, date_format=date_format)
        except UnicodeError as error:  # half of a surrogate pair, which JSON can hold
            raise InputError(f"{where} has text that is not Unicode. Fix the export.") from error
    return dates.asi8.astype(np.int64, copy=False), dates.tz is not None, notes


def numbers(column: Column, *, name: str, label: Label) -> NDArray[np.float64]:
    """Read numbers, (n,) finite, exactly as written.

    errors   InputError for text, missing and infinite values, and sizes above LARGEST
    """
    where, raw = f"{name}: column {column.header!r}", column.values
    values, text = raw_floats(raw, where)
    for bad, what, fix in (
        (text, "text", "Write plain numbers with decimal points."),
        (np.isinf(values), "infinite values", "Fix the export."),
        (np.isnan(values), "missing values", "Fill them in the export, or leave those trades out of it."),
        (np.abs(values) > LARGEST, f"numbers above {LARGEST:g}", "Fix the export."),
    ):
        if bad.any():
            raise InputError(f"{where} has {what} in {_count(bad, raw, label)}. {fix}")
    return np.asarray(values, np.float64)


def sides(column: Column, *, name: str, label: Label) -> NDArray[np.int8]:
    """Read sides, (n,): 1 long, -1 short.

    errors   InputError for a word that is neither, with the words that are known
    """
    codes, words = coded(column.values)
    known = np.array([1 if word in LONG else -1 if word in SHORT else 0 for word in words], np.int8)
    found = known[codes]
    if not found.all():
        raise InputError(
            f"{name}: column {column.header!r} has no known side in {_count(found == 0, column.values, label)}. "
            "Write long or short (buy, sell, 1 and -1 are read too)."
        )
    return found


def truths(column: Column, *, name: str, label: Label) -> NDArray[np.bool_]:
    """Read whether each trade is still open, (n,): true or open against false or closed; a missing one is closed."""
    codes, words = coded(column.values)
    known = np.array([1 if word in OPEN else 0 if word in CLOSED | NAMELESS else -1 for word in words], np.int8)
    found = known[codes]
    if (found < 0).any():
        raise InputError(
            f"{name}: column {column.header!r} is neither open nor closed in "
            f"{_count(found < 0, column.values, label)}. Write true or false."
        )
    return found.astype(np.bool_)


def names(column: Column, *, name: str, label: Label) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Read instruments: their names, sorted, and (n,) codes into these.

    errors   InputError for rows without a name
    """
    codes, found = coded(column.values, fold=False)
    blank = np.array([word.lower() in NAMELESS for word in found], np.bool_)
    if blank.any():
        raise InputError(
            f"{name}: column {column.header!r} names no instrument in {_count(blank[codes], column.values, label)}. "
            "Every trade needs one."
        )
    unseen = np.array([any(unicodedata.category(mark) in ("Cf", "Cc") for mark in word) for word in found], np.bool_)
    if unseen.any():
        rows = _count(unseen[codes], column.values, label)
        raise InputError(
            f"{name}: column {column.header!r} has names with a character that nobody sees in {rows}. What looks the "
            "same would be another opportunity: fix the export."
        )
    # an accent may be one character or two: to Unicode, and to a reader, the same name
    found = [unicodedata.normalize("NFC", word) for word in found]
    instruments, order = np.unique(np.array(found, object), return_inverse=True)
    return tuple(str(one) for one in instruments), order[codes].astype(np.int64)


def texts(column: Column) -> NDArray[np.str_] | None:
    """Give a tag as (n,) text; None where a cell is longer than TAG_WIDTH."""
    try:
        codes, found = coded(column.values, fold=False)
    except (ValueError, RecursionError):
        return None
    if max(map(len, found), default=0) > TAG_WIDTH:
        return None
    return np.array(["" if word.lower() in NAMELESS else word for word in found], np.str_)[codes]


def coded(values: pd.Series[Any], *, fold: bool = True) -> tuple[NDArray[np.int64], list[str]]:
    """Code a column by its distinct texts, stripped: (n,) codes and the texts; `fold` takes upper case for lower.

    24.0 is 24, whatever else stands in the column: of two blotters only one may have a value missing.
    """
    if not _is_text(values):
        values = pd.Series([str(one) for one in values], dtype=object)
    codes, found = pd.factorize(values, use_na_sentinel=False)
    cleaned = [_WHOLE.sub(r"\1", str(one).strip()) for one in found]
    if fold:
        cleaned = [one.lower() for one in cleaned]
    distinct = sorted(set(cleaned))
    place = {word: position for position, word in enumerate(distinct)}
    return np.array([place[one] for one in cleaned], np.int64)[codes], distinct


def refuse_unclosed(column: Column, *, name: str, label: Label) -> None:
    """Refuse trades without an exit: what they made is not in the export."""
    if column.values.dtype.kind == "M":
        gone = column.values.isna().to_numpy(np.bool_)
    else:
        codes, words = coded(column.values)
        gone = np.array([word in NAMELESS for word in words], np.bool_)[codes]
    rows = np.flatnonzero(gone)
    if rows.size:
        raise InputError(
            f"{name}: {rows.size} trades have no time of exit in {column.header!r} (first {label(int(rows[0]))}): they "
            "are still open, and what they made is not in the export. Close all positions at the end of the backtest, "
            "or leave those trades out."
        )


def refuse_where(bad: NDArray[np.bool_], *, name: str, label: Label, what: str, shown: Any, fix: str) -> None:
    """Refuse rows: count, first row and what stands there, fix.

    shown   row position -> text
    """
    rows = np.flatnonzero(bad)
    if rows.size:
        row = int(rows[0])
        raise InputError(f"{name}: {rows.size} {what} (first {label(row)}: {shown(row)}). {fix}")


def moment(nanoseconds: int) -> str:
    """Write a time for messages."""
    from auditor.inputs.calendar import show

    return show(pd.Timestamp(nanoseconds))


def _is_text(values: pd.Series[Any]) -> bool:
    if isinstance(values.dtype, pd.StringDtype):
        return True
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=False) == "string"


def _count(bad: NDArray[np.bool_], raw: pd.Series[Any], label: Label) -> str:
    rows: Sequence[int] = np.flatnonzero(bad).tolist()
    shown = str(raw.iloc[rows[0]])
    shown = repr(shown if len(shown) <= 40 else shown[:37] + "...")
    return f"{len(rows)} row{'s' if len(rows) > 1 else ''} (first {label(rows[0])}: {shown})"
