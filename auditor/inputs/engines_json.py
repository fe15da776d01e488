"""A path to JSON comes in, packed or not: a backtest of freqtrade or LEAN, or records; its trades go out as a table."""

from __future__ import annotations

import io
import json
import lzma
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.errors import InputError
from auditor.inputs.content import FLOOR, RATIO, bounded, content
from auditor.inputs.frames import frame_table
from auditor.inputs.table import PACKED_SUFFIXES, Table, split_source

LARGEST_FILE = 1 << 29  # bytes of JSON, unpacked; its objects take some ten times as much
MEMBERS = 1000  # files in one zip
LONGEST_NAME = 200  # characters of a name that a message shows; an archive may hold 65,535


def exported(source: str | os.PathLike[str], *, role: str) -> Table | None:
    """Open a .json or .zip file, also .json.gz and .json.zst; None where the path has another name.

    source   path, or "file.json:STRATEGY" where a file of freqtrade holds several
    errors   InputError for what is not such a file, for several strategies, for no trades, and for zip files that
             unpack to more than LARGEST_FILE
    """
    path, wanted = split_source(os.fspath(source), role=role)
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    if last not in (".json", ".zip") and suffixes not in ([".json", ".gz"], [".json", ".zst"]):
        return None
    name = path.name
    if path.is_dir():
        raise InputError(f"{name}: is a directory. Give one file of trades.")
    backtest = _from_zip(path, name) if last == ".zip" else _parsed(_bytes(path, last, name), name)
    rows = _trades(backtest, name, wanted)
    if not rows:
        raise InputError(f"{name}: has no trades.")
    for position, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InputError(f"{name}: trade {position + 1} is {json.dumps(row)[:40]}, not an object of named values.")
    try:
        frame = pd.DataFrame(rows)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{name}: its trades make no table ({error}).") from error
    nested = [
        header
        for header in frame.columns
        if str(header).lower() not in ("symbol", "symbols")
        and frame[header].map(lambda value: isinstance(value, list | dict)).any()
    ]
    frame = frame.drop(columns=nested)
    return replace(frame_table(frame, name=name), label=lambda row: f"trade {row + 1}")


def _bytes(path: Path, last: str, name: str) -> bytes:
    return content(path, name=name, largest=LARGEST_FILE, packed=last if last in PACKED_SUFFIXES else "")


def _parsed(data: bytes, name: str) -> Any:
    if not data.strip():
        raise InputError(f"{name}: is empty.")
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=partial(_named_once, name))
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise InputError(f"{name}: is nested too deeply for an export of trades.") from error
    except ValueError as error:
        raise InputError(f"{name}: is not JSON ({error}).") from error


def _named_once(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make the dictionary of an object; Python's own reader would take the last of two values of one name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(names) if key in names[:place])
        raise InputError(f"{name}: the name {twice[:40]!r} stands twice in one object. Export the trades anew.")
    return found


def _from_zip(path: Path, name: str) -> Any:
    """The one backtest in a zip of freqtrade; nothing is written to disk."""
    found: dict[str, Any] = {}
    try:
        packed = _bytes(path, "", name)
        limit = min(LARGEST_FILE, max(FLOOR, RATIO * len(packed)))
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS:
                raise InputError(f"{name}: holds {len(members)} files. A backtest of freqtrade has a handful.")
            for member in members:
                inner = member.filename
                if not inner.lower().endswith(".json") or inner.lower().endswith("_config.json"):
                    continue
                shown = f"{name}/{_short(inner)}"
                with archive.open(member) as file:
                    data = bounded(file, shown, limit, LARGEST_FILE)
                limit -= len(data)  # of all its files together
                backtest = _parsed(data, shown)
                if _is_backtest(backtest):
                    found[inner] = backtest
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, OSError, EOFError,
            zlib.error, lzma.LZMAError, ValueError) as error:  # fmt: skip
        raise InputError(f"{name}: cannot be read as a zip file ({_short(str(error))}).") from error
    if len(found) != 1:
        several = (
            f"{len(found)} backtests ({', '.join(map(_short, list(found)[:3]))})"
            if found
            else "no backtest of freqtrade"
        )
        raise InputError(f"{name}: holds {several}. Give the JSON file of one backtest.")
    return next(iter(found.values()))


def _short(text: str) -> str:
    """Give a name in an archive, or what zipfile quotes of one, in a length that a message can have."""
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}..."


def _is_backtest(content: Any) -> bool:
    return isinstance(content, dict) and (
        isinstance(content.get("strategy"), dict) or _closed_trades(content) is not None
    )


def _trades(content: Any, name: str, wanted: str | None) -> list[Any]:
    """The list of trades, wherever the program keeps it."""
    strategies = content.get("strategy") if isinstance(content, dict) else None
    if isinstance(strategies, dict):
        return _of_strategy(strategies, name, wanted)
    if wanted is not None:
        raise InputError(
            f"{name}: {wanted!r} after the colon would name a strategy of freqtrade, and the file has none."
        )
    if isinstance(content, list):
        return content
    closed = _closed_trades(content) if isinstance(content, dict) else None
    if closed is None:
        raise InputError(
            f"{name}: holds no trades that are known: neither 'strategy' of freqtrade, nor 'closedTrades' of LEAN, nor "
            "a list of trades."
        )
    return closed


def _of_strategy(strategies: dict[str, Any], name: str, wanted: str | None) -> list[Any]:
    if wanted is None and len(strategies) != 1:
        listed = ", ".join(map(_short, list(strategies)[:10]))
        raise InputError(
            f"{name}: holds {len(strategies)} strategies ({listed}). Say which: {name}:STRATEGY."
            if strategies
            else f"{name}: holds no strategy."
        )
    chosen = next(iter(strategies)) if wanted is None else wanted
    if chosen not in strategies:
        raise InputError(f"{name}: no strategy {chosen!r}. There are {', '.join(list(strategies)[:10])}.")
    inside = strategies[chosen]
    trades = inside.get("trades") if isinstance(inside, dict) else None
    if not isinstance(trades, list):
        raise InputError(f"{name}: strategy {chosen!r} has no list of trades. Export with --export trades.")
    return trades


def _closed_trades(content: dict[str, Any]) -> list[Any] | None:
    """ClosedTrades of LEAN: of the whole run, in either spelling, at the top or under totalPerformance."""
    folded = {str(key).lower(): value for key, value in content.items()}
    for place in (folded, folded.get("totalperformance")):
        if isinstance(place, dict):
            inner = {str(key).lower(): value for key, value in place.items()}
            if isinstance(inner.get("closedtrades"), list):
                return list(inner["closedtrades"])
    return None
