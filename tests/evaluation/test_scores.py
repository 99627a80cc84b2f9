"""Scores against scikit-learn: of all rows, of classes, of weights, and of rows that are few or unknown."""

import numpy as np
import pytest
import sklearn.metrics as sk

from evaluated import TARGETS, WEIGHTS, P, of
from normexp import evaluation as ev
from normexp.evaluation import Evaluation


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_equal_scikit_learns(weights):
    scores, options, truth = ev.score(of(weights)), {"sample_weight": weights}, np.eye(4)[TARGETS]
    expected = {
        "accuracy": sk.accuracy_score(TARGETS, P.argmax(axis=1), **options), "log_loss": sk.log_loss(TARGETS, P, **options),
        "balanced_accuracy": sk.balanced_accuracy_score(TARGETS, P.argmax(axis=1), **options),
        "brier": np.average(((P - truth) ** 2).sum(axis=1), weights=weights), "top_3_accuracy": sk.top_k_accuracy_score(TARGETS, P, k=3, **options),
        "roc_auc_macro": np.mean([sk.roc_auc_score(truth[:, k], P[:, k], **options) for k in range(4)]),
        "average_precision_macro": sk.average_precision_score(truth, P, average="macro", **options),
        "average_precision_micro": sk.average_precision_score(truth, P, average="micro", **options),
        "roc_auc_micro": sk.roc_auc_score(truth, P, average="micro", **options),
    }  # fmt: skip
    assert {name: getattr(scores, name) for name in expected} == pytest.approx(expected, rel=1e-9)
    assert scores.n_rows == 500
    assert scores.log_loss_known == scores.log_loss


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_of_classes_and_confusion_equal_scikit_learns(weights):
    scores, predicted = ev.class_scores(of(weights)), P.argmax(axis=1)
    assert scores.precision == pytest.approx(sk.precision_score(TARGETS, predicted, average=None, sample_weight=weights))
    assert scores.support == pytest.approx(np.bincount(TARGETS, weights))
    matrix = ev.confusion_matrix(of(weights))
    assert matrix[1, 2] == pytest.approx(of(weights).masses[(TARGETS == 1) & (predicted == 2)].sum())
    assert matrix.sum() == pytest.approx(of(weights).masses.sum())


def test_certain_and_wrong_is_finite_and_no_rows_are_nan():
    for dtype in (np.float16, np.float32, np.float64):  # the same loss, or models of different dtypes could not be compared
        certain = ev.score(Evaluation(np.arange(2), [1], np.array([[1, 0]], dtype)))
        assert certain.log_loss == pytest.approx(87.3365, abs=1e-4)
        assert certain.brier == 2
    empty = Evaluation(np.arange(3), np.empty(0, int), np.empty((0, 3)))
    scores = ev.score(empty)
    assert np.isnan([scores.accuracy, scores.log_loss, scores.brier, scores.calibration_error, scores.roc_auc_macro]).all()
    assert np.isnan(ev.classwise_calibration_error(empty))
    assert np.isnan(ev.split_log_loss(empty)).all()
    assert len(ev.reliability(empty).share) == 0
    assert ev.confusion_matrix(empty).sum() == 0


def test_rows_of_unknown_classes_count_as_wrong():
    known, every = ev.score(Evaluation(np.arange(2), [0, 1], [[0.75, 0.25], [0.5, 0.5]])), ev.score(Evaluation(np.arange(2), [0, 1, -1], [[0.75, 0.25], [0.5, 0.5], [1, 0]]))
    assert every.n_unknown == 1
    assert every.accuracy == pytest.approx(known.accuracy * 2 / 3)
    assert every.log_loss_known == known.log_loss < every.log_loss
    assert every.brier == pytest.approx((2 * known.brier + 2) / 3)
    assert every.balanced_accuracy == known.balanced_accuracy


def test_one_row_and_one_class_present():
    scores = ev.score(Evaluation(np.arange(2), [1], [[0.25, 0.75]]))
    assert (scores.accuracy, scores.n_rows) == (1, 1)
    assert np.isnan(scores.roc_auc_macro)
    assert "accuracy" in str(scores)


def test_class_shares_are_those_given_or_of_the_rows():
    rows = Evaluation(np.arange(2), [0, 1], [[0.5, 0.5], [0.5, 0.5]])
    assert ev.score(ev.class_share_evaluation(rows, [0.75, 0.25])).log_loss == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
    weighted = ev.class_share_evaluation(Evaluation(np.arange(2), [0, 1, -1], np.full((3, 2), 0.5), [1, 3, 5]))
    assert weighted.probabilities[0].tolist() == [0.25, 0.75]
    assert ev.class_share_evaluation(Evaluation(np.arange(2), [-1], [[1.0, 0]])).probabilities.tolist() == [[0.5, 0.5]]


def test_rows_of_weight_zero_do_not_count():
    weights = np.where(TARGETS == 3, 0.0, WEIGHTS)  # a class of no weight at all
    kept = weights > 0
    with_zeros, without = of(weights), of(weights[kept], P[kept], TARGETS[kept])
    assert str(ev.score(with_zeros)) == str(ev.score(without))
    assert repr(ev.intervals(with_zeros)) == repr(ev.intervals(without))
    unknown = Evaluation(np.arange(2), [0, 1, -1], np.full((3, 2), 0.5), [0, 0, 1])
    assert ev.score(unknown).accuracy == 0
    assert np.isnan(ev.score(unknown).log_loss_known)
