"""What pyproject.toml promises of versions is what is tested: its lower bounds, and the versions that CI installs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
TESTED = ("parquet", "postgres", "dask", "test")
"""Extras whose lower bounds are installed too; the others are tools, and engines that are read by their columns."""


def requirements(*extras: str) -> list[Requirement]:
    """What the package and these extras need, itself left out."""
    every = [*PROJECT["dependencies"], *(one for extra in extras for one in EXTRAS[extra])]
    return [one for one in map(Requirement, every) if one.name != "auditor"]


def lower_bound(one: Requirement) -> Version:
    (only,) = one.specifier
    assert only.operator == ">=", f"{one}: lower bounds only"
    return Version(only.version)


def pins(file: str) -> dict[str, Version]:
    lines = [line for line in (ROOT / file).read_text("utf-8").splitlines() if not line.startswith("#")]
    bad = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line)]
    assert not bad, f"{file}: {len(bad)} lines are no exact version (first: {bad[0]})"
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert len(set(names)) == len(names), f"{file} has a package twice"
    return {name: Version(line.split("==")[1]) for name, line in zip(names, lines, strict=True)}


@pytest.mark.parametrize("one", requirements(*TESTED), ids=lambda one: one.name)
def test_the_oldest_tested_version_is_the_lower_bound(one):
    assert pins("constraints-oldest.txt")[canonicalize_name(one.name)] == lower_bound(one)


@pytest.mark.parametrize("one", requirements(*EXTRAS), ids=lambda one: one.name)
def test_every_package_that_is_named_is_locked_at_its_bound_or_above(one):
    assert pins("constraints.txt")[canonicalize_name(one.name)] >= lower_bound(one)


def test_what_is_beside_the_bounds_in_the_oldest_is_as_in_the_lock_or_older():
    newest, named = pins("constraints.txt"), {canonicalize_name(one.name) for one in requirements(*TESTED)}
    beside = {name: one for name, one in pins("constraints-oldest.txt").items() if name not in named}
    newer = [f"{name} {one} above {newest[name]}" for name, one in beside.items() if one > newest.get(name, one)]
    assert not newer


def test_what_is_installed_fits_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "No broken requirements found.")
