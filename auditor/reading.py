"""What a user names goes in; both policies on one calendar, with what is known and the rate, come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from numbers import Real
from typing import Any

from auditor.config import Align, Kind, Missing, Settings, Unit, parse_windows
from auditor.errors import InputError
from auditor.inputs.pair import Pair, make_pair
from auditor.inputs.pair_checks import hardly_any
from auditor.inputs.returns import Returns, read_returns, read_streams


def read_pair(
    base: Any,
    tuned: Any,
    *,
    oos_start: Any = None,
    oos_fraction: float | None = None,
    oos: Sequence[str | tuple[Any, Any]] | None = None,
    embargo: int = 0,
    known: Any = None,
    rf: Any = None,
    periods_per_year: float | None = None,
    align: Align = "strict",
    na: Missing = "refuse",
    kind: Kind | None = None,
    unit: Unit | None = None,
    base_column: str | None = None,
    tuned_column: str | None = None,
    date_column: str | None = None,
    date_format: str | None = None,
) -> Pair:
    """Read what two policies returned; the options are those of `audit`, and what has been read already stands.

    Raises InputError for anything that cannot be audited as it stands.
    """
    policy = partial(read_policy, date_column=date_column, date_format=date_format, kind=kind, unit=unit, na=na)
    return make_pair(
        policy(base, role="base", column=base_column),
        policy(tuned, role="tuned", column=tuned_column),
        known=None if known is None else read_known(known, date_column=date_column, na=na, date_format=date_format),
        rf=read_rate(rf, unit=unit, date_column=date_column, na=na, date_format=date_format),
        oos_start=oos_start,
        oos_fraction=oos_fraction,
        oos=None if oos is None else parse_windows(oos),
        embargo=embargo,
        align=align,
        na=na,
        periods_per_year=periods_per_year,
    )


def read_policy(source: Any, **how: Any) -> Returns:
    """Read one policy's returns as `read_returns` does, unless they have been read."""
    return source if isinstance(source, Returns) else read_returns(source, **how)


def read_known(source: Any, **how: Any) -> Returns:
    """Read known streams as `read_streams` does, unless they have been read."""
    return source if isinstance(source, Returns) else read_streams(source, role="known", **how)


def read_rate(rf: Any, *, unit: Unit | None = None, **how: Any) -> Returns | float | None:
    """Give a rate a year as it is, and read one of returns, in the policies' unit, unless it has been read."""
    rate = a_rate(rf)
    if isinstance(rate, float | None | Returns):
        return rate
    found = read_policy(rate, role="rf", unit=unit, **how)
    return replace(found, warnings=found.warnings + hardly_any(found)) if unit == "percent" else found


def a_rate(rf: Any) -> Any:
    """A number, or a text that is one, as the annual rate it is; anything else as the source of returns it must be."""
    if isinstance(rf, str) and rf.strip().endswith("%"):
        raise InputError(f"--rf {rf!r}: give the rate as a decimal a year, such as 0.03 for three percent")
    try:
        return float(rf) if isinstance(rf, Real | str) and not isinstance(rf, bool) else rf
    except ValueError:
        return rf


def settings_among(
    options: Mapping[str, Any], *, windows: Sequence[tuple[Any, Any]] | None, rate: Any, trials: int | None = None
) -> Settings:
    """Pick from the arguments of `audit` or `calibrate` those that are settings, by their names.

    windows, rate, trials  what `oos`, `rf` and `trials` were read as

    Raises InputError for a value that no audit could mean.
    """
    found = {one.name: options[one.name] for one in fields(Settings) if one.name in options}
    start, columns = found["oos_start"], found.pop("opportunity")
    if columns is not None:  # else the default
        listed = isinstance(columns, Iterable) and not isinstance(columns, str)
        found["opportunity"] = tuple(columns) if listed else (columns,)
    return Settings(
        **found
        | {
            "oos_start": None if start is None else str(start),
            "oos": None if windows is None else tuple((str(first), str(last)) for first, last in windows),
            "rf": rate if isinstance(rate, float | None) else "returns",
            "trials": trials,
        }
    )
