"""An audit or a calibration goes in; the command that gives the same numbers comes out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from auditor.config import Settings
from auditor.report import shown
from auditor.report.plain import clean
from auditor.report.rated import NO_FILE

if TYPE_CHECKING:
    from auditor.calibrate import Calibration
    from auditor.result import Audit, Input

FILES = {
    "base trades": "base_trades",
    "tuned trades": "tuned_trades",
    "base positions": "base_positions",
    "tuned positions": "tuned_positions",
    "base rollouts": "base_rollouts",
    "tuned rollouts": "tuned_rollouts",
    "instrument returns": "instrument_returns",
    "known": "known",
    "library": "library",
    "trials": "trials",
    "rf": "rf",
}
"""Inputs beside the two policies, and the options that read them."""


def how_to(audit: Audit) -> str:
    """Give the command line, or the call of `audit` where frames were given, with every option that is not a default.

    Files stand under the names they had, without their folders. How a file is read beside its columns, such as the
    format of its dates, is not part of an audit's settings and so not of the command.
    """
    if _of_files(audit):
        return _command("audit", audit.inputs, _roles(audit), _chosen(audit))
    return _call("audit", _roles(audit), _chosen(audit, frames=True))


def at_its_look(audit: Audit) -> tuple[str, str] | None:
    """Say that the command is at the full level, and give the call of `audit` at the level of the look that it was.

    None where no look was counted, and where `how_to` is that call itself.
    """
    if audit.look is None or not _of_files(audit):
        return None
    files = [repr(clean(_named(audit.inputs, role))) for role in _roles(audit)]
    number = audit.look.number
    said = (
        f"This holds the full level of {audit.settings['level']:g} and counts no look. What was found here is at the "
        f"level that look {number} on this window had left; in Python, counting none:"
    )
    return said, _call("audit", files, (*_chosen(audit), ("look", number)))


def _of_files(audit: Audit) -> bool:
    rates = audit.calibration
    return _all_files(audit.inputs) and (rates is None or rates.name != NO_FILE)


def _roles(audit: Audit) -> tuple[str, ...]:
    # The mean of rollouts is no file: where rollouts were given, they stand for both policies.
    return () if any(one.role == "base rollouts" for one in audit.inputs) else ("base", "tuned")


def how_to_calibrate(found: Calibration) -> str:
    """Give the command line, or the call of `calibrate`, likewise."""
    # Its defaults are not those of an audit: they are told in any case.
    usual = _usual(found.settings, told=found.evidence == "trades") | {"reps": None, "worlds": None}
    of_files = _all_files(found.inputs)
    chosen = (*_files(found.inputs, frames=not of_files), *_options(found.settings, usual))
    if of_files:
        return _command("calibrate", found.inputs, ("base",), chosen)
    return _call("calibrate", ("base",), chosen)


def _all_files(inputs: Sequence[Input]) -> bool:
    """Whether every input has a name of its own: a frame has that of its role."""
    return all(one.name != one.role for one in inputs)


def _command(command: str, inputs: Sequence[Input], roles: Sequence[str], chosen: Iterable[tuple[str, Any]]) -> str:
    words = ["auditor", command, *(_named(inputs, role) for role in roles)]
    for name, value in chosen:
        option = f"--{name.replace('_', '-')}"
        for one in value if name == "oos" else [value]:
            words += [option] if one is True else [option, _typed(name, one)]
    return " ".join(shlex.quote(clean(word)) for word in words)


def _typed(name: str, value: Any) -> str:
    if name == "opportunity":
        return ",".join(value)
    if name == "oos":
        return ":".join(value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _call(name: str, roles: Sequence[str], chosen: Iterable[tuple[str, Any]]) -> str:
    return clean(f"{name}({', '.join([*roles, *(f'{option}={value!r}' for option, value in chosen)])})")


class _Name:
    """Shows as a variable's name in a call."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def _named(inputs: Sequence[Input], role: str) -> str:
    return next((shown.source(one) for one in inputs if one.role == role), role)


def _chosen(audit: Audit, *, frames: bool = False) -> Iterator[tuple[str, Any]]:
    """Options that are not defaults, as (name, value), files first."""
    yield from _files(audit.inputs, frames=frames)
    if audit.coverage.positions is not None:
        yield "instrument_returns", _Name("instrument_returns") if frames else "FILE"
    found = audit.coverage
    told = found.trades is not None or found.positions is not None
    told = told or found.direction.tells_new(audit.sample.frequency)
    yield from _options(audit.settings, _usual(audit.settings, told=told))
    if audit.calibration is not None:
        name = audit.calibration.name
        yield "calibration", _Name(NO_FILE) if name == NO_FILE else name
    if frames and audit.look is not None:
        yield "look", audit.look.number


def _files(inputs: Sequence[Input], *, frames: bool) -> Iterator[tuple[str, Any]]:
    for role, name in FILES.items():
        given = next((one for one in inputs if one.role == role), None)
        if given is not None:
            yield (
                name,
                _Name(name) if frames and given.name in (role, role.split()[0]) else clean(_file(given.name, role)),
            )


def _usual(chosen: Mapping[str, Any], *, told: bool) -> dict[str, Any]:
    """Every setting as it is where nothing is given beside the level."""
    level = chosen.get("level", Settings().level)
    return asdict(Settings()) | {"gain_level": Settings(level=level).gain_level_in_force(told=told)}


def _options(chosen: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in chosen.items():
        if name in ("trials", "rf") and not isinstance(value, float):
            continue
        if value is not None and name in usual and value != usual[name]:
            yield name, value


def _file(name: str, role: str) -> str:
    return name.removeprefix(f"{role} ") or name
