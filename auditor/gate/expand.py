"""An entry whose tuned file has a star goes in; one entry for every file that fits comes out, named by the path."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from dataclasses import replace

from auditor.errors import ConfigError
from auditor.gate import keys
from auditor.gate.config import Entry


def expanded(entries: Iterable[Entry]) -> list[Entry]:
    """Put in place of each glob the files that fit it, in order of their names.

    What a star stood for takes the place of the same star in the other files, the name and the strategy.

    errors   ConfigError for a glob that nothing fits, a star more than `tuned` has, and a name given twice
    """
    found: list[Entry] = []
    for entry in entries:
        found += _matches(entry) if "*" in entry.options.get("tuned", "") else [entry]
    seen: dict[str, int] = {}
    for entry in found:
        if entry.name in seen:
            raise ConfigError(f"two audits are named {entry.name!r}, at lines {seen[entry.name]} and {entry.line}")
        seen[entry.name] = entry.line
    return found


def _matches(entry: Entry) -> list[Entry]:
    pattern = str(entry.options["tuned"])
    path, column = _column_apart(pattern)
    if "**" in path:
        raise ConfigError(f"line {entry.line}: tuned = {pattern!r}: ** is not taken; write a * for each folder")
    files = sorted(glob.glob(_literal_but_stars(path)))
    if not files:
        raise ConfigError(f"line {entry.line}: tuned = {pattern!r}: no file fits it")
    shape = re.compile("([^/\\\\]*)".join(map(re.escape, path.split("*"))), re.DOTALL)
    found = []
    for file in files:
        fits = shape.fullmatch(file)
        if fits is None:
            raise ConfigError(f"line {entry.line}: tuned = {pattern!r}: {file!r} cannot be told apart by its stars")
        stars = fits.groups()
        options = {
            key: _filled(value, stars, entry) if key in keys.FILES and key != "tuned" else value
            for key, value in entry.options.items()
        }
        found.append(
            replace(
                entry,
                name=_name(entry.name, stars, entry),
                strategy=_strategy(entry, stars),
                options=options | {"tuned": file + column},
            )
        )
    return found


def _column_apart(pattern: str) -> tuple[str, str]:
    """Part FILE:COLUMN; a colon before the last slash belongs to the path."""
    cut = pattern.rfind(":")
    return (pattern[:cut], pattern[cut:]) if cut > max(pattern.rfind("/"), pattern.rfind("\\"), 1) else (pattern, "")


def _literal_but_stars(path: str) -> str:
    return re.sub(r"[\[\]?]", lambda found: f"[{found[0]}]", path)


def _filled(value: str, stars: tuple[str, ...], entry: Entry) -> str:
    pieces = value.split("*")
    if len(pieces) - 1 > len(stars):
        raise ConfigError(f"line {entry.line}: {value!r} has more stars than tuned, so they stand for nothing")
    return "".join(piece + star for piece, star in zip(pieces, (*stars[: len(pieces) - 1], ""), strict=True))


def _strategy(entry: Entry, stars: tuple[str, ...]) -> str:
    """One that is said counts for all that fit; else each counts by its own name."""
    return (_filled(entry.strategy, stars, entry) if entry.strategy_said else _name(entry.name, stars, entry)).strip()


def _name(name: str, stars: tuple[str, ...], entry: Entry) -> str:
    if name == "*":
        return "-".join(stars)
    return _filled(name, stars, entry) if "*" in name else f"{name}/{'-'.join(stars)}"
