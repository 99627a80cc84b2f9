"""Gaussian noise is normal, of its deviation, and added to whatever comes in."""

import numpy as np
from scipy import stats

from noise_draws import BATCH, DEVIATION, N, noise, ones, outputs_in_training, passes_through
from normexp.network import Noise


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
