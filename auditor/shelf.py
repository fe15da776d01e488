"""A checked pair and both policies' positions go in; the split that they show, and what there is to know, come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.config import Settings
from auditor.coverage.holdings import Marked, mark, without_dust
from auditor.coverage.reconcile import REFUSED, WARNED, Reconciliation, reconcile
from auditor.errors import InputError
from auditor.inputs.calendar import refuse_other_step, show
from auditor.inputs.pair import Pair
from auditor.inputs.trades_positions import Positions
from auditor.inputs.zones import refuse_other_clock
from auditor.plural import several
from auditor.shelf_checks import doubts_of_positions

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionCoverage:
    """What both policies' positions say together.

    covered_time   share of the tuned policy's instrument-periods that the base held on the same side too
    overlap        instrument-periods that both hold over those that either does (Jaccard)
    covered_pnl, new_pnl   out of sample, in return on capital
    new_by_instrument      the new part, whole sample, largest first
    """

    n_instruments: int
    covered_time: float | None
    overlap: float | None
    covered_pnl: float
    new_pnl: float
    new_by_instrument: Mapping[str, float]
    reconciliation: tuple[Reconciliation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Both policies' positions on the pair's dates, split and described; `instruments` name the columns of marks.

    doubted  something in `warnings` leaves open whether what the positions call new is new
    """

    instruments: tuple[str, ...]
    base: Positions
    tuned: Positions
    marked: Marked
    described: PositionCoverage
    doubted: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def make_shelf(pair: Pair, base: Positions, tuned: Positions, settings: Settings) -> Shelf:
    """Put both on the pair's dates, check them against the returns, split the tuned one.

    Raises InputError for dates that they lack, and for marks that are not the returns.
    """
    names = tuple(dict.fromkeys([*base.instruments, *tuned.instruments]))
    month = pair.dates.strftime("%Y-%m").to_numpy(dtype=np.str_)
    reconciled, warnings = [], base.warnings + tuned.warnings
    notes = base.notes + tuned.notes
    weights, returns = [], np.zeros((len(pair.dates), len(names)))
    for role, one, series in (("base", base, pair.base + pair.cash), ("tuned", tuned, pair.tuned + pair.cash)):
        refuse_other_clock(one.name, one.dates, one.zone, "the returns", pair.dates, pair.zone)
        refuse_other_step(one.name, one.dates, "the returns", pair.dates)
        rows = rows_of(one, pair.dates)
        columns = np.array([names.index(name) for name in one.instruments], dtype=np.int64)
        there = rows >= 0
        placed = np.zeros_like(returns)
        placed[np.flatnonzero(there)[:, None], columns] = one.weights[rows[there]]
        returns[np.flatnonzero(there)[:, None], columns] = one.returns[rows[there]]
        placed, dust = without_dust(placed)
        if dust:
            notes += (f"{one.name}: {several(dust, 'weight')} below a millionth of the largest counted as none",)
        weights.append(placed)
        gap = reconcile(role, (placed * returns).sum(axis=1), series, month)
        if settings.reconcile == "check":
            warnings += judge_gap(one, gap)
        reconciled.append(gap)
    found = mark(weights[0], weights[1], returns, pair.tuned + pair.cash)
    doubts = doubts_of_positions(names, weights[0], weights[1], returns, settings)
    new = found.fresh.sum(axis=0)
    order = np.argsort(-np.abs(new), kind="stable")
    index = pair.out_of_sample.index
    described = PositionCoverage(
        n_instruments=len(names),
        covered_time=found.covered_time,
        overlap=found.overlap,
        covered_pnl=float(found.covered[index].sum()),
        new_pnl=float(found.new[index].sum()),
        new_by_instrument={names[i]: float(new[i]) for i in order},
        reconciliation=tuple(reconciled),
    )
    return Shelf(
        instruments=names,
        base=base,
        tuned=tuned,
        marked=found,
        described=described,
        doubted=bool(doubts),
        notes=notes,
        warnings=warnings + doubts,
    )


def rows_of(one: Positions, dates: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Row of the positions for each date of the returns, -1 before the first that the lag leaves.

    Raises InputError for any other date that is not there.
    """
    rows = one.dates.get_indexer(dates).astype(np.int64)
    lacking = np.flatnonzero((rows < 0) & (dates >= one.dates[0]))
    if lacking.size:
        raise InputError(
            f"{one.name}: {lacking.size} of {len(dates)} dates of the returns are not in it (first "
            f"{show(dates[int(lacking[0])])}). Positions need every date: repeat those that did not change"
        )
    before = int(np.count_nonzero(rows < 0))
    if before > max(one.lag, 1):
        raise InputError(
            f"{one.name}: begins at {show(one.dates[0])}, {before} periods after the returns. Give them from the start"
        )
    return rows


def judge_gap(one: Positions, found: Reconciliation) -> tuple[str, ...]:
    """Warn of positions that differ from their returns, month by month, by over 1 %, refuse those by over 10 %."""
    if found.month_gap <= WARNED:
        return ()
    told = (
        f"{one.name}: the positions earn {found.pnl:+.4g} and the {found.role} returns are {found.returned:+.4g}, "
        f"and month by month they differ by {found.month_gap:.1%} of the returns' moves"
    )
    if found.month_gap <= REFUSED:
        return (f"{told}.",)
    raise InputError(
        f"{told}. If weights stand at the period in which they are held, pass --position-lag 0; amounts of currency "
        "need --capital; to audit all the same, --reconcile off"
    )
