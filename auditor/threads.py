"""Linear algebra on one thread while an audit runs, so that the machine's cores change no digit of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside.

    A BLAS cuts long sums into one part a thread, so on a machine with other cores, or in a worker that shares them,
    the last digits of an audit would be others. Most libraries have one setting a process: of threads that overlap,
    the first holds and lifts it. A program that audits in several threads calls `one_thread_for_good` once.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def one_thread_for_good() -> None:
    """Hold BLAS to one thread for the rest of this process: for workers, whose threads may overlap."""
    _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> Any:
    """Find the libraries, once scipy's own BLAS is loaded beside numpy's."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
