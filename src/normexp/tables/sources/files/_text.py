"""A delimited text file into the database."""

from pathlib import Path

from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables.sources._database import Database
from normexp.tables.sources._sql import literal
from normexp.tables.sources.files._bytes import HEAD, is_gzipped, start_of
from normexp.tables.sources.files._cleaning import PLAIN, cleaned, has_carriage_returns, has_tabs, needs_copy
from normexp.tables.sources.files._delimited import Delimited, delimited

__all__ = ["load_text"]

MOST_HEAD = 1 << 26


def load_text(database: Database, path: Path, label: str, i: int, options: Options) -> list[str]:
    """A delimited text file; written anew first where its dress needs it, or where DuckDB stumbles over its line ends."""
    start = start_of(path, HEAD)
    encoding = needs_copy(start, options.encoding)
    if encoding in (None, PLAIN) and b"\0" in start:
        raise DataError(f"expected a text table (CSV or TSV), got a binary file ({label}); Parquet, DuckDB, SQLite, JSON lines and gzip are known by their first bytes")
    if encoding is not None:
        path = cleaned(database, path, encoding, label, i)
    try:
        names = _load_clean(database, path, label, i, options)
    except DataError:
        if encoding is not None or not has_carriage_returns(path):
            raise
        path = cleaned(database, path, PLAIN, label, i)
        names = _load_clean(database, path, label, i, options)
    if path.parent == database.folder.path and path.name.startswith("clean"):
        path.unlink()
    return names


def _load_clean(database: Database, path: Path, label: str, i: int, options: Options) -> list[str]:
    head = _head(path, label, options)
    database.hint = head.looks_headless
    names = list(head.names)
    typed = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(names)))
    packed = "gzip" if is_gzipped(path) else "none"
    line_end = {"": "", "\n": ", new_line = '\\n'", "\r\n": ", new_line = '\\r\\n'"}[head.line_end]
    query = (
        f"SELECT * FROM read_csv({database.own_path(path, i)}, auto_detect = false, header = false, skip = {head.skip}, delim = {literal(head.separator)}, "
        f"quote = '\"', escape = '\"', hive_partitioning = false, compression = '{packed}', columns = {{{typed}}}{line_end})"
    )
    if i and len(database.fetch("DESCRIBE raw")) != len(names):
        return names
    database.insert(query, len(names), i)
    return names


def _head(path: Path, label: str, options: Options) -> Delimited:
    """The header, read as far as it goes."""
    size = HEAD
    while True:
        start = start_of(path, size)
        whole = len(start) < size
        if whole or b"\n" in start[: size // 2] or size >= MOST_HEAD:
            return delimited(start, whole, label, has_tabs(path), options.header)
        size *= 4
