"""Jobs go in; what came of each, as it finishes, comes out of processes on this machine.

The standard library's pools lose every job in flight when one worker is killed, and their workers outlive a parent
that is. Here a thread stands by each worker, so it is known which job ended it, and that one alone is tried again.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import auditor
from auditor.batch.jobs import Done, Task
from auditor.batch.worker import receive, send

RETIRE = 512 << 20
"""Bytes a worker may still hold after a job; one that holds more is replaced, so that one long file is paid once."""

TRIES = 2
"""Times a job is given to a worker that dies of it."""

Item = TypeVar("Item")


def cores() -> int:
    """Processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def kept_workers() -> Iterator[list[Worker]]:
    """For runs that follow one another: workers of one stay here for the next, since each takes a second to start."""
    idle: list[Worker] = []
    try:
        yield idle
    finally:
        for worker in idle:
            worker.kill()


def run_here(
    task: Task, jobs: Iterable[Item], workers: int, idle: list[Worker] | None = None
) -> Iterator[tuple[Item, Done]]:
    """Carry out jobs in `workers` processes: each with what came of it, in the order in which they finish.

    Jobs are taken as workers get free, so a long iterator is never held as a whole. Closing the iterator, or any error
    where it is used, ends the workers; with `idle`, of `kept_workers`, those that run out of jobs stay there.
    """
    pool = _Pool(task, iter(jobs), workers, idle)
    try:
        yield from pool.results()
    finally:
        pool.end()


class _Pool:
    def __init__(self, task: Task, jobs: Iterator[Any], workers: int, idle: list[Worker] | None) -> None:
        self._task, self._jobs, self._idle = task, jobs, idle
        self._taking = threading.Lock()
        self._ended = threading.Event()
        # So short that finished results do not pile up before a slow reader.
        self._found: queue.Queue[Any] = queue.Queue(maxsize=2 * workers)
        self._workers: dict[int, Worker] = {}
        self._threads = [threading.Thread(target=self._stand_by, args=(i,), daemon=True) for i in range(workers)]

    def results(self) -> Iterator[tuple[Any, Done]]:
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            found = self._found.get()
            if found is None:
                running -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found

    def end(self) -> None:
        """Kill the workers, which wakes the threads that wait for them."""
        self._ended.set()
        for worker in list(self._workers.values()):
            worker.kill()
        while any(thread.is_alive() for thread in self._threads):
            with suppress(queue.Empty):
                self._found.get(timeout=0.05)
        for worker in list(self._workers.values()):
            worker.kill()

    def _stand_by(self, me: int) -> None:
        try:
            while not self._ended.is_set():
                with self._taking:
                    job = next(self._jobs, self)
                if job is self:
                    if self._idle is not None and me in self._workers:
                        self._idle.append(self._workers.pop(me))
                    break
                done = self._carried_out(me, job)
                if not self._ended.is_set():
                    self._found.put((job, done))
        except BaseException as error:
            self._found.put(error)
        finally:
            if me in self._workers:
                self._workers.pop(me).kill()
            self._found.put(None)

    def _worker(self, me: int, idle: list[Worker]) -> Worker:
        if me not in self._workers:
            try:
                self._workers[me] = idle.pop()
            except IndexError:
                self._workers[me] = Worker()
        return self._workers[me]

    def _carried_out(self, me: int, job: Any) -> Done:
        how = ""
        for tried in range(TRIES):
            if self._ended.is_set():
                break
            # The second time a new one: an idle one may have died without a job.
            worker = self._worker(me, (self._idle or []) if tried == 0 else [])
            try:
                done = worker.ask(self._task, job)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                # Half a message may be in the pipe.
                self._workers.pop(me).kill()
                return Done(error=f"cannot be sent to a worker ({error}): pass a Series, a DataFrame or a path")
            except (EOFError, OSError):
                how = self._workers.pop(me).kill()
                continue
            if done.memory > RETIRE:
                self._workers.pop(me).kill()
            return done
        what = f"its worker was ended {TRIES} times while it ran ({how}): is there enough memory for it?"
        return Done(error=what, passing=True)


class Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        here = str(Path(auditor.__file__).resolve().parent.parent)
        path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        alone: dict[str, Any] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
            if sys.platform == "win32"
            else {"process_group": 0}  # Ctrl-C on the terminal reaches the program in front alone
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "auditor.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | one | {"PYTHONPATH": path},
            **alone,
        )

    def ask(self, task: Task, job: Any) -> Done:
        """Give a job and wait for its answer; EOFError or OSError where the process has ended."""
        send(cast(BinaryIO, self._process.stdin), (task, job))
        answer: Done = receive(cast(BinaryIO, self._process.stdout))
        return answer

    def kill(self) -> str:
        """End the process, and say how it ended."""
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"
