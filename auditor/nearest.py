"""A word that is not known, and those that are, go in; the one that was probably meant comes out."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def nearest_word(word: str, known: Sequence[str]) -> str | None:
    """Give the known word that is most like this one, None where none is; hyphens count as underscores."""
    found = difflib.get_close_matches(word.replace("-", "_"), known, n=1, cutoff=0.6)
    return found[0] if found else None
