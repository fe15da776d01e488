"""Audit a backtest overlay: new edge, or the same opportunities reweighted.

base, tuned --inputs--> checked pair --stats--> does the gain survive?
                                     --coverage--> covered + new: where does it come from?
                                     --verdict--> label, standing, reason --report--> text, page, JSON, Markdown

>>> from auditor import audit
>>> result = audit(base, tuned, oos_start="2019-01-02")  # doctest: +SKIP
>>> result.label                                         # doctest: +SKIP
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.audit import audit, audit_files
    from auditor.batch import Batch, audit_many, run_batch
    from auditor.calibrate import Calibration, calibrate
    from auditor.compare import Comparison, compare
    from auditor.counted import audit_counted
    from auditor.errors import AuditorError, ConfigError, InputError, LedgerError
    from auditor.result import Audit
    from auditor.tries import TriesAudit, tries

__version__ = "0.1.0"

_HOME = {
    "audit": "auditor.audit",
    "audit_files": "auditor.audit",
    "compare": "auditor.compare",
    "calibrate": "auditor.calibrate",
    "audit_counted": "auditor.counted",
    "audit_many": "auditor.batch",
    "run_batch": "auditor.batch",
    "tries": "auditor.tries",
    "Batch": "auditor.batch",
    "Audit": "auditor.result",
    "Comparison": "auditor.compare",
    "Calibration": "auditor.calibrate",
    "TriesAudit": "auditor.tries",
    "AuditorError": "auditor.errors",
    "ConfigError": "auditor.errors",
    "InputError": "auditor.errors",
    "LedgerError": "auditor.errors",
}

__all__ = [
    "Audit",
    "AuditorError",
    "Batch",
    "Calibration",
    "Comparison",
    "ConfigError",
    "InputError",
    "LedgerError",
    "TriesAudit",
    "audit",
    "audit_counted",
    "audit_files",
    "audit_many",
    "calibrate",
    "compare",
    "run_batch",
    "tries",
]


class _Package(ModuleType):
    """Keeps `auditor.audit` the function: the import system would put the module of that name in its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `import auditor` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'auditor' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
