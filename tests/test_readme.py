"""The pictures of the README show what the program prints; its blocks are run by tests/docs."""

import html
import re
from pathlib import Path

from click.testing import CliRunner

from auditor import demo
from auditor.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
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


def test_the_lines_of_the_demo_are_those_that_it_prints():
    shown = next(part for part in README.split("```text\n")[1:] if part.startswith("Sharpe gain")).split("```")[0]
    printed = CliRunner().invoke(main, ["demo", "-q"]).stdout
    assert printed.rstrip() == shown.rstrip()
