"""Prediction sets: what was asked for comes, on rows that nobody had seen; against the formulas."""

import math
from itertools import pairwise

import numpy as np
import pytest

from normexp import SoftmaxClassifier, softmax
from normexp.evaluation import Evaluation, set_scores
from normexp.model import MOST_OF_A_CLASS, HeldOut, prediction_sets, set_thresholds

RNG = np.random.default_rng(0)


def drawn(n, k=4, seed=0):
    rng = np.random.default_rng(seed)
    p = softmax(1.5 * rng.standard_normal((n, k)))
    return p, np.array([rng.choice(k, p=row) for row in p], np.int32)


def test_what_is_kept_is_in_order():
    p, y = drawn(500)
    held = HeldOut.of(p, y)
    assert held.counts.tolist() == np.bincount(y).tolist() == held.kept.tolist()
    for k in range(4):
        np.testing.assert_array_equal(held.of_class(k), np.sort(p[y == k, k]).astype(np.float32))
        order = np.argsort(p[y == k, k])
        np.testing.assert_array_equal(held.is_first_of_class(k), p[y == k][order].argmax(axis=1) == k)


def test_of_many_rows_some_are_kept_evenly():
    p, y = drawn(40_000, 2)
    held = HeldOut.of(p, y)
    assert held.kept.tolist() == [MOST_OF_A_CLASS] * 2
    assert held.counts.sum() == 40_000
    own = np.sort(p[y == 1, 1])
    np.testing.assert_allclose(np.quantile(held.of_class(1), [0, 0.1, 0.5, 1]), np.quantile(own, [0, 0.1, 0.5, 1]), atol=1e-3)
    of_all = np.concatenate([np.sort(p[y == k, k]) for k in (0, 1)]).astype(np.float32)
    exact, thinned = (set_thresholds(one, 0.9)[0] for one in (HeldOut(of_all, held.counts, held.counts, of_all > 0.5), held))
    assert thinned == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
def test_the_threshold_is_the_order_statistic(coverage):
    p, y = drawn(237)
    scores = np.where(p.argmax(axis=1) == y, 1, p[np.arange(237), y].astype(np.float32))  # the most probable class is in every set
    wanted = np.sort(scores)[::-1][math.ceil(238 * coverage) - 1]
    np.testing.assert_array_equal(set_thresholds(HeldOut.of(p, y), coverage), np.full(4, wanted, np.float64))


def test_no_more_of_the_held_out_rows_are_covered_than_asked_for():
    p, y = drawn(999)
    p32 = p.astype(np.float32)
    for coverage in (0.7, 0.8, 0.9, 0.99):
        sets = prediction_sets(p32, set_thresholds(HeldOut.of(p32, y), coverage))
        assert sets[np.arange(999), y].sum() == math.ceil(1_000 * coverage - 1e-9)


@pytest.mark.parametrize("by_class", [False, True])
def test_new_rows_are_covered(by_class):
    found = []
    for seed in range(40):
        held, y = drawn(400, seed=seed)
        p, truth = drawn(2_000, seed=1_000 + seed)
        sets = prediction_sets(p, set_thresholds(HeldOut.of(held, y), 0.9, by_class=by_class))
        scores = set_scores(Evaluation(np.arange(4), truth, p), sets)
        found.append([scores.coverage.estimate, *scores.by_class])
    mean = np.mean(found, axis=0)
    assert mean[0] == pytest.approx(0.9, abs=0.012)
    if by_class:
        assert mean[1:].min() > 0.89


def test_a_class_has_a_threshold_of_its_own_from_50_rows_on():
    p, y = drawn(400)
    p[:, 0] *= 0.5
    p /= p.sum(axis=1, keepdims=True)
    few = np.concatenate([np.flatnonzero(y == 3)[:20], np.flatnonzero(y != 3)])
    held = HeldOut.of(p[few], y[few])
    own, shared = set_thresholds(held, 0.9, by_class=True), set_thresholds(held, 0.9)
    assert own[3] == shared[3]
    assert own[0] < shared[0]
    np.testing.assert_array_equal(set_thresholds(held, 0.999, by_class=True), np.zeros(4))  # too few rows for that: every class


def test_sets_are_never_empty_and_grow_with_the_coverage():
    p, y = drawn(300)
    held = HeldOut.of(p, y)
    sizes = [prediction_sets(p, set_thresholds(held, coverage)).sum(axis=1) for coverage in (0.1, 0.5, 0.9, 0.95)]
    assert sizes[0].min() == 1
    assert all((more >= less).all() for less, more in pairwise(sizes))
    assert prediction_sets(p[:0], set_thresholds(held, 0.9)).shape == (0, 4)


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 1.5, float("nan")])
def test_a_coverage_that_cannot_be(coverage):
    with pytest.raises(ValueError, match=r"expected a coverage above 0 and below 1, such as 0\.9, got"):
        set_thresholds(HeldOut.of(*drawn(50)), coverage)


def test_without_held_out_rows_there_are_none():
    for nothing in (None, HeldOut.of(np.empty((0, 3)), np.empty(0, np.int32))):
        with pytest.raises(ValueError, match="expected a model that knows what held-out rows were given, got one without"):
            set_thresholds(nothing, 0.9)


@pytest.mark.parametrize("quality", ["fast", "good"])
def test_the_estimator(quality):
    x = RNG.standard_normal((900, 3))
    y = np.array(["a", "b", "c"])[(x[:, 0] + RNG.standard_normal(900) > 0).astype(int) + (x[:, 1] > 1)]
    model = SoftmaxClassifier(quality=quality, random_state=0).fit(x[:600], y[:600])
    sets = model.predict_set(x[600:], 0.8)
    assert (sets.shape, sets.dtype) == ((300, 3), bool)
    assert sets[np.arange(300), np.searchsorted(model.classes_, y[600:])].mean() > 0.73  # three standard deviations below
    assert sets[np.arange(300), model.predict_proba(x[600:]).argmax(axis=1)].all()
