"""What pairs of one length, block and seed gain by sharing draws, and by standing side by side: `make bench`."""

import numpy as np
from contestants import table
from test_bench_ratios import least_seconds, once

from auditor.kept import Kept, keeping
from auditor.stats.blocks import Draws, count_matrices, resampled_sums

DRAWS = Draws(lengths=(2_520,), block=10, reps=2_000, seed=1)
PAIRS = 10


def alone():
    """Ten pairs, each with draws of its own."""
    return [resampled_sums(table(2_520), DRAWS) for _ in range(PAIRS)]


def shared():
    """The same ten pairs, whose draws are made once."""
    with keeping(Kept(64 << 20)):
        return alone()


def stacked():
    """The same ten pairs side by side, as one wide table times the same draws."""
    wide = np.ascontiguousarray(np.hstack([table(2_520)] * PAIRS))
    with keeping(Kept(64 << 20)):
        total = np.vstack([np.asarray(counts @ wide) for counts in count_matrices(DRAWS)])
    return np.hsplit(total, PAIRS)


def test_shared_draws_pay(benchmark):
    for one, other, third in zip(alone(), shared(), stacked(), strict=True):
        assert one.tobytes() == other.tobytes() == np.ascontiguousarray(third).tobytes()
    calls = {"alone": (alone, ()), "shared": (shared, ()), "stacked": (stacked, ())}
    least, _ = once(benchmark, "ratios", least_seconds, calls, 10, (1, 1, 1))
    gain, worse = least["alone"] / least["shared"], least["stacked"] / least["shared"]
    benchmark.extra_info["found"] = f"10 pairs: own draws / shared = {gain:.2f}, side by side / shared = {worse:.2f}"
    assert gain > 1, least
