"""From the name of a table to its rows: paths, globs, standard input, pipes, databases, examples."""

import errno
import os
import stat
import sys
from glob import glob
from pathlib import Path
from typing import IO

from normexp._checks import did_you_mean
from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables.sources._database import Database
from normexp.tables.sources._examples import EXAMPLES, example
from normexp.tables.sources.files._arrow import load_arrow
from normexp.tables.sources.files._bytes import copied, start_of
from normexp.tables.sources.files._databases import open_table, without_table
from normexp.tables.sources.files._kinds import kind_of_file
from normexp.tables.sources.files._loading import load
from normexp.tables.sources.memory import Frame

__all__ = ["open_named", "paths_of"]


def open_named(name: str, options: Options) -> Database | Frame:
    """The rows of a table by its name."""
    if name.startswith("example:"):
        return Frame(example(name.removeprefix("example:")), name)
    if name == "-":
        return _streamed(sys.stdin.buffer, "standard input", options)
    if "\0" in name:
        raise DataError("expected the name of a table, got one with a zero byte")
    if "::" in name and not os.path.lexists(name) and not glob(name, recursive=True):
        path, _, table = name.partition("::")
        return open_table(path, table, options.encoding)
    paths = paths_of(name)
    if len(paths) == 1 and not stat.S_ISREG(mode := paths[0].stat().st_mode):
        if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not _is_terminal(paths[0])):
            raise DataError(f"expected a file or a pipe, got a device ({name})")
        with paths[0].open("rb") as file:
            return _streamed(file, name, options)
    return _from_files(paths, name, options)


def _is_terminal(path: Path) -> bool:
    with path.open("rb", buffering=0) as file:
        return file.isatty()


def paths_of(name: str) -> list[Path]:
    """The files that a path or a glob stands for, in their order; raises DataError where there is none."""
    path = Path(name)
    if path.is_dir():
        raise DataError(f"expected a file, got the folder '{name}'; name the files, for example '{name.rstrip('/')}/*.csv'")
    try:
        paths = [path] if path.exists() else sorted(Path(found) for found in glob(name, recursive=True))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        paths = []
    if not paths:
        near = did_you_mean(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
        raise DataError(f"expected a table, got '{name}', which does not exist{near}; give a path, a glob, FILE.duckdb::TABLE, - or example:{'|'.join(EXAMPLES)}")
    folder = next((found for found in paths if found.is_dir()), None)
    if folder is not None:
        raise DataError(f"expected files, got the folder '{folder}' ({name}); name the files, for example '{folder}/*.csv'")
    if len(paths) > 1 and (odd := next((found for found in paths if not found.is_file()), None)):
        raise DataError(f"expected files, got '{odd}', which is none ({name})")
    return paths


def _streamed(stream: IO[bytes], label: str, options: Options) -> Database | Frame:
    """A pipe's rows, by way of a copy in our own folder."""
    database = Database(label)
    try:
        copy = Path(database.folder.path, "stream")
        copied(stream, copy, label)
        return load(database, [copy], label, options)
    except BaseException:
        database.close()
        raise


def _from_files(paths: list[Path], label: str, options: Options) -> Database | Frame:
    start = start_of(paths[0], 512)
    kind = kind_of_file(paths[0], start)
    if kind == "database":
        raise without_table(paths[0], start)
    if kind == "arrow":
        return load_arrow(paths, label, options)
    database = Database(label, paths, memory=options.memory)
    return load(database, paths, label, options)
