"""Many replicates stay within a stated memory, too many are refused, and memory that ends is one message."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.config import MOST_REPS, Settings
from auditor.errors import InputError

ROOT = Path(__file__).parents[1]
PAIR = ROOT / "data/desks/second_signal"
MIB = 2**20
FRUGAL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Each further thread of a BLAS asks for address space of its own, used or not."""


def within(mebibytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command; the system gives it no more address space than this."""
    return subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | FRUGAL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MIB, mebibytes * MIB)),
    )


def audit(reps: int) -> list[str]:
    files = [str(PAIR / f"{role}_returns.csv") for role in ("base", "tuned")]
    return ["audit", *files, "--oos-start", "2009-01-02", "--reps", str(reps), "--quiet"]


def test_many_replicates_fit_in_a_stated_memory():
    """Most of it is address space that the interpreter and its libraries ask for and do not use."""
    done = within(1_300, *audit(200_000))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_memory_that_ends_is_one_message_that_says_what_to_do():
    done = within(900, *audit(200_000))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: the memory that this process may have is used up. Lower --reps")


@pytest.mark.parametrize("command", ["audit", "calibrate"])
def test_more_replicates_than_that_are_refused_before_anything_is_read(command):
    files = ["nowhere.csv"] * (2 if command == "audit" else 1)
    done = within(4_000, command, *files, "--oos-fraction", "0.4", "--reps", "1000000000000")
    assert done.returncode == 2
    assert "--reps 1000000000000 is more than 1000000, beyond which" in done.stderr
    assert Settings(reps=MOST_REPS).reps == MOST_REPS
    with pytest.raises(InputError, match="the default is 10000"):
        Settings(reps=MOST_REPS + 1)
