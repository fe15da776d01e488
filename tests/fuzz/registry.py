"""Every reader by name: what it is fed, and what is checked."""

from __future__ import annotations

import blotters
import readers

READERS = {
    "returns": (readers.returns_cases(), readers.check_returns),
    "streams": (readers.returns_cases(("mkt", "hml", "x y")), readers.check_streams),
    "trials": (readers.returns_cases(("t1", "t2", "t3", "t4")), readers.check_trials),
    "columnar": (readers.columnar_cases(), readers.check_columnar),
    "counts": (readers.counts_cases(), readers.check_counts),
    "rollouts-wide": (readers.returns_cases(("s1", "s2", "s3")), readers.check_rollouts_wide),
    "rollouts-long": (readers.long_cases(), readers.check_rollouts_long),
    "positions": (readers.positions_cases(), readers.check_positions),
    **{f"trades-{form}": (blotters.blotter_cases(form), blotters.check_blotter) for form in blotters.FORMATS},
    "trades-fills": (blotters.fills_cases(), blotters.check_fills),
    "trades-json": (blotters.json_cases(), blotters.check_json),
    "noise": (blotters.noise_cases(), blotters.check_noise),
}
