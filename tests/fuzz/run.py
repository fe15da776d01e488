"""Feed readers with forged and damaged files until the time is over: python tests/fuzz/run.py --minutes 30 [READER ...]

Seeds rise from --seed, so another run with another seed sees other files. Exits with 1 at the first finding, after
hypothesis has made it small and printed it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings

from hypothesis import HealthCheck, Phase, given, seed, settings
from registry import READERS

ROUND = 200  # files between two looks at the clock
MEMORY = 6 << 30  # bytes of address space, most of which libraries only reserve


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all by default")
    parser.add_argument("--minutes", type=float, default=30, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    given_ = parser.parse_args()
    if unknown := set(given_.readers) - set(READERS):
        parser.error(f"no such reader: {', '.join(sorted(unknown))}")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("error")
    return max([one(name, given_.minutes, given_.seed) for name in given_.readers or READERS])


def one(name: str, minutes: float, start: int) -> int:
    """Fuzz one reader; 1 where something was found."""
    cases, check = READERS[name]
    begin, rounds = time.monotonic(), 0
    while time.monotonic() - begin < 60 * minutes:
        run = seed(start + rounds)(
            settings(
                max_examples=ROUND,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate, Phase.shrink),
                print_blob=True,
            )(given(cases)(check))
        )
        try:
            run()
        except BaseException:
            print(f"{name}: finding at --seed {start + rounds}", file=sys.stderr, flush=True)
            if not isinstance(sys.exception(), Exception):
                raise
            import traceback

            traceback.print_exc()
            return 1
        rounds += 1
    print(f"{name}: {rounds * ROUND} files in {(time.monotonic() - begin) / 60:.1f} minutes, nothing found", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
