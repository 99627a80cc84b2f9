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
MOST_PARTS = 8  # of a fold's rows
MOST_VALUES = 2**25  # of the rows that thresholds are found on


class OfFold(NamedTuple):
    """What a forest of one fold learns from: bins of all rows, shape (n_numbers, n_rows), and the encoder that makes the numbers of rows which it does not learn from."""

    encoder: Encoder
    bins: Bins
    binned: NDArray[np.uint8]


Told = tuple[Encoder, NDArray[np.int64]]  # who says what categories say, and to which places


@dataclass(frozen=True)
class Numbers:
    """Numbers and differences in bins, shape (n, n_rows), made piece by piece; `weights` are the rows' own.

    Weights of classes are left out: what they change is the answer, and the probabilities are those of the data all the same.
    `told` says of each fold by whom its rows are told.
    """

    labelled: Labelled
    encoder: Encoder
    rows: NDArray[np.int64]
    folds: Sequence[Parts]  # places among the rows
    told: tuple[tuple[Told, ...], ...]
    n_bins: int
    bins: Bins
    binned: NDArray[np.uint8]
    weights: NDArray[np.float32] | None

    @staticmethod
    def of(
        labelled: Labelled, encoder: Encoder, rows: NDArray[np.int64], folds: Sequence[Parts], *, n_bins: int, seed: int, weights: NDArray[np.float32] | None
    ) -> "Numbers":
        """Of these rows of the matrix; `folds` are places among them, thresholds are found on those that any learns from.

        The encoder for new rows has the mean of what all parts of all folds say: as sure, on average, as what the forests were grown on.
        """
        n_numbers = len(encoder.columns_of_numbers)
        learnt = rows[np.unique(np.concatenate([part for part, _ in folds]))]
        most = max(MOST_VALUES // max(n_numbers, 1), 1)
        sample = learnt if len(learnt) <= most else np.sort(np.random.Generator(np.random.Philox(0)).choice(learnt, most, replace=False))
        bins = Bins.fit(encoder.numbers(labelled.matrix[sample]), np.arange(len(sample)), n_bins)
        binned = np.empty((n_numbers, len(rows)), np.uint8)
        for first in range(0, len(rows), PIECE_ROWS):
            piece = rows[first : first + PIECE_ROWS]
            binned[:, first : first + len(piece)] = bins.apply(encoder.numbers(labelled.matrix[piece]), np.arange(len(piece)))
        told = tuple(_told(labelled, encoder, rows, folds, fold, seed) for fold in folds) if (encoder.n_codes > 0).any() else ()
        return Numbers(labelled, _mean(encoder, [one for of_fold in told for one, _ in of_fold]), rows, folds, told, n_bins, bins, binned, weights)

    def encoder_of(self, fold: Parts) -> Encoder:
        """Which makes the numbers of rows that a fold does not learn from."""
        return _mean(self.encoder, [one for one, _ in self._told_of(fold)]) if self.told else self.encoder

    def _told_of(self, fold: Parts) -> tuple[Told, ...]:
        return next(told for told, one in zip(self.told, self.folds, strict=True) if one is fold)

    def of_fold(self, fold: Parts) -> OfFold:
        """Of one of the folds."""
        if not self.told:
            return OfFold(self.encoder, self.bins, self.binned)
        encoder, told = self.encoder_of(fold), self._told_of(fold)
        thresholds, binned = list[NDArray[np.float64]](), list[NDArray[np.uint8]]()
        for column in np.flatnonzero(self.encoder.n_codes).tolist():
            values, codes = np.zeros((len(self.rows), encoder.leanings_of(column).shape[1]), np.float32), self.labelled.matrix[self.rows, column]
            for one, places in ((encoder, fold[1]), *told):
                values[places] = one.leaning(column, codes[places])
            bins = Bins.fit(values, fold[0], self.n_bins)
            thresholds += bins.thresholds
            binned.append(bins.apply(values, np.arange(len(values)), 1))
        n = int((self.encoder.n_codes == 0).sum())  # differences come last
        together = Bins((*self.bins.thresholds[:n], *thresholds, *self.bins.thresholds[n:]))
        return OfFold(encoder, together, np.concatenate([self.binned[:n], *binned, self.binned[n:]]))


def _told(labelled: Labelled, encoder: Encoder, rows: NDArray[np.int64], folds: Sequence[Parts], fold: Parts, seed: int) -> tuple[Told, ...]:
    """By whom the rows that a fold learns from are told: each part of them, those that another fold holds out (or several, where folds are many), by
    all the others. Groups and spans of time stay together."""
    learnt = rows[fold[0]]
    others = [held for _, held in folds if held is not fold[1]]
    together = [rows[np.concatenate(others[i::MOST_PARTS])] for i in range(min(len(others), MOST_PARTS))]
    parts = [(np.setdiff1d(learnt, held), np.intersect1d(learnt, held)) for held in together]
    parts = apart(learnt, [(rest, part) for rest, part in parts if len(rest) and len(part)], labelled.groups, seed)
    return tuple((with_leanings(encoder, labelled, rest), np.searchsorted(rows, part)) for rest, part in parts)


def _mean(encoder: Encoder, told: Sequence[Encoder]) -> Encoder:
    """What all of them say on average."""
    tables = [one.leanings for one in told if one.leanings is not None]
    return replace(encoder, leanings=np.mean(tables, axis=0).astype(np.float32).astype(np.float64)) if tables else encoder
