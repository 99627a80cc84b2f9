"""What the checks at the border say; the family's own are in tests/functional."""

import warnings

import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp.errors import DataWarning
from normexp.tables import number_matrix, read


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"c": ["a", "b"] * 20, "n": range(40)})


def test_a_warning_points_at_the_line_of_the_user(frame):
    model = SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(frame, [0, 1] * 20)
    numbers = SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(frame[["n"]], [0, 1] * 20)
    odd = frame.assign(c="z", more=1)
    asked = (
        lambda: model.predict(odd), lambda: model.predict_proba(odd), lambda: model.decision_function(odd), lambda: model.to_matrix(odd), lambda: numbers.predict_proba(odd),
        lambda: numbers.predict_proba({"n": [1], "more": [2]}), lambda: number_matrix({"n": ["x"]}, ["n"]), lambda: read({"a": [1, None], "y": [None, "u"]}, target="a"),
        lambda: model.fit(frame.assign(empty=None), [0, 1] * 20),
    )  # fmt: skip
    for ask in asked:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            try:
                ask()
            except ValueError:
                continue
        assert found
        assert {(w.filename, w.category) for w in found} == {(__file__, DataWarning)}
