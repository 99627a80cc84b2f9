"""New columns beside the rows of a source, written as CSV or Parquet: DuckDB keeps and formats them, names are written by us."""

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._atomic import replaced
from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._source import Source
from normexp.tables.sources import Codes, Database, Instants, Numbers, Rows, explained, literal, text_of_instants

__all__ = ["RawRows", "Results"]


@dataclass(frozen=True)
class RawRows:
    """The rows of a source as they are, all columns of them."""

    data: Rows
    names: Sequence[str]

    @property
    def label(self) -> str:
        return self.data.label

    @property
    def n_rows(self) -> int:
        return self.data.n_rows

    @property
    def indices(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}


TYPES = {"b": "BOOLEAN", "i": "BIGINT", "u": "UBIGINT", "f": "DOUBLE"}


class Results:
    """Columns that come in pieces, in the order of the source's rows; `kept` columns of the source are written before them. With `chooses`, one column more comes
    last, of booleans: the rows that are written."""

    def __init__(self, source: Source | RawRows, names: Sequence[str], types: Sequence[np.dtype[Any]], kept: Sequence[str] = (), *, chooses: bool = False) -> None:
        clashes = [name for name in kept if name in names]
        if clashes:
            raise DataError(f"expected kept columns with other names than the predictions', got {listing(clashes)}; rename them in the table")
        self.source, self.names, self.kept, self.n_rows = source, [*kept, *names], [source.indices[name] for name in kept], 0
        self._own: Database | None = None
        self.chooses = chooses
        if isinstance(source.data, Database):
            self.database = source.data
        else:
            self.database = self._own = Database(source.label)
        try:
            if self._own is not None and kept:
                self._copy_kept()
            typed = ", ".join(f"p{i} {TYPES.get(dtype.kind, 'VARCHAR')}" for i, dtype in enumerate([*types, *([np.dtype(np.bool_)] if chooses else [])]))
            self.database.execute(f"CREATE OR REPLACE TEMP TABLE results ({typed})")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def add(self, columns: Sequence[NDArray[Any]]) -> None:
        """The next rows."""
        piece = {f"p{i}": np.ascontiguousarray(column) if column.dtype.kind in TYPES else column.astype(object) for i, column in enumerate(columns)}
        self._insert("results", piece)
        self.n_rows += len(columns[0])

    def _insert(self, table: str, piece: dict[str, Any]) -> None:
        with explained(self.source.label):
            self.database.connection.register("piece", piece)
            self.database.connection.execute(f"INSERT INTO {table} SELECT * FROM piece")
            self.database.connection.unregister("piece")

    def _copy_kept(self) -> None:
        """Kept columns of rows in memory, as text."""
        self.database.execute(f"CREATE TEMP TABLE raw ({', '.join(f'c{i} VARCHAR' for i in self.kept)})")
        for _, n, cells in self.source.data.batches(self.kept):
            if n:
                self._insert("raw", {f"c{i}": _texts(column) for i, column in zip(self.kept, cells, strict=True)})

    def _query(self, aliases: Sequence[str] | None = None) -> str:
        columns = [*(f"raw.c{int(i)}" for i in self.kept), *(f"results.p{i}" for i in range(len(self.names) - len(self.kept)))]
        if aliases is not None:
            columns = [f"{column} AS " + '"' + name.replace('"', '""') + '"' for column, name in zip(columns, aliases, strict=True)]
        chosen = f" WHERE results.p{len(self.names) - len(self.kept)}" if self.chooses else ""
        return f"SELECT {', '.join(columns)} FROM {'raw POSITIONAL JOIN results' if self.kept else 'results'}{chosen}"

    def write(self, path: Path) -> None:
        """CSV or, by the ending, Parquet; whole or not at all."""
        with replaced(path) as target:
            if path.suffix == ".parquet":
                self.write_parquet(target)
            else:
                with target.open("wb") as file:
                    self.write_csv(file)

    def write_csv(self, file: IO[bytes]) -> None:
        """Header and rows as UTF-8."""
        self._check_rows()
        body = Path(self.database.folder.path, "body.csv")
        self.database.execute(f"COPY ({self._query()}) TO {literal(str(body))} (FORMAT csv, HEADER false)")
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(self.names)
        file.write(header.getvalue().encode("utf-8", "surrogateescape"))
        with body.open("rb") as rows:
            shutil.copyfileobj(rows, file, 1 << 20)
        body.unlink()

    def write_parquet(self, path: Path) -> None:
        """One file."""
        self._check_rows()
        self.refuse_same_names()
        body = Path(self.database.folder.path, "body.parquet")
        self.database.execute(f"COPY ({self._query(self.names)}) TO {literal(str(body))} (FORMAT parquet)")
        with body.open("rb") as rows, path.open("wb") as file:
            shutil.copyfileobj(rows, file, 1 << 20)
        body.unlink()

    def refuse_same_names(self) -> None:
        """DuckDB's writer of Parquet takes names that differ in case only for the same."""
        folded = [name.lower() for name in self.names]
        same = [name for name in self.names if folded.count(name.lower()) > 1]
        if same:
            raise DataError(f"expected names that differ in more than case for a Parquet file, got {listing(same)}; write CSV")

    def _check_rows(self) -> None:
        if self.n_rows != self.source.n_rows:
            raise RuntimeError(f"expected results for {self.source.n_rows} rows, got {self.n_rows}")


def _texts(cells: Any) -> NDArray[Any]:
    if isinstance(cells, Instants):
        cells = text_of_instants(cells)
    if isinstance(cells, Codes):
        return np.array([*cells.words, None], object)[cells.codes]
    if isinstance(cells, Numbers):
        gone = np.zeros(len(cells.values), bool) if cells.missing is None else cells.missing.astype(bool)
        return np.array([None if missing or value != value else str(value) for value, missing in zip(cells.values.tolist(), gone, strict=True)], object)
    return np.array(cells.to_list() if isinstance(cells, _native.TextColumn) else cells, object)
