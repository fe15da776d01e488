"""Rows of a ledger go in; looks with what they found, as records, lines and CSV, come out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.report.plain import clean, shortened
from auditor.report.styled import Line, Piece

if TYPE_CHECKING:
    from auditor.ledger.chain import Row
    from auditor.ledger.store import Verified

COLUMNS = (
    "row", "at", "strategy", "look", "level", "level_left", "gain_level_left", "first", "last", "windows", "label",
    "finding", "standing", "evidence", "gain", "gain_p", "new_p", "commit", "signed", "subject", "hash",
)  # fmt: skip
"""Of the CSV, in order; the JSON has inputs, settings and versions too."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "|")
"""How a text begins that a spreadsheet would compute."""

HEADING: Line = (
    Piece(f"{'row':>5} {'look':>5}  {'level left':<10}  {'strategy':<19} {'first':<10} {'last':<10}  finding", "quiet"),
)


def records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give one record a look, oldest first, with what it found last; nothing found where it was never finished."""
    results: dict[int, dict[str, Any]] = {
        row.refers: json.loads(row.body) for row in rows if row.kind == "result" and row.refers is not None
    }
    return [_record(row, results.get(row.seq)) for row in rows if row.kind == "look"]


def _record(row: Row, found: Mapping[str, Any] | None) -> dict[str, Any]:
    body = json.loads(row.body)
    said = found or {}
    return {
        "row": row.seq,
        "at": row.at,
        "strategy": row.strategy,
        "look": row.number,
        "level": body["level"],
        "level_left": body["level_left"],
        "gain_level_left": body["gain_level_left"],
        "first": row.first,
        "last": row.last,
        "windows": json.loads(row.windows),
        "finished": found is not None,
        **{name: said.get(name) for name in ("label", "finding", "standing", "evidence", "gain", "gain_p", "new_p")},
        "reps": said.get("reps"),
        "inputs": body["inputs"],
        "oos": body["oos"],
        "settings": body["settings"],
        "versions": said.get("versions"),
        "commit": body["commit"],
        "signed": row.signature is not None,
        "subject": row.subject,
        "hash": row.hash,
    }


def listed(looks: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Give one line of at most 80 columns a look."""
    if not looks:
        yield (Piece("no looks yet"),)
        return
    yield HEADING
    for one in looks:
        name = shortened(clean(one["strategy"]), 19)
        found = clean(one["finding"] or "not finished")
        yield (
            Piece(f"{one['row']:>5} {one['look']:>5}  {one['level_left']:<10.3g}  {name:<19} "),
            Piece(f"{clean(one['first']):<10} {clean(one['last']):<10}  "),
            Piece(found, "plain" if one["finished"] else "warning"),
        )


def shown(one: Mapping[str, Any]) -> Iterator[Line]:
    """Give all of one look."""
    yield (Piece(f"Look {one['look']} of {clean(one['strategy'])}", "title"),)
    windows = ", ".join(f"{first[:10]} .. {last[:10]}" for first, last in one["windows"])
    numbers = {name: one[name] for name in ("gain", "gain_p", "new_p") if one[name] is not None}
    lines = {
        "window": windows,
        "level": f"{one['level']:g}, {one['level_left']:.3g} left for it, {one['gain_level_left']:.3g} for the gain",
        "begun": one["at"],
        "commit": one["commit"] or "not known",
        "found": f"{one['finding']} ({one['standing']}, by {one['evidence']})" if one["finished"] else "not finished",
        **{name: f"{value:.4g}" for name, value in numbers.items()},
        **{f"sha256 {role}": value for role, value in one["inputs"].items()},
        "settings": ", ".join(f"{name}={value}" for name, value in one["settings"].items() if value is not None),
        "versions": ", ".join(f"{name} {value}" for name, value in (one["versions"] or {}).items()) or "not known",
        "row": f"{one['row']}:{one['hash']}{'' if one['signed'] else ', not signed'}",
    }
    for name, value in lines.items():
        yield (Piece(f"{name:<16}", "quiet"), Piece(clean(str(value))))


def told(verified: Verified, name: str) -> Iterator[Line]:
    """Give what `verify` says."""
    if verified.problems:
        many = "1 problem" if len(verified.problems) == 1 else f"{len(verified.problems):,} problems"
        yield (Piece(f"does not hold: {many}", "no"), Piece(f", {clean(name)}"))
        for one in verified.problems:
            yield (Piece(f"- {clean(one)}"),)
    else:
        signed = "signed" if verified.signed else "not signed"
        yield (Piece("holds", "ok"), Piece(f": {verified.rows:,} rows, {verified.looks:,} looks, {signed}"))
    yield (Piece(f"head {verified.head}", "quiet"),)


def as_csv(looks: Sequence[Mapping[str, Any]]) -> str:
    """Give a table for spreadsheets, in which no text can be a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in looks:
        cells = dict(one) | {"windows": " ".join(f"{first}:{last}" for first, last in one["windows"])}
        writer.writerow([_cell(cells[name]) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would compute; control characters are written out first."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) or value.startswith(FORMULA) else text
