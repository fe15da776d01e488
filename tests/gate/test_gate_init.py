"""`auditor init` writes a config that the gate takes, from what it finds, and never over another."""

from __future__ import annotations

import shutil

import pytest

from auditor.demo import folder as bundled
from auditor.gate.config import load


def with_split(file, date="2020-01-02"):
    """Set the date of the split, as the file asks for it."""
    text = file.read_text()
    assert text.count("# oos_start = 2022-01-03\n") == 1
    file.write_text(text.replace("# oos_start = 2022-01-03\n", f"oos_start = {date}\n"))


def test_what_is_found_is_named_and_the_gate_runs_it(desk, run):
    (desk / "auditor.toml").unlink()
    place = desk / "books" / "filter"
    place.mkdir(parents=True)
    for one in (bundled("desks") / "filter").iterdir():
        shutil.copy(one, place)
    result = run("init")
    assert result.exit_code == 0
    assert result.stdout.startswith("wrote auditor.toml: 3 pairs of base and tuned returns found.")
    # What is out of sample is the user's to say: no date is guessed.
    for refused in (run("gate", "--check"), run("gate")):
        assert refused.exit_code == 2
        assert "audit 'bad' does not say what is out of sample: give one of oos_start" in refused.stderr
    assert not (desk / "auditor.db").exists()
    with_split(desk / "auditor.toml", "1998-01-31")
    found = load(desk / "auditor.toml")
    assert [one.name for one in found.entries] == ["bad", "good", "filter"]
    assert found.entries[2].options["tuned_trades"] == str(place / "tuned_trades.csv")
    assert found.ledger == f"sqlite:///{desk / 'auditor.db'}"
    assert run("gate", "--only", "bad").exit_code == 1
    assert "# " in (desk / "auditor.toml").read_text()


def test_nothing_found_gives_an_example_to_fill_in(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    assert "0 pairs" in run("init").stdout
    assert "it names no audit" in run("gate").stderr
    with_split(tmp_path / "auditor.toml")
    text = (tmp_path / "auditor.toml").read_text()
    (tmp_path / "auditor.toml").write_text(text[: text.index("# No pair")] + "".join(
        line.removeprefix("# ") for line in text[text.index("# [[audit]]"):].splitlines(keepends=True)
        if "_trades" not in line and "With both" not in line))  # fmt: skip
    assert [one.name for one in load(tmp_path / "auditor.toml").entries] == ["my-overlay"]


def test_a_config_that_is_there_is_never_overwritten(desk, run):
    before = (desk / "auditor.toml").read_text()
    result = run("init")
    assert result.exit_code == 2
    assert "auditor.toml is here already" in result.stderr
    assert (desk / "auditor.toml").read_text() == before


def test_pyproject_is_appended_to(desk, run):
    (desk / "auditor.toml").unlink()
    assert "there is no pyproject.toml here" in run("init", "--pyproject").stderr
    (desk / "pyproject.toml").write_text('[project]\nname = "desk"')
    assert run("init", "--pyproject").exit_code == 0
    text = (desk / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "desk"\n\n')
    with_split(desk / "pyproject.toml")
    assert [one.name for one in load().entries] == ["bad", "good"]
    assert "has [tool.auditor] already" in run("init").stderr


@pytest.mark.parametrize("odd", ['a"b', "back\\slash", "new\nline", "tab\t", "dash-é"])
def test_names_of_files_are_written_as_toml_takes_them(tmp_path, monkeypatch, run, odd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / odd).mkdir()
    for name in ("base.csv", "tuned.csv"):
        (tmp_path / odd / name).write_text("date,return\n")
    assert run("init").exit_code == 0
    with_split(tmp_path / "auditor.toml")
    (one,) = load(tmp_path / "auditor.toml").entries
    assert (one.name, one.options["base"]) == (odd, str(tmp_path / odd / "base.csv"))


def test_pairs_of_one_name_are_numbered(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    for place in ("a/x", "b/x"):
        (tmp_path / place).mkdir(parents=True)
        for name in ("base_returns.csv", "tuned_returns.csv"):
            (tmp_path / place / name).write_text("date,return\n")
    run("init")
    with_split(tmp_path / "auditor.toml")
    assert [one.name for one in load(tmp_path / "auditor.toml").entries] == ["x", "x-2"]
