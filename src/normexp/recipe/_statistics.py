"""What the classes of a category's rows were, seen from rows other than the one that is encoded: of categories of very many, such as zip codes, and for forests of all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import MOST_ONE_HOT, MOST_STATISTICS, Encoder
from normexp.recipe._folds import Parts

__all__ = ["Labelled", "apart", "category_shares", "training_inputs", "with_leanings", "with_statistics"]

Array = NDArray[np.float64]
STRENGTHS = 10.0 ** np.arange(-0.5, 3.1, 0.5)  # in rows, of what all rows together say of a category
N_PARTS = 5  # of rows that no fold holds out
NO_ROWS = np.empty(0, np.int64)
LARGEST = 3.0  # as the encoder's numbers


@dataclass(frozen=True)
class Labelled:
    """Rows of a matrix and what is known of each: class, weight and group; `told` are the classes that there are statistics of."""

    matrix: NDArray[Any]
    targets: NDArray[np.int32]
    weights: NDArray[Any] | None
    groups: NDArray[np.int64] | None
    n_classes: int
    told: NDArray[np.intp]

    @staticmethod
    def of(
        matrix: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[Any] | None, groups: NDArray[np.int64] | None, n_classes: int, rows: NDArray[np.int64]
    ) -> "Labelled":
        """`rows` are those that are learnt from: their most frequent classes have statistics."""
        counts = np.bincount(targets[rows], minlength=n_classes)
        return Labelled(matrix, targets, weights, groups, n_classes, np.sort(np.argsort(-counts, kind="stable")[:MOST_STATISTICS]))


def with_statistics(encoder: Encoder, data: Labelled, rows: NDArray[np.int64]) -> Encoder:
    """The encoder with what these rows say of each category of the columns of more than 256: for each class how much more often it came than over all rows, as a logarithm.

    What few rows say counts less: m rows are added that are as all rows are, with the m under which the counts are the most likely (a Dirichlet-multinomial). Two
    classes make one statistic, the difference of theirs. A category whose rows are of one group says nothing: what is learnt from it is never seen from another group.
    """
    wide = np.flatnonzero(encoder.n_codes > MOST_ONE_HOT)
    if not len(wide):
        return encoder
    return replace(encoder, statistics=np.concatenate([_statistics(data, rows, column, int(encoder.n_codes[column])) for column in wide.tolist()]))


def training_inputs(encoder: Encoder, data: Labelled, rows: NDArray[np.int64], folds: Sequence[Parts], seed: int) -> NDArray[np.float32]:
    """These rows encoded to learn from: as `encoder.encode` does, but the statistics of a row are those of the rows that its fold learns from, and never know its class.

    Rows that no fold holds out get those of four fifths of such rows, whole groups apart. `folds` are in numbers of rows of the matrix.
    """
    inputs, place = encoder.encode(data.matrix, rows), encoder.first_statistic
    position = np.zeros(len(data.matrix), np.int64)
    position[rows] = np.arange(len(rows))
    for learnt, held in apart(rows, folds, data.groups, seed) if encoder.is_wide.any() else ():
        of_fold = with_statistics(encoder, data, learnt)
        width = int(encoder.n_statistics.max())
        for i, column in enumerate(np.flatnonzero(encoder.is_wide).tolist()):
            codes, table = data.matrix[held, column], of_fold.statistics_of(column)
            known = (codes >= 0) & (codes < len(table))
            inputs[position[held], place + i * width : place + (i + 1) * width] = np.where(known[:, None], table[np.where(known, codes, 0).astype(np.int64)], 0)
    return inputs


def with_leanings(encoder: Encoder, data: Labelled, rows: NDArray[np.int64]) -> Encoder:
    """The encoder with what these rows say of each code of every category, as `with_statistics` has it, and of rows without a value."""
    columns = np.flatnonzero(encoder.n_codes).tolist()
    if not columns:
        return encoder
    tables = [_statistics(data, rows, column, int(encoder.n_codes[column]), with_missing=True) for column in columns]
    return replace(encoder, leanings=np.concatenate(tables).astype(np.float32).astype(np.float64))  # whatever the matrix, the same numbers


def apart(rows: NDArray[np.int64], folds: Sequence[Parts], groups: NDArray[np.int64] | None, seed: int) -> list[Parts]:
    """The folds, and parts of the rows that none of them holds out."""
    rest = np.setdiff1d(rows, np.concatenate([NO_ROWS, *(held for _, held in folds)]))
    units = np.unique(rest if groups is None else groups[rest], return_inverse=True)[1]
    order = np.random.Generator(np.random.Philox(seed)).permutation(int(units.max(initial=-1)) + 1)
    part = order[units] % N_PARTS
    return [*folds, *((rest[part != k], rest[part == k]) for k in range(N_PARTS) if (part == k).any())]


def category_shares(codes: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[Any] | None, n_codes: int, n_classes: int) -> tuple[Array, Array]:
    """Shares of the classes among the rows of each code, shrunk toward those of all rows by the most likely strength, shape (n_codes, n_classes); and the shares of all.

    Weights count by what they are to each other.
    """
    weights = None if weights is None else weights / max(float(weights.mean()), 1e-300)
    totals = np.bincount(targets, weights, n_classes) + 0.5
    shares = totals / totals.sum()
    known = (codes >= 0) & (codes < n_codes)
    cells = codes[known].astype(np.int64) * n_classes + targets[known]
    counts = np.bincount(cells, None if weights is None else weights[known], n_codes * n_classes).reshape(n_codes, n_classes).astype(np.float64)
    added = _strength(counts, shares) * shares
    return (counts + added) / (counts + added).sum(axis=1, keepdims=True), shares


def _statistics(data: Labelled, rows: NDArray[np.int64], column: int, n_codes: int, *, with_missing: bool = False) -> Array:
    """Shape (n_codes, 1) for two classes, else a column a class that is told; with a last row of the missing ones, if asked for."""
    codes = data.matrix[rows, column]
    if with_missing:
        codes, n_codes = np.where((codes >= 0) & (codes < n_codes), codes, n_codes), n_codes + 1
    of_codes, shares = category_shares(codes, data.targets[rows], None if data.weights is None else data.weights[rows], n_codes, data.n_classes)
    logs = np.log(of_codes) - np.log(shares)
    logs = logs[:, 1:] - logs[:, :1] if data.n_classes == 2 else logs[:, data.told]
    found: Array = logs / np.sqrt(1 + (logs / LARGEST) ** 2)
    if data.groups is not None:
        known = (codes >= 0) & (codes < n_codes)
        pairs = np.unique(np.column_stack([codes[known].astype(np.int64), data.groups[rows][known]]), axis=0)
        found[np.bincount(pairs[:, 0], minlength=n_codes) < 2] = 0
    return found


def _strength(counts: Array, shares: Array) -> float:
    """The most likely of the strengths."""
    from scipy.special import gammaln

    counts = counts[counts.sum(axis=1) > 0]
    sizes = counts.sum(axis=1)
    likelihoods = [
        (gammaln(m) - gammaln(sizes + m)).sum() + (gammaln(counts + m * shares) - gammaln(m * shares)).sum() for m in STRENGTHS
    ]  # fmt: skip
    return float(STRENGTHS[int(np.argmax(likelihoods))])
