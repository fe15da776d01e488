"""An audit goes in; its row of the results table comes out, as plain data that JSON keeps to the digit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from auditor.result import Audit

Kind = Literal["text", "number", "whole", "flag"]

FOUND: Mapping[str, Kind] = {
    "label": "text",
    "finding": "text",
    "standing": "text",
    "evidence": "text",
    "reason": "text",
    "base_sharpe": "number",
    "tuned_sharpe": "number",
    "gain": "number",
    "gain_se": "number",
    "gain_low": "number",
    "gain_high": "number",
    "gain_p": "number",
    "in_sample_gain": "number",
    "in_sample_p": "number",
    "reweighting_part": "number",
    "edge_part": "number",
    "edge_share": "number",
    "new_p": "number",
    "direction": "text",
    "correlation": "number",
    "min_detectable_gain": "number",
    "periods_per_year": "number",
    "oos_first": "text",
    "oos_last": "text",
    "n_oos": "whole",
    "block": "whole",
    "reps": "whole",
    "seed": "whole",
    "level": "number",
    "warnings": "whole",
    "first_warning": "text",
    "base_sha256": "text",
    "tuned_sha256": "text",
}
"""What an audit finds, out of sample where nothing else is said; ratios and gains are annualised Sharpe ratios."""

BESIDE: Mapping[str, Mapping[str, Kind]] = {
    "gain_p": {"gain_q": "number", "stepm_better": "flag", "stepm_variants": "whole", "spa_p": "number"},
    "new_p": {"new_q": "number"},
}
"""What the whole shelf adds, after the column that it belongs to."""


def columns() -> dict[str, Kind]:
    """Every column of the results table and what it holds, in order."""
    found: dict[str, Kind] = {"row": "whole", "name": "text", "base": "text", "tuned": "text", "error": "text"}
    for name, kind in FOUND.items():
        found[name] = kind
        found.update(BESIDE.get(name, {}))
    return found


def record_of(audit: Audit) -> dict[str, Any]:
    """Give the columns that the audit alone decides; None where a number is not there or not finite."""
    from auditor.report.shown import bounded

    outside, inside, parts = audit.sharpe.out_of_sample, audit.sharpe.in_sample, audit.attribution
    low, high = bounded(outside.ci)
    hashes = {one.role: one.sha256 for one in audit.inputs}
    found = {
        "label": audit.label,
        "finding": audit.finding,
        "standing": audit.standing,
        "evidence": audit.evidence,
        "reason": audit.reason,
        "base_sharpe": outside.base,
        "tuned_sharpe": outside.tuned,
        "gain": outside.gain,
        "gain_se": outside.se,
        "gain_low": low,
        "gain_high": high,
        "gain_p": outside.p_value,
        "in_sample_gain": inside.gain,
        "in_sample_p": inside.p_value,
        "reweighting_part": parts.reweighting_part,
        "edge_part": parts.edge_part,
        "edge_share": parts.edge_share,
        "new_p": parts.new_p,
        "direction": audit.coverage.direction.verdict,
        "correlation": outside.correlation,
        "min_detectable_gain": outside.min_detectable_gain,
        "periods_per_year": audit.sample.periods_per_year,
        "oos_first": audit.sample.out_of_sample[0][0],
        "oos_last": audit.sample.out_of_sample[-1][1],
        "n_oos": outside.n_obs,
        "block": outside.block,
        "reps": outside.reps,
        "seed": outside.seed,
        "level": outside.level,
        "warnings": len(audit.warnings),
        "first_warning": audit.warnings[0] if audit.warnings else None,
        "base_sha256": hashes["base"],
        "tuned_sha256": hashes["tuned"],
    }
    return {name: _finite(found[name]) for name in FOUND}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        value = float(value)
        return value if math.isfinite(value) else None
    return value
