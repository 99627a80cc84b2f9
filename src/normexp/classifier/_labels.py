"""Labels and their weights, whatever they come in."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError

__all__ = ["as_labels", "check_class_weight", "validation_labels"]


def as_labels(y: Any) -> Any:
    """Labels as an array of their own type; None stays None.

    Lists, arrays, Series and one-column frames of pandas, polars and pyarrow, nullable and categorical ones too. A missing label is an error that names its index.
    """
    if y is None:
        return None
    if isinstance(y, np.ma.MaskedArray):
        _refuse_missing(np.ma.getmaskarray(y))
        y = y.data
    if not isinstance(y, (np.ndarray, list, tuple)):
        y = _from_series(y)
    array = np.asarray(y)
    if array.dtype.kind in "US" and not isinstance(y, np.ndarray):  # NaN among words has become 'nan'
        array = np.array(list(y), object) if any(isinstance(label, float) for label in y) else array
    _refuse_missing(_missing(array))
    if array.dtype == object and len({isinstance(value, str) for value in array.reshape(-1)}) == 2:  # as a list of both
        return np.array([str(value) for value in array.reshape(-1)], object).reshape(array.shape)
    if array.dtype == object and any(not isinstance(value, (str, int, float, np.generic)) for value in array.reshape(-1)):  # intervals, periods and the like by their names
        return np.array([str(value) for value in array.reshape(-1)], object).reshape(array.shape)
    return array


def _from_series(y: Any) -> Any:
    import narwhals.stable.v2 as nw

    if hasattr(y, "to_pylist") and not nw.dependencies.is_into_series(y):  # an array of pyarrow that is not chunked
        import pyarrow as pa

        y = pa.chunked_array([y]) if not isinstance(y, (pa.Table, pa.RecordBatch)) else pa.table(y)
    if nw.dependencies.is_into_dataframe(y):
        frame = nw.from_native(y, eager_only=True)
        if frame.shape[1] != 1:
            raise DataError(f"expected one column of labels, got a frame with {frame.shape[1]}: {listing(frame.columns)}; choose one of them")
        y = frame[frame.columns[0]].to_native()
    if not nw.dependencies.is_into_series(y):
        return y
    series = nw.from_native(y, series_only=True)
    missing = series.is_null().to_numpy().astype(bool)
    _refuse_missing(missing)
    if series.dtype.is_integer():
        values = series.to_numpy()
        return values if values.dtype.kind in "iu" else np.array(series.to_list(), np.int64)
    if series.dtype.is_float():
        values = series.to_numpy()
        return values if values.dtype.kind == "f" else np.array(series.to_list(), np.float64)
    if series.dtype == nw.Boolean:
        return np.array(series.to_list(), bool)
    if isinstance(series.dtype, (nw.Datetime, nw.Date)):
        return np.array([str(value) for value in series.to_list()], object) if getattr(series.dtype, "time_zone", None) else series.to_numpy()
    values = series.to_list()
    kinds = {type(value) for value in values}
    if kinds <= {str}:
        return np.array(values, object)
    return np.array(values) if len(kinds) == 1 else np.array(values, object)


def _missing(array: NDArray[Any]) -> NDArray[np.bool_]:
    if array.dtype.kind in "fmM":
        return np.asarray(np.isnan(array))
    if array.dtype.kind == "O" and array.ndim <= 2:
        from normexp.tables import is_null

        return np.array([is_null(value) for value in array.reshape(-1)], bool)
    return np.zeros(0, bool)


def _refuse_missing(missing: NDArray[np.bool_]) -> None:
    rows = np.flatnonzero(missing)
    if len(rows):
        more = f" and in {len(rows) - 1} more row{'s' if len(rows) > 2 else ''}" if len(rows) > 1 else ""
        raise DataError(f"expected a label for every row, got a missing one at index {rows[0]}{more}; leave such rows out, or give them a class of their own")


def validation_labels(y: NDArray[Any], labels: Any, n_rows: int) -> NDArray[Any]:
    """Labels of the rows that choose the epoch: those of the training rows."""
    array: NDArray[Any] = as_labels(labels)
    if array.shape != (n_rows,):
        raise ValueError(f"expected one label a row in validation_data, got labels of shape {array.shape} for {n_rows} rows")
    known = set(y.tolist())
    wrong = next((label for label in array.tolist() if label not in known), None)
    if wrong is not None:
        raise ValueError(f"expected labels of validation_data among the classes {listing(sorted(known))}, got {wrong!r}")
    return array


def check_class_weight(weights: Any, classes: Sequence[Any]) -> None:
    """Class weights given as a dict: known classes, finite numbers of at least 0, not all of them 0."""
    if not isinstance(weights, Mapping):
        return
    known = set(classes)
    for label, weight in weights.items():
        plain = label.item() if isinstance(label, np.generic) else label
        if plain not in known:
            near = did_you_mean(str(plain), [str(one) for one in classes]) if isinstance(plain, str) == isinstance(next(iter(classes)), str) else ""
            raise ValueError(f"expected class_weight for classes out of {listing(list(classes))}, got one for {plain!r}{near}")
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.integer, np.floating)) or not math.isfinite(weight) or weight < 0:
            raise ValueError(f"expected class weights that are finite numbers of at least 0, got {weight!r} for class {plain!r}")
    if known <= {label.item() if isinstance(label, np.generic) else label for label in weights} and not any(weights.values()):
        raise ValueError("expected a class weight above 0, got 0 for every class")
