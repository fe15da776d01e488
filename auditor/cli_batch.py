"""The command that audits a shelf: the batch is run, its count printed, and an exit code goes out."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from auditor.grouped import Grouped, GroupedCommand
from auditor.options import batch_pages, output_options
from auditor.terminal import console, print_json

ERRORS = 1

_BATCH_EXAMPLES = """
Examples:
  auditor batch shelf.csv --out results
  auditor batch shelf.csv --out results --resume
  auditor batch shelf.parquet --out results --scheduler tcp://10.0.0.5:8786

Exit code 0: it ran, errors are listed. 1: with --strict, and there are errors. 2: it could not run.
"""

_running = partial(click.option, cls=Grouped, group="Running")


@click.command(cls=GroupedCommand, epilog=_BATCH_EXAMPLES)
@click.argument("manifest")
@_running("--out", required=True, metavar="DIR", help="Directory of the results.")
@_running("--workers", type=click.IntRange(1), metavar="N", help="Processes.  [one a processor]")
@_running("--scheduler", metavar="ADDRESS", help="Dask scheduler to use instead, tcp://host:port, or local.")
@_running("--resume", is_flag=True, help="Go on where an earlier run was ended.")
@_running("--strict", is_flag=True, help="Exit with 1 if a row could not be audited.")
@batch_pages
@output_options
def batch(manifest: str, out: str, strict: bool, as_json: bool, quiet: bool, **how: Any) -> None:
    """Audit every row of MANIFEST; one table and one page of all results.

    MANIFEST is a table (CSV, TSV, Parquet), an audit a row, with columns base, tuned, perhaps name, and any option of
    audit (oos_start, base_trades, ...); an empty cell is the default. Defaults of all rows go in a TOML file of the
    same name beside it. Paths are relative to it; with * in tuned there is one audit for each file.
    """
    from auditor.batch import run_batch
    from auditor.batch.progress import Progress
    from auditor.batch.words import as_summary, summary_lines

    progress = Progress(quiet=quiet)
    try:
        found = run_batch(manifest, out, watcher=progress, **how)
    except KeyboardInterrupt:
        progress.close()
        progress.note(f"{progress.told}; --resume goes on from there")
        raise
    finally:
        progress.close()
    if as_json:
        print_json(as_summary(found))
    else:
        from auditor.report.styled import print_lines

        print_lines(summary_lines(found, quiet=quiet), console())
    if strict and found.errors:
        click.get_current_context().exit(ERRORS)
