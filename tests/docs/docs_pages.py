"""The Markdown pages of the repository come in; their code blocks, links and names of code go out."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(f"docs/{one.name}" for one in ROOT.glob("docs/*.md")))
LANGUAGES = ("sh", "console", "python", "toml", "yaml", "text")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: where it stands, what it is written in, and its text."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """Every fenced block of a page, in order."""
    text = text_of(page)
    return tuple(
        Block(page=page, line=text.count("\n", 0, found.start()) + 1, language=found[1].strip(), text=found[2])
        for found in FENCE.finditer(text)
    )


def prose(page: str) -> str:
    """A page without its blocks."""
    return FENCE.sub("", text_of(page))


def code_spans(page: str) -> list[str]:
    """What stands between single backticks outside the blocks."""
    return [" ".join(one.split()) for one in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(page))]


def links(page: str) -> list[str]:
    """Targets of links and pictures."""
    found = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", prose(page))
    return [one or other for one, other in found]


def anchors(page: str) -> set[str]:
    """Anchors that GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", head).lower()).replace(" ", "-") for head in heads}


def named_code(page: str) -> list[tuple[str, str]]:
    """Files of Python named on a page, as (path, name in it or "")."""
    found = []
    for span in code_spans(page):
        if match := re.fullmatch(r"([\w./*]+\.py)(?::([\w.]+))?(?:\(\))?", span):
            found.append((match[1], match[2] or ""))
    return found


def files_of(path: str) -> list[Path]:
    """Files that a path on a page means: from the root, else from the package. A * may stand for several."""
    return [*ROOT.glob(path)] or [*ROOT.glob(f"auditor/{path}")]


@cache
def defined_in(path: Path) -> frozenset[str]:
    """Functions, classes, their methods and fields, and constants of a module: name or Class.name."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        found |= _names(node)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _names(inner)}
    return frozenset(found)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.Assign):
        return {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return set()
