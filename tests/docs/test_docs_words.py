"""What the pages name is there: options, commands, files and functions of the code, links and their sections."""

from __future__ import annotations

import contextlib
import re

import click
import pytest
from docs_pages import PAGES, ROOT, anchors, code_spans, defined_in, files_of, links, named_code, text_of
from docs_run import known_to_click, words

from auditor.cli import main

OTHERS = {"--require-hashes"}
"""Options of other programs that the pages name outside a block."""


def commands(group: click.Group = main) -> dict[str, click.Command]:
    """Every command by its words: "audit", "ledger list"."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": one for inner, one in commands(command).items()}
        else:
            found[name] = command
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_option_named_exists(page):
    known = {name for command in commands().values() for param in command.params for name in param.opts}
    for span in code_spans(page):
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", span):
            own = span.startswith(("python ", "make ", "pytest ", "pip-audit ", "INTERRUPTS"))
            assert own or option in known | {"--help", "--version"} | OTHERS, f"{page}: {option}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_exists(page):
    for span in code_spans(page):
        typed = words(span) if span.startswith("auditor ") and "'" not in span else []
        if len(typed) > 1 and not typed[1].isupper():
            name = " ".join(typed[1:3]) if typed[1] == "ledger" and len(typed) > 2 else typed[1]
            assert name.partition("|")[0] in {*commands(), "ledger", "--version", "--help"}, f"{page}: {span}"
            if "..." not in span:
                with contextlib.suppress(click.BadParameter):
                    known_to_click(typed[1:])


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_function_of_the_code_that_is_named_exists(page):
    for path, name in named_code(page):
        found = files_of(path)
        assert found, f"{page}: {path}"
        assert not name or any(name in defined_in(one) for one in found), f"{page}: {path}:{name}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_pages_and_sections(page):
    for link in links(page):
        path, _, section = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {link}"
        if section and target.suffix == ".md":
            there = str(target.resolve().relative_to(ROOT))
            assert section in anchors(there), f"{page}: {link} has {sorted(anchors(there))}"


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_named_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in re.findall(r"`make ([a-z]+)", text_of(page)):
        assert name in targets, f"{page}: make {name}"


def test_the_method_lists_every_check_of_the_rule():
    made = re.findall(r"_check\(\s*\"(\w+)\"", (ROOT / "auditor/verdict/checks.py").read_text())
    told = re.findall(
        r"^\| `(\w+)` \|", text_of("docs/method.md").split("## The rule")[1].split("## ")[0], re.MULTILINE
    )
    assert told == made
