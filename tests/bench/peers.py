"""Ask several tests about the same overlays of known truth: who calls what better; writes docs/peers.md and .csv."""

from __future__ import annotations

import math
import os
import sys
import warnings
from datetime import date
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "calibration"))

from confusion import DOCS, asked_for, cases, gathered, write_csv  # noqa: E402
from desks import TRIES  # noqa: E402

CELLS = (("desk", "garch", "daily", 5), ("sleeves", "garch", "daily", 5))
PEERS = {
    "sharpe": "a higher Sharpe ratio",
    "psr": "PSR over the base's Sharpe ratio > .95",
    "t_test": "t-test of the mean difference, p < .05",
    "dsr": "deflated Sharpe ratio > .95, in sample, with the number of tries",
    "spa": "SPA against the base (arch), p < .05",
    "alpha": "alpha on the base, Newey-West t > 1.65",
    "returns": "auditor, from returns alone",
    "trades": "auditor, with trades",
}
SHORT = {"sharpe": "higher Sharpe", "psr": "PSR > .95", "t_test": "t-test", "dsr": "DSR > .95", "spa": "SPA",
         "alpha": "alpha t > 1.65", "returns": "**auditor**, returns", "trades": "**auditor**, trades"}  # fmt: skip
SPA_REPS = 299
"""Of SPA, whose loop in Python costs more than the audit."""
TRIED = {"lucky filter": TRIES, "lucky timing": TRIES, "lucky new trades": TRIES // 4, "lucky new book": TRIES // 4}


def sharpe(returns):
    return returns.mean() / returns.std(ddof=1)


def psr(returns, benchmark=0.0):
    """Probability that the true ratio is above the benchmark. Bailey & Lopez de Prado (2012), equation 11."""
    from scipy.stats import kurtosis, norm, skew

    ratio, n = sharpe(returns), returns.size
    variance = 1 - skew(returns) * ratio + (kurtosis(returns, fisher=False) - 1) / 4 * ratio**2
    return norm.cdf((ratio - benchmark) * math.sqrt(n - 1) / math.sqrt(variance))


def dsr(returns, tries):
    """PSR over the expected maximum of so many worthless tries. Bailey & Lopez de Prado (2014), equations 1 and 2."""
    from scipy.stats import norm

    if tries == 1:
        return psr(returns)
    euler = np.euler_gamma
    highest = (1 - euler) * norm.ppf(1 - 1 / tries) + euler * norm.ppf(1 - 1 / (tries * math.e))
    return psr(returns, highest / math.sqrt(returns.size - 1))


def spa(base, tuned, block, reps, seed):
    """p of Hansen's test (2005) that the tuned policy earns no more than the base, as arch computes it."""
    from arch.bootstrap import SPA

    test = SPA(-base, -tuned, block_size=block, reps=reps, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])


def alpha_t(base, tuned):
    """Newey-West t of the intercept of tuned on base; none where they are the same up to leverage."""
    from statsmodels.api import OLS, add_constant

    if 1 - np.corrcoef(base, tuned)[0, 1] ** 2 < 1e-10:
        # What is left is rounding, and its t may be anything: kinder than what the regression prints.
        return 0.0
    lags = int(4 * (base.size / 100) ** (2 / 9))
    return float(OLS(tuned, add_constant(base)).fit(cov_type="HAC", cov_kwds={"maxlags": lags}).tvalues[0])


def one_world(setting):
    """Who calls which overlay of one world better, or new edge."""
    cell, seed, reps = setting
    from scipy.stats import ttest_1samp

    from auditor import audit

    rows = []
    for case in cases(*cell, seed):
        outside = case.base.index >= case.split
        base, tuned = case.base.to_numpy()[outside], case.tuned.to_numpy()[outside]
        found = {
            evidence: audit(case.base, case.tuned, oos_start=case.split, reps=reps, seed=seed, **case.given[evidence])
            for evidence in case.given
            if evidence in PEERS
        }
        same = np.array_equal(base, tuned)
        block = found["returns"].sharpe.out_of_sample.block
        inside = case.tuned.to_numpy()[~outside]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            says = {
                "sharpe": sharpe(tuned) > sharpe(base) + 1e-9,
                "psr": psr(tuned, sharpe(base)) > 0.95,
                "t_test": not same and ttest_1samp(tuned - base, 0.0, alternative="greater").pvalue < 0.05,
                "dsr": dsr(inside, TRIED.get(case.overlay, 1)) > 0.95,
                "spa": not same and spa(base, tuned, block, SPA_REPS, seed) < 0.05,
                "alpha": alpha_t(base, tuned) > 1.65,
            }
        says |= {evidence: one.finding == "new_edge" for evidence, one in found.items()}
        row = {"world": cell[0], "family": cell[1], "frequency": cell[2], "years": cell[3], "seed": seed}
        rows.append(row | {"overlay": case.overlay, "truth": case.truth} | says)
    return rows


def counted(raw):
    """Share of worlds in which each says so, by world and overlay."""
    rows = []
    for key in dict.fromkeys((row["world"], row["overlay"], row["truth"]) for row in raw):
        some = [row for row in raw if (row["world"], row["overlay"], row["truth"]) == key]
        rates = {
            peer: round(float(np.mean([r[peer] for r in some])), 4) if some[0].get(peer) is not None else ""
            for peer in PEERS
        }
        rows.append({"world": key[0], "overlay": key[1], "truth": key[2], "worlds": len(some)} | rates)
    return rows


def table(rows, peers, overlays=None):
    """A table of overlay by who says so."""
    lines = ["| overlay | truth | " + " | ".join(SHORT[peer] for peer in peers) + " |"]
    lines.append("|---|---|" + "---:|" * len(peers))
    for row in rows:
        if overlays is None or row["overlay"] in overlays:
            cells = (f"{row[peer]:.0%}" if row[peer] != "" else "" for peer in peers)
            truth = "none" if row["truth"] == "none" else "new edge"
            lines.append(f"| {row['overlay']} | {truth} | " + " | ".join(cells) + " |")
    return lines


def report(raw, asked):
    """Write the page that the docs show."""
    rows = counted(raw)
    how = f"python tests/bench/peers.py --worlds {asked.worlds} --reps {asked.reps} --seed {asked.seed}"
    most = math.sqrt(0.25 / rows[0]["worlds"])
    desks, sleeves = ([row for row in rows if row["world"] == world] for world in ("desk", "sleeves"))
    lines = [
        "# Who calls what new edge",
        f"The same overlays of known truth, asked of several tests: share of {rows[0]['worlds']} worlds in which each",
        f"says yes; made by `{how}` on {date.today()}. Monte Carlo error at most {most:.1%}.",
        "",
        "Daily GARCH returns, five years in sample and five out. Of the others a yes is read as people read it: the",
        "tuned policy is better. All but the deflated Sharpe ratio are given the out-of-sample returns alone, which is",
        "kinder than their usual use in sample; that one is given the in-sample returns and the true number of tries.",
        "",
        *[f"- *{SHORT[peer].replace('*', '')}*: {what}" for peer, what in PEERS.items()],
        "",
        "## Desks that trade",
        *table(desks, list(PEERS)),
        "",
        "## Sleeves always held",
        *table(sleeves, [peer for peer in PEERS if peer != "trades"]),
        "",
        "Worlds are those of [confusion.md](confusion.md), drawn with seeds of their own.",
    ]
    DOCS.mkdir(exist_ok=True)
    (DOCS / "peers.md").write_text("\n".join(lines) + "\n")
    write_csv(DOCS / "peers.csv", rows)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    options = asked_for(__doc__, seed=50_000_000)
    report(gathered(one_world, CELLS, options), options)
