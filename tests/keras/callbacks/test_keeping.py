"""Callbacks that keep what there is: logs, checkpoints, and a backup to go on from."""

import numpy as np
import pytest

from keras_networks import compiled, rows
from normexp import keras
from normexp.keras import callbacks, layers


def test_files_of_callbacks(tmp_path):
    x, y = rows()
    model = compiled(layers.Dense(4, activation="relu"))
    every, best = callbacks.ModelCheckpoint(tmp_path / "e{epoch:02d}.keras"), callbacks.ModelCheckpoint(tmp_path / "best.keras", "loss", save_best_only=True)
    hooks = [callbacks.CSVLogger(tmp_path / "log.csv"), every, best]
    model.fit(x, y, epochs=2, verbose=0, callbacks=hooks)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss"
    assert len(lines) == 3
    assert sorted(path.name for path in tmp_path.glob("*.keras")) == ["best.keras", "e01.keras", "e02.keras"]
    kept = keras.models.load_model(tmp_path / "e02.keras")
    np.testing.assert_array_equal(kept.predict(x, verbose=0), model.predict(x, verbose=0))


class Cut(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("cut")


def test_a_cut_fit_goes_on_from_its_backup(tmp_path):
    x, y = rows()
    weights, results = compiled(layers.Dense(6)).get_weights(), []
    for is_cut in (False, True):
        model = compiled(layers.Dense(6))
        model.set_weights(weights)
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        if is_cut:
            with pytest.raises(RuntimeError, match="cut"):
                model.fit(x, y, epochs=5, verbose=0, shuffle=False, callbacks=[backup, Cut()])
            model = compiled(layers.Dense(6))
            backup = callbacks.BackupAndRestore(tmp_path / "backup")
        history = model.fit(x, y, epochs=5, verbose=0, shuffle=False, callbacks=[backup])
        results.append((len(history.epoch), model.get_weights()))
    assert [n for n, _ in results] == [5, 2]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert list((tmp_path / "backup").iterdir()) == []
