"""The notebooks: stored without outputs, run from a clean kernel as a reader would, every picture shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


def ids(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_is_stored_without_outputs_and_ends_with_what_to_do(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert "".join(cells[0]["source"]).startswith("# ")
    assert any("## What to do" in "".join(cell["source"]) for cell in cells[-3:])
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_there_are_five():
    assert [path.stem[0] for path in NOTEBOOKS] == ["1", "2", "3", "4", "5"]


@pytest.mark.notebooks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_runs_from_a_clean_kernel_and_shows_its_pictures(path):
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in book.cells:
        if cell.cell_type != "code":
            continue
        assert not [out.text for out in cell.outputs if out.get("name") == "stderr"], cell.source
        if ".plot." in cell.source.splitlines()[-1]:
            assert "image/png" in cell.outputs[-1].data, cell.source
