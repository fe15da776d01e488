"""Calibrations of an audit's own base whose counts are chosen: what reports and refusals are tested on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.calibrate import SETTINGS, Calibration
from auditor.planted.audited import Outcome
from auditor.planted.catalogue import NULLS, new_book
from auditor.planted.power import Rates, rates_of, smallest_book
from auditor.planted.words import verdict_of, warnings_of
from auditor.result import Audit

WORLDS = 200
POWER = {0.5: 0.2, 1.0: 0.7, 1.5: 0.95}
UNREACHED = {0.5: 0.05, 1.0: 0.1, 1.5: 0.2, 2.0: 0.25, 2.5: 0.3, 3.0: 0.4, 4.0: 0.6}

OUTCOMES: dict[str, dict[str, Any]] = {
    "held": {},
    "not held": {"false": {"hedged": 0.31, "lucky timing": 0.12, "pointless new trades": 0.085}, "refused": 3},
    "nothing proven": {"power": UNREACHED},
    "all proven": {"power": {0.25: 0.85, 0.5: 1.0, 1.0: 1.0, 1.5: 1.0}, "worlds": 20},
}
"""What calibrations that look different found."""


def rates(name: str, share: float, *, sharpe: float | None = None, worlds: int = WORLDS, refused: int = 0) -> Rates:
    """One overlay, called new edge in this share of the worlds; the rest is unproven but for what was refused."""
    overlay = new_book(sharpe) if sharpe else next(one for one in NULLS if one.name == name)
    edges = round(share * worlds)
    outcomes = [Outcome(called="new_edge", standing="presumed")] * edges
    outcomes += [Outcome(called="refused", standing=None, why="<b>it does not vary</b>")] * refused
    outcomes += [Outcome(called="unproven", standing="presumed")] * (worlds - len(outcomes))
    return rates_of(overlay, outcomes, 0.05)


def calibration_of(
    audit: Audit,
    *,
    false: Mapping[str, float] | None = None,
    power: Mapping[float, float] = POWER,
    worlds: int = WORLDS,
    refused: int = 0,
) -> Calibration:
    """The calibration of an audit's base, with the false rates and the power that are given."""
    shares = {"lucky new trades": 0.055, "hedged": 0.05} | dict(false or {})
    nulls = [rates(one.name, shares.get(one.name, 0.0), worlds=worlds, refused=refused) for one in NULLS]
    edges = [rates("", share, sharpe=sharpe, worlds=worlds) for sharpe, share in power.items()]
    worst, smallest = max(nulls, key=lambda one: one.new_edge.share), smallest_book(edges)
    return Calibration(
        held=not any(one.over for one in nulls),
        verdict=verdict_of(worst, smallest),
        evidence=audit.evidence,
        worlds=worlds,
        worst=worst,
        nulls=tuple(nulls),
        edges=tuple(edges),
        smallest=smallest,
        base_sharpe=audit.sharpe.out_of_sample.base,
        block=9,
        notes=("A world is your calendar and split with another history.",),
        warnings=warnings_of(nulls, edges, audit.evidence, 0.05),
        sample=audit.sample,
        inputs=tuple(one for one in audit.inputs if not one.role.startswith("tuned")),
        settings={name: audit.settings[name] for name in SETTINGS} | {"worlds": worlds},
        versions=audit.versions,
    )
