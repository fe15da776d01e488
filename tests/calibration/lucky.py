"""Measure how often luck passes where one window is looked at up to 50 times; writes into docs/looks.md."""

from __future__ import annotations

import argparse
import math
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from auditor import audit
from auditor.counted import take_look
from auditor.ledger.store import Ledger

DOCS = Path(__file__).parents[2] / "docs" / "looks.md"
MEASURED = "## Measured\n"
LOOKS = 50
DAYS, OUTSIDE = 1_260, 756
SHARPE, CORRELATION = 1.0, 0.9
PASSES = ("new_edge", "efficiency")
AT = (1, 2, 5, 10, 20, 50)


def variants(seed):
    """Base, and a draw of variants that are never better: the same true Sharpe ratio, correlated at 0.9."""
    rng = np.random.default_rng(seed)
    mean = SHARPE / math.sqrt(252)
    dates = pd.bdate_range("2015-01-01", periods=DAYS)
    rest = math.sqrt(1 - CORRELATION**2)

    def shocks():
        return rng.standard_t(5, DAYS) / math.sqrt(5 / 3)

    base = mean + shocks()
    # What is mixed in earns as much as it takes for the whole to have the base's Sharpe ratio, and no more.
    found = [CORRELATION * base + rest * (mean * (1 - CORRELATION) / rest + shocks()) for _ in range(LOOKS)]
    series = [pd.Series(0.01 * one, dates) for one in (base, *found)]
    return series[0], series[1:], dates[DAYS - OUTSIDE]


def first_pass(seed, *, reps=2_999):
    """Look at which a researcher who tries one variant after the other passes: without a ledger, and with one."""
    base, tried, split = variants(seed)
    options = {"oos_start": split, "reps": reps, "seed": seed}
    without = next((n for n, one in enumerate(tried, 1) if audit(base, one, **options).finding in PASSES), None)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{folder}/looks.db")
        looks = (take_look(ledger, "lucky", base, one, **options) for one in tried)
        counted = next((one.audit.look.number for one in looks if one.audit.finding in PASSES), None)
    return without, counted


def shares(found, looks):
    """Share of the runs that passed by that many looks, without and with."""
    return tuple(sum(one[way] is not None and one[way] <= looks for one in found) / len(found) for way in (0, 1))


def report(found, reps):
    """Put what was measured in the page."""
    runs = len(found)
    lines = [
        MEASURED,
        f"Share of {runs} runs in which at least one of so many looks passes; made by",
        f"`python tests/calibration/lucky.py --runs {runs} --reps {reps}` on {date.today()}.",
        "",
        "| looks | without a ledger | with one |",
        "|---:|---:|---:|",
    ]
    for looks in AT:
        cells = [
            f"{share:.1%} ± {math.sqrt(max(share * (1 - share), 0.0475) / runs):.1%}" for share in shares(found, looks)
        ]
        lines.append(f"| {looks} | {' | '.join(cells)} |")
    lines += [
        "",
        f"A run: daily returns with t(5) shocks, {(DAYS - OUTSIDE) // 252} years in sample and {OUTSIDE // 252} out of it, "
        "from returns alone. Each variant has the base's",
        f"true Sharpe ratio of {SHARPE:g} a year and a correlation of {CORRELATION:g} with it, so that none is better and "
        "every pass is luck. The",
        "researcher stops at the first pass. The error is that of the simulation, at a rate of 5 % at least.",
    ]
    before = DOCS.read_text(encoding="utf-8").partition(MEASURED)[0]
    DOCS.write_text(before + "\n".join(lines) + "\n", encoding="utf-8")


def main():
    """Run them all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--reps", type=int, default=2_999)
    parser.add_argument("--workers", type=int, default=None)
    asked = parser.parse_args()
    found = []
    with ProcessPoolExecutor(asked.workers) as pool:
        for number, one in enumerate(pool.map(partial(first_pass, reps=asked.reps), range(asked.runs)), 1):
            found.append(one)
            print(f"{number}/{asked.runs} {one} {shares(found, LOOKS)}", flush=True)
    report(found, asked.reps)


if __name__ == "__main__":
    main()
