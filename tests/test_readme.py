"""What the README shows is what the program prints."""

import contextlib
import html
import io
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from auditor import demo
from auditor.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def test_the_demo_prints_the_lines_shown():
    (shown,) = blocks("text")
    printed = CliRunner().invoke(main, ["demo"], catch_exceptions=False).output
    assert [line.rstrip() for line in shown.splitlines()] == [line.rstrip() for line in printed.splitlines()[:6]]


def test_the_python_block_prints_what_its_comments_say(monkeypatch):
    monkeypatch.chdir(ROOT)
    (code,) = blocks("python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    comments = re.findall(r"print\(.*\)\s+# (.*)", code)
    assert printed.getvalue().splitlines() == comments


@pytest.mark.parametrize("option", sorted(set(re.findall(r"--[a-z][a-z-]+", README))))
def test_every_option_named_exists(option):
    options = {name for command in main.commands.values() for param in command.params for name in param.opts}
    assert option in options | {"--help", "--version"}


def test_the_shell_lines_are_commands_of_this_program_or_make():
    lines = [line.split("#")[0] for block in blocks("sh") for line in block.splitlines() if line.strip()]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    for line in lines:
        program, command, *_ = shlex.split(line)
        assert (program == "make" and command in targets) or (program == "auditor" and command in main.commands)


PICTURES = re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', README)


def test_pictures_are_there_small_and_described():
    assert [path for path, _ in PICTURES] == ["docs/pictures/terminal.svg", "docs/pictures/page.png"]
    for path, said in PICTURES:
        assert (ROOT / path).stat().st_size < 200_000
        assert len(said) > 40


def test_the_terminal_picture_shows_what_the_program_prints():
    picture = html.unescape((ROOT / "docs/pictures/terminal.svg").read_text(encoding="utf-8"))
    words = re.sub(r"\s+", "", re.sub(r"</?(?:text|rect|g|svg|clipPath|style|circle|defs)\b[^>]*>", "", picture))
    pair = next(pair for pair in demo.pairs() if pair.in_full)
    printed = str(demo.audit_pair(pair)).split("What shapes the gain")[0]
    for line in filter(None, printed.splitlines()):
        assert re.sub(r"\s+", "", line) in words, line
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
