"""An audit goes in; the command that gives the same numbers comes out."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from auditor.config import Settings
from auditor.report import shown
from auditor.report.plain import clean

if TYPE_CHECKING:
    from auditor.result import Audit

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
    return _command(audit) if _all_files(audit) else _call(audit)


def _all_files(audit: Audit) -> bool:
    """Whether every input has a name of its own: a frame has that of its role."""
    return all(one.name != one.role for one in audit.inputs)


def _command(audit: Audit) -> str:
    # The mean of rollouts is no file: where rollouts were given, they stand for both policies.
    words = ["auditor", "audit", *(() if _of_rollouts(audit) else (_named(audit, role) for role in ("base", "tuned")))]
    for name, value in _chosen(audit):
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


def _call(audit: Audit) -> str:
    named = ", ".join(f"{name}={value!r}" for name, value in _chosen(audit, frames=True))
    return clean(f"audit({named})" if _of_rollouts(audit) else f"audit(base, tuned, {named})")


def _of_rollouts(audit: Audit) -> bool:
    return any(one.role == "base rollouts" for one in audit.inputs)


class _Name:
    """Shows as a variable's name in a call."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def _named(audit: Audit, role: str) -> str:
    return next((shown.source(one) for one in audit.inputs if one.role == role), role)


def _chosen(audit: Audit, *, frames: bool = False) -> Iterator[tuple[str, Any]]:
    """Options that are not defaults, as (name, value), files first."""
    for role, name in FILES.items():
        given = next((one for one in audit.inputs if one.role == role), None)
        if given is not None:
            yield (
                name,
                _Name(name) if frames and given.name in (role, role.split()[0]) else clean(_file(given.name, role)),
            )
    if audit.coverage.positions is not None:
        yield "instrument_returns", _Name("instrument_returns") if frames else "FILE"
    chosen, usual = audit.settings, asdict(Settings())
    trades = audit.coverage.trades is not None or audit.coverage.positions is not None
    level = chosen.get("level", Settings().level)
    usual["gain_level"] = Settings(level=level).gain_level_in_force(trades=trades)
    for name, value in chosen.items():
        if name in ("trials", "rf") and not isinstance(value, float):
            continue
        if value is not None and name in usual and value != usual[name]:
            yield name, value


def _file(name: str, role: str) -> str:
    return name.removeprefix(f"{role} ") or name
