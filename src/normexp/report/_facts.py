"""What a report tells: models on the same rows, what they are measured against, the mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.explanation import Explanation, Importance, explain, features_of, permutation_importance
from normexp.model import Known, Model, as_model, near_copies
from normexp.report._baselines import Folds, cross_validated, learnt
from normexp.tables import Table

__all__ = ["Data", "Subject", "confused_pairs", "data_of", "importance_of", "surest_mistakes"]

MOST_MISTAKES = 10
NONE_KNOWN = Known(0, 0, False)


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
    def known(self) -> Evaluation:
        """Rows of classes that the model knows: the others say nothing of its probabilities."""
        return self.evaluation.counted.take(self.evaluation.counted.known)

    @cached_property
    def chance(self) -> ev.ByChance:
        """The calibration error that chance alone makes."""
        return ev.calibration_by_chance(self.known)

    @cached_property
    def calibration_of_classes(self) -> list[ev.ClassCalibration]:
        """Of each class, or of the positive one of two."""
        return ev.calibration_of_classes(self.known, self.known.ranked_classes)

    @property
    def is_regression(self) -> bool:
        return self.model.is_linear


@dataclass(frozen=True, eq=False)
class Data:
    """The rows that models are judged on, what is known of where they come from, and what models are measured against."""

    name: str
    tested: Table
    seen: str  # in words: which rows these are to the model
    shares: Evaluation  # of the model's training rows
    baselines: dict[str, Evaluation]  # by name; none with too few rows
    training: Table | None = None  # None where these are not rows that were held out of it
    training_rows: NDArray[np.int64] | None = None
    drawn_from: int | None = None  # rows of the table whose class shares these have
    equal: NDArray[np.bool_] | None = None  # which rows equal one that was learnt from, where that is more than chance
    copies: float = 0.0  # share of the rows that look like copies of one that was learnt from
    grouping: str | None = None  # the column whose equal values mark rows that look alike
    known: Known | None = NONE_KNOWN  # by the model's fingerprint; None where there is none to tell by
    folds: Folds = ()  # each row was asked of a model that had learnt from the other folds; the judged model has learnt from all
    costs: ev.Costs | None = None

    @property
    def held_out(self) -> bool:
        """Are these rows that the model has not seen for sure?"""
        return self.training is not None

    @property
    def n_equal(self) -> int:
        return 0 if self.equal is None else int(self.equal.sum())

    @property
    def out_of_fold(self) -> bool:
        return bool(self.folds)

    @cached_property
    def largest(self) -> Evaluation:
        """Always answering the class that is the most frequent among the training rows."""
        return self.shares.under(np.eye(self.shares.n_classes)[self.shares.probabilities[0].argmax()])

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        numbers = self.tested.row_numbers
        return np.arange(1, len(self.tested) + 1) if numbers is None else numbers


def data_of(
    name: str, tested: Table, judged: Subject, *, training: Table | None = None, training_rows: NDArray[np.int64] | None = None, seed: int = 0, n_threads: int | None = None,
    seen: str = "that it had not seen", equal: NDArray[np.bool_] | None = None, drawn_from: int | None = None,
    folds: Folds = (), costs: ev.Costs | None = None, on_step: Callable[[str], None] = lambda _: None,
) -> Data:  # fmt: skip
    """Rows and baselines: the shares of the classes are those that the model was trained on; the baselines learn from a training table, or from these very rows by
    cross-validation, by `folds` if the judged model was tested by some. `seen` says which rows those of a held-out part are."""
    on_step("a logistic regression and boosted trees to compare with")
    model = judged.model
    shares = ev.class_share_evaluation(judged.evaluation, model.class_shares)
    if training is None or training_rows is None:
        known = None if model.profile is None or not len(model.profile.hashes) else model.profile.known(tested.matrix)
        words, baselines = seen if folds else f"of {name}", cross_validated(tested, seed, n_threads, folds)
        return Data(name, tested, words, shares, baselines, equal=equal, known=NONE_KNOWN if folds else known, folds=folds, costs=costs)
    copies, (names, owners) = near_copies(model.encoder, training.matrix, training_rows, tested.matrix, np.arange(len(tested))), features_of(model)
    grouping = None if copies.column is None else names[owners[copies.column]]
    return Data(
        name, tested, seen, shares, learnt(training, training_rows, tested, seed, n_threads), training, training_rows, drawn_from, equal, copies.share, grouping,
        costs=costs,
    )  # fmt: skip


def importance_of(subject: Subject, data: Data) -> Importance:
    return permutation_importance(subject.model, data.tested, n_repeats=2)


def surest_mistakes(subject: Subject, data: Data) -> tuple[NDArray[np.intp], Explanation]:
    """The rows where the model was most sure and wrong, and why it said so and not the truth."""
    evaluation = subject.evaluation
    wrong = np.flatnonzero(~evaluation.correct)
    rows = wrong[np.argsort(-evaluation.confidences[wrong], kind="stable")[:MOST_MISTAKES]]
    return rows, explain(subject.model, data.tested.take(rows), against_truth=True)


def confused_pairs(evaluation: Evaluation, most: int = 5) -> list[tuple[int, int, float, float]]:
    """(true class, predicted class, rows, share of the true class's rows by weight), the most frequent first."""
    matrix = ev.confusion_matrix(evaluation).astype(np.float64)
    rows = ev.confusion_matrix(replace(evaluation.counted, weights=None))
    totals = matrix.sum(axis=1)
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")[:most]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, matrix.shape), strict=True)]
    return [(i, j, float(rows[i, j]), float(matrix[i, j] / totals[i])) for i, j in pairs if matrix[i, j] > 0]
