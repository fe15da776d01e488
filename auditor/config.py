"""Options go in; frozen settings that every number depends on come out, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeGuard, get_args

from auditor.choices import plain, refuse_no_truth, refuse_other_choice
from auditor.errors import InputError

Align = Literal["strict", "inner"]
Missing = Literal["refuse", "drop"]
Kind = Literal["returns", "prices"]
Unit = Literal["decimal", "percent"]
RolloutAs = Literal["mean", "each"]
Reconcile = Literal["check", "off"]
Net = Literal["net", "gross"]

CHOICES: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    ("align", get_args(Align)),
    ("na", get_args(Missing)),
    ("kind", (*get_args(Kind), None)),
    ("unit", (*get_args(Unit), None)),
    ("reconcile", get_args(Reconcile)),
    ("pnl", (*get_args(Net), None)),
    ("rollout_as", get_args(RolloutAs)),
)
"""Options that are one of a few words, and these; None where it need not be given."""

GAIN_LEVEL_WHERE_TOLD = 0.20
"""Level at which the gain must be probable where trades prove the new part; method section 5."""

MOST_REPS = 1_000_000
"""Replicates that a test may have: some half a minute and 1.1 GiB; no p is below one in that many.

More would not move a p of 0.05 by 0.001. At the default level the 174th look at a window is the last that can pass.
"""

MOST_PERIODS = 10_000_000
"""Periods that an option may count: minutes around the clock for 19 years."""

MOST_A_YEAR = 1e9
"""Periods a year: some thirty in each second."""

CAPITALS = (1e-6, 1e18)
"""Between them P&L keeps its digits, in any currency."""

MOST_SEED = 2**63 - 1
"""Beyond it a seed fits no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every option of an audit that decides its numbers.

    level           of the tests and of the intervals (1 - level)
    gain_level      one-sided level at which a gain is probable; None: 0.20 where what is new is
                    told by trades or by daily returns that show the base inside the tuned policy, else `level`
    min_edge_share  share of the gain that the edge part must make up for new edge
    reps            replicates a test
    block           periods in a block, "auto", or "calibrate" (the paper's Algorithm 3.1, seconds a span)
    seed            of every draw
    known_complete  the known streams are all that the base could ever do
    embargo         in-sample periods dropped beside every out-of-sample window
    opportunity     columns of the trades that make an opportunity
    tolerance       periods by which the base's holding times are lengthened at both ends
    reconcile       "check" refuses trades whose P&L is not that of the returns
    pnl, capital    how P&L is written: net or gross of fees, in currency on this capital or in return
    position_lag    periods after which a weight earns: 1 for weights at the close, 0 for those held in the period
    compounding     position sizes grew with the account: P&L is divided by the capital at entry
    window, hurdle  of rollouts: what makes a problem (month, week, N periods), and the profit above which it is solved
    rollout_as      "mean" audits the mean of each policy's rollouts, "each" every pair of them
    n_trials        variants tried, as declared; trials: columns of the matrix of their returns
    """

    level: float = 0.05
    gain_level: float | None = None
    min_edge_share: float = 0.25
    reps: int = 10_000
    block: int | Literal["auto", "calibrate"] = "auto"
    seed: int = 0
    known_complete: bool = False
    embargo: int = 0
    periods_per_year: float | None = None
    align: Align = "strict"
    na: Missing = "refuse"
    kind: Kind | None = None
    unit: Unit | None = None
    oos_start: str | None = None
    oos_fraction: float | None = None
    oos: tuple[tuple[str, str], ...] | None = None
    rf: str | float | None = None
    opportunity: tuple[str, ...] = ("instrument", "side")
    tolerance: int = 0
    reconcile: Reconcile = "check"
    pnl: Net | None = None
    capital: float | None = None
    position_lag: int = 1
    compounding: bool = False
    window: str | int = "month"
    hurdle: float | str = 0.0
    rollout_as: RolloutAs = "mean"
    n_trials: int | None = None
    trials: int | None = None

    def __post_init__(self) -> None:
        """Make numbers Python's own; refuse what no audit could mean, naming the option, the value and the range."""
        for field in fields(self):
            object.__setattr__(self, field.name, plain(getattr(self, field.name)))
        for name, choices in CHOICES:
            refuse_other_choice(_option(name), getattr(self, name), choices)
        for name in ("known_complete", "compounding"):
            refuse_no_truth(_option(name), getattr(self, name))
        for name, low, high in (("level", 0.0, 0.5), ("gain_level", 0.0, 0.5), ("min_edge_share", 0.0, 1.0)):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and low < value <= high):
                raise InputError(f"{_option(name)} must be above {low:g} and at most {high:g}; got {value!r}")
        if self.gain_level is not None and self.gain_level < self.level:
            raise InputError(
                f"--gain-level {self.gain_level:g} is stricter than --level {self.level:g}: "
                "a gain that survives would not be probable. Give both, or lower --level"
            )
        for name, least, most in _WHOLE:
            value = getattr(self, name)
            if value is None and name == "n_trials":
                continue
            if not _is_int(value) or value < least:
                raise InputError(f"{_option(name)} must be a whole number of at least {least}; got {value!r}")
            if most is not None and value > most:
                raise InputError(f"{_option(name)} must be at most {most:,}; got more")
        if self.reps > MOST_REPS:
            raise InputError(
                f"--reps {self.reps} is more than {MOST_REPS}, beyond which memory grows and no p-value moves: "
                "the default is 10000"
            )
        # A p-value is never below 1 / (1 + reps), so fewer replicates could not reject at all.
        if 1 / (1 + self.reps) >= self.level:
            raise InputError(f"--reps {self.reps} cannot reach --level {self.level:g}: p is never below 1 / (1 + reps)")
        if isinstance(self.periods_per_year, int | float) and self.periods_per_year > MOST_A_YEAR:
            raise InputError(f"--periods-per-year must be at most {MOST_A_YEAR:,.0f}; got more")
        least_capital, most_capital = CAPITALS
        if isinstance(self.capital, int | float) and (0 < self.capital < least_capital or self.capital > most_capital):
            raise InputError(f"--capital must be from {least_capital:g} to {most_capital:g}; got another")
        if not (self.opportunity and all(isinstance(one, str) and one.strip() for one in self.opportunity)):
            raise InputError(f"--opportunity must name columns, such as instrument,side; got {self.opportunity!r}")
        named = isinstance(self.block, str) and self.block in ("auto", "calibrate")
        if not named and not (_is_int(self.block) and self.block >= 1):
            raise InputError(f"--block must be a whole number of at least 1, auto or calibrate; got {self.block!r}")

    def gain_level_in_force(self, *, told: bool) -> float:
        """Level at which the gain must be probable; told: whether trades or the direction test tell what is new."""
        if self.gain_level is not None:
            return self.gain_level
        return max(self.level, GAIN_LEVEL_WHERE_TOLD) if told else self.level


_WHOLE = (
    ("reps", 99, None),  # what is too much of them is said with why
    ("seed", 0, MOST_SEED),
    ("embargo", 0, MOST_PERIODS),
    ("tolerance", 0, MOST_PERIODS),
    ("position_lag", 0, MOST_PERIODS),
    ("n_trials", 1, 10**12),
)
"""Options that are whole numbers, with the least and the most that they may be."""


def parse_windows(oos: Sequence[str | tuple[Any, Any]]) -> tuple[tuple[Any, Any], ...]:
    """Read out-of-sample windows: "START:END" texts or pairs of dates.

    A time of day holds colons itself, so a text with several is split where both halves are equally long.
    Raises InputError for what is no list of windows, and for a window that is not two dates.
    """
    if isinstance(oos, str):
        oos = [oos]
    if not isinstance(oos, Iterable):
        raise InputError(f"--oos is {oos!r}, not a list of windows such as 2015-01-01:2016-12-31")
    found: list[tuple[Any, Any]] = []
    for one in oos:
        if not isinstance(one, str):
            if not (isinstance(one, tuple | list) and len(one) == 2):
                raise InputError(f"--oos {one!r} is not a window of two dates, such as 2015-01-01:2016-12-31")
            found.append((one[0], one[1]))
            continue
        cuts = [i for i, character in enumerate(one) if character == ":"]
        halves = [(one[:i].strip(), one[i + 1 :].strip()) for i in cuts]
        same = [half for half in halves if len(half[0]) == len(half[1])]
        chosen = halves if len(halves) == 1 else same
        if len(chosen) != 1 or not all(chosen[0]):
            raise InputError(f"--oos {one!r} is not START:END, such as 2015-01-01:2016-12-31")
        found.append(chosen[0])
    return tuple(found)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[int | float]:
    # Compared, not asked of math, to which a whole number may be too large.
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf
