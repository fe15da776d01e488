"""Ledgers come out as files of SQLite, whole, or changed by hand or by bytes: a change is refused, told or unseen."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

from forge import BYTES, Case, damaged
from hypothesis import strategies as st
from readers import FOLDER, SEEDS, answer

from auditor.errors import AuditorError, LedgerError
from auditor.ledger import chain
from auditor.ledger.budget import Subject
from auditor.ledger.chain import Head, Row
from auditor.ledger.store import Ledger
from auditor.ledger.tables import head, rows, version
from auditor.report.looks import as_csv, listed, records, shown, told

KEY = b"0123456789abcdef0123456789abcdef"
NAMES = ("s", "=1+1", "\u00e4\u05d0", "\u202ex", "a\nb", "x" * 200)
HOSTILE = (None, "", "x", 0, -1, 2**62, 0.5, b"\xff\xfe", "[]", "{}", "null", "[" * 50_000, "1e999", "\u202e\0", "NaN",
           '{"level": "x"}', '[["a"]]', '["ab"]', "9" * 5000)  # fmt: skip
COLUMNS = tuple(column.name for column in rows.columns)
BODIES = ("level", "level_left", "gain_level_left", "inputs", "settings", "commit", "gain", "label", "versions", "reps")


def subject(random: Random) -> Subject:
    year = random.randrange(2000, 2030)
    return Subject(
        windows=((f"{year}-01-01", f"{year + random.randrange(3)}-12-31"),),
        inputs={"base": f"{random.getrandbits(256):064x}", "tuned": "b" * 64},
        oos={"base": f"{random.randrange(2):064x}", "tuned": "c" * 64},
        settings={"level": 0.05, "gain_level": 0.2, "seed": random.randrange(99), "name": random.choice(NAMES)},
    )


@cache
def written(variant: int) -> tuple[bytes, list[Row], Head]:
    """A ledger as the package writes it: its file, its rows and its head; every second one is signed."""
    random, path = Random(variant), FOLDER / f"made{variant}.db"
    ledger = Ledger(f"sqlite:///{path}", signing_key=KEY if variant % 2 else None)
    for _ in range(random.randrange(2, 6)):
        reserved = ledger.reserve(random.choice(NAMES), subject(random), commit=random.choice((None, "abc")))
        if random.random() < 0.7:
            found = {"label": "no_gain", "finding": "no_gain", "standing": "shown", "evidence": "returns",
                     "gain": random.gauss(0, 1), "gain_p": random.random(), "new_p": None, "reps": 99,
                     "versions": {"auditor": "0"}}  # fmt: skip
            ledger.record(reserved, found)
    made = path.read_bytes(), ledger.rows(), ledger.head()
    path.unlink()
    return made


def edited(data: bytes, random: Random) -> tuple[bytes, str]:
    """A ledger whose owner changed it by hand, after taking its triggers away."""
    path = FOLDER / "edited.db"
    path.write_bytes(data)
    what = random.choice(("cell", "cell", "body", "head", "gone", "copy", "swap", "table", "view", "version", "mended"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for kind in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {rows.name}_no_{kind}")
        seqs = [one for (one,) in connection.execute(f"SELECT seq FROM {rows.name}")]
        seq = random.choice(seqs)
        try:
            told = f"{what} {seq} {_edit(connection, what, seq, seqs, random)}"
        except sqlite3.IntegrityError:  # the tables themselves refuse it
            told = ""
    changed = path.read_bytes()
    path.unlink()
    return changed, told


def _edit(connection: sqlite3.Connection, what: str, seq: int, seqs: list[int], random: Random) -> str:
    name, value = random.choice(COLUMNS), random.choice(HOSTILE)
    if what in ("cell", "head"):
        table, where = (rows.name, f"WHERE seq = {seq}") if what == "cell" else (head.name, "")
        name = name if what == "cell" else random.choice(("seq", "hash", "signature"))
        # a column that may not be null stays filled
        value = "x" if value is None and name not in ("refers", "signature") else value
        value = "x" if name == "seq" and not isinstance(value, int) and what == "cell" else value
        if name == "seq" and what == "cell":
            value = 99
        connection.execute(f"UPDATE {table} SET {name} = ? {where}", (value,))
        return f"{name} = {str(value)[:40]!r}"
    if what in ("body", "mended"):
        (text,) = connection.execute(f"SELECT body FROM {rows.name} WHERE seq = {seq}").fetchone()
        body = json.loads(text)
        name = random.choice(BODIES)
        body[name] = random.choice((None, "x", [], {}, -1, True, 1e300, [[]], "\u202e"))
        connection.execute(f"UPDATE {rows.name} SET body = ? WHERE seq = {seq}", (json.dumps(body),))
        if what == "mended":
            _mend(connection)
        return f"{name} = {body[name]!r}"
    if what == "gone":
        connection.execute(f"DELETE FROM {rows.name} WHERE seq = {seq}")
    elif what == "copy":
        columns = ", ".join("'another'" if one == "strategy" else one for one in COLUMNS[1:])
        connection.execute(f"INSERT INTO {rows.name} SELECT 99, {columns} FROM {rows.name} LIMIT 1")
    elif what == "swap":
        other = random.choice([one for one in seqs if one != seq])
        for one, to in ((seq, -1), (other, seq), (-1, other)):
            connection.execute(f"UPDATE {rows.name} SET seq = {to} WHERE seq = {one}")
    elif what == "table":
        name = random.choice((rows.name, head.name, version.name))
        connection.execute(f"DROP TABLE {name}")
    elif what == "view":
        name = random.choice((rows.name, head.name, version.name))
        connection.execute(f"ALTER TABLE {name} RENAME TO other")
        loop = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS seq FROM n"
        connection.execute(f"CREATE VIEW {name} AS {random.choice((loop, 'SELECT * FROM other'))}")
    elif what == "version":
        connection.execute(f"UPDATE {version.name} SET version_num = ?", (random.choice(("9", b"1", 1)),))
    return name


def _mend(connection: sqlite3.Connection) -> None:
    """Make every hash fit again, as a forger who knows the code would."""
    before = chain.NOTHING
    for one in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM {rows.name} ORDER BY seq").fetchall():
        row = Row(**dict(zip(COLUMNS, one, strict=True)) | {"previous": before, "hash": "", "signature": None})
        before = chain.hash_of(row)
        connection.execute(
            f"UPDATE {rows.name} SET previous = ?, hash = ? WHERE seq = ?", (row.previous, before, row.seq)
        )
        connection.execute(f"UPDATE {head.name} SET seq = ?, hash = ?", (row.seq, before))


@st.composite
def ledger_cases(draw: st.DrawFn) -> Case:
    seed = draw(SEEDS)
    random, variant = Random(seed), seed % 16
    data = written(variant)[0]
    kind = draw(st.sampled_from(("whole", "edited", "edited", "bytes", "bytes", "cut")))
    if kind == "whole":
        return Case("a.db", data, "equal", variant)
    if kind == "edited":
        changed, what = edited(data, random)
        return Case("a.db", changed, "told" if what else "sane", variant, what)
    if kind == "cut":
        return Case("a.db", data[: random.randrange(len(data))], "sane", variant, kind)
    return Case("a.db", damaged(data, draw(BYTES)), "sane", variant, kind)


def harmless(text: str) -> bool:
    """Whether a terminal shows every character and obeys none; spaces of typography are no more than spaces."""
    return all(character.isprintable() or unicodedata.category(character) == "Zs" for character in text)


def read_ledger(path: Path) -> tuple[list[Row], Head, tuple[str, ...]]:
    """Everything that the commands read of a ledger; problems where it does not hold."""
    opened = Ledger(f"sqlite:///{path}", signing_key=KEY, read_only=True)
    verified = opened.verify()
    assert list(told(verified, opened.name))
    try:
        looks = records(opened.rows())
        lines = [*listed(looks), *(line for one in looks for line in shown(one))]
        assert all(harmless(piece.text) for line in lines for piece in line)
        assert as_csv(looks).count("\n") == 1 + len(looks)
        json.dumps(looks, allow_nan=False)
    except AuditorError:
        assert verified.problems, "what holds could not be listed"
        raise
    return opened.rows(), opened.head(), verified.problems


def check_ledger(case: Case) -> None:
    _, wanted, end = written(case.truth)
    found = answer(case, read_ledger, closed=False)
    if found is None:
        return
    read, last, problems = found
    if case.must == "equal":
        # unsigned ledgers are held to a key here, which they have no signature of
        assert (read, last) == (wanted, end)
        assert all("signed" in one for one in problems)
        return
    signed = case.truth % 2 == 1
    unseen = (read, last) == (wanted, end)
    mended = case.damage.startswith("mended") and not signed
    assert unseen or mended or problems, case.damage
    assert not (case.must == "told" and unseen and "cell" not in case.damage and "head" not in case.damage) or problems
    refused_to_count(case)


def refused_to_count(case: Case) -> None:
    """Nothing is counted in a ledger that does not hold, and nothing else goes wrong."""
    path = FOLDER / case.name
    path.write_bytes(case.data)
    try:
        opened = Ledger(f"sqlite:///{path}", signing_key=KEY if case.truth % 2 else None)
        before = opened.verify().problems
        try:
            opened.trusted().reserve("s", subject(Random(1)))
        except LedgerError:
            return
        assert not before
        assert opened.verify().problems == ()
    except AuditorError:
        return
    finally:
        path.unlink()
