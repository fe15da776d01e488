"""Keys and values of a config table go in; checked options come out, or a refusal that names the nearest known key."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from auditor.errors import ConfigError
from auditor.nearest import nearest_word
from auditor.verdict.gate import FINDINGS

Check = Callable[[Any], Any]


class WrongError(Exception):
    """A value that its key does not take; the message says what it takes."""


def _a(kind: type | tuple[type, ...], words: str, *, within: Callable[[Any], bool] = lambda value: True) -> Check:
    def check(value: Any) -> Any:
        # In Python True is a number; in a config it is a mistake for one.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool) or not within(value):
            raise WrongError(words)
        return value

    return check


def _choice(*known: str) -> Check:
    def check(value: Any) -> Any:
        if value not in known:
            near = nearest_word(str(value), known)
            raise WrongError(" or ".join(f'"{one}"' for one in known) + (f"; did you mean {near!r}?" if near else ""))
        return value

    return check


def _date(value: Any) -> str:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if not isinstance(value, str):
        raise WrongError("a date such as 2022-01-03")
    return value


def _texts(what: str, known: tuple[str, ...] = ()) -> Check:
    one_of = _choice(*known) if known else _a(str, what, within=bool)

    def check(value: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed:
            raise WrongError(what)
        return tuple(one_of(one) for one in listed)

    return check


def _finite(value: Any) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def _nameable(value: str) -> bool:
    return bool(value) and "\0" not in value


def _not_blank(value: str) -> bool:
    return bool(value.strip())


_FILE = _a(str, "the name of a file", within=_nameable)
_TEXT = _a(str, "a text", within=bool)
_WHOLE = _a(int, "a whole number")
_NUMBER = _a((int, float), "a number", within=_finite)
_FLAG = _a(bool, "true or false")
_RATE = _a((int, float, str), "a rate a year such as 0.03, or the name of a file of returns", within=_finite)


def _block(value: Any) -> Any:
    return value if value in ("auto", "calibrate") else _a(int, 'a whole number, "auto" or "calibrate"')(value)


def _window(value: Any) -> Any:
    return value if value in ("month", "week") else _a(int, '"month", "week" or a number of periods')(value)


FILES = (
    "base", "tuned", "known", "library", "base_trades", "tuned_trades", "base_positions", "tuned_positions",
    "instrument_returns", "base_rollouts", "tuned_rollouts", "trials",
    "calibration",
)  # fmt: skip
"""Options that name a file; `rf` may."""

OPTIONS: Mapping[str, Check] = {
    **dict.fromkeys(FILES, _FILE),
    "oos_start": _date,
    "oos_fraction": _NUMBER,
    "oos": _texts("a list of windows such as 2015-01-01:2016-12-31"),
    "embargo": _WHOLE,
    "known_complete": _FLAG,
    "rf": _RATE,
    "position_lag": _WHOLE,
    "opportunity": _texts("a list of columns"),
    "tolerance": _WHOLE,
    "pnl": _choice("net", "gross"),
    "capital": _NUMBER,
    "compounding": _FLAG,
    "reconcile": _choice("check", "off"),
    "rollout_as": _choice("mean", "each"),
    "window": _window,
    "hurdle": _a((int, float, str), 'a profit such as 0.01, or "0.5sd"', within=_finite),
    "stability": _FLAG,
    "n_trials": _WHOLE,
    "periods_per_year": _NUMBER,
    "level": _NUMBER,
    "gain_level": _NUMBER,
    "min_edge_share": _NUMBER,
    "reps": _WHOLE,
    "block": _block,
    "seed": _WHOLE,
    "align": _choice("strict", "inner"),
    "na": _choice("refuse", "drop"),
    "kind": _choice("returns", "prices"),
    "unit": _choice("decimal", "percent"),
    "base_column": _TEXT,
    "tuned_column": _TEXT,
    "date_column": _TEXT,
    "date_format": _TEXT,
}
"""Options of `audit`, by name; a test holds them to its signature."""

RULES: Mapping[str, Check] = {
    "require": _texts("a list of findings", FINDINGS),
    "standing": _choice("shown", "presumed"),
    "on_undecided": _choice("fail", "pass"),
}
NAMES: Mapping[str, Check] = {"name": _TEXT, "strategy": _a(str, "a name that is not blank", within=_not_blank)}
GATE: Mapping[str, Check] = {"ledger": _TEXT, "signing_key": _TEXT, "baseline": _FILE}

POLICIES, ROLLOUTS = ("base", "tuned"), ("base_rollouts", "tuned_rollouts")
"""An audit has the first two, or the other two, or all."""

_TRADES, _POSITIONS = ("base_trades", "tuned_trades"), ("base_positions", "tuned_positions")
READ_FOR: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("opportunity", "tolerance", "pnl", "compounding"), _TRADES),
    **dict.fromkeys(("capital", "reconcile"), _TRADES + _POSITIONS),
    "position_lag": _POSITIONS,
    "instrument_returns": _POSITIONS + ROLLOUTS,
    **dict.fromkeys(("rollout_as", "window", "hurdle"), ROLLOUTS),
    "base_column": ("base",),
    "tuned_column": ("tuned",),
    "kind": POLICIES,
}
"""Options that say how others are read; as defaults they are for the audits that have one of those."""

SPLITS = ("oos_start", "oos_fraction", "oos")
"""One of them says what is out of sample."""

OF_AN_AUDIT: Mapping[str, Check] = {**NAMES, **OPTIONS, **RULES}
OF_ALL: Mapping[str, Check] = {
    **GATE, **{name: check for name, check in {**OPTIONS, **RULES}.items() if name != "tuned"}
}  # fmt: skip
"""Top-level keys; those of an audit are defaults there, and `tuned` is what tells audits apart."""


def checked(table: Mapping[str, Any], known: Mapping[str, Check], where: Callable[[str], str]) -> dict[str, Any]:
    """Give the values of a table as `audit` takes them.

    where   gives the place of a key, for messages
    errors  ConfigError for an unknown key, with the nearest known one, or a value that its key does not take
    """
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            near = nearest_word(key, tuple(known))
            hint = f"did you mean {near!r}?" if near else f"known keys: {', '.join(known)}"
            raise ConfigError(f"{where(key)}: unknown key {key!r}; {hint}")
        try:
            found[key] = known[key](value)
        except WrongError as error:
            raise ConfigError(f"{where(key)}: {key} = {_short(value)} must be {error}") from None
    return found


def in_keys(message: str) -> str:
    """Name options as the config does: --gain-level is gain_level here."""

    def named_here(found: re.Match[str]) -> str:
        key = found[1].replace("-", "_")
        return key if key in OPTIONS else found[0]

    return re.sub(r"--([a-z][a-z-]*[a-z])", named_here, message)


def nearest_of(word: str, known: tuple[str, ...]) -> str:
    """Give " Did you mean X?" for the nearest known word, or all of them."""
    near = nearest_word(word, known)
    return f"Did you mean {near!r}?" if near else f"Known: {', '.join(known)}."


def _short(value: Any) -> str:
    text = repr(str(value) if isinstance(value, dt.date) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
