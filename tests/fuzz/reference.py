"""Another reader of the same bytes: Python's csv module, float() and a calendar of its own; slow, plain, apart."""

from __future__ import annotations

import calendar
import csv
import gzip
import io
import itertools
import re
from datetime import datetime

import zstandard

NS = 1_000_000_000
_ISO = re.compile(
    r"(\d{4})([-/.])(\d{1,2})(?:\2?[-/.](\d{1,2})(?:[T ](\d{2}|\d(?=:))(?::?(\d{2}|(?<=:)\d)"
    r"(?::?(\d{2}|(?<=:)\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?)?"
)
_NAMES = ("%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%Y-%b-%d", "%d/%b/%Y")


class UnknownError(Exception):
    """The reference cannot say what this is."""


def table(name: str, data: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a text file, cells stripped."""
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    elif name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    top = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    separator = max(",;\t|", key=top.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row]
    return [cell.strip() for cell in rows[0]], [[cell.strip() for cell in row] for row in rows[1:]]


def number(text: str) -> float:
    """A number as any program would read it."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        raise UnknownError(text)
    return float(text) + 0.0


def moments(texts: list[str]) -> list[int]:
    """A column of dates in nanoseconds since 1970, all in the form of the first."""
    if re.fullmatch(r"\d{8}", texts[0]):
        return [_day(text[:4], text[4:6], text[6:8]) if re.fullmatch(r"\d{8}", text) else _fail(text) for text in texts]
    if re.fullmatch(r"\d{6}", texts[0]):
        return [_day(text[:4], text[4:6], "") if re.fullmatch(r"\d{6}", text) else _fail(text) for text in texts]
    if re.fullmatch(_ISO, texts[0]):
        return _days_of_a_zone([_iso(text) for text in texts], texts)
    if re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", texts[0]):
        parts = [
            re.fullmatch(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ]+(.*))?", text) or _fail(text) for text in texts
        ]
        first = any(int(part[1]) > 12 for part in parts)
        if first == any(int(part[3]) > 12 for part in parts):
            raise UnknownError(texts[0])
        days = [_day(part[4], part[3 if first else 1], part[1 if first else 3]) for part in parts]
        return [day + (_clock(part[5]) if part[5] else 0) for day, part in zip(days, parts, strict=True)]
    for form in _NAMES:
        try:
            return [calendar.timegm(datetime.strptime(text, form).timetuple()) * NS for text in texts]
        except ValueError:
            continue
    raise UnknownError(texts[0])


def _days_of_a_zone(utc: list[int], texts: list[str]) -> list[int]:
    """Midnights of a zone, each of another day, stand for their days."""
    day = 86_400 * NS
    if not all(re.fullmatch(_ISO, text)[9] for text in texts) or not any(one % day for one in utc):
        return utc
    local = [_iso(re.sub(r"\s*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$", "", text)) for text in texts]
    ranked = [here for _, here in sorted(set(zip(utc, local, strict=True)))]
    one_each = all(here < later for here, later in itertools.pairwise(ranked))
    return local if one_each and not any(one % day for one in local) else utc


def _fail(text: str):
    raise UnknownError(text)


def _day(year: str, month: str, day: str) -> int:
    """A day, or the last of its month where none is said."""
    try:
        last = day or calendar.monthrange(int(year), int(month))[1]
        return calendar.timegm(datetime(int(year), int(month), int(last)).timetuple()) * NS
    except ValueError as error:
        raise UnknownError(f"{year}-{month}-{day}") from error


def _clock(text: str) -> int:
    half = re.fullmatch(r"(0?[1-9]|1[0-2])(:.*?) ?([AaPp])[Mm]", text)
    if half:
        text = f"{int(half[1]) % 12 + 12 * (half[3] in 'Pp')}{half[2]}"
    found = re.fullmatch(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?", text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise UnknownError(text)
    whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    return whole * NS + int((found[4] or "").ljust(9, "0"))


def _iso(text: str) -> int:
    found = re.fullmatch(_ISO, text)
    if not found:
        raise UnknownError(text)
    year, _, month, day, hour, minute, second, fraction, zone = found.groups()
    whole = _day(year, month, day or "")
    if hour:
        whole += _clock(f"{hour}:{minute or '00'}:{second or '00'}" + (f".{fraction}" if fraction else ""))
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        shift = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * NS
        whole += -shift if zone[0] == "+" else shift
    return whole
