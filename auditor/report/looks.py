"""Rows of a ledger go in; looks with what they found, as records, lines and CSV, come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.nearest import nearest_word
from auditor.plural import several
from auditor.report.plain import clean, for_spreadsheet, shortened
from auditor.report.styled import Line, Piece
from auditor.report.untrusted import Reader, Wanted, loaded

if TYPE_CHECKING:
    from auditor.ledger.chain import Row
    from auditor.ledger.store import Verified

COLUMNS = (
    "row", "at", "strategy", "look", "level", "level_left", "gain_level_left", "first", "last", "windows", "label",
    "finding", "standing", "evidence", "gain", "gain_p", "new_p", "commit", "signed", "subject", "hash",
)  # fmt: skip
"""Of the CSV, in order; the JSON has inputs, settings and versions too."""

WANTED = Wanted(
    what="a look", tells="level", source="a ledger that holds (auditor ledger verify)",
    wrote="auditor audit --ledger", again="",
)  # fmt: skip

HEADING: Line = (
    Piece(f"{'row':>5} {'look':>5}  {'level left':<10}  {'strategy':<19} {'first':<10} {'last':<10}  finding", "quiet"),
)


def records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give one record a look, oldest first, with what it found last; nothing found where it was never finished.

    errors   InputError for a row that was written by hand, and is not what a look writes
    """
    results = {row.refers: _RowReader.of(row).result(row) for row in rows if row.kind == "result"}
    return [_record(row, results.get(row.seq)) for row in rows if row.kind == "look"]


class _RowReader(Reader):
    """Takes the JSON of a row apart, which whoever can write to the database may have written."""

    @classmethod
    def of(cls, row: Row) -> _RowReader:
        return cls(f"row {row.seq} of the ledger", WANTED)

    def body(self, row: Row) -> dict[str, Any]:
        return self.mapping({"body": loaded(row.body, self.name, WANTED)}, "body")

    def windows(self, row: Row) -> list[Any]:
        found = self.listed({"windows": loaded(row.windows, self.name, WANTED)}, ("windows",))
        if not all(isinstance(one, list) and len(one) == 2 and all(isinstance(end, str) for end in one)
                   for one in found):  # fmt: skip
            self.refuse("windows holds what is no window")
        return found

    def level(self, body: dict[str, Any], name: str) -> float:
        found = self.number(body, (name,))
        if found is None:
            self.refuse(f"{name} is null")
        return found

    def result(self, row: Row) -> dict[str, Any]:
        body = self.body(row)
        for name in ("label", "finding", "standing", "evidence"):
            if body.get(name) is not None:
                self.text(body, (name,))
        for name in ("gain", "gain_p", "new_p", "reps"):
            if name in body:
                self.number(body, (name,))
        if body.get("versions") is not None:
            self.mapping(body, "versions")
        return body


def _record(row: Row, found: Mapping[str, Any] | None) -> dict[str, Any]:
    reader = _RowReader.of(row)
    body, said = reader.body(row), found or {}
    return {
        "row": row.seq,
        "at": row.at,
        "strategy": row.strategy,
        "look": row.number,
        **{name: reader.level(body, name) for name in ("level", "level_left", "gain_level_left")},
        "first": row.first,
        "last": row.last,
        "windows": reader.windows(row),
        "finished": found is not None,
        **{name: said.get(name) for name in ("label", "finding", "standing", "evidence", "gain", "gain_p", "new_p")},
        "reps": said.get("reps"),
        **{name: reader.mapping(body, name) for name in ("inputs", "oos", "settings")},
        "versions": said.get("versions"),
        "commit": reader.take(body, ("commit",), str, null=True),
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


def none_of(strategy: str, every: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Say that none of the looks is of this strategy, and which was probably meant."""
    near = nearest_word(strategy, sorted({one["strategy"] for one in every}))
    hint = f" Did you mean {clean(near)!r}?" if near else ""
    yield (Piece(f"no look of {clean(strategy)!r}: {several(len(every), 'look')} of other strategies.{hint}"),)


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
        held = "signed with this key" if verified.held_to_key else "signed, not held to a key"
        signed = held if verified.signed else "not signed"
        yield (Piece("holds", "ok"), Piece(f": {verified.rows:,} rows, {verified.looks:,} looks, {signed}"))
    yield (Piece(f"head {verified.head}", "quiet"),)


def as_csv(looks: Sequence[Mapping[str, Any]]) -> str:
    """Give a table for spreadsheets, in which no text can be a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in looks:
        cells = dict(one) | {"windows": " ".join(f"{first}:{last}" for first, last in one["windows"])}
        writer.writerow([for_spreadsheet(one) if isinstance(one, str) else one for one in map(cells.get, COLUMNS)])
    return text.getvalue()
