"""Rollouts of both policies come in; the same dates for both, and the policies that the label reads, go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auditor.config import Settings
from auditor.errors import InputError
from auditor.inputs.pair import InputRecord, record
from auditor.inputs.pair_checks import refuse_constant
from auditor.inputs.returns import Returns, read_streams
from auditor.inputs.rollouts import Rollouts, each_policy, mean_policy, read_rollouts, same_dates
from auditor.inputs.split import split_dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Rollouts of both policies on the same dates, and what they traded where that is known.

    instrument  returns of the instruments on dates of their own, or None
    notes       what was done to bring both on the same dates
    refused     why a rollout cannot be audited alone, by role and name; empty where the label is of the mean
    """

    base: Rollouts
    tuned: Rollouts
    instrument: Returns | None
    notes: tuple[str, ...]
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)


def read_runs(
    base: Any,
    tuned: Any,
    instrument: Any,
    settings: Settings,
    *,
    date_format: str | None,
    date_column: str | None = None,
) -> Runs | None:
    """Read the rollouts of both policies; None where there are none.

    base, tuned  as of `inputs.rollouts.read_rollouts`, both or neither
    instrument   returns of the instrument that they trade, or of each by the name that the rollouts have it under

    Raises InputError for one without the other, for options that say how to read what is not there, and for what the
    readers refuse.
    """
    if base is None and tuned is None:
        plain = Settings()
        for name in ("window", "hurdle", "rollout_as"):
            if getattr(settings, name) != getattr(plain, name):
                raise InputError(
                    f"--{name.replace('_', '-')} says how rollouts are read, and none were given: pass "
                    "--base-rollouts, --tuned-rollouts"
                )
        return None
    if base is None or tuned is None:
        lacks = "--base-rollouts" if base is None else "--tuned-rollouts"
        raise InputError(f"rollouts of one policy say nothing of the other: pass {lacks} too, or neither")
    read = [
        read_rollouts(
            one, role=role, date_column=date_column, na=settings.na, date_format=date_format, unit=settings.unit
        )
        for one, role in ((base, "base"), (tuned, "tuned"))
    ]
    first, second, notes = same_dates(read[0], read[1], align=settings.align, na=settings.na)
    streams = None
    if instrument is not None:
        streams = read_streams(
            instrument, role="instrument returns", date_column=date_column, na=settings.na, date_format=date_format
        )
        _refuse_other_instruments(first, streams)
    alone = settings.rollout_as == "each"
    refused = _refused({"base": first, "tuned": second}, settings) if alone else {}
    return Runs(base=first, tuned=second, instrument=streams, notes=notes, refused=refused)


def refuse_unread(given: Mapping[str, Any], *, kind: str | None, columns: Mapping[str, str | None]) -> None:
    """Refuse options that say how BASE and TUNED are read where rollouts stand in their place.

    given    the policies, by role, None where it is left out; columns  asked for, by role

    Raises InputError with the option, and what to do instead.
    """
    for role, column in columns.items():
        if column is not None and given[role] is None:
            raise InputError(
                f"--{role}-column picks a column of {role.upper()}, and rollouts were given in its place: leave it "
                "out. In rollouts every column is one, or the column 'return' is read"
            )
    if kind == "prices" and all(one is None for one in given.values()):
        raise InputError("--kind prices: rollouts are returns per period. Turn the prices to returns first")


def as_policies(runs: Runs) -> tuple[Returns, Returns]:
    """Give the mean of each policy's rollouts: capital split evenly over them."""
    return mean_policy(runs.base), mean_policy(runs.tuned)


def as_pairs(runs: Runs) -> Iterator[tuple[Returns, Returns]]:
    """Give pairs of single rollouts that can be audited: of the same name where both policies have the same names.

    Else they go in their order; where one policy has more rollouts each of them is used once and the other's come
    round again. Raises InputError where no pair can be audited.
    """
    left = not_audited(runs)
    pairs = [one for one in _all_pairs(runs) if _why(runs, one) is None]
    if not pairs:
        raise InputError(f"none of {len(left)} pairs of rollouts can be audited. {left[0]}")
    yield from pairs


def not_audited(runs: Runs) -> tuple[str, ...]:
    """Say of each pair of rollouts that is left out why: one of them cannot be audited alone."""
    return tuple(
        f"Rollouts {pair[0].columns[0]!r} and {pair[1].columns[0]!r}: {why}"
        for pair in _all_pairs(runs)
        if (why := _why(runs, pair)) is not None
    )


def _all_pairs(runs: Runs) -> Iterator[tuple[Returns, Returns]]:
    base, tuned = each_policy(runs.base), each_policy(runs.tuned)
    if sorted(runs.base.rollouts) == sorted(runs.tuned.rollouts):
        by_name = {one.columns[0]: one for one in tuned}
        tuned = tuple(by_name[one.columns[0]] for one in base)
    for at in range(max(len(base), len(tuned))):
        yield base[at % len(base)], tuned[at % len(tuned)]


def _why(runs: Runs, pair: tuple[Returns, Returns]) -> str | None:
    found = (runs.refused.get((role, one.columns[0])) for role, one in zip(("base", "tuned"), pair, strict=True))
    return next((why for why in found if why is not None), None)


def _refused(policies: Mapping[str, Rollouts], settings: Settings) -> dict[tuple[str, str], str]:
    """Say why single rollouts cannot be audited: one that never traded in a span has no Sharpe ratio there."""
    try:
        spans = split_dates(
            policies["base"].dates,
            oos_start=settings.oos_start,
            oos_fraction=settings.oos_fraction,
            oos=settings.oos,
            embargo=settings.embargo,
        )[:2]
    except InputError:
        return {}  # it is said where the pairs are made
    found = {}
    for role, rollouts in policies.items():
        for one in each_policy(rollouts):
            try:
                refuse_constant({role: one.values[:, 0]}, {role: one}, *spans)
            except InputError as why:
                found[role, one.columns[0]] = str(why)
    return found


def beside_mean(given: Returns | None, mean: Returns, role: str) -> tuple[str, ...]:
    """Say where a policy that was given beside its rollouts is not their mean, which is what the label reads."""
    if given is None:
        return ()
    here, there = given.dates.get_indexer(mean.dates), np.arange(len(mean.dates))
    both = here >= 0
    one, other = given.values[here[both], 0], mean.values[there[both], 0]
    if both.all() and np.allclose(one, other, rtol=1e-6, atol=1e-9):
        return ()
    like = float(np.corrcoef(one, other)[0, 1]) if both.sum() > 2 and one.std() > 0 and other.std() > 0 else 0.0
    return (
        f"{given.name} is not the mean of the {role} rollouts (correlation {like:.2f} on {int(both.sum())} common "
        "dates): the label is that of the rollouts. To audit the file itself, leave the rollouts out.",
    )


def records(runs: Runs) -> tuple[InputRecord, ...]:
    """What was read, enough to say later whether it was the same."""
    found = [
        InputRecord(
            role=f"{role} rollouts",
            name=one.name,
            column=f"{len(one.rollouts)} rollouts",
            sha256=one.sha256,
            rows=len(one.dates),
            first=one.dates[0],
            last=one.dates[-1],
        )
        for role, one in (("base", runs.base), ("tuned", runs.tuned))
    ]
    return tuple(found) + (() if runs.instrument is None else (record("instrument returns", runs.instrument),))


def _refuse_other_instruments(runs: Rollouts, market: Returns) -> None:
    lacking = [name for name in runs.instruments if name not in market.columns]
    if lacking:
        raise InputError(
            f"{market.name}: {len(lacking)} instruments of the rollouts are no column of it (first {lacking[0]!r})."
        )
    if not runs.instruments and len(market.columns) > 1:
        raise InputError(
            f"{market.name}: holds {len(market.columns)} instruments, and the rollouts do not say which they trade. "
            "Give the rollouts by instrument (a column 'instrument'), or the returns of the only one they trade."
        )
