"""The bundled pairs and desks: indices on disk go in; what each is, and where, comes out."""

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
    """A base and a tuned policy, and what an audit should find. A desk has the trades of both too.

    path       CSV of a pair, with columns date, base, tuned; of a desk's base, with columns date, return; decimal
    oos_start  first out-of-sample date, ISO
    expected   findings that the audit may give
    in_full    whether the demo shows all of its audit
    tuned, base_trades, tuned_trades, capital  of a desk: its other files, and what P&L is divided by
    """

    name: str
    title: str
    story: str
    path: Path
    oos_start: str
    expected: tuple[str, ...]
    in_full: bool = False
    tuned: Path | None = None
    base_trades: Path | None = None
    tuned_trades: Path | None = None
    capital: float | None = None


def folder(name: str = "pairs") -> Path:
    """Where the pairs or the desks are: in the installed package, or beside it in a checkout.

    errors   InputError where they are in neither
    """
    package = Path(__file__).resolve().parent
    for place in (package / "data" / name, package.parent / "data" / name):
        if (place / "index.toml").is_file():
            return place
    raise InputError(f"the bundled {name} are missing from this installation. Install the package again.")


def pairs() -> tuple[DemoPair, ...]:
    """Every bundled pair and then every desk, in reading order; the last pair is to be shown in full."""
    place, bundled = _index("pairs", "pair")
    found = [DemoPair(**_common(one), path=place / one["file"], in_full=one is bundled[-1]) for one in bundled]
    place, bundled = _index("desks", "desk")
    found += [
        DemoPair(
            **_common(one),
            path=place / one["base"],
            tuned=place / one["tuned"],
            base_trades=place / one["base_trades"],
            tuned_trades=place / one["tuned_trades"],
            capital=float(one["capital"]),
        )
        for one in bundled
    ]
    return tuple(found)


def _index(name: str, table: str) -> tuple[Path, list[dict[str, Any]]]:
    place = folder(name)
    return place, tomllib.loads((place / "index.toml").read_text(encoding="utf-8"))[table]


def _common(one: dict[str, Any]) -> dict[str, Any]:
    """Name, title and story as they stand, and what the audit needs."""
    texts = {field: one[field] for field in ("name", "title", "story")}
    return texts | {"oos_start": str(one["oos_start"]), "expected": tuple(one["expected"])}


def audit_pair(pair: DemoPair, **options: Any) -> Audit:
    """Audit one bundled pair or desk as a user would."""
    from auditor.audit import audit_files

    if pair.tuned is None:
        given: dict[str, Any] = {"tuned": pair.path, "base_column": "base", "tuned_column": "tuned"}
    else:
        given = {field: getattr(pair, field) for field in ("tuned", "base_trades", "tuned_trades", "capital")}
    return audit_files(pair.path, **given, oos_start=pair.oos_start, **options)


def as_record(pair: DemoPair, audit: Audit) -> dict[str, Any]:
    """Plain data for `auditor demo --json`: the pair or desk, what was expected, and the audit."""
    return {
        "name": pair.name,
        "title": pair.title,
        "story": pair.story,
        "expected": list(pair.expected),
        "audit": audit.to_dict(),
    }
