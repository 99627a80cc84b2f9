"""A delimited text file's header, read before DuckDB sees it: separator, names, and what is wrong with either."""

import csv
import gzip
import io
from collections import Counter
from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError

__all__ = ["header_of", "is_gzipped", "start_of"]

SEPARATORS = ",;\t|"


def is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def start_of(path: Path, size: int = 1 << 16) -> bytes:
    """The first bytes, unpacked."""
    if not is_gzipped(path):
        with path.open("rb") as file:
            return file.read(size)
    try:
        with gzip.open(path, "rb") as file:
            return file.read(size)
    except (OSError, EOFError) as error:
        raise DataError(f"expected a gzipped table, got a damaged file ({path}): {error}; pack it again") from error


def header_of(path: Path) -> tuple[str, list[str]]:
    """Separator and column names of a UTF-8 text file."""
    size = 1 << 16
    start = start_of(path, size)
    while b"\n" not in start and len(start) == size:  # a header of very many columns
        size *= 4
        start = start_of(path, size)
    if not start.strip():
        raise DataError(f"expected a table with a header row, got an empty file ({path})")
    if b"\0" in start:
        raise DataError(f"expected a text table (CSV or TSV), got a binary file ({path}); Parquet and DuckDB files need the endings .parquet and .duckdb")
    text = start[: start.rfind(b"\n") + 1 or None]
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"expected a UTF-8 file, got other bytes at offset {error.start} ({path}); convert it, for example: iconv -f latin1 -t utf-8") from error
    first = lines.splitlines()[0]
    counts = {separator: first.count(separator) for separator in SEPARATORS}
    separator = "\t" if path.name.endswith((".tsv", ".tsv.gz")) else max(SEPARATORS, key=lambda s: counts[s])
    names = [name.strip() for name in next(csv.reader(io.StringIO(lines), delimiter=separator))]
    _check_names(names, path)
    return separator, names


def _check_names(names: list[str], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise DataError(f"expected distinct column names, got {listing(twice)} more than once ({path}, header); rename one of each")
    if "" in names:
        raise DataError(f"expected a name for every column, got none for column {names.index('') + 1} ({path}, header); name it or remove it")
