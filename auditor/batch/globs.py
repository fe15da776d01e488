"""A row whose paths hold wildcards goes in; one row for each file that its tuned policy matches comes out."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping

from auditor.errors import InputError

_WILD = re.compile(r"\*+|\?|\[[^]/]+\]")


def expanded(paths: Mapping[str, str]) -> list[dict[str, str]]:
    """Fill in the wildcards of a row's paths, by column.

    `tuned` says which files there are; a wildcard elsewhere stands for what the one in its place matched there:
    runs/*/tuned.csv with runs/*/base.csv pairs the two files of each folder.

    errors   InputError for wildcards that match nothing, for more of them elsewhere than in `tuned`, and for **
    """
    wild = {column: text for column, text in paths.items() if is_wild(text)}
    if not wild:
        return [dict(paths)]
    if "tuned" not in wild:
        column, text = next(iter(wild.items()))
        raise InputError(f"{column} {text}: wildcards need one in `tuned`, which says what they stand for")
    found = []
    for path, parts in _matches(wild["tuned"]):
        row = dict(paths) | {"tuned": path}
        for column, text in wild.items():
            if column != "tuned":
                row[column] = _filled(column, text, parts)
        found.append(row)
    return found


def is_wild(text: str) -> bool:
    """Whether a path holds wildcards, and is not the name of a file that is there."""
    return _WILD.search(_split(text)[0]) is not None and not os.path.exists(_split(text)[0])


def _split(text: str) -> tuple[str, str]:
    """Cut `file.csv:column` in two; the colon stays with the column."""
    head, colon, column = text.rpartition(":")
    # One letter before a colon is a drive.
    return (head, colon + column) if len(head) > 1 and not re.search(r"[/\\*?\[]", column) else (text, "")


def _matches(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Files that match, in the order of their names, and what each wildcard stands for."""
    pattern, column = _split(text)
    if "**" in pattern:
        raise InputError(f"tuned {text}: ** is not understood. Write one * for each folder")
    if "\0" in pattern:
        raise InputError(f"tuned {text!r}: no name of a file has a NUL in it")
    form, at = "", 0
    for wildcard in _WILD.finditer(pattern):
        one = {"*": "([^/\\\\]*)", "?": "([^/\\\\])"}.get(wildcard[0]) or _one_of(wildcard[0])
        form, at = form + re.escape(pattern[at : wildcard.start()]) + one, wildcard.end()
    try:
        shape = re.compile(form + re.escape(pattern[at:]), re.DOTALL)
    except re.error as error:
        raise InputError(f"tuned {text}: characters in brackets that are no range ({error.msg})") from None
    found = [(path, match.groups()) for path in sorted(glob.glob(pattern)) if (match := shape.fullmatch(path))]
    if not found:
        raise InputError(f"tuned {text}: matches no file")
    return [(path + column, parts) for path, parts in found]


def _one_of(characters: str) -> str:
    """A set such as [!a-c], as a regular expression has it; what is special only there stands for itself."""
    inside = characters[1:-1]
    plain = re.sub(r"([\\\[^&~|])", r"\\\1", inside.removeprefix("!"))
    return f"([{'^' if inside.startswith('!') else ''}{plain}])"


def _filled(column: str, text: str, parts: tuple[str, ...]) -> str:
    pattern, rest = _split(text)
    wanted = len(_WILD.findall(pattern))
    if wanted > len(parts):
        raise InputError(f"{column} {text}: has {wanted} wildcards and `tuned` has {len(parts)}")
    stand = iter(parts)
    return _WILD.sub(lambda _: next(stand), pattern) + rest
