"""A seed and a few choices come in; a file for one reader goes out, and what the reader makes of it is checked.

Three things are held of every reader: a whole file is read as what was written, to the last bit and with the same
fingerprint in every style; a file damaged in a way that changes what it means is refused; and a file damaged anywhere
is refused in words, or read as another reader (`reference`) reads it. No other exception, and no hang.
"""

from __future__ import annotations

import atexit
import io
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import reference
from forge import (
    BYTES,
    MISSING,
    NOT_DATES,
    NOT_NUMBERS,
    STYLES,
    Case,
    Sheet,
    Style,
    clock_of,
    damaged,
    named_twice,
    number_text,
    packed,
    ragged,
    rendered,
    repeated,
    returns_of,
    shuffled,
    with_cell,
)
from hypothesis import strategies as st

from auditor.errors import AuditorError
from auditor.inputs.counts import Counts, read_counts
from auditor.inputs.returns import Returns, fingerprint, read_returns, read_streams
from auditor.inputs.rollouts import Rollouts, read_rollouts
from auditor.inputs.trades_positions import read_positions
from auditor.inputs.trials import read_trials

SECONDS, WAIT = 10, 300
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
SEEDS = st.integers(0, 2**32 - 1)
PLAIN = Style(sep=",", eol="\n", quote=False, bom=False, pad=False, blank=False, pack="")


@contextmanager
def no_hang() -> Iterator[None]:
    """Fail where one file takes more than SECONDS of the processor, or waits for something for WAIT seconds.

    A busy machine must not make a finding of a file that is read in a moment.
    """

    def late(*_: object) -> None:
        raise AssertionError(f"no answer in {SECONDS} s of the processor, or in {WAIT} s")

    before = {which: signal.signal(which, late) for which in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WAIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for which, handler in before.items():
            signal.signal(which, handler)


def answer(case: Case, read: Callable[[Path], object], *, closed: bool = True) -> object | None:
    """What the reader makes of the file; None where it refuses it in words.

    closed   refusals end as a sentence does; those of options and configs may end with what to type
    """
    path = FOLDER / case.name
    path.write_bytes(case.data)
    try:
        with no_hang():
            found = read(path)
    except AuditorError as error:
        refused_well(str(error), case, closed)
        return None
    finally:
        path.unlink()
    assert case.must != "refuse", f"accepted in spite of: {case.damage}"
    return found


def refused_well(message: str, case: Case, closed: bool) -> None:
    """A refusal is one message that ends a sentence, and never of a whole file."""
    assert case.must != "equal", f"refused: {message}"
    assert message.strip().endswith((".", "?", ")", "'", '"')) if closed else message.strip(), message
    assert closed or "\n" not in message, message
    assert len(message) < 3000, len(message)


def sheet_case(draw_style: Style, sheet: Sheet, must: str, truth: object = None, damage: str = "") -> Case:
    """Put a table into a packed file."""
    return Case(f"a.csv{draw_style.pack}", packed(rendered(sheet, draw_style), draw_style.pack), must, truth, damage)


# ---- one policy's returns


def returns_sheet(seed: int, columns: tuple[str, ...]) -> tuple[Sheet, tuple[tuple[int, ...], bool, np.ndarray]]:
    """A table of dates and return columns, and what is in it."""
    random = Random(seed)
    count = random.randrange(30, 60)
    clock = clock_of(count, random)
    values = np.array([returns_of(count, random) for _ in columns]).T
    rows = tuple(
        (text, *(number_text(float(value), random) for value in line))
        for text, line in zip(clock.texts, values, strict=True)
    )
    return Sheet(("date", *columns), rows), (clock.moments, clock.aware, values)


def same_returns(found: Returns, truth: object) -> None:
    """Dates, values and fingerprint are those written."""
    moments, aware, values = truth
    assert tuple(found.dates.as_unit("ns").asi8.tolist()) == moments
    assert (found.dates.tz is not None) == aware
    np.testing.assert_array_equal(found.values, values)
    again = pd.DatetimeIndex(np.array(moments, np.int64).view("M8[ns]")).tz_localize("UTC" if aware else None)
    assert found.sha256 == fingerprint(again, values.copy())


def as_reference_says(found: Returns, case: Case) -> None:
    """Every column accepted stands in the file as another reader reads it."""
    header, rows = reference.table(case.name, case.data)
    assert len(rows) == len(found.dates)
    for column, values in zip(found.columns, found.values.T, strict=True):
        at = header.index(column)
        assert [reference.number(row[at]) for row in rows] == values.tolist()
    wanted = found.dates.as_unit("ns").asi8.tolist()
    assert wanted == sorted(set(wanted))
    for at in range(len(header)):
        try:
            if reference.moments([row[at] for row in rows]) == wanted:
                return
        except reference.UnknownError:
            continue
    raise AssertionError(f"dates {found.dates[:3]} are in no column")


def date_damage(sheet: Sheet, random: Random) -> tuple[Sheet, str]:
    """Damage after which a table of dated rows must be refused."""
    row = random.randrange(len(sheet.rows))
    column = random.randrange(1, len(sheet.header))
    kind = random.choice(("shuffle", "repeat", "missing", "text", "date", "ragged", "named", "backwards", "swap dates"))
    if kind == "shuffle":
        return shuffled(sheet, random), kind
    if kind == "repeat":
        return repeated(sheet, random), kind
    if kind == "ragged":
        return ragged(sheet, random), kind
    if kind == "named":
        return named_twice(sheet, random), kind
    if kind == "backwards":
        return Sheet(sheet.header, sheet.rows[::-1]), kind
    if kind == "swap dates":
        other = (row + 1) % len(sheet.rows)
        one, two = sheet.rows[row][0], sheet.rows[other][0]
        return with_cell(with_cell(sheet, row, 0, two), other, 0, one), kind
    text = random.choice({"missing": MISSING, "text": NOT_NUMBERS, "date": NOT_DATES}[kind])
    return with_cell(sheet, row, 0 if kind == "date" else column, text), f"{kind} {text!r} in row {row + 1}"


@st.composite
def returns_cases(draw: st.DrawFn, columns: tuple[str, ...] = ("return",)) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    sheet, truth = returns_sheet(seed, columns)
    kind = draw(st.sampled_from(("whole", "damaged", "bytes", "bytes", "inner bytes")))
    if kind == "whole":
        return sheet_case(style, sheet, "equal", truth)
    if kind == "damaged":
        sheet, damage = date_damage(sheet, Random(seed))
        return sheet_case(style, sheet, "refuse", None, damage)
    edits = draw(BYTES)
    if kind == "bytes":
        case = sheet_case(style, sheet, "sane")
        return Case(case.name, damaged(case.data, edits), "sane", None, str(edits))
    data = damaged(rendered(sheet, style), edits)
    return Case(f"a.csv{style.pack}", packed(data, style.pack), "sane", None, str(edits))


def check_returns(case: Case) -> None:
    found = answer(case, lambda path: read_returns(path, role="base", kind="returns", unit="decimal"))
    if found is not None:
        same_returns(found, case.truth) if case.must == "equal" else as_reference_says(found, case)


def check_streams(case: Case) -> None:
    found = answer(case, lambda path: read_streams(path, role="known"))
    if found is not None:
        same_returns(found, case.truth) if case.must == "equal" else as_reference_says(found, case)


def check_trials(case: Case) -> None:
    found = answer(case, lambda path: read_trials(path))
    if found is not None:
        same_returns(found, case.truth) if case.must == "equal" else as_reference_says(found, case)


# ---- prices


@st.composite
def prices_cases(draw: st.DrawFn) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    clock = clock_of(random.randrange(30, 60), random)
    level, prices = 10 ** random.uniform(-6, 9), []
    for step in returns_of(len(clock.texts), random):
        level *= 1 + max(step, -0.9)
        prices.append(level)
    texts = [number_text(one, random) for one in prices]
    sheet = Sheet(("date", random.choice(("close", "equity", "nav"))), tuple(zip(clock.texts, texts, strict=True)))
    kind = draw(st.sampled_from(("whole", "damaged", "bytes")))
    truth = (clock, prices)
    if kind == "damaged":
        changed, damage = date_damage(sheet, random)
        if random.random() < 0.3:
            damage = random.choice(("0", "-1", "-0.0", "1e-320"))
            changed = with_cell(sheet, random.randrange(len(texts)), 1, damage)
        return sheet_case(style, changed, "refuse" if damage != "1e-320" else "sane", truth, damage)
    case = sheet_case(style, sheet, "equal", truth)
    return case if kind == "whole" else Case(case.name, damaged(case.data, draw(BYTES)), "sane")


def check_prices(case: Case) -> None:
    found = answer(case, lambda path: read_returns(path, role="base", kind="prices"))
    if found is None:
        return
    assert isinstance(found, Returns)
    assert np.isfinite(found.values).all()
    if case.must == "equal":
        clock, prices = case.truth
        assert tuple(found.dates.as_unit("ns").asi8.tolist()) == clock.moments[1:]
    else:
        header, rows = reference.table(case.name, case.data)
        prices = [reference.number(row[header.index(found.columns[0])]) for row in rows]
    # the arithmetic of numpy and of Python is the same, to the last bit
    assert found.values[:, 0].tolist() == [new / old - 1.0 for old, new in pairwise(prices)]


# ---- other containers of the same numbers


@st.composite
def columnar_cases(draw: st.DrawFn) -> Case:
    seed = draw(SEEDS)
    _, (moments, aware, values) = returns_sheet(seed, ("return",))
    dates = pd.DatetimeIndex(np.array(moments, np.int64).view("M8[ns]")).tz_localize("UTC" if aware else None)
    random = Random(seed)
    if aware and random.random() < 0.5:
        dates = dates.tz_convert(random.choice(("Europe/Berlin", "America/New_York", "Asia/Kolkata")))
        local = dates.tz_localize(None)
        if local.is_unique and (local == local.normalize()).all():  # midnights of a zone stand for their days
            moments, aware = tuple(local.as_unit("ns").asi8.tolist()), False
    frame = pd.DataFrame({"date": dates, "return": values[:, 0]})
    damage = draw(st.sampled_from(("", "", "nan", "inf", "repeat", "swap", "bytes", "bytes")))
    row = random.randrange(1, len(frame))
    if damage in ("nan", "inf"):
        frame.loc[row, "return"] = np.nan if damage == "nan" else -np.inf
    elif damage == "repeat":
        frame = pd.concat([frame.iloc[:row], frame.iloc[row - 1 :]], ignore_index=True)
    elif damage == "swap":
        frame = frame.iloc[[*range(row - 1), row, row - 1, *range(row + 1, len(frame))]].reset_index(drop=True)
    form = random.choice((".parquet", ".feather", ".arrow"))
    out = io.BytesIO()
    if form == ".parquet":
        frame.to_parquet(out, compression=random.choice(("snappy", "gzip", "zstd", None)))
    else:
        frame.to_feather(out, compression=random.choice(("lz4", "zstd", "uncompressed")))
    data = out.getvalue()
    if damage == "bytes":
        return Case(f"a{form}", damaged(data, draw(BYTES)), "sane")
    return Case(f"a{form}", data, "refuse" if damage else "equal", (moments, aware, values), damage)


def check_columnar(case: Case) -> None:
    found = answer(case, lambda path: read_returns(path, role="base", kind="returns", unit="decimal"))
    if found is None:
        return
    if case.must == "equal":
        same_returns(found, case.truth)
    # bytes of numbers carry no check of their own, so what is read may differ; it must still be an order and finite
    assert np.isfinite(found.values).all()
    assert found.dates.is_monotonic_increasing
    assert found.dates.is_unique


# ---- counts


def counts_sheet(seed: int) -> tuple[Sheet, tuple[list[str], list[tuple[int, ...]]]]:
    random = Random(seed)
    tries = random.randrange(1, 2000)
    rows, names = [], []
    for place in range(random.randrange(2, 60)):
        names.append(random.choice((f"p{place}", f"problem {place}", f"\u00e4\u200f{place}", str(place))))
        rows.append((tries, random.randrange(tries + 1), random.randrange(tries + 1)))
    texts = tuple(
        (
            name,
            *(random.choice((str(value), f"{value}.0", f"{value:e}" if value < 1000 else str(value))) for value in row),
        )
        for name, row in zip(names, rows, strict=True)
    )
    header = ("problem", "n", random.choice(("c_base", "base correct")), random.choice(("c_tuned", "c_rl")))
    return Sheet(header, texts), (names, rows)


@st.composite
def counts_cases(draw: st.DrawFn) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    sheet, truth = counts_sheet(seed)
    kind = draw(st.sampled_from(("whole", "damaged", "bytes")))
    row = random.randrange(len(sheet.rows))
    if kind == "damaged":
        what = random.choice(("repeat", "missing", "text", "negative", "half", "above", "ragged", "named"))
        if what in ("repeat", "ragged", "named"):
            change = {"repeat": repeated, "ragged": ragged, "named": named_twice}[what]
            return sheet_case(style, change(sheet, random), "refuse", None, what)
        column = random.randrange(1, 4)
        text = {
            "missing": random.choice(MISSING),
            "text": random.choice(NOT_NUMBERS),
            "negative": "-1",
            "half": "0.5",
            "above": "9" * 12,
        }[what]
        return sheet_case(style, with_cell(sheet, row, column, text), "refuse", None, f"{what} {text}")
    case = sheet_case(style, sheet, "equal", truth)
    return case if kind == "whole" else Case(case.name, damaged(case.data, draw(BYTES)), "sane")


def check_counts(case: Case) -> None:
    found = answer(case, read_counts)
    if found is None:
        return
    assert isinstance(found, Counts)
    read = list(zip(found.base_tries.tolist(), found.base.tolist(), found.tuned.tolist(), strict=True))
    if case.must == "equal":
        assert (list(found.problem), read) == (case.truth[0], case.truth[1])
        return
    header, rows = reference.table(case.name, case.data)
    numbers = [{reference.number(cell) for cell in row if _is_number(cell)} for row in rows]
    assert all(set(one) <= here for one, here in zip(read, numbers, strict=True)), header


def _is_number(cell: str) -> bool:
    try:
        reference.number(cell)
    except reference.UnknownError:
        return False
    return True


# ---- rollouts


def check_rollouts_wide(case: Case) -> None:
    found = answer(case, lambda path: read_rollouts(path, role="base", unit="decimal"))
    if found is None:
        return
    plain = Returns(
        name="",
        columns=found.rollouts,
        dates=found.dates,
        values=found.returns,
        sha256=found.sha256,
        notes=(),
        warnings=(),
    )
    same_returns(plain, case.truth) if case.must == "equal" else as_reference_says(plain, case)


@st.composite
def long_cases(draw: st.DrawFn) -> Case:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    count, runs = random.randrange(10, 25), random.sample(["a", "b", "7", "8", "x y", "\u05d0"], random.randrange(2, 5))
    held = random.sample(["BTC", "NA", "es", "\u00e9"], random.randrange(1, 4)) if random.random() < 0.6 else [""]
    clock = clock_of(count, random)
    cells = {(day, run, name): random.gauss(0, 0.01) for day in range(count) for run in runs for name in held}
    order = list(cells)
    if random.random() < 0.5:  # by rollout rather than by date
        order.sort(key=lambda key: (runs.index(key[1]), key[0]))
    rows = [
        [clock.texts[day], run, *([name] if held != [""] else []), number_text(cells[day, run, name], random)]
        for day, run, name in order
    ]
    header = ("date", random.choice(("rollout", "seed", "run")), *(("symbol",) if held != [""] else ()), "return")
    sheet = Sheet(header, tuple(tuple(row) for row in rows))
    truth = (clock, sorted(runs), sorted(held), cells, runs)
    kind = draw(st.sampled_from(("whole", "damaged", "bytes")))
    if kind == "whole":
        return sheet_case(style, sheet, "equal", truth)
    if kind == "bytes":
        case = sheet_case(style, sheet, "sane")
        return Case(case.name, damaged(case.data, draw(BYTES)), "sane")
    what = random.choice(("repeat", "gone", "missing", "text", "date", "ragged", "backwards", "nameless"))
    row = random.randrange(len(rows))
    if what == "repeat":
        changed = repeated(sheet, random)
    elif what == "gone":
        changed = Sheet(header, sheet.rows[:row] + sheet.rows[row + 1 :])
    elif what == "ragged":
        changed = ragged(sheet, random)
    elif what == "backwards":
        changed = Sheet(header, sheet.rows[::-1])
    elif what == "nameless":
        changed = with_cell(sheet, row, 1, "")
    else:
        text = random.choice({"missing": MISSING, "text": NOT_NUMBERS, "date": NOT_DATES}[what])
        changed = with_cell(sheet, row, 0 if what == "date" else len(header) - 1, text)
    return sheet_case(style, changed, "refuse", None, what)


def check_rollouts_long(case: Case) -> None:
    found = answer(case, lambda path: read_rollouts(path, role="base", unit="decimal"))
    if found is None:
        return
    assert isinstance(found, Rollouts)
    assert np.isfinite(found.returns).all()
    if case.must == "equal":
        clock, runs, held, cells, _ = case.truth
        assert tuple(found.dates.as_unit("ns").asi8.tolist()) == clock.moments
        assert sorted(found.rollouts) == runs
        grid = found.returns if found.instruments else found.returns[:, :, None]
        names = found.instruments or ("",)
        assert sorted(names) == held
        for (day, run, name), value in cells.items():
            assert grid[day, found.rollouts.index(run), names.index(name)] == value + 0.0
        return
    header, rows = reference.table(case.name, case.data)
    here = sorted(reference.number(cell) for row in rows for cell in row if _is_number(cell))
    assert found.returns.size == len(rows), header
    assert set(found.returns.ravel().tolist()) <= set(here)


# ---- positions


@st.composite
def positions_cases(draw: st.DrawFn) -> tuple[Case, Case]:
    seed, style = draw(SEEDS), draw(STYLES)
    random = Random(seed)
    names = tuple(random.sample(["SPY", "NA", "es", "\u00e9", "x y"], random.randrange(1, 4)))
    held, truth = returns_sheet(seed, names)
    earned = Sheet(
        held.header, tuple((row[0], *(number_text(random.gauss(0, 0.01), random) for _ in names)) for row in held.rows)
    )
    returns = sheet_case(PLAIN, earned, "equal")
    kind = draw(st.sampled_from(("whole", "damaged", "other dates", "bytes")))
    if kind == "whole":
        return sheet_case(style, held, "equal", truth), returns
    if kind == "damaged":
        changed, damage = date_damage(held, random)
        return sheet_case(style, changed, "refuse", None, damage), returns
    if kind == "other dates":
        return sheet_case(style, Sheet(held.header, held.rows[1:]), "refuse", None, kind), returns
    case = sheet_case(style, held, "sane")
    return Case(case.name, damaged(case.data, draw(BYTES)), "sane"), returns


def check_positions(cases: tuple[Case, Case]) -> None:
    case, returns = cases
    other = FOLDER / "returns.csv"
    other.write_bytes(returns.data)
    found = answer(case, lambda path: read_positions(path, other, role="base", lag=0))
    if found is None:
        return
    plain = Returns(
        name="",
        columns=found.instruments,
        dates=found.dates,
        values=found.weights,
        sha256=fingerprint(found.dates, found.weights),
        notes=(),
        warnings=(),
    )
    same_returns(plain, case.truth) if case.must == "equal" else as_reference_says(plain, case)
