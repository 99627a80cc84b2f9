"""Area under the ROC curve and average precision, and how each row moves them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation

__all__ = ["Ranking", "ranking", "ranking_of"]

Array = NDArray[np.float64]


class Ranking(NamedTuple):
    """Area under the ROC curve and average precision, and for each row n_rows times the derivative of the area with respect to its mass, times that mass: what an
    infinitesimal jackknife takes for the row's value."""

    area: float
    average_precision: float
    area_by_row: Array


def ranking_of(evaluation: Evaluation) -> Ranking | None:
    """Of the classes that some rows have and some have not, each against the rest, averaged; for two classes of the positive one, as both have the same area. None
    where there is no such class."""
    found = [ranking(evaluation.probabilities[:, k], of_class, evaluation.masses)
             for k in evaluation.ranked_classes if 0 < (of_class := evaluation.targets == k).sum() < len(evaluation)]  # fmt: skip
    if not found:
        return None
    areas, precisions, by_row = zip(*found, strict=True)
    return Ranking(float(np.mean(areas)), float(np.mean(precisions)), np.mean(by_row, axis=0))


def ranking(probabilities: NDArray[Any], positive: NDArray[np.bool_], masses: Array) -> Ranking:
    """Of rows that are not all of one kind: the area (the chance that a positive row ranks above a negative one, ties counting half) and average precision (precision
    averaged over the steps of recall)."""
    order = np.argsort(-probabilities, kind="stable")
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(probabilities[order]) != 0]))  # where runs of equal probabilities begin
    run = np.empty(len(order), np.intp)
    run[order] = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(order))))
    of_class = np.add.reduceat((masses * positive)[order], firsts)
    of_rest = np.add.reduceat((masses * ~positive)[order], firsts)
    above, above_class, n_class, n_rest = np.cumsum(of_class + of_rest), np.cumsum(of_class), of_class.sum(), of_rest.sum()
    rest_below = n_rest - np.cumsum(of_rest) + of_rest / 2
    area = float((of_class * rest_below).sum() / (n_class * n_rest))  # no dot product: BLAS's bits depend on the threads
    moves = np.where(positive, rest_below[run] / n_rest - area, (above_class - of_class / 2)[run] / n_rest - area * n_class / n_rest) / n_class
    return Ranking(area, float((of_class * (above_class / above)).sum() / n_class), len(masses) * masses * moves)
