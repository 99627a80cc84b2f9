"""The same bits on any number of threads, of a fit that is continued, of rows alone and in company."""

import numpy as np

from normexp.network import Network, OptimizerState, Training, fit, initial_parameters, predict_logits
from reference import network as reference
from training_problems import problem


def wide_fit(n_threads, seed=0):
    network = Network.classifier(64, (256, 200), 10)
    x, targets, _ = problem(64, 10, 1500)
    parameters = initial_parameters(network, 0)
    fit(network, parameters, x, targets, Training(2, 256, seed=seed, n_threads=n_threads), training_rows=np.arange(1200), validation_rows=np.arange(1200, 1500))
    return parameters.values.tobytes()


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    one = wide_fit(1)
    assert wide_fit(2) == one
    assert wide_fit(7) == one
    assert wide_fit(1, seed=1) != one


def test_a_continued_fit_is_one_long_fit():
    network = Network.classifier(4, (16,), 3)
    x, targets, _ = problem(4, 3, 50)
    long, short = initial_parameters(network, 0), initial_parameters(network, 0)
    fit(network, long, x, targets, Training(5, 8, restore_best=False), training_rows=np.arange(50))
    state = OptimizerState.fresh(short)
    for epochs in (2, 3):
        fit(network, short, x, targets, Training(epochs, 8, restore_best=False), training_rows=np.arange(50), state=state)
    assert (state.epochs, state.steps) == (5, 35)
    np.testing.assert_array_equal(short.values, long.values)


def test_logits_do_not_depend_on_the_other_rows_or_the_threads():
    network = Network.classifier(20, (70, 33), 5)
    parameters = initial_parameters(network, 0)
    x, _, _ = problem(20, 5, 1000)
    whole = predict_logits(network, parameters, x, 1)
    exact = reference.forward(reference.layers_of(network, parameters.values)[1], x)[-1]
    np.testing.assert_allclose(whole, exact, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(predict_logits(network, parameters, x, 7), whole)
    for i in (0, 500, 999):
        np.testing.assert_array_equal(predict_logits(network, parameters, x[i : i + 1]), whole[i : i + 1])
