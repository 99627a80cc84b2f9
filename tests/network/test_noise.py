"""Dropout and Gaussian noise: their distribution, and that an entry's draw depends on seed, layer, step and place alone."""

import numpy as np
import pytest
from scipy import stats

from normexp.network import (
    Dense,
    Dropout,
    Loss,
    Network,
    Noise,
    Optimizer,
    OptimizerState,
    Parameters,
    Rows,
    Training,
    evaluate_rows,
    fit_rows,
    initial_parameters,
    predict_outputs,
)
from reference import layers as reference

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


# ---- dropout


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_entries_are_dropped_or_divided_by_what_is_kept(rate):
    x = np.float32(np.random.default_rng(0).uniform(-2, 2, (300, N)))  # the last batch is not full
    outputs = outputs_in_training((Dropout(rate), passes_through()), x)
    kept = outputs != 0
    np.testing.assert_allclose(outputs[kept], (x / (1 - rate))[kept], rtol=3e-7)
    assert abs(kept.mean() - (1 - rate)) <= 4 * np.sqrt(rate * (1 - rate) / x.size)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_the_share_of_dropped_entries(rate):
    mask = dropped(rate=rate)
    error = np.sqrt(rate * (1 - rate))
    assert abs(mask.mean() - rate) <= 4 * error / np.sqrt(mask.size)
    for axes in ((0, 1), (1, 2), (0, 2)):  # of every column, step and row: 4.5 standard errors, as there are up to 128 of them
        shares = mask.mean(axis=axes)
        assert np.abs(shares - rate).max() <= 4.5 * error * np.sqrt(shares.size / mask.size)
        spread = shares.var() / (error**2 * shares.size / mask.size)  # chi-squared / n
        assert abs(spread - 1) <= 4.5 * np.sqrt(2 / shares.size)


def test_counts_of_dropped_entries_in_a_row_are_binomial():
    counts = dropped().sum(axis=2).astype(int).ravel()
    bins = np.arange(20, 39)
    seen = np.bincount(np.clip(counts, bins[0], bins[-1]) - bins[0], minlength=len(bins))
    upper = stats.binom.cdf(bins, N, RATE)
    upper[-1] = 1
    assert stats.chisquare(seen, np.diff(upper, prepend=0) * counts.size).pvalue > 1e-3


@pytest.mark.parametrize("what", ["outputs", "gradients"])
def test_nothing_happens_at_rate_0(what):
    x = np.float32(np.random.default_rng(0).standard_normal((BATCH, N)))
    for layer in (Dropout(0.0), Noise(0.0)):
        if what == "outputs":
            np.testing.assert_array_equal(outputs_in_training((layer, passes_through()), x), x)
        else:
            np.testing.assert_array_equal(weights_after_a_step((Dense(N), layer, Dense(3)), x), weights_after_a_step((Dense(N), Dense(3)), x))


# ---- Gaussian noise


def test_noise_is_normal():
    z = noise()
    assert abs(z.mean()) <= 4 / np.sqrt(z.size)
    assert abs(z.std() - 1) <= 4 / np.sqrt(2 * z.size)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert abs(stats.skew(z, axis=None)) <= 4 * np.sqrt(6 / z.size)
    assert abs(stats.kurtosis(z, axis=None)) <= 4 * np.sqrt(24 / z.size)


def test_noise_of_every_column_is_normal():
    z = noise()
    values = [stats.kstest(z[:, :, k].ravel(), "norm").pvalue for k in range(N)]
    assert min(values) > 1e-3 / N
    assert stats.kstest(values, "uniform").pvalue > 1e-3


def test_noise_is_added_and_does_not_depend_on_the_inputs():
    x = np.float32(np.random.default_rng(0).uniform(-2, 2, ones().shape))
    added = outputs_in_training((Noise(DEVIATION), passes_through()), x) - x.astype(np.float64)
    np.testing.assert_allclose(added.reshape(-1, BATCH, N), DEVIATION * noise(), atol=1e-6)


def test_noise_is_proportional_to_its_deviation():
    twice = outputs_in_training((Noise(2 * DEVIATION), passes_through()), np.zeros_like(ones()))
    np.testing.assert_allclose(twice.reshape(-1, BATCH, N), 2 * DEVIATION * noise(), rtol=1e-6)


# ---- both


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("lag", [1, 2, 3, 4, 8, 16, 17, 32, 64])
def test_neighbours_are_independent(kind, lag):
    """The lags are those of a counter's words and of a block of counters; squares too, as pairs of normal numbers share a radius."""
    draws = DRAWS[kind]()
    flat = draws.reshape(len(draws), -1)
    assert_independent(flat[:, lag:], flat[:, :-lag])
    assert_independent(flat[:, lag:] ** 2, flat[:, :-lag] ** 2)
    assert_independent(draws[:, lag:], draws[:, :-lag])


@pytest.mark.parametrize("kind", DRAWS)
def test_steps_and_epochs_are_independent(kind):
    first, second = DRAWS[kind](), DRAWS[kind](epochs=2)
    for lag in (1, 2, 4):
        assert_independent(first[lag:], first[:-lag])
    assert not any(np.array_equal(a, b) for a in first for b in second)
    assert_independent(first, second)


@pytest.mark.parametrize("kind", DRAWS)
def test_layers_are_independent(kind):
    """The same step, seed and places, in the first layer and in the second."""
    first, second = DRAWS[kind](), DRAWS[kind](layers=(passes_through(), LAYERS[kind], passes_through()))
    assert (first != second).mean() > 0.3
    assert_independent(first, second)
    third = DRAWS[kind](layers=(passes_through(), passes_through(), LAYERS[kind]))
    assert_independent(first, third)
    assert_independent(second, third)


def test_two_dropouts_of_one_network_are_independent():
    outputs = outputs_in_training((Dropout(RATE), passes_through(), Dropout(0.5), passes_through()), ones())
    kept = (1 - RATE) * 0.5
    np.testing.assert_allclose(outputs[outputs != 0], 1 / kept, rtol=1e-6)
    assert abs((outputs != 0).mean() - kept) <= 4 * np.sqrt(kept * (1 - kept) / outputs.size)


@pytest.mark.parametrize("kind", DRAWS)
def test_the_seed_says_what_is_drawn(kind):
    first = DRAWS[kind](seed=3)
    np.testing.assert_array_equal(DRAWS[kind](seed=3), first)
    for other in (4, 2**32 + 3, 2**63 - 1):
        draws = DRAWS[kind](seed=other)
        assert (draws != first).mean() > 0.3
        assert_independent(draws, first)


@pytest.mark.parametrize("kind", DRAWS)
def test_the_same_bits_on_any_number_of_threads(kind):
    layers = (passes_through(), LAYERS[kind], Dense(N, "tanh", use_bias=False), LAYERS[kind], passes_through())
    x = np.float32(np.random.default_rng(0).standard_normal((4 * BATCH, N)))
    one = outputs_in_training(layers, x, n_threads=1)
    assert outputs_in_training(layers, x, n_threads=2).tobytes() == one.tobytes()
    trained = weights_after_a_step((Dense(N), LAYERS[kind], Dense(3)), x, n_threads=1)
    assert weights_after_a_step((Dense(N), LAYERS[kind], Dense(3)), x, n_threads=2).tobytes() == trained.tobytes()


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


# ---- backward


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
