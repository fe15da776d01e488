"""Names of files that a run reads, keeps and would write go in; a refusal comes out where one would replace another."""

from __future__ import annotations

import os
from collections.abc import Iterable

from auditor.errors import InputError
from auditor.report.machine import check_target


def check_output(path: str, *, named: str, inputs: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Refuse a file that could not be written, or that would replace one of the same run, before anything is computed.

    named   the option that names it, for messages
    inputs  what is read, as FILE or FILE:COLUMN
    kept    what the run itself adds to, whether it is there yet or not: a ledger, accepted exceptions
    """
    check_target(path)
    real = os.path.realpath(path)
    if real in files_meant(inputs) or real in {os.path.realpath(one) for one in kept}:
        raise InputError(f"{named}: would overwrite a file that this run reads or keeps. Write elsewhere.")


def files_meant(inputs: Iterable[str]) -> set[str]:
    """Give the true path of every file there is that `FILE` or `FILE:COLUMN` may mean."""
    return {os.path.realpath(one) for name in inputs for one in _possible_files(name) if os.path.exists(one)}


def _possible_files(name: str) -> list[str]:
    return [name[:cut] for cut in (len(name), *(i for i, c in enumerate(name) if c == ":")) if name[:cut]]
