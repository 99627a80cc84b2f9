"""Scores against scikit-learn and against plain loops."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from normexp.evaluation import calibration_error, class_share_scores, score

RNG = np.random.default_rng(0)
P = RNG.dirichlet([1, 1, 1, 1], 500)
TARGETS = RNG.integers(0, 4, 500).astype(np.int32)
WEIGHTS = RNG.random(500).astype(np.float32)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_equal_scikit_learns(weights):
    scores = score(P, TARGETS, weights)
    assert scores.accuracy == pytest.approx(accuracy_score(TARGETS, P.argmax(axis=1), sample_weight=weights), rel=1e-6)
    assert scores.log_loss == pytest.approx(log_loss(TARGETS, P, sample_weight=weights), rel=1e-6)
    brier = [sum((p[k] - (k == t)) ** 2 for k in range(4)) for p, t in zip(P, TARGETS, strict=True)]
    assert scores.brier == pytest.approx(np.average(brier, weights=weights), rel=1e-6)
    assert scores.n_rows == 500


def test_calibration_error_equals_a_plain_loop():
    rows = sorted((max(p), p.argmax() == t) for p, t in zip(P, TARGETS, strict=True))
    sizes = [34] * 5 + [33] * 10  # 500 rows in 15 bins
    total, first = 0.0, 0
    for size in sizes:
        part = rows[first : first + size]
        total += size / 500 * abs(np.mean([c for c, _ in part]) - np.mean([hit for _, hit in part]))
        first += size
    assert calibration_error(P, TARGETS) == pytest.approx(total, rel=1e-9)


def test_certain_and_wrong_is_finite_and_no_rows_are_nan():
    certain = score(np.array([[1.0, 0.0]]), np.array([1], np.int32))
    assert np.isfinite(certain.log_loss)
    assert certain.log_loss > 700
    assert certain.brier == 2
    empty = score(np.empty((0, 3)), np.empty(0, np.int32))
    assert np.isnan([empty.accuracy, empty.log_loss, empty.brier, empty.calibration_error]).all()
    assert np.isnan(calibration_error(np.empty((0, 3)), np.empty(0, np.int32)))


def test_class_shares_are_those_of_training():
    scores = class_share_scores(np.array([0, 0, 0, 1], np.int32), np.array([0, 1], np.int32), 2)
    assert scores.accuracy == 0.5
    assert scores.log_loss == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
