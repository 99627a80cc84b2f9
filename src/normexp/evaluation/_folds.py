"""Every row tested once, by a model that has not seen it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._labels import classes_and_targets, label_values
from normexp.evaluation._evaluation import Evaluation, answers_of

__all__ = ["out_of_fold"]


def out_of_fold(model: Any, X: Any, y: ArrayLike, *, cv: Any = 5, groups: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> Evaluation:
    """The evaluation of any scikit-learn classifier on all rows, each asked of a clone that was fitted on the other folds; the model itself is left as it is.

    Parameters
    ----------
    model : classifier with `fit` and `predict_proba`
    X : array or data frame of shape (n_samples, n_features)
    y : array_like of shape (n_samples,)
    cv : int, splitter or iterable of (train, test), default 5
        As in `sklearn.model_selection.cross_validate`; a number is stratified folds in random order, of whole groups where `groups` are given.
    groups : array_like of shape (n_samples,), optional
    sample_weight : array_like of shape (n_samples,), optional
        For fits and scores.

    Raises
    ------
    ValueError
        If the folds do not test every row once.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> evaluation = out_of_fold(LogisticRegression(max_iter=500), *load_iris(return_X_y=True))
    >>> len(evaluation), bool(evaluation.correct.mean() > 0.9)
    (150, True)
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
    from sklearn.utils import _safe_indexing

    labels: NDArray[Any] = label_values(y)
    classes, targets = classes_and_targets(labels)
    if isinstance(cv, int):
        cv = (StratifiedKFold if groups is None else StratifiedGroupKFold)(cv, shuffle=True, random_state=0)
    probabilities, tested = np.zeros((len(labels), len(classes))), np.zeros(len(labels), np.int64)
    answers = None if getattr(model, "class_weight", None) is None else np.zeros(len(labels), np.intp)
    together = None if groups is None else classes_and_targets(label_values(groups))[1].astype(np.int64)
    weights = None if sample_weight is None else np.asarray(sample_weight)
    for rows, held in check_cv(cv, labels, classifier=True).split(np.zeros((len(labels), 1)), labels, groups):
        fold = clone(model).fit(_safe_indexing(X, rows), labels[rows], **({} if weights is None else {"sample_weight": weights[rows]}))
        places = np.searchsorted(classes, fold.classes_)
        probabilities[held[:, None], places] = fold.predict_proba(_safe_indexing(X, held))
        tested[held] += 1
        if answers is not None:
            answers[held] = answers_of(fold, _safe_indexing(X, held), classes)
    if not (tested == 1).all():
        raise ValueError(f"expected folds that test every row once, got row {int(np.flatnonzero(tested != 1)[0])} tested {int(tested[tested != 1][0])} times")
    return Evaluation(classes, targets, probabilities, weights, answers, groups=together)
