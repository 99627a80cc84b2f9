"""Area under the ROC curve and average precision under many resampling weights, from one sort."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation

__all__ = ["Ranked", "ranked", "ranked_classes", "ranking_scores"]


class Ranked(NamedTuple):
    """Rows in falling order of a probability; `firsts` are where runs of equal probabilities begin."""

    order: NDArray[np.intp]
    positive: NDArray[np.bool_]
    firsts: NDArray[np.intp]


def ranked(probabilities: NDArray[Any], positive: NDArray[np.bool_]) -> Ranked:
    order = np.argsort(-probabilities, kind="stable")
    sorted_p = probabilities[order]
    return Ranked(order, positive[order], np.flatnonzero(np.concatenate([[True], sorted_p[1:] != sorted_p[:-1]])))


def ranked_classes(evaluation: Evaluation) -> list[Ranked]:
    """Each class that some rows have and some have not, against the rest; for two classes the second only, as both give the same."""
    columns = [1] if evaluation.n_classes == 2 else range(evaluation.n_classes)
    return [ranked(evaluation.probabilities[:, k], of_class) for k in columns if 0 < (of_class := evaluation.targets == k).sum() < len(evaluation)]


def ranking_scores(rows: Ranked, masses: NDArray[Any]) -> tuple[float, float]:
    """Area under the ROC curve (the chance that a positive row ranks above a negative one, ties counting half) and average precision (precision averaged over
    the steps of recall) of rows with these masses, shape (n_rows,)."""
    everything = masses[rows.order]
    positive = everything * rows.positive
    if len(rows.firsts) < len(everything):  # equal probabilities are one step
        positive, everything = np.add.reduceat(positive, rows.firsts), np.add.reduceat(everything, rows.firsts)
    positives_above, above = np.cumsum(positive), np.cumsum(everything)
    n_positive, n_negative = positives_above[-1], above[-1] - positives_above[-1]
    area = float((positives_above - positive / 2) @ (everything - positive) / (n_positive * n_negative))
    precision = np.divide(positives_above, above, out=np.zeros(len(above)), where=above > 0)
    return area, float(positive @ precision / n_positive)
