"""A run of the gate goes in; JSON, JUnit's XML and SARIF, which programs read, come out."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree

from auditor import __version__
from auditor.report.gate import around, own_options, summary, told
from auditor.report.machine import VERSION, as_dict
from auditor.report.plain import clean

if TYPE_CHECKING:
    from auditor.gate.outcome import GateRun, Outcome

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

RULES = {
    "finding": "The finding must be one that the config requires.",
    "standing": "The finding must be shown where the config says so, not only presumed.",
    "gain_beyond_rounding": "The out-of-sample gain must be more than rounding.",
    "gain_survives": "The gain must survive out of sample, at the level that earlier looks have left.",
    "gain_probable": "The gain must be probable out of sample.",
    "gain_at_longer_horizon": "Half of the gain must be left when risk is measured over a longer horizon.",
    "new_part_earns": "The new part must earn, alone and beside the rest.",
    "edge_share": "The new part must make up enough of the gain.",
    "not_narrower": "The tuned policy must not simply be a part of the base.",
    "promise_kept": "The in-sample gain must not be refuted out of sample.",
}
"""Every rule that can fail, by the name that `Failure.rule` has."""


def as_record(run: GateRun, *, exit_code: int) -> dict[str, Any]:
    """Give plain data: every outcome with its audit in full."""
    return {
        "schema": VERSION,
        "config": run.config,
        "exit_code": exit_code,
        "summary": summary(run),
        "ledger": run.ledger,
        "head": run.head,
        "notes": list(run.notes),
        "audits": [_record(one) for one in run.outcomes],
    }


def _record(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.entry.name,
        "strategy": one.entry.strategy,
        "line": one.entry.line,
        "status": one.status,
        "requires": {name: list(value) if isinstance(value, tuple) else value
                     for name, value in asdict(one.entry.needed).items()},
        "options": own_options(one.entry),
        "failures": [asdict(failure) for failure in one.failures],
        "message": one.message or None,
        "accepted": None if one.accepted is None else asdict(one.accepted) | {"rules": list(one.accepted.rules)},
        "notes": list(one.notes),
        "audit": None if one.audit is None else as_dict(one.audit),
    }  # fmt: skip


def junit(run: GateRun) -> str:
    """Give one test case an audit: failed, in error, or passed; an exception and notes are its output."""
    counts = {"tests": len(run.outcomes), "failures": sum(1 for _ in run.of("failed")),
              "errors": sum(1 for _ in run.of("error")), "skipped": 0}  # fmt: skip
    totals = {name: str(count) for name, count in counts.items()}
    top = ElementTree.Element("testsuites", {"name": "auditor gate", **totals})
    suite = ElementTree.SubElement(top, "testsuite", {"name": clean(run.config), **totals})
    for one in run.outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": "auditor.gate", "name": clean(one.entry.name), "file": clean(run.config),
             "line": str(one.entry.line), "time": "0"},
        )  # fmt: skip
        said = "\n".join(map(clean, told(one)))
        if one.status == "failed":
            child = ElementTree.SubElement(case, "failure", {"message": clean(str(one.failures[0])), "type": "gate"})
            child.text = said
        elif one.status == "error":
            child = ElementTree.SubElement(case, "error", {"message": clean(one.message), "type": "could not run"})
            child.text = said
        elif said:
            ElementTree.SubElement(case, "system-out").text = said
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def sarif(run: GateRun) -> str:
    """Give SARIF 2.1.0: a result for every rule that fails, at the config's line; exceptions are suppressed results."""
    results = [
        result
        for one in run.of("failed", "accepted")
        for result in (_result(run, one, index) for index in range(len(one.failures)))
    ]
    notifications = [
        {
            "level": "error",
            "descriptor": {"id": "could-not-run"},
            "message": {"text": f"{clean(one.entry.name)}: {clean(one.message)}"},
            "locations": [_location(run, one)],
        }
        for one in run.of("error")
    ]
    driver = {
        "name": "auditor",
        "version": __version__,
        "semanticVersion": __version__,
        "notifications": [{"id": "could-not-run", "shortDescription": {"text": "An audit could not be run."}}],
        "rules": [
            {"id": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}
            for name, text in RULES.items()
        ],
    }
    log = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not notifications,
                        "toolExecutionNotifications": notifications,
                        "properties": {"notes": [clean(note) for note in around(run)]},
                    }
                ],
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(run: GateRun, one: Outcome, index: int) -> dict[str, Any]:
    failure = one.failures[index]
    found: dict[str, Any] = {
        "ruleId": failure.rule,
        "ruleIndex": list(RULES).index(failure.rule),
        "level": "error",
        "message": {"text": f"{clean(one.entry.name)}: {clean(str(failure))}"},
        "locations": [_location(run, one)],
        "partialFingerprints": {"auditAndRule/v1": f"{clean(one.entry.name)}:{failure.rule}"},
    }
    if one.accepted is not None:
        reason = f"{one.accepted.reason} ({one.accepted.by}, until {one.accepted.expires})"
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": clean(reason)}]
    return found


def _location(run: GateRun, one: Outcome) -> dict[str, Any]:
    # A uri, so separators are slashes and other characters are escaped.
    uri = quote(re.sub(r"\\", "/", run.config), errors="replace")
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": one.entry.line}}}
