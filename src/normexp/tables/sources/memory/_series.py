"""A column as Python holds it - an array, a list, a Series of pandas, polars or pyarrow - as cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import normexp._native as _native
from normexp._labels import is_null
from normexp.errors import DataError
from normexp.tables.sources._cells import Cells, Codes, Instants, Numbers, text_of_instants, text_of_number
from normexp.tables.sources.memory._values import cells_of_values, is_plain

__all__ = ["column_cells"]


def column_cells(values: Any, declared: bool) -> tuple[str, Cells]:
    """What a column is declared to be, and its cells; where a schema says what it is (not `declared`), cells that hold more than a word are bad ones."""
    if hasattr(values, "dtype") and not isinstance(values, np.ndarray):
        import narwhals.stable.v2 as nw

        if type(values).__module__.split(".")[0] == "pandas" and not nw.dependencies.is_into_series(values):  # an index, or an array of a type of its own, such as Categorical
            values = nw.dependencies.get_pandas().Series(values)
        if isinstance(values, nw.Series) or nw.dependencies.is_into_series(values):
            return _series(values if isinstance(values, nw.Series) else nw.from_native(values, series_only=True), declared)
        values = np.asarray(values)
    if hasattr(values, "to_pylist"):  # of pyarrow
        import narwhals.stable.v2 as nw
        import pyarrow as pa

        return _series(nw.from_native(values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values]), series_only=True), declared)
    if not isinstance(values, np.ndarray):
        values = list(values)
    if declared and (not isinstance(values, np.ndarray) or values.dtype == object) and (odd := next((value for value in values if not is_plain(value)), None)) is not None:
        return type(odd).__name__, [None] * len(values)
    cells = _array_cells(values) if isinstance(values, np.ndarray) else cells_of_values(values)
    return _kind_of_cells(cells), cells


def _kind_of_cells(cells: Cells) -> str:
    if isinstance(cells, Numbers):
        return {"b": "boolean", "f": "number"}.get(cells.values.dtype.kind, "integer")
    return "date" if isinstance(cells, Instants) else "category" if isinstance(cells, Codes) else "text"


def _array_cells(array: np.ndarray[Any, Any]) -> Cells:
    """Cells of a NumPy array of one dimension."""
    if array.ndim != 1:
        raise DataError(f"expected a column of one dimension, got shape {array.shape}")
    if isinstance(array, np.ma.MaskedArray):
        return Numbers(array.filled(0), np.ma.getmaskarray(array).astype(np.uint8)) if array.dtype.kind in "biuf" else cells_of_values(array.tolist())
    if array.dtype.kind in "biuf":
        return Numbers(array)
    if array.dtype.kind == "c":
        raise DataError("expected real numbers, got complex ones; give real and imaginary parts as two columns")
    if array.dtype.kind == "M":
        return Instants(array.astype("datetime64[us]").astype(np.int64), _missing_or_none(np.isnat(array)))
    if array.dtype.kind == "m":
        return Numbers(np.where(np.isnat(array), np.nan, array.astype("timedelta64[us]").astype(np.float64) / 1e6))
    return cells_of_values(array.tolist())


def _missing_or_none(missing: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    return np.ascontiguousarray(missing, np.uint8) if missing.any() else None


def _series(series: Any, declared: bool) -> tuple[str, Cells]:
    """A narwhals Series: its declared type decides, text stays where it lies."""
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        return "category", _coded(series)
    if dtype.is_numeric():
        if isinstance(dtype, nw.Decimal):
            return "number", cells_of_values([None if is_null(value) else float(value) for value in series.to_list()])
        return ("integer" if dtype.is_integer() else "number"), _number_cells(series)
    if dtype == nw.Boolean:
        missing = series.is_null().to_numpy().astype(np.uint8)
        return "boolean", Numbers(np.array([value is True for value in series.to_list()], bool) if missing.any() else series.to_numpy().astype(bool), _missing_or_none(missing))
    if isinstance(dtype, (nw.Datetime, nw.Date)):
        return "date", _instants(series)
    if isinstance(dtype, nw.Duration):
        return "number", _array_cells(series.to_numpy())
    if isinstance(dtype, nw.String) and (text := _arrow_text(series)) is not None:
        return "text", text
    values = series.to_list()
    if declared and isinstance(dtype, (nw.List, nw.Array, nw.Struct, nw.Binary)):
        return str(dtype), [None] * len(values)
    if declared and (odd := next((value for value in values if not is_plain(value)), None)) is not None:
        return type(odd).__name__, [None] * len(values)
    cells = cells_of_values(values)
    return _kind_of_cells(cells), cells


def _number_cells(series: Any) -> Numbers:
    missing = np.asarray(series.is_null().to_numpy()).astype(bool)
    if not missing.any() or series.dtype.is_float():
        values = np.asarray(series.to_numpy())
        if values.dtype.kind in "iuf":
            return Numbers(values, _missing_or_none(missing))
    exact = [0 if null else value for value, null in zip(series.to_list(), missing, strict=True)]
    values = np.array(exact) if series.dtype.is_integer() else np.array(exact, np.float64)
    return Numbers(values if values.dtype.kind in "iuf" else values.astype(np.float64), _missing_or_none(missing))


def _instants(series: Any) -> Instants:
    import narwhals.stable.v2 as nw

    missing = series.is_null().to_numpy().astype(np.uint8)
    if isinstance(series.dtype, nw.Date):
        series = series.cast(nw.Datetime("us"))
    elif series.dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return Instants(np.ascontiguousarray(series.to_numpy().astype("datetime64[us]").astype(np.int64)), _missing_or_none(missing))


def _coded(series: Any) -> Codes:
    """Declared categories: each cell's place among the distinct values."""
    native = series.to_native()
    if hasattr(native, "cat") and hasattr(native.cat, "codes"):  # pandas: the codes are there
        named = native.cat.categories
        words = [None if is_null(word) else float(str(word)) if isinstance(word, np.float32) else word for word in named.to_numpy()]
        return Codes(native.cat.codes.to_numpy().astype(np.int64), _words_of(words))
    values = series.to_list()
    words = list(dict.fromkeys(value for value in values if not is_null(value)))
    places = {word: i for i, word in enumerate(words)}
    return Codes(np.array([places.get(value, -1) for value in values], np.int64), _words_of(words))


def _words_of(values: Sequence[Any]) -> list[str]:
    """Declared categories as text."""
    cells = cells_of_values(values)
    if isinstance(cells, Numbers):
        return [text_of_number(value) if isinstance(value, float) else str(value) for value in cells.values.tolist()]
    if isinstance(cells, Instants):
        instants = text_of_instants(cells)
        return [instants.words[code] if code >= 0 else "" for code in instants.codes]
    return [word if isinstance(word, str) else "" for word in cells]


def _arrow_text(series: Any) -> Any:
    """A text column where it lies, if it can be handed over as Arrow."""
    native = series.to_native()
    if not hasattr(native, "__arrow_c_stream__"):
        return None
    try:
        stream = _native.ArrowStream(native.__arrow_c_stream__())
        batches = list(iter(stream.next, None))
    except (ImportError, ValueError, NotImplementedError, RuntimeError, TypeError):
        return None
    texts = [columns[0] for n, columns in batches if n]
    if any(not isinstance(text, _native.TextColumn) for text in texts):
        return None
    return texts[0] if len(texts) == 1 else _native.join_text(texts)
