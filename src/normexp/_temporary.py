"""Temporary files and folders that neither an interrupt nor a kill leaves behind.

A name is chosen and noted before anything is made, so whatever is raised afterwards finds it noted; what a killed process left behind is swept by
the next one. A name says whose it is: the place (machine and numbering of processes), the process, when that process started, something random.
"""

import atexit
import os
import re
import shutil
import stat
import tempfile
import weakref
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["TemporaryFolder", "keep_name", "own_name", "release", "remove_owned", "sweep"]

PREFIX = "normexp-"
_owned: dict[str, int] = {}  # path -> process; a forked child has a copy


class TemporaryFolder:
    """A folder of this process alone, in the system's place for them (TMPDIR); gone once closed, dropped or at exit.

    `path` is the folder. The leftovers of dead processes are swept first.
    """

    def __init__(self) -> None:
        parent = _parent()
        sweep(parent, PREFIX)
        self.path = Path(parent, own_name(PREFIX))
        self._dropped = weakref.finalize(self, release, self.path)
        keep_name(self.path)
        self.path.mkdir(mode=0o700)

    def __enter__(self) -> "TemporaryFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder and what is in it; a second time does nothing."""
        release(self.path)
        self._dropped.detach()  # interrupted before: it is removed when dropped


def own_name(before: str, after: str = "") -> str:
    """A name that says that this process owns it."""
    return f"{before}{_place()}-{os.getpid()}-{_started(os.getpid())}-{os.urandom(4).hex()}{after}"


def keep_name(path: Path) -> None:
    """Note what is about to be made: it is removed at exit, or by a signal that ends the process, if it has not been released."""
    _owned[str(path)] = os.getpid()


def release(path: Path) -> None:
    """Remove it, if it is there and this process's own."""
    if _owned.get(str(path)) == os.getpid():
        _remove(str(path))
        _owned.pop(str(path), None)


@atexit.register
def remove_owned() -> None:
    """Remove all that this process has made and not released; a parent's is left alone."""
    for path in list(_owned):
        release(Path(path))


def sweep(folder: str | os.PathLike[str], before: str, after: str = "") -> None:
    """Remove what dead processes of the same user left in a folder under names by `own_name(before, after)`."""
    name = re.compile(re.escape(before) + _place() + r"-([1-9]\d{0,8})-(\d{1,20})-[0-9a-f]{8}" + re.escape(after))
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = name.fullmatch(entry.name)
            if found and _started(int(found[1])) != int(found[2]) and _is_ours(entry.path):
                _remove(entry.path)


def _parent() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"expected a folder for temporary files, got none that can be written to ({error.strerror}); make room, or set TMPDIR to another") from error


def _is_ours(path: str) -> bool:
    """A file or folder, not a link, of this user."""
    try:
        found = os.lstat(path)
    except OSError:
        return False  # another sweeper was faster
    return found.st_uid == os.geteuid() and (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode))


def _remove(path: str) -> None:
    for _ in range(5):  # a thread may still write into it
        with suppress(OSError):
            Path(path).unlink()
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return


@cache
def _place() -> str:
    """Machine and numbering of processes: elsewhere, in a container for example, the same number is another process, whose things must not be swept."""
    try:
        numbering = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        numbering = ""
    return f"{zlib.crc32(f'{os.uname().nodename} {numbering}'.encode()):08x}"


def _started(process: int) -> int | None:
    """When a living process started, in the system's ticks (0 where it does not say); None if it has ended."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return None if state in (b"Z", b"X") else int(fields[18])
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0
