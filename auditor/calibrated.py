"""An audit and a calibration go in; the audit with how often it is wrong on such data comes out, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError
from auditor.report.plain import clean, shortened
from auditor.report.planted import unsettled
from auditor.report.rated import Given
from auditor.report.saved_rates import DECIDING, SPANS, WANTED
from auditor.verdict.words import SOURCES

if TYPE_CHECKING:
    from auditor.result import Audit, Input, Sample
    from auditor.verdict.checks import Evidence

LONGEST = 60
"""Characters of a value in a refusal."""

ROLES = ("base", "base trades", "known", "rf")
"""Inputs that a base alone has."""


def refuse_other(
    given: Given, *, inputs: Sequence[Input], sample: Sample, evidence: Evidence, settings: Mapping[str, Any]
) -> None:
    """Refuse a calibration of other data, or of an audit that decides otherwise, before anything is tested.

    inputs, sample, evidence, settings  those of the audit that is about to run
    """
    differs = list(_differences(given, inputs, sample, evidence, settings))
    if differs:
        what = "a thing differs" if len(differs) == 1 else f"{len(differs)} things differ"
        raise InputError(
            f"{given.told.name}: is the calibration of another audit, {what}: {'; '.join(differs)}. Calibrate this "
            f"base as you audit it ({WANTED.wrote}, with the same split and options), or leave --calibration out"
        )


def with_calibration(audit: Audit, given: Given) -> Audit:
    """Put beside an audit how often it is wrong on data like this; the label stays what it is."""
    told = given.told
    if audit.look is not None and audit.look.level_left < told.level:
        less = (
            f"the calibration was measured at level {told.level:g}; this look has {audit.look.level_left:.2g} left, so "
            "false labels and power are both lower than it says"
        )
        audit = replace(audit, notes=(*audit.notes, less))
    if told.held:
        few = unsettled(told)
        return replace(
            audit, calibration=told, warnings=(*audit.warnings, *([f"{few[:-1]} (calibration)."] if few else ()))
        )
    over = [one for one in told.nulls if one.over]
    warning = (
        f"On data like yours this audit calls overlays without new edge new edge more often than its level of "
        f"{told.level:g} allows: {', '.join(f'{one.name} in {one.share:.1%} of worlds' for one in over)} (calibration)."
    )
    return replace(audit, calibration=told, warnings=(*audit.warnings, warning))


def _differences(
    given: Given, inputs: Sequence[Input], sampled: Sample, evidence: Evidence, settings: Mapping[str, Any]
) -> Iterator[str]:
    """Say what decides otherwise there and here, the data first."""
    read = {one.role: one.sha256 for one in inputs}
    for role in ROLES:
        there, here = given.inputs.get(role), read.get(role)
        if there != here:
            yield f"{role} {_hash(there)} there, {_hash(here)} here"
    if "base positions" in read:
        yield "no positions there, positions here, which calibrate does not read"
    # Both sides as JSON has them: a tuple is a list.
    sample = {name: _listed(value) for name, value in asdict(sampled).items()}
    for which in SPANS:
        if any(given.split[name] != sample[name] for name in (which, f"n_{which}")):
            there, here = (_span(side, which) for side in (given.split, sample))
            apart = f"{there} there, {here} here" if there != here else f"other windows from {here}"
            yield f"{which.replace('_', ' ')} {apart}"
    if given.told.evidence != evidence:
        yield f"evidence: {SOURCES[given.told.evidence]} there, {SOURCES[evidence]} here"
    for name in DECIDING:
        there, here = given.settings[name], _listed(settings[name])
        if there != here:
            yield f"{name} {_value(there)} there, {_value(here)} here"


def _hash(sha256: str | None) -> str:
    return "none" if sha256 is None else f"sha256 {clean(sha256)[:8]}"


def _span(split: Mapping[str, Any], which: str) -> str:
    windows = split[which]
    many = f" in {len(windows)} windows" if len(windows) > 1 else ""
    span = f"{windows[0][0]} .. {windows[-1][1]}" if windows else "none"
    return f"{shortened(clean(span), LONGEST)} ({split[f'n_{which}']:,} periods{many})"


def _value(value: Any) -> str:
    return shortened(clean(str(value)), LONGEST)


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple | list) else value
