"""A folder goes in; a commented config that names the pairs of files found in it comes out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from auditor.errors import ConfigError
from auditor.gate.config import OWN, SHARED

ENDINGS = (".csv", ".tsv", ".parquet", ".feather", ".csv.gz", ".csv.zst")
SKIPPED = {"node_modules", "__pycache__", "build", "dist", "site-packages"}
DEPTH, MOST, LONGEST = 4, 20, 65_536


class FoundPair(NamedTuple):
    """A pair, from the folder: its name, both files (or FILE:COLUMN), and both blotters where they are there."""

    name: str
    base: Path | str
    tuned: Path | str
    trades: tuple[Path, Path] | None


HEAD = """\
# The gate of `auditor gate`; every key is in docs/gate.md. Paths are from this file's folder.
{table}# Every look at an out-of-sample window is counted here, and leaves less level for the next one.
# A team shares one in PostgreSQL, as does CI, which keeps no files:
# ledger = "postgresql://USER@HOST/DATABASE"
# (Not a file for git: branches would each count their own. Put it into .gitignore.)
ledger = "sqlite:///auditor.db"

# What holds for every audit below, unless it says otherwise.
# The first date that no tuning has seen: write yours and take the # away. The gate does not run without it.
# oos_start = 2022-01-03
# Findings that pass: new_edge, efficiency, flattering, unproven, no_gain.
require = ["new_edge", "efficiency"]
# "shown" refuses a finding that returns alone only presume: it needs trades.
standing = "presumed"
# What a gain does that is neither confirmed nor refuted: "fail" or "pass".
on_undecided = "fail"
"""

ENTRY = """
[[{prefix}audit]]
name = {name}
# Whose looks it counts with: keep it where the version in the name changes.
strategy = {name}
base = {base}
tuned = {tuned}
{trades}"""

TRADES = """\
base_trades = {base}
tuned_trades = {tuned}
"""
NO_TRADES = """\
# With both blotters the finding can be shown, not only presumed:
# base_trades = "base_trades.csv"
# tuned_trades = "tuned_trades.csv"
"""


def make(folder: Path, *, pyproject: bool = False) -> tuple[Path, int]:
    """Write auditor.toml, or append to pyproject.toml; give the file and how many pairs were found.

    errors   ConfigError where there is a config already
    """
    own, shared = folder / OWN, folder / SHARED
    if own.exists():
        raise ConfigError(f"{OWN} is here already. Change it, or remove it first")
    before = shared.read_text(encoding="utf-8") if shared.exists() else ""
    if "[tool.auditor" in before or "[[tool.auditor" in before:
        raise ConfigError(f"{SHARED} has [tool.auditor] already. Change it, or remove it first")
    if pyproject and not shared.exists():
        raise ConfigError(f"there is no {SHARED} here; without --pyproject an {OWN} is made")
    pairs = found_pairs(folder)
    text = config_text(pairs, prefix="tool.auditor." if pyproject else "")
    target = shared if pyproject else own
    gap = "" if not before or not pyproject else "\n" if before.endswith("\n") else "\n\n"
    with target.open("a" if pyproject else "x", encoding="utf-8", newline="\n") as file:
        file.write(gap + text)
    return target, len(pairs)


def config_text(pairs: list[FoundPair], *, prefix: str) -> str:
    """Give the config's text; where nothing was found its audit is an example, commented out."""
    head = HEAD.format(table="[tool.auditor]\n" if prefix else "")
    if not pairs:
        example = ENTRY.format(
            prefix=prefix, name='"my-overlay"', base='"results/base.csv"', tuned='"results/tuned.csv"', trades=NO_TRADES
        )
        note = "\n# No pair of base and tuned returns was found here. Name yours:\n"
        return head + note + "".join(f"# {line}".rstrip() + "\n" for line in example.strip().splitlines())
    names: list[str] = []
    for pair in pairs:
        taken = sum(name == pair.name or name.startswith(f"{pair.name}-") for name in names)
        names.append(f"{pair.name}-{taken + 1}" if pair.name in names else pair.name)
    return head + "".join(_entry(pair, name, prefix) for pair, name in zip(pairs, names, strict=True))


def found_pairs(folder: Path) -> list[FoundPair]:
    """Find files side by side that are named alike but for base and tuned, and files with columns of these names."""
    found = []
    for place, folders, files in os.walk(folder):
        near = Path(place).relative_to(folder)
        folders[:] = sorted(
            one for one in folders if len(near.parts) < DEPTH and not one.startswith((".", "_")) and one not in SKIPPED
        )
        for name in sorted(files):
            other = name.replace("base", "tuned")
            traded = any(word in name.lower() for word in ("trade", "position", "rollout"))
            if not name.endswith(ENDINGS) or traded:
                continue
            stem = name.split(".")[0]
            if other != name and other in files:
                left = stem.replace("base", "").replace("returns", "").strip("_-. ")
                own = "-".join(filter(None, [*near.parts[-1:], left])) or folder.resolve().name
                pair = FoundPair(own, near / name, near / other, _trades(folder, near / name, near / other))
            elif name.endswith((".csv", ".tsv")) and {"base", "tuned"} <= _columns(Path(place, name)):
                pair = FoundPair(stem, f"{near / name}:base", f"{near / name}:tuned", None)
            else:
                continue
            found.append(pair)
    return found[:MOST]


def _columns(file: Path) -> set[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            header = lines.readline(LONGEST)
    except OSError:
        return set()
    return {name.strip().strip('"').lower() for name in header.replace("\t", ",").split(",")}


def _trades(folder: Path, base: Path, tuned: Path) -> tuple[Path, Path] | None:
    """Find both blotters beside the returns: base.csv and base_trades.csv, or base_returns.csv and base_trades.csv."""
    for ending in ENDINGS:
        for cut in ("", "_returns"):
            both = [
                file.with_name(f"{file.name.split('.')[0].removesuffix(cut)}_trades{ending}") for file in (base, tuned)
            ]
            if all((folder / one).exists() for one in both):
                return both[0], both[1]
    return None


def _entry(pair: FoundPair, name: str, prefix: str) -> str:
    trades = NO_TRADES
    if pair.trades is not None:
        trades = TRADES.format(base=_quoted(pair.trades[0]), tuned=_quoted(pair.trades[1]))
    return ENTRY.format(
        prefix=prefix, name=_quoted(name), base=_quoted(pair.base), tuned=_quoted(pair.tuned), trades=trades
    )


def _quoted(value: str | Path) -> str:
    """Give a TOML string: quotes, backslashes and control characters escaped."""
    text = value.as_posix() if isinstance(value, Path) else value
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c for c in escaped) + '"'
