"""What docs/contract.md lists is what the code has; `python tests/docs/test_docs_contract.py` writes the lists anew."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

import auditor
from auditor.cli import main
from auditor.inputs import columns, rollouts_table, trades_columns
from auditor.inputs.engines_formats import KINDS
from auditor.inputs.engines_transactions import TRANSACTIONS
from auditor.report.machine import schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "contract.md"
PART = re.compile(r"(<!-- (\w+): written by [^>]+ -->\n).*?(<!-- end -->\n)", re.DOTALL)


def every(group: click.Group = main, before: str = "") -> list[tuple[str, click.Command]]:
    """Commands by their words, groups opened."""
    found: list[tuple[str, click.Command]] = []
    for name, command in sorted(group.commands.items()):
        found += every(command, f"{name} ") if isinstance(command, click.Group) else [(before + name, command)]
    return found


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:], ""])


def coded(names: object) -> str:
    return ", ".join(f"`{name}`" for name in names)  # type: ignore[attr-defined]


def commands() -> str:
    """Each command: what it does, what it takes."""
    rows = []
    of_an_audit = [
        one.opts[0] for one in main.commands["audit"].params if one.name not in ("as_json", "quiet", "reports")
    ]
    for name, command in every():
        arguments = [
            one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)
        ]
        options = [one.opts[0] for one in command.params if isinstance(one, click.Option)]
        own = [one for one in options if one not in of_an_audit or name not in ("audit", "calibrate")]
        rest = "" if own == options else "[below](#options-of-an-audit)"
        rest = rest if name == "audit" or not rest else f"those of them that a base alone has: {rest}"
        told = ", ".join([one for one in (coded(own), rest) if one])
        rows.append((f"`auditor {' '.join([name, *arguments])}`", command.get_short_help_str(200), told))
    return table(("command", "what it does", "options"), rows)


def audit_options() -> str:
    """The options of audit by heading, with their help."""
    groups: dict[str, list[click.Option]] = {}
    for one in main.commands["audit"].params:
        if isinstance(one, click.Option):
            groups.setdefault(one.group, []).append(one)  # type: ignore[attr-defined]
    rows = []
    for title, options in groups.items():
        for place, one in enumerate(options):
            value = (
                f" {one.metavar}"
                if one.metavar
                else f" {'|'.join(one.type.choices)}"
                if one.type.name == "choice"
                else ""
            )
            rows.append((title if not place else "", f"`{', '.join(one.opts)}{value}`", one.help or ""))
    return table(("", "option", "what it says"), rows)


def api() -> str:
    """Public names with their signatures' parameters."""
    rows = []
    for name in sorted(auditor.__all__):
        thing = getattr(auditor, name)
        kind = (
            "error"
            if inspect.isclass(thing) and issubclass(thing, Exception)
            else "result"
            if inspect.isclass(thing)
            else "function"
        )
        rows.append((f"`{name}`", kind, (inspect.getdoc(thing) or "").partition("\n")[0]))
    return table(
        ("name", "", "what it is"), sorted(rows, key=lambda row: (row[1] != "function", row[1], row[0].strip("`")))
    )


def json_fields() -> str:
    """Fields of an audit's JSON, with those inside them."""
    whole = schema()
    rows = []
    for name, field in whole["properties"].items():
        inner = field
        for option in [field, *field.get("anyOf", [])]:
            inner = whole["$defs"][option["$ref"].rpartition("/")[2]] if "$ref" in option else inner
        items = field.get("items", {})
        inner = whole["$defs"][items["$ref"].rpartition("/")[2]] if "$ref" in items else inner
        said = field.get("description") or inner.get("description", "")
        rows.append((f"`{name}`", said, coded(inner.get("properties", {}))))
    return table(("field", "what it is", "inside"), rows)


def trade_columns() -> str:
    """Columns of a blotter, with every name that is taken."""
    rows = [
        (f"`{names[0]}`" if field == names[0] else f"`{field}`", coded(names))
        for field, names in trades_columns.FIELDS.items()
    ]
    return table(("field", "names; case, spaces and punctuation do not count"), rows)


def engines() -> str:
    """Exports that are recognised, and the columns that tell them."""
    rows = [(form.name, form.source, ", ".join(" or ".join(one) for one in form.needs)) for form in KINDS.values()]
    rows.append((TRANSACTIONS[0], "P&L is that of the fills", ", ".join(" or ".join(one) for one in TRANSACTIONS[1])))
    return table(("export", "its P&L", "columns that tell it"), rows)


def other_columns() -> str:
    """Columns of returns and rollouts."""
    rows = [
        ("date", coded((*sorted(columns.DATE_NAMES), *columns.WEAK_DATES))),
        ("return", coded(columns.RETURN_NAMES)),
        ("rollout", coded(rollouts_table.ROLLOUT_NAMES)),
        ("instrument", coded(rollouts_table.INSTRUMENT_NAMES)),
        ("position", coded(rollouts_table.POSITION_NAMES)),
    ]
    return table(("column", "names"), rows)


WRITERS: dict[str, Callable[[], str]] = {
    one.__name__: one for one in (commands, audit_options, api, json_fields, trade_columns, engines, other_columns)
}


def written(text: str) -> str:
    """The page with every list as the code has it."""
    return PART.sub(lambda found: f"{found[1]}{WRITERS[found[2]]()}{found[3]}", text)


def test_the_lists_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert [found[2] for found in PART.finditer(text)] == list(WRITERS)
    assert written(text) == text, "python tests/docs/test_docs_contract.py writes the lists anew"


def rows_under(heading: str) -> list[list[str]]:
    """Cells of the table under a heading."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = (one for one in section if one.startswith(heading))
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_exit_codes_are_those_that_the_program_gives():
    cli = import_module("auditor.cli")
    told = {int(row[0]) for row in rows_under("Exit codes")}
    assert told == {0, 1, cli.COULD_NOT_RUN, cli.INTERRUPTED, cli.PIPE_CLOSED, cli.TERMINATED}
    for command in ("audit", "gate", "batch", "calibrate", "compare", "tries"):
        epilog = main.commands[command].epilog or ""
        assert {int(code) for code in re.findall(r"(?:Exit code |\. )(\d+):", epilog)} <= told


def environment() -> set[str]:
    """Names of environment variables that the package reads, as its syntax trees have them."""
    found = set()
    for file in (ROOT / "auditor").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            target.id: [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        loops = {
            node.target.id: constants.get(node.iter.id, [])
            for node in ast.walk(tree)
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Name)
        }
        for node in ast.walk(tree):
            key = None
            if isinstance(node, ast.Call) and node.args and re.search(r"environ(ment)?\.get$", ast.unparse(node.func)):
                key = node.args[0]
            elif isinstance(node, ast.Subscript) and re.search(r"environ(ment)?$", ast.unparse(node.value)):
                key = node.slice
            if isinstance(key, ast.Constant):
                found.add(key.value)
            elif isinstance(key, ast.Name):
                found |= set(constants.get(key.id, loops.get(key.id, [])))
    return found


def test_environment_variables_are_those_that_are_read():
    told = set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join(row[0] for row in rows_under("Environment"))))
    assert told == environment()


def test_the_exit_codes_of_a_process():
    def code(*arguments: str) -> int:
        return subprocess.run(
            [sys.executable, "-m", "auditor", *arguments], cwd=ROOT, capture_output=True, check=False
        ).returncode

    assert (code("--version"), code("audit", "nowhere.csv", "nowhere.csv", "--oos-fraction", "0.3")) == (0, 2)


def test_the_example_of_json_is_a_part_of_the_schema():
    for name in ("audit", "gate", "tries", "calibrate"):
        file = ROOT / "auditor" / "report" / f"{name}.schema.json"
        assert f"`{file.relative_to(ROOT)}`" in PAGE.read_text(encoding="utf-8")
        assert json.loads(file.read_text())["properties"]["schema"]["const"] == 1


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
