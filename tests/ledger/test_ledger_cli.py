"""`auditor ledger`: what it lists, shows, verifies and exports, and what it never lets through."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import unicodedata

import pytest
from click.testing import CliRunner

from auditor.cli import main
from auditor.ledger.store import Ledger
from auditor.report.looks import COLUMNS, as_csv, records

KEY = "0123456789abcdef0123456789abcdef"
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "|calc",
    "\x1b[31m=1",
    "x\n=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff20SUM(A1)",
    "x;=HYPERLINK(1)",
    "x; \uff1d1",
    'x;"=1"',
    "x;\t=1",
    "plain, 'text'",
)


def run(*arguments, **how):
    return CliRunner().invoke(main, ["ledger", *map(str, arguments)], **how)


@pytest.fixture
def ledger(tmp_path, subject, monkeypatch):
    """A ledger of two looks, of which one was never finished, named by the environment."""
    url = f"sqlite:///{tmp_path / 'looks.db'}"
    opened = Ledger(url)
    found = {"label": "reweighting", "finding": "efficiency", "standing": "shown", "evidence": "returns",
             "gain": 0.33, "gain_p": 0.0054, "new_p": None, "reps": 199, "versions": {"auditor": "0.1.0"}}  # fmt: skip
    opened.record(opened.reserve("momentum", subject("a"), commit="c0ffee"), found)
    opened.reserve("momentum", subject("b"))
    monkeypatch.setenv("AUDITOR_LEDGER", url)
    monkeypatch.chdir(tmp_path)
    return opened


def test_looks_are_listed(ledger):
    result = run("list")
    assert result.exit_code == 0, result.output
    _, first, second = result.stdout.splitlines()
    assert first.split() == ["1", "1", "0.0304", "momentum", "2020-01-01", "2021-12-31", "efficiency"]
    assert second.split() == ["3", "2", "0.0076", "momentum", "2020-01-01", "2021-12-31", "not", "finished"]
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert run("list", "--strategy", "other").stdout == "no look of 'other': 2 looks of other strategies.\n"
    near = run("list", "--strategy", "momentun").stdout
    assert near == "no look of 'momentun': 2 looks of other strategies. Did you mean 'momentum'?\n"
    assert run("list", "--strategy", "other", "--json").stdout == "[]\n"
    found = json.loads(run("list", "--json").stdout)
    assert [(one["row"], one["look"], one["finding"], one["finished"]) for one in found] == [
        (1, 1, "efficiency", True), (3, 2, None, False),
    ]  # fmt: skip


def test_a_look_is_shown(ledger):
    result = run("show", 1)
    assert result.stdout.startswith("Look 1 of momentum\n")
    for words in ("2020-01-01 .. 2021-12-31", "0.05, 0.0304 left for it, 0.122 for the gain", "c0ffee", "seed=0",
                  "efficiency (shown, by returns)", "not signed"):  # fmt: skip
        assert words in result.stdout
    assert json.loads(run("show", 3, "--json").stdout)["finding"] is None
    for row in (2, 99):
        missing = run("show", row)
        assert missing.exit_code == 2
        assert f"row {row} of " in missing.stderr
        assert "the last look is row 3" in missing.stderr


def test_a_ledger_is_verified(ledger, tmp_path):
    head = str(ledger.head())
    result = run("verify")
    assert (result.exit_code, result.stdout) == (0, f"holds: 3 rows, 2 looks, not signed\nhead {head}\n")
    assert run("verify", "--expect", head).exit_code == 0
    assert json.loads(run("verify", "--json").stdout) == {
        "holds": True, "rows": 3, "looks": 2, "head": head, "signed": False, "held_to_key": False, "problems": [],
    }  # fmt: skip
    gone = run("verify", "--expect", f"4:{'a' * 64}")
    assert gone.exit_code == 1
    assert gone.stdout.startswith("does not hold: 1 problem")
    assert run("verify", "--expect", "latest").exit_code == 2
    assert run("verify", "--signing-key", "env:KEY", env={"KEY": KEY}).exit_code == 1
    assert "never the key itself" in run("verify", "--signing-key", KEY).stderr
    assert KEY not in run("verify", "--signing-key", "key", env={"KEY": KEY}).output


def test_a_signature_that_was_not_held_to_a_key_is_told(tmp_path, subject):
    url = f"sqlite:///{tmp_path / 'looks.db'}"
    Ledger(url, signing_key=KEY.encode()).reserve("s", subject("a"))
    assert "1 looks, signed, not held to a key\n" in run("verify", "--ledger", url).stdout
    held = ("verify", "--ledger", url, "--signing-key", "env:KEY")
    assert "1 looks, signed with this key\n" in run(*held, env={"KEY": KEY}).stdout
    with sqlite3.connect(tmp_path / "looks.db") as connection:
        connection.execute("DROP TRIGGER auditor_ledger_no_update")
        connection.execute("UPDATE auditor_ledger SET signature = ?", ("f" * 64,))
    connection.close()
    assert "signed, not held to a key\n" in run("verify", "--ledger", url).stdout
    assert run(*held, env={"KEY": KEY}).exit_code == 1


def test_a_spreadsheet_computes_nothing_of_an_export(tmp_path, subject):
    ledger = Ledger(f"sqlite:///{tmp_path / 'looks.db'}")
    for number, text in enumerate(FORMULAS):
        ledger.record(ledger.reserve(text, subject(number), commit=text), {"finding": text, "gain": -0.5})
    table = list(csv.DictReader(io.StringIO(as_csv(records(ledger.rows())))))
    assert len(table) == len(FORMULAS)
    for row in table:
        assert tuple(row) == COLUMNS
        assert row["gain"] == "-0.5"
        for name in ("strategy", "commit", "finding"):
            for cell in unicodedata.normalize("NFKC", row[name]).split(";"):
                assert not cell.lstrip(' "').startswith(("=", "+", "-", "@", "|", "\\x09"))
            assert row[name].isprintable()
    assert table[-1]["strategy"] == "plain, 'text'"
    listed = run("list", "--ledger", f"sqlite:///{tmp_path / 'looks.db'}").stdout
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == len(FORMULAS) + 1


def test_an_export_is_written_whole_or_as_json(ledger, tmp_path):
    assert run("export").stdout.splitlines()[0] == ",".join(COLUMNS)
    assert run("export", "--out", tmp_path / "looks.csv").stdout == ""
    assert (tmp_path / "looks.csv").read_text() == run("export").stdout
    full = json.loads(run("export", "--json").stdout)
    assert full[0]["inputs"] == {"base": "b" * 64, "tuned": "a"}
    assert run("export", "--out", tmp_path / "no" / "looks.csv").exit_code == 2


def test_an_export_never_overwrites_the_ledger_or_what_names_it(ledger, tmp_path, monkeypatch):
    over = run("export", "--out", "looks.db")
    assert (over.exit_code, "--out looks.db: would overwrite" in over.stderr) == (2, True)
    monkeypatch.delenv("AUDITOR_LEDGER")
    config = 'ledger = "sqlite:///looks.db"\n[[audit]]\nname = "a"\nbase = "b"\ntuned = "t"\noos_fraction = 0.3\n'
    (tmp_path / "auditor.toml").write_text(config)
    for target in ("looks.db", "auditor.toml"):
        assert "would overwrite" in run("export", "--out", target).stderr
    assert "would overwrite" in run("export", "--ledger", "sqlite:///looks.db", "--out", "./looks.db").stderr
    assert (tmp_path / "auditor.toml").read_text() == config
    assert len(ledger.rows()) == 3


def test_the_ledger_is_the_one_named_or_the_environments_or_the_configs(ledger, tmp_path, monkeypatch):
    monkeypatch.delenv("AUDITOR_LEDGER")
    assert "make one with `auditor init`" in run("list").stderr
    config = '[[audit]]\nname = "a"\nbase = "b"\ntuned = "t"\noos_fraction = 0.3\n'
    (tmp_path / "auditor.toml").write_text(config)
    assert "auditor.toml names no ledger" in run("list").stderr
    (tmp_path / "auditor.toml").write_text('ledger = "sqlite:///looks.db"\n' + config)
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert len(run("list").stdout.splitlines()) == 3
    other = run("list", "--ledger", "sqlite:///none.db")
    assert other.exit_code == 2
    assert "there is no ledger at none.db" in other.stderr


def test_two_ways_to_name_a_ledger_are_refused(ledger, tmp_path):
    both = run("list", "--ledger", f"sqlite:///{tmp_path / 'looks.db'}", "--config", "nosuch.toml")
    assert (both.exit_code, both.stdout) == (2, "")
    assert "--ledger and --config both say which ledger" in both.stderr


def test_the_help_says_what_is_held_to_what():
    text = run("verify", "--help").stdout
    held, which, output = (text.index(f"{one}:") for one in ("Held to", "Which ledger", "Output"))
    assert held < text.index("--expect") < text.index("--signing-key") < which < output


def test_reading_leaves_no_files(ledger, tmp_path):
    before = sorted(tmp_path.iterdir())
    for command in (["list"], ["verify"], ["show", 1], ["export"]):
        run(*command)
    assert sorted(tmp_path.iterdir()) == before
