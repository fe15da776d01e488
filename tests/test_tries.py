"""`auditor tries`: the report of a table of counts, its JSON, the bundled example and what is refused."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from auditor.cli import main
from auditor.errors import InputError
from auditor.report.tries import as_dict, lines, plain_text, schema
from auditor.tries import bundled, tries

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "coverage" / "deepscaler32k_summary.csv"
FAST = {"reps": 199}

TABLES = {
    "two problems": "problem,n,c_base,c_tuned\na,4,0,4\nb,4,1,0\n",
    "nothing solved": "problem,n,c_base,c_tuned\na,4,0,0\nb,4,0,0\nc,4,0,0\n",
    "one try": "problem,n,c_base,c_tuned\na,1,0,1\nb,1,1,0\nc,1,1,1\n",
    "tries that differ": "problem,n_base,n_tuned,c_base,c_tuned\na,8,4,1,4\nb,8,4,2,0\nc,8,4,0,1\nd,8,4,8,4\n",
    "tries that vary": "problem,n,c_base,c_tuned\na,8,1,4\nb,6,2,0\nc,5,0,1\n",
    "a lone group": "group,n,c_base,c_tuned\nx,8,1,4\nx,8,2,0\n\x1b[31m,8,0,1\n",
    "one group": "group,n,c_base,c_tuned\nx,8,1,4\nx,8,2,0\n",
    "wider": "n,c_base,c_tuned\n" + "16,8,8\n" * 30 + "16,0,8\n" * 30,
    "narrower": "n,c_base,c_tuned\n" + "16,8,8\n" * 30 + "16,8,0\n" * 30,
    "many": "n,c_base,c_tuned\n" + "3,1,1\n3,0,1\n" * 60_000,
}


@pytest.fixture(scope="module")
def example():
    return tries()


@pytest.fixture(params=TABLES)
def table(request, tmp_path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text(TABLES[request.param], encoding="utf-8")
    return path


def run(*arguments: object):
    return CliRunner().invoke(main, ["tries", *map(str, arguments)])


def numbers(text: str) -> list[str]:
    return re.findall(r"[-+]?\d+(?:\.\d+)?", text)


def test_the_bundled_example_is_sharper_not_wider(example):
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("SHARPER, NOT WIDER (bundled example deepscaler32k.csv)\n")
    assert "curves cross at k = 22" in " ".join(result.stdout.split())
    assert example.verdict.finding == "sharper, not wider"
    assert example.tries.curves.crossover == 22
    assert example.example
    assert list(example.groups) == ["aime24", "amc23", "gaokao2023en", "olympiadbench"]
    assert result.stdout == plain_text(example) == str(example)
    assert result.stderr == ""


def test_its_numbers_are_the_published_ones(example):
    data = as_dict(example)
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        rows = {row["source"]: row for row in csv.DictReader(file)}
    whole, sets = rows.pop("ALL"), data["sets"]
    found = {
        "p1_base": data["curves"]["base"][0],
        "p128_base": data["curves"]["base"][-1],
        "p1_rl": data["curves"]["tuned"][0],
        "p128_rl": data["curves"]["tuned"][-1],
        "first_k_rl_below": data["curves"]["first_below"],
        "dSE": data["sampling_gap"],
        "N": data["input"]["problems"],
        "both": sets["both"],
        "base_only": sets["base_only"],
        "rl_only": sets["tuned_only"],
        "neither": sets["neither"],
        "mcnemar": sets["mcnemar_p"],
        "SRR": sets["kept"],
        "NDR": sets["new"],
        "NSCR": sets["net"],
        "chao2_base": data["base_bound"]["estimate"],
        "chao2_rl": data["tuned_bound"]["estimate"],
        "SC_base": data["base_coverage"],
        "SC_rl": data["tuned_coverage"],
    }
    for one in data["cover"]:
        percent = round(100 * one["tau"])
        found |= {f"cover{percent}_base": one["base"], f"cover{percent}_rl": one["tuned"]}
    assert found.keys() == whole.keys() - {"source"}
    for name, value in found.items():
        assert value == pytest.approx(float(whole[name]), rel=1e-7), name
    for name, row in rows.items():
        group = data["groups"][name]
        ends = (*group["base"], *group["tuned"], group["problems"])
        wanted = [float(row[column]) for column in ("p1_base", "p128_base", "p1_rl", "p128_rl", "N")]
        assert ends == pytest.approx(wanted, rel=1e-7)


def test_the_sections_follow_each_other_verdict_first(example):
    text = plain_text(example)
    heads = [
        "SHARPER, NOT WIDER", "Tuning solves", "A single try", "Share solved with k tries", "The curves cross",
        "Solved at least once", "McNemar", "kept", "Breadth", "Chao2", "sample coverage", "solved by 50%",
        "Each group alone", "Not assessed", "Read ",
    ]  # fmt: skip
    places = [text.index(head) for head in heads]
    assert places == sorted(places)


def test_the_text_shows_the_numbers_of_the_json(example):
    text, data = plain_text(example), as_dict(example)
    curves = data["curves"]
    shown = re.findall(r"^ +pass@(\d+) (.*)$", text, re.MULTILINE)
    assert [int(k) for k, _ in shown] == [1, 2, 4, 8, 16, 32, 64, 128]
    for k, rest in shown:
        wanted = [curves[name][int(k) - 1] for name in ("base", "tuned", "difference", "low", "high")]
        assert [float(one) for one in rest.split()] == pytest.approx(wanted, abs=5.01e-4)
    sets = data["sets"]
    line = next(line for line in text.splitlines() if "by both" in line)
    assert numbers(line) == [str(sets[name]) for name in ("both", "base_only", "tuned_only", "neither")]
    chao = next(line for line in text.splitlines() if "Chao2" in line).partition(")")[2]
    bounds = [data[f"{policy}_bound"] for policy in ("base", "tuned")]
    assert numbers(chao) == [f"{value:.1f}" for one in bounds for value in (one["estimate"], *one["ci"])]
    for one in data["cover"]:
        row = next(line for line in text.splitlines() if line.startswith(f"solved by {one['tau']:.0%} of tries"))
        assert row.split()[-2:] == [f"{one[policy]:.1%}" for policy in ("base", "tuned")]
    for name, group in data["groups"].items():
        row = next(line for line in text.splitlines() if line.startswith(name))
        assert group["finding"] in row
        assert f"{group['base'][0]:.3f} -> {group['tuned'][0]:.3f}" in row
        assert f"{group['base'][1]:.3f} -> {group['tuned'][1]:.3f}" in row


def test_json_is_alone_follows_the_strict_schema_and_is_the_same_again():
    result = run("--json")
    data = json.loads(result.stdout, parse_constant=pytest.fail)
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(data)
    assert data["schema"] == 1
    assert data["input"]["example"] is True
    assert result.stderr == ""
    assert result.stdout_bytes == run(bundled(), "--json").stdout_bytes.replace(b'"example": false', b'"example": true')
    assert run("--json", "--seed", 1).stdout_bytes != result.stdout_bytes


def objects(part):
    if isinstance(part, dict):
        if "properties" in part and "required" in part:
            yield part
        for inner in part.values():
            yield from objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from objects(inner)


def test_the_schema_lets_nothing_unnamed_through():
    named = [part for part in objects(schema()) if "type" in part]
    assert len(named) > 5
    for part in named:
        assert part["additionalProperties"] is False or part["additionalProperties"] == {"type": "string"}


def test_odd_tables_run_fit_80_columns_and_follow_the_schema(table):
    audit = tries(table, **FAST)
    text = plain_text(audit)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"\bnan\b|\binf\b|None|\x1b", text)
    result = run(table, "--reps", 199, "--json")
    assert result.exit_code == 0, result.output
    Draft202012Validator(schema()).validate(json.loads(result.stdout, parse_constant=pytest.fail))
    assert json.loads(result.stdout) == json.loads(json.dumps(as_dict(audit), allow_nan=False))
    assert lines(audit)[0][0].text == audit.verdict.finding.upper()


@pytest.mark.parametrize(("name", "finding"), [("wider", "wider"), ("narrower", "narrower"), ("one try", "unclear")])
def test_every_verdict_is_said_in_words(name, finding, tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(TABLES[name], encoding="utf-8")
    assert run(path, "-q", "--reps", 199).output == f"{finding.upper()}\n"


def test_no_crossing_is_told_where_the_band_does_not_show_it(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(TABLES["two problems"], encoding="utf-8")
    audit = tries(path, **FAST)
    assert audit.tries.curves.crossover is None
    assert "No crossing" in plain_text(audit)
    assert as_dict(audit)["curves"]["crossover_reason"]


def test_groups_of_one_problem_are_not_assessed(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("group,n,c_base,c_tuned\nx,8,1,4\nx,8,2,0\ny,8,0,1\n", encoding="utf-8")
    audit = tries(path, **FAST)
    assert list(audit.groups) == ["x"]
    assert "Group y: it has one problem" in audit.not_assessed


def test_luck_is_said_not_to_be_assessed(example):
    assert not example.verdict.beyond_luck
    assert any(one.startswith("Luck") for one in example.not_assessed)


def test_a_frame_is_as_good_as_a_file(example):
    again = tries(pd.read_csv(bundled()))
    assert again.tries.sets == example.tries.sets
    assert again.sha256 == example.sha256
    assert not again.example


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "no column of"),
        ("problem,n,c_base,c_tuned\na,4,5,1\nb,4,1,1\n", "above"),
        ("problem,n,c_base,c_tuned\na,4,,1\nb,4,1,1\n", "missing counts"),
        ("problem,n,c_base,c_tuned\na,20000,1,1\nb,20000,1,1\n", "too many"),
        ("", ""),
    ],
)
def test_a_bad_file_is_one_message_and_exit_code_2(content, words, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    result = run(path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


@pytest.mark.parametrize(
    "arguments", [["nofile.csv"], ["--reps", "1"], ["--level", "0.9"], ["--seed", "-1"], ["a", "b"]]
)
def test_a_mistake_is_exit_code_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "rror: " in result.stderr
    assert "Traceback" not in result.stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom auditor.cli import main\n"
        "try:\n    main(['tries', '--help'], prog_name='auditor')\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'scipy', 'arch', 'rich', 'statsmodels', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    assert "COUNTS" in done.stdout


def test_the_example_is_found_in_the_package_first_and_beside_it_else(monkeypatch, tmp_path):
    package = tmp_path / "auditor"
    monkeypatch.setattr(sys.modules["auditor.tries"], "__file__", str(package / "tries.py"))
    with pytest.raises(InputError, match="bundled tries are missing"):
        bundled()
    for place in (tmp_path / "data" / "tries", package / "data" / "tries"):
        place.mkdir(parents=True)
        (place / "deepscaler32k.csv").write_text("x", encoding="utf-8")
        assert bundled() == place / "deepscaler32k.csv"


def test_one_problem_of_few_tries_makes_no_verdict_on_all():
    """Sharper, and not wider, on 60 problems of 32 tries; with two tries of one problem the curves end at k=2."""
    rng = np.random.default_rng(4)
    hard = rng.random(60)
    rows = [
        [f"q{i}", 32, rng.binomial(32, 0.4 * p), rng.binomial(32, 0.9 if p > 0.5 else 0.0)] for i, p in enumerate(hard)
    ]
    whole = pd.DataFrame(rows, columns=["problem", "n", "c_base", "c_tuned"])
    assert tries(whole, reps=500).verdict.finding == "sharper, not wider"
    for few in (2, 15):
        cut = whole.copy()
        cut.loc[cut["c_base"].eq(0).idxmax() if cut["c_base"].eq(0).any() else 0, ["n", "c_base", "c_tuned"]] = [
            few,
            0,
            0,
        ]
        found = tries(cut, reps=500)
        assert found.verdict.finding == "unclear"
        assert f"what all tries solve is not told, since a problem has only {few}." in found.verdict.reason
        assert any(f"the curves end at k={few}" in note and "up to 32" in note for note in found.notes)
    cut = whole.copy()
    cut.loc[0, ["n", "c_base", "c_tuned"]] = [16, 0, 0]
    assert not any("curves end" in note for note in tries(cut, reps=500).notes)
