"""The JSON of a calibration from anybody: every kind of nonsense is refused in one line, and its words are cleaned."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from rates import calibration_of
from spoiled import change

from auditor.cli import main
from auditor.errors import InputError
from auditor.report.saved_rates import LONGEST, read_calibration


@pytest.fixture
def data(new_edge):
    return json.loads(calibration_of(new_edge).to_json())


@pytest.mark.parametrize(
    ("way", "value", "words"),
    [
        ("schema", 2, "has schema 2, and this program reads schema 1. Calibrate again"),
        ("smallest", None, "is JSON, but not that of a calibration"),
        ("held", False, "held is not what its nulls say"),
        ("held", "yes", "held is str, not bool"),
        ("evidence", "luck", "evidence is 'luck', not one of returns, known, trades"),
        ("verdict", 3, "verdict is int, not str"),
        ("worlds", 0, "worlds is out of range"),
        ("worlds", True, "worlds is bool, not int"),
        ("worlds", 100, "are not of 100 worlds"),
        ("base_sharpe", 1e300, "base_sharpe is out of range"),
        ("base_sharpe", "high", "base_sharpe is str, not a number"),
        ("nulls", [], "nulls has 0 entries"),
        ("nulls", [{}] * 101, "nulls has 101 entries"),
        ("nulls", [3], "lacks called.new_edge.ci"),
        ("nulls.0.over", None, "lacks over"),
        ("nulls.0.name", None, "lacks name"),
        ("nulls.0.called.new_edge.share", 1.5, "share is 1.5, no share"),
        ("nulls.0.called.new_edge.share", 0.5, "are not of 200 worlds"),
        ("nulls.0.called.new_edge.count", -1, "count is out of range"),
        ("nulls.0.called.new_edge.count", 10**30, "count is out of range"),
        ("nulls.0.called.new_edge.ci", [0.1], "ci has 1 entries"),
        ("nulls.0.called.new_edge.ci", [0.2, 0.1], "interval of 'levered' are not of 200 worlds"),
        ("nulls.0.presumed", 7, "the counts of 'levered' are more than its worlds"),
        ("nulls.0.called.refused.count", 201, "the counts of 'levered' are more than its worlds"),
        ("edges.0.sharpe", -1.0, "do not rise from above zero"),
        ("edges.1.sharpe", 0.5, "do not rise from above zero"),
        ("edges.0.sharpe", 1e9, "sharpe is out of range"),
        ("smallest.sharpe", [1], "sharpe is list, not a number"),
        ("smallest.ci", [1, 2, 3], "ci has 3 entries"),
        ("smallest.ci.0", 1e200, "low is out of range"),
        ("smallest.largest", None, "lacks smallest.largest"),
        ("smallest.power", 80, "power is 80, no share"),
        ("settings.level", None, "lacks level"),
        ("settings.tolerance", None, "lacks tolerance"),
        ("settings", [], "settings is list, not dict"),
        ("sample.out_of_sample", [["2001-01-01"]], "sample.out_of_sample holds what is no window"),
        ("sample.n_in_sample", -4, "n_in_sample is out of range"),
        ("inputs", {"base": "3f"}, "inputs is dict, not list"),
        ("inputs.0.sha256", 3, "sha256 is int, not str"),
        ("versions.auditor", None, "lacks auditor"),
    ],
)
def test_what_is_not_a_calibration_is_refused(data, way, value, words):
    with pytest.raises(InputError) as found:
        read_calibration(change(data, way, value))
    assert str(found.value).startswith("calibration: ")
    assert words in str(found.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "line 1 is not JSON"),
        ("[" * 200_000, "nested deeper than a calibration"),
        ('{"schema": Infinity}', "Infinity is no JSON number"),
        ('{"schema": 1, "schema": 1}', "'schema' stands twice"),
        ('{"schema": 1, "finding": "new_edge"}', "not that of a calibration. Give what auditor calibrate"),
    ],
)
def test_a_file_that_is_not_its_json_is_an_error_of_one_line(text, words, tmp_path):
    path = tmp_path / "rates.json"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["audit", "a.csv", "b.csv", "--oos-fraction", "0.3", "--calibration", str(path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path}: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_neither_file_nor_calibration_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no such file. Give the JSON of a calibration \(auditor calibrate BASE"):
        read_calibration(tmp_path / "none.json")
    with pytest.raises(InputError, match="int is neither a path nor what"):
        read_calibration(7)


def test_words_are_cleaned_and_cut(data):
    data["verdict"] = "\x1b[31mall is well\n" * 1_000
    data["nulls"][0]["name"] = "x\u202e" * 5_000
    told = read_calibration(data).told
    assert "\x1b" not in told.verdict
    assert "\n" not in told.verdict
    assert len(told.verdict) == LONGEST
    assert len(told.nulls[0].name) == 60
    assert "\u202e" not in told.nulls[0].name
