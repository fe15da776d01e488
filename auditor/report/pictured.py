"""An audit goes in; every picture of it comes out, and why the others are not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from auditor.report import pictured_gain as gain
from auditor.report import pictured_planted as books
from auditor.report import pictured_traded as taken
from auditor.report.picture import TITLES, Maker, Picture

if TYPE_CHECKING:
    from auditor.result import Audit

MAKERS: Mapping[str, Maker] = {
    "growth": gain.growth,
    "rolling": gain.rolling,
    "bootstrap": gain.bootstrap,
    "split": gain.split,
    "horizons": gain.horizons,
    "coverage": taken.coverage,
    "lines": taken.lines,
    "new_part": taken.new_part,
    "new_map": taken.new_map,
    "depth_breadth": gain.depth_breadth,
    "power": gain.power,
    "planted": books.of_audit,
}
"""Every picture by its name, in the order of the page."""


def pictures(audit: Audit) -> list[Picture]:
    """Give every picture that this audit has, in the order of the page."""
    return [found for make in MAKERS.values() if isinstance(found := make(audit), Picture)]


def left_out(audit: Audit) -> list[str]:
    """Give why each of the others is not there, as "title: reason"."""
    return [f"{TITLES[name]}: {found}" for name, make in MAKERS.items() if isinstance(found := make(audit), str)]
