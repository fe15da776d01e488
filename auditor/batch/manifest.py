"""A manifest, one audit a row, goes in with its defaults; jobs come out, or a refusal of the whole."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from auditor.batch.cells import (
    as_text,
    check_options,
    is_path,
    is_rate,
    located,
    nearest,
    option_names,
    option_of,
    parameters,
    plain_name,
)
from auditor.batch.globs import expanded
from auditor.batch.jobs import Job
from auditor.errors import AuditorError, ConfigError, InputError
from auditor.gate.keys import POLICIES, ROLLOUTS
from auditor.plural import several, verb


def read_manifest(path: str | os.PathLike[str]) -> list[Job]:
    """Read a manifest (CSV, TSV, Parquet) and the defaults beside it.

    Columns are `name`, `base`, `tuned` and the options of `audit`; an empty cell leaves the default, which a TOML file
    of the same name may give: manifest.toml for manifest.csv. A row with both rollouts needs neither base nor tuned.
    Paths are relative to the manifest; wildcards in them make one job for each file that `tuned` matches. A row that
    cannot be read is a job that is refused.

    errors   InputError for a file that cannot be read, or has no such columns; ConfigError for its defaults
    """
    from auditor.inputs.table import open_file

    file = Path(os.fspath(path))
    if not file.exists():
        raise InputError(f"{file}: no such file. A manifest is a table with the columns base, tuned and any option")
    table = open_file(file)
    columns = [plain_name(column) for column in table.header]
    known = ("name", *POLICIES, *option_names())
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise InputError(
            f"{table.name}: {several(len(unknown), 'column')} {verb(len(unknown), 'are')} not among the options of an "
            f"audit (first {unknown[0]!r}"
            f"{nearest(unknown[0], known)})"
        )
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise InputError(f"{table.name}: {twice[0]!r} stands twice among the columns")
    defaults = read_defaults(file)
    missing = _missing({*columns, *defaults})
    if missing:
        raise InputError(f"{table.name}: no column {missing[0]!r}, and no default for it beside the manifest")
    cells = [series.tolist() for series in table.read(range(len(columns)))]
    folder = str(file.resolve().parent)
    found: list[Job] = []
    for position in range(table.rows):
        row = defaults | {
            column: text for column, values in zip(columns, cells, strict=True) if (text := as_text(values[position]))
        }
        found += _jobs(row, folder, first=len(found) + 1, where=table.label(position))
    return found


def read_defaults(manifest: Path) -> dict[str, str]:
    """Read the TOML file beside a manifest, each value as it would be typed; empty where there is none.

    errors   ConfigError for what is not TOML, for an unknown key and for a value that its option does not take
    """
    from auditor.inputs.toml import read_toml

    file = manifest.with_name(manifest.name.split(".")[0] + ".toml")
    if not file.is_file():
        return {}
    given, _ = read_toml(file, name=file.name)
    found = {}
    for key, value in given.items():
        name = plain_name(key)
        if name not in (*POLICIES, *option_names()):
            raise ConfigError(
                f"{file.name}: {key!r} is not an option of an audit{nearest(name, (*POLICIES, *option_names()))}"
            )
        if name in found:
            raise ConfigError(f"{file.name}: {name!r} stands there twice, spelled differently")
        if isinstance(value, dict):
            raise ConfigError(f"{file.name}: {key!r} is a table. Options are plain values")
        if value != value:  # NaN: in a manifest an empty cell, here a mistake
            raise ConfigError(f"{file.name}: {key!r} is nan. Leave the line out, or give a value")
        found[name] = as_text(value)
        if not found[name]:
            raise ConfigError(f"{file.name}: {key!r} is empty. Leave the line out, or give a value")
        if name not in POLICIES:
            try:
                option_of(name, found[name])
            except ConfigError as error:
                raise ConfigError(f"{file.name}: {error}") from error
    return found


def jobs_of(rows: Iterable[Mapping[str, Any]], common: Mapping[str, Any]) -> Iterator[Job]:
    """Give a job for each mapping of a Python program, whose values are passed on as they are."""
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            yield _refused(number, "", f"a row must be a mapping with base and tuned; got {type(row).__name__}")
            continue
        options = dict(common) | {key: value for key, value in row.items() if key not in (*POLICIES, "name")}
        name = str(row.get("name") or _name(_told({**options, **row}, "tuned")) or number)
        try:
            check_options(options)
            given = {key: value for key, value in {**options, **row}.items() if value is not None}
            if missing := _missing(given):
                raise InputError(f"the row has no {missing[0]!r}")
        except AuditorError as error:
            yield _refused(number, name, str(error))
            continue
        yield Job(
            row=number,
            name=name,
            base=row.get("base"),
            tuned=row.get("tuned"),
            options=options,
            shown=(_shown(_told(given, "base")), _shown(_told(given, "tuned"))),
        )


def with_common(jobs: Iterable[Job], common: Mapping[str, Any]) -> Iterator[Job]:
    """Give the jobs of a manifest with options for those rows that do not say otherwise."""
    from dataclasses import replace

    return (replace(job, options=dict(common) | dict(job.options)) for job in jobs)


def _jobs(row: Mapping[str, str], folder: str, *, first: int, where: str) -> list[Job]:
    """Make the jobs of one row of a file: more than one where it holds wildcards."""
    name = row.get("name", "")
    paths = {
        column: located(text, folder)
        for column, text in row.items()
        if column != "name" and is_path(column) and not (column == "rf" and is_rate(text))
    }
    try:
        if missing := _missing(row):
            raise InputError(f"{where} has no {missing[0]!r}")
        plain = {
            column: option_of(column, text) for column, text in row.items() if column in parameters().keys() - paths
        }
        found = []
        several = expanded(paths)
        for number, files in enumerate(several, first):
            own = name if name and len(several) == 1 else " ".join(filter(None, [name, _name(_told(files, "tuned"))]))
            shown = (_from(_told(files, "base"), folder), _from(_told(files, "tuned"), folder))
            base, tuned = files.pop("base", None), files.pop("tuned", None)
            found.append(
                Job(row=number, name=own, base=base, tuned=tuned, options={**plain, **files}, shown=shown)
            )  # fmt: skip
        return found
    except AuditorError as error:
        shown = (_told(row, "base") or "", _told(row, "tuned") or "")
        return [_refused(first, name or _name(_told(row, "tuned")), str(error), shown)]


def _missing(given: Collection[str]) -> list[str]:
    """Name the policies that are needed and not there: none where both rollouts are."""
    return [] if all(one in given for one in ROLLOUTS) else [one for one in POLICIES if one not in given]


def _told(given: Mapping[str, Any], policy: str) -> Any:
    """Give what stands for a policy: its returns, or its rollouts where they stand alone."""
    found = given.get(policy)
    return given.get(f"{policy}_rollouts") if found is None else found


def _refused(row: int, name: str, why: str, shown: tuple[str, str] = ("", "")) -> Job:
    return Job(row=row, name=name, base=None, tuned=None, shown=shown, refused=why)


def _name(tuned: Any) -> str:
    """What to call an audit whose row does not say: the tuned policy's file, and the column in it."""
    if not isinstance(tuned, str | os.PathLike):
        return ""
    parts = Path(os.fspath(tuned)).name.split(":")
    return ":".join([parts[0].split(".")[0] or parts[0], *parts[1:]])


def _shown(source: Any) -> str:
    return os.fspath(source) if isinstance(source, str | os.PathLike) else f"({type(source).__name__})"


def _from(path: str, folder: str) -> str:
    """A path as the manifest would write it."""
    inside = path.startswith(folder + os.sep)
    return path[len(folder) + 1 :].replace(os.sep, "/") if inside else path
