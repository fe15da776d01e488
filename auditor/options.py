"""Options of the command line, in the groups that --help shows; what a user typed goes in, checked values come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

import click

from auditor.errors import InputError
from auditor.grouped import OUTPUT, Command, Grouped, stacked

FORMATS = ("html", "json", "md")
EVERY_FORMAT = (*FORMATS, "junit", "sarif", "github")
"""What --report can write."""


def block(ctx: click.Context, param: click.Parameter, value: str) -> int | str:
    """Give a whole number of periods, or "auto"."""
    try:
        return value if value in ("auto", "calibrate") else int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor auto or calibrate.") from None


def rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | str | None:
    """Give a rate a year as a number, or the name of a file of returns."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return value


def hurdle(ctx: click.Context, param: click.Parameter, value: str | None) -> float | str:
    """Give a profit as a number, zero without one, or a text such as "0.5sd" as it is."""
    try:
        return 0.0 if value is None else float(value)
    except ValueError:
        return str(value)


def column_list(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Give the columns of a comma-separated list."""
    columns = tuple(one.strip() for one in value.split(","))
    if not all(columns):
        raise click.BadParameter(f"{value!r} is not a list of columns, such as instrument,side.")
    return columns


def parse_reports(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...], *, formats: tuple[str, ...] = FORMATS
) -> tuple[tuple[str, str], ...]:
    """Give format and path of each FORMAT:PATH; the path may hold colons itself."""
    found, known = [], ", ".join(formats)
    for value in values:
        kind, colon, path = value.partition(":")
        if not colon:
            raise click.BadParameter(f"{value!r} is not FORMAT:PATH, such as json:audit.json. Known formats: {known}.")
        if kind not in formats:
            raise click.BadParameter(f"unknown format {kind!r}. Known formats: {known}.")
        if path in ("", "-"):
            raise click.BadParameter(f"{value!r} names no file. For the terminal, --json prints the JSON alone.")
        found.append((kind, path))
    return tuple(found)


def _option(group: str, *names: str, **how: Any) -> Callable[[Command], Command]:
    return click.option(*names, cls=Grouped, group=group, **how)


_SPLIT, _READ, _KNOWN = "Out of sample, one of", "Reading", "Streams the base could have had"
_TRADES, _ROLLOUTS = "What was traded", "Several seeds of each policy"
_TRIALS, _TEST, _LOOKS = "What was tried", "Testing", "Looks at this window"
_WORLDS = "Worlds"

json_option = _option(OUTPUT, "--json", "as_json", is_flag=True, help="Print the JSON alone.")
output_options = stacked(
    json_option,
    _option(OUTPUT, "-q", "--quiet", is_flag=True, help="Print the label line alone."),
)


def report_option_of(formats: tuple[str, ...]) -> Callable[[Command], Command]:
    """Give --report for these formats."""
    return _option(
        OUTPUT, "--report", "reports", multiple=True, metavar="FORMAT:PATH",
        callback=partial(parse_reports, formats=formats), help=f"Write a file too: {', '.join(formats)}. Repeatable.",
    )  # fmt: skip


report_option = report_option_of(FORMATS)

audit_options = stacked(
    _option(_SPLIT, "--oos-start", metavar="DATE", help="First date the tuning did not see."),
    _option(_SPLIT, "--oos-fraction", type=float, metavar="F", help="Last share of the sample, such as 0.3."),
    _option(_SPLIT, "--oos", multiple=True, metavar="START:END", help="A window, inclusive. Repeat for walk-forward."),
    _option(_READ, "--base-column", metavar="C", help="Column of BASE, if its name does not tell."),
    _option(_READ, "--tuned-column", metavar="C", help="Column of TUNED."),
    _option(_READ, "--date-column", metavar="C", help="Column of dates."),
    _option(_READ, "--date-format", metavar="FMT", help="How dates are written, such as %d.%m.%Y."),
    _option(_READ, "--kind", type=click.Choice(["returns", "prices"]), help="What the columns hold."),
    _option(_READ, "--unit", type=click.Choice(["decimal", "percent"]), help="Unit of returns, and of a file of cash."),
    _option(_READ, "--align", type=click.Choice(["strict", "inner"]), default="strict",
            help="Dates differ: refuse, or audit common ones."),
    _option(_READ, "--na", type=click.Choice(["refuse", "drop"]), default="refuse",
            help="Value missing: refuse, or drop the date."),
    _option(_READ, "--embargo", type=int, metavar="N", default=0,
            help="In-sample periods to drop beside each window."),
    _option(_READ, "--periods-per-year", type=float, metavar="N", help="Inferred from the dates if not given."),
    _option(_READ, "--rf", metavar="FILE|RATE", callback=rate, help="Cash, taken off both: returns, or 0.03 a year."),
    _option(_TRADES, "--base-trades", metavar="FILE", help="Trades of BASE: what it took is then shown."),
    _option(_TRADES, "--tuned-trades", metavar="FILE", help="Trades of TUNED."),
    _option(_TRADES, "--base-positions", metavar="FILE", help="Instead: weights, dates x instruments."),
    _option(_TRADES, "--tuned-positions", metavar="FILE", help="Weights of TUNED."),
    _option(_TRADES, "--instrument-returns", metavar="FILE", help="Returns of what the weights are on."),
    _option(_TRADES, "--position-lag", type=int, metavar="N", default=1,
            help="Periods until a weight earns.  [1]"),
    _option(_TRADES, "--opportunity", metavar="COLS", default="instrument,side", callback=column_list,
            help="What makes two trades the same.  [instrument,side]"),
    _option(_TRADES, "--tolerance", type=int, metavar="N", default=0,
            help="Periods by which engines may fill apart.  [0]"),
    _option(_TRADES, "--pnl", type=click.Choice(["net", "gross"]), help="P&L after fees, or before."),
    _option(_TRADES, "--capital", type=float, metavar="N", help="P&L is in currency, on this capital."),
    _option(_TRADES, "--compounding", is_flag=True, help="Sizes grew with the account."),
    _option(_TRADES, "--reconcile", type=click.Choice(["check", "off"]), default="check",
            help="Trades must add up to the returns, or not."),
    _option(_ROLLOUTS, "--base-rollouts", metavar="FILE", help="A column each, or rows of date, rollout, return."),
    _option(_ROLLOUTS, "--tuned-rollouts", metavar="FILE", help="Of TUNED; BASE and TUNED may then be left out."),
    _option(_ROLLOUTS, "--rollout-as", type=click.Choice(["mean", "each"]), default="mean",
            help="Label their mean, or each pair of them."),
    _option(_ROLLOUTS, "--window", metavar="W", default="month",
            help="A problem: month, week or N periods.  [month]"),
    _option(_ROLLOUTS, "--hurdle", metavar="H", callback=hurdle,
            help="Solved above it: a return, or 0.5sd.  [0]"),
    _option(_KNOWN, "--known", metavar="FILE", help="Factors, sleeves, hedges: a column each."),
    _option(_KNOWN, "--known-complete", is_flag=True, help="The base could do nothing but these."),
    _option(_KNOWN, "--library", metavar="FILE", help="Streams to tell what the new part is made of."),
    _option(_TRIALS, "--trials", metavar="FILE", help="Returns of every variant tried: a column each."),
    _option(_TRIALS, "--n-trials", type=int, metavar="N", help="How many were tried, if only that is known."),
    _option(_TEST, "--level", type=float, metavar="P", default=0.05, help="Of every test and interval.  [0.05]"),
    _option(_TEST, "--gain-level", type=float, metavar="P",
            help="Of the gain, once the new part is proven.  [0.2 where trades or the direction tell it, else level]"),
    _option(_TEST, "--min-edge-share", type=float, metavar="S", default=0.25,
            help="Of the gain, for it to be new edge.  [0.25]"),
    _option(_TEST, "--reps", type=int, metavar="N", default=10_000, help="Resamples of each test.  [10000]"),
    _option(_TEST, "--block", metavar="N|auto", default="auto", callback=block,
            help="Periods resampled together; calibrate takes seconds.  [auto]"),
    _option(_TEST, "--seed", type=int, metavar="N", default=0, help="Of the resampling.  [0]"),
    _option(_TEST, "--stability", is_flag=True, help="Audit again with other split dates, blocks, seeds."),
    _option(_TEST, "--calibration", metavar="FILE", help="Tell its error rates: JSON of auditor calibrate."),
    _option(_LOOKS, "--ledger", metavar="URL", help="Count this look: sqlite:///FILE or postgresql://..."),
    _option(_LOOKS, "--strategy", metavar="NAME", help="Whose looks count together."),
    _option(_LOOKS, "--signing-key", metavar="FILE|env:NAME", help="Key that signs the rows of the ledger."),
    report_option_of(EVERY_FORMAT),
    output_options,
)  # fmt: skip

batch_pages = stacked(
    # Pages are there where an audit can be written as one.
    *([_option(OUTPUT, "--pages", is_flag=True, help="Write a page of each audit too.")] if "html" in FORMATS else [])
)


worlds_options = stacked(
    _option(_WORLDS, "--worlds", type=int, metavar="N", default=200, help="Histories drawn from BASE.  [200]"),
    _option(_WORLDS, "--reps", type=int, metavar="N", default=1_000, help="Resamples of each test in a world.  [1000]"),
    _option(_WORLDS, "--seed", type=int, metavar="N", default=0, help="Of all draws.  [0]"),
    _option(_WORLDS, "--workers", type=int, metavar="N", help="Local processes.  [one a core]"),
)

OF_A_BASE = (
    "oos_start", "oos_fraction", "oos", "base_column", "date_column", "date_format", "kind", "unit", "na", "embargo",
    "periods_per_year", "rf", "base_trades", "opportunity", "tolerance", "pnl", "capital", "compounding", "reconcile",
    "known", "known_complete", "level", "gain_level", "min_edge_share", "block",
)  # fmt: skip
"""Options of `audit` that a base alone has."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def options_of(command: click.Command, names: Collection[str]) -> list[click.Parameter]:
    """Options of another command, by the names of their parameters, in its order: one spelling, one help, one default.

    errors   ValueError for a name that it does not have
    """
    found = [param for param in command.params if param.name in names]
    if len(found) != len(names):
        raise ValueError(f"{command.name} lacks {set(names) - {param.name for param in found}}")
    return found


def check_reports(reports: tuple[tuple[str, str], ...], *, inputs: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Refuse report files that could not be written, before anything is computed for them.

    inputs, kept   as of `check_output`
    errors         InputError for a missing directory, a file named twice, or one that the same run reads or keeps
    """
    from auditor.report.targets import check_output

    seen: dict[str, str] = {}
    inputs, kept = list(inputs), list(kept)
    for kind, path in reports:
        check_output(path, named=f"--report {kind}:{path}", inputs=inputs, kept=kept)
        real = os.path.realpath(path)
        if real in seen:
            raise InputError(f"--report {kind}:{path}: {seen[real]} goes to the same file. Give each its own.")
        seen[real] = f"{kind}:{path}"
