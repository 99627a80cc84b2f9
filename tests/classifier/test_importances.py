"""Importances of features on request, and coefficients: what scikit-learn's selectors ask for."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import RFE, SelectFromModel

from normexp import SoftmaxClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 6))
Y = np.where(X[:, 1] + X[:, 4] + 0.3 * RNG.normal(size=600) > 0, "up", "down")


def test_selectors_find_the_features_that_matter():
    model = SoftmaxClassifier((16,), epochs=20, random_state=0, importances=True, quality="fast")
    assert np.flatnonzero(SelectFromModel(model).fit(X, Y).get_support()).tolist() == [1, 4]
    assert np.flatnonzero(RFE(model, n_features_to_select=2).fit(X, Y).get_support()).tolist() == [1, 4]


def test_importances_are_those_of_features_not_of_their_parts():
    when = pd.date_range("2024-01-01", periods=600, freq="h")
    frame = pd.DataFrame({"when": when, "colour": np.where(Y == "up", "red", np.where(RNG.random(600) < 0.5, "red", "blue")), "noise": RNG.normal(size=600),
                          "code": [f"a{i}" for i in range(600)]})  # fmt: skip
    with pytest.warns(UserWarning, match="'code' is left out"):
        model = SoftmaxClassifier((8,), epochs=30, random_state=0, importances=True, quality="fast").fit(frame, Y)
    found = model.feature_importances_
    assert found.shape == (4,)
    assert found.argmax() == 1
    assert found[3] == 0
    assert (found >= 0).all()


def test_without_asking_there_are_none():
    model = SoftmaxClassifier((), epochs=2, random_state=0, quality="fast").fit(X, Y)
    assert not hasattr(model, "feature_importances_")
    asked = SoftmaxClassifier((), epochs=2, random_state=0, importances=True, quality="fast").fit(X, Y)
    asked.set_params(importances=False).fit(X, Y)
    assert not hasattr(asked, "feature_importances_")


def test_coefficients_give_the_logits():
    three = np.where(X[:, 0] > 1, "a", np.where(X[:, 1] > 0, "b", "c"))
    for y in (Y, three):
        model = SoftmaxClassifier((), epochs=20, random_state=0, quality="fast").fit(X, y)
        logits = model.encoder_.encode(X).astype(np.float64) @ model.coef_.T + model.intercept_
        np.testing.assert_allclose(logits.squeeze(), model.decision_function(X), atol=1e-5)
    deep = SoftmaxClassifier((4,), epochs=1, random_state=0, quality="fast").fit(X, Y)
    assert not hasattr(deep, "coef_")
    assert not hasattr(SoftmaxClassifier((), quality="fast"), "intercept_")
    holed = np.where(np.arange(3_600).reshape(600, 6) % 7 == 0, np.nan, X)
    assert not hasattr(SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(holed, Y), "coef_")  # an indicator of missing cells is one input more
    with pytest.raises(ValueError, match="expected a linear model, got one with hidden layers; fit with hidden_layer_sizes="):
        deep.model_.coefficients()
