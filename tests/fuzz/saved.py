"""JSON that is read back: audits, calibrations, accepted exceptions; whole, damaged, and held to another reader."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from random import Random

import numpy as np
import pandas as pd
import plainjson
from forge import BYTES, Case, damaged
from hypothesis import strategies as st
from rates import calibration_of
from readers import SEEDS, answer

from auditor import audit
from auditor.gate import baseline
from auditor.report.plain import clean, shortened
from auditor.report.rated import Given
from auditor.report.saved import Saved, read_saved
from auditor.report.saved_rates import DECIDING, LONGEST, LONGEST_NAME, read_calibration

Way = tuple[object, ...]
OUTSIDE, PARTS = ("sharpe", "out_of_sample"), ("attribution", "out_of_sample")
NUMBERS: dict[str, Way] = {
    "base": (*OUTSIDE, "base"), "tuned": (*OUTSIDE, "tuned"), "gain": (*OUTSIDE, "gain"),
    "p_value": (*OUTSIDE, "p_value"), "in_sample_gain": ("sharpe", "in_sample", "gain"),
    "reweighting_part": (*PARTS, "reweighting_part", "value"), "edge_part": (*PARTS, "edge_part", "value"),
    "edge_share": (*PARTS, "edge_share"), "new_p": (*PARTS, "new_p"),
}  # fmt: skip
WORDS: dict[str, tuple[str, ...]] = {
    "label": ("new_edge", "reweighting", "no_gain"),
    "finding": ("new_edge", "efficiency", "flattering", "unproven", "no_gain"),
    "standing": ("shown", "presumed"),
    "evidence": ("returns", "known", "trades"),
}
TEXTS = ("", "plain", "\u00e4\u05d0", "\u202e", 'a "b"\\', "\x1b[31m", "\ud800", "<b>", "\U0001f600", "x" * 300, "\0")
NOT_NUMBERS = ("1", [], {}, True, float("nan"), float("inf"), 10**400, [1.0], "", -float("inf"))
NOT_TEXTS = (1, None, [], {}, True, 0.5, ["a"])
GONE = object()


@cache
def templates() -> tuple[str, str]:
    """The JSON of an audit and of a calibration, as they are written."""
    random = np.random.default_rng(5)
    dates = pd.bdate_range("2015-01-01", periods=400)
    base = pd.Series(random.normal(3e-4, 0.01, 400), dates)
    made = audit(base, 1.2 * base + random.normal(0, 0.001, 400), oos_fraction=0.4, reps=99)
    return made.to_json(), calibration_of(made).to_json()


def at(data: object, way: Way) -> object:
    for name in way:
        data = data[name]
    return data


def put(data: object, way: Way, value: object) -> None:
    """Put a value at a way; GONE takes the entry out."""
    owner = at(data, way[:-1])
    if value is GONE:
        del owner[way[-1]]
    else:
        owner[way[-1]] = value


def number(random: Random) -> object:
    """A number that is hard to read exactly, or null."""
    return random.choice((None, 0, -0.0, 1, 1e-300, 5e-324, 0.1 + 0.2, 1 / 3, 1e15, random.gauss(0, 1), -7))


def written(data: object, random: Random) -> bytes:
    """JSON in one of the ways that programs write it."""
    text = json.dumps(
        data, indent=random.choice((None, 2, "\t")), ensure_ascii=random.random() < 0.5, sort_keys=random.random() < 0.3
    )
    text = text.replace("\n", random.choice(("\n", "\r\n"))) if "\r" not in text else text
    if any("\ud800" <= one < "\ue000" for one in text):  # half a character can only be written as an escape
        text = json.dumps(data)
    return random.choice((b"", b"", b"\xef\xbb\xbf")) + text.encode()


@st.composite
def json_cases(draw: st.DrawFn, made: object, ways: object) -> Case:
    """A file of the kind that `made` makes up; `ways` names what it needs, and values that it must not have."""
    random = Random(draw(SEEDS))
    data = made(random)
    kind = draw(st.sampled_from(("whole", "damaged", "damaged", "form", "bytes", "bytes")))
    if kind == "damaged":
        way, wrong = random.choice(ways(data))
        # an entry of a list may be missing, a name may not
        value = random.choice(wrong if isinstance(way[-1], int) else (GONE, *wrong))
        put(data, way, value)
        return Case("a.json", written(data, random), "refuse", None, f"{way}: {str(value)[:60]}")
    text = written(data, random)
    if kind == "form":
        what = random.choice(("twice", "deep", "list", "text", "more", "utf-16", "cut"))
        text = {
            "twice": text.replace(b"{", b'{"schema": 1, "version": 1, "schema": 1, "version": 1, ', 1),
            "deep": b"[" * 100_000, "list": b"[" + text.removeprefix(b"\xef\xbb\xbf") + b"]", "text": b"hello",
            "more": text + b"1", "utf-16": text.decode("utf-8-sig").encode("utf-16"), "cut": text[: len(text) // 2],
        }[what]  # fmt: skip
        return Case("a.json", text, "refuse", None, what)
    if kind == "whole":
        return Case("a.json", text, "equal", data)
    return Case("a.json", damaged(text, draw(BYTES)), "sane")


def tree_of(case: Case) -> object:
    """What is in the file, as made up or as another reader reads it."""
    return case.truth if case.must == "equal" else plainjson.read(case.data)


# ---- audits


def audit_of(random: Random) -> dict:
    data = deepcopy(json.loads(templates()[0]))
    for way in NUMBERS.values():
        put(data, way, number(random))
    put(data, (*OUTSIDE, "ci"), [number(random), number(random)])
    for name, known in WORDS.items():
        data[name] = random.choice(known)
    data["reason"] = random.choice(TEXTS)
    for one in data["checks"]:
        one |= {"passed": random.choice((True, False, None)), "value": number(random), "question": random.choice(TEXTS)}
    for one in data["inputs"]:
        one["name"] = random.choice(TEXTS)
    return data


def audit_ways(data: dict) -> list[tuple[Way, tuple]]:
    texts = [*[(name,) for name in WORDS], ("reason",), ("checks", 0, "name"), ("inputs", 0, "sha256")]
    return [
        *[(way, NOT_NUMBERS) for way in (*NUMBERS.values(), ("checks", 1, "value"), (*OUTSIDE, "ci", 0))],
        *[(way, NOT_TEXTS) for way in texts],
        *[((name,), ("", "New_edge", 7)) for name in WORDS],
        ((*OUTSIDE, "ci"), ([], [1.0], [1.0, 2.0, 3.0], "ab", None)),
        ((*OUTSIDE, "n_obs"), ("9", 1.5, None, True, [])),
        *[((name,), (None, [], 3, "x")) for name in ("settings", "versions", "sharpe", "attribution")],
        *[((name,), (None, {}, 3, "x", [3], [[]])) for name in ("checks", "inputs")],
        (("schema",), (2, "1", True, 1.5, [])),
    ]


def check_audit(case: Case) -> None:
    found = answer(case, read_saved, closed=False)
    if found is None:
        return
    assert isinstance(found, Saved)
    data = tree_of(case)
    for name, way in NUMBERS.items():
        same(getattr(found, name), at(data, way))
    for one, other in zip(found.ci, at(data, (*OUTSIDE, "ci")), strict=True):
        same(one, other)
    for name, known in WORDS.items():
        assert getattr(found, name) == data[name]
        assert data[name] in known
    assert (found.reason, found.settings, found.versions) == (data["reason"], data["settings"], data["versions"])
    assert found.n_obs == at(data, (*OUTSIDE, "n_obs"))
    answers = {True: "yes", False: "no", None: "not assessed"}
    for check, one in zip(found.checks, data["checks"], strict=True):
        assert (check.name, check.question, check.answer) == (one["name"], one["question"], answers[one["passed"]])
        same(check.value, one["value"])
    inputs = [(one.role, one.name, one.sha256) for one in found.inputs]
    assert inputs == [(one["role"], one["name"], one["sha256"]) for one in data["inputs"]]


def same(read: float | None, there: float | None) -> None:
    """Null stays null; a number is that number, to the last bit."""
    assert read is None if there is None else np.isfinite(read) and read == float(there), (read, there)


# ---- calibrations


def calibration_made(random: Random) -> dict:
    data = deepcopy(json.loads(templates()[1]))
    worlds = data["worlds"] = random.choice((1, 20, 200, 12_345))
    for one in data["nulls"] + data["edges"]:
        count = random.randrange(worlds + 1)
        share = count / worlds
        one["called"]["new_edge"] |= {
            "count": count, "share": share, "ci": [share * random.random(), share + (1 - share) * random.random()],
        }  # fmt: skip
        one["called"]["refused"]["count"] = random.randrange(worlds - count + 1)
        one["presumed"] = random.randrange(count + 1)
        one["what"] = random.choice(TEXTS)
    for one in data["nulls"]:
        one |= {"over": random.random() < 0.2, "name": random.choice(TEXTS)}
    data["held"] = not any(one["over"] for one in data["nulls"])
    data["verdict"], data["base_sharpe"] = random.choice(TEXTS), random.gauss(0, 3)
    data["settings"] |= {"seed": random.randrange(2**40), "level": random.random()}
    return data


def calibration_ways(data: dict) -> list[tuple[Way, tuple]]:
    first = ("nulls", 0)
    counts = [
        ("worlds",), (*first, "called", "new_edge", "count"), (*first, "presumed"), ("settings", "seed"),
        ("sample", "n_in_sample"), (*first, "called", "refused", "count"),
    ]  # fmt: skip
    return [
        *[(way, (-1, 2**63, "1", 0.5, None, [])) for way in counts],
        *[(way, (*NOT_NUMBERS, None)) for way in (("base_sharpe",), ("settings", "level"), ("smallest", "power"))],
        ((*first, "called", "new_edge", "ci"), ([0.9, 0.1], [], [0.0], [2.0, 3.0], None)),
        ((*first, "called", "new_edge", "share"), (1.5, -0.1, "0", None)),
        *[((*first, name), NOT_TEXTS) for name in ("name", "what")],
        ((*first, "over"), (0, 1, "no", None)),
        (("held",), (not data["held"], 0, "yes", None)),
        *[((name,), ([], None, 3, [3], {})) for name in ("nulls", "edges")],
        (("edges", 0, "sharpe"), (-1, 0, 1e9, None, "1")),
        *[(("settings", name), ()) for name in DECIDING],
        (("sample", "out_of_sample"), ([["a"]], [3], "ab", None)),
        (("inputs", 0, "sha256"), NOT_TEXTS), (("verdict",), NOT_TEXTS),
        (("evidence",), ("", None, "Returns")), (("versions",), (None, [], {})), (("schema",), (2, "1", True)),
    ]  # fmt: skip


def check_calibration(case: Case) -> None:
    found = answer(case, read_calibration, closed=False)
    if found is None:
        return
    assert isinstance(found, Given)
    data, told = tree_of(case), found.told
    assert (told.held, told.worlds, told.evidence) == (data["held"], data["worlds"], data["evidence"])
    assert told.verdict == shortened(clean(data["verdict"]), LONGEST)
    assert told.version == shortened(clean(data["versions"]["auditor"]), LONGEST_NAME)
    same(told.base_sharpe, data["base_sharpe"])
    for name in ("level", "reps", "seed"):
        assert getattr(told, name) == data["settings"][name]
    for rates, listed in ((told.nulls, data["nulls"]), (told.edges, data["edges"])):
        for rate, one in zip(rates, listed, strict=True):
            called = one["called"]["new_edge"]
            assert (rate.count, rate.share, list(rate.ci)) == (called["count"], called["share"], called["ci"])
            assert (rate.presumed, rate.refused) == (one["presumed"], one["called"]["refused"]["count"])
            assert (rate.what, rate.name) == tuple(
                shortened(clean(one[name]), longest) for name, longest in (("what", LONGEST), ("name", LONGEST_NAME))
            )
            assert rate.presumed <= rate.count <= told.worlds
            assert abs(rate.count - rate.share * told.worlds) < 1e-5
    assert told.held == (not any(one.over for one in told.nulls))
    assert found.settings == data["settings"]
    assert found.inputs == {one["role"]: one["sha256"] for one in data["inputs"]}


# ---- accepted exceptions


def exceptions_of(random: Random) -> dict:
    listed = []
    for place in range(random.randrange(1, 5)):
        day = date(2020, 1, 1) + timedelta(days=random.randrange(9999))
        listed.append(
            {
                "name": f"{random.choice(TEXTS)} {place}", "finding": random.choice(WORDS["finding"]),
                "rules": random.sample(["finding", "standing", "\u00e4"], random.randrange(3)),
                "reason": random.choice(TEXTS), "by": random.choice(TEXTS), "accepted": day.isoformat(),
                "expires": (day + timedelta(days=90)).isoformat(), "subject": f"{random.getrandbits(256):064x}",
            }
        )  # fmt: skip
    return {"version": 1, "exceptions": listed}


def exception_ways(data: dict) -> list[tuple[Way, tuple]]:
    one = ("exceptions", len(data["exceptions"]) - 1)
    texts = ("name", "finding", "reason", "by", "accepted", "expires", "subject")
    return [
        *[((*one, name), NOT_TEXTS) for name in texts],
        *[((*one, name), ("", "soon", "2020-02-30", "2020-1-1")) for name in ("accepted", "expires")],
        ((*one, "rules"), ("finding", None, {}, [1], [None], 3)),
        (("version",), (2, "1", None, 1.5, True, [])),
        (("exceptions",), (None, {}, "x", [3], [[]], [{}])),
        (one, (None, [], 3, data["exceptions"][0] | {"extra": 1})),
    ]


def check_exceptions(case: Case) -> None:
    found = answer(case, baseline.read, closed=False)
    if found is None:
        return
    data = tree_of(case)
    for made, one in zip(found, data["exceptions"], strict=True):
        assert {name: getattr(made, name) for name in one} == one | {"rules": tuple(one["rules"])}
        assert date.fromisoformat(made.expires)
