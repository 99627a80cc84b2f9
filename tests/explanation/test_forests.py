"""Forests explained: Shapley values against all orders, sums, changes of one column, what the trees ask about."""

from itertools import permutations

import numpy as np
import pytest

from normexp import SoftmaxClassifier, explain
from normexp.explanation import permutation_importance, splits_of
from normexp.explanation._forests import Forests
from normexp.model import Encoder, Model, TreeMember, number_columns
from normexp.network import History
from normexp.tables import read
from normexp.trees import Boosting, fit


def model_of(n_classes=3, n_members=1, missing=0.1, depth=4, seed=0):
    """Of forests alone, of five numbers."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((400, 5))
    y = ((x[:, 0] > 0).astype(int) + 2 * (x[:, 1] * x[:, 2] > 0)).astype(np.int32) % n_classes
    x[rng.random(x.shape) < missing] = np.nan
    forests = [fit(x, y, n_classes, Boosting(rounds=12, patience=0, depth=depth, learning_rate=0.3, row_share=0.7, seed=i)).forest for i in range(n_members)]
    encoder = Encoder.fit(x, np.arange(400), number_columns(5))
    members = tuple(TreeMember(encoder, forest) for forest in forests)
    model = Model(np.arange(n_classes), members, (0.8,), 1.0, None, History((), (), (), (), -1, "epochs"), 5, kinds=(0,) * n_members, bias=np.linspace(0, 1, n_classes))
    return model, x, y


def shapley_by_all_orders(answer, start, end):
    found = np.zeros(len(start))
    orders = list(permutations(range(len(start))))
    for order in orders:
        row, before = start.copy(), answer(start)
        for feature in order:
            row[feature] = end[feature]
            found[feature] += (answer(row) - before) / len(orders)
            before = answer(row)
    return found


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("depth", [1, 4, 6])
def test_shapley_values_are_the_mean_over_all_orders(n_classes, depth):
    model, x, _ = model_of(n_classes, depth=depth)
    forests, direction, start = Forests.of(model), np.zeros(n_classes), np.nan_to_num(x[1])
    direction[[0, 1]] = 1, -1
    for row in x[2:8]:
        wanted = shapley_by_all_orders(lambda one: float(model.logits(one[None])[0].astype(float) @ direction), start, row)
        found = forests.contributions(start, row, direction)
        np.testing.assert_allclose(found, wanted[: len(found)], atol=2e-5)


@pytest.mark.parametrize("n_members", [1, 4])
def test_contributions_sum_to_the_difference(n_members):
    model, x, _ = model_of(n_members=n_members)
    found = explain(model, x[:20])
    np.testing.assert_allclose(found.logits, model.logits(x[:20]), atol=1e-5)
    np.testing.assert_allclose(found.baseline_differences + found.contributions.sum(axis=1), found.differences, atol=1e-9)


def test_several_forests_count_nearly_as_their_exact_shapley_values():
    model, x, _ = model_of(n_members=4)
    forests, direction, start = Forests.of(model), np.array([1.0, -1, 0]), np.nan_to_num(x[1])
    for row in x[2:6]:
        wanted = shapley_by_all_orders(lambda one: float(model.logits(one[None])[0].astype(float) @ direction), start, row)
        assert np.abs(forests.contributions(start, row, direction) - wanted).max() < 0.15 * max(np.abs(wanted).max(), 0.5)


def test_a_change_asks_only_the_trees_that_ask_about_it():
    model, x, _ = model_of(n_members=3)
    forests = Forests.of(model)
    for column in range(5):
        after = np.tile(x[3], (6, 1))
        after[:, column] = np.linspace(-2, 2, 6)
        found = forests.changed((column,), x[3:4], forests.parts(x[3:4]), after)
        np.testing.assert_allclose(found, forests.logits(after), atol=1e-5)


def table_of(n=240, seed=0):
    rng = np.random.default_rng(seed)
    colours, sizes = rng.choice(["red", "green", "blue"], n), rng.uniform(0, 10, n)
    answers = np.where((colours == "red") & (sizes > 5), "yes", "no")
    return read({"colour": colours, "size": sizes, "noise": rng.uniform(0, 1, n), "y": answers}, target="y")


@pytest.fixture(scope="module", params=["trees", ("trees", "network"), None])
def fitted(request):
    table = table_of()
    return SoftmaxClassifier(random_state=0, members=request.param).fit(table), table


def test_flips_are_true(fitted):
    model, table = fitted
    rows = table.take(np.arange(12))
    found = explain(model, rows)
    assert sum(flip is not None for flip in found.flips) > 6
    np.testing.assert_allclose(found.logits, model.model_.logits(rows.matrix), atol=1e-4)
    for i, flip in enumerate(found.flips):
        if flip is None:
            continue
        told, value = flip.split(" were ")[0].split(" if ")[1], flip.split(" were ")[1].split(" instead")[0]
        row = {name: [column[i]] for name, column in zip(("colour", "size", "noise"), _columns(rows), strict=True)}
        row[told] = [value if told == "colour" else float(value)]
        assert str(model.predict(row)[0]) == flip.split("'")[1]


def _columns(rows):
    words = rows.schema.columns[0].categories
    return [words[int(code)] for code in rows.matrix[:, 0]], rows.matrix[:, 1].astype(float), rows.matrix[:, 2].astype(float)


def test_what_matters_is_found(fitted):
    model, table = fitted
    found = permutation_importance(model, table)
    assert found.mean[:2].min() > 0.05
    assert abs(found.mean[2]) < 0.05
    splits = splits_of(model)
    assert splits.feature_names == ("colour", "size", "noise")
    assert splits.gains.sum() == pytest.approx(1)
    assert splits.gains[2] < splits.gains[:2].min()
    assert (splits.counts[:2] > 0).all()


def test_a_model_without_trees_asks_nothing():
    splits = splits_of(SoftmaxClassifier(random_state=0, members="linear", epochs=2).fit(table_of()))
    assert splits.counts.tolist() == [0, 0, 0]
    assert splits.gains.tolist() == [0, 0, 0]
