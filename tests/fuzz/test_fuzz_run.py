"""The long run goes on where its log ends, counts anew after a finding, and never makes the same files again."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "calibration", ROOT / "tests" / "fuzz")))


def python(*arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True,
        check=False, env=os.environ | {"PYTHONPATH": PATHS},
    )  # fmt: skip


def run(*arguments):
    done = python(ROOT / "tests" / "fuzz" / "run.py", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_turns_are_written_down_and_gone_on_from(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(
        "reader,seed,files,minutes,found,commit,ended\n"
        "exceptions,0,1000,2.5,no,abc,2026-01-01T00:00:00\n"
        "exceptions,5,400,0.5,yes,abc,2026-01-01T00:10:00\n"
        "counts,0,800,0.9,no,abc,2026-01-01T00:20:00\n"
    )
    assert run("--show", "--log", log, "exceptions", "counts").split() == [
        "exceptions", "0", "files", "0.0", "minutes", "1", "findings", "before",
        "counts", "800", "files", "0.9", "minutes", "0", "findings", "before",
    ]  # fmt: skip
    told = run("--minutes", 0.002, "--turn", 0.001, "--log", log, "exceptions", "counts")
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # counts has had its minutes; the finding at seed 7 is behind
    assert {row["reader"] for row in rows[3:]} == {"exceptions"}
    assert [row["found"] for row in rows[3:]] == ["no"] * len(rows[3:])
    seeds = [int(row["seed"]) for row in rows[3:]]
    assert seeds[0] == 8
    assert seeds == [8 + sum(int(row["files"]) // 200 for row in rows[3 : 3 + at]) for at in range(len(seeds))]
    assert f"{sum(int(row['files']) for row in rows[3:]):,} files" in told
    assert sum(float(row["minutes"]) for row in rows[3:]) >= 0.002


def test_a_file_that_ends_the_process_is_a_finding_and_the_run_goes_on(tmp_path):
    log = tmp_path / "log.csv"
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, sys\n"
        "import run\n"
        "from hypothesis import strategies as st\n"
        "kill = lambda number: os.kill(os.getpid(), signal.SIGSEGV) if number > 50_000 else None\n"
        "run.READERS |= {'kills': (st.integers(0, 100_000), kill), 'sound': (st.none(), lambda none: None)}\n"
        "sys.exit(run.main())\n"
    )
    done = python(script, "--minutes", 0.002, "--log", log, "kills", "sound")
    assert done.returncode == 1
    assert "kills: finding at --seed 0: the process ended with code -11" in done.stderr
    with log.open(newline="") as file:
        assert [(row["reader"], row["found"]) for row in csv.DictReader(file)] == [("kills", "yes"), ("sound", "no")]
