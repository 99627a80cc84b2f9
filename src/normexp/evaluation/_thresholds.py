"""Answering a class from some probability on: how many rows that flags, and how many of them are right."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from normexp.evaluation._evaluation import Evaluation

__all__ = ["Threshold", "thresholds"]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Threshold(NamedTuple):
    """Flagging the rows whose probability of a class is at least `probability`: which share of the rows that is, the share of them that are of the class (precision),
    the share of the class that is among them (recall), and how many times as many as among as many rows by chance (lift)."""

    probability: float
    flagged: float
    precision: float
    recall: float
    lift: float


def thresholds(evaluation: Evaluation, positive: int, shares: Sequence[float] = SHARES) -> list[Threshold]:
    """What flagging the likeliest rows of a class gives, for each share of the rows that is asked for.

    Rows with equal probabilities are flagged together, so that a little more may be flagged than asked for; shares that flag the same rows are given once. Empty
    for no rows, or none of the class. Weighed where the evaluation is.

    Examples
    --------
    >>> p = np.array([0.9, 0.8, 0.3, 0.1])
    >>> evaluation = Evaluation(np.array(["no", "yes"]), np.array([1, 0, 1, 0]), np.column_stack([1 - p, p]))
    >>> thresholds(evaluation, 1, [0.25, 0.5])
    [Threshold(probability=0.9, flagged=0.25, precision=1.0, recall=0.5, lift=2.0), Threshold(probability=0.8, flagged=0.5, precision=0.5, recall=0.5, lift=1.0)]
    """
    p, masses = evaluation.probabilities[:, positive].astype(np.float64), evaluation.masses
    of_class = masses * (evaluation.targets == positive)
    if not of_class.sum() > 0:
        return []
    order = np.argsort(-p, kind="stable")
    flagged, right = np.cumsum(masses[order]) / masses.sum(), np.cumsum(of_class[order])
    last_of_ties = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    found = []
    for share in shares:
        at = int(last_of_ties[np.searchsorted(flagged[last_of_ties], share - 1e-12)])
        precision = right[at] / (flagged[at] * masses.sum())
        found.append(Threshold(float(p[order[at]]), float(flagged[at]), float(precision), float(right[at] / of_class.sum()), float(precision / (of_class.sum() / masses.sum()))))
    return list(dict.fromkeys(found))
