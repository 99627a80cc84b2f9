"""Fits and predictions at their edges."""

from dataclasses import replace

import numpy as np
import pytest

from normexp.network import Dense, Network, Optimizer, OptimizerState, Parameters, Training, fit, initial_parameters, predict_logits
from reference import network as reference


def problem(n_inputs, n_classes, n_rows, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_rows, n_inputs)).astype(np.float32)
    return x, rng.integers(0, n_classes, n_rows).astype(np.int32), (0.5 + rng.random(n_rows)).astype(np.float32)


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def test_layers_without_bias_equal_the_reference():
    network = Network(5, (Dense(9, "relu", use_bias=False), Dense(7, "relu"), Dense(3, use_bias=False)))
    x, targets, _ = problem(5, 3, 50)
    parameters = initial_parameters(network, 2)
    assert len(parameters.values) == 5 * 9 + 9 * 7 + 7 + 7 * 3
    training = Training(1, 10, shuffle=False, restore_best=False)
    expected = reference.adam_steps(network, parameters.values, x, targets, training, 5)
    fit(network, parameters, x, targets, training, training_rows=np.arange(50))
    assert relative(parameters.values, expected) < 1e-5


def test_factor_decay_and_freezing_together():
    network = Network.classifier(6, (10, 7), 3)
    x, targets, weights = problem(6, 3, 37)
    first = initial_parameters(network, 0)
    factors = {"dense_0/weights": 0.5, "dense_1/weights": 3.0, "dense_2/bias": 2.0}
    segments = tuple(replace(s, trained=s.name != "dense_1/bias", learning_rate_factor=factors.get(s.name, 1.0)) for s in first.segments)
    parameters = Parameters(first.values.copy(), segments)
    training = Training(1, 8, shuffle=False, restore_best=False, optimizer=Optimizer(weight_decay=0.3))
    rates = np.concatenate([np.full(s.size, s.learning_rate_factor if s.trained else 0.0) for s in segments])
    decays = np.concatenate([np.full(s.size, 0.3 if s.decayed else 0.0) for s in segments])
    expected = reference.adam_steps(network, first.values, x, targets, training, 5, weights, factors=rates, decays=decays)
    fit(network, parameters, x, targets, training, training_rows=np.arange(37), weights=weights)
    assert relative(parameters.values, expected) < 1e-5


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_a_network_wide_enough_to_be_split_equals_the_reference(n_threads):
    network = Network.classifier(64, (256, 256), 10)
    x, targets, _ = problem(64, 10, 256 * 5)
    parameters = initial_parameters(network, 0)
    training = Training(1, 256, shuffle=False, restore_best=False, n_threads=n_threads)
    expected = reference.adam_steps(network, parameters.values, x, targets, training, 5)
    fit(network, parameters, x, targets, training, training_rows=np.arange(len(x)))
    assert relative(parameters.values, expected) < 1e-5


def test_training_rows_are_picked_by_index():
    network = Network.classifier(4, (6,), 3)
    x, targets, weights = problem(4, 3, 40)
    rows = np.array([31, 2, 17, 5, 39, 8, 22])
    picked, copied = initial_parameters(network, 0), initial_parameters(network, 0)
    training = Training(3, 3, shuffle=False, restore_best=False)
    fit(network, picked, x, targets, training, training_rows=rows, weights=weights)
    fit(network, copied, x[rows], targets[rows], training, training_rows=np.arange(7), weights=weights[rows])
    np.testing.assert_array_equal(picked.values, copied.values)


def test_the_training_loss_is_the_weighted_mean():
    network = Network.classifier(4, (16,), 3)
    x, targets, weights = problem(4, 3, 53)
    parameters = initial_parameters(network, 0)
    before = parameters.values.copy()
    history = fit(network, parameters, x, targets, Training(2, 10, learning_rate=0.0), training_rows=np.arange(53), weights=weights)
    np.testing.assert_array_equal(parameters.values, before)
    losses, p = reference.losses_of(reference.forward(reference.layers_of(network, before)[1], x)[-1], targets)
    assert history.loss == pytest.approx([np.average(losses, weights=weights)] * 2, rel=1e-5)
    assert history.accuracy == pytest.approx([np.average(p.argmax(axis=1) == targets, weights=weights)] * 2, rel=1e-5)
    assert np.isnan(history.validation_loss).all()


def test_patience_looks_at_the_training_loss_without_validation_rows():
    network = Network.classifier(3, (4,), 3)
    x, targets, _ = problem(3, 3, 60)
    history = fit(network, initial_parameters(network, 0), x, targets, Training(3000, 7, learning_rate=0.3, patience=4), training_rows=np.arange(60))
    assert (history.stopped, history.n_epochs) == ("patience", history.best_epoch + 5)
    assert history.best_epoch == int(np.argmin(history.loss))


def test_a_batch_larger_than_the_rows_is_all_rows():
    network = Network.classifier(3, (4,), 3)
    x, targets, _ = problem(3, 3, 20)
    a, b = initial_parameters(network, 0), initial_parameters(network, 0)
    for parameters, batch in ((a, 20), (b, 1000)):
        fit(network, parameters, x, targets, Training(3, batch, restore_best=False), training_rows=np.arange(20))
    np.testing.assert_array_equal(a.values, b.values)


def test_a_continued_fit_keeps_its_bits_with_weights_decay_and_threads():
    network = Network.classifier(9, (40,), 4)
    x, targets, weights = problem(9, 4, 101)
    long, short = initial_parameters(network, 0), initial_parameters(network, 0)
    given = {"training_rows": np.arange(101), "weights": weights}
    fit(network, long, x, targets, Training(6, 16, optimizer=Optimizer(weight_decay=0.1), restore_best=False, seed=5), **given)
    state = OptimizerState.fresh(short)
    for epochs, n_threads in ((1, 1), (3, 7), (2, 2)):
        fit(network, short, x, targets, Training(epochs, 16, optimizer=Optimizer(weight_decay=0.1), restore_best=False, seed=5, n_threads=n_threads), state=state, **given)
    np.testing.assert_array_equal(short.values, long.values)


def test_initial_parameters_are_seeded_and_within_glorots_limit():
    network = Network.classifier(30, (50,), 4)
    first = initial_parameters(network, 0)
    np.testing.assert_array_equal(first.values, initial_parameters(network, 0).values)
    assert not np.array_equal(first.values, initial_parameters(network, 1).values)
    limit = np.sqrt(6 / 80)
    assert 0.95 * limit < np.abs(first["dense_0/weights"]).max() <= limit
    assert not first["dense_0/bias"].any()


def test_logits_of_any_memory_order_and_of_no_rows():
    network = Network.classifier(7, (20,), 3)
    parameters = initial_parameters(network, 0)
    x, _, _ = problem(7, 3, 90)
    np.testing.assert_array_equal(predict_logits(network, parameters, np.asfortranarray(x)), predict_logits(network, parameters, x))
    np.testing.assert_array_equal(predict_logits(network, parameters, x[::2]), predict_logits(network, parameters, x)[::2])
    assert predict_logits(network, parameters, x[:0]).shape == (0, 3)
