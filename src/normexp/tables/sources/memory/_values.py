"""Python values of any kind as cells, and a cell as a word."""

import datetime as dt
import decimal
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from normexp._labels import is_null
from normexp.tables.sources._cells import INTEGER_LIMIT, Cells, Instants, Numbers, text_of_number

__all__ = ["cells_of_values", "is_plain", "null_or_text"]

MOST_SHOWN = 80  # letters of a cell that is no word


def is_plain(value: Any) -> bool:
    """Can a cell be told by a word: no container, no bytes, no complex number, nothing whose text is the place where it lies?"""
    if isinstance(value, (str, int, float, np.generic)) or value is None:
        return not isinstance(value, np.complexfloating)
    if isinstance(value, (list, tuple, dict, set, np.ndarray, complex, bytes, bytearray, memoryview)):
        return False
    kind: Any = type(value)
    return kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__


def null_or_text(value: Any) -> str | None:
    """A cell as text: numbers as Python prints them, instants in ISO form; None where it is missing."""
    if isinstance(value, str):
        return str(value)
    if is_null(value):
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ") if value.tzinfo else value.isoformat(" ")
    if not is_plain(value):
        return repr(value)[:MOST_SHOWN]
    return text_of_number(value) if isinstance(value, (float, np.floating)) else str(value)


def cells_of_values(values: Sequence[Any]) -> Cells:
    """Cells of Python values of any kind: numbers if all are, booleans, instants, else text."""
    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    if kinds <= {str}:
        return list(values)
    nulls = [is_null(value) for value in values]
    filled = [value for value, null in zip(values, nulls, strict=True) if not null]
    missing = np.array(nulls, np.uint8) if len(filled) < len(values) else None
    if filled and all(isinstance(value, (bool, np.bool_)) for value in filled):
        return Numbers(np.array([not null and bool(value) for value, null in zip(values, nulls, strict=True)]), missing)
    if all(isinstance(value, (int, float, np.integer, np.floating, decimal.Decimal)) and not isinstance(value, bool) for value in filled):
        if filled and all(isinstance(value, (int, np.integer)) and -INTEGER_LIMIT <= value < INTEGER_LIMIT for value in filled):
            return Numbers(np.array([0 if null else int(value) for value, null in zip(values, nulls, strict=True)], np.int64), missing)
        return Numbers(np.array([np.nan if null else _double(value) for value, null in zip(values, nulls, strict=True)], np.float64), missing)
    if filled and all(isinstance(value, (dt.timedelta, np.timedelta64)) for value in filled):
        return Numbers(np.array([np.nan if null else _seconds(value) for value, null in zip(values, nulls, strict=True)], np.float64))
    if filled and all(isinstance(value, (dt.date, np.datetime64)) for value in filled):
        return Instants(np.array([0 if null else _micros(value) for value, null in zip(values, nulls, strict=True)], np.int64), missing)
    return [None if null else null_or_text(value) for value, null in zip(values, nulls, strict=True)]


def _double(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return -math.inf if value < 0 else math.inf


def _seconds(value: Any) -> float:
    """Seconds of a timedelta or timedelta64."""
    return float(value / np.timedelta64(1, "us")) / 1e6 if isinstance(value, np.timedelta64) else float(value.total_seconds())


def _micros(value: Any) -> int:
    """Microseconds since 1970 of a date, a datetime (UTC where it has no zone) or a datetime64."""
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    since = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
    micros: int = (since - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    return micros
