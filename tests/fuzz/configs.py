"""Configs of the gate come out as TOML in every style, whole or damaged; what is read is held to tomlkit's reading."""

from __future__ import annotations

import datetime as dt
import json
import os
import string
from contextlib import suppress
from pathlib import Path
from random import Random

import tomlkit
from forge import BYTES, Case, damaged
from hypothesis import strategies as st
from readers import FOLDER, SEEDS, answer
from tomlkit.exceptions import TOMLKitError

from auditor.errors import AuditorError
from auditor.gate.config import GateConfig, find, load
from auditor.gate.expand import expanded

SPLITS = ("oos_start", "oos_fraction", "oos")
TRADES, POSITIONS = ("base_trades", "tuned_trades"), ("base_positions", "tuned_positions")
HELD, ROLLOUTS = TRADES + POSITIONS, ("base_rollouts", "tuned_rollouts")
READ_FOR = (
    (TRADES, ("opportunity", "tolerance", "pnl", "compounding")),
    (HELD, ("capital", "reconcile")),
    (POSITIONS, ("position_lag",)),
    (POSITIONS + ROLLOUTS, ("instrument_returns",)),
    (ROLLOUTS, ("rollout_as", "window", "hurdle")),
)
FILES = (
    "base", "tuned", "known", "library", *HELD, "instrument_returns", *ROLLOUTS, "trials", "calibration",
)  # fmt: skip
WHOLE = ("embargo", "position_lag", "tolerance", "n_trials", "reps", "seed")
NUMBERS = ("oos_fraction", "capital", "periods_per_year", "level", "gain_level", "min_edge_share")
FLAGS = ("known_complete", "compounding", "stability")
CHOICES = {
    "pnl": ("net", "gross"), "reconcile": ("check", "off"), "rollout_as": ("mean", "each"),
    "align": ("strict", "inner"), "na": ("refuse", "drop"), "kind": ("returns", "prices"),
    "unit": ("decimal", "percent"), "standing": ("shown", "presumed"), "on_undecided": ("fail", "pass"),
}  # fmt: skip
TEXTS = ("base_column", "tuned_column", "date_column", "date_format")
RULES = ("require", "standing", "on_undecided")
ANY = (*FILES[2:], *WHOLE, *NUMBERS[1:], *FLAGS, *CHOICES, *TEXTS, "require", "opportunity", "block", "window", "rf")
WORDS = ("runs/a.csv", "b c.csv:x", "\u00e4\u05d0.parquet", "it's", 'a "b"', "a\\b", "[x]", "#1", "tab\there", "=1+1",
         "runs/*/[0-9]?.csv", "\u202e**", "x" * 300)  # fmt: skip


def value_of(key: str, random: Random) -> object:
    """A value that the key takes."""
    if key in FILES or key in TEXTS:
        return random.choice(WORDS)
    if key in WHOLE:
        return random.randrange(199, 10**6)
    if key in FLAGS:
        return random.random() < 0.5
    if key in CHOICES:
        return random.choice(CHOICES[key])
    return {
        "oos_start": random.choice((dt.date(2020, 2, 29), "2020-02-29", dt.datetime(2020, 2, 29, 16, 30))),
        "oos_fraction": random.choice((0.5, 1e-3)),
        "oos": random.choice((["2015-01-01:2016-12-31"], "2015-01-01:2016-12-31", ["2015:2016", "2018:2019"])),
        "require": random.choice((["new_edge"], "efficiency", ["new_edge", "unproven"])),
        "opportunity": random.choice((["instrument"], "side", ["instrument", "side", "tag"])),
        "block": random.choice((5, "auto", "calibrate")),
        "window": random.choice((5, "month", "week")),
        "hurdle": random.choice((0.5, 3, "0.5sd")),
        "rf": random.choice((0.03, 1, "0.03", "cash.csv")),
        "capital": random.choice((1e6, 250_000)),
        "periods_per_year": random.choice((252, 12.0)),
        "gain_level": random.choice((0.2, 0.5)),
    }.get(key, random.uniform(0.03, 0.05))


WRONG = (
    "true",
    "[]",
    "{}",
    "[[1]]",
    "{a = 1}",
    '"\\u0007"',
    "-1",
    "nan",
    "inf",
    '""',
    "12:30:00",
    '"n\\u0000l/*"',
    "0x" + "f" * 5000,
)
"""Values that hardly any key takes; `misfit` says which does."""


def misfit(key: str, text: str) -> bool:
    """Whether the key takes no such value."""
    if text == "true":
        return key not in FLAGS
    if text == '""':
        return key not in ("oos_start", "rf", "hurdle")
    if text == '"n\\u0000l/*"' and key in FILES:
        return True
    if "\\u" in text:
        return key in WHOLE or key in NUMBERS or key in FLAGS or key in CHOICES or key in ("require", "block", "window")
    if text == "-1":
        return key not in ("oos_fraction", "capital", "periods_per_year", "rf", "hurdle", "window")
    return True


def toml(value: object, random: Random) -> str:
    """Write a value in one of the ways that TOML has."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat().replace("T", random.choice("T "))
    if isinstance(value, int):
        return random.choice((str(value), f"+{value}", hex(value), f"{value:_}"))
    if isinstance(value, float):
        return random.choice((repr(value), f"{value:.17e}"))
    if isinstance(value, list):
        inside = ", ".join(toml(one, random) for one in value)
        return random.choice((f"[{inside}]", f"[ {inside}, ]", f"[\n  {inside}, # all\n]"))
    if not set("'\t\0") & set(value) and random.random() < 0.4:
        return random.choice((f"'{value}'", f"'''{value}'''"))
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


def tables_of(random: Random) -> tuple[dict, list[dict]]:
    """What all audits have in common, and one to four audits."""
    common = {key: value_of(key, random) for key in random.sample(ANY, random.randrange(4))}
    split_above = random.random() < 0.5
    if split_above:
        common[random.choice(SPLITS)] = None
    if random.random() < 0.3:
        common["base"] = "shared.csv"
    for key, value in (("ledger", "sqlite:///l.db"), ("signing_key", "env:K"), ("baseline", "b.json")):
        if random.random() < 0.2:
            common[key] = value
    audits = []
    for number in range(random.randrange(1, 5)):
        one = {"name": f"audit {number}"} if random.random() < 0.5 else {"name": f"\u00e4{number}", "strategy": "s"}
        one |= {"tuned": random.choice(WORDS)}
        if "base" not in common or random.random() < 0.5:
            one["base"] = random.choice(WORDS)
        if not split_above or random.random() < 0.3:
            one[random.choice(SPLITS)] = None
        one |= {key: value_of(key, random) for key in random.sample(ANY, random.randrange(4))}
        audits.append(one)
    for table in (common, *audits):
        for key in SPLITS:
            if key in table:
                table[key] = value_of(key, random)
    return common, audits


def lines_of(common: dict, audits: list[dict], shared: bool, random: Random) -> list[str]:
    """Write the tables; in pyproject.toml under [tool.auditor]."""
    tool = "tool.auditor." if shared else ""
    lines = ["[build-system]", 'requires = ["x"]', "[tool.auditor]"] if shared else ["# audits"]
    for place, table in enumerate((common, *audits)):
        if place:
            lines += ["", random.choice((f"[[{tool}audit]]", f"[[ {tool}audit ]]", f"  [[{tool}audit]] # one"))]
        for key, value in table.items():
            space = random.choice((" ", "", "  "))
            name = random.choice((key, key, f'"{key}"'))
            lines.append(f"{name}{space}={space}{toml(value, random)}{random.choice(('', '  # why'))}")
    return lines


@st.composite
def config_cases(draw: st.DrawFn) -> Case:
    random = Random(draw(SEEDS))
    common, audits = tables_of(random)
    shared = random.random() < 0.4
    kind = draw(st.sampled_from(("whole", "damaged", "bytes", "bytes")))
    what, must = "", "equal" if kind == "whole" else "sane"
    if kind == "damaged":
        must, (what, lines) = "refuse", spoiled(common, audits, shared, random)
    else:
        lines = lines_of(common, audits, shared, random)
    data = "".join(line + random.choice(("\n", "\r\n")) for line in lines).encode()
    if kind == "bytes":
        data = damaged(data, draw(BYTES))
    return Case("pyproject.toml" if shared else random.choice(("auditor.toml", "other.toml")), data, must, None, what)


def spoiled(common: dict, audits: list[dict], shared: bool, random: Random) -> tuple[str, list[str]]:
    """Damage after which the config must be refused."""
    one = random.choice(audits)
    what = random.choice(
        ("unknown", "wrong", "no base", "no name", "two splits", "no split", "twice", "one table", "deep", "flat")
    )
    if what == "unknown":
        table = random.choice((common, one))
        table[random.choice(("tuned_trade", "nme", "oss_start", "x.y", "\\u202e", "a" * 300, "levell"))] = 1
    elif what == "wrong":
        key, text = random.choice([(key, text) for key in ANY for text in WRONG if misfit(key, text)])
        audits[-1].pop(key, None)
        return f"{key} = {text[:20]}", [*lines_of(common, audits, shared, random), f"{key} = {text}"]
    elif what in ("no base", "no name"):
        for key in ("base", *ROLLOUTS):  # rollouts alone are an audit too
            common.pop(key, None)
        for key in (what[3:], *ROLLOUTS):
            one.pop(key, None)
        if what == "no name":
            one.update(base="b.csv", tuned="plain.csv")
    elif what == "two splits":
        one.update({key: value_of(key, random) for key in SPLITS[:2]})
    elif what == "no split":
        for key in SPLITS:
            common.pop(key, None)
            one.pop(key, None)
    lines = lines_of(common, audits, shared, random)
    if what == "twice":
        lines += [f'tuned = "{random.choice(string.ascii_letters)}"']
    elif what == "deep":
        lines = [f"{'rf' if shared else 'base'} = {'[' * 10_000}", *lines]
    elif what == "flat":
        lines = [random.choice(("tool = 3", "tool.auditor = []", "audit = 3", "audit = [3]", "tool = [{auditor = 1}]"))]
    elif what == "one table":
        lines = [line.replace("[[", "[").replace("]]", "]") for line in lines_of(common, [one], shared, random)]
    return what, lines


def merged(common: dict, one: dict, folder: Path) -> dict:
    """The options of one audit, as the docs say: its own, and those of all that it does not replace."""
    both = {**common, **one}
    left = [key for key in (*RULES, "name", "strategy", "ledger", "signing_key", "baseline") if key in both]
    if any(key in one for key in SPLITS):
        left += [key for key in SPLITS if key in common and key not in one]
    for owners, owned in READ_FOR:
        if not any(key in both for key in owners):
            left += [key for key in owned if key in common and key not in one]
    return {key: plain(key, value, folder) for key, value in both.items() if key not in left}


def plain(key: str, value: object, folder: Path) -> object:
    """A value as `audit` takes it."""
    if key in FILES:
        return os.path.join(folder, value)
    if key == "oos_start" and not isinstance(value, str):
        return value.isoformat()
    if key in ("oos", "opportunity"):
        listed = [value] if isinstance(value, str) else list(value)
        return listed if key == "oos" else tuple(listed)
    if key == "rf" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return os.path.join(folder, value)
    return value


def read_config(path: Path) -> GateConfig:
    """Read it as the gate does, its globs too."""
    if path.name != "other.toml":
        assert find(path.parent) == path
    found = load(path)
    with suppress(AuditorError):  # globs that nothing fits
        expanded(found.entries)
    return found


def check_config(case: Case) -> None:
    found = answer(case, read_config, closed=False)
    if found is None:
        return
    assert isinstance(found, GateConfig)
    try:
        whole = tomlkit.parse(case.data.decode().replace("\r\n", "\n")).unwrap()
    except TOMLKitError as error:
        raise AssertionError(f"tomlkit refuses what was read: {error}") from error
    inside = whole.get("tool", {}).get("auditor") if isinstance(whole.get("tool"), dict) else None
    common = dict(inside if case.name == "pyproject.toml" or (inside and set(whole) == {"tool"}) else whole)
    audits = common.pop("audit")
    assert len(found.entries) == len(audits)
    for entry, one in zip(found.entries, audits, strict=True):
        assert dict(entry.options) == merged(common, one, FOLDER)
        assert entry.name == one.get("name", "*")
        assert entry.strategy == one.get("strategy", entry.name)
        both = {**common, **one}
        require = both.get("require", entry.needed.require)
        assert entry.needed.require == ((require,) if isinstance(require, str) else tuple(require))
        assert entry.needed.standing == both.get("standing", entry.needed.standing)
        assert entry.needed.on_undecided == both.get("on_undecided", entry.needed.on_undecided)
        if case.must == "equal":
            assert "audit" in case.data.decode().splitlines()[entry.line - 1]
