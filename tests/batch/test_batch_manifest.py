"""What a manifest says becomes jobs, as if each row had been typed; what it cannot mean is refused."""

import datetime as dt

import pandas as pd
import pytest

from auditor.batch.cells import parameters
from auditor.batch.manifest import jobs_of, read_manifest
from auditor.errors import ConfigError, InputError


def write(place, text, defaults=None):
    path = place / "shelf.csv"
    path.write_text(text)
    if defaults is not None:
        (place / "shelf.toml").write_text(defaults)
    return path


def test_cells_mean_what_they_would_mean_on_the_command_line(tmp_path):
    header = "Name,base,tuned,--oos,block,rf,known,known-complete,opportunity,reps,level,trials"
    row = 'a,b.csv,sub/t.csv:ret,2015-01-01:2016-01-01; 2017-01-01:2018-01-01,12,0.03,k.csv,yes,"sector,side",500,,'
    (job,) = read_manifest(write(tmp_path, f"{header}\n{row}\n"))
    here = str(tmp_path)
    assert (job.row, job.name, job.base, job.tuned) == (1, "a", f"{here}/b.csv", f"{here}/sub/t.csv:ret")
    assert job.options == {
        "oos": ["2015-01-01:2016-01-01", "2017-01-01:2018-01-01"],
        "block": 12,
        "rf": 0.03,
        "known": f"{here}/k.csv",
        "known_complete": True,
        "opportunity": ("sector", "side"),
        "reps": 500,
    }
    assert job.shown == ("b.csv", "sub/t.csv:ret")


def test_whole_numbers_may_be_written_as_pandas_writes_them_above_an_empty_cell(tmp_path):
    header = "base,tuned,n_trials,reps,block,window,tolerance"
    first, second, third = read_manifest(
        write(tmp_path, f"{header}\nb.csv,t.csv,30.0,999.0,5.0,20.0,1.0\nb.csv,u.csv,,,,,\nb.csv,v.csv,30.5,,,,\n")
    )
    assert {name: first.options[name] for name in ("n_trials", "reps", "block", "tolerance")} == {
        "n_trials": 30,
        "reps": 999,
        "block": 5,
        "tolerance": 1,
    }
    assert str(first.options["window"]) == "20"
    assert second.refused is None
    assert "'30.5' is not a valid integer" in third.refused


def test_every_option_of_an_audit_may_be_a_column():
    import inspect

    from auditor import audit

    # A look is counted by a ledger, not written in a table.
    assert set(parameters()) == set(inspect.signature(audit).parameters) - {"base", "tuned", "look"}


def test_defaults_stand_beside_and_rows_override_them(tmp_path):
    defaults = 'base = "b.csv"\noos-start = 2019-01-02\nreps = 500\nopportunity = ["sector", "side"]\nrf = "cash.csv"\n'
    path = write(tmp_path, "tuned,reps\nt.csv,\n/abs/u.csv:x,999\n", defaults)
    first, second = read_manifest(path)
    assert first.options["oos_start"] == "2019-01-02"
    assert (first.options["reps"], second.options["reps"]) == (500, 999)
    assert first.options["opportunity"] == ("sector", "side")
    assert first.options["rf"] == str(tmp_path / "cash.csv")
    assert (first.base, second.tuned) == (str(tmp_path / "b.csv"), "/abs/u.csv:x")
    assert (first.name, second.name) == ("t", "u:x")


def test_a_typed_manifest_means_the_same(tmp_path):
    path = tmp_path / "shelf.parquet"
    frame = pd.DataFrame(
        {
            "base": ["b.csv"] * 3,
            "tuned": ["1.csv", "2.csv", "3.csv"],
            "reps": [500, None, 700],
            "oos_start": [pd.Timestamp("2019-01-02"), None, pd.Timestamp("2020-01-02 10:00")],
            "known_complete": [True, False, None],
            "level": [0.1, None, 0.05],
        }
    )
    frame.to_parquet(path)
    jobs = read_manifest(path)
    assert [job.options for job in jobs] == [
        {"reps": 500, "oos_start": "2019-01-02", "known_complete": True, "level": 0.1},
        {"known_complete": False},
        {"reps": 700, "oos_start": "2020-01-02T10:00:00", "level": 0.05},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("base,tuned,tuned_trade\na,b,c\n", "'tuned_trade': did you mean 'tuned_trades'?"),
        ("base,tuned,report\na,b,c\n", "1 column is not among the options of an audit (first 'report'"),
        ("base,tuned,oos-start,oos_start\na,b,c,d\n", "'oos_start' stands twice"),
        ("tuned\nb\n", "no column 'base'"),
        ("base\nb\n", "no column 'tuned'"),
        ("base,tuned\na,b,c\n", "1 row does not have the header's 2 fields (first line 2"),
        ("base,tuned\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused_as_a_whole(tmp_path, text, words):
    with pytest.raises(InputError) as refused:
        read_manifest(write(tmp_path, text))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ("repz = 500\n", "'repz' is not an option of an audit: did you mean 'reps'?"),
        ('reps = "many"\n', "shelf.toml: --reps: 'many' is not a valid integer"),
        ("[audit]\nreps = 1\n", "'audit' is not an option"),
        ("[reps]\nx = 1\n", "'reps' is a table"),
        ("reps = = 1\n", "shelf.toml: not TOML"),
        ("reps = nan\n", "shelf.toml: 'reps' is nan"),
        ('library = ""\n', "shelf.toml: 'library' is empty. Leave the line out"),
        ("oos = []\n", "shelf.toml: 'oos' is empty"),
        ("oos-start = 2020-01-01\noos_start = 2021-01-01\n", "'oos_start' stands there twice"),
    ],
)
def test_defaults_that_cannot_be_meant_are_refused(tmp_path, defaults, words):
    with pytest.raises(ConfigError) as refused:
        read_manifest(write(tmp_path, "base,tuned\na,b\n", defaults))
    assert words in str(refused.value)


def test_a_manifest_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_manifest(tmp_path / "none.csv")


def test_a_bad_row_is_refused_alone(tmp_path):
    text = "name,base,tuned,kind\na,b.csv,t.csv,sums\nb,,t.csv,\nc,b.csv,t.csv,prices\nd,b.csv,none*.csv,\n"
    jobs = read_manifest(write(tmp_path, text))
    assert [job.row for job in jobs] == [1, 2, 3, 4]
    assert "--kind: 'sums' is not one of" in jobs[0].refused
    assert jobs[1].refused == "line 3 has no 'base'"
    assert jobs[2].refused is None
    assert "matches no file" in jobs[3].refused


def test_rollouts_alone_are_a_row(tmp_path):
    rows = ["n,,,br.csv,tr.csv", ",,,br.csv,tr2.csv", "m,,,br.csv,", "o,b.csv,t.csv,,"]
    text = "\n".join(["name,base,tuned,base_rollouts,tuned_rollouts", *rows])
    named, unnamed, one, pair = read_manifest(write(tmp_path, text))
    assert (named.name, named.base, named.tuned, named.refused) == ("n", None, None, None)
    assert named.options["tuned_rollouts"] == str(tmp_path / "tr.csv")
    assert (unnamed.name, unnamed.shown, unnamed.refused) == ("tr2", ("br.csv", "tr2.csv"), None)
    assert one.refused == "line 4 has no 'base'"
    assert (pair.name, pair.shown) == ("o", ("b.csv", "t.csv"))
    alone = read_manifest(write(tmp_path, "base_rollouts,tuned_rollouts\nbr.csv,tr.csv\n"))
    assert [(job.name, job.refused) for job in alone] == [("tr", None)]
    with pytest.raises(InputError, match="no column 'base'"):
        read_manifest(write(tmp_path, "base_rollouts\nbr.csv\n"))


def test_rollouts_alone_are_a_row_of_a_program():
    runs = {"base_rollouts": "br.csv", "tuned_rollouts": "tr.csv"}
    jobs = list(jobs_of([runs, {"tuned_rollouts": "tr.csv"}, {"tuned": "t.csv", **runs}], {"oos_fraction": 0.5}))
    assert [(job.name, job.base, job.tuned) for job in jobs] == [
        ("tr", None, None), ("tr", None, None), ("t", None, "t.csv"),
    ]  # fmt: skip
    assert [job.refused for job in jobs] == [None, "the row has no 'base'", None]


def files(place, *names):
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("")


def test_a_wildcard_makes_one_audit_a_file(tmp_path):
    files(tmp_path, "v2.csv", "v10.csv", "v1.csv", "other.csv", "base.csv")
    jobs = read_manifest(write(tmp_path, "name,base,tuned\nall,base.csv,v*.csv:ret\nlast,base.csv,other.csv\n"))
    assert [(job.row, job.name) for job in jobs] == [
        (1, "all v1:ret"),
        (2, "all v10:ret"),
        (3, "all v2:ret"),
        (4, "last"),
    ]
    assert jobs[1].tuned == str(tmp_path / "v10.csv:ret")


def test_wildcards_elsewhere_stand_for_what_they_matched_in_tuned(tmp_path):
    files(tmp_path, "a/1/tuned.csv", "b/2/tuned.csv", "a/1/base.csv", "b/2/base.csv")
    jobs = read_manifest(write(tmp_path, "base,tuned,tuned_trades\n*/?/base.csv,*/?/tuned.csv,t-*.csv\n"))
    assert [job.shown for job in jobs] == [("a/1/base.csv", "a/1/tuned.csv"), ("b/2/base.csv", "b/2/tuned.csv")]
    assert [job.options["tuned_trades"] for job in jobs] == [str(tmp_path / "t-a.csv"), str(tmp_path / "t-b.csv")]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("base*.csv,t.csv", "wildcards need one in `tuned`"),
        ("*/*.csv,t*.csv", "has 2 wildcards and `tuned` has 1"),
        ("b.csv,**/t.csv", "** is not understood"),
    ],
)
def test_wildcards_that_cannot_be_filled_in_are_refused(tmp_path, row, words):
    files(tmp_path, "t1.csv")
    (job,) = read_manifest(write(tmp_path, f"base,tuned\n{row}\n"))
    assert words in job.refused


def test_a_file_whose_name_looks_like_a_wildcard_is_that_file(tmp_path):
    files(tmp_path, "t[1].csv", "t1.csv")
    (job,) = read_manifest(write(tmp_path, "base,tuned\nb.csv,t[1].csv\n"))
    assert job.tuned == str(tmp_path / "t[1].csv")


def test_dates_of_toml_are_dates(tmp_path):
    from auditor.batch.cells import as_text

    assert as_text(dt.date(2019, 1, 2)) == "2019-01-02"
    assert as_text(dt.datetime(2019, 1, 2, tzinfo=dt.UTC)) == "2019-01-02T00:00:00+00:00"
    assert as_text(2000.0) == "2000"
    assert as_text(float("nan")) == as_text(None) == ""


@pytest.mark.parametrize(
    ("tuned", "words"),
    [("[z-a]*.csv", "characters in brackets that are no range"), ("[[]x*.csv", "matches no file")],
)
def test_wildcards_that_mean_nothing_refuse_their_row(tmp_path, tuned, words):
    (job,) = read_manifest(write(tmp_path, f"base,tuned\na.csv,{tuned}\n"))
    assert words in job.refused


def test_a_path_with_a_nul_refuses_its_row(tmp_path):
    (job,) = read_manifest(write(tmp_path, "base\na.csv\n", 'tuned = "a\\u0000*/b.csv"\n'))
    assert "no name of a file has a NUL in it" in job.refused


def test_brackets_stand_for_one_of_their_characters(tmp_path):
    for name in ("a1", "b2", "^3", "[4", "&5"):
        (tmp_path / f"{name}.csv").write_text("x")
    for tuned, names in (("[!a]2.csv", ["b2"]), ("[[]4.csv", ["[4"]), ("[a-b^][13].csv", ["^3", "a1"])):
        jobs = read_manifest(write(tmp_path, f"base,tuned\nx.csv,{tuned}\n"))
        assert [job.name for job in jobs] == names
