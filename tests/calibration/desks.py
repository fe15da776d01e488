"""Desks that trade, with overlays of known truth: daily returns and both blotters, from one seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

NULLS = (
    "levered", "resized", "vol targeted", "setups dropped", "lucky filter", "lucky timing", "lucky new trades",
    "pointless new trades", "shifted a day", "hedged",
)  # fmt: skip
EDGES = ("new book, Sharpe 1",)
YEARS_IN, TRIES = 5, 200


def garch(rng, periods, count):
    """Returns of instruments with clustered volatility and t(5) shocks, 1 % a day: (periods, count)."""
    shocks = rng.standard_t(5, (periods, count)) / np.sqrt(5 / 3)
    variance, out = np.ones(count), np.empty((periods, count))
    for t in range(periods):
        out[t] = np.sqrt(variance) * shocks[t]
        variance = 0.05 + 0.08 * out[t] ** 2 + 0.87 * variance
    return 0.01 * out


class Desk:
    """One world: instruments' returns, the base's trades, and what turns trades into daily returns."""

    def __init__(self, seed, years=5, instruments=16, base_sharpe=1.0, draw=garch):
        self.rng = np.random.default_rng(seed)
        self.days = 252 * (YEARS_IN + years)
        self.split = 252 * YEARS_IN
        self.dates = pd.bdate_range("2005-01-03", periods=self.days)
        # The last column is the market, which only hedges trade.
        self.prices = draw(self.rng, self.days, instruments + 1)
        self.market = self.prices[:, -1]
        self.instruments = instruments
        self.base = self.draw_trades(instruments, start=0)
        # Half of the setups carry the edge; all of them pay a common, unpriced risk.
        earns = self.base["setup"] % 2 == 0
        self.base["edge"] = np.where(earns, 1.0, 0.25)
        self.scale_edge(self.base, base_sharpe)
        self.base["beta"] = 0.3

    def draw_trades(self, count, start):
        """Non-overlapping trades on each instrument: entry row, exit row, side, setup, size one."""
        rows = []
        for instrument in range(count):
            at = int(self.rng.integers(1, 10))
            while True:
                length = int(self.rng.integers(2, 12))
                if at + length >= self.days:
                    break
                rows.append(
                    (start + instrument, at, at + length, int(self.rng.choice([-1, 1])), int(self.rng.integers(6)))
                )
                at += length + int(self.rng.integers(1, 12))
        found = pd.DataFrame(rows, columns=["instrument", "entry", "exit", "side", "setup"])
        return found.assign(size=1.0, beta=0.0)

    def scale_edge(self, trades, sharpe):
        """Give each held day a drift, so that the whole book has about this annual Sharpe ratio."""
        drift = trades["edge"].to_numpy(dtype=float).copy()
        trades["drift"] = 0.0
        risk = self.returns(trades).std()
        trades["drift"] = drift
        per_day = (self.returns(trades) - self.returns(trades.assign(drift=0.0))).mean()
        trades["drift"] = drift * sharpe * risk / np.sqrt(252) / per_day

    def pnl(self, trades):
        """P&L of each trade: earned on the days after its entry, up to its exit."""
        moves = np.zeros((self.days + 1, self.instruments + 1))
        moves[1:] = np.cumsum(self.prices, axis=0)
        market = np.concatenate([[0.0], np.cumsum(self.market)])
        entry, exit, side = (trades[c].to_numpy() for c in ("entry", "exit", "side"))
        column = trades["instrument"].to_numpy()
        gained = side * (moves[exit + 1, column] - moves[entry + 1, column])
        held = exit - entry
        beta = trades["beta"].to_numpy() * (market[exit + 1] - market[entry + 1])
        return trades["size"].to_numpy() * (gained + beta + trades["drift"].to_numpy() * held)

    def returns(self, trades):
        """Daily marks of all trades, over the number of instruments: (days,)."""
        steps = np.zeros((self.days + 1, self.prices.shape[1]))
        signed = (trades["size"] * trades["side"]).to_numpy()
        entry, exit, column = (trades[c].to_numpy() for c in ("entry", "exit", "instrument"))
        np.add.at(steps, (entry + 1, column), signed)
        np.add.at(steps, (exit + 1, column), -signed)
        position = np.cumsum(steps, axis=0)[:-1]
        flat = np.zeros(self.days + 1)
        size = trades["size"].to_numpy()
        drift = size * trades["drift"].to_numpy()
        np.add.at(flat, entry + 1, drift)
        np.add.at(flat, exit + 1, -drift)
        exposure = np.zeros(self.days + 1)
        np.add.at(exposure, entry + 1, size * trades["beta"].to_numpy())
        np.add.at(exposure, exit + 1, -size * trades["beta"].to_numpy())
        daily = (position * self.prices).sum(axis=1) + np.cumsum(flat)[:-1] + np.cumsum(exposure)[:-1] * self.market
        return daily / self.instruments

    def blotter(self, trades):
        """The trades as the contract has them, P&L in return on the desk's capital."""
        return pd.DataFrame(
            {
                "trade_id": np.arange(len(trades)),
                "instrument": trades["instrument"].map("I{:03d}".format),
                "side": np.where(trades["side"] > 0, "long", "short"),
                "entry_time": self.dates[trades["entry"]],
                "exit_time": self.dates[trades["exit"]],
                "quantity": trades["size"].to_numpy(),
                "pnl": self.pnl(trades) / self.instruments,
                "setup": trades["setup"].astype(str),
            }
        )

    def overlay(self, name):
        """Trades of the tuned policy."""
        base, rng = self.base, self.rng
        if name == "levered":
            return base.assign(size=1.5)
        if name == "resized":
            return base.assign(size=rng.uniform(0.5, 1.5, len(base)))
        if name == "vol targeted":
            past = pd.DataFrame(self.prices**2).ewm(halflife=20).mean().shift(1).bfill().to_numpy()
            own = past[base["entry"], base["instrument"]]
            return base.assign(size=0.01 / np.sqrt(own))
        if name == "setups dropped":
            return base[base["setup"] % 2 == 0]
        if name == "lucky filter":
            tags = [rng.random(len(base)) < 0.7 for _ in range(TRIES)]
            return self.best([base[tag] for tag in tags])
        if name == "lucky timing":
            months = [np.repeat(rng.random(self.days // 21 + 1) < 0.75, 21)[: self.days] for _ in range(TRIES)]
            return self.best([base[on[base["entry"]]] for on in months])
        if name in ("lucky new trades", "pointless new trades"):
            tries = TRIES // 4 if name == "lucky new trades" else 1
            return self.best([self.with_book(0.0) for _ in range(tries)])
        if name == "shifted a day":
            later = base[base["exit"] + 1 < self.days]
            return later.assign(
                entry=later["entry"] + 1, exit=later["exit"] + 1, size=rng.uniform(0.7, 1.3, len(later))
            )
        if name == "hedged":
            hedge = base.assign(size=0.3, beta=0.0, drift=0.0, side=-1, setup=9, instrument=self.instruments)
            return pd.concat([base, hedge], ignore_index=True)
        return self.with_book(1.0)

    def with_book(self, sharpe):
        """The base with a second book of trades on the same instruments, on other days and sides."""
        book = self.draw_trades(self.instruments, start=0)
        book["edge"] = 1.0
        book["setup"] += 10
        book["size"] = 0.8
        book["drift"] = 0.0
        if sharpe:
            self.scale_edge(book, sharpe)
        return pd.concat([self.base, book], ignore_index=True)

    def best(self, candidates):
        """The candidate with the highest Sharpe ratio in sample."""

        def in_sample(trades):
            returns = self.returns(trades)[: self.split]
            return returns.mean() / returns.std()

        return max(candidates, key=in_sample)

    def audit(self, name, **options):
        """Audit one overlay as a user would, from frames."""
        from auditor import audit

        tuned = self.overlay(name)
        series = [pd.Series(self.returns(trades), self.dates) for trades in (self.base, tuned)]
        return audit(
            *series,
            oos_start=self.dates[self.split],
            base_trades=self.blotter(self.base),
            tuned_trades=self.blotter(tuned),
            **options,
        )
