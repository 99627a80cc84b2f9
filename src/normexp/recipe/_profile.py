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


def profile_of(matrix: NDArray[Any], columns: Sequence[MatrixColumn], rows: NDArray[np.int64], held: NDArray[np.int64], probabilities: NDArray[Any]) -> Profile:
    """Of the rows that were learnt from, and of those held out with the probabilities that they are given."""
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
    learnt, others = matrix_hashes(matrix, rows), matrix_hashes(matrix, held)
    kept = np.unique(np.concatenate([learnt, others]))[:N_HASHES].view(np.int64)
    by_chance = float(np.isin(others, learnt).mean()) if len(held) else 0.0
    answers = probabilities.mean(axis=0, dtype=np.float64) if len(held) else np.full(probabilities.shape[1], 1 / probabilities.shape[1])
    return Profile(len(rows), edges, counts, answers, kept, by_chance, len(held))
