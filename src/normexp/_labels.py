"""y of any library: labels in their own type, their classes, and each label's place among them. The one place where it is done."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import listing
from normexp.errors import DataError

__all__ = ["classes_and_targets", "is_null", "label_values", "place_of_label"]


def classes_and_targets(labels: NDArray[Any], classes: NDArray[Any] | None = None) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """The sorted classes, and each label's place among them; where `classes` are given, -1 for a label that is none of them."""
    distinct, places = np.unique(labels, return_inverse=True)
    if classes is None:
        return distinct, places.astype(np.int32)
    named = classes
    if classes.dtype.kind in "mM" and distinct.dtype.kind == classes.dtype.kind:  # of one unit, the finer: nothing is rounded
        distinct, named = (array.astype(np.result_type(distinct, classes)) for array in (distinct, classes))
    known = {label: i for i, label in enumerate(named.tolist())}
    return classes, np.array([known.get(label, -1) for label in distinct.tolist()], np.int32)[places]


def place_of_label(given: Any, classes: NDArray[Any]) -> int:
    """The place of the class that a caller or a file names: equal to it, or written as people and tables write it (true, 1 for 1.0); -1 for none."""
    labels = classes.tolist()
    for place, label in enumerate(labels):
        if type(given) is type(label) and given == label:
            return place
    text = str(given).strip()
    for forms in (str, _written):
        found = [place for place, label in enumerate(labels) if text == forms(label)]
        if len(found) == 1:
            return found[0]
    equal = [place for place, label in enumerate(labels) if not isinstance(given, str) and not isinstance(label, str) and given == label]
    return equal[0] if len(equal) == 1 else -1


def _written(label: Any) -> str:
    if isinstance(label, bool):
        return str(label).lower()
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def label_values(y: Any) -> Any:
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


def is_null(value: Any) -> bool:
    """None, NaN, NaT, pandas.NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


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
        return np.array([is_null(value) for value in array.reshape(-1)], bool)
    return np.zeros(0, bool)


def _refuse_missing(missing: NDArray[np.bool_]) -> None:
    rows = np.flatnonzero(missing)
    if len(rows):
        more = f" and in {len(rows) - 1} more row{'s' if len(rows) > 2 else ''}" if len(rows) > 1 else ""
        raise DataError(f"expected a label for every row, got a missing one at index {rows[0]}{more}; leave such rows out, or give them a class of their own")
