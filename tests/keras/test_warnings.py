"""What is said before a network is trained: activations and losses that mean nothing together, rows that are no numbers."""

import warnings

import numpy as np
import pytest

from keras_networks import network
from normexp import keras
from normexp.keras import layers, losses

RNG = np.random.default_rng(5)
X = RNG.standard_normal((20, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def test_softmax_over_one_unit_says_so():
    """As Keras: UserWarning, once for each layer."""
    for last in (layers.Dense(1, activation="softmax"), layers.Softmax(), layers.Activation("softmax")):
        first = [] if isinstance(last, layers.Dense) else [layers.Dense(1)]
        with pytest.warns(UserWarning, match=f"expected a softmax over more than one unit, got one .layer '{last.name}'.: it always gives 1; did you mean sigmoid") as seen:
            model = keras.Sequential([keras.Input((4,)), *first, last])
        model.add(layers.Dense(2))
        assert len(seen) == 1
    with pytest.warns(UserWarning, match="expected a softmax over more than one unit"):
        keras.activations.softmax([[1.0], [2.0]])
    with pytest.warns(UserWarning, match="expected a softmax over more than one unit"):
        keras.Sequential([layers.Dense(1, activation="softmax")]).predict(X, verbose=0)
    keras.activations.softmax([[1.0, 2.0]])


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy", "kl_divergence"])
def test_a_loss_of_classes_over_one_output_says_so(loss):
    """Keras: SyntaxWarning for the first and the third; the others are as meaningless."""
    y = np.zeros(20) if loss.startswith("sparse") else np.ones((20, 1))
    for use in (lambda m: m.fit(X, y, verbose=0), lambda m: m.evaluate(X, y, verbose=0), lambda m: m.train_on_batch(X, y), lambda m: losses.get(loss)(y, m(X))):
        with pytest.warns(SyntaxWarning, match="expected more than one output for .*got 1; use binary_crossentropy"):
            use(network(1, "sigmoid", loss))


@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy, losses.BinaryCrossentropy, losses.CategoricalFocalCrossentropy])
def test_logits_are_not_probabilities(loss):
    """Keras on TensorFlow warns of the first; that a linear layer gives no probabilities it never says."""
    y = Y if loss.takes_classes else np.eye(3)[Y]
    for activation in ("softmax", "sigmoid"):
        with pytest.warns(UserWarning, match=f"expected logits for .* with from_logits=True, got outputs of {activation}; leave away either"):
            network(3, activation, loss(from_logits=True)).fit(X, y, verbose=0)
    advice = "softmax' or give from_logits=True" if loss.on_logits == "softmax" else loss.squashes
    with pytest.warns(UserWarning, match=f"expected probabilities from the last layer for .*, got the outputs of a linear one; add activation='{advice}"):
        network(3, None, loss()).fit(X, y, verbose=0)
    network(3, None, loss(from_logits=True)).fit(X, y, verbose=0)
    network(3, "softplus", loss()).fit(X, y, verbose=0)


@pytest.mark.parametrize(("loss", "units"), [("binary_crossentropy", 1), ("binary_crossentropy", 3), ("categorical_crossentropy", 3), ("kl_divergence", 3)])
def test_targets_outside_0_to_1_say_so(loss, units):
    y = np.full((20, units), 1 / units)
    model = network(units, "sigmoid", loss)
    model.fit(X, y, verbose=0)
    for bad in (-1.0, 2.0, np.nan):
        y[13, -1] = bad
        with pytest.warns(UserWarning, match=f"expected targets from 0 to 1 for {loss}, got {bad} in row 13"):
            model.fit(X, y, verbose=0)


def test_rows_that_are_not_finite_say_so():
    for bad in (np.inf, -np.inf, np.nan):
        x = X.copy()
        x[3, 1] = x[9, 2] = bad
        for use in (lambda m, x=x: m.fit(x, Y, verbose=0), lambda m, x=x: m.evaluate(x, Y, verbose=0), lambda m, x=x: m.train_on_batch(x, Y)):
            with pytest.warns(UserWarning, match="expected finite numbers in x, got NaN or infinity in 2 of 20 rows, first 3; fill or leave out such rows"):
                use(network())
    outputs = network().predict(x, verbose=0)  # a row by itself: nothing is spoilt
    assert np.isfinite(outputs).all(axis=1).sum() == 18
    network().fit(np.full_like(X, 3e38), Y, verbose=0)  # large is not infinite


def test_good_programs_are_not_warned_of():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network().fit(X, Y, verbose=0, validation_split=0.2)
        network(1, "sigmoid", "binary_crossentropy").fit(X, Y > 0, verbose=0)
        network(1, None, "mse").fit(X, 100 * X[:, 0], verbose=0)
    assert [str(warning.message) for warning in caught] == []
