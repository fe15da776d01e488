"""Narrower or wider: which policy is inside the other."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtri

from auditor.coverage.direction import (
    ALL,
    BLOCKS,
    NULL,
    OUTSIDE,
    ROWS,
    USUAL,
    Direction,
    _none,
    asymmetry,
    direction,
    direction_throughout,
    usual,
    without_each,
)

NONE = np.empty((2000, 0))


def part_and_more(seed, n=2000):
    rng = np.random.default_rng(seed)
    exposure = np.repeat(rng.random(n // 20) + 0.2, 20)
    part = rng.standard_t(5, n) * exposure
    return part, part + rng.standard_t(5, n) * np.repeat(rng.random(n // 20) + 0.2, 20)


def test_a_part_is_narrower_and_the_whole_wider():
    part, whole = part_and_more(0)
    assert direction(whole, part, NONE, level=0.05).verdict == "narrower"
    found = direction(part, whole, NONE, level=0.05)
    assert found.verdict == "wider"
    assert found.z > 1.645


def test_swapping_flips_the_sign_exactly():
    part, whole = part_and_more(1)
    there = direction(part, whole, NONE, level=0.05)
    back = direction(whole, part, NONE, level=0.05)
    assert there.z == pytest.approx(-back.z, rel=1e-9)
    assert there.d == pytest.approx(-back.d, rel=1e-9)


def test_leverage_does_not_move_it():
    part, whole = part_and_more(2)
    one = direction(part, whole, NONE, level=0.05)
    other = direction(3 * part, 0.2 * whole, NONE, level=0.05)
    assert one.z == pytest.approx(other.z, rel=1e-9)


def test_asymmetry_is_the_formula():
    part, whole = part_and_more(3)
    x, y = (part - part.mean()) / part.std(), (whole - whole.mean()) / whole.std()
    r = np.corrcoef(x, y)[0, 1]
    expected = np.corrcoef(np.abs(x - r * y), np.abs(y))[0, 1] - np.corrcoef(np.abs(y - r * x), np.abs(x))[0, 1]
    assert asymmetry(part, whole) == pytest.approx(expected, rel=1e-10)


def cut_and_joined(base, tuned, edges):
    return [asymmetry(np.delete(base, np.s_[a:b]), np.delete(tuned, np.s_[a:b])) for a, b in pairwise(edges)]


@pytest.mark.parametrize("n", [41, 300, 2000, 3 * ROWS + 7])
def test_leaving_blocks_out_by_sums_is_cutting_and_joining(n):
    part, whole = part_and_more(10, 4000)
    part, whole = part[:n] + 0.3, whole[:n] - 2.0
    edges = np.linspace(0, n, BLOCKS + 1).astype(np.intp)
    np.testing.assert_allclose(without_each(part, whole, edges), cut_and_joined(part, whole, edges), atol=1e-13)


def test_series_that_sums_cannot_describe_are_cut_and_joined():
    rng = np.random.default_rng(11)
    rare, twin = 1e-5 * rng.standard_normal(2000), rng.standard_t(5, 2000)
    rare[7] = 1e4
    edges = np.linspace(0, 2000, BLOCKS + 1).astype(np.intp)
    for one, other in ((rare, twin), (twin, twin + 1e-6 * rng.standard_normal(2000))):
        assert without_each(one, other, edges).tolist() == cut_and_joined(one, other, edges)


def test_a_common_market_hides_it_until_it_is_known():
    rng = np.random.default_rng(4)
    market = rng.standard_t(5, 2000) * np.repeat(rng.random(40) * 2, 50)
    part, whole = part_and_more(5)
    known = direction(whole + 2 * market, part + 2 * market, market[:, None], level=0.05)
    assert known.verdict == "narrower"


def test_reasons_where_it_does_not_apply():
    part, whole = part_and_more(6)
    same = direction(part, 2 * part, NONE, level=0.05)
    assert (same.z, same.verdict) == (None, "unclear")
    assert "leverage" in same.reason
    explained = direction(part, whole, whole[:, None], level=0.05)
    assert "explain the whole tuned" in explained.reason
    rare = np.zeros(2000)
    rare[7] = 1.0
    assert direction(rare, part, NONE, level=0.05).reason is not None


def test_gaussian_noise_with_steady_exposure_is_unclear():
    rng = np.random.default_rng(8)
    x = rng.standard_normal(2000)
    assert direction(x, x + rng.standard_normal(2000), NONE, level=0.01).verdict == "unclear"


def test_it_says_whether_it_could_have_seen_a_narrower_policy():
    part, whole = part_and_more(0)
    assert direction(part, whole, NONE, level=0.05).could_see < -3
    rng = np.random.default_rng(8)
    x = rng.standard_normal(2000)
    assert direction(x, x + rng.standard_normal(2000), NONE, level=0.05).could_see > -1.645


def plainly(base, tuned):
    """D and its error as the docstrings define them, by other means: numpy's correlations, a loop over blocks."""

    def d_of(one, two):
        x, y = (one - one.mean()) / one.std(), (two - two.mean()) / two.std()
        r = np.corrcoef(x, y)[0, 1]
        return np.corrcoef(abs(x - r * y), abs(y))[0, 1] - np.corrcoef(abs(y - r * x), abs(x))[0, 1]

    left_out = []
    for block in range(40):
        keep = np.ones(len(base), bool)
        keep[len(base) * block // 40 : len(base) * (block + 1) // 40] = False
        left_out.append(d_of(base[keep], tuned[keep]))
    return d_of(base, tuned), np.sqrt(39 / 40 * np.sum((np.array(left_out) - np.mean(left_out)) ** 2))


@pytest.mark.parametrize(("seed", "n"), [(0, 2000), (10, 813), (11, 97)])
def test_every_number_is_that_of_the_definition(seed, n):
    part, whole = (3 + one for one in part_and_more(seed, 2000))
    part, whole = 5 * part[:n], whole[:n]
    found = direction(part, whole, np.empty((n, 0)), level=0.05)
    d, se = plainly(part, whole)
    assert (found.d, found.se, found.z) == pytest.approx((d, se, d / se), rel=1e-9)
    assert found.n_obs == n
    # tuned standardised and the base's rest, a period earlier and later
    x, y = (part - part.mean()) / part.std(), (whole - whole.mean()) / whole.std()
    r = np.corrcoef(x, y)[0, 1]
    rest = x - r * y
    moved = [np.concatenate([rest[1:], rest[:1]]), np.concatenate([rest[-1:], rest[:-1]])]
    surrogates = [plainly(r * y + one, whole) for one in moved]
    assert found.could_see == pytest.approx(np.mean([one / error for one, error in surrogates]), rel=1e-9)
    assert str(found) == f"{found.verdict}, z={found.z:.2f}"
    assert found.null == NULL


def test_what_is_known_is_taken_out_first():
    part, whole = part_and_more(12)
    known = np.random.default_rng(1).standard_normal((2000, 2))
    found = direction(part + known @ [1.0, 2.0] + 4, whole + known @ [3.0, -1.0], known, level=0.05)
    design = np.column_stack([np.ones(2000), known])
    rest = [one - design @ np.linalg.pinv(design) @ one for one in (part, whole)]
    d, se = plainly(*rest)
    assert (found.d, found.se) == pytest.approx((d, se), rel=1e-8)


def test_every_reason_says_what_and_of_how_much():
    part, whole = part_and_more(6)
    known = whole[:, None]
    for base, tuned, streams, reason in (
        (part, 2 * part, NONE, "the two policies are the same up to leverage"),
        (part, -2 * part, NONE, "the two policies are the same up to leverage"),
        (part, whole, known, "the known streams explain the whole tuned policy"),
        (whole, part, known, "the known streams explain the whole base"),
        (
            part,
            2 * part + whole,
            known,
            "after the known streams are taken out, the two policies are the same up to leverage",
        ),
    ):
        found = direction(base, tuned, streams, level=0.05)
        assert (found.reason, found.n_obs, found.null, found.verdict) == (reason, 2000, NULL, "unclear")
        assert found.d is found.se is found.z is found.could_see is None
        assert str(found) == f"unclear: {reason}"
    rare = np.zeros(2000)
    rare[7] = 1.0
    for base, tuned, reason in (
        (rare, part, "what is left of a policy after the other does not vary"),
        (part, np.ones(2000), "a policy does not vary"),
        (np.ones(2000), part, "a policy does not vary"),
    ):
        found = direction(base, tuned, NONE, level=0.05)
        assert (found.reason, found.n_obs) == (reason, 2000)


def test_policies_of_any_scale_are_explained_or_not_alike():
    """Shares of variance decide, so returns of a billionth are no less there."""
    part, whole = part_and_more(7)
    noise = np.random.default_rng(2).standard_normal((2000, 1))
    for scale in (1e-9, 1.0, 1e6):
        assert direction(scale * part, scale * whole, noise, level=0.05).z == pytest.approx(
            direction(part, whole, noise, level=0.05).z, rel=1e-6
        )
        assert direction(part, scale * whole, noise, level=0.05).z == pytest.approx(
            direction(part, whole, noise, level=0.05).z, rel=1e-6
        )


def in_storms(seed, n=2500):
    """A part and the rest of a whole, both normal, calm and stormy together: the same law from either side."""
    rng = np.random.default_rng(seed)
    storm = np.repeat(rng.choice([0.5, 2.0], n // 50), 50)
    return storm * rng.standard_normal(n), storm * rng.standard_normal(n)


def test_storms_that_both_share_hide_the_direction_and_their_own_do_not():
    part, rest = in_storms(3)
    for base, tuned in ((part + rest, part), (part, part + rest)):
        found = direction(base, tuned, NONE, level=0.05)
        assert abs(found.z) < 1.645
        assert found.could_see > -2
        assert found.hidden(0.05)
    other = in_storms(4)[1]
    found = direction(part + other, part, NONE, level=0.05)
    assert (found.verdict, found.could_see < -3) == ("narrower", True)
    assert not found.hidden(0.05)


def shown(z, could_see, verdict="unclear"):
    return Direction(null=NULL, verdict=verdict, d=0.1, se=0.1, z=z, could_see=could_see, n_obs=2000)


def test_hidden_is_neither_wider_nor_above_what_a_narrower_policy_gives():
    edge = ndtri(0.95)
    apart = math.sqrt(2) * edge
    assert shown(0.0, -apart).hidden(0.05)
    assert not shown(0.0, -apart - 1e-9).hidden(0.05)
    assert shown(edge, edge).hidden(0.05)
    assert not shown(edge + 1e-9, edge).hidden(0.05)
    assert shown(-edge, -edge).hidden(0.05)
    assert not shown(-edge - 1e-9, -edge).hidden(0.05)
    assert shown(0.0, -apart - 1e-9).hidden(0.04)
    assert not _none(2000, "a reason").hidden(0.05)


def test_daily_returns_tell_what_is_new_where_the_base_is_inside():
    assert shown(2.0, -3.0, "wider").tells_new("daily")
    assert not shown(2.0, -3.0, "wider").tells_new("weekly")
    assert not shown(1.0, -3.0).tells_new("intraday")
    assert not shown(-2.0, -3.0, "narrower").tells_new("intraday")


# ---- throughout


LATER = np.arange(1000, 2000)


def test_where_every_part_agrees_the_whole_sample_speaks():
    part, whole = part_and_more(0)
    for base, tuned in ((part, whole), (whole, part)):
        found = direction_throughout(base, tuned, NONE, LATER, level=0.05)
        alone = direction(base, tuned, NONE, level=0.05)
        assert found == alone
    wider = direction_throughout(part, whole, NONE, LATER, level=0.05)
    assert wider == direction(part, whole, NONE, level=0.05)
    assert (wider.periods, wider.n_obs) == (ALL, 2000)


def test_noise_in_sample_does_not_widen_a_policy_that_is_a_part_out_of_sample():
    part, whole = part_and_more(0)
    noise = np.random.default_rng(9).standard_t(5, 2000) * 3
    noise[1000:] = 0.0
    assert direction(whole, part + noise, NONE, level=0.05).verdict == "wider"
    found = direction_throughout(whole, part + noise, NONE, LATER, level=0.05)
    assert (found.verdict, found.periods, found.n_obs) == ("narrower", OUTSIDE, 1000)
    assert found.z == direction(whole[1000:], part[1000:], NONE[1000:], level=0.05).z


def test_a_few_large_bets_do_not_widen_a_part():
    part, whole = part_and_more(0)
    bets = np.zeros(2000)
    bets[::120] = 60.0
    assert direction(whole, part + bets, NONE, level=0.05).verdict == "wider"
    found = direction_throughout(whole, part + bets, NONE, LATER, level=0.05)
    assert (found.verdict, found.periods) == ("narrower", USUAL)
    assert 1920 <= found.n_obs <= 1960


@pytest.mark.parametrize(
    ("noise", "later", "verdicts", "speaks"),
    [
        (1.0, 0.0, ("unclear", "narrower"), OUTSIDE),  # narrower there is narrower
        (0.8, 0.8, ("unclear", "unclear"), ALL),  # -0.9, beside a whole sample that does not say wider
        (1.5, 0.4, ("wider", "unclear"), OUTSIDE),  # -1.3, beside one that does
        (1.5, 0.6, ("wider", "unclear"), ALL),  # +0.5
        (2.0, 0.4, ("wider", "unclear"), ALL),  # +0.1
    ],
)
def test_what_is_wider_must_point_there_out_of_sample_too(noise, later, verdicts, speaks):
    part, whole = part_and_more(0)
    added = np.random.default_rng(9).standard_t(5, 2000) * noise
    added[LATER] *= later
    parts = [direction(whole[rows], (part + added)[rows], NONE[rows], level=0.05) for rows in (slice(None), LATER)]
    assert tuple(one.verdict for one in parts) == verdicts
    found = direction_throughout(whole, part + added, NONE, LATER, level=0.05)
    assert (found.periods, found.z) == (speaks, parts[speaks == OUTSIDE].z)


def test_out_of_sample_a_sign_matters_beside_wider_alone():
    rng = np.random.default_rng(7)
    base, tuned = rng.standard_normal((2, 2000))
    whole, later = (direction(base[rows], tuned[rows], NONE[rows], level=0.05) for rows in (slice(None), LATER))
    assert (whole.verdict, later.verdict) == ("unclear", "unclear")
    assert direction_throughout(base, tuned, NONE, LATER, level=0.05) == whole
    if later.z > 0:
        assert direction_throughout(tuned, base, NONE, LATER, level=0.05).periods == ALL


def test_large_periods_are_data_where_nothing_says_wider():
    part, whole = part_and_more(0)
    bets = np.zeros(2000)
    bets[::40] = np.random.default_rng(3).standard_t(3, 50) * 2.5
    alone = direction(whole, part + bets, NONE, level=0.05)
    assert alone.verdict == "unclear"
    found = direction_throughout(whole, part + bets, NONE, LATER, level=0.05)
    assert found.periods in (ALL, OUTSIDE)


def test_what_does_not_apply_stays_so():
    base = np.random.default_rng(1).standard_normal(2000)
    assert direction_throughout(base, 2 * base, NONE, LATER, level=0.05).z is None
    flat = base.copy()
    flat[1000:] = 0.01
    assert direction_throughout(flat, base, NONE, LATER, level=0.05).n_obs == 2000
    assert direction(flat[1000:], base[1000:], NONE[1000:], level=0.05).reason == "a policy does not vary"
    assert direction(base[1000:], flat[1000:], NONE[1000:], level=0.05).reason == "a policy does not vary"
    # and a part that says nothing changes nothing
    part, whole = part_and_more(0)
    whole[1000:] = 2 * part[1000:]
    found = direction_throughout(part, whole, NONE, LATER, level=0.05)
    assert found.periods in (ALL, USUAL)
    assert found.z is not None


def test_known_streams_are_taken_out_of_every_part():
    part, whole = part_and_more(0)
    market = np.random.default_rng(2).standard_t(4, 2000)[:, None] * 2
    noise = np.random.default_rng(9).standard_t(5, 2000) * 3
    noise[1000:] = 0.0
    base, tuned = whole + market[:, 0], part + noise + market[:, 0]
    found = direction_throughout(base, tuned, market, LATER, level=0.05)
    assert (found.verdict, found.periods) == ("narrower", OUTSIDE)
    assert found.z == direction(base[1000:], tuned[1000:], market[1000:], level=0.05).z


def test_the_usual_periods_are_those_without_the_largest_rests():
    rng = np.random.default_rng(6)
    base, tuned = rng.standard_normal(500), rng.standard_normal(500)
    x, y = (base - base.mean()) / base.std(), (tuned - tuned.mean()) / tuned.std()
    r = np.corrcoef(x, y)[0, 1]
    left, right = np.abs(x - r * y), np.abs(y - r * x)
    out = set(np.argsort(left)[-10:]) | set(np.argsort(right)[-10:])
    assert set(range(500)) - set(usual(base, tuned)) == out
    assert usual(7 * base + 3, tuned).tolist() == usual(base, tuned).tolist()
    # One at the quantile itself stays: of 51 the largest of either alone is left out.
    assert set(range(51)) - set(usual(base[:51], tuned[:51])) == {
        largest(base[:51], tuned[:51]),
        largest(tuned[:51], base[:51]),
    }


def largest(one, other):
    """Row where the most of one is left after the other, by statistics alone."""
    slope, level = np.polyfit(other, one, 1)
    return int(np.argmax(np.abs(one - level - slope * other)))
