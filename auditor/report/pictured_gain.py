"""An audit goes in; the pictures of its gain come out: growth, tests, split, horizons, tries and power."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.report import charts, shown
from auditor.report.charts_marks import LETTER
from auditor.report.picture import STRIPPED, TITLES, Picture
from auditor.report.theme import Role
from auditor.stats.sharpe import ROUNDING
from auditor.verdict.words import confidence_text, detectable_text, p_text

if TYPE_CHECKING:
    from auditor.pictures import Pictures
    from auditor.result import Audit
    from auditor.verdict.checks import Part


SAME = 0.02
"""Leverage of the base that is no other line: it would lie on its own."""


def growth(audit: Audit) -> Picture | str:
    """Both policies' growth, with the base at the tuned policy's volatility beside."""
    if audit.pictures is None:
        return STRIPPED
    found, dates = audit.pictures.growth(), audit.pictures.dates
    if found is None:
        return "a policy loses all it has, so that its growth has no logarithm"
    lines: list[tuple[str, Any, Role, bool]] = [(f"base {_times(found.base[-1])}", found.base, "base", False)]
    levered = f"{found.leverage:.2f} × base"
    beside = "; the base at tuned's volatility loses all it has"
    if found.matched is not None:
        beside = f", and {_times(found.matched[-1])} with the base at tuned's volatility ({levered})"
    if found.matched is not None and abs(found.leverage - 1) >= SAME:
        lines.append((f"{levered} {_times(found.matched[-1])}", found.matched, "new", True))
    lines.append((f"tuned {_times(found.tuned[-1])}", found.tuned, "tuned", False))
    first, last = (shown.day(one) for one in (audit.sample.first, audit.sample.last))
    return Picture(
        name="growth",
        title=TITLES["growth"],
        says=f"One unit of {first} became {_times(found.tuned[-1])} by {last} with tuned, "
        f"{_times(found.base[-1])} with base{beside}. Out of sample: {_windows_in_words(audit)}.",
        draw=partial(charts.growth, dates=dates, lines=lines, windows=_windows(audit.pictures)),
        right=14 + LETTER * max(len(name) for name, *_ in lines),
    )


def _times(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"


def rolling(audit: Audit) -> Picture | str:
    """The gain over a moving window."""
    if audit.pictures is None:
        return STRIPPED
    found, dates = audit.pictures.rolling, audit.pictures.dates
    gain = found.gain[found.gain == found.gain]
    if not gain.size:
        return "no window in which both policies vary"
    above = int((found.low >= ROUNDING).sum())
    window = shown.count(found.window, audit.sample)
    return Picture(
        name="rolling",
        title=f"{TITLES['rolling']} of {window}",
        says=f"Sharpe gain over the last {window}: between {shown.signed(gain.min())} and {shown.signed(gain.max())}, "
        f"last {shown.signed(gain[-1])}; its {confidence_text(found.level)} band (pointwise) lies above zero at "
        f"{above:,} of {found.gain.size:,} dates.",
        draw=partial(
            charts.rolling,
            dates=dates[found.row],
            gain=found.gain,
            low=found.low,
            high=found.high,
            windows=_windows(audit.pictures),
        ),
    )


def bootstrap(audit: Audit) -> Picture | str:
    """What the gain would have been on resampled data."""
    if audit.pictures is None:
        return STRIPPED
    found, test = audit.pictures.replicates, audit.sharpe.out_of_sample
    if found is None:
        return "the gain is the same on every resample"
    return Picture(
        name="bootstrap",
        title=TITLES["bootstrap"],
        says=f"Gain {shown.signed(test.gain)}, {confidence_text(test.level)} interval {shown.interval(test.ci)} "
        f"(the bar), one-sided {p_text(test.p_value, test.level)}, over {test.reps:,} resamples in blocks of "
        f"{shown.count(test.block, audit.sample)}. Red: resamples without a gain.",
        draw=partial(
            charts.bootstrap, edges=found.edges, counts=found.counts, gain=test.gain, ci=shown.bounded(test.ci)
        ),
        left=14,
    )


def split(audit: Audit) -> Picture | str:
    """The exact split of the gain, in sample beside out of sample."""
    spans = (
        (audit.sharpe.out_of_sample, audit.attribution.out_of_sample),
        (audit.sharpe.in_sample, audit.attribution.in_sample),
    )
    rows = [
        ("gain", [(test.gain, shown.bounded(test.ci)) for test, _ in spans]),
        ("reweighting", [_placed(parts.reweighting_part) for _, parts in spans]),
        ("edge", [_placed(parts.edge_part) for _, parts in spans]),
    ]
    said = []
    for i, name in enumerate(("Out of sample", "In sample")):
        (_, gain), (_, weighted), (_, edge) = rows
        whole, one, other = (
            f"{shown.signed(part[i][0])} {shown.interval(part[i][1])}" for part in (gain, weighted, edge)
        )
        said.append(f"{name} the gain of {whole} is reweighting part {one} plus edge part {other}.")
    return Picture(
        name="split",
        title=TITLES["split"],
        says=" ".join(said),
        draw=partial(charts.intervals, rows=rows, key=(("out of sample", "tuned"), ("in sample", "base"))),
        left=96,
        right=62,
    )


def _placed(part: Part) -> tuple[float, tuple[float, float]]:
    return part.value, shown.bounded(part.ci)


def horizons(audit: Audit) -> Picture | str:
    """The gain with risk measured over longer and longer horizons."""
    test = audit.sharpe.out_of_sample
    if not test.horizons:
        return "every out-of-sample window is too short"
    check = next((one for one in audit.checks if one.name == "gain_at_longer_horizon"), None)
    needed = check is not None and check.value is not None
    bound = check.threshold * test.gain if check is not None and needed else None
    row = "" if check is None or not needed else _answer(audit, check.name)
    return Picture(
        name="horizons",
        title=TITLES["horizons"],
        says=f"{shown.horizons(test, audit.sample)}.{row}",
        draw=partial(
            charts.horizons,
            periods=[one.periods for one in test.horizons],
            gains=[one.gain for one in test.horizons],
            bound=bound,
            unit=shown.PERIODS.get(audit.sample.frequency, "periods"),
        ),
        bottom=44,
        top=8,
    )


def _answer(audit: Audit, name: str) -> str:
    mark, question, value, needed = next(
        row for one, row in zip(audit.checks, shown.check_rows(audit), strict=True) if one.name == name
    )
    return f" {question} {'Yes' if mark == 'ok' else 'No'}: {value}, needed {needed}."


def depth_breadth(audit: Audit) -> Picture | str:
    """What each policy solves with more and more tries."""
    found = audit.coverage.tries
    if found.out_of_sample is None:
        return "; ".join(found.not_assessed)
    curves = found.out_of_sample.tries.curves
    turn = "no crossing is shown" if curves.crossover is None else f"the curves cross at {curves.crossover} tries"
    picture = " A picture, no verdict." if found.descriptive else ""
    return Picture(
        name="depth_breadth",
        title=TITLES["depth_breadth"],
        says=f"A try is one of the {found.source}; a problem is {found.problem}. With one try base solves "
        f"{curves.base[0]:.1%} and tuned {curves.tuned[0]:.1%}; with {int(curves.k[-1]):,} base {curves.base[-1]:.1%} "
        f"and tuned {curves.tuned[-1]:.1%}; {turn}. Shaded: {confidence_text(curves.level)} band of tuned less base, "
        "over all k at once, laid on the base's curve; where that curve lies outside, the difference is shown."
        f"{picture}",
        draw=partial(
            charts.depth_breadth,
            k=curves.k,
            base=curves.base,
            tuned=curves.tuned,
            low=curves.low,
            high=curves.high,
            crossover=curves.crossover,
        ),
        right=56,
        bottom=44,
        top=10,
    )


def power(audit: Audit) -> Picture | str:
    """What this sample could have proved."""
    if audit.pictures is None:
        return STRIPPED
    found, test = audit.pictures.power, audit.sharpe.out_of_sample
    if found is None:
        return "the difference of the two Sharpe ratios has no error"
    seen = f"; a gain of the size seen, {shown.signed(test.gain)}, in {found.at_seen:.0%}" if test.gain > 0 else ""
    return Picture(
        name="power",
        title=TITLES["power"],
        says=f"{shown.count(test.n_obs, audit.sample)} out of sample find a true gain of "
        f"{detectable_text(test.min_detectable_gain)} in 80% of cases at level {test.level:g}{seen} (normal "
        "approximation).",
        draw=partial(
            charts.power,
            gains=found.gain,
            found=found.power,
            detectable=test.min_detectable_gain,
            seen=test.gain,
            level=found.level,
            at_seen=found.at_seen,
        ),
        bottom=44,
        top=8,
    )


def _windows(found: Pictures) -> list[tuple[Any, Any]]:
    """First and last date of each out-of-sample window."""
    given, first = [], 0
    for length in found.out_of_sample.lengths:
        rows = found.out_of_sample.row[[first, first + length - 1]]
        given.append((found.dates[rows[0]], found.dates[rows[1]]))
        first += length
    return given


def _windows_in_words(audit: Audit) -> str:
    windows = audit.sample.out_of_sample
    return shown.span(windows).replace(" .. ", " to ") + (f", {len(windows)} windows" if len(windows) > 1 else "")
