"""The public names and their parameters are those of tests/api.json; `python tests/test_api_snapshot.py` writes it.

A name or parameter that goes or changes its place among the positional ones breaks scripts of users: that needs a new
major version. One that is added needs a line in the changelog.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path

import auditor

SNAPSHOT = Path(__file__).with_name("api.json")


def parameters(function: object) -> list[str]:
    """Names as a signature writes them: those after "*" by keyword only, "=" where there is a default."""
    found, keyword = [], False
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not keyword:
            found, keyword = [*found, "*"], True
        mark = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        found.append(mark + one.name + ("" if one.default is one.empty else "="))
    return found


def described(thing: object) -> object:
    """What a script can hold on to: parameters, or fields and methods."""
    if inspect.isclass(thing):
        if issubclass(thing, Exception):
            return [base.__name__ for base in thing.__mro__ if base.__module__.startswith("auditor")]
        fields = [field.name for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
        methods = {
            name: parameters(method)
            for name, method in inspect.getmembers(thing, inspect.isfunction)
            if not name.startswith("_")
        }
        return {"fields": fields, "methods": methods}
    return parameters(thing)


def api() -> dict[str, object]:
    """Every public name, described."""
    return {name: described(getattr(auditor, name)) for name in sorted(auditor.__all__)}


def test_the_public_names_are_those_written_down():
    assert api() == json.loads(SNAPSHOT.read_text()), f"if it is meant: python {Path(__file__).name}, and the changelog"


def test_every_name_is_listed_once_and_found():
    assert sorted(set(auditor.__all__)) == sorted(auditor.__all__)
    assert set(auditor.__all__) | {"__version__"} == set(dir(auditor))


def test_the_package_is_typed():
    assert (Path(auditor.__file__).parent / "py.typed").is_file()


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(api(), indent=1) + "\n")
