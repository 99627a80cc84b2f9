"""Rows of a file in DuckDB, which reads, compresses and spills to disk; nothing of the file ever becomes a name or a value of its SQL.

Columns are c0, c1, … there; names, places and rules live in Python. The database is shut in: no network, no extension, no file
but the given one, one time zone (UTC), no settings of the machine.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import normexp._native as _native
from normexp._system import is_interrupt, system_failure
from normexp._temporary import TemporaryFolder
from normexp.errors import DataError
from normexp.tables._cells import Cells, Instants, Numbers
from normexp.tables._delimited import not_utf8

__all__ = ["COLUMNS_A_QUERY", "Database", "literal"]

COLUMNS_A_QUERY = 4, 512  # few where rows are many: a query holds a buffer for every column
CELLS_A_QUERY = 1 << 19
SMALL = 32 << 20  # bytes; larger sources may spill to disk
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
WIDE_INTEGERS = ("HUGEINT", "UBIGINT", "UHUGEINT", "BIGNUM")
LEFT_OUT = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "INTERVAL", "GEOMETRY", "VARIANT")


def literal(value: str) -> str:
    """A string as SQL: for paths of our own making only."""
    return "'" + value.replace("'", "''") + "'"


class Database:
    """A DuckDB in memory with one table `raw`, which a loader makes; closed by `close`.

    It is shut in from the start: it can read the given files and our own folder, and a database file that is attached as `source`.
    """

    def __init__(self, label: str, files: Sequence[Path] = (), attach: Path | None = None) -> None:
        import duckdb

        self.label, self.names, self.kinds, self.n_rows = label, [], [], 0
        self.hint = ""  # what an error about names may add
        self.declared: set[int] = set()  # columns that are categories, whatever they hold
        self.nested: list[str] = []  # columns that hold objects or lists
        self.parts: list[tuple[int, str]] = []  # first row and name of each file
        self._types: list[str] = []
        self.folder = TemporaryFolder()
        try:
            own = {key: os.path.join(self.folder.path, key) for key in ("temp_directory", "extension_directory", "secret_directory", "home_directory")}
            self.connection = duckdb.connect(
                ":memory:",
                config={**own, "autoload_known_extensions": "false", "autoinstall_known_extensions": "false", "allow_community_extensions": "false",
                        "allow_persistent_secrets": "false", "python_enable_replacements": "false"},
            )  # fmt: skip
            self.execute("SET TimeZone = 'UTC'")
            n_bytes = sum(path.stat().st_size for path in (*files, *([attach] if attach else [])))
            if n_bytes > SMALL:
                self.execute(f"SET memory_limit = '{min(max(n_bytes // 8 >> 20, 150), 4096)}MB'")
            if attach is not None:
                self.execute(f"ATTACH {literal(str(attach.resolve()))} AS source (READ_ONLY, TYPE duckdb)")
            self._shut(files)
        except BaseException:
            self.close()
            raise

    names: list[str]
    kinds: list[str]  # "text", "number", "integer", "boolean", "date", "category", or a type that is left out

    def _shut(self, files: Sequence[Path]) -> None:
        """From here on only the files and our own folder can be read, and nothing can be set."""
        self.execute(f"SET allowed_paths = [{', '.join(literal(str(path.resolve())) for path in files if _is_utf8(str(path.resolve())))}]")
        self.execute(f"SET allowed_directories = [{literal(str(self.folder.path))}]")
        self.execute("SET enable_external_access = false")
        self.execute("SET lock_configuration = true")

    def close(self) -> None:
        try:
            if hasattr(self, "connection"):
                self.connection.close()
        finally:
            self.folder.close()

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> Any:
        """Run SQL; DuckDB's errors become ours, an interrupted query a KeyboardInterrupt."""
        with explained(self.label, str(self.folder.path)):
            return self.connection.execute(query, parameters)

    def fetch(self, query: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.execute(query, parameters).fetchall()
        return rows

    def own_path(self, path: Path, n: int) -> str:
        """A link of ours to a file, as SQL: the file's own name is never looked at for patterns, folders or endings."""
        link = Path(self.folder.path, f"source{n}")
        if path.parent != Path(self.folder.path):
            if _is_utf8(str(path.resolve())):
                link.symlink_to(path.resolve())
            else:  # DuckDB takes no other names
                shutil.copyfile(path, link)
            path = link
        return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))

    def insert(self, query: str, n_columns: int, i: int) -> None:
        """The rows of the i-th file into `raw`; where it has other types, columns get one that holds both: an insertion would round 1.5 to 2 in silence."""
        if i == 0:
            self.execute(f"CREATE TEMP TABLE raw AS {query}")
            return
        types = [row[1] for row in self.fetch("DESCRIBE raw")]
        if len(types) != n_columns:
            return
        if types == [row[1] for row in self.fetch(f"DESCRIBE {query}")]:
            self.execute(f"INSERT INTO raw {query}")
        else:
            self.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM raw UNION ALL {query}")

    def described(self, names: Sequence[str]) -> None:
        """Take note of what `raw` holds."""
        self.names = list(names)
        self._types = [row[1] for row in self.fetch("DESCRIBE raw")]
        self.kinds = [kind_of(sql_type) for sql_type in self._types]
        for i in self.declared:
            self.kinds[i] = "category"
        self.n_rows = self.fetch("SELECT count(*) FROM raw")[0][0]

    def batches(self, columns: Sequence[int], first: int = 0, stop: int | None = None, *, labels: bool = False) -> Iterator[tuple[int, int, list[Cells]]]:
        """Cells of some columns in the rows from `first` to before `stop`: (first row, number of rows, cells a column), in order, every row once.

        With `labels`, values keep the form that they have (integers beyond 2^53, days, intervals as text).
        """
        stop = self.n_rows if stop is None else min(stop, self.n_rows)
        selected = ", ".join(["rowid", *(expression(i, self.kinds[i], self._types[i], labels) for i in columns)])
        where = "" if (first, stop) == (0, self.n_rows) else f"WHERE rowid BETWEEN {int(first)} AND {int(stop) - 1}"
        with explained(self.label, str(self.folder.path)):
            stream = _native.ArrowStream(self.connection.sql(f"SELECT {selected} FROM raw {where}").__arrow_c_stream__())
        at = first
        while (batch := self._next(stream)) is not None:
            n, (numbers, *cells) = batch
            row_numbers = numbers[1]
            if n and (row_numbers[0] != at or row_numbers[-1] != at + n - 1):
                raise RuntimeError(f"expected rows {at} to {at + n - 1} from DuckDB, got {row_numbers[0]} to {row_numbers[-1]}")
            yield at, n, [_cells(column, self.kinds[i], labels) for i, column in zip(columns, cells, strict=True)]
            at += n
        if at != max(stop, first):
            raise RuntimeError(f"expected rows up to {stop} from DuckDB, got {at}")

    def _next(self, stream: Any) -> Any:
        with explained(self.label, str(self.folder.path)):
            return stream.next()

    def groups(self, columns: Sequence[int], n_rows: int) -> Iterator[list[int]]:
        """Columns in parts that fit a query."""
        least, most = COLUMNS_A_QUERY
        size = min(max(CELLS_A_QUERY // max(min(n_rows, 122_880), 1), least), most)
        for first in range(0, len(columns), size):
            yield list(columns[first : first + size])

    def place(self, row: int) -> tuple[str, int]:
        """The file of a row (counted from 0), and its number there from 1."""
        first, name = next((part for part in reversed(self.parts) if part[0] <= row), (0, self.label))
        return name, row - first + 1


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def kind_of(sql_type: str) -> str:
    """What a DuckDB type is to us."""
    if sql_type in INTEGERS or sql_type in WIDE_INTEGERS:
        return "integer"
    if sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL"):
        return "number"
    if sql_type == "BOOLEAN":
        return "boolean"
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        return "date"
    if sql_type.startswith("ENUM"):
        return "category"
    if sql_type.endswith("]") or sql_type.startswith(LEFT_OUT):
        return sql_type.split("(")[0] if sql_type.startswith(LEFT_OUT[:3]) and not sql_type.endswith("]") else sql_type
    return "text"


def expression(i: int, kind: str, sql_type: str, labels: bool) -> str:
    """SQL for a column's cells as the core takes them: text, 64-bit numbers, booleans, microseconds."""
    column = f"c{int(i)}"
    if labels:
        if kind == "number" and sql_type == "DOUBLE":  # FLOAT as text: 0.1 is not 0.10000000149
            return f"{column}::DOUBLE"
        return column if kind == "boolean" else f"{column}::BIGINT" if sql_type in INTEGERS else f"{column}::VARCHAR"
    if kind in ("number", "integer"):
        return f"{column}::DOUBLE"
    if kind == "date":
        return f"CASE WHEN isfinite({column}) THEN epoch_us({column}{'::TIMESTAMP' if sql_type in ('TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE') else ''}) END"
    return column if kind == "boolean" else word_of(column, sql_type) if kind == "category" else f"{column}::VARCHAR"


def word_of(column: str, sql_type: str) -> str:
    """SQL for a declared category of any type as the same word that it has in a frame: 3.0 is '3', true 'True', a midnight its date."""
    if sql_type in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN {column} % 1 = 0 AND abs({column}) < 9e18 THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    if sql_type == "BOOLEAN":
        return f"CASE {column} WHEN true THEN 'True' WHEN false THEN 'False' END"
    if sql_type.startswith("TIMESTAMP"):
        return f"regexp_replace(regexp_replace({column}::VARCHAR, '[+]00$', ''), ' 00:00:00$', '')"
    return f"{column}::VARCHAR"


def _cells(column: Any, kind: str, labels: bool) -> Cells:
    if not isinstance(column, tuple):
        return column
    type_, values, missing = column
    if type_ == "b":
        return Numbers(values.astype(bool), missing)
    return Instants(values, missing) if kind == "date" and not labels else Numbers(values, missing)


class explained:
    """DuckDB's complaints in our grammar: an interrupted query is a KeyboardInterrupt, a lack of memory or of room on the disk what it is."""

    def __init__(self, label: str, folder: str = "") -> None:
        self.label, self.folder = label, folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if error is None or isinstance(error, DataError):
            return
        import duckdb

        if is_interrupt(error):
            raise KeyboardInterrupt from error
        if isinstance(error, (duckdb.Error, RuntimeError)):
            raise system_failure(error, "temporary files") or complaint(error, self.label, self.folder) from error


def first_line(error: BaseException | str) -> str:
    return next((part for part in str(error).splitlines() if part.strip()), "no reason given")


def complaint(error: BaseException, label: str, folder: str) -> Exception:
    """What DuckDB says of a file, which it knows by a link of ours."""
    message = re.sub(re.escape(folder) + r"/[\w.]+", lambda _: label, str(error)) if folder else str(error)
    line = re.search(r"Line: (\d+)", message)
    where = f"{label}, line {line[1]}" if line else label
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if counts:
        hint = "; if lines of a title or a comment stand before the header, remove them" if line and int(line[1]) <= 3 else ""
        return DataError(f"expected {counts[1]} columns in every row, got {counts[2]} ({where}); mend the row, or quote cells that contain the separator{hint}")
    if "not utf-8" in message.lower() or "invalid unicode" in message.lower() or "not valid utf" in message.lower():
        return not_utf8(where)
    if "unterminated quote" in message:
        return DataError(f"expected a closing quote, got none ({where}); mend the row, or if columns are apart by spaces, write them apart by commas")
    if "Malformed JSON" in message:
        return DataError(f"expected JSON that reads, got text that does not ({label}); write one object a line, or an array of objects")
    if "No magic bytes" in message or "not a Parquet file" in message or ("parquet" in message.lower() and "Invalid Input" in message):
        return DataError(f"expected a whole Parquet file, got a damaged one ({label}); write or copy it again")
    if "maximum line size" in message.lower():
        return DataError(f"expected rows of at most 2 MB, got a longer one ({where}); a quote that is never closed looks like that too")
    if "file system operations are disabled" in message:
        return DataError(f"expected a table or a view of the database's own tables, got a view that reads other files ({label}); copy what it shows into a table first")
    return DataError(f"expected a readable table, got an error from its reader ({where}): {first_line(message)}")

