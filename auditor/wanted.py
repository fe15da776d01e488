"""What a caller wants of the audits made inside: pictures or none, and to be told how many are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Tell = Callable[[int, int], None]
Item = TypeVar("Item")

_pictures: ContextVar[bool] = ContextVar("pictures", default=True)
_tell: ContextVar[Tell | None] = ContextVar("tell", default=None)


@contextmanager
def without_pictures() -> Iterator[None]:
    """Have the audits inside made without the pictures of their pages, which with trades take half of their time."""
    before = _pictures.set(False)
    try:
        yield
    finally:
        _pictures.reset(before)


def pictures_wanted() -> bool:
    """Whether anybody will look at the pictures of an audit made now."""
    return _pictures.get()


@contextmanager
def telling(tell: Tell | None) -> Iterator[None]:
    """Have audits inside that are many tell how many are done, and how many there are; None to tell nobody."""
    before = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(before)


def told(items: Sequence[Item]) -> Iterator[Item]:
    """Give items to work on one after another, and tell how many are done."""
    tell = _tell.get()
    for done, item in enumerate(items, 1):
        yield item
        if tell is not None:
            tell(done, len(items))
