"""A model is a layer of another; what does not fit changes nothing."""

import numpy as np
import pytest

from keras_networks import nested
from normexp import keras
from normexp.keras import layers

RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def test_a_model_is_a_layer_of_another(tmp_path):
    model = nested()
    plain = keras.Sequential([keras.Input((4,)), *[type(layer).from_config(layer.get_config()) for layer in model.flattened()]])
    plain.compile("adam", "sparse_categorical_crossentropy")
    plain.set_weights(model.get_weights())
    for one in (model, plain):
        keras.utils.set_random_seed(0)
        one.fit(X, Y, epochs=3, verbose=0, shuffle=False)
    assert all((a == b).all() for a, b in zip(model.get_weights(), plain.get_weights(), strict=True))
    inner = model.get_layer("inner")
    assert model.count_params() == plain.count_params()
    np.testing.assert_array_equal(model.layers[2].get_weights()[0], plain.layers[-1].get_weights()[0])
    hidden = keras.Sequential([keras.Input((4,)), *plain.layers[:3]])
    np.testing.assert_array_equal(inner.predict(X, verbose=0), hidden.predict(X, verbose=0))
    inner.set_weights([0 * w for w in inner.get_weights()])
    assert np.ptp(model.predict(X, verbose=0), axis=0).max() == 0
    inner.trainable = False
    before = inner.get_weights()
    model.fit(X, Y, verbose=0)
    assert all((a == b).all() for a, b in zip(before[:2], inner.get_weights()[:2], strict=True))
    again = keras.Sequential.from_config(model.get_config())
    assert [layer.name for layer in again.flattened()] == [layer.name for layer in model.flattened()]
    pytest.importorskip("h5py")
    model.save(tmp_path / "model.keras")
    back = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))
    assert back.optimizer.iterations == model.optimizer.iterations
    back.save(tmp_path / "again.keras")
    assert (tmp_path / "again.keras").read_bytes() == (tmp_path / "model.keras").read_bytes()


def test_models_that_cannot_be_layers():
    model = nested()
    inner = model.layers[0]
    for use in (lambda: inner.add(layers.Dense(1)), inner.pop, inner.build, lambda: keras.Sequential([inner])):
        with pytest.raises(ValueError, match=r"expected a model by itself to .*, got 'inner', which is a layer of another"):
            use()
    with pytest.raises(ValueError, match="expected a model with layers as a layer, got 'empty' without"):
        keras.Sequential([keras.Sequential(name="empty")])
    with pytest.raises(ValueError, match=r"expected inputs of shape \(4,\) for model 'inner', as it was built, got \(5,\)"):
        keras.Sequential([keras.Input((5,)), keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="inner")])
    with pytest.raises(TypeError, match=r"expected a layer of normexp.keras.layers"):
        model.add(model)
    model.pop()
    last = model.pop()
    last.add(layers.Dense(2))  # by itself again
    assert last.predict(np.zeros((1, 6)), verbose=0).shape == (1, 2)


def test_what_does_not_fit_changes_nothing():
    model, inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)]), keras.Sequential([keras.Input((5,)), layers.Dense(2)], name="inner")
    before, weights = model.predict(X, verbose=0), inner.get_weights()
    for use in (lambda: model.add(inner), lambda: keras.Sequential([keras.Input((4,)), inner])):
        with pytest.raises(ValueError, match=r"expected inputs of shape \(5,\) for model 'inner'"):
            use()
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    inner.add(layers.Dense(1))  # still by itself
    np.testing.assert_array_equal(inner.get_weights()[0], weights[0])
    wide = keras.Sequential([keras.Input((2, 3))])
    with pytest.raises(ValueError, match=r"expected inputs of shape .n,. for layer"):
        wide.add(layers.Dense(2))
    wide.add(layers.Flatten())
    assert wide.output_shape == (None, 6)
