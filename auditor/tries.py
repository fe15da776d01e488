"""A table of counts goes in; what base and tuned solve with many tries, judged, comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auditor.config import Settings
from auditor.coverage.tries import Tries, compare_tries
from auditor.coverage.tries_verdict import Finding, TriesVerdict, judge_tries
from auditor.describe import versions
from auditor.errors import InputError
from auditor.inputs.counts import Counts, read_counts

EXAMPLE = "deepscaler32k.csv"

MOST_TRIES, MOST_CELLS = 10_000, 50_000_000
"""Largest number of tries of a problem, and of problems times tries: the curves are held in memory at every k."""

LUCK = "Luck: a table of counts has no placebo, so a problem solved by a lucky guess counts as solved"
WITHIN = "Order of the problems: a table of counts has none, so problems are resampled one by one"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFinding:
    """What was found on the problems of one group alone; its text is the finding as a sentence.

    base, tuned  pass@1 and pass@k at the most tries of every problem in the group
    k            that number of tries
    """

    finding: Finding
    reason: str
    problems: int
    k: int
    base: tuple[float, float]
    tuned: tuple[float, float]

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.finding}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriesAudit:
    """What base and tuned solve with many tries, and whether tuning widened it or sharpened the draw.

    name, sha256  what was read, and of its values
    example       whether that is the bundled example
    groups        finding of each group alone, in the order of the table; empty where it has no two groups
    not_assessed  each with its reason
    versions      of the programs that computed it
    """

    name: str
    sha256: str
    example: bool
    verdict: TriesVerdict
    tries: Tries
    groups: Mapping[str, GroupFinding]
    base_tries: tuple[int, int]
    tuned_tries: tuple[int, int]
    notes: tuple[str, ...]
    not_assessed: tuple[str, ...]
    versions: Mapping[str, str]

    def __str__(self) -> str:
        """Give the report as `auditor tries` prints it."""
        from auditor.report.tries import plain_text

        return plain_text(self)


def tries(source: object = None, *, reps: int = 2_000, seed: int = 0, level: float = 0.05) -> TriesAudit:
    """Compare what two policies solve with many tries, from a table of counts.

    source       path or frame with columns problem, n, c_base, c_tuned, as `read_counts` takes it; None: the bundled
                 example
    reps, seed   resamples of the problems, and of their draws
    level        of the bands
    errors       InputError for a table or an option that cannot be used
    """
    Settings(reps=reps, seed=seed, level=level)
    counts = read_counts(bundled() if source is None else source)
    _refuse_large(counts)
    chosen = {"reps": reps, "seed": seed, "level": level}
    compared = _compare(counts, np.ones(counts.base.size, dtype=bool), chosen)
    groups, alone = _groups(counts, chosen)
    one = counts.group is not None and len(set(counts.group)) == 1
    return TriesAudit(
        name=counts.name,
        sha256=counts.sha256,
        example=source is None,
        verdict=judge_tries(compared),
        tries=compared,
        groups=groups,
        base_tries=(int(counts.base_tries.min()), int(counts.base_tries.max())),
        tuned_tries=(int(counts.tuned_tries.min()), int(counts.tuned_tries.max())),
        notes=(*counts.notes, *compared.notes, *(("all problems are of one group",) if one else ())),
        not_assessed=(*compared.not_assessed, *alone, LUCK, WITHIN),
        versions=versions(),
    )


def bundled() -> Path:
    """Where the bundled example is: in the installed package, or beside it in a checkout.

    errors   InputError where it is in neither
    """
    package = Path(__file__).resolve().parent
    for place in (package / "data" / "tries", package.parent / "data" / "tries"):
        if (place / EXAMPLE).is_file():
            return place / EXAMPLE
    raise InputError("the bundled tries are missing from this installation. Install the package again.")


def _groups(counts: Counts, chosen: Mapping[str, float]) -> tuple[dict[str, GroupFinding], list[str]]:
    """Findings by group, and what was not assessed."""
    names = list(dict.fromkeys(counts.group or ()))
    if counts.group is None or len(names) < 2:
        return {}, []
    found, alone = {}, []
    at = {name: place for place, name in enumerate(names)}
    member = np.array([at[name] for name in counts.group])
    for place, name in enumerate(names):
        mask = member == place
        if mask.sum() < 2:
            alone.append(f"Group {name}: it has one problem")
            continue
        compared = _compare(counts, mask, chosen)
        verdict, curves = judge_tries(compared), compared.curves
        found[name] = GroupFinding(
            finding=verdict.finding,
            reason=verdict.reason,
            problems=int(mask.sum()),
            k=int(curves.k[-1]),
            base=(float(curves.base[0]), float(curves.base[-1])),
            tuned=(float(curves.tuned[0]), float(curves.tuned[-1])),
        )
    return found, alone


def _compare(counts: Counts, mask: np.ndarray[tuple[int], np.dtype[np.bool_]], chosen: Mapping[str, float]) -> Tries:
    return compare_tries(
        counts.base[mask],
        counts.tuned[mask],
        base_tries=counts.base_tries[mask],
        tuned_tries=counts.tuned_tries[mask],
        block=1,
        reps=int(chosen["reps"]),
        seed=int(chosen["seed"]),
        level=chosen["level"],
    )


def _refuse_large(counts: Counts) -> None:
    most = int(max(counts.base_tries.max(), counts.tuned_tries.max()))
    if most > MOST_TRIES or most * counts.base.size > MOST_CELLS:
        raise InputError(
            f"{counts.name}: {counts.base.size:,} problems with up to {most:,} tries are too many (at most "
            f"{MOST_TRIES:,} tries, and {MOST_CELLS:,} problems x tries). Is the column of tries right? If so, give "
            "fewer problems."
        )
