"""An audit goes in; a small HTML fragment for notebooks comes out, escaped throughout and in the notebook's colours."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from auditor.report import planted, shown, stable, traded
from auditor.report.pictured import MAKERS
from auditor.report.plain import clean
from auditor.report.svg import svg
from auditor.report.theme import EITHER, OF_FINDING

if TYPE_CHECKING:
    from auditor.result import Audit

CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;background:none"


def notebook_html(audit: Audit) -> str:
    """Give verdict, reason, gain, one picture and checks; no style sheet or script, and nothing of a name is markup."""
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
        f'<div style="border-left:4px solid {EITHER[OF_FINDING[audit.finding]]};padding:2px 0 2px 12px;color:inherit;'
        f'max-width:60em">'
        f'<p style="margin:0;font-size:1.2em"><strong>{_text(shown.headline(audit))}</strong></p>'
        f'<p style="margin:0"><em>{_text(shown.meaning(audit))}</em></p>'
        f'<p style="margin:.6em 0">{_text(audit.reason)}</p>'
        f'<p style="margin:.6em 0">{_text(gain)}</p>'
        + (f'<p style="margin:.6em 0">{_text(shown.look(audit))}</p>' if audit.look else "")
        + (f'<p style="margin:.6em 0">{_text(" ".join(said))}</p>' if any(said) else "")
        + "".join(f'<p style="margin:.6em 0">{_text(text)}</p>' for text in _beside(audit))
        + _picture(audit)
        + f'<table style="border-collapse:collapse;color:inherit"><thead><tr>{_cells(_HEADER, "th")}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        + (f'<p style="margin:.6em 0 0">Warnings</p><ul style="margin:0">{warnings}</ul>' if warnings else "")
        + "</div>"
    )


_HEADER = ("", "check", "found", "needed")


def _beside(audit: Audit) -> Iterator[str]:
    """Say whether the label hangs on a choice, and how often it is wrong on such data, where that was asked for."""
    if audit.stability is not None:
        yield " ".join((f"{stable.TITLE}.", *stable.sentences(audit.stability)))
    if audit.calibration is not None:
        yield " ".join((f"{planted.TITLE}.", *planted.sentences(audit.calibration, audit)))


def _picture(audit: Audit) -> str:
    """Draw where the gain comes from, which every audit has."""
    found = MAKERS["split"](audit)
    if isinstance(found, str):
        return ""
    return f'<div style="max-width:480px;margin:.6em 0;color:inherit">{svg(found, EITHER)}</div>'


def _cells(values: tuple[str, ...], tag: str) -> str:
    return "".join(f'<{tag} style="{CELL}">{_text(value)}</{tag}>' for value in values)


def _text(text: str) -> str:
    return escape(clean(text), quote=True)
