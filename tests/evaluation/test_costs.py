"""Deciding by costs: the decision of the least expected cost, what decisions cost, and when one is acted on."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp import evaluation as ev
from normexp.evaluation import Costs, Evaluation, costs_of

CLASSES = np.array(["sick", "well"])
TREATMENT = {"sick": {"treat": 1, "wait": 50, "ask": 3}, "well": {"treat": 10, "wait": 0, "ask": 3}}


def drawn(n=4_000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 6, n)
    return Evaluation(CLASSES, (rng.random(n) >= p).astype(int), np.column_stack([p, 1 - p]))


def test_the_least_expected_cost_by_hand():
    costs = costs_of(TREATMENT, CLASSES)
    p = np.array([[0.9, 0.1], [0.1, 0.9], [0.01, 0.99]])
    np.testing.assert_allclose(costs.expected(p)[1], [0.1 * 1 + 0.9 * 10, 0.1 * 50, 3], rtol=1e-12)
    assert [costs.decisions[i] for i in costs.decide(p)] == ["treat", "ask", "wait"]


def test_every_way_to_say_costs_is_the_same():
    frame = pd.DataFrame(TREATMENT).T.loc[["well", "sick"]]
    same = [costs_of(form, CLASSES) for form in (TREATMENT, frame, costs_of(frame, CLASSES))]
    for costs in same:
        assert costs.decisions == ("treat", "wait", "ask")
        np.testing.assert_array_equal(costs.matrix, [[1, 50, 3], [10, 0, 3]])
    square = costs_of([[0, 5], [1, 0]], CLASSES)
    assert square.decisions == ("sick", "well")
    np.testing.assert_array_equal(square.answers, [0, 1])
    assert same[0].answers is None


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({"sick": {"treat": 1}}, "expected one row of costs for each class, got 0 for 'well'"),
        ({"sick": {"treat": 1}, "wel": {"treat": 1}}, "expected costs of the classes 'sick', 'well', got some of 'wel'; did you mean 'well'"),
        ({"sick": {"treat": 1}, "well": {"wait": 1}}, "expected the cost of decision 'wait' for class 'sick', got none"),
        ({"sick": 1, "well": 2}, "expected a dict from decisions to costs for class 'sick', got 1"),
        ([[0, np.inf], [1, 0]], "expected finite costs, got inf"),
        ({"sick": {"x": "abc"}, "well": {"x": 1}}, "expected a number as the cost of 'x' for class 'sick', got 'abc'"),
        ("abc", "expected costs as a dict of dicts, a data frame or a square array of numbers, got str of others: abc"),
        ([[0, 1, 2], [1, 0, 2]], r"expected a cost for each of 2 classes \(rows\) and 2 decisions \(columns\), got shape \(2, 3\)"),
    ],
)  # fmt: skip
def test_costs_that_are_refused(costs, message):
    with pytest.raises(ValueError, match=message):
        costs_of(costs, CLASSES)


def test_a_decision_given_twice_is_refused():
    with pytest.raises(ValueError, match="expected each decision once, got 'a', 'a'"):
        Costs(CLASSES, ("a", "a"), np.zeros((2, 2)))


def test_the_threshold_is_where_both_decisions_cost_the_same():
    costs = costs_of([[0, 40], [10, 0]], CLASSES)
    t = costs.threshold(0)
    assert t == pytest.approx(0.2)
    expected = costs.expected(np.array([[t, 1 - t]]))[0]
    assert expected[0] == pytest.approx(expected[1])
    assert np.isnan(costs_of([[0, -1], [1, 0]], CLASSES).threshold(0))  # missing is a gain: one decision is always the better one
    assert np.isnan(costs_of(TREATMENT, CLASSES).threshold(0))


def test_decisions_on_true_probabilities_cost_least():
    evaluation, costs = drawn(), costs_of([[0, 40], [10, 0]], CLASSES)
    found = ev.decision_costs(evaluation, costs)
    decided = np.where(evaluation.probabilities[:, 0] >= 0.2, 0, 1)
    paid = costs.matrix[evaluation.targets, decided]
    assert found.decided.estimate == pytest.approx(paid.mean(), rel=1e-12)
    assert found.counts.tolist() == np.bincount(decided).tolist()
    assert found.less_than_most_probable.low > 0
    assert found.less_than_always.low > 0
    assert found.always.estimate == pytest.approx(costs.matrix[evaluation.targets].mean(axis=0).min())
    best = min(costs.matrix[evaluation.targets, np.where(evaluation.probabilities[:, 0] >= t, 0, 1)].mean() for t in np.linspace(0, 1, 201))
    assert found.decided.estimate <= 1.03 * best
    with pytest.raises(ValueError, match="expected rows of known classes to tell what decisions cost, got none"):
        ev.decision_costs(evaluation.take(np.arange(0)), costs)


def test_an_estimator_decides():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    y = np.where(rng.random(400) < 1 / (1 + np.exp(2 - 2 * x[:, 0])), "sick", "well")
    model = SoftmaxClassifier((), epochs=20, random_state=0, quality="fast").fit(x, y)
    p = model.predict_proba(x)
    expected = p @ np.array([[1, 50, 3], [10, 0, 3]])
    np.testing.assert_array_equal(model.decide(x, TREATMENT), np.array(["treat", "wait", "ask"])[expected.argmin(axis=1)])
    np.testing.assert_array_equal(model.decide(x, 1 - np.eye(2)), model.predict(x))
    assert model.decide(x, 1 - np.eye(2)).dtype == model.predict(x).dtype


@pytest.mark.parametrize(("classes", "keys"), [([False, True], ["false", "true"]), ([0.0, 1.0], ["0", "1"]), ([False, True], [0, 1]), ([1.0, 2.0], [1, 2])])
def test_classes_are_found_however_they_are_written(classes, keys):
    costs = costs_of({keys[1]: {keys[0]: 5, keys[1]: 0}, keys[0]: {keys[0]: 0, keys[1]: 1}}, np.array(classes))
    np.testing.assert_array_equal(costs.matrix, [[0, 1], [5, 0]])
    np.testing.assert_array_equal(costs.answers, [0, 1])


def test_answers_of_weighted_classifiers_are_evaluated():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    y = (rng.random(600) < 1 / (1 + np.exp(3 - x[:, 0]))).astype(int)
    model = SoftmaxClassifier((), epochs=10, random_state=0, class_weight="balanced", quality="fast").fit(x, y)
    assert ev.evaluate(model, x, y).correct.mean() == pytest.approx(model.score(x, y))
    folds = ev.out_of_fold(model, x, y, cv=3, groups=np.arange(600) // 3)
    assert folds.predicted.mean() > 2 * (folds.probabilities[:, 1] > 0.5).mean()
    assert len(np.unique(folds.groups)) == 200
    with pytest.raises(ValueError, match="expected folds that test every row once, got row 0 tested 0 times"):
        ev.out_of_fold(model, x, y, cv=[(np.arange(300), np.arange(300, 600))])
