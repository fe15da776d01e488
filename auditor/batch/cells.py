"""A cell of a manifest, or a value of its defaults, goes in; the option that `audit` takes comes out, as if typed."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import click

from auditor.errors import ConfigError
from auditor.nearest import nearest_word
from auditor.options import audit_options

WINDOWS = ";"
"""Between several windows in one cell."""


@cache
def parameters() -> Mapping[str, click.Option]:
    """The command line's own options, by name: a cell means what the same text would mean there."""
    import inspect

    from auditor.audit import audit

    @audit_options
    def nothing() -> None: ...

    known = inspect.signature(audit).parameters
    found = {one.name: one for one in nothing.__click_params__[::-1]}  # type: ignore[attr-defined]
    return {str(name): one for name, one in found.items() if name in known}


def option_names() -> tuple[str, ...]:
    """Every option of `audit` that a row may give, the two policies aside."""
    return tuple(parameters())


def check_options(names: Iterable[str]) -> None:
    """Refuse what is no option of `audit`, naming the nearest that is."""
    known = option_names()
    for name in names:
        if name not in known:
            raise ConfigError(f"{name!r} is not an option of an audit{nearest(name, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Give ": did you mean X?" for the nearest known word, or all of them."""
    choices = list(known)
    found = nearest_word(word, choices)
    return f": did you mean {found!r}?" if found else f". Known: {', '.join(choices)}"


def plain_name(column: str) -> str:
    """Give an option's name however it is spelled: "--OOS-start " is oos_start."""
    return column.strip().lstrip("-").lower().replace("-", "_")


def is_path(name: str) -> bool:
    """Whether an option names a file; a rate may be one."""
    return name in ("base", "tuned", "rf") or "FILE" in str(parameters()[name].metavar or "")


def as_text(value: Any) -> str:
    """Write a value of a typed manifest, or of TOML, as it would be typed; "" where there is none."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() and value.tzinfo is None else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return WINDOWS.join(as_text(one) for one in value)
    if hasattr(value, "item"):
        return as_text(value.item())
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def option_of(name: str, text: str) -> Any:
    """Read one option from text that is not empty.

    errors   ConfigError for what the option does not take
    """
    one = parameters()[name]
    context = click.Context(click.Command("audit"))
    try:
        if one.is_flag:
            return click.BOOL.convert(text, one, context)
        if one.multiple:
            return [one.type.convert(part.strip(), one, context) for part in text.split(WINDOWS) if part.strip()]
        if one.type is click.INT or name in ("block", "window"):
            text = re.sub(r"^(-?[0-9]+)\.0+$", r"\1", text)  # pandas writes 30.0 where a cell below is empty
        if name == "opportunity":
            text = text.replace(WINDOWS, ",")
        value = one.type.convert(text, one, context)
        return value if one.callback is None else one.callback(context, one, value)
    except click.BadParameter as error:
        raise ConfigError(f"{one.opts[-1]}: {error.message}") from error


def located(text: str, folder: str) -> str:
    """Give a path as seen from here: relative ones are relative to the manifest's folder."""
    text = os.path.expanduser(text)
    return text if os.path.isabs(text) or "://" in text else os.path.join(folder, text)


def is_rate(text: str) -> bool:
    """Whether a cash rate is a number, and no file."""
    try:
        float(text.rstrip("% "))
    except ValueError:
        return False
    return True
