"""Training that goes on: partial fits, warm starts, second frames and other classes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from normexp import SoftmaxClassifier
from normexp.errors import DataWarning

X, Y = load_iris(return_X_y=True)
QUICK = {"quality": "fast", "epochs": 4, "random_state": 0}


def test_partial_fit_and_warm_start_go_on():
    model = SoftmaxClassifier(quality="fast", random_state=0)
    for _ in range(60):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    assert model.score(X, Y) > 0.9
    with pytest.raises(ValueError, match="expected labels out of the classes of the first call, got 9 at index 1"):
        model.partial_fit(X[:2], [0, 9])
    with pytest.raises(ValueError, match="expected as many labels as rows, got 1 labels and 2 rows"):
        model.partial_fit(X[:2], [0])
    cold, warm = (SoftmaxClassifier(epochs=3, warm_start=w, random_state=0, quality="fast") for w in (False, True))
    losses = [[m.fit(X, Y).history_.loss[0] for _ in range(3)] for m in (cold, warm)]
    assert losses[0][2] == losses[0][0]
    assert losses[1][2] < losses[1][0]


def test_warm_start_reads_a_second_frame_with_the_encoders_categories():
    def frame(words):
        return pd.DataFrame({"c": words, "n": np.arange(len(words))})

    model = SoftmaxClassifier(warm_start=True, **QUICK).fit(frame(["a", "b"] * 20), [0, 1] * 20)
    with pytest.warns(DataWarning, match=r"column 'c': 20 rows with a category not seen in training \('z'\)"):
        model.fit(frame(["b", "z"] * 20), [1, 0] * 20)
    n_codes = model.schema_.columns[0].n_codes
    assert n_codes == model.encoder_.n_codes[0]
    assert model.schema_.columns[0].categories.index("b") == 1  # the input that 'b' was trained on


def test_warm_start_with_more_categories_uses_them():
    model = SoftmaxClassifier(warm_start=True, **QUICK).fit(pd.DataFrame({"c": ["a", "b"] * 20, "n": np.arange(40)}), [0, 1] * 20)
    with pytest.warns(DataWarning, match=r"column 'c': 20 rows with a category not seen in training \('c', 'd'\)"):
        model.fit(pd.DataFrame({"c": ["a", "b", "c", "d"] * 10, "n": np.arange(40)}), [1, 0] * 20)
    assert model.encoder_.n_codes[0] == model.schema_.columns[0].n_codes


def test_the_temperature_is_one_after_partial_fit():
    """Its docstring: 'the temperature stays 1'."""
    model = SoftmaxClassifier(**QUICK).fit(X, Y)
    assert model.partial_fit(X, Y).temperature_ == 1


def test_other_classes_are_refused_by_a_warm_start():
    model = SoftmaxClassifier(warm_start=True, **QUICK).fit(X, Y)
    with pytest.raises(ValueError, match="expected the classes of the last fit with warm_start, 0, 1, 2, got 1, 2, 3"):
        model.fit(X, Y + 1)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
