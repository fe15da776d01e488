"""A base goes in; how often this very audit is wrong on data like it, and what it could prove, comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from auditor import describe
from auditor.books import read_books, refuse_idle
from auditor.config import Kind, Missing, Settings, Unit, parse_windows
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.pair import Pair
from auditor.planted.audited import ground_of
from auditor.planted.catalogue import NULLS, SHARPES, new_book
from auditor.planted.draws import ratio
from auditor.planted.pool import Progress, runner
from auditor.planted.power import Rates, SmallestBook, next_sharpe, rates_of, smallest_book
from auditor.planted.words import notes_of, verdict_of, warnings_of
from auditor.reading import a_rate, read_pair, read_policy, settings_among
from auditor.result import Input, Sample
from auditor.verdict.checks import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_WORLDS = 10

SETTINGS = (
    "level", "gain_level", "min_edge_share", "reps", "block", "seed", "known_complete", "embargo", "periods_per_year",
    "na", "kind", "unit", "oos_start", "oos_fraction", "oos", "rf", "opportunity", "tolerance", "reconcile", "pnl",
    "capital", "compounding",
)  # fmt: skip
"""Settings of an audit that a base alone has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the audit calls overlays of known truth on data like the user's.

    held       no null is called new edge more often than the level allows, by more than two errors
    verdict    what was found, in two sentences
    worst      the null called new edge most often
    nulls      overlays without new edge; edges, new books by rising Sharpe ratio
    smallest   the smallest new book that this data could prove
    base_sharpe  a year, of the base that worlds are drawn from
    block      mean periods in a block of a world
    notes, warnings  how the worlds were made, and what to know before believing them
    settings   every option in force
    """

    held: bool
    verdict: str
    evidence: Evidence
    worlds: int
    worst: Rates
    nulls: tuple[Rates, ...]
    edges: tuple[Rates, ...]
    smallest: SmallestBook
    base_sharpe: float
    block: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    sample: Sample
    inputs: tuple[Input, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    def __str__(self) -> str:
        """Give the report as `auditor calibrate` prints it."""
        from auditor.report.calibrate import plain_text

        return plain_text(self)

    def __repr__(self) -> str:
        """Give the verdict on one line."""
        from auditor.report.calibrate import answer

        return f"<Calibration {answer(self)}: {self.verdict}>"

    def to_dict(self) -> dict[str, Any]:
        """Give plain data as the JSON schema has it: numbers unrounded."""
        from auditor.report.calibrate import as_dict

        return as_dict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """Give the JSON text, and write it to `path` where one is given."""
        from auditor.report.machine import as_json, saved

        return saved(as_json(self.to_dict()), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """Give one self-contained page, and write it to `path` where one is given."""
        from auditor.report.calibrate_page import as_html
        from auditor.report.machine import saved

        return saved(as_html(self), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Give the calibration in Markdown, for a pull request, and write it to `path` where one is given."""
        from auditor.report.calibrate_page import as_markdown
        from auditor.report.machine import saved

        return saved(as_markdown(self), path)

    def plot(self) -> Figure:
        """Draw the false rates and the power as one matplotlib figure."""
        from auditor.report.calibrate_page import figure

        return figure(self)


def calibrate(
    base: Any,
    *,
    base_trades: Any = None,
    oos_start: Any = None,
    oos_fraction: float | None = None,
    oos: Sequence[str | tuple[Any, Any]] | None = None,
    embargo: int = 0,
    known: Any = None,
    known_complete: bool = False,
    rf: Any = None,
    opportunity: Sequence[str] = ("instrument", "side"),
    tolerance: int = 0,
    pnl: Literal["net", "gross"] | None = None,
    capital: float | None = None,
    compounding: bool = False,
    reconcile: Literal["check", "off"] = "check",
    periods_per_year: float | None = None,
    level: float = 0.05,
    gain_level: float | None = None,
    min_edge_share: float = 0.25,
    block: int | Literal["auto", "calibrate"] = "auto",
    na: Missing = "refuse",
    kind: Kind | None = None,
    unit: Unit | None = None,
    base_column: str | None = None,
    date_column: str | None = None,
    date_format: str | None = None,
    worlds: int = 200,
    reps: int = 1_000,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> Calibration:
    """Plant overlays of known truth in a base and count what the audit calls them.

    base        (T,) per-period simple returns, as `audit` takes them
    worlds      histories drawn from the base, each with every overlay planted; errors shrink with their root
    reps        replicates of every test in a world; an audit alone takes 10,000
    seed        of all draws: the same seed gives the same numbers for any number of `workers`
    workers     local processes. Above one, a script needs its `if __name__ == "__main__":` where processes are spawned
    progress    called with the audits done and those known of in all
    other names   as of `audit`: every audit is configured by them

    A world is the base's calendar and split with another history: its periods, or with `base_trades` its trades by the
    period of their exit, resampled in blocks of random length (Politis & Romano 1994), known streams beside them. The
    base varies from world to world, since overlays such as leverage add no chance of their own, and a rate on one
    history would be that history's luck. What the base truly earns is what it earned.

    Raises InputError for what `audit` refuses of a base.
    """
    options = dict(locals())  # before any other name is set; a copy, which no debugger changes
    windows = None if oos is None else parse_windows(oos)
    rate = a_rate(rf)
    settings = settings_among(options, windows=windows, rate=rate)
    for name, value, least in (("worlds", worlds, FEWEST_WORLDS), ("workers", workers, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"--{name} must be a whole number of at least {least}; got {value!r}")
    if known_complete and known is None:
        raise InputError("--known-complete says that the known streams are complete, and none were given: pass --known")
    policy = read_policy(
        base, role="base", column=base_column, date_column=date_column, date_format=date_format, kind=kind, unit=unit,
        na=na,
    )  # fmt: skip
    pair = read_pair(
        policy,
        replace(policy, name=f"{policy.name} beside itself"),
        known=known,
        rf=rf,
        oos_start=oos_start,
        oos_fraction=oos_fraction,
        oos=windows,
        embargo=embargo,
        na=na,
        unit=unit,
        periods_per_year=periods_per_year,
        date_column=date_column,
        date_format=date_format,
    )
    desk = None
    if base_trades is None:
        refuse_idle(settings, fix="--base-trades")
    else:
        desk = read_books(
            pair, settings, trades=(base_trades, base_trades), positions=(None, None, None), date_format=date_format
        )
    return _calibrate(pair, settings, desk if isinstance(desk, Desk) else None, worlds, workers, progress)


def _calibrate(
    pair: Pair, settings: Settings, desk: Desk | None, worlds: int, workers: int, progress: Progress | None
) -> Calibration:
    """Draw the worlds, audit what is planted, and say what was found."""
    ground = ground_of(pair, settings, desk)
    with runner(ground, worlds, workers, progress) as run:
        planted = (*NULLS, *(new_book(sharpe) for sharpe in SHARPES))
        found = [
            rates_of(overlay, outcomes, settings.level)
            for overlay, outcomes in zip(planted, zip(*run(planted), strict=True), strict=True)
        ]
        nulls, edges = found[: len(NULLS)], found[len(NULLS) :]
        while (sharpe := next_sharpe(edges)) is not None:
            overlay = new_book(sharpe)
            outcomes = [world[0] for world in run([overlay])]
            edges.append(rates_of(overlay, outcomes, settings.level))
            edges.sort(key=lambda one: one.overlay.sharpe or 0.0)
    refuse_nothing_audited((*nulls, *edges))
    worst, smallest = max(nulls, key=lambda one: one.new_edge.share), smallest_book(edges)
    evidence: Evidence = "trades" if desk else "known" if pair.known_names else "returns"
    found_odd = (*pair.warnings, *(desk.warnings if desk else ()), *warnings_of(nulls, edges, evidence, settings.level))
    in_force = describe.settings_in_force(settings, settings.gain_level_in_force(told=desk is not None), pair)
    return Calibration(
        held=not any(one.over for one in nulls),
        verdict=verdict_of(worst, smallest),
        evidence=evidence,
        worlds=worlds,
        worst=worst,
        nulls=tuple(nulls),
        edges=tuple(edges),
        smallest=smallest,
        base_sharpe=ratio(ground.field.base) * pair.periods_per_year**0.5,
        block=ground.field.block,
        notes=notes_of(ground, rated=settings.rf is not None) + pair.notes + (desk.base.notes if desk else ()),
        warnings=tuple(dict.fromkeys(found_odd)),
        sample=describe.sample(pair),
        inputs=tuple(one for one in describe.inputs(pair, None, None, desk) if not one.role.startswith("tuned")),
        settings={name: in_force[name] for name in SETTINGS} | {"worlds": worlds},
        versions=describe.versions(),
    )


def refuse_nothing_audited(found: Sequence[Rates]) -> None:
    """Refuse a base of which no world could be audited: its rates would be zero for no reason."""
    if all(one.called["refused"].count == one.worlds for one in found):
        raise InputError(f"no world drawn from this base could be audited; the first: {found[0].refusal}")
