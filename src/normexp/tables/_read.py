"""read(source) -> Table: one float32 matrix, filled in pieces, with targets and weights beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables._database import COLUMNS_A_QUERY, Database, text
from normexp.tables._inference import FLOAT32_MAX, beyond, classes_of, column_of, facts_of, refuse_beyond, refuse_first_cell
from normexp.tables._schema import MISSING_WORDS, Column, Schema

__all__ = ["Source", "Table", "open_source", "read"]

PIECE_ROWS = 65_536
DOUBLE_EXACT = 2**53


@dataclass(frozen=True)
class Table:
    """A table, ready for a classifier.

    `matrix` is float32 of shape (n_rows, n_matrix_columns), columns as in `schema.matrix_columns()`; `targets` are indices into `classes`;
    `row_numbers` count the source's rows from 1 where some were dropped, else None; `notes` say what was left out, dropped or counted.
    """

    schema: Schema
    matrix: NDArray[np.float32]
    targets: NDArray[np.int32] | None = None
    classes: NDArray[Any] | None = None
    weights: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    row_numbers: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: NDArray[np.int64]) -> "Table":
        """Some of the rows, which keep their numbers."""
        targets, weights = None if self.targets is None else self.targets[rows], None if self.weights is None else self.weights[rows]
        numbers = rows + 1 if self.row_numbers is None else self.row_numbers[rows]
        return Table(self.schema, self.matrix[rows], targets, self.classes, weights, self.notes, numbers)

    @property
    def labels(self) -> NDArray[Any]:
        """The target's own values, one a row."""
        if self.targets is None or self.classes is None:
            raise DataError("expected a table with a target, got one read without; pass target= to tables.read")
        labels: NDArray[Any] = self.classes[self.targets]
        return labels


class Source:
    """An opened table: its schema is inferred or given, its rows come in pieces or whole. Use it as a context.

    With `target_optional`, a table that lacks the target's column is read without targets.
    """

    def __init__(
        self, source: object, *, target: str | None = None, ignore: Sequence[str] = (), weight: str | None = None,
        missing: Sequence[str] = (), schema: Schema | None = None, classes: NDArray[Any] | None = None, target_optional: bool = False,
    ) -> None:  # fmt: skip
        self.database = Database(source)
        self.notes: list[str] = []
        self.target = None if target_optional and target not in self.database.types else target
        self.weight, self.classes = weight, classes
        try:
            self._prepare(ignore, missing, schema)
        except BaseException:
            self.database.close()
            raise

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def _prepare(self, ignore: Sequence[str], missing: Sequence[str], schema: Schema | None) -> None:
        database = self.database
        self.missing = schema.missing if schema else tuple(dict.fromkeys((*MISSING_WORDS, *(word.lower() for word in missing))))
        for name, role in ((self.target, "target"), (self.weight, "weight"), *((name, "column to ignore") for name in ignore)):
            if name is not None and name not in database.types:
                found = f"a table with columns {listing(list(database.types))} ({database.label})"
                raise DataError(f"expected a column named '{name}' as {role}, got {found}{did_you_mean(name, database.types)}")
        self.where = self._drop_rows_without_target()
        self.n_rows: int = database.fetch(f"SELECT count(*) FROM raw {self.where}")[0][0]
        if schema is not None:
            self.schema = schema
            self._check_against_schema()
        else:
            self.schema = self._inferred([name for name in database.types if name not in (self.target, self.weight, *ignore)])
        self.n_ignored = len(set(database.types) - {c.name for c in self.schema.columns} - {self.target, self.weight, self.schema.target})

    def _drop_rows_without_target(self) -> str:
        if self.target is None:
            return ""
        cell = self.database.clean(self.target, self.missing)
        n = self.database.fetch(f"SELECT count(*) FROM raw WHERE {cell} IS NULL")[0][0]
        if n:
            self.notes.append(f"{n} row{'s' if n > 1 else ''} without a target dropped")
        return f"WHERE {cell} IS NOT NULL" if n else ""

    def _inferred(self, names: Sequence[str]) -> Schema:
        database = self.database
        if self.n_rows == 0:
            raise DataError(f"expected a table with rows, got a header only ({database.label})" if not self.where else f"expected rows with a target, got none ({database.label})")
        facts = facts_of(database, [*names, *([self.target] if self.target else [])], self.missing, self.where)
        if self.target and self.classes is None:
            self.classes = classes_of(database, self.target, facts[self.target], self.missing, self.where)
        columns = [column_of(database, name, facts[name], self.missing, self.where, self.notes) for name in names]
        kept = tuple(column for column in columns if column is not None)
        if not kept:
            raise DataError(f"expected at least one column to learn from, got none besides the target ({database.label})")
        return Schema(kept, self.target, self.missing)

    def _check_against_schema(self) -> None:
        types = self.database.types
        absent = [column.name for column in self.schema.columns if column.name not in types]
        if absent:
            found = f"a table without {listing(absent)} ({self.database.label})"
            raise DataError(f"expected the columns that the model was trained on, got {found}{did_you_mean(absent[0], types)}; add or rename them")
        self.database.find_plain_numbers([column.name for column in self.schema.columns if column.kind == "number"], self.missing)
        checked = [column for column in self.schema.columns if column.kind != "category" and self.n_rows]
        for first in range(0, len(checked), COLUMNS_A_QUERY):
            self._check_cells(checked[first : first + COLUMNS_A_QUERY])

    def _check_cells(self, columns: Sequence[Column]) -> None:
        sql_types = {"number": "DOUBLE", "date": "TIMESTAMP", "boolean": "BOOLEAN"}
        counts: list[str] = []
        for column in columns:
            cell, number = self.database.clean(column.name, self.missing), self.database.number(column.name, self.missing)
            plain = column.name in self.database.plain_numbers and column.kind == "number"
            wrong = "0" if plain else f"count(*) FILTER ({cell} IS NOT NULL AND try_cast({cell} AS {sql_types[column.kind]}) IS NULL)"
            counts += [wrong, f"count(*) FILTER ({beyond(number)})" if column.kind == "number" else "0"]
        row = self.database.fetch(f"SELECT {', '.join(counts)} FROM raw {self.where}")[0]
        for column, wrong, too_large in zip(columns, row[::2], row[1::2], strict=True):
            if wrong:
                refuse_first_cell(self.database, column.name, sql_types[column.kind], self.missing, self.where, f"a {column.kind}")
            if too_large:
                refuse_beyond(self.database, column.name, self.missing, self.where)

    def row(self, number: int) -> Table:
        """One row, counted from 1 as in messages; its target is -1 where it is missing or unknown."""
        n_raw = self.database.fetch("SELECT count(*) FROM raw")[0][0]
        if not 1 <= number <= n_raw:
            raise DataError(f"expected a row from 1 to {n_raw}, got {number} ({self.database.label}); rows are counted without the header")
        expressions, width = self._expressions()
        columns = self._converted(expressions, f"WHERE rowid = {number - 1}")
        targets = columns[width].astype(np.int32) if self.target is not None and self.classes is not None else None
        return Table(self.schema, np.array(columns[:width], np.float32).T.copy(), targets, self.classes)

    def _expressions(self) -> tuple[list[str], int]:
        """SQL of the matrix, of targets and of weights, and the matrix's width."""
        expressions = [sql for column in self.schema.columns for sql in _matrix_sql(self.database, column, self.missing)]
        width = len(expressions)
        if self.target is not None and self.classes is not None:
            expressions.append(_target_sql(self.database.clean(self.target, self.missing), self.classes))
        if self.weight is not None:
            expressions.append(f"coalesce(try_cast({self.database.clean(self.weight, self.missing)} AS DOUBLE), 'nan'::DOUBLE)")
        return expressions, width

    def pieces(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32] | None, NDArray[np.float32] | None]]:
        """Matrix, targets and weights of up to 65,536 rows at a time, in order."""
        expressions, width = self._expressions()
        n_raw = self.database.fetch("SELECT count(*) FROM raw")[0][0]
        for first in range(0, n_raw, PIECE_ROWS):
            columns = self._converted(expressions, f"{self.where + ' AND' if self.where else 'WHERE'} rowid BETWEEN {first} AND {first + PIECE_ROWS - 1} ORDER BY rowid")
            n = len(columns[0])
            if not n:
                continue
            matrix = np.empty((n, width), np.float32)
            for i in range(width):
                matrix[:, i] = columns[i]
            targets = columns[width].astype(np.int32) if self.target is not None and self.classes is not None else None
            yield matrix, targets, self._weights(columns[-1]) if self.weight else None

    def _converted(self, expressions: Sequence[str], condition: str) -> list[NDArray[Any]]:
        """The expressions' values in the rows of a condition; some a query, since every expression holds a buffer."""
        found: list[NDArray[Any]] = []
        for start in range(0, len(expressions), COLUMNS_A_QUERY):
            selected = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(expressions[start : start + COLUMNS_A_QUERY]))
            columns = self.database.execute(f"SELECT {selected} FROM raw {condition}").fetchnumpy()
            found += [columns[f"c{i}"] for i in range(len(columns))]
        return found

    def _weights(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        if not ((values >= 0) & (values <= FLOAT32_MAX)).all():
            cell = self.database.clean(self.weight or "", self.missing)
            number = f"try_cast({cell} AS DOUBLE)"
            row, file, value = self.database.place(cell, f"NOT coalesce({number} >= 0 AND {number} <= {FLOAT32_MAX!r}, false)", self.where)
            wanted = f"up to {FLOAT32_MAX}" if (values > FLOAT32_MAX).any() and not (values < 0).any() else "of at least 0"
            raise DataError(f"expected weights {wanted} in column '{self.weight}', got {'nan' if value is None else value} ({file}, row {row}); correct the cell")
        return values.astype(np.float32)

    def table(self) -> Table:
        """All rows at once."""
        matrix = np.empty((self.n_rows, len(self.schema.matrix_columns())), np.float32)
        targets = np.empty(self.n_rows, np.int32) if self.target is not None and self.classes is not None else None
        weights = np.empty(self.n_rows, np.float32) if self.weight else None
        at = 0
        for piece, piece_targets, piece_weights in self.pieces():
            rows = slice(at, at + len(piece))
            matrix[rows] = piece
            if targets is not None and piece_targets is not None:
                targets[rows] = piece_targets
            if weights is not None and piece_weights is not None:
                weights[rows] = piece_weights
            at += len(piece)
        numbers = self.database.execute(f"SELECT rowid + 1 AS n FROM raw {self.where} ORDER BY rowid").fetchnumpy()["n"] if self.where else None
        return Table(self.schema, matrix, targets, self.classes, weights, tuple(self.notes), numbers)


def _matrix_sql(database: Database, column: Column, missing: Sequence[str]) -> list[str]:
    cell = database.clean(column.name, missing)
    if column.kind == "category":
        if database.types[column.name] in ("FLOAT", "DOUBLE"):  # 3.0 is the category '3'
            cell = f"CASE WHEN {cell} % 1 = 0 THEN ({cell})::BIGINT::VARCHAR ELSE ({cell})::VARCHAR END"
        words = ", ".join(text(word) for word in column.categories)
        rest = len(column.categories) if column.has_other else -1
        code = f"enum_code(try_cast(({cell})::VARCHAR AS ENUM({words})))::FLOAT" if words else "NULL"
        return [f"CASE WHEN {cell} IS NULL THEN 'nan'::FLOAT ELSE coalesce({code}, {rest}::FLOAT) END"]
    if column.kind == "boolean":
        return [f"coalesce(try_cast({cell} AS BOOLEAN)::INT::FLOAT, 'nan'::FLOAT)"]
    if column.kind == "number":
        return [f"coalesce(({database.number(column.name, missing)} - {column.centre!r}::DOUBLE)::FLOAT, 'nan'::FLOAT)"]
    date = f"try_cast({cell} AS TIMESTAMP)"
    parts = (f"epoch({date}) - {column.centre!r}::DOUBLE", f"month({date})", f"day({date})", f"isodow({date})", f"hour({date}) + minute({date}) / 60.0")
    return [f"coalesce(({part})::FLOAT, 'nan'::FLOAT)" for part in parts]


def _target_sql(cell: str, classes: NDArray[Any]) -> str:
    """The index of the class, -1 for a label that the model does not know."""
    if classes.dtype.kind == "b":
        return f"coalesce(try_cast({cell} AS BOOLEAN)::INT, -1)"
    if classes.dtype.kind in "iuf":
        if classes.dtype.kind in "iu" and np.abs(classes).max(initial=0) > DOUBLE_EXACT:  # a double rounds, an integer is rounded to: both must agree
            double, whole = f"try_cast({cell} AS DOUBLE)", f"try_cast({cell} AS HUGEINT)"
            return f"CASE {' '.join(f'WHEN {double} = {float(label)!r} AND {whole} = {label} THEN {i}' for i, label in enumerate(classes))} ELSE -1 END"
        cases = " ".join(f"WHEN {float(label)!r} THEN {i}" for i, label in enumerate(classes))
        return f"CASE try_cast({cell} AS DOUBLE) {cases} ELSE -1 END"
    return f"coalesce(enum_code(try_cast(({cell})::VARCHAR AS ENUM({', '.join(text(str(label)) for label in classes)})))::INT, -1)"


def open_source(source: object, **options: Any) -> Source:
    """Open a table without reading its rows into memory; the options are those of `read`, and `target_optional`."""
    return Source(source, **options)


def read(
    source: object, *, target: str | None = None, ignore: Sequence[str] = (), weight: str | None = None,
    missing: Sequence[str] = (), schema: Schema | None = None, classes: NDArray[Any] | None = None,
) -> Table:  # fmt: skip
    """Read a table of any kind.

    Parameters
    ----------
    source : str, path, data frame or array
        A CSV, TSV, Parquet or JSON-lines file (text also gzipped), a glob, ``file.duckdb::table``, ``-`` for standard input,
        ``example:NAME`` (iris, wine, digits, breast_cancer, blobs), a data frame of pandas, polars or pyarrow, anything with an Arrow stream, or a 2-D NumPy array.
    target : str, optional
        The column of the classes; rows without it are dropped and counted.
    ignore : sequence of str
        Columns to leave out.
    weight : str, optional
        A column of row weights, at least 0.
    missing : sequence of str
        Words that mean a missing value, besides the empty cell, NA, N/A, NaN, null and ? (any case).
    schema, classes : Schema and array, optional
        A frozen schema and the labels that go with it: what the columns are is then not inferred.

    Returns
    -------
    Table
        With a float32 matrix; numbers beyond 2^24 are centred in float64 first.

    Raises
    ------
    DataError
        If the table cannot be used; the message names file, row, column and value.

    Examples
    --------
    >>> table = read("example:iris", target="species")
    >>> table.matrix.shape, table.classes.tolist()
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """
    with Source(source, target=target, ignore=ignore, weight=weight, missing=missing, schema=schema, classes=classes) as opened:
        return opened.table()
