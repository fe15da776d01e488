"""A shelf of small variants on disk, and the manifest that names them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DAYS = pd.bdate_range("2018-01-02", periods=300)
DEFAULTS = "oos_fraction = 0.5\nreps = 199\n"


def write_shelf(place: Path, variants: int = 8) -> Path:
    """Write base.csv, v00.csv and so on, manifest.csv and its defaults; the manifest."""
    rng = np.random.default_rng(1)
    base = 0.01 * rng.standard_t(5, 300)
    pd.DataFrame({"date": DAYS, "return": base}).to_csv(place / "base.csv", index=False)
    for i in range(variants):
        tuned = 0.8 * base + 0.004 * rng.standard_t(5, 300) + 0.0008 * (i - variants / 3)
        pd.DataFrame({"date": DAYS, "return": tuned}).to_csv(place / f"v{i:02}.csv", index=False)
    rows = [f"variant {i},base.csv,v{i:02}.csv" for i in range(variants)]
    (place / "manifest.csv").write_text("\n".join(["name,base,tuned", *rows]) + "\n")
    (place / "manifest.toml").write_text(DEFAULTS)
    return place / "manifest.csv"


@pytest.fixture
def manifest(tmp_path) -> Path:
    """A manifest of eight variants of one base."""
    (tmp_path / "shelf").mkdir()
    return write_shelf(tmp_path / "shelf")
