"""A config file goes in; the gate's audits, every option checked and every path absolute, come out, or a refusal."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auditor.config import Settings
from auditor.errors import ConfigError, InputError
from auditor.gate import keys
from auditor.inputs.toml import read_toml
from auditor.ledger.budget import without_password
from auditor.verdict.gate import Requirements

OWN, SHARED = "auditor.toml", "pyproject.toml"
BASELINE = "auditor-baseline.json"

_HEADER = re.compile(r"\s*\[\[\s*(?:tool\s*\.\s*auditor\s*\.\s*)?audit\s*\]\]")
_TOP = re.compile(r"\s*\[\s*tool\s*\.\s*auditor\s*\]")
_TABLE = re.compile(r"\s*\[")
_IN_SETTINGS = ("level", "gain_level", "min_edge_share", "reps", "block", "seed", "embargo", "tolerance",
                "position_lag", "n_trials", "periods_per_year", "capital")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One audit of the gate.

    name      of it; strategy  whose looks it counts with, the name unless said
    strategy_said  whether the config says so, which it may in the words of the name
    options   of `audit`, base and tuned or both rollouts among them; files are absolute
    line      of the config at which it begins
    """

    name: str
    strategy: str
    options: Mapping[str, Any]
    needed: Requirements
    line: int
    strategy_said: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateConfig:
    """A checked config.

    path      of the file; paths in it are from its folder
    ledger    URL, a file in it absolute and variables filled in; None: looks are not counted
    ledger_as_written  the same as the config has it
    baseline  file of the accepted exceptions
    """

    path: Path
    ledger: str | None
    ledger_as_written: str | None
    signing_key: str | None
    baseline: Path
    entries: tuple[Entry, ...] = field(default=())


def find(start: Path | None = None) -> Path:
    """Find the config from a folder upwards: auditor.toml, or pyproject.toml with [tool.auditor].

    errors   ConfigError where there is none
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / OWN).is_file():
            return folder / OWN
        shared = folder / SHARED
        if shared.is_file() and _own(_parsed(shared)[0]) is not None:
            return shared
    raise ConfigError(
        f"no {OWN}, and no {SHARED} with [tool.auditor], here or above: make one with `auditor init`, or pass --config"
    )


def load(path: str | os.PathLike[str] | None = None) -> GateConfig:
    """Read and check a config; globs are not looked up here.

    errors   ConfigError with the file, the line, what is wrong and what would be right
    """
    file = find() if path is None else Path(path).absolute()
    if not file.is_file():
        raise ConfigError(f"{path}: there is no such file. Make one with `auditor init`")
    table, written = _table(file)
    text = written.split("\n")
    top = next((number for number, line in enumerate(text, 1) if _TOP.match(line)), 0)
    lines = [number for number, line in enumerate(text, 1) if _HEADER.match(line)]
    audits = table.pop("audit", [])
    if not isinstance(audits, list) or not all(isinstance(one, dict) for one in audits):
        raise ConfigError(
            f"{named(file)}: audits are a list of tables: write [[{_prefix(file)}audit]], twice bracketed"
        )
    common = keys.checked(table, keys.OF_ALL, lambda key: f"{named(file)}:{_line_of(key, text, top)}")
    entries = []
    for number, one in enumerate(audits):
        line = lines[number] if len(lines) == len(audits) else 1
        entries.append(_entry(one, common, file, text, line, number))
    if not entries:
        raise ConfigError(f"{named(file)}: it names no audit. Add [[{_prefix(file)}audit]] with base and tuned")
    return GateConfig(
        path=file,
        ledger=_located(common.get("ledger"), file.parent),
        ledger_as_written=common.get("ledger"),
        signing_key=_key_at(common.get("signing_key"), file.parent),
        baseline=file.parent / common.get("baseline", BASELINE),
        entries=tuple(entries),
    )


def _entry(
    one: Mapping[str, Any], common: Mapping[str, Any], file: Path, text: list[str], line: int, number: int
) -> Entry:
    def where(key: str) -> str:
        return f"{named(file)}:{_line_of(key, text, line)}"

    own = keys.checked(one, keys.OF_AN_AUDIT, where)
    replaced = _replaced(own, common)
    options = {key: value for key, value in common.items() if key not in replaced} | own
    here = f"{named(file)}:{line}: audit {options.get('name') or number + 1!r}"
    if not all(key in options for key in keys.ROLLOUTS):
        for needed in keys.POLICIES:
            if needed not in options:
                raise ConfigError(
                    f'{here} names no {needed}: add {needed} = "FILE", or base_rollouts and tuned_rollouts'
                )
    splits = [key for key in keys.SPLITS if key in options]
    if len(splits) != 1:
        many = f"has {' and '.join(splits)}" if splits else "does not say what is out of sample"
        raise ConfigError(f"{here} {many}: give one of {', '.join(keys.SPLITS)}")
    try:
        Settings(**{key: options[key] for key in _IN_SETTINGS if key in options})
    except InputError as error:
        raise ConfigError(f"{here}: {keys.in_keys(str(error))}") from None
    if not ("*" in options.get("tuned", "") or "name" in options):
        raise ConfigError(f'{here} has no name: add name = "..."; looks are counted and exceptions kept by it')
    needed_of = {key: options.pop(key) for key in keys.RULES if key in options}
    name, said = options.pop("name", "*"), "strategy" in options
    return Entry(
        name=name,
        strategy_said=said,
        strategy=options.pop("strategy", name).strip(),
        options={key: _absolute(key, value, file.parent) for key, value in options.items()},
        needed=replace(Requirements(), **needed_of),
        line=line,
    )


def _replaced(own: Mapping[str, Any], common: Mapping[str, Any]) -> set[str]:
    """Name the defaults that are not for this audit."""
    found = set(keys.GATE)
    # One way to say what is out of sample replaces another, not only itself.
    if any(key in own for key in keys.SPLITS):
        found |= set(keys.SPLITS)
    # Rollouts alone are an audit: a base for all the others is not theirs.
    if not any(key in own for key in keys.POLICIES) and all(key in own or key in common for key in keys.ROLLOUTS):
        found.add("base")
    there = (set(common) - found) | set(own)
    return found | {key for key, read in keys.READ_FOR.items() if there.isdisjoint(read)}


def _absolute(key: str, value: Any, folder: Path) -> Any:
    if key in keys.FILES:
        return os.path.join(folder, os.path.expanduser(value))
    if key == "rf" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value if value.rstrip().endswith("%") else os.path.join(folder, os.path.expanduser(value))
    return list(value) if key == "oos" else value


def _located(url: str | None, folder: Path) -> str | None:
    """Put a ledger's file in the config's folder; an environment variable in the URL is filled in."""
    if url is None:
        return None
    missing = [name for name in re.findall(r"\$\{(\w+)\}", url) if name not in os.environ]
    if missing:
        raise ConfigError(f"ledger = {without_password(url)!r}: the environment variable {missing[0]} is not set")
    url = re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found[1]], url)
    scheme, slashes, name = url.partition(":///")
    if scheme.partition("+")[0] == "sqlite" and slashes and name and not os.path.isabs(name):
        return f"{scheme}:///{os.path.join(folder, name)}"
    return url


def _key_at(source: str | None, folder: Path) -> str | None:
    return source if source is None or source.startswith("env:") else os.path.join(folder, source)


def _parsed(file: Path) -> tuple[dict[str, Any], str]:
    return read_toml(file, name=named(file))


def _own(whole: Mapping[str, Any]) -> Any:
    """What stands under [tool.auditor]."""
    tool = whole.get("tool")
    return tool.get("auditor") if isinstance(tool, dict) else None


def _table(file: Path) -> tuple[dict[str, Any], str]:
    """Tables of our own, and the text of the file."""
    whole, text = _parsed(file)
    found = _own(whole)
    if file.name == SHARED or (found is not None and set(whole) == {"tool"}):
        if not isinstance(found, dict):
            raise ConfigError(f"{named(file)}: it has no [tool.auditor]. Make one with `auditor init`")
        return dict(found), text
    return whole, text


def _prefix(file: Path) -> str:
    return "tool.auditor." if file.name == SHARED else ""


def named(file: Path) -> str:
    """Give the file as a reader knows it: from where they stand."""
    near = os.path.relpath(file)
    return str(file) if near.startswith("..") else near


def _line_of(key: str, text: list[str], start: int) -> int:
    """Line of a key after the line of its table's header; that of the header where it is not seen."""
    for number, line in enumerate(text[start:], start + 1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return number
        if _TABLE.match(line):
            break
    return max(start, 1)
