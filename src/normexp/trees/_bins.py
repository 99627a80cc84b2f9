"""Numbers as bytes: which of up to 255 bins of the training rows a value lies in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import integer_at_least

__all__ = ["MOST_BINS", "Bins"]

MOST_BINS = 255  # of values; missing ones have a bin of their own
MOST_ROWS = 200_000  # that thresholds are found on
MOST_CAPS = 30


@dataclass(frozen=True)
class Bins:
    """Thresholds of each column, rising, between values of the training rows: a value's bin is 1 + how many of them it is above; 0 is missing."""

    thresholds: tuple[NDArray[np.float64], ...]

    def __post_init__(self) -> None:
        for column, thresholds in enumerate(self.thresholds):
            if thresholds.ndim != 1 or len(thresholds) >= MOST_BINS or not (np.diff(thresholds) > 0).all() or np.isnan(thresholds).any():
                raise ValueError(f"expected at most {MOST_BINS - 1} rising thresholds of each column, got others for column {column}")

    @staticmethod
    def fit(matrix: NDArray[Any], rows: NDArray[np.int64], n_bins: int = 128) -> "Bins":
        """Look at the training rows of `matrix`, shape (n, n_columns), NaN for missing: halfway between neighbouring values where these are few, else between quantiles.

        Of more than 200,000 rows as many, drawn by chance. Raises ValueError for more than 255 bins.
        """
        if not integer_at_least(n_bins, 2, "n_bins") <= MOST_BINS:
            raise ValueError(f"expected n_bins from 2 to {MOST_BINS}, a byte with that of missing values, got {n_bins}")
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.Generator(np.random.Philox(0)).choice(rows, MOST_ROWS, replace=False))
        return Bins(tuple(_thresholds(matrix[rows, column].astype(np.float64), n_bins) for column in range(matrix.shape[1])))

    @property
    def n_bins(self) -> NDArray[np.int32]:
        """Of each column, with that of missing values."""
        return np.array([len(thresholds) + 2 for thresholds in self.thresholds], np.int32)

    def apply(self, matrix: NDArray[Any], rows: NDArray[np.int64], n_threads: int = 0) -> NDArray[np.uint8]:
        """Bins of rows, shape (n_columns, n_rows)."""
        if matrix.shape[1] != len(self.thresholds) or (len(rows) and not 0 <= rows.min() <= rows.max() < len(matrix)):
            raise ValueError(f"expected rows of a matrix of {len(self.thresholds)} columns, got shape {matrix.shape} and rows beyond it, or other columns")
        found = np.empty((len(self.thresholds), len(rows)), np.uint8)
        thresholds, firsts = np.concatenate([np.empty(0), *self.thresholds]), np.cumsum([0, *map(len, self.thresholds)])
        bins = _native.bins_f32 if matrix.dtype == np.float32 else _native.bins_f64
        bins(matrix if matrix.dtype == np.float32 else np.asarray(matrix, np.float64), np.ascontiguousarray(rows, np.int64), thresholds, firsts, found, n_threads)
        return found


def _thresholds(values: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """At most n_bins - 1."""
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(distinct) > n_bins:
        filled = np.cumsum(_capped(counts, n_bins))
        places = np.searchsorted(filled, np.arange(1, n_bins) / n_bins * filled[-1] * (1 - 1e-12))
        lower = np.unique(np.minimum(places, len(distinct) - 2))
    else:
        lower = np.arange(max(len(distinct) - 1, 0))
    low, high = distinct[lower], distinct[lower + 1] if len(lower) else distinct[:0]
    middle = low / 2 + high / 2
    found: NDArray[np.float64] = np.where((low < middle) & (middle < high), middle, low)  # neighbours in float64 have nothing between them
    return found


def _capped(counts: NDArray[np.int64], n_bins: int) -> NDArray[np.float64]:
    """Counts of which none is more than a bin's share of all: a frequent value fills one bin, and leaves the others to the rest."""
    found = counts.astype(np.float64)
    for _ in range(MOST_CAPS):
        most = found.sum() / n_bins
        if found.max() <= most * (1 + 1e-9):
            break
        found = np.minimum(counts, most)
    return found
