"""SoftmaxClassifier beyond scikit-learn's checks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from normexp import DataError, SoftmaxClassifier, softmax
from normexp.errors import DataWarning
from normexp.tables import read

X, Y = load_iris(return_X_y=True)
QUICK = {"quality": "fast", "epochs": 20, "random_state": 0}
LONG = {"epochs": 300, "learning_rate": 0.01, "validation_fraction": 0, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    return SoftmaxClassifier(random_state=0).fit(X, Y)


def test_calibrated_logits_give_the_probabilities(iris):
    np.testing.assert_array_equal(softmax(iris.decision_function(X)), iris.predict_proba(X))
    np.testing.assert_allclose(iris.predict_log_proba(X), np.log(iris.predict_proba(X)), rtol=1e-9, atol=1e-12)
    assert iris.score(X, Y) > 0.95


def test_two_classes_have_one_decision():
    model = SoftmaxClassifier(**QUICK).fit(X[:100], Y[:100])
    decision = model.decision_function(X[:100])
    assert decision.shape == (100,)
    np.testing.assert_allclose(1 / (1 + np.exp(-decision)), model.predict_proba(X[:100])[:, 1], rtol=1e-12)


def test_the_dtype_of_the_probabilities_follows_the_input(iris):
    assert iris.predict_proba(X).dtype == np.float64
    assert iris.predict_proba(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("labels", [["a", "b", "c"], [-2, 0, 7], [0.0, 1.0, 2.0]])
def test_labels_keep_their_type(labels):
    model = SoftmaxClassifier(**QUICK).fit(X, np.array(labels)[Y])
    assert model.classes_.tolist() == labels
    assert set(model.predict(X).tolist()) <= set(labels)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    first, second, other = (SoftmaxClassifier(epochs=5, random_state=s, n_threads=n, quality="fast").fit(X, Y).predict_proba(X) for s, n in ((0, 1), (0, 7), (1, 1)))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_without_hidden_layers_it_is_logistic_regression():
    y = np.where(np.arange(150) % 9 == 0, (Y + 1) % 3, Y)  # not separable, so the optimum is finite
    model = SoftmaxClassifier((), epochs=1000, batch_size=150, learning_rate=0.05, weight_decay=0, validation_fraction=0, random_state=0, quality="fast").fit(X, y)
    assert len(model.network_.layers) == 1
    encoded = model.encoder_.encode(X)
    convex = LogisticRegression(C=1e6, max_iter=10_000, tol=1e-8).fit(encoded, y)
    ours, best = (-log_p[np.arange(150), y].mean() for log_p in (model.predict_log_proba(X), convex.predict_log_proba(encoded)))
    assert best > 0.1
    assert ours == pytest.approx(best, abs=0.002)


def test_class_weights_move_answers_and_leave_probabilities_at_the_shares():
    few = np.flatnonzero((Y == 1) | ((Y == 2) & (np.arange(150) % 10 == 0)))
    one = X[few, :1]  # the classes overlap in it
    fits = [SoftmaxClassifier((), class_weight=w, **LONG, quality="fast").fit(one, Y[few]) for w in (None, "balanced", {1: 1, 2: 10})]
    means = [model.predict_proba(one)[:, 1].mean() for model in fits]
    assert means == pytest.approx([5 / 55] * 3, abs=0.03)
    found = [(model.predict(one) == 2).sum() for model in fits]
    assert found[0] <= 5
    assert found[1] == found[2] > found[0] + 5
    p = fits[2].predict_proba(one)
    np.testing.assert_array_equal(fits[2].predict(one), np.where(10 * p[:, 1] > p[:, 0], 2, 1))


def test_class_weights_go_on_where_a_fit_does():
    """A network that goes on from one with class weights starts from what that one had learnt, before its probabilities were put back."""
    first = SoftmaxClassifier((), class_weight={0: 1, 1: 1, 2: 50}, warm_start=True, **LONG, quality="fast").fit(X, Y)
    before = first.predict_proba(X)
    first.set_params(epochs=1, learning_rate=1e-12).fit(X, Y)
    assert abs(np.log(first.predict_proba(X) / before)).max() < 0.5  # but for the temperature


def test_rows_of_weight_zero_are_not_used():
    weights = np.ones(150)
    weights[100:] = 0
    wrong = X.copy()
    wrong[100:] = 1e6
    model = SoftmaxClassifier(**QUICK).fit(wrong, Y, sample_weight=weights)
    again = SoftmaxClassifier(**QUICK).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_validation_data_choose_the_epoch():
    model = SoftmaxClassifier(**QUICK).fit(X[::2], Y[::2], validation_data=(X[1::2], Y[1::2]))
    assert not np.isnan(model.history_.validation_loss).any()
    assert model.history_.best_epoch == int(np.argmin(model.history_.validation_loss))


def test_a_time_limit_ends_training():
    model = SoftmaxClassifier((256, 256), epochs=10**6, patience=0, time_limit=0.2, random_state=0, quality="fast").fit(X, Y)
    assert model.history_.stopped == "time_limit"


def test_verbose_prints_a_line_an_epoch(capsys):
    SoftmaxClassifier(epochs=3, verbose=True, random_state=0, quality="fast").fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("epoch 3: loss ")


def test_missing_numbers_are_learnt():
    holed = X.copy()
    holed[::3, 2] = np.nan
    assert SoftmaxClassifier(random_state=0).fit(holed, Y).score(holed, Y) > 0.9


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_data_frames_may_hold_text(frame):
    data = {"size": X[:, 0], "colour": [("red", "green", "blue")[c] if i % 7 else None for i, c in enumerate(Y)], "flag": (Y == 1).tolist()}
    model = SoftmaxClassifier(random_state=0).fit(frame(data), Y)
    assert model.feature_names_in_.tolist() == ["size", "colour", "flag"]
    assert [c.kind for c in model.schema_.columns] == ["number", "category", "boolean"]
    assert model.score(frame(data), Y) > 0.9
    with pytest.warns(DataWarning, match=r"column 'colour': 1 row with a category not seen in training \('never seen'\)"):
        assert model.predict_proba(frame({"size": [5.0], "colour": ["never seen"], "flag": [False]})).shape == (1, 3)


def test_what_is_refused():
    with pytest.raises(TypeError, match=r"\.toarray\(\)"):
        SoftmaxClassifier().fit(csr_array(X), Y)
    infinite = X.copy()
    infinite[3, 1] = np.inf
    with pytest.raises(ValueError, match="Input X contains infinity"):
        SoftmaxClassifier().fit(infinite, Y)
    with pytest.raises(ValueError, match="expected at least two classes, got one class"):
        SoftmaxClassifier().fit(X, np.zeros(150))
    for wrong in ({"epochs": 0}, {"batch_size": 1.5}, {"patience": -1}, {"hidden_layer_sizes": (3, 0)}):
        with pytest.raises(ValueError, match=f"expected {next(iter(wrong))} to be an integer of at least"):
            SoftmaxClassifier(**wrong).fit(X, Y)
    with pytest.raises(ValueError, match="expected hidden_layer_sizes 'auto' or a sequence of integers, got 'deep'"):
        SoftmaxClassifier("deep").fit(X, Y)
    with pytest.raises(ValueError, match="expected validation_fraction from 0 to below 1, got 1"):
        SoftmaxClassifier(validation_fraction=1).fit(X, Y)
    for other in ({"patience": 5}, {"validation_fraction": 0.1}):
        with pytest.raises(ValueError, match=f"expected quality='fast' with {next(iter(other))}=.*, since networks train for a planned number of epochs and are judged by folds"):
            SoftmaxClassifier(**other).fit(X, Y)
        SoftmaxClassifier(**other, quality="fast", epochs=2).fit(X, Y)
    with pytest.raises(DataError, match="expected a table with a target, got one read without"):
        SoftmaxClassifier().fit_table(read("example:iris"))
    with pytest.raises(ValueError, match="expected one label a row"):
        SoftmaxClassifier().fit(pd.DataFrame({"a": ["u", "v"] * 3}), [0, 1])


def test_kinds_that_a_time_limit_leaves_out_are_named():
    with pytest.warns(ConvergenceWarning, match=r"the time limit of 0\.4 s ended training; what is finished is combined, without .*ridge"):
        model = SoftmaxClassifier(epochs=2_000, time_limit=0.4, random_state=0).fit(X, Y)
    assert model.history_.stopped == "time_limit"
    assert "ridge" in model.model_.out_of_fold.left_out
