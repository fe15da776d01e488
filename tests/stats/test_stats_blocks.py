"""Block sums, draws and resamples against plain loops."""

import numpy as np
import pytest

from auditor.stats import blocks
from auditor.stats.blocks import Draws, block_length, block_sums, columns_of, optimal_block, resample, resampled_sums


def plain_block_sums(values, block, lengths):
    out, first = [], 0
    for length in lengths:
        rows = values[first : first + length]
        out += [sum(rows[(start + i) % length] for i in range(block)) for start in range(length)]
        first += length
    return np.array(out)


@pytest.mark.parametrize("lengths", [(17,), (5, 9, 3)])
@pytest.mark.parametrize("block", [1, 2, 3])
def test_block_sums_wrap_within_each_window(lengths, block):
    values = np.random.default_rng(0).standard_normal((sum(lengths), 3))
    np.testing.assert_allclose(block_sums(values, block, lengths), plain_block_sums(values, block, lengths), atol=1e-13)


def test_sparse_product_is_the_plain_gather():
    table = np.random.default_rng(1).standard_normal((40, 5))
    draws = Draws(lengths=(40,), block=3, reps=200, seed=7)
    starts = np.vstack(list(draws.chunks()))
    np.testing.assert_allclose(resampled_sums(table, draws), table[starts].sum(axis=1), atol=1e-12)


def test_numbers_do_not_depend_on_the_chunk(monkeypatch):
    table = np.random.default_rng(2).standard_normal((50, 4))
    draws = Draws(lengths=(50,), block=1, reps=333, seed=3)
    whole = resampled_sums(table, draws)
    for chunk in (50, 51, 1_000, 4_999):
        monkeypatch.setattr(blocks, "CHUNK", chunk)
        np.testing.assert_array_equal(resampled_sums(table, draws), whole)


def test_resampled_covariance_is_that_of_the_blocks():
    rng = np.random.default_rng(3)
    moments = rng.standard_normal((30, 3)) + 2.0
    draws = Draws(lengths=(20, 10), block=4, reps=25, seed=5)
    (found,) = resample([moments], draws)
    sums = plain_block_sums(moments - moments.mean(axis=0), 4, (20, 10))
    for replicate, starts in enumerate(np.vstack(list(draws.chunks()))):
        zeta = sums[starts]
        mean = zeta.sum(axis=0) / (draws.n_blocks * 4)
        np.testing.assert_allclose(found.means[replicate], mean, atol=1e-12)
        scaled = (zeta - 4 * mean) / 2.0
        np.testing.assert_allclose(found.psi[replicate], scaled.T @ scaled / draws.n_blocks, atol=1e-12)
    fewer = columns_of(found, [2, 0])
    np.testing.assert_array_equal(fewer.psi[:, 0, 1], found.psi[:, 2, 0])


def test_no_block_crosses_a_window():
    # Each window holds one value, so a crossing block would mix the two.
    values = np.repeat([[1.0], [100.0]], 12, axis=0)
    assert set(np.unique(block_sums(values, 5, (12, 12)))) == {5.0, 500.0}


def test_draws_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="shortest window, 5"):
        Draws(lengths=(50, 5), block=6, reps=10, seed=0)
    with pytest.raises(ValueError, match="reps"):
        Draws(lengths=(50,), block=6, reps=0, seed=0)
    with pytest.raises(ValueError, match=r"\(10, 8\)"):
        Draws(lengths=(50,), block=6, reps=10, seed=0, starts=np.zeros((10, 9), dtype=np.int64))
    with pytest.raises(ValueError, match="rows 0 to 49"):
        Draws(lengths=(50,), block=6, reps=10, seed=0, starts=np.full((10, 8), 50))


def test_block_length_is_the_larger_of_series_and_squares():
    rng = np.random.default_rng(4)
    noise = rng.standard_normal(1000)
    slow = np.empty(1000)
    slow[0] = 0.0
    for t in range(1, 1000):
        slow[t] = 0.8 * slow[t - 1] + noise[t]
    volatile = noise * np.exp(slow / 3)
    own = [max(1.0, blocks.optimal_block(v)) for v in (noise, noise**2, volatile, volatile**2)]
    wanted = block_length(noise, volatile, lengths=(1000,))
    centred = [(v - v.mean()) / v.std() for v in (noise, volatile)]
    assert wanted == np.ceil(max(blocks.optimal_block(v) for c in centred for v in (c, c**2)))
    assert wanted == pytest.approx(np.ceil(max(own)), abs=1)
    assert block_length(noise, volatile, lengths=(990, 10)) <= 10
    assert block_length(slow, slow, lengths=(1000,)) <= 250


def test_block_length_has_a_floor_where_nothing_varies_and_on_long_data():
    assert block_length(np.tile([0.01, -0.01], 50), np.zeros(100), lengths=(100,)) >= 1
    assert blocks.optimal_block(np.ones(100)) == 1.0
    noise = np.random.default_rng(5).standard_normal(20_000)
    assert block_length(noise, noise, lengths=(20_000,)) >= 20_000 // blocks.MOST_BLOCKS


def test_a_series_with_nothing_at_some_lags_gives_no_warning():
    lone = np.zeros(24)
    lone[:2] = 1.0, -1.0
    assert np.isfinite(optimal_block(lone))
    assert optimal_block(np.arange(11.0)) == 1.0
