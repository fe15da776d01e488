"""An audit goes in; a small HTML fragment for notebooks comes out, escaped throughout and in the page's own colours."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from auditor.report import shown, traded
from auditor.report.plain import clean
from auditor.verdict.checks import Finding

if TYPE_CHECKING:
    from auditor.result import Audit

COLOURS: dict[Finding, str] = {
    "new_edge": "#2da44e",
    "efficiency": "#218bff",
    "flattering": "#e5534b",
    "unproven": "#c69026",
    "no_gain": "#8b949e",
}
"""Mid tones, readable as a bar on white and on black; the words carry the meaning."""

CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;background:none"


def notebook_html(audit: Audit) -> str:
    """Give verdict, reason, gain and checks; no style sheet, script or image, and nothing from a name is markup."""
    outside = audit.sharpe.out_of_sample
    parts = audit.attribution.out_of_sample
    gain = (
        f"Out of sample: Sharpe {outside.base:.2f} to {outside.tuned:.2f}, gain {shown.signed(outside.gain)} "
        f"{shown.interval(outside.ci)}, of it reweighting part {shown.signed(parts.reweighting_part.value)} and "
        f"edge part {shown.signed(parts.edge_part.value)}. {shown.direction(audit)[0].upper()}"
        f"{shown.direction(audit)[1:]}."
    )
    warnings = "".join(f"<li>{_text(item)}</li>" for item in audit.warnings)
    rows = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in shown.check_rows(audit))
    said = [traded.library(audit)]
    if audit.coverage.trades:
        said = traded.sentences(audit)
    elif audit.coverage.positions:
        said = traded.position_sentences(audit.coverage.positions, audit)
    return (
        f'<div style="border-left:4px solid {COLOURS[audit.finding]};padding:2px 0 2px 12px;color:inherit;'
        f'max-width:60em">'
        f'<p style="margin:0;font-size:1.2em"><strong>{_text(shown.headline(audit))}</strong></p>'
        f'<p style="margin:0"><em>{_text(shown.meaning(audit))}</em></p>'
        f'<p style="margin:.6em 0">{_text(audit.reason)}</p>'
        f'<p style="margin:.6em 0">{_text(gain)}</p>'
        + (f'<p style="margin:.6em 0">{_text(" ".join(said))}</p>' if any(said) else "")
        + f'<table style="border-collapse:collapse;color:inherit"><thead><tr>{_cells(_HEADER, "th")}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        + (f'<p style="margin:.6em 0 0">Warnings</p><ul style="margin:0">{warnings}</ul>' if warnings else "")
        + "</div>"
    )


_HEADER = ("", "check", "found", "needed")


def _cells(values: tuple[str, ...], tag: str) -> str:
    return "".join(f'<{tag} style="{CELL}">{_text(value)}</{tag}>' for value in values)


def _text(text: str) -> str:
    return escape(clean(text), quote=True)
