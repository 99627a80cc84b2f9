"""Rows that a caller passes to a model: have they names, must their columns be told apart, the model's columns found by name."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables._read import number_matrix, open_source, warn_of
from normexp.tables._schema import Schema
from normexp.tables.sources import data_frame

__all__ = ["in_order", "is_table", "matrix_by_name", "matrix_by_schema", "names_of_rows", "unused_note"]


def is_table(X: Any) -> bool:
    """Must columns be told apart: rows as dicts, or a frame with other columns than numbers?"""
    if isinstance(X, np.ndarray):
        return X.dtype.names is not None
    if (isinstance(X, Mapping) and not hasattr(X, "toarray")) or (isinstance(X, list) and X and isinstance(X[0], Mapping)):
        return True
    frame = _frame(X)
    return frame is not None and not all(dtype.is_numeric() for dtype in frame.schema.values())


def names_of_rows(X: Any) -> list[Any] | None:
    """The names that cells come with where X is no frame: a dict, a list of dicts, a structured array, one row of a pandas frame; None where they have none."""
    if isinstance(X, np.ndarray):
        return list(X.dtype.names) if X.dtype.names else None
    if isinstance(X, list):
        return list(dict.fromkeys(name for row in X for name in row)) if X and all(isinstance(row, Mapping) for row in X) else None
    if isinstance(X, Mapping) and not hasattr(X, "toarray"):
        return list(X)
    return list(X.index) if hasattr(X, "index") and hasattr(X, "to_dict") and not hasattr(X, "columns") else None


def matrix_by_schema(X: Any, schema: Schema, known: Collection[str] = ()) -> NDArray[np.float32]:
    """Rows with names as the matrix of a schema; columns are found by name, in any order, further ones but the `known` are told by a DataWarning."""
    if _is_nameless(X):
        raise TypeError(f"expected rows with names (a data frame, a dict, a list of dicts), as the model was trained on, got {type(X).__name__}; its columns are "
                        f"{listing([column.name for column in schema.columns])}")  # fmt: skip
    with open_source(X, schema=schema) as source:
        table = source.table()
        notes = [*unused_note([name for name in source.unused if name not in known]), *table.notes]  # what training left out was said there
    warn_of(notes)
    return table.matrix


def matrix_by_name(X: Any, names: Sequence[str]) -> NDArray[np.float64] | None:
    """Columns of numbers of rows that come with names (`names_of_rows`), in the order of `names`; None for other X. Further columns are told by a DataWarning."""
    if (found := names_of_rows(X)) is None:
        return None
    warn_of(unused_note([name for name in found if name not in names]))
    with np.errstate(over="ignore", invalid="ignore"):
        return number_matrix(X, names)


def in_order(X: Any, names: Sequence[str]) -> Any:
    """A frame with its columns in the order of `names`, other X as it is. Further columns are told by a DataWarning; raises DataError where one is absent."""
    frame = _frame(X)
    if frame is None or list(frame.columns) == names:
        return X
    absent = [name for name in names if name not in frame.columns]
    if absent:
        near = did_you_mean(absent[0], [str(name) for name in frame.columns])
        raise DataError(f"expected the columns that the model was trained on, got a frame without {listing(absent)}{near}; add or rename them")
    warn_of(unused_note([name for name in frame.columns if name not in names]))
    return frame.select(names).to_native()


def unused_note(names: Sequence[str], place: str = "") -> list[str]:
    """The note on columns that a model does not use, if there are some."""
    return [f"column{'s' if len(names) > 1 else ''} {listing(names)}{place} not used by the model"] if names else []


def _is_nameless(X: Any) -> bool:
    if isinstance(X, np.ndarray):
        return X.dtype.names is None
    return isinstance(X, (str, bytes)) or (isinstance(X, (list, tuple)) and not (X and isinstance(X[0], Mapping)))


def _frame(X: Any) -> Any:
    """A data frame as narwhals sees it, or None."""
    if isinstance(X, (np.ndarray, list, tuple)) or (not hasattr(X, "__dataframe__") and not hasattr(X, "__arrow_c_stream__")):
        return None
    return data_frame(X)
