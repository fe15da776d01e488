"""The short version of docs/looks.md: luck passes by trying again, and does not where looks are counted."""

from __future__ import annotations

import math

import pytest
from lucky import LOOKS, first_pass, first_pass_by_a_ledger, shares

pytestmark = pytest.mark.calibration

RUNS = 24


def test_luck_passes_uncounted_and_not_counted():
    found = [first_pass(5_000 + seed, reps=2_999) for seed in range(RUNS)]
    uncounted, counted = shares(found, LOOKS)
    assert uncounted > 0.5
    # Three errors above the level.
    assert counted <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


def test_a_ledger_numbers_looks_as_the_simulation_does():
    assert first_pass_by_a_ledger(5_000, reps=2_999) == first_pass(5_000, reps=2_999)[1]
