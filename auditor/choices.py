"""One option's value, as Python or numpy has it, comes in; a plain value of Python goes out, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from auditor.errors import InputError


def plain(value: Any) -> Any:
    """A number or truth value of numpy as Python's own, which JSON can write; anything else as it is."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # of numpy 1 and 2, not imported here
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def refuse_other_choice(option: str, value: object, choices: Sequence[str | None]) -> None:
    """Refuse what is none of the words that an option takes; None among them is an option that is not given."""
    if not ((value is None or isinstance(value, str)) and value in choices):
        words = " or ".join(one for one in choices if one is not None)
        raise InputError(f"{option} must be {words}; got {value!r}")


def refuse_no_truth(option: str, value: object) -> None:
    """Refuse what is neither True nor False: the text "no" would count as true."""
    if not isinstance(plain(value), bool):
        raise InputError(f"{option} must be True or False; got {value!r}")
