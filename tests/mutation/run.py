"""Change the package a little at a time, and count the changes that no test notices: mutmut, one module after another.

python tests/mutation/run.py --minutes 20 verdict stats/shape stats/longrun

A module or a folder of auditor/ is named without suffix. Each is changed in a copy of the tree and tried against the
tests of that module alone, or of its folder where it has none (TESTS). Survivors are written to mutants.txt with
their diffs, the table to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("auditor", "data", "tests", "pyproject.toml", "README.md")
SELECTION, TRIES, SHARPE, GOLDEN = (
    "tests/stats/test_stats_selection.py",
    "tests/coverage/test_coverage_tries.py",
    "tests/stats/test_stats_sharpe.py",
    "tests/stats/test_stats_golden.py",
)
TESTS = {
    "coverage/exits": ("tests/coverage/test_coverage_booking.py",),
    "coverage/exposure": ("tests/coverage/test_coverage_booking.py",),
    "coverage/inferred": (
        "tests/coverage/test_coverage_accruals.py",
        "tests/coverage/test_coverage_streams.py",
        "tests/coverage/test_coverage_streams_parts.py",
    ),
    "coverage/tries_solved": ("tests/coverage/test_coverage_tries_luck.py", TRIES),
    "coverage/segments": ("tests/coverage/test_coverage_attribution.py",),
    "coverage/valuation": ("tests/coverage/test_coverage_attribution.py",),
    "stats/blocks": ("tests/test_kept.py",),
    "stats/deflated": (SELECTION,),
    "stats/overfitting": (SELECTION,),
    "stats/ratios": (SHARPE, "tests/stats/test_stats_sharpe_fields.py"),
    "stats/richness": (TRIES,),
    "stats/selection": (SELECTION,),
    "stats/sharpe": (SHARPE, GOLDEN),
    "stats/spanning": (SHARPE,),
    "stats/studentised": (SHARPE,),
    "stats/superior": (SELECTION,),
    "stats/tails": ("tests/stats/test_stats_shape.py",),
}
"""Tests of a module that stand in files of other names; tests/FOLDER/test_FOLDER_MODULE*.py are taken too."""

KILLED = {1, 3}
SURVIVED = {0}
UNTESTED = {5, 33}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", help="folders or modules of auditor/: verdict, stats/shape")
    parser.add_argument("--minutes", type=float, default=20, help="stop beginning modules after so many")
    parser.add_argument("--each", type=float, default=10, help="minutes for one module; what is left is said")
    parser.add_argument("--sample", type=int, help="try so many mutants of a module, drawn by --seed; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("mutants.txt"), help="where survivors are written")
    given = parser.parse_args()
    end, lines = time.monotonic() + 60 * given.minutes, []
    print(f"{'module':32}{'mutants':>8}{'killed':>8}{'survived':>9}{'no test':>8}{'other':>6}{'score':>7}", flush=True)
    for module in [one for part in given.parts for one in modules(part)]:
        if time.monotonic() > end:
            print(f"{module:32}  not run: the time was over")
            continue
        until = min(end, time.monotonic() + 60 * given.each)
        counts, survivors = one_module(module, until=until, sample=given.sample, seed=given.seed)
        lines += survivors
        print(row(module, counts), flush=True)
        given.out.write_text("\n".join(lines))


def modules(part: str) -> list[str]:
    """Name the modules of a folder, or the one module."""
    place = ROOT / "auditor" / part
    if place.is_dir():
        return sorted(f"{part}/{file.stem}" for file in place.glob("*.py") if file.stem != "__init__")
    if place.with_suffix(".py").is_file():
        return [part]
    raise SystemExit(f"auditor/{part}: no such folder or module")


def one_module(
    module: str, *, until: float, sample: int | None = None, seed: int = 0
) -> tuple[Counter[str], list[str]]:
    """Mutate one module in a copy of the tree: what became of its mutants, and the diffs of those that live."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
        config = folder / "pyproject.toml"
        config.write_text(config.read_text() + settings(module))
        # the copy must be what is imported, so no other path may come before it
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        names: list[str] = []
        if sample is not None:
            # with a name that no mutant has, mutmut makes the mutants and tries none
            mutmut(folder, plain, ["none"], until)
            names = sorted(codes_of(folder, module))
            names = random.Random(seed).sample(names, min(sample, len(names)))
        status, output = mutmut(folder, plain, names, until)
        codes = codes_of(folder, module)
        if not codes:
            raise SystemExit(f"{module}: mutmut could not run\n{output[-3000:]}")
        drawn = {key: code for key, code in codes.items() if not names or key in names}
        if names:
            print(f"{module:32}{len(drawn):8} of {len(codes)} mutants, drawn by seed {seed}", flush=True)
        if "could not find any test case for any mutant" in output:
            return Counter({"no test": len(drawn)}), [f"# {module}: no test of its folder runs it\n"]
        if status and not any(code is not None for code in drawn.values()):
            raise SystemExit(f"{module}: mutmut could not run\n{output[-3000:]}")
        found = [shown(folder, key) for key, code in drawn.items() if code in SURVIVED | UNTESTED]
    return Counter(kind(code) for code in drawn.values()), found


def mutmut(folder: Path, env: dict[str, str], names: list[str], until: float) -> tuple[int, str]:
    """Try the mutants named, or all: exit code and output; stopped when the time is over."""
    run = subprocess.Popen(
        [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        output = run.communicate(timeout=max(60.0, until - time.monotonic()))[0]
    except subprocess.TimeoutExpired:
        run.terminate()
        output = run.communicate()[0]
    return run.returncode, output


def codes_of(folder: Path, module: str) -> dict[str, int | None]:
    """Exit code of the tests by mutant, None where it was not tried; empty where there are no mutants."""
    meta = folder / "mutants" / "auditor" / f"{module}.py.meta"
    return json.loads(meta.read_text())["exit_code_by_key"] if meta.exists() else {}


def settings(module: str) -> str:
    folder, name = module.split("/")
    own = [f"tests/{folder}/{one.name}" for one in (ROOT / "tests" / folder).glob(f"test_{folder}_{name}*.py")]
    tests = sorted({*own, *TESTS.get(module, ())}) or [f"tests/{folder}"]
    return f"""
[tool.mutmut]
source_paths = ["auditor"]
only_mutate = ["auditor/{module}.py"]
also_copy = ["data", "README.md"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not calibration and not engines"]
use_git_change_detection = false
"""


def shown(folder: Path, key: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "mutmut", "show", key], cwd=folder, capture_output=True, text=True, check=False
    ).stdout


def kind(code: int | None) -> str:
    if code in KILLED:
        return "killed"
    if code in SURVIVED:
        return "survived"
    return "no test" if code in UNTESTED else "not run" if code is None else "other"


def row(module: str, counts: Counter[str]) -> str:
    tried = sum(counts.values()) - counts["not run"]
    # a mutant that never ends or crashes was noticed
    caught = counts["killed"] + counts["other"]
    score = f"{caught / tried:.0%}" if tried else "-"
    late = f"  {counts['not run']} not run: the time was over" if counts["not run"] else ""
    return (
        f"{module:32}{tried:8}{counts['killed']:8}{counts['survived']:9}{counts['no test']:8}{counts['other']:6}"
        f"{score:>7}{late}"
    )


if __name__ == "__main__":
    main()
