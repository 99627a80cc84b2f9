"""Callbacks that cannot work are found before the first epoch: what they monitor, where they write."""

import re
import sys

import numpy as np
import pytest

from keras_networks import network
from normexp.keras import callbacks

RNG = np.random.default_rng(5)
X = RNG.standard_normal((20, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


class Untouched(callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise AssertionError("a callback that cannot work is found before the first epoch")


def refused(callback, message, error=ValueError, **options):
    with pytest.raises(error, match=message):
        network(metrics=("accuracy", "AUC")).fit(X, Y, epochs=3, verbose=0, callbacks=[Untouched(), callback], **options)


MONITORS = [
    ("val_acc", {"validation_split": 0.2}, "'val_acc'; did you mean 'val_accuracy'"),
    ("acc", {}, "'acc'; did you mean 'accuracy'"),
    ("val_acuracy", {"validation_split": 0.2}, "'val_acuracy'; did you mean 'val_accuracy'"),
    ("val_loss", {}, "'val_loss'; give validation_data or validation_split"),
    ("auc", {}, "'auc'; did you mean 'AUC'"),
    ("nothing", {}, "'nothing'$"),
]  # fmt: skip


@pytest.mark.parametrize(("monitor", "options", "message"), MONITORS)
def test_monitors_are_checked_before_the_first_epoch(tmp_path, monitor, options, message):
    names = "AUC, accuracy, loss" + ", val_AUC, val_accuracy, val_loss" * bool(options)
    hooks = [callbacks.EarlyStopping(monitor), callbacks.ReduceLROnPlateau(monitor), callbacks.ModelCheckpoint(tmp_path / "m.keras", monitor, save_best_only=True)]
    for hook in hooks:
        refused(hook, f"expected {type(hook).__name__} to monitor one of {names}, got {message}", **options)
    callbacks.ModelCheckpoint(tmp_path / "m.keras", monitor)._check_before_training(["loss"])  # not monitored


def test_names_that_other_callbacks_give_may_be_monitored():
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = 1.0 / (epoch + 1)

    model, schedule = network(), callbacks.LearningRateScheduler(lambda epoch: 0.01)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[Adds(), callbacks.EarlyStopping("mine")])
    assert model.history.epoch == [0, 1, 2]
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[schedule, callbacks.EarlyStopping("learning_rate")])
    with pytest.raises(ValueError, match="expected EarlyStopping to monitor one of accuracy, loss, got 'learning_rate'"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[callbacks.EarlyStopping("learning_rate"), schedule])
    with pytest.raises(ValueError, match="expected EarlyStopping to monitor one of accuracy, loss, mine, got 'her'"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[Adds(), callbacks.EarlyStopping("her")])


PATHS = [
    ("{epochs}.keras", "expected fields of a path out of epoch, AUC, accuracy, loss, got 'epochs' in .*; did you mean 'epoch'"),
    ("{epoch:02d}-{val_loss:.2f}.keras", "got 'val_loss' in .*; give validation_data or validation_split"),
    ("{acc:.2f}.keras", "got 'acc' in .*; did you mean 'accuracy'"),
    ("{}.keras", "got '' in"),
    ("{epoch:.keras", "expected a path with fields such as {epoch:02d} or {loss:.2f}, got .*: "),
    ("{epoch:xyz}.keras", "expected a path with fields such as"),
    ("{loss:02d}.keras", "expected a path with fields such as"),
    ("{epoch.a}.keras", r"got 'epoch\.a' in"),
    ("}.keras", "expected a path with fields such as"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "message"), PATHS, ids=[row[0] for row in PATHS])
def test_paths_are_checked_before_the_first_epoch(tmp_path, name, message):
    pytest.importorskip("h5py")
    refused(callbacks.ModelCheckpoint(tmp_path / name), message)
    assert list(tmp_path.iterdir()) == []


def test_paths_that_work(tmp_path):
    pytest.importorskip("h5py")
    hooks = [
        callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.keras"), callbacks.ModelCheckpoint(tmp_path / "{epoch}" / "m.weights.h5", save_weights_only=True),
    ]  # fmt: skip
    model = network()
    model.fit(X, Y, epochs=2, verbose=0, validation_split=0.2, callbacks=hooks)
    assert sorted(re.sub(r"\d\.\d\d", "L", path.relative_to(tmp_path).as_posix()) for path in tmp_path.rglob("*.*") if path.is_file()) == [
        "1/m.weights.h5", "2/m.weights.h5", "new/01-L.keras", "new/02-L.keras",
    ]  # fmt: skip
    again = network()
    again.load_weights(tmp_path / "2" / "m.weights.h5")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_endings_folders_and_packages_are_checked_before_the_first_epoch(tmp_path, monkeypatch):
    for name, weights_only, ending in (("m.h5", False, ".keras"), ("m.keras", True, ".weights.h5"), ("m", False, ".keras"), ("m.h5", True, ".weights.h5")):
        with pytest.raises(ValueError, match=f"expected a path that ends in {re.escape(ending)} with save_weights_only={weights_only}, got '{name}'"):
            callbacks.ModelCheckpoint(name, save_weights_only=weights_only)
    (tmp_path / "file").write_text("")
    for hook in (callbacks.ModelCheckpoint(tmp_path / "file" / "m.keras"), callbacks.BackupAndRestore(tmp_path / "file")):
        refused(hook, "expected a folder to save in, got .*file', which cannot be made: .*; give another path")
    refused(callbacks.CSVLogger(tmp_path / "no" / "log.csv"), "expected a folder to write the log in, got none at '.*no'; create it first", FileNotFoundError)
    monkeypatch.setitem(sys.modules, "h5py", None)
    for hook in (callbacks.ModelCheckpoint(tmp_path / "m.keras"), callbacks.BackupAndRestore(tmp_path / "backup")):
        refused(hook, "expected the package h5py", ImportError)


def test_weights_that_are_not_finite_are_said_when_they_are_saved(tmp_path):
    pytest.importorskip("h5py")
    model = network()
    model.set_weights([w * np.nan for w in model.get_weights()])
    with pytest.warns(UserWarning, match="expected finite weights to save, got NaN or infinity .*: the file will not load"):
        model.save(tmp_path / "m.keras")
