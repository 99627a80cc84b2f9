"""Evaluation: probabilities beside the truth, computed once; scores, intervals, figures and report only read it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._checks import listing
from normexp._labels import classes_and_targets, label_values

__all__ = ["Evaluation", "answers_of", "class_share_evaluation", "evaluate"]

SUM_TOLERANCE = 1e-3
LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)  # the same for every dtype, so that losses can be compared


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Class probabilities of rows whose class is known.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, at least two, in the order of the columns.
    targets : array_like of int, shape (n_rows,)
        Indices into `classes`; -1 for a class that the model does not know: such a row counts as wrong, with a probability of 0.
    probabilities : array_like of shape (n_rows, n_classes)
        Each row from 0 to 1 and summing to 1 within 0.001.
    weights : array_like of shape (n_rows,), optional
        Finite, at least 0, not all 0.
    answers : array_like of int, shape (n_rows,), optional
        The class that each row was given, as an index, where that is not the most probable one.
    positive : int, optional
        Of two classes the one that is looked for, whose precision, recall and curves are shown; by default the second. None for more classes.
    groups : array_like of int, shape (n_rows,), optional
        Rows with the same number belong together, such as those of a customer: intervals count groups, not rows.

    Raises
    ------
    ValueError
        If shapes do not fit, or a probability is NaN, outside 0 to 1, or a row's do not sum to 1; the message names the row.

    Examples
    --------
    >>> evaluation = Evaluation(np.array(["cat", "dog"]), [0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> evaluation.predicted, evaluation.correct
    (array([0, 1, 0]), array([ True,  True, False]))
    """

    classes: NDArray[Any]
    targets: NDArray[np.int32]
    probabilities: NDArray[np.floating]
    weights: NDArray[np.floating] | None = None
    answers: NDArray[np.intp] | None = None
    positive: int | None = None
    groups: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        classes, targets, p = np.asarray(self.classes), np.asarray(self.targets), np.asarray(self.probabilities)
        if classes.ndim != 1 or len(set(classes.tolist())) < len(classes):
            raise ValueError(f"expected different labels of shape (n_classes,) as classes, got {listing(classes.tolist())}")
        if not np.issubdtype(p.dtype, np.floating):
            p = p.astype(np.float64)
        _check_probabilities(p, len(classes))
        if targets.shape != (len(p),) or not (np.issubdtype(targets.dtype, np.integer) or not len(p)):
            raise ValueError(f"expected one class index a row, {len(p)} integers, got {targets.dtype} of shape {targets.shape}; for labels use evaluate(model, X, y)")
        wrong = np.flatnonzero((targets < -1) | (targets >= len(classes)))
        if wrong.size:
            raise ValueError(f"expected class indices from 0 to {len(classes) - 1}, or -1 for an unknown class, got {targets[wrong[0]]} in row {wrong[0]}")
        weights = None if self.weights is None else _checked_weights(np.asarray(self.weights, np.float64), len(p))
        if self.positive not in ((None, 0, 1) if len(classes) == 2 else (None,)):
            raise ValueError(f"expected a positive class, 0 or 1, of two classes and None of more, got {self.positive!r} with {len(classes)} classes")
        if self.positive is None and len(classes) == 2:
            object.__setattr__(self, "positive", 1)
        answers = None if self.answers is None else _checked_answers(np.asarray(self.answers), p)
        groups = None if self.groups is None else np.asarray(self.groups)
        if groups is not None and (groups.shape != (len(p),) or groups.dtype.kind not in "iu"):
            raise ValueError(f"expected one number of a group a row, {len(p)} integers, got {groups.dtype} of shape {groups.shape}")
        for name, value in (("groups", groups), ("classes", classes), ("targets", targets.astype(np.int32)), ("probabilities", p), ("weights", weights), ("answers", answers)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """Index of the class that each row was given: the most probable one, unless there are answers."""
        found: NDArray[np.intp] = self.probabilities.argmax(axis=1) if self.answers is None else self.answers
        return found

    @cached_property
    def confidences(self) -> NDArray[np.float64]:
        """Probability of the predicted class of each row."""
        found: NDArray[np.float64] = self.probabilities[np.arange(len(self)), self.predicted].astype(np.float64)
        return found

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.predicted == self.targets
        return found

    @property
    def ranked_classes(self) -> list[int]:
        """Those whose rows are told from the rest in ranking scores and curves: each of them; of two the positive one."""
        return list(range(self.n_classes)) if self.positive is None else [self.positive]

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a class that the model knows."""
        return self.targets >= 0

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """-ln of the target's probability, in nats; a probability below 1.2e-38 (the smallest normal float32), such as 0, counts as that: 87.3 nats."""
        p = np.where(self.known, self.probabilities[np.arange(len(self)), self.targets], 0)
        return -np.log(np.maximum(p.astype(np.float64), LEAST_PROBABILITY))

    @cached_property
    def briers(self) -> NDArray[np.float64]:
        """Squared distance between probabilities and truth of each row, 0 to 2."""
        p = self.probabilities.astype(np.float64)
        of_target = np.where(self.known, p[np.arange(len(self)), self.targets], 0)
        squared: NDArray[np.float64] = (p**2).sum(axis=1) - 2 * of_target + 1
        return squared

    @cached_property
    def masses(self) -> NDArray[np.float64]:
        """The weights, or ones."""
        return np.ones(len(self)) if self.weights is None else self.weights.astype(np.float64, copy=False)

    @cached_property
    def counted(self) -> "Evaluation":
        """Without rows of weight 0."""
        return self if self.weights is None or (self.weights > 0).all() else self.take(self.weights > 0)

    def take(self, rows: NDArray[Any]) -> "Evaluation":
        """Some of the rows, by index or mask."""
        weights, answers, groups = (None if part is None else part[rows] for part in (self.weights, self.answers, self.groups))
        return replace(self, targets=self.targets[rows], probabilities=self.probabilities[rows], weights=weights, answers=answers, groups=groups)

    def under(self, probabilities: NDArray[Any]) -> "Evaluation":
        """The same rows under a model that gives them other probabilities, or all of them the same, shape (n_classes,)."""
        return replace(self, probabilities=np.broadcast_to(probabilities, self.probabilities.shape), answers=None)

    @classmethod
    def of_labels(cls, classes: ArrayLike, labels: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """From labels instead of indices; a label that is not among the classes counts as unknown."""
        given: NDArray[Any] = label_values(labels)
        if given.ndim != 1:
            raise ValueError(f"expected one label a row, got labels of shape {given.shape}; flatten them with labels.ravel()")
        _, targets = classes_and_targets(given, np.asarray(classes))
        if len(targets) and (targets < 0).all():
            known = listing(np.asarray(classes).tolist())
            raise ValueError(f"expected labels out of the classes {known}, got only others, such as {given.tolist()[0]!r}; are they of the same type?")
        return cls(np.asarray(classes), targets, np.asarray(probabilities), None if weights is None else np.asarray(weights))


def evaluate(model: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Evaluation:
    """The evaluation of any fitted scikit-learn classifier with `predict_proba` on rows X with labels y.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> float(evaluate(LogisticRegression(max_iter=500).fit(X, y), X, y).correct.mean()) > 0.95
    True
    """
    for name in ("predict_proba", "classes_"):
        if not hasattr(model, name):
            raise TypeError(f"expected a fitted classifier with {name}, got {type(model).__name__} without; fit it first, or use one that predicts probabilities")
    found = Evaluation.of_labels(model.classes_, y, model.predict_proba(X), sample_weight)
    return found if getattr(model, "class_weight", None) is None else replace(found, answers=answers_of(model, X, found.classes))


def answers_of(model: Any, X: Any, classes: NDArray[Any]) -> NDArray[np.intp]:
    """What a classifier answers, as places among the classes: not the most probable ones where it was fitted with class weights."""
    return classes_and_targets(label_values(model.predict(X)), classes)[1].astype(np.intp)


def class_share_evaluation(evaluation: Evaluation, shares: ArrayLike | None = None) -> Evaluation:
    """The same rows under a model that always answers the same shares of the classes; by default those of these very rows."""
    if shares is None:
        found = np.bincount(evaluation.targets[evaluation.known], evaluation.masses[evaluation.known], evaluation.n_classes)
        shares = found / found.sum() if found.sum() else np.full(evaluation.n_classes, 1 / evaluation.n_classes)
    if np.shape(shares) != (evaluation.n_classes,):
        raise ValueError(f"expected a share for each of the {evaluation.n_classes} classes, got shape {np.shape(shares)}")
    return evaluation.under(np.asarray(shares, np.float64))


def _check_probabilities(p: NDArray[Any], n_classes: int) -> None:
    if p.ndim != 2 or p.shape[1] != n_classes or n_classes < 2:
        raise ValueError(f"expected probabilities of shape (n_rows, {n_classes}), a column for each of at least two classes, got shape {p.shape}")
    if not len(p):
        return
    wrong = np.flatnonzero(~((p >= 0) & (p <= 1 + SUM_TOLERANCE)).all(axis=1))
    if wrong.size:
        raise ValueError(f"expected probabilities from 0 to 1, got {listing(p[wrong[0]].tolist(), 4)} in row {wrong[0]}; logits become probabilities by normexp.softmax")
    sums = p.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(abs(sums - 1) > SUM_TOLERANCE)
    if wrong.size:
        raise ValueError(f"expected probabilities that sum to 1, got a sum of {sums[wrong[0]]:.6g} in row {wrong[0]}; divide each row by its sum, or use normexp.softmax on logits")


def _checked_answers(answers: NDArray[Any], p: NDArray[Any]) -> NDArray[np.intp]:
    if answers.shape != (len(p),) or not (np.issubdtype(answers.dtype, np.integer) or not len(p)):
        raise ValueError(f"expected one class index a row as answers, {len(p)} integers, got {answers.dtype} of shape {answers.shape}")
    if len(p) and not (answers.min() >= 0 and answers.max() < p.shape[1]):
        raise ValueError(f"expected answers from 0 to {p.shape[1] - 1}, got {answers.min()} to {answers.max()}")
    return answers.astype(np.intp)


def _checked_weights(weights: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    if weights.shape != (n_rows,):
        raise ValueError(f"expected one weight a row, {n_rows} in all, got shape {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"expected finite weights of at least 0, got {weights[~(np.isfinite(weights) & (weights >= 0))][0]}")
    if n_rows and not weights.sum() > 0:
        raise ValueError("expected at least one row with a positive weight, got weights that sum to 0")
    return weights
