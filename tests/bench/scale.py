"""What an audit costs, in seconds of one processor: the tables of docs/scale.md; run it as a program.

Processor seconds (user and system), the least of a few rounds, so that other work on the machine counts little.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "calibration"))
from desks import Desk

from auditor import audit, audit_files
from auditor.kept import Kept, keeping


def pair(n_obs, seed=0):
    """Two daily (beyond 20,000 periods: minute) series with changing risk, as Series."""
    rng = np.random.default_rng(seed)
    risk = np.exp(0.4 * np.repeat(rng.standard_normal(-(-n_obs // 60)), 60)[:n_obs])
    size = 0.01 if n_obs <= 20_000 else 0.0005
    base = size * (risk * rng.standard_t(5, n_obs) + 0.05)
    tuned = 0.8 * base + 0.4 * size * rng.standard_t(5, n_obs)
    daily = n_obs <= 20_000
    dates = pd.bdate_range("1950-01-02", periods=n_obs) if daily else pd.date_range("2015", periods=n_obs, freq="1min")
    return pd.Series(base, dates), pd.Series(tuned, dates)


def least(call, rounds=5):
    """Least processor seconds of a call."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def by_length_and_reps():
    """Cost against T and replicates, from frames: nothing is read."""
    print("\nT, replicates, seconds")
    for n_obs in (504, 2_520, 10_080, 100_000, 1_000_000):
        given = pair(n_obs)
        for reps in (2_000, 10_000):
            cost = least(lambda: audit(*given, oos_fraction=0.4, reps=reps), 5 if n_obs < 50_000 else 1)  # noqa: B023
            print(f"{n_obs:>9,} {reps:>7,} {cost:8.3f}", flush=True)


def by_trades():
    """Cost against the number of trades, from frames, at 2,000 replicates."""
    print("\ntrades of both, T, seconds")
    for instruments, years in ((8, 3), (20, 5), (80, 5)):
        desk = Desk(3, years=years, instruments=instruments)
        tuned = desk.with_book(1.0)
        returns = [pd.Series(desk.returns(trades), desk.dates) for trades in (desk.base, tuned)]
        blotters = [desk.blotter(trades) for trades in (desk.base, tuned)]
        cost = least(
            lambda: audit(
                *returns,  # noqa: B023
                base_trades=blotters[0],  # noqa: B023
                tuned_trades=blotters[1],  # noqa: B023
                oos_start=desk.dates[desk.split],  # noqa: B023
                reps=2_000,
            ),
            3,
        )
        print(f"{sum(map(len, blotters)):>9,} {len(desk.dates):>7,} {cost:8.3f}", flush=True)


def by_sharing():
    """Cost of an audit of files with and without what a batch shares: 40 variants of one base, 2,000 replicates."""
    print("\nwhat is shared, seconds an audit")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        base = pair(2_520)[0]
        base.rename("return").to_csv(place / "base.csv", index_label="date")
        for i in range(40):
            noise = 0.004 * np.random.default_rng(i).standard_t(5, 2_520)
            (0.8 * base + noise).rename("return").to_csv(place / f"v{i}.csv", index_label="date")

        def run():
            for i in range(40):
                audit_files(place / "base.csv", place / f"v{i}.csv", oos_fraction=0.4, reps=2_000)

        print(f"{'nothing':<30}{least(run, 4) / 40:8.4f}", flush=True)
        with keeping(Kept(64 << 20)):
            run()
            print(f"{'files and draws':<30}{least(run, 4) / 40:8.4f}  (all 41 files read before)", flush=True)
        cold = []
        for _ in range(4):
            with keeping(Kept(64 << 20)):
                cold.append(least(run, 1) / 40)
        print(f"{'base and draws, as in a batch':<30}{min(cold):8.4f}", flush=True)


if __name__ == "__main__":
    audit(*pair(504), oos_fraction=0.4, reps=199)
    by_sharing()
    by_trades()
    by_length_and_reps()
