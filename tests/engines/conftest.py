"""Real daily prices, which arch carries, for the engines to trade on."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd
import pytest


def prices(name: str) -> pd.DataFrame:
    """Open, high, low, close of an index, 1999 to 2018."""
    path = files("arch.data") / name / f"{name}.csv.gz"
    with path.open("rb") as file:
        frame = pd.read_csv(file, compression="gzip")
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("Date"), format="%m/%d/%Y"), name="Date")
    return frame[["Open", "High", "Low", "Close", "Volume"]].astype(float)


@pytest.fixture(scope="session")
def sp500() -> pd.DataFrame:
    return prices("sp500")


@pytest.fixture(scope="session")
def nasdaq() -> pd.DataFrame:
    return prices("nasdaq")


@pytest.fixture(scope="session")
def closes(sp500, nasdaq) -> pd.DataFrame:
    both = pd.DataFrame({"SPX": sp500["Close"], "IXIC": nasdaq["Close"]}).dropna()
    assert len(both) > 4000
    return both
