"""The stability of an audit goes in; its rows and its sentence come out, the same for every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.plain import clean
from auditor.report.shown import p_value, signed
from auditor.verdict.words import HEADLINES

if TYPE_CHECKING:
    from auditor.stability import Stability

TITLE = "Stability: the same audit under other choices"
HEADER = ("finding", "gain", "p", "new part p")
CHOICES = {"split": "the split date", "block": "the block length", "seed": "the seed"}
CAUTION = "An earlier start takes in data that the tuning saw, and so can flatter."


def rows(found: Stability) -> list[tuple[str, str, str, str, str]]:
    """Give what was changed, and finding, gain and p-values under it; the reason in place of a finding not reached."""
    return [
        (clean(one.what), f"not audited: {clean(one.reason or '')}", "", "", "")
        if one.finding is None or one.gain is None
        else (clean(one.what), HEADLINES[one.finding], signed(one.gain), p_value(one.p_value), p_value(one.new_p))
        for one in found.again
    ]


def sentences(found: Stability) -> list[str]:
    """Give whether the label hangs on a choice, and on which."""
    if not found.audited:
        return ["No other choice could be audited, so nothing is known of the label's stability."]
    counted = (
        f"The label is the same in {found.same_label} of {found.audited} audits, "
        f"the finding in {found.same_finding} of {found.audited}."
    )
    if found.hangs_on:
        answer = f"The label hangs on {_listed(found.hangs_on)}: do not lean on it without more data."
    elif found.finding_hangs_on:
        answer = f"The label holds; which kind it is hangs on {_listed(found.finding_hangs_on)}."
    else:
        answer = "It hangs on none of these choices."
    earlier = any(one.choice == "split" and "earlier" in one.what and one.finding for one in found.again)
    return [counted, answer, *([CAUTION] if earlier else [])]


def _listed(choices: tuple[str, ...]) -> str:
    *first, last = (CHOICES[one] for one in choices)
    return f"{', '.join(first)} and {last}" if first else last
