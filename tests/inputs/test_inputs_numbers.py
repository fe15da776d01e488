"""A column of text becomes the numbers that Python reads in it, whichever way it is held."""

import random
import struct

import numpy as np
import pandas as pd
import pytest

from auditor.errors import InputError
from auditor.inputs.numbers import to_floats

HELD = ["str", "string[pyarrow]", "object"]


def floats(values, held, na="refuse"):
    raw = pd.Series(values, dtype=held)
    return to_floats(raw, name="x.csv", column="return", label=lambda row: f"line {row + 2}", na=na)


def spellings(count):
    """Any finite double, written exactly, too long or too short; and what backtests write."""
    draw = random.Random(5)
    found = []
    while len(found) < count:
        (value,) = struct.unpack("<d", draw.randbytes(8))
        if np.isfinite(value):
            found += [repr(value), f"{value:.25e}", f"{value:.9g}", f"{draw.gauss(0, 0.01):.{draw.randint(1, 25)}f}"]
    return found


@pytest.mark.parametrize("held", HELD)
def test_numbers_are_rounded_as_python_rounds_them(held):
    texts = [*spellings(20_000), "+1", ".5", "-5.", "1E-3", "0", "-0", "4.9e-324"]
    expected = np.array([float(text) for text in texts]) + 0.0
    assert floats(texts, held).tobytes() == expected.tobytes()


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ("1_000", "text in 1 rows (first line 4: '1_000')"),
        ("0x10", "text in 1 rows"),
        ("1d3", "text in 1 rows"),
        ("0,5", "decimal comma: write decimal points."),
        ("-1,4 %", "decimal comma: write decimal points, without the % sign, and pass --unit percent."),
        ("1e999", "1 infinite values (first line 4"),
        ("inf", "1 infinite values"),
        ("nan", "1 missing values (first line 4"),
        ("", "1 missing values"),
    ],
)
def test_one_odd_value_among_numbers_is_refused_with_its_line(held, odd, words):
    with pytest.raises(InputError) as refused:
        floats(["0.1", "0.2", odd, "0.3"], held)
    assert words in str(refused.value)


@pytest.mark.parametrize("held", HELD)
def test_spaces_around_a_number_do_no_harm(held):
    assert floats([" 0.5", "1 "], held).tolist() == [0.5, 1.0]


def test_a_nan_that_signals_is_missing_and_no_warning():
    """A flipped bit of a Feather file makes one; any sum with it raises numpy's flag."""
    raw = np.array([0.1, 0.2, 0.3])
    raw.view(np.uint64)[1] = 0x7FF0_0000_0000_0001
    with pytest.raises(InputError, match=r"1 missing values \(first line 3"):
        floats(raw, "float64")
    assert np.isnan(floats(raw, "float64", na="drop")).tolist() == [False, True, False]
