"""Models within models and files of weights alone, to Keras and back."""

import numpy as np
import pytest

import normexp.keras as nk

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("h5py", reason="h5py is in the extra keras")
X = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
Y = np.arange(20) % 3


def nested(k, compiled=True):
    inner = k.Sequential([k.layers.Dense(5, activation="tanh"), k.layers.BatchNormalization(), k.layers.Dropout(0.1)], name="inner")
    second = k.Sequential([k.Input((5,)), k.layers.Dense(4, kernel_regularizer=k.regularizers.l1_l2(0.1, 0.2))])
    model = k.Sequential([k.Input((4,)), inner, second, k.layers.Dense(3, activation="softmax")])
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, Y, verbose=0)
    return model


def assert_alike(one, other):
    np.testing.assert_allclose(one.predict(X, verbose=0), other.predict(X, verbose=0), rtol=1e-4, atol=1e-6)


def test_nested_models_go_to_keras_and_back(keras, tmp_path):
    theirs, ours = nested(keras), nested(nk)
    theirs.save(tmp_path / "theirs.keras")
    read = nk.models.load_model(tmp_path / "theirs.keras")
    assert_alike(read, theirs)
    assert read.optimizer.iterations == 1
    read.save(tmp_path / "back.keras")
    back = keras.models.load_model(tmp_path / "back.keras")
    for one, same in zip(theirs.optimizer.variables, back.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, same)
    ours.save(tmp_path / "ours.keras")
    assert_alike(keras.models.load_model(tmp_path / "ours.keras"), ours)


@pytest.mark.parametrize("compiled", [False, True])
def test_weights_go_to_keras_and_back(keras, tmp_path, compiled):
    theirs, ours = nested(keras, compiled), nested(nk)
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    assert_alike(theirs, ours)
    theirs = nested(keras, compiled)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    assert_alike(theirs, ours)


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError", "TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"])
def test_new_metrics_are_those_of_keras(keras, name):
    rng = np.random.default_rng(1)
    y, p, weights = rng.integers(0, 2, (30, 1)).astype(np.float32), rng.random((30, 1)).astype(np.float32), rng.uniform(0, 2, 30).astype(np.float32)
    for given in (None, weights):
        pair = [getattr(k.metrics, name)() for k in (keras, nk)]
        for metric in pair:
            metric.update_state(y, p, given)
        assert float(pair[0].result()) == pytest.approx(pair[1].result(), rel=1e-5)
    means = [k.metrics.Mean() for k in (keras, nk)]
    for mean in means:
        mean.update_state(p, weights[:, None])
        mean.update_state(3.0)
    assert float(means[0].result()) == pytest.approx(means[1].result(), rel=1e-5)


def test_normalize_is_that_of_keras(keras):
    for axis, order in ((-1, 2), (1, 1), (-1, np.inf)):
        np.testing.assert_allclose(nk.utils.normalize(X, axis, order), keras.utils.normalize(X, axis, order), rtol=1e-6)
