"""Scores against scikit-learn and against plain loops."""

from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.metrics as sk

from normexp import evaluation as ev
from normexp.evaluation import Evaluation

RNG = np.random.default_rng(0)
CLASSES = np.array(["a", "b", "c", "d"])
P = np.round(RNG.dirichlet([1, 1, 1, 1], 500), 2)  # with ties
P[:, 3] = 1 - P[:, :3].sum(axis=1)
P = np.clip(P, 0.001, 1)
P /= P.sum(axis=1, keepdims=True)
TARGETS = np.where(RNG.random(500) < 0.5, P.argmax(axis=1), RNG.integers(0, 4, 500)).astype(np.int32)
WEIGHTS = RNG.random(500) + 0.1


def of(weights=None, p=P, targets=TARGETS, classes=CLASSES):
    return Evaluation(classes, targets, p, weights)


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


def test_evaluate_takes_any_classifier():
    model = SimpleNamespace(classes_=np.array(["x", "y"]), predict_proba=lambda X: np.array([[0.9, 0.1]] * len(X)))
    found = ev.evaluate(model, np.zeros((3, 1)), ["x", "y", "z"])
    assert found.targets.tolist() == [0, 1, -1]
    with pytest.raises(TypeError, match="expected a fitted classifier with predict_proba, got int"):
        ev.evaluate(3, [], [])
    with pytest.raises(ValueError, match=r"expected one label a row, got labels of shape \(3, 1\)"):
        ev.evaluate(model, np.zeros((3, 1)), [["x"], ["y"], ["x"]])
    with pytest.raises(ValueError, match=r"got only others, such as 0; are they of the same type\?"):
        ev.evaluate(model, np.zeros((2, 1)), [0, 1])


def test_rows_of_weight_zero_do_not_count():
    weights = np.where(TARGETS == 3, 0.0, WEIGHTS)  # a class of no weight at all
    kept = weights > 0
    with_zeros, without = of(weights), of(weights[kept], P[kept], TARGETS[kept])
    assert str(ev.score(with_zeros)) == str(ev.score(without))
    assert ev.intervals(with_zeros, ev.INTERVAL_SCORES) == ev.intervals(without, ev.INTERVAL_SCORES)
    assert ev.intervals(with_zeros)["calibration_error"].estimate == ev.score(with_zeros).calibration_error
    unknown = Evaluation(np.arange(2), [0, 1, -1], np.full((3, 2), 0.5), [0, 0, 1])
    assert ev.score(unknown).accuracy == 0
    assert np.isnan(ev.score(unknown).log_loss_known)


@pytest.mark.parametrize(("changed", "message"), [
    ({"p": P[:, :3]}, r"shape \(n_rows, 4\), a column for each"), ({"p": P * 1.5}, "from 0 to 1, got .* in row"), ({"p": P * 0.9}, "sum to 1, got a sum of 0.9 in row 0"),
    ({"p": np.where(np.arange(500)[:, None] == 7, np.nan, P)}, "got nan, nan, nan, nan in row 7"),
    ({"targets": TARGETS[:-1]}, "one class index a row, 500 integers, got int32 of shape"),
    ({"targets": TARGETS + 0.5}, "got float64"), ({"targets": TARGETS + 1}, "from 0 to 3, or -1 for an unknown class, got 4 in row"),
    ({"weights": WEIGHTS[:3]}, r"one weight a row, 500 in all, got shape \(3,\)"), ({"weights": -WEIGHTS}, "finite weights of at least 0, got -"),
    ({"weights": 0 * WEIGHTS}, "weights that sum to 0"), ({"classes": np.array(list("abca"))}, "expected different labels of shape .* as classes, got 'a', 'b', 'c', 'a'"),
])  # fmt: skip
def test_what_cannot_be_evaluated_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        of(**changed)


def test_wrong_options_are_refused():
    for metric in (ev.calibration_error, ev.classwise_calibration_error, ev.reliability):
        with pytest.raises(ValueError, match="expected n_bins to be an integer of at least 1, got 0"):
            metric(of(), 0)
    with pytest.raises(ValueError, match=r"expected a share for each of the 4 classes, got shape \(2,\)"):
        ev.class_share_evaluation(of(), [0.5, 0.5])
    assert ev.class_scores(of(None, P[:0], TARGETS[:0])).recall.tolist() == [0] * 4
