"""Arguments come in; the library is called, its result printed or written, and an exit code goes out.

0 it ran, 2 it could not run. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from auditor import __version__
from auditor.cli_audit import audit, calibrate
from auditor.cli_batch import batch
from auditor.cli_beside import compare, tries
from auditor.cli_gate import gate, init
from auditor.cli_ledger import ledger as ledger_commands
from auditor.errors import AuditorError, Terminated, internal, of_system
from auditor.grouped import GroupedCommand
from auditor.options import output_options
from auditor.terminal import commands_parted, console, print_json

COULD_NOT_RUN, INTERRUPTED, PIPE_CLOSED, TERMINATED = 2, 130, 141, 143

OUT_OF_MEMORY = (
    "the memory that this process may have is used up. Lower --reps, --worlds or --workers, give fewer columns or "
    "a shorter history, or more memory"
)


class Commands(click.Group):
    """Commands whose errors are one message on stderr, never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run with streams on which no name of a file is a command, and end in order when the system says so."""
        with commands_parted(), _ended_in_order():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; give the exit code of what went wrong."""
        try:
            return super().invoke(ctx)
        except AuditorError as error:
            _fail(ctx, str(error), COULD_NOT_RUN)
        except MemoryError as error:
            _fail(ctx, f"{OUT_OF_MEMORY} ({error})" if str(error) else OUT_OF_MEMORY, COULD_NOT_RUN)
        except ImportError as error:
            unloaded = "failed to map segment" in str(error)  # a library that no memory was left to load
            _fail(ctx, OUT_OF_MEMORY if unloaded else _defect(error), COULD_NOT_RUN)
        except Terminated:
            _fail(ctx, "terminated", TERMINATED)
        except KeyboardInterrupt:
            _fail(ctx, "interrupted", INTERRUPTED)
        except BrokenPipeError:
            # The reader has left, as `head` does; what is still buffered must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)
        except OSError as error:
            _fail(ctx, of_system(error), COULD_NOT_RUN)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # Python would end with 1, which says that an audit fails
            _fail(ctx, _defect(error), COULD_NOT_RUN)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: no half report, no old one that passes, no worker left."""

    def terminated(*_: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield  # whoever runs this within a program of theirs decides
        return
    signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _defect(error: Exception) -> str:
    """Say what went wrong inside, and where: that is all that a report of it needs beside the command."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return f"{internal(error)} (at {place}). This is a defect of auditor: please report it with the command"


def _fail(ctx: click.Context, message: str, code: int) -> None:
    from auditor.report.plain import clean

    click.echo(f"error: {clean(message)}", err=True)
    ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", prog_name="auditor", message="%(prog)s %(version)s")
def main() -> None:
    """Tell whether the gain of a backtest overlay is new edge, or the same opportunities reweighted."""


for _command in (audit, batch, calibrate, compare, gate, init, ledger_commands, tries):
    main.add_command(_command)


@main.command(cls=GroupedCommand)
@output_options
def demo(as_json: bool, quiet: bool) -> None:
    """Audit the bundled pairs, one line each, and show one of them in full."""
    from auditor.demo import as_record, audit_pair, pairs

    bundled = pairs()
    if as_json:
        print_json([as_record(pair, audit_pair(pair)) for pair in bundled])
        return
    from auditor.report.styled import print_lines, wrapped
    from auditor.report.text import ONE_LINE_HEADING, one_line_pieces, print_audit

    out = console()
    print_lines([ONE_LINE_HEADING], out)
    for pair in bundled:
        result = audit_pair(pair)
        print_lines([one_line_pieces(result, pair.title)], out, verdict=result.finding)
        if pair.in_full:
            title, story, full = pair.title, pair.story, result
    if quiet:
        return
    print_lines([(), *wrapped(f"{title}, in full. {story}"), ()], out)
    print_audit(full, out)
    print_lines([(), *wrapped("Your own: auditor audit base.csv tuned.csv --oos-start DATE")], out)
