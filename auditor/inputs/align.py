"""Sources on their own dates come in; all of them on the dates that the audit uses go out, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.calendar import refuse_other_step, show
from auditor.inputs.doubts import size_evidence
from auditor.inputs.prices import returns_of
from auditor.inputs.returns import Returns
from auditor.inputs.zones import refuse_other_clock
from auditor.plural import several, verb


def common_dates(
    sources: dict[str, Returns], *, align: Literal["strict", "inner"], na: Literal["refuse", "drop"]
) -> tuple[pd.DatetimeIndex, dict[str, NDArray[np.float64]], tuple[str, ...], tuple[str, ...]]:
    """Return the dates (T,), the values of each source on them (T, k), notes on what was left out, and warnings.

    sources  by role: base and tuned, which must have the same dates; others, which must cover these
    align    "inner" keeps the common dates instead of refusing
    na       "drop" drops dates at which any source has NaN instead of refusing
    """
    base, tuned = sources["base"], sources["tuned"]
    for source in sources.values():
        refuse_other_clock(base.name, base.dates, base.zone, source.name, source.dates, source.zone)
    base, tuned, notes = _of_common_prices(base, tuned, align, na)
    sources = {**sources, "base": base, "tuned": tuned}
    for source in list(sources.values())[1:]:
        refuse_other_step(source.name, source.dates, base.name, base.dates)
    dates = base.dates
    if not dates.equals(tuned.dates):
        dates, more = _inner(base, tuned, align)
        notes += more
    for source in list(sources.values())[2:]:
        lacking = dates.difference(source.dates)
        if not len(lacking):
            continue
        where = f"{source.name}: {len(lacking)} dates of the policies are not in it (first {show(lacking[0])})"
        kept = dates.intersection(source.dates)
        if not len(kept):
            raise InputError(f"{where}; none is{_shift_hint(base, source)}.")
        if align == "strict":
            raise InputError(f"{where}. Give every date, or pass --align inner to audit the common dates only.")
        notes += (f"align inner: {len(lacking)} dates that {source.name} lacks left out (first {show(lacking[0])})",)
        dates = kept
    tables = {role: source.values[source.dates.get_indexer(dates)] for role, source in sources.items()}
    dates, tables, more = _without_missing(sources, dates, tables, na)
    for source in (base, tuned):
        _refuse_lost_moves(source, dates)
    warnings = tuple(said for source in (base, tuned) if (said := _lost_returns(source, dates)))
    return pd.DatetimeIndex(dates), tables, notes + more, warnings


def _without_missing(
    sources: dict[str, Returns], dates: pd.DatetimeIndex, tables: dict[str, NDArray[np.float64]], na: str
) -> tuple[pd.DatetimeIndex, dict[str, NDArray[np.float64]], tuple[str, ...]]:
    """Drop the dates at which any source has NaN, or refuse them."""
    gone = {role: np.isnan(table).any(axis=1) for role, table in tables.items()}
    missing = np.logical_or.reduce(list(gone.values()))
    if not missing.any():
        return dates, tables, ()
    counts = ", ".join(f"{sources[role].name} {int(rows.sum())}" for role, rows in gone.items() if rows.any())
    first = show(dates[int(np.flatnonzero(missing)[0])])
    if na == "refuse":
        raise InputError(
            f"{int(missing.sum())} dates without a value (first {first}; {counts}). Fill them in the export, or "
            "pass --na drop to drop them from both policies."
        )
    note = f"{int(missing.sum())} rows without a value dropped from both (--na drop; first {first}; {counts})"
    return dates[~missing], {role: table[~missing] for role, table in tables.items()}, (note,)


def _of_common_prices(
    base: Returns, tuned: Returns, align: Literal["strict", "inner"], na: str
) -> tuple[Returns, Returns, tuple[str, ...]]:
    """Take the returns of two files of prices anew on their common dates, so that no move between these is lost."""
    one, other = base.prices, tuned.prices
    if one is None or other is None:
        return base, tuned, ()
    sources = {
        role: replace(source, dates=prices.dates, values=prices.values[:, None])
        for role, source, prices in (("base", base, one), ("tuned", tuned, other))
    }
    dates = one.dates
    notes: tuple[str, ...] = ()
    if not dates.equals(other.dates):
        dates, notes = _inner(sources["base"], sources["tuned"], align)
    tables = {role: source.values[source.dates.get_indexer(dates)] for role, source in sources.items()}
    dates, tables, more = _without_missing(sources, dates, tables, na)
    if not notes and not more:
        return base, tuned, ()
    found = []
    for source, table in ((base, tables["base"]), (tuned, tables["tuned"])):
        values = returns_of(table[:, 0])
        if evidence := size_evidence(values):
            raise InputError(f"{source.name}: the returns of its prices on the common dates {evidence}.")
        found.append(replace(source, dates=dates[1:], values=values[:, None]))
    return found[0], found[1], notes + more


def _refuse_lost_moves(source: Returns, dates: pd.DatetimeIndex) -> None:
    """Refuse to leave out dates of prices between others: the move across them would be gone."""
    if source.prices is None or not len(dates):
        return
    inside = source.dates[(source.dates > dates[0]) & (source.dates < dates[-1])]
    lost = inside.difference(dates)
    if len(lost):
        raise InputError(
            f"{source.name}: {len(lost)} dates of its prices would be left out, since another file has no value there "
            f"(first {show(lost[0])}), and what the prices moved up to them with them. Fill these dates in the other "
            "files, or leave them out of the prices."
        )


def _lost_returns(source: Returns, dates: pd.DatetimeIndex) -> str | None:
    """Say what a policy earned on dates between others that the audit leaves out; None where that is nothing."""
    if source.prices is not None or not len(dates):
        return None
    rows = np.flatnonzero(~source.dates.isin(dates) & (source.dates > dates[0]) & (source.dates < dates[-1]))
    earned = np.nan_to_num(source.values[rows]).mean(axis=1)
    rows, earned = rows[earned != 0], earned[earned != 0]
    if not rows.size:
        return None
    return (
        f"{source.name}: {several(rows.size, 'return')} that {verb(rows.size, 'are')} not zero, "
        f"{float(earned.sum()):+.1%} in all, {verb(rows.size, 'stand')} on dates between "
        f"others that are left out (first {show(source.dates[rows[0]])}): the audit is of a policy without them. Where "
        "the other file has no row for a date on which it held on, its next return spans both."
    )


def _inner(
    base: Returns, tuned: Returns, align: Literal["strict", "inner"]
) -> tuple[pd.DatetimeIndex, tuple[str, ...]]:
    common = base.dates.intersection(tuned.dates)
    if not len(common):
        raise InputError(
            f"{tuned.name} and {base.name} have no common date{_shift_hint(base, tuned)}: {base.name} runs from "
            f"{show(base.dates[0])} to {show(base.dates[-1])}, {tuned.name} from {show(tuned.dates[0])} to "
            f"{show(tuned.dates[-1])}."
        )
    found = []
    for here, there in ((tuned, base), (base, tuned)):
        extra = here.dates.difference(there.dates)
        if len(extra):
            found.append((f"{here.name}: {len(extra)} dates that {there.name} lacks", show(extra[0])))
    if align == "strict":
        words = "; ".join(f"{what} (first {first})" for what, first in found)
        raise InputError(
            f"{words}. A paired test needs the same dates in both: fix the export, or pass --align inner to audit the "
            "common dates only."
        )
    words = "; ".join(f"{what} left out (first {first})" for what, first in found)
    return common, (f"align inner: {len(common)} common dates kept; {words}",)


def _shift_hint(one: Returns, other: Returns) -> str:
    """Why no date is common, where the dates agree but for the time of day or the day of the month."""
    first, second = one.dates.tz_localize(None), other.dates.tz_localize(None)
    share = 0.5 * min(len(first), len(second))
    if len(first.normalize().intersection(second.normalize())) > share:
        return " (the days agree, the times of day do not)"
    months = first.to_period("M").unique().intersection(second.to_period("M").unique())
    if len(months) > share:
        early = {name: float(np.median(dates.day)) for name, dates in ((one.name, first), (other.name, second))}
        low, high = sorted(early, key=lambda name: early[name])
        if early[low] <= 5 and early[high] >= 25:
            return (
                f" ({high} is dated at month ends, {low} at month starts, which may mean the month before: date both "
                "alike)"
            )
        return " (the months agree, the days do not)"
    return ""
