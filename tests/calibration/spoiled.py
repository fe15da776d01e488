"""JSON data with one value changed: what readers of files from anybody are tested on."""

from __future__ import annotations


def change(data: dict, way: str, value: object) -> dict:
    """Put a value at a way of names and numbers; None takes the entry out."""
    *path, last = (int(name) if name.isdigit() else name for name in way.split("."))
    owner = data
    for name in path:
        owner = owner[name]
    if value is None:
        del owner[last]
    else:
        owner[last] = value
    return data
