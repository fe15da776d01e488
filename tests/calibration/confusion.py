"""Measure the whole table of label by truth over synthetic desks; writes docs/confusion.md and docs/confusion.csv."""

from __future__ import annotations

import argparse
import csv
import math
import os
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from zlib import crc32

from worlds import HeldOutDesk, LongOnly, QuickDesk, Sleeves

DOCS = Path(__file__).parents[2] / "docs"
FINDINGS = ("new_edge", "efficiency", "flattering", "unproven", "no_gain")
LEVEL = 0.05
AGAIN = 100_000
"""Added to seeds of worlds that are drawn again: none that was drawn before."""

# World, family, frequency, years out of sample. A star around five years of daily GARCH, since not every cell needs
# every combination; monthly data of two years are refused by the audit, and so are not here.
CELLS = (
    *[("desk", family, "daily", 5) for family in ("iid", "t4", "garch", "regimes", "jumps")],
    ("desk", "garch", "daily", 2),
    ("desk", "garch", "daily", 10),
    ("desk", "garch", "weekly", 5),
    ("desk", "garch", "monthly", 10),
    ("held-out desk", "jumps", "daily", 5),
    *[("sleeves", family, "daily", 5) for family in ("iid", "t4", "garch", "regimes", "jumps")],
    ("sleeves", "garch", "daily", 2),
    *[("sleeves", family, "weekly", 5) for family in ("iid", "garch")],
    ("sleeves", "iid", "weekly", 10),
    *[("sleeves", *rest) for rest in (("iid", "monthly", 5), ("garch", "monthly", 5), ("garch", "monthly", 10))],
    *[("long-only", family, "daily", 5) for family in ("iid", "garch")],
    ("long-only", "iid", "weekly", 5),
    ("long-only", "garch", "monthly", 10),
)
WORLDS = {
    "desk": "a desk of some 3,200 trades in five years on 16 instruments; exposure comes and goes",
    "held-out desk": "the same, with overlays and books that no measurement behind the rule had seen",
    "sleeves": "six sleeves that are always held, and an unpriced market in each; returns alone",
    "long-only": "twenty stocks on one market; returns alone",
}


def cases(kind, family, frequency, years, seed, overlays=None):
    """Every pair of one world."""
    if kind == "desk":
        return QuickDesk(seed, family, years).cases(frequency, overlays)
    if kind == "held-out desk":
        return HeldOutDesk(seed, family, years).cases(frequency, overlays)
    return (Sleeves if kind == "sleeves" else LongOnly)(seed, family, frequency, years).cases(overlays)


def one_world(setting):
    """What the audit says of every pair in one world, and the numbers that it says it for."""
    cell, seed, reps, *overlays = setting
    from auditor import audit

    rows = []
    for case in cases(*cell, seed, overlays or None):
        for evidence, given in case.given.items():
            found = audit(case.base, case.tuned, oos_start=case.split, reps=reps, seed=seed, **given)
            outside, parts = found.sharpe.out_of_sample, found.attribution.out_of_sample
            rows.append(
                {
                    "world": cell[0],
                    "family": cell[1],
                    "frequency": cell[2],
                    "years": cell[3],
                    "evidence": evidence,
                    "overlay": case.overlay,
                    "truth": case.truth,
                    "seed": seed,
                    "finding": found.finding,
                    "gain": outside.gain,
                    "gain_p": outside.p_value,
                    "horizon_share": {check.name: check.value for check in found.checks}["gain_at_longer_horizon"],
                    "new_p": parts.new_p,
                    "mean_p": None if parts.new_mean is None else parts.new_mean.p_value,
                    "alpha_p": None if parts.new_alpha is None else parts.new_alpha.p_value,
                    "edge_share": parts.edge_share,
                    "direction_z": found.coverage.direction.z,
                    "could_see": found.coverage.direction.could_see,
                    "oracle_p": case.oracle_p(),
                }
            )
    return rows


KEYS = ("world", "family", "frequency", "years", "evidence", "overlay", "truth")


def counted(raw):
    """Counts of findings by cell and overlay, the share called new edge and its Monte Carlo error."""
    groups = defaultdict(Counter)
    for row in raw:
        groups[tuple(row[key] for key in KEYS)][row["finding"]] += 1
    rows = []
    for key, count in groups.items():
        worlds = sum(count.values())
        share = count["new_edge"] / worlds
        rows.append(
            dict(zip(KEYS, key, strict=True))
            | {"worlds": worlds}
            | {finding: count[finding] for finding in FINDINGS}
            | {"new_edge_rate": round(share, 4), "error": round(error_of(share, worlds), 4)}
        )
    return rows


def error_of(share, worlds):
    """Monte Carlo error of a share; of a share of none, as if it were at the level, since its own would be zero."""
    return math.sqrt(max(share * (1 - share), LEVEL * (1 - LEVEL)) / worlds)


def limit(worlds):
    """The bar of a null: the level and two errors of it."""
    return LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / worlds)


def rate(row):
    """A share called new edge with its error."""
    return f"{row['new_edge_rate']:.0%} ± {row['error']:.0%}"


def setting_of(row):
    """Family, frequency and years in words."""
    return f"{row['family']} {row['frequency']} {row['years']} y"


def pooled(rows, title):
    """A table of overlay by finding, settings pooled, with the worst setting beside."""
    lines = [
        "",
        f"### {title}",
        "| overlay | truth | " + " | ".join(FINDINGS) + " | most new_edge in a setting; edges: from, to |",
    ]
    lines += ["|---|---|" + "---:|" * len(FINDINGS) + "---|"]
    for overlay in dict.fromkeys(row["overlay"] for row in rows):
        some = [row for row in rows if row["overlay"] == overlay]
        worlds = sum(row["worlds"] for row in some)
        shares = {finding: sum(row[finding] for row in some) / worlds for finding in FINDINGS}
        cells = [f"{shares[finding]:.1%}" for finding in FINDINGS]
        cells[0] += f" ± {error_of(shares['new_edge'], worlds):.1%}"
        if some[0]["truth"] == "none":
            worst = max(some, key=lambda row: row["new_edge_rate"])
            extreme = f"{rate(worst)}, {setting_of(worst)}" if worst["new_edge"] else "0"
        else:
            rates = [f"{row['new_edge_rate']:.0%} {setting_of(row)}" for row in some]
            extreme = "; ".join(rates) if len(rates) < 3 else f"{min(rates, key=by_rate)} to {max(rates, key=by_rate)}"
        lines.append(
            f"| {overlay} | {'none' if some[0]['truth'] == 'none' else 'new edge'} | "
            + " | ".join(cells)
            + f" | {extreme} |"
        )
    return lines


WEAK = (
    ("sleeves", "setups dropped", "returns"),
    ("sleeves", "sleeves shifted", "returns"),
    ("sleeves", "sleeves shifted", "known"),
    ("sleeves", "hedged", "returns"),
    ("sleeves", "hedged", "known"),
    ("sleeves", "hedged, vol targeted", "returns"),
    ("desk", "hedged, vol targeted", "returns"),
    ("long-only", "setups dropped", "returns"),
    ("long-only", "setups dropped", "known"),
    ("long-only", "hedged", "returns"),
    ("long-only", "hedged", "known"),
)
KINDS_OF_DATA = {
    "daily, tails or clusters": lambda row: row["frequency"] == "daily" and row["family"] != "iid",
    "daily, normal": lambda row: row["frequency"] == "daily" and row["family"] == "iid",
    "weekly": lambda row: row["frequency"] == "weekly",
    "monthly": lambda row: row["frequency"] == "monthly",
}


def weak_spots(rows):
    """Where the label is known to fail: the share called new edge, by kind of data."""
    lines = ["", "| world | overlay | evidence | " + " | ".join(KINDS_OF_DATA) + " |"]
    lines.append("|---|---|---|" + "---:|" * len(KINDS_OF_DATA))
    for key in WEAK:
        some = [row for row in rows if (row["world"], row["overlay"], row["evidence"]) == key]
        cells = []
        for belongs in KINDS_OF_DATA.values():
            worlds = sum(row["worlds"] for row in some if belongs(row))
            share = sum(row["new_edge"] for row in some if belongs(row)) / max(1, worlds)
            cells.append(f"{share:.0%} ± {error_of(share, worlds):.0%}" if worlds else "")
        lines.append(f"| {' | '.join(key)} | " + " | ".join(cells) + " |")
    return lines


RULES = {
    "the rule": lambda row: (
        called(row, 0.20 if daily(row) and wider(row) else LEVEL) and not (daily(row) and blind(row))
    ),
    "the gain at 5 % there too": lambda row: called(row, LEVEL) and not (daily(row) and blind(row)),
    "no bar where the direction cannot be told, the gain at 5 %": lambda row: called(row, LEVEL),
    "no bar, and the gain at 20 % throughout": lambda row: called(row, 0.20),
    "the rule of daily returns in weekly and monthly ones too": lambda row: (
        called(row, 0.20 if wider(row) else LEVEL) and not blind(row)
    ),
}
"""From returns alone: other ways to read the numbers of the same audits."""
CRITICAL = -1.645


def daily(row):
    """Whether the direction test has its say."""
    return row["frequency"] == "daily"


def wider(row):
    """Whether the base looks like a part of the tuned policy."""
    return row["direction_z"] is not None and row["direction_z"] > -CRITICAL


def blind(row):
    """Whether z is neither that of a wider policy nor shown to be above what a narrower one would give."""
    z, could = row["direction_z"], row["could_see"]
    return z is not None and abs(z) <= -CRITICAL and could is not None and z - could <= -CRITICAL * math.sqrt(2)


def called(row, gain_level):
    """Whether an audit from returns alone would say new edge with the gain at another level."""
    if row["new_p"] is None or row["horizon_share"] is None or row["gain"] < 0.005:
        return False
    narrower = row["direction_z"] is not None and row["direction_z"] < CRITICAL
    steady = row["horizon_share"] >= 0.5 and row["edge_share"] >= 0.25
    return steady and row["gain_p"] < gain_level and row["new_p"] < LEVEL and not narrower


def other_rules(raw):
    """Power and false new edge of every rule, by kind of data, and the nulls that it lets above the bar."""
    lines = [
        "",
        "| rule | " + " | ".join(f"{kind}: edges, nulls" for kind in KINDS_OF_DATA) + " | nulls above the bar |",
    ]
    lines.append("|---|" + "---:|" * (len(KINDS_OF_DATA) + 1))
    alone = [row for row in raw if row["evidence"] == "returns" and row["world"] != "long-only"]
    for name, rule in RULES.items():
        cells = []
        for belongs in KINDS_OF_DATA.values():
            said = {truth: [rule(r) for r in alone if belongs(r) and r["truth"] == truth] for truth in ("edge", "none")}
            cells.append(", ".join(f"{sum(some) / max(1, len(some)):.1%}" for some in said.values()))
        verdicts = [row | {"finding": "new_edge" if rule(row) else "no_gain"} for row in alone]
        nulls = [row for row in counted(verdicts) if row["truth"] == "none"]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {len(beyond(nulls))} of {len(nulls)} |")
    return lines


def by_rate(text):
    """The number at the head of a cell."""
    return float(text.split("%")[0])


def beyond(rows):
    """Every null that is called new edge more often than the level and two errors allow."""
    return [row for row in rows if row["truth"] == "none" and row["new_edge_rate"] > limit(row["worlds"])]


def listed(rows, title, empty):
    """A table of single cells."""
    if not rows:
        return ["", f"### {title}", empty]
    lines = ["", f"### {title}", "| world | overlay | setting | new_edge |", "|---|---|---|---:|"]
    order = sorted(rows, key=lambda row: -row["new_edge_rate"])
    return lines + [f"| {row['world']} | {row['overlay']} | {setting_of(row)} | {rate(row)} |" for row in order]


def again(raw, asked):
    """Nulls above the bar that the rule promises to hold, in worlds that nothing had seen: some are chance."""
    doubtful = {
        (cell_of(row), row["overlay"])
        for row in beyond(counted(raw))
        if row["evidence"] == "trades" or (row["frequency"] == "daily" and row["world"] != "long-only")
    }
    settings = [
        (cell, seed_of(cell, AGAIN + asked.seed + world), asked.reps, overlay)
        for cell, overlay in sorted(doubtful)
        for world in range(asked.again)
    ]
    with ProcessPoolExecutor(asked.workers) as pool:
        return [row for rows in pool.map(one_world, settings, chunksize=4) for row in rows]


def cell_of(row):
    """The setting of a row."""
    return tuple(row[key] for key in KEYS[:4])


def report(raw, asked, more=()):
    """Write the page that the docs show, and every cell beside it."""
    rows, repeated = counted(raw), counted(more)
    worlds = min(row["worlds"] for row in rows)
    how = f"python tests/calibration/confusion.py --worlds {asked.worlds} --reps {asked.reps} --seed {asked.seed}"

    def where(evidence, *kinds):
        return [row for row in rows if row["evidence"] == evidence and row["world"] in kinds]

    by_trades, alone = where("trades", "desk"), where("returns", "desk")
    lines = [
        "# Label by truth",
        f"What the audit says of overlays of known truth, {worlds} worlds a setting, {asked.reps} replicates a test,",
        f"made by `{how}` on {date.today()}",
        f"({len(raw):,} audits). Every setting apart is in",
        "[confusion.csv](confusion.csv); below, settings are pooled. Errors are Monte Carlo, one standard error, of a",
        f"rate of zero as if it were {LEVEL:.0%}.",
        "",
        *[f"- *{name}*: {what}." for name, what in WORLDS.items()],
        "",
        "Families: independent normal; Student t with 4 degrees; GARCH(1,1); calm and stormy regimes; and, held out,",
        "stochastic volatility that rises after losses, with jumps down that all share. Five years in sample; the",
        "base's true Sharpe ratio is 1 a year. Lucky means best in sample of 200, of new books of 50.",
        "",
        "## Weak spots",
        "Overlays without edge that returns cannot always tell from edge, settings pooled. Known are the sleeves for a",
        "shift between them, and the market elsewhere.",
        *weak_spots(rows),
        "",
        "## With trades",
        *pooled(by_trades, "Desks"),
        *pooled(where("trades", "held-out desk"), "Held out"),
        *listed(
            beyond(where("trades", "desk", "held-out desk")),
            "Nulls called new edge above 5 % and two errors, with trades",
            f"None: no null in any setting is above {limit(worlds):.1%}.",
        ),
        "",
        "## From returns alone",
        *pooled([row for row in alone if row["frequency"] == "daily"], "Desks, daily"),
        *pooled([row for row in alone if row["frequency"] != "daily"], "Desks, weekly and monthly"),
        *pooled(where("returns", "held-out desk"), "Held-out desks, daily"),
        *pooled([r for r in where("returns", "sleeves") if r["frequency"] == "daily"], "Sleeves always held, daily"),
        *pooled(
            [r for r in where("returns", "sleeves") if r["frequency"] != "daily"],
            "Sleeves always held, weekly and monthly",
        ),
        *pooled(where("returns", "long-only"), "Long-only, market not told"),
        *listed(
            beyond([row for row in rows if row["evidence"] == "returns"]),
            "Nulls called new edge above 5 % and two errors, from returns alone",
            f"None: no null in any setting is above {limit(worlds):.1%}.",
        ),
        "",
        "### The same again",
        f"Of {len([row for row in rows if row['truth'] == 'none'])} nulls some are above the bar by chance. Those that",
        "the rule promises to hold, with trades or from daily returns, were measured again in",
        f"{asked.again} worlds each that nothing had seen.",
        "",
        "| world | overlay | setting | evidence | new_edge |",
        "|---|---|---|---|---:|",
        *[
            f"| {row['world']} | {row['overlay']} | {setting_of(row)} | {row['evidence']} | {rate(row)} |"
            for row in sorted(repeated, key=lambda row: -row["new_edge_rate"])
        ],
        "",
        "### Other rules on the same numbers, long-only books left out",
        *other_rules(raw),
        "",
        "## With known streams",
        "The sleeves for a shift between them; the market for a hedge and for long-only books.",
        *pooled(where("known", "sleeves"), "Sleeves always held"),
        *pooled(where("known", "long-only"), "Long-only, market told"),
        *listed(
            beyond([row for row in rows if row["evidence"] == "known"]),
            "Nulls called new edge above 5 % and two errors, with known streams",
            f"None: no null in any setting is above {limit(worlds):.1%}.",
        ),
    ]
    DOCS.mkdir(exist_ok=True)
    (DOCS / "confusion.md").write_text("\n".join(lines) + "\n")
    write_csv(DOCS / "confusion.csv", rows)


def write_csv(path, rows):
    """Write rows of the same keys."""
    with Path(path).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_raw(path):
    """Rows that an earlier run kept; none where there was none."""
    if not path or not Path(path).exists():
        return []
    with Path(path).open(newline="") as file:
        return [{name: as_written(value) for name, value in row.items()} for row in csv.DictReader(file)]


def as_written(text):
    """A number, a truth value or None from the text that CSV made of it, or the text that it was."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return {"True": True, "False": False, "": None}.get(text, text)


def seed_of(cell, world):
    """A seed that no other setting has, whatever other settings there are."""
    return crc32("/".join(map(str, cell)).encode()) + world


def asked_for(doc, **defaults):
    """Options that every long simulation has, by name and default."""
    parser = argparse.ArgumentParser(description=doc)
    for name, value in ({"worlds": 100, "reps": 999, "seed": 0, "workers": 2} | defaults).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--raw", help="keep one row a pair in this CSV, and go on from what it holds")
    return parser.parse_args()


def gathered(one_world, cells, asked):
    """Rows of every world of every cell, world by world, so that a run that is cut short has as many everywhere."""
    settings = [(cell, seed_of(cell, asked.seed + w), asked.reps) for w in range(asked.worlds) for cell in cells]
    raw, begun = read_raw(asked.raw), time.monotonic()
    done = {(*(row[key] for key in KEYS[:4]), row["seed"]) for row in raw}
    settings = [setting for setting in settings if (*setting[0], setting[1]) not in done]
    with ProcessPoolExecutor(asked.workers) as pool:
        for number, found in enumerate(pool.map(one_world, settings), 1):
            raw += found
            if number % len(cells) == 0:
                print(f"{number}/{len(settings)} worlds, {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)
                if asked.raw:
                    write_csv(asked.raw, raw)
    return raw


if __name__ == "__main__":
    # One thread a process: the products are small.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    options = asked_for(__doc__, again=200)
    found = gathered(one_world, CELLS, options)
    report(found, options, again(found, options))
