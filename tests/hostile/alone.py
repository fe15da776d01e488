"""Read one file in a process of its own, with bounded memory, and say what came of it: alone.py READER PATH."""

import json
import resource
import sys
import time
from pathlib import Path

MEMORY = 4 << 30  # of address space, most of which libraries reserve and never touch


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from auditor.errors import AuditorError
    from auditor.inputs.counts import read_counts
    from auditor.inputs.returns import read_returns, read_streams
    from auditor.inputs.trades import read_trades

    read = {
        "returns": lambda path: read_returns(path, role="base"),
        "streams": lambda path: read_streams(path, role="known"),
        "trades": lambda path: read_trades(path, role="base trades"),
        "counts": read_counts,
    }[sys.argv[1]]
    begin, message = time.process_time(), None
    try:
        read(Path(sys.argv[2]))
    except AuditorError as error:
        message = str(error)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"refused": message, "seconds": seconds, "mebibytes": peak}))


if __name__ == "__main__":
    main()
