"""A source of any kind as one DuckDB table `raw`, as it was, and SQL expressions that clean and convert its columns.

DuckDB spills to disk beyond its memory limit, so a table may be larger than memory; it is read back in pieces.
"""

import math
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from normexp._checks import did_you_mean, listing
from normexp._system import is_interrupt, system_failure
from normexp._temporary import TemporaryFolder
from normexp.errors import DataError
from normexp.tables._csv import header_of, start_of
from normexp.tables._examples import EXAMPLES, example

if TYPE_CHECKING:
    pass

__all__ = ["COLUMNS_A_QUERY", "Database", "quoted", "text"]

COLUMNS_A_QUERY = 16  # every expression of a query holds a buffer
SMALL = 32 << 20  # bytes; larger sources may spill to disk
FILE_COLUMN = "normexp source file"  # only where a glob named several files


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string as SQL."""
    return "'" + value.replace("'", "''") + "'"


class Database:
    """One source, loaded; `types` maps column names to DuckDB types. Close it, or use it as a context."""

    def __init__(self, source: object) -> None:
        import duckdb

        self.temporary = TemporaryFolder()
        self.folder = str(self.temporary.path)
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(":memory:", config={"temp_directory": os.path.join(self.folder, "spill")})
        self.label = ""
        self.plain_numbers: set[str] = set()  # text columns whose every cell is a number or nothing
        try:
            self._load(source)
            described = self.fetch("DESCRIBE raw")
        except BaseException:
            self.close()
            raise
        self.types: dict[str, str] = {row[0]: row[1] for row in described if row[0] != FILE_COLUMN}
        self.has_files = len(described) > len(self.types)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            self.connection.close()
        finally:
            self.temporary.close()

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.execute(query).fetchall()
        return rows

    def execute(self, query: str) -> Any:
        """Run SQL; DuckDB's errors become ours, an interrupted query a KeyboardInterrupt."""
        import duckdb

        try:
            return self.connection.execute(query)
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from error
            if (failure := system_failure(error, "temporary files")) is not None:
                raise failure from error
            if not isinstance(error, duckdb.Error):
                raise
            raise _explained(error, self.label) from error

    def _load(self, source: object) -> None:
        if isinstance(source, (str, os.PathLike)):
            self._load_named(os.fspath(source))
        else:
            self.label = "the data frame"
            self._load_columns(source)

    def _load_columns(self, source: object) -> None:
        import narwhals.stable.v2 as nw

        if isinstance(source, np.ndarray):
            if source.ndim != 2:
                raise DataError(f"expected a table with rows and columns, got an array of shape {source.shape}; reshape it")
            source = {f"x{i}": source[:, i] for i in range(source.shape[1])}
        if not isinstance(source, Mapping) and nw.dependencies.is_into_dataframe(source):
            source = _numpy_columns(nw.from_native(source, eager_only=True))
        elif not isinstance(source, Mapping) and not hasattr(source, "__arrow_c_stream__"):
            raise TypeError(f"expected a path, a data frame or an array, got {type(source).__name__}")
        if isinstance(source, Mapping) and not source:
            raise DataError("expected a table with columns, got none")
        self.connection.register("registered", source)
        self.execute("CREATE TEMP TABLE raw AS SELECT * FROM registered")
        self.connection.unregister("registered")

    def _load_named(self, name: str) -> None:
        self.label = name
        if name.startswith("example:"):
            self._load_columns(example(name.removeprefix("example:")))
        elif name == "-":
            self.label = "standard input"
            copy = Path(self.folder, "stdin")
            with copy.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            self._load_files([copy])
            copy.unlink()
        elif "::" in name:
            self._attach(*name.split("::", 1))
        else:
            self._load_files(self._paths(name))

    @staticmethod
    def _paths(name: str) -> list[Path]:
        path = Path(name)
        if path.is_dir():
            raise DataError(f"expected a file, got the folder '{name}'; name the files, for example '{name}/*.csv'")
        paths = [path] if path.exists() else sorted(Path(found) for found in glob(name, recursive=True))
        if not paths:
            near = did_you_mean(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
            raise DataError(f"expected a table, got '{name}', which does not exist{near}; give a path, a glob, FILE.duckdb::TABLE, - or example:{'|'.join(EXAMPLES)}")
        return paths

    def _load_files(self, paths: list[Path]) -> None:
        size = sum(path.stat().st_size for path in paths)
        if size > SMALL:
            self.execute(f"SET memory_limit = '{min(max(size // 8 >> 20, 150), 4096)}MB'")
        several = ", filename = " + text(FILE_COLUMN) if len(paths) > 1 else ""
        names = "[" + ", ".join(text(str(path)) for path in paths) + "]"
        start = start_of(paths[0], 512)
        if start.startswith(b"PAR1"):
            reader = f"read_parquet({names}{several})"
        elif paths[0].name.removesuffix(".gz").endswith((".jsonl", ".ndjson", ".json")) or (paths[0].name == "stdin" and start.lstrip().startswith(b"{")):
            reader = f"read_json({names}, format = 'newline_delimited'{several})"
        else:
            reader = _csv_reader(paths, names, several)
        self.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM {reader}")

    def _attach(self, path: str, table: str) -> None:
        if not Path(path).is_file():
            raise DataError(f"expected a DuckDB file, got '{path}', which does not exist")
        self.execute(f"ATTACH {text(path)} AS source (READ_ONLY)")
        tables = [row[0] for row in self.fetch("SELECT table_name FROM information_schema.tables WHERE table_catalog = 'source'")]
        if table not in tables:
            raise DataError(f"expected a table of {path}, got '{table}'; it has {listing(tables)}{did_you_mean(table, tables)}")
        self.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM source.{quoted(table)}")
        self.execute("DETACH source")

    def clean(self, name: str, missing: Sequence[str]) -> str:
        """SQL for a column's value with every form of missing as NULL, text trimmed."""
        column, kind = quoted(name), self.types[name]
        if kind in ("VARCHAR", "JSON") or kind.startswith("ENUM"):
            trimmed = f"trim({column}::VARCHAR, ' \t\r')"
            return f"CASE WHEN lower({trimmed}) IN ({', '.join(text(word.lower()) for word in missing)}) THEN NULL ELSE {trimmed} END"
        if kind in ("FLOAT", "DOUBLE"):
            return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
        return column

    def number(self, name: str, missing: Sequence[str]) -> str:
        """SQL for a column's value as DOUBLE, NULL where it is missing or not a number."""
        if name not in self.plain_numbers:
            return f"try_cast({self.clean(name, missing)} AS DOUBLE)"
        value = f"try_cast({quoted(name)} AS DOUBLE)"
        return f"CASE WHEN isnan({value}) THEN NULL ELSE {value} END"

    def find_plain_numbers(self, names: Sequence[str], missing: Sequence[str]) -> None:
        """Note which text columns need no cleaning: their numbers are then read several times faster."""
        if any(_is_number(word) for word in missing):
            return
        texts = [name for name in names if self.types[name] == "VARCHAR"]
        for first in range(0, len(texts), COLUMNS_A_QUERY):
            some = texts[first : first + COLUMNS_A_QUERY]
            counts = ", ".join(f"count({quoted(name)}) = count(try_cast({quoted(name)} AS DOUBLE)) AND count({quoted(name)}) > 0" for name in some)
            self.plain_numbers |= {name for name, plain in zip(some, self.fetch(f"SELECT {counts} FROM raw")[0], strict=True) if plain}

    def place(self, cell: str, condition: str, where: str) -> tuple[int, str, Any]:
        """Row number (from 1, in its file), file and cell of the first kept row that fulfils a condition."""
        file = quoted(FILE_COLUMN) if self.has_files else text(self.label)
        row, name, value = self.fetch(f"SELECT rowid, {file}, {cell} FROM raw {where + ' AND' if where else 'WHERE'} {condition} ORDER BY rowid LIMIT 1")[0]
        before = self.fetch(f"SELECT min(rowid) FROM raw WHERE {file} = {text(name)}")[0][0] if self.has_files else 0
        return row - before + 1, name, value


def _is_number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False


def _numpy_columns(frame: Any) -> dict[str, np.ndarray[Any, Any]]:
    import narwhals.stable.v2 as nw

    columns: dict[str, np.ndarray[Any, Any]] = {}
    for name in frame.columns:
        if not isinstance(name, str):
            raise TypeError(f"expected column names that are strings, got {name!r}; rename the columns, for example frame.columns = frame.columns.astype(str)")
        series = frame[name]
        if series.dtype.is_numeric() or series.dtype.is_temporal():
            columns[name] = series.to_numpy()
        elif series.dtype == nw.Boolean and not series.is_null().any():
            columns[name] = series.to_numpy().astype(bool)
        else:
            values, nulls = series.to_list(), series.is_null().to_list()
            columns[name] = np.empty(len(values), object)
            columns[name][:] = [None if null else str(value) for value, null in zip(values, nulls, strict=True)]
    return columns


def _csv_reader(paths: list[Path], names: str, several: str) -> str:
    separator, columns = header_of(paths[0])
    for path in paths[1:]:
        if (other := header_of(path)[1]) != columns:
            raise DataError(f"expected the columns of {paths[0]} in every file, got {listing(other)} ({path})")
    typed = ", ".join(f"{text(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({names}, auto_detect = false, header = true, delim = {text(separator)}, quote = '\"', escape = '\"', "
        f"columns = {{{typed}}}{several})"
    )


def _explained(error: Exception, label: str) -> DataError:
    """DuckDB's complaint in our grammar."""
    message = str(error)
    line = re.search(r"Line: (\d+)", message)
    where = f"{label}, line {line[1]}" if line else label
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if counts:
        return DataError(f"expected {counts[1]} columns in every row, got {counts[2]} ({where}); mend the row, or quote cells that contain the separator")
    if "not utf-8" in message.lower() or "invalid unicode" in message.lower():
        return DataError(f"expected a UTF-8 file, got other bytes ({where}); convert it, for example: iconv -f latin1 -t utf-8")
    if "unterminated quote" in message:
        return DataError(f"expected a closing quote, got none ({where}); mend the row")
    first = next((part for part in message.splitlines() if part.strip()), "no reason given")
    return DataError(f"expected a readable table, got an error from its reader ({where}): {first}")
