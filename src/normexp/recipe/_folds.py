"""Which rows each member learns from, and which it is asked about."""

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.tables import fold_rows

__all__ = ["Parts", "folds_of"]

Parts = tuple[NDArray[np.int64], NDArray[np.int64]]  # rows to learn from, rows held out


def folds_of(
    rows: NDArray[np.int64], targets: NDArray[np.int32], n_folds: int, seed: int, groups: NDArray[np.int64] | None = None, times: NDArray[np.float64] | None = None
) -> list[Parts]:
    """(rows to learn from, rows held out) of each fold, all sorted; `targets`, `groups` and `times` are those of every row.

    Each row is held out once, but for those of a class with a single row: these are learnt from every time. Folds have about the same shares of the classes. With `groups`
    none is in both parts; with `times` folds are spans of time, rows of one time in one. There may be fewer folds where there are fewer groups or times; with one it is a
    DataError.
    """
    if times is not None:
        return _spans(rows, times[rows], n_folds)
    if groups is not None:
        n_folds = min(n_folds, len(np.unique(groups[rows])))
        if n_folds < 2:
            raise DataError("expected rows of several groups to hold some out, got one group; leave the column of groups out")
        return [(rows[learnt], rows[held]) for learnt, held in fold_rows(targets[rows], n_folds, seed, groups=groups[rows])]
    rng = np.random.Generator(np.random.Philox(seed))
    order = rng.permutation(len(rows))
    order = order[np.argsort(targets[rows[order]], kind="stable")]  # by class, in random order within
    alone = np.bincount(targets[rows])[targets[rows[order]]] == 1
    fold = np.empty(len(rows), np.int64)
    fold[order[~alone]], fold[order[alone]] = np.arange((~alone).sum()) % n_folds, -1
    return [(rows[fold != k], rows[fold == k]) for k in range(n_folds) if (fold == k).any()]


def _spans(rows: NDArray[np.int64], times: NDArray[np.float64], n_folds: int) -> list[Parts]:
    moments, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(moments) < 2:
        raise DataError("expected rows of several times to hold some out, got one time; leave the column of times out")
    middle = np.cumsum(counts) - counts / 2
    fold = np.unique(np.minimum(middle * n_folds / len(rows), n_folds - 1).astype(np.int64), return_inverse=True)[1][place]
    return [(rows[fold != k], rows[fold == k]) for k in range(int(fold.max()) + 1)]
