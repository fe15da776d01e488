"""A page's blocks come in; they are run from top to bottom in one folder, as a reader would, and held to what is shown.

sh        every command: `auditor` in this process, its exit code 0, or N where the line ends in `# exit code N`.
          `make`, `pip`, `git`, `python` and engines are not run: their targets, extras and files must exist
console   the same, and the output below each `$ ` is compared; `...` stands for lines left out
text      lines of the last output, or the header of a file
python    run, in one namespace a page; what is printed is that of the comment on the line
toml      a config that `auditor gate --check` takes, or the file that its first line names
yaml      valid; its `auditor` commands are known, and what it passes to the action exists
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import yaml
from click.testing import CliRunner
from docs_pages import ROOT, Block

from auditor.cli import main

ENGINES = ("backtesting", "backtrader", "bt", "vectorbt")
"""Their recipes are run by `make engines`."""
ELSEWHERE = ("freqtrade", "lean", "git", "gh")
"""Programs that belong to others, and are not run."""
NOT_HERE = ("calibrate",)
"""Commands that take minutes: what is typed is checked, and `make check` runs the one that the README shows in full."""


def commands(text: str) -> Iterator[str]:
    """Give the commands of a script, continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.strip().startswith("#"):
            yield line.strip()


def words(line: str) -> list[str]:
    return shlex.split(line, comments=True)


def wanted_code(line: str) -> int:
    """Exit code that a line's comment tells, else 0."""
    found = re.search(r"#.*exit code (\d+)", line)
    return int(found[1]) if found else 0


def known_to_click(arguments: list[str]) -> None:
    """Refuse what the command line does not take; nothing is run."""
    command: click.Command = main
    context = click.Context(main, info_name="auditor")
    while isinstance(command, click.Group) and arguments:
        name, command, arguments = command.resolve_command(context, list(arguments))
        assert command is not None, name
    if not isinstance(command, click.Group) and "--help" not in arguments:
        command.make_context(command.name, list(arguments))


class Page:
    """A reader who types a page from top to bottom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.not_here = NOT_HERE
        self.names: dict[str, object] = {"__name__": "docs"}
        self.output = ""

    def run(self, block: Block) -> None:
        """Run one block in the folder."""
        assert block.language in RUN, f"{block.place}: a block of {block.language or 'no language'}"
        with contextlib.chdir(self.folder):
            RUN[block.language](self, block)

    def sh(self, block: Block) -> None:
        for line in commands(block.text):
            self.command(line, block)

    def command(self, line: str, block: Block) -> None:
        """Run a command, or check that it could be."""
        program, *arguments = words(line)
        if program == "auditor":
            self.auditor(line, arguments, block)
        elif program == "make":
            self.make(arguments, block)
        elif program == "pip":
            extras(arguments, block)
        elif program == "python" or program in ELSEWHERE:
            scripts = [one for one in arguments if one.endswith(".py")] if program == "python" else []
            for script in scripts:
                assert (ROOT / script).exists(), f"{block.place}: {script}"
        else:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], capture_output=True, text=True, check=False)
            assert done.returncode == wanted_code(line), f"{block.place}: {line}\n{done.stderr}"

    def auditor(self, line: str, arguments: list[str], block: Block) -> None:
        target = None
        if ">" in arguments:
            target = arguments[arguments.index(">") + 1]
            arguments = arguments[: arguments.index(">")]
        known_to_click(arguments)
        if arguments[0] in self.not_here:
            return
        result = CliRunner(catch_exceptions=False).invoke(main, arguments)
        assert result.exit_code == wanted_code(line), f"{block.place}: {line}\n{result.output}"
        self.output = result.output
        if target is not None:
            Path(target).write_text(result.stdout)

    def make(self, arguments: list[str], block: Block) -> None:
        makefile = (ROOT / "Makefile").read_text()
        for one in arguments:
            name, is_set, _ = one.partition("=")
            pattern = rf"\$\({name}\)" if is_set else rf"^{name}:"
            assert re.search(pattern, makefile, re.MULTILINE), f"{block.place}: make {one}"
            own = re.search(rf"^{name}:.*\n\t@?\$\(BIN\)/auditor (.+)$", makefile, re.MULTILINE)
            if own and not is_set:
                self.auditor("", own[1].split(), block)

    def console(self, block: Block) -> None:
        for command, shown in transcript(block.text):
            self.output = shown
            self.command(command, block)
            assert_shown(shown, self.output, block)

    def text(self, block: Block) -> None:
        first = block.text.partition("\n")[0]
        if "," in first and " " not in first:  # the header of a file
            assert any(one.read_text().startswith(first) for one in Path().glob("*.csv")), block.place
        else:
            assert_shown(block.text, self.output, block)

    def python(self, block: Block) -> None:
        code = compile(block.text, block.place, "exec")
        if needs_engine(block):
            return
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)
        self.output = printed.getvalue()
        lines = [line for line in block.text.splitlines() if line.lstrip().startswith("print(")]
        told = [re.search(r"\)\s+# (.+)$", line) for line in lines]
        if any(told):
            assert all(told), f"{block.place}: say of each print what it prints, or of none"
            assert self.output.splitlines() == [one[1] for one in told if one], block.place

    def toml(self, block: Block) -> None:
        tomllib.loads(block.text)
        named = re.match(r"# (\S+\.toml)\n", block.text)
        name = (
            named[1]
            if named
            else "pyproject.toml"
            if re.search(r"^\[+tool", block.text, re.MULTILINE)
            else "auditor.toml"
        )
        Path(name).write_text(block.text)
        if name in ("auditor.toml", "pyproject.toml"):
            self.auditor("", ["gate", "--check", "--config", name], block)

    def yaml(self, block: Block) -> None:
        for key, value in leaves(yaml.safe_load(block.text)):
            for line in commands(value) if key in ("run", "script", "entry", "before_script") else ():
                program, *arguments = words(line)
                if program == "auditor":
                    known_to_click(arguments)
                elif program == "pip":
                    extras(arguments, block)
        for step in steps(yaml.safe_load(block.text)):
            if "/auditor@" in step.get("uses", ""):
                inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
                assert set(step.get("with", {})) <= set(inputs), block.place


RUN = {name: getattr(Page, name) for name in ("sh", "console", "text", "python", "toml", "yaml")}


def transcript(text: str) -> list[tuple[str, str]]:
    """Commands after `$ ` with the output shown below each."""
    found = re.split(r"^\$ ((?:.*\\\n)*.*)\n", text, flags=re.MULTILINE)
    assert not found[0].strip()
    return [(one.replace("\\\n", " "), shown) for one, shown in zip(found[1::2], found[2::2], strict=True)]


def assert_shown(shown: str, output: str, block: Block) -> None:
    """Hold shown lines to the output: each run of lines between `...` must stand in it, in order."""
    left = [line.rstrip() for line in output.splitlines()]
    for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE):
        lines = [line.rstrip() for line in part.splitlines()]
        places = [at for at in range(len(left) - len(lines) + 1) if left[at : at + len(lines)] == lines]
        assert places, f"{block.place}: not in the output:\n{part}\n--- the output left:\n" + "\n".join(left)
        left = left[places[0] + len(lines) :]


def needs_engine(block: Block) -> bool:
    return any(re.search(rf"^\s*(?:import|from) {name}\b", block.text, re.MULTILINE) for name in ENGINES)


def extras(arguments: list[str], block: Block) -> None:
    """Check that extras of this package exist."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for one in arguments:
        if found := re.fullmatch(r"(?:\.|auditor)\[(.+)\]", one):
            assert set(found[1].split(",")) <= set(declared), f"{block.place}: {one}"


def leaves(tree: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a tree, with the key it stands under."""
    if isinstance(tree, dict):
        for name, one in tree.items():
            yield from leaves(one, str(name))
    elif isinstance(tree, list):
        for one in tree:
            yield from leaves(one, key)
    elif isinstance(tree, str):
        yield key, tree


def steps(tree: object) -> Iterator[dict]:
    """Every mapping of a tree that uses an action."""
    if isinstance(tree, dict):
        if "uses" in tree:
            yield tree
        for one in tree.values():
            yield from steps(one)
    elif isinstance(tree, list):
        for one in tree:
            yield from steps(one)


def prepare(folder: Path) -> None:
    """Beside the desk: audits of two versions, and the repository's own data."""
    for name in ("data", "CHANGELOG.md"):
        os.symlink(ROOT / name, folder / name)
    for name, tuned in (("v6", "worse.csv"), ("v7", "tuned.csv")):
        arguments = ["audit", "base.csv", tuned, "--oos-start", "2019-01-02", "--reps", "199", "-q"]
        with contextlib.chdir(folder):
            done = CliRunner(catch_exceptions=False).invoke(main, [*arguments, "--report", f"json:{name}.json"])
        assert done.exit_code == 0, done.output
