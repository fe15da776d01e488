"""Audits of every finding, built by hand: what reports are tested on, without reading or testing any returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from auditor.coverage.direction import NULL as DIRECTION_NULL
from auditor.coverage.direction import Direction
from auditor.result import Attribution, Audit, Coverage, Input, Sample, SharpePair, SpanAttribution
from auditor.stats.sharpe import NULL, HorizonGain, SharpeTest
from auditor.stats.spanning import ALPHA_NULL, MEAN_NULL, StreamTest
from auditor.verdict.checks import Facts, Part
from auditor.verdict.label import judge

FINDINGS = ("new_edge", "efficiency", "flattering", "unproven", "no_gain")


def sharpe(base: float, gain: float, se: float, p: float, **other: Any) -> SharpeTest:
    """A test of the gain with everything but the gist filled in."""
    values: dict[str, Any] = {
        "null": NULL,
        "base": base,
        "tuned": base + gain,
        "gain": gain,
        "se": se,
        "ci": (gain - 2 * se, gain + 2 * se),
        "upper_bound": gain + 1.7 * se,
        "level": 0.05,
        "p_value": p,
        "p_value_two_sided": min(1.0, 2 * p),
        "p_value_hac": p,
        "jkm_z": gain / se,
        "correlation": 0.91,
        "min_detectable_gain": 2.5 * se,
        "periods_needed": math.ceil(411 * (2.5 * se / gain) ** 2) if gain > 0 else None,
        "horizons": tuple(
            HorizonGain(periods=h, base=base, tuned=base + 0.9 * gain, gain=0.9 * gain) for h in (1, 3, 5, 10, 21)
        ),
        "n_obs": 411,
        "block": 7,
        "reps": 9_999,
        "seed": 3,
    }
    return SharpeTest(**(values | other))


def stream(null: str, estimate: float, p: float) -> StreamTest:
    """A test of a stream."""
    return StreamTest(null=null, estimate=estimate, se=0.01, t=estimate / 0.01, ci=(estimate - 0.02, estimate + 0.02),
                      p_value=p, n_obs=411, block=7, reps=9_999, seed=3)  # fmt: skip


def span(gain: float, edge: float, new_p: float | None) -> SpanAttribution:
    """A split of a gain."""
    empty = new_p is None
    return SpanAttribution(
        reweighting_part=Part(value=gain - edge, ci=(gain - edge - 0.2, gain - edge + 0.2)),
        edge_part=Part(value=edge, ci=(edge - 0.25, edge + 0.25)),
        edge_part_upper=edge + 0.2,
        edge_share=edge / gain if gain >= 0.005 else None,
        edge_share_reason=None if gain >= 0.005 else "there is no gain",
        new_mean=None if empty else stream(MEAN_NULL, 0.043, new_p or 0.0),
        new_alpha=None if empty else stream(ALPHA_NULL, 0.038, new_p or 0.0),
        new_p=new_p,
        new_reason="there is no new part: the tuned policy only resizes the base, period by period" if empty else None,
    )


def build(inside: SharpeTest, outside: SharpeTest, edge: float, new_p: float | None, z: float | None) -> Audit:
    """An audit whose label and words are those of the rule."""
    parts = span(inside.gain, edge, new_p), span(outside.gain, edge, new_p)
    verdict = None if z is None else "wider" if z > 1.64 else "narrower" if z < -1.64 else "unclear"
    way = Direction(null=DIRECTION_NULL, verdict=verdict or "unclear", d=None if z is None else z / 50,
                    se=None if z is None else 0.02, z=z, n_obs=819,
                    reason="the two policies are the same up to leverage" if z is None else None)  # fmt: skip
    found = judge(
        Facts(evidence="returns", level=0.05, gain_level=0.05, min_edge_share=0.25, in_sample=inside,
              out_of_sample=outside, horizon=3, horizon_share=0.9 if outside.gain > 0 else None, edge_part=edge,
              edge_upper=edge + 0.2, new_p=new_p, new_reason=parts[1].new_reason, leaves_base=new_p is not None,
              direction=way, known_complete=False)
    )  # fmt: skip
    file = {"name": "pairs.csv", "rows": 819, "first": "1949-01-31", "last": "2017-03-31"}
    return Audit(
        label=found.label,
        finding=found.finding,
        standing=found.standing,
        evidence=found.evidence,
        reason=found.reason,
        sharpe=SharpePair(in_sample=inside, out_of_sample=outside),
        attribution=Attribution(
            reweighting_part=parts[1].reweighting_part.value, edge_part=edge, edge_share=parts[1].edge_share,
            new_p=new_p, in_sample=parts[0], out_of_sample=parts[1],
        ),
        coverage=Coverage(pure_sizing=new_p is None, streams=("base", "base / volatility(12)"), r_squared=0.83,
                          covered_return=0.052, new_return=0.043, direction=way),
        checks=found.checks,
        not_assessed=found.not_assessed,
        would_change=found.would_change,
        warnings=("One return makes the result: without 1987-10-31 the out-of-sample gain is +0.01, not +0.40.",),
        notes=("periods per year 12, inferred: monthly dates",),
        sample=Sample(frequency="monthly", periods_per_year=12.0, first="1949-01-31", last="2017-03-31",
                      in_sample=(("1949-01-31", "1982-12-31"),), out_of_sample=(("1983-01-31", "2017-03-31"),),
                      n_in_sample=408, n_out_of_sample=411),
        inputs=(Input(role="base", column="base", sha256="3f" * 32, **file),
                Input(role="tuned", column="tuned", sha256="a0" * 32, **file)),
        settings={"level": 0.05, "gain_level": 0.05, "min_edge_share": 0.25, "reps": 9_999, "block": "auto", "seed": 3,
                  "known_complete": False, "embargo": 0, "periods_per_year": 12.0, "align": "strict", "na": "refuse",
                  "kind": None, "unit": None, "oos_start": "1983-01-31", "oos_fraction": None, "oos": None, "rf": None},
        versions={"auditor": "0.1.0", "python": "3.11.7"},
    )  # fmt: skip


BUILT = {
    "new_edge": lambda: build(sharpe(0.55, 0.78, 0.15, 0.0001), sharpe(0.54, 0.398, 0.2, 0.0402), 0.16, 0.0049, 2.2),
    "efficiency": lambda: build(sharpe(1.0, -0.05, 0.15, 0.66), sharpe(0.38, 0.33, 0.16, 0.005), 0.0, None, 1.07),
    "flattering": lambda: build(sharpe(0.5, 0.37, 0.1, 0.01), sharpe(0.5, -0.11, 0.1, 0.84), 0.0, 0.4, -4.2),
    "unproven": lambda: build(sharpe(0.5, 0.3, 0.1, 0.01), sharpe(0.5, 0.11, 0.2, 0.31), 0.05, 0.2, 0.3),
    "no_gain": lambda: build(sharpe(0.5, -0.2, 0.1, 0.99), sharpe(0.5, -0.1, 0.1, 0.8), 0.0, None, None),
}


@pytest.fixture(params=FINDINGS)
def audit(request: pytest.FixtureRequest) -> Audit:
    """An audit of each finding in turn."""
    found = BUILT[request.param]()
    assert found.finding == request.param
    return found


@pytest.fixture
def new_edge() -> Audit:
    """An audit that found new edge."""
    return BUILT["new_edge"]()


@pytest.fixture
def hostile() -> Callable[[str], Audit]:
    """Make an audit in which every free text is the one given."""

    def make(text: str) -> Audit:
        found = BUILT["new_edge"]()
        inputs = tuple(replace(one, name=text, column=text) for one in found.inputs)
        return replace(found, inputs=inputs, warnings=(text,), notes=(text,), not_assessed=(text,),
                       would_change=(text,), reason=text, versions={"auditor": text})  # fmt: skip

    return make


@pytest.fixture
def degenerate() -> Audit:
    """An audit whose interval, bound and z do not exist."""
    test = sharpe(0.5, 0.0, 0.1, 1.0, ci=(-math.inf, math.inf), upper_bound=math.inf, jkm_z=None)
    test = replace(test, se=math.nan)
    return build(test, test, 0.0, None, None)
