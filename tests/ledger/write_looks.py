"""Write looks from many processes at once: write_looks.py URL WRITERS COUNT; prints the number that each look got."""

from __future__ import annotations

import os
import sys

import psycopg  # noqa: F401 - loaded once, so that the processes begin to write together

import auditor.ledger.migrate  # noqa: F401
from auditor.ledger.budget import Subject
from auditor.ledger.store import Ledger


def looks(ledger: Ledger, writer: object, count: int):
    """Take looks one after the other, and give the number of each once it is kept."""
    for one in range(count):
        name = f"{writer} {one}"
        reserved = ledger.reserve(
            "s",
            Subject(
                windows=(("2020-01-01", "2021-12-31"),), inputs={"tuned": name},
                oos={"base": "0" * 64, "tuned": name}, settings={"level": 0.05, "gain_level": 0.2},
            ),
        )  # fmt: skip
        yield reserved.look.number
        ledger.record(reserved, {"finding": "unproven", "gain_p": 0.2})


def main(url: str, writers: int, count: int) -> int:
    """Start the processes, each with its own connections; give how many failed."""
    children = []
    for writer in range(writers):
        child = os.fork()
        if child == 0:
            for number in looks(Ledger(url), writer, count):
                os.write(1, f"{number}\n".encode())
            os._exit(0)
        children.append(child)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
