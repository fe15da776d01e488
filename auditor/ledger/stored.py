"""A connection goes in; rows and the ledger's own record of the last one come out, refused where they are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from auditor.errors import LedgerError
from auditor.ledger.budget import Subject, Windows, canonical
from auditor.ledger.chain import Head, Row, misshapen
from auditor.ledger.tables import head, rows


def all_rows(connection: Connection) -> list[Row]:
    """Read every row as it stands, oldest first."""
    return [Row(**one._asdict()) for one in connection.execute(select(rows).order_by(rows.c.seq))]


def refuse_misshapen(found: Iterable[Row], name: str) -> None:
    """Refuse rows that hold what no row of ours does; LedgerError with the first."""
    for row in found:
        if wrong := misshapen(row):
            raise LedgerError(f"ledger {name}: row {row.seq!r} was changed: {wrong}. See: auditor ledger verify")


def the_head(connection: Connection, name: str, *, lock: bool = False) -> Head:
    """Read the ledger's own record of its last row.

    errors   LedgerError where it is gone, or holds what none of ours does
    """
    wanted = select(head.c.seq, head.c.hash, head.c.signature)
    # On SQLite the transaction holds the file already; on PostgreSQL this row is what writers queue for.
    found = connection.execute(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise LedgerError(f"ledger {name}: its record of the last row is gone. See: auditor ledger verify")
    end = Head(**found._asdict())
    if wrong := misshapen(end):
        raise LedgerError(f"ledger {name}: its record of the last row was changed: {wrong}. Restore a copy")
    return end


def windows_of(text: str, name: str) -> Windows:
    """Read the windows of a row; LedgerError for what are none."""
    try:
        found = json.loads(text)
        if all(len(one) == 2 and all(isinstance(end, str) for end in one) for one in found):
            return tuple((first, last) for first, last in found)
    except (ValueError, TypeError, RecursionError):
        pass
    raise LedgerError(f"ledger {name}: a row was changed: {text[:40]!r} are no windows. See: auditor ledger verify")


def look_at_another_base(connection: Connection, strategy: str, subject: Subject, *, before: int) -> int | None:
    """Find the last look of a strategy at the very same windows whose base had other returns in them; give its number.

    before  row of the look that asks

    The same file is the same base, whatever was taken off it; two looks less different cash cannot be told apart.
    """
    earlier = connection.execute(
        select(rows.c.number, rows.c.body)
        .where(rows.c.kind == "look", rows.c.strategy == strategy, rows.c.seq < before)
        .where(rows.c.windows == canonical(subject.windows), rows.c.base != subject.oos["base"])
        .order_by(rows.c.seq.desc())
    )
    file, cash = subject.inputs.get("base"), _cash(subject.inputs, subject.settings)
    for number, body in earlier:
        inputs, settings = _told_in(body, "inputs"), _told_in(body, "settings")
        if (file is None or inputs.get("base") != file) and _cash(inputs, settings) == cash:
            return int(number)
    return None


def _cash(inputs: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Any, Any]:
    return inputs.get("rf"), settings.get("rf")


def _told_in(body: str, name: str) -> Mapping[str, Any]:
    """Give a table of a look's body; an empty one where somebody wrote what is no look of ours."""
    try:
        found = json.loads(body)[name]
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
