"""Rows that a caller passes to a model: have they names, must their columns be told apart, the model's columns found by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables._read import number_matrix, warn_of
from normexp.tables.sources import data_frame

__all__ = ["in_order", "is_table", "names_of_rows", "unused_note"]


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


def in_order(X: Any, names: Sequence[str]) -> Any:
    """Columns of numbers in the order of `names`: a frame of them, rows with names as a float64 matrix; what has no names as it is.

    Further columns are told by a DataWarning; raises DataError where one is absent.
    """
    if (found := names_of_rows(X)) is not None:
        warn_of(unused_note([name for name in found if name not in names]))
        with np.errstate(over="ignore", invalid="ignore"):
            return number_matrix(X, names)
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


def _frame(X: Any) -> Any:
    """A data frame as narwhals sees it, or None."""
    if isinstance(X, (np.ndarray, list, tuple)) or (not hasattr(X, "__dataframe__") and not hasattr(X, "__arrow_c_stream__")):
        return None
    return data_frame(X)
