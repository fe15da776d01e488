"""A calibration beside an audit: told where it is of the same base and rule, refused where not, and never the label."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from desks import Desk
from jsonschema import Draft202012Validator
from rates import calibration_of

import auditor
from auditor import demo
from auditor.calibrate import calibrate
from auditor.cli import main
from auditor.errors import InputError
from auditor.report.machine import schema

MONTHLY = next(pair for pair in demo.pairs() if pair.name == "riskmanaged_momentum")
FAST = {"reps": 199}


@pytest.fixture(scope="module")
def alone():
    return demo.audit_pair(MONTHLY, **FAST)


@pytest.fixture(scope="module")
def measured():
    """What the command would write, of this very base and split."""
    return calibrate(MONTHLY.path, base_column="base", oos_start=MONTHLY.oos_start, worlds=10, reps=99, seed=5)


@pytest.fixture
def saved(measured, tmp_path):
    path = tmp_path / "rates.json"
    measured.to_json(path)
    return path


def test_it_is_told_and_moves_nothing_else(alone, measured):
    found = demo.audit_pair(MONTHLY, calibration=measured, **FAST)
    assert found.calibration is not None
    # ten worlds settle nothing
    (few,) = set(found.warnings) - set(alone.warnings)
    assert replace(found, calibration=None, warnings=alone.warnings) == alone
    assert few.startswith("10 worlds do not settle whether the level of 0.05 is held: ")
    assert few.endswith("Calibrate with more --worlds (calibration).")
    for text in (str(found).split("How often this audit")[1], found.to_markdown(), found.to_html()):
        assert "10 worlds, too few to tell, 99 resamples" in " ".join(text.split())
    told = found.calibration
    assert (told.verdict, told.held, told.worlds) == (measured.verdict, measured.held, 10)
    assert (told.reps, told.seed, told.level, told.evidence) == (99, 5, 0.05, "returns")
    assert told.base_sharpe == measured.base_sharpe
    for ours, theirs in zip((*told.nulls, *told.edges), (*measured.nulls, *measured.edges), strict=True):
        edge = theirs.new_edge
        assert (ours.name, ours.count, ours.share, ours.ci) == (theirs.overlay.name, edge.count, edge.share, edge.ci)
        assert (ours.sharpe, ours.over, ours.presumed) == (theirs.overlay.sharpe, theirs.over, theirs.presumed)
    assert told.worst.name == measured.worst.overlay.name
    assert (told.smallest.sharpe, told.smallest.ci) == (measured.smallest.sharpe, measured.smallest.ci)
    # In a notebook, and so on the gate's page, too.
    assert told.verdict in unescape(found._repr_html_())
    assert "data like yours" not in alone._repr_html_()


def test_a_file_an_object_and_its_data_are_the_same(measured, saved):
    one, other, third = (
        demo.audit_pair(MONTHLY, calibration=given, **FAST).calibration
        for given in (measured, saved, measured.to_dict())
    )
    assert one == third == replace(other, name="calibration")
    assert other.name == "rates.json"


def test_json_follows_the_schema(alone, measured):
    Draft202012Validator.check_schema(schema())
    for given in (measured, calibration_of(alone, power={0.5: 0.1, 4.0: 0.3}), calibration_of(alone, power={0.25: 1})):
        data = json.loads(demo.audit_pair(MONTHLY, calibration=given, **FAST).to_json())
        Draft202012Validator(schema()).validate(data)
        assert data["calibration"]["verdict"] == given.verdict
    assert json.loads(alone.to_json())["calibration"] is None


def test_a_level_that_is_settled_is_no_warning(alone):
    found = demo.audit_pair(MONTHLY, calibration=calibration_of(alone), **FAST)
    assert found.warnings == alone.warnings
    assert "settle" not in str(found)
    assert "200 worlds, " in " ".join(str(found).split())


def test_a_level_that_is_not_held_is_a_warning_and_the_label_stays(alone):
    given = calibration_of(alone, false={"hedged": 0.3, "smoothed": 0.2})
    assert not given.held
    found = demo.audit_pair(MONTHLY, calibration=given, **FAST)
    assert (found.label, found.finding, found.standing) == (alone.label, alone.finding, alone.standing)
    (warning,) = set(found.warnings) - set(alone.warnings)
    assert "smoothed in 20.0% of worlds, hedged in 30.0% of worlds" in warning


def other(data: dict, name: str) -> dict:
    """The same calibration of something else."""
    if name == "base":
        data["inputs"][0]["sha256"] = "0" * 64
    elif name == "out of sample":
        data["sample"]["out_of_sample"] = [["1983-01-31", "2016-03-31"]]
        data["sample"]["n_out_of_sample"] = 399
    elif name == "in sample":
        data["sample"]["n_in_sample"] -= 3
    elif name == "other windows":
        data["sample"]["out_of_sample"][:0] = [["1960-01-31", "1961-01-31"]]
    elif name == "evidence":
        data["evidence"] = "trades"
    elif name in ("known", "base trades"):
        data["inputs"].append({**data["inputs"][0], "role": name})
    else:
        data["settings"][name] = {"opportunity": ["setup"], "block": 12, "known_complete": True, "rf": "returns"}.get(
            name, 0.1
        )
    return data


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("base", "a thing differs: base sha256 00000000 there, sha256 "),
        ("out of sample", "out of sample 1983-01-31 .. 2016-03-31 (399 periods) there, 1983-01-31 .. 2017-03-31 (411"),
        ("in sample", "in sample 1949-07-31 .. 1982-12-31 (399 periods) there, 1949-07-31 .. 1982-12-31 (402 periods)"),
        ("other windows", "out of sample 1960-01-31 .. 2017-03-31 (411 periods in 2 windows) there"),
        ("evidence", "evidence: trades there, returns alone here"),
        ("known", "known sha256 "),
        ("base trades", "base trades sha256 "),
        ("level", "level 0.1 there, 0.05 here"),
        ("gain_level", "gain_level 0.1 there, 0.05 here"),
        ("min_edge_share", "min_edge_share 0.1 there, 0.25 here"),
        ("block", "block 12 there, auto here"),
        ("known_complete", "known_complete True there, False here"),
        ("rf", "rf returns there, None here"),
        ("opportunity", "opportunity ['setup'] there, ['instrument', 'side'] here"),
    ],
)
def test_the_calibration_of_another_audit_is_refused(measured, name, words):
    with pytest.raises(
        InputError, match=r"^calibration: is the calibration of another audit, a thing differs"
    ) as found:
        demo.audit_pair(MONTHLY, calibration=other(json.loads(measured.to_json()), name), **FAST)
    assert words in str(found.value)
    assert "or leave --calibration out" in str(found.value)


def test_a_calibration_has_seen_no_direction_and_fits_a_pair_that_has():
    rng, days = np.random.default_rng(4), pd.bdate_range("2012-01-02", periods=1512)
    base = pd.Series(0.01 * rng.standard_t(4, 1512) / 2**0.5 + 0.0005, days)
    tuned = base + 0.008 * rng.standard_t(4, 1512) / 2**0.5 + 0.0006
    rates = calibrate(base, oos_fraction=0.5, worlds=10, reps=99)
    assert rates.settings["gain_level"] == 0.05
    assert any("held against 0.2 where daily returns show the base inside" in note for note in rates.notes)
    found = auditor.audit(base, tuned, oos_fraction=0.5, calibration=rates, **FAST)
    assert found.settings["gain_level"] == 0.2
    assert found.calibration is not None


def test_what_differs_is_counted(measured):
    with pytest.raises(InputError, match=r"2 things differ: level 0\.05 there, 0.1 here; gain_level 0.05 there, 0.1"):
        demo.audit_pair(MONTHLY, calibration=measured, level=0.1, **FAST)
    one = next(pair for pair in demo.pairs() if pair.name == "mkt_plus_hml_mom")
    with pytest.raises(InputError, match="things differ: base sha256"):
        demo.audit_pair(one, calibration=measured, **FAST)


def test_other_resamples_and_seeds_are_taken_and_said(measured, saved):
    text = " ".join(str(demo.audit_pair(MONTHLY, calibration=saved, **FAST)).split())
    assert "From rates.json: 10 worlds, too few to tell, 99 resamples a test (here 199), seed 5 (here 0)." in text
    text = " ".join(str(demo.audit_pair(MONTHLY, calibration=measured, reps=99, seed=5)).split())
    assert "From calibration: 10 worlds, too few to tell, 99 resamples a test, seed 5." in text


def test_trades_positions_and_returns_are_told_apart():
    desk = Desk(3, years=3, instruments=8)
    tuned = desk.with_book(1.0)
    series = [pd.Series(desk.returns(trades), desk.dates) for trades in (desk.base, tuned)]
    blotters = {"base_trades": desk.blotter(desk.base), "tuned_trades": desk.blotter(tuned)}
    start = {"oos_start": desk.dates[desk.split], "reps": 99}
    by_trades = auditor.audit(*series, **blotters, **start)
    by_returns = auditor.audit(*series, **start)
    both = [calibration_of(one) for one in (by_trades, by_returns)]
    assert auditor.audit(*series, **blotters, calibration=both[0], **start).calibration.evidence == "trades"
    assert auditor.audit(*series, calibration=both[1], **start).calibration.evidence == "returns"
    with pytest.raises(InputError, match="base trades none there"):
        auditor.audit(*series, **blotters, calibration=both[1], **start)
    with pytest.raises(InputError, match=r"base trades sha256 .* there, none here"):
        auditor.audit(*series, calibration=both[0], **start)
    weights = [pd.DataFrame({"a": one.to_numpy(), "b": 0.5}, desk.dates) for one in series]
    moves = pd.DataFrame(0.0, desk.dates, ["a", "b"])
    moves.loc[:, "a"] = np.random.default_rng(0).standard_normal(len(desk.dates)) / 50
    earned = [(held.shift(1).fillna(0.0) * moves).sum(axis=1) + 1e-9 for held in weights]
    held = {"base_positions": weights[0], "tuned_positions": weights[1], "instrument_returns": moves}
    by_weights = {**start, **held, "reconcile": "off"}
    own = auditor.audit(*earned, **by_weights)
    with pytest.raises(InputError, match="positions here, which calibrate does not read"):
        auditor.audit(*earned, **by_weights, calibration=calibration_of(own))


def test_each_pair_of_rollouts_has_no_one_base(measured):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2015-01-01", periods=400)
    runs = [pd.DataFrame(rng.standard_normal((400, 3)) / 100, days, list("abc")) for _ in range(2)]
    with pytest.raises(InputError, match="--rollout-as each audits many"):
        auditor.audit(base_rollouts=runs[0], tuned_rollouts=runs[1], oos_fraction=0.5, rollout_as="each", reps=99,
                      calibration=measured)  # fmt: skip


def run(*arguments: object):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_from_the_command_line(saved, tmp_path):
    arguments = ["audit", f"{MONTHLY.path}:base", f"{MONTHLY.path}:tuned", "--reps", 199, "--calibration", saved]
    done = run(*arguments, "--oos-start", MONTHLY.oos_start, "--report", f"html:{tmp_path / 'page.html'}")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    start = lines.index("How often this audit is wrong on data like yours")
    assert 2 <= lines[start:].index("") - 1 <= 4
    assert max(map(len, lines)) <= 80
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<span class="nb">--calibration</span> rates.json' in page
    done = run(*arguments, "--oos-fraction", 0.3)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "error: rates.json: is the calibration of another audit" in done.stderr
    done = run(*arguments, "--oos-start", MONTHLY.oos_start, "--report", f"json:{saved}")
    assert done.exit_code == 2
    assert "would overwrite" in done.stderr


def test_it_is_plain_data(measured):
    told = demo.audit_pair(MONTHLY, calibration=measured, **FAST).calibration
    assert str(told) == measured.verdict
    assert asdict(told)["smallest"]["power"] == 0.8
