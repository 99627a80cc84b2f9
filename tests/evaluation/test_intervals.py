"""Intervals: what they hold, how they compare, and that the 95 % ones cover in 95 % of cases."""

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import stats

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.tables import held_out_rows

RNG = np.random.default_rng(1)


def drawn(n=2_000, sharpness=1.0, seed=1, n_classes=4):
    """Probabilities of some classes, and targets drawn from them."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, n_classes)) * 1.5
    p, stated = (np.exp(z * by) / np.exp(z * by).sum(axis=1, keepdims=True) for by in (1, sharpness))
    return Evaluation(np.arange(n_classes), (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1).clip(max=n_classes - 1), stated)


def by_themselves(n):
    return ev.Sampling(np.ones(n), np.zeros(n), 1.0, None)


def test_intervals_hold_the_estimate_and_their_width_is_the_standard_error():
    for evaluation in (drawn(), drawn(n_classes=2)):
        found, scores = ev.intervals(evaluation), ev.score(evaluation)
        for name, interval in found.items():
            assert interval.estimate == pytest.approx(getattr(scores, name), rel=1e-9)
            assert interval.low < interval.estimate < interval.high
        error = evaluation.losses.std(ddof=1) / np.sqrt(len(evaluation))
        assert found["log_loss"].high - found["log_loss"].low == pytest.approx(2 * 1.96 * error, rel=0.02)
        assert found["brier"].low < ev.intervals(evaluation, ["brier"], confidence=0.5)["brier"].low


def test_without_skewness_the_interval_is_students():
    values = RNG.normal(size=20)
    values = np.concatenate([values, 2 * values.mean() - values])  # symmetric about its mean
    found = ev.mean_interval(values, by_themselves(40))
    assert found[1:] == pytest.approx(stats.t.interval(0.95, 39, values.mean(), stats.sem(values)), rel=1e-9)


def test_the_transformation_is_halls():
    """Hall (1992): g(T) = T + skewness T^2 / 3 + skewness^2 T^3 / 27 + skewness / (6 n), at the ends, is the quantile."""
    values = RNG.exponential(size=50)
    found = ev.mean_interval(values, by_themselves(50))
    skewness = stats.skew(values)
    quantile = stats.t.ppf(0.975, 49) / np.sqrt(50)
    for end, sign in ((found.low, 1), (found.high, -1)):
        t = (values.mean() - end) / values.std(ddof=1)
        assert t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / (6 * 50) == pytest.approx(sign * quantile, rel=1e-9)


@pytest.mark.parametrize("rounded", [False, True])
def test_ranking_scores_under_weights_equal_scikit_learns(rounded):
    p = RNG.random(400)
    p, positive, weights = (p.round(1) if rounded else p), (RNG.random(400) < p).astype(int), RNG.integers(1, 4, 400)
    found = ev.ranking_of(Evaluation(np.arange(2), positive, np.column_stack([1 - p, p]), weights))
    expected = sk.roc_auc_score(positive, p, sample_weight=weights), sk.average_precision_score(positive, p, sample_weight=weights)
    assert found[:2] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rounded", [False, True])
def test_what_a_row_moves_is_the_derivative_by_its_mass(rounded):
    p = RNG.random(60)
    p, positive, weights = (p.round(1) if rounded else p), RNG.integers(0, 2, 60), RNG.uniform(0.5, 2, 60)

    def area(masses):
        return ev.ranking_of(Evaluation(np.arange(2), positive, np.column_stack([1 - p, p]), masses)).area

    found = ev.ranking_of(Evaluation(np.arange(2), positive, np.column_stack([1 - p, p]), weights))
    for i in (0, 7, 31):
        step = np.zeros(60)
        step[i] = 1e-5 * weights[i]
        assert 60 * (area(weights + step) - area(weights - step)) / 2e-5 == pytest.approx(found.area_by_row[i], rel=1e-5, abs=1e-7)


def test_the_positive_class_is_the_one_that_is_ranked():
    evaluation = drawn(n_classes=2)
    first = Evaluation(evaluation.classes, evaluation.targets, evaluation.probabilities, positive=0)
    assert ev.score(first).average_precision_macro == pytest.approx(sk.average_precision_score(evaluation.targets == 0, evaluation.probabilities[:, 0]))
    assert ev.score(first).roc_auc_macro == pytest.approx(ev.score(evaluation).roc_auc_macro)
    with pytest.raises(ValueError, match="expected a positive class, 0 or 1, of two classes and None of more, got 1 with 4 classes"):
        Evaluation(np.arange(4), [0], np.full((1, 4), 0.25), positive=1)


def test_a_comparison_is_narrower_than_two_intervals():
    first, second = drawn(), drawn(sharpness=1.6)
    found = ev.compare(first, second)
    alone = ev.intervals(first)["log_loss"]
    difference = found["log_loss"]
    assert difference.better == "first"
    assert difference.estimate == pytest.approx(ev.score(second).log_loss - ev.score(first).log_loss)
    assert difference.low < difference.estimate < difference.high
    assert (found["accuracy"].estimate, found["accuracy"].better) == (0, "neither")
    assert difference.high - difference.low < alone.high - alone.low
    swapped = ev.compare(second, first)["log_loss"]
    assert (swapped.better, swapped.low) == ("second", pytest.approx(-difference.high))


def test_paired_shares_are_those_of_agresti_and_min():
    """Agresti and Min (2005), with half a row added to each of the four kinds of pair."""
    right = np.array([[1, 1]] * 70 + [[1, 0]] * 6 + [[0, 1]] * 14 + [[0, 0]] * 10)
    first, second = (Evaluation(np.arange(2), np.zeros(100, int), np.column_stack([part, 1 - part]).astype(float)) for part in right.T)
    found = ev.compare(first, second, ["accuracy"])["accuracy"]
    b, c, n = 14.5, 6.5, 102
    centre, error = (b - c) / n, np.sqrt(b + c - (b - c) ** 2 / n) / n
    assert found[:3] == pytest.approx((0.08, centre - 1.959964 * error, centre + 1.959964 * error), rel=1e-6)


def test_rows_must_be_the_same():
    first, other = drawn(), drawn(seed=2)
    with pytest.raises(ValueError, match="expected two evaluations of the same rows, got 2000 and 2000"):
        ev.compare(first, other)
    with pytest.raises(ValueError, match="same rows"):
        ev.compare(first, first.take(np.arange(10)))


def test_unknown_classes_zero_weights_few_rows():
    p = np.full((5, 2), 0.5)
    found = ev.intervals(Evaluation(np.arange(2), [0, 0, 1, -1, 1], p, [1, 1, 1, 1, 0]))
    assert found["accuracy"][:1] == (0.5,)
    assert np.isnan(found["roc_auc_macro"].low)  # too few rows of each class
    one = ev.intervals(Evaluation(np.arange(2), [1], [[0.25, 0.75]]))
    assert one["log_loss"].low == one["log_loss"].high == pytest.approx(-np.log(0.75))
    assert one["accuracy"].low == pytest.approx(0.2065, abs=1e-3)
    assert np.isnan(one["roc_auc_macro"]).all()
    assert np.isnan(ev.intervals(Evaluation(np.arange(2), np.empty(0, int), np.empty((0, 2))))["brier"]).all()


def test_wrong_arguments_are_refused():
    evaluation = drawn(20)
    with pytest.raises(ValueError, match="got 'logloss'; did you mean 'log_loss'"):
        ev.intervals(evaluation, ["logloss"])
    with pytest.raises(ValueError, match="expected scores out of 'accuracy', 'log_loss', 'brier', got 'roc_auc_macro'"):
        ev.compare(evaluation, evaluation, ["roc_auc_macro"])
    with pytest.raises(ValueError, match=r"expected a confidence between 0 and 1, such as 0.95, got 95"):
        ev.intervals(evaluation, confidence=95)
    with pytest.raises(ValueError, match="expected drawn_from to be an integer of at least 1, got 0"):
        ev.intervals(evaluation, drawn_from=0)


def test_few_rows_are_not_called_sure():
    right = ev.intervals(Evaluation(np.arange(2), [0, 1] * 5, np.eye(2)[[0, 1] * 5]))
    assert right["accuracy"].high == 1
    assert right["accuracy"].low == pytest.approx(0.722, abs=0.001)  # Wilson's of 10 of 10
    assert right["roc_auc_macro"].low == pytest.approx(0.5655, abs=0.001)  # and of 5 of 5
    one = Evaluation(np.arange(2), [1], [[0.25, 0.75]])
    assert ev.compare(one, Evaluation(np.arange(2), [1], [[0.1, 0.9]]))["log_loss"].better == "neither"


def coverage(stratified, trials=300, n=100):
    """How often the intervals hold the truth of a model whose classes differ much, in rows that were drawn by chance or class by class from tables of four times as many."""
    rng = np.random.default_rng(5)

    def rows(n):
        targets = (rng.random(n) < 0.1).astype(np.int32)
        p = np.clip(np.where(targets == 1, rng.beta(2, 4, n), rng.beta(1, 9, n)), 0.001, 0.999)
        return Evaluation(np.arange(2), targets, np.column_stack([1 - p, p]))

    truth = {name: interval.estimate for name, interval in ev.intervals(rows(400_000), ev.ROW_SCORES).items()}
    held = dict.fromkeys(truth, 0)
    for trial in range(trials):
        evaluation = rows(4 * n if stratified else n)
        if stratified:
            evaluation = evaluation.take(held_out_rows(evaluation.targets, 0.25, trial)[1])
        for name, interval in ev.intervals(evaluation, ev.ROW_SCORES, drawn_from=4 * n if stratified else None).items():
            held[name] += interval.low <= truth[name] <= interval.high
    return {name: count / trials for name, count in held.items()}


@pytest.mark.parametrize("stratified", [False, True])
def test_intervals_cover(stratified):
    assert all(0.915 < share <= 0.99 for share in coverage(stratified).values()), coverage(stratified)


def many(make, scores=("accuracy", "log_loss", "roc_auc_macro"), trials=300):
    """How often the intervals of `make(rng)` hold the mean over all trials, which is the truth but for noise."""
    rng = np.random.default_rng(0)
    found = [ev.intervals(make(rng), scores) for _ in range(trials)]
    truth = {name: np.mean([one[name].estimate for one in found]) for name in scores}
    return {name: np.mean([one[name].low <= truth[name] <= one[name].high for one in found]) for name in scores}


def binary(p, rng, **others):
    return Evaluation(np.arange(2), (rng.random(len(p)) < p).astype(int), np.column_stack([1 - p, p]), **others)


def test_intervals_of_weighted_rows_cover():
    share = many(lambda rng: binary(rng.beta(1, 1, 400), rng, weights=np.where(rng.random(400) < 0.2, 1.0, 0.05)))
    assert all(0.91 < held < 0.985 for held in share.values()), share


def test_intervals_of_grouped_rows_count_groups():
    """40 groups of 8 rows, all of a group of one class and one probability."""
    def grouped(rng):
        p = rng.beta(1, 1, 40)
        targets = np.repeat((rng.random(40) < p).astype(int), 8)
        p = np.repeat(p, 8)
        return Evaluation(np.arange(2), targets, np.column_stack([1 - p, p]), groups=np.repeat(np.arange(40), 8))  # fmt: skip

    share = many(grouped)
    assert all(0.9 < held < 0.985 for held in share.values()), share
    evaluation = grouped(np.random.default_rng(1))
    alone = Evaluation(evaluation.classes, evaluation.targets, evaluation.probabilities)
    wide, narrow = (ev.intervals(one, ["log_loss"])["log_loss"] for one in (evaluation, alone))
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(np.sqrt(8), rel=0.15)
    assert evaluation.take(np.arange(8, 24)).groups.tolist() == [1] * 8 + [2] * 8
    with pytest.raises(ValueError, match="expected one number of a group a row, 2 integers, got float64"):
        Evaluation(np.arange(2), [0, 1], np.eye(2), groups=[0.5, 1.5])


def test_rows_of_a_stratified_split_vary_less():
    evaluation = Evaluation(np.arange(2), np.repeat([0, 1], [90, 10]), np.tile([0.9, 0.1], (100, 1)))  # right on the first class, wrong on the second: only shares vary
    alone, part = (ev.intervals(evaluation, ["accuracy"], drawn_from=n)["accuracy"] for n in (None, 400))
    assert part.high - part.low == pytest.approx((alone.high - alone.low) / 2, rel=0.1)
