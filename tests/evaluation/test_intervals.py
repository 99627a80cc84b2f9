"""Bootstrap intervals: what they hold, how they compare, and that the 95 % ones cover in 95 % of cases."""

import numpy as np
import pytest
import sklearn.metrics as sk

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.evaluation._ranking import ranked, ranking_scores

RNG = np.random.default_rng(1)


def drawn(n=2_000, sharpness=1.0, seed=1):
    """Probabilities of four classes, and targets drawn from them."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 4)) * 1.5
    p, stated = (np.exp(z * by) / np.exp(z * by).sum(axis=1, keepdims=True) for by in (1, sharpness))
    return Evaluation(np.arange(4), (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1), stated)


def test_intervals_hold_the_estimate_and_their_width_is_the_standard_error():
    evaluation = drawn()
    found, scores = ev.intervals(evaluation, ev.INTERVAL_SCORES), ev.score(evaluation)
    for name, interval in found.items():
        assert interval.estimate == pytest.approx(getattr(scores, name))
        assert interval.low < interval.estimate < interval.high
    by_class = [evaluation.losses[evaluation.targets == k] for k in range(4)]
    variance = sum(len(part) * part.var() for part in by_class) / len(evaluation) ** 2  # strata are drawn apart
    assert found["log_loss"].high - found["log_loss"].low == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.08)
    assert ev.intervals(evaluation) == {name: found[name] for name in ev.ROW_SCORES}
    assert ev.intervals(evaluation, seed=1) != ev.intervals(evaluation)
    assert found["brier"].low < ev.intervals(evaluation, ["brier"], confidence=0.5)["brier"].low


@pytest.mark.parametrize("rounded", [False, True])
def test_ranking_scores_under_weights_equal_scikit_learns(rounded):
    p = RNG.random(400)
    p, positive, weights = (p.round(1) if rounded else p), RNG.random(400) < p, RNG.integers(0, 4, 400)
    found = ranking_scores(ranked(p, positive), weights)
    expected = sk.roc_auc_score(positive, p, sample_weight=weights), sk.average_precision_score(positive, p, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_comparison_is_narrower_than_two_intervals():
    first, second = drawn(), drawn(sharpness=1.6)
    found = ev.compare(first, second)
    alone = ev.intervals(first)["log_loss"]
    difference = found["log_loss"]
    assert difference.better == "first"
    assert difference.estimate == pytest.approx(ev.score(second).log_loss - ev.score(first).log_loss)
    assert difference.low < difference.estimate < difference.high
    assert found["accuracy"] == (0, 0, 0, "neither")
    assert difference.high - difference.low < alone.high - alone.low
    swapped = ev.compare(second, first)["log_loss"]
    assert (swapped.better, swapped.low) == ("second", pytest.approx(-difference.high))


def test_rows_must_be_the_same():
    first, other = drawn(), drawn(seed=2)
    with pytest.raises(ValueError, match="expected two evaluations of the same rows, got 2000 and 2000"):
        ev.compare(first, other)
    with pytest.raises(ValueError, match="same rows"):
        ev.compare(first, first.take(np.arange(10)))


def test_unknown_classes_zero_weights_few_rows():
    p = np.full((5, 2), 0.5)
    found = ev.intervals(Evaluation(np.arange(2), [0, 0, 1, -1, 1], p, [1, 1, 1, 1, 0]), ev.INTERVAL_SCORES)
    assert found["accuracy"] == (0.5, 0.5, 0.5)
    one = ev.intervals(Evaluation(np.arange(2), [1], [[0.25, 0.75]]), ev.INTERVAL_SCORES)
    assert one["log_loss"].low == one["log_loss"].high == pytest.approx(-np.log(0.75))
    assert one["accuracy"].low == pytest.approx(0.2065, abs=1e-3)
    assert np.isnan(one["roc_auc_macro"]).all()
    assert np.isnan(ev.intervals(Evaluation(np.arange(2), np.empty(0, int), np.empty((0, 2))))["brier"]).all()


def test_wrong_arguments_are_refused():
    evaluation = drawn(20)
    with pytest.raises(ValueError, match="got 'logloss'; did you mean 'log_loss'"):
        ev.intervals(evaluation, ["logloss"])
    with pytest.raises(ValueError, match="expected scores out of 'accuracy', 'log_loss', 'brier', 'calibration_error', got 'roc_auc_macro'"):
        ev.compare(evaluation, evaluation, ["roc_auc_macro"])
    with pytest.raises(ValueError, match=r"expected a confidence between 0 and 1, such as 0.95, got 95"):
        ev.intervals(evaluation, confidence=95)
    with pytest.raises(ValueError, match="expected n_resamples to be an integer of at least 1, got 0"):
        ev.intervals(evaluation, n_resamples=0)


def test_few_rows_are_not_called_sure():
    right = ev.intervals(Evaluation(np.arange(2), [0, 1] * 5, np.eye(2)[[0, 1] * 5]))["accuracy"]
    assert right.high == 1
    assert right.low == pytest.approx(0.722, abs=0.001)  # Wilson's of 10 of 10
    one = Evaluation(np.arange(2), [1], [[0.25, 0.75]])
    assert ev.compare(one, Evaluation(np.arange(2), [1], [[0.1, 0.9]]))["log_loss"].better == "neither"


def test_more_rows_take_fewer_resamples():
    many = drawn(60_000)
    found, half = ev.intervals(many, ["log_loss"])["log_loss"], ev.intervals(drawn(15_000), ["log_loss"])["log_loss"]
    assert (half.high - half.low) / (found.high - found.low) == pytest.approx(2, rel=0.15)


def iid_coverage(seed, stratified, trials=150, n=400):
    """How often the interval holds the true accuracy of a model that is right in 0.3 of the rows of a rare class and 0.95 of the others, whose number varies."""
    rng, held = np.random.default_rng(seed), 0
    for trial in range(trials):
        targets = (rng.random(n) < 0.1).astype(int)
        right = rng.random(n) < np.where(targets == 1, 0.3, 0.95)
        p = np.where((targets == 1) == right, 0.8, 0.2)
        found = ev.intervals(Evaluation(np.arange(2), targets, np.column_stack([1 - p, p])), ["accuracy"], seed=trial, stratified=stratified, n_resamples=400)["accuracy"]
        held += found.low <= 0.9 * 0.95 + 0.1 * 0.3 <= found.high
    return held / trials


def test_intervals_without_strata_cover_rows_by_chance():
    assert iid_coverage(0, stratified=False) > 0.9
    assert iid_coverage(0, stratified=True) < 0.9  # that is what the docstring warns of


def coverage(seed, trials=500, sizes=(300, 150)):
    """How often the interval holds the true log loss: normal numbers around -1 and 1, class counts fixed, probabilities by Bayes's rule."""
    rng, held = np.random.default_rng(seed), 0
    grid = np.linspace(-12, 12, 200_001)
    n, prior = sum(sizes), np.log(sizes[0] / sizes[1])
    truth = 0.0
    for centre, size, sign in ((-1, sizes[0], 1), (1, sizes[1], -1)):
        density = np.exp(-((grid - centre) ** 2) / 2) / np.sqrt(2 * np.pi)
        truth += size / n * np.trapezoid(density * np.logaddexp(0, sign * (2 * grid - prior)), grid)
    targets = np.repeat([0, 1], sizes)
    for trial in range(trials):
        x = rng.normal(np.repeat([-1, 1], sizes))
        p = 1 / (1 + np.exp(prior - 2 * x))
        found = ev.intervals(Evaluation(np.arange(2), targets, np.column_stack([1 - p, p])), ["log_loss"], seed=trial)["log_loss"]
        held += found.low <= truth <= found.high
    return held / trials


@pytest.mark.slow
def test_intervals_cover():
    assert 0.92 <= coverage(seed=0) <= 0.98
