"""Every sentence on depth and breadth, and where each begins; the numbers are put in by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from auditor.coverage.tries_luck import LEAST_NEW
from auditor.coverage.tries_verdict import MARGIN, judge_tries


def curves(single=(0.0, -0.1, 0.1), deep=(0.0, -0.1, 0.1), *, last=8, crossover=None, bound=None, early=False):
    """Base solves 0.2 at once and 0.5 with all tries of 40 problems; (difference, low, high) at both ends."""
    one = SimpleNamespace(
        k=np.array([1, 4, last]), base=np.array([0.2, 0.9, 0.5]), tuned=np.array([0.2 + single[0], 0.9, 0.5 + deep[0]]),
        difference=np.array([single[0], 9, deep[0]]), low=np.array([single[1], 9, deep[1]]),
        high=np.array([single[2], 9, deep[2]]), crossover=crossover, n_problems=40,
    )  # fmt: skip
    if last == 1:
        for name in ("k", "base", "tuned", "difference", "low", "high"):
            setattr(one, name, getattr(one, name)[:1])
    reach = None if bound is None else SimpleNamespace(estimate=bound[0], ci=(bound[0] - 1, bound[1]))
    return SimpleNamespace(curves=one, base_bound=reach, ends_early=early)


UP, DOWN, EVEN = (0.1, 0.02, 0.2), (-0.1, -0.2, -0.02), (0.0, -0.1, 0.1)
DEEP = {UP: "pass@8 0.500 -> 0.600 [+0.020, +0.200]", DOWN: "pass@8 0.500 -> 0.400 [-0.200, -0.020]",
        EVEN: "pass@8 0.500 -> 0.500 [-0.100, +0.100]"}  # fmt: skip
SINGLE = {UP: "pass@1 0.200 -> 0.300 [+0.020, +0.200]", DOWN: "pass@1 0.200 -> 0.100 [-0.200, -0.020]",
          EVEN: "pass@1 0.200 -> 0.200 [-0.100, +0.100]"}  # fmt: skip


@pytest.mark.parametrize(
    ("single", "deep", "more", "finding", "reason"),
    [
        (EVEN, UP, {}, "unclear",
         f"{DEEP[UP]}, but what the base can reach with more tries is not told: their number differs."),
        (EVEN, UP, {"bound": (10.0, 11.0)}, "wider", f"tuned solves more problems with all tries, {DEEP[UP]}."),
        *((UP, deep, {"bound": (10.0, 11.0), "early": True}, "unclear",
           f"{SINGLE[UP]}; {DEEP[deep]}; what all tries solve is not told, since a problem has only 8.")
          for deep in (UP, EVEN, DOWN)),
        (UP, UP, {"bound": (22.0, 23.9)}, "wider", f"tuned solves more problems with all tries, {DEEP[UP]}."),
        (EVEN, UP, {"bound": (22.4, 24.0)}, "unclear",
         f"{DEEP[UP]}, but with more tries the base can reach 22 problems or more (up to 24); tuned solved 24."),
        (EVEN, UP, {"bound": (22.4, 26.0)}, "unclear",
         f"{DEEP[UP]}, but with more tries the base can reach 22 problems or more (up to 26); tuned solved 24."),
        (UP, EVEN, {}, "sharper, not wider",
         f"a single try is better, {SINGLE[UP]}, and all tries solve no more problems as far as can be shown, "
         f"{DEEP[EVEN]}."),
        (UP, DOWN, {"crossover": 5}, "sharper, not wider",
         f"a single try is better, {SINGLE[UP]}, and all tries solve fewer problems, {DEEP[DOWN]}; the curves cross at "
         "k=5."),
        (EVEN, DOWN, {}, "narrower",
         f"tuned solves fewer problems with all tries, {DEEP[DOWN]}, and is no better in one, {SINGLE[EVEN]}."),
        (EVEN, EVEN, {}, "unclear", f"the band settles neither one try nor all of them: {SINGLE[EVEN]}; {DEEP[EVEN]}."),
        (UP, (0.01, -0.02, 0.06), {}, "unclear",
         f"a single try is better, {SINGLE[UP]}, but more breadth is neither shown nor excluded, pass@8 0.500 -> 0.510 "
         "[-0.020, +0.060]."),
        (UP, (0.01, -0.02, MARGIN), {}, "sharper, not wider",
         f"a single try is better, {SINGLE[UP]}, and all tries solve no more problems as far as can be shown, pass@8 "
         "0.500 -> 0.510 [-0.020, +0.050]."),
        # a bound of exactly nothing shows nothing
        ((0.1, 0.0, 0.2), EVEN, {}, "unclear",
         f"the band settles neither one try nor all of them: pass@1 0.200 -> 0.300 [+0.000, +0.200]; {DEEP[EVEN]}."),
        (EVEN, (0.1, 0.0, 0.2), {}, "unclear",
         f"the band settles neither one try nor all of them: {SINGLE[EVEN]}; pass@8 0.500 -> 0.600 [+0.000, +0.200]."),
        (EVEN, (-0.1, -0.2, 0.0), {}, "unclear",
         f"the band settles neither one try nor all of them: {SINGLE[EVEN]}; pass@8 0.500 -> 0.400 [-0.200, +0.000]."),
        (UP, (-0.1, -0.2, 0.0), {}, "sharper, not wider",
         f"a single try is better, {SINGLE[UP]}, and all tries solve no more problems as far as can be shown, pass@8 "
         "0.500 -> 0.400 [-0.200, +0.000]."),
        (UP, (0.0, -0.3, 0.3), {}, "sharper, not wider",
         f"a single try is better, {SINGLE[UP]}, and all tries solve no more problems as far as can be shown, pass@8 "
         "0.500 -> 0.500 [-0.300, +0.300]."),
    ],
)  # fmt: skip
def test_pass_at_k_is_judged_at_both_ends(single, deep, more, finding, reason):
    found = judge_tries(curves(single, deep, **more))
    assert (found.finding, found.reason, found.beyond_luck) == (finding, reason, False)
    assert str(found) == f"{finding}: {reason}"


def test_one_try_says_nothing_of_breadth():
    found = judge_tries(curves(UP, UP, last=1))
    assert (found.finding, found.beyond_luck) == ("unclear", False)
    assert found.reason == f"{SINGLE[UP]}; one try says nothing of breadth."


def beyond(gain=(-0.02, 0.08), new=(0.05, 0.045, 0.09), sharper=(0.01, -0.02, 0.04), shown=2, errors=(0.02, 0.01)):
    """Shares beyond luck 0.3 -> 0.4; gain's interval, the new share with its interval, the rate with its interval."""
    return SimpleNamespace(
        gain_ci=gain, gain_se=errors[0], new=np.arange(6) < shown, base=SimpleNamespace(share=0.3),
        tuned=SimpleNamespace(share=0.4), sharpening=sharper[0], sharpening_ci=sharper[1:], sharpening_se=errors[1],
        new_share=new[0], new_share_ci=new[1:], new_share_se=0.015,
    )  # fmt: skip


CHANGE = "30.0% -> 40.0% of problems solved beyond luck, net of those failed "
NEW, RATE = "5.0% new (error 1.5%)", "rate above placebo +1.0% per try"


@pytest.mark.parametrize(
    ("given", "finding", "reason"),
    [
        ({"gain": (0.01, 0.2)}, "wider",
         f"{CHANGE}[+1.0%, +20.0%]; {NEW}, 2 of them shown, where the base is near its placebo."),
        ({"gain": (0.0, 0.2)}, "unclear",
         f"{CHANGE}[+0.0%, +20.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"gain": (0.01, 0.2), "shown": 0}, "unclear",
         f"{CHANGE}[+1.0%, +20.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"gain": (0.01, 0.2), "new": (0.05, LEAST_NEW * 0.4, 0.09)}, "unclear",
         f"{CHANGE}[+1.0%, +20.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"gain": (0.01, 0.2), "new": (0.05, LEAST_NEW * 0.4 + 1e-9, 0.09), "shown": 1}, "wider",
         f"{CHANGE}[+1.0%, +20.0%]; {NEW}, 1 of them shown, where the base is near its placebo."),
        ({"errors": (0.0, 0.0)}, "unclear", "base and tuned solve every problem alike: 30.0% -> 40.0% beyond luck."),
        ({"sharper": (0.01, 0.005, 0.02), "gain": (-0.02, MARGIN)}, "sharper, not wider",
         f"{RATE}, but {CHANGE}[-2.0%, +5.0%]; {NEW}."),
        ({"sharper": (0.01, 0.005, 0.02), "new": (0.0, -0.02, MARGIN)}, "sharper, not wider",
         f"{RATE}, but {CHANGE}[-2.0%, +8.0%]; 0.0% new (error 1.5%)."),
        ({"sharper": (0.01, 0.005, 0.02), "new": (-0.4, -0.5, 0.0)}, "sharper, not wider",
         f"{RATE}, but {CHANGE}[-2.0%, +8.0%]; none of it new."),
        ({"sharper": (0.01, 0.005, 0.02)}, "unclear",
         f"{CHANGE}[-2.0%, +8.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"sharper": (0.01, 0.0, 0.02), "gain": (-0.02, 0.01)}, "unclear",
         f"{CHANGE}[-2.0%, +1.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"gain": (-0.2, -0.01)}, "narrower", f"{CHANGE}[-20.0%, -1.0%]; {RATE}."),
        ({"gain": (-0.2, 0.0)}, "unclear",
         f"{CHANGE}[-20.0%, +0.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"errors": (0.0, 0.1)}, "unclear",
         f"{CHANGE}[-2.0%, +8.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
        ({"errors": (0.1, 0.0)}, "unclear",
         f"{CHANGE}[-2.0%, +8.0%]; {NEW}; {RATE}: neither breadth nor its absence is shown."),
    ],
)  # fmt: skip
def test_beyond_luck_is_judged_by_what_is_new(given, finding, reason):
    found = judge_tries(curves(), beyond(**given))
    assert (found.finding, found.reason, found.beyond_luck) == (finding, reason, True)
