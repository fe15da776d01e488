"""Feed readers with forged and damaged files until each had its minutes: `make fuzz`, or

PYTHONPATH=tests/calibration python tests/fuzz/run.py --minutes 30 --log fuzz.csv [READER ...]

Minutes are of the processor, so a busy machine does not shorten the run. Readers take turns. With --log every turn is
a line of that file, and the next run goes on where the lines end: half an hour a reader may take several sittings.
A finding is made small by hypothesis and printed; its reader begins anew, and its turns in this run are over. A turn is
a process of its own, so that a file which ends the process inside of a library is a finding as well. Seeds rise, so no
run sees the files of another one, and --seed with --minutes 0.01 makes those of one seed again.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from registry import READERS

ROUND = 200  # files between two looks at the clock
MEMORY = 6 << 30  # bytes of address space, most of which libraries only reserve
STOPPED: list[int] = []  # exit codes of the signals that came: hypothesis would take an exception for a finding
COLUMNS = ("reader", "seed", "files", "minutes", "found", "commit", "ended")


@dataclass
class Turns:
    """What a reader has behind it: files and minutes since its last finding, and the seed that is next."""

    files: int = 0
    minutes: float = 0.0
    next: int = 0
    findings: int = 0

    def add(self, first: int, files: int, minutes: float, found: bool) -> None:
        """Count a turn; a finding begins the count anew."""
        self.files, self.minutes = (0, 0.0) if found else (self.files + files, self.minutes + minutes)
        self.next = max(self.next, first + files // ROUND + found)
        self.findings += found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all by default")
    parser.add_argument("--minutes", type=float, default=30, help="of the processor, for each reader")
    parser.add_argument("--turn", type=float, default=5, help="minutes of a reader before the next one's turn")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--log", type=Path, help="go on from this file, and write every turn to it")
    parser.add_argument("--show", action="store_true", help="only tell what the log holds")
    asked = parser.parse_args()
    if unknown := set(asked.readers) - set(READERS):
        parser.error(f"no such reader: {', '.join(sorted(unknown))}")
    names = asked.readers or list(READERS)
    behind = {name: Turns(next=asked.seed) for name in names}
    for row in read_log(asked.log):
        if row["reader"] in behind:
            behind[row["reader"]].add(int(row["seed"]), int(row["files"]), float(row["minutes"]), row["found"] == "yes")
    if asked.show:
        told(behind)
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, stop)
    warnings.simplefilter("error")
    failed: set[str] = set()
    while waiting := [name for name in names if behind[name].minutes < asked.minutes and name not in failed]:
        for name in waiting:
            minutes = min(asked.turn, asked.minutes - behind[name].minutes)
            if turn(name, minutes, behind[name], asked.log):
                failed.add(name)
            if STOPPED:
                told(behind)
                return STOPPED[0]
    told(behind)
    return bool(failed)


def stop(which: int, frame: object) -> None:
    """End after this round of files, with its turn written down; the second time at once."""
    STOPPED.append(128 + which)
    signal.signal(which, signal.SIG_DFL)
    for child in multiprocessing.active_children():
        child.terminate()


def turn(name: str, minutes: float, behind: Turns, log: Path | None) -> bool:
    """Fuzz one reader for so long; True where something was found. The turn is written down however it ends."""
    first, rounds, spent, found = behind.next, 0, 0.0, False
    forked = multiprocessing.get_context("fork")
    hears, tells = forked.Pipe(duplex=False)
    child = forked.Process(target=feed, args=(name, minutes, first, tells), daemon=True)
    child.start()
    tells.close()
    try:
        while True:
            rounds, spent, found = hears.recv()
    except EOFError:
        child.join()
        if child.exitcode and not STOPPED:
            found = True
            ended = f"the process ended with code {child.exitcode}"
            print(f"{name}: finding at --seed {first + rounds}: {ended}", file=sys.stderr, flush=True)
    finally:
        behind.add(first, rounds * ROUND, spent, found)
        if log:
            write(log, (name, first, rounds * ROUND, f"{spent:.3f}", "yes" if found else "no", commit(), now()))
    return found


def feed(name: str, minutes: float, first: int, tells: Connection) -> None:
    """Feed rounds of files to a reader; tell after each how many in how many minutes, and whether it was a finding."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the keyboard it comes to the parent too, which ends this process
    cases, check = READERS[name]
    begin, rounds, found = busy(), 0, False
    while busy() - begin < 60 * minutes and not found and not STOPPED:
        found = not clean(first + rounds, cases, check, name)
        rounds += not found
        tells.send((rounds, (busy() - begin) / 60, found))


def clean(number: int, cases: object, check: object, name: str) -> bool:
    """Feed one round of files; False after a finding, which is printed."""
    run = seed(number)(
        settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            print_blob=True,
        )(given(cases)(check))
    )
    try:
        run()
    except Exception:
        print(f"{name}: finding at --seed {number}", file=sys.stderr, flush=True)
        traceback.print_exc()
        return False
    return True


def busy() -> float:
    """Seconds of the processor, of processes that were started too."""
    return sum(os.times()[:4])


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S")


def commit() -> str:
    """The commit that was fuzzed, with a + where files differ from it."""
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def read_log(log: Path | None) -> list[dict[str, str]]:
    """Turns of earlier runs; none where there is no log."""
    if log is None or not log.exists():
        return []
    with log.open(newline="") as file:
        return list(csv.DictReader(file))


def write(log: Path, row: tuple[object, ...]) -> None:
    fresh = not log.exists()
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(COLUMNS)
        writer.writerow(row)


def told(behind: dict[str, Turns]) -> None:
    """Print what every reader has behind it since its last finding."""
    for name, one in behind.items():
        print(f"{name:22}{one.files:>9,} files{one.minutes:>7.1f} minutes{one.findings:>4} findings before", flush=True)


if __name__ == "__main__":
    sys.exit(main())
