"""A path comes in; the bytes of the file go out, unpacked, or a refusal: no device, no bomb, nothing half written."""

from __future__ import annotations

import functools
import io
import os
import select
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

from auditor.errors import InputError

LARGEST = 1 << 31
"""Bytes of a table of text, unpacked. Its cells take some ten times as much memory."""

FLOOR, RATIO = 1 << 24, 200
"""A packed file may unpack to FLOOR bytes whatever its size, and to RATIO times its size above that."""

PATIENCE = 5.0
"""Seconds for which a named pipe may have no writer."""

_PART = 1 << 20

P = ParamSpec("P")
R = TypeVar("R")


def content(path: Path, *, name: str, largest: int = LARGEST, packed: str = "") -> bytes:
    """Read a file whole, unpacked.

    name      what messages call it
    largest   bytes, unpacked, above which it is refused before it is read
    packed    ".gz" or ".zst" where it is
    errors    InputError for what is no file or pipe, cannot be read or unpacked, is too large, unpacks to more than
              RATIO times its size, or is written to at the same time
    """
    try:
        if path.is_fifo():
            raw = _piped(path, name, largest)
            return _whole(io.BytesIO(raw), len(raw), packed, name, largest)
        if not path.is_file():
            raise InputError(f"{name}: is a device or a socket, not a file.")
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            data = _whole(file, before.st_size, packed, name, largest)
            refuse_changed(before, os.fstat(file.fileno()), name)
            return data
    except MemoryError as error:
        raise InputError(f"{name}: does not fit in memory.") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{name}: cannot be read ({reason}).") from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":  # named without the import, which may not be there
            raise InputError(f"{name}: cannot be read ({error}).") from error
        raise


def refuse_changed(before: os.stat_result, after: os.stat_result, name: str) -> None:
    """Refuse a file that was written to between two looks: its last line may be half of one."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(f"{name}: changed while it was read. Wait until it is written, or give a copy.")


def in_memory(read: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Make a reader say that its source does not fit in memory, wherever it was that memory ended."""

    @functools.wraps(read)
    def reader(source: Any, /, *args: P.args, **options: P.kwargs) -> R:
        try:
            return read(source, *args, **options)
        except MemoryError as error:
            named = os.path.basename(os.fspath(source)) if isinstance(source, str | os.PathLike) else "the frame"
            raise InputError(f"{named!s}: does not fit in memory. Leave out columns that are not needed.") from error

    return reader


def _piped(path: Path, name: str, largest: int) -> bytes:
    """Read a named pipe, or the one behind /dev/stdin, to its end; a plain open would wait for a writer for ever."""
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(pipe, "rb", buffering=0) as file:
        end, first, left = time.monotonic() + PATIENCE, b"", select.poll()
        left.register(pipe, select.POLLIN)
        while not first:
            try:
                first = os.read(pipe, _PART)
            except BlockingIOError:  # a writer is there and has written nothing yet: it may take as long as it likes
                break
            if not first and left.poll(0):  # a writer was there and has left
                break
            if not first and time.monotonic() > end:
                raise InputError(
                    f"{name}: is a pipe that nothing writes to. Start the program that writes to it first."
                )
            time.sleep(0 if first else 0.02)
        os.set_blocking(pipe, True)
        return first + bounded(file, name, largest, largest)


def _unpacked(file: IO[bytes], packed: str, name: str) -> Any:
    if packed == ".gz":
        import gzip

        return gzip.open(file)
    if packed == ".zst":
        try:
            import zstandard
        except ImportError as error:
            raise InputError(
                f"{name}: reading .zst needs zstandard: pip install auditor[parquet], or unpack it."
            ) from error
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return file


def _whole(file: IO[bytes], size: int, packed: str, name: str, largest: int) -> bytes:
    """Read an open file of this size to its end, unpacked."""
    if size > largest:
        raise _too_large(name, largest)
    limit = min(largest, max(FLOOR, RATIO * size)) if packed else largest
    return bounded(_unpacked(file, packed, name), name, limit, largest)


def bounded(file: Any, name: str, limit: int, largest: int) -> bytes:
    """Read an open file to its end, whatever it says of its own size, or refuse it beyond `limit` bytes."""
    parts, size = [], 0
    while part := file.read(_PART):
        size += len(part)
        if size > limit:
            if limit == largest:
                raise _too_large(name, largest)
            raise InputError(
                f"{name}: unpacks to more than {limit >> 20} MiB, over {RATIO} times its size, as a table hardly does. "
                "If it is one, unpack it first and give the plain file."
            )
        parts.append(bytes(part))
    return b"".join(parts)


def _too_large(name: str, largest: int) -> InputError:
    return InputError(
        f"{name}: unpacks to more than {largest >> 20} MiB. Leave out what is not needed, or write it as Parquet."
    )
