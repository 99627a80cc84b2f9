"""Callbacks that steer a fit: early stopping and learning rates."""

import numpy as np
import pytest

from keras_networks import compiled, rows
from normexp.keras import callbacks, layers, optimizers


def test_early_stopping_goes_back_to_the_best():
    x, y = rows(80)
    stopping = callbacks.EarlyStopping(patience=3, restore_best_weights=True, verbose=1)
    model = compiled(layers.Dense(32, activation="relu"), optimizer=optimizers.Adam(0.05))
    history = model.fit(x, y, epochs=500, verbose=0, validation_split=0.3, callbacks=[stopping])
    losses_seen = history.history["val_loss"]
    assert len(losses_seen) == int(np.argmin(losses_seen)) + 4 < 500
    assert model.evaluate(x[56:], y[56:], verbose=0)[0] == pytest.approx(min(losses_seen), rel=1e-5)


def test_learning_rates_are_changed_between_epochs():
    x, y = rows()
    model = compiled(optimizer=optimizers.SGD(0.1))
    scheduler = callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 if epoch < 2 else 0.0)
    before = []
    model.fit(x, y, epochs=4, verbose=0, callbacks=[scheduler, callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: before.append(model.get_weights()[0].copy()))])
    assert not np.array_equal(before[0], before[1])
    np.testing.assert_array_equal(before[1], before[3])
    model = compiled(optimizer=optimizers.SGD(0.0))
    history = model.fit(x, y, epochs=6, verbose=0, validation_split=0.2, callbacks=[callbacks.ReduceLROnPlateau(patience=2)])
    assert len(history.history["loss"]) == 6
