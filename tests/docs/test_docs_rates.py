"""Rates that the pages quote are those of the measured tables, which scripts write and which change with the rule."""

from __future__ import annotations

import re
from functools import cache

import pytest
from docs_pages import text_of

from auditor.coverage.direction import Direction

WEEKLY = ("Desks, weekly and monthly", "Sleeves always held, weekly and monthly")
DAILY = ("Desks, daily", "Sleeves always held, daily")
TOLD, UNTOLD = "Long-only, market told", "Long-only, market not told"
TAILS, NORMAL, WEEK, MONTH = range(4)
"""Columns of the weak spots."""


@cache
def table(page: str, *headings: str) -> dict[str, list[str]]:
    """Rows of the table under nested headings, by their first cells up to the first number."""
    text = "\n" + text_of(page)
    for depth, heading in enumerate(headings, 2):
        mark = "#" * depth
        text = text.split(f"\n{mark} {heading}\n", 1)[1]
        text = re.split(rf"\n#{{1,{depth}}} ", text)[0]
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        place = next((at for at, cell in enumerate(cells) if re.match(r"-?[\d.]+%", cell)), None)
        if line.startswith("| ") and place is not None:
            found[" ".join(cells[:place]).strip()] = cells[place:]
    return found


def number(cell: str) -> float:
    return float(re.match(r"-?[\d.]+", cell)[0])  # type: ignore[index]


def trades(overlay: str) -> float:
    return number(table("docs/confusion.md", "With trades", "Desks")[f"{overlay} {truth(overlay)}"][0])


def truth(overlay: str) -> str:
    return "new edge" if "book" in overlay and "lucky" not in overlay and "pointless" not in overlay else "none"


def returns(section: str, overlay: str) -> float:
    part = "With known streams" if section in (TOLD, "Sleeves always held") else "From returns alone"
    return number(table("docs/confusion.md", part, section)[f"{overlay} {truth(overlay)}"][0])


def weak(row: str, column: int) -> float:
    return number(table("docs/confusion.md", "Weak spots")[row][column])


def span(overlay: str, sections: tuple[str, ...]) -> str:
    """Lowest to highest over sections, rounded."""
    low, *_, high = sorted(round(returns(one, overlay)) for one in sections)
    return f"{low} to {high}"


def worst(overlay: str, sections: tuple[str, ...]) -> float:
    """The highest rate in any one setting of some sections."""
    rows = [table("docs/confusion.md", "From returns alone", one)[f"{overlay} none"] for one in sections]
    return max(number(row[5]) for row in rows)


def others(rule: str, column: int) -> float:
    page = "Other rules on the same numbers, long-only books left out"
    return number(table("docs/confusion.md", "From returns alone", page)[rule][column])


BAR = "the rule of daily returns in weekly and monthly ones too"
FREE = "no bar where the direction cannot be told, the gain at 5 %"


def believed() -> list[str]:
    """What docs/when-not-to-believe-it.md says, with the numbers of the tables."""
    dropped, hedged = "setups dropped", "hedged"
    both = "hedged, vol targeted"
    barred, found = (sorted(round(others(rule, at)) for at in (WEEK, MONTH)) for rule in (BAR, "the rule"))
    alone, known = (f"long-only setups dropped {evidence}" for evidence in ("returns", "known"))
    normal = f"{others('the rule', NORMAL):.0f} % of the new books planted"
    return [
        f"worse setups dropped | {returns(UNTOLD, dropped):.0f} % (daily with tails "
        f"{weak(alone, TAILS):.0f}, monthly {weak(alone, MONTH):.0f})",
        f"the market known | {returns(TOLD, dropped):.0f} % (daily with tails "
        f"{weak(known, TAILS):.0f}, weekly {weak(known, WEEK):.0f}, monthly {weak(known, MONTH):.0f})",
        f"books: hedged | {returns(UNTOLD, hedged):.0f} % | `--known market.csv`: {returns(TOLD, hedged):.0f} %",
        f"weekly and monthly | {returns(WEEKLY[1], 'sleeves shifted'):.0f} % (daily "
        f"{returns(DAILY[1], 'sleeves shifted'):.0f}) | `--known` with the sleeves: "
        f"{returns('Sleeves always held', 'sleeves shifted'):.0f} %",
        f"hedged out, weekly and monthly | {span(hedged, WEEKLY)} % (daily {span(hedged, DAILY)}; "
        f"{worst(hedged, DAILY):.0f} in the worst daily setting)",
        f"trades: {trades(hedged):.0f} %",
        f"volatility targeted, weekly and monthly | {span(both, WEEKLY)} % ({worst(both, WEEKLY):.0f} in the worst",
        f"dropped, weekly and monthly | {span(dropped, WEEKLY)} % ({worst(dropped, WEEKLY):.0f} in the worst",
        f"{found[0]} to {found[1]} % are found; {barred[0]} to {barred[1]} % would be",
        f"({normal} are found in place of {others(FREE, NORMAL):.0f} %)",
        f"such books | {trades('pointless new trades'):.0f} %; {trades('lucky new trades'):.0f} %",
        f"an unpriced risk hedged out | {trades(hedged):.0f} %",
        f"on desks, {returns(DAILY[0], 'new book, Sharpe 1'):.0f} % are found from daily returns and "
        f"{trades('new book, Sharpe 1'):.0f} % with trades",
    ]


def flat(page: str) -> str:
    return " ".join(text_of(page).split())


@pytest.mark.parametrize("at", range(13))
def test_the_rates_not_to_believe_are_those_measured(at):
    wanted = believed()
    assert len(wanted) == 13
    assert wanted[at] in flat("docs/when-not-to-believe-it.md")


def test_nothing_that_is_said_to_be_zero_with_trades_is_more():
    for overlay in ("levered", "resized", "vol targeted", "setups dropped", "lucky filter", "shifted a day"):
        assert trades(overlay) == 0.0, overlay


def size(heading: str) -> list[float]:
    """Rejection rates at 5 % in every cell of a table of docs/size.md."""
    lines = text_of("docs/size.md").split(f"\n## {heading}\n", 1)[1].split("\n## ")[0].splitlines()
    return [
        number(line.split(" | ")[3]) for line in lines if "%" in line and line.startswith("| ") and "at 5" not in line
    ]


def test_the_rates_of_the_method_are_those_measured():
    gain, new = size("Paired Sharpe test"), size("Both, the larger p: what the rule reads")
    looks = text_of("docs/looks.md").rsplit("| 50 | ", 1)[1]
    asked = [number(one) for one in looks.split(" | ")[:2]]
    power = table("docs/power.md", "Variants, with trades")
    alpha = number(table("docs/peers.md", "Sleeves always held")["smoothed none"][5])
    page = flat("docs/method.md")
    for text in (
        f"Size at 5 %: {min(gain):.1f} to {max(gain):.1f} %",
        f"rejects true nulls in {min(new):.1f} to {max(new):.1f} % at 5 %",
        f"worthless and lucky new trades are called new edge in {trades('pointless new trades'):.0f} and "
        f"{trades('lucky new trades'):.0f} % of desks, hedges in {trades('hedged'):.0f} %",
        f"in {asked[0]:.0f} % of runs without a ledger, in {asked[1]:.0f} % with one",
        f"an alpha t-test calls it so in {alpha:.0f} %",
    ):
        assert text in page, text
    assert all(returns(section, "smoothed") == 0.0 for section in (DAILY[1], WEEKLY[1]))
    lost = 1 - number(power["the gain must survive at 5 %"][0]) / number(power["the rule as it ships"][0])
    assert 0.25 < lost < 0.33, "a quarter of the power and more"


def test_the_rates_in_the_code_are_those_measured():
    """Of the gain at 20 % in place of 5 % where daily returns say wider."""
    rows = table("docs/confusion.md", "From returns alone", "Other rules on the same numbers, long-only books left out")
    (power, false), (before, was) = (
        [number(one) for one in rows[rule][TAILS].split(", ")] for rule in ("the rule", "the gain at 5 % there too")
    )
    words = " ".join((Direction.tells_new.__doc__ or "").split())
    assert f"power rises from {before:.0f} to {power:.0f} % and false new edge from {was} to {false} %" in words
