"""What the system refuses - memory, threads, room on the disk - in our words, whichever library was refused."""

import errno
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["is_interrupt", "memory_limit", "system_failure", "write_failure"]

NO_MEMORY = ("std::bad_alloc", "Cannot allocate memory", "cannot allocate memory", "can't start new thread", "failed to map segment from shared object", "Unable to allocate")
DISK = {  # what was expected, what came, what to do
    errno.ENOSPC: ("room", "a full disk", "make room"),
    errno.EDQUOT: ("room", "a used-up quota", "make room"),
    errno.EFBIG: ("room", "a limit on the size of files", "raise it"),
    errno.EIO: ("a disk that works", "one that fails", "have it mended"),
    errno.EROFS: ("a disk that can be written to", "a read-only one", "have it mounted for writing"),
}


def memory_limit() -> int:
    """Bytes of memory that this process may use: the machine's, or its control group's, if that is less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # "max" is no limit
            found.append(int(Path(path).read_text()))
    return min(found)


def system_failure(error: BaseException, place: str | os.PathLike[str] = "") -> MemoryError | OSError | None:
    """A lack of memory or threads as MemoryError, a disk that is full, failing or read-only as OSError, each with a sentence; None for any other error.

    It looks at the causes of `error` too; `place` is what was being written: a path, or words.
    """
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            break
        failure = _memory_failure(seen) or _disk_failure(seen, place if isinstance(place, str) else f"'{os.fspath(place)}'")
        if failure is not None:
            return failure
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return None


def write_failure(error: BaseException, place: str | os.PathLike[str]) -> BaseException | None:
    """As `system_failure`, for what was raised while `place` was written: DuckDB's interrupt is a KeyboardInterrupt, any other error of it an OSError."""
    if is_interrupt(error):
        return KeyboardInterrupt()
    failure = system_failure(error, place)
    if failure is None and _is_duckdbs(error):
        return OSError(f"expected '{os.fspath(place)}' to be written, got an error from its writer: {_first_line(str(error))}; write somewhere else, or run it again with --debug")
    return failure


def is_interrupt(error: BaseException) -> bool:
    """Is it what DuckDB makes of an interrupted query?"""
    return type(error).__name__ == "InterruptException" or (isinstance(error, RuntimeError) and "Query interrupted" in str(error))


def _memory_failure(error: BaseException) -> MemoryError | None:
    text = str(error)
    if isinstance(error, MemoryError) and text.startswith("not enough memory"):
        return error
    foreign = isinstance(error, (ImportError, RuntimeError, OSError, SystemError)) or _is_duckdbs(error)
    threads = isinstance(error, RuntimeError) and os.strerror(errno.EAGAIN) in text
    out = (type(error).__name__ == "OutOfMemoryException" or text.startswith("Out of Memory Error")) and "max_temp_directory_size" not in text
    if not (isinstance(error, MemoryError) or out or threads or (foreign and any(words in text for words in NO_MEMORY))):
        return None
    detail = _first_line(text.removeprefix("Out of Memory Error:"))
    return MemoryError(f"not enough memory{f': {detail}' if detail else ''}; use fewer rows, columns or units, or a machine with more")


def _disk_failure(error: BaseException, place: str) -> OSError | None:
    text = str(error)
    if isinstance(error, OSError):
        number = error.errno
        place = place or (f"'{error.filename}'" if error.filename else "")
    elif _is_duckdbs(error):
        number = next((number for number in DISK if os.strerror(number) in text), errno.ENOSPC if "max_temp_directory_size" in text else None)
    else:
        return None
    if number not in DISK:
        return None
    if isinstance(error, OSError) and error.strerror is None:
        return error  # has its sentence
    expected, came, remedy = DISK[number]
    where = place or "what is written"
    failure = OSError(f"expected {expected} for {where}, got {came} ({os.strerror(number)}); {remedy}, or write somewhere else")
    failure.errno = number
    return failure


def _is_duckdbs(error: BaseException) -> bool:
    return type(error).__module__.lstrip("_").split(".")[0] == "duckdb"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:200]
