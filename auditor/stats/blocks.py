"""Moments on one or several windows go in; their sums over resampled circular blocks come out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from auditor.kept import kept_in_force

Array = NDArray[np.float64]
Starts = NDArray[np.int64]

CHUNK = 60_000
"""Block starts held at once (about 1 MB with their counts, so that they stay in cache): memory is flat in reps."""

MOST_BLOCKS = 3_000
"""An automatic block length leaves at most so many blocks in a replicate.

The relative error of a replicate's variance is about sqrt(2 / blocks), 2.6 % here, so shorter blocks on longer
data would cost time and buy nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Which blocks are drawn: everything a set of resamples depends on.

    lengths  observations in each window; blocks are circular within a window and never cross its edge
    block    periods in a block
    reps     replicates
    seed     of the generator (SFC64)
    starts   (reps, n // block) 0-based first rows, given instead of drawn
    """

    lengths: tuple[int, ...]
    block: int
    reps: int
    seed: int
    starts: Starts | None = None

    def __post_init__(self) -> None:
        """Refuse blocks that do not fit a window and starts that do not fit the data."""
        if not 1 <= self.block <= min(self.lengths):
            raise ValueError(f"block must be between 1 and the shortest window, {min(self.lengths)}; got {self.block}")
        if self.reps < 1:
            raise ValueError(f"reps must be at least 1; got {self.reps}")
        if self.starts is not None:
            if self.starts.shape != (self.reps, self.n_blocks):
                raise ValueError(f"starts must be {(self.reps, self.n_blocks)}; got {self.starts.shape}")
            if self.starts.min() < 0 or self.starts.max() >= self.n_obs:
                raise ValueError(f"starts must be rows 0 to {self.n_obs - 1}")

    @property
    def n_obs(self) -> int:
        """Observations in all windows."""
        return sum(self.lengths)

    @property
    def n_blocks(self) -> int:
        """Blocks in a replicate: l = floor(T / b)."""
        return self.n_obs // self.block

    def chunks(self) -> Iterator[NDArray[np.int32] | Starts]:
        """Yield the block starts, some replicates at a time: (r, n_blocks) each."""
        rows = max(1, CHUNK // self.n_blocks)
        rng = np.random.Generator(np.random.SFC64(self.seed))
        for first in range(0, self.reps, rows):
            size = min(rows, self.reps - first)
            if self.starts is not None:
                yield self.starts[first : first + size]
            else:
                # 32-bit draws keep the stream the same whatever the chunk.
                yield rng.integers(0, self.n_obs, size=(size, self.n_blocks), dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """Means of k moments in every replicate, and the covariance of their block sums.

    means  (reps, k) replicate mean of each moment, less its sample mean
    psi    (reps, k, k) long-run covariance estimated from the replicate's own blocks
    n_rows rows in a replicate, n_blocks * block
    """

    means: Array
    psi: Array
    n_rows: int


def columns_of(resampled: Resampled, columns: slice | list[int]) -> Resampled:
    """Resamples of some of the moments: k columns to fewer, or in another order."""
    return Resampled(
        means=resampled.means[:, columns],
        psi=resampled.psi[:, columns][:, :, columns],
        n_rows=resampled.n_rows,
    )


def block_length(*series: Array, lengths: Sequence[int]) -> int:
    """Periods in a circular block: the largest optimal length over the series and their squares.

    Politis & White (2004), corrected by Patton, Politis & White (2009), as arch computes it; at least 1, at most a
    quarter of the sample and the shortest window. Series whose values do not vary ask for 1.

    series   (T,) each, windows one after the other
    lengths  observations in each window
    """
    longest = 1.0
    for one in series:
        centred = (one - one.mean()) / (one.std() or 1.0)
        for values in (centred, centred**2):
            longest = max(longest, optimal_block(values))
    n_obs = sum(lengths)
    wanted = max(math.ceil(longest), math.ceil(n_obs / MOST_BLOCKS))
    return max(1, min(wanted, n_obs // 4, *lengths))


def optimal_block(values: Array) -> float:
    """Optimal circular block length of one series, unrounded; 1.0 where the values do not vary or are under a dozen.

    Patton, Politis & White (2009), as arch 5 and later and R's np::b.star compute it.
    """
    if values.size < 12 or np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 1.0
    from arch.bootstrap import optimal_block_length

    # A series may hold too few different values for autocovariances at every lag: arch then divides by zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        length = float(optimal_block_length(values)["circular"].iloc[0])
    return length if math.isfinite(length) else 1.0


def block_sums(deviations: Array, block: int, lengths: Sequence[int]) -> Array:
    """Sum of `block` consecutive rows, wrapped within each window, by first row: (T, k) to (T, k)."""
    out = np.empty_like(deviations)
    first = 0
    for length in lengths:
        rows = deviations[first : first + length]
        wrapped = np.concatenate([rows, rows[: block - 1]])
        total = np.cumsum(wrapped, axis=0)
        out[first] = total[block - 1]
        out[first + 1 : first + length] = total[block:] - total[: length - 1]
        first += length
    return out


def resampled_sums(table: Array, draws: Draws) -> Array:
    """Sum of the drawn rows of `table`, once per replicate: (T, m) to (reps, m).

    A replicate is a row of a sparse count matrix, so all of them are one product with `table`: the cost is
    reps * n_blocks, not reps * T.  Politis & Romano (1992), circular blocks.
    """
    out = np.empty((draws.reps, table.shape[1]))
    done = 0
    for counts in count_matrices(draws):
        out[done : done + counts.shape[0]] = np.asarray(counts @ table)
        done += counts.shape[0]
    return out


def count_matrices(draws: Draws) -> Iterable[csr_array]:
    """Give the sparse count matrices of all replicates, some at a time: (r, T) each.

    Audits of the same length, block and seed share them where `auditor.kept.keeping` is in force. Several tables are
    multiplied one after the other even so: side by side they leave the cache, which was measured to gain nothing.
    """
    kept = kept_in_force()
    if kept is None or draws.starts is not None:
        return _count_matrices(draws)
    key = ("draws", draws.lengths, draws.block, draws.reps, draws.seed)
    if 16 * draws.reps * draws.n_blocks > kept.limit:  # more than `kept` would hold: so do not make them all at once
        return _count_matrices(draws)
    return kept.get(key, lambda: list(_count_matrices(draws)), lambda made: sum(one.indices.nbytes for one in made))


def _count_matrices(draws: Draws) -> Iterator[csr_array]:
    ones = np.ones(0)
    for starts in draws.chunks():
        reps, n_blocks = starts.shape
        ones = ones if ones.size >= starts.size else np.ones(starts.size)
        # Row ends of the starts' own type, or scipy copies every index to the wider one.
        ends: Starts = np.arange(0, starts.size + 1, n_blocks, dtype=starts.dtype)
        index: Starts = starts.ravel()  # type: ignore[assignment]  # 32-bit where drawn
        yield csr_array((ones[: index.size], index, ends), shape=(reps, draws.n_obs))


def resample(moments: Sequence[Array], draws: Draws) -> list[Resampled]:
    """Resample several sets of moments by the same blocks.

    moments  one (T, k) array a set, of any k
    returns  one Resampled a set

    Each replicate needs the sum of its blocks' sums S and of their products S S', because
    Psi* = (1/l) sum zeta zeta' with zeta = (S - b m*) / sqrt(b) is (sum S S' - l b^2 m* m*') / (l b).
    Ledoit & Wolf (2008), section 3.2.2.
    """
    tables = []
    for one in moments:
        sums = block_sums(one - one.mean(axis=0), draws.block, draws.lengths)
        left, right = np.triu_indices(sums.shape[1])
        tables.append(np.hstack([sums, sums[:, left] * sums[:, right]]))
    total = resampled_sums(np.ascontiguousarray(np.hstack(tables)), draws)
    n_rows = draws.n_blocks * draws.block
    found, first = [], 0
    for one, table in zip(moments, tables, strict=True):
        k = one.shape[1]
        means = total[:, first : first + k] / n_rows
        left, right = np.triu_indices(k)
        packed = total[:, first + k : first + table.shape[1]] / n_rows - draws.block * means[:, left] * means[:, right]
        psi = np.empty((draws.reps, k, k))
        psi[:, left, right] = packed
        psi[:, right, left] = packed
        found.append(Resampled(means=means, psi=psi, n_rows=n_rows))
        first += table.shape[1]
    return found
