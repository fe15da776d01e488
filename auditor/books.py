"""Both policies' trades or positions come in, where they were given; a checked desk or shelf, or neither, goes out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from auditor.config import Settings
from auditor.desk import Desk, make_desk
from auditor.errors import InputError
from auditor.inputs.pair import Pair
from auditor.inputs.trades import read_trades
from auditor.inputs.trades_positions import read_positions
from auditor.shelf import Shelf, make_shelf


def read_books(
    pair: Pair,
    settings: Settings,
    *,
    trades: tuple[Any, Any],
    positions: tuple[Any, Any, Any],
    date_format: str | None,
    date_column: str | None = None,
) -> Desk | Shelf | None:
    """Read what was traded or held.

    trades     of base and tuned: files or frames, both or neither
    positions  weights of base and tuned, and the instruments' returns: all or none, and not beside trades

    Raises InputError for a part that is missing, for options that say how to read what is not there, and for what the
    readers refuse.
    """
    if (trades[0] is None) != (trades[1] is None):
        lacks = "--base-trades" if trades[0] is None else "--tuned-trades"
        raise InputError(f"trades of one policy say nothing of the other: pass {lacks} too, or neither")
    given = [one is not None for one in positions]
    if any(given) and not all(given):
        raise InputError("positions need --base-positions, --tuned-positions and --instrument-returns: give all three")
    if all(given) and trades[0] is not None:
        raise InputError("trades and positions say the same in two ways: give one of them")
    if all(given):
        _refuse(settings, _OF_TRADES, "trades", "positions were given: leave it out")
        held = partial(
            read_positions,
            lag=settings.position_lag,
            capital=settings.capital,
            date_column=date_column,
            date_format=date_format,
        )
        base, tuned, returns = positions
        return make_shelf(pair, held(base, returns, role="base"), held(tuned, returns, role="tuned"), settings)
    if trades[0] is None:
        refuse_idle(settings)
        return None
    _refuse(settings, _OF_POSITIONS, "positions", "trades were given: leave it out")
    end = pair.dates[-1] if pair.zone is None else pair.zone.moment(pair.dates[-1])
    blotter = partial(read_trades, pnl=settings.pnl, capital=settings.capital, date_format=date_format, end=end)
    return make_desk(pair, blotter(trades[0], role="base trades"), blotter(trades[1], role="tuned trades"), settings)


def refuse_idle(settings: Settings, *, fix: str = "--base-trades, --tuned-trades") -> None:
    """Refuse options that say how to read trades or positions where there are none; `fix` names what gives trades."""
    _refuse(settings, (*_OF_TRADES, *_OF_BOTH), "trades", f"none were given: pass {fix}")
    there = "--base-positions, --tuned-positions, --instrument-returns"
    _refuse(settings, _OF_POSITIONS, "positions", f"none were given: pass {there}")


_OF_TRADES, _OF_POSITIONS = ("tolerance", "pnl", "compounding", "opportunity"), ("position_lag",)
_OF_BOTH = ("capital", "reconcile")


def _refuse(settings: Settings, names: Sequence[str], what: str, why: str) -> None:
    plain = Settings()
    for name in names:
        if getattr(settings, name) != getattr(plain, name):
            raise InputError(f"--{name.replace('_', '-')} says how {what} are read, and {why}")
