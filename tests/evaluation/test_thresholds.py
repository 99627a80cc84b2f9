"""Flagging the likeliest rows of a class, beside scikit-learn's precision and recall."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score, roc_curve

from normexp import evaluation as ev
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


def two_classes(n=500, rounded=False, seed=3):
    rng = np.random.default_rng(seed)
    p = rng.random(n).round(1 if rounded else 12)
    return Evaluation(np.array(["no", "yes"]), (rng.random(n) < p).astype(int), np.column_stack([1 - p, p]), rng.uniform(0.5, 2, n))


@pytest.mark.parametrize("rounded", [False, True])
def test_gains_are_the_roc_curve_seen_by_rows_flagged(rounded):
    evaluation = two_classes(rounded=rounded)
    found = ev.gains(evaluation, 1)
    false, true, at = roc_curve(evaluation.targets, evaluation.probabilities[:, 1], sample_weight=evaluation.weights, drop_intermediate=False)
    base = np.average(evaluation.targets, weights=evaluation.weights)
    np.testing.assert_allclose(found.found, true, atol=1e-12)
    np.testing.assert_allclose(found.flagged, base * true + (1 - base) * false, atol=1e-12)
    np.testing.assert_allclose(found.probability[1:], at[1:], atol=1e-12)
    assert len(ev.gains(evaluation.take(evaluation.targets == 0), 1).found) == 0


def test_net_benefit_by_hand():
    evaluation = two_classes(rounded=True)
    p, w = evaluation.probabilities[:, 1], evaluation.weights / evaluation.weights.sum()
    found = ev.decision_curve(evaluation, 1, [0.1, 0.25, 0.6])
    for t, model, every in zip(*found, strict=True):
        flagged, odds = p >= t, t / (1 - t)
        assert model == pytest.approx(w[flagged & (evaluation.targets == 1)].sum() - w[flagged & (evaluation.targets == 0)].sum() * odds, abs=1e-12)
        assert every == pytest.approx(w[evaluation.targets == 1].sum() - w[evaluation.targets == 0].sum() * odds, abs=1e-12)
    assert np.isnan(ev.decision_curve(evaluation.take(np.arange(0)), 1).model).all()
    with pytest.raises(ValueError, match="expected thresholds between 0 and 1, got 1.0"):
        ev.decision_curve(evaluation, 1, [0.5, 1.0])
