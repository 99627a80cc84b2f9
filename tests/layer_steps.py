"""One step of layers of ours, and what the float64 reference says that it takes off."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from normexp import keras
from reference import layers as reference

L = keras.layers
OF_REFERENCE, OF_GRADIENT, OF_LOSS = 1e-6, 2e-5, 1e-5  # relative: norms of differences, and the loss
N_INPUTS, WIDTH, N_OUTPUTS, N_ROWS = 11, 21, 5, 37


def distance(got, expected):
    return np.linalg.norm(np.subtract(got, expected)) / np.linalg.norm(expected)


MAX, SLOPE, THRESHOLD = 1.1, 0.15, 0.3
RECTIFIERS = {
    "bounded": {"max_value": MAX}, "leaky": {"negative_slope": SLOPE}, "shifted": {"threshold": THRESHOLD},
    "general": {"max_value": MAX, "negative_slope": SLOPE, "threshold": THRESHOLD},
}  # fmt: skip


def probabilities(rng, rows, width):
    p = rng.uniform(0.1, 1, (rows, width))
    return p / p.sum(axis=1, keepdims=True)


def targets_of(kind, rng, rows, width):
    if kind == "classes":
        return rng.integers(0, width, rows)
    if kind == "one_hot":
        return np.eye(width)[rng.integers(0, width, rows)]
    if kind == "many":
        return rng.integers(0, 2, (rows, width)).astype(float)
    soft = probabilities(rng, rows, width)
    return soft * (soft > 0.05) if kind == "some_zero" else soft


@dataclass(frozen=True)
class Piece:
    """A layer of ours, and its reference as a function of inputs and `n_weights` arrays of weights."""

    layer: L.Layer
    function: Callable
    n_weights: int = 0


def dense(units, bias=True, **options):
    return Piece(L.Dense(units, use_bias=bias, **options), reference.dense, 1 + bias)


def activation(name):
    return Piece(L.Activation(name), reference.soft_maximum if name == "softmax" else partial(reference.activate, function=name))


def fused(units, name):
    """A dense layer with its activation in it."""
    after = reference.soft_maximum if name == "softmax" else partial(reference.activate, function=name)
    return Piece(L.Dense(units, activation=name), lambda x, w, b: reference.chain(x, [lambda z: reference.dense(z, w, b), after]), 2)


def some_weights(model, rng):
    """Matrices of 1 / sqrt(inputs), vectors of distinct numbers above 0, as variances are; float32."""
    return [np.float32(rng.standard_normal(w.shape) / np.sqrt(len(w)) if w.ndim > 1 else rng.uniform(0.2, 1.2, w.shape)) for w in model.get_weights()]


def expected_step(pieces, weights, x, loss):
    """Loss, and what a step at rate 1 takes off each variable."""
    rest = [w.astype(np.float64) for w in weights]
    layers = [partial(_with_weights, piece.function, [rest.pop(0) for _ in range(piece.n_weights)]) for piece in pieces]
    outputs, back = reference.chain(x.astype(np.float64), layers)
    value, slopes = loss(outputs)
    return value, back(slopes)[1]


def _with_weights(function, weights, x):
    return function(x, *weights)


def check_step(pieces, ours_loss, loss, targets, n_rows=N_ROWS, n_inputs=N_INPUTS, row_weights=None, of_model=None, spread=1.5):
    """One step of SGD(1) on one batch; `of_model`: how many of the pieces are layers of our model, the others are in its loss; `spread`: of the inputs."""
    rng = np.random.default_rng(5)
    x = np.float32(spread * rng.standard_normal((n_rows, n_inputs)))
    model = keras.Sequential([L.Input((n_inputs,)), *(piece.layer for piece in pieces[:of_model])])
    weights = some_weights(model, rng)
    model.set_weights(weights)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=1.0), loss=ours_loss)
    history = model.fit(x, targets, batch_size=n_rows, epochs=1, verbose=0, shuffle=False, sample_weight=row_weights).history
    value, steps = expected_step(pieces, weights, x, lambda outputs: loss(outputs, targets, row_weights))
    assert history["loss"] == [pytest.approx(value, rel=OF_LOSS)]
    got = [before.astype(np.float64) - after for before, after in zip(weights, model.get_weights(), strict=True)]
    errors = {i: distance(own, step) if step.any() else np.abs(own).max() for i, (own, step) in enumerate(zip(got, steps, strict=True))}
    assert {i: error for i, error in errors.items() if not error <= OF_GRADIENT} == {}
