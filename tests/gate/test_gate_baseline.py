"""An accepted exception lets an audit through that fails, as long as it is the one that was accepted."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from auditor.errors import ConfigError
from auditor.gate import baseline
from auditor.gate.config import load
from auditor.gate.run import run_gate
from auditor.ledger.store import Ledger

REASON = "Agreed by risk until the desk has moved"


@pytest.fixture
def accepted(desk, run):
    """The bad audit excepted, for 30 days."""
    result = run("gate", "--accept", "bad", "--reason", REASON, "--by", "Ann <ann@desk>", "--days", 30)
    assert result.exit_code == 0, result.output
    return json.loads((desk / "auditor-baseline.json").read_text())["exceptions"][0]


def test_an_exception_is_signed_off_shown_and_passes(desk, run, accepted):
    today = dt.datetime.now(dt.UTC).date()
    assert (accepted["name"], accepted["reason"], accepted["by"]) == ("bad", REASON, "Ann <ann@desk>")
    assert accepted["expires"] == (today + dt.timedelta(days=30)).isoformat()
    result = run("gate")
    assert result.exit_code == 0
    assert "excepted  bad" in result.stdout
    assert "finding: " in result.stdout
    assert f"excepted until {accepted['expires']} by Ann <ann@desk>: Agreed by" in result.stdout
    assert "1 of 2 pass, 1 is excepted." in result.stdout


def test_it_fails_again_when_it_expires(desk, accepted):
    last = dt.date.fromisoformat(accepted["expires"])
    config = load(desk / "auditor.toml")
    assert run_gate(config, today=last).exit_code() == 0
    late = run_gate(config, today=last + dt.timedelta(days=1))
    assert late.exit_code() == 1
    assert late.outcomes[1].notes == (
        f"The exception that Ann <ann@desk> accepted on {accepted['accepted']} no longer holds: it expired on {last}.",
    )


def test_it_fails_again_when_an_input_a_setting_the_finding_or_a_rule_changes(desk, run, accepted):
    file = desk / "auditor.toml"
    config, rows = file.read_text(), (desk / "bad.csv").read_text()
    file.write_text(config + "embargo = 1\n")
    assert "the inputs or settings are not those" in " ".join(run("gate").stdout.split())
    file.write_text(config)
    assert run("gate").exit_code == 0
    (desk / "bad.csv").write_text(rows.rstrip().rsplit("\n", 1)[0] + "\n")
    assert "the inputs or settings are not those" in " ".join(run("gate").stdout.split())
    (desk / "bad.csv").write_text(rows)
    for change, words in (
        ({"finding": "no_gain"}, "the finding was no_gain and is"),
        ({"rules": ["finding"]}, "it does not cover gain_beyond_rounding"),
    ):
        text = json.dumps({"version": 1, "exceptions": [accepted | change]})
        (desk / "auditor-baseline.json").write_text(text)
        result = run("gate")
        assert result.exit_code == 1
        assert words in " ".join(result.stdout.split())


def test_accepting_anew_takes_the_place_of_the_old(desk, run, accepted):
    far = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3000)
    run("gate", "--accept", "bad", "--reason", "Longer", "--expires", f"{far}")
    (one,) = json.loads((desk / "auditor-baseline.json").read_text())["exceptions"]
    assert (one["reason"], one["expires"]) == ("Longer", f"{far}")
    # Accepting is no second look: inputs and settings are the same.
    assert json.loads(run("ledger", "list", "--json", "--strategy", "bad").stdout)[-1]["look"] == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--accept", "good", "--reason", "x"], "good passes: there is nothing to accept"),
        (["--accept", "*", "--reason", "x"], "not a pattern: '*' fits 2"),
        (["--accept", "nobody", "--reason", "x"], "no audit is named 'nobody'"),
        (["--accept", "bad", "--reason", "x", "--expires", "2020-01-01"], "is over: name a day from"),
        (
            ["--accept", "bad", "--reason", "x", "--expires", "9999-12-31"],
            "is more than 3650 days away: name a day up to",
        ),
        (["--accept", "bad", "--reason", "x", "--by", " "], "--by, who says so"),
        (["--accept", "bad", "--reason", "x", "--by", "Ann", "--days", "99999999"], "is not in the range 1<=x<=3650"),
    ],
)
def test_what_cannot_be_accepted_is_refused(desk, run, flags, words):
    result = run("gate", *flags)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not (desk / "auditor-baseline.json").exists()
    # What the audit need not tell is refused before it, so that no look is counted.
    assert (desk / "looks.db").exists() == ("nothing to accept" in words)


def test_an_exception_that_could_not_be_written_counts_no_look(desk, run):
    (desk / "auditor-baseline.json").mkdir()
    file = desk / "auditor.toml"
    result = run("gate", "--accept", "bad", "--reason", "x", "--by", "Ann")
    assert (result.exit_code, "auditor-baseline.json" in result.stderr) == (2, True)
    file.write_text(f'baseline = "no/such/folder.json"\n{file.read_text()}')
    result = run("gate", "--accept", "bad", "--reason", "x", "--by", "Ann")
    assert (result.exit_code, "does not exist" in result.stderr) == (2, True)
    assert not (desk / "looks.db").exists()


def test_a_name_with_brackets_is_no_pattern(desk, run):
    file = desk / "auditor.toml"
    text = file.read_text().replace('name = "good"', 'name = "bad[1]"').replace('name = "bad"\n', 'name = "bad1"\n')
    file.write_text(text)
    result = run("gate", "--accept", "bad[1]", "--reason", "x", "--by", "Ann")
    assert "bad[1] passes: there is nothing to accept" in result.stderr
    assert {row.strategy for row in Ledger(f"sqlite:///{desk / 'looks.db'}").rows()} == {"bad[1]"}


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": 2, "exceptions": []}',
                                  '{"version": 1, "exceptions": [{"name": "bad"}]}'])  # fmt: skip
def test_a_baseline_that_cannot_be_read_is_no_pass(desk, run, text):
    (desk / "auditor-baseline.json").write_text(text)
    with pytest.raises(ConfigError, match=r"auditor-baseline\.json"):
        baseline.read(desk / "auditor-baseline.json")
    assert run("gate").exit_code == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rules": "finding"}, "rules is str, not list"),
        ({"rules": [1]}, "rule is int, not str"),
        ({"expires": "2999"}, "expires is '2999', no date"),
        ({"by": None}, "by is NoneType, not str"),
        ({"until": "x"}, "an exception has no 'until'"),
    ],
)
def test_an_exception_that_nobody_wrote_is_refused(desk, accepted, change, words):
    file = desk / "auditor-baseline.json"
    file.write_text(json.dumps({"version": 1, "exceptions": [accepted | change]}))
    with pytest.raises(ConfigError) as refused:
        baseline.read(file)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested deeper"),
        ('{"version": 1, "version": 1, "exceptions": []}', "'version' stands twice"),
        ('{"version": true, "exceptions": []}', "version is bool"),
    ],
)
def test_a_baseline_of_another_form_is_refused(tmp_path, text, words):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(ConfigError) as refused:
        baseline.read(tmp_path / "b.json")
    assert words in str(refused.value)


def test_two_exceptions_of_one_name_are_refused(desk, accepted):
    file = desk / "auditor-baseline.json"
    file.write_text(json.dumps({"version": 1, "exceptions": [accepted, accepted | {"rules": []}]}))
    with pytest.raises(ConfigError, match="two exceptions are named 'bad'"):
        baseline.read(file)
