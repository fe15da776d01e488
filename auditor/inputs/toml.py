"""A TOML file comes in, from anybody; its tables and its text go out, or a refusal."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from auditor.errors import ConfigError, InputError
from auditor.inputs.content import content

LARGEST = 1 << 22
"""Bytes of a config: one that names a thousand audits has a tenth of it."""

MOST = 2**63
"""No whole number of TOML is as large; Python would read any, and could not print it."""


def read_toml(path: Path, *, name: str) -> tuple[dict[str, Any], str]:
    """Read a file of TOML: its tables, and the text as it stands.

    name     what messages call it
    errors   ConfigError for what cannot be read, is too large, or is not TOML
    """
    try:
        # As bytes: Python would make a line of its own of what follows a lone carriage return, and TOML does not.
        text = content(path, name=name, largest=LARGEST).decode("utf-8")
        found = tomllib.loads(text)
    except InputError as error:
        raise ConfigError(str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8, which TOML is, from byte {error.start} on") from None
    except RecursionError:
        raise ConfigError(f"{name}: not TOML that this program reads: it is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of more digits than Python reads
        raise ConfigError(f"{name}: not TOML: {error}") from None
    _refuse_long(found, name)
    return found, text


def _refuse_long(value: Any, name: str) -> None:
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict | list):
            _refuse_long(one, name)
        elif isinstance(one, int) and not -MOST <= one < MOST:
            raise ConfigError(f"{name}: not TOML: a whole number there has more than 64 bits")
