"""One raw column comes in, text or typed; float64 goes out, or a refusal that counts and shows the first case."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.table import MISSING, Label

CHUNK = 500_000  # rows turned at a time: Python floats of a long file would otherwise all be alive at once


def to_floats(
    raw: pd.Series[Any], *, name: str, column: str, label: Label, na: Literal["refuse", "drop"]
) -> NDArray[np.float64]:
    """Turn the column into numbers, exactly as written.

    raw      (T,) text or numbers
    label    row position -> what messages call the row
    na       "drop" leaves missing values as NaN for the pair to drop; "refuse" refuses them
    returns  (T,) finite, but for NaN where na="drop"
    errors   InputError for text, infinities, truth values, dates, and missing values where they are refused
    """
    where = f"{name}: column {column!r}"
    values, bad = raw_floats(raw, where)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        shown = str(raw.iloc[row])
        raise InputError(
            f"{where} has text in {int(bad.sum())} rows (first {label(row)}: {_short(shown)}). {_text_hint(shown)}"
        )
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0])
        raise InputError(
            f"{where} has {int(infinite.sum())} infinite values (first {label(row)}: {_short(str(raw.iloc[row]))}). "
            "A division by zero makes them: fix the export."
        )
    missing = np.isnan(values)
    if na == "refuse" and missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise InputError(
            f"{where} has {int(missing.sum())} missing values (first {label(row)}: {_short(str(raw.iloc[row]))}). "
            "Fill them in the export, or pass --na drop to drop their dates from both policies."
        )
    return values


def raw_floats(raw: pd.Series[Any], where: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of a column, (T,), NaN where one is missing or text, and where there is text, (T,).

    where    what messages call the column
    errors   InputError for a column of truth values or dates
    """
    kind = raw.dtype
    if kind.kind in "iuf":
        values = raw.to_numpy(dtype=np.float64, na_value=np.nan)
        text = np.zeros(len(values), np.bool_)
    elif kind.kind in "bcmM" or isinstance(kind, pd.PeriodDtype | pd.IntervalDtype):
        raise InputError(f"{where} holds {kind}, not numbers.")
    else:
        values, text = _from_text(raw)
    # 0.0 + -0.0 is 0.0: one zero, so that a sign that nobody sees cannot change a fingerprint. A NaN of a damaged file
    # may be one that signals.
    with np.errstate(invalid="ignore"):
        return values + 0.0, text


def _from_text(raw: pd.Series[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values, and where there is text. NaN stands for what is missing."""
    if (plain := _all_numbers(raw)) is not None:
        return plain, np.zeros(len(raw), np.bool_)
    values = np.empty(len(raw), np.float64)
    bad = np.zeros(len(raw), np.bool_)
    for start in range(0, len(raw), CHUNK):
        part = raw.iloc[start : start + CHUNK].tolist()
        stop = start + len(part)
        try:
            # float() rounds correctly; pandas' own reader of numbers is out by one in the last place
            values[start:stop] = np.array([float(value) for value in part if _plain(value)], np.float64)
        except (ValueError, TypeError):
            for row, value in enumerate(part, start):
                values[row], bad[row] = _one(value)
    return values, bad


def _all_numbers(raw: pd.Series[Any]) -> NDArray[np.float64] | None:
    """Values of a column that pandas holds as Arrow text, where every one is a finite number; None for a closer look.

    Arrow rounds correctly, as float() does, and refuses all that float() would take otherwise: spaces, underscores.
    """
    if not (isinstance(raw.dtype, pd.StringDtype) and raw.dtype.storage == "pyarrow"):
        return None
    import pyarrow as pa

    try:
        values = pa.array(raw.array).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    found = np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
    return found if np.isfinite(found).all() else None


def _plain(value: object) -> bool:
    """Say True of text that is a number or fails in float(); raise where a closer look is needed."""
    if not isinstance(value, str) or "_" in value or "n" in value or "N" in value:
        raise ValueError
    return True


def _one(value: object) -> tuple[float, bool]:
    """One value with care: (number, False), (NaN, False) for a missing one, (NaN, True) for anything else."""
    if value is None or value is pd.NA or value is pd.NaT:
        return np.nan, False
    if isinstance(value, bool | np.bool_):
        return np.nan, True
    if isinstance(value, str):
        if value.strip().lower() in MISSING:
            return np.nan, False
        if "_" in value:  # Python reads 1_000, no other program writes it
            return np.nan, True
    elif not isinstance(value, int | float | Decimal | np.integer | np.floating):
        return np.nan, True
    try:
        return float(value), False
    except OverflowError:
        return np.inf, False
    except ValueError:
        return np.nan, True


def _text_hint(value: str) -> str:
    value = value.strip()
    if re.fullmatch(r"[+-]?(\d{1,3}(\.\d{3})*|\d*),\d+(e[+-]?\d+)?(\s*%)?", value, re.IGNORECASE):
        percent = ", without the % sign, and pass --unit percent" if value.endswith("%") else ""
        thousands = " and no dots between thousands" if "." in value else ""
        return f"It looks like a decimal comma: write decimal points{thousands}{percent}."
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value):
        return "Write numbers without commas between thousands."
    if re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?\s*%", value, re.IGNORECASE):
        return "Write it without the % sign and pass --unit percent."
    if re.fullmatch(r"\([\d.]+\)", value):
        return "Write a negative number with a minus sign."
    plain = re.sub(r"[\s'\u2019$\u20ac\u00a3]", "", value).replace("\u2212", "-").replace("\u2013", "-")
    if plain != value and re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", plain, re.IGNORECASE):
        return f"Write {plain}: plain digits, a hyphen for minus, no signs of currency or between thousands."
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}", value):
        return "Write numbers without dots between thousands."
    return "A return column holds numbers only: fix the export, or name the right column."


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")
