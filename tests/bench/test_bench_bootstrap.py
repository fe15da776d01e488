"""Seconds of the paired bootstrap beside other ways to do it, in one run: `make bench`.

Ours is the whole studentised test. arch resamples the plain difference, without studentising, and runs fewer
replicates on long data: its cost is proportional to them, and the table scales it to 10,000 and says so. The gathers
do the draws and the sums alone, from a table that is there already.
"""

import numpy as np
import pandas as pd
import pytest
from contestants import (
    arch_loop,
    block,
    compiled,
    compiled_gather,
    compiler,
    numpy_gather,
    ours,
    ours_sums,
    pair,
    table,
)

REPS = 10_000
CONTESTANTS = {
    "ours: test": ours,
    "ours: sums alone": ours_sums,
    "compiled gather: sums alone": compiled_gather,
    "numpy gather: sums alone": numpy_gather,
    "arch CircularBlockBootstrap: not studentised": arch_loop,
}
ARCH_REPS = {252: REPS, 2_520: REPS, 25_200: 500, 1_000_000: 10}
ROUNDS = {252: 5, 2_520: 5, 25_200: 3, 1_000_000: 2}


@pytest.mark.parametrize("who", CONTESTANTS)
@pytest.mark.parametrize("n_obs", ROUNDS)
def test_replicates(benchmark, n_obs, who):
    if who.startswith("compiled"):
        if compiler() is None:
            pytest.skip("no C compiler (cc, gcc or clang) on the path")
        compiled()
    reps = ARCH_REPS[n_obs] if who.startswith("arch") else REPS
    table(n_obs)
    benchmark.group = f"T={n_obs:,}, b={block(n_obs)}"
    benchmark.extra_info.update(who=who, reps=reps, n_obs=n_obs, block=block(n_obs))
    benchmark.pedantic(CONTESTANTS[who], args=(n_obs, reps), rounds=ROUNDS[n_obs], warmup_rounds=int(n_obs < 100_000))


def test_whole_audit(benchmark):
    from auditor.audit import audit

    dates = pd.bdate_range("2014-01-02", periods=2_520)
    base, tuned = (pd.Series(0.01 * np.asarray(x), index=dates) for x in pair(2_520))
    benchmark.group = "whole audit, T=2,520"
    found = benchmark.pedantic(
        audit, args=(base, tuned), kwargs={"oos_fraction": 0.4, "reps": REPS}, rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["found"] = f"least {benchmark.stats.stats.min:.3f} s, 10,000 replicates, label {found.label}"


def test_shape_of_pair(benchmark):
    from auditor.stats.shape import shape_of_pair

    benchmark.group = "shape of a pair, T=2,520"
    benchmark.pedantic(shape_of_pair, args=(*pair(2_520), (2_520,), 252.0), rounds=20, warmup_rounds=1)
    least = benchmark.stats.stats.min
    benchmark.extra_info["found"] = f"least {1000 * least:.2f} ms"
    assert least < 0.02
