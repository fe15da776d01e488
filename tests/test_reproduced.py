"""Kept audits come out again: on these libraries, on any number of threads, on a processor without its newest parts."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from audits import CASES, GOLDEN, differences, kept, largest, numbers, trimmed

SCRIPT = Path(__file__).parent / "reproduce/audits.py"
HOW = "if this was meant, run `python tests/reproduce/audits.py --write`, and read the difference"


@pytest.mark.parametrize("name", list(CASES))
def test_a_kept_audit_comes_out_again(name):
    found = differences(numbers(name), kept(name))
    assert not found, f"{len(found)} numbers differ, {HOW}: {found[:5]}"


def test_nothing_is_kept_that_no_case_makes():
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


def alone(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a process whose libraries read these settings as they load."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | settings
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False, env=environment
    )


def test_any_number_of_threads_gives_the_same_last_bit():
    cases = ("long", "walk_forward", "desk_book_known")
    programs = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    found = [alone("--digest", *cases, **dict.fromkeys(programs, threads)) for threads in ("1", "2", "3")]
    assert [one.stderr for one in found] == [""] * 3
    assert len({one.stdout for one in found}) == 1
    assert len(found[0].stdout) == 65


def test_a_processor_without_its_newest_instructions_gives_the_same_numbers():
    """numpy and OpenBLAS are told to do without: sums are then taken in other orders, which moves the last digits."""
    newest = " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))
    found = alone("long", "walk_forward", "rollouts_mean", OPENBLAS_CORETYPE="Nehalem", NPY_DISABLE_CPU_FEATURES=newest)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout + found.stderr
    assert found.stdout.startswith("3 passed, 0 failed")


def test_what_is_the_same_and_what_is_not():
    """One hit more in ten thousand, another label, a number gone, a longer list are told; the last digits are not."""
    one = {
        "p": 17 / 10_001,
        "label": "new_edge",
        "n": 5,
        "list": list(range(9)),
        "gain": 0.25,
        "none": None,
        "reason": "x",
    }
    was = trimmed(one)
    assert was["list"] == [0, 1, 7, 8, "of 9"]
    assert not {"none", "reason"} & set(was)
    for name, value in {
        "p": 18 / 10_001,
        "label": "no_gain",
        "n": 6,
        "gain": 0.25 * (1 + 2e-9),
        "list": [*range(10)],
    }.items():
        found = differences(trimmed(one | {name: value}), was)
        assert [one.split(".")[0].split(":")[0] for one in found[:1]] == [name]
    gone = copy.deepcopy(was)
    del gone["gain"]
    assert differences(gone, was) == ["gain: 0.25 was kept, 'nothing' is found"]
    near = trimmed(one | {"gain": 0.25 * (1 + 1e-10)})
    assert differences(near, was) == []
    assert largest(near, was) == (pytest.approx(1e-10, rel=1e-3), "gain")
