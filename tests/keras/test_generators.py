"""Batches from a generator train as arrays do."""

import numpy as np
import pytest

from keras_networks import compiled, rows
from normexp import keras


def test_generators_of_batches_know_every_metric():
    """Batches in order give what arrays without shuffling give, at the cost of a native call a batch."""
    x = np.random.default_rng(0).standard_normal((60, 3), dtype=np.float32)
    y, weights = (x[:, 0] + x[:, 1] > 0).astype(np.float32)[:, None], np.linspace(0.5, 2, 60)
    logs = []
    for as_batches in (False, True):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", "binary_crossentropy", metrics=["auc", keras.metrics.Precision()], weighted_metrics=[keras.metrics.Recall(name="weighted_recall")])
        if as_batches:
            batches = [(x[i : i + 20], y[i : i + 20], weights[i : i + 20]) for i in range(0, 60, 20)]
            logs.append(model.fit((batch for _ in range(2) for batch in batches), steps_per_epoch=3, epochs=2, verbose=0).history)
        else:
            logs.append(model.fit(x, y, batch_size=20, epochs=2, sample_weight=weights, shuffle=False, verbose=0).history)
    assert set(logs[0]) == {"loss", "auc", "precision", "weighted_recall"}
    for name, values in logs[0].items():
        assert logs[1][name] == pytest.approx(values, rel=1e-6), name


def test_generators_of_batches():
    x, y = rows(64)
    whole, pieces = compiled(), compiled()
    pieces.set_weights(whole.get_weights())
    first = whole.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    second = pieces.fit(((x[i : i + 16], y[i : i + 16]) for _ in range(2) for i in range(0, 64, 16)), epochs=2, steps_per_epoch=4, verbose=0)
    np.testing.assert_allclose(first.history["loss"], second.history["loss"], rtol=1e-6)
    with pytest.raises(ValueError, match="the generator is exhausted"):
        pieces.fit(((x, y) for _ in range(1)), epochs=2, steps_per_epoch=1, verbose=0)
    with pytest.raises(ValueError, match="expected y to be left away with batches"):
        pieces.fit(iter([(x, y)]), y, verbose=0)
