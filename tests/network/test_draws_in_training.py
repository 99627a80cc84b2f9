"""Draws are of training alone, and gradients are those of what was drawn."""

import numpy as np
import pytest

from noise_draws import BATCH, DEVIATION, DRAWS, LAYERS, RATE, SGD, N, classes, passes_through, rows_of, step_of, with_identities
from normexp.network import Dense, Loss, Network, OptimizerState, Training, evaluate_rows, fit_rows, predict_outputs
from reference import layers as reference


@pytest.mark.parametrize("kind", LAYERS)
def test_nothing_is_drawn_in_prediction(kind):
    network = Network(N, (LAYERS[kind], passes_through(), LAYERS[kind]))
    x = np.float32(np.random.default_rng(0).standard_normal((300, N)))
    np.testing.assert_array_equal(predict_outputs(network.plan(), with_identities(network), x), x)
    part = rows_of(x)
    evaluate_rows(network.plan(), with_identities(network), part, Loss())
    np.testing.assert_array_equal(part.outputs, x)


@pytest.mark.parametrize("kind", LAYERS)
def test_nothing_is_drawn_for_validation_rows(kind):
    network = Network(N, (LAYERS[kind], passes_through()))
    x = np.float32(np.random.default_rng(0).standard_normal((200, N)))
    seen, held, parameters = rows_of(x)._replace(chosen=np.arange(150)), rows_of(x)._replace(chosen=np.arange(150, 200)), with_identities(network)
    training = Training(2, 50, optimizer=SGD, restore_best=False)
    fit_rows(network.plan(), parameters, seen, held, training, Loss(), OptimizerState.fresh(parameters, SGD), np.zeros(1, np.float32))
    np.testing.assert_array_equal(held.outputs[150:], x[150:])
    assert (seen.outputs[:150] != x[:150]).mean() > 0.5


@pytest.mark.parametrize("kind", LAYERS)
def test_gradients_are_those_of_what_was_drawn(kind):
    """A dense layer below and one above: the mask or noise is that of the same place in a network that passes it through."""
    x = np.float32(np.random.default_rng(0).standard_normal((BATCH, N)))
    drawn = DRAWS[kind](layers=(passes_through(), LAYERS[kind], passes_through()))[0]
    factors, shifts = ((1 - drawn) / (1 - RATE), 0.0) if kind == "dropout" else (1.0, drawn * DEVIATION)
    before, after = step_of((Dense(N), LAYERS[kind], Dense(3)), x)
    w0, b0, w1, b1 = (before.view(segment).astype(np.float64) for segment in before.segments)
    layers = [lambda z: reference.dense(z, w0, b0), lambda z: reference.scale(z, factors, shifts), lambda z: reference.dense(z, w1, b1), reference.soft_maximum]
    outputs, back = reference.chain(x.astype(np.float64), layers)
    gradients = back(reference.sparse_cross_entropy(outputs, classes(x))[1])[1]
    for segment, gradient in zip(before.segments, gradients, strict=True):
        got = before.view(segment).astype(np.float64) - after.view(segment)
        assert np.linalg.norm(got - gradient) <= 2e-5 * np.linalg.norm(gradient)
