"""A seed goes in; returns, trades, rollouts and known streams come out, the same on every version of every library.

Only Python's own `random` draws here, and what it draws is rounded, so that no other program can move an input.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

import pandas as pd

DIGITS = 10


def dates(periods: int, freq: str = "B") -> pd.DatetimeIndex:
    return pd.date_range("2012-01-02", periods=periods, freq=freq)


def clustered(random: Random, periods: int, scale: float = 0.01) -> list[float]:
    """Returns with volatility that clusters and a common shock now and then."""
    variance, found = 1.0, []
    for _ in range(periods):
        shock = random.gauss(0, 1) * (3.0 if random.random() < 0.01 else 1.0)
        found.append(scale * shock * variance**0.5)
        variance = min(9.0, 0.05 + variance * (0.85 + 0.09 * shock * shock))
    return found


class MadeDesk:
    """Instruments that a base trades, and overlays of known truth on its trades."""

    def __init__(self, seed: int, periods: int = 2_000, instruments: int = 6) -> None:
        self.random = Random(seed)
        self.dates = dates(periods)
        self.market = clustered(self.random, periods, 0.006)
        own = [clustered(self.random, periods) for _ in range(instruments)]
        self.moves = [[one + common for one, common in zip(each, self.market, strict=True)] for each in own]
        self.base = self.book(0.56)

    def book(self, right: float, size: float = 1.0) -> list[dict[str, object]]:
        """Trades one after the other on each instrument, on the better side with a chance of `right`."""
        found, random = [], self.random
        for instrument, moves in enumerate(self.moves):
            total, at = [0.0, *accumulate(moves)], random.randrange(1, 10)
            while at + (held := random.randrange(2, 12)) < len(moves):
                better = 1 if total[at + held + 1] >= total[at + 1] else -1
                side = better if random.random() < right else -better
                gained = side * size * (total[at + held + 1] - total[at + 1])
                found.append(
                    {
                        "instrument": f"I{instrument}",
                        "side": side,
                        "entry": at,
                        "exit": at + held,
                        "quantity": size,
                        "pnl": gained / len(self.moves),
                        "setup": random.choice("abcd"),
                    }
                )
                at += held + random.randrange(1, 12)
        return found

    def overlay(self, name: str) -> list[dict[str, object]]:
        if name == "dropped":
            return [one for one in self.base if one["setup"] in "ab"]
        if name == "resized":
            factors = [self.random.choice((0.5, 1.0, 1.5)) for _ in self.base]
            return [
                one | {"quantity": factor, "pnl": factor * one["pnl"]}
                for one, factor in zip(self.base, factors, strict=True)
            ]
        return [*self.base, *self.book(0.62 if name == "new book" else 0.5, 0.8)]

    def trades(self, book: list[dict[str, object]]) -> pd.DataFrame:
        frame = pd.DataFrame(book).sort_values(["entry", "instrument"], kind="stable", ignore_index=True)
        for column in ("entry", "exit"):
            frame[f"{column}_time"] = self.dates[frame.pop(column)]
        return frame.assign(pnl=[round(one, DIGITS) for one in frame["pnl"]])

    def returns(self, book: list[dict[str, object]]) -> pd.Series:
        daily = [0.0] * len(self.dates)
        for trade in book:
            moves, signed = self.moves[int(trade["instrument"][1:])], trade["side"] * trade["quantity"]
            for day in range(trade["entry"] + 1, trade["exit"] + 1):
                daily[day] += signed * moves[day] / len(self.moves)
        return pd.Series([round(one, DIGITS) for one in daily], self.dates)

    def weights(self, book: list[dict[str, object]]) -> pd.DataFrame:
        """What is held at the close of each day, to earn the next day's return."""
        held = {f"I{at}": [0.0] * len(self.dates) for at in range(len(self.moves))}
        for trade in book:
            for day in range(trade["entry"], trade["exit"]):
                held[trade["instrument"]][day] += trade["side"] * trade["quantity"] / len(self.moves)
        return pd.DataFrame(held, self.dates)

    def instruments(self) -> pd.DataFrame:
        return pd.DataFrame(
            {f"I{at}": [round(one, DIGITS) for one in moves] for at, moves in enumerate(self.moves)}, self.dates
        )


def streams(seed: int, index: pd.DatetimeIndex, names: str) -> pd.DataFrame:
    random = Random(seed)
    made = {name: [round(one, DIGITS) for one in clustered(random, len(index))] for name in names}
    return pd.DataFrame(made, index)


def mixed(seed: int, index: pd.DatetimeIndex, of: pd.DataFrame, drift: float) -> pd.Series:
    """Half of every stream, something of its own, and a drift."""
    random = Random(seed)
    own = clustered(random, len(index), 0.008)
    total = [0.5 * sum(row) / len(row) for row in of.to_numpy().tolist()]
    return pd.Series([round(drift + a + b, DIGITS) for a, b in zip(total, own, strict=True)], index)


def rollouts(seed: int, weeks: pd.Series, right: float, count: int) -> pd.DataFrame:
    """Seeds that are long or short each week, on the better side with a chance of `right`."""
    random = Random(seed)
    found = {
        f"s{at}": [one * (1 if (one >= 0) == (random.random() < right) else -1) for one in weeks] for at in range(count)
    }
    return pd.DataFrame(found, weeks.index)
