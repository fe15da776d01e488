"""Many replicates stay within a stated memory, too many are refused, and memory that ends is one message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.config import MOST_REPS, Settings
from auditor.errors import InputError

ROOT = Path(__file__).parents[1]
PAIR = ROOT / "data/desks/second_signal"

WITHIN = """
import resource, sys
from auditor import audit_files
from auditor.cli import main

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

base, tuned, room, *arguments = sys.argv[1:]
audit_files(base, tuned, oos_start="2009-01-02", reps=99)
begun = peak()
if int(room):
    reserved = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (reserved + int(room) * 2**20,) * 2)
try:
    main(["audit", base, tuned, *arguments])
finally:
    print("MiB", peak() - begun, file=sys.stderr)
"""
"""Audit once, so that every library is there; then with so much more room, and say how much was taken."""


def within(room: int, reps: int) -> subprocess.CompletedProcess[str]:
    """Audit in a process that may take so many MiB more than it has after a small audit; 0: as many as it wants."""
    files = [str(PAIR / f"{role}_returns.csv") for role in ("base", "tuned")]
    options = ["--oos-start", "2009-01-02", "--reps", str(reps), "--quiet"]
    return subprocess.run(
        [sys.executable, "-c", WITHIN, *files, str(room), *options],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_memory_of_replicates_is_about_a_kilobyte_each():
    done = within(0, 200_000)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split("MiB")[1]) < 400


def test_memory_that_ends_is_one_message_that_says_what_to_do():
    done = within(100, 1_000_000)
    assert (done.returncode, done.stdout) == (2, "")
    told, taken = done.stderr.splitlines()
    assert told.startswith("error: the memory that this process may have is used up. Lower --reps")
    assert taken.startswith("MiB")


@pytest.mark.parametrize("command", ["audit", "calibrate"])
def test_more_replicates_than_that_are_refused_before_anything_is_read(command):
    files = ["nowhere.csv"] * (2 if command == "audit" else 1)
    done = subprocess.run(
        [sys.executable, "-m", "auditor", command, *files, "--oos-fraction", "0.4", "--reps", "1000000000000"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--reps 1000000000000 is more than 1000000, beyond which" in done.stderr
    assert Settings(reps=MOST_REPS).reps == MOST_REPS
    with pytest.raises(InputError, match="the default is 10000"):
        Settings(reps=MOST_REPS + 1)
