"""What a config may say, and how what it may not say is refused."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.gate import keys
from auditor.gate.config import find, load
from auditor.gate.expand import expanded

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str, name: str = "auditor.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_every_option_of_the_audit_is_a_key():
    from auditor.audit import audit

    assert set(keys.OPTIONS) == set(inspect.signature(audit).parameters) - {"look"}


def test_the_config_of_the_readme_is_read(tmp_path):
    file = written(
        tmp_path,
        """
[project]
name = "desk"

[tool.auditor]
ledger = "sqlite:///auditor.db"
[[tool.auditor.audit]]
name = "momentum-v7"
base = "results/base.csv"
tuned = "results/tuned.csv"
oos_start = 2022-01-03
base_trades = "results/base_trades.csv"
tuned_trades = "results/tuned_trades.csv"
require = ["new_edge", "efficiency"]
standing = "shown"
on_undecided = "fail"

[tool.other]
ledger = 3
""",
        "pyproject.toml",
    )
    found = load(file)
    assert found.ledger == f"sqlite:///{tmp_path / 'auditor.db'}"
    assert found.baseline == tmp_path / "auditor-baseline.json"
    (one,) = found.entries
    assert (one.name, one.strategy, one.line) == ("momentum-v7", "momentum-v7", 7)
    assert (one.needed.require, one.needed.standing) == (("new_edge", "efficiency"), "shown")
    assert one.options["base_trades"] == str(tmp_path / "results/base_trades.csv")
    assert one.options["oos_start"] == "2022-01-03"


@pytest.mark.parametrize("page", ["README.md", "docs/gate.md"])
def test_the_configs_shown_are_read(tmp_path, monkeypatch, page):
    monkeypatch.setenv("AUDITOR_KEY", "0" * 32)
    shown = re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert len(shown) == 1
    for text in shown:
        assert load(written(tmp_path, text)).entries[0].name == "momentum-v7"


PAIR = 'base = "b.csv"\ntuned = "t.csv"\noos_fraction = 0.3\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('lege = "x"\n[[audit]]\n' + PAIR, "auditor.toml:1: unknown key 'lege'; did you mean 'ledger'?"),
        ("[[audit]]\n" + PAIR + "on-undecide = 1", ":5: unknown key 'on-undecide'; did you mean 'on_undecided'?"),
        ("[[audit]]\n" + PAIR + "xyzzy = 1", "auditor.toml:5: unknown key 'xyzzy'; known keys: name, strategy, base"),
        ('[[audit]]\nname = "a"\n' + PAIR + "[[audit]]\n" + PAIR + "levl = 1", ":10: unknown key 'levl'; did"),
        ('tuned = "t"\n[[audit]]\n' + PAIR, ":1: unknown key 'tuned'"),
        ("[[audit]]\n" + PAIR + 'standing = "shwn"', 'must be "shown" or "presumed"; did you mean \'shown\'?'),
        ("[[audit]]\n" + PAIR + 'require = ["new_edg"]', 'must be "new_edge" or "efficiency"'),
        ("[[audit]]\n" + PAIR + 'strategy = " "', "strategy = ' ' must be a name that is not blank"),
        ("[[audit]]\n" + PAIR + "require = []", "require = [] must be a list of findings"),
        ("[[audit]]\n" + PAIR + 'opportunity = ""', "opportunity = '' must be a list of columns"),
        ("[[audit]]\n" + PAIR + "reps = 1.5", "reps = 1.5 must be a whole number"),
        ("[[audit]]\n" + PAIR + "reps = true", "reps = True must be a whole number"),
        ("[[audit]]\n" + PAIR + "compounding = 1", "compounding = 1 must be true or false"),
        ("[[audit]]\n" + PAIR + 'name = "a"\nlevel = 0.9', "audit 'a': level must be above 0 and at most 0.5"),
        ("[[audit]]\n" + PAIR + "embargo = 9223372036854775807", "audit 1: embargo must be at most 10,000,000"),
        ("[[audit]]\n" + PAIR + "periods_per_year = 1e308", "periods_per_year must be at most 1,000,000,000"),
        ("[[audit]]\n" + PAIR + "capital = 1e300", "capital must be from 1e-06 to 1e+18"),
        ("[[audit]]\n" + PAIR, "has no name: add name"),
        ('[[audit]]\nname = "a"\ntuned = "t"\noos_fraction = 0.3', "audit 'a' names no base"),
        ('[[audit]]\nname = "a"\nbase = "b"\noos_fraction = 0.3', "audit 'a' names no tuned"),
        ('[[audit]]\nname = "a"\nbase = "b"\ntuned = "t"', "does not say what is out of sample: give one of oos_start"),
        ('[[audit]]\nname = "a"\noos_start = 2020-01-01\n' + PAIR, "has oos_start and oos_fraction: give one"),
        ("[audit]\n" + PAIR, "audits are a list of tables: write [[audit]]"),
        ("", "it names no audit. Add [[audit]]"),
        ("[[audit]\n", "not TOML: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line_and_the_fix(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert message in str(caught.value)


def test_a_split_of_an_audit_replaces_the_one_that_holds_for_all(tmp_path):
    file = written(
        tmp_path,
        "oos_start = 2020-01-01\ncapital = 1e6\nstanding = 'shown'\n"
        "[[audit]]\nname = 'a'\nbase = 'b'\ntuned = 't'\noos_fraction = 0.3\nstanding = 'presumed'\n"
        "[[audit]]\nname = 'c'\nbase = 'b'\ntuned = 't'\nbase_trades = 'x'\ntuned_trades = 'y'\n",
    )
    a, c = load(file).entries
    assert (a.options["oos_fraction"], "oos_start" in a.options, a.needed.standing) == (0.3, False, "presumed")
    assert (c.options["oos_start"], c.needed.standing) == ("2020-01-01", "shown")
    # How trades are read is a default for the audits that have trades.
    assert ("capital" in a.options, c.options["capital"]) == (False, 1e6)


def test_rollouts_alone_are_an_audit(tmp_path):
    file = written(
        tmp_path,
        'base = "b.csv"\nbase_column = "x"\nkind = "prices"\ndate_column = "day"\ninstrument_returns = "i.csv"\n'
        "oos_fraction = 0.3\nwindow = 5\n"
        '[[audit]]\nname = "r"\nbase_rollouts = "br.csv"\ntuned_rollouts = "tr.csv"\n'
        '[[audit]]\nname = "p"\ntuned = "t.csv"\n',
    )
    alone, pair = expanded(load(file).entries)
    # A base for all the others, and how it is read, are not for rollouts that stand alone; dates and the market are.
    assert set(alone.options) == {
        "base_rollouts", "tuned_rollouts", "date_column", "instrument_returns", "oos_fraction", "window",
    }  # fmt: skip
    assert set(pair.options) == {"base", "tuned", "base_column", "kind", "date_column", "oos_fraction"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'name = "r"\nbase_rollouts = "br.csv"\n',
            "audit 'r' names no base: add base = \"FILE\", or base_rollouts and",
        ),
        ('base_rollouts = "br.csv"\ntuned_rollouts = "tr.csv"\n', "has no name: add name"),
    ],
)
def test_rollouts_alone_need_both_and_a_name(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, f"[[audit]]\noos_fraction = 0.3\n{text}"))
    assert message in str(caught.value)


def test_a_default_is_for_the_audits_that_read_what_it_is_of(tmp_path):
    file = written(
        tmp_path,
        'oos_fraction = 0.3\nposition_lag = 0\ntolerance = 1\ncapital = 1e6\ninstrument_returns = "i.csv"\n'
        "[[audit]]\nname = 'a'\nbase = 'b'\ntuned = 't'\nbase_trades = 'x'\ntuned_trades = 'y'\n"
        "[[audit]]\nname = 'c'\nbase = 'b'\ntuned = 't'\nbase_positions = 'x'\ntuned_positions = 'y'\n",
    )
    files = {"base", "tuned", "oos_fraction", "capital"}
    traded, held = (set(one.options) - files for one in load(file).entries)
    assert traded == {"base_trades", "tuned_trades", "tolerance"}
    assert held == {"base_positions", "tuned_positions", "position_lag", "instrument_returns"}


def test_paths_are_from_the_configs_folder_and_rates_are_numbers(tmp_path):
    file = written(
        tmp_path,
        'signing_key = "key"\nbaseline = "accepted.json"\n'
        '[[audit]]\nname = "a"\nbase = "/abs/b.csv:x"\ntuned = "../t.csv:y"\noos_fraction = 0.3\nrf = "cash.csv"\n'
        '[[audit]]\nname = "b"\nbase = "b"\ntuned = "t"\noos = ["2020-01-01:2021-01-01"]\n'
        'rf = "0.03"\nopportunity = "setup"\n',
    )
    found = load(file)
    a, b = found.entries
    assert (found.signing_key, found.baseline) == (str(tmp_path / "key"), tmp_path / "accepted.json")
    assert (a.options["base"], a.options["tuned"]) == ("/abs/b.csv:x", f"{tmp_path}/../t.csv:y")
    assert (a.options["rf"], b.options["rf"]) == (str(tmp_path / "cash.csv"), 0.03)
    assert (b.options["oos"], b.options["opportunity"]) == (["2020-01-01:2021-01-01"], ("setup",))


def test_a_tilde_is_the_home_folder_and_a_percentage_is_no_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/desk")
    (entry,) = load(
        written(tmp_path, '[[audit]]\nname = "a"\nbase = "~/b.csv:x"\ntuned = "t.csv"\noos_fraction = 0.3\nrf = "3%"\n')
    ).entries
    assert (entry.options["base"], entry.options["rf"]) == ("/home/desk/b.csv:x", "3%")


def test_a_variable_in_the_ledgers_url_is_filled_in(tmp_path, monkeypatch):
    file = written(tmp_path, 'ledger = "postgresql://ci:${DESK_PASSWORD}@db/looks"\n[[audit]]\nname = "a"\n' + PAIR)
    monkeypatch.setenv("DESK_PASSWORD", "s3cret")
    found = load(file)
    assert found.ledger == "postgresql://ci:s3cret@db/looks"
    assert "s3cret" not in str(found.ledger_as_written)
    monkeypatch.delenv("DESK_PASSWORD")
    with pytest.raises(ConfigError, match="variable DESK_PASSWORD is not set"):
        load(file)
    file.write_text(file.read_text().replace("${DESK_PASSWORD}", "clear${MORE}"))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert "clear" not in str(caught.value)


def test_the_config_is_found_from_the_folder_upwards(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    with pytest.raises(ConfigError, match="make one with `auditor init`"):
        find(deep)
    written(tmp_path, "[tool.auditor]\n", "pyproject.toml")
    written(tmp_path / "a", "[tool.other]\n", "pyproject.toml")
    assert find(deep) == tmp_path / "pyproject.toml"
    written(tmp_path / "a", "")
    assert find(deep) == tmp_path / "a" / "auditor.toml"


def globbed(tmp_path, text, *files):
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    return expanded(load(written(tmp_path, "oos_fraction = 0.3\n[[audit]]\n" + text)).entries)


def test_a_star_names_one_audit_a_file(tmp_path):
    files = ("books/value/v1.csv", "books/carry/v1.csv", "books/carry/v[2].csv", "books/base.csv")
    found = globbed(
        tmp_path, 'tuned = "books/*/v*.csv:ret"\nbase = "books/base.csv"\nknown = "books/*/known.csv"', *files
    )
    assert [one.name for one in found] == ["carry-1", "carry-[2]", "value-1"]
    assert [one.strategy for one in found] == ["carry-1", "carry-[2]", "value-1"]
    assert found[1].options["tuned"] == str(tmp_path / "books/carry/v[2].csv:ret")
    assert found[1].options["known"] == str(tmp_path / "books/carry/known.csv")
    named = globbed(tmp_path, 'name = "x-*"\nstrategy = "all"\ntuned = "books/*/v1.csv"\nbase = "b"', *files)
    assert [(one.name, one.strategy) for one in named] == [("x-carry", "all"), ("x-value", "all")]


def test_a_strategy_that_is_said_counts_for_all_even_where_it_is_the_name(tmp_path):
    files = ("v0.csv", "v1.csv")
    one = 'name = "momentum"\ntuned = "v*.csv"\nbase = "b"\n'
    said = globbed(tmp_path, one + 'strategy = "momentum"', *files)
    assert [(one.name, one.strategy) for one in said] == [("momentum/0", "momentum"), ("momentum/1", "momentum")]
    assert [one.strategy for one in globbed(tmp_path, one, *files)] == ["momentum/0", "momentum/1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('tuned = "none/*.csv"\nbase = "b"', "no file fits it"),
        ('tuned = "**/*.csv"\nbase = "b"', "write a * for each folder"),
        ('tuned = "books/*.csv"\nbase = "*/*.csv"', "has more stars than tuned"),
        (
            'tuned = "books/*.csv"\nbase = "b"\n[[audit]]\nname = "a"\ntuned = "t"\nbase = "b"',
            "two audits are named 'a'",
        ),
    ],
)
def test_a_star_that_stands_for_nothing_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        globbed(tmp_path, text, "books/a.csv")
    assert message in str(caught.value)


def test_a_date_may_be_written_as_toml_has_it_or_as_text():
    for value in (dt.date(2022, 1, 3), "2022-01-03"):
        assert keys.checked({"oos_start": value}, keys.OF_AN_AUDIT, str) == {"oos_start": "2022-01-03"}


@pytest.mark.parametrize("text", ["tool = 3", "tool = [{auditor = 1}]", "[tool]\nauditor = 3"])
def test_a_pyproject_of_another_shape_is_told_apart(tmp_path, text):
    file = written(tmp_path, text, "pyproject.toml")
    with pytest.raises(ConfigError, match=r"has no \[tool\.auditor\]"):
        load(file)
    if "[tool]" not in text:
        with pytest.raises(ConfigError, match=r"no auditor\.toml"):
            find(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "capital = inf",
        "periods_per_year = nan",
        "rf = nan",
        "hurdle = -inf",
        'known = "a\\u0000b"',
        "oos_fraction = nan",
    ],
)
def test_no_number_and_no_name_are_refused(tmp_path, line):
    file = written(tmp_path, f'[[audit]]\nname = "a"\nbase = "b"\ntuned = "t"\noos_start = "2020"\n{line}\n')
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert str(refused.value).split(":", 2)[2].startswith(f" {line.split()[0]} = ")
