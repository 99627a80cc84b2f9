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
