"""Rows that are held out: stratified, disjoint and seeded."""

import numpy as np

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
