"""The ground that worlds are drawn from, and a world's number, come in; what the audit calls each overlay comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditor.audit import audit_checked
from auditor.config import Settings
from auditor.desk import Desk, make_desk
from auditor.errors import InputError
from auditor.inputs.doubts import constant_evidence
from auditor.inputs.pair import Pair
from auditor.planted import returns, trades
from auditor.planted.blotters import Blotter, make_blotter
from auditor.planted.catalogue import NULLS, Overlay
from auditor.planted.draws import Rows, mean_block, stationary_rows
from auditor.planted.returns import Field
from auditor.verdict.checks import Finding, Standing

Array = NDArray[np.float64]

Called = Finding | Literal["refused"]

_OWN = {overlay.name: place for place, overlay in enumerate(NULLS, 2)}
_BASE, _BOOK = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every world is drawn from.

    pair      the user's base beside itself: calendar, split, known streams
    settings  of every audit
    field     the base's returns; blotter its trades, in worlds that trade
    seed      of all worlds
    """

    pair: Pair
    settings: Settings
    field: Field
    blotter: Blotter | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one audit called one overlay; `why` tells what it refused, None where it ran."""

    called: Called
    standing: Standing | None
    why: str | None = None


def ground_of(pair: Pair, settings: Settings, desk: Desk | None) -> Ground:
    """Prepare what worlds are drawn from.

    pair  the base beside itself;  desk  its trades beside themselves, in return on capital
    """
    inside = pair.in_sample.index
    block = mean_block(pair.base, pair.periods_per_year)
    blotter = None
    if desk is not None:
        blotter = make_blotter(desk.base, pair.dates, inside, pair.periods_per_year, block, settings.opportunity)
        # Growth of the account is divided out of the trades already.
        settings = replace(settings, compounding=False)
    field = Field(base=pair.base, in_sample=inside, periods_per_year=pair.periods_per_year, block=block)
    return Ground(
        pair=pair,
        settings=settings,
        field=field if blotter is None else blotter.field,
        blotter=blotter,
        seed=settings.seed,
    )


def audited(ground: Ground, world: int, overlays: Sequence[Overlay]) -> tuple[Outcome, ...]:
    """Draw one world, plant each overlay in it, and audit it against the base.

    The base is drawn once; every overlay has a generator of its own, from the seed, the world and its name, so that
    neither the other overlays nor the number of processes change it. New books of all Sharpe ratios are one draw.
    """
    rows = stationary_rows(ground.field.base.size, ground.field.block, generator(ground, world, _BASE))
    return tuple(audit_one(ground, world, rows, overlay) for overlay in overlays)


def generator(ground: Ground, world: int, stream: int) -> np.random.Generator:
    """The generator of one part of one world."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(ground.seed, spawn_key=(world, stream))))


def audit_one(ground: Ground, world: int, rows: Rows, overlay: Overlay) -> Outcome:
    """Plant one overlay and audit it, exactly as the settings say; a refusal is an outcome too."""
    rng = generator(ground, world, _OWN.get(overlay.name, _BOOK))
    # Every audit resamples by blocks of its own, or all worlds would share one set of draws.
    settings = replace(ground.settings, seed=int(rng.integers(2**31)))
    pair, desk = ground.pair, None
    try:
        if ground.blotter is None:
            base, tuned = returns.plant(overlay, ground.field, rows, rng)
            pair = in_world(pair, base, tuned, rows, cash=pair.cash[rows])
        else:
            planted = trades.plant(overlay, ground.blotter, rows, rng)
            pair = in_world(pair, planted.base, planted.tuned, rows, cash=np.zeros(rows.size))
            desk = make_desk(pair, planted.base_trades, planted.tuned_trades, settings)
        result = audit_checked(pair, settings, None, desk, None, pictured=False)
    except InputError as error:
        return Outcome(called="refused", standing=None, why=str(error))
    return Outcome(called=result.finding, standing=result.standing)


def in_world(pair: Pair, base: Array, tuned: Array, rows: Rows, *, cash: Array) -> Pair:
    """The user's calendar and split with another history; known streams stay beside the base's periods.

    Raises InputError for a policy that does not vary in a span, as reading its file would.
    """
    for words, span in (("in-sample", pair.in_sample), ("out-of-sample", pair.out_of_sample)):
        for role, values in (("base", base), ("tuned", tuned)):
            if evidence := constant_evidence(values[span.index]):
                raise InputError(f"{role}: the {words} returns of this world {evidence}")
    # trades of the user stand on the pair's days by now, and so do those drawn from them
    return replace(pair, base=base, tuned=tuned, cash=cash, known=pair.known[rows], notes=(), warnings=(), zone=None)
