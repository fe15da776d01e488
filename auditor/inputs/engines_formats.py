"""What other programs call the columns of a round trip, and how they write its values: one table, and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from auditor.inputs.trades_columns import Net

ONLY = "(one instrument)"
"""Of an export that names none. Not the file's name: base.csv and tuned.csv would share no instrument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One program's export of round trips.

    name     whose it is, for messages
    needs    columns that tell it, squeezed; one of each tuple
    fields   field -> its columns; fees may have several that add up
    net      what its P&L is
    source   of that knowledge, in the words of a note
    turn     field -> what makes its values ours
    repeats  what trades that stand twice mean in it
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    fields: Mapping[str, tuple[str, ...]]
    net: Net
    source: str
    turn: Mapping[str, Callable[[pd.Series[Any]], pd.Series[Any]]]
    repeats: Literal["refuse", "warn"] = "refuse"


def _longs(values: pd.Series[Any]) -> pd.Series[Any]:
    """True is long; an unknown word stays as it is, to be refused."""
    return _worded(values, {"true": "long", "false": "short", "1": "long", "0": "short", "1.0": "long", "0.0": "short"})


def _shorts(values: pd.Series[Any]) -> pd.Series[Any]:
    """True is short, and so is nothing else that is known."""
    absent = {"": "long", "nan": "long", "none": "long", "<na>": "long"}
    return _worded(values, {"true": "short", "false": "long", "1": "short", "0": "long", "1.0": "short",
                            "0.0": "long", **absent})  # fmt: skip


def _lean_side(values: pd.Series[Any]) -> pd.Series[Any]:
    return _worded(values, {"0": "long", "1": "short", "0.0": "long", "1.0": "short"})


def _worded(values: pd.Series[Any], words: Mapping[str, str]) -> pd.Series[Any]:
    return pd.Series([words.get(str(value).strip().lower(), str(value)) for value in values], dtype=object)


def _lean_symbol(values: pd.Series[Any]) -> pd.Series[Any]:
    """A symbol is text, an object with a value, or a list of these."""

    def one(value: object) -> str:
        if isinstance(value, Mapping):
            folded = {str(key).lower(): found for key, found in value.items()}
            return str(folded.get("value", folded.get("id", "")))
        if isinstance(value, list):
            return " + ".join(one(part) for part in value[:20])
        return str(value)

    return pd.Series([one(value) for value in values], dtype=object)


def _amount(values: pd.Series[Any]) -> pd.Series[Any]:
    """'-112.29 USD' without its currency."""
    return pd.Series(
        [re.sub(r"(?<=\d) +[A-Z][A-Z0-9]{2,9}$", "", str(value).strip()) for value in values], dtype=object
    )


KINDS: dict[str, Format] = {
    "backtesting": Format(
        name="backtesting.py trades",
        needs=tuple((one,) for one in ("size", "entrybar", "exitbar", "entryprice", "exitprice", "pnl", "entrytime",
                                       "exittime")),
        # The engine knows one instrument and names none; several runs are put in one file with a column of the user's.
        fields={"instrument": ("symbol", "ticker", "instrument"), "quantity": ("size",),
                "entry_time": ("entrytime",), "exit_time": ("exittime",), "pnl": ("pnl",),
                "entry_price": ("entryprice",), "exit_price": ("exitprice",), "fees": ("commission",)},
        net="net", source="PnL is net of Commission", turn={}, repeats="warn",
    ),
    "vectorbt": Format(
        name="vectorbt trades",
        needs=(("column",), ("size",), ("entrytimestamp", "entryindex"), ("exittimestamp", "exitindex"),
               ("avgentryprice",), ("entryfees",), ("exitfees",), ("pnl",), ("direction",), ("status",)),
        fields={"instrument": ("column",), "side": ("direction",), "quantity": ("size",), "pnl": ("pnl",),
                "entry_time": ("entrytimestamp", "entryindex"), "exit_time": ("exittimestamp", "exitindex"),
                "entry_price": ("avgentryprice",), "exit_price": ("avgexitprice",), "fees": ("entryfees", "exitfees"),
                "is_open": ("status",), "id": ("exittradeid", "tradeid", "positionid")},
        net="net", source="PnL is net of Entry Fees and Exit Fees", turn={},
    ),
    "pyfolio": Format(
        name="pyfolio round trips",
        needs=(("pnl",), ("opendt",), ("closedt",), ("long",), ("symbol",)),
        fields={"instrument": ("symbol",), "side": ("long",), "entry_time": ("opendt",), "exit_time": ("closedt",),
                "pnl": ("pnl",)},
        net="gross", source="pnl is gross", turn={"side": _longs}, repeats="warn",
    ),
    "nautilus": Format(
        name="NautilusTrader positions",
        needs=(("instrumentid",), ("entry",), ("peakqty",), ("tsopened",), ("tsclosed",), ("realizedpnl",)),
        fields={"instrument": ("instrumentid",), "side": ("entry",), "quantity": ("peakqty",),
                "entry_time": ("tsopened",), "exit_time": ("tsclosed",), "entry_price": ("avgpxopen",),
                "exit_price": ("avgpxclose",), "pnl": ("realizedpnl",), "id": ("positionid", "openingorderid")},
        net="net", source="realized_pnl is net of commissions", turn={"pnl": _amount},
    ),
    "freqtrade": Format(
        name="freqtrade trades",
        needs=(("pair",), ("amount",), ("opendate",), ("closedate",), ("openrate",), ("closerate",), ("profitabs",)),
        fields={"instrument": ("pair",), "side": ("isshort",), "quantity": ("amount",), "entry_time": ("opendate",),
                "exit_time": ("closedate",), "entry_price": ("openrate",), "exit_price": ("closerate",),
                "pnl": ("profitabs",), "is_open": ("isopen",), "id": ("tradeid",)},
        net="net", source="profit_abs is net of fees", turn={"side": _shorts}, repeats="warn",
    ),
    "lean": Format(
        name="QuantConnect LEAN closed trades",
        needs=(("symbol", "symbols"), ("entrytime",), ("exittime",), ("entryprice",), ("exitprice",), ("quantity",),
               ("direction",), ("profitloss",), ("totalfees",)),
        fields={"instrument": ("symbol", "symbols"), "side": ("direction",), "quantity": ("quantity",),
                "entry_time": ("entrytime",), "exit_time": ("exittime",), "entry_price": ("entryprice",),
                "exit_price": ("exitprice",), "pnl": ("profitloss",), "fees": ("totalfees",), "id": ("id",)},
        net="gross", source="profitLoss is gross of totalFees", turn={"side": _lean_side, "instrument": _lean_symbol},
        repeats="warn",
    ),
}  # fmt: skip
"""By what `kind` of `read_trades` calls them; "columns" and "transactions" are the two others."""
