"""Looks go in, are counted and kept; rows of a ledger that is opened, checked and never changed come out.

A look is counted before it is taken: its row, with its number and so its level, is committed first, and what it found
follows as a second row. A look that was begun and never finished has been counted all the same. One writer at a time
reads the last row, counts, and appends, all in one transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, inspect, select, text

from auditor.errors import LedgerError
from auditor.ledger import chain
from auditor.ledger.budget import Look, Subject, canonical, counted_as, extent, spend
from auditor.ledger.chain import Head, Row
from auditor.ledger.engine import connect_to, parse, reached, shown
from auditor.ledger.stored import Beside, all_rows, beside, refuse_misshapen, the_head
from auditor.ledger.tables import REVISIONS, ROWS, head, rows, version

LOCK = 0x61756469746F72
"""Number of PostgreSQL's advisory lock while tables are made; "auditor" in ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """A look that is counted and may now be taken.

    row        of the look
    repeated   the same look was taken before: it costs nothing
    beside     the looks before it that bear on it
    """

    look: Look
    row: int
    repeated: bool
    beside: Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `verify` says of a ledger; no problems, and it holds.

    signed    its last row has a signature; held_to_key  a key was given, which all signatures were held to
    """

    rows: int
    looks: int
    head: str
    signed: bool
    held_to_key: bool
    problems: tuple[str, ...]


class Ledger:
    """Looks in a database.

    url          sqlite:///FILE or postgresql://...
    signing_key  bytes that sign every row written, and that `verify` holds rows to
    read_only    for reading: never make a ledger where there is none

    Raises LedgerError for what cannot be reached, read or trusted.
    """

    def __init__(self, url: str, *, signing_key: bytes | None = None, read_only: bool = False) -> None:
        self._url = parse(url)
        self._key = signing_key
        self.name = shown(self._url)
        self.made = False
        """Whether opening it made it."""
        self._engine = connect_to(self._url, read_only=read_only)
        if read_only:
            with self._reading() as connection:
                found = self._revision(connection)
            if found is None:
                raise LedgerError(f"{self.name} is a database without a ledger: an audit with --ledger makes one")
            if found == REVISIONS[-1]:
                return
            self._engine = connect_to(self._url)
        self._bring_up_to_date()

    def reserve(self, strategy: str, subject: Subject, *, commit: str | None = None) -> Reserved:
        """Count a look before it is taken; one with the same subject is the same look, and costs nothing."""
        strategy = counted_as(strategy)
        first, last = extent(subject.windows)
        with self._writing() as (connection, end):
            same = connection.execute(
                select(rows.c.seq, rows.c.number).where(
                    rows.c.kind == "look", rows.c.strategy == strategy, rows.c.subject == subject.key()
                )
            ).first()
            before = end.seq + 1 if same is None else same.seq
            found = beside(connection, strategy, subject, self.name, before=before)
            if same is not None:
                return Reserved(look=spend(subject, same.number, strategy), row=same.seq, repeated=True, beside=found)
            look = spend(subject, found.counted + 1, strategy)
            body = {
                "inputs": subject.inputs,
                "oos": subject.oos,
                "settings": subject.settings,
                "level": look.level,
                "level_left": look.level_left,
                "gain_level_left": look.gain_level_left,
                "commit": commit,
            }
            row = self._append(
                connection, end, kind="look", strategy=strategy, subject=subject.key(), number=look.number,
                first=first, last=last, windows=canonical(subject.windows), base=subject.oos["base"],
                refers=None, body=body,
            )  # fmt: skip
        return Reserved(look=look, row=row.seq, repeated=False, beside=found)

    def record(self, reserved: Reserved, found: Mapping[str, Any]) -> None:
        """Keep what a look found; the same finding of the same look is kept once."""
        with self._writing() as (connection, end):
            look = connection.execute(select(rows).where(rows.c.seq == reserved.row)).first()
            if look is None or look.kind != "look":
                raise LedgerError(f"{self.name}: row {reserved.row}, the look that was just begun, is gone")
            last = connection.scalar(
                select(rows.c.body).where(rows.c.refers == reserved.row).order_by(rows.c.seq.desc()).limit(1)
            )
            if last == canonical(found):
                return
            self._append(
                connection, end, kind="result", strategy=look.strategy, subject=look.subject, number=look.number,
                first=look.first, last=look.last, windows=look.windows, base=look.base, refers=look.seq, body=found,
            )  # fmt: skip

    def rows(self) -> list[Row]:
        """Give every row, oldest first.

        errors   LedgerError for a row that holds what no row of ours does
        """
        with self._reading() as connection:
            found = all_rows(connection)
        refuse_misshapen(found, self.name)
        return found

    def head(self) -> Head:
        """Give the last row, as the ledger itself has it."""
        with self._reading() as connection:
            return the_head(connection, self.name)

    def verify(self, *, expect: str | None = None) -> Verified:
        """Hold every row to the chain, to the signing key where there is one, and to a head noted earlier."""
        with self._reading() as connection:
            found, end = all_rows(connection), the_head(connection, self.name)
        problems = chain.verify(found, end, key=self._key, expect=expect)
        return Verified(
            rows=len(found),
            looks=sum(row.kind == "look" for row in found),
            head=str(end),
            signed=end.signature is not None,
            held_to_key=self._key is not None,
            problems=tuple(problems),
        )

    def trusted(self) -> Ledger:
        """Give the ledger itself if every row fits.

        errors   LedgerError with the first problem: a count that may be wrong is no count
        """
        problems = self.verify().problems
        if problems:
            more = f" ({len(problems) - 1} more problems: auditor ledger verify)" if len(problems) > 1 else ""
            raise LedgerError(f"ledger {self.name} does not hold: {problems[0]}{more}. Nothing was counted.")
        return self

    def _append(self, connection: Connection, end: Head, **content: Any) -> Row:
        content["body"] = canonical(content["body"])
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        bare = Row(seq=end.seq + 1, at=at, previous=end.hash, **content)
        hash_ = chain.hash_of(bare)
        values = asdict(bare) | {"hash": hash_, "signature": chain.signed(hash_, self._key)}
        end = chain.head_of(bare.seq, hash_, self._key)
        connection.execute(rows.insert().values(values))
        connection.execute(head.update().values(asdict(end)))
        # A column whose kind was changed turns digits to a number, and the row would be counted and then not hold.
        kept = connection.execute(select(rows).where(rows.c.seq == bare.seq)).first()
        if kept is None or kept._asdict() != values or the_head(connection, self.name) != end:
            raise LedgerError(f"ledger {self.name}: a row reads back otherwise than it was written. Restore a copy")
        return Row(**values)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[Connection, Head]]:
        """Give a transaction that no other writer is in, and the last row, which fits the rows before it."""
        with reached(self._url), self._engine.begin() as connection:
            end = the_head(connection, self.name, lock=True)
            last = connection.execute(select(rows).order_by(rows.c.seq.desc()).limit(1)).first()
            self._refuse_misfit(end, None if last is None else Row(**last._asdict()))
            yield connection, end

    def _refuse_misfit(self, end: Head, last: Row | None) -> None:
        """Append nothing to what does not fit, or what another key signed."""
        fits = last is None or (not chain.misshapen(last) and chain.hash_of(last) == last.hash)
        if not fits or (end.seq, end.hash) != ((0, chain.NOTHING) if last is None else (last.seq, last.hash)):
            raise LedgerError(f"ledger {self.name}: its last row was changed or removed. See: auditor ledger verify")
        # Before the first row the head alone is signed.
        signature, wanted = (
            (end.signature, chain.head_of(end.seq, end.hash, self._key).signature)
            if last is None
            else (last.signature, chain.signed(last.hash, self._key))
        )
        if signature is not None and self._key is None:
            raise LedgerError(f"ledger {self.name} is signed: pass --signing-key FILE, or env:NAME")
        if signature is None and self._key is not None:
            raise LedgerError(f"ledger {self.name} is not signed: leave the signing key out, or begin a ledger with it")
        if signature != wanted:
            raise LedgerError(f"ledger {self.name} is signed with another key than the one given")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reached(self._url), self._engine.begin() as connection:
            yield connection

    def _revision(self, connection: Connection) -> str | None:
        """Version of the tables; None where there are none."""
        names = inspect(connection).get_table_names()
        if version.name not in names:
            if ROWS in names:
                raise LedgerError(f"ledger {self.name}: the table that tells its version is gone")
            return None
        # A view in the place of a table could compute for ever.
        gone = [one for one in (ROWS, head.name) if one not in names]
        if gone:
            raise LedgerError(f"ledger {self.name}: it has no table {gone[0]}. Restore a copy")
        found = connection.scalar(select(version.c.version_num))
        if found not in REVISIONS:
            raise LedgerError(
                f"ledger {self.name} was written by a later auditor (version {found!r}): upgrade this one"
            )
        return str(found)

    def _bring_up_to_date(self) -> None:
        """Make the tables, or those of an older version the present ones, in one transaction."""
        with reached(self._url), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            found = self._revision(connection)
            if found == REVISIONS[-1]:
                return
            from auditor.ledger.migrate import upgrade

            upgrade(connection)
            self.made = found is None
            if self.made and self._key is not None:
                connection.execute(head.update().values(asdict(chain.head_of(0, chain.NOTHING, self._key))))
