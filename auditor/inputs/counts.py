"""A table of counts comes in, a file or a frame: problems, tries, successes of base and tuned; checked, it goes out."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.content import in_memory
from auditor.inputs.numbers import to_floats
from auditor.inputs.table import MISSING, Table, open_table

PROBLEM = ("problem", "problem_id", "id", "task", "task_id", "question", "question_id", "prompt", "window", "name")
GROUP = ("source", "group", "benchmark", "dataset", "instrument")
TRIES = ("n", "tries", "n_tries", "samples", "n_samples", "rollouts", "n_rollouts")
BASE = ("c_base", "base", "base_successes", "successes_base", "base_correct", "correct_base", "base_c", "k_base")
TUNED = tuple(
    form.replace("base", policy) for policy in ("tuned", "rl", "rlvr", "finetuned", "overlay") for form in BASE
)
BASE_TRIES = ("n_base", "base_n", "base_tries", "tries_base", "base_rollouts", "base_samples")
TUNED_TRIES = tuple(form.replace("base", policy) for policy in ("tuned", "rl", "rlvr") for form in BASE_TRIES)

_HEADER = "problem, n, c_base, c_tuned (n_base and n_tuned for n where they differ)"
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often base and tuned solved each problem, in the order of the file.

    name                     what messages call it
    problem                  (N,) names, unique
    group                    (N,) where a column of groups is given, else None
    base, tuned              (N,) successes
    base_tries, tuned_tries  (N,) tries, at least 1
    sha256                   of the values
    """

    name: str
    problem: tuple[str, ...]
    group: tuple[str, ...] | None
    base: NDArray[np.int64]
    tuned: NDArray[np.int64]
    base_tries: NDArray[np.int64]
    tuned_tries: NDArray[np.int64]
    sha256: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        same = np.array_equal(self.base_tries, self.tuned_tries)
        tries = _span(self.base_tries) if same else f"{_span(self.base_tries)} and {_span(self.tuned_tries)}"
        return f"{self.name}: {len(self.problem)} problems, {tries} tries"


@in_memory
def read_counts(source: object) -> Counts:
    """Read a plain table of counts.

    source   path to CSV, TSV (also .gz, .zst), Parquet or Feather; or a pandas, polars or Arrow frame. Columns by
             name, in any case and order: problem, n (or n_base and n_tuned), c_base, c_tuned or c_rl; further
             columns are left alone
    errors   InputError for columns that are missing or ambiguous, counts that are missing, negative, not whole or
             above the number of tries, tries below 1, problems without a name or twice, fewer than two problems
    """
    table, column = open_table(source, role="counts")
    if column is not None:
        raise InputError(
            f"{table.name}: one column ({column!r}) is no table of counts. Give the file alone: {_HEADER}."
        )
    base_at, tuned_at = _find(table, BASE, "base successes"), _find(table, TUNED, "tuned successes")
    tries_at = _tries(table)
    base_tries, tuned_tries = (_whole(table, at, least=1) for at in tries_at)
    base, tuned = _whole(table, base_at, least=0), _whole(table, tuned_at, least=0)
    for found, at, tries, of in ((base, base_at, base_tries, tries_at[0]), (tuned, tuned_at, tuned_tries, tries_at[1])):
        above = np.flatnonzero(found > tries)
        if above.size:
            row = int(above[0])
            raise InputError(
                f"{table.name}: column {table.header[at]!r} is above {table.header[of]!r} in {above.size} rows (first "
                f"{table.label(row)}: {found[row]} of {tries[row]}). Successes cannot outnumber the tries: is "
                f"{table.header[of]!r} the number of tries?"
            )
    if table.rows < 2:
        raise InputError(f"{table.name}: has one problem. Breadth is a share of problems: give at least two.")
    notes: tuple[str, ...] = ()
    problem_at = _known(table, PROBLEM, "problems")
    if problem_at is None:
        problem = tuple(str(number) for number in range(1, table.rows + 1))
        notes = ("no column of problems: rows are numbered",)
    else:
        problem = _names(table, problem_at)
        _refuse_twice(table, problem_at, problem)
    group_at = _known(table, GROUP, "groups")
    digest = hashlib.sha256("\n".join(problem).encode())
    for values in (base_tries, tuned_tries, base, tuned):
        digest.update(values.astype("<i8").tobytes())
    return Counts(
        name=table.name,
        problem=problem,
        group=None if group_at is None else _names(table, group_at),
        base=base,
        tuned=tuned,
        base_tries=base_tries,
        tuned_tries=tuned_tries,
        sha256=digest.hexdigest(),
        notes=notes,
    )


def _tries(table: Table) -> tuple[int, int]:
    """Positions of the tries of base and tuned, the same one where they share a column."""
    both = _known(table, TRIES, "tries")
    base, tuned = _known(table, BASE_TRIES, "base tries"), _known(table, TUNED_TRIES, "tuned tries")
    if base is not None and tuned is not None:
        if both is not None:
            raise InputError(
                f"{table.name}: has {table.header[both]!r} beside {table.header[base]!r} and {table.header[tuned]!r}. "
                "Leave out the one that does not count the tries."
            )
        return base, tuned
    if base is not None or tuned is not None:
        if both is None:
            alone = table.header[base if base is not None else tuned or 0]
            raise InputError(
                f"{table.name}: has {alone!r} and no tries of the other policy. Name one column n for both."
            )
        return (both if base is None else base), (both if tuned is None else tuned)
    at = _find(table, TRIES, "tries")
    return at, at


def _known(table: Table, names: tuple[str, ...], what: str) -> int | None:
    found = [position for position, column in enumerate(table.header) if _plain(column) in names]
    if len(found) > 1:
        # the earlier in the list of names is the better known
        ranks = sorted((names.index(_plain(table.header[position])), position) for position in found)
        if what in ("problems", "groups") and ranks[0][0] < ranks[1][0]:
            return ranks[0][1]
        shown = ", ".join(repr(table.header[position]) for position in found)
        raise InputError(f"{table.name}: several columns of {what} ({shown}). Leave one.")
    return found[0] if found else None


def _find(table: Table, names: tuple[str, ...], what: str) -> int:
    found = _known(table, names, what)
    if found is not None:
        return found
    plain = [_plain(column) for column in table.header]
    near = next((hit for name in names for hit in difflib.get_close_matches(name, plain, n=1, cutoff=0.8)), None)
    hint = f" Is it {table.header[plain.index(near)]!r}?" if near else ""
    raise InputError(f"{table.name}: no column of {what} among {table.columns}.{hint} Name the columns {_HEADER}.")


def _plain(column: str) -> str:
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def _whole(table: Table, at: int, *, least: int) -> NDArray[np.int64]:
    """One column as whole numbers of at least `least`."""
    (raw,) = table.read([at])
    column = table.header[at]
    try:
        values = to_floats(raw, name=table.name, column=column, label=table.label, na="drop")
    except InputError as error:
        raise InputError(str(error).replace("A return column holds numbers", "Counts are whole numbers")) from error
    for bad, what, fix in (
        (np.isnan(values), "missing counts", "Write 0 where nothing was solved, or leave the problem out"),
        (values != np.floor(values), "counts that are not whole", "Write successes, not rates"),
        (values < least, f"counts below {least}", "Leave out problems without tries" if least else "Fix the export"),
        (values > _LARGEST, "counts too large to be tries", "Fix the export"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"{table.name}: column {column!r} has {int(bad.sum())} {what} (first {table.label(row)}: "
                f"{str(raw.iloc[row])!r}). {fix}."
            )
    return values.astype(np.int64)


def _names(table: Table, at: int) -> tuple[str, ...]:
    (raw,) = table.read([at])
    names = tuple("" if value is None else str(value).strip() for value in raw.tolist())
    empty = [row for row, name in enumerate(names) if name.lower() in MISSING]
    if empty:
        raise InputError(
            f"{table.name}: column {table.header[at]!r} has {len(empty)} rows without a name (first "
            f"{table.label(empty[0])}). Name each."
        )
    return names


def _refuse_twice(table: Table, at: int, names: tuple[str, ...]) -> None:
    seen: dict[str, int] = {}
    twice = [(row, seen[name]) for row, name in enumerate(names) if seen.setdefault(name, row) != row]
    if twice:
        row, first = twice[0]
        raise InputError(
            f"{table.name}: column {table.header[at]!r} names {len(twice)} problems again (first {table.label(row)}: "
            f"{names[row]!r}, also {table.label(first)}). One row a problem: add up its tries and successes."
        )


def _span(tries: NDArray[np.int64]) -> str:
    low, high = int(tries.min()), int(tries.max())
    return str(low) if low == high else f"{low} to {high}"
