"""The features that an explanation speaks of: the columns of the table, as people read them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import Model
from normexp.tables import Schema

__all__ = ["describe", "features_of", "offsets_of", "plain"]


def features_of(model: Model) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Names of the table's columns, and for each matrix column the table column that it belongs to: the parts of a date are one feature."""
    if model.schema is None:
        n = model.n_features
        return tuple(f"x{i}" for i in range(n)) if model.feature_names is None else tuple(map(str, model.feature_names)), np.arange(n)
    columns = model.schema.columns
    widths = [len(Schema((column,)).matrix_columns()) for column in columns]
    return tuple(column.name for column in columns), np.repeat(np.arange(len(columns)), widths)


def describe(schema: Schema | None, row: NDArray[Any], feature: int, owners: NDArray[np.intp], value: float | None = None) -> str:
    """A feature of a matrix row as the table has it, or another value of its first matrix column."""
    at = int(np.flatnonzero(owners == feature)[0])
    number = float(row[at]) if value is None else value
    if np.isnan(number):
        return "missing"
    if schema is None:
        return plain(number)
    column = schema.columns[feature]
    if column.kind == "category":
        words = (*column.categories, "other")
        return words[int(number)] if 0 <= number < column.n_codes else "not seen in training"
    if column.kind == "boolean":
        return "true" if number else "false"
    if column.kind == "date":
        return np.datetime_as_string(np.datetime64(round(number + column.centre), "s")).replace("T", " ").removesuffix(" 00:00:00")
    return plain(number) if column.centre == 0 else f"{number + column.centre + 0.0:.12g}"


def plain(number: float) -> str:
    """As few digits as tell it from every other float32."""
    return np.format_float_positional(np.float32(number), trim="-") if 1e-4 <= abs(number) < 1e8 else f"{np.float32(number) + 0:.9g}"


def offsets_of(schema: Schema | None, n: int) -> NDArray[np.float64]:
    """What the table's numbers are above the matrix's; NaN for the parts of dates, which cannot be changed by themselves."""
    if schema is None:
        return np.zeros(n)
    return np.array([np.nan if column.kind == "date" else column.centre for column in schema.columns for _ in Schema((column,)).matrix_columns()])
