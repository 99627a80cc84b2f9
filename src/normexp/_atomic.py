"""Files that are whole or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from normexp._system import write_failure
from normexp._temporary import keep_name, own_name, release, sweep

__all__ = ["replaced"]

MOST_OF_A_NAME, MOST_OF_AN_ENDING = 150, 40  # bytes: a name has at most 255, ours adds up to 50


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends well, and vanishes when it does not.

    What killed processes left there of earlier attempts is swept. A full disk is said in our words, whoever wrote.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"expected a folder to write {path.name} into, got '{path.parent}', which does not exist; create it first")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"expected a file to replace, got '{path}', which is none; choose another name")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    before = f".{os.fsencode(path.name)[:MOST_OF_A_NAME].decode(errors='ignore')}."
    after = path.suffix if len(os.fsencode(path.suffix)) <= MOST_OF_AN_ENDING else ""
    sweep(path.parent, before, after)
    temporary = path.with_name(own_name(before, after))
    keep_name(temporary)
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except Exception as error:
        failure = write_failure(error, path)
        if failure is None or failure is error:
            raise
        raise failure from error
    finally:
        release(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
