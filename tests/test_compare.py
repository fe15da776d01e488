"""Two audits side by side: every difference is told, and no file can do more than be refused."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from functools import cache

import pytest
from click.testing import CliRunner
from spoiled import change

import auditor
from auditor import compare, demo
from auditor.cli import main
from auditor.errors import InputError

PAIRS = {pair.name: pair for pair in demo.pairs()}


@cache
def audited(name: str, **options: object) -> auditor.Audit:
    """A bundled pair, audited."""
    return demo.audit_pair(PAIRS[name], reps=999, **options)


@pytest.fixture
def data() -> dict:
    """The JSON data of an audit, to be spoiled."""
    return json.loads(audited("riskmanaged_momentum").to_json())


@pytest.fixture
def saved(tmp_path):
    """Write JSON data or text to a file, and give its path."""

    def write(content: object, name: str = "audit.json") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


def test_an_audit_beside_itself_has_changed_nothing():
    one = audited("mkt_plus_hml_mom")
    found = compare(one, one)
    assert not found.changed
    assert found.same_data
    assert found.same_settings
    assert (found.flips, found.inputs, found.settings, found.versions) == ((), (), (), ())
    text = str(found)
    assert text.startswith("Unchanged: NEW EDGE (presumed)\nThe same data and settings.\n")
    assert "No check changed its answer." in text


def test_every_difference_is_told():
    before, after = audited("riskmanaged_momentum"), audited("mkt_plus_hml_mom", seed=4)
    found = compare(before, after)
    assert found.changed
    assert found.before.gain == before.sharpe.out_of_sample.gain
    assert found.after.ci == after.sharpe.out_of_sample.ci
    assert found.after.new_p == after.attribution.new_p
    assert found.before.new_p is None
    answers = {one.name: one.passed for one in before.checks}, {one.name: one.passed for one in after.checks}
    assert {flip.name for flip in found.flips} == {name for name in answers[0] if answers[0][name] != answers[1][name]}
    assert [(one.name, one.before, one.after) for one in found.settings] == [("seed", 0, 4)]
    assert [change.name for change in found.inputs] == ["base", "tuned"]
    assert found.inputs[0].before["sha256"] == before.inputs[0].sha256


def test_the_other_way_round_is_the_mirror():
    one, other = audited("riskmanaged_momentum"), audited("mkt_plus_hml_mom")
    there, back = compare(one, other), compare(other, one)
    assert replace(there.before, name="") == replace(back.after, name="")
    assert {(flip.name, flip.before, flip.after) for flip in there.flips} == {
        (flip.name, flip.after, flip.before) for flip in back.flips
    }


def test_another_version_of_the_tuned_policy_is_told_to_use_the_window_up(data, saved):
    other = json.loads(json.dumps(data))
    other["inputs"][1]["sha256"] = "0" * 64
    found = compare(saved(data, "a.json"), saved(other, "b.json"))
    assert not found.same_data
    assert "another tuned policy" in str(found)
    assert "uses some of it up" in re.sub(r"\s+", " ", str(found))


SAME, OTHER = "The same policies; what differs (trials, a library)", "The same base, another tuned policy."
BEYOND = "The data differs beyond the tuned policy"


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (["tuned rollouts"], OTHER),
        (["tuned", "tuned rollouts"], OTHER),
        (["tuned", "trials"], OTHER),
        (["library"], SAME),
        (["library", "trials"], SAME),
        (["base rollouts", "tuned rollouts"], BEYOND),
        (["tuned", "known", "library"], BEYOND),
    ],
)
def test_what_differs_decides_what_the_two_gains_are_of(data, roles, said):
    given = ["known", "library", "trials", "base rollouts", "tuned rollouts"]
    data["inputs"] += [{**data["inputs"][0], "role": role} for role in given]
    other = json.loads(json.dumps(data))
    for one in other["inputs"]:
        if one["role"] in roles:
            one["sha256"] = "0" * 64
    found = compare(data, other)
    assert {change.name for change in found.inputs} == set(roles)
    assert said in re.sub(r"\s+", " ", str(found))


def test_a_renamed_file_of_the_same_values_is_the_same_data(data, saved):
    other = json.loads(json.dumps(data))
    other["inputs"][1]["name"] = "elsewhere.csv"
    assert compare(saved(data, "a.json"), saved(other, "b.json")).same_data


def test_checks_and_inputs_that_one_audit_lacks_are_told(data):
    other = json.loads(json.dumps(data))
    gone = other["checks"].pop(2)
    other["inputs"].append({**other["inputs"][0], "role": "known", "name": "factors.csv"})
    other["versions"]["numpy"] = "9.9"
    found = compare(data, other)
    assert [(flip.name, flip.after) for flip in found.flips] == [(gone["name"], None)]
    assert [(change.name, change.before) for change in found.inputs] == [("known", None)]
    assert [change.name for change in found.versions] == ["numpy"]
    text = str(found)
    assert "no such check" in text
    assert "known: none -> factors.csv" in text


def test_a_path_an_audit_and_its_data_are_all_taken(saved):
    one = audited("riskmanaged_momentum")
    path = saved(one.to_json())
    for given in (one, one.to_dict(), path, os.fspath(path)):
        assert compare(given, one).before.gain == one.sharpe.out_of_sample.gain


def test_text_fits_a_terminal_and_every_number_of_it_is_in_the_json(saved):
    paths = [saved(audited(name).to_json(), f"{name}.json") for name in ("riskmanaged_momentum", "mkt_plus_hml_mom")]
    done = CliRunner().invoke(main, ["compare", *paths])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = json.loads(CliRunner().invoke(main, ["compare", *paths, "--json"]).stdout)
    assert told["schema"] == 1
    row = next(line for line in done.stdout.splitlines() if line.startswith("gain  "))
    gains = [told[side]["gain"] for side in ("before", "after")]
    assert row.split()[1:] == [f"{gains[0]:+.2f}", f"{gains[1]:+.2f}", f"{gains[1] - gains[0]:+.2f}"]
    quiet = CliRunner().invoke(main, ["compare", *paths, "--quiet"])
    assert quiet.stdout == "REWEIGHTING: efficiency (shown) -> NEW EDGE (presumed)\n"


def test_names_cannot_reach_the_terminal(data, saved):
    other = json.loads(json.dumps(data))
    nasty = "\x1b[31m<img src=x>\u202e" + "x" * 500
    other["inputs"][1] |= {"name": nasty, "sha256": nasty, "role": nasty}
    other["checks"][0] |= {"question": nasty, "passed": not other["checks"][0]["passed"]}
    other["settings"] |= {nasty: nasty}
    other["versions"] |= {nasty: nasty}
    done = CliRunner().invoke(main, ["compare", saved(data, "a.json"), saved(other, "b.json")])
    assert done.exit_code == 0, done.output
    assert not set(done.stdout) & {"\x1b", "\u202e"}
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("way", "value", "words"),
    [
        ("schema", 2, "has schema 2, and this program reads schema 1"),
        ("schema", True, "has schema True"),
        ("schema", None, "is JSON, but not that of an audit"),
        ("finding", None, "is JSON, but not that of an audit"),
        ("finding", "edge", "finding is 'edge', not one of new_edge"),
        ("finding", ["new_edge"], "finding is list, not str"),
        ("sharpe", [], "lacks sharpe.out_of_sample"),
        ("sharpe.out_of_sample.gain", "0.4", "gain is str, not a number"),
        ("sharpe.out_of_sample.gain", True, "gain is bool, not a number"),
        ("sharpe.out_of_sample.gain", 10**400, "no finite number"),
        ("sharpe.out_of_sample.ci", [1.0], "ci has 1 entries"),
        ("sharpe.out_of_sample.n_obs", None, "lacks sharpe.out_of_sample.n_obs"),
        ("sharpe.out_of_sample.n_obs", 1.5, "n_obs is float, not int"),
        ("checks", {}, "checks is dict, not list"),
        ("checks", [3], "lacks passed"),
        ("checks", [{}] * 20_000, "checks has 20,000 entries"),
        ("inputs", [{"role": "base"}], "lacks name"),
        ("settings", [], "settings is list, not dict"),
        ("versions", {str(i): "1" for i in range(20_000)}, "versions has 20,000 entries"),
    ],
)
def test_what_is_not_an_audit_is_refused_in_one_line(data, saved, way, value, words):
    path = saved(change(data, way, value))
    done = CliRunner().invoke(main, ["compare", path, path])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1 is not JSON"),
        ("not json", "line 1 is not JSON"),
        ("[" * 200_000, "nested deeper"),
        ('{"schema": NaN}', "NaN is no JSON number"),
        ('{"schema": 1, "schema": 1}', "'schema' stands twice"),
        ('{"schema": ' + "9" * 5_000 + "}", "is not the JSON of an audit"),
        ("[]", "is JSON, but not that of an audit"),
        ('"a"', "is JSON, but not that of an audit"),
        ("null", "is JSON, but not that of an audit"),
    ],
)
def test_hostile_json_is_refused(text, words, saved):
    path = saved(text)
    done = CliRunner().invoke(main, ["compare", path, path])
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_files_that_cannot_be_read_are_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no such file"):
        compare(tmp_path / "none.json", tmp_path / "none.json")
    with pytest.raises(InputError, match="no such file"):
        compare(tmp_path, tmp_path)
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InputError, match="not UTF-8 from byte 7"):
        compare(latin, latin)
    monkeypatch.setattr("auditor.report.untrusted.MOST_BYTES", 5)
    with pytest.raises(InputError, match="more than any audit has"):
        compare(latin, latin)
