"""The gate as a user runs it: what is printed, what is written, and which exit code goes out."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from auditor.errors import InputError
from auditor.ledger.store import Ledger
from auditor.report import machine

ROOT = Path(__file__).parents[2]


def only_good(desk):
    """Leave the audit that passes alone in the config."""
    file = desk / "auditor.toml"
    file.write_text(file.read_text().split('\n[[audit]]\nname = "bad"')[0])


def test_an_audit_that_fails_makes_a_one_and_says_every_rule(desk, run):
    result = run("gate")
    assert result.exit_code == 1, result.output
    assert result.stderr == ""
    good, _, bad, *rest = result.stdout.splitlines()
    assert re.fullmatch(r"pass      good  efficiency, shown      \+0\.33  p = 0\.0\d\d", good)
    assert re.fullmatch(r"FAIL      bad   \S+, \S+ +-0\.11  p = 0\.\d+", bad)
    assert any(re.fullmatch(r" +finding: \w+, needs new_edge or efficiency", line) for line in rest)
    assert any(re.fullmatch(r" +gain_survives: 0\.\d+, needs < 0\.0304", line) for line in rest)
    assert "          Look 1 on this window: level 0.0304 left for it." in rest
    assert "1 of 2 pass, 1 fails." in rest
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert run("gate", "--exit-zero").exit_code == 0


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_a_stream_that_the_shell_closed_is_no_error(desk, closed):
    only_good(desk)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m auditor gate {closed}",
        shell=True, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ("1 of 1 passes." in done.stdout) == (not closed.startswith(">"))


def test_all_that_hold_make_a_zero(desk, run):
    only_good(desk)
    result = run("gate", "-q")
    assert (result.exit_code, result.stdout) == (0, "1 of 1 passes.\n")


def test_an_audit_that_cannot_be_run_makes_a_two_and_the_others_are_run(desk, run):
    (desk / "bad.csv").unlink()
    for flags in ([], ["--exit-zero"]):
        result = run("gate", *flags)
        assert result.exit_code == 2
        assert "ERROR     bad   could not be run" in result.stdout
        assert "1 of 2 pass, 1 could not be run." in result.stdout
        assert result.stdout.startswith("pass      good")
    assert [row.strategy for row in Ledger(f"sqlite:///{desk / 'looks.db'}").rows()] == ["good", "good"]


def test_rollouts_alone_are_counted_and_judged(desk, run):
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2018-01-02", periods=300, name="date")
    base = 0.01 * rng.standard_normal((300, 1))
    for name, gain in (("b", 0.0), ("t", 0.003)):
        runs = base + 0.004 * rng.standard_normal((300, 3)) + gain
        pd.DataFrame(runs, days, ["s0", "s1", "s2"]).to_csv(desk / f"{name}.csv")
    (desk / "auditor.toml").write_text(
        'ledger = "sqlite:///looks.db"\noos_fraction = 0.5\nreps = 199\nbase = "good.csv:base"\n'
        '[[audit]]\nname = "runs"\nbase_rollouts = "b.csv"\ntuned_rollouts = "t.csv"\n'
    )
    assert run("gate", "--check").exit_code == 0
    result = run("gate", "--json")
    (found,) = json.loads(result.stdout)["audits"]
    assert (result.exit_code, found["status"], found["audit"]["look"]["number"]) == (0, "passed", 1)
    assert [one["role"] for one in found["audit"]["inputs"]] == ["base", "tuned", "base rollouts", "tuned rollouts"]


def test_only_what_is_named_is_run(desk, run):
    assert run("gate", "--only", "good").exit_code == 0
    assert run("gate", "--only", "g*").exit_code == 0
    result = run("gate", "--only", "god")
    assert result.exit_code == 2
    assert result.stderr == "error: no audit is named 'god'. Did you mean 'good'?\n"


def test_the_gate_counts_and_a_rerun_is_free(desk, run):
    file = desk / "auditor.toml"
    for seed, number in ((0, 1), (1, 2), (0, 1), (2, 3), (2, 3)):
        file.write_text(re.sub(r"(seed = \d+\n)?reps = 199", f"seed = {seed}\nreps = 199", file.read_text()))
        (found,) = json.loads(run("gate", "--only", "good", "--json").stdout)["audits"]
        assert (found["audit"]["look"]["number"], found["audit"]["settings"]["seed"]) == (number, seed)
    assert json.loads(run("ledger", "verify", "--json").stdout)["holds"]


def test_variants_of_a_star_count_together_where_the_strategy_is_said(desk, run):
    table = pd.read_csv(desk / "good.csv")
    for number in range(3):
        table.assign(tuned=table["tuned"] + 1e-5 * number).to_csv(desk / f"v{number}.csv", index=False)
    (desk / "auditor.toml").write_text(
        'ledger = "sqlite:///looks.db"\noos_start = 1983-01-31\nreps = 199\n'
        '[[audit]]\nname = "momentum"\nstrategy = "momentum"\nbase = "good.csv:base"\ntuned = "v*.csv:tuned"\n'
    )
    found = json.loads(run("gate", "--json").stdout)["audits"]
    assert [(one["strategy"], one["audit"]["look"]["number"]) for one in found] == [
        ("momentum", 1), ("momentum", 2), ("momentum", 3),
    ]  # fmt: skip


def test_without_a_ledger_the_gate_says_that_nothing_is_counted(desk, run):
    file = desk / "auditor.toml"
    file.write_text(file.read_text().replace('ledger = "sqlite:///looks.db"', ""))
    result = run("gate")
    assert result.exit_code == 1
    assert "Looks are not counted: the config names no ledger" in result.stdout
    assert not (desk / "looks.db").exists()


def test_a_ledger_that_ci_does_not_keep_is_told(desk, run, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert "This run made the ledger." in run("gate").stdout
    assert "This run made the ledger." not in run("gate").stdout


def test_a_new_ledger_is_told_outside_of_ci_too(desk, run):
    told = "This run made the ledger. If looks were counted before, they are in another one"
    assert told in " ".join(run("gate", "--only", "good").stdout.split())
    assert "This run made the ledger." not in run("gate", "--only", "good").stdout
    file = desk / "auditor.toml"
    file.write_text(file.read_text().replace("looks.db", "loks.db"))
    assert told in json.loads(run("gate", "--only", "good", "--json").stdout)["notes"][0]


def test_a_ledger_without_a_look_before_the_run_is_told(desk, run):
    import sqlite3

    run("gate", "--only", "good")
    with sqlite3.connect(desk / "looks.db") as connection:
        connection.execute("DROP TRIGGER auditor_ledger_no_delete")
        connection.execute("DELETE FROM auditor_ledger")
        connection.execute("UPDATE auditor_ledger_head SET seq = 0, hash = ?", ("0" * 64,))
    connection.close()
    told = "The ledger held no look before this run. If looks were counted before, they are in another one, or were"
    assert told in " ".join(run("gate", "--only", "good").stdout.split())
    assert "held no look" not in run("gate", "--only", "good").stdout
    (desk / "looks.db").unlink()
    Ledger(f"sqlite:///{desk / 'looks.db'}")
    ledger = ("--ledger", "sqlite:///looks.db", "--strategy", "good", "--oos-start", "1983-01-31", "--reps", "199")
    audits = [run("audit", "good.csv:base", "good.csv:tuned", *ledger) for _ in range(2)]
    assert ["held no look before this one" in one.stderr for one in audits] == [True, False]


def test_a_defect_in_one_audit_is_an_error_and_the_others_are_run(desk, run, monkeypatch):
    counted = import_module("auditor.counted")
    real = counted.audit

    def broken(base, tuned, **options):
        if "bad" in base:
            raise ZeroDivisionError("defect")
        return real(base, tuned, **options)

    monkeypatch.setattr(counted, "audit", broken)
    result = run("gate", "--exit-zero")
    assert result.exit_code == 2
    assert "internal error: ZeroDivisionError: defect" in result.stdout
    assert "1 of 2 pass, 1 could not be run." in result.stdout


@pytest.mark.parametrize("where", ["auditor.gate.run.run_gate", "auditor.report.gate.lines"])
def test_a_defect_anywhere_is_no_one(desk, run, monkeypatch, where):
    def broken(*_, **__):
        raise OverflowError("too\nlarge")

    monkeypatch.setattr(where, broken)
    result = run("gate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(
        r"error: internal error: OverflowError: too\\x0alarge \(at test_gate_run\.py:\d+\)\. This is a defect of "
        r"auditor: please report it with the command\n",
        result.stderr,
    ), result.stderr


@pytest.mark.parametrize("broken", ["removed", "not there"])
def test_a_ledger_that_does_not_hold_or_cannot_be_reached_is_no_pass(desk, run, broken):
    import sqlite3

    run("gate", "--only", "good")
    if broken == "removed":
        with sqlite3.connect(desk / "looks.db") as connection:
            connection.execute("DROP TRIGGER auditor_ledger_no_delete")
            connection.execute("DELETE FROM auditor_ledger WHERE seq = 2")
        connection.close()
    else:
        file = desk / "auditor.toml"
        file.write_text(file.read_text().replace("sqlite:///looks.db", "sqlite:///no/such/looks.db"))
    result = run("gate", "--exit-zero")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_a_ledger_that_is_lost_on_the_way_ends_the_run_with_a_two(desk, run, monkeypatch):
    from auditor.errors import LedgerError

    reserve = Ledger.reserve

    def lost(self, strategy, *arguments, **options):
        if strategy == "good":
            raise LedgerError("ledger is gone")
        return reserve(self, strategy, *arguments, **options)

    monkeypatch.setattr(Ledger, "reserve", lost)
    result = run("gate", "--exit-zero")
    assert result.exit_code == 2
    assert result.stdout.count("could not be run") == 3
    assert "Not run: ledger is gone" in result.stdout


def test_a_rule_that_is_not_the_default_stands_under_its_audit(desk, run):
    result = run("gate", "--only", "good", "--report", "md:plain.md", "--report", "html:plain.html")
    for text in (result.stdout, (desk / "plain.md").read_text(), (desk / "plain.html").read_text()):
        assert re.findall(r"rule: ([^\n<]*)", text) == ["reps 199"]
    file = desk / "auditor.toml"
    own = 'require = ["unproven", "efficiency"]\nstanding = "shown"\non_undecided = "pass"\n'
    own += "level = 0.2\ngain_level = 0.3\n"
    file.write_text(file.read_text().replace("reps = 199", "reps = 199\n" + own))
    result = run("gate", "--only", "good", "--report", "md:gate.md", "--report", "html:gate.html")
    rule = (
        "rule: require unproven or efficiency; standing shown; on_undecided pass; level 0.2; gain_level 0.3; reps 199"
    )
    for text in (result.stdout, (desk / "gate.md").read_text(), (desk / "gate.html").read_text()):
        assert rule in " ".join(text.replace("\\", "").split())
    file.write_text(
        file.read_text().replace(f"reps = 199\n{own}", 'level = 0.05\nrequire = ["efficiency", "new_edge"]\n')
    )
    assert "rule:" not in run("gate", "--only", "good").stdout


def test_every_option_that_can_move_the_label_stands_under_its_audit(desk, run):
    from auditor.gate import keys
    from auditor.report.gate import CAN_MOVE

    file = desk / "auditor.toml"
    pd.read_csv(desk / "bad.csv")[["date", "base"]].to_csv(desk / "cash.csv", index=False)
    own = 'min_edge_share = 0.1\nseed = 3\nembargo = 1\nrf = 0.03\nblock = 5\nn_trials = 9\nalign = "inner"\n'
    file.write_text(file.read_text().replace("reps = 199", f'reps = 199\nknown = "cash.csv"\n{own}'))
    result = run("gate", "--only", "good", "--json", "--report", "md:gate.md")
    found = json.loads(result.stdout)["audits"][0]
    assert found["options"] == {
        "min_edge_share": 0.1, "reps": 199, "block": 5, "seed": 3, "embargo": 1, "known": str(desk / "cash.csv"),
        "rf": 0.03, "n_trials": 9, "align": "inner",
    }  # fmt: skip
    rule = "rule: min_edge_share 0.1; reps 199; block 5; seed 3; embargo 1; known cash.csv; rf 0.03; n_trials 9; "
    rule += "align inner"
    assert rule in " ".join(run("gate", "--only", "good").stdout.split())
    assert rule in (desk / "gate.md").read_text().replace("\\", "")
    # What is left names the policies, their files and columns, the window, or moves no label.
    told = {"library", "calibration", "stability", "instrument_returns", "date_column", "date_format", *keys.SPLITS}
    told |= {f"{one}_{what}" for one in keys.POLICIES for what in ("trades", "positions", "rollouts", "column")}
    assert set(keys.OPTIONS) - set(CAN_MOVE) == told | set(keys.POLICIES)


def test_a_base_that_is_not_that_of_an_earlier_look_is_told(desk, run):
    assert "The base is not" not in run("gate", "--only", "good").stdout
    table = pd.read_csv(desk / "good.csv")
    same = table.assign(tuned=table["tuned"] + 1e-4)
    same.to_csv(desk / "good.csv", index=False)
    assert "The base is not" not in run("gate", "--only", "good").stdout
    same.assign(base=table["base"] - 1e-3).to_csv(desk / "good.csv", index=False)
    told = "The base is not that of look 2 of this strategy"
    assert told in " ".join(run("gate", "--only", "good").stdout.split())
    assert told in " ".join(run("gate", "--only", "good", "--report", "md:gate.md").stdout.split())
    assert told in (desk / "gate.md").read_text()
    ledger = ("--ledger", "sqlite:///looks.db", "--strategy", "good", "--oos-start", "1983-01-31", "--reps", "199")
    done = run("audit", "good.csv:base", "good.csv:tuned", *ledger)
    assert told in " ".join(done.stderr.split())


def test_looks_under_other_names_are_told(desk, run):
    run("gate", "--only", "good")
    file = desk / "auditor.toml"
    file.write_text(file.read_text().replace('name = "good"', 'name = "better"'))
    result = run("gate", "--only", "better")
    told = "1 look at the same base out of sample went under other strategies' names: not in this count."
    assert told in " ".join(result.stdout.split())


def test_the_check_runs_nothing_and_imports_nothing_heavy(desk, run):
    result = run("gate", "--check")
    assert (result.exit_code, result.stdout) == (0, "auditor.toml holds: 2 audits\n")
    assert not (desk / "looks.db").exists()
    with (desk / "auditor.toml").open("a") as file:
        file.write("levl = 0.1\n")
    result = run("gate", "--check")
    assert result.exit_code == 2
    assert result.stderr == "error: auditor.toml:15: unknown key 'levl'; did you mean 'level'?\n"


REPORTS = {"html": "g.html", "json": "g.json", "md": "g.md", "junit": "g.xml", "sarif": "g.sarif", "github": "g.txt"}


def test_every_report_is_written(desk, run):
    run("gate")  # the run that makes the ledger says so, the next does not
    reports = [one for kind, path in REPORTS.items() for one in ("--report", f"{kind}:{path}")]
    result = run("gate", *reports)
    assert result.exit_code == 1
    assert result.stderr.count("wrote") == len(REPORTS)
    assert (desk / "g.html").read_text().startswith("<!doctype html>")
    assert (desk / "g.md").read_text().startswith("## auditor gate: 1 of 2 pass, 1 fails\n")
    assert json.loads((desk / "g.json").read_text())["exit_code"] == 1
    assert ElementTree.parse(desk / "g.xml").getroot().get("failures") == "1"
    assert len(json.loads((desk / "g.sarif").read_text())["runs"][0]["results"]) >= 2
    told = "::error file=auditor.toml,line=11,title=auditor%3A bad::rule: reps 199; finding: "
    assert (desk / "g.txt").read_text().startswith(told)
    again = {path: (desk / path).read_bytes() for path in REPORTS.values()}
    run("gate", *reports)
    assert {path: (desk / path).read_bytes() for path in REPORTS.values()} == again


def test_a_report_never_overwrites_what_the_gate_reads_or_keeps(desk, run):
    config = desk / "auditor.toml"
    (desk / "key").write_text("0123456789abcdef")
    (desk / "cash.csv").write_text("date,return\n")
    top = 'signing_key = "key"\nrf = "cash.csv"\nbaseline = "excepted.json"\n'
    config.write_text(top + config.read_text().replace("bad.csv:tuned", "ba*.csv:tuned"))
    before = {one.name: one.read_bytes() for one in desk.iterdir()}
    for target in ("looks.db", "good.csv", "bad.csv", "key", "cash.csv", "auditor.toml", "excepted.json"):
        result = run("gate", "--only", "good", "--report", f"json:{target}")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "would overwrite" in result.stderr
    assert {one.name: one.read_bytes() for one in desk.iterdir()} == before  # no look was counted
    config.write_text(before["auditor.toml"].decode().replace('ledger = "sqlite:///looks.db"\n', ""))
    assert "would overwrite" in run("gate", "--report", "json:good.csv").stderr


def test_the_json_is_alone_and_holds_the_whole_audits(desk, run):
    from auditor.report.machine import schema

    result = run("gate", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    found = json.loads(result.stdout)
    assert [(one["name"], one["status"]) for one in found["audits"]] == [("good", "passed"), ("bad", "failed")]
    for one in found["audits"]:
        Draft202012Validator(schema()).validate(one["audit"])
    assert found["head"] == str(Ledger(f"sqlite:///{desk / 'looks.db'}").head())


def test_in_github_actions_the_config_is_annotated_and_the_summary_written(desk, run, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(desk.parent))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(desk / "summary.md"))
    (desk / "summary.md").write_text("before\n")
    result = run("gate")
    told = f"::error file={desk.name}/auditor.toml,line=11,title=auditor%3A bad::rule: reps 199; finding: "
    assert told in result.stdout
    assert (desk / "summary.md").read_text().startswith("before\n## auditor gate: 1 of 2 pass, 1 fails\n")
    result = run("gate", "--json")
    json.loads(result.stdout)
    assert result.stderr.startswith("::error ")


def test_nothing_fails_because_the_summary_cannot_be_written(desk, run, monkeypatch):
    only_good(desk)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(desk / "no" / "summary.md"))
    result = run("gate")
    assert result.exit_code == 0
    assert "the step's summary could not be written (No such file or directory)" in result.stderr


@pytest.mark.parametrize(
    "how", ["config", "ledger", "no config", "defect", "another report", "interrupt", "terminate", "late"]
)
def test_a_gate_that_ends_before_it_has_judged_leaves_no_report_that_passes(desk, run, monkeypatch, how):
    only_good(desk)
    reports = [one for kind, path in REPORTS.items() for one in ("--report", f"{kind}:{path}")]
    assert run("gate", *reports).exit_code == 0
    file = desk / "auditor.toml"
    line, extra, code = 1, [], 2
    if how == "late":
        done = machine.write

        def write(path, text):
            done(path, text)
            monkeypatch.setattr(machine, "write", done)
            signal.raise_signal(signal.SIGTERM)  # the first of the reports is there, the others are old

        monkeypatch.setattr(machine, "write", write)
        words, code = "terminated", 143
    elif how == "config":
        file.write_text(file.read_text() + "levl = 0.1\n")
        line, words = 10, "auditor.toml:10: unknown key 'levl'"
    elif how == "ledger":
        file.write_text(file.read_text().replace("sqlite:///looks.db", "sqlite:///no/such/looks.db"))
        words = "does not exist. Make it first."
    elif how == "no config":
        file.unlink()
        words = "make one with `auditor init`"
    elif how == "defect":
        monkeypatch.setattr("auditor.gate.run.run_gate", lambda *_, **__: {}["x"])
        words = "internal error: KeyError"
    elif how in ("interrupt", "terminate"):
        comes, words, code = {
            # Not the signal itself, which a shell's job in the background ignores.
            "interrupt": (lambda: signal.default_int_handler(signal.SIGINT, None), "interrupted", 130),
            "terminate": (lambda: signal.raise_signal(signal.SIGTERM), "terminated", 143),
        }[how]
        monkeypatch.setattr("auditor.gate.run.failures", lambda *_, **__: comes())
    else:
        extra, words = ["--report", "md:no/such/x.md"], "the directory"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(desk / "summary.md"))
    result = run("gate", *reports, *extra, "--exit-zero")
    assert result.exit_code == code
    assert words in result.stderr
    (told,) = result.stdout.splitlines()
    assert told.startswith(f"::error file=auditor.toml,line={line},title=auditor%3A auditor gate::")
    top = ElementTree.parse(desk / "g.xml").getroot()
    assert (top.get("tests"), top.get("errors"), top.get("failures")) == ("1", "1", "0")
    assert words in top.find(".//error").get("message")
    found = json.loads((desk / "g.json").read_text())
    assert (found["exit_code"], found["audits"][0]["status"]) == (code, "error")
    assert not json.loads((desk / "g.sarif").read_text())["runs"][0]["invocations"][0]["executionSuccessful"]
    assert (desk / "g.txt").read_text() == told + "\n"
    for path in ("g.md", "g.html", "summary.md"):
        assert "1 could not be run" in (desk / path).read_text()


def test_a_report_that_cannot_be_written_leaves_the_verdict_and_the_other_reports(desk, run, monkeypatch):
    only_good(desk)
    reports = [one for kind, path in REPORTS.items() for one in ("--report", f"{kind}:{path}")]
    write = machine.write

    def no_room(path, text):
        if path == "g.html":
            raise InputError(f"{path}: could not be written (No space left on device)")
        write(path, text)

    monkeypatch.setattr(machine, "write", no_room)
    result = run("gate", *reports)
    assert result.exit_code == 2
    assert result.stdout.startswith("pass      good  efficiency")
    assert result.stderr.count("wrote") == len(REPORTS) - 1
    assert result.stderr.endswith("error: g.html: could not be written (No space left on device)\n")
    assert not (desk / "g.html").exists()
    assert ElementTree.parse(desk / "g.xml").getroot().get("failures") == "0"


def test_reports_are_there_where_the_reader_of_the_text_has_left(desk):
    command = [sys.executable, "-m", "auditor", "gate", "--report", "json:g.json"]
    with subprocess.Popen(command, cwd=desk, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 141, told
    assert json.loads((desk / "g.json").read_text())["exit_code"] == 1


def test_a_gate_that_cannot_begin_writes_over_its_own_reports_alone(desk, run):
    file = desk / "auditor.toml"
    file.write_text(file.read_text() + "levl = 0.1\n")
    (desk / "wrong.json").write_text('{"schema": 1, "calibration": 3}\n')
    (desk / "empty.xml").touch()
    before = {one.name: one.read_bytes() for one in desk.iterdir()}
    targets = ("auditor.toml", "good.csv", "wrong.json", "no/such.json", ".")
    flags = [one for path in targets for one in ("--report", f"json:{path}")]
    result = run("gate", *flags, "--report", "junit:empty.xml", "--report", "junit:new.xml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown key 'levl'" in result.stderr
    after = {one.name: one.read_bytes() for one in desk.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"empty.xml", "new.xml"}


def test_every_report_begins_as_its_own_kind_does(desk, run):
    from auditor.gate.reports import BEGINS

    run("gate", *[one for kind, path in REPORTS.items() for one in ("--report", f"{kind}:{path}")])
    assert all((desk / path).read_text().startswith(BEGINS[kind]) for kind, path in REPORTS.items())
    assert BEGINS.keys() == REPORTS.keys()


OBEYED = re.compile(r"(?m)##\[|^\s*::(?!error file=)")


def test_no_name_of_a_folder_is_a_command_in_github_actions(desk, run, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    name = "##[stop-commands]tok"
    for folder in (name, "::stop-commands::tok", "plain"):
        (desk / folder).mkdir()
        (desk / folder / "bad.csv").write_bytes((desk / "bad.csv").read_bytes())
    (desk / "auditor.toml").write_text(
        'ledger = "sqlite:///looks.db"\noos_start = 1998-01-31\nreps = 199\n'
        '[[audit]]\nbase = "bad.csv:base"\ntuned = "*/bad.csv:tuned"\n'
    )
    shown = run("gate")
    assert "#\u200b#[stop-commands]tok" in shown.stdout
    assert shown.stdout.count("\n::error file=auditor.toml,line=4,title=auditor%3A ") == 3
    as_json = run("gate", "--json")
    assert json.loads(as_json.stdout)["audits"][0]["name"] == name
    ledger = ("--ledger", "sqlite:///looks.db", "--strategy", name, "--oos-start", "1998-01-31", "--reps", "199")
    printed = [
        shown, as_json,
        run("gate", "--only", name, "--report", f"github:{name}.txt"), run("gate", "--only", f"\n{name}x"),
        run("audit", f"{name}/bad.csv:base", f"{name}/bad.csv:tuned", *ledger, "--report", "json:##[x]"),
        run("audit", "::error::x", "x"), run("ledger", "list"), run("ledger", "export"),
        run("ledger", "export", "--json"),
        run("ledger", "list", "--ledger", "::error::x\n  ::error::y"), run("no-such\n::error::x"),
    ]  # fmt: skip
    for one in printed:
        assert not OBEYED.search(one.stdout), one.stdout
        assert not OBEYED.search(one.stderr), one.stderr
    assert "##[" not in (desk / f"{name}.txt").read_text()
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert name in run("ledger", "export").stdout


def test_twenty_audits_in_one_process_are_quick(desk, run):
    config = 'ledger = "sqlite:///looks.db"\noos_start = 1998-01-31\n'
    for number in range(20):
        pair = "good" if number % 2 else "bad"
        config += (
            f'[[audit]]\nname = "a{number}"\nbase = "{pair}.csv:base"\ntuned = "{pair}.csv:tuned"\nseed = {number}\n'
        )
    (desk / "auditor.toml").write_text(config)
    run("gate", "--only", "a0")
    began = time.process_time()
    assert run("gate", "-q").stdout.startswith(("10 of 20", "0 of 20"))
    # Half of the 15 seconds that 2 cores may take, in seconds of one core, so that a busy machine fails nothing.
    assert time.process_time() - began < 15


MIXED = (["--json"], ["--report", "json:acc.json"], ["--exit-zero"], ["--only", "bad"])


def test_options_that_do_not_go_together_are_refused(desk, run):
    for flags in (["--reason", "x"], ["--accept", "bad"], ["--accept", "bad", "--reason", " "],
                  ["--accept", "bad", "--reason", "x", "--only", "bad"], ["--report", "pdf:x"],
                  ["--accept", "bad", "--reason", "x", "--days", 3, "--expires", "2030-01-01"],
                  ["--report", "md:auditor.toml"], ["--expires", "soon"],
                  *(["--accept", "bad", "--reason", "x", *more] for more in MIXED),
                  *(["--check", *more] for more in MIXED)):  # fmt: skip
        result = run("gate", *flags)
        assert result.exit_code == 2, flags
        assert result.stdout == ""
    assert not os.path.exists("looks.db")
    assert tuple(REPORTS) == import_module("auditor.cli_gate").FORMATS
