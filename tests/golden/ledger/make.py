"""Make a ledger as this version writes it: make.py FILE; kept here so that later versions are seen to open it."""

from __future__ import annotations

import sys

from auditor.ledger.budget import Subject
from auditor.ledger.store import Ledger

KEY = b"a key that is in the repository, and so is none"


def main(file: str) -> None:
    """Two looks and a result, signed."""
    ledger = Ledger(f"sqlite:///{file}", signing_key=KEY)
    for name in ("a", "b"):
        subject = Subject(
            windows=(("2020-01-01", "2021-12-31"),), inputs={"base": "b", "tuned": name},
            oos={"base": "o", "tuned": name}, settings={"level": 0.05, "gain_level": 0.2, "seed": 0},
        )  # fmt: skip
        reserved = ledger.reserve("golden", subject, commit="c0ffee")
        if name == "a":
            ledger.record(reserved, {"label": "reweighting", "finding": "efficiency", "gain_p": 0.0054})


if __name__ == "__main__":
    main(sys.argv[1])
