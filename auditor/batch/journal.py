"""Results go in one by one and are on disk at once; after a kill, those that were finished come out again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from auditor.batch.cells import is_path, option_names
from auditor.batch.jobs import Job
from auditor.errors import InputError

FORMAT = 2


def key_of(job: Job, versions: dict[str, str]) -> str:
    """Name the result of a job: every option, the size and time of change of every file, and the programs' versions.

    Its row and name are no part of it, so rows may be moved or renamed; any other change makes another key.
    """
    options = dict(sorted(job.options.items()))
    told = {
        "format": FORMAT,
        "base": job.base,
        "tuned": job.tuned,
        "options": options,
        "files": [_stamp(path) for path in paths_of(job)],
        "versions": versions,
        "refused": job.refused,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def paths_of(job: Job) -> list[Any]:
    """Give what the policies and the options that name a file are given as: FILE, FILE:COLUMN, a rate, None."""
    options = job.options
    return [job.base, job.tuned, *(options[name] for name in option_names() if name in options and is_path(name))]


def together_key(members: Iterable[str], block: int) -> str:
    """Name the result of a group: the keys of its members, in order, and the block of its test."""
    return hashlib.sha256(json.dumps(["together", FORMAT, block, *members]).encode()).hexdigest()


def _stamp(path: Any) -> Any:
    """Size and time of change of the file that `FILE` or `FILE:COLUMN` means; None where there is none to see."""
    if not isinstance(path, str | os.PathLike):
        return None
    text = os.fspath(path)
    for one in (text, text.rpartition(":")[0]):
        try:
            found = os.stat(one)
        except (OSError, ValueError):
            continue
        return [found.st_size, found.st_mtime_ns]
    return None


def _is_result(key: Any, found: Any) -> bool:
    """Whether a line that is JSON is what `Journal.add` writes of an audit or of a group, made or not."""
    kinds = {"error": str, "record": dict, "together": dict}
    return (
        isinstance(key, str)
        and isinstance(found, dict)
        and any(isinstance(found.get(name), kind) for name, kind in kinds.items())
    )


class Journal:
    """A file to which lines are only ever added, each synced to disk before it counts.

    A line is the JSON of a key and its result. A last line that a kill tore is cut off; any other line that cannot be
    read is not used, so that its row is done again.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self.path = path
        self.known: dict[str, Any] = {}
        self.damaged = 0
        there = path.exists() and path.stat().st_size > 0
        if there and not resume:
            raise InputError(
                f"{path.parent}: holds a batch already. Pass --resume to go on with it, or another directory to --out"
            )
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
        try:
            self._lock()
            if there:
                self._read()
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        """Keep a second run out for as long as this one lives; the system lifts it when this process ends."""
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"{self.path.parent}: another run is writing there. Wait for it, or stop it") from error

    def _read(self) -> None:
        whole = 0
        with open(self.path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    one = json.loads(line)
                    if _is_result(one["key"], one["found"]):
                        self.known[one["key"]] = one["found"]
                        continue
                except (ValueError, KeyError, TypeError):
                    pass
                self.damaged += 1
        os.ftruncate(self._file, whole)

    def add(self, key: str, found: Any) -> None:
        """Write one result; it is on disk when this returns."""
        line = json.dumps({"key": key, "found": found}, ensure_ascii=True, allow_nan=False).encode() + b"\n"
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)
        self.known[key] = found

    def close(self) -> None:
        """Let the next run in."""
        os.close(self._file)
