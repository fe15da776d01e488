"""Coverage-guided bytes for one reader: atheris changes whole files until they reach lines that none reached before.

PYTHONPATH=.:tests/calibration python tests/fuzz/guided.py READER SECONDS

Needs `pip install atheris`, which has wheels for Linux and a few Pythons only, so it is no part of the extras. What is
held is what `run.py` holds of damaged bytes. Libraries in C (pyarrow, zstandard, SQLite) are not seen into: for them
this is no better than chance.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import atheris
from hypothesis import HealthCheck, Phase, given, seed, settings

with atheris.instrument_imports(include=["auditor", "tomllib", "json"]):
    from registry import READERS

from forge import Case

SEEDS = 300


def whole_files(name: str) -> list[Case]:
    """Files that a reader takes, or whose bytes are damaged: what guessing starts from."""
    cases, _ = READERS[name]
    found: list[Case] = []

    def keep(case: Case) -> None:
        if not isinstance(case, Case):
            raise SystemExit(f"{name}: reads two files at once, which is not tried here")
        if case.must in ("equal", "sane"):
            found.append(case)

    chosen = settings(
        max_examples=SEEDS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    seed(1)(chosen(given(cases)(keep)))()
    return found


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2]
    warnings.simplefilter("error")
    files = whole_files(name)
    # what goes with a damaged file must be the same for all, such as which engine it is of
    truths = {repr(case.truth): case.truth for case in files if case.must == "sane"}
    if len(truths) != 1:
        raise SystemExit(f"{name}: each of its files has a truth of its own, which other bytes would not have")
    (truth,) = truths.values()
    suffixes = sorted({case.name for case in files})
    _, check = READERS[name]

    def one(data: bytes) -> None:
        if data:
            check(Case(suffixes[data[0] % len(suffixes)], data[1:], "sane", truth))

    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(files):
            (Path(folder) / str(number)).write_bytes(bytes([suffixes.index(case.name)]) + case.data)
        options = [f"-max_total_time={seconds}", "-max_len=65536", "-rss_limit_mb=4000", "-timeout=30"]
        atheris.Setup([sys.argv[0], folder, *options], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
