"""The short version of docs/looks.md: luck passes by trying again, and does not where looks are counted."""

from __future__ import annotations

import math

import pytest
from lucky import LOOKS, first_pass, shares

pytestmark = pytest.mark.calibration

RUNS = 16


def test_luck_passes_without_a_ledger_and_not_with_one():
    found = [first_pass(5_000 + seed, reps=999) for seed in range(RUNS)]
    without, counted = shares(found, LOOKS)
    assert without > 0.5
    # Three errors above the level, which is two runs of sixteen.
    assert counted <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)
