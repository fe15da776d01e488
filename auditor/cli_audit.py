"""The commands audit and calibrate: what a user typed goes in; a report on the terminal and in files comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from auditor.grouped import GroupedCommand
from auditor.options import (
    OF_A_BASE,
    audit_options,
    check_reports,
    cores,
    options_of,
    output_options,
    report_option,
    worlds_options,
)
from auditor.terminal import console, note, print_json
from auditor.wanted import telling

if TYPE_CHECKING:
    from auditor.calibrate import Calibration
    from auditor.result import Audit

_AUDIT_EXAMPLES = """
Examples:
  auditor audit base.csv tuned.csv --oos-start 2019-01-02
  auditor audit pairs.csv:base pairs.csv:tuned --oos-fraction 0.3
  auditor audit base.csv tuned.csv --oos 2015-01-01:2016-12-31 --embargo 21
  auditor audit base.csv tuned.csv --oos-fraction 0.3 --known factors.csv
  auditor audit base.csv tuned.csv --oos-start 2019-01-02 --report html:audit.html --report md:audit.md
  auditor audit base.csv tuned.csv --oos-start 2019-01-02 --ledger sqlite:///looks.db --strategy momentum

Exit code 0: the audit ran, whatever it found. 2: it could not run.
"""


@click.command(cls=GroupedCommand, epilog=_AUDIT_EXAMPLES)
@click.argument("base", required=False)
@click.argument("tuned", required=False)
@audit_options
def audit(
    base: str | None,
    tuned: str | None,
    ledger: str | None,
    strategy: str | None,
    signing_key: str | None,
    reports: tuple[tuple[str, str], ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Label the gain of TUNED over BASE: new edge, reweighting, or no gain.

    BASE and TUNED are files of returns (CSV, TSV, Parquet, Feather; .gz and .zst too), or FILE:COLUMN.
    """
    if (ledger is None) != (strategy is None) or (signing_key and ledger is None):
        raise click.UsageError("--ledger and --strategy go together: a ledger counts the looks of a strategy.")
    check_reports(reports, inputs=_read(base, tuned, options, signing_key), kept=_kept(ledger))
    from auditor.audit import audit_files

    options["oos"] = list(options["oos"]) or None
    if ledger is None:
        with _each_told(options["rollout_as"]):
            result = audit_files(base, tuned, **options)
    else:
        result = _counted(base, tuned, ledger, strategy=str(strategy), signing_key=signing_key, **options)
    _write_reports(result, reports, judged=_judged(result))
    if as_json:
        print_json(result)
    elif quiet:
        _print_label(result)
    else:
        from auditor.report.text import print_audit

        print_audit(result, console())
    if not (quiet or as_json):
        _say_written(reports)


_CALIBRATE_EXAMPLES = """
Examples:
  auditor calibrate base.csv --oos-start 2019-01-02
  auditor calibrate base.csv --oos-fraction 0.3 --base-trades base_trades.csv
  auditor calibrate pairs.csv:base --oos-fraction 0.3 --known factors.csv --worlds 500
  auditor calibrate base.csv --oos-start 2019-01-02 --report html:wrong.html --report json:wrong.json
  auditor audit base.csv tuned.csv --oos-start 2019-01-02 --calibration wrong.json --report html:audit.html

Exit code 0: it ran, whatever it found. 2: it could not run. 130: interrupted.
"""


@click.command(cls=GroupedCommand, epilog=_CALIBRATE_EXAMPLES, params=options_of(audit, OF_A_BASE))
@click.argument("base")
@worlds_options
@report_option
@output_options
def calibrate(
    base: str,
    workers: int | None,
    reports: tuple[tuple[str, str], ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Measure how often the audit is wrong on data like BASE, and what it could prove there.

    Overlays without new edge and new books of known Sharpe ratio are planted in histories drawn from BASE, at its own
    length and split, and audited as configured here. BASE is a file as of audit, or FILE:COLUMN.
    """
    check_reports(reports, inputs=_read(base, None, options))
    from auditor.calibrate import calibrate as measure
    from auditor.report.calibrate import as_dict, print_calibration
    from auditor.report.progress import bar

    options |= {"oos": list(options["oos"]) or None, "workers": cores() if workers is None else workers}
    with bar("audits") as progress:
        found = measure(base, progress=progress, **options)
    _write_reports(found, reports)
    if as_json:
        print_json(as_dict(found))
    else:
        print_calibration(found, console(), quiet=quiet)
    if not (quiet or as_json):
        _say_written(reports)


_FILES = (
    "base_rollouts",
    "tuned_rollouts",
    "base_positions",
    "tuned_positions",
    "instrument_returns",
    "known",
    "library",
    "rf",
    "trials",
    "base_trades",
    "tuned_trades",
    "calibration",
)


def _read(
    base: str | None, tuned: str | None, options: dict[str, Any], signing_key: str | None = None
) -> tuple[str, ...]:
    """Files that a command reads; a rate is a number, and no file."""
    given = (base, tuned, signing_key, *(options.get(name) for name in _FILES))
    return tuple(one for one in given if isinstance(one, str))


def _kept(ledger: str | None) -> tuple[str, ...]:
    """Files that the look is counted in."""
    if ledger is None:
        return ()
    from auditor.ledger.engine import files_of

    return files_of(ledger)


def _counted(
    base: str | None, tuned: str | None, ledger: str, *, strategy: str, signing_key: str | None, **options: Any
) -> Audit:
    """Count the look before it is taken, and say what the count does not hold."""
    from auditor.counted import take_look, told_of
    from auditor.ledger.budget import counted_as
    from auditor.ledger.chain import read_key
    from auditor.ledger.store import Ledger

    strategy = counted_as(strategy)
    opened = Ledger(ledger, signing_key=read_key(signing_key)).trusted()
    if opened.made:
        note(f"made ledger {opened.name}")
    empty = not opened.made and not opened.head().seq
    found = take_look(opened, strategy, base, tuned, **options)
    if empty:
        note(f"note: ledger {opened.name} held no look before this one")
    for told in told_of(found.reserved):
        note(f"note: {told}")
    return found.audit


@contextmanager
def _each_told(rollout_as: str) -> Iterator[None]:
    """Draw how many pairs of rollouts are done, where each is audited: many take seconds."""
    if rollout_as != "each":
        yield
        return
    from auditor.report.progress import bar

    with bar("pairs") as progress, telling(progress):
        yield


def _print_label(result: Audit) -> None:
    from auditor.report.styled import print_lines
    from auditor.report.text import headline_pieces

    print_lines([headline_pieces(result)], console(), verdict=result.finding)


def _write_reports(
    result: Audit | Calibration,
    reports: tuple[tuple[str, str], ...],
    judged: Mapping[str, Callable[[], str]] | None = None,
) -> None:
    from auditor.report.machine import write

    render = {"html": result.to_html, "json": result.to_json, "md": result.to_markdown, **(judged or {})}
    for kind, path in reports:
        write(path, render[kind]())


def _judged(result: Audit) -> dict[str, Callable[[], str]]:
    """Reports that know passes and failures, by the gate's defaults."""

    def junit() -> str:
        return gate_machine.junit(single(result))

    def sarif() -> str:
        return gate_machine.sarif(single(result))

    def commands() -> str:
        return github.commands(single(result))

    from auditor.gate.single import single
    from auditor.report import gate_machine, github

    return {"junit": junit, "sarif": sarif, "github": commands}


def _say_written(reports: tuple[tuple[str, str], ...]) -> None:
    for kind, path in reports:
        click.echo(f"wrote {kind} report {click.format_filename(path)}", err=True)
