"""A table's header comes in; the positions of its date column and of its value columns go out, or a refusal."""

from __future__ import annotations

import difflib
import re
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from auditor.errors import InputError
from auditor.inputs.calendar import show
from auditor.inputs.dates import dates_and_notes
from auditor.inputs.numbers import raw_floats
from auditor.inputs.table import DATE_NAMES, Table

WEAK_DATES = ("time", "day", "month", "period", "index")
RETURN_NAMES = (
    "return", "returns", "ret", "rets", "r", "strategy_return", "strategy_returns", "strategy return",
    "strategy returns", "daily_return", "daily_returns", "net_return", "net_returns",
)  # fmt: skip
UNNAMED = ("", "unnamed: 0")
COUNTED = ("index", "level_0")
"""What pandas calls a frame's row numbers once they are a column."""

_LEVEL = re.compile(r"__index_level_\d+__")  # what Arrow calls an index without a name; the last columns of a file


def is_unnamed(column: str) -> bool:
    """Whether a column has only the name that a program gives to what has none, such as a frame's row numbers."""
    return column.lower() in UNNAMED or _LEVEL.fullmatch(column) is not None


def date_column(table: Table, wanted: str | None, *, must: bool = True) -> int | None:
    """Position of the date column; None where the frame's own index holds the dates.

    The one asked for, then by name, then an unnamed first column, then the only column that looks like dates.

    must  refuse a table without the column asked for; if not, it is read as if none were asked for
    """
    if wanted is not None and table.dates is not None and wanted == table.dates.name:
        return None
    if isinstance(wanted, str) and not must:
        must = wanted.strip().lower() in (column.lower() for column in table.header)
    if wanted is not None and (must or not isinstance(wanted, str)):
        return column_named(table, wanted)
    if table.dates is not None:
        _refuse_other_dates(table, table.dates)
        return None
    names = [column.lower() for column in table.header]
    for known in (DATE_NAMES, WEAK_DATES):
        found = [position for position, column in enumerate(names) if column in known]
        if len(found) > 1:
            raise InputError(
                f"{table.name}: several date columns ({_list(table, found)}). Say which with --date-column."
            )
        if found:
            return found[0]
    if is_unnamed(names[0]) and table.looks[0] != "text":
        return 0
    found = [position for position, look in enumerate(table.looks) if look == "date"]
    if len(found) == 1:
        return found[0]
    if found:
        _refuse_trades(table, found)
        raise InputError(f"{table.name}: several date columns ({_list(table, found)}). Say which with --date-column.")
    fix = "or say which with --date-column" if wanted is None else f"or {wanted!r}, as --date-column says"
    raise InputError(f"{table.name}: no date column among {table.columns}. Name one 'date', {fix}.{_separators(table)}")


def return_column(table: Table, *, role: str, wanted: str | None, dates: int | None) -> int:
    """Position of the one return column: the one asked for, named for the role, named as returns, or alone."""
    if wanted is not None:
        position = column_named(table, wanted)
        if position == dates:
            raise InputError(f"{table.name}: column {table.header[position]!r} holds the dates, not the returns.")
        return position
    names = [column.lower() for column in table.header]
    choices = [position for position in range(len(names)) if position != dates and not is_unnamed(names[position])]
    for known in ((role.lower(),), RETURN_NAMES):
        found = [position for position in choices if names[position] in known]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"{table.name}: several return columns ({_list(table, found)}). {_say_which(table, role)}")
    found = [position for position in choices if table.looks[position] == "number"]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"{table.name}: several number columns ({_list(table, found)}) and none named 'return'. "
            f"{_say_which(table, role)}"
        )
    if len(choices) == 1:
        return choices[0]  # alone beside the dates: the refusal of its values says more than "no column"
    raise InputError(
        f"{table.name}: no return column among {table.columns}. Name one 'return'. {_say_which(table, role)}"
        f"{_separators(table)}"
    )


def stream_columns(table: Table, *, dates: int | None, wanted: str | None = None) -> list[int]:
    """Positions of every number column; a column of anything else is refused by name, and so is one without a name.

    Row numbers that a frame left behind are passed over where only they can be meant, else refused.
    """
    if wanted is not None:
        return [return_column(table, role="", wanted=wanted, dates=dates)]
    found: list[int] = []
    for position, column in enumerate(table.header):
        if position == dates or _are_row_numbers(table, position, dates):
            continue
        if not column:
            _refuse_nameless(table, position)
        if table.looks[position] != "number":
            raise InputError(
                f"{table.name}: column {column!r} holds {'dates' if table.looks[position] == 'date' else 'no numbers'}."
                " Every column beside the dates must be a stream of returns: leave it out of the file."
            )
        if column.lower() in COUNTED:
            _refuse_counted(table, position)
        found.append(position)
    if not found:
        raise InputError(f"{table.name}: no number column beside the dates, among {table.columns}.")
    return found


def column_named(table: Table, wanted: str) -> int:
    """Give the position of a column by its name, in any case; InputError where none or several have it."""
    if isinstance(wanted, Integral) and not isinstance(wanted, bool):
        wanted = str(wanted)  # what a frame calls its column 0, whose names are text here
    if not isinstance(wanted, str):
        raise InputError(f"{table.name}: a column is asked for by its name, not by {wanted!r}.")
    if wanted.strip() in table.header:
        return table.header.index(wanted.strip())
    names = [column.lower() for column in table.header]
    found = [position for position, column in enumerate(names) if column == wanted.strip().lower()]
    if len(found) == 1:
        return found[0]
    near = difflib.get_close_matches(wanted.lower(), names, n=1)
    hint = f" Did you mean {table.header[names.index(near[0])]!r}?" if near else ""
    raise InputError(f"{table.name}: no column {wanted!r}.{hint} There are {table.columns}.")


def _refuse_other_dates(table: Table, index: pd.Index[Any]) -> None:
    """Refuse a column named as dates whose days are not those of the index: which of the two is meant is not told."""
    for position, column in enumerate(table.header):
        if column.lower() not in DATE_NAMES or table.looks[position] != "date":
            continue
        try:
            here, there = (
                dates_and_notes(one, name=table.name, lines=table.label)[0].tz_localize(None)
                for one in (table.read([position])[0], index)
            )
        except InputError:  # no dates that could be meant
            continue
        other = np.flatnonzero(np.abs(here - there) >= pd.Timedelta(days=1))
        if other.size:
            row = int(other[0])
            raise InputError(
                f"{table.name}: the index and column {column!r} hold different dates in {other.size} of {table.rows} "
                f"rows (first {show(there[row])} and {show(here[row])}). Drop the column, or say that it is meant "
                f"with --date-column {column}."
            )


def _are_row_numbers(table: Table, position: int, dates: int | None) -> bool:
    """Whether a column can only be a frame's index, by the name that it got and where that stands."""
    column, number = table.header[position], table.looks[position] == "number"
    if position == 0 and column.lower() in UNNAMED and dates is not None:
        return True
    return number and is_unnamed(column) and (position == 0 or column != "")


def _refuse_nameless(table: Table, position: int) -> None:
    where = f"{table.name}: column {position + 1} of {len(table.header)} has no name"
    if table.looks[position] == "number":
        values, text = raw_floats(table.read([position])[0], where)
        if np.isnan(values).all() and not text.any():
            raise InputError(f"{where} and no value: each line ends with a separator. Leave that out.")
    raise InputError(f"{where}. Every column beside the dates is a stream: name it, or leave it out of the file.")


def _refuse_counted(table: Table, position: int) -> None:
    """Refuse whole numbers that only rise in a column named as an index: row numbers, kept by reset_index()."""
    where = f"{table.name}: column {table.header[position]!r}"
    values, _ = raw_floats(table.read([position])[0], where)
    values = values[~np.isnan(values)]
    if len(values) > 1 and (values % 1 == 0).all() and (np.diff(values) > 0).all():
        raise InputError(
            f"{where} counts rows ({values[0]:g}, {values[1]:g}, ...) and is no stream. Leave it out of the file "
            "(`reset_index(drop=True)`)."
        )


def _refuse_trades(table: Table, dates: list[int]) -> None:
    """Refuse what begins and ends on each row: it is a blotter, of which no column holds the dates of returns."""
    names = [table.header[position].lower() for position in dates]
    begins, ends = (any(name.startswith(words) for name in names) for words in (("entry", "open"), ("exit", "clos")))
    if begins and ends:
        raise InputError(
            f"{table.name}: holds trades, each with a beginning and an end ({_list(table, dates)}), where returns per "
            "period are needed. Give the returns here, and the trades with --base-trades or --tuned-trades."
        )


def _say_which(table: Table, role: str) -> str:
    option = f"--{role}-column, or as " if role in ("base", "tuned") else ""
    return f"Say which with {option}{table.name if '.' in table.name else 'FILE'}:COLUMN."


def _separators(table: Table) -> str:
    return " Columns are separated by comma, semicolon, tab or |." if len(table.header) == 1 else ""


def _list(table: Table, positions: list[int]) -> str:
    return ", ".join(repr(table.header[position]) for position in positions)
