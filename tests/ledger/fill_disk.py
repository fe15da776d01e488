"""Write looks until no more fit: fill_disk.py URL [BYTES]; BYTES is what a file may hold, else the disk is small."""

from __future__ import annotations

import resource
import signal
import sys

from write_looks import looks

from auditor.errors import LedgerError
from auditor.ledger.store import Ledger

url, *limit = sys.argv[1:]
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
kept = 0
try:
    for number in looks(Ledger(url), "full", 10_000):
        kept = number
except LedgerError as error:
    print(kept)
    print(error)
