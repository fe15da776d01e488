"""A report is there whole or not at all: when the disk is full, when writing fails, and when the user interrupts."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from auditor.errors import InputError
from auditor.report import machine

ROOT = Path(__file__).parents[1]
PAIR = ROOT / "data/pairs/mkt_plus_hml_mom.csv"
OLD = '{"old": true}\n'
NEW = "x" * 5_000 + "\n"


def command(report: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "auditor",
        "audit",
        f"{PAIR}:base",
        f"{PAIR}:tuned",
        "--oos-fraction",
        "0.4",
        "--reps",
        "300",
        "--quiet",
        "--report",
        f"json:{report}",
    ]


def unmeasured() -> dict[str, str]:
    """Environment without what measures coverage: that writes a file of its own, and begins before the program does."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def alone(folder: Path) -> list[str]:
    """Files of a folder; half of a report would be one of them."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("room", [0, 1, 2_500, 5_000])
def test_a_full_disk_leaves_the_old_report_whole(tmp_path, room):
    """The system itself refuses to write beyond `room` bytes, wherever in the report that is."""
    target = tmp_path / "a.json"
    target.write_text(OLD)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(InputError, match="could not be written"):
            machine.write(target, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert target.read_text() == OLD
    assert alone(tmp_path) == ["a.json"]
    machine.write(target, NEW)
    assert target.read_text() == NEW


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupt"]
)
def test_any_step_that_fails_leaves_the_old_report_whole(tmp_path, monkeypatch, step, error):
    """Each call to the system on the way, made to fail."""
    target = tmp_path / "a.json"
    target.write_text(OLD)

    def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fails)
        with pytest.raises(InputError if isinstance(error, OSError) else KeyboardInterrupt):
            machine.write(target, NEW)
    assert target.read_text() == OLD
    assert alone(tmp_path) == ["a.json"]


def test_a_device_that_is_full(tmp_path):
    with pytest.raises(InputError, match="No space left"):
        machine.write("/dev/full", NEW)


def test_a_folder_that_goes_away(tmp_path):
    """Between the check of the options and the writing."""
    with pytest.raises(InputError, match="does not exist"):
        machine.write(tmp_path / "gone" / "a.json", NEW)


def test_the_command_on_a_full_disk(tmp_path):
    """Exit code 2, one message, the old report."""
    target = tmp_path / "a.json"
    target.write_text(OLD)
    run = subprocess.run(
        command(target),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=unmeasured(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
    )
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert "could not be written" in run.stderr
    assert target.read_text() == OLD
    assert alone(tmp_path) == ["a.json"]


ROUNDS = int(os.environ.get("INTERRUPTS", "3"))


@pytest.mark.parametrize(("which", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "terminated"])
def test_an_end_at_any_moment(tmp_path, which, code):
    """The report is the old one or the new one, never half of one; the code is 130 or 143, or 0 where it had ended."""
    target = tmp_path / "a.json"
    begin = time.monotonic()
    subprocess.run(command(target), check=True, capture_output=True, cwd=ROOT)
    whole, took = target.read_text(), time.monotonic() - begin
    random, codes = Random(11), []
    for turn in range(ROUNDS):
        target.write_text(OLD)
        run = subprocess.Popen(
            command(target), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=unmeasured()
        )
        # early, late and in between
        time.sleep(took * (turn + random.random()) / ROUNDS)
        run.send_signal(which)
        _, stderr = run.communicate(timeout=120)
        codes.append(run.returncode)
        assert alone(tmp_path) == ["a.json"], codes
        found = target.read_text()
        assert found in (OLD, whole), codes
        assert json.loads(found)
        # before the program runs, and after it has ended, the interpreter itself dies of it: the code to a shell
        assert run.returncode in (0, code, -which), stderr
        assert (run.returncode == 0) <= (found == whole)
        if run.returncode == code:
            assert stderr.strip() in ("error: interrupted", "error: terminated", "Aborted!"), stderr
