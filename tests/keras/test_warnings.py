"""What is said before and while a network is trained: settings that mean nothing, rows that are no numbers, callbacks that will not work."""

import re
import sys
import warnings

import numpy as np
import pytest

from normexp import keras
from normexp.keras import callbacks, layers, losses

RNG = np.random.default_rng(5)
X = RNG.standard_normal((20, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def network(units=3, activation="softmax", loss="sparse_categorical_crossentropy", metrics=("accuracy",)):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("adam", loss, metrics=list(metrics))
    return model


def test_softmax_over_one_unit_says_so():
    """As Keras: UserWarning, once for each layer."""
    for last in (layers.Dense(1, activation="softmax"), layers.Softmax(), layers.Activation("softmax")):
        first = [] if isinstance(last, layers.Dense) else [layers.Dense(1)]
        with pytest.warns(UserWarning, match=f"expected a softmax over more than one unit, got one .layer '{last.name}'.: it always gives 1; did you mean sigmoid") as seen:
            model = keras.Sequential([keras.Input((4,)), *first, last])
        model.add(layers.Dense(2))
        assert len(seen) == 1
    with pytest.warns(UserWarning, match="expected a softmax over more than one unit"):
        keras.activations.softmax([[1.0], [2.0]])
    with pytest.warns(UserWarning, match="expected a softmax over more than one unit"):
        keras.Sequential([layers.Dense(1, activation="softmax")]).predict(X, verbose=0)
    keras.activations.softmax([[1.0, 2.0]])


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy", "kl_divergence"])
def test_a_loss_of_classes_over_one_output_says_so(loss):
    """Keras: SyntaxWarning for the first and the third; the others are as meaningless."""
    y = np.zeros(20) if loss.startswith("sparse") else np.ones((20, 1))
    for use in (lambda m: m.fit(X, y, verbose=0), lambda m: m.evaluate(X, y, verbose=0), lambda m: m.train_on_batch(X, y), lambda m: losses.get(loss)(y, m(X))):
        with pytest.warns(SyntaxWarning, match="expected more than one output for .*got 1; use binary_crossentropy"):
            use(network(1, "sigmoid", loss))


@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy, losses.BinaryCrossentropy, losses.CategoricalFocalCrossentropy])
def test_logits_are_not_probabilities(loss):
    """Keras on TensorFlow warns of the first; that a linear layer gives no probabilities it never says."""
    y = Y if loss.takes_classes else np.eye(3)[Y]
    for activation in ("softmax", "sigmoid"):
        with pytest.warns(UserWarning, match=f"expected logits for .* with from_logits=True, got outputs of {activation}; leave away either"):
            network(3, activation, loss(from_logits=True)).fit(X, y, verbose=0)
    advice = "softmax' or give from_logits=True" if loss.on_logits == "softmax" else loss.squashes
    with pytest.warns(UserWarning, match=f"expected probabilities from the last layer for .*, got the outputs of a linear one; add activation='{advice}"):
        network(3, None, loss()).fit(X, y, verbose=0)
    network(3, None, loss(from_logits=True)).fit(X, y, verbose=0)
    network(3, "softplus", loss()).fit(X, y, verbose=0)


@pytest.mark.parametrize(("loss", "units"), [("binary_crossentropy", 1), ("binary_crossentropy", 3), ("categorical_crossentropy", 3), ("kl_divergence", 3)])
def test_targets_outside_0_to_1_say_so(loss, units):
    y = np.full((20, units), 1 / units)
    model = network(units, "sigmoid", loss)
    model.fit(X, y, verbose=0)
    for bad in (-1.0, 2.0, np.nan):
        y[13, -1] = bad
        with pytest.warns(UserWarning, match=f"expected targets from 0 to 1 for {loss}, got {bad} in row 13"):
            model.fit(X, y, verbose=0)


def test_rows_that_are_not_finite_say_so():
    for bad in (np.inf, -np.inf, np.nan):
        x = X.copy()
        x[3, 1] = x[9, 2] = bad
        for use in (lambda m, x=x: m.fit(x, Y, verbose=0), lambda m, x=x: m.evaluate(x, Y, verbose=0), lambda m, x=x: m.train_on_batch(x, Y)):
            with pytest.warns(UserWarning, match="expected finite numbers in x, got NaN or infinity in 2 of 20 rows, first 3; fill or leave out such rows"):
                use(network())
    outputs = network().predict(x, verbose=0)  # a row by itself: nothing is spoilt
    assert np.isfinite(outputs).all(axis=1).sum() == 18
    network().fit(np.full_like(X, 3e38), Y, verbose=0)  # large is not infinite


BAD_WEIGHTS = [
    ({3: 1.0}, ValueError, "expected classes from 0 to 2 as keys of class_weight, got 3"),
    ({-1: 1.0}, ValueError, "got -1"),
    ({0.5: 1.0}, ValueError, "got 0.5"),
    ({np.nan: 1.0}, ValueError, "got nan"),
    ({"0": 1.0}, ValueError, "got '0'; use the class indices of the targets"),
    ({True: 1.0}, ValueError, "got True"),
    ({0: -1.0}, ValueError, "expected finite weights of at least 0 in class_weight, got -1.0 for class 0"),
    ({0: np.nan}, ValueError, "got nan for class 0"),
    ({0: np.inf}, ValueError, "got inf for class 0"),
    ({0: "1"}, ValueError, "got '1' for class 0"),
    ("balanced", TypeError, "expected class_weight as a dict from class index to weight, such as .*, got str"),
    ([1, 1, 1], TypeError, "got list"),
]  # fmt: skip


@pytest.mark.parametrize(("weights", "error", "message"), BAD_WEIGHTS, ids=[repr(row[0]) for row in BAD_WEIGHTS])
def test_class_weights_that_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        network().fit(X, Y, verbose=0, class_weight=weights)
    with pytest.raises(error, match=message):
        network().train_on_batch(X, Y, class_weight=weights)


def test_class_weights_are_weights_of_rows():
    table = {0: 2, 2.0: 0.25, np.int64(1): np.float32(0)}
    for loss, y, units in (("sparse_categorical_crossentropy", Y, 3), ("categorical_crossentropy", np.eye(3)[Y], 3), ("binary_crossentropy", np.minimum(Y, 1), 1)):
        pair = [network(units, "sigmoid", loss) for _ in range(2)]
        pair[1].set_weights(pair[0].get_weights())
        given = {k: v for k, v in table.items() if k < max(units, 2)}
        pair[0].fit(X, y, verbose=0, shuffle=False, class_weight=given)
        classes = y.argmax(axis=1) if np.ndim(y) == 2 else y
        pair[1].fit(X, y, verbose=0, shuffle=False, sample_weight=[given.get(int(c), 1.0) for c in classes])
        for a, b in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


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


def test_good_programs_are_not_warned_of():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network().fit(X, Y, verbose=0, validation_split=0.2)
        network(1, "sigmoid", "binary_crossentropy").fit(X, Y > 0, verbose=0)
        network(1, None, "mse").fit(X, 100 * X[:, 0], verbose=0)
    assert [str(warning.message) for warning in caught] == []
