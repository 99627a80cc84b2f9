"""Archives of Keras are read here, ours load there, and optimizers keep their state on the way."""

import numpy as np
import pytest

import normexp.keras as nk
from keras_archives import X, Y

STACKS = {
    "dense": ((4,), lambda n: [n.Normalization(name="normalization"), n.Dense(5, activation="relu", kernel_regularizer="l2"), n.Dense(3)]),
    "constraints": ((4,), lambda n: [n.Dense(5, kernel_constraint="max_norm", kernel_initializer="he_normal"), n.Dense(3, use_bias=False)]),
    "activations": ((4,), lambda n: [n.Dense(6), n.Activation("gelu"), n.ReLU(), n.LeakyReLU(negative_slope=0.1), n.ELU(alpha=0.5), n.Softmax()]),
    "noise": ((4,), lambda n: [n.Dropout(0.2), n.Dense(6), n.Dropout(0.5), n.GaussianNoise(0.1), n.Dense(3, activation="softmax")]),
    "batch normalization": ((4,), lambda n: [n.Dense(6), n.BatchNormalization(), n.BatchNormalization(scale=False), n.BatchNormalization(center=False)]),
    "layer normalization": ((4,), lambda n: [n.Dense(6), n.LayerNormalization(), n.LayerNormalization(center=False), n.LayerNormalization(scale=False)]),
    "rescaling": ((4,), lambda n: [n.Rescaling(0.5, offset=1.0), n.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 2.0, 1.0, 3.0]), n.Dense(3)]),
    "prelu": ((4,), lambda n: [n.Dense(6), n.PReLU(alpha_initializer="ones"), n.Dense(3)]),
    "flatten": ((3, 4), lambda n: [n.Flatten(), n.Dense(3)]),
}  # fmt: skip


def stack(k, what):
    shape, make = STACKS[what]
    layers = make(k.layers)
    if what == "dense":
        layers[0].adapt(X)
    return k.Sequential([k.Input(shape), *layers]), np.random.default_rng(1).normal(size=(20, *shape)).astype(np.float32)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", STACKS)
def test_files_of_keras_are_read_and_ours_load_there(keras, path, tmp_path, what):
    theirs, x = stack(keras, what)
    for one in theirs.layers:
        if one.name != "normalization":  # keeps what it learned of X
            one.set_weights([np.random.default_rng(i).uniform(0.5, 1.5, w.shape).astype(w.dtype) for i, w in enumerate(one.get_weights())])
    theirs.save(path)
    read = nk.models.load_model(path)
    truth = theirs.predict(x, verbose=0)
    np.testing.assert_allclose(read.predict(x, verbose=0), truth, rtol=1e-4, atol=1e-5)
    read.save(tmp_path / "back.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "back.keras").predict(x, verbose=0), truth)
    ours, x = stack(nk, what)
    ours.save(tmp_path / "ours.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "ours.keras").predict(x, verbose=0), ours.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "schedule"])
def test_optimizers_go_to_keras_and_back(keras, path, tmp_path, optimizer):
    def model(k):
        rate = k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9) if optimizer == "schedule" else 0.01
        made = k.optimizers.SGD(rate, momentum=0.9) if optimizer != "Adam" else k.optimizers.Adam(rate)
        built = k.Sequential([k.Input((4,)), k.layers.Dense(5, activation="relu"), k.layers.Dense(3)])
        built.compile(optimizer=made, loss=k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        built.fit(X, Y, epochs=3, batch_size=8, verbose=0)
        return built

    theirs = model(keras)
    theirs.save(path)
    nk.models.load_model(path).save(tmp_path / "back.keras")
    back = keras.models.load_model(tmp_path / "back.keras")
    for one, other in zip(theirs.optimizer.variables, back.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    ours = model(nk)
    ours.save(path)
    read = keras.models.load_model(path)
    assert int(read.optimizer.iterations) == ours.optimizer.iterations == 9
    first = len(read.optimizer.variables) - len(ours.optimizer.variables)
    for one, other in zip(read.optimizer.variables[first:], ours.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(read.evaluate(X, Y, verbose=0), ours.evaluate(X, Y, verbose=0), rtol=1e-4)
