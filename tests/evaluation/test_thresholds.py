"""Flagging the likeliest rows of a class, beside scikit-learn's precision and recall."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from normexp.evaluation import Evaluation, Threshold, thresholds


def made(n=2_000, digits=3, weights=False, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.5, 4, n), digits)
    targets = (rng.random(n) < p).astype(np.int32)
    return Evaluation(np.array(["no", "yes"]), targets, np.column_stack([1 - p, p]), rng.integers(0, 4, n).astype(float) if weights else None)


@pytest.mark.parametrize("digits", [1, 3, 17])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("positive", [0, 1])
def test_precision_and_recall_are_those_of_scikit_learn(digits, weights, positive):
    evaluation = made(digits=digits, weights=weights)
    found = thresholds(evaluation, positive)
    assert found
    truth, w = evaluation.targets == positive, evaluation.masses
    for t in found:
        flagged = evaluation.probabilities[:, positive] >= t.probability
        assert t.flagged == pytest.approx(w[flagged].sum() / w.sum(), rel=1e-12)
        assert t.precision == pytest.approx(precision_score(truth, flagged, sample_weight=w), rel=1e-9)
        assert t.recall == pytest.approx(recall_score(truth, flagged, sample_weight=w), rel=1e-9)
        assert t.lift == pytest.approx(t.precision / (w[truth].sum() / w.sum()), rel=1e-12)


def test_at_least_the_share_is_flagged_and_no_more_than_ties_need():
    evaluation = made(digits=2)
    p = evaluation.probabilities[:, 1]
    for share in (0.01, 0.1, 0.33, 1.0):
        (t,) = thresholds(evaluation, 1, [share])
        assert t.flagged >= share - 1e-12
        assert (p > t.probability).mean() < share
    assert thresholds(evaluation, 1, [1.0])[0][1:4] == (1.0, pytest.approx(evaluation.targets.mean()), 1.0)


def test_equal_probabilities_are_one_threshold():
    flat = Evaluation(np.arange(2), np.array([0, 1, 1, 0], np.int32), np.full((4, 2), 0.5))
    assert thresholds(flat, 1) == [Threshold(0.5, 1.0, 0.5, 1.0, 1.0)]


def test_none_of_the_class_is_no_threshold():
    assert thresholds(Evaluation(np.arange(2), np.zeros(5, np.int32), np.full((5, 2), 0.5)), 1) == []
    assert thresholds(Evaluation(np.arange(2), np.zeros(0, np.int32), np.empty((0, 2))), 1) == []
