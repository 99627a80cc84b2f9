"""An entry's draw depends on seed, layer, step and place alone: neighbours, steps, layers and seeds are independent."""

import numpy as np
import pytest

from noise_draws import BATCH, DRAWS, LAYERS, RATE, N, assert_independent, ones, outputs_in_training, passes_through, weights_after_a_step
from normexp.network import Dense, Dropout


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
