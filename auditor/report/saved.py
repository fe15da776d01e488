"""The JSON of an audit comes in, from anybody; the part of it that two audits are compared by goes out, checked."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, cast, get_args

from auditor.errors import InputError
from auditor.report.machine import VERSION
from auditor.verdict.checks import Evidence, Finding, Label, Standing

MOST_BYTES = 64 * 2**20
"""Size of a file that is read: the audit of a hundred tags of trades has a hundredth of it."""

MOST_ITEMS = 10_000
"""Entries of a list or a mapping."""

Answer = Literal["yes", "no", "not assessed"]
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCheck:
    """A check as an audit wrote it down."""

    name: str
    question: str
    value: float | None
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedInput:
    """One file or frame that an audit read."""

    role: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """An audit as it was written down; numbers are out of sample unless said, and None where they were null.

    name  of the file
    """

    name: str
    label: Label
    finding: Finding
    standing: Standing
    evidence: Evidence
    reason: str
    base: float | None
    tuned: float | None
    gain: float | None
    ci: tuple[float | None, float | None]
    p_value: float | None
    in_sample_gain: float | None
    reweighting_part: float | None
    edge_part: float | None
    edge_share: float | None
    new_p: float | None
    n_obs: int
    checks: tuple[SavedCheck, ...]
    inputs: tuple[SavedInput, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, Any]


def read_saved(path: str | os.PathLike[str]) -> Saved:
    """Read a JSON report.

    Raises InputError for a file that is not there, too large, not JSON, or not an audit of this schema.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source}: no such file. Give the JSON report of an audit (--report json:PATH)")
    if source.stat().st_size > MOST_BYTES:
        raise InputError(f"{source}: {source.stat().st_size:,} bytes, more than any audit has. Give its JSON report")
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source}: is not UTF-8 from byte {error.start} on. Give the JSON report of an audit"
        ) from None
    return parse_saved(text, name=str(source))


def parse_saved(text: str, *, name: str) -> Saved:
    """Check the JSON of an audit and take what is compared; `name` is what messages call it."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except RecursionError:
        raise InputError(f"{name}: is nested deeper than any audit. Give the JSON report of an audit") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}: line {error.lineno} is not JSON ({error.msg}). Give the JSON report of an audit"
        ) from None
    except ValueError as error:
        raise InputError(f"{name}: is not the JSON of an audit: {error}") from None
    return _Reader(name).audit(data)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object")
    return found


class _Reader:
    """Takes values out of parsed JSON by their way through it, and refuses what is not there or of another kind."""

    def __init__(self, name: str) -> None:
        self.name = name

    def audit(self, data: Any) -> Saved:
        version = data.get("schema") if isinstance(data, dict) else None
        if version is None or "finding" not in data:
            raise InputError(f"{self.name}: is JSON, but not that of an audit. Give what --report json:PATH wrote")
        if version != VERSION or isinstance(version, bool):
            raise InputError(
                f"{self.name}: has schema {str(version)[:20]}, and this program reads schema {VERSION}. Audit again, "
                "or compare with the version of auditor that wrote it"
            )
        outside = ("sharpe", "out_of_sample")
        parts = ("attribution", "out_of_sample")
        low, high = self.listed(data, (*outside, "ci"), exactly=2)
        return Saved(
            name=self.name,
            label=self.one_of(data, "label", Label),
            finding=self.one_of(data, "finding", Finding),
            standing=self.one_of(data, "standing", Standing),
            evidence=self.one_of(data, "evidence", Evidence),
            reason=self.text(data, ("reason",)),
            base=self.number(data, (*outside, "base")),
            tuned=self.number(data, (*outside, "tuned")),
            gain=self.number(data, (*outside, "gain")),
            ci=(self.number({"low": low}, ("low",)), self.number({"high": high}, ("high",))),
            p_value=self.number(data, (*outside, "p_value")),
            in_sample_gain=self.number(data, ("sharpe", "in_sample", "gain")),
            reweighting_part=self.number(data, (*parts, "reweighting_part", "value")),
            edge_part=self.number(data, (*parts, "edge_part", "value")),
            edge_share=self.number(data, (*parts, "edge_share")),
            new_p=self.number(data, (*parts, "new_p")),
            n_obs=cast(int, self.take(data, (*outside, "n_obs"), int)),
            checks=tuple(self.check(one) for one in self.listed(data, ("checks",))),
            inputs=tuple(
                SavedInput(role=self.text(one, ("role",)), name=self.text(one, ("name",)),
                           sha256=self.text(one, ("sha256",)))
                for one in self.listed(data, ("inputs",))
            ),
            settings=self.mapping(data, "settings"),
            versions=self.mapping(data, "versions"),
        )  # fmt: skip

    def check(self, one: Any) -> SavedCheck:
        passed = self.take(one, ("passed",), bool, null=True)
        return SavedCheck(
            name=self.text(one, ("name",)),
            question=self.text(one, ("question",)),
            value=self.number(one, ("value",)),
            answer="not assessed" if passed is None else "yes" if passed else "no",
        )

    def take(self, data: Any, way: tuple[str, ...], kind: type[Kind], *, null: bool = False) -> Kind | None:
        """Follow names into nested objects to a value of one kind; bool is no number."""
        found = data
        for name in way:
            if not isinstance(found, dict) or name not in found:
                self.refuse(f"lacks {'.'.join(way)}")
            found = found[name]
        if found is None and null:
            return None
        if not isinstance(found, kind) or (isinstance(found, bool) and kind not in (bool, object)):
            self.refuse(f"{'.'.join(way)} is {type(found).__name__}, not {kind.__name__}")
        return found

    def number(self, data: Any, way: tuple[str, ...]) -> float | None:
        found: Any = self.take(data, way, object, null=True)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.refuse(f"{'.'.join(way)} is {type(found).__name__}, not a number")
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.refuse(f"{'.'.join(way)} is no finite number")
        return value

    def text(self, data: Any, way: tuple[str, ...]) -> str:
        return cast(str, self.take(data, way, str))

    def listed(self, data: Any, way: tuple[str, ...], exactly: int | None = None) -> list[Any]:
        found = cast(list[Any], self.take(data, way, list))
        if len(found) > MOST_ITEMS or (exactly is not None and len(found) != exactly):
            self.refuse(f"{'.'.join(way)} has {len(found):,} entries")
        return found

    def mapping(self, data: Any, name: str) -> dict[str, Any]:
        found = cast(dict[str, Any], self.take(data, (name,), dict))
        if len(found) > MOST_ITEMS:
            self.refuse(f"{name} has {len(found):,} entries")
        return found

    def one_of(self, data: Any, name: str, known: Any) -> Any:
        found = self.text(data, (name,))
        if found not in get_args(known):
            self.refuse(f"{name} is {found[:40]!r}, not one of {', '.join(get_args(known))}")
        return found

    def refuse(self, what: str) -> NoReturn:
        raise InputError(f"{self.name}: is not the JSON of an audit: {what}. Give what --report json:PATH wrote")
