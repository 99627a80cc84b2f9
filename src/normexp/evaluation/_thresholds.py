"""Answering a class from some probability on: how many rows that flags, how many of them are right, and what that is worth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._evaluation import Evaluation

__all__ = ["DecisionCurve", "Gains", "Threshold", "decision_curve", "gains", "thresholds"]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

Array = NDArray[np.float64]


class Threshold(NamedTuple):
    """Flagging the rows whose probability of a class is at least `probability`: which share of the rows that is, the share of them that are of the class (precision),
    the share of the class that is among them (recall), and how many times as many as among as many rows by chance (lift)."""

    probability: float
    flagged: float
    precision: float
    recall: float
    lift: float


class Gains(NamedTuple):
    """Flagging the likeliest rows of a class, one more step an entry, from none to all: the lowest probability that is flagged, the share of rows flagged, and the share of the
    class that is among them."""

    probability: Array
    flagged: Array
    found: Array


def gains(evaluation: Evaluation, positive: int) -> Gains:
    """The cumulative gains of a class; rows with equal probabilities are flagged together. Empty for no rows, or none of the class. Weighed where the evaluation is."""
    p, masses = evaluation.probabilities[:, positive].astype(np.float64), evaluation.masses
    of_class = masses * (evaluation.targets == positive)
    if not of_class.sum() > 0:
        return Gains(*np.empty((3, 0)))
    order = np.argsort(-p, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    flagged, found = (np.cumsum(values[order])[last_of_ties] / values.sum() for values in (masses, of_class))
    return Gains(np.concatenate([[np.inf], p[order][last_of_ties]]), np.concatenate([[0.0], flagged]), np.concatenate([[0.0], found]))


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
    curve = gains(evaluation, positive)
    if not len(curve.flagged):
        return []
    places = [1 + int(np.searchsorted(curve.flagged[1:], share - 1e-12)) for share in shares]
    return list(dict.fromkeys(_at(evaluation, positive, curve, min(at, len(curve.flagged) - 1)) for at in places))


def _at(evaluation: Evaluation, positive: int, curve: Gains, at: int) -> Threshold:
    base = float(np.average(evaluation.targets == positive, weights=evaluation.masses))
    flagged, found = float(curve.flagged[at]), float(curve.found[at])
    return Threshold(float(curve.probability[at]), flagged, found * base / flagged, found, found / flagged)


class DecisionCurve(NamedTuple):
    """Net benefit of acting on rows from a probability on, in rows of the class found a row (Vickers and Elkin 2006): found - flagged in vain x t / (1 - t), where acting in
    vain costs t / (1 - t) of what a miss costs; of the model, and of acting on all rows. Acting on none has 0."""

    threshold: Array
    model: Array
    every: Array


def decision_curve(evaluation: Evaluation, positive: int, at: Sequence[float] | None = None) -> DecisionCurve:
    """The decision curve of a class, by default at thresholds of 0.01 to 0.99; NaN for no rows."""
    t = np.arange(1, 100) / 100 if at is None else np.asarray(at, np.float64)
    if not ((t > 0) & (t < 1)).all():
        raise ValueError(f"expected thresholds between 0 and 1, got {t[~((t > 0) & (t < 1))][0]}")
    if not len(evaluation):
        return DecisionCurve(t, *np.full((2, len(t)), np.nan))
    p, masses = evaluation.probabilities[:, positive].astype(np.float64), evaluation.masses / evaluation.masses.sum()
    of_class, order = masses * (evaluation.targets == positive), np.argsort(p, kind="stable")
    places = np.searchsorted(p[order], t)  # rows from here on are flagged
    right, every = (np.concatenate([np.cumsum(values[order][::-1])[::-1], [0.0]])[places] for values in (of_class, masses))
    odds = t / (1 - t)
    return DecisionCurve(t, right - (every - right) * odds, of_class.sum() - (1 - of_class.sum()) * odds)
