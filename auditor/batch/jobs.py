"""One row of a manifest goes in, where it is carried out; its audit, or why there is none, comes out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from auditor.errors import AuditorError, InputError, internal, of_system
from auditor.kept import Kept, keeping
from auditor.threads import one_thread_for_good
from auditor.wanted import without_pictures

KEPT = Kept(64 << 20)
"""What audits of this process share, in bytes: files read and draws made."""

Task = Literal["audit", "record", "page", "together"]
"""What is wanted of a job: the Audit itself, its row of the table, that and its page, or StepM over many jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One audit to be made.

    row      of the manifest, from 1
    name     what the user calls it, or the tuned policy's file
    base, tuned, options   as of `audit`
    shown    base and tuned as the manifest writes them
    refused  why it cannot be made at all; the row is then an error without being tried
    """

    row: int
    name: str
    base: Any
    tuned: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    shown: tuple[str, str] = ("", "")
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Audits of one base over one window, tested together: their jobs, and the numbers that the test needs."""

    jobs: tuple[Job, ...]
    block: int
    seed: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job: `value`, or `error`; and the bytes that its process held afterwards.

    passing  the error is of the machine or the moment, not of the job's files and options: it is worth another try
    """

    value: Any = None
    error: str | None = None
    memory: int = 0
    passing: bool = False


def perform(task: Task, job: Any) -> Done:
    """Carry out one job; whatever is wrong with its files or options is an error of that job alone."""
    one_thread_for_good()
    try:
        with keeping(KEPT):
            return Done(value=_TASKS[task](job), memory=memory_held())
    except AuditorError as error:
        return Done(error=str(error), memory=memory_held())
    except MemoryError:
        return Done(error="it does not fit in the memory of this machine", memory=memory_held(), passing=True)
    except OSError as error:
        return Done(error=of_system(error), memory=memory_held(), passing=True)
    except Exception as error:  # a defect of the program, or of a library, must not end the other audits
        return Done(error=internal(error), memory=memory_held(), passing=True)


def _audit(job: Job) -> Any:
    from auditor.audit import audit

    if job.refused is not None:
        raise InputError(job.refused)
    return audit(job.base, job.tuned, **job.options)


def _record(job: Job) -> Any:
    from auditor.batch.record import record_of
    from auditor.batch.together import paired_of

    with without_pictures():  # the table has none
        return record_of(_audit(job)), paired_of(job), None


def _page(job: Job) -> Any:
    from auditor.batch.record import record_of
    from auditor.batch.together import paired_of

    found = _audit(job)
    return record_of(found), paired_of(job), found.to_html()


def _together(group: Group) -> Any:
    from auditor.batch.together import superior

    return superior(group)


_TASKS: dict[Task, Callable[[Any], Any]] = {
    "audit": _audit,
    "record": _record,
    "page": _page,
    "together": _together,
}


def memory_held() -> int:
    """Bytes of this process in memory now; its peak where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if sys.platform == "win32":
            return 0
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
