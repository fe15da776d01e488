"""A finding and the facts behind it go in; the sentences that people read come out."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.coverage.booking import NO_TRADE_LEAVES
from auditor.coverage.direction import ALL
from auditor.coverage.holdings import NO_POSITION_LEAVES
from auditor.verdict.checks import Check, Evidence, Facts, Finding, Standing

HEADLINES: Mapping[Finding, str] = {
    "new_edge": "NEW EDGE",
    "efficiency": "REWEIGHTING: efficiency",
    "flattering": "REWEIGHTING: flattering",
    "unproven": "REWEIGHTING: unproven",
    "no_gain": "NO GAIN",
}

MEANINGS: Mapping[Finding, str] = {
    "new_edge": "the tuned policy earns from returns that the base's opportunities do not explain",
    "efficiency": "the gain is real, but it is the base's own opportunities drawn more sharply: price it as efficiency",
    "flattering": "a wrapper: the gain promised in sample is refuted out of sample",
    "unproven": "a gain in sample that this out-of-sample data neither confirms nor refutes",
    "no_gain": "the tuned policy is not shown to be better than the base",
}

SOURCES: Mapping[Evidence, str] = {
    "returns": "returns alone",
    "known": "returns and known streams",
    "trades": "trades",
}

NEW_BY_TRADES = "the tuned policy earns from opportunities that the base did not hold"

NOT_MORE = (
    "the gain is real, but nothing shows that it is more than the base's own opportunities drawn more sharply: price "
    "it as efficiency"
)


def meaning_of(finding: Finding, evidence: Evidence, standing: Standing = "shown") -> str:
    """Give what a finding means; trades show what returns only infer, and what is presumed is not said to be so."""
    if finding == "efficiency" and standing == "presumed":
        return NOT_MORE
    return NEW_BY_TRADES if finding == "new_edge" and evidence == "trades" else MEANINGS[finding]


def p_text(p: float, level: float = 0.05) -> str:
    """Give a p-value to three decimals, or to four where it is small or would round to the level it is held against."""
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.4f}" if p < 0.001 or (p != level and round(p, 3) == level) else f"p = {p:.3f}"


def detectable_text(gain: float) -> str:
    """Give the least gain found with 80 % power; where less than 0.01 is found, so is 0.01, and 0.00 is no gain."""
    return f"{max(gain, 0.01):.2f}"


def confidence_text(level: float) -> str:
    """Give the confidence that a level leaves, "95%": digits are added until it is not said to be certain."""
    said = (f"{100 * (1 - level):.{digits}g}" for digits in range(4, 17))
    return f"{next((text for text in said if float(text) < 100), '100')}%"


def _signed(gain: float, digits: int = 2) -> str:
    """Give a gain with its sign; a loss that rounds to nothing is +0.00."""
    return f"{gain:+z.{digits}f}"


def _telling(one: float, other: float) -> int:
    """Give the digits that tell two gains apart; two where none do."""
    return next((digits for digits in range(2, 10) if _signed(one, digits) != _signed(other, digits)), 2)


def share_text(share: float) -> str:
    """Give a share, never as all or nothing where it is not."""
    if 0 < share <= 0.005:
        return "under 1%"
    return "over 99%" if 0.995 <= share < 1 else f"{share:z,.0%}"


def reason_for(finding: Finding, facts: Facts, checks: Mapping[str, Check]) -> str:
    """One sentence a risk committee reads: what was found, with its numbers."""
    outside, inside = facts.out_of_sample, facts.in_sample
    gain = f"the Sharpe gain of {_signed(outside.gain)} ({p_text(outside.p_value, facts.level)})"
    if finding == "new_edge":
        share = checks["edge_share"].value or 0.0
        part = "all" if share >= 0.995 else share_text(share)
        held = "survives" if checks["gain_survives"].passed else "is probable"
        if facts.evidence == "trades":
            return (
                f"Out of sample {gain} {held}, and {part} of it comes from opportunities that the base did not hold "
                f"and that earn on their own ({p_text(facts.new_p or 0.0, facts.level)})."
            )
        return (
            f"Out of sample {gain} {held}, and {part} of it comes from returns that the base's opportunities "
            f"do not explain and that earn on their own ({p_text(facts.new_p or 0.0, facts.level)})."
        )
    if finding == "efficiency":
        return f"Out of sample {gain} survives, but {_why_not_new(facts, checks)}."
    if finding == "flattering":
        digits = _telling(inside.gain, outside.upper_bound)
        promised, seen, bound = (_signed(one, digits) for one in (inside.gain, outside.gain, outside.upper_bound))
        return (
            f"In sample the Sharpe ratio rose by {promised}; out of sample the gain is {seen} and at most {bound} with "
            f"{confidence_text(outside.level)} confidence: what was promised is refuted."
        )
    if finding == "unproven":
        if _fades(checks):
            return f"Out of sample {gain} does not last: {_horizon_words(facts, checks)}."
        shrank = checks["new_part_earns"].passed and checks["edge_share"].value is not None
        tail = "; the new part earns, but the gain as a whole is not proven" if shrank else ""
        rose = f"In sample the Sharpe ratio rose by {_signed(inside.gain)}"
        finds = detectable_text(outside.min_detectable_gain)
        if outside.gain <= -0.005:
            fell = f"it fell by {-outside.gain:.2f} ({p_text(outside.p_value)})"
            return (
                f"{rose}, and out of sample {fell}: this data, which finds gains of {finds} and more, neither confirms "
                "nor refutes the promise."
            )
        if float(f"{outside.gain:.2f}") >= float(finds):
            large = f"is not shown, although this data finds gains of {finds} and more with 80 % power"
            return f"{rose}; out of sample {gain} {large}{tail}."
        return f"{rose}; out of sample {gain} is too small for this data, which finds gains of {finds} and more{tail}."
    if max(abs(inside.gain), abs(outside.gain)) < 0.005:
        return "Both policies have the same Sharpe ratio in sample and out of sample, up to rounding."
    size = f"{abs(inside.gain):.2f}"
    way = "as high as" if size == "0.00" else f"{size} lower than"
    held = "does not survive"
    if _fades(checks):
        held = f"does not last: {_horizon_words(facts, checks)}"
    elif checks["gain_survives"].passed:
        held = "is no more than rounding"
    return f"In sample the tuned policy's Sharpe ratio is {way} the base's, and out of sample {gain} {held}."


def _fades(checks: Mapping[str, Check]) -> bool:
    """Whether the longer horizon alone stands between a gain and its survival."""
    there = checks["gain_beyond_rounding"].passed and checks["gain_survives"].passed
    return bool(there) and checks["gain_at_longer_horizon"].passed is not True


def _why_not_new(facts: Facts, checks: Mapping[str, Check]) -> str:
    by_trades = facts.evidence == "trades"
    if not facts.leaves_base and facts.new_reason:
        if by_trades and facts.new_reason.endswith((NO_TRADE_LEAVES, NO_POSITION_LEAVES)):
            return "tuned held nothing that the base did not hold"
        return facts.new_reason
    if checks["new_part_earns"].passed is False and facts.new_p is not None:
        if by_trades:
            return f"what tuned held and the base did not is not shown to earn ({p_text(facts.new_p, facts.level)})"
        return f"what the base's opportunities do not explain is not shown to earn ({p_text(facts.new_p, facts.level)})"
    if checks["new_part_earns"].passed is None:
        return facts.new_reason or "there is no new part"
    share = checks["edge_share"]
    if share.passed is False and share.value is not None:
        outside = "opportunities that the base did not hold" if by_trades else "outside the base's opportunities"
        return f"{_only(share.value)} of it comes from {outside}"
    if facts.blind:
        return "these returns cannot tell whether the tuned policy is only a part of the base"
    of = "" if facts.direction.periods == ALL else f" of {facts.direction.periods}"
    return f"the tuned policy is the narrower one (z = {facts.direction.z or 0.0:.1f}{of}): it keeps a part of the base"


def _horizon_words(facts: Facts, checks: Mapping[str, Check]) -> str:
    share = checks["gain_at_longer_horizon"].value
    if share is None:
        return "no out-of-sample window is long enough to check it at a longer horizon"
    return (
        f"with risk measured over {facts.horizon} periods {_only(share)} of it is left, "
        "as when stale or smoothed prices hide the risk"
    )


def _only(share: float) -> str:
    return "none" if share <= 0 else f"only {share_text(share)}"


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
    if _fades(checks):
        return (
            "A gain that is there at longer horizons too: fresh prices, no smoothing, no lag. This sample finds "
            f"gains of {detectable} with 80 % power."
        )
    if outside.periods_needed is None or outside.gain < 0.005:
        return (
            f"A positive gain out of sample: this sample finds {detectable} with 80 % power, "
            f"and the gain was {_signed(outside.gain)}."
        )
    more = outside.periods_needed - outside.n_obs
    if more <= 0:
        return (
            f"Hardly any more data: 80 % power needs a gain of {detectable}, and the gain seen "
            f"({_signed(outside.gain)}) is that large, yet not shown."
        )
    return (
        f"80 % power needs a gain of {detectable}, or, at the gain seen, "
        f"{more:,} more out-of-sample {'period' if more == 1 else 'periods'} ({outside.periods_needed:,} in all)."
    )
