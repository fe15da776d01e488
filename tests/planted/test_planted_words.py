"""The sentences of a calibration: what is over the level, what was refused, and by how much a book must earn."""

from auditor.planted.audited import Outcome
from auditor.planted.catalogue import NULLS, new_book
from auditor.planted.power import rates_of, smallest_book
from auditor.planted.words import verdict_of, warnings_of

CALLS = {
    "shown": Outcome(called="new_edge", standing="shown"),
    "presumed": Outcome(called="new_edge", standing="presumed"),
    "not": Outcome(called="unproven", standing="presumed"),
    "refused": Outcome(called="refused", standing=None, why="base: no risk"),
}


def null(**counts):
    return rates_of(NULLS[5], [CALLS[name] for name, count in counts.items() for _ in range(count)], 0.05)


def books(*counts):
    return [
        rates_of(new_book(sharpe), [CALLS["shown"]] * count + [CALLS["not"]] * (100 - count), 0.05)
        for sharpe, count in zip((0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0), counts, strict=False)
    ]


def test_the_verdict_has_the_worst_null_and_the_smallest_book():
    said = verdict_of(null(shown=5, **{"not": 95}), smallest_book(books(20, 70, 95)))
    assert "at most 5.0% [2.2%, 11.2%] of worlds (lucky filter); a new book" in said
    assert "needs a Sharpe ratio of 1.1 [1.0, 1.3] to be proven in 80 of 100." in said
    never = verdict_of(null(**{"not": 100}), smallest_book(books(1)))
    assert "no null was called new edge in any of 100 worlds" in never
    beyond = verdict_of(null(shown=1), smallest_book(books(*[9] * 7)))
    assert "is more than 4, beyond which none was tried." in beyond
    assert "[1.4, over 1.5]" in verdict_of(null(shown=1), smallest_book(books(5, 40, 81)))


def test_a_null_over_the_level_is_warned_of_by_its_evidence():
    over = null(presumed=15, **{"not": 85})
    returns, trades = (warnings_of([over], [], evidence, 0.05) for evidence in ("returns", "trades"))
    assert returns[0].startswith(
        "lucky filter: called new edge in 15.0% [9.3%, 23.3%] of worlds, above the level of 5%"
    )
    assert "all of these calls are presumed" in returns[0]
    assert "One null in forty" in returns[1]
    assert "needs trades" in returns[2]
    assert "Trades that overlap" in trades[2]
    assert len(trades) == len(returns) == 3
    mixed = warnings_of([null(presumed=5, shown=10, **{"not": 85})], [], "trades", 0.05)
    assert "5 of 15 of these calls are presumed" in mixed[0]


def test_nothing_is_warned_of_where_the_level_is_held():
    assert warnings_of([null(shown=10, **{"not": 190})], books(50), "returns", 0.05) == ()


def test_refusals_are_told():
    (said,) = warnings_of([null(refused=3, **{"not": 97})], [], "trades", 0.05)
    assert said == ("lucky filter: 3 of 100 audits were refused, and count as not new edge (the first: base: no risk).")


def test_few_worlds_are_said_to_tell_little():
    few = null(shown=2, **{"not": 18})
    (said,) = warnings_of([null(**{"not": 200}), few], [], "returns", 0.05)
    assert said == (
        "20 worlds tell little: lucky filter may truly be called new edge in up to 30% of worlds. More --worlds tell."
    )
    assert warnings_of([few], [], "returns", 0.2) == ()
    (twice,) = warnings_of([null(shown=5, **{"not": 95})], [], "returns", 0.05)
    assert "up to 11% of worlds" in twice
