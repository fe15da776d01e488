"""JSON from anybody comes in; values of the kind that is wanted go out, or a refusal of one line."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast, get_args

from auditor.errors import InputError
from auditor.report.machine import VERSION

MOST_BYTES = 64 * 2**20
"""Size of a file that is read: the audit of a hundred tags of trades has a hundredth of it."""

MOST_ITEMS = 10_000
"""Entries of a list or a mapping."""

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a file should hold, in the words of a refusal.

    what    "an audit"
    tells   a key that only this kind of JSON has
    source  what to give instead; wrote, the command that writes it
    again   what to do about another schema
    """

    what: str
    tells: str
    source: str
    wrote: str
    again: str


def text_of(path: str | os.PathLike[str], wanted: Wanted) -> str:
    """Read a file of JSON.

    Raises InputError for a file that is not there, too large or not text.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source}: no such file. Give {wanted.source} ({wanted.wrote})")
    if source.stat().st_size > MOST_BYTES:
        more = f"more than any {wanted.what.split()[-1]} has"
        raise InputError(f"{source}: {source.stat().st_size:,} bytes, {more}. Give {wanted.source}")
    try:
        return source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: is not UTF-8 from byte {error.start} on. Give {wanted.source}") from None


def loaded(text: str, name: str, wanted: Wanted) -> Any:
    """Parse JSON whose keys stand once in an object and whose numbers are numbers; `name` is what messages call it."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except RecursionError:
        raise InputError(f"{name}: is nested deeper than {wanted.what}. Give {wanted.source}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{name}: line {error.lineno} is not JSON ({error.msg}). Give {wanted.source}") from None
    except ValueError as error:
        raise InputError(f"{name}: is not the JSON of {wanted.what}: {error}") from None


def parsed(text: str, name: str, wanted: Wanted) -> dict[str, Any]:
    """Parse JSON and see that it is of this kind and schema."""
    data = loaded(text, name, wanted)
    version = data.get("schema") if isinstance(data, dict) else None
    if version is None or wanted.tells not in data:
        raise InputError(f"{name}: is JSON, but not that of {wanted.what}. Give what {wanted.wrote} wrote")
    if version != VERSION or isinstance(version, bool):
        raise InputError(
            f"{name}: has schema {str(version)[:20]}, and this program reads schema {VERSION}. {wanted.again}"
        )
    return cast(dict[str, Any], data)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object")
    return found


class Reader:
    """Takes values out of parsed JSON by their way through it, and refuses what is not there or of another kind."""

    def __init__(self, name: str, wanted: Wanted) -> None:
        self.name = name
        self.wanted = wanted

    def take(self, data: Any, way: tuple[str, ...], kind: type[Kind], *, null: bool = False) -> Kind | None:
        """Follow names into nested objects to a value of one kind; bool is no number."""
        found = data
        for name in way:
            if not isinstance(found, dict) or name not in found:
                self.refuse(f"lacks {'.'.join(way)}")
            found = found[name]
        if found is None and null:
            return None
        if not isinstance(found, kind) or (isinstance(found, bool) and kind not in (bool, object)):
            self.refuse(f"{'.'.join(way)} is {type(found).__name__}, not {kind.__name__}")
        return found

    def number(self, data: Any, way: tuple[str, ...]) -> float | None:
        """Follow names to a finite number, or to null."""
        found: Any = self.take(data, way, object, null=True)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.refuse(f"{'.'.join(way)} is {type(found).__name__}, not a number")
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.refuse(f"{'.'.join(way)} is no finite number")
        return value

    def text(self, data: Any, way: tuple[str, ...]) -> str:
        """Follow names to a text."""
        return cast(str, self.take(data, way, str))

    def listed(self, data: Any, way: tuple[str, ...], exactly: int | None = None) -> list[Any]:
        """Follow names to a list, not of more entries than any of ours has."""
        found = cast(list[Any], self.take(data, way, list))
        if len(found) > MOST_ITEMS or (exactly is not None and len(found) != exactly):
            self.refuse(f"{'.'.join(way)} has {len(found):,} entries")
        return found

    def mapping(self, data: Any, name: str) -> dict[str, Any]:
        """Take an object, not of more entries than any of ours has."""
        found = cast(dict[str, Any], self.take(data, (name,), dict))
        if len(found) > MOST_ITEMS:
            self.refuse(f"{name} has {len(found):,} entries")
        return found

    def one_of(self, data: Any, name: str, known: Any) -> Any:
        """Take a text that is one of a Literal's."""
        found = self.text(data, (name,))
        if found not in get_args(known):
            self.refuse(f"{name} is {found[:40]!r}, not one of {', '.join(get_args(known))}")
        return found

    def refuse(self, what: str) -> NoReturn:
        """Refuse the file for this reason."""
        wanted = self.wanted
        raise InputError(f"{self.name}: is not the JSON of {wanted.what}: {what}. Give what {wanted.wrote} wrote")
