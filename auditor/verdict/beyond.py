"""A finding and the facts behind it go in; what no number could tell, and what would move the label, come out."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.verdict.checks import Check, Facts, Finding
from auditor.verdict.words import detectable_text, fades, p_text, signed


def could_not_assess(facts: Facts, checks: Mapping[str, Check]) -> tuple[str, ...]:
    """What no number here can speak of, and why."""
    found = [
        f"{check.question} {check.reason[0].upper()}{check.reason[1:]}."
        for check in checks.values()
        if check.value is None and check.reason
    ]
    if facts.evidence != "trades":
        found.append("What was traded: no trades were given, so opportunities are inferred from returns.")
    if facts.evidence == "returns":
        found.append(
            "What both policies share: give the market if either is long-biased, and every sleeve if the base holds "
            "several (--known). Until then a shift between them can pass for new edge."
        )
    found += facts.not_assessed
    if facts.look is None:
        found.append("How often this out-of-sample window was looked at: no ledger was given.")
    return tuple(found)


def what_would_change(finding: Finding, facts: Facts, checks: Mapping[str, Check]) -> tuple[str, ...]:
    """What evidence would move the label, or make presumed shown."""
    outside = facts.out_of_sample
    found = []
    if finding == "new_edge" and facts.evidence != "trades":
        found.append("Trades of both policies would show whether the new part was really not taken by the base.")
        if facts.evidence == "returns":
            found.append(
                "A known stream (market, factor, sleeve) that explains the new part would make this a reweighting."
            )
    if finding == "new_edge" and facts.evidence == "trades":
        found.append(
            "Another key of what an opportunity is (--opportunity), or fills that engines time differently "
            "(--tolerance), under which the base held the new trades too, would make this a reweighting."
        )
        if not checks["gain_survives"].passed:
            found.append(f"To show the gain as a whole, which is probable: {_more_data(facts, checks)}")
    if finding == "efficiency" and facts.leaves_base:
        if facts.evidence != "trades":
            found.append("Trades of both policies would split the gain exactly and find a new book more often.")
        if facts.new_p is not None and checks["new_part_earns"].passed is False:
            found.append("A new part that earns, alone and beside the covered part, on more out-of-sample data.")
    if finding == "unproven":
        found.append(_more_data(facts, checks))
        near = facts.evidence == "trades" and _all_but_the_new_part(checks)
        if near and facts.new_p is not None:
            found.append(
                f"A new part shown to earn: the gain is probable, so a p below {facts.level:g} of the new part, here "
                f"{p_text(facts.new_p, facts.level)}, would make this new edge."
            )
        if facts.evidence != "trades":
            found.append("Trades of both policies would let a probable gain with a proven new part count.")
    if finding == "flattering":
        found.append(
            "Nothing on this window: the promised gain lies outside its interval. A new version is a new audit."
        )
    if finding == "no_gain" and outside.gain >= 0.005:
        found.append(_more_data(facts, checks))
    return tuple(found)


def _all_but_the_new_part(checks: Mapping[str, Check]) -> bool:
    probable = checks.get("gain_probable")
    held = (checks["gain_at_longer_horizon"], checks["edge_share"])
    return (
        probable is not None
        and all(check.passed is True for check in (probable, *held))
        and checks["new_part_earns"].passed is False
    )


def _more_data(facts: Facts, checks: Mapping[str, Check]) -> str:
    outside = facts.out_of_sample
    detectable = detectable_text(outside.min_detectable_gain)
    if fades(checks):
        return (
            "A gain that is there at longer horizons too: fresh prices, no smoothing, no lag. This sample finds "
            f"gains of {detectable} with 80 % power."
        )
    if outside.periods_needed is None or outside.gain < 0.005:
        return (
            f"A positive gain out of sample: this sample finds {detectable} with 80 % power, "
            f"and the gain was {signed(outside.gain)}."
        )
    more = outside.periods_needed - outside.n_obs
    if more <= 0:
        return (
            f"Hardly any more data: 80 % power needs a gain of {detectable}, and the gain seen "
            f"({signed(outside.gain)}) is that large, yet not shown."
        )
    return (
        f"80 % power needs a gain of {detectable}, or, at the gain seen, "
        f"{more:,} more out-of-sample {'period' if more == 1 else 'periods'} ({outside.periods_needed:,} in all)."
    )
