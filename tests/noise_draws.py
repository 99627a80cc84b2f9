"""What dropout and Gaussian noise draw in training, seen through layers that pass it on."""

import numpy as np

from normexp.network import Dense, Dropout, Loss, Network, Noise, Optimizer, OptimizerState, Parameters, Rows, Training, fit_rows, initial_parameters

N, BATCH, RATE, DEVIATION = 96, 128, 0.3, 0.7
SGD = Optimizer("sgd", first=0.0)
NO_ROWS = np.empty(0, np.int64)


def passes_through():
    """A dense layer that gives what it takes, once its weights are the identity."""
    return Dense(N, use_bias=False)


def with_identities(network):
    parameters = initial_parameters(network, 0)
    for segment in parameters.segments:
        parameters.view(segment)[...] = np.eye(*segment.shape)
    return parameters


def rows_of(x):
    return Rows(x, np.zeros(len(x), np.int32), np.arange(len(x)), outputs=np.full((len(x), N), np.nan, np.float32))


def outputs_in_training(layers, x, seed=0, epochs=1, n_threads=0):
    """What the network gave for each row in the last epoch: dense layers pass through, nothing is learnt."""
    network = Network(N, layers)
    parameters, part = with_identities(network), rows_of(x)
    training = Training(epochs, BATCH, optimizer=SGD, seed=seed, shuffle=False, restore_best=False, n_threads=n_threads)
    fit_rows(network.plan(), parameters, part, part._replace(chosen=NO_ROWS, outputs=None), training, Loss(), OptimizerState.fresh(parameters, SGD), np.zeros(1, np.float32))
    np.testing.assert_array_equal(parameters.values, with_identities(network).values)
    return part.outputs


def ones(n_steps=8):
    return np.ones((n_steps * BATCH, N), np.float32)


def dropped(seed=0, rate=RATE, layers=None, **options):
    """1 where an entry was dropped; shape (steps, rows of a batch, N)."""
    return (outputs_in_training(layers or (Dropout(rate), passes_through()), ones(), seed, **options) == 0).astype(float).reshape(-1, BATCH, N)


def noise(seed=0, layers=None, **options):
    """What was added to each entry, in standard deviations; shape (steps, rows of a batch, N)."""
    x = np.zeros_like(ones())
    return outputs_in_training(layers or (Noise(DEVIATION), passes_through()), x, seed, **options).astype(np.float64).reshape(-1, BATCH, N) / DEVIATION


DRAWS = {"dropout": dropped, "noise": noise}
LAYERS = {"dropout": Dropout(RATE), "noise": Noise(DEVIATION)}


def assert_independent(a, b):
    """Their correlation is within 4 standard errors of 0, which are 1 / sqrt(n)."""
    a, b = np.ravel(a), np.ravel(b)
    assert abs(np.corrcoef(a, b)[0, 1]) <= 4 / np.sqrt(len(a))


def step_of(layers, x, n_threads=0):
    """Parameters before and after a step of SGD(1) on the first batch."""
    network = Network(N, layers)
    parameters = initial_parameters(network, 5)
    before = Parameters(parameters.values.copy(), parameters.segments)
    part = Rows(x, classes(x), np.arange(BATCH))
    training = Training(1, BATCH, optimizer=SGD, shuffle=False, restore_best=False, n_threads=n_threads)
    fit_rows(network.plan(), parameters, part, part._replace(chosen=NO_ROWS), training, Loss(), OptimizerState.fresh(parameters, SGD), np.ones(1, np.float32))
    return before, parameters


def weights_after_a_step(layers, x, n_threads=0):
    return step_of(layers, x, n_threads)[1].values


def classes(x):
    return np.random.default_rng(1).integers(0, 3, len(x)).astype(np.int32)
