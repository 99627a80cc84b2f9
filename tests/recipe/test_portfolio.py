"""A portfolio: what is planned, that the same seed gives the same bits, and that what is combined had not been seen."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, make_classification

from normexp import SoftmaxClassifier, recipe
from normexp.evaluation import Evaluation, score
from normexp.model import number_columns
from normexp.tables import MatrixColumn, read

X, Y = load_iris(return_X_y=True)
NAMES = ("held", "trees", "free", "plain", "linear", "ridge")


FOUR = number_columns(4)


def planned(n=150, columns=FOUR, n_classes=3, quality="good", **options):
    return recipe.portfolio(n, columns, n_classes, quality, **options)


def quick(**options):
    return planned(epochs=3, seed=7, **options)


def fitted(plan=None, **options):
    return recipe.fit(X, number_columns(4), Y.astype(np.int32), options.pop("weights", None), plan or quick(), classes=np.array(["a", "b", "c"]), **options)


def test_the_plan_is_a_function_of_sizes():
    assert planned() == planned()
    assert tuple(one.name for one in planned().configurations) == NAMES
    assert [planned(n).n_folds for n in (4, 20, 150, 1_999, 2_000, 30_000)] == [2, 6, 8, 8, 5, 3]
    assert planned().n_tasks == 48
    assert planned(quality="best").n_tasks == (3 * 3 + 2 + 1 + 2) * 8
    for n in (999, 1_000, 5_000, 10**5):
        best, good = planned(n, quality="best"), planned(n)
        assert [one.name for one in best.configurations[:6]] == list(NAMES)
        assert best.n_tasks > good.n_tasks
    assert planned(10**6).configurations[0].epochs < planned(10**4).configurations[0].epochs


def test_bins_are_as_many_as_there_is_room_for():
    assert planned().n_bins == 16
    assert 3 <= planned(columns=number_columns(100)).n_bins < 16
    assert planned(columns=number_columns(500)).n_bins == 0
    assert not any(one.bins for one in planned(columns=number_columns(500)).configurations if one.family != "trees")
    assert planned(columns=(MatrixColumn("c", "category", 9), MatrixColumn("b", "boolean"))).n_bins == 0
    assert planned(10**8).n_bins == 0


def test_members_and_settings():
    linear = planned(members="linear")
    assert [(one.name, one.bins) for one in linear.configurations] == [("linear", False), ("ridge", False)]
    assert [one.name for one in planned(members="linear", weight_decay=0.1).configurations] == ["linear"]
    assert planned(hidden_layer_sizes=()) == linear
    assert {one.hidden for one in planned(members=["network"], hidden_layer_sizes=(9, 3)).configurations} == {(9, 3)}
    given = [one for one in planned(epochs=5, batch_size=7, learning_rate=0.1, weight_decay=0.0).configurations if one.family != "trees"]
    assert {(one.epochs, one.batch_size, one.learning_rate, one.weight_decay) for one in given} == {(5, 7, 0.1, 0.0)}


@pytest.mark.parametrize(("options", "message"), [
    ({"members": "forest"}, "expected members out of linear, network, trees, got 'forest'"),
    ({"members": []}, "expected at least one of linear, network, trees as members, got none"),
    ({"epochs": 0}, "expected epochs to be an integer of at least 1, got 0"), ({"learning_rate": -1}, "expected a finite learning_rate above 0, got -1"),
])  # fmt: skip
def test_what_is_not_known_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        planned(**options)


def test_the_bits_do_not_depend_on_threads():
    found = [fitted(n_threads=n).probabilities(X).tobytes() for n in (1, 2, 7)]
    assert len(set(found)) == 1
    assert fitted(planned(epochs=3, seed=8)).probabilities(X).tobytes() != found[0]


def test_rows_have_the_bits_that_they_have_alone():
    model = fitted()
    together = model.probabilities(X)
    assert all(model.probabilities(X[i : i + 1]).tobytes() == together[i : i + 1].tobytes() for i in range(0, 150, 7))


def test_out_of_fold_losses_are_those_of_rows_that_were_not_seen():
    """Labels drawn by lot: whoever had seen a row would do better than the shares."""
    y = np.random.default_rng(0).integers(0, 3, 150).astype(np.int32)
    model = recipe.fit(X, number_columns(4), y, None, planned(epochs=60, batch_size=8, learning_rate=0.01), classes=np.arange(3))
    assert all(loss > 1.09 for loss in model.out_of_fold.losses)
    assert model.out_of_fold.log_loss < 1.13
    p = model.probabilities(X)
    assert np.abs(p - p.mean(axis=0)).max() < 0.35
    assert model.out_of_fold.n_rows == 150
    assert model.out_of_fold.n_folds == 8


def test_what_held_out_rows_were_given_is_kept():
    model = fitted()
    assert model.held_out.counts.tolist() == [50, 50, 50]
    losses = -np.log(model.held_out.probabilities.astype(np.float64))
    assert losses.mean() == pytest.approx(model.out_of_fold.log_loss, rel=1e-4)


def test_a_validation_part_takes_the_place_of_folds():
    held = np.arange(0, 150, 3)
    rows = np.setdiff1d(np.arange(150), held)
    model = fitted(rows=rows, validation_rows=held)
    assert (model.out_of_fold.n_folds, model.out_of_fold.n_rows) == (1, 50)
    changed = X.copy()
    changed[held] += 100
    moved = recipe.fit(changed, number_columns(4), Y.astype(np.int32), None, quick(), classes=np.arange(3), rows=rows, validation_rows=held)
    np.testing.assert_array_equal(moved.encoder.centre, model.encoder.centre)
    assert moved.out_of_fold.log_loss != model.out_of_fold.log_loss


def test_class_weights_move_answers_and_not_probabilities():
    x, y = make_classification(1_500, 6, weights=[0.9], flip_y=0.1, class_sep=0.6, random_state=0)
    plain, weighed = (SoftmaxClassifier(random_state=0, epochs=8, class_weight=weight).fit(x, y) for weight in (None, "balanced"))
    assert weighed.predict_proba(x)[:, 1].mean() == pytest.approx(y.mean(), abs=0.015)
    assert plain.predict_proba(x)[:, 1].mean() == pytest.approx(y.mean(), abs=0.015)
    assert weighed.predict(x).mean() > 2 * plain.predict(x).mean()


def test_a_time_limit_leaves_out_the_last_kinds_and_says_so():
    x, y = make_classification(4_000, 20, random_state=0)
    plan = recipe.portfolio(4_000, number_columns(20), 2, seed=1, epochs=2_000)
    model = recipe.fit(x, number_columns(20), y.astype(np.int32), None, plan, classes=np.arange(2), time_limit=0.5)
    assert model.history.stopped == "time_limit"
    assert "linear" in model.out_of_fold.left_out
    assert np.isfinite(model.probabilities(x)).all()


def test_progress_is_told_and_can_stop():
    seen = []
    model = fitted(planned(epochs=300, seed=7), on_progress=lambda progress: seen.append(progress) or len(seen) > 4)
    assert model.history.stopped == "callback"
    assert all(0 <= one.share <= 1 and one.n_tasks == 48 for one in seen)
    assert [one.share for one in seen] == sorted(one.share for one in seen)


def test_few_rows_and_classes_of_one():
    for n in (2, 3, 5, 9):
        y = (np.arange(n) % 2).astype(np.int32)
        model = recipe.fit(X[:n], number_columns(4), y, None, planned(n, n_classes=2, epochs=3), classes=np.arange(2))
        np.testing.assert_allclose(model.probabilities(X).sum(axis=1), 1, rtol=1e-6)
    y = np.where(np.arange(150) == 77, 3, Y).astype(np.int32)  # a class with one row
    model = recipe.fit(X, number_columns(4), y, None, planned(n_classes=4, epochs=3), classes=np.arange(4))
    assert model.out_of_fold.n_rows == 149
    assert model.probabilities(X)[:, 3].max() > 0


def test_all_diverged_are_told_and_give_the_shares():
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="training diverged"):
        model = SoftmaxClassifier(random_state=0, learning_rate=1e30, epochs=5, members=("linear", "network")).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(X), np.full((150, 3), 1 / 3), rtol=1e-6)


def test_kinds_that_diverged_are_left_out_and_told():
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="training of held, free, plain, linear, ridge diverged, and the model is made of the other kinds"):
        model = SoftmaxClassifier(random_state=0, learning_rate=1e30, epochs=5).fit(X, Y)
    assert model.model_.out_of_fold.names == ("trees",)
    assert model.score(X, Y) > 0.9


def test_it_is_better_than_one_network():
    x, y = load_breast_cancer(return_X_y=True)
    rng, losses = np.random.default_rng(0), {"fast": [], "good": []}
    for seed in range(3):
        order = rng.permutation(569)
        for quality in losses:
            model = SoftmaxClassifier(quality=quality, random_state=seed).fit(x[order[:400]], y[order[:400]])
            losses[quality].append(score(Evaluation(model.classes_, y[order[400:]].astype(np.int32), model.predict_proba(x[order[400:]]))).log_loss)
    assert np.mean(losses["good"]) < np.mean(losses["fast"])


def test_linear_members_are_one_linear_model():
    model = SoftmaxClassifier((), random_state=0).fit(X, Y)
    assert len(model.model_.members) == 1
    logits = model.encoder_.encode(X).astype(np.float64) @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(logits, model.decision_function(X), atol=1e-4)


def test_a_table_of_all_kinds_of_columns():
    table = read({"n": [1.5, None, 3.0] * 30, "c": ["p", "q", "r"] * 30, "b": [True, False, None] * 30, "y": ["u", "v", "w"] * 30}, target="y")
    plan = recipe.portfolio(90, table.schema.matrix_columns(), 3, epochs=20, learning_rate=0.02)
    model = recipe.fit_table(table, plan)
    assert (model.answers(model.probabilities(table.matrix)) == table.targets).all()


@pytest.mark.parametrize(("options", "message"), [
    ({"quality": "finest"}, "expected quality out of fast, good, best, got 'finest'"), ({"warm_start": True}, "expected quality='fast' with warm_start"),
    ({"quality": "fast", "members": "linear"}, "expected quality 'good' or 'best' with members, got 'fast'"),
    ({"members": "forest"}, "expected members out of linear, network, trees"),
    ({"members": "trees", "epochs": 5}, "expected members that are networks or linear models with epochs=5"),
    ({"members": "trees", "hidden_layer_sizes": (5,)}, "expected members that are networks or linear models with hidden_layer_sizes"),
    ({"members": "linear", "max_depth": 5}, "expected members that are trees with max_depth=5, got others"),
    ({"quality": "fast", "max_iter": 5}, "expected quality 'good' or 'best' with max_iter, got 'fast', which is one network, with 5"),
    ({"patience": 5}, "expected quality='fast' with patience=5"), ({"max_depth": 9}, "expected max_depth from 1 to 8, got 9"),
    ({"max_bins": 256}, "expected max_bins from 2 to 255, got 256"), ({"max_bins": 1}, "expected max_bins to be an integer of at least 2, got 1"),
    ({"l2_regularization": "1"}, "expected l2_regularization to be a number above 0, got '1'"),
    ({"l2_regularization": True}, "expected l2_regularization to be a number"),
    ({"max_iter": 10**12}, "expected max_iter from 1 to 1000000, got 1000000000000"),
    ({"l2_regularization": 0}, "expected a finite l2_regularization above 0, got 0"), ({"max_iter": 0}, "expected max_iter to be an integer of at least 1, got 0"),
    ({"members": "network", "hidden_layer_sizes": ()}, "expected hidden layers for members that are networks"),
])  # fmt: skip
def test_the_estimator_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxClassifier(**options).fit(X, Y)


def test_partial_fit_moves_every_member():
    model = SoftmaxClassifier(random_state=0, epochs=3, members=("linear", "network")).fit(X, Y)
    before, weights = model.predict_proba(X), model.model_.weights
    model.partial_fit(X, Y)
    assert model.model_.weights == weights
    assert not np.array_equal(model.predict_proba(X), before)
    with pytest.raises(ValueError, match="expected a model that knows what held-out rows were given"):
        model.predict_set(X)


def test_folds_may_be_given():
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    y = np.array(["a", "b", "c"])[Y]
    three = SoftmaxClassifier(random_state=0, epochs=2, cv=3).fit(X, y).model_.out_of_fold
    assert (three.n_folds, three.n_rows) == (3, 150)
    splitter = StratifiedKFold(4, shuffle=True, random_state=1)
    by_splitter = SoftmaxClassifier(random_state=0, epochs=2, cv=splitter).fit(X, y)
    by_list = SoftmaxClassifier(random_state=0, epochs=2, cv=list(splitter.split(X, y))).fit(X, y)
    assert by_splitter.model_.out_of_fold.n_folds == 4
    np.testing.assert_array_equal(by_splitter.predict_proba(X), by_list.predict_proba(X))
    grouped = SoftmaxClassifier(random_state=0, epochs=2, cv=GroupKFold(5)).fit(X, y, groups=np.arange(150) // 3)
    assert grouped.model_.out_of_fold.n_folds == 5
    with pytest.raises(ValueError, match="expected folds that hold out a row once at most, got row 0 held out 2 times"):
        SoftmaxClassifier(cv=[(np.arange(50, 150), np.arange(50))] * 2).fit(X, y)
    with pytest.raises(ValueError, match="expected cv to be an integer of at least 2, got 1"):
        SoftmaxClassifier(cv=1).fit(X, y)
    with pytest.raises(ValueError, match="expected quality 'good' or 'best' with cv, got 'fast'"):
        SoftmaxClassifier(cv=3, quality="fast").fit(X, y)
