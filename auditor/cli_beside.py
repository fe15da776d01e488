"""Commands beside the audit of a pair: two audits compared, and tables of counts."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from auditor.grouped import Grouped, GroupedCommand
from auditor.options import output_options
from auditor.terminal import console, print_json

_COMPARE_EXAMPLES = """
Examples:
  auditor audit base.csv v6.csv --oos-start 2019-01-02 --report json:v6.json
  auditor audit base.csv v7.csv --oos-start 2019-01-02 --report json:v7.json
  auditor compare v6.json v7.json

Exit code 0: it ran, whatever it found. 2: it could not run.
"""


@click.command(cls=GroupedCommand, epilog=_COMPARE_EXAMPLES)
@click.argument("before")
@click.argument("after")
@output_options
def compare(before: str, after: str, as_json: bool, quiet: bool) -> None:
    """Put two audits side by side: what changed from BEFORE to AFTER.

    BEFORE and AFTER are JSON reports of audits: the finding, the gain, checks that changed their answer, and what was
    read and set otherwise.
    """
    from auditor.compare import compare as side_by_side
    from auditor.report.compared import as_dict, print_comparison

    found = side_by_side(before, after)
    if as_json:
        print_json(as_dict(found))
    else:
        print_comparison(found, console(), quiet=quiet)


_TRIES_EXAMPLES = """
Examples:
  auditor tries
  auditor tries counts.csv
  auditor tries counts.csv --reps 10000 --json

Exit code 0: it ran, whatever it found. 2: it could not run.
"""


_testing = partial(click.option, cls=Grouped, group="Testing")


@click.command(cls=GroupedCommand, epilog=_TRIES_EXAMPLES)
@click.argument("counts", required=False)
@_testing("--reps", type=int, metavar="N", default=2_000, help="Resamples of the problems.  [2000]")
@_testing("--seed", type=int, metavar="N", default=0, help="Of the resampling.  [0]")
@_testing("--level", type=float, metavar="P", default=0.05, help="Of the bands.  [0.05]")
@output_options
def tries(counts: str | None, as_json: bool, quiet: bool, **options: Any) -> None:
    """Tell whether tuning solves more problems, or the same ones in fewer tries.

    COUNTS is a table (CSV, TSV, Parquet, Feather; .gz and .zst too), a row a problem, with columns problem, n (tries),
    c_base and c_tuned (tries that solved it); n_base and n_tuned for n where they differ; group if there are any.
    Without COUNTS the bundled example is shown.
    """
    from auditor.report.tries import as_dict, print_tries
    from auditor.tries import tries as compare

    found = compare(counts, **options)
    if as_json:
        print_json(as_dict(found))
    else:
        print_tries(found, console(), quiet=quiet)
