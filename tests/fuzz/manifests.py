"""Manifests of a batch and the defaults beside them come out as files; the jobs read are held to the cells written."""

from __future__ import annotations

import os
import tomllib
from random import Random

import reference
from forge import BYTES, STYLES, Case, Sheet, damaged, named_twice, ragged, with_cell
from hypothesis import strategies as st
from readers import FOLDER, SEEDS, answer, sheet_case

from auditor.batch.jobs import Job
from auditor.batch.manifest import read_manifest

PLAIN = ("known", "library", "base_trades", "trials", "base_rollouts")
CELLS = {
    "oos_start": {"2019-01-02": "2019-01-02"},
    "oos_fraction": {"0.4": 0.4, "1e-1": 0.1},
    "oos": {"2015-01-01:2016-12-31": ["2015-01-01:2016-12-31"], "2015:2016;2018:2019": ["2015:2016", "2018:2019"]},
    "reps": {"199": 199, "99999": 99999},
    "seed": {"0": 0, "7": 7},
    "embargo": {"5": 5},
    "level": {"0.05": 0.05, "1e-2": 0.01},
    "known_complete": {"true": True, "no": False, "1": True},
    "compounding": {"True": True, "f": False},
    "pnl": {"net": "net", "gross": "gross"},
    "align": {"inner": "inner"},
    "block": {"auto": "auto", "12": 12},
    "opportunity": {"instrument;side": ("instrument", "side"), "tag": ("tag",)},
    "rf": {"0.03": 0.03},
    "date_column": {"when": "when", "\u00e4": "\u00e4"},
    **{name: {"x.csv": "x.csv", "b c.parquet:d": "b c.parquet:d"} for name in PLAIN},
}
"""What a cell says, by the option it is for; read back by eye from the help of `auditor audit`."""

BAD = {
    "oos_fraction": "half", "reps": "199.5", "seed": "x", "level": "1,5", "known_complete": "perhaps", "pnl": "nett",
    "align": "outer", "block": "1.5", "compounding": "2", "embargo": "-", "rf": "",
}  # fmt: skip
FILES = ("runs/a.csv", "b.csv:c", "/there/\u00e4.parquet", "it's.csv", "=1+1", "NA", "null")


def manifest_of(random: Random) -> tuple[Sheet, str, list[dict]]:
    """A table, the TOML beside it, and the options of each row."""
    columns = random.sample(list(CELLS), random.randrange(6))
    spelled = [random.choice((name, name.replace("_", "-"), f"--{name}", name.upper())) for name in columns]
    beside = {name: random.choice(list(CELLS[name])) for name in random.sample(list(CELLS), random.randrange(3))}
    named = random.random() < 0.5
    rows, truth = [], []
    for place in range(random.randrange(1, 12)):
        base, tuned, name = random.choice(FILES), random.choice(FILES), f"n{place}"
        texts = [random.choice(("", *CELLS[one])) for one in columns]
        rows.append(((name,) if named else ()) + (base, tuned, *texts))
        said = beside | {one: text for one, text in zip(columns, texts, strict=True) if text}
        options = {one: meant(one, text) for one, text in said.items()}
        truth.append(
            {"base": located(base), "tuned": located(tuned), "options": options} | ({"name": name} if named else {})
        )
    defaults = "".join(f'{name} = "{text}"\n' for name, text in beside.items())
    return Sheet((*(("name",) if named else ()), "base", "tuned", *spelled), tuple(rows)), defaults, truth


def meant(name: str, text: str) -> object:
    """What a cell says to `audit`."""
    value = CELLS[name][text]
    return located(value) if name in PLAIN else value


def located(text: str) -> str:
    return text if os.path.isabs(text) else os.path.join(str(FOLDER.resolve()), text)


@st.composite
def manifest_cases(draw: st.DrawFn) -> tuple[Case, bytes]:
    random, style = Random(draw(SEEDS)), draw(STYLES)
    sheet, defaults, truth = manifest_of(random)
    kind = draw(st.sampled_from(("whole", "damaged", "cell", "bytes", "defaults")))
    beside = defaults.encode()
    if kind == "damaged":
        what = random.choice(("ragged", "named", "unknown", "no tuned"))
        if what == "ragged":
            sheet = ragged(sheet, random)
        elif what == "named":
            sheet = named_twice(sheet, random)
        else:
            header = list(sheet.header)
            header[header.index("tuned")] = random.choice(("tunedd", "", "base trades", "\u202e", "x" * 400))
            sheet = Sheet(tuple(header), sheet.rows)
        return sheet_case(style, sheet, "refuse", None, what), beside
    if kind == "cell":
        row, at = random.randrange(len(sheet.rows)), random.randrange(len(sheet.header))
        option = spelled(sheet.header[at])
        text = BAD.get(option, "") if option in (*BAD, "base", "tuned") else None
        if option == "tuned":
            text = random.choice(("", "[z-a]*.csv", "[[]*", "x**", "none/*.csv", "[!&&a]?.csv"))
        if text is not None and (text or option in ("base", "tuned")):
            return sheet_case(style, with_cell(sheet, row, at, text), "sane", ("row", row)), beside
        kind = "whole"
    if kind == "defaults":
        lines = [
            "reps = 1.5",
            "reps = nan",
            "rep = 199",
            "[reps]",
            "reps = = 1",
            "reps = 0x" + "f" * 4000,
            "reps = " + "[" * 9999,
        ]
        line = random.choice(lines)
        return sheet_case(style, sheet, "refuse", None, line[:20]), f"{line}\n".encode()
    case = sheet_case(style, sheet, "equal", truth)
    if kind == "whole":
        return case, beside
    if random.random() < 0.5:
        return Case(case.name, damaged(case.data, draw(BYTES)), "sane"), beside
    return Case(case.name, case.data, "sane"), damaged(beside, draw(BYTES))


def spelled(name: str) -> str:
    """An option's name as Python has it."""
    return name.strip().lstrip("-").lower().replace("-", "_")


def check_manifest(cases: tuple[Case, bytes]) -> None:
    case, beside = cases
    (FOLDER / "a.toml").write_bytes(beside)
    try:
        found = answer(case, read_manifest, closed=False)
    finally:
        (FOLDER / "a.toml").unlink()
    if found is None:
        return
    assert all(isinstance(job, Job) for job in found)
    for job in found:
        assert job.refused is None or (job.refused.isprintable() and len(job.refused) < 3000)
    if case.must == "equal":
        for job, row in zip(found, case.truth, strict=True):
            assert job.refused is None, job.refused
            assert (job.base, job.tuned, dict(job.options)) == (row["base"], row["tuned"], row["options"])
            assert job.name == row.get("name", job.name)
        return
    header, rows = reference.table(case.name, case.data)
    assert len(found) == len(rows)
    if case.truth:
        assert found[case.truth[1]].refused
    defaults = {spelled(name): text for name, text in tomllib.loads(beside.decode()).items()}
    columns = [spelled(name) for name in header]
    for job, row in zip(found, rows, strict=True):
        cells = defaults | {name: text for name, text in zip(columns, row, strict=True) if text}
        if job.refused is None:
            assert (job.base, job.tuned) == (located(cells["base"]), located(cells["tuned"]))
            assert set(job.options) == set(cells) - {"name", "base", "tuned"}
