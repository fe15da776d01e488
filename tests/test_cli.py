"""The command line: what is printed where, exit codes, and what must not be imported for --help."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from auditor import __version__
from auditor.cli import main
from auditor.config import Settings
from auditor.demo import pairs

FAST = ["--reps", "199"]
library = import_module("auditor.audit")
HEADINGS = ("NEW EDGE", "REWEIGHTING", "NO GAIN")


@pytest.fixture
def pair() -> list[str]:
    one = next(pair for pair in pairs() if pair.name == "riskmanaged_momentum")
    return [f"{one.path}:base", f"{one.path}:tuned", "--oos-start", one.oos_start, *FAST]


def run(*arguments: object, **how: object):
    return CliRunner().invoke(main, [str(one) for one in arguments], **how)


def python(code: str, **how: object) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": path}, **how,
    )  # fmt: skip


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.output == f"auditor {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["audit", "--help"],
        ["batch", "--help"],
        ["calibrate", "--help"],
        ["compare", "--help"],
        ["demo", "--help"],
        ["gate", "--help"],
        ["init", "--help"],
        ["ledger", "--help"],
        ["ledger", "verify", "--help"],
        ["--version"],
        [],
    ],
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom auditor.cli import main\n"
        f"try:\n    main({arguments!r}, prog_name='auditor')\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'scipy', 'arch', 'rich', 'statsmodels', 'matplotlib', 'sqlalchemy', 'alembic'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_help_names_every_option_under_a_heading():
    text = run("audit", "--help").output
    for heading in ("Out of sample", "Reading:", "Testing:", "Output:", "Examples:", "Exit code"):
        assert heading in text
    for param in main.commands["audit"].params:  # type: ignore[attr-defined]
        if param.param_type_name == "option":
            assert param.opts[-1] in text
            assert param.help, param.name  # type: ignore[attr-defined]


def test_every_setting_is_an_option_of_the_audit():
    from auditor.audit import audit

    assert {one.name for one in fields(Settings)} <= inspect.signature(audit).parameters.keys()


def test_options_and_defaults_are_those_of_the_library():
    from auditor.audit import audit

    wanted = inspect.signature(audit).parameters
    own = {"base", "tuned", "reports", "as_json", "quiet", "ledger", "strategy", "signing_key"}
    for param in main.commands["audit"].params:  # type: ignore[attr-defined]
        if param.name in own:
            continue
        assert param.name in wanted, param.name
        default = param.to_info_dict()["default"]
        if param.name == "opportunity":
            default = tuple(default.split(","))
        assert (default or None) == (wanted[param.name].default or None), param.name
        shown = re.search(r"\[([\d.]+)\]$", param.help or "")  # type: ignore[attr-defined]
        if shown:
            assert float(shown[1]) == wanted[param.name].default


def test_audit_prints_the_verdict_first(pair):
    result = run("audit", *pair)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("REWEIGHTING: efficiency (shown)\n")
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_is_alone_on_stdout_and_follows_the_schema(pair):
    from auditor.report.machine import schema

    result = run("audit", *pair, "--json")
    Draft202012Validator(schema()).validate(json.loads(result.stdout))
    assert result.stderr == ""
    assert result.stdout_bytes == run("audit", *pair, "--json").stdout_bytes


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_quiet_prints_the_label_line_alone(pair, flag):
    assert run("audit", *pair, flag).output == "REWEIGHTING: efficiency (shown)\n"


def test_reports_are_written_beside_the_text(pair, tmp_path):
    odd = tmp_path / "a:b.md"
    result = run("audit", *pair, "--report", f"json:{tmp_path / 'audit.json'}", "--report", f"md:{odd}")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(HEADINGS[1])
    assert result.stderr.count("wrote") == 2
    assert odd.read_text(encoding="utf-8").startswith("## REWEIGHTING")
    alone = run("audit", *pair, "--json").stdout
    assert (tmp_path / "audit.json").read_text(encoding="utf-8") == alone


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("pdf:x.pdf", "unknown format 'pdf'. Known formats: html, json, md"),
        ("audit.json", "not FORMAT:PATH"),
        ("json:", "names no file"),
        ("json:no/such/dir/x.json", "does not exist"),
        ("json:.", "is a directory"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_audit(pair, report, words, monkeypatch):
    monkeypatch.setattr(library, "audit_files", lambda *_, **__: pytest.fail("the audit ran"))
    result = run("audit", *pair, "--report", report)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_a_report_never_overwrites_what_is_read_or_another_report(tmp_path):
    source = tmp_path / "pairs.csv"
    source.write_bytes(pairs()[0].path.read_bytes())
    result = run("audit", f"{source}:base", f"{source}:tuned", "--oos-fraction", 0.5, "--report", f"md:{source}")
    assert result.exit_code == 2
    assert "would overwrite" in result.stderr
    both = ["--report", f"md:{tmp_path / 'x'}", "--report", f"json:{tmp_path / 'x'}"]
    assert "same file" in run("audit", f"{source}:base", f"{source}:tuned", "--oos-fraction", 0.5, *both).stderr


def test_a_report_never_overwrites_the_ledger_or_its_key(pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text("0123456789abcdef")
    counted = ["audit", *pair, "--ledger", "sqlite:///l.db", "--strategy", "x", "--signing-key", "key"]
    for target in ("l.db", "l.db-journal", "key"):
        result = run(*counted, "--report", f"json:{target}")
        assert result.exit_code == 2
        assert "would overwrite" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["key"]  # nothing was counted
    assert run(*counted, "-q").exit_code == 0
    kept = (tmp_path / "l.db").read_bytes()
    assert run(*counted, "--report", f"html:{tmp_path / 'l.db'}").exit_code == 2
    assert (tmp_path / "l.db").read_bytes() == kept


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "nofile.csv", "nofile.csv", "--oos-fraction", "0.5"],
        ["audit", "nofile.csv"],
        ["audit", "a", "b", "--level", "high"],
        ["audit", "a", "b", "--block", "some"],
        ["audit", "a", "b", "--nosuch"],
        ["nosuch"],
        ["audit", "\x1b[31m.csv", "b", "--oos-fraction", "0.5"],
    ],
)
def test_a_mistake_is_a_message_and_exit_code_2(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "rror: " in result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr


def test_error_messages_start_with_error(pair):
    result = run("audit", *pair, "--level", "0.9")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --level")
    assert result.stderr.count("\n") == 1


def test_a_missing_split_is_refused(pair):
    result = run("audit", *pair[:2])
    assert result.exit_code == 2
    assert "--oos-start" in result.stderr


def interrupt():
    signal.default_int_handler(signal.SIGINT, None)  # not the signal, which a shell's job in the background ignores


def terminate():
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(("comes", "code", "word"), [(interrupt, 130, "interrupted"), (terminate, 143, "terminated")])
def test_signals_end_it_in_order(pair, monkeypatch, comes, code, word):
    monkeypatch.setattr(library, "audit_files", lambda *_, **__: comes())
    result = run("audit", *pair)
    assert (result.exit_code, result.stderr) == (code, f"error: {word}\n")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_program_that_minds_sigterm_itself_keeps_it(pair, monkeypatch):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("mine"))
    try:
        monkeypatch.setattr(library, "audit_files", lambda *_, **__: {}[signal.raise_signal(signal.SIGTERM)])
        assert run("audit", *pair).exit_code == 2
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ["mine"]


@pytest.mark.parametrize("kind", [ZeroDivisionError, ImportError, RecursionError])
def test_a_defect_exits_with_2_and_says_so(pair, monkeypatch, kind):
    def broken(*_, **__):
        raise kind("defect")

    monkeypatch.setattr(library, "audit_files", broken)
    result = run("audit", *pair)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: internal error: {kind.__name__}: defect (at test_cli.py:" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently there")
def test_a_reader_that_leaves_causes_no_noise(pair):
    root = Path(__file__).resolve().parent.parent
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", "from auditor.cli import main; main()", "audit", *pair]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141


def test_no_colour_through_a_pipe_even_when_colours_exist(pair):
    assert "\x1b" not in run("audit", *pair, env={"TERM": "xterm-256color"}).output


def test_colour_on_a_terminal_unless_no_color(pair, monkeypatch):
    forced = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "NO_COLOR": ""}
    assert "\x1b[" in run("audit", *pair, env=forced).output
    assert "\x1b[" not in run("audit", *pair, env=forced | {"NO_COLOR": "1"}).output


def test_block_rate_and_windows_reach_the_library(monkeypatch):
    seen: dict[str, object] = {}

    def stop(base, tuned, **options):
        from auditor.errors import InputError

        seen.update(options)
        raise InputError("seen")

    monkeypatch.setattr(library, "audit_files", stop)
    run("audit", "a", "b", "--block", "12", "--rf", "0.03", "--oos", "2015-01-01:2016-01-01", "--oos", "x:y")
    assert (seen["block"], seen["rf"]) == (12, 0.03)
    assert seen["oos"] == ["2015-01-01:2016-01-01", "x:y"]
    run("audit", "a", "b", "--rf", "cash.csv")
    assert (seen["block"], seen["rf"], seen["oos"]) == ("auto", "cash.csv", None)


@pytest.fixture
def trials(pair, tmp_path) -> Path:
    """Thirty variants of the bundled pair, the tuned policy among them."""
    rows = Path(pair[0].removesuffix(":base")).read_text(encoding="utf-8").splitlines()
    table = [row.split(",") for row in rows]
    date, base, tuned = (table[0].index(name) for name in ("date", "base", "tuned"))
    lines = ["date," + ",".join(f"v{i}" for i in range(30))]
    for number, row in enumerate(table[1:]):
        one, other = float(row[base]), float(row[tuned])
        mixed = [other] + [one * (0.5 + (number * i % 7) / 7) for i in range(1, 30)]
        lines.append(",".join([row[date], *map(str, mixed)]))
    target = tmp_path / "trials.csv"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def test_trials_are_read_and_judged(pair, trials):
    from auditor.report.machine import schema

    text = run("audit", *pair, "--trials", trials)
    assert text.exit_code == 0, text.output
    assert re.search(r"Best of 30: DSR \S.* if trials are worth zero, \S.* if worth the base\.", text.stdout)
    assert re.search(r"SPA p .*PBO \d\.\d\d over 12,870 splits\.", text.stdout)
    assert re.search(r"^trials ", text.stdout, re.MULTILINE)
    assert max(map(len, text.stdout.splitlines())) <= 80
    data = json.loads(run("audit", *pair, "--trials", trials, "--json").stdout)
    Draft202012Validator(schema()).validate(data)
    assert data["settings"]["trials"] == data["selection"]["n_trials"] == 30
    assert data["inputs"][-1]["role"] == "trials"
    assert 0 < data["selection"]["spa_p"] <= 1


def test_a_number_of_trials_deflates(pair):
    from auditor.report.machine import schema

    data = json.loads(run("audit", *pair, "--n-trials", 30, "--json").stdout)
    Draft202012Validator(schema()).validate(data)
    assert data["settings"]["n_trials"] == data["selection"]["n_trials"] == 30
    assert data["selection"]["dsr_over_base"] < data["selection"]["psr"]
    assert data["selection"]["pbo_reason"] == "only a count of trials was given"
    assert "Best of 30: DSR" in run("audit", *pair, "--n-trials", 30).stdout
    assert run("audit", *pair, "--n-trials", 0).exit_code == 2


def test_the_block_can_be_calibrated(pair, tmp_path):
    from auditor.report.machine import schema

    # Short, since every candidate is tried on pseudo-sequences as long as the sample.
    lines = Path(pair[0].rpartition(":")[0]).read_text().splitlines(keepends=True)
    (tmp_path / "short.csv").write_text("".join([lines[0], *lines[-130:]]))
    both = [f"{tmp_path / 'short.csv'}:base", f"{tmp_path / 'short.csv'}:tuned", "--oos-fraction", 0.5, *FAST]
    data = json.loads(run("audit", *both, "--block", "calibrate", "--json").stdout)
    Draft202012Validator(schema()).validate(data)
    assert data["settings"]["block"] == "calibrate"
    assert data["sharpe"]["out_of_sample"]["block"] >= 1


def test_demo_prints_a_line_a_pair_and_one_verdict_in_full():
    result = run("demo")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    for line, pair in zip(lines[1:], pairs(), strict=False):
        assert line.startswith(pair.title)
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith(HEADINGS) for line in lines) == 1


def test_demo_finds_what_the_index_expects_and_prints_json():
    from auditor.report.machine import schema

    records = json.loads(run("demo", "--json").stdout)
    assert [record["name"] for record in records] == [pair.name for pair in pairs()]
    for record in records:
        Draft202012Validator(schema()).validate(record["audit"])
        assert record["audit"]["finding"] in record["expected"], record["name"]


def test_every_bundled_pair_is_there():
    for pair in pairs():
        assert pair.path.is_file()
        assert pair.title
        assert pair.story


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> list[str]:
    """Files of a desk whose tuned policy has a second book: returns, both blotters, and the options that name them."""
    import pandas as pd
    from desks import Desk

    one, place = Desk(3, years=3, instruments=8), tmp_path_factory.mktemp("desk")
    tuned = one.overlay(EDGE)
    for name, trades in (("base", one.base), ("tuned", tuned)):
        pd.DataFrame({"date": one.dates, "return": one.returns(trades)}).to_csv(place / f"{name}.csv", index=False)
        one.blotter(trades).to_csv(place / f"{name}_trades.csv", index=False)
    book = one.returns(tuned) - one.returns(one.base)
    pd.DataFrame({"date": one.dates, "momentum": book, "value": one.market}).to_csv(place / "library.csv", index=False)
    files = [str(place / f"{name}.csv") for name in ("base", "tuned", "base_trades", "tuned_trades", "library")]
    return [
        *files[:2], "--oos-start", f"{one.dates[one.split]:%Y-%m-%d}", *FAST,
        "--base-trades", files[2], "--tuned-trades", files[3], "--library", files[4],
    ]  # fmt: skip


EDGE = "new book, Sharpe 1"


def test_trades_and_a_library_are_read_and_told(desk, tmp_path):
    from auditor.report.machine import schema

    result = run("audit", *desk, "--report", f"md:{tmp_path / 'audit.md'}", "--report", f"json:{tmp_path / 'a.json'}")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("NEW EDGE (shown, by trades)\n")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\nWhat was traded" in result.stdout
    assert re.search(r"New part, by variance: \d+% momentum", result.stdout)
    assert re.search(r"^base trades +base_trades\.csv|^base trades +\S*\.\.\.", result.stdout, re.MULTILINE)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema()).validate(data)
    assert data["evidence"] == "trades"
    assert {one["role"] for one in data["inputs"]} == {"base", "tuned", "base trades", "tuned trades", "library"}
    assert "### What was traded" in (tmp_path / "audit.md").read_text(encoding="utf-8")


def test_options_of_trades_are_in_the_settings(desk):
    options = ["--opportunity", "instrument, side,setup", "--tolerance", 1, "--pnl", "net", "--reconcile", "off"]
    data = json.loads(run("audit", *desk, *options, "--json").stdout)
    wanted = {"opportunity": ["instrument", "side", "setup"], "tolerance": 1, "pnl": "net", "reconcile": "off"}
    assert {name: data["settings"][name] for name in wanted} == wanted
    assert data["coverage"]["trades"]["key"] == wanted["opportunity"]
    assert "Gap to returns (unchecked)" in run("audit", *desk, *options).stdout
    assert "sizes compound" in " ".join(run("audit", *desk, "--compounding", "--reconcile", "off").stdout.split())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--opportunity", "sector"], "no such column"),
        (["--opportunity", "instrument,,side"], "not a list of columns"),
        (["--tolerance", "-1"], "--tolerance"),
        (["--capital", "1000000"], "gap of"),
        (["--capital", "-5"], "--capital"),
        (["--pnl", "both"], "--pnl"),
        (["--reconcile", "maybe"], "--reconcile"),
    ],
)
def test_mistakes_with_trades_are_messages(desk, change, words):
    result = run("audit", *desk, *change)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_trades_of_one_policy_and_reports_over_trades_are_refused(desk):
    place = desk.index("--tuned-trades")
    one = run("audit", *desk[:place], *desk[place + 2 :])
    assert (one.exit_code, "--tuned-trades" in one.stderr) == (2, True)
    over = run("audit", *desk, "--report", f"md:{desk[place + 1]}")
    assert "would overwrite" in over.stderr


def test_an_audit_alone_is_written_for_what_knows_passes_and_failures(tmp_path):
    pair = Path(__file__).resolve().parent.parent / "data/pairs/overfit_random_timing_best200.csv"
    targets = [f"{kind}:{tmp_path / kind}" for kind in ("junit", "sarif", "github")]
    run = CliRunner().invoke(
        main,
        ["audit", f"{pair}:base", f"{pair}:tuned", "--oos-start", "1983-01-31", "--reps", "499",
         *(word for target in targets for word in ("--report", target))],
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert 'failures="1"' in (tmp_path / "junit").read_text(encoding="utf-8")
    sarif = json.loads((tmp_path / "sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    assert "flattering" in json.dumps(sarif["runs"][0]["results"])
    assert (tmp_path / "github").read_text(encoding="utf-8").startswith("::error file=")
