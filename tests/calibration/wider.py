"""Measure how often rollouts are called wider, where tuned is sharper and where it is wider; writes docs/method.md."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from auditor.coverage.tries_luck import beyond_luck
from auditor.coverage.tries_placebo import Placebo
from auditor.coverage.tries_verdict import judge_tries

DOCS = Path(__file__).parents[2] / "docs" / "method.md"
MEASURED, AFTER = "### How often wider is said\n", "\n## Other choices"
PLACEBO = 0.5
SIZES = tuple((problems, rollouts) for problems in (60, 120, 500) for rollouts in (12, 24, 48))

WORLDS = {
    "sharper": [(base, 1.0, 0.85, 1.0) for base in (0.55, 0.6, 0.7)]
    + [(0.55, 1.0, 0.95, 1.0), (0.55, 0.3, 0.85, 0.3), (0.6, 0.3, 0.85, 0.3), (0.75, 0.3, 0.85, 0.3)],
    "wider": [(0.5, 0.0, 0.85, 1.0)]
    + [(base, 1.0 - new, 0.85, 1.0) for new in (0.15, 0.3) for base in (0.55, 0.6, 0.7)]
    + [(base, 0.3, 0.75, 0.3 + new) for new in (0.15, 0.3) for base in (0.6, 0.75)],
}
"""The truth, then: a rollout of the base is right at so high a rate, on a share of problems; tuned's, on a share."""


def finding(world, problems, rollouts, seed):
    """What is said of one world: rollouts that are right half of the time by luck."""
    base_rate, base_share, tuned_rate, tuned_share = world
    rng = np.random.default_rng([seed, problems, rollouts])
    place = rng.random(problems)
    counts = [
        rng.binomial(rollouts, np.where(place < share, rate, PLACEBO))
        for rate, share in ((base_rate, base_share), (tuned_rate, tuned_share))
    ]
    tries = np.full(problems, rollouts)
    luck = Placebo(rate=np.full(problems, PLACEBO), tries=12_800, kind="positions")
    none = np.zeros(1)
    beyond = beyond_luck(
        *counts, base_tries=tries, tuned_tries=tries, base_placebo=luck, tuned_placebo=luck, base_pass=none,
        tuned_pass=none, block=1, reps=400,
    )  # fmt: skip
    return judge_tries(None, beyond).finding


def rates(world, problems, rollouts, worlds, first=0):
    """Share of worlds that get each finding."""
    found = Counter(finding(world, problems, rollouts, seed) for seed in range(first, first + worlds))
    return {name: count / worlds for name, count in found.items()}


def row(world, worlds):
    """A line of the table: the world, and how often wider is said of it by size."""
    base, base_share, tuned, tuned_share = world
    cells = [f"{100 * rates(world, *size, worlds).get('wider', 0.0):.0f}" for size in SIZES]
    new = max(0.0, tuned_share - base_share)
    print(world, cells, flush=True)
    return f"| {base:.2f} on {base_share:.0%} | {tuned:.2f} on {tuned_share:.0%} | {new:.0%} | {' | '.join(cells)} |"


def _error(share, worlds):
    return f"{100 * math.sqrt(share * (1 - share) / worlds):.1f}"


def report(worlds):
    """Put what was measured in the page."""
    lines = [
        MEASURED,
        f"Percent of {worlds} worlds, by problems×rollouts; made by",
        f"`python tests/calibration/wider.py --worlds {worlds}` on {date.today()}. A rollout is right at a rate on",
        "a share of the problems and half of the time, as its placebo, on the rest; *new* is the share on which only",
        f"tuned is better than that. Monte Carlo error: {_error(0.05, worlds)} at 5 %, {_error(0.5, worlds)} at 50 %.",
        "",
        "| base | tuned | new | " + " | ".join(f"{problems}×{rollouts}" for problems, rollouts in SIZES) + " |",
        "|---|---|---:|" + "---:|" * len(SIZES),
    ]
    lines += [row(world, worlds) for group in WORLDS.values() for world in group]
    page = DOCS.read_text(encoding="utf-8")
    before, after = page.partition(MEASURED)[0], page.partition(AFTER)[2]
    DOCS.write_text(before + "\n".join(lines) + "\n" + AFTER + after, encoding="utf-8")


def main():
    """Run them all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    report(parser.parse_args().worlds)


if __name__ == "__main__":
    main()
