"""Calibration against plain loops, by chance, of weights, and the temperature that mends it."""

import numpy as np
import pytest

from evaluated import CLASSES, TARGETS, P, of
from normexp import evaluation as ev
from normexp.evaluation import Evaluation

RNG = np.random.default_rng(1)


def plain_calibration_error(p, right, n_bins=15):
    """By the definition: equal bins, rows of equal probability sharing their gap."""
    gaps, rows = {}, sorted(zip(p, right, strict=True))
    for confidence, hit in rows:
        gaps.setdefault(confidence, []).append(confidence - hit)
    shared = [np.mean(gaps[confidence]) for confidence, _ in rows]
    return sum(abs(part.sum()) for part in np.array_split(np.array(shared), min(n_bins, len(rows)))) / len(rows)


@pytest.mark.parametrize("ties", [False, True])
def test_calibration_error_equals_a_plain_loop(ties):
    p = P if ties else RNG.dirichlet([1, 1, 1, 1], 500)
    rows = of(None, p)
    assert ev.calibration_error(rows) == pytest.approx(plain_calibration_error(rows.confidences, rows.correct), rel=1e-9)
    assert ev.score(rows).calibration_error == ev.calibration_error(rows)
    by_class = [plain_calibration_error(p[:, k], k == TARGETS) for k in range(4)]
    assert ev.classwise_calibration_error(rows) == pytest.approx(np.mean(by_class), rel=1e-9)


def test_the_order_of_tied_rows_does_not_matter():
    half = Evaluation(np.arange(2), np.repeat([1, 0], 200), np.full((400, 2), 0.5))
    assert ev.calibration_error(half) == pytest.approx(0, abs=1e-12)
    assert ev.classwise_calibration_error(half) == pytest.approx(0, abs=1e-12)
    curve = ev.reliability(half)
    assert (curve.accuracy.tolist(), curve.share.tolist()) == ([0.5], [1.0])
    order = RNG.permutation(500)
    for metric in (ev.calibration_error, ev.classwise_calibration_error):
        assert metric(of(None, P[order], TARGETS[order])) == pytest.approx(metric(of()), rel=1e-9)
    np.testing.assert_allclose(ev.reliability(of(None, P[order], TARGETS[order])).accuracy, ev.reliability(of()).accuracy)


def test_true_probabilities_are_not_called_false():
    """The error that chance makes is that of rows whose probabilities are true: their errors lie below its 97.5 % quantile in 95 % or more of cases."""
    above, means = 0, []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        p = rng.dirichlet([1, 1, 1], 80)
        rows = Evaluation(np.arange(3), (p.cumsum(axis=1) > rng.random((80, 1))).argmax(axis=1), p)
        chance = ev.calibration_by_chance(rows, n_draws=200)
        above += ev.calibration_error(rows) > chance.high
        means.append(ev.calibration_error(rows) - chance.mean)
    assert above <= 8
    assert abs(np.mean(means)) < 0.01
    z = RNG.standard_normal((2_000, 3))
    bold = np.exp(3 * z) / np.exp(3 * z).sum(axis=1, keepdims=True)
    truth = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    rows = Evaluation(np.arange(3), (truth.cumsum(axis=1) > RNG.random((2_000, 1))).argmax(axis=1), bold)
    assert ev.calibration_error(rows) > 2 * ev.calibration_by_chance(rows).high
    assert np.isnan(ev.calibration_by_chance(rows.take(np.arange(0)))).all()


def test_a_weight_of_two_is_the_row_twice():
    """In calibration errors only where no bin's edge cuts a pair: one bin."""
    weights = RNG.integers(1, 3, 500)
    twice = np.repeat(np.arange(500), weights)
    one, two = of(weights), of(None, P[twice], TARGETS[twice])
    for metric in (ev.calibration_error, ev.classwise_calibration_error):
        assert metric(one, 1) == pytest.approx(metric(two, 1))
    assert ev.split_log_loss(one) == pytest.approx(ev.split_log_loss(two), rel=1e-4)
    assert ev.score(one).roc_auc_macro == pytest.approx(ev.score(two).roc_auc_macro)


def test_split_of_the_log_loss_finds_the_temperature():
    z = RNG.standard_normal((20_000, 3)) * 2
    truth = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    targets = (truth.cumsum(axis=1) > RNG.random((20_000, 1))).argmax(axis=1)
    sharp = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    split, bold = ev.split_log_loss(of(None, truth, targets, CLASSES[:3])), ev.split_log_loss(of(None, sharp, targets, CLASSES[:3]))
    assert bold.temperature == pytest.approx(2, rel=0.05)
    assert bold.refinement == pytest.approx(split.refinement, abs=1e-4)
    assert bold.calibration > 0.1
    assert 0 <= split.calibration < 1e-3
    assert bold.refinement + bold.calibration == pytest.approx(ev.score(of(None, sharp, targets, CLASSES[:3])).log_loss)


def test_reliability_has_equal_bins_and_bands_around_the_accuracy():
    untied = RNG.dirichlet([1, 1, 1, 1], 500)
    curve = ev.reliability(of(None, untied), n_bins=10)
    assert curve.share == pytest.approx(np.full(10, 0.1))
    assert (np.diff(curve.confidence) >= 0).all()
    assert (curve.low <= curve.accuracy).all()
    assert (curve.accuracy <= curve.high).all()
    assert float(curve.share @ curve.accuracy) == pytest.approx(ev.score(of(None, untied)).accuracy)
    assert ev.reliability(of(None, P[:1], TARGETS[:1])).confidence.shape == (1,)
