"""The bundled desks equal their rebuild, add up, and are audited from their trades."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from auditor.audit import audit_files
from auditor.inputs.trades import Trades, read_trades
from auditor.result import Audit

ROOT = Path(__file__).resolve().parents[1]
DESKS = ROOT / "data/desks"
INDEX = {desk["name"]: desk for desk in tomllib.loads((DESKS / "index.toml").read_text("utf-8"))["desk"]}
FILES = ("base", "tuned", "base_trades", "tuned_trades")
FINDINGS = {"new_edge", "efficiency", "flattering", "unproven", "no_gain"}
BLOTTERS = [(name, role) for name in INDEX for role in ("base", "tuned")]


def blotter(name: str, role: str) -> Trades:
    return read_trades(DESKS / INDEX[name][f"{role}_trades"], role=role, capital=INDEX[name]["capital"])


@cache
def audited(name: str, **options: Any) -> Audit:
    base, tuned, base_trades, tuned_trades = (DESKS / INDEX[name][file] for file in FILES)
    return audit_files(
        base, tuned, base_trades=base_trades, tuned_trades=tuned_trades, capital=INDEX[name]["capital"],
        oos_start=str(INDEX[name]["oos_start"]), reps=1999, **options,
    )  # fmt: skip


@pytest.fixture
def make_desks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the script as a module."""
    spec = importlib.util.spec_from_file_location("make_desks", ROOT / "data/make_desks.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_desks", module)  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
def test_committed_files_equal_a_rebuild(make_desks: ModuleType) -> None:
    pytest.importorskip("backtesting")
    texts = make_desks.rebuild()
    assert set(texts) == {path.relative_to(DESKS).as_posix() for path in DESKS.glob("*/*")}
    for file, text in texts.items():
        assert (DESKS / file).read_bytes() == text.encode(), file


def test_check_names_the_file_that_differs(
    make_desks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.csv").write_text("date,return\n")
    monkeypatch.setattr(make_desks, "DESKS", tmp_path)
    monkeypatch.setattr(make_desks, "rebuild", lambda: {"one.csv": "date,return\n", "two.csv": ""})
    monkeypatch.setattr(sys, "argv", ["make_desks.py", "--check"])
    with pytest.raises(SystemExit, match=r"1 files differ .*: two\.csv"):
        make_desks.main()
    monkeypatch.setattr(sys, "argv", ["make_desks.py"])
    make_desks.main()
    assert (tmp_path / "two.csv").read_bytes() == b""


def test_a_package_without_the_data_is_named(make_desks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"arch has no dax\.csv\.gz"):
        make_desks.index_prices("dax")
    prices = make_desks.index_prices("sp500")
    monkeypatch.setitem(sys.modules, "backtesting", None)
    with pytest.raises(SystemExit, match="pip install backtesting"):
        make_desks.trade(prices, make_desks.Rule())


def test_signals_by_hand(make_desks: ModuleType) -> None:
    # After 10, 12, 11: up 2 then halved, down 1 halved; 100 * 0.5 / (0.5 + 0.5).
    assert make_desks.rsi2([10.0, 12.0, 11.0, 11.0]) == [50.0, 100.0, 50.0, 50.0]
    closes = (100 * np.cumprod(1 + np.tile([0.01, -0.01], 12))).tolist()
    found = make_desks.risk(closes)
    assert found[:20] == [float("inf")] * 20
    assert found[20] == pytest.approx(0.01 * np.sqrt(20 / 19) * np.sqrt(252))
    days = make_desks.pd.DatetimeIndex(["2001-01-30", "2001-01-31", "2001-02-01", "2001-02-02", "2001-02-05"])
    assert make_desks.turns(days) == ([1, 0, 2, 1, 0], [1, 2, 1, 2, 3])


def test_index_is_complete() -> None:
    assert list(INDEX) == ["filter", "second_signal"]
    for desk in INDEX.values():
        assert len(desk["title"]) <= 36  # what a line of the demo holds
        assert desk["story"]
        assert FINDINGS.issuperset(desk["expected"])
        for file in FILES:
            assert (DESKS / desk[file]).is_file()
        assert f"\n{desk['oos_start']}," in (DESKS / desk["base"]).read_text("utf-8")
    assert sum(path.stat().st_size for path in DESKS.rglob("*") if path.is_file()) < 1_000_000


def test_both_desks_start_from_one_base() -> None:
    one, other = INDEX.values()
    for file in ("base", "base_trades"):
        assert (DESKS / one[file]).read_bytes() == (DESKS / other[file]).read_bytes()


@pytest.mark.parametrize(("name", "role"), BLOTTERS)
def test_a_blotter_is_the_engines_own_export(name: str, role: str) -> None:
    trades = blotter(name, role)
    assert trades.recognised == "backtesting.py trades"
    assert any("net of Commission" in note for note in trades.notes)
    assert len(trades.pnl) > 400
    assert set(trades.side) == {1}
    assert not trades.is_open.any()
    assert (trades.fees > 0).all()
    assert trades.unit == "return"


@pytest.mark.parametrize(("name", "role"), BLOTTERS)
def test_its_symbol_is_the_instrument(name: str, role: str) -> None:
    trades = blotter(name, role)
    assert sorted(trades.instruments) == ["IXIC", "SPX"]
    assert not any("no instrument" in warning for warning in trades.warnings)


@pytest.mark.parametrize(("name", "role"), BLOTTERS)
def test_trades_add_up_to_the_returns(name: str, role: str) -> None:
    trades = blotter(name, role)
    returns = np.loadtxt(DESKS / INDEX[name][role], delimiter=",", skiprows=1, usecols=1)
    # Returns stand with 12 decimals.
    assert trades.pnl.sum() == pytest.approx(returns.sum(), rel=0, abs=len(returns) * 1e-12)
    assert next(one for one in audited(name).coverage.trades.reconciliation if one.role == role).gap < 1e-8


@pytest.mark.parametrize("name", INDEX)
def test_an_audit_finds_what_the_construction_leaves_open(name: str) -> None:
    found = audited(name)
    assert found.evidence == "trades"
    assert found.finding in INDEX[name]["expected"]
    assert not any("add up to" in warning for warning in found.warnings)


def test_the_filter_makes_the_bases_trades_and_no_others() -> None:
    base, tuned = blotter("filter", "base"), blotter("filter", "tuned")
    times = {(*one,) for one in zip(base.tags["EntryBar"], base.entry, base.exit, base.entry_price, strict=True)}
    kept = [(*one,) for one in zip(tuned.tags["EntryBar"], tuned.entry, tuned.exit, tuned.entry_price, strict=True)]
    assert times.issuperset(kept)
    assert len(kept) < len(base.pnl)
    assert tuned.quantity.mean() < base.quantity.mean()


def test_the_filter_is_covered() -> None:
    found = audited("filter")
    assert found.coverage.trades.covered_time == 1
    assert found.coverage.trades.new_pnl == 0
    assert found.label != "new_edge"
    assert found.attribution.edge_part == 0
    assert found.attribution.new_p is None
    # Covered by arithmetic: what is found of a gain is shown, and what data cannot tell stays presumed.
    assert found.standing == ("presumed" if found.finding == "unproven" else "shown")


def test_the_second_signal_is_partly_new() -> None:
    found = audited("second_signal")
    assert 0 < found.coverage.trades.covered_time < 1
    assert found.coverage.trades.new_pnl != 0
    assert found.attribution.new_p is not None
    # The base's own trades are all there: by the tag of their signal they are what is covered.
    trades = blotter("second_signal", "tuned")
    base = blotter("second_signal", "base")
    dips = trades.tags["Tag"] == "dip"
    np.testing.assert_array_equal(trades.entry[dips], base.entry)
    np.testing.assert_array_equal(trades.pnl[dips], base.pnl)
    assert set(trades.tags["Tag"]) == {"dip", "turn"}
    held = trades.exit - trades.entry
    by_signal = audited("second_signal", opportunity=("instrument", "side", "Tag")).coverage.trades
    assert by_signal.covered_time == pytest.approx(held[dips].sum() / held.sum())
    assert by_signal.covered_time < found.coverage.trades.covered_time
