"""The bundled pairs: an index on disk goes in; what each pair is, and where, comes out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError

if TYPE_CHECKING:
    from auditor.result import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPair:
    """A base and a tuned policy in one file, and what an audit should find.

    path       CSV with columns date, base, tuned; monthly returns, decimal
    oos_start  first out-of-sample date, ISO
    expected   findings that the audit may give
    """

    name: str
    title: str
    story: str
    path: Path
    oos_start: str
    expected: tuple[str, ...]


def folder() -> Path:
    """Where the pairs are: in the installed package, or beside it in a checkout.

    errors   InputError where they are in neither
    """
    package = Path(__file__).resolve().parent
    for place in (package / "data" / "pairs", package.parent / "data" / "pairs"):
        if (place / "index.toml").is_file():
            return place
    raise InputError("the bundled pairs are missing from this installation. Install the package again.")


def pairs() -> tuple[DemoPair, ...]:
    """Every bundled pair, in reading order."""
    place = folder()
    index = tomllib.loads((place / "index.toml").read_text(encoding="utf-8"))
    return tuple(
        DemoPair(
            name=one["name"],
            title=one["title"],
            story=one["story"],
            path=place / one["file"],
            oos_start=str(one["oos_start"]),
            expected=tuple(one["expected"]),
        )
        for one in index["pair"]
    )


def audit_pair(pair: DemoPair, **options: Any) -> Audit:
    """Audit one bundled pair as a user would."""
    from auditor.audit import audit_files

    return audit_files(
        pair.path, pair.path, base_column="base", tuned_column="tuned", oos_start=pair.oos_start, **options
    )


def as_record(pair: DemoPair, audit: Audit) -> dict[str, Any]:
    """Plain data for `auditor demo --json`: the pair, what was expected, and the audit."""
    return {
        "name": pair.name,
        "title": pair.title,
        "story": pair.story,
        "expected": list(pair.expected),
        "audit": audit.to_dict(),
    }
