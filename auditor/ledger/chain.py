"""Rows of a ledger go in; their hashes and signatures, and all that does not fit, come out.

A row's hash covers its content and the hash of the row before it. A signature is an HMAC of the hash, so that
whoever has no key can neither change a row and mend the chain, nor append one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from auditor.errors import LedgerError
from auditor.ledger.budget import canonical

NOTHING = "0" * 64
"""What the first row follows."""

SHORTEST_KEY = 16
"""Bytes of a signing key."""

SHORTEST_EXPECTED = 12
"""Digits of a hash that an expected head must have."""

FORMAT = "auditor ledger 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it is stored.

    kind      look (a look was begun, and counts) or result (what it found)
    at        UTC, ISO
    subject   what was looked at, as `Subject.key`
    number    which look at this window it is
    first, last  days of the windows' ends
    windows   JSON text of the out-of-sample windows
    base      sha256 of the base's out-of-sample returns
    refers    of a result: the row of its look
    body      JSON text of everything else
    previous  hash of the row before
    """

    seq: int
    kind: str
    at: str
    strategy: str
    subject: str
    number: int
    first: str
    last: str
    windows: str
    base: str
    refers: int | None
    body: str
    previous: str
    hash: str = ""
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last row, as the ledger itself has it: a plain removal of the last rows shows."""

    seq: int
    hash: str
    signature: str | None = None

    def __str__(self) -> str:
        """Give it as `ledger verify --expect` takes it."""
        return f"{self.seq}:{self.hash}"


EMPTY = Head(seq=0, hash=NOTHING)

_UNSIGNED_HEAD = "the ledger's own record of its last row is not signed with this key"
_EMPTIED = (
    ", and it has no row: all rows were removed, or it was made without this key. If nothing was ever counted in it, "
    "remove it, so that it is made anew with the key"
)
_WHOLE, _MAYBE = ("seq", "number", "refers"), ("refers", "signature")
_HASHED = tuple(one.name for one in fields(Row) if one.name not in ("hash", "signature"))


def hash_of(row: Row) -> str:
    """Give the sha256 of a row's content, the hash of the row before it included."""
    return hashlib.sha256(canonical([FORMAT, *(getattr(row, name) for name in _HASHED)]).encode()).hexdigest()


def misshapen(one: Row | Head) -> str:
    """Say which entry is not of its kind, which a column of SQLite lets anybody write; "" where all are."""
    for name in (column.name for column in fields(one)):
        value, kind = getattr(one, name), int if name in _WHOLE else str
        if not (isinstance(value, kind) or (value is None and name in _MAYBE)):
            return f"its {name} is {type(value).__name__}, not {kind.__name__}"
    return ""


def signed(text: str, key: bytes | None) -> str | None:
    """Give the HMAC-SHA256 of a text; None without a key."""
    return None if key is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def head_of(seq: int, hash_: str, key: bytes | None) -> Head:
    """Give the head that goes with a last row."""
    return Head(seq=seq, hash=hash_, signature=signed(f"head {seq} {hash_}", key))


def read_key(source: str | None) -> bytes | None:
    """Read a signing key: `env:NAME` from the environment, anything else from a file; never the key itself.

    errors   LedgerError for a key that is missing or shorter than SHORTEST_KEY bytes
    """
    if source is None:
        return None
    if source.startswith("env:"):
        name = source.removeprefix("env:")
        text = os.environ.get(name, "").strip().encode()
        where = f"the environment variable {name}"
    else:
        where = source
        try:
            text = Path(source).read_bytes().strip()
        except OSError as error:
            raise LedgerError(
                f"--signing-key {source}: {error.strerror or error}. Give the file that holds the key, or env:NAME for "
                "an environment variable; never the key itself."
            ) from error
    if len(text) < SHORTEST_KEY:
        raise LedgerError(
            f"--signing-key: {where} holds {len(text)} bytes; a key needs at least {SHORTEST_KEY}. Make one with: "
            "openssl rand -hex 32"
        )
    return text


def verify(rows: Iterable[Row], head: Head, *, key: bytes | None = None, expect: str | None = None) -> list[str]:
    """Find every row that does not fit: edited, removed, swapped, appended; give one sentence each, none if all fit.

    head     what the ledger says its last row is
    key      holds every row to its signature. A ledger that was made with a key is signed before its first row, so an
             empty one is held to it too; without the key, either every row has a signature or none has
    expect   a head noted earlier, SEQ:HASH or the first digits of HASH: its row must still be there
    """
    found: list[str] = []
    last, seen = EMPTY, []
    unsigned: list[int] = []
    looks: set[int] = set()
    for row in rows:
        if wrong := misshapen(row):
            found.append(f"row {row.seq!r} was changed: {wrong}")
            continue
        found += _out_of_place(row, last)
        if row.hash != hash_of(row):
            found.append(f"row {row.seq} was changed: its hash is not that of its content")
        if row.signature is None:
            unsigned.append(row.seq)
        elif key is not None and not _signed_with(key, row):
            found.append(f"row {row.seq} is not signed with this key")
        if row.kind == "look":
            looks.add(row.seq)
        elif row.refers not in looks:
            found.append(f"row {row.seq} is the result of a look that is not there (row {row.refers})")
        last = Head(seq=row.seq, hash=row.hash)
        seen.append(f"{row.seq}:{row.hash}")
    any_signed = len(unsigned) < len(seen)
    if any_signed:
        found += [f"row {seq} is not signed, and others are: written without the key, or changed" for seq in unsigned]
    elif key is not None and seen:
        found.append("no row is signed, and a key was given: rows were written without it, or the signatures removed")
    if (last.seq, last.hash) != (head.seq, head.hash):
        gone = head.seq - last.seq
        what = f"the last {gone} removed" if gone > 0 else f"{-gone} added beside it" if gone else "the last replaced"
        found.append(f"the ledger's own record ends at row {head.seq}, its rows at row {last.seq}: {what}")
    elif key is not None and (any_signed or not seen) and head != head_of(head.seq, head.hash, key):
        found.append(_UNSIGNED_HEAD + ("" if seen else _EMPTIED))
    if expect is not None:
        found += _missing(expect, seen)
    return found


def _out_of_place(row: Row, last: Head) -> list[str]:
    if row.seq != last.seq + 1:
        gap = row.seq - last.seq - 1
        if gap < 1:
            return [f"row {row.seq} comes after row {last.seq}"]
        return [f"row {last.seq + 1} is missing" + (f", and {gap - 1} after it" if gap > 1 else "")]
    if row.previous != last.hash:
        return [f"row {row.seq} does not follow row {last.seq}: one of them was put there, or changed with its hash"]
    return []


def _signed_with(key: bytes, row: Row) -> bool:
    return hmac.compare_digest((row.signature or "").encode(), (signed(row.hash, key) or "").encode())


def _missing(expect: str, seen: Sequence[str]) -> list[str]:
    number, colon, digits = expect.strip().lower().rpartition(":")
    if colon and number.isdigit() and int(number) == 0 and digits == NOTHING:
        return []
    if len(digits) < SHORTEST_EXPECTED or (colon and not number.isdigit()):
        raise LedgerError(
            f"--expect {expect!r} is not a head: give SEQ:HASH as `ledger verify` printed it, or at least "
            f"{SHORTEST_EXPECTED} digits of HASH"
        )
    for one in seen:
        seq, _, hash_ = one.partition(":")
        if hash_.startswith(digits) and (not colon or int(seq) == int(number)):
            return []
    return [f"the expected row {expect} is not there: rows were removed since, or this is another ledger"]
