"""Values that many audits need alike are made once and kept, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Value = TypeVar("Value")


class Kept:
    """The values used last, of at most `limit` bytes together; threads may share it.

    A value of more than a quarter of the limit is not kept, so that one long file does not push out all others.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """Give what is kept under the key, or make it: two threads at once may both make it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                found: Value = self._values[key][0]
                return found
        value = make()
        needed = size(value)
        if 4 * needed <= self.limit:
            with self._lock:
                self.held += needed - self._values.pop(key, (None, 0))[1]
                self._values[key] = (value, needed)
                while self.held > self.limit:
                    _, (_, freed) = self._values.popitem(last=False)
                    self.held -= freed
        return value


_in_force: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextmanager
def keeping(kept: Kept) -> Iterator[None]:
    """Let everything inside keep its values there; outside nothing is kept."""
    before = _in_force.set(kept)
    try:
        yield
    finally:
        _in_force.reset(before)


def kept_in_force() -> Kept | None:
    """Where values are kept here and now, if anywhere."""
    return _in_force.get()
