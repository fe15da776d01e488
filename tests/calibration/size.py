"""Measure how often the tests reject true nulls; writes docs/size.md and docs/size.csv."""

from __future__ import annotations

import argparse
import csv
import itertools
import math
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
from nulls import CORRELATIONS, FAMILIES, LENGTHS, book_without_alpha, equal_sharpe

from auditor.coverage.streams import own_streams, split
from auditor.gain_parts import new_tests
from auditor.stats.blocks import Draws, block_length, resample
from auditor.stats.sharpe import sharpe_difference_test
from auditor.stats.spanning import cover_moments

LEVELS = (0.01, 0.05, 0.10)
DOCS = Path(__file__).parents[2] / "docs"
TESTS = {
    "gain": "paired Sharpe test",
    "mean": "mean of the new part",
    "alpha": "alpha of the new part",
    "new": "both, the larger p: what the rule reads",
}


def gain_p(base, tuned, reps, seed):
    """One-sided p of the paired test, as the audit runs it, and its block length."""
    base, tuned = base / base.std(), tuned / tuned.std()
    n = base.size
    draws = Draws(lengths=(n,), block=block_length(base, tuned, lengths=(n,)), reps=reps, seed=seed)
    return sharpe_difference_test(base, tuned, draws).p_value(), draws.block


def new_p(base, tuned, reps, seed, periods_per_year):
    """One-sided p of the new part's mean and alpha, projected on the base's own streams, and the block length."""
    n = base.size
    parts = split(tuned, own_streams(base, periods_per_year), periods_per_year)
    draws = Draws(lengths=(n,), block=block_length(base, tuned, lengths=(n,)), reps=reps, seed=seed)
    table = cover_moments(parts.covered / tuned.std(), tuned / tuned.std())
    (resampled,) = resample([table], draws)
    mean, alpha = new_tests(parts, table, resampled, draws)
    return mean.p_value(), alpha.p_value(), draws.block


def one_setting(setting):
    """Rejection rates of every test in one family, correlation and length."""
    family, correlation, n, worlds, reps, seed = setting
    base, tuned = equal_sharpe(family, correlation, n, worlds, seed)
    gain = np.array([gain_p(base[:, w], tuned[:, w], reps, w) for w in range(worlds)])
    base, tuned = book_without_alpha(family, correlation, n, worlds, seed)
    new = np.array([new_p(base[:, w], tuned[:, w], reps, w, LENGTHS[n]) for w in range(worlds)])
    found = {"gain": gain[:, 0], "mean": new[:, 0], "alpha": new[:, 1], "new": new[:, :2].max(axis=1)}
    blocks = {"gain": gain[:, 1]}
    return [
        {
            "test": test,
            "family": family,
            "correlation": correlation,
            "n_obs": n,
            "worlds": worlds,
            **{f"rate_{level:.2f}": float(np.mean(p <= level)) for level in LEVELS},
            "median_block": float(np.median(blocks.get(test, new[:, 2]))),
        }
        for test, p in found.items()
    ]


def error_of(level, worlds):
    """Monte Carlo error of a rejection rate at its nominal level."""
    return math.sqrt(level * (1 - level) / worlds)


def report(rows, asked):
    """Write the page that the docs show."""
    worlds = rows[0]["worlds"]
    how = f"python tests/calibration/size.py --worlds {worlds} --reps {asked.reps} --seed {asked.seed}"
    lines = [
        "# Size of the tests",
        f"How often each test rejects a null that is true: {worlds:,} worlds a cell, {asked.reps:,} replicates a test,",
        f"made by `{how}` on {date.today()}.",
        "",
        "All tests are one-sided, with automatic block lengths. Three correlations are pooled below, so that the Monte",
        f"Carlo error is {error_of(0.05, 3 * worlds):.2%} at 5 %; each cell apart is in [size.csv](size.csv).",
        "",
        "Nulls: for the paired test, two policies with the same true Sharpe ratio (1.0 a year) and correlation .5, .9,",
        ".98; for the new part, base plus an independent book whose mean is zero. Families: independent normal;",
        "Student t with 4 degrees; AR(1) of .15; GARCH(1,1) (.07, .90) with t(6) shocks; calm and stormy regimes",
        "(volatility 0.6 and 1.6). 60 observations are monthly, 252 and 1,260 daily.",
    ]
    for test, what in TESTS.items():
        lines += [
            "",
            f"## {what[0].upper()}{what[1:]}",
            "| observations | family | at 1 % | at 5 % | at 10 % | block |",
        ]
        lines += ["|---:|---|---:|---:|---:|---:|"]
        for n, family in itertools.product(sorted({row["n_obs"] for row in rows}), FAMILIES):
            cell = [r for r in rows if (r["test"], r["n_obs"], r["family"]) == (test, n, family)]
            rates = [np.mean([r[f"rate_{level:.2f}"] for r in cell]) for level in LEVELS]
            block = np.median([r["median_block"] for r in cell])
            lines.append(f"| {n:,} | {family} | " + " | ".join(f"{rate:.1%}" for rate in rates) + f" | {block:.0f} |")
    (DOCS / "size.md").write_text("\n".join(lines) + "\n")
    with (DOCS / "size.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    """Run every setting and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--reps", type=int, default=999)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    settings = [
        (family, correlation, n, asked.worlds, asked.reps, asked.seed)
        for n, family, correlation in itertools.product(LENGTHS, FAMILIES, CORRELATIONS)
    ]
    rows = []
    with ProcessPoolExecutor() as pool:
        for number, found in enumerate(pool.map(one_setting, settings), 1):
            rows += found
            rates = ", ".join(f"{row['test']} {row['rate_0.05']:.3f}" for row in found)
            print(f"{number}/{len(settings)} {settings[number - 1][:3]}: {rates}", flush=True)
    DOCS.mkdir(exist_ok=True)
    report(rows, asked)


if __name__ == "__main__":
    main()
