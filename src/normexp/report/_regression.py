"""The multinomial logistic regression that a model is measured against."""

import warnings

import numpy as np
from numpy.typing import NDArray

from normexp import recipe
from normexp.evaluation import Evaluation
from normexp.model import Model, evaluation_of
from normexp.tables import Table

__all__ = ["FOLDS", "cross_validated_regression", "logistic_regression"]

FOLDS = 5
LEAST_ROWS = 30


def logistic_regression(training: Table, rows: NDArray[np.int64], tested: Table, seed: int, n_threads: int | None) -> Evaluation | None:
    """A multinomial logistic regression that has learnt from rows of one table, on another."""
    if len(rows) < LEAST_ROWS:
        return None
    model = _fitted_regression(training, rows, seed, n_threads)
    return evaluation_of(model, tested, n_threads or 0)


def cross_validated_regression(table: Table, seed: int, n_threads: int | None) -> Evaluation | None:
    """Each fifth of the rows, predicted by a multinomial logistic regression that has learnt from the other four."""
    from sklearn.model_selection import StratifiedKFold

    assert table.targets is not None
    assert table.classes is not None
    known = np.flatnonzero(table.targets >= 0)
    if len(known) < LEAST_ROWS or len(np.unique(table.targets[known])) < 2:
        return None
    probabilities = np.full((len(table), len(table.classes)), 1 / len(table.classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer rows than folds
        for learnt, predicted in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(known, table.targets[known]):
            model = _fitted_regression(table, known[learnt], seed, n_threads)
            probabilities[known[predicted]] = model.probabilities(table.matrix[known[predicted]], n_threads or 0)
    return Evaluation(table.classes, table.targets, probabilities, table.weights)


def _fitted_regression(table: Table, rows: NDArray[np.int64], seed: int, n_threads: int | None) -> Model:
    rows = recipe.rows_to_learn(rows, table.weights)
    plan = recipe.plan(len(rows), hidden_layer_sizes=(), seed=recipe.seed_from(seed))
    return recipe.fit_table(table, plan, rows=rows, n_threads=n_threads or 0)
