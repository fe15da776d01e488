"""A batch writes one table, whatever happened on the way: other workers, kills, errors, a second start."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from auditor import InputError, audit_files, run_batch
from auditor.batch.journal import Journal
from auditor.batch.together import adjusted
from auditor.cli import main

ROOT = Path(__file__).parents[2]
TABLES = ("results.csv", "results.parquet", "summary.html")


def tables(out):
    return {name: (out / name).read_bytes() for name in TABLES}


@pytest.fixture
def odd(manifest):
    """The manifest with a corrupt file, a missing file, a constant series and a bad cell in it."""
    place = manifest.parent
    frame = pd.read_csv(place / "v00.csv")
    frame.assign(**{"return": 0.001}).to_csv(place / "still.csv", index=False)
    (place / "corrupt.csv").write_bytes((place / "v00.csv").read_bytes()[:900] + b"\xff\x00")
    text = manifest.read_text().replace("name,base,tuned", "name,base,tuned,level").replace(".csv\n", ".csv,\n")
    bad = ["corrupt,base.csv,corrupt.csv,", "missing,base.csv,none.csv,", "=still(),base.csv,still.csv,",
           "cell,base.csv,v01.csv,half"]  # fmt: skip
    lines = text.splitlines()
    manifest.write_text("\n".join([*lines[:4], *bad, *lines[4:]]) + "\n")
    return manifest


def test_the_table_holds_what_each_audit_says_and_errors_say_why(odd, tmp_path):
    found = run_batch(odd, tmp_path / "out", workers=2)
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert table["row"].tolist() == list(range(1, 13))
    errors = table.set_index("row")["error"].dropna()
    assert errors.index.tolist() == [4, 5, 6, 7]
    for row, words in {4: "zero byte", 5: "no such file", 6: "are constant", 7: "--level: 'half'"}.items():
        assert words in errors[row]
    assert table["name"][5] == "'=still()"
    assert len(found.errors) == 4
    alone = audit_files(odd.with_name("base.csv"), odd.with_name("v06.csv"), oos_fraction=0.5, reps=199)
    row = table[table["tuned"] == "v06.csv"].iloc[0]
    outside = alone.sharpe.out_of_sample
    assert (row["gain"], row["gain_p"], row["gain_low"]) == (outside.gain, outside.p_value, outside.ci[0])
    assert (row["label"], row["finding"], row["reason"]) == (alone.label, alone.finding, alone.reason)
    assert row["n_oos"] == outside.n_obs
    typed = pd.read_parquet(tmp_path / "out" / "results.parquet")
    assert typed["name"][5] == "=still()"
    made = typed["error"].isna()
    pd.testing.assert_series_equal(typed["gain"][made], table["gain"][made], check_exact=True)


def test_q_and_stepm_count_the_whole_shelf(manifest, tmp_path):
    run_batch(manifest, tmp_path / "out", workers=1)
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    p = table["gain_p"].to_numpy()
    order = p.argsort()
    expected = (p[order] * 8 / range(1, 9))[::-1]
    expected = pd.Series(expected).cummin().to_numpy()[::-1].clip(max=1)
    assert table["gain_q"].to_numpy()[order].tolist() == pytest.approx(expected.tolist())
    assert table["stepm_variants"].tolist() == [8] * 8
    assert table["stepm_better"].any()
    assert not table["stepm_better"].all()
    assert table["stepm_better"].iloc[p.argmin()]
    assert table["spa_p"].nunique() == 1


def test_stepm_is_superior_trials_on_the_out_of_sample_returns(manifest, tmp_path):
    from auditor.stats.superior import superior_trials

    run_batch(manifest, tmp_path / "out", workers=1)
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    place = manifest.parent
    base, *tuned = (
        pd.read_csv(place / name)["return"].to_numpy()[150:] for name in ("base.csv", *table["tuned"])
    )  # fmt: skip
    block = int(-(-table["block"].median() // 1))
    import numpy as np

    found = superior_trials(base, np.column_stack(tuned), block=block, reps=1000, seed=0)
    assert np.flatnonzero(table["stepm_better"]).tolist() == sorted(found.superior)
    assert table["spa_p"][0] == found.p_consistent


def test_variants_of_another_base_or_window_are_another_family(manifest, tmp_path):
    lines = manifest.read_text().splitlines()
    lines[0] += ",oos_fraction"
    lines[1:] = [line + ",0.5" for line in lines[1:4]] + [line + ",0.4" for line in lines[4:6]] + [lines[6] + ",0.3"]
    lines.append("again,base.csv,v00.csv,0.5")
    manifest.write_text("\n".join(lines) + "\n")
    found = run_batch(manifest, tmp_path / "out", workers=1)
    assert [row.get("stepm_variants") for row in found.rows] == [3, 3, 3, 2, 2, None, 3]
    assert found.rows[0]["stepm_better"] == found.rows[6]["stepm_better"]


def test_a_base_less_another_cash_rate_or_on_other_dates_is_another_base(manifest, tmp_path):
    place = manifest.parent
    frame = pd.read_csv(place / "v00.csv")
    frame.drop(index=[200]).to_csv(place / "short.csv", index=False)
    frame.drop(index=[200]).assign(**{"return": -frame["return"]}).to_csv(place / "lower.csv", index=False)
    rows = [f"base.csv,v0{i}.csv,{rf}" for rf in ("", "0.3") for i in range(4, 7)]
    rows += ["base.csv,short.csv,", "base.csv,lower.csv,"]
    manifest.write_text("\n".join(["base,tuned,rf", *rows]) + "\n")
    (place / "manifest.toml").write_text('oos_fraction = 0.5\nreps = 199\nalign = "inner"\nseed = 0\n')
    found = run_batch(manifest, tmp_path / "out", workers=1)
    assert found.notes == ()
    assert [row.get("stepm_variants") for row in found.rows] == [3] * 6 + [2] * 2
    assert [row["spa_p"] for row in found.rows] == [spa_by_hand(place, rf) for rf in (0.0, 0.3) for _ in range(3)] + [
        found.rows[6]["spa_p"]
    ] * 2


def spa_by_hand(place, rf):
    """SPA's p of v04 to v06 over the base, cash taken off."""
    import numpy as np

    from auditor import audit_files
    from auditor.stats.superior import superior_trials

    names = [place / f"v0{i}.csv" for i in range(4, 7)]
    blocks = [
        audit_files(place / "base.csv", one, oos_fraction=0.5, reps=199, rf=rf or None).sharpe.out_of_sample.block
        for one in names
    ]
    cash = (1 + rf) ** (1 / 252) - 1
    base, *tuned = (pd.read_csv(one)["return"].to_numpy()[150:] - cash for one in (place / "base.csv", *names))
    return superior_trials(base, np.column_stack(tuned), block=sorted(blocks)[1], reps=1000, seed=0).p_consistent


def test_rows_with_rollouts_stay_out_of_stepm_and_it_is_said(manifest, tmp_path):
    place = manifest.parent
    for name in ("base", "v05"):
        frame = pd.read_csv(place / f"{name}.csv")
        frame.assign(more=frame["return"][::-1].to_numpy()).to_csv(place / f"{name}_runs.csv", index=False)
    alone = "base.csv,v05.csv,,\nbase.csv,v06.csv,,\n"
    header, runs = "base,tuned,base_rollouts,tuned_rollouts\n", "base.csv,v00.csv,base_runs.csv,v05_runs.csv\n"
    manifest.write_text(header + alone)
    expected = run_batch(manifest, tmp_path / "alone", workers=1)
    assert expected.notes == ()
    manifest.write_text(header + alone + 2 * runs)
    found = run_batch(manifest, tmp_path / "out", workers=1)
    assert found.notes == ("2 rows with rollouts: the label is of these, and StepM tests single policies",)
    assert [row.get("stepm_variants") for row in found.rows] == [2, 2, None, None]
    assert [row["spa_p"] for row in found.rows[:2]] == [row["spa_p"] for row in expected.rows]
    manifest.write_text(header + runs)
    assert run_batch(manifest, tmp_path / "one", workers=1).notes[0].startswith("1 row with rollouts: ")


@pytest.mark.parametrize("name", ["results.csv", "results.parquet", "summary.html", "journal.jsonl"])
def test_results_never_overwrite_what_the_batch_reads(manifest, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(manifest.parent / "base.csv", out / name)
    (manifest.parent / "link.csv").symlink_to(out / name)
    for written in (f"../out/{name}", f"../out/{name}:return", "link.csv"):
        manifest.write_text(f"base,tuned,rf\n{written},v00.csv,0.01\n")
        with pytest.raises(InputError, match="is read by this batch, and would be overwritten"):
            run_batch(manifest, out, workers=1, resume=True)
    assert [one.name for one in out.iterdir()] == [name]


def test_results_never_overwrite_the_manifest(manifest):
    moved = manifest.rename(manifest.with_name("results.csv"))
    with pytest.raises(InputError, match="is read by this batch, and would be overwritten"):
        run_batch(moved, manifest.parent, workers=1, resume=True)


def test_adjusted_leaves_out_what_has_no_p():
    assert adjusted([]) == []
    assert adjusted([None, 0.01, None, 0.04]) == [None, 0.02, None, 0.04]


def start(manifest, out, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "auditor", "batch", str(manifest), "--out", str(out), "--workers", "2", *more],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def lines_of(out):
    journal = out / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def test_killed_anywhere_and_resumed_the_table_is_that_of_an_undisturbed_run(odd, tmp_path):
    run_batch(odd, tmp_path / "whole", workers=1)
    out, draw = tmp_path / "killed", random.Random()
    for after in sorted(draw.sample(range(1, 12), 1)):
        run = start(odd, out, "--resume")
        while run.poll() is None and lines_of(out) < after:
            time.sleep(0.005)
        run.kill()
        run.communicate()
    before = lines_of(out)
    finished = start(odd, out, "--resume")
    _, told = finished.communicate(timeout=120)
    assert finished.returncode == 0, told
    assert f"{before} of 12 audits were done before" in told or before >= 12
    assert tables(out) == tables(tmp_path / "whole")
    # 12 rows and one group: nothing was made twice.
    assert lines_of(out) == 13


def test_a_torn_last_line_is_made_again_and_damage_within_is_told(odd, tmp_path):
    out = tmp_path / "out"
    run_batch(odd, out, workers=1)
    whole, journal = tables(out), out / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = b'{"key": "broken\n'
    journal.write_bytes(b"".join(lines)[:-30])
    run = start(odd, out, "--resume")
    _, told = run.communicate(timeout=120)
    assert run.returncode == 0
    assert "1 line of" in told
    assert "11 of 12 audits were done before" in told
    assert tables(out) == whole


def test_lines_that_hold_no_result_are_damage_and_their_audits_are_made_again(odd, tmp_path):
    out, wrong = tmp_path / "out", ["3", "[]", "null", '{"record": 3}', '{"error": null}', '{"together": 1}']
    run_batch(odd, out, workers=1)
    whole, journal = tables(out), out / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    keys = [line.split(", ")[0] for line in lines]
    damaged = [f'{key}, "found": {found}}}\n' for key, found in zip(keys, wrong, strict=False)]
    journal.write_text("".join([*damaged, *lines[len(wrong) :]]))
    done = CliRunner().invoke(main, ["batch", str(odd), "--out", str(out), "--resume", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "6 lines of" in done.stderr
    assert tables(out) == whole


def test_a_changed_row_file_or_default_is_made_again_and_moved_rows_are_not(manifest, tmp_path):
    out = tmp_path / "out"

    def resumed():
        return run_batch(manifest, out, workers=1, resume=True).resumed

    assert resumed() == 0
    header, *lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([header, *(line.replace("variant", "renamed") for line in lines[::-1])]) + "\n")
    assert resumed() == 8
    assert pd.read_csv(out / "results.csv")["name"][0] == "renamed 7"
    frame = pd.read_csv(manifest.with_name("v03.csv"))
    (frame.assign(**{"return": frame["return"] * 1.01})).to_csv(manifest.with_name("v03.csv"), index=False)
    assert resumed() == 7
    manifest.write_text("\n".join([header + ",seed", *(f"{line},{'7' if '05' in line else ''}" for line in lines)]))
    assert resumed() == 7
    manifest.with_suffix(".toml").write_text("oos_fraction = 0.5\nreps = 299\n")
    assert resumed() == 0
    manifest.with_name("base.csv").touch()
    assert resumed() == 0


def test_a_missing_file_that_came_is_audited(odd, tmp_path):
    out = tmp_path / "out"
    run_batch(odd, out, workers=1)
    odd.with_name("none.csv").write_bytes(odd.with_name("v02.csv").read_bytes())
    found = run_batch(odd, out, workers=1, resume=True)
    assert found.resumed == 11
    assert [row["row"] for row in found.errors] == [4, 6, 7]


def test_a_directory_that_is_not_free_is_refused(manifest, tmp_path):
    out = tmp_path / "out"
    run_batch(manifest, out, workers=1)
    with pytest.raises(InputError, match="holds a batch already"):
        run_batch(manifest, out, workers=1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "results.csv").write_text("mine")
    with pytest.raises(InputError, match="is not of a batch"):
        run_batch(manifest, other, workers=1, resume=True)
    assert (other / "results.csv").read_text() == "mine"
    with pytest.raises(InputError, match="is a file"):
        run_batch(manifest, manifest, workers=1)


def test_pages_are_written_linked_and_made_up_for(manifest, tmp_path):
    out = tmp_path / "out"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:4]))
    run_batch(manifest, out, workers=1)
    found = run_batch(manifest, out, workers=1, resume=True, pages=True)
    assert found.resumed == 0
    links = re.findall(r'href="(pages/[0-9a-f]{16}\.html)"', (out / "summary.html").read_text())
    assert len(set(links)) == 3
    assert all((out / link).read_text().startswith("<!doctype html>") for link in links)
    (out / links[0]).unlink()
    assert run_batch(manifest, out, workers=1, resume=True, pages=True).resumed == 2


@pytest.mark.skipif(os.name == "nt", reason="locks differ there")
def test_two_runs_never_write_to_one_directory(tmp_path):
    first = Journal(tmp_path / "journal.jsonl", resume=True)
    first.add("a", {"error": "none"})
    with pytest.raises(InputError, match="another run is writing there"):
        Journal(tmp_path / "journal.jsonl", resume=True)
    first.close()
    second = Journal(tmp_path / "journal.jsonl", resume=True)
    assert second.known == {"a": {"error": "none"}}
    second.close()


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_ctrl_c_exits_with_130_and_says_how_to_go_on(manifest, tmp_path):
    manifest.with_suffix(".toml").write_text("oos_fraction = 0.5\nreps = 20000\n")
    run = start(manifest, tmp_path / "out")
    while lines_of(tmp_path / "out") < 1:
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "--resume goes on from there" in told
    assert told.endswith("error: interrupted\n")
    assert "Traceback" not in told


def invoke(*arguments):
    return CliRunner().invoke(main, ["batch", *(str(one) for one in arguments)])


def test_the_command_prints_what_was_found_and_strict_exits_with_1(odd, tmp_path):
    result = invoke(odd, "--out", tmp_path / "out", "--workers", 2)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("12 audits: 8 made, 4 errors\n")
    assert "row 5 missing: " in " ".join(result.stdout.split())
    assert max(len(line) for line in result.stdout.splitlines() if not line.startswith("wrote")) <= 80
    strict = invoke(odd, "--out", tmp_path / "out", "--resume", "--strict", "--json")
    assert strict.exit_code == 1
    told = json.loads(strict.stdout)
    assert (told["audits"], told["made"], told["resumed"]) == (12, 8, 12)
    assert [one["row"] for one in told["errors"]] == [4, 5, 6, 7]
    quiet = invoke(odd, "--out", tmp_path / "out", "--resume", "-q")
    assert quiet.output == "12 audits: 8 made, 4 errors\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv", "--out", "out"], "no such file"),
        (["--out", "out"], "Missing argument"),
        (["none.csv"], "Missing option '--out'"),
        (["none.csv", "--out", "out", "--workers", "0"], "--workers"),
    ],
)
def test_mistakes_are_messages(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
