"""A file's bytes: the first ones, unpacked where it is gzipped, and a copy in our own folder up to a limit."""

import gzip
import shutil
from pathlib import Path
from typing import IO

from normexp.errors import DataError

__all__ = ["CHUNK", "HEAD", "copied", "is_gzipped", "opened", "start_of"]

HEAD, CHUNK = 1 << 16, 1 << 20
MOST_STREAMED = 8 << 30  # bytes of a pipe or of what an archive unpacks to, so that an endless one ends


def is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzipped."""
    return gzip.open(path) if is_gzipped(path) else path.open("rb")  # type: ignore[return-value]


def start_of(path: Path, size: int, label: str | None = None) -> bytes:
    with opened(path) as file:
        try:
            return file.read(size)
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise DataError(f"expected a gzipped table, got a damaged file ({label or path}): {error}; pack it again") from error


def copied(stream: IO[bytes], copy: Path, label: str) -> None:
    """Into a file of ours, up to a limit."""
    most = min(MOST_STREAMED, shutil.disk_usage(copy.parent).free // 2)
    n = 0
    with copy.open("wb") as file:
        while chunk := stream.read1(CHUNK) if hasattr(stream, "read1") else stream.read(CHUNK):
            n += len(chunk)
            if n > most:
                raise DataError(f"expected a stream of at most {most >> 20} MiB, got more ({label}); write it to a file first")
            file.write(chunk)
    if n == 0:
        raise DataError(f"expected a table with a header row, got an empty file ({label})")
