"""The action, the GitLab snippet and the pre-commit hook: valid by their schemas, and their scripts run as in CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from auditor.demo import folder as bundled

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SNIPPETS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "gate.md").read_text(), re.DOTALL)


def schema(name):
    """A schema that the people of check-jsonschema ship."""
    return json.loads(files("check_jsonschema.builtin_schemas.vendor").joinpath(name).read_text())


@pytest.fixture
def desk(tmp_path):
    """A repository with a config of two audits, of which one fails."""
    place = tmp_path / "desk; echo hurt"
    place.mkdir()
    for name, pair in (("good", "riskmanaged_momentum"), ("bad", "overfit_random_timing_best200")):
        shutil.copy(bundled() / f"{pair}.csv", place / f"{name}.csv")
    config = 'ledger = "sqlite:///looks.db"\noos_start = 1998-01-31\nreps = 199\n'
    for name in ("good", "bad"):
        config += f'[[audit]]\nname = "{name}"\nbase = "{name}.csv:base"\ntuned = "{name}.csv:tuned"\n'
    (place / "auditor.toml").write_text(
        config.replace('tuned = "good.csv:tuned"\n', 'tuned = "good.csv:tuned"\noos_start = 1983-01-31\n')
    )
    return place


def bash(script, place, **env):
    """Run a script as a step with `shell: bash` is run."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=place, env=own | env, capture_output=True, text=True, check=False,
    )  # fmt: skip


class Runner:
    """Runs the action's own steps in order, and keeps what they put out; steps of others are not run."""

    def __init__(self, place, temp, **inputs):
        self.place, self.temp = place, temp
        known = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
        assert set(inputs) <= set(known)
        self.inputs = known | inputs
        self.outputs = {}
        self.log = ""

    def value(self, text):
        def look_up(found):
            kind, *path = found[1].strip().split(".")
            if kind == "inputs":
                return self.inputs[path[0]]
            if kind == "steps":
                return self.outputs.get(path[0], {}).get(path[2], "")
            assert (kind, path) == ("github", ["action_path"])
            return str(ROOT)

        return re.sub(r"\$\{\{(.*?)\}\}", look_up, text)

    def run(self, installed=None):
        """Give the exit code of the last step that is run; a step that fails ends all but those that always run.

        installed   what the step that installs put out in an earlier run, which is then not run again
        """
        code = 0
        self.outputs |= {} if installed is None else {"install": installed}
        for step in ACTION["runs"]["steps"]:
            if "run" not in step or step.get("id") in self.outputs or (code and "always()" not in step.get("if", "")):
                continue
            # Nothing that a user gives may be part of a script.
            assert "${{" not in step["run"]
            outputs = self.temp / "outputs"
            outputs.write_text("")
            done = bash(
                step["run"], self.place / self.value(step.get("working-directory", ".")),
                RUNNER_TEMP=str(self.temp), GITHUB_OUTPUT=str(outputs), GITHUB_ACTIONS="true",
                GITHUB_STEP_SUMMARY=str(self.temp / "summary.md"), GITHUB_WORKSPACE=str(self.place), **PIP,
                **{name: self.value(value) for name, value in step.get("env", {}).items()},
            )  # fmt: skip
            self.log += done.stdout + done.stderr
            code = code or done.returncode
            if "id" in step:
                self.outputs[step["id"]] = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return code


# What the package needs is there already: the action's pip installs the package itself, from its source, and no more.
PIP = {
    "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_CONSTRAINT": "",
    "PYTHONPATH": sysconfig.get_paths()["purelib"], "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}  # fmt: skip


def test_the_action_is_valid():
    Draft7Validator(schema("github-actions.json")).validate(ACTION)
    for step in ACTION["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "run" not in step or step["shell"] == "bash"


@pytest.fixture(scope="module")
def temp(tmp_path_factory):
    return tmp_path_factory.mktemp("runner")


def test_the_action_installs_runs_and_passes_the_exit_code_on(desk, temp):
    runner = Runner(desk, temp)
    assert runner.run() == 1, runner.log
    assert runner.outputs["gate"]["exit-code"] == "1"
    assert "FAIL      bad" in runner.log
    assert "::error file=auditor.toml,line=9,title=auditor%3A bad::" in runner.log
    written = Path(runner.outputs["gate"]["reports"])
    assert {one.name for one in written.iterdir()} == {"gate.html", "gate.json", "gate.md", "gate.xml", "gate.sarif"}
    assert (temp / "summary.md").read_text().startswith("## auditor gate: 1 of 2 pass, 1 fails")

    there = runner.outputs["install"]
    assert there["auditor"].startswith(str(temp))
    inputs = {"config": "auditor.toml", "only": "good\n", "exit-zero": "false"}
    assert Runner(desk, temp, **inputs).run(there) == 0
    assert Runner(desk, temp, **{"exit-zero": "true"}).run(there) == 0
    assert Runner(desk, temp, config='no"$(touch hurt).toml').run(there) == 2
    assert Runner(desk.parent, temp, **{"working-directory": desk.name, "only": "good\nbad"}).run(there) == 1
    assert not list(desk.parent.rglob("hurt"))


def test_the_github_snippet_is_a_workflow():
    (workflow,) = [yaml.safe_load(one) for one in SNIPPETS if "runs-on" in one]
    # YAML 1.1 reads a bare `on` as true.
    workflow = {"on" if key is True else key: value for key, value in workflow.items()}
    Draft7Validator(schema("github-workflows.json")).validate(workflow)


def test_the_gitlab_snippet_is_valid_and_runs(desk, tmp_path):
    (job,) = [yaml.safe_load(one) for one in SNIPPETS if "image:" in one]
    Draft7Validator(schema("gitlab-ci.json")).validate(job)
    install, *script = job["gate"]["script"]
    assert install.startswith("pip install")
    done = bash("\n".join(script), desk, PATH=f"{runnable(tmp_path)}:{os.environ['PATH']}")
    assert done.returncode == 1, done.stderr
    for path in (*job["gate"]["artifacts"]["paths"], job["gate"]["artifacts"]["reports"]["junit"]):
        assert (desk / path).stat().st_size


def test_the_hook_checks_the_config_alone(desk, tmp_path):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert set(hook) == {"id", "name", "description", "entry", "language", "files", "pass_filenames"}
    assert [bool(re.search(hook["files"], name)) for name in ("auditor.toml", "a/pyproject.toml", "x.toml")] == [
        1,
        1,
        0,
    ]
    path = f"{runnable(tmp_path)}:{os.environ['PATH']}"
    assert bash(hook["entry"], desk, PATH=path).returncode == 0
    (desk / "auditor.toml").write_text("ledge = 1\n")
    done = bash(hook["entry"], desk, PATH=path)
    assert (done.returncode, done.stderr) == (2, "error: auditor.toml:1: unknown key 'ledge'; did you mean 'ledger'?\n")
    assert not (desk / "looks.db").exists()
    assert any(hook["id"] == one["id"] for text in SNIPPETS for repo in yaml.safe_load(text).get("repos", [])
               for one in repo["hooks"])  # fmt: skip


def runnable(folder):
    """A folder with `auditor` in it, run from this source."""
    program = folder / "bin" / "auditor"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m auditor "$@"\n')
    program.chmod(0o755)
    return program.parent
