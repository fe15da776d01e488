"""A fixed set of audits runs, and every number of theirs is held to the numbers kept under tests/golden/audits.

    python tests/reproduce/audits.py                 compare; exit code 1 and the first differences where they differ
    python tests/reproduce/audits.py --digest        a fingerprint of all numbers to their last bit, for two runs here
    python tests/reproduce/audits.py --write         keep the numbers as they are now

Labels, names, counts, dates and fingerprints of the inputs must be the same. Numbers may differ by RELATIVE of their
size, since libraries and processors sum in other orders; what is below ABSOLUTE is rounding of zero. A p-value of a
bootstrap is a count of hits over at most some ten thousand replicates, so that for it RELATIVE means the same count.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from made import MadeDesk, dates, mixed, rollouts, streams

import auditor
from auditor import audit, calibrate, tries
from auditor.demo import audit_pair, pairs
from auditor.report.tries import as_dict as plain_tries
from auditor.tries import TriesAudit

GOLDEN = Path(__file__).parents[1] / "golden/audits"
RELATIVE, ABSOLUTE = 1e-9, 1e-12
PROSE = {"reason", "null", "notes", "warnings", "not_assessed", "would_change", "versions", "problem", "read"}
"""Sentences have a golden file of their own, and versions differ."""
LONGEST = 2
"""Entries that are kept of each end of a list; its length is kept too."""


@cache
def desk(seed: int) -> MadeDesk:
    return MadeDesk(seed)


def on_desk(seed: int, overlay: str, evidence: str, **options: Any) -> Any:
    """An overlay of a made desk, by returns alone, beside the market, with both blotters, or with positions."""
    one = desk(seed)
    one.random.seed(1_000 + seed)
    base, tuned = one.base, one.overlay(overlay)
    given: dict[str, Any] = {}
    if evidence == "known":
        given = {"known": streams(5, one.dates, "ab").assign(market=[round(r, 10) for r in one.market])}
    if evidence == "trades":
        given = {"base_trades": one.trades(base), "tuned_trades": one.trades(tuned)}
    if evidence == "positions":
        given = {
            "base_positions": one.weights(base),
            "tuned_positions": one.weights(tuned),
            "instrument_returns": one.instruments(),
        }
    settings = {"oos_start": one.dates[1_000], "reps": 2_000, "seed": seed}
    return audit(one.returns(base), one.returns(tuned), **given, **(settings | options))


def bundled(name: str, **options: Any) -> Any:
    return audit_pair(next(pair for pair in pairs() if pair.name == name), **options)


def runs(**options: Any) -> Any:
    weeks = streams(8, dates(420, "W-FRI"), "w")["w"]
    given = {
        "base_rollouts": rollouts(1, weeks, 0.56, 6),
        "tuned_rollouts": rollouts(2, weeks, 0.64, 6),
        "instrument_returns": weeks,
        "window": "week",
    }
    return audit(**given, oos_fraction=0.4, reps=1_000, **options)


def walk_forward() -> Any:
    """Weekly returns, two windows, an embargo, a cash rate, trials and a library."""
    index = dates(900, "W-FRI")
    of = streams(3, index, "abcd")
    base, tuned = mixed(1, index, of, 0.001), mixed(2, index, of, 0.003)
    trials = streams(4, index, "uvwxyz").assign(tuned=tuned)
    return audit(
        base, tuned, oos=["2018-01-01:2020-12-31", "2023-01-01:2028-12-31"], embargo=4, rf=0.02, trials=trials,
        library=of, reps=2_000,
    )  # fmt: skip


def long_enough_for_threads() -> Any:
    """Sums that a BLAS on several threads cuts into parts."""
    index = dates(20_000, "h")
    of = streams(6, index, "abcdefghijkl")
    return audit(mixed(3, index, of, 1e-5), mixed(4, index, of, 1e-4), oos_fraction=0.5, known=of, reps=500)


def planted() -> Any:
    one = desk(3)
    given = {"base_trades": one.trades(one.base)}
    return calibrate(one.returns(one.base), **given, oos_fraction=0.5, worlds=10, reps=200, workers=1)


def counts() -> Any:
    return tries(Path(__file__).parents[2] / "data/tries/deepscaler32k.csv")


CASES: dict[str, Callable[[], Any]] = {
    **{pair.name: partial(bundled, pair.name) for pair in pairs()},
    "pair_seed_1": partial(bundled, "mkt_plus_hml_mom", seed=1),
    "pair_seed_2": partial(bundled, "mkt_plus_hml_mom", seed=2, block=20),
    "pair_calibrated_block": partial(bundled, "riskmanaged_momentum", block="calibrate", reps=1_000),
    "pair_stability": partial(bundled, "second_signal", stability=True, reps=1_000),
    "pair_third_look": partial(bundled, "mkt_plus_hml_mom", look=3, reps=1_000),
    "desk_levered_known": partial(on_desk, 1, "resized", "known"),
    "desk_dropped_returns": partial(on_desk, 1, "dropped", "returns"),
    "desk_dropped_trades": partial(on_desk, 2, "dropped", "trades"),
    "desk_resized_trades": partial(on_desk, 2, "resized", "trades"),
    "desk_noise_trades": partial(on_desk, 3, "noise", "trades"),
    "desk_book_returns": partial(on_desk, 4, "new book", "returns"),
    "desk_book_known": partial(on_desk, 4, "new book", "known", known_complete=True),
    "desk_book_trades": partial(on_desk, 4, "new book", "trades", opportunity=("instrument", "side", "setup")),
    "desk_book_positions": partial(on_desk, 4, "new book", "positions"),
    "rollouts_mean": runs,
    "rollouts_each": partial(runs, rollout_as="each"),
    "walk_forward": walk_forward,
    "long": long_enough_for_threads,
    "calibrate": planted,
    "tries": counts,
}


def trimmed(value: Any) -> Any:
    """A result without its sentences and without what is not there; of long lists both ends and the length."""
    if isinstance(value, dict):
        kept_here = {name: inner for name, inner in value.items() if name not in PROSE and inner is not None}
        return {name: trimmed(inner) for name, inner in kept_here.items() if not name.endswith("_reason")}
    if isinstance(value, list):
        ends = value if len(value) <= 2 * LONGEST else [*value[:LONGEST], *value[-LONGEST:]]
        return [*map(trimmed, ends), f"of {len(value)}"]
    return value


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and word by its path."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def numbers(name: str) -> Any:
    """Run a case: what is kept of it."""
    found = CASES[name]()
    return trimmed(json.loads(json.dumps(plain_tries(found)) if isinstance(found, TriesAudit) else found.to_json()))


def kept(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return type(one) is type(other) and one == other


def differences(found: Any, expected: Any) -> list[str]:
    """What is not the same, in the order of the paths."""
    one, other = dict(flat(found)), dict(flat(expected))
    return [
        f"{path}: {other.get(path, 'nothing')!r} was kept, {one.get(path, 'nothing')!r} is found"
        for path in sorted(one.keys() | other.keys())
        if not same(one.get(path), other.get(path))
    ]


def largest(found: Any, expected: Any) -> tuple[float, str]:
    """The largest relative difference between two numbers, and where it is."""
    other = dict(flat(expected))
    both = ((path, one, other.get(path)) for path, one in flat(found))
    return max(
        (
            (abs(one - other) / max(abs(one), abs(other), ABSOLUTE / RELATIVE), path)
            for path, one, other in both
            if isinstance(one, float) and isinstance(other, float)
        ),
        default=(0.0, ""),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("cases", nargs="*", default=list(CASES))
    asked = parser.parse_args()
    if asked.write and not Path(auditor.__file__).is_relative_to(GOLDEN.parents[2]):
        sys.exit(f"the auditor that is imported is that of {auditor.__file__}: numbers are kept of the one beside them")
    digest, worst, bad = hashlib.sha256(), (0.0, ""), 0
    for name in asked.cases:
        found = numbers(name)
        digest.update(json.dumps(found).encode())
        if asked.write:
            (GOLDEN / f"{name}.json").write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", "utf-8")
        elif not asked.digest:
            expected = kept(name)
            differ = differences(found, expected)
            size, where = largest(found, expected)
            worst = max(worst, (size, f"{name}: {where}"))
            bad += bool(differ)
            for one in differ[:5]:
                print(f"{name}: {one}")
            if len(differ) > 5:
                print(f"{name}: and {len(differ) - 5} more")
    if asked.digest:
        print(digest.hexdigest())
    elif not asked.write:
        print(f"{len(asked.cases) - bad} passed, {bad} failed; largest relative difference {worst[0]:.1e} ({worst[1]})")
        sys.exit(bool(bad))


if __name__ == "__main__":
    main()
