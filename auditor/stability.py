"""A checked pair, its audit and the way to audit again go in; whether the label hangs on a choice comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from auditor.config import MOST_SEED, Settings
from auditor.errors import InputError
from auditor.inputs.calendar import show
from auditor.inputs.doubts import constant_evidence
from auditor.inputs.pair import MIN_OOS, Pair
from auditor.inputs.split import moved
from auditor.verdict.checks import Finding, Label

if TYPE_CHECKING:
    from auditor.result import Audit

Choice = Literal["split", "block", "seed"]

SHIFTS = (-0.10, -0.05, 0.05, 0.10)
"""Shares of its length by which the start of every out-of-sample window is moved."""

MORE_SEEDS = 3
"""Seeds tried beside the one in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One audit of the same pair under another choice.

    choice   which choice was changed: split, block or seed
    what     to what, in words
    gain     out-of-sample Sharpe gain, annualised, its one-sided p and that of the new part; None, with the reason,
             where there is none
    reason   why this choice could not be audited; label and finding are then None
    """

    choice: Choice
    what: str
    label: Label | None
    finding: Finding | None
    gain: float | None
    p_value: float | None
    new_p: float | None
    new_p_reason: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """The same audit over moved split dates, other block lengths and other seeds.

    again               every other choice, audited
    audited             how many of them could be
    same_label, same_finding   how many gave the label and the finding of the audit
    hangs_on            choices under which the label changes; finding_hangs_on those under which the finding does
    """

    again: tuple[Again, ...]
    audited: int
    same_label: int
    same_finding: int
    hangs_on: tuple[Choice, ...]
    finding_hangs_on: tuple[Choice, ...]

    def __str__(self) -> str:
        """Give the answer on one line."""
        held = f"label held in {self.same_label} of {self.audited}"
        return f"{held}; it hangs on {', '.join(self.hangs_on)}" if self.hangs_on else held


def examine(pair: Pair, settings: Settings, found: Audit, audit_again: Callable[[Pair, Settings], Audit]) -> Stability:
    """Audit under other choices that a user could have made as well, and say on which the label hangs.

    found        the audit under the choices in force
    audit_again  the same audit of another pair or under other settings, which reads no file

    An earlier start takes in data that the tuning saw, so it can flatter; a later one only leaves data out.
    """
    again = tuple(
        one
        for choices in (_splits(pair, settings), _blocks(pair, settings, found), _seeds(pair, settings))
        for one in (_audited(choice, what, other, how, audit_again) for choice, what, other, how in choices)
    )
    ran = [one for one in again if one.finding is not None]
    return Stability(
        again=again,
        audited=len(ran),
        same_label=sum(one.label == found.label for one in ran),
        same_finding=sum(one.finding == found.finding for one in ran),
        hangs_on=tuple(dict.fromkeys(one.choice for one in ran if one.label != found.label)),
        finding_hangs_on=tuple(dict.fromkeys(one.choice for one in ran if one.finding != found.finding)),
    )


Other = tuple[Choice, str, Pair | str, Settings]
"""A choice, what it is changed to, the pair under it or why there is none, and the settings under it."""


def _splits(pair: Pair, settings: Settings) -> Iterator[Other]:
    """The pair with every out-of-sample window begun earlier and later."""
    seen = {pair.out_of_sample.index.tobytes()}
    for share in SHIFTS:
        inside, outside = moved(pair.dates, pair.out_of_sample, share, embargo=settings.embargo)
        if outside is not None and outside.index.tobytes() in seen:
            continue
        step = f"{abs(share):.0%} {'earlier' if share < 0 else 'later'}"
        if inside is None or outside is None:
            why = f"fewer than {MIN_OOS} periods would be out of sample, or too few in sample"
            yield "split", f"start {step}", why, settings
            continue
        seen.add(outside.index.tobytes())
        start = f"from {show(outside.first)}" if len(outside.lengths) == 1 else "every window"
        other: Pair | str = replace(pair, in_sample=inside, out_of_sample=outside)
        for span in (inside, outside):
            for role, values in (("base", pair.base), ("tuned", pair.tuned)):
                if evidence := constant_evidence(values[span.index]):
                    other = f"the returns of {role} {evidence}"
        yield "split", f"{start}, {step}", other, settings


def _blocks(pair: Pair, settings: Settings, found: Audit) -> Iterator[Other]:
    """Half and twice the longest block that a test out of sample had, as far as they fit."""
    tests = (found.sharpe.out_of_sample, found.attribution.out_of_sample.new_mean)
    block = max(one.block for one in tests if one is not None)
    most = min(min(span.index.size // 4, *span.lengths) for span in (pair.in_sample, pair.out_of_sample))
    half, double = max(1, min(block // 2, most)), min(2 * block, most)
    for length, fits in ((half, half < block), (double, double > block)):
        if fits:
            yield "block", f"blocks of {length}, not {block}", pair, replace(settings, block=length)


def _seeds(pair: Pair, settings: Settings) -> Iterator[Other]:
    """The seeds after the one in force; before it where there are no more."""
    step = 1 if settings.seed <= MOST_SEED - MORE_SEEDS else -1
    for seed in range(settings.seed + step, settings.seed + step * (1 + MORE_SEEDS), step):
        yield "seed", f"seed {seed}, not {settings.seed}", pair, replace(settings, seed=seed)


def _audited(
    choice: Choice, what: str, pair: Pair | str, settings: Settings, audit_again: Callable[[Pair, Settings], Audit]
) -> Again:
    """Audit under one other choice; what is refused under it says why."""
    if isinstance(pair, Pair):
        try:
            found = audit_again(pair, settings)
        except InputError as error:
            pair = str(error)
        else:
            outside, parts = found.sharpe.out_of_sample, found.attribution.out_of_sample
            return Again(
                choice=choice,
                what=what,
                label=found.label,
                finding=found.finding,
                gain=outside.gain,
                p_value=outside.p_value,
                new_p=parts.new_p,
                new_p_reason=parts.new_reason,
                reason=None,
            )
    return Again(
        choice=choice,
        what=what,
        label=None,
        finding=None,
        gain=None,
        p_value=None,
        new_p=None,
        new_p_reason=pair,
        reason=pair,
    )
