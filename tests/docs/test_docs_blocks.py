"""Every command and code block of README, CONTRIBUTING, SECURITY and docs/ is run, or checked where it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import docs_files
import docs_run
import pytest
from docs_pages import FENCE, LANGUAGES, PAGES, ROOT, blocks, text_of

from auditor.inputs.engines_formats import KINDS
from auditor.inputs.trades import read_trades


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    docs_files.make(folder)
    docs_run.prepare(folder)
    return folder


@pytest.fixture
def reader(desk, tmp_path, monkeypatch) -> docs_run.Page:
    folder = tmp_path / "reader"
    shutil.copytree(desk, folder, symlinks=True)
    for name in [one for one in os.environ if one.startswith(("GITHUB_", "AUDITOR_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUDITOR_KEY", "0" * 32)
    return docs_run.Page(folder)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_language_that_is_checked(page):
    fences = [line for line in text_of(page).splitlines() if line.lstrip().startswith(("```", "~~~"))]
    assert len(fences) == 2 * len(blocks(page)), f"{page}: a fence that is indented, or does not close"
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{block.place}: {block.language or 'no language'}"
    assert "\n\n    $ " not in FENCE.sub("", text_of(page)), f"{page}: indented code is not run: fence it"


WORSE = ("docs/gate.md",)
"""Pages on which the audit fails: they show how it is excepted."""


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_the_blocks_run_as_a_reader_would(page, reader):
    if page in WORSE:
        for name in ("worse.csv", "worse_trades.csv"):
            shutil.copy(reader.folder / name, reader.folder / "results" / name.replace("worse", "tuned"))
    if "base_perf" in text_of(page):
        reader.names |= {f"{name}_perf": docs_files.zipline_frame(reader.folder, name) for name in ("base", "tuned")}
    for block in blocks(page):
        reader.run(block)


def test_the_first_command_of_the_readme_runs_as_a_program(reader):
    line = next(
        line for block in blocks("README.md") if block.language == "sh" for line in docs_run.commands(block.text)
        if line.startswith("auditor audit")
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "auditor", *docs_run.words(line)[1:]], cwd=reader.folder, capture_output=True, text=True,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("NEW EDGE (presumed, from returns alone)\n")


@pytest.mark.calibration
def test_the_calibration_shown_is_what_it_prints(reader):
    reader.not_here = ()
    (block,) = (one for one in blocks("README.md") if one.language == "console")
    reader.run(block)


EXPORTS = {
    "backtesting.csv": "backtesting.py trades",
    "vectorbt.csv": "vectorbt trades",
    "transactions.csv": "transactions",
    "bt.csv": "bt transactions",
    "pyfolio.csv": "pyfolio round trips",
    "nautilus.csv": "NautilusTrader positions",
    "freqtrade.zip": "freqtrade trades",
    "lean.json": "QuantConnect LEAN closed trades",
    "trades.csv": "contract columns",
}


@pytest.mark.parametrize(("file", "name"), EXPORTS.items())
def test_exports_are_recognised_as_the_recipes_say(desk, file, name):
    assert f" | `{name}` | " in text_of("docs/recipes.md")
    assert f"--tuned-trades tuned_{file}" in text_of("docs/recipes.md")
    assert read_trades(desk / f"base_{file}", role="base trades").recognised == name


def test_every_format_that_is_read_has_a_recipe():
    assert {form.name for form in KINDS.values()} <= set(EXPORTS.values())


ENGINE_BLOCKS = [
    one for page in PAGES for one in blocks(page) if one.language == "python" and docs_run.needs_engine(one)
]


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", ENGINE_BLOCKS, ids=lambda block: block.place)
def test_an_engine_exports_as_its_recipe_says(block, tmp_path, monkeypatch):
    """The recipe's own code, on real prices: its files are there afterwards, and are read."""
    from docs_engines import market, read_what_was_written

    module = next(name for name in docs_run.ENGINES if f"import {name}" in block.text)
    pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    names = market(module)
    exec(compile(block.text, block.place, "exec"), names)
    read_what_was_written(module, tmp_path)
