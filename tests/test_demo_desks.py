"""The demo audits the bundled pairs first, and the desks after them with their trades."""

import pytest

from auditor import demo
from auditor.errors import InputError

PAIRS = [pair for pair in demo.pairs() if pair.tuned is None]
DESKS = [pair for pair in demo.pairs() if pair.tuned is not None]


def test_pairs_stand_first_and_desks_last():
    assert list(demo.pairs()) == [*PAIRS, *DESKS]
    assert len(PAIRS) == 5
    assert [desk.name for desk in DESKS] == ["filter", "second_signal"]


def test_the_last_pair_alone_is_shown_in_full():
    assert [pair.name for pair in demo.pairs() if pair.in_full] == ["mkt_plus_hml_mom"]


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)
def test_a_desk_is_audited_from_its_trades(desk):
    record = demo.as_record(desk, demo.audit_pair(desk, reps=999))
    assert record["name"] == desk.name
    assert record["audit"]["evidence"] == "trades"
    assert record["audit"]["finding"] in record["expected"]
    assert record["audit"]["settings"]["capital"] == desk.capital
    assert {one["role"]: one["name"] for one in record["audit"]["inputs"]} == {
        "base": "base_returns.csv",
        "tuned": "tuned_returns.csv",
        "base trades": "base_trades.csv",
        "tuned trades": "tuned_trades.csv",
    }


def test_options_reach_the_audit():
    audit = demo.audit_pair(DESKS[0], reps=999, opportunity=("side",))
    assert audit.coverage.trades.key == ("side",)


def test_an_installation_without_them_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "auditor" / "demo.py"))
    with pytest.raises(InputError, match="bundled desks are missing"):
        demo.folder("desks")
