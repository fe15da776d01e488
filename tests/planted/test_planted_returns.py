"""Overlays planted in returns have the truth they claim."""

import math

import numpy as np
import pytest

from auditor.planted.catalogue import BOOK_RISK, NULLS, new_book
from auditor.planted.draws import ratio, stationary_rows
from auditor.planted.returns import managed_weight, plant, smoothed

BY_NAME = {overlay.name: overlay for overlay in NULLS}


def planted(name, field, seed=0):
    rng = np.random.default_rng(seed)
    rows = stationary_rows(field.base.size, field.block, rng)
    overlay = BY_NAME.get(name) or new_book(float(name))
    return field.base[rows], *plant(overlay, field, rows, rng)


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - {"dropped setups", "hedged"}))
def test_the_base_is_the_users_own_resampled(name, field):
    own, base, _ = planted(name, field)
    assert np.array_equal(own, base)
    assert set(base) <= set(field.base)


def test_leverage_changes_no_ratio(field):
    _, base, tuned = planted("levered", field)
    assert ratio(tuned) == pytest.approx(ratio(base), rel=1e-12)


def test_sizes_never_turn_a_return(field):
    for name in ("resized", "volatility-managed"):
        _, base, tuned = planted(name, field)
        assert (np.sign(tuned) == np.sign(base)).all()
        assert np.abs(tuned / base).max() <= 4
        assert np.abs(np.diff(tuned / base)).max() > 0


def test_the_weight_of_volatility_uses_the_past_only(field):
    changed = field.base.copy()
    changed[800:] *= 5
    before, after = managed_weight(field.base, 252.0), managed_weight(changed, 252.0)
    assert np.array_equal(before[:801], after[:801])
    assert after[801:820].mean() < before[801:820].mean()
    assert (managed_weight(np.r_[np.zeros(100), field.base], 252.0) <= 4).all()


def test_filters_only_drop_and_the_lucky_one_looks_better_in_sample_only(field):
    gains = []
    for seed in range(12):
        for name in ("lucky filter", "lucky timing"):
            _, base, tuned = planted(name, field, seed)
            assert set(np.unique(tuned[base != 0] / base[base != 0])) == {0.0, 1.0}
            inside = field.in_sample
            gains.append((field.score(tuned) - field.score(base), ratio(np.delete(tuned, inside))
                          - ratio(np.delete(base, inside))))  # fmt: skip
    inside, outside = np.array(gains).T * math.sqrt(252)
    assert (inside > 0.5).all()
    assert outside.mean() < 0.1


def test_smoothing_keeps_the_sum_and_lowers_the_risk(field):
    late = smoothed(field.base)
    assert late.sum() == pytest.approx(field.base.sum(), abs=0.4 * np.abs(field.base).max() * 2)
    assert late.std() < 0.85 * field.base.std()


def test_books_earn_what_is_planted_beside_the_base(field):
    """Over many draws: none by default, the Sharpe ratio asked for otherwise, and no correlation with the base."""
    for name, sharpe in (("pointless new trades", 0.0), ("1.5", 1.5)):
        means, risks, links = [], [], []
        for seed in range(300):
            _, base, tuned = planted(name, field, seed)
            book = tuned - base
            means.append(book.mean())
            risks.append(book.std())
            links.append(np.corrcoef(book, base)[0, 1])
        means = np.array(means) / (BOOK_RISK * field.base.std()) * math.sqrt(252)
        assert means.mean() == pytest.approx(sharpe, abs=4 * means.std() / math.sqrt(300))
        assert np.mean(risks) == pytest.approx(BOOK_RISK * field.base.std(), rel=0.02)
        assert abs(np.mean(links)) < 4 * np.std(links) / math.sqrt(300)


def test_a_lucky_book_earns_in_sample_only(field):
    found = []
    for seed in range(40):
        _, base, tuned = planted("lucky new trades", field, seed)
        book = tuned - base
        found.append((ratio(book[field.in_sample]), ratio(np.delete(book, field.in_sample))))
    inside, outside = np.array(found).T
    assert (inside > 0).all()
    assert abs(outside.mean()) < 3 * outside.std() / math.sqrt(40)


@pytest.mark.parametrize(("name", "risk_left"), [("dropped setups", 0.5), ("hedged", 0.7 + 0.3 * 0.1**2)])
def test_what_is_left_of_a_base_in_two_parts_is_a_part_of_it(name, risk_left, field):
    shares, links, earned, kept = [], [], [], []
    for seed in range(200):
        _, base, tuned = planted(name, field, seed)
        rest = base - tuned
        shares.append(tuned.var() / field.base.var())
        links.append(np.corrcoef(rest, tuned)[0, 1])
        earned.append(base.mean())
        kept.append(tuned.mean())
    assert np.mean(shares) == pytest.approx(risk_left, rel=0.05)
    # A tenth of the hedged risk is left on purpose.
    assert np.mean(links) == pytest.approx(0.0 if name == "dropped setups" else 0.065, abs=0.02)
    mean = field.base.mean()
    error = 4 * np.std(earned) / math.sqrt(200)
    assert np.mean(earned) == pytest.approx(mean, abs=error)
    assert np.mean(kept) == pytest.approx(0.8 * mean if name == "dropped setups" else mean, abs=error)


def test_every_overlay_can_be_planted_and_no_other(field):
    for overlay in (*NULLS, new_book(1.0)):
        for values in plant(overlay, field, np.arange(field.base.size), np.random.default_rng(0)):
            assert np.isfinite(values).all()
    from auditor.planted.catalogue import Overlay

    with pytest.raises(ValueError, match="no overlay 'x'"):
        plant(Overlay(name="x", what="", truth="none"), field, np.arange(9), np.random.default_rng(0))
