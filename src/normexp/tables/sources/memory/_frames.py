"""Rows that are in memory already: data frames, Arrow tables, arrays, dicts. They never pass through a database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import normexp._native as _native
from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables.sources._cells import Cells, Codes, Instants, Numbers
from normexp.tables.sources.memory._series import column_cells

__all__ = ["Frame", "data_frame", "frame_of"]

FEW_ROWS = 32


class Frame:
    """Columns in memory, each converted to `Cells` once; the face of `Database`."""

    def __init__(self, columns: Mapping[str, Any], label: str = "the data frame", declared: bool = True) -> None:
        self.label, self.names, self.hint, self.nested = label, list(columns), "", []
        self.kinds: list[str] = []
        self._cells: list[Cells] = []
        for name, values in columns.items():
            kind, cells = column_cells(values, declared)
            self.kinds.append(kind)
            self._cells.append(cells)
            if len(cells) != len(self._cells[0]):
                raise DataError(f"expected columns of one length, got {len(self._cells[0])} and {len(cells)} cells ({label}, column {name!r})")
        self.n_rows = len(self._cells[0]) if self._cells else 0

    nested: list[str]

    def close(self) -> None:
        """Nothing is open."""

    def batches(self, columns: Sequence[int], first: int = 0, stop: int | None = None, *, labels: bool = False) -> Iterator[tuple[int, int, list[Cells]]]:  # noqa: ARG002
        """Cells of some columns in the rows from `first` to before `stop`, in one batch."""
        stop = self.n_rows if stop is None else min(stop, self.n_rows)
        if stop > first:
            yield first, max(stop - first, 0), [_part(self._cells[i], first, stop) for i in columns]

    def groups(self, columns: Sequence[int], _n_rows: int) -> Iterator[list[int]]:
        yield list(columns)

    def place(self, row: int) -> tuple[str, int]:
        return self.label, row + 1


def _part(cells: Cells, first: int, stop: int) -> Cells:
    if first == 0 and stop >= len(cells):
        return cells
    if isinstance(cells, Numbers):
        return Numbers(cells.values[first:stop], None if cells.missing is None else cells.missing[first:stop])
    if isinstance(cells, Instants):
        return Instants(cells.micros[first:stop], None if cells.missing is None else cells.missing[first:stop])
    if isinstance(cells, Codes):
        return Codes(cells.codes[first:stop], cells.words)
    return cells.part(first, stop) if isinstance(cells, _native.TextColumn) else cells[first:stop]


def frame_of(source: Any, label: str = "the data frame", *, declared: bool = True) -> Frame:
    """A frame of pandas, polars or pyarrow, an Arrow stream, an array of two dimensions, a dict of columns or of cells, a list of dicts, a Series of cells.

    Where a schema is there already, what the types declare is not asked for (`declared` is False): a few rows then come as Python's values, which is quicker.
    """
    if isinstance(source, np.ndarray):
        return Frame(_array_columns(source), "the array", declared)
    if isinstance(source, Mapping):
        return Frame(_named(source), label, declared)
    if isinstance(source, (list, tuple)):
        return Frame(_records(source), label, declared)
    if not declared and (values := _few_rows(source)) is not None:
        return Frame(_named(values), label, declared)
    import narwhals.stable.v2 as nw

    if nw.dependencies.is_into_series(source):  # one row of a pandas frame
        return Frame(_named(_cells_by_name(source)), label, declared)
    if (frame := data_frame(source)) is not None:
        _refuse_other_names(frame.columns)
        return Frame(_named({name: frame[name] for name in frame.columns}), label, declared)
    if hasattr(source, "__arrow_c_stream__"):
        return Frame(_arrow_columns(source), label, declared)
    if hasattr(source, "collect") and hasattr(source, "lazy"):
        return frame_of(source.collect(), label, declared=declared)
    raise TypeError(f"expected a path, a data frame, a dict, a list of dicts or an array, got {type(source).__name__}")


def _array_columns(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim != 2:
        raise DataError(f"expected a table with rows and columns, got an array of shape {array.shape}; reshape it")
    if not array.shape[1]:
        raise DataError("expected a table with columns, got none")
    return {f"x{i}": array[:, i] for i in range(array.shape[1])}


def _named(columns: Mapping[Any, Any]) -> dict[str, Any]:
    """Names that are strings; one row where all values are single cells."""
    _refuse_other_names(columns)
    single = [isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or (isinstance(value, np.ndarray) and value.ndim == 0) for value in columns.values()]
    if all(single):
        return {name: [value] for name, value in columns.items()}
    if any(single):
        name = list(columns)[single.index(True)]
        raise TypeError(f"expected columns that are sequences, or single cells in all columns, got the cell {columns[name]!r} in column {name!r} beside sequences")
    return dict(columns)


def _refuse_other_names(names: Collection[Any]) -> None:
    if not names:
        raise DataError("expected a table with columns, got none")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"expected column names that are strings, got {name!r}; rename the columns, for example frame.columns = frame.columns.astype(str)")


def _records(rows: Sequence[Any]) -> dict[str, Any]:
    """A list of dicts: a row each; a key that a row lacks is a missing cell."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        odd = "an empty list" if not rows else f"a list with {next(type(row).__name__ for row in rows if not isinstance(row, Mapping))}"
        raise TypeError(f"expected a list of dicts, a row each, got {odd}; make a data frame or an array of it")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _named({name: [row.get(name) for row in rows] for name in names})


def _cells_by_name(series: Any) -> dict[Any, Any]:
    if not hasattr(series, "to_dict"):
        raise TypeError(f"expected a row with names, such as a pandas Series, got {type(series).__name__}; give a data frame")
    return dict(series.to_dict())


def _few_rows(frame: Any) -> dict[Any, Any] | None:
    """The columns of a small frame as lists."""
    if not hasattr(frame, "columns") or not hasattr(frame, "__len__") or len(frame) > FEW_ROWS:
        return None
    if any(str(dtype).lower() in ("float32", "float16") for dtype in getattr(frame, "dtypes", ())):  # as Python's floats they would have other words
        return None
    library = type(frame).__module__.split(".")[0]
    if library == "pandas" and frame.columns.is_unique:
        return dict(frame.to_dict("list"))
    return dict(frame.to_dict(as_series=False)) if library == "polars" and hasattr(frame, "to_dict") else None


def data_frame(source: Any) -> Any:
    """A frame of pandas, polars or pyarrow as narwhals sees it, or None for anything else."""
    import narwhals.stable.v2 as nw

    if not nw.dependencies.is_into_dataframe(source):
        return None
    names = list(source.column_names if hasattr(source, "column_names") else source.columns)
    if len(set(names)) < len(names):
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        raise DataError(f"expected distinct column names, got {listing(twice)} more than once (the data frame); rename one of each")
    return nw.from_native(source, eager_only=True)


def _arrow_columns(source: Any) -> dict[str, Any]:
    """Through pyarrow or polars where one is installed: the stream may hold any type."""
    try:
        import pyarrow as pa

        native = pa.table(source)
    except ImportError:
        try:
            import polars as pl
        except ImportError:
            raise TypeError(f"expected pyarrow or polars for a table of type {type(source).__name__}, got neither installed; install one") from None
        native = pl.from_arrow(source)
    frame = data_frame(native)
    return _named({name: frame[name] for name in frame.columns})
