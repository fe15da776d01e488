"""Many writers at once, and writers that are killed: nothing is lost, doubled or half there."""

from __future__ import annotations

import re
from collections import Counter

from auditor.ledger.store import Ledger

WRITERS, LOOKS = 32, 20


def test_many_writers_at_once_lose_nothing(url, script):
    out, errors = (run := script("write_looks.py", url, WRITERS, LOOKS)).communicate(timeout=300)
    assert run.returncode == 0, errors
    numbers = [int(line) for line in out.split()]
    # No number is given twice, so no two looks spend the same level.
    assert sorted(numbers) == list(range(1, WRITERS * LOOKS + 1))
    ledger = Ledger(url, read_only=True)
    verified = ledger.verify()
    assert verified.problems == ()
    assert (verified.looks, verified.rows) == (WRITERS * LOOKS, 2 * WRITERS * LOOKS)
    results = Counter(row.refers for row in ledger.rows() if row.kind == "result")
    assert set(results) == {row.seq for row in ledger.rows() if row.kind == "look"}
    assert set(results.values()) == {1}


def test_a_writer_killed_at_any_point_leaves_a_ledger_that_verifies(url, script):
    out, errors = (run := script("kill_writers.py", url, 50)).communicate(timeout=300)
    assert run.returncode == 0, errors
    said, looks, _ = map(int, re.findall(r"\d+", out))
    # Each was killed after some looks that the script drew, 0 to 3, and at any point of the next.
    assert looks >= said > 50
