"""Numbers whose truth is known come out as files in every style that is read, whole or damaged in a known way."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import zstandard
from hypothesis import strategies as st

DAY = 86_400
NS = 1_000_000_000
LONGEST = 4000
"""Bytes of a file that a finding prints."""

MISSING = ("", "nan", "NaN", "NA", "null", "None", "-", "N/A", " ")
NOT_NUMBERS = (
    "abc",
    "1,5",
    "1_000",
    "0x10",
    "inf",
    "-Infinity",
    "1e999",
    "12%",
    "(3)",
    "1 2",
    "\u0663abc",
    "True",
    "--1",
)
NOT_DATES = (
    "yesterday",
    "2020-13-01",
    "2020-02-30",
    "now",
    "0001-01-01",
    "9999-12-31",
    "nan",
    "",
    "1/2",
    "2020-01-01T25:00",
)


@dataclass(frozen=True)
class Sheet:
    """A table of text before it is written."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Style:
    """How a table of text is written; what it says is the same in all."""

    sep: str
    eol: str
    quote: bool
    bom: bool
    pad: bool
    blank: bool
    pack: str


@dataclass(frozen=True)
class Case:
    """A file, and what must happen to it.

    must    "equal": it is read and says `truth`; "refuse"; "sane": refused, or read as the reference reads it
    """

    name: str
    data: bytes
    must: str
    truth: object = None
    damage: str = ""

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        """Print all but the end of a long file, which a finding's seed makes again; hypothesis calls this."""
        more = f" and {len(self.data) - LONGEST} bytes more" if len(self.data) > LONGEST else ""
        printer.text(f"Case({self.name!r}, {self.data[:LONGEST]!r}{more}, {self.must!r}, {self.damage!r})")


STYLES = st.builds(
    Style,
    sep=st.sampled_from(",;\t|"),
    eol=st.sampled_from(("\n", "\r\n", "\r")),
    quote=st.booleans(),
    bom=st.booleans(),
    pad=st.booleans(),
    blank=st.booleans(),
    pack=st.sampled_from(("", "", "", ".gz", ".zst")),
)


def rendered(sheet: Sheet, style: Style) -> bytes:
    """Write the table; a quoted one by Python's own writer."""
    rows = [sheet.header, *sheet.rows]
    if style.pad:
        rows = [[f" {cell} " for cell in row] for row in rows]
    if style.quote or any(mark in cell for row in rows for cell in row for mark in (style.sep, '"', "\n", "\r")):
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=style.sep, lineterminator=style.eol, quoting=csv.QUOTE_ALL)
        writer.writerows(rows)
        text = out.getvalue()
    else:
        text = "".join(style.sep.join(row) + style.eol for row in rows)
    if style.blank:
        text += style.eol
    return (b"\xef\xbb\xbf" if style.bom else b"") + text.encode()


def packed(data: bytes, pack: str) -> bytes:
    """Pack as the suffix says."""
    return gzip.compress(data, 1) if pack == ".gz" else zstandard.compress(data) if pack == ".zst" else data


# ---- numbers and dates


def number_text(value: float, random: Random) -> str:
    """Write a double so that it reads back as itself, in one of the ways that programs do."""
    forms = [repr(value), f"{value:.17g}", f"{value:.17e}", f"{value:.17E}", f"{value:+.17g}"]
    text = random.choice(forms)
    if random.random() < 0.1 and text.startswith("0."):
        text = text[1:]
    assert float(text) == value
    return text


def returns_of(count: int, random: Random) -> list[float]:
    """Plausible returns, with a few numbers that are hard to read exactly."""
    values = [random.gauss(0.0003, 0.01) for _ in range(count)]
    for _ in range(random.randrange(4)):
        values[random.randrange(count)] = random.choice((0.0, -0.0, 5e-324, -1e-300, 0.1 + 0.2, 1 / 3, 2**-40, -0.999))
    return values


@dataclass(frozen=True)
class Clock:
    """Moments in nanoseconds since 1970, whether they have a zone, and their texts."""

    moments: tuple[int, ...]
    aware: bool
    texts: tuple[str, ...]


def clock_of(count: int, random: Random) -> Clock:
    """Rising moments, in one written form that has one reading only."""
    form = random.choice(
        ("day", "day", "slash", "dots", "compact", "month", "clock", "zulu", "offset", "dst", "names", "late", "halves")
    )
    start = datetime(random.randrange(1700, 2200), random.randrange(1, 13), random.randrange(1, 29), tzinfo=UTC)
    step = random.choice((1, 1, 1, 3, 7)) if form != "month" else 31
    if form in ("clock", "zulu", "offset", "dst", "halves"):
        begin = start.timestamp() + random.randrange(DAY)
        jump = random.choice((60, 300, 3600, DAY))
        seconds = [int(begin) + jump * place for place in range(count)]
        nanos = [random.choice((0, 0, 500_000_000, 123_456_789)) if form == "clock" else 0] * count
        moments = tuple(second * NS + nano for second, nano in zip(seconds, nanos, strict=True))
        if form == "clock":
            texts = [f"{_utc(second):%Y-%m-%d{random.choice(' T')}%H:%M:%S}" for second in seconds]
            texts = [f"{text}.{nano:09d}" if nano else text for text, nano in zip(texts, nanos, strict=True)]
            return Clock(moments, False, tuple(_years(texts)))
        if form == "halves" and any(_utc(second).day > 12 for second in seconds):
            halves = [f"{_utc(second).month}/{_utc(second):%d/%Y %I:%M:%S %p}" for second in seconds]
            return Clock(moments, False, tuple(halves))
        if form == "halves":
            return Clock(moments, False, tuple(f"{_utc(second):%Y-%m-%d %H:%M:%S}" for second in seconds))
        if form == "zulu":
            return Clock(moments, True, tuple(_years([f"{_utc(second):%Y-%m-%dT%H:%M:%SZ}" for second in seconds])))
        offsets = [timedelta(hours=5, minutes=30)] if form == "offset" else [timedelta(hours=1), timedelta(hours=2)]
        turn = random.randrange(count)
        zones = [timezone(offsets[0] if place < turn else offsets[-1]) for place in range(count)]
        texts = [_utc(second).astimezone(zone).isoformat(sep=" ") for second, zone in zip(seconds, zones, strict=True)]
        return Clock(moments, True, tuple(texts))
    days: list[datetime] = []
    day = start
    while len(days) < count:
        if form == "month":
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            days.append(following - timedelta(days=1))  # a month is dated at its last day
            day = following
            continue
        days.append(day)
        day += timedelta(days=step)
    if form == "dots" and all(day.day <= 12 for day in days):
        form = "day"  # nothing would tell the day from the month
    moments = tuple(int((day - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * NS for day in days)
    forms = {
        "day": "%Y-%m-%d",
        "slash": "%Y/%m/%d",
        "dots": "%d.%m.%Y",
        "compact": "%Y%m%d",
        "month": "%Y-%m",
        "names": "%d-%b-%Y",
        "late": "%Y-%m-%dT00:00:00",
    }
    return Clock(moments, False, tuple(day.strftime(forms[form]) for day in days))


def _utc(second: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


def _years(texts: list[str]) -> list[str]:
    return [text.zfill(len(text)) for text in texts]


# ---- damage

BYTES = st.lists(
    st.tuples(
        st.sampled_from(("flip", "insert", "delete", "cut", "repeat", "swap")),
        st.integers(0, 1 << 30),
        st.sampled_from(
            (
                b"\0",
                b'"',
                b"'",
                b",",
                b";",
                b"\n",
                b"\r",
                b"\xff",
                b"\xfe",
                b"-",
                b".",
                b"e",
                b"9",
                b"0",
                b" ",
                b"nan",
                b"1e",
                b"\xc3\xa9",
                "\u202e".encode(),
                b"\t",
                b"[",
                b"}",
                b"T",
                b"Z",
                b"+",
                b"/",
            )
        ),
    ),
    min_size=1,
    max_size=4,
)


def damaged(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """Apply edits of bytes, each at a place that wraps around."""
    for what, at, extra in edits:
        place = at % (len(data) + 1)
        if what == "flip" and data:
            place %= len(data)
            data = data[:place] + bytes([data[place] ^ (1 << at % 8)]) + data[place + 1 :]
        elif what == "insert":
            data = data[:place] + extra + data[place:]
        elif what == "delete":
            data = data[:place] + data[place + 1 + at % 7 :]
        elif what == "cut":
            data = data[:place]
        elif what == "repeat":
            data = data[:place] + data[max(0, place - at % 40) : place] + data[place:]
        elif what == "swap" and len(data) > 2:
            place %= len(data) - 1
            data = data[:place] + data[place + 1 : place + 2] + data[place : place + 1] + data[place + 2 :]
    return data


def with_cell(sheet: Sheet, row: int, column: int, text: str) -> Sheet:
    """Put one cell."""
    rows = list(sheet.rows)
    cells = list(rows[row])
    cells[column] = text
    rows[row] = tuple(cells)
    return replace(sheet, rows=tuple(rows))


def shuffled(sheet: Sheet, random: Random) -> Sheet:
    """Put at least one row out of its place."""
    rows = list(sheet.rows)
    while tuple(rows) == sheet.rows:
        random.shuffle(rows)
    return replace(sheet, rows=tuple(rows))


def repeated(sheet: Sheet, random: Random) -> Sheet:
    """Put one row twice."""
    at = random.randrange(len(sheet.rows))
    return replace(sheet, rows=(*sheet.rows[: at + 1], sheet.rows[at], *sheet.rows[at + 1 :]))


def ragged(sheet: Sheet, random: Random) -> Sheet:
    """Give one row a cell too many or too few."""
    rows = list(sheet.rows)
    at = random.randrange(len(rows))
    rows[at] = (*rows[at], "0.5") if random.random() < 0.5 else rows[at][:-1]
    return replace(sheet, rows=tuple(rows))


def named_twice(sheet: Sheet, random: Random) -> Sheet:
    """Name two columns alike."""
    one, other = random.sample(range(len(sheet.header)), 2)
    header = list(sheet.header)
    header[one] = header[other]
    return replace(sheet, header=tuple(header))
