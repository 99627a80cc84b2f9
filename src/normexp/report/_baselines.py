"""What a model is measured against: a multinomial logistic regression, and boosted trees."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import recipe
from normexp.evaluation import Evaluation
from normexp.tables import Table, fold_rows

__all__ = ["BOOSTED_TREES", "Folds", "LOGISTIC_REGRESSION", "cross_validated", "learnt"]

LOGISTIC_REGRESSION, BOOSTED_TREES = "a logistic regression", "boosted trees"
FOLDS, FEWER_FOLDS, MANY_ROWS = 5, 2, 5_000
LEAST_ROWS, MOST_ROWS = 30, 20_000
MOST_TREE_ROWS = 40_000  # rows x classes: more classes take more trees a round
MISSING = -1e30  # below all numbers, and no category: scikit-learn's trees stop at a column of nothing but NaN
LEAST_OF_A_CLASS = 20  # rows: on fewer, boosted trees diverge

Answers = Callable[[NDArray[Any]], NDArray[Any]]
Rows = NDArray[np.int64]
Folds = Sequence[tuple[Rows, Rows]]  # rows to learn from, rows to ask about


def learnt(training: Table, rows: Rows, tested: Table, seed: int, n_threads: int | None) -> dict[str, Evaluation]:
    """The baselines by name, learnt from rows of one table (20,000 at most) and asked on another; none with too few rows."""
    rows = _some(rows, MOST_ROWS, seed)
    if len(rows) < LEAST_ROWS:
        return {}
    return {name: _evaluation(tested, fit(training, rows, seed, n_threads)(tested.matrix)) for name, fit in BASELINES.items()}


def cross_validated(table: Table, seed: int, n_threads: int | None, folds: Folds = ()) -> dict[str, Evaluation]:
    """The same, each row asked of baselines that have learnt from others of these rows: by the folds given, or four fifths of them, half of more than 5,000; of other
    groups, where the table has some."""
    _, targets = table.with_target()
    known = np.flatnonzero(targets >= 0)
    if len(known) < LEAST_ROWS or len(np.unique(targets[known])) < 2:
        return {}
    found = {name: np.full((len(table), len(table.with_target()[0])), 1 / len(table.with_target()[0])) for name in BASELINES}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer rows than folds
        for others, part in folds if folds else _folds(table, known, seed):
            for name, fit in BASELINES.items():
                found[name][part] = fit(table, _some(others, MOST_ROWS // FEWER_FOLDS, seed), seed, n_threads)(table.matrix[part])
    return {name: _evaluation(table, probabilities) for name, probabilities in found.items()}


def _folds(table: Table, known: Rows, seed: int) -> Folds:
    n_folds, groups = FEWER_FOLDS if len(known) > MANY_ROWS else FOLDS, None if table.groups is None else table.groups[known]
    n_folds = n_folds if groups is None else min(n_folds, len(np.unique(groups)))
    return [(known[others], known[part]) for others, part in fold_rows(table.with_target()[1][known], n_folds, seed, groups=groups)] if n_folds > 1 else []


def _evaluation(table: Table, probabilities: NDArray[Any]) -> Evaluation:
    return Evaluation(*table.with_target(), probabilities, table.weights, groups=table.groups)


def _some(rows: Rows, most: int, seed: int) -> Rows:
    return rows if len(rows) <= most else np.sort(np.random.Generator(np.random.PCG64(seed)).permutation(rows)[:most])


def _logistic_regression(table: Table, rows: Rows, seed: int, n_threads: int | None) -> Answers:
    rows = recipe.rows_to_learn(rows, table.weights)
    plan = recipe.plan(len(rows), hidden_layer_sizes=(), seed=recipe.seed_from(seed))
    model = recipe.fit_table(table, plan, rows=rows, n_threads=n_threads or 0)
    return lambda matrix: model.probabilities(matrix, n_threads or 0)


def _boosted_trees(table: Table, rows: Rows, seed: int, n_threads: int | None) -> Answers:
    """scikit-learn's, stopped by the loss of a tenth of the rows. Classes of fewer than 20 rows, on which they diverge, are not learnt: they get their shares."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    classes, targets = table.with_target()
    rows = _some(recipe.rows_to_learn(rows, table.weights), MOST_TREE_ROWS // len(classes), seed)
    shares = np.bincount(targets[rows], None if table.weights is None else table.weights[rows], len(classes))
    shares, learnt = shares / shares.sum(), np.flatnonzero(np.bincount(targets[rows], minlength=len(classes)) >= LEAST_OF_A_CLASS)
    if len(learnt) < 2:
        return lambda matrix: np.broadcast_to(shares, (len(matrix), len(classes)))
    rows = rows[np.isin(targets[rows], learnt)]
    categories = [column.kind == "category" and column.n_codes <= 254 for column in table.schema.matrix_columns()]
    trees = HistGradientBoostingClassifier(
        early_stopping=True, max_leaf_nodes=15, categorical_features=categories, random_state=seed,
        max_iter=100 if len(classes) < 10 else 40,
    )  # fmt: skip
    with threadpool_limits(n_threads, "openmp"):
        trees.fit(np.nan_to_num(table.matrix[rows], nan=MISSING), targets[rows], None if table.weights is None else table.weights[rows])

    def answers(matrix: NDArray[Any]) -> NDArray[Any]:
        with threadpool_limits(n_threads, "openmp"):
            probabilities = np.tile(shares, (len(matrix), 1))
            probabilities[:, learnt] = shares[learnt].sum() * trees.predict_proba(np.nan_to_num(matrix, nan=MISSING))
        return probabilities

    return answers


BASELINES: dict[str, Callable[[Table, Rows, int, int | None], Answers]] = {LOGISTIC_REGRESSION: _logistic_regression, BOOSTED_TREES: _boosted_trees}
