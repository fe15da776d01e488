"""Every reader by name: what it is fed, and what is checked."""

from __future__ import annotations

import blotters
import configs
import ledgers
import manifests
import readers
import saved

READERS = {
    "returns": (readers.returns_cases(), readers.check_returns),
    "streams": (readers.returns_cases(("mkt", "hml", "x y")), readers.check_streams),
    "prices": (readers.prices_cases(), readers.check_prices),
    "trials": (readers.returns_cases(("t1", "t2", "t3", "t4")), readers.check_trials),
    "columnar": (readers.columnar_cases(), readers.check_columnar),
    "counts": (readers.counts_cases(), readers.check_counts),
    "rollouts-wide": (readers.returns_cases(("s1", "s2", "s3")), readers.check_rollouts_wide),
    "rollouts-long": (readers.long_cases(), readers.check_rollouts_long),
    "positions": (readers.positions_cases(), readers.check_positions),
    **{f"trades-{form}": (blotters.blotter_cases(form), blotters.check_blotter) for form in blotters.FORMATS},
    "trades-fills": (blotters.fills_cases(), blotters.check_fills),
    "trades-json": (blotters.json_cases(), blotters.check_json),
    "gate-config": (configs.config_cases(), configs.check_config),
    "manifest": (manifests.manifest_cases(), manifests.check_manifest),
    "saved-audit": (saved.json_cases(saved.audit_of, saved.audit_ways), saved.check_audit),
    "saved-calibration": (saved.json_cases(saved.calibration_made, saved.calibration_ways), saved.check_calibration),
    "exceptions": (saved.json_cases(saved.exceptions_of, saved.exception_ways), saved.check_exceptions),
    "ledger": (ledgers.ledger_cases(), ledgers.check_ledger),
    "noise": (blotters.noise_cases(), blotters.check_noise),
}
