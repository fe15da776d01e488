"""A ledger's URL goes in; connections on which nothing is lost come out, and every database error as a LedgerError."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from auditor.errors import LedgerError
from auditor.ledger.budget import without_password

WAIT = 60.0
"""Seconds to wait for other writers, and for a lock on the server."""

CONNECT = 10
"""Seconds to wait for a server to answer."""

KNOWN = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"

DAMAGED = "The file is damaged: restore a copy, and see what it lacks with `auditor ledger verify --expect`."

HINTS = {
    "readonly": "Give write permission on the file and its directory: an audit that cannot be counted is not run.",
    "read-only": "Give write permission: an audit that cannot be counted is not run.",
    "permission denied": "Give the user the right to read and to insert.",
    "full": "Free some space.",
    "no space": "Free some space.",
    "disk i/o": "Is the disk full, or the file on a network drive? Free some space, or use PostgreSQL.",
    "locked": f"Another program has held it for {WAIT:g} seconds: wait for it, or end it.",
    "lock timeout": f"Another program has held it for {WAIT:g} seconds: wait for it, or end it.",
    "not a database": "The file is no ledger: name another.",
    "malformed": DAMAGED,
    "unicodedecodeerror": DAMAGED,
    "could not decode": DAMAGED,
    "unable to open": "Does the directory exist, and may it be written to?",
    "connection": "Is the server up, and the address right?",
    "authentication": "Check the user and the password (PGPASSWORD, or ~/.pgpass).",
}
"""What to do, by a word of the database's own message."""


def parse(url: str) -> URL:
    """Read the URL of a ledger.

    errors   LedgerError for what is no URL of SQLite or PostgreSQL, for a database in memory, and without the driver
    """
    try:
        found = make_url(url)
    except ArgumentError:
        as_file = f" For a file: sqlite:///{url}" if url and "://" not in url else ""
        raise LedgerError(f"--ledger {without_password(url)!r} is not the URL of a ledger: {KNOWN}.{as_file}") from None
    kind = found.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise LedgerError("a ledger in PostgreSQL needs psycopg: pip install 'auditor[postgres]'") from error
        return found.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise LedgerError(f"a ledger is kept in SQLite or PostgreSQL, not in {kind!r}: {KNOWN}")
    if found.database in (None, "", ":memory:") or found.query:
        raise LedgerError(f"--ledger {url}: give a file and nothing else, sqlite:///FILE. In memory nothing is counted")
    return found


def shown(url: URL) -> str:
    """Give the URL as messages show it, without its password."""
    scheme = url.drivername.partition("+")[0]
    return url.set(drivername=scheme).render_as_string(hide_password=True)


def files_of(url: str) -> tuple[str, ...]:
    """Give the files that the ledger of a URL is kept in: a database and its journal; none of a server's.

    errors   LedgerError as of `parse`
    """
    found = parse(url)
    return (str(found.database), f"{found.database}-journal") if found.drivername.startswith("sqlite") else ()


def connect_to(url: URL, *, read_only: bool = False) -> Engine:
    """Give an engine whose transactions see every row that was committed before, one writer at a time.

    read_only   never make the file, and need no right to write to it (SQLite)
    """
    if url.drivername == "sqlite":
        return _sqlite(str(url.database), read_only)
    return create_engine(
        url,
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": CONNECT,
            "application_name": "auditor",
            "options": f"-c lock_timeout={int(WAIT)}s -c statement_timeout={int(2 * WAIT)}s",
        },
    )


def _sqlite(path: str, read_only: bool) -> Engine:
    target = Path(path)
    if read_only and not target.is_file():
        raise LedgerError(f"there is no ledger at {path}: an audit or a gate with --ledger makes one")
    if not target.parent.is_dir():
        raise LedgerError(f"--ledger: the directory {target.parent} does not exist. Make it first.")
    # A reader may have to undo what a killed writer left half done, so it reads only where it may do no more.
    writable = os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)
    mode = "rwc" if not read_only else "rw" if writable else "ro"
    uri = f"file:{quote(str(target.absolute()))}?mode={mode}"

    def opened() -> sqlite3.Connection:
        # Transactions are begun by the listener below, not by the driver, which would begin them too late.
        connection = sqlite3.connect(uri, uri=True, timeout=WAIT, isolation_level=None)
        # A commit is on the disk when it returns. No write-ahead log: a ledger is one file, which may be copied or
        # kept by a CI system without its last rows staying behind in another.
        connection.execute("PRAGMA synchronous=EXTRA")
        # The file may be anybody's: what its schema computes may have no effect outside it, and a damaged page is told.
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        return connection

    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock before it reads, so that what it counts is still so when it writes.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextlib.contextmanager
def reached(url: URL) -> Iterator[None]:
    """Turn every error of the database within into one LedgerError that says what to do, never its password.

    A UnicodeError is one of them: SQLite quotes a damaged file in its message.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        # psycopg tells the same of every address that a name has; the first says it.
        said = (str(cause).strip() or type(cause).__name__).splitlines()[0].strip().rstrip(".:")
        if url.password:
            said = said.replace(str(url.password), "***")
        low = f"{type(cause).__name__} {cause}".lower()
        hint = next(
            (words for word, words in HINTS.items() if word in low), "Is the database there, and the URL right?"
        )
        raise LedgerError(f"ledger {shown(url)}: {said}. {hint}") from error
