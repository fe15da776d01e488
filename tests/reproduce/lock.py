"""What pip would install by constraints.txt is held to that file: nothing unpinned, nothing withdrawn, all with a hash.

    python tests/reproduce/lock.py

pip asks the registry that it is set up with, and installs nothing. Known vulnerabilities are not looked up: a registry
that knows of them can be asked with `pip-audit --strict --disable-pip --no-deps -r constraints.txt`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXTRAS = "dev,dask,postgres,engines,browser,mutation"


def plain(name: str) -> str:
    """A name as the registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def resolved() -> list[dict[str, Any]]:
    """What pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run",
             "--ignore-installed", "--constraint", str(ROOT / "constraints.txt"), "--report", str(report),
             f"{ROOT}[{EXTRAS}]"],
            check=True,
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["install"]
    return [one for one in found if plain(one["metadata"]["name"]) != "auditor"]


def problems(install: list[dict[str, Any]], pins: dict[str, str]) -> list[str]:
    """What is wrong with a resolution, against the pins."""
    found = []
    for one in install:
        name, version = plain(one["metadata"]["name"]), one["metadata"]["version"]
        if pins.get(name) != version:
            found.append(f"{name} {version} is installed and {pins.get(name, 'no version')} pinned")
        if one.get("is_yanked"):
            found.append(f"{name} {version} was withdrawn from the registry")
        if not one["download_info"].get("archive_info", {}).get("hashes"):
            found.append(f"{name} {version} has no hash")
    missing = sorted(pins.keys() - {plain(one["metadata"]["name"]) for one in install})
    return [*found, *(f"{name} is pinned and nothing needs it" for name in missing)]


def main() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    pins = {plain(name): version for name, version in (line.split("==") for line in lines)}
    found = problems(resolved(), pins)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(pins)} pinned, {len(found)} problems")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
