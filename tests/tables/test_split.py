"""Rows that are held out: complete, stratified, disjoint and seeded; whole groups; the last in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp.errors import DataError
from normexp.tables import held_out_rows


def test_held_out_rows_are_stratified_disjoint_and_seeded():
    classes = np.repeat(np.arange(4, dtype=np.int32), [500, 90, 9, 1])
    large, held = held_out_rows(classes, 0.25, 3)
    assert sorted([*large, *held]) == list(range(600))
    assert np.bincount(classes[held], minlength=4).tolist() == [125, 23, 2, 0]
    np.testing.assert_array_equal(held, held_out_rows(classes, 0.25, 3)[1])
    assert not np.array_equal(held, held_out_rows(classes, 0.25, 4)[1])
    some = np.arange(0, 600, 2)
    assert set(np.concatenate(held_out_rows(classes, 0.2, 0, some))) == set(some)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.floats(0, 0.95), st.integers(0, 10))
def test_any_split_is_complete_disjoint_and_stratified(classes, fraction, seed):
    classes = np.array(classes, np.int32)
    large, held = held_out_rows(classes, fraction, seed)
    assert sorted([*large, *held]) == list(range(len(classes)))
    counts, taken = np.bincount(classes, minlength=6), np.bincount(classes[held], minlength=6)
    assert ((counts == 0) | (taken < counts)).all()
    assert (np.abs(taken - counts * fraction) <= 1 + 1e-9).all()
    assert len(held) <= max(round(len(classes) * fraction), int(np.floor(counts * fraction).sum()))
    np.testing.assert_array_equal(held, held_out_rows(classes, fraction, seed)[1])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=10, max_size=150), st.floats(0.05, 0.6), st.integers(0, 5))
def test_no_group_is_in_both_parts(rows, fraction, seed):
    classes, groups = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(groups)) < 2:
        return
    large, held = held_out_rows(classes.astype(np.int32), fraction, seed, groups=groups)
    assert sorted([*large, *held]) == list(range(len(classes)))
    assert len(large)
    assert len(held)
    assert not set(groups[large]) & set(groups[held])
    np.testing.assert_array_equal(held, held_out_rows(classes.astype(np.int32), fraction, seed, groups=groups)[1])


def test_whole_groups_keep_the_shares():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(400), 5)
    classes = np.repeat(rng.choice(3, 400, p=[0.6, 0.3, 0.1]), 5).astype(np.int32)
    _, held = held_out_rows(classes, 0.25, 1, groups=groups)
    assert 0.2 < len(held) / 2000 < 0.3
    np.testing.assert_allclose(np.bincount(classes[held]) / len(held), np.bincount(classes) / 2000, atol=0.03)
    some = np.arange(0, 2000, 3)
    assert set(np.concatenate(held_out_rows(classes, 0.25, 1, some, groups=groups))) == set(some)
    assert not np.array_equal(held, held_out_rows(classes, 0.25, 2, groups=groups)[1])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(lambda times: len(set(times)) > 1), st.floats(0.05, 0.9))
def test_the_last_are_held_out_and_equal_times_stay_together(times, fraction):
    times = np.array(times, np.float64)
    large, held = held_out_rows(np.zeros(len(times), np.int32), fraction, 0, times=times)
    assert sorted([*large, *held]) == list(range(len(times)))
    assert times[large].max() < times[held].min()
    sizes = [(times > cut).sum() for cut in set(times) - {times.max()}]
    assert abs(len(held) - fraction * len(times)) == min(abs(size - fraction * len(times)) for size in sizes)


def test_one_group_and_one_time_cannot_be_split():
    one = np.zeros(20, np.int64)
    with pytest.raises(DataError, match="expected rows of several groups to hold some out, got one group; split them without --group"):
        held_out_rows(one.astype(np.int32), 0.2, 0, groups=one)
    with pytest.raises(DataError, match="expected rows of several times to hold out the last ones, got one time; split them without --time"):
        held_out_rows(one.astype(np.int32), 0.2, 0, times=one.astype(np.float64))
