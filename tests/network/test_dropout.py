"""Dropout: which entries it drops, how many, and what becomes of the others."""

import numpy as np
import pytest
from scipy import stats

from noise_draws import BATCH, RATE, N, dropped, outputs_in_training, passes_through, weights_after_a_step
from normexp.network import Dense, Dropout, Noise


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
