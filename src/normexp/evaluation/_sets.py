"""How good prediction sets are: is the truth in them as often as was asked for, and how many classes do they hold?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation
from normexp.evaluation._intervals import Interval, mean_interval, sampling_of, share_interval

__all__ = ["SetScores", "set_scores"]


class SetScores(NamedTuple):
    """The share of rows whose true class is in their set, the mean number of classes of a set, and that share for the rows of each class (NaN for classes without rows)."""

    coverage: Interval
    size: Interval
    by_class: NDArray[np.float64]


def set_scores(evaluation: Evaluation, sets: NDArray[np.bool_], *, drawn_from: int | None = None) -> SetScores:
    """Of the sets of an evaluation's rows, bool of shape (n, n_classes); 95 % intervals as those of `intervals`. Rows of unknown classes are never covered.

    Raises
    ------
    ValueError
        If the sets are not those of as many rows and classes.
    """
    if sets.shape != evaluation.probabilities.shape or sets.dtype != np.bool_:
        raise ValueError(f"expected sets as booleans of shape {evaluation.probabilities.shape}, got {sets.dtype} of shape {sets.shape}")
    known = evaluation.known
    covered = np.where(known, sets[np.arange(len(sets)), np.where(known, evaluation.targets, 0)], False)
    masses, n = evaluation.masses, evaluation.n_classes
    rows, hits = (np.bincount(evaluation.targets[known], values[known], n)[:n] for values in (masses, masses * covered))
    by_class = np.divide(hits, rows, out=np.full(n, np.nan), where=rows > 0)
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    if not len(sets):
        return SetScores(nothing, nothing, by_class)
    sampling = sampling_of(evaluation, drawn_from)
    return SetScores(share_interval(covered.astype(np.float64), sampling), mean_interval(sets.sum(axis=1).astype(np.float64), sampling), by_class)
