"""The classifier at its edges: extreme numbers, divergence, weights, files."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csc_matrix
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from normexp import SoftmaxClassifier, load, save, softmax
from normexp.evaluation import Evaluation, calibration_error, fit_temperature, score

X, Y = load_iris(return_X_y=True)
QUICK = {"quality": "fast", "epochs": 4, "random_state": 0}


def test_the_temperature_has_a_lower_bound_and_follows_the_weights():
    right = np.tile([[0.05, 0, 0]], (10_000, 1))
    assert 0.1249 <= fit_temperature(right, np.zeros(10_000, np.int32)) < 0.2
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((8000, 3))
    targets = np.array([rng.choice(3, p=p) for p in softmax(logits)], np.int32)
    logits[::2] *= 3  # only half of the rows are overconfident
    weights = np.where(np.arange(8000) % 2 == 0, 1e-6, 1).astype(np.float32)
    assert abs(fit_temperature(logits, targets, weights) - 1) < 0.08
    assert fit_temperature(logits, targets) > 1.3


def test_boolean_labels_and_float32_for_two_classes():
    model = SoftmaxClassifier(**QUICK).fit(X, Y == 1)
    assert model.classes_.tolist() == [False, True]
    assert model.predict(X).dtype == bool
    x = X.astype(np.float32)
    assert (model.decision_function(x).shape, model.decision_function(x).dtype) == ((150,), np.float32)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)


def test_the_encoder_does_not_look_at_held_out_rows():
    far = X[1::2] + 1e4
    model = SoftmaxClassifier(**QUICK).fit(X[::2], Y[::2], validation_data=(far, Y[1::2]))
    np.testing.assert_array_equal(model.encoder_.centre, np.median(X[::2], axis=0))


def test_class_weights_multiply_sample_weights():
    weights = 0.5 + np.random.default_rng(0).random(150)
    both = SoftmaxClassifier(class_weight={0: 1, 1: 2, 2: 4}, **QUICK).fit(X, Y, sample_weight=weights)
    one = SoftmaxClassifier(**QUICK).fit(X, Y, sample_weight=weights * 2.0**Y)
    assert both.history_.loss == one.history_.loss
    raised = one.parameters_["dense_2/bias"] - np.log([1, 2, 4])
    np.testing.assert_allclose(both.parameters_["dense_2/bias"], raised, rtol=0, atol=1e-6)


@pytest.mark.parametrize("make", [csc_matrix, coo_array])
def test_every_sparse_kind_and_infinities_are_refused_in_predict(make):
    model = SoftmaxClassifier(**QUICK).fit(X, Y)
    with pytest.raises(TypeError, match=r"\.toarray\(\)"):
        model.predict(make(X))
    with pytest.raises(ValueError, match="Input X contains infinity"):
        model.predict_proba(np.full((1, 4), -np.inf))
    holed = np.full((2, 4), np.nan)
    assert np.isfinite(model.predict_proba(holed)).all()


def test_boolean_labels_and_parameters_survive_a_file(tmp_path):
    model = SoftmaxClassifier(n_threads=2, class_weight="balanced", **QUICK).fit(X, Y == 1)
    save(model, tmp_path / "m")
    back = load(tmp_path / "m")
    assert back.classes_.dtype == bool
    assert back.get_params() == {**model.get_params(), "n_threads": None}
    (tmp_path / "m").write_bytes(b"old")
    save(model, tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(X), model.predict_proba(X))
    assert [file.name for file in tmp_path.iterdir()] == ["m"]


def test_labels_that_cannot_be_saved(tmp_path):
    model = SoftmaxClassifier(**QUICK).fit(X, Y)
    model.classes_ = np.array([1, "a", None], object)
    with pytest.raises(TypeError, match="expected labels that are numbers, booleans or text, got dtype object; convert y first"):
        save(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_scores_of_float32_and_of_fewer_rows_than_bins():
    p = np.array([[0.7, 0.3], [0.4, 0.6], [1.0, 0.0]])
    targets = np.array([0, 0, 1], np.int32)
    assert score(Evaluation(np.arange(2), targets, p.astype(np.float32))).log_loss == pytest.approx(-(np.log(0.7) + np.log(0.4) + np.log(np.finfo(np.float32).tiny)) / 3, rel=1e-6)
    assert calibration_error(Evaluation(np.arange(2), targets, p)) == pytest.approx((0.3 + 0.6 + 1.0) / 3)
    assert calibration_error(Evaluation(np.arange(2), targets, p), n_bins=1) == pytest.approx(abs(0.7 + 0.6 + 1 - 1) / 3)


@pytest.mark.parametrize("change", [(1e308, -1e308), (0.0, 1e-310)], ids=["range_overflows", "range_below_1e-308"])
def test_extreme_finite_numbers_give_finite_probabilities(change):
    extreme = X.copy()
    extreme[::2, 0], extreme[1::2, 0] = change
    assert np.isfinite(SoftmaxClassifier(**QUICK).fit(extreme, Y).predict_proba(extreme)).all()


@pytest.mark.parametrize("rate", [float("nan"), -1.0, 0.0])
def test_learning_rates_that_cannot_train_are_refused(rate):
    with pytest.raises(ValueError, match="learning_rate"):
        SoftmaxClassifier(learning_rate=rate, **QUICK).fit(X, Y)


def test_a_diverged_fit_does_not_hand_out_nan():
    with pytest.warns(ConvergenceWarning, match="training diverged and was undone"):
        model = SoftmaxClassifier(learning_rate=1e30, **QUICK).fit(X, Y)
    assert model.history_.stopped == "diverged"
    assert np.isfinite(model.predict_proba(X)).all()


def test_validation_data_are_checked_like_the_training_data():
    with pytest.raises(ValueError, match=r"label|inconsistent"):
        SoftmaxClassifier(**QUICK).fit(X, Y, validation_data=(X[:5], [0, 1]))
    with pytest.raises(ValueError, match=r"label|class"):
        SoftmaxClassifier(**QUICK).fit(X, Y, validation_data=(X, Y.astype(str)))


def test_hidden_layer_sizes_may_be_an_array():
    model = SoftmaxClassifier(np.array([8, 4]), **QUICK).fit(X, Y)
    assert [layer.units for layer in model.network_.layers] == [8, 4, 3]


def test_hidden_layer_sizes_come_back_as_they_were(tmp_path):
    save(SoftmaxClassifier((8,), **QUICK).fit(X, Y), tmp_path / "m")
    assert load(tmp_path / "m").hidden_layer_sizes == (8,)


def test_a_class_of_weight_zero_stays_a_class():
    weights = np.where(Y == 2, 0.0, 1.0)
    model = SoftmaxClassifier(**QUICK).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert np.isfinite(model.predict_proba(X)).all()
    with pytest.raises(ValueError, match="at least one non-zero"):  # scikit-learn's own check
        SoftmaxClassifier(**QUICK).fit(X, Y, sample_weight=np.zeros(len(X)))


def test_frames_give_the_same_bits_on_any_number_of_threads():
    frame = pd.DataFrame({"a": X[:, 0], "c": np.array(["u", "v", "w"])[(Y + np.arange(150) // 7) % 3]})
    one, seven = (SoftmaxClassifier(n_threads=n, **QUICK).fit(frame, Y).predict_proba(frame) for n in (1, 7))
    np.testing.assert_array_equal(one, seven)


def test_an_array_for_a_model_of_a_frame_is_checked_as_any_other():
    model = SoftmaxClassifier(**QUICK).fit(pd.DataFrame(X, columns=[*"abcd"]), Y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(pd.DataFrame(X, columns=[*"abcd"])))
    with pytest.warns(UserWarning, match="valid feature names"), pytest.raises(ValueError, match="Input X contains infinity"):
        model.predict_proba(np.full((1, 4), np.inf))
    with pytest.warns(UserWarning, match="valid feature names"), pytest.raises(ValueError, match="X has 3 features, but SoftmaxClassifier is expecting 4"):
        model.predict_proba(X[:, :3])
