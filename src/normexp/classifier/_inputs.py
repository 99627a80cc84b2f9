"""From what a caller passes as X to a matrix: arrays and frames of numbers by scikit-learn's rules, all else by a schema."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import column_or_1d, validate_data

from normexp._checks import did_you_mean, listing
from normexp.classifier._labels import as_labels
from normexp.errors import DataError
from normexp.model import number_columns
from normexp.tables import MatrixColumn, Schema, Table, data_frame, number_matrix, open_source, warn_of

if TYPE_CHECKING:
    from normexp.classifier._classifier import SoftmaxClassifier

__all__ = ["is_table", "matrix_of", "training_data"]


def is_table(X: Any) -> bool:
    """Must columns be told apart: rows as dicts, or a frame with other columns than numbers?"""
    if isinstance(X, np.ndarray):
        return X.dtype.names is not None
    if (isinstance(X, Mapping) and not hasattr(X, "toarray")) or (isinstance(X, list) and X and isinstance(X[0], Mapping)):
        return True
    frame = _frame(X)
    return frame is not None and not all(dtype.is_numeric() for dtype in frame.schema.values())


def _frame(X: Any) -> Any:
    """A data frame as narwhals sees it, or None."""
    if isinstance(X, (np.ndarray, list, tuple)) or (not hasattr(X, "__dataframe__") and not hasattr(X, "__arrow_c_stream__")):
        return None
    return data_frame(X)


def training_data(model: "SoftmaxClassifier", X: Any, y: Any) -> tuple[NDArray[Any], tuple[MatrixColumn, ...], NDArray[Any], Schema | None]:
    """Matrix, its columns, labels and the schema (None for numbers alone); sets the names and number of features."""
    if isinstance(X, Table):
        model.n_features_in_ = len(X.schema.columns)
        model.feature_names_in_ = np.array([column.name for column in X.schema.columns], object)
        y = column_or_1d(as_labels(y), warn=True)
        if len(y) != len(X):
            raise ValueError(f"expected one label a row, got {len(y)} labels for {len(X)} rows")
        return X.matrix, X.schema.matrix_columns(), y, X.schema
    y = as_labels(y)
    if is_table(X):
        _set_names(model, X, y)
        table = _read(model, X)
        y = column_or_1d(y, warn=True)
        if len(y) != len(table):
            raise ValueError(f"expected one label a row, got {len(y)} labels for {len(table)} rows")
        return table.matrix, table.schema.matrix_columns(), y, table.schema
    with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn sums the numbers to look for NaN
        matrix, y = validate_data(model, X, y, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", multi_output=False)
    return matrix, number_columns(matrix.shape[1]), y, None


def _set_names(model: "SoftmaxClassifier", X: Any, y: Any) -> None:
    if _frame(X) is not None:
        validate_data(model, X, y, skip_check_array=True)
        return
    if y is None:
        raise ValueError(f"expected labels y to train {type(model).__name__} on, got None")
    names = list(X.dtype.names if isinstance(X, np.ndarray) else X) if not isinstance(X, list) else list(dict.fromkeys(name for row in X for name in row))
    model.feature_names_in_, model.n_features_in_ = np.array(names, object), len(names)


def _read(model: "SoftmaxClassifier", X: Any) -> Table:
    """With warm_start, by the schema of the last fit where it has the same columns: a category keeps the input that was trained on it."""
    last = getattr(model, "schema_", None)
    again = model.warm_start and last is not None and {column.name for column in last.columns} <= set(model.feature_names_in_)
    with open_source(X, schema=last if again else None, keep_numbers=True) as source:
        table = source.table()
    warn_of(table.notes, stacklevel=6)
    return table


def matrix_of(model: "SoftmaxClassifier", X: Any) -> NDArray[Any]:
    """The matrix of rows to predict: columns are found by their names where the model knows some, in any order, further ones are left aside with a word."""
    if isinstance(X, Table):
        return X.matrix
    if model.schema_ is not None:
        if isinstance(X, (str, bytes)) or (isinstance(X, np.ndarray) and X.dtype.names is None) or (isinstance(X, (list, tuple)) and not (X and isinstance(X[0], Mapping))):
            raise TypeError(f"expected rows with names (a data frame, a dict, a list of dicts), as the model was trained on, got {type(X).__name__}; its columns are "
                            f"{listing([column.name for column in model.schema_.columns])}")  # fmt: skip
        with open_source(X, schema=model.schema_) as source:
            table = source.table()
            known = set(getattr(model, "feature_names_in_", ()))  # left out in training, and said there
            notes = [*_unused([name for name in source.unused if name not in known]), *table.notes]
        if notes:
            warn_of(notes, stacklevel=6)
        return table.matrix
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        found = _by_name(X, list(names))
        if isinstance(found, np.ndarray):
            return found
        X = found
    with np.errstate(over="ignore", invalid="ignore"):
        matrix: NDArray[Any] = validate_data(model, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", reset=False)
    return matrix


def _unused(names: list[str]) -> list[str]:
    return [f"column{'s' if len(names) > 1 else ''} {listing(names)} not used by the model"] if names else []


def _names_of_rows(X: Any) -> list[Any] | None:
    """The names that cells come with where X is no frame: a dict, a list of dicts, a structured array, one row of a pandas frame."""
    if isinstance(X, np.ndarray):
        return list(X.dtype.names) if X.dtype.names else None
    if isinstance(X, list):
        return list(dict.fromkeys(name for row in X for name in row)) if X and all(isinstance(row, Mapping) for row in X) else None
    if isinstance(X, Mapping) and not hasattr(X, "toarray"):
        return list(X)
    return list(X.index) if hasattr(X, "index") and hasattr(X, "to_dict") and not hasattr(X, "columns") else None


def _by_name(X: Any, names: list[str]) -> Any:
    """A frame with the model's columns in the model's order, rows as dicts as a matrix; other input as it is."""
    row_names = _names_of_rows(X)
    if row_names is not None:
        warn_of(_unused([name for name in row_names if name not in names]), stacklevel=7)
        with np.errstate(over="ignore", invalid="ignore"):
            return number_matrix(X, names)
    frame = _frame(X)
    if frame is None or list(frame.columns) == names:
        return X
    absent = [name for name in names if name not in frame.columns]
    if absent:
        near = did_you_mean(absent[0], [str(name) for name in frame.columns])
        raise DataError(f"expected the columns that the model was trained on, got a frame without {listing(absent)}{near}; add or rename them")
    more = [name for name in frame.columns if name not in names]
    warn_of(_unused(more), stacklevel=7)
    return frame.select(names).to_native()
