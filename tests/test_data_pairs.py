"""The bundled pairs equal their rebuild and have the Sharpe ratios that numpy printed for them."""

from __future__ import annotations

import csv
import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
INDEX = {pair["name"]: pair for pair in tomllib.loads((ROOT / "data/pairs/index.toml").read_text("utf-8"))["pair"]}
FINDINGS = {"new_edge", "efficiency", "flattering", "unproven", "no_gain"}


def golden() -> list[dict[str, str]]:
    """Rows of the golden file without its provenance line."""
    lines = (ROOT / "tests/golden/pairs_sharpe.csv").read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.fixture
def make_pairs() -> ModuleType:
    """Import the script as a module."""
    pytest.importorskip("arch")
    pytest.importorskip("linearmodels")
    spec = importlib.util.spec_from_file_location("make_pairs", ROOT / "data/make_pairs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_files_equal_a_rebuild(make_pairs: ModuleType) -> None:
    texts = make_pairs.rebuild()
    assert set(texts) == {path.name for path in (ROOT / "data/pairs").glob("*.csv")}
    for file, text in texts.items():
        assert (ROOT / "data/pairs" / file).read_bytes() == text.encode(), file


def test_check_names_the_file_that_differs(
    make_pairs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (ROOT / "data/pairs").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "leverage_1p5_null.csv").write_text("date,base,tuned\n")
    monkeypatch.setattr(make_pairs, "PAIRS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_pairs.py", "--check"])
    with pytest.raises(SystemExit, match=r"1 files differ .*leverage_1p5_null\.csv"):
        make_pairs.main()


def test_a_package_without_the_data_is_named(make_pairs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch.data.frenchdata", None)
    with pytest.raises(SystemExit, match=r"arch\.data\.frenchdata has no frenchdata\.csv\.gz"):
        make_pairs.arch_market()
    with pytest.raises(SystemExit, match=r"french\.csv\.bz2 lacks \['Carry'\]"):
        make_pairs.linearmodels_factor("Carry")


def test_index_is_complete() -> None:
    assert set(INDEX) == {row["pair"] for row in golden()}
    for pair in INDEX.values():
        assert len(pair["title"]) <= 40
        assert pair["story"]
        assert FINDINGS.issuperset(pair["expected"])
        assert f"\n{pair['oos_start']}," in (ROOT / "data/pairs" / pair["file"]).read_text("utf-8")


@pytest.mark.parametrize("row", golden(), ids=lambda row: f"{row['pair']}-{row['seg']}")
def test_sharpe_ratios_equal_the_golden_digits(row: dict[str, str]) -> None:
    pair = INDEX[row["pair"]]
    path = ROOT / "data/pairs" / pair["file"]
    dates = np.loadtxt(path, dtype="U10", delimiter=",", skiprows=1, usecols=0)
    returns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2))
    out = dates >= pair["oos_start"].isoformat()
    rows = returns[{"IS": ~out, "OOS": out, "ALL": np.full(len(out), True)}[row["seg"]]]
    base, tuned = rows.mean(axis=0) / rows.std(axis=0, ddof=1) * np.sqrt(12)
    assert len(rows) == int(row["n"])
    assert [f"{base:.6g}", f"{tuned:.6g}"] == [row["sr_base"], row["sr_tuned"]]
    if pair["label"] == "no_gain":  # rounding noise there and here
        assert abs(tuned - base) < 1e-12
    else:
        assert f"{tuned - base:.6g}" == row["dSR"]
