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
from normexp._temporary import TemporaryFolder
from normexp.tables.sources._cells import Cells, Instants, Numbers
from normexp.tables.sources._complaints import explained
from normexp.tables.sources._sql import expression, kind_of, literal

__all__ = ["Database"]

COLUMNS_A_QUERY = 4, 512  # few where rows are many: a query holds a buffer for every column
CELLS_A_QUERY = 1 << 19
SMALL = 32 << 20  # bytes; larger sources may spill to disk


class Database:
    """A DuckDB in memory with one table `raw`, which a loader makes; closed by `close`.

    It is shut in from the start: it can read the given files and our own folder, and a database file that is attached as `source`.
    """

    def __init__(self, label: str, files: Sequence[Path] = (), attach: Path | None = None, memory: int = 0) -> None:
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
                most = min(memory // 3 >> 20, 4096) if memory else 4096
                self.execute(f"SET memory_limit = '{max(min(n_bytes // 8 >> 20, most), 150)}MB'")
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


def _cells(column: Any, kind: str, labels: bool) -> Cells:
    if not isinstance(column, tuple):
        return column
    type_, values, missing = column
    if type_ == "b":
        return Numbers(values.astype(bool), missing)
    return Instants(values, missing) if kind == "date" and not labels else Numbers(values, missing)
