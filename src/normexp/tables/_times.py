"""A column that says when: dates or numbers, in which order the rows are."""

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables._schema import Schema
from normexp.tables.conversion import Converter
from normexp.tables.inference import Survey, columns_of
from normexp.tables.sources import Rows

__all__ = ["times_of_column"]


def times_of_column(data: Rows, i: int, options: Options, words: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[NDArray[np.float64], list[str]]:
    """Seconds since 1970 of dates, or the numbers themselves, shape (n_rows,), NaN where there is none; and what is to be said of how they are written."""
    survey = Survey(data, options, words, None)
    columns = columns_of(survey, [i])
    if not columns or columns[0].kind not in ("date", "number"):
        kind = {"category": "words", "boolean": "yes and no"}[columns[0].kind] if columns else "nothing"
        advice = "choose another column, or say how it is written with --date-format"
        raise DataError(f"expected dates or numbers in column '{data.names[i]}' to order the rows by, got {kind} ({data.label}); {advice}")
    times, converter = np.empty(data.n_rows, np.float64), Converter(Schema((columns[0],), None, *words), words)
    for first, n, (cells,) in data.batches([i]):
        times[first : first + n] = converter.doubles(0, cells, first)
    return times, [note for note in survey.notes([i]) if "left out" not in note and "learn from" not in note]
