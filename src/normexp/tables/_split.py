"""Seeded parts of the rows, as index lists: the matrix is never copied. By class shares, by whole groups, or by time."""

import warnings

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError

__all__ = ["fold_rows", "held_out_rows"]

FOLDS = 20  # parts of whole groups, of which as many are held out as come nearest to the fraction

Rows = NDArray[np.int64]


def held_out_rows(
    classes: NDArray[np.int32], fraction: float, seed: int, rows: Rows | None = None, *, groups: Rows | None = None, times: NDArray[np.float64] | None = None
) -> tuple[Rows, Rows]:
    """Split `rows` (all by default) into a large and a held-out part, both sorted.

    Each class gives its share of `fraction`, rounded so that the total fits; a class keeps at least one row in the large part, so a class
    with one row stays there. With `groups` (the number of each row's group) no group is in both parts, and the shares of the classes are kept as well as that allows.
    With `times` the last rows are held out; rows of one time stay together. Raises DataError where there is one group, or one time.
    """
    rows = np.arange(len(classes), dtype=np.int64) if rows is None else rows
    if times is not None:
        return _last_rows(times, fraction, rows)
    if groups is not None:
        return _whole_groups(classes, groups, fraction, seed, rows)
    return _stratified(classes, fraction, seed, rows)


def fold_rows(classes: NDArray[np.int32], n_folds: int, seed: int, *, groups: Rows | None = None) -> list[tuple[Rows, Rows]]:
    """(rows to learn from, rows to test on), both sorted, of each of `n_folds` folds of about the same class shares; every row is tested once, a group in one fold.

    Raises DataError with fewer rows or groups than folds.
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    n = len(classes) if groups is None else len(np.unique(groups))
    if n < n_folds:
        raise DataError(f"expected at least as many {'rows' if groups is None else 'groups'} as folds, {n_folds}, got {n}; take fewer folds")
    stratified = n_folds <= int(np.bincount(np.maximum(classes, 0)).max())  # more folds than rows of any class cannot be
    splitter = (StratifiedKFold if stratified else KFold) if groups is None else (StratifiedGroupKFold if stratified else GroupKFold)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer rows than folds
        folds = splitter(n_folds, shuffle=True, random_state=seed).split(classes[:, None], classes, groups)
        return [(np.sort(learnt), np.sort(held)) for learnt, held in folds if len(held)]


def _stratified(classes: NDArray[np.int32], fraction: float, seed: int, rows: Rows) -> tuple[Rows, Rows]:
    rng = np.random.Generator(np.random.Philox(seed))
    order = rng.permutation(len(rows))
    shuffled = rows[order[np.argsort(classes[rows[order]], kind="stable")]]  # grouped by class, shuffled within
    _, firsts, counts = np.unique(classes[shuffled], return_index=True, return_counts=True)
    shares = counts * fraction
    taken = np.minimum(np.floor(shares).astype(int), counts - 1)
    n_taken = int(taken.sum())
    for i in np.argsort(-(shares - np.floor(shares)), kind="stable"):  # largest remainders first
        if n_taken >= round(len(rows) * fraction):
            break
        more = int(taken[i] < counts[i] - 1)
        taken[i] += more
        n_taken += more
    held = np.zeros(len(shuffled), bool)
    for first, n in zip(firsts, taken, strict=True):
        held[first : first + n] = True
    return np.sort(shuffled[~held]), np.sort(shuffled[held])


def _last_rows(times: NDArray[np.float64], fraction: float, rows: Rows) -> tuple[Rows, Rows]:
    """The cut between two times that comes nearest to the fraction."""
    moments, counts = np.unique(times[rows], return_counts=True)
    if len(moments) < 2:
        raise DataError("expected rows of several times to hold out the last ones, got one time; split them without --time")
    later = len(rows) - np.cumsum(counts)[:-1]  # rows after each cut
    cut = moments[int(np.abs(later - len(rows) * fraction).argmin())]
    return np.sort(rows[times[rows] <= cut]), np.sort(rows[times[rows] > cut])


def _whole_groups(classes: NDArray[np.int32], groups: Rows, fraction: float, seed: int, rows: Rows) -> tuple[Rows, Rows]:
    from sklearn.model_selection import StratifiedGroupKFold

    n_groups = len(np.unique(groups[rows]))
    if n_groups < 2:
        raise DataError("expected rows of several groups to hold some out, got one group; split them without --group")
    n_folds = max(2, min(FOLDS, n_groups, int(np.bincount(np.maximum(classes[rows], 0)).max())))
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer rows than folds
        parts = [part for _, part in folds.split(rows[:, None], classes[rows], groups[rows]) if len(part)]
    if len(parts) < 2:  # few groups, all in one fold
        parts = [np.flatnonzero(groups[rows] == group) for group in np.unique(groups[rows])]
    held = np.concatenate(parts[: min(max(1, round(fraction * len(parts))), len(parts) - 1)])
    return np.sort(np.delete(rows, held)), np.sort(rows[held])
