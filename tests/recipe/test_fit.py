"""From a matrix and targets to a Model, without scikit-learn; the estimator adds nothing to the numbers."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils import compute_sample_weight

from normexp import SoftmaxClassifier
from normexp.errors import DataError
from normexp.model import Model, number_columns
from normexp.recipe import fit, fit_table, plan, seed_from, step
from normexp.recipe._weights import class_weights_of, row_weights
from normexp.tables import read

X, Y = load_iris(return_X_y=True)
TARGETS, CLASSES, COLUMNS = Y.astype(np.int32), np.array(["a", "b", "c"]), number_columns(4)
PLAN = plan(150, (8,), epochs=6, seed=5)


def fitted(**options):
    return fit(X, COLUMNS, TARGETS, options.pop("weights", None), options.pop("plan", PLAN), classes=CLASSES, **options)


def test_it_is_what_the_estimator_holds():
    estimator = SoftmaxClassifier((8,), quality="fast", epochs=6, random_state=2).fit(X, CLASSES[Y])
    model = fitted(plan=replace(PLAN, seed=seed_from(2)))
    assert isinstance(model, Model)
    np.testing.assert_array_equal(model.probabilities(X), estimator.predict_proba(X))
    assert (model.history, model.temperature) == (estimator.history_, estimator.temperature_)
    assert (model.n_features, model.feature_names, model.schema, dict(model.params), dict(model.scores)) == (4, None, None, {}, {})
    np.testing.assert_array_equal(model.class_shares, estimator.class_shares_)


def test_a_table_gives_its_schema_and_names():
    table = read("example:iris", target="species")
    model = fit_table(table, PLAN, rows=np.arange(0, 150, 2))
    assert (model.schema, model.classes.tolist()) == (table.schema, table.classes.tolist())
    assert model.feature_names == tuple(column.name for column in table.schema.columns)
    np.testing.assert_array_equal(model.class_shares, [1 / 3] * 3)
    with pytest.raises(DataError, match="expected a table with a target, got one read without; pass target="):
        fit_table(read("example:iris"), PLAN)


def test_going_on_leaves_the_model_before_as_it_was():
    first = fitted()
    before = first.probabilities(X)
    second = fitted(start=first)
    third = step(X, COLUMNS, TARGETS, None, PLAN, classes=CLASSES, start=second)
    np.testing.assert_array_equal(first.probabilities(X), before)
    assert second.encoder is first.encoder
    assert len({model.parameters.values.tobytes() for model in (first, second, third)}) == 3
    assert third.temperature == 1
    assert third.member.state.steps > second.member.state.steps > 0


def test_without_a_state_the_update_rule_starts_afresh():
    first = fitted()
    bare = replace(first, members=(replace(first.member, state=None),))
    assert fitted(start=bare).member.state.steps == first.member.state.steps
    assert fitted(start=first).member.state.steps == 2 * first.member.state.steps


def test_validation_rows_are_not_learnt_from():
    held = np.arange(0, 150, 3)
    rows = np.setdiff1d(np.arange(150), held)
    one, other = (fitted(rows=rows, validation_rows=held) for _ in range(2))
    np.testing.assert_array_equal(one.probabilities(X), other.probabilities(X))
    changed = X.copy()
    changed[held] += 100  # seen by the temperature and the choice of the epoch alone
    moved = fit(changed, COLUMNS, TARGETS, None, PLAN, classes=CLASSES, rows=rows, validation_rows=held)
    np.testing.assert_array_equal(moved.encoder.centre, one.encoder.centre)
    assert moved.history.loss == one.history.loss
    assert moved.history.validation_loss != one.history.validation_loss


@pytest.mark.parametrize("class_weight", ["balanced", {0: 2.0, 2: 0.5}])
def test_row_weights_are_those_of_scikit_learn(class_weight):
    targets, weights = Y[20:].astype(np.int32), np.linspace(0.1, 3, 130)
    by_class = class_weight if class_weight == "balanced" else np.array([class_weight.get(k, 1.0) for k in range(3)])
    for own in (None, weights):
        wanted = compute_sample_weight(class_weight, targets) * (1 if own is None else own)
        np.testing.assert_array_equal(row_weights(targets, own, class_weights_of(by_class, targets, 3)), (wanted / wanted.mean()).astype(np.float32))
    assert row_weights(targets, None) is None


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="expected at least two classes, got one class: \\['a'\\]"):
        fit(X, COLUMNS, np.zeros(150, np.int32), None, PLAN, classes=CLASSES[:1])


def test_it_needs_no_scikit_learn():
    code = "import sys, normexp.recipe; print([name for name in ('sklearn', 'scipy', 'pandas', 'duckdb', 'narwhals', 'click', 'matplotlib') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
