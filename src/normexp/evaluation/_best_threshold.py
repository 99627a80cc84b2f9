"""The probability from which on deciding for a class was cheapest on rows that were held out, and how sure that is."""

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._costs import Costs
from normexp.evaluation._intervals import Interval

__all__ = ["best_threshold"]

Z = 1.959963984540054
Array = NDArray[np.float64]


def best_threshold(costs: Costs, positive: int, of_positive: Array, of_negative: Array, n_positive: int, n_negative: int) -> Interval:
    """The threshold of the least mean cost, and the lowest and the highest that are not surely dearer (the 95 % interval of the difference, row by row, holds 0).

    `costs.threshold` follows from the costs alone and is right where the probabilities are; this one is right for probabilities that are off, too, but as unsure as few
    rows make it. NaN where one decision is always the better one, where decisions are others than the two classes, or without rows of both.

    Parameters
    ----------
    costs : Costs
        Of two classes.
    positive : int
    of_positive, of_negative : ndarray of shape (n,)
        Probabilities of the positive class that held-out rows of it, and of the other class, were given; they stand for `n_positive` and `n_negative` rows.

    Examples
    --------
    >>> costs = Costs(np.array(["well", "sick"]), ("well", "sick"), np.array([[0.0, 1.0], [9.0, 0.0]]))
    >>> best_threshold(costs, 1, np.array([0.2, 0.6, 0.7, 0.9]), np.array([0.1, 0.1, 0.15, 0.3]), 4, 4).estimate
    0.175
    """
    if np.isnan(costs.threshold(positive)) or not len(of_positive) or not len(of_negative):
        return Interval(float("nan"), float("nan"), float("nan"))
    answers, negative = costs.answers, 1 - positive
    assert answers is not None
    alarm = costs.matrix[negative, answers[positive]] - costs.matrix[negative, answers[negative]]
    miss = costs.matrix[positive, answers[negative]] - costs.matrix[positive, answers[positive]]
    n = n_positive + n_negative
    values = np.unique(np.concatenate([of_positive, of_negative]))
    # a threshold lies below each value, or above all of them: shares of all rows that are missed, and that are alarms, by it
    missed = np.searchsorted(np.sort(of_positive), np.append(values, np.inf)) / len(of_positive) * n_positive / n
    alarms = (1 - np.searchsorted(np.sort(of_negative), np.append(values, np.inf)) / len(of_negative)) * n_negative / n
    cost = miss * missed + alarm * alarms
    best = int(cost.argmin())
    squares = miss**2 * np.abs(missed - missed[best]) + alarm**2 * np.abs(alarms - alarms[best])
    error = np.sqrt(np.maximum(squares - (cost - cost[best]) ** 2, 0) / n)
    as_good = np.flatnonzero(cost - cost[best] <= Z * error)
    edges = np.concatenate([[0.0], values, [1.0]])
    middles = (edges[:-1] + edges[1:]) / 2
    return Interval(float(middles[best]), float(middles[as_good[0]]), float(middles[as_good[-1]]))
