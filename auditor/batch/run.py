"""A manifest and a directory go in; every audit is made, kept as it finishes, and written up as one table and page."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from auditor.batch.jobs import Done, Job, Task
from auditor.batch.journal import Journal, key_of, paths_of, together_key
from auditor.batch.manifest import read_manifest
from auditor.batch.many import carried_out
from auditor.batch.pool import Worker, kept_workers
from auditor.batch.together import adjusted, families
from auditor.errors import ConfigError, InputError
from auditor.plural import several
from auditor.report.targets import files_meant

JOURNAL = "journal.jsonl"
FILES = ("results.csv", "results.parquet", "summary.html")


class Watcher(Protocol):
    """Who is told how far a batch is."""

    def begin(self, what: str, total: int, already: int) -> None:
        """So many to do, so many of them done by an earlier run."""

    def step(self) -> None:
        """One more is done."""

    def note(self, text: str) -> None:
        """Something to know."""


class Nobody:
    """A watcher that watches nothing."""

    def begin(self, what: str, total: int, already: int) -> None:
        """Tell nobody."""

    def step(self) -> None:
        """Tell nobody."""

    def note(self, text: str) -> None:
        """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of a manifest.

    rows     of the results table, in the manifest's order, by column
    notes    what could not be tested over the whole shelf, and why
    resumed  audits taken from an earlier run
    files    what was written
    """

    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    resumed: int
    files: tuple[Path, ...]

    @property
    def errors(self) -> tuple[dict[str, Any], ...]:
        """Rows that could not be audited."""
        return tuple(row for row in self.rows if row["error"] is not None)

    def __str__(self) -> str:
        """Say it in one line."""
        found = Counter(row["finding"] for row in self.rows if row["error"] is None)
        told = ", ".join(f"{count} {finding}" for finding, count in sorted(found.items()))
        return f"{len(self.rows)} audits: {told or 'none made'}; {len(self.errors)} errors"


def run_batch(
    manifest: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    pages: bool = False,
    watcher: Watcher | None = None,
) -> Batch:
    """Audit every row of a manifest and write the results to a directory.

    manifest  as of `read_manifest`
    out       directory for results.csv, results.parquet, summary.html and the journal of what is done
    workers, scheduler   as of `audit_many`
    resume    go on where an earlier run was ended: its results are taken where row, files and versions are the same
    pages     write the page of each audit too, under pages/

    The table is the same, byte for byte, whether the run was undisturbed or ended and resumed, on any number of
    workers. Raises InputError for a manifest that cannot be read or a directory that cannot be written to.
    """
    from auditor.batch.page import write_page
    from auditor.batch.table import write_table
    from auditor.describe import versions
    from auditor.result import Audit

    watcher = watcher or Nobody()
    if pages and not hasattr(Audit, "to_html"):
        raise ConfigError("--pages: this version writes no pages of single audits")
    jobs = read_manifest(manifest)
    _refuse_overwriting(Path(out), manifest, jobs)
    folder = _folder(Path(out), pages)
    with closing(Journal(folder / JOURNAL, resume=resume)) as journal, kept_workers() as idle:
        if journal.damaged:
            lines = several(journal.damaged, "line")
            watcher.note(f"{lines} of {journal.path} cannot be read: what stood there is made again")
        programs = versions()
        keys = [key_of(job, programs) for job in jobs]
        run = _Run(folder, journal, pages, workers, scheduler, idle, watcher)
        resumed = run.audits(jobs, keys)
        found = [run.found[key] for key in keys]
        records = [one.get("record") or {} for one in found]
        rows = [
            {"row": job.row, "name": job.name, "base": job.shown[0], "tuned": job.shown[1], "error": one.get("error")}
            | record
            for job, one, record in zip(jobs, found, records, strict=True)
        ]
        notes = run.shelf(jobs, keys, rows)
        linked = [_page_of(folder, key) if pages else None for key in keys]
        files = write_table(folder, rows)
        files.append(write_page(folder, rows, linked, notes, Path(manifest).name))
    return Batch(rows=tuple(rows), notes=tuple(notes), resumed=resumed, files=tuple(files))


@dataclass(frozen=True, slots=True)
class _Run:
    """What the steps of one run share; `found` is every result, those that are not worth keeping too."""

    folder: Path
    journal: Journal
    pages: bool
    workers: int | None
    scheduler: str | None
    idle: list[Worker]
    watcher: Watcher

    @property
    def found(self) -> dict[str, Any]:
        return self.journal.known

    def audits(self, jobs: Sequence[Job], keys: Sequence[str]) -> int:
        """Make the audits that are not known yet; how many were."""
        wanted = dict(zip(reversed(keys), reversed(jobs), strict=True))
        todo = {key: job for key, job in wanted.items() if not self._known(key)}
        todo = {key: todo[key] for key in dict.fromkeys(keys) if key in todo}
        self.watcher.begin("audits", len(wanted), len(wanted) - len(todo))
        key_by_row = {job.row: key for key, job in todo.items()}
        for job, done in self._carried_out("page" if self.pages else "record", todo.values()):
            self._keep(key_by_row[job.row], done)
            self.watcher.step()
        return len(keys) - sum(key in todo for key in keys)

    def shelf(self, jobs: Sequence[Job], keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
        """Add what the whole shelf says to its rows; what could not be tested, and why."""
        for p, q in (("gain_p", "gain_q"), ("new_p", "new_q")):
            for row, value in zip(rows, adjusted([row.get(p) for row in rows]), strict=True):
                row[q] = value
        made, notes = families(jobs, rows, [self.found[key].get("paired") for key in keys])
        by_group = {id(one.group): together_key([keys[i] for i in one.chosen], one.group.block) for one in made}
        todo = [one.group for one in made if by_group[id(one.group)] not in self.found]
        self.watcher.begin("bases", len(made), len(made) - len(todo))
        for group, done in self._carried_out("together", todo):
            kept = {"together": done.value, "error": done.error}
            self._add(by_group[id(group)], kept, passing=done.passing)
            self.watcher.step()
        for group, chosen, members in made:
            found = self.found[by_group[id(group)]]
            if found["error"] is not None:
                notes.append(f"{rows[members[0]]['base']}: {found['error']}")
                continue
            better = dict(zip((rows[i]["tuned_sha256"] for i in chosen), found["together"]["better"], strict=True))
            for row in (rows[i] for i in members):
                row["stepm_better"] = better[row["tuned_sha256"]]
                row["stepm_variants"], row["spa_p"] = found["together"]["variants"], found["together"]["p"]
        return notes

    def _carried_out(self, task: Task, todo: Iterable[Any]) -> Iterator[tuple[Any, Done]]:
        return carried_out(task, todo, workers=self.workers, scheduler=self.scheduler, idle=self.idle)

    def _known(self, key: str) -> bool:
        found = self.found.get(key)
        return found is not None and (not self.pages or "record" not in found or _page_of(self.folder, key) is not None)

    def _keep(self, key: str, done: Done) -> None:
        if done.error is not None:
            self._add(key, {"error": done.error}, passing=done.passing)
            return
        record, paired, page = done.value
        if page is not None:
            from auditor.report.machine import write

            write(self.folder / _page_name(key), page)
        self._add(key, {"record": record, "paired": paired}, passing=False)

    def _add(self, key: str, found: dict[str, Any], *, passing: bool) -> None:
        if passing:
            self.found[key] = found  # in the table, and tried again by --resume
        else:
            self.journal.add(key, found)


def _page_name(key: str) -> str:
    return f"pages/{key[:16]}.html"


def _page_of(folder: Path, key: str) -> str | None:
    return _page_name(key) if (folder / _page_name(key)).is_file() else None


def _refuse_overwriting(out: Path, manifest: str | os.PathLike[str], jobs: Sequence[Job]) -> None:
    """Refuse a directory where the batch would write over its manifest, or over a file that a row reads."""
    names = {os.fspath(path) for job in jobs for path in paths_of(job) if isinstance(path, str | os.PathLike)}
    read = files_meant([os.fspath(manifest), *names])
    over = [name for name in (JOURNAL, *FILES) if os.path.realpath(out / name) in read]
    if over:
        raise InputError(f"{out / over[0]}: is read by this batch, and would be overwritten. Name another directory")


def _folder(out: Path, pages: bool) -> Path:
    """Make the directory, or see that it is one of ours."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file. --out takes a directory")
    strange = [name for name in ("results.csv", "summary.html") if (out / name).exists()]
    if strange and not (out / JOURNAL).exists():
        raise InputError(f"{out}: holds {strange[0]} and no {JOURNAL}, so it is not of a batch. Name another directory")
    try:
        (out / "pages" if pages else out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror or error})") from error
    return out
