"""A table of counts is read by its names, or refused with the first line at fault."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auditor.errors import InputError
from auditor.inputs.counts import read_counts

FRAME = pd.DataFrame({"problem": ["a", "b", "c"], "n": [8, 8, 8], "c_base": [0, 3, 8], "c_tuned": [1, 2, 8]})


def test_the_bundled_counts():
    counts = read_counts(Path(__file__).parents[2] / "data" / "tries" / "deepscaler32k.csv")
    assert str(counts) == "deepscaler32k.csv: 1060 problems, 128 tries"
    assert (int(counts.base.sum()), int(counts.tuned.sum())) == (81965, 92271)
    assert counts.problem[0] == "fresh32k-aime24-0"
    assert set(counts.group) == {"aime24", "amc23", "gaokao2023en", "olympiadbench"}
    assert (counts.base_tries == 128).all()


@pytest.mark.parametrize(
    "names",
    [
        ("ID", "N", "C_Base", "C_RL"),
        ("Task", "samples", "base correct", "tuned-correct"),
        ("name", "tries", "base", "rl"),
    ],
)
def test_names_in_any_case_order_and_spelling(names, tmp_path):
    frame = FRAME.set_axis(list(names), axis=1)[list(names[::-1])]
    frame.to_csv(tmp_path / "counts.tsv", sep="\t", index=False)
    for source in (frame, tmp_path / "counts.tsv"):
        counts = read_counts(source)
        assert counts.problem == ("a", "b", "c")
        np.testing.assert_array_equal(counts.base, [0, 3, 8])
        np.testing.assert_array_equal(counts.tuned, [1, 2, 8])
        assert counts.sha256 == read_counts(FRAME).sha256


def test_each_policy_may_have_its_own_tries():
    counts = read_counts(FRAME.rename(columns={"n": "n_base"}).assign(n_tuned=[16, 16, 32]))
    np.testing.assert_array_equal(counts.tuned_tries, [16, 16, 32])
    assert str(counts) == "counts: 3 problems, 8 and 16 to 32 tries"
    both = read_counts(FRAME.assign(n_rl=16))
    assert (both.base_tries.max(), both.tuned_tries.max()) == (8, 16)


def test_rows_without_a_name_are_numbered():
    counts = read_counts(FRAME.drop(columns="problem"))
    assert counts.problem == ("1", "2", "3")
    assert counts.notes == ("no column of problems: rows are numbered",)
    assert counts.group is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,n,c_base,c_rl\na,8,9,1\nb,8,8,1\nc,8,10,1\n", r"'c_base' is above 'n' in 2 rows \(first line 2: 9 of 8\)"),
        ("id,n,c_base,c_rl\na,8,1,1\nb,8,-1,1\n", r"'c_base' has 1 counts below 0 \(first line 3: '-1'\)"),
        ("id,n,c_base,c_rl\na,8,1,0.5\nb,8,1,1\n", r"1 counts that are not whole \(first line 2: '0.5'\). Write succ"),
        ("id,n,c_base,c_rl\na,8,1,1\nb,0,0,0\n", r"'n' has 1 counts below 1 \(first line 3: '0'\). Leave out problems"),
        ("id,n,c_base,c_rl\na,8,1,1\na,8,0,0\n", r"names 1 problems again \(first line 3: 'a', also line 2\)"),
        ("id,n,c_base,c_rl\na,8,1,1\nb,8,,0\n", r"1 missing counts \(first line 3: ''\). Write 0"),
        (
            "id,n,c_base,c_rl\na,8,1,1\nb,8,x,0\n",
            r"text in 1 rows \(first line 3: 'x'\). Counts are whole numbers only",
        ),
        ("id,n,c_base,c_rl\na,8,1,1\n,8,1,0\n", r"1 rows without a name \(first line 3\)"),
        ("id,n,c_base,c_rl\na,8,1,1\n", "has one problem"),
        ("id,n,c_base,c_rl\na,1e12,1,1\nb,8,1,1\n", "too large to be tries"),
        ("id,n,c_base,result\na,8,1,1\n", r"no column of tuned successes among .* Name the columns problem, n"),
        ("id,c_base,c_rl\na,1,1\n", "no column of tries"),
        ("id,n_base,c_base,c_rl\na,8,1,1\n", "'n_base' and no tries of the other policy"),
        ("id,n,n_base,n_rl,c_base,c_rl\na,8,8,8,1,1\n", "'n' beside 'n_base' and 'n_rl'"),
        ("id,n,base,c_base,c_rl\na,8,8,1,1\n", r"several columns of base successes \('base', 'c_base'\)"),
        ("id,n,c_base,c_tunned\na,8,8,1\n", "Is it 'c_tunned'"),
    ],
)
def test_what_cannot_be_counts_is_refused(text, message, tmp_path):
    (tmp_path / "counts.csv").write_text(text)
    with pytest.raises(InputError, match=message) as refusal:
        read_counts(tmp_path / "counts.csv")
    assert str(refusal.value).startswith("counts.csv: ")


def test_a_named_column_is_no_table(tmp_path):
    FRAME.to_csv(tmp_path / "counts.csv", index=False)
    with pytest.raises(InputError, match="is no table of counts"):
        read_counts(f"{tmp_path / 'counts.csv'}:c_base")
