"""Networks trained side by side have the bits that each has by itself."""

import threading

import numpy as np
import pytest

from normexp.network import Dropout, Loss, Network, Optimizer, OptimizerState, Rows, Task, Training, fit_rows, fit_side_by_side, initial_parameters


def task(seed, epochs=4, stop=None):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((90, 6)).astype(np.float32)
    part = Rows(x, rng.integers(0, 3, 90).astype(np.int32), np.arange(90))
    network = Network.classifier(6, (20, 9), 3)
    network = Network(6, (network.layers[0], Dropout(0.2), *network.layers[1:]))
    parameters, optimizer = initial_parameters(network, seed), Optimizer()
    nothing = part._replace(chosen=np.empty(0, np.int64))
    return Task(network.plan(), parameters, part, nothing, Training(epochs, 16, seed=seed), Loss(), OptimizerState.fresh(parameters, optimizer), np.array([0.01], np.float32))


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_each_has_the_bits_of_a_fit_by_itself(n_threads):
    tasks, alone = [task(seed) for seed in range(7)], [task(seed) for seed in range(7)]
    results = fit_side_by_side(tasks, n_threads)
    for one, other, result in zip(tasks, alone, results, strict=True):
        assert fit_rows(*other) == result
        np.testing.assert_array_equal(one.parameters.values, other.parameters.values)
        assert one.state.steps == 4 * 6
    assert len({t.parameters.values.tobytes() for t in tasks}) == 7
    assert fit_side_by_side([]) == []


def test_an_error_ends_all_of_them():
    broken = task(0)
    broken = broken._replace(state=OptimizerState(np.zeros((2, 3), np.float64)))
    long = [task(seed, epochs=10**7) for seed in range(2)]
    ended = []

    def run():
        with pytest.raises(TypeError):
            fit_side_by_side([broken, *long], 3)
        ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert ended == [True]


def test_a_state_of_other_parameters_is_refused():
    wrong = task(0)._replace(state=OptimizerState(np.zeros((2, 3), np.float32)))
    with pytest.raises(ValueError, match="expected a state with a column for each parameter"):
        fit_rows(*wrong)


def test_the_number_of_threads_is_checked():
    with pytest.raises(ValueError, match="expected n_threads to be an integer of at least 0, got -1"):
        fit_side_by_side([task(0)], -1)
