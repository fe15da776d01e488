"""Kill a writer at any point, again and again: kill_writers.py URL TIMES; fails where a look is lost or half there."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import psycopg  # noqa: F401 - so that the children, who are killed early, need not load it
from write_looks import looks

import auditor.ledger.migrate  # noqa: F401
from auditor.errors import LedgerError
from auditor.ledger.store import Ledger


def one(url: str, name: str, delay: float) -> list[int]:
    """Let a child write until it is killed; give the numbers it said were kept."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, b".")
        for number in looks(Ledger(url), name, 10_000):
            os.write(writer, f"{number} ".encode())
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = b""
    while more := os.read(reader, 65536):
        said += more
    os.close(reader)
    return [int(number) for number in said.split(b" ")[:-1]]


def main(url: str, times: int) -> None:
    """Kill that often, and verify after each."""
    draw = random.Random(0)
    said: list[int] = []
    for turn in range(times):
        said += one(url, f"killed {turn}", draw.uniform(0, 0.08))
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
