"""Scores of prediction sets, and thresholds chosen on rows, against plain counting."""

import numpy as np
import pytest

from normexp.evaluation import Costs, Evaluation, best_threshold, set_scores

RNG = np.random.default_rng(0)


def test_they_are_counted():
    p = RNG.dirichlet(np.ones(3), 200)
    y, sets = RNG.integers(0, 3, 200), p > 0.3
    found = set_scores(Evaluation(np.arange(3), y, p), sets)
    assert found.coverage.estimate == pytest.approx(sets[np.arange(200), y].mean())
    assert found.size.estimate == pytest.approx(sets.sum(axis=1).mean())
    np.testing.assert_allclose(found.by_class, [sets[y == k, k].mean() for k in range(3)])
    for interval in (found.coverage, found.size):
        assert interval.low < interval.estimate < interval.high
    shares = np.sqrt(found.coverage.estimate * (1 - found.coverage.estimate) / 200)
    assert found.coverage.high - found.coverage.low == pytest.approx(2 * 1.96 * shares, rel=0.05)


def test_weights_unknown_classes_and_no_rows():
    p, sets = np.full((4, 2), 0.5), np.array([[True, False]] * 4)
    y, weights = np.array([0, 1, 0, 2]), np.array([3.0, 1.0, 1.0, 5.0])
    found = set_scores(Evaluation(np.array(["a", "b", "c"]), y, np.column_stack([p, np.zeros(4)]), weights), np.column_stack([sets, np.zeros(4, bool)]))
    assert found.coverage.estimate == pytest.approx(0.4)
    assert np.isnan(set_scores(Evaluation(np.arange(2), y[:0], p[:0]), sets[:0]).coverage.estimate)
    with pytest.raises(ValueError, match=r"expected sets as booleans of shape \(4, 2\), got int64 of shape \(4, 2\)"):
        set_scores(Evaluation(np.arange(2), np.array([0, 1, 0, 1]), p), sets.astype(int))


def test_the_best_threshold_is_that_of_the_least_cost():
    costs = Costs(np.array(["no", "yes"]), ("no", "yes"), np.array([[0.0, 2.0], [7.0, 0.0]]))
    yes, no = RNG.beta(3, 2, 150), RNG.beta(2, 4, 350)
    found = best_threshold(costs, 1, yes, no, 150, 350)

    def paid(threshold):
        return 7 * (yes < threshold).sum() + 2 * (no >= threshold).sum()

    every = [paid(threshold) for threshold in np.concatenate([np.sort(np.concatenate([yes, no])), [1.0]])]
    assert paid(found.estimate) == min(every)
    assert found.low <= found.estimate <= found.high
    assert paid(found.low) > paid(found.estimate) or found.low == found.estimate
    turned = best_threshold(Costs(np.array(["yes", "no"]), ("yes", "no"), np.array([[0.0, 7.0], [2.0, 0.0]])), 0, yes, no, 150, 350)
    assert turned == found


def test_its_interval_holds_the_true_one_and_narrows():
    costs = Costs(np.array(["no", "yes"]), ("no", "yes"), np.array([[0.0, 1.0], [4.0, 0.0]]))  # 0.2 where probabilities are true
    widths, holds = [], []
    for n in (300, 5_000):
        found = []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            p = rng.beta(1, 2, n)
            y = rng.random(n) < p
            found.append(best_threshold(costs, 1, p[y], p[~y], int(y.sum()), int((~y).sum())))
        widths.append(np.mean([one.high - one.low for one in found]))
        holds.append(np.mean([one.low <= 0.2 <= one.high for one in found]))
    assert widths[1] < widths[0]
    assert min(holds) > 0.9


def test_where_no_threshold_decides_there_is_none():
    alike = Costs(np.array(["no", "yes"]), ("no", "yes"), np.array([[0.0, -1.0], [4.0, 0.0]]))
    assert np.isnan(best_threshold(alike, 1, np.array([0.5]), np.array([0.5]), 1, 1).estimate)
    costs = Costs(np.array(["no", "yes"]), ("no", "yes"), np.array([[0.0, 1.0], [4.0, 0.0]]))
    assert np.isnan(best_threshold(costs, 1, np.empty(0), np.array([0.5]), 0, 1).estimate)
