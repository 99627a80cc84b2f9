"""classes_and_targets: each label's place among its classes, or among those of a model."""

import numpy as np
import pandas as pd
import pytest

from normexp._labels import classes_and_targets, label_values

DAYS = np.array(["2020-01-01", "2021-01-01"], "datetime64[D]")


@pytest.mark.parametrize("labels", [["b", "a", "b"], [3, -1, 3], [0.5, 0.25, 0.5], [True, False, True], DAYS[[1, 0, 1]], pd.Series(["b", "a", "b"], dtype="category")])
def test_sorted_classes_and_places(labels):
    values = label_values(labels)
    classes, targets = classes_and_targets(values)
    assert classes.tolist() == sorted(set(values.tolist()))
    assert targets.tolist() == [1, 0, 1]
    assert targets.dtype == np.int32
    np.testing.assert_array_equal(classes[targets], values)


def test_among_known_classes_others_are_minus_one():
    classes = np.array(["a", "b", "z"])
    known, targets = classes_and_targets(np.array(["z", "q", "a", "b"], object), classes)
    assert known is classes
    assert targets.tolist() == [2, -1, 0, 1]
    assert classes_and_targets(np.array([1.0, 2.0, 1.5]), np.array([1, 2]))[1].tolist() == [0, 1, -1]
    assert classes_and_targets(np.array(["1", "2"]), np.array([1, 2]))[1].tolist() == [-1, -1]
    assert classes_and_targets(np.empty(0), np.array([1, 2]))[1].tolist() == []


@pytest.mark.parametrize("unit", ["D", "h", "s", "us", "ns"])
def test_dates_of_other_units_are_equal_where_they_are(unit):
    assert classes_and_targets(DAYS.astype(f"datetime64[{unit}]"), DAYS)[1].tolist() == [0, 1]
    assert classes_and_targets(DAYS, DAYS.astype(f"datetime64[{unit}]"))[1].tolist() == [0, 1]
    spans = np.array([1, 2], "timedelta64[D]")
    assert classes_and_targets(spans.astype(f"timedelta64[{unit}]"), spans)[1].tolist() == [0, 1]


def test_a_later_hour_of_a_known_day_is_unknown():
    assert classes_and_targets(DAYS.astype("datetime64[h]") + np.timedelta64(23, "h"), DAYS)[1].tolist() == [-1, -1]
    assert classes_and_targets(np.array(["2020-07-05", "2021-01-01"], "datetime64[ns]"), np.array(["2020", "2021"], "datetime64[Y]"))[1].tolist() == [-1, 1]
