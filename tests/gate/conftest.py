"""A folder with bundled pairs, and the gate run in it as a user would."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from auditor.cli import main
from auditor.demo import folder as bundled

PAIRS = {"good": "riskmanaged_momentum", "bad": "overfit_random_timing_best200"}
CONFIG = """\
ledger = "sqlite:///looks.db"
oos_start = 1998-01-31
reps = 199

[[audit]]
name = "good"
base = "good.csv:base"
tuned = "good.csv:tuned"
oos_start = 1983-01-31

[[audit]]
name = "bad"
base = "bad.csv:base"
tuned = "bad.csv:tuned"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pairs, of which one passes, and a config; the working directory is in it."""
    for name, pair in PAIRS.items():
        shutil.copy(bundled() / f"{pair}.csv", tmp_path / f"{name}.csv")
    (tmp_path / "auditor.toml").write_text(CONFIG)
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "AUDITOR_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command of auditor."""
    return lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])
