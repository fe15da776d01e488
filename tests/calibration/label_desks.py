"""Measure what the label says of overlays of known truth on simulated desks with trades; writes docs/desks.md."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

from desks import EDGES, NULLS, Desk

DOCS = Path(__file__).parents[2] / "docs"
FINDINGS = ("new_edge", "efficiency", "flattering", "unproven", "no_gain")


def one_world(setting):
    """Findings of every overlay in one world."""
    seed, years, reps, overlays = setting
    desk = Desk(seed, years=years)
    return {name: desk.audit(name, reps=reps).finding for name in overlays}


def report(found, asked):
    """Write the page that the docs show."""
    worlds = len(found)
    how = f"python tests/calibration/label_desks.py --worlds {worlds} --years {asked.years} --reps {asked.reps}"
    lines = [
        "# The label on desks with trades",
        f"Share of {worlds} simulated worlds in which the audit, given both blotters, calls each overlay what; made by",
        f"`{how}` on {date.today()}.",
        "",
        "A world: 16 instruments with GARCH returns and t(5) shocks, five years in sample and",
        f"{asked.years} out of it, some 3,200 trades of the base (true Sharpe ratio 1 a year; half of its setups carry",
        "most of it; all pay an unpriced market risk). Lucky means best in sample of 200, of new trades of 50. The",
        "new book trades the same instruments on other days, so that chance covers a part of its time.",
        "",
        "| overlay | truth | " + " | ".join(FINDINGS) + " |",
        "|---|---|" + "---:|" * len(FINDINGS),
    ]
    for name in NULLS + EDGES:
        count = Counter(world[name] for world in found)
        truth = "new edge" if name in EDGES else "none"
        cells = []
        for finding in FINDINGS:
            share = count[finding] / worlds
            error = math.sqrt(max(share * (1 - share), 0.05 * 0.95 if finding == "new_edge" else 0.0) / worlds)
            cells.append(f"{share:.1%}" + (f" ± {error:.1%}" if finding == "new_edge" else ""))
        lines.append(f"| {name} | {truth} | " + " | ".join(cells) + " |")
    DOCS.mkdir(exist_ok=True)
    (DOCS / "desks.md").write_text("\n".join(lines) + "\n")


def main():
    """Run the worlds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--reps", type=int, default=499)
    asked = parser.parse_args()
    settings = [(seed, asked.years, asked.reps, NULLS + EDGES) for seed in range(asked.worlds)]
    found = []
    with ProcessPoolExecutor() as pool:
        for number, world in enumerate(pool.map(one_world, settings), 1):
            found.append(world)
            print(f"{number}/{asked.worlds} {world}", flush=True)
    report(found, asked)


if __name__ == "__main__":
    main()
