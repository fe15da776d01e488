"""An audit goes in; the pictures of what was taken come out: covered and new, kept, dropped, resized and added."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.report import charts_traded, traded, traded_rows, traded_values
from auditor.report.charts_traded import Bar
from auditor.report.picture import LONGEST, STRIPPED, TITLES, Picture
from auditor.report.plain import clean, shortened
from auditor.report.theme import Role
from auditor.verdict.words import p_text

if TYPE_CHECKING:
    from auditor.result import Audit


def coverage(audit: Audit) -> Picture | str:
    """What both policies took, kept, resized, dropped and added, in P&L; from returns, the two parts a year."""
    if audit.coverage.trades is not None:
        return _by_trades(audit)
    told = audit.coverage.positions
    covered, new = (
        (told.covered_pnl, told.new_pnl) if told else (audit.coverage.covered_return, audit.coverage.new_return)
    )
    how = "" if told else " a year"
    explained = "" if told else f" The covered part explains {audit.coverage.r_squared:.0%} of tuned's variance."
    both = (audit.shape.out_of_sample.base.mean, audit.shape.out_of_sample.tuned.mean)
    *whole, one, other = traded_values.amounts([*(() if told else both), covered, new], "return")
    rows: list[tuple[str, list[Bar]]] = [
        (name, [(value, text, role)])
        for name, value, text, role in (
            *(() if told else (("base", both[0], whole[0], "base"), ("tuned", both[1], whole[1], "tuned"))),
            ("covered", covered, one, "tuned"),
            ("new", new, other, "new"),
        )
    ]
    return Picture(
        name="coverage",
        title=TITLES["coverage"] + (how and " (a year)"),
        says=f"Out of sample tuned earned {one}{how} where the base could have, {other}{how} elsewhere.{explained}",
        draw=partial(charts_traded.bars, rows=rows),
        height=30 + 52 * len(rows),
        left=84,
        top=6,
        bottom=8,
    )


def _by_trades(audit: Audit) -> Picture:
    told = audit.coverage.trades
    if told is None:
        raise ValueError("an audit without trades has no counts of them")
    of = {"held by both": told.kept, "  of it resized": told.resized, "dropped": told.dropped, "added": told.added}
    rows: list[tuple[str, list[Bar]]] = []
    said = []
    for name, n_base, base, n_tuned, tuned in traded_rows.count_rows(audit)[1:]:
        found, pnl, words = of[name], list[Bar](), []
        if n_base != "0":
            pnl.append((found.base_pnl, f"{base} ({n_base})", "base"))
            words.append(f"{n_base} base {'trade' if n_base == '1' else 'trades'} {base}")
        if n_tuned != "0":
            pnl.append((found.tuned_pnl, f"{tuned} ({n_tuned})", "tuned"))
            words.append(f"{n_tuned} tuned {'trade' if n_tuned == '1' else 'trades'} {tuned}")
        said.append(f"{name.strip()}: {', '.join(words)}")
        rows.append((name.strip().removeprefix("of it "), pnl))
    told_in_words = "; ".join(said)
    return Picture(
        name="coverage",
        title="What was traded: P&L (trades), whole sample",
        says=f"{told_in_words[0].upper()}{told_in_words[1:]}. {traded.held(audit)}",
        draw=partial(charts_traded.bars, rows=rows, key=(("base", "base"), ("tuned", "tuned"))),
        height=40 + 62 * len(rows),
        left=104,
        bottom=8,
    )


def lines(audit: Audit) -> Picture | str:
    """Tuned less base P&L out of sample, line by line."""
    given = audit.attribution.trades
    if given is None:
        return "trades of both policies were not given"
    rows: list[tuple[str, list[Bar]]] = []
    by_word = {word: name for name, word in traded_values.WORDS.items()} | {"tuned less base": "total"}
    for title, _, outside, _ in traded_rows.line_rows(audit):
        value = getattr(given.out_of_sample, by_word[title])
        rows.append((title, [(value, outside, "tuned" if title == "tuned less base" else "new")]))
    *parts, (_, [(_, total, _)]) = rows
    made = ", ".join(f"{title} {text}" for title, [(_, text, _)] in parts)
    return Picture(
        name="lines",
        title=TITLES["lines"],
        says=f"Tuned less base {total} out of sample{': ' if made else ''}{made}.",
        draw=partial(charts_traded.bars, rows=rows),
        height=30 + 34 * len(rows),
        left=128,
        top=6,
        bottom=8,
    )


def new_part(audit: Audit) -> Picture | str:
    """Covered and new part out of sample, added up over time."""
    if audit.pictures is None:
        return STRIPPED
    found, parts = audit.pictures.out_of_sample, audit.attribution.out_of_sample
    if parts.new_p is None:
        return clean(parts.new_reason or "there is no new part")
    percent = audit.coverage.trades is None or traded_values.unit_of(audit) == "return"
    total = [float(one.sum()) for one in (found.covered, found.new)]
    covered, new = traded_values.amounts(total, "return" if percent else "currency")
    drawn: list[tuple[str, Any, Role]] = [("covered", found.covered, "tuned"), ("new", found.new, "new")]
    return Picture(
        name="new_part",
        title=TITLES["new_part"],
        says=f"Out of sample the covered part added up to {covered} and the new part to {new}; that the new part "
        f"earns, alone and beside the rest, has {p_text(parts.new_p, audit.sharpe.out_of_sample.level)}.",
        draw=partial(charts_traded.running_sums, dates=audit.pictures.dates[found.row], lines=drawn, percent=percent),
        left=72,
        right=70,
        top=10,
    )


def new_map(audit: Audit) -> Picture | str:
    """Where the new part is, by instrument and year."""
    if audit.pictures is None:
        return STRIPPED
    found = audit.pictures.new_map
    if found is None:
        given = audit.coverage.trades is not None or audit.coverage.positions is not None
        why = audit.attribution.out_of_sample.new_reason or "there is no new part"
        return clean(why) if given else "neither trades nor positions were given"
    unit = "return" if audit.coverage.trades is None else traded_values.unit_of(audit)
    *totals, whole = traded_values.amounts([*found.pnl.sum(axis=1), found.pnl.sum()], unit)
    names = [shortened(clean(name), LONGEST) for name in found.instruments]
    row, column = divmod(int(abs(found.pnl).argmax()), len(found.years))
    (most,) = traded_values.amounts([float(found.pnl[row, column])], unit)
    beside = "" if audit.coverage.trades is None else " (added trades and others while the base was out)"
    listed = ", ".join(f"{name} {total}" for name, total in zip(names[:5], totals, strict=False))
    return Picture(
        name="new_map",
        title=TITLES["new_map"],
        says=f"New part{beside}, whole sample: {whole} in all; {listed}{' and others' if len(names) > 5 else ''}. "
        f"Deepest: {names[row]} {found.years[column]}, {most}. Green earned, red lost.",
        draw=partial(charts_traded.heat_map, names=names, years=found.years, pnl=found.pnl, totals=totals),
        height=56 + 23 * len(names),
        left=128,
        right=74,
        top=8,
    )
