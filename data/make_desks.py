"""From the index prices inside arch to the two desks in data/desks, traded by backtesting.py, without network.

python data/make_desks.py           write the files
python data/make_desks.py --check   exit with 1 if a committed file differs from its rebuild
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
import tomllib
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.resources import files
from itertools import pairwise, product
from math import inf, sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pandas as pd

DESKS = Path(__file__).resolve().parent / "desks"

INDICES = {"SPX": "sp500", "IXIC": "nasdaq"}  # symbol -> data set of arch
ACCOUNT, STAKE, COMMISSION = 1_000_000, 400_000, 0.0002  # currency an index, currency a trade, of each fill's value
OVERSOLD, MEAN_OF, RISK_OF = 10.0, 5, 20  # RSI(2), days, days

CAPS = (0.20, 0.25, 0.30, 0.40, inf)  # volatility a year above which an entry is skipped
TARGETS = (0.08, 0.10, 0.12, 0.15)  # volatility a year above which a trade shrinks in proportion
LAST, FIRST = (1, 2, 3, 4), (2, 3, 4)  # days held at the end and at the start of a month


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a policy does: the base as it stands.

    cap, target   volatility a year above which an entry is skipped, and above which it shrinks
    last, first   days held around the turn of the month, beside the base's trades; 0 for none
    """

    cap: float = inf
    target: float = inf
    last: int = 0
    first: int = 0


def index_prices(name: str) -> pd.DataFrame:
    """Daily open, high, low, close and volume; read from the file since loaders differ between versions of arch."""
    try:
        text = gzip.decompress(files(f"arch.data.{name}").joinpath(f"{name}.csv.gz").read_bytes()).decode("utf-8-sig")
    except (ImportError, OSError) as error:
        sys.exit(f"arch has no {name}.csv.gz ({error}): install the versions that data/README.md names")
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = ["Open", "High", "Low", "Close", "Volume"]
    if not rows or (missing := {"Date", *columns} - rows[0].keys()):
        lacking = sorted(missing) if rows else "rows"
        sys.exit(f"arch/{name}.csv.gz lacks {lacking}: install the versions that data/README.md names")
    days = pd.DatetimeIndex([datetime.strptime(row["Date"], "%m/%d/%Y") for row in rows])
    return pd.DataFrame({column: [float(row[column]) for row in rows] for column in columns}, index=days)


def rsi2(closes: list[float]) -> list[float]:
    """Relative strength of the last moves, each weighing half of the one after it; 50 while nothing has moved."""
    up = down = 0.0
    found = [50.0]
    for before, now in pairwise(closes):
        up, down = (up + max(now - before, 0.0)) / 2, (down + max(before - now, 0.0)) / 2
        found.append(100 * up / (up + down) if up + down else 50.0)
    return found


def risk(closes: list[float]) -> list[float]:
    """Volatility a year of the last RISK_OF days; without limit while there are fewer."""
    moves = [now / before - 1 for before, now in pairwise(closes)]
    return [inf if day < RISK_OF else stdev(moves[day - RISK_OF : day]) * sqrt(252) for day in range(len(closes))]


def turns(days: pd.DatetimeIndex) -> tuple[list[int], list[int]]:
    """How many trading days of its month each day leaves, and which of them it is, from 1: exchanges plan ahead."""
    months = list(days.strftime("%Y-%m"))
    place = [1 + day - months.index(month) for day, month in enumerate(months)]
    return [months.count(month) - at for month, at in zip(months, place, strict=True)], place


def trade(prices: pd.DataFrame, rule: Rule) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Run the engine on one index: its export of trades, and its equity at each close."""
    try:
        engine: Any = import_module("backtesting")
    except ImportError as error:
        sys.exit(f"backtesting.py is not installed ({error}): pip install backtesting")
    closes = prices["Close"].tolist()
    strength, volatility = rsi2(closes), risk(closes)
    left, place = turns(pd.DatetimeIndex(prices.index))

    class Desk(engine.Strategy):  # type: ignore[misc]
        """Decides on the close of the day before, fills at the close of the day."""

        dipped = False

        def init(self) -> None:
            """Nothing to prepare: signals are there."""

        def next(self) -> None:
            """Place the orders of one day."""
            day = len(self.data) - 1
            seen = day - 1
            if self.dipped and closes[seen] > mean(closes[day - MEAN_OF : day]):
                self.dipped = False
                self.leave("dip")
            elif not self.dipped and day > RISK_OF and strength[seen] < OVERSOLD:
                # The base's trade begins here, taken or not: no filter can move it to another day.
                self.dipped = True
                if volatility[seen] <= rule.cap:
                    self.enter("dip", min(1.0, rule.target / volatility[seen]))
            if rule.last and left[day] == rule.last:
                self.enter("turn", 1.0)
            elif rule.last and place[day] == rule.first:
                self.leave("turn")

        def enter(self, tag: str, size: float) -> None:
            """Buy whole units for a share of the stake."""
            self.buy(size=int(size * STAKE // self.data.Close[-1]), tag=tag)

        def leave(self, tag: str) -> None:
            """Close what was bought under a tag."""
            for one in self.trades:
                if one.tag == tag:
                    one.close()

    test = engine.Backtest(prices, Desk, cash=ACCOUNT, commission=COMMISSION, trade_on_close=True, finalize_trades=True)
    with redirect_stderr(io.StringIO()):  # its progress bar
        run = test.run()
    return run["_trades"], run["_equity_curve"]["Equity"]


def desk(markets: dict[str, pd.DataFrame], rule: Rule) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Trade every index in an account of its own: all trades with their symbol, and the return on all capital."""
    runs = {symbol: trade(prices, rule) for symbol, prices in markets.items()}
    change = pd.DataFrame({symbol: equity.diff().fillna(0.0) for symbol, (_, equity) in runs.items()}).sum(axis=1)
    blotter = [trades.assign(Symbol=symbol) for symbol, (trades, _) in runs.items()]
    return pd.concat(blotter, ignore_index=True), change / (ACCOUNT * len(runs))


def best(markets: dict[str, pd.DataFrame], oos_start: str, rules: list[Rule]) -> Rule:
    """The rule with the highest Sharpe ratio before `oos_start`; the engine sees no later price."""
    seen = {symbol: prices[prices.index < oos_start] for symbol, prices in markets.items()}

    def sharpe(rule: Rule) -> float:
        returns = desk(seen, rule)[1].tolist()
        return mean(returns) / stdev(returns)

    return max(rules, key=sharpe)


def filtered(markets: dict[str, pd.DataFrame], oos_start: str) -> Rule:
    """The base's trades without those entered above a volatility, and smaller above another."""
    return best(markets, oos_start, [Rule(cap=cap, target=target) for cap, target in product(CAPS, TARGETS)])


def second_signal(markets: dict[str, pd.DataFrame], oos_start: str) -> Rule:
    """The base's trades, and long around the turn of the month beside them."""
    return best(markets, oos_start, [Rule(last=last, first=first) for last, first in product(LAST, FIRST)])


BUILDERS: dict[str, Callable[[dict[str, pd.DataFrame], str], Rule]] = {
    "filter": filtered,
    "second_signal": second_signal,
}


def rebuild() -> dict[str, str]:
    """Text of each csv file by its name; out-of-sample starts come from index.toml."""
    markets = {symbol: index_prices(name) for symbol, name in INDICES.items()}
    texts = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the engine's, of other versions of what it draws with
        for one in tomllib.loads((DESKS / "index.toml").read_text(encoding="utf-8"))["desk"]:
            tuned = BUILDERS[one["name"]](markets, one["oos_start"].isoformat())
            print(f"{one['name']}: {tuned}", file=sys.stderr)
            for role, rule in (("base", Rule()), ("tuned", tuned)):
                blotter, returns = desk(markets, rule)
                texts[one[f"{role}_trades"]] = blotter.to_csv(index=False, lineterminator="\n")
                days = pd.DatetimeIndex(returns.index).strftime("%Y-%m-%d")
                lines = [f"{day},{round(value, 12)!r}" for day, value in zip(days, returns.tolist(), strict=True)]
                texts[one[role]] = "\n".join(["date,return", *lines, ""])
    return texts


def main() -> None:
    """Write the desks, or compare them with the committed files."""
    parser = argparse.ArgumentParser(description="Rebuild data/desks from the data inside arch, with backtesting.py.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    stale = []
    for file, text in rebuild().items():
        path = DESKS / file
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        elif not path.is_file() or path.read_bytes() != text.encode():
            stale.append(file)
    if stale:
        sys.exit(f"{len(stale)} files differ from their rebuild: {', '.join(stale)}. Run python data/make_desks.py")
    print("data/desks: " + ("every file equals its rebuild" if check else "written"))


if __name__ == "__main__":
    main()
