"""What is kept of the rows that a model has learnt from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import N_HASHES, Profile
from normexp.tables import MatrixColumn, matrix_hashes

__all__ = ["profile_of"]

MOST_ROWS = 20_000  # that quantiles are taken from
LARGEST = np.finfo(np.float32).max
DECILES = np.arange(1, 10) / 10


def profile_of(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], rows: NDArray[np.int64], held: NDArray[np.int64], probabilities: NDArray[Any], before: Profile | None = None
) -> Profile:
    """Of the rows that were learnt from, and of those held out; the probabilities are those of rows by members that had not learnt from them.

    `before` is the profile of a model that the fit went on from: its rows are remembered too, and deciles stay as they are, as the encoder does.
    """
    hashes = matrix_hashes(matrix, np.concatenate([rows, held]))
    distinct, counts = np.unique(hashes, return_counts=True)
    by_chance = float(counts[counts > 1].sum() / len(hashes))
    answers = probabilities.mean(axis=0, dtype=np.float64) if len(probabilities) else np.full(probabilities.shape[1], 1 / probabilities.shape[1])
    kept = distinct if before is None else np.union1d(distinct, before.hashes.view(np.uint64))
    edges, in_bins = _bins(matrix, columns, rows) if before is None else (before.edges, before.counts)
    return Profile(len(rows) if before is None else before.n_rows, edges, in_bins, answers, kept[:N_HASHES].view(np.int64), by_chance, len(hashes))


def _bins(matrix: NDArray[Any], columns: Sequence[MatrixColumn], rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Deciles of numbers and booleans, and how many of some of the rows lie between them or are missing."""
    some = rows[:: -(-len(rows) // MOST_ROWS)] if len(rows) else rows
    edges, counts = np.zeros((len(columns), 9)), np.zeros((len(columns), 11), np.int64)
    for i, column in enumerate(columns):
        with np.errstate(over="ignore"):
            values = np.clip(matrix[some, i].astype(np.float32), -LARGEST, LARGEST)  # as later rows will be looked at
        filled = values[~np.isnan(values)]
        counts[i, 10] = len(values) - len(filled)
        if column.kind != "category" and len(filled):
            edges[i] = np.quantile(filled, DECILES, method="inverted_cdf")
            counts[i, :10] = np.bincount(np.searchsorted(edges[i], filled), minlength=10)
    return edges, counts
