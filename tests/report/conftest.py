"""Audits of every finding, built by hand: what reports are tested on, without reading or testing any returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from desks import Desk
from rates import OUTCOMES, calibration_of

import auditor
from auditor.breadth import Breadth
from auditor.breadth_pictures import breadth_of_sessions
from auditor.config import Settings
from auditor.coverage.direction import NULL as DIRECTION_NULL
from auditor.coverage.direction import Direction
from auditor.coverage.lines import Lines
from auditor.describe import selection_not_assessed, selection_warnings
from auditor.inputs.pair import make_pair
from auditor.inputs.returns import read_returns
from auditor.result import Attribution, Audit, Coverage, Input, Sample, ShapePair, SharpePair, SpanAttribution
from auditor.stats.ratios import HorizonGain
from auditor.stats.selection import Selection, select
from auditor.stats.shape import shape_of_pair
from auditor.stats.sharpe import NULL, SharpeTest
from auditor.stats.spanning import ALPHA_NULL, MEAN_NULL, StreamTest, spanning_regression
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


def returns(test: SharpeTest, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Monthly returns of base and tuned that have the Sharpe ratios of a test, correlated at 0.8 or so."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(6, size=(2, test.n_obs))
    found = []
    for ratio, z in ((test.base, noise[0]), (test.tuned, 0.8 * noise[0] + 0.6 * noise[1])):
        found.append((ratio / math.sqrt(12) + (z - z.mean()) / z.std(ddof=1)) * 0.04)
    return found[0], found[1]


def span(test: SharpeTest, edge: float, new_p: float | None, seed: int) -> SpanAttribution:
    """A split of a gain."""
    empty, gain = new_p is None, test.gain
    base, tuned = returns(test, seed)
    return SpanAttribution(
        reweighting_part=Part(value=gain - edge, ci=(gain - edge - 0.2, gain - edge + 0.2)),
        edge_part=Part(value=edge, ci=(edge - 0.25, edge + 0.25)),
        edge_part_upper=edge + 0.2,
        edge_share=edge / gain if gain >= 0.005 else None,
        edge_share_reason=None if gain >= 0.005 else "there is no gain",
        on_base=spanning_regression(tuned, base[:, None], periods_per_year=12),
        new_mean=None if empty else stream(MEAN_NULL, 0.043, new_p or 0.0),
        new_alpha=None if empty else stream(ALPHA_NULL, 0.038, new_p or 0.0),
        new_p=new_p,
        new_reason="there is no new part: the tuned policy only resizes the base, period by period" if empty else None,
    )


def sessions() -> Breadth:
    """Depth and breadth of sessions, of two policies drawn at random."""
    rng = np.random.default_rng(4)
    dates = pd.bdate_range("2018-01-01", periods=1_000)
    base, tuned = (pd.Series(rng.normal(5e-4, 0.01, dates.size), dates) for _ in range(2))
    checked = [read_returns(one, role=role) for one, role in ((base, "base"), (tuned, "tuned"))]
    return breadth_of_sessions(make_pair(*checked, oos_fraction=0.4), Settings())


def selected(inside: SharpeTest, **known: Any) -> Selection:
    """How the in-sample gain was selected, with what is known of the trials."""
    return select(*returns(inside, 1), periods_per_year=12, block=7, reps=99, seed=3, **known)


def build(inside: SharpeTest, outside: SharpeTest, edge: float, new_p: float | None, z: float | None) -> Audit:
    """An audit whose label and words are those of the rule."""
    parts = span(inside, edge, new_p, 1), span(outside, edge, new_p, 2)
    shapes = [shape_of_pair(*returns(test, seed), (411,), 12) for test, seed in ((inside, 1), (outside, 2))]
    selection = selected(inside)
    verdict = None if z is None else "wider" if z > 1.64 else "narrower" if z < -1.64 else "unclear"
    way = Direction(null=DIRECTION_NULL, verdict=verdict or "unclear", d=None if z is None else z / 50,
                    se=None if z is None else 0.02, z=z,
                    could_see=None if z is None else -3.2, n_obs=819,
                    reason="the two policies are the same up to leverage" if z is None else None)  # fmt: skip
    found = judge(
        Facts(evidence="returns", level=0.05, gain_level=0.05, min_edge_share=0.25, in_sample=inside,
              out_of_sample=outside, horizon=3, horizon_share=0.9 if outside.gain > 0 else None, edge_part=edge,
              edge_upper=edge + 0.2, new_p=new_p, new_reason=parts[1].new_reason, leaves_base=new_p is not None,
              direction=way, known_complete=False, not_assessed=selection_not_assessed(selection))
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
            new_p=new_p, in_sample=parts[0], out_of_sample=parts[1], library=None, trades=None,
        ),
        coverage=Coverage(pure_sizing=new_p is None, streams=("base", "base / volatility(12)"), r_squared=0.83,
                          covered_return=0.052, new_return=0.043, direction=way, trades=None, positions=None,
                          tries=sessions()),
        selection=selection,
        look=None,
        shape=ShapePair(in_sample=shapes[0], out_of_sample=shapes[1]),
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
                  "kind": None, "unit": None, "oos_start": "1983-01-31", "oos_fraction": None, "oos": None, "rf": None,
                  "n_trials": None, "trials": None, "opportunity": ("instrument", "side"), "tolerance": 0,
                  "reconcile": "check", "pnl": None, "capital": None, "position_lag": 1, "compounding": False,
                  "window": "month", "hurdle": 0.0, "rollout_as": "mean"},
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
def audits() -> dict[str, Audit]:
    """An audit of each finding, by its name."""
    return {finding: make() for finding, make in BUILT.items()}


@pytest.fixture
def new_edge() -> Audit:
    """An audit that found new edge."""
    return BUILT["new_edge"]()


@pytest.fixture
def calibrated() -> Callable[[str], auditor.Calibration]:
    """Make the calibration of the audit that found new edge that found this."""
    return lambda found: calibration_of(BUILT["new_edge"](), **OUTCOMES[found])


@pytest.fixture(params=OUTCOMES)
def calibration(request: pytest.FixtureRequest, calibrated: Callable[[str], auditor.Calibration]) -> Any:
    """The calibration of that audit, with each outcome in turn."""
    return calibrated(request.param)


@pytest.fixture
def searched() -> Callable[..., Audit]:
    """Make an audit that knows of 30 trials, or of their number alone, or whatever `select` is given."""

    def make(**known: Any) -> Audit:
        found = BUILT["new_edge"]()
        inside = found.sharpe.in_sample
        if not known:
            base, tuned = returns(inside, 1)
            noise = np.random.default_rng(5).standard_normal((tuned.size, 29))
            known = {"trials": np.column_stack([base[:, None] + 0.01 * noise, tuned])}
        selection = selected(inside, **known)
        given = (
            (replace(found.inputs[0], role="trials", name="trials.csv", column="a, b"),) if "trials" in known else ()
        )
        return replace(found, selection=selection, inputs=(*found.inputs, *given),
                       warnings=found.warnings + selection_warnings(selection),
                       not_assessed=found.not_assessed + selection_not_assessed(selection))  # fmt: skip

    return make


@pytest.fixture
def hostile() -> Callable[[str], Audit]:
    """Make an audit in which every free text is the one given."""

    def make(text: str) -> Audit:
        found = BUILT["new_edge"]()
        inputs = tuple(replace(one, name=text, column=text) for one in found.inputs)
        sources = replace(found.shape.out_of_sample.sources, mean_part=None, vol_part=None, reason=text)
        outside = replace(found.shape.out_of_sample, sources=sources)
        selection = replace(found.selection, psr=None, not_assessed=(text,))
        return replace(found, inputs=inputs, warnings=(text,), notes=(text,), not_assessed=(text,),
                       would_change=(text,), reason=text, selection=selection,
                       shape=replace(found.shape, out_of_sample=outside), versions={"auditor": text})  # fmt: skip

    return make


@pytest.fixture
def degenerate() -> Audit:
    """An audit whose interval, bound and z do not exist."""
    test = sharpe(0.5, 0.0, 0.1, 1.0, ci=(-math.inf, math.inf), upper_bound=math.inf, jkm_z=None)
    test = replace(test, se=math.nan)
    return build(test, test, 0.0, None, None)


OVERLAYS = {
    "new_edge": "new book, Sharpe 1",
    "efficiency": "setups dropped",
    "flattering": "lucky filter",
    "unproven": "setups dropped",
}
WORLDS: dict[str, Any] = {}
"""What was audited, by finding: made once a run, since nothing here changes it."""


def desk() -> Desk:
    """Make the same world each time, since drawing an overlay moves its generator: five years in sample, three out."""
    return Desk(3, years=3, instruments=8)


def audited(finding: str) -> Audit:
    """Audit an overlay with both blotters; for efficiency the setups that are dropped lose, so that dropping gains."""
    if finding not in WORLDS:
        one = desk()
        if finding == "efficiency":
            base = one.base.assign(drift=np.where(one.base["setup"] % 2 == 0, 0.0012, -0.0006))
            tuned = base[base["setup"] % 2 == 0]
            WORLDS[finding] = with_trades(one, base, tuned)
        else:
            WORLDS[finding] = one.audit(OVERLAYS[finding], reps=199)
    return WORLDS[finding]


def with_trades(one: Desk, base: pd.DataFrame, tuned: pd.DataFrame, **options: Any) -> Audit:
    """Audit two sets of trades of a desk."""
    series = [pd.Series(one.returns(trades), one.dates) for trades in (base, tuned)]
    blotters = {"base_trades": one.blotter(base), "tuned_trades": one.blotter(tuned)} | {
        name: options.pop(name) for name in ("base_trades", "tuned_trades") if name in options
    }
    return auditor.audit(*series, oos_start=one.dates[one.split], reps=199, **blotters, **options)


@pytest.fixture(params=OVERLAYS)
def by_trades(request: pytest.FixtureRequest) -> Audit:
    """An audit with trades for each finding that trades can show, in turn."""
    found = audited(request.param)
    assert (found.finding, found.evidence) == (request.param, "trades")
    return found


@pytest.fixture
def new_book() -> Audit:
    """An audit whose new edge is shown by trades."""
    return audited("new_edge")


@pytest.fixture
def priced() -> Audit:
    """An audit with fills, a library, a key of its own and every option of trades."""
    if "priced" not in WORLDS:
        one = desk()
        tuned = one.with_book(1.0)
        rows = {"base_trades": one.base, "tuned_trades": tuned}
        blotters = {role: one.blotter(trades) for role, trades in rows.items()}
        for blotter in blotters.values():
            way = np.where(blotter["side"] == "long", 1, -1)
            blotter["entry_price"] = 100.0
            blotter["exit_price"] = 100.0 + way * blotter["pnl"] * 1e6 / 100
            blotter["quantity"] = 100.0
            blotter["pnl"] *= 1e6
        library = pd.DataFrame(
            {"the book": one.returns(tuned) - one.returns(one.base), "market": one.market}, one.dates
        )
        WORLDS["priced"] = with_trades(
            one, one.base, tuned, **blotters, library=library, capital=1e6, pnl="net", tolerance=1
        )
    return WORLDS["priced"]


@pytest.fixture
def hostile_trades() -> Callable[[str], Audit]:
    """Make an audit with trades in which every name of a column, value or stream is the one given."""

    def make(text: str) -> Audit:
        found = WORLDS.get("priced") or audited("new_edge")
        given, told = found.attribution.trades, found.coverage.trades
        assert given is not None
        assert told is not None
        values = {text + str(i): one for i, one in enumerate(given.by["instrument"].values())}
        by: Mapping[str, Mapping[str, Lines]] = {**given.by, "instrument": values, text: values}
        return replace(
            found,
            attribution=replace(found.attribution, trades=replace(given, by=by)),
            coverage=replace(
                found.coverage,
                trades=replace(told, key=(text, "side"), turnover=replace(told.turnover, base=None, reason=text)),
            ),
        )

    return make


@pytest.fixture
def audit_of():
    """The audit that gave a finding by trades, by the finding's name."""
    return audited
