"""Kill a writer at any point, again and again: kill_writers.py URL TIMES; fails where a look is lost or half there."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from write_looks import looks

from auditor.errors import LedgerError
from auditor.ledger.store import Ledger


def one(url: str, name: str, kept: int, delay: float) -> list[int]:
    """Let a child write until it has kept so many looks, kill it a moment later; give the numbers it said were kept."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, b".")
        for number in looks(Ledger(url), name, 10_000):
            os.write(writer, f"{number} ".encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 1)
    while said.count(b" ") < kept:
        said += os.read(reader, 64)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reader, 65536):
        said += more
    os.close(reader)
    return [int(number) for number in said[1:].split(b" ")[:-1]]


def main(url: str, times: int) -> None:
    """Kill that often, and verify after each."""
    draw = random.Random(0)
    said: list[int] = []
    for turn in range(times):
        said += one(url, f"killed {turn}", draw.randrange(4), draw.uniform(0, 0.02))
        try:
            ledger = Ledger(url, read_only=True)
        except LedgerError as error:
            # Killed before it had made the tables: then no look can have been said to be kept.
            if said or ("no ledger" not in str(error) and "without a ledger" not in str(error)):
                raise
            continue
        verified = ledger.verify()
        assert not verified.problems, verified.problems
        kept = [row.number for row in ledger.rows() if row.kind == "look"]
        assert kept == list(range(1, len(kept) + 1)), kept
        assert set(said) <= set(kept), set(said) - set(kept)
    print(f"{len(said)} said, {verified.looks} looks, {verified.rows} rows")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
