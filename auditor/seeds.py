"""Audits of single rollouts go in; the label over seeds, and whether it hangs on one, come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from auditor.breadth import Breadth
from auditor.breadth_rollouts import breadth_of_rollouts
from auditor.config import Settings
from auditor.describe import as_inputs
from auditor.inputs.pair import Pair
from auditor.inputs.returns import Returns
from auditor.result import Audit, SeedAudit, Seeds
from auditor.rollouts import Runs, as_policies, beside_mean, not_audited, records
from auditor.verdict.checks import Finding

AGREE = 0.9
"""Share of seeds that must give one finding for the label not to hang on the seed."""

CAUTION: Mapping[Finding, int] = {"no_gain": 0, "flattering": 1, "unproven": 2, "efficiency": 3, "new_edge": 4}
"""Where as many seeds give one finding as another, the one that claims less counts."""


def over_seeds(audits: Sequence[Audit]) -> Audit:
    """Give the audit of the pair of seeds that stands for all, with the findings of every pair.

    audits  of single pairs of rollouts, one or more

    It is the pair of median out-of-sample gain among those of the most frequent finding. Where fewer than 90 % of pairs
    share that finding the label hangs on the seed: it is then presumed, whatever one pair shows.
    """
    counts = Counter(one.finding for one in audits)
    finding = min(counts, key=lambda name: (-counts[name], CAUTION[name]))
    alike = sorted((one for one in audits if one.finding == finding), key=lambda one: one.sharpe.out_of_sample.gain)
    typical = alike[(len(alike) - 1) // 2]
    agree = counts[finding] / len(audits)
    hangs = agree < AGREE
    seeds = Seeds(
        audits=tuple(_line(one) for one in audits),
        findings={name: counts[name] for name in sorted(counts, key=lambda name: -CAUTION[name])},
        agree=agree,
        hangs=hangs,
        shown=(typical.inputs[0].column, typical.inputs[1].column),
    )
    return replace(
        typical,
        standing="presumed" if hangs else typical.standing,
        reason=f"{seeds}. {typical.reason}",
        seeds=seeds,
    )


def with_runs(audit: Audit, pair: Pair, runs: Runs, settings: Settings, given: Sequence[Returns | None]) -> Audit:
    """Put beside an audit what the rollouts behind it solve.

    pair   any pair of the rollouts' policies: its dates and spans count
    given  base and tuned where they were given beside their rollouts
    """
    found = breadth_of_rollouts(pair, runs, settings)
    left = not_audited(runs)
    if left and audit.seeds is not None:
        seeds = replace(audit.seeds, not_audited=left)
        audit = replace(audit, seeds=seeds, reason=f"{seeds}{audit.reason.removeprefix(str(audit.seeds))}")
    warnings = tuple(
        text
        for one, mean, role in zip(given, as_policies(runs), ("base", "tuned"), strict=True)
        for text in beside_mean(one, mean, role)
    )
    return replace(
        audit,
        coverage=replace(audit.coverage, tries=found),
        warnings=audit.warnings + warnings + against_label(audit.finding, found),
        notes=audit.notes + runs.notes + found.notes,
        not_assessed=audit.not_assessed + found.not_assessed + left,
        inputs=audit.inputs + as_inputs(records(runs)),
    )


def against_label(finding: Finding, found: Breadth) -> tuple[str, ...]:
    """Say where the label and what the rollouts solve point to different answers."""
    verdict = None if found.out_of_sample is None else found.out_of_sample.verdict
    if verdict is None:
        return ()
    if finding == "new_edge" and verdict.finding in ("sharper, not wider", "narrower"):
        return (
            f"The label is new edge, yet tuned's rollouts are {verdict.finding} than the base's: they solve what the "
            "base's solve with more tries.",
        )
    if finding != "new_edge" and verdict.finding == "wider":
        return (
            "Tuned's rollouts solve problems that the base's do not, yet the label is not new edge: what is new does "
            "not (yet) pay in the policy as a whole.",
        )
    return ()


def _line(audit: Audit) -> SeedAudit:
    base, tuned = audit.inputs[0], audit.inputs[1]
    outside = audit.sharpe.out_of_sample
    return SeedAudit(
        base=base.column,
        tuned=tuned.column,
        label=audit.label,
        finding=audit.finding,
        gain=outside.gain,
        p_value=outside.p_value,
        new_p=audit.attribution.new_p,
    )
