"""Losses by themselves, by every name, and of a network of numbers."""

import numpy as np
import pytest

from normexp import keras
from normexp.keras import layers, losses, metrics, optimizers

RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 4)).astype(np.float32)


@pytest.mark.parametrize(("short", "cls", "function", "value"), [
    ("mse", losses.MeanSquaredError, losses.mean_squared_error, lambda d: np.square(d).mean()),
    ("mae", losses.MeanAbsoluteError, losses.mean_absolute_error, lambda d: np.abs(d).mean()),
])  # fmt: skip
def test_losses_of_numbers(short, cls, function, value):
    y, p = RNG.standard_normal((2, 7, 3))
    long = function.__name__
    assert {type(losses.get(name)) for name in (short, short.upper(), long, cls.__name__, function, cls, cls())} == {cls}
    assert function(y, p) == cls()(y, p) == pytest.approx(value(np.float32(y) - np.float32(p)), rel=1e-6)
    weights = RNG.uniform(0, 2, 7)
    assert cls()(y, p, weights) == pytest.approx(sum(w * value(row) for w, row in zip(weights, y - p, strict=True)) / 7, rel=1e-6)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    truth = X @ [1.0, -2.0, 0.5, 3.0] + 0.5
    model.compile(optimizers.Adam(0.1), short, metrics=[short, metrics.RootMeanSquaredError(), function])
    history = model.fit(X, truth, epochs=40, verbose=0)
    assert model.metrics_names == ["loss", short, "root_mean_squared_error", long]
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    values = dict(zip(model.metrics_names, model.evaluate(X, truth, verbose=0), strict=True))
    error = model.predict(X, verbose=0)[:, 0] - truth
    assert values["loss"] == values[short] == pytest.approx(value(error), rel=1e-4)
    assert values["root_mean_squared_error"] == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-4)
    with pytest.raises(ValueError, match="expected class_weight with a loss of classes, got mean_"):
        model.fit(X, truth, verbose=0, class_weight={0: 1})
    with pytest.warns(UserWarning, match="expected finite numbers in y, got NaN or infinity in 1 of 40 rows, first 7"):
        model.evaluate(X, np.where(np.arange(40) == 7, np.nan, truth), verbose=0)


def test_losses_called_by_themselves():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert losses.SparseCategoricalCrossentropy()([0, 1], probabilities) == pytest.approx(-np.log([0.7, 0.8]).mean(), rel=1e-6)
    assert losses.CategoricalCrossentropy(from_logits=True)([[1, 0, 0]], np.log(probabilities[:1])) == pytest.approx(-np.log(0.7), rel=1e-6)
    assert losses.binary_crossentropy([[1.0]], [[0.25]]) == pytest.approx(-np.log(0.25), rel=1e-6)
