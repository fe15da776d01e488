"""Jobs go in; what came of each, as it finishes, comes out of a Dask cluster that is there already."""

from __future__ import annotations

import queue
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

from auditor.batch.jobs import Done, Task, perform
from auditor.describe import versions
from auditor.errors import AuditorError, ConfigError, internal

AHEAD = 3
"""Jobs handed out for each thread of the cluster, so that none waits and no more are held."""

WAIT = 60.0
"""Seconds without any worker after which a batch gives up; its journal keeps what was done."""

Item = TypeVar("Item")

LOCAL = "local"


class OtherVersionsError(AuditorError):
    """A worker that runs other versions, whose digits could be others."""


def run_on_cluster(
    task: Task, jobs: Iterable[Item], address: str, workers: int | None = None
) -> Iterator[tuple[Item, Done]]:
    """Carry out jobs on the workers of a scheduler: each with what came of it, in the order in which they finish.

    address  tcp://host:port of a scheduler, or "local" for a cluster of `workers` processes made for this run

    Jobs of a worker that dies are given to another; one that has ended four is an error. Workers must see the files
    under the same paths, and run the versions that run here. Dask pickles what it sends, so whoever runs the scheduler
    can run any program here and on the workers: use one that you trust.

    errors   ConfigError without dask; AuditorError for a scheduler that cannot be reached, a cluster that has no
             workers for a minute, and a worker with other versions
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError("--scheduler needs dask: pip install 'auditor[dask]'") from error
    with ExitStack() as stack:
        if address == LOCAL:
            made = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR"
            )
            address = stack.enter_context(made).scheduler_address
        elif workers is not None:
            raise ConfigError("--workers and --scheduler: the cluster has the workers it has. Give one of them")
        try:
            client = stack.enter_context(Client(address, timeout=10, set_as_default=False))  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise AuditorError(
                f"--scheduler {address}: cannot be reached ({str(error) or type(error).__name__}). Is it running, and "
                "is the address tcp://host:port?"
            ) from error
        yield from _on(client, task, iter(jobs))


def _on(client: Any, task: Task, jobs: Iterator[Item]) -> Iterator[tuple[Item, Done]]:
    finished: queue.Queue[Any] = queue.Queue()
    held: dict[str, tuple[Any, Item]] = {}
    here = _digits_of(versions())

    def hand_out() -> bool:
        try:
            job = next(jobs)
        except StopIteration:
            return False
        # Keys of their own: Dask keeps no result of one run for another.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # frames in a row are large, and say so
            future = client.submit(_perform_there, task, job, here, pure=False)
        held[future.key] = (future, job)
        future.add_done_callback(finished.put)
        return True

    _wait_for_workers(client)
    while len(held) < AHEAD * max(1, sum(client.nthreads().values())) and hand_out():
        pass
    while held:
        try:
            future = finished.get(timeout=WAIT)
        except queue.Empty:
            _wait_for_workers(client)
            continue
        _, job = held.pop(future.key)
        done = _what_came(client, future)
        future.release()
        hand_out()
        yield job, done


def _perform_there(task: Task, job: Any, wanted: dict[str, str]) -> Done:
    """Carry out one job on a worker whose versions are those of the program that asks."""
    mine = _digits_of(versions())
    for name, version in wanted.items():
        if mine.get(name) != version:
            raise OtherVersionsError(
                f"a worker of the cluster has {name} {mine.get(name)}, and here it is {version}: install the same "
                "versions on both, or the numbers could differ"
            )
    return perform(task, job)


def _digits_of(found: dict[str, str]) -> dict[str, str]:
    """Versions that digits may depend on: Python's own is not among them."""
    return {name: version for name, version in found.items() if name != "python"}


def _what_came(client: Any, future: Any) -> Done:
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed import TimeoutError as TooLong

    while True:
        try:
            error = future.exception(timeout=WAIT)
            if error is not None:
                break
            # Gone with its worker since it was finished: then the scheduler has it made again, and this waits.
            found: Done = future.result(timeout=WAIT)
            return found
        except CancelledError as error:
            raise AuditorError(
                "the scheduler is gone, or it cancelled the audits. --resume goes on when it is back"
            ) from error
        except (TooLong, TimeoutError):
            _wait_for_workers(client)
    if isinstance(error, AuditorError):
        raise error
    if isinstance(error, KilledWorker):
        return Done(
            error="its worker was ended again and again while it ran: is there enough memory for it?", passing=True
        )
    return Done(error=internal(error), passing=True)


def _wait_for_workers(client: Any) -> None:
    from distributed import TimeoutError as TooLong

    try:
        client.wait_for_workers(1, timeout=WAIT)
    except (TooLong, TimeoutError) as error:
        raise AuditorError(
            f"the cluster had no workers for {WAIT:.0f} seconds. --resume goes on when it has some"
        ) from error
    except OSError as error:
        raise AuditorError("the scheduler is gone. --resume goes on when it is back") from error
