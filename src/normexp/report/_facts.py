"""What a report tells: models on the same rows, what they are measured against, the mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.explanation import Explanation, Importance, explain, permutation_importance
from normexp.model import Model, as_model
from normexp.report._regression import FOLDS, cross_validated_regression, logistic_regression
from normexp.tables import Table

__all__ = ["Data", "Subject", "confused_pairs", "data_of", "importance_of", "surest_mistakes"]

MOST_MISTAKES = 10


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
    seen: str  # in words: which rows these are to the model
    held_out: bool  # rows that the model has not seen for sure
    n_training_rows: int | None
    shares: Evaluation  # of the model's training rows
    regression: Evaluation | None
    n_equal: int = 0  # rows that equal one that was learnt from, where that is more than chance

    @cached_property
    def largest(self) -> Evaluation:
        """Always answering the class that is the most frequent among the training rows."""
        return self.shares.under(np.eye(self.shares.n_classes)[self.shares.probabilities[0].argmax()])

    @property
    def regression_name(self) -> str:
        return "multinomial logistic regression" + ("" if self.held_out else f", {FOLDS}-fold cross-validated")

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        numbers = self.tested.row_numbers
        return np.arange(1, len(self.tested) + 1) if numbers is None else numbers


def data_of(
    name: str, tested: Table, judged: Subject, *, training: Table | None = None, training_rows: NDArray[np.int64] | None = None, seed: int = 0, n_threads: int | None = None,
    seen: str = "that it had not seen", n_equal: int = 0, on_step: Callable[[str], None] = lambda _: None,
) -> Data:  # fmt: skip
    """Rows and baselines: the shares of the classes are those that the model was trained on; the regression learns from a training table, or from these very rows by
    cross-validation. `seen` says which rows those of a held-out part are."""
    on_step("a multinomial logistic regression to compare with")
    shares = ev.class_share_evaluation(judged.evaluation, judged.model.class_shares)
    if training is not None and training_rows is not None:
        return Data(name, tested, seen, True, len(training_rows), shares, logistic_regression(training, training_rows, tested, seed, n_threads), n_equal)
    return Data(name, tested, f"of {name}", False, None, shares, cross_validated_regression(tested, seed, n_threads))


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
