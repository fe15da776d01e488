"""Two audits go in, as JSON files or as they are; what changed between them comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.report.machine import as_json
from auditor.report.saved import Answer, Saved, SavedCheck, parse_saved, read_saved
from auditor.result import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A check whose answer changed, or that only one of the audits has (None in the other)."""

    name: str
    question: str
    before: Answer | None
    after: Answer | None
    before_value: float | None
    after_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that differs: a setting, a version, or an input by its sha256; None where one audit lacks it."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two audits side by side.

    same_data      every input that both read has the same values
    same_settings  every setting that both have is the same
    flips          checks that changed their answer
    inputs         by role, name and sha256 of what one audit read and the other did not
    """

    before: Saved
    after: Saved
    same_data: bool
    same_settings: bool
    flips: tuple[Flip, ...]
    inputs: tuple[Change, ...]
    settings: tuple[Change, ...]
    versions: tuple[Change, ...]

    @property
    def changed(self) -> bool:
        """Whether the finding or how far it is shown is another."""
        one, other = self.before, self.after
        return (one.finding, one.standing) != (other.finding, other.standing)

    def __str__(self) -> str:
        """Give both side by side, as the command line prints them."""
        from auditor.report.compared import plain_text

        return plain_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, numbers unrounded."""
        from auditor.report.compared import as_dict

        return as_dict(self)


def compare(before: Any, after: Any) -> Comparison:
    """Put two audits side by side: what changed between two versions of a policy, of its data or of the settings.

    before, after  paths of JSON reports (schema 1), audits, or what `to_dict` of one gives

    Raises InputError for what is not the JSON of an audit.
    """
    one, other = (_saved(given, role) for given, role in ((before, "before"), (after, "after")))
    read = [{item.role: {"name": item.name, "sha256": item.sha256} for item in side.inputs} for side in (one, other)]
    inputs = tuple(change for change in _changes(*read) if not _same_values(change))
    settings = _changes(one.settings, other.settings)
    return Comparison(
        before=one,
        after=other,
        same_data=not inputs,
        same_settings=not settings,
        flips=tuple(_flips(one.checks, other.checks)),
        inputs=inputs,
        settings=settings,
        versions=_changes(one.versions, other.versions),
    )


def _saved(given: Any, role: str) -> Saved:
    if isinstance(given, Audit | Mapping):
        return parse_saved(as_json(given), name=role)
    return read_saved(given)


def _flips(before: tuple[SavedCheck, ...], after: tuple[SavedCheck, ...]) -> Iterator[Flip]:
    """Checks whose answer changed, in the order of the first audit and then of the second."""
    one, other = ({check.name: check for check in checks} for checks in (before, after))
    for name, check in {**one, **other}.items():
        old, new = one.get(name), other.get(name)
        answers = [None if side is None else side.answer for side in (old, new)]
        if answers[0] != answers[1]:
            yield Flip(
                name=name,
                question=check.question,
                before=answers[0],
                after=answers[1],
                before_value=None if old is None else old.value,
                after_value=None if new is None else new.value,
            )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    names = dict.fromkeys([*before, *after])
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _same_values(change: Change) -> bool:
    """Whether an input has another name alone."""
    return bool(change.before and change.after and change.before["sha256"] == change.after["sha256"])
