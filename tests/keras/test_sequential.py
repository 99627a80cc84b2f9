"""normexp.keras without Keras: what is refused, callbacks, batches, seeds, what is printed."""

import re

import numpy as np
import pytest

from normexp import keras, softmax
from normexp.keras import callbacks, layers, losses, optimizers


def rows(n=60, n_inputs=5, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, n_inputs)).astype(np.float32)
    return x, (x[:, :n_classes] + 0.3 * rng.standard_normal((n, n_classes))).argmax(axis=1)


def compiled(*hidden, n_inputs=5, n_classes=3, optimizer="adam", metrics=("accuracy",)):
    model = keras.Sequential([keras.Input((n_inputs,)), *hidden, layers.Dense(n_classes, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


REFUSED = [
    ("keras.Model", AttributeError, "expected a name that normexp.keras has, got 'Model'; it has .*; the functional API is not there yet"),
    ("layers.Conv2D", AttributeError, "expected a name that normexp.keras.layers has, got 'Conv2D'; it has Activation, "),
    ("keras.models.Model", AttributeError, "that normexp.keras.models has, got 'Model'; it has .*; the functional API"),
    ("layers.Dense(3, activation='relu6')", ValueError, "expected an activation out of .* got 'relu6'; did you mean 'relu'"),
    ("layers.Dense(3, activation=len)", ValueError, "got 'len'; functions of your own need Keras itself"),
    ("layers.Dense(3, activity_regularizer='l2')", ValueError, "expected activity_regularizer of Dense to be left at its default"),
    ("layers.Dense(3, kernel_initializer='best')", ValueError, "expected an initializer out of"),
    ("layers.Dense(3, quantised=True)", TypeError, "got quantised"),
    ("layers.Dense(3, dtype='float16')", ValueError, "expected dtype of Dense"),
    ("layers.Dropout(1.5)", ValueError, "expected a rate from 0 to below 1"),
    ("layers.Dropout(0.1, noise_shape=(1,))", ValueError, "expected noise_shape of Dropout"),
    ("layers.Softmax(axis=2)", ValueError, "expected axis of Softmax"),
    ("layers.Normalization(mean=1.0)", ValueError, "expected both mean and variance"),
    ("losses.CategoricalCrossentropy(reduction='sum')", ValueError, "expected reduction of CategoricalCrossentropy"),
    ("losses.CategoricalCrossentropy(label_smoothing=2)", ValueError, "expected label_smoothing from 0 to 1"),
    ("losses.CategoricalFocalCrossentropy(alpha=[1, 2])", ValueError, "expected one number as alpha"),
    ("losses.get('hinge')", ValueError, "expected a loss out of"),
    ("optimizers.get('adamm')", ValueError, "did you mean 'Adam'"),
    ("optimizers.Adam(-1)", ValueError, "expected a finite learning_rate of at least 0"),
    ("optimizers.Adam(clipnorm=1, clipvalue=1)", ValueError, "expected only one of clipnorm"),
    ("optimizers.Adam(jit=True)", ValueError, "recognized: {'jit': True}"),
    ("optimizers.SGD(loss_scale_factor=2)", ValueError, "expected loss_scale_factor of SGD"),
    ("keras.Sequential([5])", TypeError, "expected a layer of normexp.keras.layers, got builtins.int"),
    ("keras.Sequential([keras.Input((3, 4)), layers.Dense(2)])", ValueError, "expected inputs of shape .n,. for layer .*put Flatten before it"),
    ("compiled(callbacks)", TypeError, "expected a layer"),
    ("compiled().compile(run_eagerly=True)", ValueError, "expected run_eagerly of compile"),
    ("keras.utils.to_categorical([3], 2)", ValueError, "expected class indices from 0 to 1, got 3 to 3"),
    ("callbacks.ModelCheckpoint('model.h5')", ValueError, "expected a path that ends in .keras with save_weights_only=False, got 'model.h5'"),
    ("layers.Dense('3')", TypeError, "expected units of Dense to be a whole number, got '3'"),
    ("layers.Dense(True)", TypeError, "expected units of Dense to be a whole number, got True"),
    ("layers.Dense(10**400)", TypeError, "expected units of Dense to be a whole number, got 10000"),
    ("layers.Dense(2.5)", TypeError, "expected units of Dense to be a whole number, got 2.5"),
    ("layers.Dense(3, use_bias=1)", TypeError, "expected use_bias of Dense to be true or false, got 1"),
    ("layers.Dense(3, name=5)", TypeError, "expected name of Dense to be a text, got 5"),
    ("layers.Dense(0)", ValueError, "expected at least 1 unit in Dense, got 0"),
    ("layers.Dropout(float('nan'))", TypeError, "expected rate of Dropout to be a finite number, got nan"),
    ("layers.Rescaling([1, 2])", TypeError, "expected scale of Rescaling to be a finite number"),
    ("layers.ReLU(max_value=-1)", ValueError, "expected max_value, negative_slope and threshold of ReLU to be at least 0"),
    ("layers.BatchNormalization(momentum=2)", ValueError, "expected momentum of BatchNormalization from 0 to 1 and epsilon above 0"),
    ("layers.LayerNormalization(epsilon=0)", ValueError, "expected epsilon of LayerNormalization above 0, got 0"),
    ("layers.Normalization(mean=1.0, variance=-1.0)", ValueError, "expected a finite mean and a finite variance of at least 0"),
    ("keras.Sequential([keras.Input((3,)), layers.Normalization(mean=[1, 2], variance=[1, 2])])", ValueError, "expected one number or 3 as mean of layer"),
    ("keras.regularizers.L2(-1)", ValueError, "expected l2 of L2 to be a finite number of at least 0, got -1"),
    ("keras.regularizers.L1L2(l1='x')", TypeError, "expected l1 of L1L2 to be a finite number, got 'x'"),
    ("keras.constraints.MaxNorm(0)", ValueError, "expected max_value of MaxNorm to be a finite number above 0, got 0"),
    ("keras.metrics.AUC(num_thresholds=10**9)", ValueError, "from 2 to 1,000,000 thresholds"),
    ("optimizers.Adam(clipnorm='x')", TypeError, "expected clipnorm of Adam to be a finite number, got 'x'"),
    ("optimizers.Adam(use_ema=3)", TypeError, "expected use_ema of Adam to be true or false, got 3"),
    ("optimizers.SGD(momentum=None)", TypeError, "expected momentum of SGD to be a finite number, got None"),
    ("callbacks.ReduceLROnPlateau(factor=2)", ValueError, "expected a factor from 0 to below 1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "error", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_keras_has_and_this_does_not_is_refused(expression, error, message):
    with pytest.raises(error, match=message):
        eval(expression)


BAD_FITS = [
    ({"x": np.zeros((4, 2))}, "expected x of shape .n, 5., as the network's input layer says, got .4, 2."),
    ({"x": np.full((4, 5), "a")}, "expected numbers in x"),
    ({"y": np.array([0, 1, 7, 0])}, "expected class indices from 0 to 2, got 7 at index 2"),
    ({"y": np.array([0, 1])}, "expected as many targets as rows, got 2 targets and 4 rows"),
    ({"y": np.eye(3)[[0, 1, 2, 0]]}, "expected class indices of shape .n,. .*use categorical_crossentropy"),
    ({"y": None}, "expected targets y, got none"),
    ({"sample_weight": np.ones(3)}, "expected 4 finite numbers in sample_weight"),
    ({"validation_split": 1.0}, "expected validation_split from 0 to below 1"),
    ({"batch_size": 0}, "expected a batch_size of at least 1"),
    ({"steps_per_epoch": 3}, "expected steps_per_epoch with a generator"),
    ({"validation_freq": 2}, "expected validation_freq of fit"),
    ({"callbacks": [object()]}, "expected callbacks with the hooks"),
    ({"callbacks": [callbacks.EarlyStopping()]}, "to monitor one of accuracy, loss, got 'val_loss'; give validation_data"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BAD_FITS, ids=[next(iter(row[0])) for row in BAD_FITS])
def test_bad_fits_are_refused(changes, message):
    x, y = np.zeros((4, 5), np.float32), np.zeros(4, int)
    with pytest.raises((ValueError, TypeError), match=message):
        compiled().fit(**({"x": x, "y": y, "verbose": 0} | changes))


def test_a_model_must_be_compiled_and_built():
    model = keras.Sequential([layers.Dense(3)])
    with pytest.raises(ValueError, match="expected a compiled model"):
        model.fit(np.zeros((2, 2)), np.zeros(2), verbose=0)
    with pytest.raises(ValueError, match="expected the shape of a row and layers"):
        keras.Sequential().build()


def test_one_seed_gives_the_same_bits_and_another_not():
    x, y = rows()
    seen = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        model = compiled(layers.Dense(8, activation="gelu"), layers.Dropout(0.2), layers.GaussianNoise(0.1), layers.BatchNormalization())
        model.fit(x, y, epochs=3, batch_size=7, verbose=0)
        seen.append(b"".join(w.tobytes() for w in model.get_weights()))
    assert seen[0] == seen[1] != seen[2]


def test_predictions_are_those_of_numpy():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Dense(8, activation="tanh", input_shape=(5,)), layers.Dense(3)])
    x, _ = rows()
    first, bias, second, last = (w.astype(np.float64) for w in model.get_weights())
    np.testing.assert_allclose(model.predict(x, verbose=0), np.tanh(x @ first + bias) @ second + last, rtol=1e-5, atol=1e-6)
    model.add(layers.Softmax())
    np.testing.assert_allclose(model(x), softmax(np.tanh(x @ first + bias) @ second + last), rtol=1e-5, atol=1e-6)
    assert model.count_params() == 5 * 8 + 8 + 8 * 3 + 3


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


def test_the_bar_and_the_summary(capsys):
    x, y = rows()
    model = compiled(layers.Dense(4, activation="relu"))
    model.fit(x, y, epochs=2, batch_size=10, validation_split=0.5)
    printed = capsys.readouterr().out
    assert re.search(r"Epoch 2/2\n3/3 ━{20} 0s \d+\w+/step - accuracy: \d\.\d+ - loss: \d\.\d+ - val_accuracy: \d\.\d+ - val_loss: \d\.\d+\n", printed)
    model.fit(x, y, epochs=1, verbose=2)
    assert re.search(r"^Epoch 1/1\n2/2 - 0s - \d+\w+/step - accuracy", capsys.readouterr().out)
    model.summary()
    printed = capsys.readouterr().out
    assert "(None, 4)" in printed
    assert "Total params: 39 (156.00 B)" in printed


def test_losses_called_by_themselves():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert losses.SparseCategoricalCrossentropy()([0, 1], probabilities) == pytest.approx(-np.log([0.7, 0.8]).mean(), rel=1e-6)
    assert losses.CategoricalCrossentropy(from_logits=True)([[1, 0, 0]], np.log(probabilities[:1])) == pytest.approx(-np.log(0.7), rel=1e-6)
    assert losses.binary_crossentropy([[1.0]], [[0.25]]) == pytest.approx(-np.log(0.25), rel=1e-6)
