"""Hooks are called in their order, and change nothing of what is learnt."""

import numpy as np

from keras_networks import compiled, rows
from normexp.keras import callbacks, layers


class Recorder(callbacks.Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"end {epoch} {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.calls.append("over")


class BatchRecorder(Recorder):
    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(f"batch {batch} {sorted(logs)}")


def test_hooks_are_called_in_order():
    x, y = rows(20)
    recorder = Recorder()
    compiled().fit(x, y, epochs=4, initial_epoch=2, verbose=0, callbacks=[recorder])
    assert recorder.calls == ["begin", "epoch 2", "end 2 ['accuracy', 'loss']", "epoch 3", "end 3 ['accuracy', 'loss']", "over"]
    recorder = BatchRecorder()
    compiled().fit(x, y, epochs=1, batch_size=8, verbose=0, callbacks=[recorder])
    assert recorder.calls[2:5] == [f"batch {i} ['accuracy', 'loss']" for i in range(3)]


def test_batch_hooks_do_not_change_what_is_learnt():
    x, y = rows()
    weights = compiled(layers.Dense(6, activation="relu")).get_weights()
    results = []
    for hooks in ([], [BatchRecorder()]):
        model = compiled(layers.Dense(6, activation="relu"))
        model.set_weights(weights)
        history = model.fit(x, y, epochs=3, batch_size=8, verbose=0, shuffle=False, callbacks=hooks, validation_split=0.25)
        results.append((history.history, model.get_weights()))
    assert results[0][0].keys() == results[1][0].keys()
    for name in results[0][0]:
        np.testing.assert_allclose(results[0][0][name], results[1][0][name], rtol=1e-6)
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)
