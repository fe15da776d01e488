"""What a config requires, held against audits of every finding."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from auditor.verdict.checks import Check
from auditor.verdict.gate import FINDINGS, Failure, Requirements, failures


def check(name, value, relation, threshold, passed, reason=None):
    return Check(name=name, question=f"{name}?", value=value, relation=relation, threshold=threshold, passed=passed,
                 reason=reason)  # fmt: skip


CHECKS = (
    check("in_sample_gain", 0.3, ">=", 0.005, True),
    check("gain_beyond_rounding", 0.2, ">=", 0.005, True),
    check("gain_survives", 0.07, "<", 0.03, False),
    check("gain_at_longer_horizon", 0.9, ">=", 0.5, True),
    check("new_part_earns", 0.4, "<", 0.03, False),
    check("edge_share", 0.1, ">=", 0.25, False),
    check("not_narrower", -3.0, ">=", -1.64, False),
    check("promise_kept", 0.4, ">=", 0.5, False),
)


def audit(finding="unproven", standing="presumed", evidence="returns", checks=CHECKS):
    return SimpleNamespace(finding=finding, standing=standing, evidence=evidence, checks=checks)


@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize("required", FINDINGS)
def test_a_finding_passes_if_it_is_required(finding, required):
    failed = failures(audit(finding), Requirements(require=(required,)))
    assert (failed == ()) == (finding == required)
    if failed:
        assert failed[0] == Failure(rule="finding", value=finding, threshold=required)


def test_what_only_is_presumed_does_not_pass_where_it_must_be_shown():
    needed = Requirements(standing="shown")
    assert failures(audit("efficiency", "shown"), needed) == ()
    (failed,) = failures(audit("efficiency"), needed)
    assert str(failed) == "standing: presumed, from returns, needs shown"


def test_an_undecided_gain_passes_only_where_the_config_lets_it():
    assert failures(audit("unproven"), Requirements())[0].rule == "finding"
    assert failures(audit("unproven"), Requirements(on_undecided="pass")) == ()
    assert failures(audit("unproven"), Requirements(on_undecided="pass", standing="shown")) == ()
    # It is about what could not be told, not about what was refuted.
    for finding in ("flattering", "no_gain"):
        assert failures(audit(finding), Requirements(on_undecided="pass"))


def rules(found):
    return [one.rule for one in found[1:]]


def test_the_checks_it_failed_by_are_named_with_value_and_threshold():
    found = failures(audit(), Requirements())
    assert [str(one) for one in found] == [
        "finding: unproven, needs new_edge or efficiency", "gain_survives: 0.07, needs < 0.03",
    ]  # fmt: skip
    assert rules(failures(audit("flattering"), Requirements())) == ["gain_survives", "promise_kept"]


def test_where_only_new_edge_passes_its_own_checks_are_named():
    new_edge = Requirements(require=("new_edge",))
    assert rules(failures(audit(), new_edge)) == ["gain_survives", "new_part_earns", "edge_share", "not_narrower"]
    assert "not_narrower" not in rules(failures(audit(evidence="trades"), new_edge))
    probable = (*CHECKS, check("gain_probable", 0.07, "<", 0.12, True))
    assert "gain_survives" not in rules(failures(audit(checks=probable), new_edge))


def test_a_check_that_was_not_made_is_named_where_it_alone_stood_in_the_way():
    blind = check("gain_at_longer_horizon", None, ">=", 0.5, None, "no window is long enough")
    checks = tuple(blind if one.name == blind.name else one for one in CHECKS)
    assert rules(failures(audit(checks=checks), Requirements())) == ["gain_survives"]
    passing = tuple(replace(one, passed=True) if one.passed is False else one for one in checks)
    found = failures(audit(checks=passing), Requirements())
    assert str(found[1]) == "gain_at_longer_horizon: not assessed (no window is long enough), needs >= 0.5"


def test_a_direction_that_nobody_can_tell_is_named_where_it_alone_barred_new_edge():
    blind = check("not_narrower", None, ">=", -1.64, None, "a part of the base could look the same")
    passing = tuple(blind if one.name == blind.name else replace(one, passed=True) for one in CHECKS)
    found = failures(audit("efficiency", checks=passing), Requirements(require=("new_edge",)))
    assert str(found[1]) == "not_narrower: not assessed (a part of the base could look the same), needs >= -1.64"
    assert len(found) == 2
    horizon = check("gain_at_longer_horizon", None, ">=", 0.5, None, "no window is long enough")
    both = tuple(horizon if one.name == horizon.name else one for one in passing)
    assert rules(failures(audit(checks=both), Requirements(require=("new_edge",)))) == ["gain_at_longer_horizon"]


def test_unproven_among_what_is_required_is_held_to_the_standing():
    """`on_undecided` lets pass what is not required; what is, passes by its own rule."""
    needed = Requirements(require=("unproven",), on_undecided="pass", standing="shown")
    assert [one.rule for one in failures(audit("unproven"), needed)] == ["standing"]
    assert failures(audit("unproven", "shown"), needed) == ()


@pytest.mark.parametrize(
    ("value", "threshold", "shown"),
    [(0.07, 0.03, "0.07"), (0.123456, 0.03, "0.1235"), (0.0300012, 0.03, "0.030001"), (0.03, 0.03, "0.03")],
)
def test_digits_are_as_many_as_it_takes(value, threshold, shown):
    checks = (check("gain_survives", value, "<", threshold, False),)
    assert failures(audit(checks=checks), Requirements())[1].value == shown


def test_a_value_that_rounds_to_its_threshold_is_seen_to_fail():
    near = tuple(replace(one, value=0.0300001) if one.name == "gain_survives" else one for one in CHECKS)
    assert str(failures(audit(checks=near), Requirements())[1]) == "gain_survives: 0.0300001, needs < 0.03"
