"""Draws at their edges, in pieces and kept; automatic block lengths at their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length

from auditor.kept import Kept, keeping
from auditor.stats import blocks
from auditor.stats.blocks import (
    Draws,
    block_length,
    columns_of,
    count_matrices,
    optimal_block,
    resample,
    resampled_sums,
)


@pytest.fixture(scope="module")
def walk():
    """A series whose level lasts, so that its blocks are as long as they may be."""
    return np.cumsum(np.random.default_rng(22).standard_normal(60))


def test_draws_take_what_just_fits():
    assert Draws(lengths=(9, 5), block=5, reps=1, seed=0).n_blocks == 2
    starts = np.array([[0, 13]])
    assert Draws(lengths=(9, 5), block=5, reps=1, seed=0, starts=starts).starts is starts
    with pytest.raises(ValueError, match="rows 0 to 13"):
        Draws(lengths=(9, 5), block=5, reps=1, seed=0, starts=np.array([[-1, 0]]))
    with pytest.raises(ValueError, match="block must be between 1"):
        Draws(lengths=(9, 5), block=0, reps=1, seed=0)


def test_every_row_is_drawn_in_32_bits():
    draws = Draws(lengths=(7,), block=1, reps=400, seed=1)
    (starts,) = draws.chunks()
    assert starts.dtype == np.int32
    assert set(np.unique(starts)) == set(range(7))


def test_given_starts_come_in_pieces_too(monkeypatch):
    starts = np.random.default_rng(0).integers(0, 20, (7, 10))
    draws = Draws(lengths=(20,), block=2, reps=7, seed=0, starts=starts)
    monkeypatch.setattr(blocks, "CHUNK", 25)
    parts = list(draws.chunks())
    assert [part.shape for part in parts] == [(2, 10), (2, 10), (2, 10), (1, 10)]
    np.testing.assert_array_equal(np.vstack(parts), starts)
    table = np.random.default_rng(1).standard_normal((20, 3))
    np.testing.assert_allclose(resampled_sums(table, draws), table[starts].sum(axis=1), atol=1e-12)


def test_a_replicate_of_more_blocks_than_a_piece_comes_alone(monkeypatch):
    monkeypatch.setattr(blocks, "CHUNK", 10)
    draws = Draws(lengths=(50,), block=1, reps=3, seed=0)
    assert [part.shape for part in draws.chunks()] == [(1, 50)] * 3


def test_one_block_a_replicate_is_one_row_of_the_table():
    table = np.random.default_rng(2).standard_normal((10, 2))
    draws = Draws(lengths=(10,), block=10, reps=20, seed=3)
    (starts,) = draws.chunks()
    np.testing.assert_array_equal(resampled_sums(table, draws), table[starts[:, 0]])


def test_several_sets_of_moments_are_resampled_as_each_alone():
    rng = np.random.default_rng(4)
    draws = Draws(lengths=(20, 12), block=3, reps=15, seed=2)
    sets = [rng.standard_normal((32, k)) for k in (1, 3, 2, 4)]
    for one, alone in zip(resample(sets, draws), [resample([one], draws)[0] for one in sets], strict=True):
        assert one.n_rows == alone.n_rows == 30
        np.testing.assert_allclose(one.means, alone.means, atol=1e-14)
        np.testing.assert_allclose(one.psi, alone.psi, atol=1e-13)
        some = columns_of(one, [0])
        assert some.n_rows == 30
        np.testing.assert_array_equal(some.means, one.means[:, [0]])


def test_kept_draws_are_those_made_anew_and_are_made_once():
    draws = Draws(lengths=(30,), block=2, reps=50, seed=1)
    plain = [one.toarray() for one in count_matrices(draws)]
    with keeping(Kept(1 << 20)) as _:
        first = count_matrices(draws)
        assert count_matrices(Draws(lengths=(30,), block=2, reps=50, seed=1)) is first
        for other in ({"seed": 2}, {"block": 3}, {"reps": 49}, {"lengths": (15, 15)}):
            asked = {"lengths": (30,), "block": 2, "reps": 50, "seed": 1} | other
            assert count_matrices(Draws(**asked)) is not first
        starts = np.zeros((50, 15), dtype=np.int64)
        given = count_matrices(Draws(lengths=(30,), block=2, reps=50, seed=1, starts=starts))
        assert {tuple(one.sum(axis=0)) for one in given} == {(750, *[0] * 29)}
    for one, other in zip(plain, first, strict=True):
        np.testing.assert_array_equal(one, other.toarray())


def test_draws_larger_than_what_may_be_kept_are_made_piece_by_piece():
    draws = Draws(lengths=(30,), block=2, reps=50, seed=1)
    needed = 16 * 50 * 15
    with keeping(Kept(needed)):
        assert isinstance(count_matrices(draws), list)
    with keeping(Kept(needed - 1)) as _:
        pieces = count_matrices(draws)
        assert not isinstance(pieces, list)
        assert sum(one.shape[0] for one in pieces) == 50


def test_what_is_kept_is_weighed_by_its_indices():
    kept = Kept(1 << 20)
    draws = Draws(lengths=(30,), block=2, reps=50, seed=1)
    with keeping(kept):
        count_matrices(draws)
    assert kept.held == 50 * 15 * 4


def test_optimal_lengths_are_those_of_arch(walk):
    wanted = float(optimal_block_length(walk)["circular"].iloc[0])
    assert optimal_block(walk) == wanted > 5
    assert optimal_block(walk[:12]) == float(optimal_block_length(walk[:12])["circular"].iloc[0]) != 1.0
    assert optimal_block(walk[:11]) == 1.0


def test_what_varies_is_told_apart_from_what_does_not(walk):
    unit = (walk - walk.min()) / np.ptp(walk)
    assert optimal_block(0.5 * unit) == pytest.approx(optimal_block(unit), rel=1e-9)
    assert optimal_block(1.5e-12 * unit) == pytest.approx(optimal_block(unit), rel=1e-6)
    assert optimal_block(0.5e-12 * unit) == 1.0
    assert optimal_block(1e6 + 1e-7 * unit) == 1.0  # rounding of a constant


def test_a_length_is_of_the_shape_not_of_level_or_scale(walk):
    one = np.diff(walk, prepend=0.0)
    smooth = np.convolve(one, np.ones(4), "same")
    wanted = block_length(smooth, lengths=(60,))
    assert wanted > 2
    for other in (1e-9 * smooth, 1e6 * smooth, smooth + 1000, -smooth):
        assert block_length(other, lengths=(60,)) == wanted


def test_a_length_is_of_the_squares_where_only_they_last():
    rng = np.random.default_rng(9)
    slow = np.convolve(rng.standard_normal(500), np.ones(20) / 4, "same")
    calm = rng.standard_normal(500) * np.exp(slow / 2)
    centred = (calm - calm.mean()) / calm.std()
    wanted = block_length(calm, lengths=(500,))
    assert wanted == np.ceil(optimal_block(centred**2)) > 2 * optimal_block(centred)
    assert block_length(calm + 1000, lengths=(500,)) == wanted


def test_a_length_is_at_most_a_quarter_and_the_shortest_window_and_at_least_one(walk):
    for n_obs in (40, 43):
        found = block_length(walk[:n_obs], lengths=(n_obs,))
        assert (found, type(found)) == (10, int)
    assert block_length(walk, lengths=(57, 3)) == 3
    assert block_length(np.zeros(60), np.full(60, 2.0), lengths=(60,)) == 1
    assert block_length(walk[:3], lengths=(3,)) == 1
