"""A ledger that somebody wrote by hand: whatever stands in its cells is told or refused, and never computed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from auditor.errors import AuditorError, LedgerError
from auditor.ledger import chain
from auditor.ledger.chain import Row
from auditor.ledger.store import Ledger
from auditor.ledger.tables import head, rows, version
from auditor.report.looks import listed, records, shown

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
def ledger(tmp_path, subject):
    """Three signed looks with results; its file, and its URL."""
    file = tmp_path / "looks.db"
    made = Ledger(f"sqlite:///{file}", signing_key=KEY)
    for number in range(3):
        made.record(made.reserve("s", subject(number)), {"gain_p": 0.1})
    return file, f"sqlite:///{file}"


def change(file, *statements):
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for kind in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {rows.name}_no_{kind}")
        for one in statements:
            connection.execute(*one)


def look_at(url):
    """All that the commands show."""
    found = records(Ledger(url, read_only=True).rows())
    return [*listed(found), *(line for one in found for line in shown(one))]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [("number", "many", "str, not int"), ("body", b"{}", "bytes, not str"), ("hash", b"\xff", "bytes, not str"),
     ("refers", "x", "str, not int"), ("strategy", b"s", "bytes, not str"), ("signature", b"x", "bytes, not str")],
)  # fmt: skip
def test_a_cell_of_another_kind_is_told(ledger, name, value, kind):
    file, url = ledger
    change(file, (f"UPDATE {rows.name} SET {name} = ? WHERE seq = 3", (value,)))
    problems = Ledger(url, signing_key=KEY).verify().problems
    assert f"row 3 was changed: its {name} is {kind}" in problems
    with pytest.raises(LedgerError, match="row 3 was changed"):
        look_at(url)
    with pytest.raises(LedgerError, match="Nothing was counted"):
        Ledger(url, signing_key=KEY).trusted()


def test_the_last_row_of_another_kind_is_appended_to_by_nobody(ledger, subject):
    file, url = ledger
    change(file, (f"UPDATE {rows.name} SET body = ? WHERE seq = 6", (b"{}",)))
    with pytest.raises(LedgerError, match="last row was changed or removed"):
        Ledger(url, signing_key=KEY).reserve("s", subject("next"))
    change_head = (f"UPDATE {head.name} SET seq = 'x'",)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(*change_head)
    for ask in ("head", "verify"):
        with pytest.raises(LedgerError, match="record of the last row was changed: its seq is str"):
            getattr(Ledger(url, signing_key=KEY), ask)()


def test_what_reads_back_otherwise_is_not_counted(ledger, subject):
    """In a column of numbers the text of digits is one: the row would have been counted, and the ledger not hold."""
    file, url = ledger
    change(
        file,
        ("PRAGMA writable_schema = 1",),
        (f"UPDATE sqlite_master SET sql = replace(sql, 'base TEXT', 'base NUMERIC') WHERE name = '{rows.name}'",),
    )
    held = Ledger(url, signing_key=KEY).trusted()
    assert held.head().seq == 6
    digits = subject("next")
    digits.oos["base"] = "1" * 64
    with pytest.raises(LedgerError, match="reads back otherwise than it was written"):
        held.reserve("s", digits)
    assert held.trusted().head().seq == 6


def test_a_signature_that_no_hash_has_is_told(ledger):
    file, url = ledger
    change(file, (f"UPDATE {rows.name} SET signature = ? WHERE seq = 2", ("\u00e4",)))
    assert "row 2 is not signed with this key" in Ledger(url, signing_key=KEY).verify().problems


@pytest.mark.parametrize("name", [rows.name, head.name, version.name])
def test_a_view_in_the_place_of_a_table_is_not_computed(ledger, name):
    file, url = ledger
    loop = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS seq FROM n"
    change(file, (f"ALTER TABLE {name} RENAME TO other",), (f"CREATE VIEW {name} AS {loop}",))
    with pytest.raises(LedgerError, match="table"):
        Ledger(url, read_only=True)


def forged(file, **changes):
    """Change the second look, and make every hash fit again, as whoever knows the code can where no key signs."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        names = [column.name for column in rows.columns]
        found = connection.execute(f"SELECT {', '.join(names)} FROM {rows.name} ORDER BY seq").fetchall()
        before = chain.NOTHING
        for one in found:
            cells = dict(zip(names, one, strict=True)) | {"previous": before, "hash": "", "signature": None}
            row = Row(**cells | (changes if cells["seq"] == 3 else {}))
            before = chain.hash_of(row)
            new = {name: getattr(row, name) for name in names} | {"hash": before}
            sets = ", ".join(f"{name} = :{name}" for name in names)
            connection.execute(f"UPDATE {rows.name} SET {sets} WHERE seq = :seq", new)
        connection.execute(f"UPDATE {head.name} SET hash = ?, signature = NULL", (before,))


BODY = {
    "level": 0.05,
    "level_left": 0.05,
    "gain_level_left": 0.2,
    "inputs": {},
    "oos": {},
    "settings": {},
    "commit": None,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": "not json"}, "is not JSON"),
        ({"body": "[]"}, "body is list, not dict"),
        ({"body": "[" * 50_000}, "nested deeper"),
        ({"body": json.dumps(BODY | {"level": None})}, "level is null"),
        ({"body": json.dumps(BODY | {"level_left": "x"})}, "level_left is str, not a number"),
        ({"body": json.dumps(BODY | {"inputs": [1]})}, "inputs is list, not dict"),
        ({"body": json.dumps(BODY | {"commit": 3})}, "commit is int, not str"),
        ({"windows": "[[1, 2]]"}, "windows holds what is no window"),
        ({"windows": "{}"}, "windows is dict, not list"),
        ({"kind": "result", "refers": 1, "body": json.dumps({"gain": "much"})}, "gain is str, not a number"),
        ({"kind": "result", "refers": 1, "body": json.dumps({"label": 3})}, "label is int, not str"),
        ({"kind": "result", "refers": 1, "body": json.dumps({"versions": 3})}, "versions is int, not dict"),
    ],
)
def test_a_row_whose_hash_fits_and_whose_words_do_not_is_refused(ledger, changes, words):
    file, url = ledger
    change(file)
    forged(file, **changes)
    with pytest.raises(AuditorError) as refused:
        look_at(url)
    assert "row 3 of the ledger" in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize("windows", ["no json", "[[1, 2]]", "3", '[["2020-01-01"]]', "[" * 50_000])
def test_looks_are_not_counted_beside_windows_that_are_none(ledger, subject, windows):
    file, url = ledger
    change(file)
    forged(file, windows=windows)
    with pytest.raises(LedgerError, match="are no windows"):
        Ledger(url).reserve("s", subject("next"))


def test_a_damaged_name_in_a_message_of_sqlite_is_refused(ledger):
    file, url = ledger
    data = file.read_bytes()
    at = data.index(b"CREATE TABLE")
    file.write_bytes(data[: at + 3] + b"\xf1" + data[at + 4 :])
    with pytest.raises(LedgerError, match="restore a copy"):
        Ledger(url, read_only=True)
