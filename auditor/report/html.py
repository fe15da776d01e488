"""An audit goes in; one self-contained page comes out: no script, nothing from the network, no name that is markup."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from auditor.report import shown, tables
from auditor.report.pictured import left_out, pictures
from auditor.report.plain import clean, shortened
from auditor.report.reproduce import at_its_look, how_to
from auditor.report.svg import svg
from auditor.report.theme import DARK, LIGHT, OF_FINDING, Role

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from auditor.result import Audit

ANSWERS = {"ok": "yes", "no": "no", "--": "--"}

LONGEST, MOST_ITEMS = 2_000, 200
"""Characters of one text and items of one list: whole sentences and real lists are far shorter."""

PLACED: Mapping[Role, str] = {role: f"var(--{role})" for role in LIGHT}
"""Pictures take the colours of the page, and so follow it into the dark and onto paper."""


def as_html(audit: Audit) -> str:
    """Give the page, verdict first; the same audit gives the same bytes."""
    return template("page.html.j2").render(
        title=shown.headline(audit),
        names=[shortened(shown.source(one), 60) for one in audit.inputs if one.role in ("base", "tuned")],
        verdict=OF_FINDING[audit.finding],
        meaning=shown.meaning(audit),
        reason=audit.reason,
        facts=tables.facts(audit),
        assumed=tables.assumed(audit),
        n_warnings=len(audit.warnings),
        warnings=at_most(audit.warnings),
        checks=[(ANSWERS[row.mark], *row) for row in shown.check_rows(audit)],
        pictures=[(one, svg(one, PLACED)) for one in pictures(audit)],
        sections=tables.sections(audit),
        breakdowns=tables.breakdowns(audit),
        open_questions=[*shown.beside_checks(audit), *(f"No picture of {text}." for text in _lowered(left_out(audit)))],
        would_change=audit.would_change,
        command=how_to(audit),
        counted=at_its_look(audit),
        inputs=audit.inputs,
        source=shown.source,
        settings=as_rows(audit.settings),
        versions=audit.versions,
        light=LIGHT,
        dark=DARK,
    )


def at_most(texts: Sequence[str]) -> list[str]:
    """Give as many texts as a reader bears, and how many more there are."""
    more = len(texts) - MOST_ITEMS
    return [*texts[:MOST_ITEMS], *([f"{more:,} more are in the JSON."] if more > 0 else [])]


def as_rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give settings as the page shows them: names and JSON."""
    return [(name, json.dumps(value, ensure_ascii=False, default=str)) for name, value in settings.items()]


def _lowered(texts: list[str]) -> list[str]:
    return [f"“{title}”: {reason}" for title, _, reason in (text.rpartition(": ") for text in texts)]


@cache
def template(name: str) -> Template:
    """Compile a page once a run; every value that is not our own markup is cleaned, cut and escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        loader=FunctionLoader(lambda one: files("auditor.report").joinpath(one).read_text(encoding="utf-8")),
    )
    environment.filters["kept"] = kept
    return environment.get_template(name)


_WHOLE = re.compile(r"\b\d{4}-\d\d-\d\d\b|\bp (?:=|&lt;) \d[\d.]*|\[[-+\d.]+, [-+\d.]+\]|(?<![^\s(])--[a-z][a-z-]{,30}")
"""Dates, p-values, intervals and options, which are not broken over two lines."""


def kept(text: str) -> Markup:
    """Give a sentence, escaped, whose dates, p-values, intervals and options stay on one line."""
    from markupsafe import Markup, escape

    return Markup(_WHOLE.sub(r'<span class="nb">\g<0></span>', str(escape(_shown(text)))))  # noqa: S704 - escaped


def _shown(value: Any) -> Any:
    plain = isinstance(value, str) and not hasattr(value, "__html__")
    return shortened(clean(value), LONGEST) if plain else value
