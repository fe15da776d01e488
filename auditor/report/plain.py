"""Text that a user or a file supplied goes in; text that is safe to show on one line comes out."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that a terminal or a page may obey, or that cannot be written at all."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|")
"""How a text begins that a spreadsheet would compute, or send to another program."""


def clean(text: str) -> str:
    r"""Give text on one line with every control, direction and surrogate character written out, such as \x1b.

    Names of files and columns are the user's, or whoever gave them the file: an escape sequence in one must not
    reach a terminal, nor a line break the layout.
    """
    return "".join(_written(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def inert(text: str, between: str = "\u200b") -> str:
    """Give text of which GitHub's runner obeys nothing: commands are ::x where a line begins, and ##[x] anywhere.

    between   what parts them: nothing that a reader sees, or a backslash where that cannot be written
    """
    text = text.replace("##[", f"#{between}#[")
    return re.sub(r"(^|[\r\n])([^\S\r\n]*):(?=:)", lambda found: f"{found[0]}{between}", text)


def for_spreadsheet(text: str) -> str:
    """Give text for a cell of CSV: cleaned, with an apostrophe before what a spreadsheet would take for a formula.

    Where a semicolon parts cells, as in much of Europe, what follows one begins a cell too. Full-width signs are those
    that they look like.
    """
    return ";".join(f"'{clean(one)}" if _begins_formula(one) else clean(one) for one in text.split(";"))


def _begins_formula(cell: str) -> bool:
    wide = unicodedata.normalize("NFKC", cell)
    return wide.startswith(_FORMULA) or re.sub(r'^[\s"]+', "", wide).startswith(_FORMULA)


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, width: int) -> str:
    """Give text of at most `width` characters, the middle left out: both a path's end and its start say what it is."""
    if len(text) <= width:
        return text
    tail = (width - 3) * 2 // 3
    return text[: width - 3 - tail] + "..." + text[len(text) - tail :]
