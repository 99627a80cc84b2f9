"""Folds: every row once, classes in every part, groups whole, times in spans."""

import numpy as np
import pytest

from normexp.errors import DataError
from normexp.recipe._folds import folds_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n_folds", [2, 5, 8])
def test_each_row_is_held_out_once_and_classes_are_shared_out(n_folds):
    targets = np.array([0] * 61 + [1] * 17 + [2] * 3, np.int32)[RNG.permutation(81)]
    rows = np.arange(0, 81)
    folds = folds_of(rows, targets, n_folds, seed=4)
    np.testing.assert_array_equal(np.sort(np.concatenate([held for _, held in folds])), rows)
    for learnt, held in folds:
        np.testing.assert_array_equal(np.sort(np.concatenate([learnt, held])), rows)
        assert set(targets[learnt]) == {0, 1, 2}
        assert abs((targets[held] == 0).sum() - 61 / n_folds) <= 1
        assert abs(len(held) - 81 / n_folds) <= 1
    again, other = folds_of(rows, targets, n_folds, seed=4), folds_of(rows, targets, n_folds, seed=5)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert any(not np.array_equal(a[1], b[1]) for a, b in zip(folds, other, strict=True))


def test_some_of_the_rows_and_a_class_with_one():
    targets = np.array([0, 0, 0, 1, 1, 1, 2, 0, 1, 1], np.int32)
    rows = np.array([0, 1, 3, 4, 6, 7, 8])
    folds = folds_of(rows, targets, 3, seed=0)
    assert all(6 in learnt for learnt, _ in folds)  # the only row of its class is learnt from every time
    assert sorted(np.concatenate([held for _, held in folds]).tolist()) == [0, 1, 3, 4, 7, 8]
    assert folds_of(np.arange(2), np.array([0, 1], np.int32), 2, seed=0) == []


def test_groups_are_whole():
    groups, targets = RNG.integers(0, 12, 200), RNG.integers(0, 3, 200).astype(np.int32)
    folds = folds_of(np.arange(200), targets, 5, 1, groups=groups)
    assert sum(len(held) for _, held in folds) == 200
    for learnt, held in folds:
        assert not set(groups[learnt]) & set(groups[held])
    assert len(folds_of(np.arange(200), targets, 8, 1, groups=groups // 4)) == 3  # no more folds than groups


def test_times_are_spans():
    times, targets = RNG.integers(0, 40, 300).astype(float), np.zeros(300, np.int32)
    folds = folds_of(np.arange(300), targets, 5, 1, times=times)
    assert sum(len(held) for _, held in folds) == 300
    for learnt, held in folds:
        first, last = times[held].min(), times[held].max()
        assert not ((times[learnt] >= first) & (times[learnt] <= last)).any()


def test_one_group_or_time_is_refused():
    rows, targets = np.arange(9), np.zeros(9, np.int32)
    with pytest.raises(DataError, match="expected rows of several groups to hold some out, got one group"):
        folds_of(rows, targets, 3, 1, groups=np.ones(9, np.int64))
    with pytest.raises(DataError, match="expected rows of several times to hold some out, got one time"):
        folds_of(rows, targets, 3, 1, times=np.ones(9))
