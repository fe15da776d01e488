"""The rule, row by row, from facts set by hand; and what each sentence must say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.special import ndtri

from auditor.coverage.booking import NO_TRADE_LEAVES
from auditor.coverage.direction import Direction
from auditor.stats.sharpe import SharpeTest
from auditor.verdict.checks import Facts
from auditor.verdict.label import judge
from auditor.verdict.words import confidence_text, meaning_of, p_text, share_text


def sharpe_of(gain, p=0.5, upper=1.0):
    return SharpeTest(
        null="",
        base=0.5,
        tuned=0.5 + gain,
        gain=gain,
        se=0.2,
        ci=(gain - 0.4, gain + 0.4),
        upper_bound=upper,
        level=0.05,
        p_value=p,
        p_value_two_sided=2 * min(p, 0.5),
        p_value_hac=p,
        jkm_z=1.0,
        correlation=0.9,
        min_detectable_gain=0.5,
        periods_needed=900 if gain > 0 else None,
        horizons=(),
        n_obs=500,
        block=5,
        reps=999,
        seed=0,
    )


def way(z=0.0, reason=None, could_see=-5.0):
    return Direction(null="", verdict="unclear", d=z, se=1.0, z=z, could_see=could_see, n_obs=500, reason=reason)


def facts(**changes):
    start = Facts(
        evidence="returns",
        level=0.05,
        gain_level=0.05,
        min_edge_share=0.25,
        in_sample=sharpe_of(0.8),
        out_of_sample=sharpe_of(0.5, 0.01),
        horizon=21,
        horizon_share=0.9,
        edge_part=0.3,
        edge_upper=0.6,
        new_p=0.01,
        new_reason=None,
        leaves_base=True,
        direction=way(),
        known_complete=False,
    )
    return replace(start, **changes)


FLAT = {"in_sample": sharpe_of(-0.2)}
ROWS = [
    # in-sample gain, out of sample -> finding, standing
    ({}, "new_edge", "presumed"),
    (FLAT, "new_edge", "presumed"),
    ({"evidence": "trades"}, "new_edge", "shown"),
    ({"evidence": "known"}, "new_edge", "presumed"),
    ({"evidence": "known", "known_complete": True}, "new_edge", "shown"),
    ({"evidence": "returns", "known_complete": True}, "new_edge", "presumed"),
    ({"new_p": 0.05}, "efficiency", "presumed"),
    ({"edge_part": 0.1}, "efficiency", "presumed"),
    ({"edge_part": 0.1, "edge_upper": 0.12}, "efficiency", "shown"),
    ({"edge_part": 0.125}, "new_edge", "presumed"),
    ({"direction": way(-1.7)}, "efficiency", "presumed"),
    ({"direction": way(-1.6)}, "new_edge", "presumed"),
    ({"direction": way(-1.7), "evidence": "trades"}, "new_edge", "shown"),
    ({"direction": way(0.3, could_see=-1.0)}, "new_edge", "presumed"),
    ({"direction": way(-1.7, could_see=-1.0)}, "efficiency", "presumed"),
    ({"gain_level": 0.2, "out_of_sample": sharpe_of(0.5, 0.19)}, "new_edge", "presumed"),
    (
        {
            "new_p": None,
            "new_reason": "there is no new part",
            "leaves_base": False,
            "edge_part": 0.0,
            "edge_upper": 0.0,
        },
        "efficiency",
        "shown",
    ),
    (FLAT | {"new_p": 0.5}, "efficiency", "presumed"),
    ({"out_of_sample": sharpe_of(0.5, 0.05)}, "unproven", "presumed"),
    ({"out_of_sample": sharpe_of(0.5, 0.05, upper=0.79)}, "flattering", "shown"),
    ({"out_of_sample": sharpe_of(0.5, 0.05, upper=0.8)}, "unproven", "presumed"),
    ({"out_of_sample": sharpe_of(-0.3, 0.9, upper=0.2)}, "flattering", "shown"),
    (FLAT | {"out_of_sample": sharpe_of(0.5, 0.05)}, "no_gain", "shown"),
    (FLAT | {"out_of_sample": sharpe_of(-0.3, 0.9)}, "no_gain", "shown"),
    ({"horizon_share": 0.49}, "unproven", "presumed"),
    ({"horizon_share": 0.5}, "new_edge", "presumed"),
    ({"horizon_share": None}, "unproven", "presumed"),
    (FLAT | {"horizon_share": 0.1}, "no_gain", "shown"),
    # with trades a gain need only be probable
    ({"evidence": "trades", "gain_level": 0.2, "out_of_sample": sharpe_of(0.5, 0.19)}, "new_edge", "shown"),
    ({"evidence": "trades", "gain_level": 0.2, "out_of_sample": sharpe_of(0.5, 0.2)}, "unproven", "presumed"),
    (
        {"evidence": "trades", "gain_level": 0.2, "out_of_sample": sharpe_of(0.5, 0.19), "new_p": 0.3},
        "unproven",
        "presumed",
    ),
    # equal up to rounding, whatever p says
    ({"in_sample": sharpe_of(0.0049), "out_of_sample": sharpe_of(0.0049, 0.0001)}, "no_gain", "shown"),
    ({"in_sample": sharpe_of(0.005), "out_of_sample": sharpe_of(0.0, 0.5)}, "unproven", "presumed"),
]


@pytest.mark.parametrize(("changes", "finding", "standing"), ROWS)
def test_the_rule(changes, finding, standing):
    found = judge(facts(**changes))
    assert (found.finding, found.standing) == (finding, standing)
    label = finding if finding in ("new_edge", "no_gain") else "reweighting"
    assert found.label == label
    assert found.reason.endswith(".")
    assert found.reason.count(". ") == 0
    assert len({check.name for check in found.checks}) == len(found.checks) == 8 + (facts(**changes).gain_level > 0.05)


def test_reasons_carry_their_numbers():
    assert "60% of it" in judge(facts()).reason
    assert "p = 0.010" in judge(facts()).reason
    assert "at most +0.20" in judge(facts(out_of_sample=sharpe_of(-0.3, 0.9, upper=0.2))).reason
    assert "gains of 0.50 and more" in judge(facts(out_of_sample=sharpe_of(0.5, 0.3))).reason
    smooth = judge(facts(horizon_share=0.1)).reason
    assert "smoothed" in smooth
    assert "10% of it" in smooth
    assert "z = -3.0" in judge(facts(direction=way(-3.0))).reason
    assert "not shown to earn (p = 0.500)" in judge(facts(new_p=0.5)).reason
    assert "20% of it" in judge(facts(edge_part=0.1)).reason


def test_no_word_contradicts_the_numbers_beside_it():
    def reason(**changes):
        return judge(facts(**changes)).reason

    def of(gain, p, upper=1.0, level=0.05):
        return replace(sharpe_of(gain, p, upper=upper), level=level)

    for level, sure in ((0.05, "95%"), (0.0304, "96.96%"), (0.001, "99.9%"), (0.0000121, "99.999%")):
        assert f"at most +0.70 with {sure} confidence" in reason(out_of_sample=of(0.5, 0.3, 0.7, level))
    assert confidence_text(0.0) == "100%"
    near = reason(in_sample=sharpe_of(0.3), out_of_sample=of(0.2971, 0.3, 0.2996))
    assert "rose by +0.3000; out of sample the gain is +0.2971 and at most +0.2996" in near
    same = reason(in_sample=sharpe_of(0.3), out_of_sample=of(0.1, 0.3, 0.3 - 1e-12))
    assert "rose by +0.30; out of sample the gain is +0.10 and at most +0.30" in same
    smooth = reason(**FLAT, horizon_share=-0.23)
    assert "(p = 0.010) does not last: with risk measured over 21 periods none of it is left" in smooth
    assert reason(**FLAT, out_of_sample=of(0.004, 0.001)).endswith("(p = 0.001) is no more than rounding.")
    assert "only" not in reason(edge_part=-0.1)
    assert "none of it comes from outside the base's opportunities" in reason(edge_part=-0.1)
    assert "none of it comes from opportunities that the base" in reason(evidence="trades", edge_part=0.0)
    assert "only under 1% of it comes from" in reason(edge_part=0.001)
    for gain, small in ((4.99, False), (0.496, False), (0.494, True)):
        said = reason(in_sample=sharpe_of(5.0), out_of_sample=of(gain, 0.06, 6.0))
        assert ("is too small for this data" in said) == small
        assert ("is not shown, although this data finds gains of 0.50 and more with 80 % power" in said) != small
    rounding = judge(facts(out_of_sample=of(0.004, 0.001)))
    assert "does not last" not in rounding.reason
    assert rounding.would_change[0].startswith("A positive gain out of sample")


def test_unproven_says_what_is_missing():
    found = judge(facts(out_of_sample=sharpe_of(0.5, 0.3)))
    assert "400 more out-of-sample periods (900 in all)" in found.would_change[0]
    lost = judge(facts(out_of_sample=sharpe_of(-0.1, 0.7)))
    assert "finds 0.50 with 80 % power" in lost.would_change[0]
    assert lost.reason.startswith(
        "In sample the Sharpe ratio rose by +0.80, and out of sample it fell by 0.10 (p = 0.700): "
    )
    for gain, fell in ((-0.005, True), (-0.0049, False), (0.1, False)):
        assert ("it fell by" in judge(facts(out_of_sample=sharpe_of(gain, 0.6))).reason) == fell


@pytest.mark.parametrize("changes", [row[0] for row in ROWS if row[1] == "unproven"])
def test_every_unproven_verdict_shows_what_it_could_have_found(changes):
    found = judge(facts(**changes))
    assert any("80 % power" in text and "0.50" in text for text in found.would_change)


def test_what_cannot_be_assessed_is_said():
    found = judge(
        facts(
            not_assessed=("There is more to tell.",),
            horizon_share=None,
            direction=way(None, "the two policies are the same up to leverage"),
        )
    )
    told = " ".join(found.not_assessed)
    for words in (
        "No out-of-sample window is long enough",
        "same up to leverage",
        "no trades",
        "--known",
        "more to tell",
        "no ledger",
    ):
        assert words in told
    by_trades = " ".join(judge(facts(evidence="trades")).not_assessed)
    assert "--known" not in by_trades
    assert "inferred from returns" not in by_trades
    assert "no ledger" not in " ".join(judge(facts(look=2)).not_assessed)


def test_a_direction_that_could_not_be_seen_is_not_a_pass():
    checks = {check.name: check for check in judge(facts(direction=way(0.3, could_see=-1.0))).checks}
    assert checks["not_narrower"].passed is None
    assert "could look the same" in checks["not_narrower"].reason
    assert {c.name: c for c in judge(facts(direction=way(0.3))).checks}["not_narrower"].passed is True


def test_daily_returns_whose_direction_cannot_be_told_are_not_new_edge():
    blind, wider = way(0.3, could_see=-1.0), way(2.0, could_see=-1.0)
    assert judge(facts(direction=blind)).finding == "new_edge"
    barred = judge(facts(direction=blind, must_see=True))
    assert barred.finding == "efficiency"
    assert "cannot tell whether the tuned policy is only a part of the base" in barred.reason
    assert judge(facts(direction=wider, must_see=True)).finding == "new_edge"
    assert judge(facts(direction=way(0.3), must_see=True)).finding == "new_edge"
    # Beyond what a narrower policy would show by sqrt(2) critical values, or not.
    assert judge(facts(direction=way(0.3, could_see=-2.1), must_see=True)).finding == "new_edge"
    assert judge(facts(direction=way(0.3, could_see=-2.0), must_see=True)).finding == "efficiency"
    assert judge(facts(direction=blind, must_see=True, evidence="trades")).finding == "new_edge"


def test_a_check_says_which_way_and_whether():
    checks = {check.name: check for check in judge(facts()).checks}
    assert str(checks["gain_survives"]) == "Does the gain survive out of sample (p)? yes: 0.01 < 0.05"
    none = {c.name: c for c in judge(facts(new_p=None, new_reason="there is none", leaves_base=False)).checks}
    assert none["new_part_earns"].passed is None
    assert "not assessed: there is none" in str(none["new_part_earns"])


# ---- every sentence


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (-0.001, "0%"), (0.001, "under 1%"), (0.005, "under 1%"), (0.0051, "1%"), (0.9949, "99%"),
     (0.995, "over 99%"), (0.999, "over 99%"), (1.0, "100%"), (1.3, "130%")],
)  # fmt: skip
def test_a_share_is_never_all_or_nothing_where_it_is_not(share, text):
    assert share_text(share) == text


SENTENCES = Path(__file__).parents[1] / "golden" / "verdict" / "sentences.json"
TRADES = {"evidence": "trades", "gain_level": 0.2}
EDGE = -float(ndtri(0.95))
PROBABLE = TRADES | {"out_of_sample": sharpe_of(0.5, 0.19)}
SPOKEN = [
    *(row[0] for row in ROWS),
    {"out_of_sample": sharpe_of(-0.1, 0.7)},
    PROBABLE | {"edge_part": 0.4974},
    PROBABLE | {"edge_part": 0.4975},
    PROBABLE | {"new_p": 0.3},
    PROBABLE | {"new_p": 0.3, "edge_part": 0.1},
    PROBABLE | {"new_p": 0.3, "horizon_share": 0.2},
    PROBABLE | {"new_p": None, "new_reason": "there is no new part"},
    TRADES | {"out_of_sample": sharpe_of(0.5, 0.25), "new_p": 0.3},
    TRADES | {"out_of_sample": sharpe_of(0.5, 0.25)},
    TRADES | {"out_of_sample": sharpe_of(0.5, 0.25), "horizon_share": None},
    TRADES | {"new_p": 0.5},
    TRADES | {"edge_part": 0.1},
    TRADES | {"edge_part": 0.1, "edge_upper": 0.12, "doubted": True},
    TRADES | {"doubted": True},
    TRADES | {"new_p": None, "new_reason": "no trade is new", "leaves_base": False},
    TRADES | {"new_p": None, "new_reason": f"there is no new part: {NO_TRADE_LEAVES}", "leaves_base": False},
    {"edge_part": 0.1, "edge_upper": 0.125},
    {"edge_part": 0.1, "edge_upper": 0.3},
    {"direction": way(EDGE, could_see=EDGE)},
    {"direction": way(0.3, could_see=-1.0), "must_see": True},
    {"direction": way(EDGE, could_see=-5.0)},
    {"new_p": None, "new_reason": None},
    {"new_p": None, "new_reason": "the new part does not vary"},
    {"new_p": 0.00001, "out_of_sample": sharpe_of(0.5, 0.00005)},
    {"new_p": 0.0499, "level": 0.1, "out_of_sample": sharpe_of(0.5, 0.0996)},
    {"level": 0.01, "new_p": 0.005, "out_of_sample": sharpe_of(0.5, 0.3, upper=0.7)},
    {"direction": way(-3.0), "evidence": "known"},
    {"direction": way(None, "the two policies are the same up to leverage")},
    FLAT | {"out_of_sample": sharpe_of(0.005, 0.4)},
    FLAT | {"out_of_sample": sharpe_of(0.0049, 0.4)},
    {"in_sample": sharpe_of(0.0), "out_of_sample": sharpe_of(0.3, 0.4)},
    {"in_sample": sharpe_of(-0.004), "out_of_sample": sharpe_of(-0.006, 0.6)},
    {"not_assessed": ("There is more to tell.",)},
    # p-values that would round onto a level that is not the usual one
    *(more | {"level": 0.1, "new_p": p} for more in ({}, TRADES) for p in (0.0996, 0.1004)),
    PROBABLE | {"level": 0.1, "new_p": 0.1004},
    TRADES | {"new_p": None, "new_reason": "the new part does not vary"},
    {"min_edge_share": 0.0, "edge_part": 0.0},
    {"in_sample": sharpe_of(0.0), "out_of_sample": sharpe_of(0.005, 0.4)},
    {"out_of_sample": sharpe_of(0.003, 0.4)},
    {"out_of_sample": replace(sharpe_of(0.5, 0.3), periods_needed=400)},
    # numbers that round to nothing, and their neighbours
    {"out_of_sample": replace(sharpe_of(0.5, 0.3), periods_needed=500)},
    {"out_of_sample": replace(sharpe_of(0.5, 0.3), periods_needed=501)},
    {"in_sample": sharpe_of(-0.006), "out_of_sample": sharpe_of(-0.004, 0.6)},
    {"out_of_sample": replace(sharpe_of(0.007, 0.06), min_detectable_gain=0.004)},
    {"out_of_sample": replace(sharpe_of(-0.001, 0.6, upper=-0.0001), min_detectable_gain=0.01)},
    {"horizon_share": 0.004},
    {"horizon_share": -0.004},
    {"edge_part": 0.002},
    {"edge_part": 0.0025},
    {"min_edge_share": 0.001, "edge_part": 0.002},
    {"min_edge_share": 1.0, "edge_part": 0.4985},
    {"min_edge_share": 1.0, "edge_part": 0.5},
    # words that the numbers beside them must not contradict
    {"out_of_sample": replace(sharpe_of(0.5, 0.3, upper=0.7), level=0.001)},
    {"out_of_sample": replace(sharpe_of(0.5, 0.3, upper=0.7), level=0.0000121)},
    {"out_of_sample": sharpe_of(0.79912, 0.3, upper=0.7996)},
    {"out_of_sample": sharpe_of(0.5, 0.3, upper=0.8 - 1e-12)},
    FLAT | {"horizon_share": -0.23},
    FLAT | {"horizon_share": None},
    FLAT | {"out_of_sample": sharpe_of(0.004, 0.0001)},
    {"out_of_sample": sharpe_of(0.004, 0.0001)},
    {"horizon_share": -0.23},
    {"edge_part": -0.1},
    TRADES | {"edge_part": -0.1},
    {"out_of_sample": sharpe_of(0.6, 0.06)},
    {"out_of_sample": sharpe_of(0.494, 0.06)},
    {"out_of_sample": sharpe_of(0.496, 0.06), "new_p": 0.3},
]


def spoken(changes):
    """All that a reader is told of these facts."""
    found = judge(facts(**changes))
    return {
        "finding": f"{found.label} {found.finding} {found.standing} {found.evidence}",
        "meaning": meaning_of(found.finding, found.evidence, found.standing),
        "reason": found.reason,
        "checks": [f"{check.name} {check.relation} {check.threshold:.4f}: {check}" for check in found.checks],
        "not_assessed": list(found.not_assessed),
        "would_change": list(found.would_change),
    }


def test_every_sentence_is_the_one_that_was_read_and_agreed():
    """Run this file to write them anew, and read what git says has changed."""
    told = json.loads(SENTENCES.read_text())
    assert [spoken(changes) for changes in SPOKEN] == told


@pytest.mark.parametrize(
    ("p", "level", "text"),
    [
        (0.0, 0.05, "p < 0.0001"),
        (0.00009999, 0.05, "p < 0.0001"),
        (0.0001, 0.05, "p = 0.0001"),
        (0.0009999, 0.05, "p = 0.0010"),
        (0.001, 0.05, "p = 0.001"),
        (0.05, 0.05, "p = 0.050"),
        (0.0496, 0.05, "p = 0.0496"),
        (0.0504, 0.05, "p = 0.0504"),
        (0.0506, 0.05, "p = 0.051"),
        (0.0996, 0.1, "p = 0.0996"),
        (0.0996, 0.05, "p = 0.100"),
    ],
)
def test_a_p_value_never_rounds_onto_its_level(p, level, text):
    assert p_text(p, level) == text
    assert level != 0.05 or p_text(p) == text


if __name__ == "__main__":
    SENTENCES.parent.mkdir(exist_ok=True)
    SENTENCES.write_text(json.dumps([spoken(changes) for changes in SPOKEN], indent=1) + "\n")
