"""Worlds and overlays go in; the outcomes of all of them, in order, come out of one process or several."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection, parent_process

from auditor.errors import AuditorError
from auditor.planted.audited import Ground, Outcome, audited
from auditor.planted.catalogue import Overlay

Progress = Callable[[int, int], None]
"""Called with the audits done and the audits in all, as far as is known."""

Run = Callable[[Sequence[Overlay]], list[tuple[Outcome, ...]]]

_ground: Ground | None = None


@contextmanager
def runner(ground: Ground, worlds: int, workers: int, progress: Progress | None) -> Iterator[Run]:
    """Give a function that plants overlays in every world: (worlds, overlays) outcomes, the same for any `workers`.

    Processes are kept between its calls. On an interrupt they finish the world at hand, and no other is begun.
    """
    done = total = 0

    def counted(found: Iterator[tuple[Outcome, ...]], of: int) -> list[tuple[Outcome, ...]]:
        nonlocal done, total
        total += worlds * of
        kept = []
        for one in found:
            kept.append(one)
            done += of
            if progress is not None:
                progress(done, total)
        return kept

    if workers == 1:
        yield lambda overlays: counted((audited(ground, world, overlays) for world in range(worlds)), len(overlays))
        return
    pool = ProcessPoolExecutor(min(workers, worlds), initializer=_begin, initargs=(ground,))
    try:
        yield lambda overlays: counted(pool.map(partial(_in_process, overlays), range(worlds)), len(overlays))
    except BrokenProcessPool as error:
        raise AuditorError(
            "a process of --workers ended before its work, as when memory runs out: pass fewer --workers"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(ground: Ground) -> None:
    """Hold the ground in this process, which ends when the parent does; the parent alone answers to Ctrl-C."""
    global _ground
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _ground = ground


def _end_with_the_parent() -> None:
    """Wait for a parent that is killed, by SIGKILL for one: it tells its workers nothing, and they wait for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _in_process(overlays: Sequence[Overlay], world: int) -> tuple[Outcome, ...]:
    if _ground is None:
        raise RuntimeError("this process was not begun with a ground")
    return audited(_ground, world, overlays)
