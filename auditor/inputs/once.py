"""A reader of files goes in; the same reader, which reads a file once for many audits, comes out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from auditor.errors import InputError
from auditor.inputs.table import split_source
from auditor.kept import kept_in_force

Options = ParamSpec("Options")
Found = TypeVar("Found")


def read_once(read: Callable[Options, Found]) -> Callable[Options, Found]:
    """Keep what was read of a file, where `auditor.kept.keeping` is in force; else read as ever.

    read  its positional arguments are sources, its options hashable. What is kept is known by path, size and time of
          change, so a file that is written anew is read anew; frames and pipes are always read. Its arrays are made
          read-only, since many audits share them
    """

    @wraps(read)
    def reading(*sources: Options.args, **options: Options.kwargs) -> Found:
        kept = kept_in_force()
        files = None if kept is None else [_identity(source) for source in sources]
        if kept is None or files is None or None in files:
            return read(*sources, **options)
        key = (read.__module__, read.__qualname__, tuple(files), tuple(sorted(options.items())))
        return kept.get(key, lambda: _frozen(read(*sources, **options)), held_bytes)

    return reading


def _identity(source: object) -> Hashable:
    """Say which file a source is, and of when; None for anything but a regular file that is there."""
    if not isinstance(source, str | os.PathLike):
        return None
    try:
        path, column = split_source(os.fspath(source), role="")
        found = path.stat()
    except (InputError, OSError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return os.path.abspath(path), column, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _frozen(value: Found) -> Found:
    """Make the arrays of a dataclass read-only."""
    for array in _arrays(value):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return value


def held_bytes(value: object) -> int:
    """Bytes of all arrays in a dataclass, and a little for what is around them."""
    return 1_000 + sum(int(array.nbytes) for array in _arrays(value))


def _arrays(value: Any) -> list[Any]:
    if hasattr(value, "nbytes"):
        return [value]
    if is_dataclass(value):
        return [array for field in fields(value) for array in _arrays(getattr(value, field.name))]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [array for one in values for array in _arrays(one)]
