"""What audits share is made once, within a bound, and changes no digit of any of them."""

import os

import numpy as np
import pandas as pd
import pytest

from auditor import InputError, audit
from auditor.inputs import returns as reading
from auditor.inputs.once import held_bytes
from auditor.inputs.returns import read_returns
from auditor.kept import Kept, keeping
from auditor.stats.blocks import Draws, count_matrices, resampled_sums

DAYS = pd.bdate_range("2018-01-02", periods=400)


@pytest.fixture
def shelf(tmp_path):
    """A base, two variants and a file of known streams; the paths of each."""
    rng = np.random.default_rng(0)
    base = 0.01 * rng.standard_t(5, 400)
    columns = {"base": base, "one": base + 0.004 * rng.standard_t(5, 400), "two": 0.5 * base + 0.001 * rng.normal()}
    columns["two"] = columns["two"] + 0.003 * rng.standard_t(5, 400)
    found = {}
    for name, values in columns.items():
        found[name] = str(tmp_path / f"{name}.csv")
        pd.DataFrame({"date": DAYS, "return": values}).to_csv(found[name], index=False)
    found["known"] = str(tmp_path / "known.csv")
    pd.DataFrame({"date": DAYS, "a": rng.normal(size=400), "b": rng.normal(size=400)}).to_csv(
        found["known"], index=False
    )
    return found


def opened(monkeypatch):
    """Count the files that are opened, by name."""
    seen = []
    plain = reading.open_table

    def count(source, *, role):
        seen.append(os.path.basename(source))
        return plain(source, role=role)

    monkeypatch.setattr(reading, "open_table", count)
    return seen


def test_a_base_is_read_once_for_many_variants_and_every_digit_stays(shelf, monkeypatch):
    def run(name):
        return audit(shelf["base"], shelf[name], known=shelf["known"], oos_fraction=0.5, reps=199).to_json()

    alone = [run(name) for name in ("one", "two", "one")]
    seen = opened(monkeypatch)
    kept = Kept(10_000_000)
    with keeping(kept):
        together = [run(name) for name in ("one", "two", "one")]
    assert together == alone
    assert sorted(seen) == ["base.csv", "known.csv", "one.csv", "two.csv"]
    assert 0 < kept.held <= kept.limit
    run("one")
    assert len(seen) == 7


def test_a_file_that_is_written_anew_is_read_anew(shelf):
    with keeping(Kept(1_000_000)):
        before = read_returns(shelf["one"], role="tuned")
        assert read_returns(shelf["one"], role="tuned") is before
        assert read_returns(shelf["one"], role="tuned", unit="decimal") is not before
        frame = pd.read_csv(shelf["one"])
        frame["return"] = frame["return"].to_numpy()[::-1] * 1.5
        frame.to_csv(shelf["one"], index=False)
        assert read_returns(shelf["one"], role="tuned").sha256 != before.sha256


def test_what_is_shared_cannot_be_changed_by_one_of_them(shelf):
    with keeping(Kept(1_000_000)):
        shared = read_returns(shelf["one"], role="tuned")
    with pytest.raises(ValueError, match="read-only"):
        shared.values[0] = 1.0
    read_returns(shelf["one"], role="tuned").values[0] = 1.0


def test_a_refusal_is_not_kept(shelf):
    with keeping(Kept(1_000_000)):
        with pytest.raises(InputError, match="no such file"):
            read_returns(shelf["one"] + ".later.csv", role="tuned")
        os.link(shelf["one"], shelf["one"] + ".later.csv")
        assert len(read_returns(shelf["one"] + ".later.csv", role="tuned").dates) == 400


def test_the_bytes_kept_stay_below_the_limit_and_the_oldest_go_first():
    kept = Kept(100)
    made = []

    def get(key, size):
        return kept.get(key, lambda: made.append(key) or key, lambda _: size)

    for key in "abcde":
        assert get(key, 25) == key
    assert (kept.held, len(kept)) == (100, 4)
    get("b", 25)
    assert made == list("abcde")
    get("f", 20)
    get("b", 25)
    assert made == list("abcdef")
    get("c", 25)
    assert made == list("abcdefc")
    get("large", 26)
    get("large", 26)
    assert made[-2:] == ["large", "large"]


def test_pairs_of_one_length_block_and_seed_share_their_draws():
    draws = Draws(lengths=(300, 100), block=7, reps=500, seed=4)
    table = np.random.default_rng(1).standard_normal((400, 5))
    alone = resampled_sums(table, draws)
    kept = Kept(10_000_000)
    with keeping(kept):
        assert resampled_sums(table, draws).tobytes() == alone.tobytes()
        assert len(kept) == 1
        assert count_matrices(draws) is count_matrices(Draws(lengths=(300, 100), block=7, reps=500, seed=4))
        other = Draws(lengths=(300, 100), block=7, reps=500, seed=5)
        assert resampled_sums(table, other).tobytes() != alone.tobytes()
        assert len(kept) == 2


def test_draws_too_many_to_keep_are_made_as_they_are_used():
    draws = Draws(lengths=(4000,), block=1, reps=200, seed=4)
    with keeping(kept := Kept(1_000_000)):
        assert resampled_sums(np.ones((4000, 1)), draws).tolist() == [[4000.0]] * 200
    assert kept.held == 0


def test_bytes_are_counted_in_whatever_holds_them(shelf):
    found = read_returns(shelf["one"], role="tuned")
    assert held_bytes(found) == 1_000 + 2 * 400 * 8
    assert held_bytes({"a": np.zeros(10), "b": (np.zeros(5), [np.zeros(1)])}) == 1_000 + 128
