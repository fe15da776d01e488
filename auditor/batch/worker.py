"""A process of the local pool: pickled jobs come in on stdin, what came of them goes out on stdout.

Started by `pool.py` as a program of its own, so that neither the caller's main module is run again nor anything but a
closed pipe is needed to end it: when the program that started it is gone, its stdin is at its end.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")


def send(pipe: BinaryIO, value: Any) -> None:
    """Write one value: its length, and its pickle."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Any:
    """Read one value; EOFError where the other side is gone. Only ever read from a process of one's own."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (size,) = LENGTH.unpack(head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301  # the other end of this pipe is the program that started this one


def main() -> None:
    """Do jobs until there are no more."""
    # Ctrl-C is for the program in front, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs = sys.stdin.buffer
    try:
        while True:
            send(answers, _answered(jobs))
    except (EOFError, BrokenPipeError):
        pass


def _answered(jobs: BinaryIO) -> Any:
    from auditor.batch.jobs import Done, perform

    try:
        task, job = receive(jobs)
    except EOFError:
        raise
    except Exception as error:  # a frame of a class that this process cannot import
        return Done(error=f"cannot be read by a worker ({error}): pass a Series, a DataFrame or a path")
    return perform(task, job)


if __name__ == "__main__":
    main()
