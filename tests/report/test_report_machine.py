"""The JSON: what its schema says, the same bytes every time, nulls with reasons; and files whole or not at all."""

from __future__ import annotations

import json
import math
import os
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from auditor.batch.record import record_of
from auditor.errors import InputError
from auditor.report import machine
from auditor.report.machine import as_dict, as_json, check_target, schema, write
from auditor.stats.selection import select
from auditor.stats.shape import shape_of_pair


def validate(data):
    Draft202012Validator(schema()).validate(data)


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(schema())


def test_every_finding_validates(audit):
    validate(as_dict(audit))
    validate(json.loads(as_json(audit)))


def test_what_does_not_exist_is_null_with_a_reason(degenerate):
    data = as_dict(degenerate)
    validate(data)
    test = data["sharpe"]["out_of_sample"]
    assert test["se"] is None
    assert test["se_reason"] == "not a number"
    assert test["ci"] == [None, None]
    assert test["ci_reason"] == "unbounded: too many resamples have an error of zero, or nearly so"
    assert test["upper_bound"] is None
    assert "infinite" in test["upper_bound_reason"]
    assert test["jkm_z_reason"]
    assert test["periods_needed_reason"]


def test_an_interval_that_the_text_calls_unbounded_has_no_ends(new_edge):
    test, parts = new_edge.sharpe.out_of_sample, new_edge.attribution.out_of_sample
    part = replace(parts.edge_part, ci=(-7e6, 7e6))
    audit = replace(
        new_edge,
        sharpe=replace(new_edge.sharpe, out_of_sample=replace(test, ci=(-7e6, 7e6))),
        attribution=replace(new_edge.attribution, out_of_sample=replace(parts, edge_part=part)),
    )
    assert str(audit).count("(unbounded)") == 2
    data = as_dict(audit)
    validate(data)
    for one in (data["sharpe"]["out_of_sample"], data["attribution"]["out_of_sample"]["edge_part"]):
        assert one["ci"] == [None, None]
        assert one["ci_reason"].startswith("unbounded: ")
    assert data["sharpe"]["in_sample"]["ci"] == list(new_edge.sharpe.in_sample.ci)
    row = record_of(audit)
    assert row["gain_low"] is None
    assert row["gain_high"] is None
    undefined = replace(audit, sharpe=replace(audit.sharpe, in_sample=replace(test, ci=(math.nan, math.nan))))
    assert as_dict(undefined)["sharpe"]["in_sample"]["ci_reason"].startswith("no interval: ")


@pytest.mark.parametrize("form", ["to_json", "to_html", "to_markdown"])
def test_every_report_is_given_and_written_where_a_path_is_given(new_edge, tmp_path, form):
    for path in (tmp_path / "one", str(tmp_path / "other")):
        text = getattr(new_edge, form)(path)
        assert Path(path).read_text(encoding="utf-8") == text == getattr(new_edge, form)()


def test_no_null_number_without_a_reason(audit, degenerate):
    for data in (as_dict(audit), as_dict(degenerate)):
        for path, owner, name in nulls(data):
            if path[:1] == ("settings",) or name == "warning":
                continue  # there null is "not asked for", and "nothing to warn of"
            reasons = [key for key in owner if key.endswith("reason") and owner[key]]
            assert f"{name}_reason" in reasons or "reason" in reasons or "new_reason" in reasons, path


KNOWN = {
    "nothing": {"n_trials": None},
    "a count": {"n_trials": 30},
    "one trial": {"n_trials": 1},
    "a matrix": {},
    "one column": {"trials": np.random.default_rng(2).standard_normal((411, 1))},
    "constant columns": {"trials": np.zeros((411, 3))},
    "columns that are alike": {"trials": np.arange(411.0)[:, None] * [1.0, 2.0]},
}


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_every_null_of_the_selection_has_the_reason_that_was_found(searched, known):
    audit = searched(**known)
    data = as_dict(audit)
    validate(data)
    selection = data["selection"]
    found = {f"{name}: {value}" for name, value in selection.items() if name.endswith("_reason")}
    for name in (name for name, value in selection.items() if value is None):
        assert f"{name}_reason" in selection, name
        reason = selection[f"{name}_reason"]
        assert name == "n_trials" or any(text.endswith(f": {reason}") for text in audit.selection.not_assessed), name
    assert len(found) == sum(value is None for value in selection.values())


def test_policies_that_do_not_vary_in_sample_have_that_as_their_reason(new_edge):
    flat = np.zeros(60)
    selection = select(flat, flat, periods_per_year=12, block=5)
    data = as_dict(replace(new_edge, selection=selection))
    validate(data)
    assert "does not vary" in data["selection"]["psr_reason"]
    assert data["selection"]["dsr_over_base_reason"] == data["selection"]["psr_reason"]
    assert not list(unexplained(data["selection"]))


def test_a_base_that_explains_everything_leaves_no_regression(new_edge):
    inside = replace(new_edge.attribution.in_sample, on_base=None)
    data = as_dict(replace(new_edge, attribution=replace(new_edge.attribution, in_sample=inside)))
    validate(data)
    assert "up to rounding" in data["attribution"]["in_sample"]["on_base_reason"]
    assert "on_base_reason" not in data["attribution"]["out_of_sample"]


@pytest.mark.parametrize("n_obs", [3, 30])
def test_a_short_span_has_reasons_for_what_it_cannot_tell(new_edge, n_obs):
    base, tuned = np.random.default_rng(4).standard_normal((2, n_obs)) * 0.01 + 0.02
    short = shape_of_pair(base, tuned, (n_obs,), 12)
    data = as_dict(replace(new_edge, shape=replace(new_edge.shape, in_sample=short)))
    validate(data)
    found = data["shape"]["in_sample"]
    assert found["tails"]["reason"]
    assert not {"skew_reason", "tail_reason"} & set(found["tails"])
    assert (found["base"]["kurtosis"] is None) == ("kurtosis_reason" in found["base"]) == (n_obs == 3)
    for owner in (found, *found.values()):
        assert not list(unexplained(owner))


def unexplained(owner):
    """Every null of an object that has no reason in it."""
    reasons = [key for key in owner if key.endswith("reason") and owner[key]]
    for name, value in owner.items():
        explained = f"{name}_reason" in reasons or "reason" in reasons or name == "warning"
        if value is None and not name.endswith("reason") and not explained:
            yield name


def nulls(data, path=()):
    """Every (path, object, key) that holds a null, but the reasons themselves."""
    if isinstance(data, dict):
        for key, value in data.items():
            if value is None and not key.endswith("reason"):
                yield (*path, key), data, key
            yield from nulls(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from nulls(value, path)


def test_schema_first_and_the_fields_under_their_own_names(audit):
    data = as_dict(audit)
    assert next(iter(data)) == "schema"
    assert list(data)[1:] == [field.name for field in fields(audit) if field.name != "pictures"]
    assert data["sharpe"]["out_of_sample"]["gain"] == audit.sharpe.out_of_sample.gain
    assert data["checks"][2]["value"] == audit.checks[2].value


def test_every_field_of_the_result_stands_in_the_schema(audit):
    """A field added to a dataclass must be described, or output would not validate: found here by name."""
    known = json.dumps(schema())
    for name in names(audit):
        assert f'"{name}"' in known, name


def names(value):
    if is_dataclass(value):
        for field in fields(value):
            if field.name == "pictures":
                continue
            yield field.name
            yield from names(getattr(value, field.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from names(inner)


@pytest.mark.parametrize(
    "place",
    [
        ("selection",),
        ("selection", "nulls"),
        ("shape",),
        ("shape", "in_sample"),
        ("shape", "out_of_sample", "tuned"),
        ("shape", "out_of_sample", "tuned", "worst"),
        ("shape", "out_of_sample", "sources"),
        ("shape", "out_of_sample", "without_best"),
        ("shape", "out_of_sample", "tails"),
        ("attribution", "out_of_sample", "on_base"),
    ],
)
def test_the_new_fields_are_strict(new_edge, place):
    data = as_dict(new_edge)
    owner = data
    for name in place:
        owner = owner[name]
    owner["extra"] = 1.0
    assert list(Draft202012Validator(schema()).iter_errors(data))
    del owner["extra"]
    if place[-1] != "nulls":
        del owner[next(name for name in owner if not name.endswith("reason"))]
        assert list(Draft202012Validator(schema()).iter_errors(data))


@pytest.mark.parametrize(("block", "fine"), [("auto", True), ("calibrate", True), (12, True), ("paper", False)])
def test_the_block_as_asked_for(new_edge, block, fine):
    data = as_dict(replace(new_edge, settings={**new_edge.settings, "block": block, "n_trials": 30, "trials": 30}))
    assert Draft202012Validator(schema()).is_valid(data) == fine


@pytest.mark.parametrize("change", [{"label": "edge"}, {"extra": 1}, {"schema": 2}, {"reason": None}])
def test_the_schema_is_strict(new_edge, change):
    assert list(Draft202012Validator(schema()).iter_errors(as_dict(new_edge) | change))


def test_each_required_field_is_missed(new_edge):
    for name in as_dict(new_edge):
        data = as_dict(new_edge)
        del data[name]
        assert list(Draft202012Validator(schema()).iter_errors(data)), name


def test_every_number_of_the_schema_is_described():
    def undescribed(node, path=()):
        if isinstance(node, dict):
            for name, inner in node.get("properties", {}).items():
                # An "if" names what is described above.
                if path[-1:] not in (("if",), ("then",), ("else",)) and not {"$ref", "description"} & set(inner):
                    yield (*path, name)
            for key, inner in node.items():
                yield from undescribed(inner, (*path, key))
        elif isinstance(node, list):
            for inner in node:
                yield from undescribed(inner, path)

    assert not list(undescribed(schema()))


def test_the_same_audit_gives_the_same_bytes(audit):
    assert as_json(audit) == as_json(replace(audit))
    assert as_json(audit).endswith("}\n")


def test_text_survives_and_nothing_in_it_reaches_a_terminal(hostile):
    name = "r\u00e9s\x1b[31m\x9b31m\u202e\u2028\udc80|`.csv"
    text = as_json(hostile(name))
    assert "\u00e9" in text
    assert not set(text) & set("\x1b\x9b\u202e\u2028\udc80")
    assert json.loads(text)["inputs"][0]["name"] == name
    text.encode("utf-8")


def test_numpy_numbers_and_dates_become_plain(new_edge):
    import datetime

    odd = {"a": np.float64(0.5), "b": np.int64(3), "c": np.array([1.0, 2.0]), "d": datetime.date(2020, 1, 2)}
    data = as_dict(replace(new_edge, settings=odd))
    assert data["settings"] == {"a": 0.5, "b": 3, "c": [1.0, 2.0], "d": "2020-01-02"}
    assert json.loads(as_json(data)) == data


def test_write_replaces_the_whole_file(tmp_path):
    target = tmp_path / "audit.json"
    write(target, "a" * 1000)
    write(target, "\u00e9\n")
    assert target.read_bytes() == b"\xc3\xa9\n"
    assert os.listdir(tmp_path) == ["audit.json"]


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "audit.json"
    target.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine.os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["audit.json"]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(machine.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "audit.json", "new")
    assert os.listdir(tmp_path) == []


def test_write_keeps_permissions_and_links(tmp_path):
    real = tmp_path / "real.json"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    write(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_missing_directory_or_a_directory_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        check_target(tmp_path / "no" / "audit.json")
    with pytest.raises(InputError, match="is a directory"):
        write(tmp_path, "x")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="cannot be written"):
            write(tmp_path / "audit.json", "x")
    finally:
        tmp_path.chmod(0o700)


def test_to_json_writes_what_it_returns(new_edge, tmp_path):
    text = new_edge.to_json(tmp_path / "audit.json")
    assert (tmp_path / "audit.json").read_text(encoding="utf-8") == text == as_json(new_edge)
    assert math.isclose(json.loads(text)["attribution"]["edge_part"], 0.16)
