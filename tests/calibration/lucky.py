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
WORTH = 1.0
"""z of the gain below which no look is audited: a one-sided p of 0.16, where passing takes one below 0.05."""
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


def may_pass(base, tuned):
    """Whether a full audit is worth it: Memmel's z of the gain, far from what any resampled p needs to pass."""
    x, y = base.to_numpy()[-OUTSIDE:], tuned.to_numpy()[-OUTSIDE:]
    one, other, r = x.mean() / x.std(), y.mean() / y.std(), np.corrcoef(x, y)[0, 1]
    variance = 2 - 2 * r + (one**2 + other**2 - 2 * one * other * r**2) / 2
    return (other - one) / math.sqrt(variance / OUTSIDE) > WORTH


def first_pass(seed, *, reps=2_999):
    """Look at which a researcher who tries one variant after the other passes: uncounted, and counted.

    A look that cannot pass is numbered and not audited, which changes nothing but the time it takes.
    """
    base, tried, split = variants(seed)
    options = {"oos_start": split, "reps": reps, "seed": seed}
    worth = [(number, one) for number, one in enumerate(tried, 1) if may_pass(base, one)]
    return tuple(
        next((number for number, one in worth
              if audit(base, one, look=number if counted else None, **options).finding in PASSES), None)
        for counted in (False, True)
    )  # fmt: skip


def first_pass_by_a_ledger(seed, *, reps=2_999):
    """The second number of `first_pass`, with every look audited and counted by a ledger."""
    base, tried, split = variants(seed)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{folder}/looks.db")
        for one in tried:
            found = take_look(ledger, "lucky", base, one, oos_start=split, reps=reps, seed=seed)
            if found.audit.finding in PASSES:
                return found.audit.look.number
        return None


def shares(found, looks):
    """Share of the runs that passed by that many looks, without and with."""
    return tuple(sum(one[way] is not None and one[way] <= looks for one in found) / len(found) for way in (0, 1))


def report(found, reps):
    """Put what was measured in the page."""
    runs, inside, outside = len(found), (DAYS - OUTSIDE) // 252, OUTSIDE // 252
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
        f"A run: daily returns with t(5) shocks, {inside} years in sample and {outside} out of it, from returns alone.",
        f"Each variant has the base's true Sharpe ratio of {SHARPE:g} a year and a correlation of",
        f"{CORRELATION:g} with it, so that none is better and every pass is luck. The researcher stops at the",
        "first. The error is that of the simulation, at a rate of 5 % at least.",
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
