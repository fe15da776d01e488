"""Another reader of JSON: one regular expression for its words, float() and int(); shares no line with json."""

from __future__ import annotations

import re

from reference import UnknownError

_WORD = re.compile(
    r"[ \t\r\n]*(?:([\[\]{},:])|(true|false|null)|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r'|"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)")',
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PLAIN = {"true": True, "false": False, "null": None}


def read(data: bytes) -> object:
    """The value in a file of JSON; the last of two equal keys is refused, as is what stands after it."""
    text = data.decode("utf-8-sig")
    words, at = [], 0
    while at < len(text.rstrip(" \t\r\n")):
        found = _WORD.match(text, at)
        if not found:
            raise UnknownError(text[at : at + 20])
        words.append(found.groups())
        at = found.end()
    value, left = _value(words, 0)
    if left != len(words):
        raise UnknownError("more after the end")
    return value


def _value(words: list, at: int) -> tuple[object, int]:
    mark, plain, number, text = words[at] if at < len(words) else ("", None, None, None)
    if plain:
        return _PLAIN[plain], at + 1
    if number:
        return (float(number) if re.search("[.eE]", number) else int(number)), at + 1
    if text is not None:
        return _unescaped(text), at + 1
    if mark == "[":
        return _many(words, at + 1, "]")
    if mark == "{":
        pairs, at = _many(words, at + 1, "}")
        if len(dict(pairs)) < len(pairs):
            raise UnknownError("a key twice")
        return dict(pairs), at
    raise UnknownError(f"{mark!r} at word {at}")


def _many(words: list, at: int, end: str) -> tuple[list, int]:
    """Entries up to a bracket; of an object, pairs."""
    found: list = []
    while words[at : at + 1] != [(end, None, None, None)]:
        if found:
            at = _mark(words, at, ",")
        key: object = None
        if end == "}":
            key, after = _value(words, at)
            if not isinstance(key, str):
                raise UnknownError("a key that is no text")
            at = _mark(words, after, ":")
        one, at = _value(words, at)
        found.append((key, one) if end == "}" else one)
    return found, at + 1


def _mark(words: list, at: int, mark: str) -> int:
    if at >= len(words) or words[at][0] != mark:
        raise UnknownError(f"no {mark!r} at word {at}")
    return at + 1


def _unescaped(text: str) -> str:
    plain = _ESCAPE.sub(lambda one: chr(int(one[1], 16)) if one[1] else _SHORT.get(one[2], one[2]), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
