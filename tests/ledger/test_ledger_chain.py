"""A row that was edited, removed, swapped or appended is found; what cannot be found without a key or a noted head."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from sqlalchemy import text

from auditor.errors import LedgerError
from auditor.ledger import chain
from auditor.ledger.engine import connect_to, parse
from auditor.ledger.store import Ledger
from auditor.ledger.tables import head, rows

KEY = b"0123456789abcdef0123456789abcdef"


def filled(url, subject, key=None, count=4):
    """A ledger of so many looks, each with a result."""
    ledger = Ledger(url, signing_key=key)
    for number in range(count):
        ledger.record(ledger.reserve("s", subject(f"t{number}")), {"gain_p": number / 10})
    assert ledger.verify().problems == ()
    return ledger


def tamper(url, *statements, **values):
    """Change the tables as whoever owns the database can: the triggers are dropped first."""
    with connect_to(parse(url)).begin() as connection:
        if connection.dialect.name == "sqlite":
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {rows.name}_no_{what}"))
        else:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {rows.name}_no_change ON {rows.name}"))
        for one in statements:
            connection.execute(text(one) if isinstance(one, str) else one, values if isinstance(one, str) else {})


def rewrite(url, found, key=None, end=None):
    """Put these rows in place of all others, with a head that fits."""
    last = found[-1]
    end = end or chain.head_of(last.seq, last.hash, key)
    tamper(url, rows.delete(), *(rows.insert().values(asdict(row)) for row in found), head.update().values(asdict(end)))


def mended(found, key=None):
    """The rows with hashes that fit, as a forger who knows the code would make them."""
    made, before = [], chain.NOTHING
    for row in found:
        bare = replace(row, previous=before, hash="", signature=None)
        before = chain.hash_of(bare)
        made.append(replace(bare, hash=before, signature=chain.signed(before, key)))
    return made


@pytest.mark.parametrize("statement", [f"UPDATE {rows.name} SET number = 1", f"DELETE FROM {rows.name}"])
def test_the_database_itself_refuses_to_change_or_remove_a_row(url, subject, statement):
    ledger = filled(url, subject)
    with pytest.raises(Exception, match="never changed or removed"), connect_to(parse(url)).begin() as connection:
        connection.execute(text(statement))
    assert ledger.verify().problems == ()


EDITS = {
    "body": "'{}'", "number": "1", "strategy": "'other'", "windows": "'[]'", "at": "'2020-01-01'", "subject": "'x'",
    "first": "'1999-01-01'", "last": "'1999-01-01'", "base": "'x'", "kind": "'result'",
}  # fmt: skip


@pytest.mark.parametrize("column", EDITS)
def test_an_edited_row_is_found(url, subject, column):
    ledger = filled(url, subject)
    tamper(url, f"UPDATE {rows.name} SET {column} = {EDITS[column]} WHERE seq = 3")
    assert "row 3 was changed: its hash is not that of its content" in ledger.verify().problems
    with pytest.raises(LedgerError, match="does not hold: row 3 was changed"):
        ledger.trusted()


def test_an_edited_row_whose_hash_was_mended_is_found(url, subject):
    ledger = filled(url, subject)
    row = replace(ledger.rows()[2], number=1)
    tamper(url, f"UPDATE {rows.name} SET number = 1, hash = '{chain.hash_of(row)}' WHERE seq = 3")
    assert ledger.verify().problems == (
        "row 4 does not follow row 3: one of them was put there, or changed with its hash",
    )


@pytest.mark.parametrize(
    ("removed", "problem"),
    [
        ("seq = 3", "row 3 is missing"),
        ("seq IN (3, 4)", "row 3 is missing, and 1 after it"),
        ("seq = 1", "row 1 is missing"),
        ("seq = 8", "the ledger's own record ends at row 8, its rows at row 7: the last 1 removed"),
        ("seq > 0", "the ledger's own record ends at row 8, its rows at row 0: the last 8 removed"),
    ],
)
def test_a_removed_row_is_found(url, subject, removed, problem):
    ledger = filled(url, subject)
    tamper(url, f"DELETE FROM {rows.name} WHERE {removed}")
    assert problem in ledger.verify().problems


def test_swapped_rows_are_found(url, subject):
    ledger = filled(url, subject)
    third, fifth = ledger.rows()[2], ledger.rows()[4]
    for one in (("seq", "hash"), ("seq",), ("seq", "previous"), ("seq", "hash", "previous")):
        kept = {name: getattr(third, name) for name in one}, {name: getattr(fifth, name) for name in one}
        found = ledger.rows()
        found[2], found[4] = replace(fifth, **kept[0]), replace(third, **kept[1])
        rewrite(url, found)
        assert ledger.verify().problems, one
        found[2], found[4] = third, fifth
        rewrite(url, found)
        assert ledger.verify().problems == ()


def test_an_appended_row_is_found(url, subject):
    ledger = filled(url, subject)
    last = ledger.rows()[-1]
    tamper(url, rows.insert().values(asdict(replace(last, seq=9, refers=7))))
    assert any(text.startswith("row 9 was changed") for text in ledger.verify().problems)
    assert any("1 added beside it" in text for text in ledger.verify().problems)
    with pytest.raises(LedgerError, match="last row was changed or removed"):
        ledger.reserve("s", subject("next"))


def test_a_result_without_its_look_is_found(url, subject):
    ledger = filled(url, subject)
    found = ledger.rows()
    rewrite(url, mended([*found[:-1], replace(found[-1], refers=8)]))
    assert ledger.verify().problems == ("row 8 is the result of a look that is not there (row 8)",)


def test_what_fits_in_itself_is_found_with_a_key_or_a_head_noted_before(url, subject):
    ledger = filled(url, subject, KEY)
    noted, found = str(ledger.head()), ledger.rows()
    plain = Ledger(url, read_only=True)
    forged = {
        "the last looks removed": found[:4],
        "a look made another's": mended([replace(row, strategy="other") if row.seq > 4 else row for row in found]),
        "a row appended": [*found, mended([*found, replace(found[-1], seq=9, refers=7)])[-1]],
    }
    for what, forgery in forged.items():
        rewrite(url, forgery)
        if what != "a row appended":
            # Whoever owns the database can write one that fits in itself, and no code on it can tell.
            assert plain.verify().problems == (), what
            assert plain.verify(expect=noted).problems == (
                f"the expected row {noted} is not there: rows were removed since, or this is another ledger",
            )
        assert ledger.verify().problems, what
    # Without the key, not even the removal of the last rows can be made to fit; an older copy put back can.
    rewrite(url, found[:4], end=chain.head_of(4, found[3].hash, KEY))
    assert ledger.verify().problems == ()
    assert len(ledger.verify(expect=noted).problems) == 1


def test_a_signed_ledger_takes_rows_of_its_key_only(url, subject):
    filled(url, subject, KEY)
    for key, words in ((None, "is signed: pass --signing-key"), (b"f" * 32, "signed with another key")):
        with pytest.raises(LedgerError, match=words):
            Ledger(url, signing_key=key).reserve("s", subject("next"))
    assert "row 1 is not signed with this key" in Ledger(url, signing_key=b"f" * 32).verify().problems
    assert Ledger(url).verify().problems == ()


def test_a_ledger_is_signed_from_its_first_row_or_not_at_all(url, subject):
    filled(url, subject)
    ledger = Ledger(url, signing_key=KEY)
    assert any("no row is signed" in text for text in ledger.verify().problems)
    with pytest.raises(LedgerError, match="is not signed: leave the signing key out"):
        ledger.reserve("s", subject("next"))


@pytest.mark.parametrize("bare", [[0], [1], [0, 1], [-1]])
def test_a_row_that_lost_its_signature_is_told(url, subject, bare):
    """With the key and without it, wherever it stands."""
    found = filled(url, subject, KEY).rows()
    seqs = [found[at].seq for at in bare]
    tamper(url, rows.update().where(rows.c.seq.in_(seqs)).values(signature=None))
    words = tuple(f"row {seq} is not signed, and others are: written without the key, or changed" for seq in seqs)
    assert Ledger(url, signing_key=KEY).verify().problems == words
    assert Ledger(url).verify().problems == words


def wiped(url, signature=None):
    """Remove every row and set the note back, as whoever owns the database and has no key can."""
    tamper(url, rows.delete(), head.update().values(seq=0, hash=chain.NOTHING, signature=signature))


def test_a_signed_ledger_whose_rows_were_all_removed_is_found(url, subject):
    ledger = Ledger(url, signing_key=KEY)
    assert ledger.verify().problems == ()
    assert ledger.verify().signed
    first = ledger.head().signature
    filled(url, subject, KEY)
    for signature in (None, chain.head_of(0, chain.NOTHING, b"f" * 32).signature, "x"):
        wiped(url, signature)
        (problem,) = ledger.verify().problems
        assert "not signed with this key, and it has no row: all rows were removed, or" in problem
        with pytest.raises(LedgerError, match="all rows were removed"):
            Ledger(url, signing_key=KEY).trusted()
    with pytest.raises(LedgerError, match="signed with another key"):
        ledger.reserve("s", subject("next"))
    # An older copy of the whole ledger, that of before the first row too, is found by a noted head alone.
    wiped(url, first)
    assert ledger.verify().problems == ()
    assert ledger.verify(expect="1:" + "a" * 64).problems
    with pytest.raises(LedgerError, match="is signed: pass --signing-key"):
        Ledger(url).reserve("s", subject("next"))


def test_an_expected_head_stays_true_while_rows_are_added(url, subject):
    ledger = filled(url, subject)
    noted = str(ledger.head())
    ledger.reserve("s", subject("next"))
    for expect in (noted, noted.split(":")[1], noted.split(":")[1][:12], f"{chain.EMPTY}"):
        assert ledger.verify(expect=expect).problems == ()
    assert ledger.verify(expect=f"7:{noted.split(':')[1]}").problems
    for wrong in ("8:abc", "", "x:" + "a" * 64):
        with pytest.raises(LedgerError, match="is not a head"):
            ledger.verify(expect=wrong)


def test_a_key_comes_from_a_file_or_the_environment(tmp_path, monkeypatch):
    (tmp_path / "key").write_bytes(KEY + b"\n")
    monkeypatch.setenv("LOOKS_KEY", KEY.decode())
    assert chain.read_key(str(tmp_path / "key")) == chain.read_key("env:LOOKS_KEY") == KEY
    assert chain.read_key(None) is None
    (tmp_path / "short").write_bytes(b"secret")
    for source, words in (
        (str(tmp_path / "none"), "never the key itself"),
        (str(tmp_path / "short"), "holds 6 bytes"),
        ("env:NO_SUCH_KEY", "holds 0 bytes"),
    ):
        with pytest.raises(LedgerError, match=words):
            chain.read_key(source)
