"""Results of a whole shelf go in; p-values that know of one another, and variants better than their base, come out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from auditor.batch.jobs import Group, Job
from auditor.errors import InputError

REPS = 1_000
"""Replicates of StepM, which a loop in Python resamples."""

MOST_CELLS = 10_000_000
"""Periods times variants that one StepM holds: about 110 bytes each in arch, so 1.1 GB."""

SAME = ("base_sha256", "oos_first", "oos_last", "n_oos", "periods_per_year", "level", "seed")
"""What audits share that are tested together: the base, the window, and how they are tested."""


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Hochberg q beside each p: the least false discovery rate at which it is called. None stays None."""
    from scipy.stats import false_discovery_control

    there = [p for p in p_values if p is not None]
    q = iter(false_discovery_control(there).tolist() if there else [])
    return [None if p is None else float(next(q)) for p in p_values]


def groups(jobs: Sequence[Job], records: Sequence[Mapping[str, Any]]) -> list[tuple[Group, list[int]]]:
    """Put together the audits of one base over one window, two or more, each with the positions of its members.

    Two rows of the same tuned returns are one variant.
    """
    found: dict[tuple[Any, ...], list[int]] = {}
    for position, record in enumerate(records):
        if record.get("label") is not None:
            found.setdefault(tuple(record[name] for name in SAME), []).append(position)
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
            made.append((group, chosen))
    return made


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
