"""Metrics that count and that average, and the names that they are asked by."""

import numpy as np
import pytest

from normexp import keras
from normexp.keras import layers, metrics

RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def test_counts_and_means():
    y, p = np.array([[1.0], [0], [1], [0], [1]]), np.array([[0.9], [0.8], [0.2], [0.1], [0.5]])
    counts = {"TruePositives": 1, "FalsePositives": 1, "TrueNegatives": 1, "FalseNegatives": 2}
    assert {name: getattr(metrics, name)()(y, p) for name in counts} == counts
    assert metrics.FalseNegatives(thresholds=0.4)(y, p) == 1
    assert metrics.FalsePositives()(y, p, [1, 3, 1, 1, 1]) == 3
    with pytest.raises(ValueError, match="expected one threshold in TruePositives"):
        metrics.TruePositives(thresholds=[0.1, 0.2])
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[metrics.TruePositives(name="tp"), "false_positives"])
    logs = model.fit(X, Y > 0, verbose=0, batch_size=40).history
    predicted = logs["tp"][0] + logs["false_positives"][0]
    assert 0 <= predicted <= 40
    assert predicted == int(predicted)
    mean = metrics.Mean()
    assert mean.result() == 0
    assert mean([1, 3]) == 2
    assert mean(9, sample_weight=2) == pytest.approx((1 + 3 + 18) / 4)
    mean.reset_state()
    mean.update_state([[1, 2], [3, 4]], [[0, 0], [1, 1]])
    assert (mean.name, mean.result()) == ("mean", 3.5)
    with pytest.raises(TypeError, match="expected numbers and, if any, their weights in update_state of Mean"):
        mean([1], [1], [1])
    model.compile("adam", "binary_crossentropy", metrics=[mean])
    with pytest.raises(TypeError, match="expected a metric of targets and predictions, got Mean"):
        model.evaluate(X, Y > 0, verbose=0)


def test_metrics_have_the_names_they_are_asked_by():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    assert model.metrics_names == []
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc", "AUC", "sparse_top_k_categorical_accuracy", metrics.AUC(), metrics.AUC()])
    assert model.metrics_names == ["loss", "acc", "AUC", "sparse_top_k_categorical_accuracy", "auc", "auc_1"]
    assert model.history is None
    assert model.fit(X, Y, verbose=0) is model.history
    assert list(model.history.history) == sorted(model.metrics_names)
