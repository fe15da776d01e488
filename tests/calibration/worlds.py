"""Worlds of known truth by family, frequency and length: desks that trade, sleeves always held, long-only books."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from desks import TRIES, YEARS_IN, Desk, garch
from nulls import shocks
from scipy.stats import ttest_1samp

PER_YEAR = {"daily": 252, "weekly": 52, "monthly": 12}
FREQ = {"daily": "B", "weekly": "W-FRI", "monthly": "ME"}
BOOK = 0.8
"""Volatility of a new book, of that of the base."""


@dataclass
class Case:
    """One pair to audit: what it truly is, and what the auditor is given."""

    overlay: str
    truth: str  # "none" or "edge"
    base: pd.Series
    tuned: pd.Series
    split: pd.Timestamp
    book: pd.Series | None = None  # the new book itself, which only an oracle sees
    given: dict = field(default_factory=dict)  # evidence -> options of the audit beside the returns

    def oracle_p(self):
        """One-sided p of the t-test that sees the new book's own returns out of sample; None without a book."""
        if self.book is None:
            return None
        return float(ttest_1samp(self.book[self.book.index >= self.split], 0.0, alternative="greater").pvalue)


# -- processes ---------------------------------------------------------------------------------------------------------


def streams(family, n, count, rng):
    """Streams of mean 0 and variance 1: (n, count). "jumps" was in no measurement by which the rule was made."""
    return jumps(rng, n, count) if family == "jumps" else shocks(family, count, n, rng)


def jumps(rng, n, count):
    """Stochastic volatility that rises after losses, with jumps down that all streams share."""
    state, out = np.zeros(count), np.empty((n + 200, count))
    crash = rng.random(n + 200) < 1 / 150
    for t in range(n + 200):
        shock = rng.standard_normal(count)
        out[t] = np.exp(state / 2) * shock - 2.0 * crash[t] * rng.random(count)
        state = 0.96 * state - 0.15 * shock + 0.15 * rng.standard_normal(count)
    out = out[200:]
    return (out - 2.0 / 150 * -0.5) / out.std(axis=0)


def instruments(family, rng, periods, count):
    """Returns of instruments, 1 % a day: (periods, count). In regimes all are stormy at once."""
    if family == "garch":
        return garch(rng, periods, count)
    if family != "regimes":
        return 0.01 * streams(family, periods, count, rng)
    calm = np.empty(periods, dtype=bool)
    calm[0] = True
    moves = rng.random(periods)
    for t in range(1, periods):
        calm[t] = moves[t] < 0.98 if calm[t - 1] else moves[t] >= 0.95
    scale = np.where(calm, 0.7, 1.5) / np.sqrt(5 / 7 * 0.7**2 + 2 / 7 * 1.5**2)
    return 0.01 * scale[:, None] * rng.standard_normal((periods, count))


# -- desks with trades -------------------------------------------------------------------------------------------------


class QuickDesk(Desk):
    """The desk of desks.py with other processes, more overlays, and trades drawn all at once."""

    nulls = (
        "identical", "levered", "resized", "vol targeted", "setups dropped", "lucky filter", "lucky timing",
        "lucky new trades", "pointless new trades", "shifted a day", "hedged", "hedged, vol targeted",
    )  # fmt: skip
    edges = ("new book, Sharpe 0.5", "new book, Sharpe 1", "new book, Sharpe 1.5", "new book plus filter")

    def __init__(self, seed, family, years):
        super().__init__(seed, years=years, draw=partial(instruments, family))

    def draw_trades(self, count, start, lengths=(2, 12)):
        rng, most = self.rng, self.days // 2
        held = rng.integers(*lengths, (count, most))
        gap = rng.integers(1, 12, (count, most))
        # From the second month on: a trade that ends inside the first week or month is before its date.
        entry = rng.integers(25, 35, (count, 1)) + np.cumsum(held + gap, axis=1) - held - gap
        inside = entry + held < self.days
        which = np.repeat(np.arange(start, start + count), most).reshape(count, most)
        return pd.DataFrame(
            {
                "instrument": which[inside],
                "entry": entry[inside],
                "exit": (entry + held)[inside],
                "side": rng.choice([-1, 1], (count, most))[inside],
                "setup": rng.integers(6, size=(count, most))[inside],
                "size": 1.0,
                "beta": 0.0,
            }
        )

    def overlay(self, name):
        base = self.base
        if name == "identical":
            return base
        if name == "hedged, vol targeted":
            hedge = base.assign(size=0.3, beta=0.0, drift=0.0, side=-1, setup=9, instrument=self.instruments)
            both = pd.concat([super().overlay("vol targeted"), hedge], ignore_index=True)
            both.loc[len(base) :, "size"] *= both["size"].to_numpy()[: len(base)]
            return both
        if name.startswith("new book, Sharpe"):
            return self.with_book(float(name.split()[-1]))
        if name == "new book plus filter":
            both = self.with_book(1.0)
            return both[(both["setup"] % 2 == 0) | (both["setup"] >= 10)].reset_index(drop=True)
        return super().overlay(name)

    def cases(self, frequency, overlays=None):
        """Every overlay as it is audited at a frequency, with both blotters to give or not."""
        base_returns = self.returns(self.base)
        for name in overlays or self.nulls + self.edges:
            tuned = self.overlay(name)
            series = [base_returns, self.returns(tuned)]
            book = None
            if name in self.edges:
                extra = tuned[tuned["setup"] >= 10]
                book = in_frequency(pd.Series(self.returns(extra), self.dates), frequency)
            yield Case(
                overlay=name,
                truth="edge" if name in self.edges else "none",
                base=in_frequency(pd.Series(series[0], self.dates), frequency),
                tuned=in_frequency(pd.Series(series[1], self.dates), frequency),
                split=self.dates[self.split],
                book=book,
                given={
                    "returns": {},
                    "trades": {"base_trades": self.blotter(self.base), "tuned_trades": self.blotter(tuned)},
                },
            )


class HeldOutDesk(QuickDesk):
    """A desk of a process, of overlays and of books that were in no measurement by which the rule was made.

    The base trades ten of the sixteen instruments.
    """

    nulls = ("stopped out", "doubled after a loss", "pyramided", "held longer", "early exits at random", "hedged")
    edges = ("book on new instruments", "fast book", "fading book", "book of few large trades")

    def __init__(self, seed, family="jumps", years=5):
        super().__init__(seed, family, years)
        self.base = self.draw_trades(10, start=0).assign(edge=1.0)
        self.scale_edge(self.base, 1.0)
        self.base["beta"] = 0.3

    def overlay(self, name):
        base, rng = self.base, self.rng
        if name == "stopped out":
            moves = np.vstack([np.zeros(self.prices.shape[1]), np.cumsum(self.prices, axis=0)])
            entry, side, column = (base[c].to_numpy() for c in ("entry", "side", "instrument"))
            out = base["exit"].to_numpy().copy()
            for day in range(10, 0, -1):
                at = np.minimum(entry + day, self.days - 1)
                lost = side * (moves[at + 1, column] - moves[entry + 1, column]) < -0.02
                out = np.where(lost & (at < base["exit"]), at, out)
            return base.assign(exit=out)
        if name == "doubled after a loss":
            lost = (self.pnl(base) < 0).astype(float)
            before = pd.Series(lost).groupby(base["instrument"].to_numpy()).shift(1).fillna(0.0)
            return base.assign(size=1.0 + before.to_numpy())
        if name == "pyramided":
            more = base[rng.random(len(base)) < 0.5]
            entry = more["entry"] + rng.integers(0, 2, len(more)) * ((more["exit"] - more["entry"]) // 2)
            return pd.concat([base, more.assign(entry=entry, size=0.5)], ignore_index=True)
        if name == "held longer":
            more = base[(rng.random(len(base)) < 0.5) & (base["exit"] + 4 < self.days)]
            later = more.assign(entry=more["exit"], exit=more["exit"] + 3, drift=0.0, beta=0.0)
            return pd.concat([base, later], ignore_index=True)
        if name == "early exits at random":
            held = base["exit"] - base["entry"]
            return base.assign(exit=base["entry"] + np.ceil(held * rng.uniform(0.3, 1.0, len(base))).astype(int))
        if name == "hedged":
            return Desk.overlay(self, name)
        return pd.concat([base, self.book(name)], ignore_index=True)

    def book(self, name):
        """A book of true Sharpe ratio 1, out of sample too."""
        where = {"book on new instruments": (6, 10), "book of few large trades": (3, 10)}.get(name, (16, 0))
        found = self.draw_trades(*where, lengths=(1, 3) if name == "fast book" else (2, 12))
        found = found.assign(edge=1.0, setup=found["setup"] + 10, size=0.8 if where[0] == 16 else 1.5)
        if name == "book of few large trades":
            found["size"] = np.where(self.rng.random(len(found)) < 0.1, 6.0, 0.3)
        self.scale_edge(found, 1.0)
        if name == "fading book":
            # The same mean out of sample: twice as much at its beginning as nothing at its end.
            last = np.clip((found["exit"] - self.split) / (self.days - self.split), 0, 1)
            found["drift"] *= np.where(found["exit"] > self.split, 2 * (1 - last), 1.0)
        return found


def in_frequency(series, frequency):
    """Sum daily returns to weeks or months."""
    return series if frequency == "daily" else series.resample(FREQ[frequency]).sum()


# -- sleeves always held, returns alone --------------------------------------------------------------------------------


class Sleeves:
    """A base of six sleeves that are always held, with an unpriced market in each; three earn most of it.

    Exposure is steady, so that the direction test has tails alone to go by: the hard case for returns alone.
    """

    nulls = (
        "identical", "levered", "resized", "vol targeted", "smoothed", "shifted a period", "setups dropped",
        "sleeves shifted", "lucky filter", "lucky timing", "lucky new book", "pointless new book", "hedged",
        "hedged, vol targeted",
    )  # fmt: skip
    edges = ("new book, Sharpe 0.5", "new book, Sharpe 1", "new book, Sharpe 1.5", "new book plus filter")
    count = 6

    def __init__(self, seed, family, frequency, years):
        self.rng = np.random.default_rng([seed, years, PER_YEAR[frequency]])
        self.per_year = PER_YEAR[frequency]
        self.split = self.per_year * YEARS_IN
        self.n = self.split + self.per_year * years
        self.dates = pd.date_range("2005-01-03", periods=self.n, freq=FREQ[frequency])
        self.family = family
        drawn = streams(family, self.n, self.count + 1, self.rng)
        self.market = drawn[:, -1]
        # A Sharpe ratio of 1 a year for the whole; the volatility of the whole is sqrt(1.25).
        edge = np.where(np.arange(self.count) < self.count // 2, 1.0, 0.25)
        mean = edge / edge.sum() * np.sqrt(1.25 / self.per_year)
        self.sleeves = drawn[:, :-1] / np.sqrt(self.count) + mean + 0.5 / self.count * self.market[:, None]
        self.base = self.sleeves.sum(axis=1)

    def new_book(self, sharpe):
        stream = streams(self.family, self.n, 1, self.rng)[:, 0]
        return BOOK * (stream + sharpe / np.sqrt(self.per_year))

    def weights(self, tries, columns, low, high):
        """Weights drawn anew every month or so: (tries, n, columns)."""
        step = max(1, round(self.per_year / 12))
        drawn = self.rng.uniform(low, high, (tries, self.n // step + 1, columns))
        return np.repeat(drawn, step, axis=1)[:, : self.n]

    def best(self, weights, parts):
        """The weights of the highest Sharpe ratio in sample, applied."""
        tried = np.einsum("tnk,nk->tn", weights[:, : self.split], parts[: self.split], optimize=True)
        return (weights[np.argmax(tried.mean(axis=1) / tried.std(axis=1))] * parts).sum(axis=1)

    def scaled(self, stream):
        """A stream over its volatility of late."""
        past = pd.Series(stream**2).ewm(halflife=max(3, self.per_year / 12)).mean().shift(1).bfill().to_numpy()
        return stream / np.sqrt(np.maximum(past, past.mean() / 20))

    def tuned(self, name):
        """The tuned policy and, for an edge, its new book."""
        base, good = self.base, self.count // 2
        if name.startswith("new book, Sharpe"):
            book = self.new_book(float(name.split()[-1]))
            return base + book, book
        if name == "new book plus filter":
            book = self.new_book(1.0)
            return self.sleeves[:, :good].sum(axis=1) + book, book
        if name == "lucky new book":
            books = [self.new_book(0.0) for _ in range(TRIES // 4)]
            inside = [(base + book)[: self.split] for book in books]
            return base + books[int(np.argmax([one.mean() / one.std() for one in inside]))], None
        whole = base[:, None]
        return {
            "identical": lambda: base,
            "levered": lambda: 1.5 * base,
            "resized": lambda: (self.weights(1, self.count, 0.5, 1.5)[0] * self.sleeves).sum(axis=1),
            "vol targeted": lambda: self.scaled(base),
            "smoothed": lambda: 0.6 * base + 0.4 * np.concatenate([[0.0], base[:-1]]),
            "shifted a period": lambda: np.concatenate([[0.0], base[:-1]]) * self.weights(1, 1, 0.7, 1.3)[0, :, 0],
            "setups dropped": lambda: self.sleeves[:, :good].sum(axis=1),
            "sleeves shifted": lambda: (self.sleeves * np.where(np.arange(self.count) < good, 1.5, 0.5)).sum(axis=1),
            "lucky filter": lambda: self.best(self.weights(TRIES, self.count, 0, 1) < 0.7, self.sleeves),
            "lucky timing": lambda: self.best(self.weights(TRIES, 1, 0, 1) < 0.75, whole),
            "pointless new book": lambda: base + self.new_book(0.0),
            "hedged": lambda: base - 0.5 * self.market,
            "hedged, vol targeted": lambda: self.scaled(base - 0.5 * self.market),
        }[name](), None

    def cases(self, overlays=None):
        """Every overlay as it is audited; shifts between sleeves and hedges also with those known."""
        known = {
            "sleeves shifted": pd.DataFrame(self.sleeves, self.dates).rename(columns="sleeve {}".format),
            "hedged": pd.DataFrame({"market": self.market}, self.dates),
        }
        for name in overlays or self.nulls + self.edges:
            tuned, book = self.tuned(name)
            yield Case(
                overlay=name,
                truth="edge" if name in self.edges else "none",
                base=pd.Series(self.base / 100, self.dates),
                tuned=pd.Series(tuned / 100, self.dates),
                split=self.dates[self.split],
                book=None if book is None else pd.Series(book / 100, self.dates),
                given={"returns": {}} | ({"known": {"known": known[name] / 100}} if name in known else {}),
            )


class LongOnly:
    """Twenty stocks on one market, ten of them with alpha: both policies are long, and share the market."""

    nulls = ("setups dropped", "lucky filter", "vol targeted", "hedged")
    edges = ("new book, Sharpe 1",)

    def __init__(self, seed, family, frequency, years):
        # The machinery of dates, weights and books is that of the sleeves; the stocks take their place.
        self.world = world = Sleeves(seed, family, frequency, years)
        drawn = streams(family, world.n, 21, world.rng)
        year = np.sqrt(world.per_year)
        self.market = drawn[:, -1] + 0.4 / year
        alpha = np.where(np.arange(20) < 10, 1.39 / year, 0.0)
        world.count, world.market = 20, self.market
        world.sleeves = (self.market[:, None] + 2.0 * drawn[:, :-1] + alpha) / 20
        world.base = world.sleeves.sum(axis=1)

    def cases(self, overlays=None):
        """Every overlay, without and with the market among the known streams."""
        market = pd.DataFrame({"market": self.market / 100}, self.world.dates)
        for case in self.world.cases(overlays or self.nulls + self.edges):
            case.given = {"returns": {}, "known": {"known": market}}
            yield case
