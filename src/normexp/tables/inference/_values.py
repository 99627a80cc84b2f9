"""Columns of numbers, dates and booleans by their values: the centre of large numbers and of dates, and which of them are identifiers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from normexp.tables._schema import Column, Schema
from normexp.tables._words import missing_numbers
from normexp.tables.conversion import FLOAT32_MAX, Bad, Converter, Count
from normexp.tables.inference._identifiers import number_identifier
from normexp.tables.inference._survey import Survey
from normexp.tables.sources import Instants, Numbers

__all__ = ["FLOAT32_EXACT", "by_values"]

FLOAT32_EXACT, FLOAT64_EXACT = 2.0**24, 2.0**53
VALUES_AT_ONCE = 1 << 22


def by_values(survey: Survey, columns: dict[int, Column]) -> dict[int, Column | None]:
    """Columns of numbers, dates and booleans by their values, some columns at a time."""
    found: dict[int, Column | None] = {}
    size = max(VALUES_AT_ONCE // max(survey.data.n_rows, 1), 1)
    for group in survey.data.groups(list(columns), survey.data.n_rows):
        for first in range(0, len(group), size):
            some = group[first : first + size]
            for i, values in zip(some, _values(survey, some, columns), strict=True):
                found[i] = _finished(survey, i, columns[i], values)
    return found


def _values(survey: Survey, indices: Sequence[int], columns: dict[int, Column]) -> list[NDArray[np.float64]]:
    """The kept cells of columns as float64: numbers, or seconds of dates; NaN where missing or bad."""
    converter = Converter(Schema(tuple(columns[i] for i in indices), None, *survey.words), survey.words)
    parts: list[list[NDArray[np.float64]]] = [[] for _ in indices]
    typed: list[dict[str, Count]] = [{} for _ in indices]
    for first, n, batch in survey.data.batches(indices):
        keep = survey.part(first, n)
        for k, cells in enumerate(batch):
            if isinstance(cells, Numbers):
                values = cells.values.astype(np.float64)
                _mark_missing(survey, values, cells)
                _mark_beyond(values, keep, first, typed[k])
            elif isinstance(cells, Instants):
                values = cells.micros / 1e6
                if cells.missing is not None:
                    values[cells.missing.astype(bool)] = np.nan
            else:
                values = converter.values(k, cells, first, keep)
            parts[k].append(values if keep is None else values[keep.astype(bool)])
    for k, i in enumerate(indices):
        if typed[k]:
            survey.bad.append(Bad(survey.data.names[i], "a finite number", typed[k], typed=True))
        if converter.missing_numbers(k):
            survey.found_missing |= {word for word in survey.words[0] if missing_numbers([word])}
        if bad := converter.tally(k).bad:
            survey.bad.append(Bad(survey.data.names[i], f"a {columns[i].kind}", bad))
    return [np.concatenate(part) if part else np.empty(0) for part in parts]


def _mark_beyond(values: NDArray[np.float64], keep: NDArray[np.uint8] | None, first: int, found: dict[str, Count]) -> None:
    beyond = np.abs(values) > FLOAT32_MAX
    for row in np.flatnonzero(beyond if keep is None else beyond & keep.astype(bool)):
        count = found.setdefault(str(values[row]), Count(0, first + int(row)))
        count.n += 1
    values[beyond] = np.nan


def _mark_missing(survey: Survey, values: NDArray[np.float64], cells: Numbers) -> None:
    if cells.missing is not None:
        values[cells.missing.astype(bool)] = np.nan
    for number in missing_numbers(survey.words[0]) if cells.values.dtype.kind != "b" else ():
        found = values == number
        if found.any():
            survey.found_missing |= {word for word in survey.words[0] if missing_numbers([word]) == [number]}
        values[found] = np.nan


def _finished(survey: Survey, i: int, column: Column, values: NDArray[np.float64]) -> Column | None:
    filled = values[~np.isnan(values)]
    if not len(filled):
        survey.say(i, " is empty")
        return Column(column.name, "number")
    if column.kind == "date":
        return replace(column, centre=float(round(_median(filled))))
    if column.kind == "boolean":
        return column
    if np.abs(filled).max() > FLOAT64_EXACT:
        survey.say(i, f" has numbers beyond {FLOAT64_EXACT:.0f}, which are rounded to 15 digits; if they are names, write them as text")
    column = column if np.abs(filled).max() <= FLOAT32_EXACT else replace(column, centre=_median(filled))
    reason = None if survey.options.keep_numbers or column.name in survey.options.keep_columns else number_identifier(column.name, values)
    if reason:
        survey.say(i, f" is left out: {reason}; --keep-column '{column.name}' keeps it")
        survey.identifiers[i] = column
        return None
    return column


def _median(values: NDArray[np.float64]) -> float:
    """Between the two middle values where their number is even."""
    middle = (len(values) - 1) // 2
    found = np.partition(values, [middle, middle + 1 - len(values) % 2])
    low, high = found[middle], found[middle + 1 - len(values) % 2]
    return float(low + (high - low) * 0.5)
