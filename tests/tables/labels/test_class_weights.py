"""Weights of classes: those of some classes are taken, wrong ones refused."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier

X = pd.DataFrame({"a": [0.0, 1.5, 0.25, 1, 0, 1], "c": ["u", "v"] * 3})
NUMBERS = X[["a"]].to_numpy()
WORDS, INTEGERS, TRUTHS = ["q", "p"] * 3, [7, -2] * 3, [True, False] * 3


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"p": 1, "qq": 2}, r"expected class_weight for classes out of 'p', 'q', got one for 'qq'"),
        ({"p": -1}, "expected class weights that are finite numbers of at least 0, got -1 for class 'p'"),
        ({"p": float("nan")}, "got nan for class 'p'"), ({"p": float("inf")}, "got inf for class 'p'"), ({"p": "1"}, "got '1' for class 'p'"),
        ({float("nan"): 1}, "got one for nan"),
        ({"p": 0, "q": 0}, "expected a class weight above 0, got 0 for every class"), ({1: 1}, "got one for 1"), ({"p": True}, "got True for class 'p'"),
    ],
)  # fmt: skip
def test_class_weights_that_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxClassifier(epochs=1, class_weight=weights, quality="fast").fit(X, WORDS)


def test_class_weights_of_some_classes_and_of_numpys_types_are_taken():
    one, other = (SoftmaxClassifier((), epochs=3, random_state=0, class_weight=weights, quality="fast").fit(NUMBERS, INTEGERS).predict_proba(NUMBERS) for weights in ({7: 3},
        {np.int64(7): np.float32(3), -2: 1}))
    np.testing.assert_array_equal(one, other)
