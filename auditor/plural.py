"""A count and a noun go in; both as a sentence has them come out: "1 trade", "2 trades"."""

from __future__ import annotations


def several(count: int, noun: str) -> str:
    """Give a count with its noun, which takes an s unless there is one."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def verb(count: int, word: str) -> str:
    """Give the verb that goes with a count: "exits" of one, "exit" of others; "is" and "has" likewise."""
    if count != 1:
        return word
    return {"are": "is", "have": "has", "were": "was"}.get(word, word + "s")
