"""A connection goes in; rows and the ledger's own record of the last one come out, refused where they are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, false, func, or_, select

from auditor.errors import LedgerError
from auditor.ledger.budget import Subject, Windows, extent, overlap
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a ledger holds beside a look.

    counted     earlier looks of the strategy that count with it: at windows that share a day with its own, or at the
                same out-of-sample returns of the base under any dates
    other_base  number of the last of these that was of another base; None: of none
    apart       looks of the strategy, earlier or later, that do not count with it
    elsewhere   looks, earlier or later, that would, were they not under other strategies' names: at the same base
    """

    counted: int
    other_base: int | None
    apart: int
    elsewhere: int


def beside(connection: Connection, strategy: str, subject: Subject, name: str, *, before: int) -> Beside:
    """Find the looks that bear on one at a subject, which is in row `before` or will be.

    errors   LedgerError for windows that are none; name, of the ledger, is for its message
    """
    first, last = extent(subject.windows)
    own, file = subject.oos["base"], subject.inputs.get("base")
    looks = select(rows.c.seq, rows.c.number, rows.c.base, rows.c.windows, rows.c.body).where(rows.c.kind == "look")
    ours, same = rows.c.strategy == strategy, rows.c.base == own
    near = and_(rows.c.last >= first, rows.c.first <= last)
    # Cash changes the returns and a longer history the file, so either of them tells the same base.
    of_file = false() if file is None else and_(near, rows.c.body.contains(f'"base":"{file}"', autoescape=True))

    def that_count(wanted: Select[Any]) -> list[Any]:
        found = connection.execute(wanted.order_by(rows.c.seq.desc()))
        return [one for one in found if overlap(subject.windows, windows_of(one.windows, name)) or one.base == own]

    here = that_count(looks.where(ours, or_(near, same)))
    earlier = [one for one in here if one.seq < before]
    every = connection.scalar(select(func.count()).select_from(rows).where(rows.c.kind == "look", ours))
    return Beside(
        counted=len(earlier),
        other_base=_of_another_base(earlier, own, file),
        apart=(every or 0) - len(here),
        elsewhere=len(that_count(looks.where(~ours, or_(same, of_file)))),
    )


def _of_another_base(looks: Sequence[Any], own: str, file: str | None) -> int | None:
    """Give the number of the first of these looks that has neither these returns of the base nor a file of them."""
    # A file that had the very same returns over a window is the same base, whatever was added to it since.
    ours = {_file(one) for one in looks if one.base == own} | {file}
    others = (one for one in looks if one.base != own)
    return next((int(one.number) for one in others if (found := _file(one)) is None or found not in ours), None)


def _file(look: Any) -> str | None:
    found = _told_in(look.body, "inputs").get("base")
    return found if isinstance(found, str) else None


def _told_in(body: str, name: str) -> Mapping[str, Any]:
    """Give a table of a look's body; an empty one where somebody wrote what is no look of ours."""
    try:
        found = json.loads(body)[name]
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
