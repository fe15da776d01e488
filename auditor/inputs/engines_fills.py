"""A list of fills comes in; the round trips that they make, first in, first out, go out, with open positions marked."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.inputs.trades_values import LARGEST

DUST = 1e-9  # of a fill: what is left of it by rounding, not by trading


@dataclass(frozen=True, slots=True, kw_only=True)
class Fills:
    """What was bought and sold, one fill a row, by time within each instrument.

    instrument  (m,) codes
    time        (m,) nanoseconds
    amount      (m,) units bought, negative sold; not zero
    price       (m,)
    fee         (m,) paid on the fill
    """

    instrument: NDArray[np.int64]
    time: NDArray[np.int64]
    amount: NDArray[np.float64]
    price: NDArray[np.float64]
    fee: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrips:
    """Lots opened by one fill and closed by another, one a row, by the closing fill.

    opened    (n,) row of the opening fill
    closed    (n,) row of the closing fill, -1 where the lot is left open
    quantity  (n,) units, positive
    """

    opened: NDArray[np.int64]
    closed: NDArray[np.int64]
    quantity: NDArray[np.float64]


def round_trips(instrument: NDArray[np.int64], amount: NDArray[np.float64], order: NDArray[np.int64]) -> RoundTrips:
    """Match each closing fill with the oldest open lots of its instrument.

    instrument  (m,) codes
    amount      (m,) signed, not zero
    order       (m,) rows by time

    A fill larger than the position closes it and opens the other side with the rest. Each fill opens one lot at most
    and each lot is closed once, so the work is linear in the fills.
    """
    books: dict[int, deque[list[float]]] = {}
    opened: list[int] = []
    closed: list[int] = []
    quantity: list[float] = []
    codes, amounts = instrument.tolist(), amount.tolist()
    for row in order.tolist():
        left = amounts[row]
        book = books.setdefault(codes[row], deque())
        while book and left != 0.0 and (book[0][1] > 0) != (left > 0):
            lot = book[0]
            size, rest = abs(lot[1]), abs(left)
            dust = DUST * max(abs(amounts[int(lot[0])]), abs(amounts[row]))
            taken = size if size <= rest + dust else rest
            opened.append(int(lot[0]))
            closed.append(row)
            quantity.append(taken)
            if taken == size:
                book.popleft()
            else:
                lot[1] -= taken if lot[1] > 0 else -taken
            left = 0.0 if rest - taken <= dust else left - (taken if left > 0 else -taken)
        if left != 0.0:
            book.append([row, left])
    for book in books.values():
        for row_left, size_left in book:
            opened.append(int(row_left))
            closed.append(-1)
            quantity.append(abs(size_left))
    return RoundTrips(
        opened=np.array(opened, np.int64), closed=np.array(closed, np.int64), quantity=np.array(quantity, np.float64)
    )


def marked_round_trips(
    fills: Fills,
    instruments: Sequence[str],
    marks: Mapping[str, float] | None,
    *,
    name: str,
    end: int | None = None,
    backwards: bool = False,
) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """Give the round trips' arrays by field, notes and warnings.

    instruments  names by code
    marks        instrument -> price at the end; the price of its last fill for others
    end          when open positions leave, nanoseconds; the last fill's time where it is later, or where None
    backwards    fills of the same time stand newest first
    errors       InputError for a mark of no known instrument, and for P&L beyond any number
    """
    order = np.argsort(fills.time, kind="stable")
    if backwards:
        order = len(order) - 1 - np.argsort(fills.time[::-1], kind="stable")
    found = round_trips(fills.instrument, fills.amount, order)
    still = found.closed < 0
    code = fills.instrument[found.opened]
    last = np.zeros(len(instruments))
    last[fills.instrument[order]] = fills.price[order]  # the last of several assignments stays
    marks = dict(marks or {})
    for instrument, price in marks.items():
        if instrument not in instruments:
            raise InputError(f"{name}: a mark is given for {instrument!r}, which is not among its instruments.")
        number = isinstance(price, int | float | np.integer | np.floating) and not isinstance(price, bool)
        if not number or not abs(float(price)) <= LARGEST:
            raise InputError(f"{name}: the mark of {instrument!r} is {price!r}, not a price.")
        last[list(instruments).index(instrument)] = float(price)
    side = np.where(fills.amount[found.opened] > 0, 1, -1).astype(np.int8)
    entry_price = fills.price[found.opened]
    exit_price = np.where(still, last[code], fills.price[found.closed])
    a_unit = fills.fee / np.abs(fills.amount)
    fees = found.quantity * (a_unit[found.opened] + np.where(still, 0.0, a_unit[found.closed]))
    with np.errstate(over="ignore", invalid="ignore"):
        pnl = side * found.quantity * (exit_price - entry_price) - fees
    if not (np.abs(pnl) <= LARGEST).all():
        raise InputError(f"{name}: prices and amounts give a P&L above {LARGEST:g}. Fix the export.")
    until = max(int(fills.time.max()), end) if end is not None else int(fills.time.max())
    fields = {
        "instrument": code, "side": side, "entry": fills.time[found.opened],
        "exit": np.where(still, until, fills.time[found.closed]), "quantity": found.quantity, "pnl": pnl, "fees": fees,
        "entry_price": entry_price, "exit_price": exit_price, "is_open": still, "opened": found.opened,
        "closed": np.where(still, found.opened, found.closed),
    }  # fmt: skip
    notes = (
        f"{name}: {len(fills.amount)} fills made {len(pnl)} round trips, first in, first out; a fill beyond the "
        "position closes it and opens the other side",
    )
    warnings: tuple[str, ...] = ()
    if still.any():
        held = sorted({instruments[one] for one in code[still].tolist()})
        unmarked = [one for one in held if one not in marks]
        at = "the given marks" if not unmarked else "the price of their last fill"
        at = at if len(unmarked) in (0, len(held)) else f"{at} but for {len(held) - len(unmarked)} with a given mark"
        when = "at the last fill's time" if end is None else "at the end of the returns"
        warnings = (f"{name}: {len(held)} positions left open (first {held[0]}), marked at {at}, {when}",)
    return fields, notes, warnings


def unfolded(frame: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """Give the fills of a zipline performance frame, whose days hold lists of transactions and of orders.

    errors   InputError where the lists are text, as in a CSV, or hold something else

    Commission stands in the orders as what was paid so far: an order's largest is what it paid. It is shared
    over the order's fills by amount.
    """
    fills = _listed(frame, "transactions", name)
    if not fills:
        raise InputError(f"{name}: the performance frame has no transactions.")
    paid: dict[Any, float] = {}
    for order in _listed(frame, "orders", name):
        commission = order.get("commission")
        if isinstance(commission, int | float) and commission == commission:
            key = str(order.get("id"))
            paid[key] = max(paid.get(key, 0.0), float(commission))
    out = pd.DataFrame(
        {
            "date": [fill.get("dt") for fill in fills],
            "symbol": [str(getattr(fill.get("sid"), "symbol", fill.get("sid"))) for fill in fills],
            "amount": [fill.get("amount") for fill in fills],
            "price": [fill.get("price") for fill in fills],
            "order_id": [str(fill.get("order_id")) for fill in fills],
        }
    )
    if paid:
        size = pd.to_numeric(out["amount"], errors="coerce").abs()
        whole = size.groupby(out["order_id"]).transform("sum")
        out["commission"] = (out["order_id"].map(paid).fillna(0.0) * size / whole.where(whole > 0, 1.0)).astype(float)
    return out


def _listed(frame: pd.DataFrame, column: str, name: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for cell in frame[column]:
        if not isinstance(cell, list | tuple | np.ndarray) or not all(isinstance(one, Mapping) for one in cell):
            raise InputError(
                f"{name}: column {column!r} of the zipline frame holds {str(cell)[:40]!r}, not a list of records. "
                "Give the frame of run_algorithm itself, or its transactions as a table: date, symbol, amount, price."
            )
        found.extend(cell)
    return found
