"""Rows as forests see them, in bins. What categories say of the classes is said to every fold anew: no row is told by its own label, nor by those of the rows that judge it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.model import Encoder
from normexp.recipe._folds import Parts
from normexp.recipe._statistics import Labelled, apart, with_leanings
from normexp.trees import Bins

__all__ = ["Numbers", "OfFold"]

PIECE_ROWS = 8_192
MOST_VALUES = 2**25  # of the rows that thresholds are found on


class OfFold(NamedTuple):
    """What a forest of one fold learns from: bins of all rows, shape (n_numbers, n_rows), and the encoder whose numbers they are of for rows that it does not learn from."""

    encoder: Encoder
    bins: Bins
    binned: NDArray[np.uint8]


@dataclass(frozen=True)
class Numbers:
    """Numbers and differences in bins, shape (n, n_rows), made piece by piece; `weights` are the rows' own.

    Weights of classes are left out: what they change is the answer, and the probabilities are those of the data all the same.
    """

    labelled: Labelled
    encoder: Encoder
    rows: NDArray[np.int64]
    folds: Sequence[Parts]  # in numbers of rows of the matrix
    seed: int
    n_bins: int
    bins: Bins
    binned: NDArray[np.uint8]
    weights: NDArray[np.float32] | None

    @staticmethod
    def of(
        labelled: Labelled, encoder: Encoder, rows: NDArray[np.int64], learnt: NDArray[np.int64], folds: Sequence[Parts], *, n_bins: int, seed: int,
        weights: NDArray[np.float32] | None,
    ) -> "Numbers":  # fmt: skip
        """Of these rows of the matrix; thresholds are found on those of them that are `learnt`."""
        plain = replace(encoder, leanings=None)
        n_numbers = len(plain.columns_of_numbers)
        most = max(MOST_VALUES // max(n_numbers, 1), 1)
        sample = learnt if len(learnt) <= most else np.sort(np.random.Generator(np.random.Philox(0)).choice(learnt, most, replace=False))
        bins = Bins.fit(plain.numbers(labelled.matrix[sample]), np.arange(len(sample)), n_bins)
        binned = np.empty((n_numbers, len(rows)), np.uint8)
        for first in range(0, len(rows), PIECE_ROWS):
            piece = rows[first : first + PIECE_ROWS]
            binned[:, first : first + len(piece)] = bins.apply(plain.numbers(labelled.matrix[piece]), np.arange(len(piece)))
        return Numbers(labelled, encoder, rows, folds, seed, n_bins, bins, binned, weights)

    def of_fold(self, fold: Parts) -> OfFold:
        """Of a fold's places among the rows.

        What a category says to a row that is learnt from is said by those of these rows that are not in its own part: another fold's, which keeps groups and spans of time
        together. To a row that is held out it is said by all that are learnt from.
        """
        columns, matrix = np.flatnonzero(self.encoder.n_codes).tolist(), self.labelled.matrix
        if not columns:
            return OfFold(self.encoder, self.bins, self.binned)
        learnt, held = (self.rows[places] for places in fold)
        encoder = with_leanings(self.encoder, self.labelled, learnt)
        inner = [(np.setdiff1d(learnt, others), np.intersect1d(learnt, others)) for _, others in self.folds if not np.array_equal(others, held)]
        parts = apart(learnt, [(rest, part) for rest, part in inner if len(rest) and len(part)], self.labelled.groups, self.seed)
        encoders = [(encoder, fold[1]), *((with_leanings(self.encoder, self.labelled, rest), np.searchsorted(self.rows, part)) for rest, part in parts)]
        thresholds, binned = list[NDArray[np.float64]](), list[NDArray[np.uint8]]()
        for column in columns:
            values = np.zeros((len(self.rows), encoder.leanings_of(column).shape[1]), np.float32)
            for of_part, places in encoders:
                values[places] = of_part.leaning(column, matrix[self.rows[places], column])
            bins = Bins.fit(values, fold[0], self.n_bins)
            thresholds += bins.thresholds
            binned.append(bins.apply(values, np.arange(len(values)), 1))
        n = int((self.encoder.n_codes == 0).sum())  # differences come last
        together = Bins((*self.bins.thresholds[:n], *thresholds, *self.bins.thresholds[n:]))
        return OfFold(encoder, together, np.concatenate([self.binned[:n], *binned, self.binned[n:]]))
