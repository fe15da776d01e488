"""`auditor calibrate`: rates on overlays of known truth, the same for any number of processes, and what is refused."""

from __future__ import annotations

import inspect
import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from click.testing import CliRunner
from desks import Desk
from jsonschema import Draft202012Validator

import auditor
from auditor import AuditorError, InputError, calibrate
from auditor.cli import main
from auditor.config import Settings
from auditor.demo import pairs
from auditor.planted.audited import audited, ground_of
from auditor.planted.catalogue import NULLS, new_book
from auditor.planted.pool import runner
from auditor.report.calibrate import schema
from auditor.report.machine import as_json

library = import_module("auditor.calibrate")
MONTHLY = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")
WORLDS, FAST = 10, {"reps": 199}
ARGUMENTS = [f"{MONTHLY.path}:base", "--oos-start", MONTHLY.oos_start, "--worlds", WORLDS, "--reps", 199]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(3, years=3, instruments=8)


@pytest.fixture(scope="module")
def by_trades(desk):
    """A short run on a desk that trades: five years in sample, three out of it."""
    returns = pd.Series(desk.returns(desk.base), desk.dates)
    return calibrate(
        returns, base_trades=desk.blotter(desk.base), oos_start=desk.dates[desk.split], worlds=WORLDS, **FAST
    )


@pytest.fixture(scope="module")
def by_returns():
    return calibrate(MONTHLY.path, base_column="base", oos_start=MONTHLY.oos_start, worlds=WORLDS, **FAST)


def run(*arguments: object, **how: object):
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)], **how)


@pytest.mark.parametrize("found", ["by_trades", "by_returns"])
def test_the_level_is_held_and_power_rises(found, request):
    found = request.getfixturevalue(found)
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS)
    for one in found.nulls:
        assert one.new_edge.share <= most, one
        assert sum(share.count for share in one.called.values()) == WORLDS
        assert one.called["refused"].count == 0
    rates = {one.overlay.name: one for one in found.nulls}
    for name in ("levered", "resized", "smoothed", "volatility-managed"):
        assert rates[name].new_edge.count == 0
    assert rates["levered"].called["no_gain"].count == WORLDS
    assert rates["lucky timing"].called["no_gain"].share < 0.5
    power = [one.new_edge.share for one in found.edges]
    assert power[2] >= 0.5
    assert power[0] < power[2]
    assert found.held
    assert repr(found) == f"<Calibration not settled: {found.verdict}>"
    assert found.worst.new_edge.share == max(one.new_edge.share for one in found.nulls)


def test_covered_overlays_of_trades_are_never_new_edge_and_new_books_are_shown(by_trades):
    assert by_trades.evidence == "trades"
    for one in by_trades.nulls:
        if one.overlay.name in ("dropped setups", "lucky filter", "lucky timing"):
            assert one.new_edge.count == 0
    assert all(one.presumed == 0 for one in by_trades.edges)


def test_from_returns_every_new_edge_is_presumed(by_returns):
    assert by_returns.evidence == "returns"
    assert all(one.presumed == one.new_edge.count for one in by_returns.edges)


def test_the_verdict_says_both_numbers(by_trades):
    assert by_trades.verdict.startswith("On data like yours")
    assert by_trades.verdict.endswith("80 of 100.") or "in 80 of 100 is" in by_trades.verdict


@pytest.mark.parametrize("found", ["by_trades", "by_returns"])
def test_the_report_leads_with_the_verdict_and_fits_80_columns(found, request):
    found = request.getfixturevalue(found)
    text = str(found)
    assert text.startswith(f"NOT SETTLED ({WORLDS} worlds, by {'trades' if found.evidence == 'trades' else 'returns'}")
    assert max(map(len, text.splitlines())) <= 80
    for one in (*found.nulls, *found.edges):
        assert f"\n{one.overlay.name} " in text


@pytest.mark.parametrize("found", ["by_trades", "by_returns"])
def test_json_follows_the_schema(found, request, tmp_path):
    found = request.getfixturevalue(found)
    Draft202012Validator.check_schema(schema())
    data = json.loads(found.to_json(tmp_path / "found.json"))
    Draft202012Validator(schema()).validate(data)
    assert (tmp_path / "found.json").read_text(encoding="utf-8") == as_json(found.to_dict())
    assert data["worst"] == found.worst.overlay.name
    assert {one["role"] for one in data["inputs"]} <= {"base", "base trades"}
    assert data["settings"]["gain_level"] == (0.2 if found.evidence == "trades" else 0.05)


FEW = (NULLS[0], NULLS[5], NULLS[7], new_book(1.0))


def ground(returns, **how):
    """What worlds are drawn from."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "_calibrate", lambda *given: seen.append(given))
        calibrate(returns, reps=99, **how)
    return ground_of(*seen[0][:3])


@pytest.fixture(scope="module")
def grounds(desk):
    traded = pd.Series(desk.returns(desk.base), desk.dates)
    plain = pd.read_csv(MONTHLY.path, index_col="date", parse_dates=True)["base"]
    return {
        "trades": ground(traded, base_trades=desk.blotter(desk.base), oos_fraction=0.4),
        "returns": ground(plain, oos_fraction=0.4),
        "half": ground(plain / 2, oos_fraction=0.4),
        "seed 1": ground(plain, seed=1, oos_fraction=0.4),
    }


def outcomes(drawn_from, workers=1, worlds=3, overlays=FEW):
    with runner(drawn_from, worlds, workers, None) as run:
        return run(overlays)


@pytest.mark.parametrize("kind", ["trades", "returns"])
def test_the_same_seed_gives_the_same_numbers_for_any_number_of_workers(kind, grounds):
    one = outcomes(grounds[kind])
    assert one == outcomes(grounds[kind], workers=2)
    # Neither the overlays beside it nor the worlds before it change an outcome.
    assert audited(grounds[kind], 2, FEW[2:3])[0] == one[2][2]
    assert len(set(one)) > 1


def test_another_seed_draws_other_worlds_and_scaling_the_base_changes_nothing(grounds):
    one = outcomes(grounds["returns"], worlds=8)
    assert one == outcomes(grounds["half"], worlds=8)
    assert one != outcomes(grounds["seed 1"], worlds=8)


def test_progress_goes_on_over_the_search(grounds):
    seen = []
    with runner(grounds["returns"], 2, 1, lambda done, total: seen.append((done, total))) as run:
        run(FEW[:2])
        run(FEW[3:])
    assert seen == [(2, 4), (4, 4), (5, 6), (6, 6)]


def test_known_streams_a_rate_windows_and_an_embargo_are_in_force():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2013-01-01", periods=600)
    base = pd.Series(0.0004 + 0.01 * rng.standard_t(5, 600), days)
    known = pd.DataFrame({"market": base + 0.002 * rng.standard_normal(600)}, index=days)
    windows = ["2013-06-03:2014-03-31", "2014-09-01:2015-04-30"]
    one = ground(base, known=known, rf=0.02, oos=windows, embargo=5, level=0.1)
    assert one.pair.known_names == ("market",)
    assert len(one.pair.out_of_sample.lengths) == 2
    assert (one.settings.level, one.settings.embargo, one.settings.rf) == (0.1, 5, 0.02)
    assert np.allclose(one.field.base, base - 0.02 / 252)
    assert all(found.called != "refused" for world in outcomes(one, worlds=2) for found in world)


def test_worlds_that_cannot_be_audited_are_counted_and_told():
    days = pd.bdate_range("2012-01-02", periods=400)
    base = np.zeros(400)
    # Rare trades: many a world has none of them out of sample.
    base[[20, 60, 100, 140, 390]] = (0.02, -0.01, 0.03, 0.01, -0.02)
    base[391] = 0.005
    found = calibrate(pd.Series(base, days), oos_fraction=0.2, worlds=10, reps=99)
    refused = [one for one in found.nulls if one.called["refused"].count]
    assert refused
    assert any("audits were refused" in text for text in found.warnings)
    Draft202012Validator(schema()).validate(found.to_dict())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "No out-of-sample split"),
        ({"oos_fraction": 0.3, "worlds": 5}, "--worlds must be a whole number of at least 10; got 5"),
        ({"oos_fraction": 0.3, "workers": 0}, "--workers must be a whole number of at least 1; got 0"),
        ({"oos_fraction": 0.3, "reps": 19}, "--reps"),
        ({"oos_fraction": 0.3, "known_complete": True}, "pass --known"),
        ({"oos_fraction": 0.3, "capital": 1e6}, "none were given: pass --base-trades"),
        ({"oos_fraction": 0.3, "level": 0.9}, "--level"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(how, words):
    with pytest.raises(InputError, match=words):
        calibrate(MONTHLY.path, base_column="base", **how)


def test_a_refusal_names_the_base_alone():
    days = pd.bdate_range("2012-01-02", periods=200)
    base = pd.Series(np.where(np.arange(200) < 100, np.random.default_rng(0).standard_normal(200) / 100, 0.0), days)
    with pytest.raises(InputError, match=r"^base: the out-of-sample returns"):
        calibrate(base, oos_fraction=0.4)


def test_trades_of_another_backtest_are_refused(desk):
    returns = pd.Series(3 * desk.returns(desk.base), desk.dates)
    with pytest.raises(InputError, match=r"base trades: .* a gap of \d+\.\d% .*--reconcile off"):
        calibrate(returns, base_trades=desk.blotter(desk.base), oos_fraction=0.4, worlds=10)


def test_the_function_wins_over_the_module():
    assert import_module("auditor").calibrate is library.calibrate is calibrate
    assert auditor.Calibration is library.Calibration


def test_settings_that_are_told_are_those_that_the_function_takes():
    taken = {one.name for one in fields(Settings)} & inspect.signature(library.calibrate).parameters.keys()
    assert set(library.SETTINGS) == taken


def test_options_are_those_of_the_function():
    wanted = inspect.signature(library.calibrate).parameters
    command = main.commands["calibrate"]
    named = {param.name for param in command.params}
    assert named - {"as_json", "quiet", "reports"} == wanted.keys() - {"progress"}
    for param in command.params:
        if param.name in ("base", "as_json", "quiet", "reports", "workers"):
            continue
        default = param.to_info_dict()["default"]
        default = tuple(default.split(",")) if param.name == "opportunity" else default
        assert (default or None) == (wanted[param.name].default or None), param.name


def test_the_command_passes_its_options_on_and_prints_the_report_alone(by_returns, monkeypatch):
    seen = []
    monkeypatch.setattr(library, "calibrate", lambda *given, **how: seen.append((given, how)) or by_returns)
    result = run(*ARGUMENTS, "--workers", 1, "--oos", "2015-01-01:2016-01-01", "--block", 12, "--rf", 0.03)
    assert result.exit_code == 0, result.output
    assert (result.stdout, result.stderr) == (str(by_returns), "")
    ((base,), how) = seen[0]
    assert base == ARGUMENTS[0]
    assert (how["worlds"], how["reps"], how["workers"], how["block"], how["rf"]) == (WORLDS, 199, 1, 12, 0.03)
    assert how["oos"] == ["2015-01-01:2016-01-01"]
    assert how["progress"] is None
    run(*ARGUMENTS)
    assert seen[1][1]["workers"] >= 1
    assert seen[1][1]["oos"] is None


def test_json_is_alone_on_stdout_and_quiet_prints_one_line(by_returns, monkeypatch):
    monkeypatch.setattr(library, "calibrate", lambda *_, **__: by_returns)
    data = json.loads(run(*ARGUMENTS, "--json").stdout)
    Draft202012Validator(schema()).validate(data)
    assert data["verdict"] == by_returns.verdict
    assert run(*ARGUMENTS, "-q").output == str(by_returns).splitlines(keepends=True)[0]


def test_reports_are_written_beside_the_text(by_returns, monkeypatch, tmp_path):
    monkeypatch.setattr(library, "calibrate", lambda *_, **__: by_returns)
    written = {kind: tmp_path / f"rates.{kind}" for kind in ("html", "json", "md")}
    done = run(*ARGUMENTS, *(word for kind, path in written.items() for word in ("--report", f"{kind}:{path}")))
    assert done.exit_code == 0, done.output
    assert done.stdout == str(by_returns)
    assert done.stderr.count("wrote") == 3
    texts = {kind: path.read_text(encoding="utf-8") for kind, path in written.items()}
    for kind, form in (("html", by_returns.to_html), ("json", by_returns.to_json), ("md", by_returns.to_markdown)):
        assert texts[kind] == form() == form(tmp_path / "again") == (tmp_path / "again").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("report", "words"),
    [("pdf:x.pdf", "Known formats"), ("html:no/such/dir/x.html", "does not exist"), ("html:{base}", "would overwrite")],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_worlds(report, words, monkeypatch, tmp_path):
    monkeypatch.setattr(library, "calibrate", lambda *_, **__: pytest.fail("it ran"))
    base = tmp_path / "base.csv"
    base.write_bytes(MONTHLY.path.read_bytes())
    done = run(f"{base}:base", "--oos-fraction", 0.3, "--report", report.format(base=base))
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_the_readme_shows_a_report_of_today(by_trades):
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```console\n")[1].split("```")[0].splitlines()
    assert shown[0].startswith("$ auditor calibrate data/desks/")
    rows = [line[:21].strip() for line in shown if line.endswith("%")]
    assert rows == [one.overlay.name for one in (*by_trades.nulls, *by_trades.edges)]
    heading = next(line for line in str(by_trades).splitlines() if line.startswith("Called"))
    assert heading in shown


def test_a_mistake_is_a_message_and_exit_code_2():
    result = run("nofile.csv", "--oos-fraction", "0.3")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stdout == ""
    assert run(ARGUMENTS[0], "--oos-start", "2090-01-01").exit_code == 2


def test_help_has_headings_and_imports_nothing_heavy():
    text = run("--help").output
    for heading in ("Out of sample", "What was traded:", "Testing:", "Worlds:", "Output:", "Exit code 0"):
        assert heading in text
    code = (
        "import sys\nfrom auditor.cli import main\n"
        "try:\n    main(['calibrate', '--help'], prog_name='auditor')\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'scipy', 'arch', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr


def environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])}


@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="other processes would not see the change")
def test_a_process_that_dies_is_told_and_not_waited_for(grounds, monkeypatch):
    monkeypatch.setattr("auditor.planted.pool.audited", lambda *_: os._exit(1))
    with pytest.raises(AuditorError, match="pass fewer --workers"):
        outcomes(grounds["returns"], workers=2)


def used_by(pid):
    """Seconds of the processor that a process and its children have used."""
    parent = psutil.Process(pid)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return sum(one.user + one.system for one in times)


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_it_with_130_and_one_line(workers):
    command = [sys.executable, "-m", "auditor", "calibrate", *map(str, ARGUMENTS[:3]), "--workers", str(workers)]
    with subprocess.Popen(
        [*command, "--worlds", "5000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        start_new_session=True,
    ) as process:  # fmt: skip
        # Seconds of the processor and not of the clock: on a busy machine the imports may not be through.
        while used_by(process.pid) < 3.0:
            assert process.poll() is None
            time.sleep(0.1)
        # To the whole group, as a terminal does.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
@pytest.mark.parametrize(("which", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)], ids=["killed", "terminated"])
def test_workers_end_with_the_process_that_started_them(which, code):
    command = [sys.executable, "-m", "auditor", "calibrate", *map(str, ARGUMENTS[:3]), "--workers", "3"]
    with subprocess.Popen(
        [*command, "--worlds", "5000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            while (
                len(workers := psutil.Process(process.pid).children(recursive=True)) < 3 or used_by(process.pid) < 3.0
            ):
                assert process.poll() is None
                time.sleep(0.1)
            process.send_signal(which)
            # Whoever reads its output sees the end of it: no worker holds it open.
            process.communicate(timeout=60)
            assert psutil.wait_procs(workers, timeout=60)[1] == []
        finally:
            process.kill()
            for one in workers:
                if one.is_running():
                    one.kill()
    assert process.returncode == code
