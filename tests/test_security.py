"""What SECURITY.md promises: no pickle, no code from data, no network, no other program; in the source and in a run."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "auditor").rglob("*.py"))

FORBIDDEN_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "joblib",
    "jsonpickle",
    "yaml",
    "subprocess",
    "pty",
    "socket",
    "socketserver",
    "ssl",
    "http",
    "urllib",
    "urllib3",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
    "telnetlib",
    "xmlrpc",
    "webbrowser",
    "ctypes",
    "cffi",
    "code",
    "codeop",
    "runpy",
}
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "breakpoint",
    "input",
    "system",
    "popen",
    "execv",
    "execve",
    "execvp",
    "fork",
    "spawnl",
    "spawnv",
    "posix_spawn",
    "read_pickle",
    "to_pickle",
    "query",
    "read_html",
    "read_xml",
    "extractall",
}
FORBIDDEN_OPTIONS = {"shell", "allow_pickle"}

ALLOWED: dict[tuple[str, str], str] = {
    ("auditor/batch/pool.py", "pickle"): "to its own worker processes, over their pipes; never a file",
    ("auditor/batch/worker.py", "pickle"): "from the process that started it, over its pipe; never a file",
    ("auditor/batch/pool.py", "subprocess"): "starts its own workers: this Python, a fixed list of arguments, no shell",
    ("auditor/counted.py", "subprocess"): "asks git for the commit: fixed arguments, no shell, only with a ledger",
    ("auditor/gate/baseline.py", "subprocess"): "asks git who signs an exception: fixed arguments, no shell",
    ("auditor/ledger/engine.py", "urllib"): "urllib.parse alone, to write an address",
    ("auditor/report/gate_machine.py", "urllib"): "urllib.parse alone, to write an address",
}
"""Every exception as (file, name): why it is safe there. One that is not used any more fails the test."""


def uses(path: Path) -> set[tuple[str, str]]:
    """Each forbidden name that a module imports, calls or passes."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module.split(".")[0]] if (node.module or "").split(".")[0] in FORBIDDEN_MODULES else []
        elif isinstance(node, ast.Call):
            called = node.func
            name = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            # re.compile makes a pattern, no code
            regular = isinstance(called, ast.Attribute) and ast.unparse(called) == "re.compile"
            names = [name] if name in FORBIDDEN_CALLS and not regular else []
            names += [one.arg for one in node.keywords if one.arg in FORBIDDEN_OPTIONS]
        found |= {(path.relative_to(ROOT).as_posix(), name) for name in names}
    return found


def test_the_source_uses_nothing_forbidden():
    found = set().union(*map(uses, MODULES))
    assert found - set(ALLOWED) == set()
    assert set(ALLOWED) - found == set(), "allowed and not used any more"


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from urllib.request import urlopen",
        "eval('1')",
        "os.system('x')",
        "run('x', shell=True)",
        "np.load(f, allow_pickle=True)",
        "pd.read_pickle(f)",
        "import http.client",
        "frame.query('a > 1')",
    ],
)
def test_the_test_would_find_it(tmp_path, monkeypatch, line):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(line)
    assert uses(tmp_path / "a.py")


WATCHED = """
import json, sys
seen = []
def hook(event, args):
    if event.split(".")[0] in ("socket", "subprocess", "ftplib", "http", "urllib", "smtplib") or event in (
        "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pickle.find_class", "os.remove", "os.rename",
        "os.truncate", "os.rmdir", "shutil.rmtree"):
        if not (event == "os.rename" and ".part" in str(args[0])):
            seen.append([event, repr(args)[:200]])
    if event == "open" and isinstance(args[0], (str, bytes)) and any(mark in str(args[1] or "") for mark in "wax+"):
        seen.append([event, str(args[0])])
from auditor.cli import main
# what libraries do while they are imported is not done by the data
import auditor.audit, arch.bootstrap, statsmodels.api, pyarrow.parquet
sys.addaudithook(hook)
try:
    main(sys.argv[1:])
except SystemExit as error:
    code = error.code
print(json.dumps({"code": code, "seen": seen}), file=sys.stderr)
"""


def test_an_audit_opens_no_connection_starts_no_program_and_writes_only_its_report(tmp_path):
    pairs = ROOT / "data/pairs/mkt_plus_hml_mom.csv"
    report = tmp_path / "a.json"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            WATCHED,
            "audit",
            f"{pairs}:base",
            f"{pairs}:tuned",
            "--oos-fraction",
            "0.4",
            "--reps",
            "200",
            "--report",
            f"json:{report}",
            "--report",
            f"md:{tmp_path / 'a.md'}",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    found = json.loads(run.stderr.splitlines()[-1])
    assert found["code"] == 0
    assert [one for one in found["seen"] if str(tmp_path) not in one[1]] == []
    assert json.loads(report.read_text())["schema"] == 1
