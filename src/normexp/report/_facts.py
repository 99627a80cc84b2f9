"""What a report tells: models on the same rows, what they are measured against, the data, the mistakes. Computed here, worded and drawn elsewhere."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import evaluation as ev
from normexp import recipe
from normexp.evaluation import Evaluation
from normexp.explanation import Explanation, Importance, explain, permutation_importance
from normexp.model import Model, as_model
from normexp.tables import Table

__all__ = ["Data", "Subject", "cross_validated_regression", "data_of", "logistic_regression"]

MOST_MISTAKES = 10
FOLDS = 5
LEAST_ROWS_FOR_REGRESSION = 30


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, and how it does on the rows; a fitted SoftmaxClassifier is taken as its model."""

    name: str
    model: Model
    evaluation: Evaluation

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", as_model(self.model))

    @cached_property
    def scores(self) -> ev.Scores:
        return ev.score(self.evaluation)

    @cached_property
    def intervals(self) -> dict[str, ev.Interval]:
        return ev.intervals(self.evaluation)

    @cached_property
    def known(self) -> Evaluation:
        """Rows of classes that the model knows: the others say nothing of its probabilities."""
        return self.evaluation.counted.take(self.evaluation.counted.known)

    @cached_property
    def chance(self) -> ev.ByChance:
        """The calibration error that chance alone makes."""
        return ev.calibration_by_chance(self.known)

    @property
    def is_regression(self) -> bool:
        return len(self.model.network.layers) == 1


@dataclass(frozen=True, eq=False)
class Data:
    """The rows that models are judged on, and what they are measured against: class shares, and a multinomial logistic regression (None with too few rows)."""

    name: str
    tested: Table
    held_out: bool  # rows that the model has not seen for sure
    n_training_rows: int | None
    shares: Evaluation  # of the model's training rows
    regression: Evaluation | None

    @property
    def regression_name(self) -> str:
        return "multinomial logistic regression" + ("" if self.held_out else f", {FOLDS}-fold cross-validated")

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        numbers = self.tested.row_numbers
        return np.arange(1, len(self.tested) + 1) if numbers is None else numbers


def data_of(
    name: str, tested: Table, judged: Subject, *, training: Table | None = None, training_rows: NDArray[np.int64] | None = None, seed: int = 0, n_threads: int | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Data:  # fmt: skip
    """Rows and baselines: the shares of the classes are those that the model was trained on; the regression learns from a training table, or from these very rows by
    cross-validation."""
    on_step("a multinomial logistic regression to compare with")
    shares = ev.class_share_evaluation(judged.evaluation, judged.model.class_shares)
    if training is not None and training_rows is not None:
        return Data(name, tested, True, len(training_rows), shares, logistic_regression(training, training_rows, tested, seed, n_threads))
    return Data(name, tested, False, None, shares, cross_validated_regression(tested, seed, n_threads))


def logistic_regression(training: Table, rows: NDArray[np.int64], tested: Table, seed: int, n_threads: int | None) -> Evaluation | None:
    """A multinomial logistic regression that has learnt from rows of one table, on another."""
    assert tested.targets is not None
    if len(rows) < LEAST_ROWS_FOR_REGRESSION:
        return None
    model = _fitted_regression(training, rows, seed, n_threads)
    return Evaluation(model.classes, tested.targets, model.probabilities(tested.matrix, n_threads or 0), tested.weights)


def cross_validated_regression(table: Table, seed: int, n_threads: int | None) -> Evaluation | None:
    """Each fifth of the rows, predicted by a multinomial logistic regression that has learnt from the other four."""
    from sklearn.model_selection import StratifiedKFold

    assert table.targets is not None
    assert table.classes is not None
    known = np.flatnonzero(table.targets >= 0)
    if len(known) < LEAST_ROWS_FOR_REGRESSION or len(np.unique(table.targets[known])) < 2:
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


def importance_of(subject: Subject, data: Data) -> Importance:
    return permutation_importance(subject.model, data.tested)


def surest_mistakes(subject: Subject, data: Data) -> tuple[NDArray[np.intp], Explanation]:
    """The rows where the model was most sure and wrong, and why it said so."""
    evaluation = subject.evaluation
    wrong = np.flatnonzero(~evaluation.correct)
    rows = wrong[np.argsort(-evaluation.confidences[wrong], kind="stable")[:MOST_MISTAKES]]
    return rows, explain(subject.model, data.tested.take(rows))


def confused_pairs(evaluation: Evaluation, most: int = 5) -> list[tuple[int, int, float, float]]:
    """(true class, predicted class, rows, share of the true class's rows), the most frequent first."""
    matrix = ev.confusion_matrix(evaluation).astype(np.float64)
    totals = matrix.sum(axis=1)
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")[:most]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, matrix.shape), strict=True)]
    return [(i, j, float(matrix[i, j]), float(matrix[i, j] / totals[i])) for i, j in pairs if matrix[i, j] > 0]


@dataclass(frozen=True)
class ColumnFacts:
    """A column of the table, in words."""

    name: str
    kind: str
    missing: float
    content: str
    alone: float  # accuracy of the answer from this column alone; NaN where not looked at


def column_facts(table: Table, features: NDArray[np.intp], owners: NDArray[np.intp]) -> list[ColumnFacts]:
    """Facts of some columns, each tried as the only source of the answer."""
    found = []
    for feature in features:
        column = table.schema.columns[feature]
        values = table.matrix[:, np.flatnonzero(owners == feature)[0]]
        filled = values[~np.isnan(values)].astype(np.float64)
        found.append(ColumnFacts(column.name, column.kind, 1 - len(filled) / max(len(values), 1), _content(column, filled), _alone(table, values, column.kind)))
    return found


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 row', '2 rows'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _content(column: Any, filled: NDArray[np.float64]) -> str:
    if not len(filled):
        return "nothing"
    if column.kind == "category":
        counts = np.bincount(filled[filled >= 0].astype(np.int64), minlength=column.n_codes)
        words = [*column.categories, "other"]
        unseen = int((filled < 0).sum())
        listed = ", ".join(f"{words[i]} {counts[i] / len(filled):.0%}" for i in np.argsort(-counts, kind="stable")[:3] if counts[i])
        return f"{counted((counts > 0).sum(), 'category', 'categories')}: {listed}" + (f"; {unseen} rows with one not seen in training" if unseen else "")
    if column.kind == "boolean":
        return f"true {filled.mean():.0%}"
    low, middle, high = np.quantile(filled, (0, 0.5, 1)) + column.centre
    digits = 5 if abs(column.centre) == 0 else 12  # large numbers differ in their last digits
    if column.kind == "date":
        first, last = (np.datetime_as_string(np.datetime64(round(end), "s"), unit="D") for end in (low, high))
        return f"{first} to {last}"
    return " to ".join(f"{end:.{digits}g}" for end in (low, high)) + f", median {middle:.{digits}g}"


def _alone(table: Table, values: NDArray[np.float32], kind: str) -> float:
    """Share of rows that a small decision tree of this column alone gets right, learnt from every second row and tested on the others; 5,000 rows at most."""
    from sklearn.tree import DecisionTreeClassifier

    assert table.targets is not None
    rows = np.flatnonzero(table.targets >= 0)
    rows = np.random.Generator(np.random.PCG64(0)).permutation(rows)[:5_000]
    if len(rows) < LEAST_ROWS_FOR_REGRESSION:
        return float("nan")
    x = np.nan_to_num(values[rows, None].astype(np.float64), nan=-1e9 if kind == "number" else -2)
    leaves = 64 if kind == "category" else 4 * max(len(np.unique(table.targets[rows])), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # many classes look like a regression to scikit-learn
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(x[::2], table.targets[rows[::2]])
        return float(tree.score(x[1::2], table.targets[rows[1::2]]))
