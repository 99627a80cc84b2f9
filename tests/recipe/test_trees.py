"""Forests as members: the same bits on any number of threads, one round for all folds, categories and missing cells, settings."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from normexp import SoftmaxClassifier, recipe
from normexp.model import Encoder, TreeMember, number_columns
from normexp.tables import read

X, Y = load_iris(return_X_y=True)


def of_trees(**options):
    return SoftmaxClassifier(members="trees", random_state=0, **options)


def test_alone_they_answer():
    model = of_trees().fit(X[::2], Y[::2])
    assert model.score(X[1::2], Y[1::2]) > 0.9
    assert all(isinstance(member, TreeMember) for member in model.model_.members)
    assert model.model_.out_of_fold.names == ("trees",)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(AttributeError, match="network_ is that of a model of one network"):
        model.network_  # noqa: B018


def test_the_bits_do_not_depend_on_threads():
    for members in ("trees", ("trees", "linear")):
        found = {SoftmaxClassifier(members=members, random_state=0, n_threads=n).fit(X, Y).predict_proba(X).tobytes() for n in (1, 2, 7)}
        assert len(found) == 1
    assert SoftmaxClassifier(members="trees", random_state=1).fit(X, Y).predict_proba(X).tobytes() != of_trees().fit(X, Y).predict_proba(X).tobytes()


def test_rows_have_the_bits_that_they_have_alone():
    model = of_trees(max_iter=30).fit(X, Y)
    together = model.predict_proba(X)
    assert all(model.predict_proba(X[i : i + 1]).tobytes() == together[i : i + 1].tobytes() for i in range(0, 150, 7))


def test_forests_of_all_folds_end_with_one_round():
    model = of_trees(patience=5).fit(X, Y).model_
    longest = max(len(member.forest) for member in model.members)
    assert longest == model.history.n_epochs
    losses = np.array(model.history.validation_loss)
    assert losses.argmin() == len(losses) - 1
    assert model.out_of_fold.log_loss == pytest.approx(-np.log(model.held_out.probabilities.astype(float)).mean(), rel=1e-4)


def test_settings_are_those_of_the_forests():
    members = of_trees(max_depth=2, max_iter=7, max_bins=4, l2_regularization=3.0, learning_rate=0.3, patience=0).fit(X, Y).model_.members
    assert {member.forest.features.shape for member in members} == {(7, 2)}
    thresholds = {(f, t) for member in members for f, t in zip(member.forest.features.ravel().tolist(), member.forest.thresholds.ravel().tolist(), strict=True) if f >= 0}
    assert max(sum(f == feature for f, _ in thresholds) for feature in range(4)) <= 3
    steps = [abs(of_trees(max_iter=1, learning_rate=rate).fit(X, Y).model_.members[0].forest.leaves).max() for rate in (0.1, 0.2)]
    assert steps[1] == pytest.approx(2 * steps[0], rel=1e-5)
    held = [abs(of_trees(max_iter=1, l2_regularization=l2).fit(X, Y).model_.members[0].forest.leaves).max() for l2 in (1.0, 100.0)]
    assert held[1] < held[0] / 2


@pytest.mark.parametrize(("n", "columns", "codes", "numbers", "above", "below"), [(600, 1, 120, 1, 0.03, 0.02), (800, 20, 20, 0, 0.005, 0.01)])
def test_labels_drawn_by_lot_are_not_learnt(n, columns, codes, numbers, above, below):
    """What a category says to the rows that a fold learns from must know neither of their own labels nor of those held out: trees would find it there, and be trusted for it."""
    rng, n_unseen = np.random.default_rng(0), 1_200
    cells = {f"c{i}": rng.choice([f"v{k}" for k in range(codes)], n + n_unseen) for i in range(columns)}
    cells |= {f"n{i}": rng.standard_normal(n + n_unseen) for i in range(numbers)}
    table = read(cells | {"y": rng.choice(["a", "b"], n + n_unseen)}, target="y")
    model = recipe.fit_table(table.take(np.arange(n)), recipe.portfolio(n, table.schema.matrix_columns(), 2, members="trees", seed=1))
    unseen = table.take(np.arange(n, n + n_unseen))
    p = model.probabilities(unseen.matrix)[np.arange(n_unseen), unseen.targets]
    assert -np.log(p).mean() < np.log(2) + above
    assert model.out_of_fold.log_loss > np.log(2) - below


def test_categories_and_missing_cells():
    rng = np.random.default_rng(0)
    c, n, b = rng.choice(["p", "q", "r", ""], 400), rng.standard_normal(400), rng.random(400) < 0.5
    y = np.where((c == "p") | (c == ""), "yes", np.where((n > 0) & b, "yes", "no"))
    n[rng.random(400) < 0.1] = np.nan
    table = read({"c": [word or None for word in c], "n": n, "b": b, "y": y}, target="y")
    model = recipe.fit_table(table.take(np.arange(300)), recipe.portfolio(300, table.schema.matrix_columns(), 2, members="trees", seed=1))
    unseen = table.take(np.arange(300, 400))
    assert (model.answers(model.probabilities(unseen.matrix)) == unseen.targets).mean() > 0.9
    rows = np.array([[np.nan, 0.5, 1], [17, 0.5, 1]], np.float32)  # missing, and a code that there was not
    np.testing.assert_array_equal(model.probabilities(rows)[0], model.probabilities(rows)[1])


def test_numbers_of_forests():
    table = read({"n": [1.5, None, 3.0] * 20, "c": ["p", "q", None] * 20, "b": [True, False, None] * 20, "y": ["u", "v", "w"] * 20}, target="y")
    columns = table.schema.matrix_columns()
    rows = np.arange(60)
    from normexp.recipe._statistics import Labelled, with_leanings

    encoder = with_leanings(Encoder.fit(table.matrix, rows, columns), Labelled.of(table.matrix, table.targets, None, None, 3, rows), rows)
    numbers = encoder.numbers(table.matrix)
    assert numbers.shape == (60, 2 + 3)
    np.testing.assert_array_equal(numbers[:, :2], table.matrix[:, [0, 2]])
    assert encoder.columns_of_numbers.tolist() == [[0, 0], [2, 2], [1, 1], [1, 1], [1, 1]]
    assert numbers[0, 2:].argmax() == 0
    assert numbers[1, 2:].argmax() == 1
    assert numbers[2, 2:].argmax() == 2  # missing is a code of its own
    assert not np.isnan(numbers[:, 2:]).any()
    np.testing.assert_allclose(encoder.average_numbers[2:], numbers[:, 2:].mean(axis=0), atol=1e-6)
    assert encoder.average_numbers[1] == pytest.approx(0.5)
    plain = Encoder.fit(X, np.arange(150), number_columns(4))
    assert plain.numbers(X) is X


def test_differences_of_the_most_correlated_numbers():
    from normexp.recipe._pairs import with_pairs

    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((3, 500))
    x = np.column_stack([a, b, a + 0.1 * b, np.zeros(500), -c, c * 1e300])
    x[7, 0] = np.nan
    encoder = with_pairs(Encoder.fit(x, np.arange(500), number_columns(6)), x, np.arange(500))
    assert encoder.pairs.tolist()[0] == [0, 1]
    assert not (encoder.pairs == 3).any()  # constant
    assert len(encoder.pairs) == 10
    numbers = encoder.numbers(x)
    scaled = (x - encoder.centre) * encoder.scale
    np.testing.assert_allclose(numbers[:, 6:], scaled[:, encoder.pairs[:, 0]] - scaled[:, encoder.pairs[:, 1]])
    assert np.isnan(numbers[7, 6:]).sum() == 4
    np.testing.assert_array_equal(encoder.numbers(x[3:4]), numbers[3:4])
    many = rng.standard_normal((200, 40))
    many[:, 7] = many[:, 31]
    chosen = with_pairs(Encoder.fit(many, np.arange(200), number_columns(40)), many, np.arange(200)).pairs
    assert len(chosen) == 50
    assert [7, 31] in chosen.tolist()


def test_a_slanted_border_is_one_question():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((800, 2))
    y = (x[:, 0] > x[:, 1]).astype(int)
    model = of_trees(max_iter=40).fit(x[:400], y[:400])
    assert model.score(x[400:], y[400:]) > 0.97
    from normexp.explanation import explain

    row = np.array([[2.0, -1.0]])
    found = explain(model, row)
    assert (found.contributions[0] > 0).all()


def test_a_column_that_was_all_missing_may_come_later():
    x = X.copy()
    x[:, 1] = np.nan
    model = of_trees().fit(x, Y)
    later = X.copy()
    np.testing.assert_array_equal(model.predict_proba(later), model.predict_proba(x))


def test_weights_of_classes_move_answers_alone():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((600, 3))
    y = (x[:, 0] + rng.standard_normal(600) > 1.8).astype(int)
    plain, weighed = of_trees().fit(x, y), of_trees(class_weight="balanced").fit(x, y)
    np.testing.assert_array_equal(plain.predict_proba(x), weighed.predict_proba(x))
    assert weighed.predict(x).sum() > 1.5 * plain.predict(x).sum()


def test_rows_count_by_their_weights():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((400, 2)), rng.integers(0, 2, 400)
    weight = np.where(y == 1, 9.0, 1.0)
    assert of_trees().fit(x, y, sample_weight=weight).predict_proba(x)[:, 1].mean() == pytest.approx(0.9, abs=0.03)
    scaled = [of_trees(max_iter=5).fit(x, y, sample_weight=factor * weight).predict_proba(x) for factor in (1, 1e6)]
    np.testing.assert_allclose(*scaled, rtol=1e-5)


def test_partial_fit_leaves_forests_as_they_are():
    both = SoftmaxClassifier(members=("trees", "linear"), random_state=0, epochs=2).fit(X, Y)
    before = [member.forest for member in both.model_.members if isinstance(member, TreeMember)]
    with pytest.warns(UserWarning, match=r"expected networks to go on learning, got 8 forests among \d+ members: these stay as they are"):
        both.partial_fit(X, Y)
    assert [member.forest for member in both.model_.members if isinstance(member, TreeMember)] == before
    alone = of_trees(max_iter=3).fit(X, Y)
    with pytest.raises(ValueError, match="expected a model with networks to go on from, got one of forests"):
        alone.partial_fit(X, Y)


def test_a_time_limit_keeps_what_is_grown():
    from sklearn.exceptions import ConvergenceWarning

    x, y = load_digits(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = of_trees(time_limit=0.3, cv=2, max_iter=100_000, learning_rate=1e-3).fit(x, y)
    assert model.history_.stopped == "time_limit"
    assert model.score(x, y) > 0.5


def test_two_rows_are_enough():
    for n in (2, 3, 5, 9):
        model = of_trees().fit(X[:n], np.arange(n) % 2)
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_folds_without_rows_to_learn_from():
    x, y = X[:100], Y[:100]
    empty = [(np.arange(0), np.arange(50)), (np.arange(50), np.arange(50, 100))]
    weightless = [(np.arange(50), np.arange(50, 100)), (np.arange(50, 100), np.arange(50))]
    for cv, weight in ((empty, np.ones(100)), (weightless, np.repeat([0.0, 1.0], 50))):
        with pytest.raises(ValueError, match="expected folds with rows to learn from, of a weight above 0, got one without any"):
            of_trees(cv=cv).fit(x, np.arange(100) % 2, sample_weight=weight)
    from normexp.trees import Bins, Boosting, fit_binned

    with pytest.raises(ValueError, match="expected rows to learn from, got none"):
        fit_binned(np.zeros((1, 3), np.uint8), Bins((np.zeros(0),)), y[:3].astype(np.int32), 2, Boosting(), np.arange(0), np.arange(3))


def test_a_fold_may_be_two_parts_or_hundreds():
    rng = np.random.default_rng(0)
    c = rng.choice(["p", "q", "r"], 300)
    table = read({"c": c, "n": rng.standard_normal(300), "y": np.where(c == "p", "yes", "no")}, target="y")
    for n_folds in (2, 270):
        plan = recipe.portfolio(300, table.schema.matrix_columns(), 2, members="trees", max_iter=3, max_depth=2, seed=1)
        model = recipe.fit_table(table, replace(plan, n_folds=n_folds))
        assert (model.answers(model.probabilities(table.matrix)) == table.targets).all()


def test_pairs_of_very_many_columns():
    from normexp.recipe._pairs import with_pairs

    x = np.random.default_rng(0).standard_normal((60, 3_000)).astype(np.float32)
    x[:, 2_999] = x[:, 0]
    encoder = with_pairs(Encoder.fit(x, np.arange(60), number_columns(3_000)), x, np.arange(60))
    assert len(encoder.pairs) == 50
    assert [0, 2_999] in encoder.pairs.tolist()
