"""Two policies' returns go in, a labelled audit comes out: read -> pair -> test -> cover -> label -> Audit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auditor import describe
from auditor.alongside import alongside, in_library
from auditor.books import read_books, refuse_idle
from auditor.breadth import NOT_DRAWN, Breadth
from auditor.breadth_pictures import breadth_of_sessions, breadth_of_trades
from auditor.calibrated import refuse_other, with_calibration
from auditor.choices import refuse_no_truth
from auditor.config import Align, Kind, Missing, RolloutAs, Settings, Unit, parse_windows
from auditor.coverage.booking import cover_from_trades
from auditor.coverage.direction import DAILY, direction_throughout
from auditor.coverage.holdings import cover_from_positions
from auditor.coverage.inferred import cover_from_returns, whole_sample
from auditor.coverage.split import Split
from auditor.coverage.streams import candidates, pure_sizing, without_known
from auditor.desk import Desk
from auditor.errors import InputError
from auditor.inputs.pair import Pair
from auditor.inputs.returns import Returns, read_streams
from auditor.inputs.trials import read_trials
from auditor.ledger.budget import Look, Subject, spend
from auditor.measure import how_selected, measure, too_coarse
from auditor.oddities import known_that_are, oddities, refuse_tuned_among_known, refuse_unfinanced
from auditor.pictures import make_pictures
from auditor.reading import a_rate, read_known, read_pair, read_policy, read_rate, settings_among
from auditor.report.rated import Given
from auditor.report.saved_rates import read_calibration
from auditor.result import Attribution, Audit, Coverage, ShapePair, SharpePair
from auditor.rollouts import as_pairs, as_policies, read_runs, refuse_unread
from auditor.seeds import over_seeds, with_runs
from auditor.shelf import Shelf
from auditor.stability import examine
from auditor.threads import one_thread
from auditor.verdict.checks import Evidence, Facts
from auditor.verdict.label import judge
from auditor.wanted import pictures_wanted, told


@one_thread()
def audit(
    base: Any = None,
    tuned: Any = None,
    *,
    oos_start: Any = None,
    oos_fraction: float | None = None,
    oos: Sequence[str | tuple[Any, Any]] | None = None,
    embargo: int = 0,
    known: Any = None,
    known_complete: bool = False,
    library: Any = None,
    rf: Any = None,
    base_trades: Any = None,
    tuned_trades: Any = None,
    base_positions: Any = None,
    tuned_positions: Any = None,
    instrument_returns: Any = None,
    position_lag: int = 1,
    opportunity: Sequence[str] = ("instrument", "side"),
    tolerance: int = 0,
    pnl: Literal["net", "gross"] | None = None,
    capital: float | None = None,
    compounding: bool = False,
    reconcile: Literal["check", "off"] = "check",
    base_rollouts: Any = None,
    tuned_rollouts: Any = None,
    rollout_as: RolloutAs = "mean",
    window: str | int = "month",
    hurdle: float | str = 0.0,
    trials: Any = None,
    n_trials: int | None = None,
    periods_per_year: float | None = None,
    level: float = 0.05,
    gain_level: float | None = None,
    min_edge_share: float = 0.25,
    reps: int = 10_000,
    block: int | Literal["auto", "calibrate"] = "auto",
    seed: int = 0,
    align: Align = "strict",
    na: Missing = "refuse",
    kind: Kind | None = None,
    unit: Unit | None = None,
    base_column: str | None = None,
    tuned_column: str | None = None,
    date_column: str | None = None,
    date_format: str | None = None,
    stability: bool = False,
    look: int | Callable[[Subject], Look] | None = None,
    calibration: Any = None,
) -> Audit:
    """Audit the gain of `tuned` over `base`: new edge, or the same opportunities reweighted.

    base, tuned       (T,) per-period simple returns, decimal, on the same dates: a Series, a one-column frame with
                      dates as its index, any frame narwhals reads with a date column, or a path
    oos_start         first out-of-sample date; or `oos_fraction`, the last share of the sample; or `oos`, windows
                      "START:END" inclusive. One of the three is needed
    embargo           in-sample periods dropped beside every out-of-sample window
    known             (T, k) returns of streams the base could have had: sleeves, instruments, factors, hedges
    library           (T, k) returns of streams to tell what the new part is made of; they never move the label
    known_complete    assert that they and the base are all the base could ever do
    rf                cash rate: returns per period, or a number a year; taken off both policies
    base_trades, tuned_trades  both blotters: instrument, side, entry_time, exit_time, quantity, pnl, or the export of
                      an engine. What the base already took is then shown, not inferred
    base_positions, tuned_positions, instrument_returns  instead of trades: weights (or amounts, with capital), dates x
                      instruments, and the instruments' returns; a weight earns the return `position_lag` periods on
    opportunity       columns that make an opportunity: instrument and side, or any tag of the trades
    tolerance         periods by which the base's holding times are lengthened, for engines that fill later
    pnl, capital, compounding  how the trades' P&L is written: net or gross of fees; in currency on this capital, or in
                      return; with sizes that grew with the account
    reconcile         "check" refuses trades whose P&L is not that of the returns; "off" audits them all the same
    base_rollouts, tuned_rollouts  several seeds of each policy: a column of returns each, or rows of date, rollout,
                      return and, if there are several, instrument. What many tries can solve is then compared, and
                      base and tuned may be left out
    rollout_as        what the label is of: "mean", capital split evenly over the rollouts, or "each" pair of them, with
                      the label's distribution over seeds
    window, hurdle    what a rollout solves: a "month", "week" or N periods whose profit is above the hurdle, a return
                      or a number of the base's standard deviations ("0.5sd"); with instrument_returns, the positions
                      that they imply make the placebo
    trials            (T, N) returns of every variant that was tried, tuned among them; `n_trials` where only their
                      number is known
    periods_per_year  of the data; inferred from the calendar and said where not given
    level             of every test and interval; `gain_level` of the gain where new edge is proven otherwise
    min_edge_share    least share of the gain that the new part must bring for new edge
    reps, block, seed replicates a test, periods in a block ("calibrate" costs seconds a span), seed of the draws
    align             "strict" refuses different dates, "inner" audits the common ones and says what it left out
    na, kind, unit    how to read: drop dates without a value, turn prices to returns, divide percent by 100 (of the
                      policies and of rates per period)
    base_column, tuned_column, date_column, date_format  which columns to read (date_column in every file that has it),
                      and how dates are written
    stability         audit again over moved split dates, other blocks and seeds, and say whether the label hangs on one
    look              which look at this out-of-sample window it is: 1, 2, ...; the level of what the label claims is
                      divided accordingly. `audit_counted` has a ledger count them. None: not counted, and said
    calibration       what `calibrate` found on this base under these settings, or the JSON of it: the report then
                      tells how often it is wrong on such data

    Same input, same numbers. Raises InputError, whose message counts, shows the first case and says the fix.
    """
    options = dict(locals())  # before any other name is set; a copy, which no debugger changes
    refuse_no_truth("--stability", stability)
    rates = None if calibration is None else read_calibration(calibration)
    windows = None if oos is None else parse_windows(oos)
    rate = a_rate(rf)
    dated = {"date_column": date_column, "date_format": date_format}
    tried = None if trials is None else read_trials(trials, na=na, **dated)
    settings = settings_among(options, windows=windows, rate=rate, trials=None if tried is None else len(tried.columns))
    if known_complete and known is None:
        raise InputError("--known-complete says that the known streams are complete, and none were given: pass --known")
    held = (base_positions, tuned_positions)
    alone = all(one is None for one in held)
    runs = read_runs(
        base_rollouts,
        tuned_rollouts,
        # Beside positions they value these; alone they tell what the rollouts held.
        instrument_returns if alone else None,
        settings,
        **dated,
    )
    if runs is None and (base is None or tuned is None):
        raise InputError("an audit needs BASE and TUNED, or --base-rollouts and --tuned-rollouts")
    policies, asked = {"base": base, "tuned": tuned}, {"base": base_column, "tuned": tuned_column}
    refuse_unread(policies, kind=kind, columns=asked)
    policy = partial(read_policy, date_column=date_column, date_format=date_format, kind=kind, unit=unit, na=na)
    given = [None if one is None else policy(one, role=role, column=asked[role]) for role, one in policies.items()]
    paired = partial(
        read_pair,
        known=None if known is None else read_known(known, na=na, **dated),
        rf=read_rate(rf, unit=unit, na=na, **dated),
        oos_start=oos_start,
        oos_fraction=oos_fraction,
        oos=windows,
        embargo=embargo,
        align=align,
        na=na,
        periods_per_year=periods_per_year,
        date_format=date_format,
    )
    streams = None if library is None else read_streams(library, role="library", na=na, **dated)
    if runs is not None and rollout_as == "each":
        if look is not None:
            raise InputError(
                "a ledger counts one audit, and --rollout-as each makes many: audit the mean, or uncounted"
            )
        if stability:
            raise InputError("--stability examines one audit, and --rollout-as each makes many: give one of them")
        if rates is not None:
            raise InputError("--calibration is of one base, and --rollout-as each audits many: give one of them")
        if any(one is not None for one in (base_trades, tuned_trades, *held)):
            raise InputError("--rollout-as each audits single rollouts, and trades or positions are of one policy")
        refuse_idle(settings)
        pairs = [paired(one, other) for one, other in as_pairs(runs)]
        found = over_seeds([audit_checked(pair, settings, tried, None, streams) for pair in told(pairs)])
        return with_runs(found, pairs[0], runs, settings, given)
    pair = paired(*(given if runs is None else as_policies(runs)))
    books = read_books(
        pair,
        settings,
        trades=(base_trades, tuned_trades),
        positions=(*held, None if runs is not None and alone else instrument_returns),
        **dated,
    )
    found = audit_checked(pair, settings, tried, books, streams, look, rates, pictured=pictures_wanted())
    if rates is not None:
        found = with_calibration(found, rates)
    if stability:
        # Trials judge the in-sample gain and a library describes; neither moves the label.
        again = replace(settings, n_trials=None, trials=None)
        number = None if found.look is None else found.look.number
        stable = examine(pair, again, found, partial(_audited_again, books, number))
        found = replace(found, stability=stable)
    return found if runs is None else with_runs(found, pair, runs, settings, given)


def audit_files(
    base: str | os.PathLike[str] | None = None, tuned: str | os.PathLike[str] | None = None, **options: Any
) -> Audit:
    """Audit two files; `FILE:COLUMN` picks a column, and the options are those of `audit`.

    Raises InputError for what cannot be read or audited as it stands.
    """
    files = (None if one is None else os.fspath(one) for one in (base, tuned))
    return audit(*files, **options)


def audit_checked(
    pair: Pair,
    settings: Settings,
    tried: Returns | None,
    desk: Desk | Shelf | None,
    library: Returns | None,
    look: int | Callable[[Subject], Look] | None = None,
    rates: Given | None = None,
    *,
    pictured: bool = True,
) -> Audit:
    """Test, cover and label a checked pair; `pictured` is False where of many audits the label alone counts."""
    refuse_tuned_among_known(pair)
    refuse_unfinanced(pair)
    base_known = known_that_are(pair, pair.base)
    told_more = len(pair.known_names) > len(base_known)
    evidence: Evidence = "trades" if desk else "known" if told_more else "returns"
    read = describe.inputs(pair, tried, library, desk)
    if rates is not None:
        # A calibration is of the base alone: it has seen no direction.
        usual = settings.gain_level_in_force(told=desk is not None)
        asked = describe.settings_in_force(settings, usual, pair)
        refuse_other(rates, inputs=read, sample=describe.sample(pair), evidence=evidence, settings=asked)
    way = direction_throughout(pair.base, pair.tuned, pair.known, pair.out_of_sample.index, level=settings.level)
    gain_level = settings.gain_level_in_force(told=desk is not None or way.tells_new(pair.frequency.name))
    in_force = describe.settings_in_force(settings, gain_level, pair)
    # Here, once nothing can be refused any more and before anything is seen: from here on it is a look.
    subject = describe.subject(pair, read, in_force)
    taken = look(subject) if callable(look) else None if look is None else spend(subject, look)
    sizing = pure_sizing(pair.base, pair.tuned)
    streams = candidates(
        pair.base, pair.periods_per_year, pair.known, pair.known_names, shortest=pair.out_of_sample.index.size
    )

    whole = whole_sample(pair.base, pair.tuned, streams, pair.periods_per_year, pair.cash)

    def covered(index: NDArray[np.int64]) -> list[Split]:
        if desk is None:
            return [cover_from_returns(whole, index, pair.periods_per_year)]
        exact = (
            [cover_from_trades(one, index) for one in (desk.booked, desk.booked.by_time) if one is not None]
            if isinstance(desk, Desk)
            else [cover_from_positions(desk.marked, index)]
        )
        known, names = alongside(desk, pair.known, pair.known_names)
        return [without_known(one, known[index], names, pair.periods_per_year) for one in exact]

    inside, outside = (
        measure(pair, span, covered(span.index), settings, claim=None if taken is None else taken.level_left)
        for span in (pair.in_sample, pair.out_of_sample)
    )
    if taken is not None and (reps := too_coarse(outside, taken)):
        finer = replace(settings, reps=reps)
        outside = measure(pair, pair.out_of_sample, [outside.split], finer, claim=taken.level_left)
    selection = how_selected(pair, inside, settings, tried)
    verdict = judge(
        Facts(
            evidence=evidence,
            level=settings.level if taken is None else taken.level_left,
            gain_level=gain_level if taken is None else taken.gain_level_left,
            asked_level=settings.level,
            look=None if taken is None else taken.number,
            min_edge_share=settings.min_edge_share,
            in_sample=inside.gain,
            out_of_sample=outside.gain,
            horizon=outside.horizon,
            horizon_share=outside.horizon_share,
            edge_part=outside.attribution.edge_part.value,
            edge_upper=outside.attribution.edge_part_upper,
            new_p=outside.attribution.new_p,
            new_reason=outside.attribution.new_reason,
            leaves_base=outside.split.nothing_new is None,
            direction=way,
            known_complete=settings.known_complete,
            must_see=desk is None and not settings.known_complete and pair.frequency.name in DAILY,
            few_carry=outside.few_carry,
            doubted=desk is not None and desk.doubted,
            not_assessed=describe.selection_not_assessed(selection),
        )
    )
    return Audit(
        label=verdict.label,
        finding=verdict.finding,
        standing=verdict.standing,
        evidence=verdict.evidence,
        reason=verdict.reason,
        sharpe=SharpePair(in_sample=inside.gain, out_of_sample=outside.gain),
        attribution=Attribution(
            reweighting_part=outside.attribution.reweighting_part.value,
            edge_part=outside.attribution.edge_part.value,
            edge_share=outside.attribution.edge_share,
            new_p=outside.attribution.new_p,
            in_sample=inside.attribution,
            out_of_sample=outside.attribution,
            library=in_library(pair, outside, library, settings, desk),
            trades=desk.lines if isinstance(desk, Desk) else None,
        ),
        coverage=Coverage(
            pure_sizing=sizing,
            streams=outside.split.names,
            r_squared=outside.split.r_squared,
            covered_return=float(outside.split.covered.mean()) * pair.periods_per_year,
            new_return=float(outside.split.new.mean()) * pair.periods_per_year,
            direction=way,
            trades=desk.described if isinstance(desk, Desk) else None,
            positions=desk.described if isinstance(desk, Shelf) else None,
            tries=_breadth(pair, settings, desk) if pictured else NOT_DRAWN,
        ),
        selection=selection,
        look=taken,
        shape=ShapePair(in_sample=inside.shape, out_of_sample=outside.shape),
        checks=verdict.checks,
        not_assessed=verdict.not_assessed,
        would_change=verdict.would_change,
        warnings=pair.warnings
        + (() if desk is None else desk.warnings)
        + (() if tried is None else tried.warnings)
        + oddities(pair, whole, inside, outside, way, verdict.finding, verdict.evidence, settings, base_known)
        + describe.selection_warnings(selection),
        notes=pair.notes
        + (() if desk is None else desk.notes)
        + describe.split_notes(outside.split)
        + describe.selection_notes(selection),
        sample=describe.sample(pair),
        inputs=read,
        settings=in_force,
        versions=describe.versions(),
        pictures=make_pictures(pair, inside, outside, desk) if pictured else None,
    )


def _audited_again(books: Desk | Shelf | None, look: int | None, pair: Pair, settings: Settings) -> Audit:
    return audit_checked(pair, settings, None, books, None, look, pictured=False)


def _breadth(pair: Pair, settings: Settings, desk: Desk | Shelf | None) -> Breadth:
    return breadth_of_trades(pair, desk, settings) if isinstance(desk, Desk) else breadth_of_sessions(pair, settings)
