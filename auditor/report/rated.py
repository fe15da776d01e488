"""How often an audit is wrong on data like the user's, as frozen plain data that an audit tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.verdict.checks import Evidence

NO_FILE = "calibration"
"""What a calibration is called that was not read from a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedRate:
    """How often one overlay of known truth was called new edge.

    name, what  the overlay, and what it does to the base
    sharpe      true Sharpe ratio a year of a new book; None where no new edge was planted
    count       worlds in which it was called new edge; share of all worlds, with its 95 % interval (Wilson)
    presumed    how many of these calls were presumed, not shown
    refused     worlds that the audit refused
    over        called new edge more often than the level allows, by more than two errors; None for a new book
    """

    name: str
    what: str
    sharpe: float | None
    count: int
    share: float
    ci: tuple[float, float]
    presumed: int
    refused: int
    over: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """The smallest new book, by its true Sharpe ratio a year, that is called new edge with `power`.

    sharpe   None, with the reason, where none of those tried has it, and where all have
    ci       None at an end that no power curve reached
    smallest, largest   Sharpe ratios tried
    """

    power: float
    sharpe: float | None
    sharpe_reason: str | None
    ci: tuple[float | None, float | None]
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """How often an audit is wrong on data like the user's, as `auditor calibrate` measured it.

    name       of the file; "calibration" where none was given
    held       no overlay without new edge is called new edge more often than the level allows, by more than two errors
    verdict    what was found, in two sentences
    level      that it is held against
    worlds, reps, seed   drawn; resamples of each test in a world; of all draws
    base_sharpe  a year, of the base that worlds are drawn from
    nulls      overlays without new edge; edges, new books by rising Sharpe ratio
    version    of auditor that measured it
    """

    name: str
    held: bool
    verdict: str
    evidence: Evidence
    level: float
    worlds: int
    reps: int
    seed: int
    base_sharpe: float
    nulls: tuple[PlantedRate, ...]
    edges: tuple[PlantedRate, ...]
    smallest: Provable
    version: str

    @property
    def worst(self) -> PlantedRate:
        """The overlay without new edge that was called new edge most often."""
        return max(self.nulls, key=lambda one: one.share)

    def __str__(self) -> str:
        """Give the verdict."""
        return self.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A calibration that was read, and what it was made of.

    inputs    sha256 by role;  split, settings  as JSON has them
    """

    told: Calibrated
    inputs: Mapping[str, str]
    split: Mapping[str, Any]
    settings: Mapping[str, Any]
