"""A Table as X: its labels, its weights, its schema."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp.errors import DataError
from normexp.tables import read

FRAME = pd.DataFrame({"a": np.arange(60) % 7, "c": ["u", "v", "w"] * 20, "y": ["p", "q"] * 30, "n": np.linspace(0.1, 2, 60)})
QUICK = {"quality": "fast", "hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}


def test_its_weights_are_those_of_the_rows():
    table, plain = (read(FRAME, target="y", weight=weight, ignore=["n"] if weight is None else []) for weight in ("n", None))
    weighed = SoftmaxClassifier(**QUICK).fit(table)
    np.testing.assert_array_equal(weighed.parameters_.values, SoftmaxClassifier(**QUICK).fit_table(table).parameters_.values)
    np.testing.assert_allclose(weighed.parameters_.values, SoftmaxClassifier(**QUICK).fit(table, sample_weight=table.weights).parameters_.values, rtol=1e-5)
    unweighed = SoftmaxClassifier(**QUICK).fit(plain)
    assert (weighed.parameters_.values != unweighed.parameters_.values).any()
    np.testing.assert_array_equal(SoftmaxClassifier(**QUICK).fit(table, sample_weight=np.ones(60)).parameters_.values, unweighed.parameters_.values)


def test_a_row_of_another_class_is_no_row_of_the_last_one():
    schema = read(FRAME, target="y").schema
    with pytest.warns(UserWarning, match="zzz"):
        table = read(FRAME.assign(y=["p", "zzz"] * 30), target="y", schema=schema, classes=np.array(["p", "q"]))
    for ask in (lambda: table.labels, lambda: SoftmaxClassifier(**QUICK).fit(table)):
        with pytest.raises(DataError, match="expected rows of the table's classes, got one of another, the first at index 1; leave such rows out"):
            ask()
