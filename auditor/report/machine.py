"""An audit goes in; plain data, JSON text and files that are written whole or not at all come out."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError

if TYPE_CHECKING:
    from auditor.result import Audit

VERSION = 1
"""Version of the JSON: a field may be added, never renamed or given another meaning, without a new one."""

_ABSENT = {
    "jkm_z": "the difference of the two Sharpe ratios has no variance",
    "periods_needed": "the gain is not positive, so no amount of data would find it",
    "on_base": "the base explains every return of the tuned policy, up to rounding",
    "skew": "fewer than three periods, or returns that do not vary",
    "kurtosis": "fewer than four periods, or returns that do not vary",
    "vol_part_se": "too few periods for a jackknife, or none that varies without one of its blocks",
    "gain": "a series does not vary without this period",
    "covered_time": "no trade of the tuned policy lasts",
    "overlap": "no trade of either policy lasts",
    "return_share": "the new part earns nothing out of sample",
    "trades": "trades of both policies were not given",
    "positions": "positions of both policies were not given",
    "seeds": "single rollouts were not audited",
}
"""Why a field is None where the result does not carry the reason itself."""

UNBOUNDED = "unbounded: too many resamples have an error of zero, or nearly so"
NO_INTERVAL = "no interval: too many resamples give no number"

_DEFLATED = ("dsr", "dsr_benchmark", "dsr_over_base", "dsr_over_base_benchmark")
_SELECTION = {
    "Probabilistic and deflated Sharpe, minimum track record": ("psr", "min_track_record", *_DEFLATED),
    "Minimum track record": ("min_track_record",),
    "Deflated Sharpe": _DEFLATED,
    "Effective number of trials": ("n_effective",),
    "PBO": ("pbo", "pbo_loss_probability", "pbo_slope", "pbo_splits"),
    "Slope of performance degradation": ("pbo_slope",),
    "SPA and StepM": ("spa_p", "spa_p_lower", "spa_p_upper", "stepm_superior"),
}
"""Fields of the selection that are None for the reason after each of these words in its `not_assessed`."""

# Legal in JSON, yet a terminal may obey them or an encoder refuse them; as escapes they mean the same.
_RISKY = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def as_dict(audit: Audit) -> dict[str, Any]:
    """Give plain data as `schema()` describes it: numbers unrounded, and a reason beside each null that is a number."""
    from auditor.report.breadth import as_data

    # Curves and tests of tries have their own form, which `auditor tries` shares.
    shallow = replace(audit, coverage=replace(audit.coverage, tries=None))  # type: ignore[arg-type]
    found: dict[str, Any] = {"schema": VERSION} | _plain(shallow)
    found["coverage"]["tries"] = as_data(audit.coverage.tries)
    parts, outside = found["attribution"], audit.attribution.out_of_sample
    # The short names repeat the out-of-sample span, so their reasons are its reasons.
    for name, reason in (("edge_share", outside.edge_share_reason), ("new_p", outside.new_reason)):
        if parts[name] is None:
            parts.setdefault(f"{name}_reason", reason)
    if parts["library"] is None:
        searched = any(one.role == "library" for one in audit.inputs)
        parts["library_reason"] = (searched and outside.new_reason) or "no library was given"
    _explain_selection(found["selection"])
    for span in ("in_sample", "out_of_sample"):
        _open_ends(found["sharpe"][span], parts[span])
    return found


def _open_ends(span: dict[str, Any], parts: dict[str, Any]) -> None:
    """Take the ends off intervals of Sharpe ratios that every other report calls unbounded."""
    from auditor.report.shown import bounded

    for one in (span, parts["reweighting_part"], parts["edge_part"]):
        if None not in one["ci"] and math.isinf(bounded(one["ci"])[0]):
            one.update(ci=[None, None], ci_reason=UNBOUNDED)


def _explain_selection(selection: dict[str, Any]) -> None:
    """Put the reason of each null beside it, from the texts that name several at once."""
    for text in selection["not_assessed"]:
        what, _, reason = text.partition(": ")
        for name in _SELECTION.get(what, ()):
            if selection[name] is None:
                selection.setdefault(f"{name}_reason", reason)
    if selection["n_trials"] is None:
        selection["n_trials_reason"] = "neither trials nor their number were given"


def as_json(data: Audit | Mapping[str, Any] | list[Any]) -> str:
    """Give an audit, or plain data, as JSON text; no time of day in it, so the same audit gives the same text."""
    plain = data if isinstance(data, Mapping | list) else as_dict(data)
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    # What GitHub's runner would take for a command within a printed line is the same text as an escape.
    return _RISKY.sub(lambda match: f"\\u{ord(match[0]):04x}", text).replace("##[", "#\\u0023[") + "\n"


@cache
def _schema_text() -> str:
    return files("auditor.report").joinpath("audit.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Load the JSON Schema (2020-12) of `as_dict`."""
    loaded: dict[str, Any] = json.loads(_schema_text())
    return loaded


def write(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Write UTF-8 text, or bytes, to a file that is there whole or not at all: first beside it, then moved into place.

    errors   InputError where the directory is missing or cannot be written to
    """
    target = Path(path)
    check_target(target)
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    # A device such as /dev/stdout, or a pipe, cannot be moved onto: it is written to.
    if target.exists() and not target.is_file():
        with _refused(target):
            target.write_bytes(data)
        return
    # A link stays a link: what it points at is replaced.
    real = target.resolve()
    beside: str | None = None
    try:
        with _refused(target):
            handle, beside = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:40]}.", suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside, real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask())
            os.replace(beside, real)
            beside = None
    finally:
        if beside is not None:
            with contextlib.suppress(OSError):
                os.unlink(beside)


def saved(text: str, path: str | os.PathLike[str] | None) -> str:
    """Give the text, written to `path` where one is given."""
    if path is not None:
        write(path, text)
    return text


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a path that could not be written, before anything is computed for it."""
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{target}: is a directory. Name a file in it.")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{target}: the directory {folder} does not exist. Make it first, or write elsewhere.")
    # The new file replaces the old one, so both the directory and a write-protected file have a say.
    if not os.access(folder, os.W_OK | os.X_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise InputError(f"{target}: cannot be written. Change its permissions, or write elsewhere.")


@contextlib.contextmanager
def _refused(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{target}: could not be written ({error.strerror or error}). Write elsewhere.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        told = (field.name for field in fields(value) if field.metadata.get("json", True))
        return _fields({name: getattr(value, name) for name in told})
    if isinstance(value, Mapping):
        return _fields({str(key): inner for key, inner in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    # numpy numbers and arrays, without importing numpy
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found[name] = _plain(value)
        reason = f"{name}_reason"
        if reason in values:
            continue
        if _not_finite(value):
            found[reason] = _why(value)
        elif value is None and name in _ABSENT and not values.get("reason"):
            found[reason] = _ABSENT[name]
    return found


def _not_finite(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(_not_finite(inner) for inner in value)
    return isinstance(value, float) and not math.isfinite(value)


def _why(value: Any) -> str:
    if isinstance(value, tuple | list):
        return NO_INTERVAL if any(isinstance(end, float) and math.isnan(end) for end in value) else UNBOUNDED
    return (
        "not a number"
        if math.isnan(value)
        else "infinite: nothing bounds it from above"
        if value > 0
        else ("infinite: nothing bounds it from below")
    )
