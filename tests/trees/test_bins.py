"""Bins: a value is above a threshold where its bin is above the threshold's number."""

import numpy as np
import pytest

from normexp.trees import Bins


def test_few_values_are_parted_halfway():
    bins = Bins.fit(np.array([[1.0], [1.0], [3.0], [np.nan], [7.0]]), np.arange(5))
    assert bins.thresholds[0].tolist() == [2, 5]
    assert bins.apply(np.array([[0.0], [2.0], [2.1], [5.0], [6.0], [np.nan], [np.inf], [-np.inf]]), np.arange(8)).tolist() == [[1, 1, 2, 2, 3, 0, 3, 1]]
    assert bins.n_bins.tolist() == [4]


@pytest.mark.parametrize("n_bins", [2, 16, 255])
def test_many_values_lie_evenly(n_bins):
    x = np.random.default_rng(0).standard_normal((5_000, 1))
    bins = Bins.fit(x, np.arange(5_000), n_bins)
    found = bins.apply(x, np.arange(5_000))[0]
    counts = np.bincount(found)[1:]
    assert len(counts) == n_bins
    assert counts.max() - counts.min() <= 2
    for number, threshold in enumerate(bins.thresholds[0], 1):
        np.testing.assert_array_equal(x[:, 0] > threshold, found > number)


def test_what_has_no_thresholds():
    bins = Bins.fit(np.array([[np.nan, 4.0], [np.nan, 4.0]]), np.arange(2))
    assert [len(thresholds) for thresholds in bins.thresholds] == [0, 0]
    assert bins.apply(np.array([[3.0, np.nan]]), np.arange(1)).tolist() == [[1], [0]]


def test_neighbours_in_float64_are_told_apart():
    low = 1.0
    high = np.nextafter(low, 2)
    bins = Bins.fit(np.array([[low], [high], [1e308], [-1e308]]), np.arange(4))
    assert bins.apply(np.array([[-1e308], [low], [high], [1e308]]), np.arange(4)).tolist() == [[1, 2, 3, 4]]


def test_a_frequent_value_has_a_bin_of_its_own():
    x = np.concatenate([np.zeros(900), np.arange(1, 101)])[:, None]
    found = Bins.fit(x, np.arange(1_000), 10).apply(x, np.arange(1_000))[0]
    assert (found[:900] == 1).all()
    assert found[900:].min() > 1


def test_more_bins_than_a_byte_holds():
    with pytest.raises(ValueError, match="expected n_bins from 2 to 255, a byte with that of missing values, got 256"):
        Bins.fit(np.zeros((3, 1)), np.arange(3), 256)
    with pytest.raises(ValueError, match="expected n_bins to be an integer of at least 2, got 1"):
        Bins.fit(np.zeros((3, 1)), np.arange(3), 1)
    for wrong in (np.linspace(0, 1, 255), np.array([2.0, 1]), np.array([1.0, 1]), np.array([np.nan])):
        with pytest.raises(ValueError, match="expected at most 254 rising thresholds of each column, got others for column 1"):
            Bins((np.array([0.5]), wrong))


def test_a_column_of_zeros_leaves_its_bins_to_the_rest():
    """As gains of capital are: quantiles of all rows would see two values."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random(20_000) < 0.95, 0, np.round(rng.lognormal(8, 1, 20_000)))[:, None]
    bins = Bins.fit(x, np.arange(20_000), 64)
    assert len(bins.thresholds[0]) > 58
    found = np.bincount(bins.apply(x, np.arange(20_000))[0])[2:]
    assert found.max() < 3 * found.mean()


def test_many_rows_are_sampled():
    x = np.random.default_rng(0).standard_normal((250_000, 1))
    bins = Bins.fit(x, np.arange(250_000), 16)
    assert len(bins.thresholds[0]) == 15
    counts = np.bincount(bins.apply(x, np.arange(250_000))[0])[1:]
    assert counts.min() > 0.95 * counts.mean()
    assert Bins.fit(x, np.arange(250_000), 16).thresholds[0].tolist() == bins.thresholds[0].tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bins_are_those_of_a_search(dtype):
    rng = np.random.default_rng(0)
    x = np.asfortranarray(rng.standard_normal((3_000, 4)).astype(dtype))
    x[rng.random(x.shape) < 0.1] = np.nan
    rows = rng.permutation(3_000)[:1_000]
    bins = Bins.fit(x, rows, 50)
    for n_threads in (1, 3):
        found = bins.apply(x, rows, n_threads)
        for column, thresholds in enumerate(bins.thresholds):
            values = x[rows, column].astype(np.float64)
            np.testing.assert_array_equal(found[column], np.where(np.isnan(values), 0, 1 + np.searchsorted(thresholds, values, side="left")))


def test_rows_that_there_are_not():
    bins = Bins.fit(np.zeros((3, 2)), np.arange(3))
    for matrix, rows in ((np.zeros((3, 3)), np.arange(3)), (np.zeros((3, 2)), np.array([3])), (np.zeros((3, 2)), np.array([-1]))):
        with pytest.raises(ValueError, match="expected rows of a matrix of 2 columns"):
            bins.apply(matrix, rows)
