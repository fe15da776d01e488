"""A disk that is full, a file that cannot be written, a server that is gone: one message, and never a pass."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from click.testing import CliRunner

from auditor.cli import main
from auditor.demo import pairs
from auditor.errors import LedgerError
from auditor.ledger import engine, migrate, store
from auditor.ledger.store import Ledger
from auditor.ledger.tables import REVISIONS, rows

GOLDEN = Path(__file__).parents[1] / "golden" / "ledger"
GOLDEN_HEAD = "3:72a145f5c0971a6e13"


def audit(url):
    """Audit a bundled pair from the command line, counted."""
    one = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")
    command = ["audit", f"{one.path}:base", f"{one.path}:tuned", "--oos-start", one.oos_start, "--reps", "199"]
    return CliRunner().invoke(main, [*command, "--ledger", url, "--strategy", "s"])


def refused(result, *words):
    """Whether the command could not run, said why on one line, and gave no verdict."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.mark.parametrize("limited", ["by the file's size", "by the disk's"])
def test_a_full_disk_is_said_and_loses_nothing(limited, tmp_path, script):
    mounted = None
    if limited == "by the disk's":
        mounted = tmp_path / "small"
        mounted.mkdir()
        if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "none", mounted]).returncode:
            pytest.skip("a small disk can be mounted by root only")
    try:
        url = f"sqlite:///{(mounted or tmp_path) / 'looks.db'}"
        run = script("fill_disk.py", url, *(() if mounted else (160_000,)))
        out, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
        kept, message = out.splitlines()
        assert int(kept) > 10
        assert message.startswith(f"ledger {url}: ")
        assert "Free some space" in message
        verified = Ledger(url, read_only=True).verify()
        assert verified.problems == ()
        assert verified.looks >= int(kept)
    finally:
        if mounted:
            subprocess.run(["umount", mounted], check=False)


def test_a_file_that_cannot_be_written_is_no_pass(subject):
    folder = Path(tempfile.mkdtemp(prefix="auditor-read-only-"))
    try:
        url = f"sqlite:///{folder / 'looks.db'}"
        Ledger(url).reserve("s", subject("a"))
        (folder / "looks.db").chmod(0o444)
        folder.chmod(0o555)
        one = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")
        # Root may write everywhere, so the command runs as nobody, with all it needs loaded before.
        code = """
import os, sys
import auditor.cli, auditor.counted, auditor.ledger.store, auditor.report.text, auditor.report.looks, auditor.audit
import rich.console, scipy.sparse, statsmodels.api, arch, subprocess, pandas, auditor.demo
from auditor.demo import audit_pair, pairs
audit_pair(pairs()[0], reps=199)
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
sys.argv = ["auditor", *sys.argv[1:]]
auditor.cli.main()
"""
        for command, code_wanted, words in (
            (["audit", f"{folder / 'pair.csv'}:base", f"{folder / 'pair.csv'}:tuned", "--oos-start", one.oos_start,
              "--ledger", url, "--strategy", "s"], 2, "Give write permission"),
            (["ledger", "verify", "--ledger", url], 0, ""),
        ):  # fmt: skip
            if not (folder / "pair.csv").exists():
                folder.chmod(0o755)
                shutil.copy(one.path, folder / "pair.csv")
                (folder / "pair.csv").chmod(0o444)
                folder.chmod(0o555)
            root = str(Path(__file__).parents[2])
            done = subprocess.run(
                [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False,
                env=os.environ | {"PYTHONPATH": root}, cwd="/",
            )  # fmt: skip
            assert done.returncode == code_wanted, done.stderr
            assert words in done.stderr
            assert bool(done.stdout) == (code_wanted == 0)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("looks.db", "sqlite:///FILE or postgresql://"),
        ("", "sqlite:///FILE or postgresql://"),
        ("sqlite://", "In memory nothing is counted"),
        ("sqlite:///:memory:", "In memory nothing is counted"),
        ("sqlite:///looks.db?mode=ro", "a file and nothing else"),
        ("sqlite:////no/such/place/looks.db", "directory /no/such/place does not exist"),
        ("mysql://host/db", "kept in SQLite or PostgreSQL, not in 'mysql'"),
        ("sqlite:////dev", "error: "),
    ],
)
def test_a_url_that_is_none_is_refused(url, words):
    refused(audit(url), words)


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("these are notes, and not a few of them\n" * 50)
    refused(audit(f"sqlite:///{tmp_path / 'notes.db'}"), "The file is no ledger")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    with pytest.raises(LedgerError, match="a database without a ledger"):
        Ledger(f"sqlite:///{tmp_path / 'other.db'}", read_only=True)


def test_a_ledger_that_was_changed_is_no_pass(tmp_path, subject):
    url = f"sqlite:///{tmp_path / 'looks.db'}"
    Ledger(url).reserve("s", subject("a"))
    with sqlite3.connect(tmp_path / "looks.db") as connection:
        connection.execute(f"DROP TRIGGER {rows.name}_no_delete")
        connection.execute(f"DELETE FROM {rows.name}")
    connection.close()
    refused(audit(url), "does not hold", "the last 1 removed")


def test_a_ledger_that_another_program_holds_is_waited_for_and_then_refused(tmp_path, subject, monkeypatch):
    url = f"sqlite:///{tmp_path / 'looks.db'}"
    ledger = Ledger(url)
    held = sqlite3.connect(tmp_path / "looks.db", isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, held.rollback)
    timer.start()
    assert ledger.reserve("s", subject("a")).look.number == 1
    timer.join()
    held.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(engine, "WAIT", 0.2)
    with pytest.raises(LedgerError, match="locked"):
        Ledger(url)
    held.close()


def test_a_server_that_does_not_answer_is_no_pass(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    refused(audit(f"postgresql://me:se%40cret@127.0.0.1:{port}/looks"), "Is the server up", "me:***@")
    monkeypatch.setattr(engine, "CONNECT", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        result = audit(f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/looks")
        refused(result, "timeout")
        assert "secret" not in result.output


@pytest.mark.postgres
def test_a_connection_lost_between_the_look_and_its_result_is_no_pass(server, monkeypatch):
    url = server.new()
    Ledger(url)
    kept = store.Ledger.reserve

    def reserve_and_lose(self, *arguments, **options):
        found = kept(self, *arguments, **options)
        server.stop()
        return found

    monkeypatch.setattr(store.Ledger, "reserve", reserve_and_lose)
    try:
        refused(audit(url), "Is the server up")
    finally:
        server.start()
    verified = Ledger(url, read_only=True).verify()
    # The look was counted before it was taken, so what it might have shown is paid for.
    assert (verified.problems, verified.looks, verified.rows) == ((), 1, 1)


@pytest.mark.postgres
def test_a_user_without_rights_is_told(server):
    import psycopg

    url = server.new()
    Ledger(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    refused(audit(url.replace("desk@", "guest@")), "Give the user the right")


@pytest.mark.postgres
def test_a_user_who_may_only_append_can_take_looks(server, subject):
    import psycopg

    url = server.new()
    Ledger(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE writer LOGIN")
        connection.execute("GRANT SELECT, INSERT ON auditor_ledger TO writer")
        connection.execute("GRANT SELECT, UPDATE ON auditor_ledger_head TO writer")
        connection.execute("GRANT SELECT ON auditor_ledger_version TO writer")
    ledger = Ledger(url.replace("desk@", "writer@"))
    ledger.record(ledger.reserve("s", subject("a")), {"gain_p": 0.1})
    assert ledger.verify().rows == 2


def later_version(tmp_path, monkeypatch):
    """Have the code of a later version, whose tables have one column more."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "s9999_later.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '9999', '{REVISIONS[-1]}'\n"
        f"def upgrade():\n    op.add_column('{rows.name}', sa.Column('desk', sa.Text))\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    monkeypatch.setattr(store, "REVISIONS", (*REVISIONS, "9999"))


@pytest.mark.parametrize("reading", [False, True])
def test_a_later_version_opens_an_older_ledger_and_an_older_one_refuses_a_later(
    url, subject, tmp_path, monkeypatch, reading
):
    Ledger(url).reserve("s", subject("a"))
    with monkeypatch.context() as later:
        later_version(tmp_path, later)
        ledger = Ledger(url, read_only=reading)
        assert not ledger.made
        assert ledger.verify().problems == ()
        assert Ledger(url).reserve("s", subject("b")).look.number == 2
    with pytest.raises(LedgerError, match="written by a later auditor"):
        Ledger(url)


def test_the_newest_migration_is_the_version_that_the_code_knows():
    assert ScriptDirectory.from_config(migrate.configuration()).get_heads() == [REVISIONS[-1]]


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("version_*.db")), ids=lambda file: file.stem)
def test_a_ledger_of_every_version_there_was_opens_and_holds(file, tmp_path, subject):
    shutil.copy(file, tmp_path / "looks.db")
    ledger = Ledger(
        f"sqlite:///{tmp_path / 'looks.db'}", signing_key=b"a key that is in the repository, and so is none"
    )
    assert ledger.verify(expect=GOLDEN_HEAD).problems == ()
    assert [row.number for row in ledger.rows() if row.kind == "look"] == [1, 2]
    assert ledger.reserve("golden", subject("c")).look.number == 3


def test_a_ledger_of_the_present_version_is_among_them():
    assert (GOLDEN / f"version_{REVISIONS[-1]}.db").exists()
