"""The JSON of an audit comes in, from anybody; the part of it that two audits are compared by goes out, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from auditor.report.untrusted import Reader, Wanted, parsed, text_of
from auditor.verdict.checks import Evidence, Finding, Label, Standing

WANTED = Wanted(
    what="an audit", tells="finding", source="the JSON report of an audit", wrote="--report json:PATH",
    again="Audit again, or compare with the version of auditor that wrote it",
)  # fmt: skip

Answer = Literal["yes", "no", "not assessed"]


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
    return parse_saved(text_of(path, WANTED), name=os.fspath(path))


def parse_saved(text: str, *, name: str) -> Saved:
    """Check the JSON of an audit and take what is compared; `name` is what messages call it."""
    return _AuditReader(name, WANTED).audit(parsed(text, name, WANTED))


class _AuditReader(Reader):
    """Takes an audit out of parsed JSON."""

    def audit(self, data: Any) -> Saved:
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
