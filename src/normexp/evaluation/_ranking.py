"""Area under the ROC curve and average precision, and how each row moves them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation

__all__ = ["Ranking", "ranking_of"]

Array = NDArray[np.float64]


class Ranking(NamedTuple):
    """A score, and n_rows times its derivative with respect to each row's mass, times that mass: what an infinitesimal jackknife takes for the row's value."""

    score: float
    by_row: Array


def ranking_of(evaluation: Evaluation) -> tuple[Ranking, Ranking] | None:
    """ROC AUC and average precision of the classes that some rows have and some have not, each against the rest, averaged; for two classes of the positive one,
    as both have the same area. None where there is no such class."""
    found = [_against_the_rest(evaluation.probabilities[:, k], of_class, evaluation.masses)
             for k in evaluation.ranked_classes if 0 < (of_class := evaluation.targets == k).sum() < len(evaluation)]  # fmt: skip
    if not found:
        return None
    areas, precisions = zip(*found, strict=True)
    return _mean(areas), _mean(precisions)


def _mean(rankings: tuple[Ranking, ...]) -> Ranking:
    return Ranking(float(np.mean([one.score for one in rankings])), np.mean([one.by_row for one in rankings], axis=0))


def _against_the_rest(probabilities: NDArray[Any], positive: NDArray[np.bool_], masses: Array) -> tuple[Ranking, Ranking]:
    """The area (the chance that a positive row ranks above a negative one, ties counting half) and average precision (precision averaged over the steps of recall)."""
    order = np.argsort(-probabilities, kind="stable")
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(probabilities[order]) != 0]))  # where runs of equal probabilities begin
    run = np.empty(len(order), np.intp)
    run[order] = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(order))))
    of_class = np.add.reduceat((masses * positive)[order], firsts)
    all_rows = np.add.reduceat(masses[order], firsts)
    n_class, n_rest = of_class.sum(), (all_rows - of_class).sum()
    above, above_class = np.cumsum(all_rows), np.cumsum(of_class)
    rest_below = n_rest - np.cumsum(all_rows - of_class) + (all_rows - of_class) / 2
    area = float(of_class @ rest_below / (n_class * n_rest))
    moves_area = np.where(positive, rest_below[run] / n_rest - area, (above_class - of_class / 2)[run] * (1 / n_rest) - area * n_class / n_rest) / n_class
    precision = above_class / above
    average = float(of_class @ precision / n_class)
    from_here, lost = (np.cumsum(terms[::-1])[::-1] for terms in (of_class / above, of_class * above_class / above**2))
    moves_average = (positive * (precision[run] + from_here[run] - average) - lost[run]) / n_class
    n = len(masses)
    return Ranking(area, n * masses * moves_area), Ranking(average, n * masses * moves_average)
