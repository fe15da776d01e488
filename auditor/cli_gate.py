"""`auditor gate` and `auditor init`: a config is read, its audits judged and reported, an exit code goes out."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.errors import AuditorError
from auditor.grouped import Grouped, GroupedCommand
from auditor.options import EVERY_FORMAT as FORMATS
from auditor.options import check_reports, json_option, parse_reports
from auditor.plural import several
from auditor.terminal import console, in_github, note, print_json

if TYPE_CHECKING:
    from auditor.gate.config import GateConfig
    from auditor.gate.outcome import GateRun


_OF_THE_GATE, _EXCEPT = "What to run", "Exceptions"
_EXAMPLES = """
Examples:
  auditor init
  auditor gate
  auditor gate --only momentum-v7 --report junit:gate.xml --report md:gate.md
  auditor gate --accept momentum-v7 --reason "Agreed by risk until the desk has moved" --days 30

Exit code 0: all audits hold. 1: one fails. 2: one could not be run, or a look could not be counted.
"""


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.date | None:
    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date such as 2026-03-31.") from None


_run, _except = (partial(click.option, cls=Grouped, group=group) for group in (_OF_THE_GATE, _EXCEPT))


@click.command(cls=GroupedCommand, epilog=_EXAMPLES)
@_run("--config", metavar="FILE", help="auditor.toml, or pyproject.toml.  [found from here upwards]")
@_run("--only", multiple=True, metavar="NAME", help="Run this audit, or those that fit a pattern. Repeatable.")
@_run("--exit-zero", is_flag=True, help="Exit with 0 though an audit fails; 2 stays 2.")
@_run("--check", is_flag=True, help="Check the config, and run nothing.")
@_except("--accept", metavar="NAME", help="Run this one, and except it if it fails.")
@_except("--reason", metavar="TEXT", help="Why it may pass.")
@_except("--by", metavar="NAME", help="Who says so.  [git's user]")
@_except("--days", type=click.IntRange(1, 3650), metavar="N", help="How long it holds.  [90]")
@_except("--expires", metavar="DATE", callback=_date, help="Or the last day on which it holds.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT:PATH",
    callback=partial(parse_reports, formats=FORMATS),
    help=f"Write a file too: {', '.join(FORMATS)}. Repeatable.",
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print the count alone.")
@click.pass_context
def gate(
    ctx: click.Context,
    config: str | None,
    only: tuple[str, ...],
    exit_zero: bool,
    check: bool,
    accept: str | None,
    reason: str | None,
    by: str | None,
    days: int | None,
    expires: dt.date | None,
    reports: tuple[tuple[str, str], ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the audits that the config names, count each look, and fail where one does not hold.

    In GitHub Actions it annotates the config and writes the step's summary.
    """
    from auditor.gate.config import load, named

    _refuse_mixed(ctx.params)
    with _told_where_it_ends(config, reports, as_json=as_json):
        found = load(config)
        if check:
            click.echo(f"{named(found.path)} holds: {several(len(found.entries), 'audit')}")
            return
        from auditor.gate.run import files_kept, files_read, run_gate

        check_reports(reports, inputs=files_read(found), kept=files_kept(found))
        if accept is not None:
            _accept(found, accept, reason or "", by, days, expires)
            return
        run = run_gate(found, only=only, progress=_progress())
        code = run.exit_code(exit_zero=exit_zero)
        problems = _write(run, code, reports)
    _say(run, code, as_json=as_json, quiet=quiet)
    for kind, path in () if as_json or quiet else reports:
        if path not in problems:
            note(f"wrote {kind} report {path}")
    if problems:
        raise next(iter(problems.values()))
    ctx.exit(code)


@click.command()
@click.option("--pyproject", is_flag=True, help="Append to pyproject.toml rather than make auditor.toml.")
def init(pyproject: bool) -> None:
    """Write a commented config for `auditor gate` from the files found here."""
    from auditor.gate.initial import make

    file, count = make(Path.cwd(), pyproject=pyproject)
    found = f"{count} pair{'s' if count != 1 else ''} of base and tuned returns found"
    click.echo(f"wrote {file.name}: {found}. Set oos_start there, the date of the split; then run `auditor gate`.")


_OF_A_RUN = {"only": "--only", "exit_zero": "--exit-zero", "reports": "--report", "as_json": "--json"}


def _refuse_mixed(given: Mapping[str, Any]) -> None:
    """Refuse options that would be ignored, and an exception without its reason."""
    idle = [option for name, option in _OF_A_RUN.items() if given[name]]
    if given["accept"] is None:
        if any(given[name] is not None for name in ("reason", "by", "days", "expires")):
            raise click.UsageError("--reason, --by, --days and --expires belong to --accept NAME.")
        if given["check"] and idle:
            raise click.UsageError(f"--check runs nothing and says so in a line: leave out {', '.join(idle)}.")
        return
    if given["check"] or idle:
        idle = [*(["--check"] if given["check"] else []), *idle]
        raise click.UsageError(
            f"--accept runs the one audit that it names, and writes the exception alone: leave out {', '.join(idle)}."
        )
    if not (given["reason"] or "").strip():
        raise click.UsageError('--accept needs --reason "...", a sentence that says why this may pass.')
    if given["days"] is not None and given["expires"] is not None:
        raise click.UsageError("--days and --expires say the same: give one of them.")


def _progress() -> Callable[[str, int, int], None]:
    """Say which audit is run, on a terminal alone; the next one takes its place."""
    from auditor.report.plain import clean, shortened
    from auditor.report.progress import on_terminal

    if not on_terminal():
        return lambda name, number, count: None

    def say(name: str, number: int, count: int) -> None:
        click.echo(f"\r\x1b[K{number}/{count} {shortened(clean(name), 60)}", err=True, nl=False)
        if number == count:
            click.echo("\r\x1b[K", err=True, nl=False)

    return say


@contextlib.contextmanager
def _told_where_it_ends(config: str | None, reports: tuple[tuple[str, str], ...], *, as_json: bool) -> Iterator[None]:
    """Where the gate ends before it has judged, write that as its reports, so that no old one says of it: passed."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        from auditor.gate.reports import never_judged, replaceable, texts
        from auditor.report.machine import write

        run, code = never_judged(config, error)
        render = texts(run, code)
        for kind, path in replaceable(reports, config):
            with contextlib.suppress(AuditorError):
                write(path, render[kind]())
        _tell_github(run, as_json=as_json)
        raise


def _tell_github(run: GateRun, *, as_json: bool) -> None:
    """Annotate the config and write the step's summary, where GitHub Actions runs this."""
    if not in_github():
        return
    from auditor.report import github

    # Commands are read from both streams, and JSON must be alone on its own. As bytes: these are meant.
    click.echo(github.commands(run).encode("utf-8", "backslashreplace"), nl=False, err=as_json)
    if problem := github.write_summary(run, os.environ):
        note(f"note: {problem}")


def _write(run: GateRun, code: int, reports: tuple[tuple[str, str], ...]) -> dict[str, AuditorError]:
    """Write the reports, before anything is printed to who may have left; what could not be written, and why."""
    from auditor.gate.reports import texts
    from auditor.report.machine import write

    render, problems = texts(run, code), {}
    for kind, path in reports:
        try:
            write(path, render[kind]())
        except AuditorError as error:
            problems[path] = error
    return problems


def _say(run: GateRun, code: int, *, as_json: bool, quiet: bool) -> None:
    from auditor.report import gate as pages
    from auditor.report import gate_machine
    from auditor.report.styled import Piece, print_lines

    if as_json:
        print_json(gate_machine.as_record(run, exit_code=code))
    else:
        print_lines([(Piece(f"{pages.summary(run)}."),)] if quiet else pages.lines(run), console())
    _tell_github(run, as_json=as_json)


def _accept(
    config: GateConfig, name: str, reason: str, by: str | None, days: int | None, expires: dt.date | None
) -> None:
    """Run one audit and except it; what can be refused is refused first, since a look that was taken is counted."""
    from auditor.errors import ConfigError, InputError
    from auditor.gate import baseline
    from auditor.gate.run import pattern_of, run_gate

    today = dt.datetime.now(dt.UTC).date()
    until = expires or today + dt.timedelta(days=days or baseline.DAYS)
    by = baseline.signer() if by is None else by
    only = pattern_of(config, name)
    baseline.refuse_unsigned(config.baseline, reason=reason, by=by, today=today, expires=until)
    (one,) = run_gate(config, only=(only,), progress=_progress()).outcomes
    if one.audit is None:
        raise InputError(f"{name} could not be run, and so not accepted: {one.message}")
    if not one.failures:
        raise ConfigError(f"{name} passes: there is nothing to accept")
    made = baseline.accept(
        config.baseline, name, one.audit, one.failures, reason=reason, by=by, today=today, expires=until
    )
    click.echo(
        f"{name} is excepted until {made.expires} by {made.by}, as long as its inputs and settings stay the same: "
        f"{', '.join(made.rules)}. Commit {config.baseline.name}."
    )
