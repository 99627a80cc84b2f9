"""A column of row weights: numbers of at least 0."""


import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables._schema import Schema
from normexp.tables.conversion import FLOAT32_MAX, Converter
from normexp.tables.inference import number_column
from normexp.tables.sources import Rows

__all__ = ["Weights"]


class Weights:
    """A source's column of weights, read by the form that its cells have; `notes` say what was found of it."""

    def __init__(self, data: Rows, i: int, options: Options, words: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        self._data, self._i, self._words = data, i, words
        self._column, self.notes = number_column(data, i, options, words)

    def of(self, first: int, stop: int, keep: NDArray[np.uint8] | None) -> NDArray[np.float32]:
        """Weights of the rows from `first` to before `stop`; a wrong one in a row without `keep` is none of ours."""
        out, converter = self._doubles(first, stop)
        wrong = ~((out >= 0) & (out <= FLOAT32_MAX))
        if keep is not None:
            wrong &= keep[first:stop].astype(bool)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            tally, value = converter.tally(0).bad, out[row]
            shown = next((word for word, count in tally.items() if count.first == first + row), "nan" if np.isnan(value) else str(value))
            wanted = f"up to {FLOAT32_MAX}" if value > FLOAT32_MAX or (np.isnan(value) and _is_large(shown)) else "of at least 0"
            file, number = self._data.place(first + row)
            raise DataError(f"expected weights {wanted} in column '{self._column.name}', got {shown} ({file}, row {number}); correct the cell")
        return out.astype(np.float32)

    def _doubles(self, first: int, stop: int) -> tuple[NDArray[np.float64], Converter]:
        """In float64, NaN where there is none, and the tally of the cells."""
        converter, out = Converter(Schema((self._column,), None, *self._words), self._words), np.empty(stop - first, np.float64)
        for at, n, (cells,) in self._data.batches([self._i], first, stop):
            out[at - first : at - first + n] = converter.doubles(0, cells, at)
        return out, converter


def _is_large(word: str) -> bool:
    try:
        return float(word) > FLOAT32_MAX
    except ValueError:
        return False
