"""Earlier looks at a window go in; which look the next one is, and the level that is left for it, come out."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.errors import InputError, LedgerError

Windows = tuple[tuple[str, str], ...]
"""First and last moment of each out-of-sample window, ISO, inclusive."""

SAID_ELSEWHERE = ("oos_start", "oos_fraction", "oos")
"""Settings that say which window was looked at: the window itself is part of the subject, however it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at an out-of-sample window, and what it may spend.

    number           1 for the first look at this window, or at one that overlaps it
    level            that all looks together stay under
    level_left       of the tests that a claim rests on, at this look
    gain_level_left  of the gain where new edge is proven otherwise
    strategy         whose looks were counted; None where the number was given by hand
    """

    number: int
    level: float
    level_left: float
    gain_level_left: float
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a look is at: two of them are the same look if all of this is the same.

    windows   out of sample, as the data have them
    inputs    sha256 of the values of everything that was read, by role
    oos       sha256 of the base's and of the tuned policy's out-of-sample returns
    settings  every option in force
    """

    windows: Windows
    inputs: Mapping[str, str]
    oos: Mapping[str, str]
    settings: Mapping[str, Any]

    def key(self) -> str:
        """Give the sha256 of it all; `oos` follows from the inputs and is left out."""
        settings = {name: value for name, value in self.settings.items() if name not in SAID_ELSEWHERE}
        return hashlib.sha256(canonical([self.windows, self.inputs, settings]).encode()).hexdigest()

    def level(self, name: str = "level") -> float:
        """Give the level asked for, or the `gain_level`."""
        return float(self.settings[name])


def canonical(value: Any) -> str:
    """Give JSON text that is the same for the same value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def level_left(level: float, number: int) -> float:
    """Level of the `number`-th look: 6 level / (pi^2 number^2).

    The inverse squares sum to pi^2 / 6, so that however many looks there are, the chance that any of them
    passes by luck stays under `level` (union bound; the series is that of alpha spending as in Javanmard &
    Montanari, 2018).
    """
    return 6 * level / (math.pi * number) ** 2


def spend(subject: Subject, number: int, strategy: str | None = None) -> Look:
    """Give the `number`-th look at a subject.

    errors   InputError for a number that is not a whole one of at least 1
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InputError(f"look must be a whole number of at least 1; got {number!r}")
    return Look(
        number=number,
        level=subject.level(),
        level_left=level_left(subject.level(), number),
        gain_level_left=level_left(subject.level("gain_level"), number),
        strategy=strategy,
    )


def counted_as(strategy: str) -> str:
    """Give a strategy's name as looks are counted by it, without blanks around it; LedgerError for an empty one."""
    if not strategy.strip():
        raise LedgerError("--strategy is empty: looks are counted by strategy, so name it")
    return strategy.strip()


def extent(windows: Windows) -> tuple[str, str]:
    """First and last day of all windows, YYYY-MM-DD."""
    return min(first[:10] for first, _ in windows), max(last[:10] for _, last in windows)


def overlap(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """Whether any day is in a window of both; times of day and zones are finer than a count of looks needs."""
    others = list(other)
    return any(a[0][:10] <= b[1][:10] and b[0][:10] <= a[1][:10] for a in one for b in others)


def without_password(url: str) -> str:
    """Give a ledger's URL without the password in it, even where it is no URL."""
    scheme, colon, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{colon}{user.partition(':')[0]}:***@{host}" if at and ":" in user else url
