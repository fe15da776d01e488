"""A base with clustered volatility and fat tails, and one that trades, for the overlays to be planted in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from auditor.inputs.trades import read_trades
from auditor.planted.blotters import Blotter, make_blotter
from auditor.planted.returns import Field

N_OBS, SPLIT = 1_500, 750


@pytest.fixture(scope="session")
def field() -> Field:
    rng = np.random.default_rng(1)
    calm = np.repeat(rng.uniform(0.5, 2.0, N_OBS // 50), 50)
    base = 0.0005 + 0.01 * calm * rng.standard_t(5, N_OBS)
    return Field(base=base, in_sample=np.arange(SPLIT), periods_per_year=252.0, block=40)


def make(dates: pd.DatetimeIndex, *, hours: int = 0) -> Blotter:
    """Trades of a few days on three instruments, with prices, some of them closed in their period of entry."""
    rng = np.random.default_rng(2)
    entry = np.sort(rng.integers(0, len(dates) - 12, 600))
    exit = entry + rng.integers(0, 10, 600)
    shift = pd.Timedelta(hours=hours)
    frame = pd.DataFrame(
        {
            "trade_id": np.arange(600),
            "instrument": rng.choice(["A", "B", "C"], 600),
            "side": rng.choice(["long", "short"], 600),
            "entry_time": dates[entry] + shift,
            "exit_time": dates[exit] + shift,
            "quantity": rng.uniform(1, 2, 600),
            "pnl": 0.0005 + 0.004 * rng.standard_t(5, 600),
            "setup": rng.choice(["x", "y"], 600),
        }
    )
    trades = read_trades(frame, role="base trades")
    return make_blotter(trades, dates, np.arange(SPLIT), 252.0, 40, ("instrument", "side"))


@pytest.fixture(scope="session")
def blotter() -> Blotter:
    return make(pd.bdate_range("2010-01-04", periods=N_OBS))


@pytest.fixture(scope="session")
def blotter_of() -> Callable[..., Blotter]:
    """Make the same trades on other calendars."""
    return make
