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


def signed(gain: float, digits: int = 2) -> str:
    """Give a gain with its sign; a loss that rounds to nothing is +0.00."""
    return f"{gain:+z.{digits}f}"


def _telling(one: float, other: float) -> int:
    """Give the digits that tell two gains apart; two where none do."""
    return next((digits for digits in range(2, 10) if signed(one, digits) != signed(other, digits)), 2)


def share_text(share: float) -> str:
    """Give a share, never as all or nothing where it is not."""
    if 0 < share <= 0.005:
        return "under 1%"
    return "over 99%" if 0.995 <= share < 1 else f"{share:z,.0%}"


def reason_for(finding: Finding, facts: Facts, checks: Mapping[str, Check]) -> str:
    """One sentence a risk committee reads: what was found, with its numbers."""
    outside, inside = facts.out_of_sample, facts.in_sample
    gain = f"the Sharpe gain of {signed(outside.gain)} ({p_text(outside.p_value, facts.level)})"
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
        promised, seen, bound = (signed(one, digits) for one in (inside.gain, outside.gain, outside.upper_bound))
        return (
            f"In sample the Sharpe ratio rose by {promised}; out of sample the gain is {seen} and at most {bound} with "
            f"{confidence_text(outside.level)} confidence: what was promised is refuted."
        )
    if finding == "unproven":
        if fades(checks):
            return f"Out of sample {gain} does not last: {_horizon_words(facts, checks)}."
        shrank = checks["new_part_earns"].passed and checks["edge_share"].value is not None
        tail = "; the new part earns, but the gain as a whole is not proven" if shrank else ""
        rose = f"In sample the Sharpe ratio rose by {signed(inside.gain)}"
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
    if fades(checks):
        held = f"does not last: {_horizon_words(facts, checks)}"
    elif checks["gain_survives"].passed:
        held = "is no more than rounding"
    return f"In sample the tuned policy's Sharpe ratio is {way} the base's, and out of sample {gain} {held}."


def fades(checks: Mapping[str, Check]) -> bool:
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
