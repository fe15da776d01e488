"""The same bootstrap by several programs: a pair and its draws go in, replicates come out."""

import ctypes
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from auditor.stats.blocks import Draws, block_length, block_sums, resampled_sums
from auditor.stats.ratios import sharpe_ratio
from auditor.stats.sharpe import pair_moments, sharpe_difference_test

SOURCE = """
#include <stdint.h>
void gather(const double *table, const int32_t *starts, long reps, long n_blocks, double *out) {
    for (long r = 0; r < reps; r++) {
        double total[14] = {0};
        for (long i = 0; i < n_blocks; i++) {
            const double *row = table + 14 * (long) starts[r * n_blocks + i];
            for (int k = 0; k < 14; k++) total[k] += row[k];
        }
        for (int k = 0; k < 14; k++) out[14 * r + k] = total[k];
    }
}
"""


@cache
def pair(n_obs):
    """Daily returns of two policies with changing risk, in units of their own standard deviation."""
    rng = np.random.default_rng(n_obs)
    risk = np.exp(0.4 * np.repeat(rng.standard_normal(-(-n_obs // 60)), 60)[:n_obs])
    base = risk * rng.standard_t(5, n_obs) + 0.05
    tuned = 0.8 * base + 0.4 * rng.standard_t(5, n_obs) + 0.02
    return base / base.std(), tuned / tuned.std()


@cache
def block(n_obs):
    """10 up to ten years of days, then automatic."""
    return 10 if n_obs <= 2_520 else block_length(*pair(n_obs), lengths=(n_obs,))


def draws(n_obs, reps):
    return Draws(lengths=(n_obs,), block=block(n_obs), reps=reps, seed=1)


@cache
def table(n_obs):
    """(T, 14) sums of circular blocks of the four moments, and their ten products, by first row."""
    moments = pair_moments(*pair(n_obs))
    sums = block_sums(moments - moments.mean(axis=0), block(n_obs), (n_obs,))
    left, right = np.triu_indices(4)
    return np.ascontiguousarray(np.hstack([sums, sums[:, left] * sums[:, right]]))


def ours(n_obs, reps):
    """The whole studentised test: table, draws, sums, standard errors, sorted t*."""
    return sharpe_difference_test(*pair(n_obs), draws(n_obs, reps))


def ours_sums(n_obs, reps):
    """Draws and sums alone, from a table that is there: (reps, 14)."""
    return resampled_sums(table(n_obs), draws(n_obs, reps))


def numpy_gather(n_obs, reps):
    """The same draws and sums by fancy indexing."""
    wanted, rows = draws(n_obs, reps), table(n_obs)
    return np.concatenate([rows[starts].sum(axis=1) for starts in wanted.chunks()])


def compiled_gather(n_obs, reps):
    """The same draws and sums by a loop in C."""
    wanted, rows = draws(n_obs, reps), table(n_obs)
    out = np.empty((reps, 14))
    done = 0
    for starts in wanted.chunks():
        part = out[done : done + len(starts)]
        compiled()(rows.ctypes.data, starts.ctypes.data, *starts.shape, part.ctypes.data)
        done += len(starts)
    return out


def arch_loop(n_obs, reps):
    """The difference alone, not studentised, by arch's bootstrap: (reps, 1)."""
    from arch.bootstrap import CircularBlockBootstrap

    base, tuned = pair(n_obs)
    resampler = CircularBlockBootstrap(block(n_obs), base, tuned, seed=1)
    return resampler.apply(lambda one, two: sharpe_ratio(two) - sharpe_ratio(one), reps)


def compiler():
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@cache
def compiled():
    # A loaded library needs its file no more.
    with TemporaryDirectory() as folder:
        source, library = Path(folder, "gather.c"), Path(folder, "gather.so")
        source.write_text(SOURCE)
        flags = ["-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([compiler(), *flags, "-o", str(library), str(source)], check=True)
        gather = ctypes.CDLL(str(library)).gather
    gather.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_void_p]
    gather.restype = None
    return gather
