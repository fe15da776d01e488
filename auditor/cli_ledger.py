"""`auditor ledger`: looks that were counted are listed, shown, verified and exported; nothing here counts one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from auditor.grouped import Grouped, GroupedCommand, stacked
from auditor.options import json_option
from auditor.terminal import console, in_github, print_json

if TYPE_CHECKING:
    from auditor.ledger.store import Ledger

VARIABLE = "AUDITOR_LEDGER"

_which = stacked(
    click.option("--ledger", "url", metavar="URL", cls=Grouped, group="Which ledger",
                 help=f"sqlite:///FILE or postgresql://...; else ${VARIABLE}, else the config's."),
    click.option("--config", metavar="FILE", cls=Grouped, group="Which ledger",
                 help="Config that names it.  [found from here upwards]"),
)  # fmt: skip


@click.group(short_help="Looks that were counted: list, show, verify, export.")
def ledger() -> None:
    """Looks at out-of-sample windows that were counted.

    A ledger is written by `auditor audit --ledger` and `auditor gate`.
    """


@ledger.command("list", cls=GroupedCommand)
@click.option("--strategy", metavar="NAME", cls=Grouped, group="Which looks", help="Looks of this one only.")
@_which
@json_option
def list_looks(strategy: str | None, url: str | None, config: str | None, as_json: bool) -> None:
    """List every look, oldest first: what level it had, and what it found."""
    from auditor.report.looks import listed, none_of, records
    from auditor.report.styled import print_lines

    every = records(_opened(url, config)[0].rows())
    found = [one for one in every if strategy in (None, one["strategy"])]
    if as_json:
        print_json(found)
    elif strategy is not None and every and not found:
        print_lines(none_of(strategy, every), console())
    else:
        print_lines(listed(found), console())


@ledger.command(cls=GroupedCommand)
@click.argument("row", type=int)
@_which
@json_option
def show(row: int, url: str | None, config: str | None, as_json: bool) -> None:
    """Show all of the look at ROW, as `list` numbers it."""
    from auditor.errors import LedgerError
    from auditor.report.looks import records, shown
    from auditor.report.styled import print_lines

    opened, _ = _opened(url, config)
    looks = {one["row"]: one for one in records(opened.rows())}
    if row not in looks:
        known = f"; the last look is row {max(looks)}" if looks else "; there are none yet"
        raise LedgerError(f"row {row} of {opened.name} is no look{known}. See: auditor ledger list")
    if as_json:
        print_json(looks[row])
    else:
        print_lines(shown(looks[row]), console())


_VERIFY = """
Without a key, verify finds what does not fit in itself: a row edited, removed, swapped or appended by hand. Whoever
can write to the database and knows how rows are hashed can make changes fit, unless rows are signed with a key that
they do not have. An older copy of the ledger put back fits even then: note the head that verify and the gate print,
and hold the ledger to it with --expect.

Exit code 0: every row fits. 1: one does not. 2: it could not be read.
"""


@ledger.command(cls=GroupedCommand, epilog=_VERIFY)
@stacked(
    click.option("--expect", metavar="HEAD", cls=Grouped, group="Held to",
                 help="SEQ:HASH noted before: its row must still be there."),
    click.option("--signing-key", metavar="FILE|env:NAME", cls=Grouped, group="Held to",
                 help="Key that signed the rows."),
)  # fmt: skip
@_which
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    expect: str | None,
    signing_key: str | None,
    url: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Hold every row to its hash, to the row before it, and to the key and the head that are given."""
    from dataclasses import asdict

    from auditor.report.looks import told
    from auditor.report.styled import print_lines

    opened, name = _opened(url, config, signing_key)
    found = opened.verify(expect=expect)
    if as_json:
        print_json({"holds": not found.problems} | asdict(found))
    else:
        print_lines(told(found, name), console())
    if found.problems:
        ctx.exit(1)


@ledger.command(cls=GroupedCommand)
@click.option("--out", metavar="FILE", help="Write there.  [the terminal]")
@_which
@json_option
def export(out: str | None, url: str | None, config: str | None, as_json: bool) -> None:
    """Write every look as CSV, in which no text is a formula, or with --json in full."""
    from auditor.ledger.engine import files_of
    from auditor.report.looks import as_csv, records
    from auditor.report.machine import as_json as json_text
    from auditor.report.machine import write
    from auditor.report.plain import inert
    from auditor.report.targets import check_output

    which = _chosen(url, config)
    if out is not None:
        check_output(out, named=f"--out {out}", inputs=which.read, kept=files_of(which.url))
    found = records(_reader(which).rows())
    text = json_text(list(found)) if as_json else as_csv(found)
    if out is None:
        click.echo((inert(text) if in_github() else text).encode("utf-8", "backslashreplace"), nl=False)
    else:
        write(out, text)


class _Which(NamedTuple):
    """A ledger's URL, the source of the key that signs it, and the files that told them."""

    url: str
    key: str | None
    read: tuple[str, ...] = ()


def _chosen(url: str | None, config: str | None, signing_key: str | None = None) -> _Which:
    """Give the ledger that is named: by the option, the environment or the config."""
    if url is not None and config is not None:
        raise click.UsageError("--ledger and --config both say which ledger: give one of them.")
    if url is not None:
        return _Which(url, signing_key)
    if config is None and os.environ.get(VARIABLE):
        return _Which(os.environ[VARIABLE], signing_key)
    from auditor.errors import LedgerError
    from auditor.gate.config import load

    found = load(config)
    if found.ledger is None:
        raise LedgerError(f'{found.path.name} names no ledger: pass --ledger URL, or add ledger = "..." to it')
    key = signing_key or found.signing_key
    return _Which(found.ledger, key, tuple(filter(None, (str(found.path), found.signing_key))))


def _reader(which: _Which) -> Ledger:
    """Open a ledger for reading."""
    from auditor.ledger.chain import read_key
    from auditor.ledger.store import Ledger

    return Ledger(which.url, signing_key=read_key(which.key), read_only=True)


def _opened(url: str | None, config: str | None, signing_key: str | None = None) -> tuple[Ledger, str]:
    """Open the ledger that is named, for reading."""
    opened = _reader(_chosen(url, config, signing_key))
    return opened, opened.name
