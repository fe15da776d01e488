"""Pairs and options go in; audits, as they finish, come out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.batch.cells import check_options
from auditor.batch.jobs import Done, Job, Task
from auditor.batch.manifest import jobs_of, read_manifest, with_common
from auditor.batch.pool import Worker, cores, run_here
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from auditor.result import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one row: `audit`, or `error`, the message of what is wrong with it.

    row   from 1, in the order given
    name  as given, or the tuned policy's file
    """

    row: int
    name: str
    audit: Audit | None
    error: str | None

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.row} {self.name}: {self.error or repr(self.audit)}"


def audit_many(
    rows: Iterable[Mapping[str, Any]] | str | os.PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    **options: Any,
) -> Iterator[Outcome]:
    """Audit many pairs, and give each result as it finishes.

    rows       mappings with `base`, `tuned`, any option of `audit` and perhaps a `name`; or the path of a manifest.
               With both rollouts, base and tuned may be left out.
               They are taken as workers get free, so a generator of any length will do
    workers    processes on this machine; as many as it has processors where not given
    scheduler  address of a Dask scheduler to use instead, "tcp://host:8786", or "local" for a cluster made here
    options    of `audit`, for the rows that do not say otherwise

    The numbers are those of `audit` on each pair alone, to the digit, on any number of workers. A row that cannot be
    audited gives an Outcome with its error and never ends the others. Raises ConfigError for an option that `audit`
    does not have, InputError for a manifest that cannot be read.
    """
    check_options(options)
    jobs = _jobs(rows, options)
    return (_outcome(job, done) for job, done in carried_out("audit", jobs, workers=workers, scheduler=scheduler))


def carried_out(
    task: Task,
    jobs: Iterable[Any],
    *,
    workers: int | None,
    scheduler: str | None,
    idle: list[Worker] | None = None,
) -> Iterator[tuple[Any, Done]]:
    """Carry out jobs here, by `idle` workers first, or on a cluster: each with what came of it, as they finish."""
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ConfigError(f"--workers must be a whole number of at least 1; got {workers!r}")
    if scheduler is None:
        run = run_here(task, iter(jobs), workers or cores(), idle)
    else:
        from auditor.batch.cluster import run_on_cluster

        run = run_on_cluster(task, iter(jobs), scheduler, workers)
    return run


def _outcome(job: Job, done: Done) -> Outcome:
    return Outcome(row=job.row, name=job.name, audit=done.value, error=done.error)


def _jobs(rows: Iterable[Mapping[str, Any]] | str | os.PathLike[str], options: Mapping[str, Any]) -> Iterable[Job]:
    if isinstance(rows, str | os.PathLike):
        return with_common(read_manifest(rows), options)
    return jobs_of(rows, options)
