"""Measure how often the tests reject true nulls: `python tests/calibration/size.py --worlds 2000` writes the table."""

from __future__ import annotations

import argparse
import itertools
import math
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from nulls import CORRELATIONS, FAMILIES, LENGTHS, book_without_alpha, equal_sharpe

from auditor.coverage.streams import own_streams, split
from auditor.stats.blocks import Draws, block_length, resample, select
from auditor.stats.sharpe import sharpe_difference_test
from auditor.stats.spanning import (
    BESIDE,
    EARNS,
    NEW_ALPHA,
    NEW_MEAN,
    alpha_error,
    cover_moments,
    mean_error,
)
from auditor.stats.studentised import studentise

LEVELS = (0.01, 0.05, 0.10)
TABLE = Path(__file__).parents[2] / "docs" / "size.csv"


def gain_p(base, tuned, reps, seed):
    """One-sided p of the paired test, as the audit runs it."""
    base, tuned = base / base.std(), tuned / tuned.std()
    n = base.size
    draws = Draws(lengths=(n,), block=block_length(base, tuned, lengths=(n,)), reps=reps, seed=seed)
    return sharpe_difference_test(base, tuned, draws).p_value(), draws.block


def new_p(base, tuned, reps, seed, periods_per_year):
    """Larger one-sided p of the new part's mean and alpha, projected on the base's own streams."""
    n = base.size
    parts = split(tuned, own_streams(base, periods_per_year))
    draws = Draws(lengths=(n,), block=block_length(base, tuned, lengths=(n,)), reps=reps, seed=seed)
    covered, total = parts.covered / tuned.std(), tuned / tuned.std()
    table = cover_moments(covered, total)
    (resampled,) = resample([table], draws)
    lost = parts.parameters
    mean = studentise(
        NEW_MEAN,
        table[:, EARNS],
        select(resampled, EARNS),
        se=parts.error_factor * mean_error(total - covered, (n,), lost),
    )
    alpha = studentise(
        NEW_ALPHA,
        table[:, BESIDE],
        select(resampled, BESIDE),
        se=parts.error_factor
        / np.hypot(1, covered.mean() / covered.std(ddof=1))
        * alpha_error(covered, total, (n,), lost),
    )
    return mean.p_value(), alpha.p_value(), draws.block


def one_setting(setting):
    """Rejection rates of one family, correlation and length."""
    family, correlation, n, worlds, reps, seed = setting
    base, tuned = equal_sharpe(family, correlation, n, worlds, seed)
    found = [gain_p(base[:, w], tuned[:, w], reps, w) for w in range(worlds)]
    rows = [row("gain", family, correlation, n, worlds, [p for p, _ in found], [b for _, b in found])]
    base, tuned = book_without_alpha(family, correlation, n, worlds, seed)
    new = [new_p(base[:, w], tuned[:, w], reps, w, LENGTHS[n]) for w in range(worlds)]
    rows.append(row("new mean", family, correlation, n, worlds, [p for p, _, _ in new], [b for _, _, b in new]))
    rows.append(row("new alpha", family, correlation, n, worlds, [p for _, p, _ in new], [b for _, _, b in new]))
    return rows


def row(test, family, correlation, n, worlds, p, blocks):
    """One line of the table."""
    rates = [float(np.mean(np.array(p) <= level)) for level in LEVELS]
    return [test, family, correlation, n, worlds, *rates, float(np.median(blocks))]


def main():
    """Run every setting and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--reps", type=int, default=999)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--lengths", type=int, nargs="*", default=list(LENGTHS))
    asked = parser.parse_args()
    settings = [
        (family, correlation, n, asked.worlds, asked.reps, asked.seed)
        for n, family, correlation in itertools.product(asked.lengths, FAMILIES, CORRELATIONS)
    ]
    lines = ["test,family,correlation,n_obs,worlds,rate_01,rate_05,rate_10,median_block"]
    with ProcessPoolExecutor() as pool:
        for rows in pool.map(one_setting, settings):
            for one in rows:
                error = math.sqrt(0.05 * 0.95 / asked.worlds)
                mark = f"{(one[6] - 0.05) / error:+.1f}"
                print(*one, mark, flush=True)
                lines.append(",".join(str(x) for x in one))
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
