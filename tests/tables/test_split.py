"""Rows that are held out: complete, stratified, disjoint and seeded."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

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
