"""Write looks and their results: write_looks.py URL WRITER COUNT [KEY]; prints the number that each look got."""

from __future__ import annotations

import sys

from auditor.ledger.budget import Subject
from auditor.ledger.store import Ledger


def looks(ledger: Ledger, writer: str, count: int):
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


if __name__ == "__main__":
    url, writer, count, *key = sys.argv[1:]
    ledger = Ledger(url, signing_key=key[0].encode() if key else None)
    for number in looks(ledger, writer, int(count)):
        print(number, flush=True)
