"""Where results go: refused before the work, not after it, if they could not be written."""

import os
from collections.abc import Iterable
from glob import glob
from pathlib import Path

__all__ = ["writable"]


def writable(path: Path, content: str, kept: Iterable[str | Path] = ()) -> Path:
    """The path of a file that is about to be made, if it can be; `content` names what goes into it, `kept` are inputs and other outputs, which it must not replace."""
    for other in (file for name in kept for file in _files(str(name))):
        if path.resolve() == Path(other).resolve() or (path.exists() and Path(other).exists() and path.samefile(other)):
            raise FileExistsError(f"expected another file to write the {content} to than '{other}', which is read or written too; choose one with a name of its own")
    if path.is_dir():
        raise IsADirectoryError(f"expected a file to write the {content} to, got the folder '{path}'")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"expected a file to write the {content} to, got '{path}', which is a device or a pipe; choose another name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"expected a folder to write {path.name} into, got '{path.parent}', which does not exist; create it first")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"expected a folder that can be written to, got '{path.parent}', which is read-only")
    return path


def _files(name: str) -> list[str]:
    """What a table's name stands for: itself, the file before ::, the files of a glob."""
    if os.path.lexists(name):
        return [name]
    return [name, name.partition("::")[0], *glob(name, recursive=True)]
