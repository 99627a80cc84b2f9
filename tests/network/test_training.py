"""The native trainer against a float64 reference, steps and history; what ends a fit."""

from dataclasses import replace

import numpy as np
import pytest

from normexp.network import Network, Optimizer, Parameters, Training, fit, initial_parameters
from reference import network as reference
from training_problems import problem, relative

SHAPES = [(2, (12, 8), 4, 5), (7, (), 3, 4), (5, (33,), 2, 16), (19, (17, 70, 5), 11, 24), (130, (65,), 26, 40)]


def test_the_reference_gradient_against_differences():
    network = Network.classifier(3, (5, 4), 3)
    x, targets, weights = problem(3, 3, 6)
    values = initial_parameters(network, 1).values.astype(np.float64)
    _, gradient = reference.loss_and_gradient(network, values, x, targets, weights)
    for i in range(len(values)):
        step = np.zeros(len(values))
        step[i] = 1e-6
        numeric = (reference.loss_and_gradient(network, values + step, x, targets, weights)[0] - reference.loss_and_gradient(network, values - step, x, targets, weights)[0]) / 2e-6
        assert gradient[i] == pytest.approx(numeric, abs=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n_inputs", "hidden", "n_classes", "batch"), SHAPES)
def test_five_steps_equal_the_reference(n_inputs, hidden, n_classes, batch, weighted):
    network = Network.classifier(n_inputs, hidden, n_classes)
    x, targets, weights = problem(n_inputs, n_classes, 5 * batch - batch // 2)  # the last batch is half
    parameters = initial_parameters(network, 3)
    training = Training(1, batch, shuffle=False, restore_best=False, optimizer=Optimizer(weight_decay=0.1))
    decays = np.concatenate([np.full(s.size, 0.1 if s.decayed else 0.0) for s in parameters.segments])
    expected = reference.adam_steps(network, parameters.values, x, targets, training, 5, weights if weighted else None, decays=decays)
    fit(network, parameters, x, targets, training, training_rows=np.arange(len(x)), weights=weights if weighted else None)
    assert relative(parameters.values, expected) < 1e-5


def test_frozen_segments_and_learning_rate_factors():
    network = Network.classifier(6, (10,), 3)
    x, targets, _ = problem(6, 3, 40)
    first = initial_parameters(network, 0)
    segments = tuple(replace(s, trained=s.name != "dense_0/weights", learning_rate_factor=3.0 if s.name == "dense_1/weights" else 1.0) for s in first.segments)
    parameters = Parameters(first.values.copy(), segments)
    training = Training(1, 8, shuffle=False, restore_best=False)
    factors = np.concatenate([np.full(s.size, s.learning_rate_factor if s.trained else 0.0) for s in segments])
    expected = reference.adam_steps(network, first.values, x, targets, training, 5, factors=factors)
    fit(network, parameters, x, targets, training, training_rows=np.arange(40))
    np.testing.assert_array_equal(parameters["dense_0/weights"], first["dense_0/weights"])
    assert relative(parameters.values, expected) < 1e-5
    with pytest.raises(KeyError, match="expected one of dense_0/weights, dense_0/bias"):
        parameters["dense_9/bias"]


def test_history_holds_weighted_losses_and_the_best_epoch_is_kept():
    network = Network.classifier(4, (16,), 3)
    x, targets, weights = problem(4, 3, 90)
    parameters, seen = initial_parameters(network, 0), []
    rows, held = np.arange(60), np.arange(60, 90)

    def on_epoch(epoch, loss, _accuracy, validation_loss, validation_accuracy):
        losses, p = reference.losses_of(reference.forward(reference.layers_of(network, parameters.values)[1], x[held])[-1], targets[held])
        seen.append((parameters.values.copy(), validation_loss))
        assert validation_loss == pytest.approx(np.average(losses, weights=weights[held]), rel=1e-5)
        assert validation_accuracy == pytest.approx(np.average(p.argmax(axis=1) == targets[held], weights=weights[held]), rel=1e-6)
        return False

    history = fit(network, parameters, x, targets, Training(40, 10, learning_rate=0.02), training_rows=rows, validation_rows=held, weights=weights, on_epoch=on_epoch)
    assert (history.n_epochs, history.stopped) == (40, "epochs")
    assert history.best_epoch == int(np.argmin(history.validation_loss))
    assert history.best_epoch < 39
    np.testing.assert_array_equal(parameters.values, seen[history.best_epoch][0])


def test_what_ends_a_fit():
    network = Network.classifier(4, (16,), 3)
    x, targets, _ = problem(4, 3, 90)
    split = {"training_rows": np.arange(60), "validation_rows": np.arange(60, 90)}
    stopped = fit(network, initial_parameters(network, 0), x, targets, Training(1000, 10, learning_rate=0.05, patience=3), **split)
    assert (stopped.stopped, stopped.n_epochs) == ("patience", stopped.best_epoch + 4)
    stopped = fit(network, initial_parameters(network, 0), x, targets, Training(10**9, 10, time_limit=0.1), **split)
    assert stopped.stopped == "time_limit"
    stopped = fit(network, initial_parameters(network, 0), x, targets, Training(100, 10), **split, on_epoch=lambda epoch, *_: epoch == 4)
    assert (stopped.stopped, stopped.n_epochs) == ("callback", 5)
    stopped = fit(network, initial_parameters(network, 0), x, targets, Training(10**9, 10), **split, on_poll=lambda _epoch, _rows: True)
    assert stopped.stopped == "callback"


def test_an_error_in_a_callback_comes_through():
    network = Network.classifier(2, (), 2)
    x, targets, _ = problem(2, 2, 10)

    def fail(*_):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        fit(network, initial_parameters(network, 0), x, targets, Training(3, 5), training_rows=np.arange(10), on_epoch=fail)
