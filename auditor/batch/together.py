"""Results of a whole shelf go in; p-values that know of one another, and variants better than their base, come out."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from auditor.batch.jobs import Group, Job
from auditor.errors import InputError
from auditor.gate.keys import ROLLOUTS
from auditor.plural import several

REPS = 1_000
"""Replicates of StepM, which a loop in Python resamples."""

MOST_CELLS = 10_000_000
"""Periods times variants that one StepM holds: about 110 bytes each in arch, so 1.1 GB."""

SAME = ("base_sha256", "oos_first", "oos_last", "n_oos", "periods_per_year", "level", "seed")
"""What audits share that are tested together, beside the base's returns: its file, the window, how they are tested."""


class Family(NamedTuple):
    """Audits that are tested together: positions of the variants tested, and of all rows that are one of them."""

    group: Group
    chosen: list[int]
    members: list[int]


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Hochberg q beside each p: the least false discovery rate at which it is called. None stays None."""
    from scipy.stats import false_discovery_control

    there = [p for p in p_values if p is not None]
    q = iter(false_discovery_control(there).tolist() if there else [])
    return [None if p is None else float(next(q)) for p in p_values]


def paired_of(job: Job) -> str | None:
    """Give the sha256 of what StepM would hold variants against: out-of-sample dates and base, cash taken off.

    None where the job has rollouts: its label is of them, and not of the returns that StepM would read.
    """
    if has_rollouts(job):
        return None
    pair = _pair(job)
    index = pair.out_of_sample.index
    digest = hashlib.sha256(np.ascontiguousarray(pair.dates[index].as_unit("ns").asi8, "<i8").tobytes())
    digest.update(np.ascontiguousarray(pair.base[index], "<f8").tobytes())
    return digest.hexdigest()


def has_rollouts(job: Job) -> bool:
    """Whether an audit is of several seeds of each policy."""
    return any(job.options.get(name) is not None for name in ROLLOUTS)


def families(
    jobs: Sequence[Job], records: Sequence[Mapping[str, Any]], paired: Sequence[str | None]
) -> tuple[list[Family], list[str]]:
    """Put together the audits of one base over one window, two variants or more; and say what is left out.

    paired   of each job, as of `paired_of`: a base less another cash rate, or on other dates, is another base

    Two rows of the same tuned returns are one variant.
    """
    found: dict[tuple[Any, ...], list[int]] = {}
    seeds = 0
    for position, record in enumerate(records):
        if record.get("label") is None:
            continue
        if has_rollouts(jobs[position]):
            seeds += 1
            continue
        found.setdefault((paired[position], *(record[name] for name in SAME)), []).append(position)
    made = []
    for members in found.values():
        variants = {records[i]["tuned_sha256"]: i for i in reversed(members)}
        if len(variants) > 1:
            chosen = sorted(variants.values())
            first = records[chosen[0]]
            block = math.ceil(median(records[i]["block"] for i in chosen))
            group = Group(
                jobs=tuple(jobs[i] for i in chosen), block=block, seed=first["seed"], level=first["level"]
            )  # fmt: skip
            made.append(Family(group, chosen, members))
    if not seeds:
        return made, []
    left = f"{several(seeds, 'row')} with rollouts: the label is of these, and StepM tests single policies"
    return made, [left]


def superior(group: Group) -> dict[str, Any]:
    """Test all variants of one base at once on their out-of-sample returns: StepM, and SPA's p for the best of them.

    returns  "better" (a flag a job, in order), "p" and "variants"
    errors   InputError where they do not stand on the same dates, or are too many to hold
    """
    from auditor.stats.deflated import NotAssessed
    from auditor.stats.superior import superior_trials

    base, columns, dates = None, [], None
    for job in group.jobs:
        pair = _pair(job)
        index = pair.out_of_sample.index
        if index.size * len(group.jobs) > MOST_CELLS:
            raise InputError(
                f"StepM over {len(group.jobs)} variants of {index.size} periods needs about "
                f"{index.size * len(group.jobs) * 110 / 1e9:.1f} GB: put fewer variants of a base in one manifest"
            )
        if dates is None:
            base, dates = pair.base[index], pair.dates[index]
        elif not dates.equals(pair.dates[index]):
            raise InputError("the variants of a base do not stand on the same dates, so StepM cannot compare them")
        columns.append(pair.tuned[index])
    if base is None:
        raise InputError("there is nothing to compare")
    try:
        found = superior_trials(
            base, np.column_stack(columns), block=group.block, reps=REPS, seed=group.seed, level=group.level
        )
    except NotAssessed as reason:
        raise InputError(f"StepM does not apply: {reason}") from reason
    better = set(found.superior)
    return {"better": [i in better for i in range(len(columns))], "p": found.p_consistent, "variants": len(columns)}


def _pair(job: Job) -> Any:
    from auditor.reading import read_pair

    known = inspect.signature(read_pair).parameters
    return read_pair(job.base, job.tuned, **{name: one for name, one in job.options.items() if name in known})
